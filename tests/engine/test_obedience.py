"""A charger that ignores its limit: told, shown red, reserved by the others, until a drill or a person says otherwise."""

import asyncio
import base64
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pypdf import PdfReader

from evdesk.balance import Decision
from evdesk.engine.fleet import Fleet
from evdesk.engine.obedience import Obedience
from evdesk.model import EvdeskError, Session
from tests.engine.control_kit import HandClock
from tests.engine.drill_kit import RATING_A, Rig, Wanted, rig
from tests.engine.harness import until
from tests.engine.store_kit import T0, FixedClock, opened

FULL = (("max_a", 32.0),)


class Drills:
    """What the watch tells them."""

    def __init__(self):
        self.book = SimpleNamespace(seen_unable=lambda record: None)
        self.seen = self
        self.told = []

    async def ignored(self, record, connector_id, drawn_a, limit_a):
        self.told.append((record.id, connector_id, drawn_a, limit_a))


@pytest.mark.parametrize(
    ("fields", "amps", "told"),
    [
        ({}, (16.0, 16.0, 16.0), [("A", 1, 16.0, 10.0)]),
        ({}, (12.4, 12.4, 12.4), []),  # a finding, but a meter may be so far out
        ({}, (None, None, None), []),
        ({"watt_phases": 3}, (30.0, 0.0, 0.0), []),  # as much power as it was allowed, on one phase
        ({"watt_phases": 3}, (32.0, 0.0, 0.0), [("A", 1, 32.0, 10.0)]),
        ({"watt_phases": 3}, (16.0, 16.0, 16.0), [("A", 1, 16.0, 10.0)]),
        ({"watt_phases": 1}, (16.0, 0.0, 0.0), [("A", 1, 16.0, 10.0)]),
    ],
)
async def test_to_be_clearly_above_a_limit_for_long_counts(tmp_path, fields, amps, told):
    async with opened(tmp_path / "evdesk.db") as store:
        clock, drills, todo = FixedClock(T0), Drills(), []
        fleet = Fleet(store, clock)
        record = fleet.record("A")
        connector = record.connector(1)
        connector.begin(Session(1, "A", 1, "TAG", T0))
        connector.confirmed_a, connector.confirmed_until, connector.current_a = 10.0, T0 + 600, amps
        for name, value in fields.items():
            setattr(connector, name, value)
        watch = Obedience(fleet, drills, lambda coro, name: todo.append(coro))
        for second in range(70):
            connector.current_at = T0 + second // 10 * 10
            clock.at = T0 + second
            watch.tick(Decision(clock.at, {}, ignoring=(("A", 1),)))
            assert len(todo) == (1 if told and second >= 45 else 0), "once"
        for coro in todo:
            await coro
        assert drills.told == told


async def test_a_charge_whose_start_was_not_told_is_judged_by_the_limit_it_confirmed(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        clock, drills, todo = FixedClock(T0), Drills(), []
        fleet = Fleet(store, clock)
        connector = fleet.record("A").connector(1)
        connector.confirmed_a, connector.confirmed_until, connector.current_a = 10.0, T0 + 600, (32.0, 32.0, 32.0)
        watch = Obedience(fleet, drills, lambda coro, name: todo.append(coro))
        for unheard, told in ((False, 0), (True, 1)):
            connector.unheard = unheard
            for second in range(70):
                clock.at += 1.0
                connector.current_at = T0 + second // 10 * 10
                watch.tick(Decision(clock.at, {}, ignoring=(("A", 1),)))
            assert len(todo) == told
        await todo[0]
        assert drills.told == [("A", 1, 32.0, 10.0)]


@pytest.mark.parametrize("sample_s", [10, 40, 200])
async def test_one_that_takes_its_time_each_time_is_none(tmp_path, sample_s):
    async with opened(tmp_path / "evdesk.db") as store:
        clock, drills, todo = FixedClock(T0), Drills(), []
        fleet = Fleet(store, clock)
        connector = fleet.record("A").connector(1)
        connector.begin(Session(1, "A", 1, "TAG", T0))
        connector.confirmed_a, connector.confirmed_until, connector.current_a = 6.0, T0 + 600, (16.0, 16.0, 16.0)
        watch = Obedience(fleet, drills, lambda coro, name: todo.append(coro))
        for second in range(190):
            connector.current_at = T0 + second // sample_s * sample_s
            slow = sample_s == 200 or second // 40 % 2 == 0
            clock.at = T0 + second
            watch.tick(Decision(clock.at, {}, ignoring=(("A", 1),) if slow else ()))
        assert todo == []


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0, 45.0])
async def test_a_set_clock_makes_no_second_reading_of_one(tmp_path, jump):
    async with opened(tmp_path / "evdesk.db") as store:
        clock, drills, todo = HandClock(T0), Drills(), []
        fleet = Fleet(store, clock)
        connector = fleet.record("A").connector(1)
        connector.begin(Session(1, "A", 1, "TAG", T0))
        connector.confirmed_a, connector.confirmed_until, connector.current_a = 6.0, T0 + 600, (16.0, 16.0, 16.0)
        connector.current_at = T0
        watch = Obedience(fleet, drills, lambda coro, name: todo.append(coro))
        for second in range(70):
            clock.at += 1.0
            if second == 20:
                clock.jump(jump)
                connector.shift(jump)
            watch.tick(Decision(clock.at, {}, ignoring=(("A", 1),)))
        assert todo == [], "one reading is no proof"


