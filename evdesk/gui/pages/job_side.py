"""The right column of a job: from which version to which, the file, who serves it, what to do when one stays silent."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import text, theme, tokens
from evdesk.gui.pages.firmware_words import image_look
from evdesk.gui.pages.job_words import GROUPS, counts, group_role, group_word, makers, versions_before
from evdesk.gui.text import tr
from evdesk.gui.theme import mono_font
from evdesk.gui.widgets import Card, Chip, KeyValue, MoreBelow, Painted, draw
from evdesk.model.firmware import Image
from evdesk.model.jobs import Job, JobCharger, JobKind, Step

BAR = 10
ALWAYS = ("succeeded", "running", "waiting", "failed")
"""Counts that stand there even where they are 0."""


def short_hash(sha256: str) -> str:
    """ "9c41 77ab … 03e2" """
    return f"{sha256[:4]} {sha256[4:8]} … {sha256[-4:]}" if len(sha256) > 16 else sha256


def fits_short(image: Image) -> str:
    """ "N22, hardware B, C" """
    facts = image.manifest
    models = tr("any model") if facts.any_model else ", ".join(facts.models) or text.unknown()
    if not facts.hardware:
        return models
    return tr("{models}, hardware {some}").format(models=models, some=", ".join(facts.hardware))


def way_back(image: Image, images: Iterable[Image], versions: set[str]) -> tuple[str, str]:
    """Whether the version before is at hand, and its role."""
    models = set(image.manifest.models)
    same = [one for one in images if one.usable and one.manifest.vendor == image.manifest.vendor]
    here = {one.manifest.version for one in same if models & set(one.manifest.models)}
    missing = sorted(versions - here)
    if image.manifest.downgrade is False:
        return tr("none: it takes no older version"), "warn"
    if missing:
        return tr("not in the library: {version}").format(version=", ".join(missing)), "warn"
    if not versions:
        return text.unknown(), "muted"
    return tr("{version} is in the library").format(version=", ".join(sorted(versions))), "text"


def head_height() -> int:
    """Of a card whose head has buttons: with targets for gloves they need more."""
    return 48 if theme.current().large else 36


class SummaryCard(Painted):
    """ "2.4.0 to 2.4.1", a bar of all chargers, counts, begin and end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._over, self._before, self._after, self._line = "", "", "", ""
        self._counts: dict[str, int] = {}
        self._ended = False
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_job(self, job: Job, chargers: Sequence[JobCharger], now: float) -> None:
        if job.kind is JobKind.LOG:
            over, before, after = job.title, tr("Fetch a log"), ""
        else:
            over, before, after = makers(chargers) or job.title, versions_before(chargers), job.version
        self._ended = job.over
        fresh = (over, before, after, times_words(job, now), counts(chargers))
        if fresh != (self._over, self._before, self._after, self._line, self._counts):
            self._over, self._before, self._after, self._line, self._counts = fresh
            self.setAccessibleName(f"{over}: {before} {after}. {self.counted()}. {self._line}")
            self._measure()
            self.update()

    def counted(self) -> str:
        return ", ".join(f"{count} {word}" for count, word, _ in self._named())

    def _named(self) -> list[tuple[str, str, bool]]:
        """(number, word, whether it is worth reading)."""
        short = sum(bool(self._counts.get(name)) for name in GROUPS) < 4 and sum(self._counts.values()) > 1
        always = ALWAYS if short and not self._ended else ()
        shown = [name for name in GROUPS if self._counts.get(name) or name in always]
        return [
            (text.count(self._counts.get(name, 0)), group_word(name), bool(self._counts.get(name))) for name in shown
        ]

    def sizeHint(self) -> QSize:
        return QSize(268, 140)

    def _measure(self) -> None:
        """As high as the lines the counts need at this width."""
        self.setFixedHeight(140 + 17 * (self._count_lines(self.width() - 29.0) - 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def _count_lines(self, room: float) -> int:
        x, lines = 0.0, 1
        for number, word, _ in self._named():
            wide = draw.width(number, "chip") + 4 + draw.width(word, "small") + 14
            if x + wide - 14 > room:
                x, lines = 0.0, lines + 1
            x += wide
        return lines

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw.card(painter, QRectF(self.rect()))
        left, room = 15.0, self.width() - 29.0
        draw.text(painter, left, 28, draw.elided(self._over, "small", room), "small", "muted")
        self._versions(painter, left, 55, room)
        self._bar(painter, QRectF(left, 69, room, BAR))
        x, y = left, 99.0
        for number, word, some in self._named():
            wide = draw.width(number, "chip") + 4 + draw.width(word, "small") + 14
            if x + wide - 14 > left + room:
                x, y = left, y + 17
            role = "text" if some else "muted"
            used = draw.text(painter, x, y, number, "chip", role)
            draw.text(painter, x + used + 4, y, word, "small", role)
            x += wide
        draw.text(painter, left, y + 22, draw.elided(self._line, "small", room), "small", "muted")

    def _versions(self, painter: QPainter, left: float, baseline: float, room: float) -> None:
        between = tr("to")
        whole = f"{self._before} {between} {self._after}" if self._after else self._before
        kind = "figure" if draw.width(whole, "figure") <= room else "page"
        if not self._after:
            draw.text(painter, left, baseline, draw.elided(self._before, kind, room), kind, "text")
            return
        after = draw.width(self._after, kind)
        rest = room - after - draw.width(f" {between} ", kind)
        x = left + draw.text(painter, left, baseline, draw.elided(self._before, kind, rest), kind, "text")
        look = theme.current()
        soft = QFont(look.font(kind))
        soft.setWeight(QFont.Weight.Normal)
        painter.setFont(soft)
        painter.setPen(look.color("muted"))
        gap = draw.width(" ", kind)
        painter.drawText(round(x + gap), round(baseline), between)
        x += gap * 2 + painter.fontMetrics().horizontalAdvance(between)
        draw.text(painter, x, baseline, self._after, kind, "text")

    def _bar(self, painter: QPainter, track: QRectF) -> None:
        look = theme.current()
        edge = look.color("text") if look.is_contrast else None
        draw.box(painter, track, look.color("sunken"), edge, tokens.RADIUS_BAR)
        whole = sum(self._counts.values())
        x = track.left()
        for name in ("succeeded", "failed", "unknown", "running"):
            part = self._counts.get(name, 0)
            if part and whole:
                wide = track.width() * part / whole
                role = "warn" if name == "unknown" else group_role(name)
                draw.box(painter, QRectF(x, track.top(), max(2.0, wide - 1), track.height()), look.color(role), None, 2)
                x += wide


def times_words(job: Job, now: float) -> str:
    """ "Started 22:24. All done about 00:02."; "Installs Wed 25 Nov, 02:00." till the install date."""
    if job.started_at is None:
        if job.not_before_at is not None:
            return tr("Begins {time}, when nobody charges.").format(time=text.moment(job.not_before_at, now))
        return tr("Not begun yet.")
    begun = tr("Started {time}.").format(time=text.moment(job.started_at, now))
    if job.ended_at is not None:
        return f"{begun} {tr('Over {time}.').format(time=text.moment(job.ended_at, job.started_at))}"
    if job.install_at is not None and job.install_at > now:
        return f"{begun} {tr('Installs {time}.').format(time=text.moment(job.install_at, now))}"
    if job.about_done_at is None or job.waits_for:  # nobody knows how long a car stays
        return begun
    return f"{begun} {tr('All done about {time}.').format(time=text.clock(job.about_done_at))}"


class ImageCard(Card):
    """The facts of the file that is put on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Image"), parent, head_height=36, padding=12)
        self.chip = Chip(None, self, bare=True)
        self.head.addWidget(self.chip)
        self.facts = KeyValue(self, columns=1)
        self.body.addWidget(self.facts)
        self._dense = 0
        names = (tr("File"), tr("Size"), tr("SHA-256"), tr("Signed by"), tr("Fits"), tr("Settings"), tr("Way back"))
        for name in names:
            self.facts.set(name, "")
        self._mono()
        theme.current().changed.connect(self._mono)  # after the labels have dressed themselves

    def _mono(self) -> None:
        self.facts.label(tr("SHA-256")).setFont(mono_font())

    def set_dense(self, dense: int) -> None:
        """1: without what is told elsewhere, or decided long ago. 2: only the file, and the way back from it."""
        if dense == self._dense:
            return
        self._dense = dense
        name, size = self.facts.value(tr("File")), self.facts.value(tr("Size"))
        bare = name.removesuffix(f", {size}")
        self.facts.set(tr("File"), f"{bare}, {size}" if dense else bare)
        self.facts.show_rows((tr("Size"), tr("Signed by"), tr("Fits")), dense < 1)
        self.facts.show_rows((tr("SHA-256"), tr("Settings")), dense < 2)

    def show_image(self, image: Image | None, images: Iterable[Image], chargers: Sequence[JobCharger]) -> None:
        self.setVisible(image is not None)
        if image is None:
            return
        self.chip.set_look(image_look(image))
        self.chip.setToolTip(image.signature_detail)
        facts = self.facts
        size = text.size(image.size)
        facts.set(tr("File"), f"{image.file_name}, {size}" if self._dense else image.file_name)
        facts.set(tr("Size"), size)
        facts.set(tr("SHA-256"), short_hash(image.sha256))
        facts.label(tr("SHA-256")).setToolTip(image.sha256)
        facts.set(tr("Signed by"), image.signer or tr("nobody"))
        facts.set(tr("Fits"), fits_short(image))
        facts.set(tr("Settings"), kept_words(image, chargers))
        facts.set(tr("Way back"), *way_back(image, images, {c.from_version for c in chargers if c.from_version}))


def kept_words(image: Image, chargers: Sequence[JobCharger]) -> str:
    """ "kept; 6 backups taken" """
    kept = {True: tr("kept"), False: tr("not kept"), None: tr("kept or not: unknown")}[image.manifest.settings_kept]
    taken = sum(charger.backup_id is not None for charger in chargers)
    if not taken:
        return kept
    backups = tr("1 backup taken") if taken == 1 else tr("{n} backups taken").format(n=taken)
    return f"{kept}; {backups}"


class ServesCard(Card):
    """This computer as the file's server."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("This laptop serves the file"), parent, head_height=36, padding=12)
        self.told = ""  # by which it may need more room
        self.warns = False
        self.facts = KeyValue(self, columns=1)
        self.body.addWidget(self.facts)
        for name in (tr("Address"), tr("Came"), tr("Sent"), tr("Power")):
            self.facts.set(name, "")

    def show_job(self, job: Job, chargers: Sequence[JobCharger], *, here: bool) -> None:
        """`here`: the engine runs on this computer."""
        upload = job.kind is JobKind.LOG
        if upload:
            self.title.setText(tr("This laptop takes the log") if here else tr("The engine takes the log"))
        else:
            self.title.setText(tr("This laptop serves the file") if here else tr("The engine serves the file"))
        where = [f"{address}, {scheme.upper()}" for address, scheme in job.served]
        fallback = tr("none: the job is over") if job.over else tr("as soon as one is asked")
        self.facts.set(tr("Address"), "\n".join(where) or fallback)
        total = sum(charger.transfer.total for charger in chargers)
        some = sum(charger.transfer.total > 0 for charger in chargers)
        many = tr("1 charger") if some == 1 else tr("{n} chargers").format(n=some)
        if upload:
            self.facts.set(tr("Came"), text.size(total))
        else:
            told = tr("{bytes} to {many}").format(bytes=text.size(total), many=many)
            self.facts.set(tr("Sent"), told if some else tr("nothing yet"))
        self.facts.show_rows((tr("Came"),), upload)
        self.facts.show_rows((tr("Sent"),), not upload)
        self.facts.set(tr("Power"), *power_words(job))

        self.warns = power_words(job)[1] != "text"
        self.told = "\n".join(map(self.facts.value, (tr("Address"), tr("Power"))))


def power_words(job: Job) -> tuple[str, str]:
    """Mains or battery, and whether the computer may fall asleep."""
    power = job.power
    source = {True: tr("Mains"), False: tr("Battery: plug it in"), None: tr("Battery or mains: unknown")}[power.mains]
    sleep = tr("sleep is held off") if power.awake else tr("it may fall asleep: keep it awake")
    if job.over:
        return source, "text"
    role = "danger" if power.mains is False else "text" if power.awake else "warn"
    return text.reasons(f"{source}, {sleep}", power.detail), role


class RecoveryHint(QLabel):
    """ "If an N22 stays silent for 5 min: ..." and the link to the card. `asked()` when a person follows it."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self._said: tuple[str, str] = ("", "")
        self._short = False
        self.linkActivated.connect(self._follow)
        theme.current().changed.connect(self._dress)
        self._dress()

    def show_hint(self, image: Image | None, chargers: Sequence[JobCharger]) -> None:
        models = sorted({charger.model for charger in chargers if charger.model})
        lead = tr("If one {model} stays silent for {time}:").format(
            model="/".join(models) or tr("charger"), time=text.age(silent_s(chargers))
        )
        told = image.manifest.recovery.strip() if image is not None else ""
        self._said = (
            lead,
            told or tr("nothing is known for this model. Have its manual and its maker's number at hand."),
        )
        self.setAccessibleName(" ".join(self._said))
        self._dress()

    def set_short(self, short: bool) -> None:
        """Only the way to the card, where the window is low."""
        if short != self._short:
            self._short = short
            self._dress()

    def _follow(self, _link: str) -> None:
        self.asked.emit()

    def _dress(self) -> None:
        look = theme.current()
        self.setFont(look.font("small"))
        lead, told = (_escaped(words) for words in self._said)
        link = f'<a href="card" style="color:{look.color("accent").name()};text-decoration:none;font-weight:600">'
        told = "" if self._short else f" {told}"
        self.setText(f"<b>{lead}</b>{told} {link}{_escaped(tr('Recovery card'))}</a>")


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def silent_s(chargers: Iterable[JobCharger]) -> float:
    """How long a restart may take before one worries; 5 min where nobody knows."""
    known = [span.most_s for c in chargers for span in c.steps if span.step is Step.REBOOTING and span.most_s]
    return max(known, default=300.0)


def column_height(cards: Iterable[QWidget], wide: int) -> int:
    """Of those that are shown, one above the other at this width, with nothing cut."""
    high = [_height(card, wide) for card in cards if not card.isHidden()]
    return sum(high) + tokens.GAP * max(0, len(high) - 1)


def _height(card: QWidget, wide: int) -> int:
    layout = card.layout()
    if layout is None:
        return card.height()
    layout.activate()
    return layout.totalHeightForWidth(wide) if layout.hasHeightForWidth() else layout.totalSizeHint().height()


class Column(QScrollArea):
    """What is one above the other in `column`; scrolls where the window is low."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = QWidget()
        self._inside.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self.column = QVBoxLayout(self._inside)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(tokens.GAP)
        self.setWidget(self._inside)
        self.more = MoreBelow(self, hint=True)


class SideColumn(Column):
    """Cards, as high as they are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column.addStretch(1)

    def add(self, widget: QWidget) -> None:
        self.column.insertWidget(self.column.count() - 1, widget)
