"""The sharing inside the balancer: more over lines at angles, priorities, and the times a person sets."""

import dataclasses

import pytest

from evdesk.balance import Balancer, Demand
from evdesk.model import BalanceSettings, Bay, Circuit, GridType, ShareBy, Site, Why, WhyCode


def delta(rating: float = 60.0, more: tuple[str, ...] = ("RS", "RS", "RS", "ST", "TR"), **balance: object) -> Site:
    bays = tuple(Bay(f"B{n:03d}", 1, f"Bay {n}", "Main", max_a=32.0, phases=1, rotation=r) for n, r in enumerate(more))
    circuit = Circuit("Main", (rating,) * 3)
    return Site(circuits=(circuit,), bays=bays, grid=GridType.DELTA, balance=BalanceSettings(**balance), assumed=False)


def star(rating: float, count: int, priority: dict[int, int] | None = None, **balance: object) -> Site:
    bays = tuple(
        Bay(f"B{n:03d}", 1, f"Bay {n}", "Main", max_a=16.0, rotation="RST", priority=(priority or {}).get(n, 0))
        for n in range(count)
    )
    circuit = Circuit("Main", (rating,) * 3)
    return Site(circuits=(circuit,), bays=bays, balance=BalanceSettings(**balance), assumed=False)


def demand(bay: Bay, amps: float, now: float) -> Demand:
    return Demand(
        key=(bay.charger_id, 1),
        confirmed_a=amps,
        worst_a=amps,
        ceiling_a=bay.max_a,
        ceiling_why=Why(WhyCode.CHARGER),
        drawn_a=(amps, 0.0, 0.0) if bay.phases == 1 else (amps,) * 3,
        drawn_at=now,
        charging=True,
        terminals=(True, bay.phases > 1, bay.phases > 1),
    )


def settle(site: Site, seconds: int = 60, start: float = 1000.0, balancer: Balancer | None = None):
    balancer = balancer or Balancer(site)
    have = {b.charger_id: 0.0 for b in site.bays}
    series = []
    for n in range(seconds):
        given = [demand(b, have[b.charger_id], start + n) for b in site.bays]
        decision = balancer.step(start + n, given, [])
        have = {key[0]: amps for key, (amps, _) in decision.limits.items()}
        series.append(have)
    return series


def equal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evdesk.balance.layer.improve", lambda *args: None)


def test_between_two_phases_more_is_given_and_alike_ones_get_alike(monkeypatch):
    better = settle(delta())[-1]
    equal_only(monkeypatch)
    equal = settle(delta())[-1]
    assert sum(better.values()) >= 1.03 * sum(equal.values())
    assert max(better[f"B{n:03d}"] for n in range(3)) - min(better[f"B{n:03d}"] for n in range(3)) <= 1
    assert min(better.values()) >= 6


def test_it_does_not_change_its_mind():
    series = settle(delta(), 300)
    assert all(have == series[100] for have in series[100:])


def test_who_has_priority_is_filled_first_and_starts_first():
    site = star(40.0, 3, {2: 1}, share_by=ShareBy.PRIORITY)
    have = settle(site)[-1]
    assert have["B002"] == 16.0
    assert sorted((have["B000"], have["B001"])) == [11.0, 12.0]
    site = star(13.0, 3, {2: 1}, share_by=ShareBy.PRIORITY)
    assert settle(site)[-1]["B002"] == 6.0
    assert settle(dataclasses.replace(site, balance=BalanceSettings(share_by=ShareBy.EQUAL)))[-1]["B002"] == 0.0


@pytest.mark.parametrize("turn_s", [400.0, 900.0])
def test_turns_last_as_long_as_set(turn_s):
    series = settle(star(8.0, 2, turn_s=turn_s), 2400)
    first = [have["B000"] > 0 for have in series]
    assert first[int(turn_s) - 30]
    assert not first[int(turn_s) + 70]
