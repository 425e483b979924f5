"""The drill against simulated chargers, good and bad, over real sockets; all clocks twenty times as fast."""

import asyncio
import contextlib
import re
from types import SimpleNamespace

import pytest

from evdesk.engine.drill import Drills
from evdesk.engine.drill.kinds import baseline_limit
from evdesk.engine.drill.words import sentence_for
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.model import Bay, EvdeskError, Origin, Site
from evdesk.model.drills import Drill, DrillCause, DrillKind
from evdesk.simulator.car import Car
from evdesk.simulator.makers import KESTREL
from evdesk.wire.drill import StartDrill
from tests.engine.drill_kit import RATING_A, SAFE_A, SPEED, Rig, Wanted, rig, site
from tests.engine.harness import start_engine, until

SILENT = {
    "GOOD": (Wanted(), "proven", "fell"),
    "GOOD-21": (Wanted(version="2.1"), "proven", "fell"),
    "KEEPS": (Wanted("keeps_last_limit"), "failed", "kept"),
    "KEEPS-201": (Wanted("keeps_last_limit", "2.0.1"), "failed", "kept"),
    "NO-DURATION": (Wanted("ignores_duration"), "failed", "kept"),
    "LATE": (Wanted("falls_late"), "failed", "late"),
    "ZERO": (Wanted("falls_to_zero"), "failed", "zero"),
    "ENDS": (Wanted("ends_charge_at_fallback"), "failed", "ended"),
    "ONE": (Wanted("one_profile_only"), "failed", "higher"),
    "NOTHING": (Wanted("accepts_and_does_nothing"), "failed", "ignores"),
    "IGNORES": (Wanted("ignores_limit"), "failed", "ignores"),
    "LITTLE": (Wanted(more=(("max_a", 6.5),)), "inconclusive", "car_low"),
    "EMPTY": (Wanted(car=False), "verified", "no_car"),
}


async def test_silence_tells_good_and_bad_apart(tmp_path):
    async with rig(tmp_path, {name: wanted for name, (wanted, _, _) in SILENT.items()}) as hall:
        await hall.prepared(*SILENT)
        told = await hall.api.call("failsafe.drill_all")
        begun = told["drill_ids"]
        assert (told["sentence"], told["skipped"]) == (f"{len(SILENT)} begun.", {})
        again = await hall.api.call("failsafe.drill_all")
        assert (again["drill_ids"], again["skipped"]) == ([], {"running": len(SILENT)})
        assert again["sentence"] == f"Nothing to drill: {len(SILENT)} being drilled."
        wanted = {name: (verdict, cause) for name, (_, verdict, cause) in SILENT.items()}
        drills = await hall.drilled(begun, wanted)
        assert {name: (d["verdict"], d["cause"]) for name, d in drills.items()} == wanted
        good = drills["GOOD"]
        assert 40 <= good["fell_after_s"] <= 55 + 11
        assert good["fell_to_a"] == pytest.approx(SAFE_A, abs=0.3)
        assert good["restored"]
        assert not drills["ENDS"]["restored"]
        assert "although its own schedule shows 6 A" in drills["KEEPS"]["sentence"]
        assert "its own schedule says so too" in drills["NO-DURATION"]["sentence"]
        assert "it accepts and does nothing" in drills["NOTHING"]["sentence"]
        assert "it accepts" not in drills["IGNORES"]["sentence"]
        assert {t: a for t, a, _ in good["samples"]}
        assert good["audit_ids"]
        await _lights(hall)
        await _evidence(hall, good)


