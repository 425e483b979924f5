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
from tests.gui.crowd_run import HOUSE_A, Run, Wish, run

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
        return (Circuit("Main", (40.0,) * 3, "", meter, (20.0,) * 3, breaker=Breaker.B),)
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


def wish_of(n: int) -> Wish:
    """What stands at the n-th bay."""
    if n % 37 == 11 or STATES[n % len(STATES)] is ConnectorStatus.AVAILABLE:
        return Wish()
    if n % 23 == 19:
        return Wish(silent=True)
    if STATES[n % len(STATES)] is ConnectorStatus.SUSPENDED_EV:
        return Wish(32.0, full=True)
    return Wish(9.0 if n % 6 == 0 else 32.0, 1 if n % 4 == 2 else 3)


def ran(count: int) -> Run:
    return run(site(count), tuple(wish_of(n) for n in range(1, count + 1)), NOW)


def chargers(count: int) -> tuple[Charger, ...]:
    return tuple(_charger(n, bay, ran(count)) for n, bay in enumerate(site(count).bays, 1))


def _charger(n: int, bay: Bay, ran: Run) -> Charger:
    key = (bay.charger_id, bay.connector_id)
    limit, why = ran.decision.limits[key]
    status = STATES[n % len(STATES)]
    offline, fault = n % 23 == 19, n % 37 == 11
    if wish_of(n).most_a and not wish_of(n).full:
        status = ConnectorStatus.CHARGING if limit else ConnectorStatus.SUSPENDED_EVSE
    status = ConnectorStatus.FAULTED if fault else status
    drawn = ran.drawn[key]
    safe = (FailsafeState.PROVEN, FailsafeState.PROVEN, FailsafeState.VERIFIED, FailsafeState.UNTESTED)[n % 4]
    safe = FailsafeState.CANNOT if n % 29 == 3 else safe
    connector = Connector(
        1, status, "GroundFailure" if fault else "", status_at=NOW - 800, current_a=drawn,
        site_current_a=ran.at_site(key, bay.circuit), power_w=sum(drawn) * 230, reading_at=NOW - 2,
        limit_a=limit if status.has_car else None, limit_at=NOW - 60, why=why, reserved_a=6.0 if offline else 0.0,
    )  # fmt: skip
    return Charger(
        bay.charger_id, protocol="ocpp1.6", state=ChargerState.OFFLINE if offline else ChargerState.ONLINE,
        label=bay.label, vendor="Nordlade", model="N22", connectors=(connector,),
        failsafe=Failsafe(safe, 16.0, 6.0, "", NOW - 86400), connected_at=NOW - 9e5, heard_at=NOW - 2,
        lost_at=NOW - 500 if offline else None,
    )  # fmt: skip


def load(count: int) -> SiteLoad:
    """The balancer's own view of what flows."""
    placed, now = site(count), ran(count)
    views = {view.line: view for view in now.decision.lines}
    lines: list[LineLoad] = []
    for circuit in placed.circuits:
        for phase, rating in zip(("L1", "L2", "L3"), circuit.rating_a, strict=True):
            view = views[f"{circuit.name}/{phase}"]
            lines.append(
                LineLoad(
                    view.line,
                    circuit.name,
                    phase,
                    rating,
                    view.total_a,
                    view.cars_a,
                    view.other_a,
                    view.reserved_a,
                    view.free_a,
                    view.silent_a,
                    view.heat_left,
                )
            )
    main = [line for line in lines if line.circuit == placed.circuits[0].name]
    house_w = 230.0 * sum(HOUSE_A)
    total_w = 230.0 * sum(line.total_a or 0.0 for line in main)
    return replace(
        sample.load(),
        lines=tuple(lines),
        tightest=min(main, key=lambda line: line.free_a or 0.0).line,
        charging=sum(c.connectors[0].status is ConnectorStatus.CHARGING for c in chargers(count)),
        total_w=total_w,
        cars_w=total_w - house_w,
        other_w=house_w,
        capacity_w=sum(placed.circuits[0].rating_a) * 230.0,
        total_a=tuple(line.total_a for line in main),
        safe_share_a=now.decision.safe_share_a,
    )


def snapshot(count: int) -> Snapshot:
    """The engine's first word about a site of `count` connectors; 8 is the site of the design pictures."""
    if count == 8:
        return sample.snapshot()
    return Snapshot(100, sample.info(), site(count), load(count), chargers(count), (), sample.notices(), ())


_STEPS = (3600.0, 2600.0, 2210.0, 1500.0, 720.0, 348.0)


def decisions(placed: Site, now: float = NOW) -> list[DecisionRow]:
    """An evening of decisions for every bay: the house steps up at 18:05, chargers come and go; the newest is the
    balancer's."""
    rows: list[DecisionRow] = []
    last = ran(len(placed.bays)).decision.limits if len(placed.bays) != 8 else {}
    for n, bay in enumerate(placed.bays, 1):
        newest = last.get((bay.charger_id, bay.connector_id))
        limits = (16.0, 13.0, 9.0 - n % 3, 10.0 + n % 4, 12.0, 9.0 + n % 6)
        for i, (start, limit) in enumerate(zip(_STEPS, limits, strict=True)):
            if i == 0 and n % 3 == 1:
                continue
            end = now - _STEPS[i + 1] if i + 1 < len(_STEPS) else None
            row = _decision(len(rows) + 1, placed, bay, (n, i), (now - start, end), limit)
            if i == len(_STEPS) - 1 and newest is not None:
                row = replace(row, limit_a=newest[0], why=newest[1])
            rows.append(row)
    return rows


def _decision(
    number: int, placed: Site, bay: Bay, where: tuple[int, int], when: tuple[float, float | None], limit: float
) -> DecisionRow:
    n, i = where
    main = placed.circuits[0]
    why = _full(main, "L2", when[0])
    if (n + i) % 3 == 0:
        why = _full(placed.circuit(bay.circuit) or main, "L1", when[0])
    if i == 0 or (n % 5 == 0 and i == 3):
        why = Why(WhyCode.CAR, since_at=when[0])
    if n % 7 == 0 and i >= 4:
        why, limit = Why(WhyCode.SAFE_SHARE, since_at=when[0]), 6.0
    cause = None
    if i == 2:
        others = (CutOther("WB-01", 1, 13.0, 9.0),)
        cause = Cause(
            CauseKind.HOUSE, f"{main.name}/L2", 9.0, 22.8, above_s=3.2, peak_a=74.9, others=others, others_count=3
        )
    took = limit - 0.2 if why.code is WhyCode.CAR else None
    return DecisionRow(number, bay.charger_id, bay.connector_id, when[0], when[1], limit, why, None, took, cause=cause)


def _full(circuit: Circuit, phase: str, since: float) -> Why:
    rating = circuit.rating_a[0]
    return Why(WhyCode.LINE, f"{circuit.name}/{phase}", round(rating - 0.6, 1), rating, since)


def decision_page(placed: Site, asked: BalanceHistory) -> DecisionPage:
    rows = [r for r in decisions(placed) if r.from_at <= asked.to_at and (r.to_at or NOW) >= asked.from_at]
    return DecisionPage(rows, False, NOW - 86400)
