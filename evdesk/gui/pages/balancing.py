"""The Balancing page: the site as a single-line diagram, live; what each limit is made of; how sharing works."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.caps import limits_words
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing_decisions import DecisionsCard
from evdesk.gui.pages.balancing_editing import Editing
from evdesk.gui.pages.balancing_facts import Scene, build_scene, site_words
from evdesk.gui.pages.balancing_inspect_words import told
from evdesk.gui.pages.balancing_inspector import Inspector
from evdesk.gui.pages.balancing_layout import FOLD_FROM
from evdesk.gui.pages.balancing_outlets import BAY, Outlets, bay_key, circuit_key, split_key
from evdesk.gui.pages.balancing_sharing import SharingCard
from evdesk.gui.pages.balancing_silent import SilentCard
from evdesk.gui.pages.balancing_site import SiteCard
from evdesk.gui.pages.base import Page
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import Chip, MoreBelow
from evdesk.model import ChargerState

TICK_MS = 1000
SIDE, SIDE_WIDE = 328, 400
SCROLL = 10
"""The scroll bar beside the cards at the right."""
ROOMY = 860
"""From this height on the chargers that are not proven are listed without asking."""


class BalancingPage(Page):
    """Diagram and decisions at the left, inspector, sharing and failsafe at the right."""

    name = "balancing"
    icon = "balance"

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self.key = ""
        self._outlets = Outlets()
        self.scene: Scene = build_scene(mirror)
        self.site = SiteCard(self)
        self.decisions = DecisionsCard(mirror, client, self)
        self.inspector = Inspector(self)
        self.sharing = SharingCard(mirror, client, theme, self)
        self.editing = Editing(mirror, client, theme, self)
        self.over = Chip(None, self)
        self.over.hide()
        self._shown = False
        self._header = ""
        self._build()
        self.site.diagram.chosen.connect(self.choose)
        self.site.diagram.opened.connect(self._open)
        self.decisions.chosen.connect(self.choose)
        self.silent.chosen.connect(self.go)
        self.silent.navigate.connect(self.navigate)
        self.inspector.navigate.connect(self.navigate)
        self.site.edit_asked.connect(self.editing.begin)
        self.site.export_asked.connect(self.editing.save)
        self.site.navigate.connect(self.navigate)
        self.editing.changed.connect(self._edited)
        self.editing.chosen.connect(self.choose)
        self.editing.flagged.connect(self.site.diagram.canvas.flag)
        self.editing.said.connect(client.failed)
        self.editing.navigate.connect(self.navigate)
        self.mirror.changed.connect(self._changed)
        self._ages = QTimer(self)
        self._ages.setInterval(TICK_MS)
        self._ages.timeout.connect(self.refresh)
        self.refresh()

    def _build(self) -> None:
        self._left = QVBoxLayout()
        self._left.setSpacing(tokens.GAP)
        self._left.addWidget(self.site, 10)
        self._left.addWidget(self.decisions)
        self._left.addWidget(self.editing.problems)
        self.site.add_bar(self.editing.bar)
        held = QWidget()
        self._right = QVBoxLayout(held)
        self._right.setContentsMargins(0, 0, 0, 0)
        self._right.setSpacing(tokens.GAP)
        for card in (self.inspector, self.editing.panel, self.sharing):
            self._right.addWidget(card)
        self._right.addStretch(1)
        self._side = QScrollArea(self)
        self._side.setWidgetResizable(True)
        self._side.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side.setWidget(held)
        held.setAutoFillBackground(False)
        self._side.viewport().setAutoFillBackground(False)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        whole.setSpacing(tokens.GAP)
        whole.addLayout(self._left, 1)
        side = QVBoxLayout()
        side.setSpacing(tokens.GAP)
        side.addWidget(self._side, 1)
        self.silent = SilentCard(self.mirror, self.client, self)  # made last: the keyboard reaches it last
        side.addWidget(self.silent)  # never scrolled away: what holds when nobody looks
        side.setAlignment(self.silent, Qt.AlignmentFlag.AlignLeft)
        whole.addLayout(side)
        self._wide(SIDE)
        self._side.verticalScrollBar().rangeChanged.connect(self._scrolls)
        self.more = MoreBelow(self._side)

    # -- page

    def subtitle(self) -> str:
        return site_words(self.mirror.site, self.mirror.load) if self.mirror.site is not None else ""

    def header_actions(self) -> list[QWidget]:
        return [self.over]

    def on_shown(self) -> None:
        self._shown = True
        self._ages.start()
        self.silent.set_front(True)
        self.refresh()

    def on_hidden(self) -> None:
        self._shown = False
        self.silent.set_front(False)
        self._ages.stop()

    def go(self, argument: object) -> None:
        """A part of the site by its key ("circuit/Garage"), a charger by its id, a line by its name ("Garage/L2")."""
        if not isinstance(argument, str) or not argument:
            return
        circuit = argument.rpartition("/")[0]
        names = {feed.circuit.name for feed in self.scene.all_feeds()}
        outlet = next((o for o in self.scene.outlets() if argument in (o.key, o.bay.charger_id)), None)
        if outlet is not None:
            self.choose(outlet.key)
        elif circuit in names or argument in names:
            self.choose(circuit_key(circuit if circuit in names else argument))
        else:
            self.choose(argument)

    def place(self) -> object:
        return self.key or None

    # -- showing

    def refresh(self) -> None:
        """Everything from the mirror."""
        self.scene = build_scene(self.mirror, self.editing.draft.site, self._outlets)
        load = self.mirror.load
        self.site.show_limits(limits_words(load.caps, self.mirror.now()) if load is not None else "")
        old = load is not None and not self.mirror.connected
        self.site.show_age(text.age(self.mirror.now() - load.at) if load is not None and old else "")
        self.site.show_scene(self.scene)
        if not self.key:
            self.key = self._first()
            self.site.diagram.select(self.key)
        if not self.editing.active:
            self.decisions.show_scene(self.scene, self.key)
            self.sharing.refresh()
            self.silent.refresh()
            self._inspect()
        self._head()

    def choose(self, key: str) -> None:
        """Select a part of the site: the diagram marks it, the inspector tells about it."""
        if key != self.key:
            self._side.verticalScrollBar().setValue(0)
        self.key = key
        self.site.diagram.select(key)
        self.decisions.select(key)
        self.editing.show_key(key)
        self._inspect()

    def _edited(self) -> None:
        """Editing began, went on or ended: the draft is drawn, its forms stand where the live cards stood."""
        active = self.editing.active
        if self.silent.isHidden() != active:
            self._side.verticalScrollBar().setValue(0)
        self.site.set_editing(active)
        for card in (self.inspector, self.sharing, self.silent, self.decisions):
            card.setVisible(not active)
        for form in (self.editing.panel, self.editing.problems):
            form.setVisible(active)
        self.refresh()
        if active:
            known = self.scene.outlet(self.key) is not None or any(f.key == self.key for f in self.scene.all_feeds())
            self.choose(self.key if known or "/" not in self.key else "grid")
        self._fit()

    def _first(self) -> str:
        """What is chosen at first: the fullest circuit, since there something can be learnt; the supply of a large site."""
        if self.mirror.load is None or self.mirror.site is None:
            return ""
        line = next((one for one in self.mirror.load.lines if one.line == self.mirror.load.tightest), None)
        main = self.scene.main
        if self.scene.count() <= FOLD_FROM and line is not None and self.scene.feed(line.circuit) is not None:
            return circuit_key(line.circuit)
        return main.key if main is not None else ""

    def _inspect(self) -> None:
        if not self.editing.active:
            self.inspector.show_told(told(self.mirror, self.scene, self.key), self.mirror.connected)
            charger = self.mirror.chargers.get(self.inspector.told.charger) if self.inspector.told else None
            online = charger is not None and charger.state is ChargerState.ONLINE and self.mirror.connected
            off = "" if online else tr("Only a charger that answers can be drilled.")
            self.inspector.offer_drill(None if charger is None else off)

    def _head(self) -> None:
        look = over_look(self.mirror)
        self.over.setVisible(look is not None)
        if look is not None:
            self.over.set_look(look)
        header = f"{self.title()}/{self.subtitle()}/{look.word if look else ''}"
        if header != self._header:
            self._header = header
            self.header_changed.emit()

    def _changed(self) -> None:
        if self._shown:
            self.refresh()

    # -- ways

    def _open(self, key: str) -> None:
        kind, name, connector = split_key(key)
        if kind == BAY and bay_key(name, connector) == key and name in self.mirror.chargers:
            self.navigate.emit("chargers", name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wide(SIDE_WIDE if self.width() >= 1500 else SIDE)
        self.silent.set_roomy(self.height() >= ROOMY)
        self._fit()

    def _wide(self, side: int) -> None:
        self._side.setFixedWidth(side)
        self._scrolls(0, self._side.verticalScrollBar().maximum())

    def _scrolls(self, _least: int, most: int) -> None:
        """The card at the foot is as wide as those above it."""
        self.silent.setFixedWidth(self._side.width() - (SCROLL if most > 0 else 0))

    def _fit(self) -> None:
        """Lanes as high as they need, up to two fifths of the page; the diagram gets the rest."""
        need = 36 + 30 + 36 + 20 * min(12, max(3, self.scene.count()))
        self.editing.problems.setFixedHeight(170)
        part = 0.34 if self.height() >= 900 else 0.30 if self.scene.count() > FOLD_FROM else 0.35
        self.decisions.setFixedHeight(max(180, min(need, round(self.height() * part))))


def over_look(mirror: Mirror) -> Look | None:
    """The header's chip: how long a line was above its rating."""
    load, info = mirror.load, mirror.info
    if load is None or info is None or not load.lines:
        return None
    since = text.age(mirror.now() - info.started_at)
    if load.over_longest_s < 0.5:
        return Look("shield-check", tr("Never over a rating, {age}").format(age=since), "ok")
    words = tr("Longest over a rating: {s} s").format(s=text.number(load.over_longest_s))
    return Look(
        "shield-check" if load.over_longest_s <= 10 else "gauge", words, "ok" if load.over_longest_s <= 10 else "warn"
    )