CAR_16 = (("max_a", 16.0),)
SMALL_CARS = {
    "GOOD": ("", "1.6", "proven", "fell", "Fell to 6.0 A"),
    "GOOD-21": ("", "2.1", "proven", "fell", "Fell to 6.0 A"),
    "KEEPS": ("keeps_last_limit", "1.6", "failed", "kept", "Kept 12.0 A, its last limit"),
    "NO-DURATION": ("ignores_duration", "2.0.1", "failed", "kept", "Kept 12.0 A, its last limit"),
    "LATE": ("falls_late", "1.6", "failed", "late", "too late"),
    "ZERO": ("falls_to_zero", "1.6", "failed", "zero", "Stopped the current"),
    "ENDS": ("ends_charge_at_fallback", "1.6", "failed", "ended", "Ended the charge"),
    "ONE": ("one_profile_only", "1.6", "failed", "higher", "Went to 16.0 A instead of 6 A"),
    "NOTHING": ("accepts_and_does_nothing", "1.6", "failed", "ignores", "Draws 16.0 A under a limit of 12.0 A"),
    "IGNORES": ("ignores_limit", "1.6", "failed", "ignores", "Draws 16.0 A under a limit of 12.0 A"),
    "REFUSES": ("rejects_profiles", "1.6", "failed", "cannot", "Refuses the limit the drill begins with"),
    "REFUSES-201": ("rejects_profiles", "2.0.1", "failed", "cannot", "Refuses the limit the drill begins with"),
}


async def test_cars_that_take_half_of_what_their_charger_gives_tell_good_and_bad_apart_too(tmp_path):
    wanted = {name: Wanted(fault, version, more=CAR_16) for name, (fault, version, *_) in SMALL_CARS.items()}
    async with rig(tmp_path, wanted, rating_a=600.0, bay_a=32.0) as hall:
        await hall.prepared(*wanted)
        begun = {name: (await hall.api.call("failsafe.drill", {"charger_id": name}))["drill_id"] for name in wanted}
        ends = {name: (verdict, cause) for name, (_, _, verdict, cause, _) in SMALL_CARS.items()}
        drills = await hall.drilled(begun.values(), ends)
        assert {name: (d["verdict"], d["cause"]) for name, d in drills.items()} == ends
        for name, drill in drills.items():
            told = re.sub(r"\d+\.\d", lambda amps: f"{round(float(amps[0])):.1f}", drill["sentence"])
            assert SMALL_CARS[name][-1] in told, (name, drill["sentence"])
        views = {v["charger_id"]: v for v in await hall.api.call("failsafe.list")}
        assert {views[n]["reserved_a"] for n in ("KEEPS", "LATE", "ONE", "NOTHING", "IGNORES", "REFUSES")} == {32.0}


@pytest.mark.parametrize(
    ("drawn_a", "safe_a", "full_a", "limit_a"),
    [(16.0, 6.0, 32.0, 12.0), (15.9, 6.0, 32.0, 12.0), (32.0, 6.0, 32.0, 20.0), (16.2, 6.0, 16.0, 12.0),
     (10.9, 6.0, 16.0, 9.0), (8.6, 6.0, 16.0, 8.0), (9.0, 6.0, 9.0, 9.0), (16.0, 0.0, 16.0, 9.0), (13.0, 8.0, 32.0, 11.0)],
)  # fmt: skip
def test_the_limit_to_fall_from_lies_below_what_the_car_draws(drawn_a, safe_a, full_a, limit_a):
    assert baseline_limit(drawn_a, safe_a, full_a) == limit_a


def test_who_never_took_the_limit_down_is_not_said_to_have_kept_it():
    drill = Drill(1, "A", 1, DrillKind.SILENCE, 0.0, cause=DrillCause.KEPT, safe_a=6.0, baseline_a=20.0, fell_to_a=16.0)
    assert sentence_for(drill).startswith("Stayed at 16.0 A long after its last limit of 20 A had ended, instead of")


async def test_the_second_connector_is_drilled_by_itself(tmp_path):
    """It shows up by itself, its car is drilled, and the first one is still to be proven."""
    async with rig(tmp_path, {"A": Wanted(car=False, evses=2)}) as hall:
        await hall.prepared("A")
        station = hall.stations["A"]
        second = station.outlets[2]
        station.plug(Car(wake_s=2.0, reaction_s=1.0, level_wh=5_000.0, diligence=0.99, max_a=32.0), 2)
        station.charges.present(second, "TAG")

        async def charges():
            view = await hall.view("A")
            return second.charging and view["state"] == "verified" and view["unproven"] == [1, 2]

        await until(charges, 40.0)
        assert (await hall.view("A"))["max_a"] == RATING_A, "nobody has said that the feed carries more"
        drill = await hall.drill("A")
        assert (drill["verdict"], drill["cause"]) == ("refused", "no_room"), "the other outlet may draw as well"
        told_site = await hall.api.call("site.get")
        feed = next(c for c in told_site["circuits"] if c["parent"])
        feed["rating_a"] = [2 * RATING_A] * 3
        await hall.api.call("site.put", {"site": told_site})

        async def written():
            view = await hall.view("A")
            return view["state"] == "verified" and view["max_a"] == 2 * RATING_A

        await until(written, 40.0)
        drill = await hall.drill("A")
        assert (drill["connector_id"], drill["verdict"], drill["max_a"]) == (2, "proven", RATING_A)

        async def told():
            return (await hall.view("A"))["detail"] == "Not proven yet: connector 1 (not drilled)."

        await until(told)
        view = await hall.view("A")
        assert (view["light"], view["state"], view["unproven"]) == ("amber", "verified", [1])


