"""Whose line is above its rating while a charger is drilled: the balancer's own lines, and what cars draw."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from evdesk.balance import Balancer, Demand
from evdesk.engine.drill.base import DrillBase, Stop, _place
from evdesk.engine.drill.room import Room
from evdesk.model import Bay, CapGroup, Circuit, PowerCap, Site, Why, WhyCode
from evdesk.model.drills import DrillCause, DrillVerdict

MAIN, YARD = Circuit("Main", (200.0,) * 3, other_max_a=(2.0,) * 3), Circuit("Yard", (25.0,) * 3, parent="Main")
BAYS = (Bay("A", 1, "a", "Yard", rotation="RST"), Bay("B", 1, "b", "Yard", rotation="STR"), Bay("C", 1, "c", "Main"))
SITE = Site(circuits=(MAIN, YARD), bays=BAYS)
NOW = 1000.0


def demand(name: str, *amps: float | None, at: float = NOW) -> Demand:
    return Demand(
        (name, 1), True, True, 16.0, 6.0, 16.0, Why(WhyCode.CHARGER), drawn_a=amps, drawn_at=at, charging=True
    )


def room(*demands: Demand, told_at: float = 0.0, site: Site = SITE, caps: tuple[PowerCap, ...] = ()) -> Room:
    """`told_at`: when each confirmed its limit."""
    balancer = Balancer(site)
    balancer.limit_power(caps)
    placed = {bay.charger_id for bay in site.bays}
    decision = balancer.step(NOW, [one for one in demands if one.key[0] in placed], [])
    connectors = {1: SimpleNamespace(confirmed_at=told_at)}
    fleet = SimpleNamespace(site=site, chargers={d.key[0]: SimpleNamespace(connectors=connectors) for d in demands})
    control = SimpleNamespace(
        balancer=balancer, decision=decision, demands={d.key: d for d in demands}, fleet=fleet, held={"A"}
    )
    return Room(control)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("a", "b", "line"),
    [
        ((12.0, 12.0, 12.0), (12.0, 12.0, 12.0), ""),
        ((13.0, 13.0, 13.0), (13.0, 13.0, 13.0), "Yard/L1"),
        ((16.0, 0.0, 0.0), (0.0, 0.0, 16.0), "Yard/L1"),  # B's L3 hangs on the site's L1
        ((16.0, 0.0, 0.0), (16.0, 0.0, 0.0), ""),
        ((26.0, None, None), (None, None, None), "Yard/L1"),  # what is not known counts as none
    ],
)
def test_by_what_its_cars_draw_a_line_without_a_meter_is_above_its_rating(a, b, line):
    seen = room(demand("A", *a), demand("B", *b), demand("C", 0.0, 0.0, 0.0))
    assert seen.over("A") == seen.over("B") == line
    assert seen.over("C") == "", "its own lines are in order"


def test_a_reading_from_before_a_limit_was_lowered_ends_no_drill():
    seen = [demand(name, 16.0, 16.0, 16.0, at=NOW - 2.0) for name in "AB"]
    assert room(*seen, told_at=NOW - 10.0).over("A") == "Yard/L1"
    assert room(*seen, told_at=NOW - 5.0).over("A") == "", "the limit counts: 6 A each"


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (SITE, None),
        (
            replace(SITE, bays=(replace(BAYS[0], max_a=10.0), *BAYS[1:])),
            (DrillCause.STOPPED, DrillVerdict.CANCELLED, "Its place in the site, or its ceiling, was changed"),
        ),
        (
            replace(SITE, balance=replace(SITE.balance, profile_valid_s=120)),
            (DrillCause.STOPPED, DrillVerdict.CANCELLED, "How long a live limit is valid was changed"),
        ),
        (replace(SITE, bays=BAYS[1:]), (DrillCause.STOPPED, DrillVerdict.CANCELLED, "taken out of the site")),
        (
            replace(SITE, circuits=(MAIN, replace(YARD, rating_a=(16.0,) * 3))),
            (DrillCause.OVER_FUSE, DrillVerdict.INCONCLUSIVE, "Yard/L1 has no room"),
        ),
    ],
)
def test_a_changed_site_ends_the_drill_of_who_is_gone_or_has_no_room(site, said):
    changed = room(*(demand(name, 6.0, 6.0, 6.0) for name in "ABC"), site=site)
    told: list[tuple[DrillCause, DrillVerdict, str]] = []
    run = SimpleNamespace(
        parts=SimpleNamespace(fleet=changed.control.fleet, control=changed.control, room=changed),
        record=SimpleNamespace(id="A"),
        connector=SimpleNamespace(id=1),
        attended=False,
        place=_place(BAYS[0]),
        plan=SimpleNamespace(valid_s=SITE.balance.profile_valid_s),
        stop=lambda *words: told.append(words),
    )
    DrillBase.site_changed(run)  # type: ignore[arg-type]
    assert [one[:2] for one in told] == ([] if said is None else [said[:2]])
    assert said is None or said[2] in told[0][2]


QUIET = tuple(demand(name, 0.0, 0.0, 0.0) for name in "ABC")


@pytest.mark.parametrize(
    ("cap", "lack"),
    [
        (PowerCap("grid operator", 4200.0), "The power limit “grid operator” leaves no room: 11.0 kW may flow"),
        (PowerCap("grid operator", 11_100.0), ""),
        (
            PowerCap("tariff", 11_100.0, CapGroup.CONNECTION),
            "The power limit “tariff” leaves no room: 12.4 kW may flow",
        ),
        (PowerCap("tariff", 12_500.0, CapGroup.CONNECTION), ""),  # 2 A of other load on each phase
    ],
)
def test_a_power_limit_that_does_not_carry_it_refuses_a_drill_and_ends_one(cap, lack):
    limited = room(*QUIET, caps=(cap,))
    said = limited.lack(SITE, {"A"}, False)
    assert said.startswith(lack) if lack else said == ""
    ended = f"the power limit “{cap.source}”" if lack else ""
    assert limited.capped(SITE, "A", {"A"}) == ended
    assert limited.gone(SITE, "A", {"A"}, False) == ended
    assert limited.capped(SITE, "B", {"B"}) == ended
    drawing = replace(QUIET[0], worst_a=16.0, drawn_a=(16.0, 16.0, 16.0))
    limited = room(drawing, *(replace(one, worst_a=0.0) for one in QUIET[1:]), caps=(cap,))
    assert limited.over("A") == ended
    assert limited.made({"A"}) is not bool(lack)


def test_a_one_phase_car_beside_a_drilled_charger_keeps_its_own_conductor_only():
    one_phase = (True, False, False)
    drilled = replace(demand("A", 16.0, 16.0, 16.0), worst_a=16.0)
    beside = replace(demand("B", 16.0, 0.0, 0.0), worst_a=9.0, terminals=one_phase)
    for worst_a, made in ((9.0, True), (9.5, False)):  # 25 A carry both on the site's L2, where B's terminal 1 hangs
        assert room(drilled, replace(beside, worst_a=worst_a)).made({"A"}) is made
    alone = replace(drilled, terminals=one_phase)  # on L1, where nothing of B flows
    assert room(alone, replace(beside, worst_a=16.0)).made({"A"})
    assert not room(alone, replace(beside, worst_a=16.0, terminals=(True, True, True))).made({"A"})
    assert room(alone, beside).lack(SITE, {"A"}, False) == ""
    whole = replace(beside, commandable=False, worst_a=16.0)
    assert "Yard/L" in room(alone, whole).lack(SITE, {"A"}, False), "who is silent may have another car by then"


async def test_a_power_limit_that_comes_in_the_middle_ends_the_drill_at_once():
    limited = room(*QUIET, caps=(PowerCap("grid operator", 4200.0),))
    run = SimpleNamespace(
        parts=SimpleNamespace(fleet=limited.control.fleet, control=limited.control, room=limited),
        record=SimpleNamespace(id="A"),
        _broken=None,
    )
    with pytest.raises(Stop) as ended:
        DrillBase.may_go_on(run)  # type: ignore[arg-type]
    assert ended.value.cause is DrillCause.OVER_FUSE
    assert ended.value.sentence == "Stopped: the power limit “grid operator” leaves no room for it any more."


@pytest.mark.parametrize(
    ("terminals", "others", "lack"),
    [
        ((True, True, True), True, ""),
        ((True, False, False), True, "The unbalance of Main/L1-L2 leaves no room: the phases may differ by 16 A"),
        ((True, True, True), False, "The unbalance of Main/L1-L2 leaves no room: the phases may differ by 16 A"),
    ],
)
def test_a_charger_that_would_load_one_phase_too_much_is_not_drilled(terminals, others, lack):
    """`others`: commandable. B's only terminal hangs on L2, where A's car draws nothing."""
    site = replace(SITE, circuits=(replace(MAIN, unbalance_a=12.0), replace(YARD, rating_a=(63.0,) * 3)))
    a = replace(QUIET[0], terminals=terminals)
    b = replace(QUIET[1], terminals=(True, False, False), commandable=others, worst_a=16.0)
    said = room(a, b, replace(QUIET[2], worst_a=0.0), site=site).lack(site, {"A"}, False)
    assert said.startswith(lack) if lack else said == ""
