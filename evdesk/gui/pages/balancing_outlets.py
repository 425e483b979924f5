"""The connectors of the single-line diagram: every figure and word of one, ready to show."""

from dataclasses import dataclass, field

from evdesk.gui import text
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.site_words import STALE_S, highest
from evdesk.gui.sentences import (
    Look,
    charger_look,
    doubt_words,
    failsafe_look,
    until_brief,
    until_words,
    why_look,
    why_short,
)
from evdesk.gui.text import tr
from evdesk.model import (
    NO_PHASES,
    Bay,
    Charger,
    ChargerState,
    Connector,
    ConnectorStatus,
    FailsafeState,
    Phases,
    WhyCode,
)

GRID, METER, HOUSE, CIRCUIT, BAY = "grid", "meter", "house", "circuit", "bay"


def bay_key(charger_id: str, connector_id: int) -> str:
    return f"{BAY}/{charger_id}/{connector_id}"


def circuit_key(name: str) -> str:
    return f"{CIRCUIT}/{name}"


def split_key(key: str) -> tuple[str, str, int]:
    """Kind, name (charger id or circuit) and connector id (0 for what is no bay)."""
    kind, _, rest = key.partition("/")
    if kind != BAY:
        return kind, rest, 0
    charger, _, connector = rest.rpartition("/")
    return kind, charger, int(connector) if connector.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class Outlet:
    """One connector at its bay. `amps`: its fullest phase, None unknown; `limit` in words; `index` gives its colour.
    Two are alike when they are painted alike: when a charger was heard last does not count."""

    key: str
    bay: Bay
    charger: Charger | None = field(compare=False)
    connector: Connector = field(compare=False)
    label: str
    index: int
    state: Look
    amps: float | None
    bars: Phases
    limit_a: float | None
    limit: str
    takes: str
    why: str
    safe: Look
    safe_words: str
    edge: str = "border"
    reason: str = ""  # the whole sentence, where there is room
    ends: str = ""  # when it changes by itself, where there is little

    @property
    def said(self) -> str:
        """For screen readers and the tool tip."""
        parts = [self.label, self.state.word]
        if self.limit_a is not None:
            parts.append(tr("limit {limit}").format(limit=self.limit))
        parts += [tr("takes {amps}").format(amps=text.amps(self.amps)), self.reason or self.why]
        parts.append(tr("failsafe {word} {detail}").format(word=self.safe.word.lower(), detail=self.safe_words).strip())
        return ", ".join(part for part in parts if part)


class Outlets:
    """Makes outlets, and keeps those whose charger has not changed: of 200 chargers a few change each second."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Charger, Bay, int, bool, str, Outlet]] = {}

    def at_bay(self, mirror: Mirror, bay: Bay, place: int) -> Outlet:
        """What stands at a bay; `place` gives the colour of one that never dialled in."""
        charger = mirror.chargers.get(bay.charger_id)
        label = bay.label or (charger.label if charger else "") or bay.charger_id
        if charger is None:
            return _never_seen(bay, label, place)
        connector = next((c for c in charger.connectors if c.id == bay.connector_id), Connector(bay.connector_id))
        return self._kept(mirror, bay, charger, connector, label)

    def unplaced(self, mirror: Mirror, charger: Charger) -> Outlet:
        """A charger that has joined and hangs on no circuit."""
        connector = next((c for c in charger.connectors if c.id > 0), Connector(1))
        label = charger.label or charger.id
        return self._kept(mirror, Bay(charger.id, connector.id, label, ""), charger, connector, label)

    def _kept(self, mirror: Mirror, bay: Bay, charger: Charger, connector: Connector, label: str) -> Outlet:
        key = bay_key(bay.charger_id, bay.connector_id)
        stale = connector.reading_at is None or mirror.now() - connector.reading_at > STALE_S
        index = max(0, mirror.charger_index(charger.id))
        ends = until_words(connector.why, mirror.now())  # drops out when that moment has passed
        known = self._known.get(key)
        if known is not None and known[0] is charger and known[1:5] == (bay, index, stale, ends):
            return known[5]
        made = _measured(bay, charger, connector, label, index, stale, mirror.now())
        self._known[key] = (charger, bay, index, stale, ends, made)
        return made


def _never_seen(bay: Bay, label: str, place: int) -> Outlet:
    state = Look("question", tr("Never seen"), "muted")
    safe = failsafe_look(FailsafeState.UNKNOWN)
    key, blank, never = bay_key(bay.charger_id, bay.connector_id), Connector(bay.connector_id), tr("Never dialled in")
    return Outlet(key, bay, None, blank, label, place, state, None, NO_PHASES, None, "–", "–", never, safe, "",
                  reason=never)  # fmt: skip


def _measured(
    bay: Bay, charger: Charger, connector: Connector, label: str, index: int, stale: bool, now: float
) -> Outlet:
    silent = charger.state is ChargerState.OFFLINE
    state = charger_look(charger, connector)
    amps = highest(connector.current_a)
    if silent or (connector.status is ConnectorStatus.CHARGING and stale):
        amps = None
    bars = connector.site_current_a if highest(connector.site_current_a) is not None else connector.current_a
    doubt = doubt_words(connector)
    edge = "warn" if silent or doubt else "border"
    fault = not silent and connector.status is ConnectorStatus.FAULTED
    safe, safe_words = _safe(charger, bay, silent)
    if connector.why.code is WhyCode.TEST and connector.why.detail == "drill":
        safe = Look("play", tr("Drill runs"), "info")
    limit = connector.limit_a
    return Outlet(
        bay_key(bay.charger_id, bay.connector_id),
        bay,
        charger,
        connector,
        label,
        index,
        state,
        amps,
        NO_PHASES if amps is None else bars,
        limit,
        _limit_words(connector, limit),
        "?" if amps is None else text.number(amps) if connector.status.has_car or amps >= 0.5 else "–",
        doubt or why_short(connector.why, now),
        safe,
        safe_words,
        "danger" if fault else edge,
        doubt or why_look(connector.why, connector, now).word,
        until_brief(connector.why, now),
    )


def _limit_words(connector: Connector, limit: float | None) -> str:
    if limit is None:
        return "–"
    if limit == 0:
        return tr("off")
    return text.limit(limit)


def _safe(charger: Charger, bay: Bay, silent: bool) -> tuple[Look, str]:
    """The failsafe word, and what it means in ampere. Where nothing has to fall, what its schedule shows is enough."""
    failsafe = charger.failsafe
    look = failsafe_look(failsafe.state)
    if failsafe.state is FailsafeState.VERIFIED and failsafe.safe_a is not None and failsafe.safe_a >= bay.max_a:
        look = Look(look.icon, look.word, "ok")
    if failsafe.state is FailsafeState.CANNOT:
        return look, tr("keeps last")
    if failsafe.state is FailsafeState.UNKNOWN:
        return look, ""
    if silent and failsafe.state in (FailsafeState.PROVEN, FailsafeState.VERIFIED):
        look = Look("shield-check", tr("At work"), "ok")
    if failsafe.state is FailsafeState.UNTESTED:
        return look, tr("drill due")
    return look, text.limit(failsafe.safe_a) if failsafe.safe_a is not None else ""