async def test_cars_above_the_rating_of_a_line_without_a_meter_end_the_drill(tmp_path):
    """B takes limits and draws 32 A all the same; beside it even 6 A are too much. What else flows there nobody knows."""
    async with rig(tmp_path, {"A": Wanted(), "B": Wanted("ignores_limit")}, rating_a=38.0, other_a=2.0) as hall:
        await hall.prepared("A", "B")
        drill = await hall.drill("A")
        assert (drill["verdict"], drill["cause"]) == ("inconclusive", "over_fuse")
        assert drill["sentence"] == "Stopped: Main/L1 was above its rating."


async def test_a_site_that_leaves_no_room_any_more_ends_the_drill_at_once(tmp_path):
    async with rig(tmp_path, {"A": Wanted(), "B": Wanted()}) as hall:
        await hall.prepared("A", "B")
        number = (await hall.api.call("failsafe.drill", {"charger_id": "A"}))["drill_id"]
        await hall.in_phase(number, "silent")
        bigger = site(["A", "B"], 50.0)
        await hall.api.call("site.put", {"site": bigger})
        assert (await hall.api.call("failsafe.drill_get", {"drill_id": number}))["phase"] == "silent", "room for one"
        put_at = hall.clock.now()
        await hall.api.call("site.put", {"site": site(["A", "B"], 16.0)})
        drill = await hall.over(number)
        assert (drill["verdict"], drill["cause"]) == ("inconclusive", "over_fuse")
        assert drill["sentence"] == "Stopped: the site was changed, and Main/L1 has no room for it any more."
        rows = await hall.api.call("audit.list", {"limit": 500})
        ended = [r["at"] for r in rows if r["what"] == "failsafe.drill" and r["detail"].get("phase") == "restoring"]
        assert ended[0] - put_at < 20.0, "at once; the clock runs twenty times as fast"


async def _lights(hall: Rig) -> None:
    views = {v["charger_id"]: v for v in await hall.api.call("failsafe.list")}
    lights = {name: view["light"] for name, view in views.items()}
    green, amber = {"GOOD", "GOOD-21"}, {"ZERO", "ENDS", "LITTLE", "EMPTY"}
    assert lights == {n: "green" if n in green else "amber" if n in amber else "red" for n in SILENT}
    assert {views[n]["reserved_a"] for n in ("KEEPS", "LATE", "ONE", "IGNORES")} == {RATING_A}
    assert views["GOOD"]["reserved_a"] == SAFE_A
    assert views["GOOD"]["last_drill"]["verdict"] == "proven"
    assert views["EMPTY"]["same_model"], "others of this model were drilled"
    summary = await hall.api.call("failsafe.summary")
    assert (summary["proven"], summary["untested"]) == (2, 4)
    assert summary["proven"] + summary["untested"] + summary["cannot"] == summary["chargers"] == len(SILENT)
    assert sum(summary["by_state"].values()) == len(SILENT)
    assert (summary["by_state"]["proven"], summary["by_state"]["cannot"]) == (2, summary["cannot"])