async def test_where_no_limit_is_known_none_was_ignored(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        clock, drills, todo = HandClock(T0), Drills(), []
        fleet, told = Fleet(store, clock), []
        fleet.report = told.append
        connector = fleet.record("A").connector(1)
        connector.begin(Session(1, "A", 1, "TAG", T0))
        connector.current_a = (40.0, 40.0, 40.0)
        watch = Obedience(fleet, drills, lambda coro, name: todo.append(coro))
        for second in range(70):
            clock.at += 1.0
            connector.current_at = T0 + second // 10 * 10
            watch.tick(Decision(clock.at, {}, ignoring=(("A", 1),)))
        assert [one.sentence for one in told] == [
            "Connector 1 is under no limit that is known and draws 40.0 A. That much is kept free."
        ]
        assert todo == []


async def lit(hall: Rig, name: str, light: str) -> dict:
    async def there() -> dict | None:
        view = await hall.view(name)
        return view if view.get("light") == light else None

    return await until(there, 40)


async def test_who_ignores_its_limit_is_red_and_reserved_until_a_person_says_it_is_mended(tmp_path):
    wanted = {"A": Wanted("ignores_limit", more=FULL), "B": Wanted(car=False)}
    async with rig(tmp_path, wanted, rating_a=22.0) as hall:
        await hall.prepared("A", "B")
        await hall.api.call("charger.set_limit", {"charger_id": "A", "connector_id": 1, "limit_a": 6})
        seen = await lit(hall, "A", "red")
        assert (seen["state"], seen["reserved_a"]) == ("cannot", RATING_A)
        assert " A under a limit of " in seen["detail"]
        assert (seen["last_drill"]["kind"], seen["last_drill"]["cause"]) == ("seen", "ignores")

        async def shares_fall() -> bool:
            return (await hall.view("B"))["plan_a"] == 0.0  # 22 A less margin, less its 16 A: less than 6 A are left

        await until(shares_fall, 20)
        page = (await hall.api.call("failsafe.protocol", {"drill_id": seen["last_drill"]["id"]}))["html"]
        assert "Nothing was tried" in page
        await _saved(hall, tmp_path, seen["last_drill"]["id"])
        with pytest.raises(EvdeskError, match="has not been seen ignoring"):
            await hall.api.call("failsafe.mended", {"charger_id": "B"})
        hall.stations["A"].unplug()

        async def gone() -> bool:
            return (await hall.api.call("charger.get", {"charger_id": "A"}))["connectors"][0]["session_id"] is None

        await until(gone, 30)
        done = await hall.api.call("failsafe.mended", {"charger_id": "A"})
        assert done["audit_id"] > 0
        assert (await lit(hall, "A", "amber"))["reserved_a"] == RATING_A, "not before it has shown its default"

        async def back() -> bool:
            return (await hall.view("A"))["state"] == "verified" and (await hall.view("B"))["plan_a"] == 6.0

        await until(back, 40)


async def _saved(hall: Rig, folder: Path, number: int) -> None:
    """The same page by the command line, as the file's ending says."""
    command = [sys.executable, "-m", "evdesk", "protocol", str(number), "--data", str(folder)]
    for name in ("page.pdf", "page.html", "page.txt"):
        made = await asyncio.to_thread(
            subprocess.run,
            [*command, "--out", str(folder / name)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert made.returncode == (1 if name == "page.txt" else 0), made.stderr
    assert "neither a .pdf nor a .html" in made.stderr
    (page,) = PdfReader(folder / "page.pdf").pages
    assert "Failed" in page.extract_text()
    assert "Nothing was tried" in (folder / "page.html").read_text()
    told = await hall.api.call("failsafe.protocol", {"drill_id": number, "format": "pdf"})
    assert base64.b64decode(told["pdf"]) == (folder / "page.pdf").read_bytes()
    assert (told["html"], told["file_name"][-4:]) == ("", ".pdf")


async def test_what_was_seen_outlives_the_engine(tmp_path):
    async with rig(tmp_path, {"A": Wanted("ignores_limit", more=FULL)}) as hall:
        await hall.prepared("A")
        await hall.api.call("charger.set_limit", {"charger_id": "A", "connector_id": 1, "limit_a": 6})
        await lit(hall, "A", "red")
    async with rig(tmp_path, {"A": Wanted(car=False)}) as hall:
        await hall.prepared("A")
        assert (await hall.view("A"))["light"] == "red"


async def test_nothing_to_fall_is_verified_only_by_what_its_schedule_shows(tmp_path):
    wanted = {
        "GOOD": (Wanted(car=False), "verified", "Its schedule shows 6 A."),
        "DEAF": (
            Wanted("accepts_and_does_nothing", car=False),
            "inconclusive",
            "its schedule shows 32 A: not verified",
        ),
        "MUTE": (Wanted("composite_empty", car=False), "inconclusive", "its schedule shows no limit: not verified"),
    }
    async with rig(tmp_path, {name: case[0] for name, case in wanted.items()}) as hall:
        await hall.prepared(*wanted)
        for name in wanted:
            await hall.api.call("charger.set_limit", {"charger_id": name, "connector_id": 1, "limit_a": 6})
        for name, (_, verdict, words) in wanted.items():
            drill = await hall.drill(name)
            assert (name, drill["cause"], drill["verdict"]) == (name, "nothing_to_fall", verdict)
            assert words in drill["sentence"]
        site = await hall.api.call("site.get")
        bays = [bay | {"max_a": 6.0} for bay in site["bays"]]
        await hall.api.call("site.put", {"site": site | {"bays": bays}})

        async def lowered() -> bool:
            return [(await hall.view(name))["max_a"] for name in ("GOOD", "DEAF")] == [6.0, 6.0]

        await until(lowered, 40)
        assert (await hall.drill("GOOD", kind="restart"))["verdict"] == "verified"
        assert (await hall.drill("DEAF", kind="restart"))["verdict"] == "inconclusive"
