"""The figures of docs/failsafe.md about what staying within the breaker costs, against the balancer in closed loop."""

import re
from pathlib import Path

import pytest

from evdesk.balance import Balancer, tightest
from evdesk.model import BalanceSettings, Bay, Breaker, Circuit, MeterSource, Site
from tests.balance.closed_loop import Car, Yard

PAGE = Path(__file__).resolve().parents[2] / "docs" / "failsafe.md"
ROW = re.compile(
    r"^\| (\d+) A \| (\d+) A \| (\d+) A(?:: no car can charge)? \((\d+) A\) "
    r"\| (\d+) A \((\d+) A\) \| (\d+) A, (borne|the breaker may trip) \|$",
    re.MULTILINE,
)
ROWS = [(*map(int, row[:-1]), row[-1]) for row in ROW.findall(PAGE.read_text(encoding="utf-8"))]


def yard(rating: int, other: int, times: float | None) -> Yard:
    bays = tuple(
        Bay(name, 1, name, "Main", max_a=63.0, rotation="RST") for name in ("A", "B")[: 2 if rating > 40 else 1]
    )
    main = Circuit(
        "Main", (float(rating),) * 3, other_max_a=(float(other),) * 3, meter=MeterSource(), breaker=Breaker.C
    )
    site = Site(circuits=(main,), bays=bays, balance=BalanceSettings(silent_times=times), assumed=False)
    cars = {bay.charger_id: Car(most_a=63.0) for bay in bays}
    return Yard(site, Balancer(site), cars, {"Main": lambda _now: (0.0, 0.0, 0.0)})


def test_all_rows_are_read():
    assert len(ROWS) == 4


@pytest.mark.parametrize(("rating", "other", "on", "on_got", "off", "off_got", "worst", "borne"), ROWS)
def test_the_page_says_what_the_sheet_says_and_what_cars_get(rating, other, on, on_got, off, off_got, worst, borne):
    for times, got in ((1.13, on_got), (None, off_got)):
        run = yard(rating, other, times)
        run.run(200)
        assert sum(charger.car.amps for charger in run.chargers) == pytest.approx(got), times
        if times is not None:
            said = tightest(run.site)
            assert said is not None
            assert (round(said.on_a), round(said.off_a), round(said.worst_a)) == (on, off, worst)
            assert said.borne == (borne == "borne")
