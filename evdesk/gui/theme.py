"""The one `Theme`: colours by role, fonts, pens, the palette and the style sheet, and the signal when they change.

`current()` is the theme of the process; `current().apply(app, "system")` puts it on. Widgets paint with
`current().color("muted")` and repaint on `changed`.
"""

from functools import cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QFontDatabase, QGuiApplication, QPalette, QPen
from PySide6.QtWidgets import QApplication

from evdesk.gui import resources, tokens
from evdesk.gui.stylesheet import sheet

_PALETTE: tuple[tuple[QPalette.ColorRole, str], ...] = (
    (QPalette.ColorRole.Window, "window"),
    (QPalette.ColorRole.Base, "surface"),
    (QPalette.ColorRole.AlternateBase, "raised"),
    (QPalette.ColorRole.ToolTipBase, "raised"),
    (QPalette.ColorRole.ToolTipText, "text"),
    (QPalette.ColorRole.Button, "surface"),
    (QPalette.ColorRole.Mid, "sunken"),
    (QPalette.ColorRole.Midlight, "border"),
    (QPalette.ColorRole.Light, "raised"),
    (QPalette.ColorRole.Dark, "borderStrong"),
    (QPalette.ColorRole.Shadow, "borderStrong"),
    (QPalette.ColorRole.WindowText, "text"),
    (QPalette.ColorRole.Text, "text"),
    (QPalette.ColorRole.ButtonText, "text"),
    (QPalette.ColorRole.BrightText, "onAccent"),
    (QPalette.ColorRole.PlaceholderText, "muted"),
    (QPalette.ColorRole.Accent, "accent"),
    (QPalette.ColorRole.Link, "accent"),
    (QPalette.ColorRole.LinkVisited, "accent"),
    (QPalette.ColorRole.Highlight, "selection"),
    (QPalette.ColorRole.HighlightedText, "text"),
)
_TEXT_ROLES = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)


