"""The figures of one day from what is stored of it. Pure.

*Wanted* is not measured anywhere: a car that is held back does not say what it would have taken. It is estimated as what
it was given, and for the time it was held back the difference between its limit and the most it could have taken: its
outlet's maximum, or its own where it has shown that (it once left current unused), on the phases it was seen to use. That
is an upper estimate, since it does not know when a car would have been full; a car that ended its charge by itself has
wanted what it got, whatever held it back on the way. Where car or person told the energy, that counts.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from evdesk.engine.store.day_facts import DayFacts, Key, Quarter, Span
from evdesk.engine.store.rollup import QUARTER
from evdesk.model import Bay, Circuit, Session, Site, WhyCode
from evdesk.model.insights import ChargerDay, DayFigures

HOURS = QUARTER / 3_600.0
DRAWS_A = 1.0
FASTEST_W = 400_000.0
"""A register that rises faster than this was replaced."""
LEAST_WH = 200.0
"""Charges of less say nothing about fairness."""
HELD_LEAST_S = 60.0


@dataclass(frozen=True, slots=True)
class Charge:
    """One session with what is known of its car. `want_w`: the most it would have taken."""

    session: Session
    want_w: float
    watt_per_amp: float
    spans: list[Span]


def figures(facts: DayFacts, site: Site, begin: float, end: float) -> DayFigures | None:
    """None where nothing was recorded. `end`: of the day, or now."""
    if not (facts.supply or facts.sessions or facts.counts or any(facts.registers.values())):
        return None
    given = {key: energy_by_quarter(facts, key, begin) for key in facts.registers}
    charges = _charges(facts, site, end)
    missed, held_at = _missed(charges, begin, end)
    ended = [c for c in charges if c.session.ended_at is not None and begin <= c.session.ended_at < end]
    delivered = _totals(given.values())
    root = _root(site)
    peak, free_peak = _peaks(facts.supply, missed, site.voltage_v)
    shares = [share for c in ended if (share := served(c, facts.told_wh)) is not None]
    room = _room(facts, root, site)
    wanted = {t: delivered.get(t, 0.0) + missed.get(t, 0.0) for t in delivered.keys() | missed.keys()}
    loss, standby = _losses(facts, site, given)
    counts = facts.counts
    return DayFigures(
        length_s=end - begin,
        up_s=counts.get("up_s", math.fsum(q.part for q in facts.supply) * QUARTER if facts.supply else None),
        delivered_wh=_whole(delivered) if any(given.values()) else _by_sessions(ended),
        could_wh=_could(room, wanted, delivered),
        room_wh=_whole(room) if room else None,
        wanted_wh=_whole(wanted) if any(given.values()) else None,
        sessions=len(ended),
        told=sum(c.session.id in facts.told_wh for c in ended),
        shares=tuple(round(s, 4) for s in shares),
        held_back_s=round(math.fsum(held_s(c) for c in ended), 1),
        restarts=sum(restarts(c) for c in ended),
        held_back_hours=len(held_at),
        peak_w=peak[1] if peak else None,
        peak_at=peak[0] if peak else None,
        free_peak_w=free_peak,
        rating_w=sum(root.rating_a) * site.voltage_v if root is not None and not site.assumed else None,
        over_s=counts.get("over_s", 0.0) if "up_s" in counts else None,
        meter_lost_s=counts.get("lost_s", 0.0) if "metered_s" in counts else None,
        loss_wh=loss,
        standby_w=standby,
        chargers=_chargers(facts, site, given, charges, (begin, end)),
    )


def energy_by_quarter(facts: DayFacts, key: Key, begin: float) -> dict[float, float]:
    """Wh per quarter of an hour by the register; by the mean power where there is none. A register that went back, or
    rose faster than any charger charges, was replaced: that step is left out."""
    found: dict[float, float] = {}
    last: float | None = None
    last_t = begin
    for row in facts.registers[key]:
        if row.high_wh is None:
            if row.power_w is not None and row.t >= begin:
                found[row.t] = max(row.power_w, 0.0) * HOURS
            continue
        base = last if last is not None else row.low_wh
        step = row.high_wh - base if base is not None else 0.0
        most = FASTEST_W * max(row.t + QUARTER - last_t, QUARTER) / 3_600.0
        if row.t >= begin:
            found[row.t] = step if 0.0 <= step <= most else 0.0
        last, last_t = row.high_wh, row.t
    return found


# -- charges ---------------------------------------------------------------------------------------------------


def _charges(facts: DayFacts, site: Site, end: float) -> list[Charge]:
    return [_charge(facts, site, session, end) for session in facts.sessions if session.started_at < end]


def _charge(facts: DayFacts, site: Site, session: Session, end: float) -> Charge:
    key = (session.charger_id, session.connector_id)
    begin, until = session.started_at, min(session.ended_at if session.ended_at is not None else end, end)
    spans = [
        Span(max(s.from_at, begin), min(s.to_at, until), s.limit_a, s.code, s.held_back)
        for s in facts.spans.get(key, ())
        if s.from_at < until and s.to_at > begin
    ]
    bay = site.bay(*key)
    per_amp = _phases(facts, key, bay, begin, until) * site.voltage_v
    want = (bay.max_a if bay is not None else 16.0) * per_amp
    if session.max_power_w and any(s.code is WhyCode.CAR for s in spans):
        want = min(want, session.max_power_w)  # it has shown its own maximum
    return Charge(session, want, per_amp, spans)


def _phases(facts: DayFacts, key: Key, bay: Bay | None, begin: float, until: float) -> int:
    """How many phases this car used; those of its outlet where that was not seen."""
    rows = [r for r in facts.registers.get(key, ()) if begin - QUARTER < r.t < until]
    used = sum(any((row.top_a[k] or 0.0) > DRAWS_A for row in rows) for k in range(3))
    return used or (bay.phases if bay is not None else 3)


def served(charge: Charge, told_wh: dict[int, float]) -> float | None:
    """Given over wanted, 0 to 1; None for a charge too small to say anything."""
    given = charge.session.energy_wh
    if given is None:
        return None
    told = told_wh.get(charge.session.id)
    if told is not None and told > 0:
        return min(given / told, 1.0) if max(given, told) >= LEAST_WH else None
    missed = math.fsum(_loss_w(charge, s) * (s.to_at - s.from_at) for s in charge.spans) / 3_600.0
    if charge.spans and charge.spans[-1].code is WhyCode.CAR:
        missed = 0.0  # it took no more at the end: it has what it wanted
    return given / (given + missed) if given + missed >= LEAST_WH else None


def held_s(charge: Charge) -> float:
    return math.fsum(s.to_at - s.from_at for s in charge.spans if _loss_w(charge, s) > 0)


def restarts(charge: Charge) -> int:
    """How often it was let go on after a pause by its limit."""
    count, was_on, paused = 0, False, False
    for span in charge.spans:
        on = span.limit_a > 0
        count += on and was_on and paused
        was_on, paused = was_on or on, not on and was_on
    return count


def _loss_w(charge: Charge, span: Span) -> float:
    """By how much this limit keeps the car below what it could take."""
    return max(charge.want_w - span.limit_a * charge.watt_per_amp, 0.0) if span.held_back else 0.0


def _missed(charges: list[Charge], begin: float, end: float) -> tuple[dict[float, float], set[float]]:
    """Wh per quarter that cars were held back from, and the hours in which anybody was."""
    missed: dict[float, float] = defaultdict(float)
    hours: set[float] = set()
    for charge in charges:
        held: dict[float, float] = defaultdict(float)
        for span in charge.spans:
            loss_w = _loss_w(charge, span)
            at, until = max(span.from_at, begin), min(span.to_at, end)
            while loss_w > 0 and at < until:
                slot = at // QUARTER * QUARTER
                upto = min(slot + QUARTER, until)
                missed[slot] += loss_w * (upto - at) / 3_600.0
                held[at // 3_600.0] += upto - at
                at = upto
        hours |= {hour for hour, seconds in held.items() if seconds >= HELD_LEAST_S}
    return dict(missed), hours


# -- the site --------------------------------------------------------------------------------------------------


def _root(site: Site) -> Circuit | None:
    return next((c for c in site.circuits if not c.parent), None)


def _room(facts: DayFacts, root: Circuit | None, site: Site) -> dict[float, float]:
    """Wh per quarter that the supply could have carried beside the house; unknown where the house is."""
    if root is None or site.assumed:
        return {}
    room = {}
    for quarter in facts.other:
        if all(amps is not None or rating <= 0 for amps, rating in zip(quarter.current_a, root.rating_a, strict=True)):
            free = [
                max(rating - site.balance.margin_a - (amps or 0.0), 0.0)
                for rating, amps in zip(root.rating_a, quarter.current_a, strict=True)
                if rating > 0
            ]
            room[quarter.t] = sum(free) * site.voltage_v * HOURS * quarter.part
    return room


def _could(room: dict[float, float], wanted: dict[float, float], delivered: dict[float, float]) -> float | None:
    """Never less than what was given: that was possible, whatever the meter said."""
    if not room:
        return None
    known = wanted.keys() & room.keys()
    return math.fsum(max(min(room[t], wanted[t]), delivered.get(t, 0.0)) for t in known)


def _peaks(
    supply: list[Quarter], missed: dict[float, float], voltage_v: float
) -> tuple[tuple[float, float] | None, float | None]:
    """((when, W) of the highest quarter, W of the highest had nobody been held back)."""
    watts = [(q.t, power) for q in supply if (power := _watt(q, voltage_v)) is not None]
    if not watts:
        return None, None
    peak = max(watts, key=lambda one: one[1])
    return (peak[0], round(peak[1], 1)), round(max(w + missed.get(t, 0.0) / HOURS for t, w in watts), 1)


def _watt(quarter: Quarter, voltage_v: float) -> float | None:
    if quarter.power_w is not None:
        return quarter.power_w
    amps = [a for a in quarter.current_a if a is not None]
    return sum(amps) * voltage_v if amps else None


def _losses(facts: DayFacts, site: Site, given: dict[Key, dict[float, float]]) -> tuple[float | None, float | None]:
    """(Wh lost, W of standby) of circuits that have a meter and nothing but chargers behind it; None where there is none
    such. By current and nominal voltage, so reactive current counts as lost."""
    lost, idle, measured = 0.0, [], False
    for name, quarters in facts.circuits.items():
        circuit = site.circuit(name)
        if circuit is None or any(circuit.other_max_a) or any(c.parent == name for c in site.circuits):
            continue
        keys = [(b.charger_id, b.connector_id) for b in site.bays if b.circuit == name]
        for quarter in quarters if keys else ():
            watts = _watt(quarter, site.voltage_v)
            if watts is None:
                continue
            measured = True
            energy = math.fsum(given.get(key, {}).get(quarter.t, 0.0) for key in keys)
            lost += watts * HOURS * quarter.part - energy
            if energy == 0.0:
                idle.append(watts)
    standby = math.fsum(idle) / len(idle) if idle else None
    return (round(lost, 1) if measured else None), (round(standby, 1) if standby is not None else None)


def _chargers(
    facts: DayFacts,
    site: Site,
    given: dict[Key, dict[float, float]],
    charges: list[Charge],
    span: tuple[float, float],
) -> tuple[ChargerDay, ...]:
    begin, end = span
    plugged: dict[Key, float] = defaultdict(float)
    held: dict[Key, float] = defaultdict(float)
    ended: dict[Key, int] = defaultdict(int)
    for charge in charges:
        session = charge.session
        key = (session.charger_id, session.connector_id)
        until = min(session.ended_at if session.ended_at is not None else end, end)
        plugged[key] += max(until - max(session.started_at, begin), 0.0)
        ended[key] += session.ended_at is not None and begin <= session.ended_at < end
        held[key] += math.fsum(
            max(min(s.to_at, end) - max(s.from_at, begin), 0.0) for s in charge.spans if _loss_w(charge, s) > 0
        )
    bays = [(b.charger_id, b.connector_id) for b in site.bays]
    keys = [*bays, *sorted(k for k in plugged if k not in set(bays))]
    return tuple(
        ChargerDay(
            *key,
            energy_wh=round(_whole(given.get(key, {})), 1),
            plugged_s=round(plugged[key], 1),
            charging_s=float(facts.charging_min.get(key, 0) * 60),
            held_back_s=round(held[key], 1),
            sessions=ended[key],
        )
        for key in keys
    )


def _by_sessions(ended: list[Charge]) -> float | None:
    known = [c.session.energy_wh for c in ended if c.session.energy_wh is not None]
    return math.fsum(known) if known else None


def _totals(parts: Iterable[dict[float, float]]) -> dict[float, float]:
    total: dict[float, float] = defaultdict(float)
    for part in parts:
        for t, wh in part.items():
            total[t] += wh
    return dict(total)


def _whole(by_quarter: dict[float, float]) -> float:
    return math.fsum(by_quarter.values())
