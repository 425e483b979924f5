"""Rows nobody waits for: put into memory at once, written once a second. Never blocks, never raises."""

import json
from collections.abc import Mapping
from itertools import islice
from urllib.parse import quote

from evdesk.engine.store.batch import Tally
from evdesk.engine.store.core import Core
from evdesk.engine.store.exchanges import fault_of
from evdesk.engine.store.redact import plain
from evdesk.engine.store.schema import BREACH, GARBAGE
from evdesk.model import (
    FindingSeen,
    MessageSeen,
    Notice,
    NoticeKind,
    Phases,
    Reading,
    Session,
    Severity,
    SiteLoad,
)

LATEST_AT = 4_102_444_800.0
"""1 January 2100. A time outside 1970 to here is a broken clock's; such a row is kept at the time it came."""


OPEN_CALLS = 20_000
"""So many calls may wait for their answers at once; the oldest are then given up."""


class Puts(Core):
    """Called in the event loop's thread only."""

    def put_reading(self, reading: Reading, site_current_a: Phases, limit_a: float | None) -> None:
        """One measurement of one connector, its currents on the site's phases."""
        source = self._connector_source(reading.charger_id, reading.connector_id)
        at = reading.at
        if not 0.0 < at < LATEST_AT:
            at = self._clock.now()
        l1, l2, l3 = site_current_a
        self._pending.readings.append((source, at, l1, l2, l3, reading.power_w, reading.energy_wh, limit_a))

    def put_load(self, load: SiteLoad) -> None:
        """The site as a whole: sources `site`, `other`, `reserved` (of the supply, the first circuit) and each circuit.

        `limit_a` is the circuit's rating, the smallest of its phases.
        """
        at = load.at if 0.0 < load.at < LATEST_AT else self._clock.now()
        circuits: dict[str, list[tuple[int, float | None, float | None, float, float]]] = {}
        for line in load.lines:
            phase = "L1 L2 L3".find(line.phase) // 3
            if phase >= 0:
                circuits.setdefault(line.circuit, []).append(
                    (phase, line.total_a, line.other_a, line.reserved_a, line.limit_a)
                )
        supply: float | None = None
        for i, (name, lines) in enumerate(circuits.items()):
            total: list[float | None] = [None] * 3
            other, kept = list(total), list(total)
            for phase, total_a, other_a, reserved_a, _ in lines:
                total[phase], other[phase], kept[phase] = total_a, other_a, reserved_a
            rating = min((line[4] for line in lines if line[4] > 0), default=None)
            self._put(f"circuit/{quote(name, safe='')}", at, total, None, rating)
            if i == 0:
                supply = rating
                self._put("other", at, other, load.other_w, rating)
                self._put("reserved", at, kept, None, rating)
        self._put("site", at, list(load.total_a), load.total_w, supply)

    def put_message(self, message: MessageSeen, protocol: str = "") -> None:
        """One frame of the OCPP log. Its row number is final at once, so that an answer can name its call."""
        number = self._next_message
        self._next_message = number + 1
        kind, text = message.kind, message.text
        call, fault = 0, BREACH if message.odd else 0
        if kind == "call":
            self._open_call((message.charger_id, message.direction, message.message_id), number)
        elif kind == "garbage":
            fault |= GARBAGE
            self._open_call((message.charger_id, message.direction, ""), number)
        elif kind != "send":
            call = self._call_of(message)
            fault |= fault_of(kind, text)
            if fault and call:
                self._pending.marks.append((fault, call))
        self._pending.messages.append(
            (
                number,
                message.at,
                message.charger_id,
                message.direction,
                kind,
                message.action,
                message.message_id,
                text,
                call,
                fault,
                protocol,
                message.odd,
            )
        )

    def _open_call(self, key: tuple[str, str, str], number: int) -> None:
        self._calls.pop(key, None)  # the newest stands last
        self._calls[key] = number
        if len(self._calls) > OPEN_CALLS:
            for old in list(islice(self._calls, OPEN_CALLS // 4)):
                del self._calls[old]

    def _call_of(self, answer: MessageSeen) -> int:
        """The row of the call that this answers, 0 where there is none. What timed out may still be answered."""
        caller = "out" if answer.direction == "in" else "in"
        key = (answer.charger_id, caller, answer.message_id)
        if answer.kind in ("timeout", "lost"):
            return self._calls.get(key, 0)
        found = self._calls.pop(key, 0)
        if not found and answer.direction == "out" and not answer.action:
            found = self._calls.pop((answer.charger_id, caller, ""), 0)  # our refusal of something unreadable
        return found

    def put_finding(self, finding: FindingSeen) -> None:
        """Counted: one row per charger and rule, with the newest case."""
        key = (finding.charger_id, finding.rule)
        tally = self._pending.findings.get(key)
        if tally is None:
            self._pending.findings[key] = Tally(finding, 1, finding.at, finding.at)
            return
        tally.count += 1
        if finding.at >= tally.last_at:
            tally.seen, tally.last_at = finding, finding.at
        elif finding.at < tally.first_at:
            tally.first_at = finding.at

    def put_notice(
        self,
        at: float,
        kind: NoticeKind,
        severity: Severity,
        charger_id: str = "",
        connector_id: int = 0,
        args: Mapping[str, str | float] | None = None,
    ) -> Notice:
        """Something that happened. The id is final at once."""
        told = tuple((args or {}).items())
        notice = Notice(self._next_notice, at, kind, severity, charger_id, connector_id, told)
        self._next_notice += 1
        text = json.dumps(plain(told), ensure_ascii=False, separators=(",", ":"))
        self._pending.notices.append((notice.id, at, str(kind), str(severity), charger_id, connector_id, text))
        return notice

    def put_session(self, session: Session) -> None:
        """A running session's energy so far and highest power. An ended one is not changed."""
        self._pending.sessions[session.id] = (session.energy_wh, session.max_power_w, session.meter_start_wh)

    def _put(
        self, name: str, at: float, amps: list[float | None], power_w: float | None, limit_a: float | None
    ) -> None:
        source = self._sources.get(name) or self._source(name)
        self._pending.readings.append((source, at, *amps, power_w, None, limit_a))
