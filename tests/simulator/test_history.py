"""The simulated past: quick, in order, within every limit, and consistent with itself."""

import time

import pytest

from evdesk.model import NoticeKind, SiteLoad, WhyCode, to_site_phases
from evdesk.simulator.history import history
from evdesk.simulator.layout import places, ratings, register_wh
from evdesk.simulator.past import CommandSample, LimitSample, NoticeSample, ReadingSample, SessionSpan
from evdesk.simulator.sharing import Want, share

UNTIL = 1_760_000_000.0


@pytest.fixture(scope="module")
def day():
    return list(history(UNTIL, seed=1))


def of(day, kind):
    return [item for item in day if isinstance(item, kind)]


def moment(item) -> float:
    if isinstance(item, ReadingSample):
        return item.reading.at
    if isinstance(item, SessionSpan):
        return item.ended.at
    return item.at


def test_a_day_takes_less_than_three_seconds() -> None:
    begun = time.process_time()
    count = sum(1 for _ in history(UNTIL, seed=2))
    assert time.process_time() - begun < 3.0
    assert count > 10_000


def test_in_order_of_time(day) -> None:
    moments = [moment(item) for item in day]
    assert moments == sorted(moments)
    assert moments[0] >= UNTIL - 86_400
    assert moments[-1] <= UNTIL


def test_no_line_is_ever_above_its_rating(day) -> None:
    loads = of(day, SiteLoad)
    assert len(loads) == 2880
    worst = 0.0
    for load in loads:
        for line in load.lines:
            assert line.total_a <= line.limit_a
            assert line.total_a == pytest.approx(line.cars_a + line.other_a, abs=0.02)
            worst = max(worst, line.total_a / line.limit_a)
    assert worst > 0.85  # the limits matter
    assert max(load.charging for load in loads) >= 5


def test_no_line_breaks_even_if_every_car_took_its_full_limit(day) -> None:
    rated = {f"{circuit}/L{k}": amps for circuit, amps in ratings(8).items() for k in (1, 2, 3)}
    rotation = {p.charger_id: p for p in places(8)}
    newest: dict[str, ReadingSample] = {}
    for item in of(day, ReadingSample):
        newest[item.reading.charger_id] = item
        sums = dict.fromkeys(rated, 0.0)
        for charger, sample in newest.items():
            if item.reading.at - sample.reading.at > 1:
                continue
            for k in range(3):
                if sample.site_current_a[k]:
                    for circuit in ("Main", rotation[charger].circuit):
                        sums[f"{circuit}/L{k + 1}"] += sample.limit_a
        assert all(amps <= rated[line] for line, amps in sums.items())


def test_readings_are_on_both_phase_systems(day) -> None:
    rotation = {p.charger_id: p.rotation for p in places(8)}
    for item in of(day, ReadingSample):
        assert to_site_phases(item.reading.current_a, rotation[item.reading.charger_id]) == item.site_current_a


def test_energy_registers_rise_and_meet_the_live_site(day) -> None:
    last: dict[str, float] = {}
    for item in of(day, ReadingSample):
        assert item.reading.energy_wh >= last.get(item.reading.charger_id, 0.0)
        last[item.reading.charger_id] = item.reading.energy_wh
    for number, place in enumerate(places(8)):
        assert last[place.charger_id] == pytest.approx(register_wh(number), abs=2)


def test_sessions_are_whole_and_do_not_overlap(day) -> None:
    spans = of(day, SessionSpan)
    assert len(spans) >= 16
    free_at: dict[str, float] = {}
    for span in sorted(spans, key=lambda s: s.started.at):
        assert span.started.at < span.ended.at
        assert span.started.meter_wh <= span.ended.meter_wh
        assert span.started.at >= free_at.get(span.started.charger_id, 0.0)
        free_at[span.started.charger_id] = span.ended.at
    assert {s.ended.reason for s in spans} == {"EVDisconnected", "Reboot", "Other"}


def test_running_charges_can_stay_open() -> None:
    spans = of(list(history(UNTIL, seed=1, hours=6, close=False)), SessionSpan)
    assert any(span.ended is None for span in spans)


def test_limits_have_reasons_and_are_pilots(day) -> None:
    limits = of(day, LimitSample)
    assert all(s.limit.limit_a == 0 or s.limit.limit_a >= 6 for s in limits)
    codes = {s.limit.why.code for s in limits}
    assert {WhyCode.LINE, WhyCode.CAR, WhyCode.CHARGER} <= codes
    assert all(s.limit.why.line for s in limits if s.limit.why.code is WhyCode.LINE)


def test_notices_and_commands(day) -> None:
    kinds = {n.kind for n in of(day, NoticeSample)}
    wanted = {
        NoticeKind.PLUGGED,
        NoticeKind.STOPPED,
        NoticeKind.CAR_FULL,
        NoticeKind.FAULT,
        NoticeKind.LOST,
        NoticeKind.BACK,
    }
    assert wanted | {NoticeKind.HOUSE_STEP} <= kinds
    commands = of(day, CommandSample)
    assert {c.origin.via for c in commands} == {"balancer", "desk"}
    assert "Rejected" in {c.outcome for c in commands}


def test_same_seed_same_past() -> None:
    assert list(history(UNTIL, seed=5, hours=2)) == list(history(UNTIL, seed=5, hours=2))
    assert list(history(UNTIL, seed=5, hours=2)) != list(history(UNTIL, seed=6, hours=2))


def test_sharing_waits_when_six_amperes_are_not_there() -> None:
    free = {"G/L1": 14.0}
    wants = [Want(key, ("G/L1",), 16, False) for key in "abc"]
    decided = share(wants, free, {"G/L1": 16.0})
    assert [decided[k][0] for k in "abc"] == [7, 7, 0]
    assert decided["c"][1].code is WhyCode.WAITING
    assert decided["a"][1].line == "G/L1"
