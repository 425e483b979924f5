"""Is this computer ready for chargers? The engine's checks and the site's own, as rows with what mends them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from evdesk.gui import icons
from evdesk.gui.mirror import Mirror
from evdesk.gui.sentences import Look
from evdesk.gui.text import age, limit, number, tr
from evdesk.gui.widgets import GHOST, Button, Card, Label, Picture, copy
from evdesk.wire.network import Check

COPY = "copy"


@dataclass(frozen=True, slots=True)
class Row:
    """State, what is checked, what was found; `word` of a button that does `verb`, a deed of the shell or "copy" with
    the `command` to copy."""

    look: Look
    found: str
    word: str = ""
    verb: str = ""
    command: str = ""


_LOOKS = {
    "ok": ("check-circle", "ok"),
    "info": ("info", "info"),
    "warn": ("warning", "warn"),
    "bad": ("octagon", "danger"),
    "unknown": ("question", "muted"),
}
_NAMES = {
    "listening": "Listening",
    "firewall": "Firewall",
    "address": "Address",
    "clock": "Clock",
    "name": "Name",
}
_WORDS: dict[tuple[str, str], str] = {
    ("listening", "answers"): "port {port} answers",
    ("listening", "not_answering"): "port {port} does not answer on {address}{holder}",
    ("listening", "not_open"): "port {port} is not open: {reason}",
    ("listening", "not_listening_here"): "no port is open on this network",
    ("listening", "loopback_only"): "port {port} is open on this computer only: chargers cannot reach it",
    ("listening", "simulated"): "port {port} answers the simulated chargers",
    ("firewall", "none"): "none is in the way",
    ("firewall", "open"): "lets port {port} in{profile}",
    ("firewall", "blocked"): "blocks port {port}{profile}",
    ("firewall", "some_only"): "lets port {port} in for some addresses only",
    ("firewall", "cannot_check"): "may not be read by evdesk; the command shows it",
    ("address", "fixed"): "fixed{since}",
    ("address", "kept"): "lent{server}, the same for {since_s}",
    ("address", "lent"): "lent{server}; a fixed one is safer, chargers keep it",
    ("address", "changed"): "was {before} before: chargers that were given that one call in vain",
    ("address", "self_given"): "nobody gave one: no DHCP server on this cable. Give this computer a fixed one",
    ("address", "none"): "on no network. Plug in the cable that leads to the chargers",
    ("address", "unknown_how"): "not known who gave it",
    ("clock", "synchronised"): "set by a time server{offset}",
    ("clock", "off"): "{offset_s} s off the time server",
    ("clock", "not_synchronised"): "not set by a time server; certificates need the right time",
    ("clock", "service_off"): "not set by a time server: that is switched off",
    ("clock", "cannot_check"): "cannot be checked here",
    ("name", "resolves"): "{name} leads here",
    ("name", "unknown_name"): "{name} is known to nobody: give chargers the address",
    ("name", "only_here"): "{name} is known on this computer only: give chargers the address",
    ("name", "elsewhere"): "{name} leads elsewhere ({addresses}): give chargers the address",
}


def check_row(check: Check, simulated: bool = False) -> Row:
    """A check of the engine in words; codes that are not known stay as they are. A simulated site is right to keep to
    this computer."""
    if simulated and check.code == "loopback_only":
        check = replace(check, state="ok", code="simulated")
    icon, role = _LOOKS.get(check.state, _LOOKS["unknown"])
    look = Look(icon, tr(_NAMES.get(check.what, check.what)), role)
    text = tr(_WORDS.get((check.what, check.code), check.code))
    found = text.format_map(_Fill(check.detail))
    word = tr("Copy command") if check.command else ""
    return Row(look, found, word, COPY if check.command else "", check.command)


class _Fill(dict[str, str]):
    """The detail as words: what is not there leaves no trace."""

    def __init__(self, detail: dict[str, str]) -> None:
        super().__init__(detail)
        since = detail.get("since_s", "")
        seconds = float(since) if since else 0.0
        self["since_s"] = age(seconds)
        self["since"] = ", " + tr("the same for {age}").format(age=age(seconds)) if seconds > 3600 else ""
        server = detail.get("server", "")
        self["server"] = " " + tr("by {server}").format(server=server) if server else ""
        program = detail.get("program", "")
        holder = tr("it is held by {program}").format(program=program)
        self["holder"] = f": {holder}" if program else ""
        profile = detail.get("profile", "") or detail.get("zone", "")
        self["profile"] = " " + tr("on {profile} networks").format(profile=tr(profile)) if profile else ""
        offset = detail.get("offset_s", "")
        off = tr("{s} s off").format(s=number(abs(float(offset)), 1)) if offset else ""
        self["offset"] = f", {off}" if off else ""

    def __missing__(self, key: str) -> str:
        return ""


def site_rows(mirror: Mirror) -> list[Row]:
    """What the engine does not check because it is not about the network."""
    info, site = mirror.info, mirror.site
    if info is None or site is None or not mirror.connected:
        return [Row(Look("octagon", tr("Listening"), "danger"), tr("the engine does not answer"))]
    found = []
    if site.assumed:
        look = Look("warning", tr("Main fuse"), "warn")
        found.append(Row(look, tr("not entered: 16 A is assumed"), tr("Enter it"), "site_setup"))
    else:
        main = next((c for c in site.circuits if not c.parent), None)
        rating = limit(max(main.rating_a)) if main is not None else "?"
        look = Look("check-circle", tr("Main fuse"), "ok")
        found.append(Row(look, tr("{rating} per phase").format(rating=rating)))
    if info.accept_unknown:
        found.append(Row(Look("warning", tr("New chargers"), "warn"), tr("join unasked: for labs only")))
    else:
        look = Look("check-circle", tr("New chargers"), "ok")
        found.append(Row(look, tr("wait until a person accepts them")))
    return found


class ReadyCard(Card):
    """The checks as rows. `asked(verb)` when a row's button is pressed, `again()` for "Check again"."""

    asked = Signal(str)
    again = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Is this computer ready?"), parent, padding=12)
        self._shown: list[Row] = []
        self.check = Button(tr("Check again"), "refresh", GHOST, self, dense=True)
        self.check.clicked.connect(self.again)
        self.head.addWidget(self.check)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(2, 1)
        self.body.addLayout(self._grid)

    def set_busy(self, busy: bool) -> None:
        self.check.why_off(tr("Checking.") if busy else "")

    def rows(self) -> list[Row]:
        return list(self._shown)

    def show_rows(self, found: list[Row]) -> None:
        if found == self._shown:
            return
        self._shown = found
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for line, row in enumerate(found):
            self._grid.setRowMinimumHeight(line, 26)
            middle = Qt.AlignmentFlag.AlignVCenter
            self._grid.addWidget(Picture(row.look.icon, row.look.role, icons.ROW, self), line, 0, middle)
            self._grid.addWidget(Label(row.look.word, "card", parent=self), line, 1, middle)
            self._grid.addWidget(Label(row.found, "small", "muted", self, wrap=True, selectable=True), line, 2, middle)
            if row.verb:
                button = Button(row.word, "copy" if row.verb == COPY else "", parent=self, dense=True)
                button.setToolTip(row.command)
                button.clicked.connect(self._act(row))
                self._grid.addWidget(button, line, 3, middle)

    def _act(self, row: Row) -> Callable[[], None]:
        def act() -> None:
            if row.verb == COPY:
                copy(row.command)
            else:
                self.asked.emit(row.verb)

        return act
