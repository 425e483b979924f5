"""The Decisions card: limits over time as lanes, one sentence for the moment that is looked at."""

from itertools import accumulate

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing_facts import Scene
from evdesk.gui.pages.balancing_feed import PIXELS, DecisionFeed
from evdesk.gui.pages.balancing_lanes import Lanes
from evdesk.gui.pages.balancing_lanes_paint import paint_bar
from evdesk.gui.pages.balancing_lanes_tip import LaneTips
from evdesk.gui.pages.balancing_spans import (
    NONE,
    ROLES,
    Lane,
    kind_of,
    kind_words,
    live_span,
    mains_of,
    moment_words,
    with_live,
)
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, ElidedLabel, EmptyState, Label, Painted, Segmented, Strip, draw

APART, COUNT = 10, 22
"""Between two kinds of the legend, and what "+2" needs."""
WINDOWS = {"900": 900.0, "3600": 3600.0, "21600": 21600.0, "86400": 86400.0}


class Legend(Painted):
    """The kinds of reasons that are seen, each with its colour; what has no room is counted, and named in the tool tip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(20)

    def set(self, kinds: tuple[str, ...]) -> None:
        if kinds != self._kinds:
            self._kinds = kinds
            self.setAccessibleName(", ".join(kind_words(kind) for kind in kinds))
            self._tell_rest()
            self.update()

    def kinds(self) -> tuple[str, ...]:
        return self._kinds

    def sizeHint(self) -> QSize:
        return QSize(120, 20)

    def shown(self) -> tuple[str, ...]:
        """Those that have room, beside the count of the rest."""
        ends = list(accumulate(self._wide(kind) for kind in self._kinds))
        if not ends or ends[-1] - APART <= self.width():
            return self._kinds
        return tuple(kind for kind, end in zip(self._kinds, ends, strict=True) if end + COUNT <= self.width())

    def _wide(self, kind: str) -> float:
        return 14 + draw.width(kind_words(kind), "small") + APART

    def _tell_rest(self) -> None:
        self.setToolTip(", ".join(kind_words(kind) for kind in self._kinds[len(self.shown()) :]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_rest()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        x, base = 0.0, 10 + draw.metrics("small").capHeight() / 2
        shown = self.shown()
        for kind in shown:
            paint_bar(painter, QRectF(x, 5, 10, 10), kind, 2)
            draw.text(painter, x + 14, base, kind_words(kind), "small", "muted")
            x += self._wide(kind)
        if len(shown) < len(self._kinds):
            draw.text(painter, x, base, f"+{len(self._kinds) - len(shown)}", "chip", "muted")


class DecisionsCard(Card):
    """`chosen(key)`: a lane was looked at. Follows live until a person scrubs; "Back to live" ends that."""

    chosen = Signal(str)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(tr("Decisions"), parent, padding=0, head_height=36)
        self._mirror = mirror
        self._scene: Scene | None = None
        self._held: tuple[float, float] | None = None  # the window a person scrubs in
        self._now = 0.0  # up to here the lanes know
        self.feed = DecisionFeed(mirror, client, self)
        self.legend = Legend(self)
        self.windows = Segmented(
            [("900", tr("15 min")), ("3600", tr("1 h")), ("21600", tr("6 h")), ("86400", tr("24 h"))], self
        )
        self.live = Button(tr("Back to live"), "", GHOST, self, dense=True)
        self.at = Label("", "chip", parent=self)
        self.sentence = ElidedLabel("", "small", "text", self)
        self.lanes = Lanes(self)
        self.tips = LaneTips(self.lanes)
        self.none = EmptyState("balance", tr("No decision yet"), tr("Limits come here as soon as a car charges."))
        self._build()
        self.windows.changed.connect(self._window)
        self.live.clicked.connect(self.back_to_live)
        self.lanes.scrubbed.connect(self._scrubbed)
        self.lanes.released.connect(self.back_to_live)
        self.feed.changed.connect(self._arrived)
        mirror.connection_changed.connect(self._connection)

    def _build(self) -> None:
        self.windows.select("3600")
        self.windows.setAccessibleName(tr("Window"))
        self.head.insertSpacing(1, 4)
        self.head.insertWidget(2, self.legend, 100)
        self.head.addWidget(self.windows)
        strip = Strip(self, 30)
        strip.row.addWidget(self.at)
        strip.row.addWidget(self.sentence, 1)
        strip.row.addWidget(self.live)
        self.body.setContentsMargins(1, 0, 1, 1)
        self.body.setSpacing(0)
        self.body.addWidget(strip)
        self.body.addWidget(self.lanes, 1)
        self.body.addWidget(self.none, 1)
        self.none.hide()
        self.live.hide()

    def span(self) -> tuple[float, float]:
        """The time that is shown: up to now, or where a person stopped it."""
        if self._held is not None:
            return self._held
        wide = WINDOWS[self.windows.current()]
        pixel = wide / PIXELS
        now = self._mirror.now() // pixel * pixel + pixel  # moves a pixel at a time: nothing to draw in between
        return now - wide, now

    def show_scene(self, scene: Scene, key: str) -> None:
        """What is true now; `key`: what is chosen on the page."""
        self._scene = scene
        start, end = self.span()
        if self.isVisible():
            self.feed.want(start, end)
        now = end if self._held is None else self._mirror.now()
        self._now = now
        mains = mains_of(scene)
        lanes = []
        for outlet in scene.outlets():
            spans = with_live(self.feed.spans.get(outlet.key, ()), live_span(outlet, now), now)
            lanes.append(Lane(outlet.key, outlet.label, outlet.index, outlet.bay.circuit, spans))
        if any(lane.key == key for lane in lanes):
            self.lanes.key = self.lanes.key or key
        elif self.lanes.lane() is None and lanes:
            self.lanes.key = lanes[0].key
        self.lanes.show_lanes(tuple(lanes), (start, end), mains)
        seen = {kind_of(s.why, mains) for lane in lanes for s in lane.spans if s.end >= start and s.start <= end}
        self.legend.set(tuple(kind for kind in ROLES if kind in seen - {NONE}))
        self.lanes.setVisible(bool(lanes))
        self.none.setVisible(not lanes)
        self._tell()

    def select(self, key: str) -> None:
        """The page chose a connector."""
        if any(lane.key == key for lane in self.lanes.lanes()):
            self.lanes.select(key)
            self._tell()

    def back_to_live(self) -> None:
        self._held = None
        self.lanes.set_moment(None)
        self.live.hide()
        if self._scene is not None:
            self.show_scene(self._scene, self.lanes.key)

    def _scrubbed(self, moment: float, key: str) -> None:
        if self._held is None:
            self._held = self.span()
        self.live.show()
        self._tell()
        self.chosen.emit(key)

    def _window(self, _key: str) -> None:
        self.back_to_live()

    def _arrived(self) -> None:
        if self._scene is not None:
            self.show_scene(self._scene, self.lanes.key)

    def _connection(self, connected: bool) -> None:
        if connected:
            self.feed.forget()

    def _tell(self) -> None:
        """The sentence of the moment."""
        lane = self.lanes.lane()
        moment = self.lanes.moment
        self.at.setText(tr("Now") if moment is None else text.clock_s(moment))
        at = self._now if moment is None else min(moment, self._now)
        words = moment_words(lane, at) if lane is not None else ""
        failed = self.feed.failed if self._mirror.connected else ""  # the banner says more of an engine that is gone
        self.sentence.setText(f"{words}  ({failed})" if failed else words)

    def sizeHint(self) -> QSize:
        return QSize(400, 268)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.setVisible(self.width() > 460)
