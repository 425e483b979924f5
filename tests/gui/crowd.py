"""Sites of any size as data: 2 connectors on one fuse, 54 under a transformer, 200 on a tree of boards."""

from dataclasses import replace

from evdesk.model import (
    Bay,
    Breaker,
    Charger,
    ChargerState,
    Circuit,
    Connector,
    ConnectorStatus,
    Failsafe,
    FailsafeState,
    GridType,
    LineLoad,
    MeterSource,
    Site,
    SiteLoad,
    Transformer,
    Why,
    WhyCode,
)
from evdesk.model.decisions import Cause, CauseKind, CutOther, DecisionRow
from evdesk.wire import Snapshot
from evdesk.wire.explain import BalanceHistory, DecisionPage
from tests.gui import sample

NOW = sample.NOW
ROTATIONS = ("RST", "STR", "TRS")
STATES = (
    ConnectorStatus.CHARGING, ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.CHARGING,
    ConnectorStatus.AVAILABLE, ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EVSE,
)  # fmt: skip


def circuits(count: int) -> tuple[Circuit, ...]:
    """The tree for so many connectors."""
    meter = MeterSource(host="192.168.50.5")
    if count <= 4:
        return (Circuit("Main", (35.0,) * 3, "", meter, (20.0,) * 3, breaker=Breaker.B),)
    if count <= 12:
        return sample.site().circuits
    boards = max(4, -(-count // 25))
    main = Circuit("Main", (630.0 if count < 100 else 1250.0,) * 3, "", meter, (80.0,) * 3, breaker=Breaker.C)
    found = [main]
    for n in range(boards):
        name = f"Board {n + 1}"
        transformer = Transformer.DYN11 if n == 1 else Transformer.NONE
        ratio = 480 / 208 if n == 1 else 1.0
        found.append(Circuit(name, (250.0,) * 3, "Main", transformer=transformer, ratio=ratio, breaker=Breaker.GG))
        if n % 2 == 0:
            found.append(Circuit(f"Row {n + 1}a", (125.0,) * 3, name))
            found.append(Circuit(f"Row {n + 1}b", (100.0,) * 3, name, continuous=0.8))
    return tuple(found)


def leaves(count: int) -> list[str]:
    tree = circuits(count)
    parents = {c.parent for c in tree}
    return [c.name for c in tree if c.name not in parents]


def site(count: int) -> Site:
    """`count` bays spread over the leaves of the tree."""
    where = leaves(count)
    bays = tuple(
        Bay(f"WB-{n:03}", 1, f"Bay {n}", where[(n - 1) * len(where) // count], max_a=16.0 if n % 5 else 32.0,
            rotation=ROTATIONS[n % 3] if n % 11 else "")
        for n in range(1, count + 1)
    )  # fmt: skip
    return Site("Mill Lane depot", circuits=circuits(count), bays=bays, assumed=False, grid=GridType.WYE)


def chargers(count: int) -> tuple[Charger, ...]:
    return tuple(_charger(n, bay) for n, bay in enumerate(site(count).bays, 1))


def _charger(n: int, bay: Bay) -> Charger:
    status = STATES[n % len(STATES)]
    offline, fault = n % 23 == 19, n % 37 == 11
    status = ConnectorStatus.FAULTED if fault else status
    limit = float(6 + n * 5 % 11)
    amps = limit - 0.2 - n % 3 if status is ConnectorStatus.CHARGING else 0.0
    one = n % 4 == 2
    bars = (amps, 0.0 if one else amps - 0.1, 0.0 if one else amps - 0.2)
    why = Why(WhyCode.LINE, f"{bay.circuit}/L1", 120.0, 125.0, NOW - 60 * (n % 40))
    if status is ConnectorStatus.AVAILABLE:
        why = Why(WhyCode.NO_CAR, since_at=NOW - 900)
    elif status is ConnectorStatus.SUSPENDED_EVSE:
        why, limit = Why(WhyCode.WAITING, f"{bay.circuit}/L2", since_at=NOW - 300), 0.0
    elif n % 6 == 0:
        why = Why(WhyCode.CAR, since_at=NOW - 4000)
    safe = (FailsafeState.PROVEN, FailsafeState.PROVEN, FailsafeState.VERIFIED, FailsafeState.UNTESTED)[n % 4]
    safe = FailsafeState.CANNOT if n % 29 == 3 else safe
    connector = Connector(
        1, status, "GroundFailure" if fault else "", status_at=NOW - 800, current_a=bars, site_current_a=bars,
        power_w=amps * 690, reading_at=NOW - 2, limit_a=limit if status.has_car else None, limit_at=NOW - 60, why=why,
        reserved_a=6.0 if offline else 0.0,
    )  # fmt: skip
    return Charger(
        bay.charger_id, protocol="ocpp1.6", state=ChargerState.OFFLINE if offline else ChargerState.ONLINE,
        label=bay.label, vendor="Nordlade", model="N22", connectors=(connector,),
        failsafe=Failsafe(safe, 16.0, 6.0, "", NOW - 86400), connected_at=NOW - 9e5, heard_at=NOW - 2,
        lost_at=NOW - 500 if offline else None,
    )  # fmt: skip


def load(count: int) -> SiteLoad:
    """What flows: the sums of the connectors, a house at the supply."""
    placed, all_chargers = site(count), chargers(count)
    lines: list[LineLoad] = []
    tightest, least = "", 1e9
    for circuit in placed.circuits:
        below = _below(placed, circuit.name)
        for i, phase in enumerate(("L1", "L2", "L3")):
            cars = sum(
                c.connectors[0].site_current_a[i] or 0.0
                for c, bay in zip(all_chargers, placed.bays, strict=True)
                if bay.circuit in below
            )
            house = (9.0, 22.0, 12.5)[i] if not circuit.parent else 0.0
            rating = circuit.rating_a[i]
            cars = min(cars, rating - house - 0.4)
            free = rating - cars - house
            lines.append(
                LineLoad(f"{circuit.name}/{phase}", circuit.name, phase, rating, cars + house, cars, house, 0.0, free)
            )
            if free < least:
                tightest, least = f"{circuit.name}/{phase}", free
    charging = sum(c.connectors[0].status is ConnectorStatus.CHARGING for c in all_chargers)
    return replace(sample.load(), lines=tuple(lines), tightest=tightest, charging=charging, total_w=300.0 * count)


def _below(placed: Site, name: str) -> set[str]:
    found = {name}
    while True:
        more = {c.name for c in placed.circuits if c.parent in found} - found
        if not more:
            return found
        found |= more


def snapshot(count: int) -> Snapshot:
    """The engine's first word about a site of `count` connectors; 8 is the site of the design pictures."""
    if count == 8:
        return sample.snapshot()
    return Snapshot(100, sample.info(), site(count), load(count), chargers(count), (), sample.notices(), ())


_STEPS = (3600.0, 2600.0, 2210.0, 1500.0, 720.0, 348.0)


def decisions(placed: Site, now: float = NOW) -> list[DecisionRow]:
    """An evening of decisions for every bay: the house steps up at 18:05, chargers come and go."""
    rows: list[DecisionRow] = []
    for n, bay in enumerate(placed.bays, 1):
        limits = (16.0, 13.0, 9.0 - n % 3, 10.0 + n % 4, 12.0, 9.0 + n % 6)
        for i, (start, limit) in enumerate(zip(_STEPS, limits, strict=True)):
            if i == 0 and n % 3 == 1:
                continue
            end = now - _STEPS[i + 1] if i + 1 < len(_STEPS) else None
            rows.append(_decision(len(rows) + 1, bay, n, i, (now - start, end), limit))
    return rows


def _decision(number: int, bay: Bay, n: int, i: int, when: tuple[float, float | None], limit: float) -> DecisionRow:
    why = Why(WhyCode.LINE, "Main/L2", 62.2, 63.0, when[0])
    if (n + i) % 3 == 0:
        why = Why(WhyCode.LINE, f"{bay.circuit}/L1", 34.6, 35.0, when[0])
    if i == 0 or (n % 5 == 0 and i == 3):
        why = Why(WhyCode.CAR, since_at=when[0])
    if n % 7 == 0 and i >= 4:
        why, limit = Why(WhyCode.SAFE_SHARE, since_at=when[0]), 6.0
    cause = None
    if i == 2:
        others = (CutOther("WB-01", 1, 13.0, 9.0),)
        cause = Cause(CauseKind.HOUSE, "Main/L2", 9.0, 22.8, above_s=3.2, peak_a=74.9, others=others, others_count=3)
    took = limit - 0.2 if why.code is WhyCode.CAR else None
    return DecisionRow(number, bay.charger_id, bay.connector_id, when[0], when[1], limit, why, None, took, cause=cause)


def decision_page(placed: Site, asked: BalanceHistory) -> DecisionPage:
    rows = [r for r in decisions(placed) if r.from_at <= asked.to_at and (r.to_at or NOW) >= asked.from_at]
    return DecisionPage(rows, False, NOW - 86400)