async def _evidence(hall: Rig, drill: dict) -> None:
    rows = await hall.api.call("audit.list", {"limit": 2000})
    own = [r["detail"].get("phase") for r in rows if r["what"] == "failsafe.drill" and r["target"] == "GOOD"]
    assert [phase for phase in own[::-1] if phase] == [
        "asked",
        "preflight",
        "room",
        "baseline",
        "silent",
        "restoring",
        "done",
    ]
    sent = [r for r in rows if r["target"] == "GOOD" and r["kind"] == "asked" and r["what"].startswith("balance.")]
    silent = [r for r in sent if drill["since_at"] + 1 < r["at"] < drill["since_at"] + drill["fell_after_s"] + 15]
    assert silent == [], "nothing may be sent while it is silent"
    page = await hall.api.call("failsafe.protocol", {"drill_id": drill["id"]})
    assert "<svg" in page["html"]
    assert "Proven" in page["html"]
    assert "http" not in page["html"]
    assert (await hall.api.call("failsafe.drills", {"charger_id": "GOOD"}))[0]["samples"] == []


CUT = {
    "GOOD": (Wanted(), "cut", "proven", "fell"),
    "GOOD-21": (Wanted(version="2.1"), "cut", "proven", "fell"),
    "NO-OFFLINE-END": (Wanted("no_offline_end", "2.1"), "cut", "proven", "fell"),
    "DROPS": (Wanted("drops_defaults_offline", "2.0.1"), "cut", "proven", "fell"),  # for evdesk has set it right
    "FORGETS": (Wanted("forgets_readings"), "cut", "proven", "fell"),  # was there when it was heard again
    "KEEPS": (Wanted("keeps_last_limit"), "cut", "failed", "kept"),
    "ZERO": (Wanted("falls_to_zero"), "cut", "failed", "zero"),
    "ENDS": (Wanted("ends_charge_at_fallback"), "cut", "failed", "ended"),
    "RESTARTS": (Wanted(car=False), "restart", "proven", "fell"),
    "LOSES": (Wanted("loses_profiles", car=False), "restart", "failed", "lost"),
}


async def test_a_cut_is_read_from_the_queue_and_a_restart_from_the_schedule(tmp_path):
    async with rig(tmp_path, {name: case[0] for name, case in CUT.items()}) as hall:
        await hall.prepared(*CUT)
        begun = {}
        for name, (_, kind, _, _) in CUT.items():
            params = {"charger_id": name, "kind": kind}
            begun[name] = (await hall.api.call("failsafe.drill", params))["drill_id"]
        ends = {name: case[2:] for name, case in CUT.items()}
        drills = await hall.drilled(begun.values(), ends)
        assert {name: (d["verdict"], d["cause"]) for name, d in drills.items()} == ends
        good = drills["GOOD"]
        assert good["read_from"] == "charger, afterwards"
        assert 40 <= good["fell_after_s"] <= 66
        assert good["restored"]
        assert drills["FORGETS"]["sentence"].startswith("Was at ")
        attempts = await hall.api.call("attempt.list", {"limit": 100})
        assert {"GOOD", "KEEPS"} <= {a["charger_id"] for a in attempts if a["verdict"] == "drill"}
        assert (await hall.view("RESTARTS"))["light"] == "amber", "that it survives a restart does not prove the fall"
        assert (await hall.view("LOSES"))["light"] == "red"


async def test_who_keeps_no_readings_is_watched_by_the_site_meter(tmp_path):
    wanted = {"A": Wanted("forgets_readings"), "B": Wanted()}
    async with rig(tmp_path, wanted, rating_a=100.0, other_a=10.0, metered=True) as hall:
        await hall.prepared("A", "B")
        hall.stood_s = 0.0
        drill = await hall.drill("A", kind="cut")
        assert (drill["verdict"], drill["cause"], drill["read_from"]) == ("proven", "fell", "site meter")
        assert 38 <= drill["fell_after_s"] <= 49 + hall.stood_s  # as exactly as the meter was read
        assert drill["fell_after_s"] - drill["fell_not_before_s"] < 3 + hall.stood_s


async def test_a_line_too_small_for_those_that_cannot_is_said_loudly(tmp_path):
    wanted = {"A": Wanted("rejects_profiles"), "B": Wanted("rejects_profiles"), "C": Wanted(car=False)}
    async with rig(tmp_path, wanted, rating_a=30.0) as hall:

        async def said() -> list[str]:
            return (await hall.api.call("failsafe.summary"))["problems"]

        problems = await until(said, 30)
        assert problems[0].startswith("Main/L1: A, B cannot fall back and may draw 32 A")

        async def loud() -> bool:
            notices = await hall.api.call("notice.list", {"limit": 50})
            told = [dict(n["args"]) for n in notices if n["kind"] == "failsafe" and n["severity"] == "danger"]
            return problems[0] in [args["detail"] for args in told]

        await until(loud, 10)

        async def lowered() -> bool:
            return (await hall.view("C")).get("plan_a") == 0.0

        await until(lowered, 10)