class Theme(QObject):
    """Colours, fonts and measures of the chosen theme. `name` is light, dark or contrast; `choice` may be system."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name: str = tokens.LIGHT
        self.choice: str = tokens.LIGHT
        self.large: bool = False
        self._app: QApplication | None = None
        self._system_dark: bool = False
        self._colors: dict[str, QColor] = {}
        self._fill()

    @property
    def is_dark(self) -> bool:
        return self.name == tokens.DARK

    @property
    def is_contrast(self) -> bool:
        return self.name == tokens.CONTRAST

    @property
    def edge(self) -> int:
        """Width of card and control edges in logical pixels."""
        return tokens.EDGE[self.name]

    @property
    def control(self) -> int:
        """Height of a control: 32, or 44 where a person chose large targets."""
        return 44 if self.large else 32

    def color(self, role: str, alpha: float = 1.0) -> QColor:
        """The colour of a role ("muted", "L2", "okSoft", "charger:3"); raises KeyError for an unknown one."""
        color = QColor(self._colors[role])
        if alpha < 1.0:
            color.setAlphaF(alpha)
        return color

    def charger(self, index: int) -> QColor:
        """The colour of the charger at this place of the site, counted from 0; starts again after eight."""
        return QColor(self._colors[f"charger:{index % 8}"])

    def phase(self, index: int) -> QColor:
        """The colour of L1 (0), L2 (1) or L3 (2)."""
        return QColor(self._colors[f"L{index + 1}"])

    def mix(self, role: str, over: str, share: float) -> QColor:
        """An opaque mix: `share` of `role` on `over`."""
        front, back = self._colors[role], self._colors[over]
        red = front.redF() * share + back.redF() * (1 - share)
        green = front.greenF() * share + back.greenF() * (1 - share)
        return QColor.fromRgbF(red, green, front.blueF() * share + back.blueF() * (1 - share))

    def soft(self, role: str) -> QColor:
        """The band under a state: okSoft for ok; sunken where a role has none."""
        return QColor(self._colors.get(f"{role}Soft", self._colors["sunken"]))

    def pen(self, role: str, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        return QPen(self.color(role), width, style)

    def brush(self, role: str, alpha: float = 1.0) -> QBrush:
        return QBrush(self.color(role, alpha))

    def font(self, kind: str = "body") -> QFont:
        """A font of the type scale (`tokens.TYPE`): "figure", "name", "body", "small", "chip", "chart" ..."""
        pixels, weight, spacing = tokens.TYPE[kind]
        return make_font(pixels, weight, spacing)

    def apply(self, app: QApplication, choice: str = tokens.SYSTEM) -> None:
        """Put the theme on the application; "system" follows the desktop's light or dark from now on."""
        register_fonts()
        if self._app is not app:
            self._app = app
            self._system_dark = system_is_dark(app)
            app.setStyle("Fusion")
            app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self.choice = choice if choice in (*tokens.THEMES, tokens.SYSTEM) else tokens.SYSTEM
        self._put_on()

    def _system_changed(self, scheme: Qt.ColorScheme) -> None:
        self._system_dark = scheme == Qt.ColorScheme.Dark
        if self.choice == tokens.SYSTEM:
            self._put_on()

    def _put_on(self) -> None:
        self.name = (
            (tokens.DARK if self._system_dark else tokens.LIGHT) if self.choice == tokens.SYSTEM else self.choice
        )
        self._fill()
        if self._app is not None:
            self._app.setFont(self.font("body"))
            self._app.setPalette(self.palette())
            self._app.setStyleSheet(sheet(self.name, self.large))
        self.changed.emit()

    def set_large(self, large: bool) -> None:
        """Targets for gloves: controls 44 and rows 48 high."""
        self.large = large
        self._put_on()

    def palette(self) -> QPalette:
        palette = QPalette()
        for target, role in _PALETTE:
            palette.setColor(target, self.color(role))
        for target in _TEXT_ROLES:
            palette.setColor(QPalette.ColorGroup.Disabled, target, self.color("muted"))
        return palette

    def _fill(self) -> None:
        self._colors = {role: QColor(value) for role, value in tokens.ROLES[self.name].items()}
        for i, value in enumerate(tokens.CHARGERS[self.name]):
            self._colors[f"charger:{i}"] = QColor(value)


def make_font(pixels: int, weight: int = 400, spacing: float = 0.0, mono: bool = False) -> QFont:
    """A font in logical pixels with tabular figures; `spacing` in percent of the size."""
    return QFont(_font(pixels, weight, spacing, mono))


@cache
def _font(pixels: int, weight: int, spacing: float, mono: bool) -> QFont:
    """Made once: painting asks for fonts thousands of times a second."""
    font = QFont()
    font.setFamilies(list(tokens.MONO if mono else tokens.SANS))
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if not mono:
        font.setFeature(QFont.Tag("tnum"), 1)
    if spacing:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, pixels * spacing / 100)
    return font


def mono_font(pixels: int = 12) -> QFont:
    """For raw messages and hashes."""
    return make_font(pixels, mono=True)


def system_is_dark(app: QGuiApplication) -> bool:
    """What the desktop wants: its colour scheme where it tells one, otherwise by the palette it gave us."""
    scheme = app.styleHints().colorScheme()
    if scheme != Qt.ColorScheme.Unknown:
        return scheme == Qt.ColorScheme.Dark
    palette = app.palette()
    return palette.color(QPalette.ColorRole.Window).lightnessF() < palette.color(QPalette.ColorRole.Text).lightnessF()


@cache
def register_fonts() -> tuple[str, ...]:
    """Load the shipped fonts once; returns their families."""
    families: list[str] = []
    for file in resources.font_files():
        number = QFontDatabase.addApplicationFont(str(file))
        families += QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    return tuple(families)


@cache
def current() -> Theme:
    """The theme of this process."""
    return Theme()