async def test_on_a_tight_line_one_after_the_other_and_never_above_the_fuse(tmp_path):
    """Full rating 16 A each on a fuse of 38 A, house 4 A at most: two can be drilled at once, whatever they do."""
    wanted = {"A": Wanted(), "B": Wanted("keeps_last_limit"), "C": Wanted(), "D": Wanted(car=False)}
    async with rig(tmp_path, wanted, rating_a=38.0, other_a=4.0, maker=KESTREL) as hall:
        await hall.prepared(*wanted)
        hall.worst_a = 0.0
        begun = (await hall.api.call("failsafe.drill_all"))["drill_ids"]
        drills = [await hall.over(number, 90) for number in begun]
        assert [d["cause"] for d in drills] == ["fell", "kept", "fell", "no_car"]
        assert hall.worst_a <= 38.0 - 4.0
        spans = [(d["since_at"], d["since_at"] + d["valid_s"]) for d in drills[:3]]
        together = max(sum(a <= t <= b for a, b in spans) for t, _ in spans)
        assert together <= 2

        async def lowered() -> bool:
            views = {v["charger_id"]: v for v in await hall.api.call("failsafe.list")}
            return views["A"]["safe_a"] == views["D"]["safe_a"] == 0.0 and views["B"]["reserved_a"] == RATING_A

        # 38 - 4 - 1 - 16 A leave 17 A for three: less than 6 A each, which no car can take.
        await until(lowered, 30)


async def test_without_room_it_does_not_begin(tmp_path):
    async with rig(tmp_path, {"A": Wanted()}, rating_a=20.0, other_a=6.0) as hall:
        await hall.prepared("A")
        drill = await hall.drill("A")
        assert (drill["verdict"], drill["cause"]) == ("refused", "no_room")
        assert drill["sentence"].startswith("Main/L1 has no room: 22 A may flow")
        assert not drill["samples"]


async def test_cancelled_at_any_time_it_gives_back(tmp_path):
    async with rig(tmp_path, {"A": Wanted(), "B": Wanted()}) as hall:
        await hall.prepared("A", "B")
        numbers = [(await hall.api.call("failsafe.drill", {"charger_id": n}))["drill_id"] for n in "AB"]
        with pytest.raises(Exception, match="is being drilled already"):
            await hall.api.call("failsafe.drill", {"charger_id": "A"})
        await hall.in_phase(numbers[0], "baseline")
        done = await hall.api.call("failsafe.cancel", {"drill_id": numbers[0]})
        row = next(r for r in await hall.api.call("audit.list") if r["id"] == done["audit_id"])
        assert (row["what"], row["kind"], row["target"]) == ("failsafe.cancel", "asked", "A")
        await hall.in_phase(numbers[1], "silent")
        with pytest.raises(Exception, match="A failsafe drill of this charger is under way"):
            await hall.api.call("charger.trigger", {"charger_id": "B", "what": "Heartbeat"})
        with pytest.raises(Exception, match="A failsafe drill is running"):
            await hall.api.call("wiring.test", {})
        charger = await hall.api.call("charger.get", {"charger_id": "B"})
        assert charger["connectors"][0]["limit_reason"] == "a test holds it"
        assert charger["connectors"][0]["reserved_a"] == RATING_A
        await hall.api.call("failsafe.cancel", {"drill_id": numbers[1]})
        for number in numbers:
            drill = await hall.over(number)
            assert drill["verdict"] == "cancelled"
        assert drill["restored"]
        charger = await hall.api.call("charger.get", {"charger_id": "B"})
        assert charger["connectors"][0]["limit_a"] == RATING_A
        number = (await hall.api.call("failsafe.drill", {"charger_id": "A"}))["drill_id"]
        await hall.in_phase(number, "baseline")
        await hall.api.call("charger.stop", {"charger_id": "A"})  # a person's word goes first
        assert (await hall.over(number))["sentence"] == "Ended by API script: stop in the middle of it."
        with pytest.raises(Exception, match="No drill"):
            await hall.api.call("failsafe.cancel", {"drill_id": numbers[0]})


async def test_two_beginnings_at_once_are_one_drill_and_no_wiring_test_comes_in_between(tmp_path):
    async with rig(tmp_path, {"A": Wanted()}, rating_a=100.0, other_a=10.0, metered=True) as hall:
        await hall.prepared("A")
        asked = [hall.api.call("failsafe.drill", {"charger_id": "A"}) for _ in range(3)]
        told = await asyncio.gather(*asked, hall.api.call("wiring.test", {}), return_exceptions=True)
        begun = [one for one in told[:3] if isinstance(one, dict)]
        assert len(begun) == 1
        assert {str(one) for one in told[:3] if one is not begun[0]} == {"A is being drilled already."}
        assert str(told[3]) == "A failsafe drill is running. Wait for its end, or cancel it."
        await hall.in_phase(begun[0]["drill_id"], "baseline")
        await hall.api.call("balance.configure", {"enabled": False})
        drill = await hall.over(begun[0]["drill_id"])
        assert (drill["verdict"], drill["cause"]) == ("inconclusive", "not_balancing")
        assert drill["sentence"].startswith("Balancing was switched off in the middle of it")


@pytest.mark.parametrize("runs", [True, False])
async def test_no_drill_begins_between_two_steps_of_a_wiring_test(runs):
    fleet = SimpleNamespace(
        chargers={"A": ChargerRecord("A", accepted=True, connectors={1: ConnectorRecord(1)})},
        site=Site(bays=(Bay("A", 1, "A", "Main"),)),
        unable=set(),
    )
    drills = SimpleNamespace(
        fleet=fleet,
        control=SimpleNamespace(holds={}),  # nothing is held between two steps
        wiring_tested=lambda: runs,
        updating=lambda charger_id: False,
        _drilled=lambda record: False,
        book=SimpleNamespace(places=lambda record: [1]),
        beginning=set(),
    )

    async def begin(*_):
        assert drills.beginning == {"A"}
        return 7

    drills._begin = begin
    asked = StartDrill("A", 1, DrillKind.SILENCE, False)
    if runs:
        with pytest.raises(EvdeskError, match="A wiring test is running"):
            await Drills.begin(drills, Origin("Technician", "desk"), asked)
    else:
        assert await Drills.begin(drills, Origin("Technician", "desk"), asked) == 7
    assert drills.beginning == set()


async def test_killed_in_the_middle_it_says_so_and_goes_on(tmp_path):
    async with rig(tmp_path, {"A": Wanted(), "B": Wanted()}) as hall:
        await hall.prepared("A", "B")
        number = (await hall.api.call("failsafe.drill", {"charger_id": "A"}))["drill_id"]
        await hall.in_phase(number, "silent")
        # Everybody is prepared anew; who is drilled is left alone, and nothing of it is kept as its state.
        await hall.api.call("balance.configure", {"safe_share_a": 8})

        async def anew() -> bool:
            return (await hall.view("B")).get("safe_a") == 8.0

        await until(anew, 20)
        drilled = await hall.view("A")
        assert (drilled["state"], drilled["detail"]) == ("verified", "")
        address = f"127.0.0.1:{hall.running.ready['ocpp_port']}"
        hall.running.process.kill()
        hall.running.process.wait(10)
        again = start_engine(tmp_path, "--accept-unknown", "--speed", f"{SPEED:g}", ocpp=address)
        try:
            async with again.client() as api:
                drill = await api.call("failsafe.drill_get", {"drill_id": number})
                assert (drill["phase"], drill["verdict"]) == ("done", "interrupted")
                assert "ended in the middle" in drill["sentence"]

                async def limited() -> bool:
                    charger = await api.call("charger.get", {"charger_id": "A"})
                    return charger["state"] == "online" and charger["connectors"][0]["limit_a"] == RATING_A

                await until(limited, 30)
                states = {v["charger_id"]: (v["state"], v["detail"]) for v in await api.call("failsafe.list")}
                assert states["A"] == ("verified", "")
        finally:
            again.stop()
            with contextlib.suppress(Exception):
                await hall.api.close()
