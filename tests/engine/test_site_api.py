"""The site as a file, its check, and power limits from outside: over the API of a real engine with a real station."""

import json
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from evdesk.balance import caps_at, dimmed_w, price_at
from evdesk.engine.load import LoadWatch
from evdesk.engine.site_checks import site_problems
from evdesk.engine.site_file import from_toml, to_toml
from evdesk.engine.site_file_lines import Places
from evdesk.engine.sites import keep_accepted, place_charger
from evdesk.model import (
    BalanceSettings,
    Bay,
    CapRule,
    ChargeMode,
    Circuit,
    EvdeskError,
    GridType,
    PriceRule,
    Site,
    Transformer,
)
from evdesk.wire.codec import convert, encode
from evdesk.wire.methods import Accept
from tests.engine.harness import engine, start_engine, station, until
from tests.engine.store_kit import opened
from tests.engine.test_engine import SITE, limit_is
from tests.engine.test_unsure import Hall

FULL = Site(
    name='Yard "7" <b>',
    voltage_v=120.0,
    grid=GridType.DELTA,
    circuits=(
        Circuit("Main", (100.0,) * 3, unbalance_a=20.0, continuous=0.8),
        Circuit("Low", (80.0,) * 3, "Main", grid=GridType.WYE, transformer=Transformer.DYN11, ratio=2.31),
    ),
    bays=(Bay("A", 1, "Bay 1", "Low", phases=1, rotation="ST", mode=ChargeMode.SOLAR_FIRST, priority=2),),
    caps=(CapRule("Evening", 11_000.0, days=(0, 4), start=17 * 60, end=60),),
    prices=(PriceRule(0.31), PriceRule(0.12, start=0, end=6 * 60)),
)


def test_a_site_survives_its_file():
    assert from_toml(to_toml(FULL)) == (replace(FULL, assumed=False), [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("circuits = [", "This is no TOML"),
        ('grid = "y"\n[[circuits]]\nname = "A"\nrating_a = [1, 2, 3]\n', "It takes: wye, delta, split, single"),
        ('name = 7\n[[circuits]]\nname = "A"\nrating_a = [1, 2, 3]\n', "This is no site"),
        ('nmae = "x"\n[[circuits]]\nname = "A"\nrating_a = [1.0, 2.0, 3.0]\n', "“nmae” is not known"),
        ('[[circuits]]\nname = "A"\nrating_a = [1.0, 2.0, 3.0]\nratting = 3\n', "“circuits[0].ratting” is not known"),
        ("x = 1\n" * 1_000_000, "too long"),
        ("a=" + "[" * 5000 + "]" * 5000, "nests far deeper"),
        ("a=" + "[\n" * 5000 + "]\n" * 5000, "nests far deeper"),
        ("a=" + "{b=" * 900 + "1" + "}" * 900, "nests far deeper"),
        ("a." * 400_000 + "a = 1", "nests far deeper"),
        ("", "no circuit"),
        ('name = "x"\n', "no circuit"),
    ],
)
def test_a_file_that_is_no_site_is_refused_in_words(text, words):
    site, problems = from_toml(text)
    assert words in problems[0]
    assert site is None or "not known" in problems[0]


HALL = '[[circuits]]\nname = "A"\nrating_a = [16.0, 16.0, 16.0]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HALL.replace("16.0]", '"x"]'), "got `str` at “circuits[0].rating_a[2]” (line 3)."),
        (HALL.replace('"A"', '"""\n\nA"""') + HALL.replace('"A"', "7"), "got `int` at “circuits[1].name” (line 7)."),
        (HALL + "[circuits.meter]  # two\nport = 'x'\n", "at “circuits[0].meter.port” (line 5)."),
        ('caps = [\n  {name = "a", power_w = 1.0},\n  {name = 3}\n]\n' + HALL, "at “caps[1].name” (line 3)."),
        ("balance.margin_a = true\n" + HALL, "at “balance.margin_a” (line 1)."),
        ('[[circuits]]\nname = "A"\n', "`rating_a` at “circuits[0]” (line 1)."),
        (HALL + "breaker = 'x'\n", '(line 4). It takes: "" (none), B, C, D, gG.'),
        (HALL + 'name = "B"\n', "“circuits[0].name” stands in line 2, and again in line 4. Remove one"),
        ("[balance]\n" + HALL + "[balance]\n", "“balance” stands in line 1, and again in line 5"),
        ("balance = {dwell_s = 1, dwell_s = 2}\n", "“balance.dwell_s” stands twice in line 1"),
        ("circuits = 1\n" + HALL, "“circuits” stands in line 1, and again in line 2"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(text, words):
    site, (problem,) = from_toml(text)
    assert site is None
    assert words in problem


def test_the_place_of_each_value_of_a_file_is_known():
    text = to_toml(FULL)
    places, rows = Places(text), text.splitlines()
    assert places.twice == []
    seen = list(_numbers(tomllib.loads(text)))
    assert len(seen) > 30
    for path in seen:
        name = next(part for part in reversed(path) if isinstance(part, str))
        line = places.lines[path]
        assert name in rows[line - 1] or isinstance(path[-1], int), path
        value = tomllib.loads(text)
        for part in path:
            value = value[part]
        assert f"{value}" in rows[line - 1], path


@pytest.mark.parametrize(
    "text", ["a = [[{", "[", "[[a", '"', "a = '", "a == 1", "}]=,", '"""', "a = [}\n]=", "[]\n= 1"]
)
def test_no_text_is_too_broken_to_look_for_places_in(text):
    Places(text)
    assert from_toml(text)[0] is None


def test_a_byte_order_mark_is_no_part_of_a_file():
    assert from_toml("\ufeff" + HALL) == from_toml(HALL)


def test_a_site_stays_assumed_in_its_file_until_a_person_enters_a_fuse():
    assumed = to_toml(Site())
    assert from_toml(assumed) == (Site(), [])
    entered = from_toml(assumed.replace("16.0", "63.0"))[0]
    assert entered is not None
    assert not entered.assumed
    written = from_toml(HALL)[0]
    assert written is not None
    assert not written.assumed, "a person wrote it"


async def test_an_import_keeps_what_is_assumed_and_a_put_does_not(tmp_path):
    with engine(tmp_path) as alone:
        async with alone.client() as client:
            text = (await client.call("site.export"))["toml"]
            done = await client.call("site.import", {"toml": text, "apply": True})
            assert done["site"]["assumed"] is True
            assert (await client.call("site.get"))["assumed"] is True
            await client.call("site.put", {"site": done["site"]})
            assert (await client.call("site.get"))["assumed"] is False


def _numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from _numbers(one, (*path, name))
    if isinstance(value, float):
        yield path


def test_no_number_of_a_site_may_be_none():
    """TOML has words for them: nan and inf."""
    balance = replace(FULL.balance, safe_share_a=6.0, silent_times=1.1, cheap_below=0.2)
    site = replace(FULL, balance=balance, bays=(replace(FULL.bays[0], user_limit_a=8.0),))
    plain = json.loads(encode(site))
    found = list(_numbers(plain))
    assert len(found) > 20
    for path in found:
        for odd in (math.nan, math.inf, -math.inf):
            wrong = json.loads(encode(site))
            place = wrong
            for name in path[:-1]:
                place = place[name]
            place[path[-1]] = odd
            assert site_problems(convert(wrong, Site)), path


def at(weekday, hour, minute=0):
    return datetime(2026, 11, 23 + weekday, hour, minute)  # the 23rd is a Monday


def test_a_rule_that_ends_before_it_starts_reaches_into_the_next_day():
    holds = {
        moment for moment in ((0, 16), (0, 17), (1, 0), (1, 1), (1, 17), (4, 23), (5, 0)) if caps_at(FULL, at(*moment))
    }
    assert holds == {(0, 17), (1, 0), (4, 23), (5, 0)}


def test_the_last_price_that_holds_counts():
    assert [price_at(FULL.prices, at(2, hour)) for hour in (0, 5, 6)] == [0.12, 0.12, 0.31]
    assert price_at((), at(2, 3)) is None


@pytest.mark.parametrize(("devices", "watts"), [(0, 4200), (1, 4200), (2, 7560), (9, 19_320), (54, 104_370)])
def test_the_power_that_stays_while_the_grid_operator_dims(devices, watts):
    assert dimmed_w(devices) == pytest.approx(watts)


async def test_check_says_what_put_would_refuse_and_changes_nothing(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            await client.call("site.put", {"site": SITE})
            wrong = SITE | {"circuits": [{"name": "Main", "rating_a": [0, 20, 20]}]}
            assert "Main/L1 is 0 A" in (await client.call("site.check", {"site": wrong}))["problems"][0]
            assert (await client.call("site.check", {"site": SITE}))["problems"] == []
            typo = {"name": "Sub", "rating_a": [20, 20, 20], "parant": "Main"}
            for method in ("site.check", "site.put"):
                with pytest.raises(EvdeskError, match=r"site.circuits\[1\].parant” is not known"):
                    await client.call(method, {"site": SITE | {"circuits": [*SITE["circuits"], typo]}})
            two = {"name": "Sub", "rating_a": [20, 20, 20]}
            found = await client.call("site.check", {"site": SITE | {"circuits": [*SITE["circuits"], two]}})
            assert "one supply" in found["problems"][0]
            assert (await client.call("site.get"))["circuits"][0]["rating_a"] == [20, 20, 20]


async def test_a_site_is_carried_to_another_engine_as_text(tmp_path):
    with engine(tmp_path / "one") as one:
        async with one.client() as client:
            await client.call("site.put", {"site": SITE})
            text = (await client.call("site.export"))["toml"]
    with engine(tmp_path / "two") as two:
        async with two.client() as client:
            seen = await client.call("site.import", {"toml": text})
            assert (seen["problems"], seen["applied"]) == ([], False)
            assert (await client.call("site.get"))["name"] != "Test yard"
            assert (await client.call("site.import", {"toml": text, "apply": True}))["applied"]
            assert (await client.call("site.get"))["name"] == "Test yard"
            with pytest.raises(EvdeskError, match="no TOML"):
                await client.call("site.import", {"toml": "[[", "apply": True})
            assert (await client.call("site.get"))["name"] == "Test yard"


async def test_a_power_limit_is_obeyed_told_and_kept_over_a_restart(tmp_path):
    running = start_engine(tmp_path, "--accept-unknown")
    try:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await one.begin()
            await client.call("site.put", {"site": SITE | {"bays": SITE["bays"][:1]}})
            charge = await one.start_charge()
            await one.measure(charge, 15.8, 1100)
            await until(lambda: limit_is(one, 16.0), 20)
            done = await client.call("balance.cap", {"source": "grid operator", "power_w": 4200})
            assert (done["before"], done["after"]) == ("none", "4200 W")
            assert [cap["power_w"] for cap in await client.call("balance.caps")] == [4200.0], "at once"
            assert len((await client.call("balance.get"))["load"]["caps"]) == 1
            await until(lambda: limit_is(one, 6.0), 10)
            (view,) = [c for c in await client.call("charger.list") if c["id"] == "A1"]
            assert view["connectors"][0]["limit_reason"] == "power limit: grid operator"
            load = (await client.call("balance.get"))["load"]
            assert [cap["source"] for cap in load["caps"]] == ["grid operator"]
            await one.measure(charge, 5.9, 1150)
            await until(lambda: noted(client, "balance.cap_effective"), 10)
        running.kill()
        running = start_engine(tmp_path, "--accept-unknown")
        async with running.client() as client:
            assert [cap["power_w"] for cap in await client.call("balance.caps")] == [4200.0]
            await client.call("balance.uncap", {"source": "grid operator"})
            assert await none_in_force(client), "at once"
            assert (await client.call("audit.verify"))["holds"]
    finally:
        running.stop()


async def noted(client, what):
    return [row for row in await client.call("audit.list", {"search": what}) if row["what"] == what]


async def none_in_force(client):
    return await client.call("balance.caps") == []


async def test_a_power_limit_ends_by_itself(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            await client.call("balance.cap", {"source": "test", "rule": "enwg14a"})
            # Blanks around a name are no part of it: it is the same limit, and as long as one may be.
            given = {"source": f" test{' ' * 60}", "rule": "enwg14a", "valid_s": 1.5}
            done = await client.call("balance.cap", given)
            assert (done["before"], done["after"]) == ("4200 W", "4200 W")
            await until(lambda: noted(client, "balance.cap_begins"), 5)
            await until(lambda: none_in_force(client), 5)
            await until(lambda: noted(client, "balance.cap_ended"), 5)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"source": "x"}, "Give power_w"),
        ({"source": "x", "power_w": -1}, "Give power_w"),
        ({"source": " ", "power_w": 1}, "Say who gives"),
        ({"source": "x\n\u0000", "power_w": 1}, "cannot be seen"),
        ({"source": "x", "power_w": "4200"}, "power_w"),
        ({"source": "x", "power_w": 1, "rule": "enwg14a"}, "goes without power_w"),
        ({"source": "x", "rule": "mine"}, "The only rule"),
        ({"source": "x", "power_w": 1, "valid_s": 0}, "above 0"),
        ({"source": "x", "power_w": 1, "group": "all"}, "group"),
    ],
)
async def test_a_power_limit_that_means_nothing_is_refused(tmp_path, params, words):
    with engine(tmp_path) as running:
        async with running.client() as client:
            with pytest.raises(EvdeskError, match=words):
                await client.call("balance.cap", params)
            with pytest.raises(EvdeskError, match="No limit of “x”"):
                await client.call("balance.uncap", {"source": "x"})


@pytest.mark.parametrize(
    ("circuit", "words"),
    [
        ({"meter": {"profile": "wunderbox"}}, "There is no meter profile “wunderbox”. Known: carlo-gavazzi-em24-tcp"),
        ({"meter": {"host": ""}}, "has the address ''"),
        ({"meter": {"port": 0}}, "has the port 0"),
        ({"name": "x" * 101}, "a name of 101 characters"),
    ],
)
async def test_a_meter_nobody_can_read_is_refused_in_words(running, circuit, words):
    main = {"name": "Main", "rating_a": [20, 20, 20], "other_max_a": [4, 4, 4]} | circuit
    wrong = SITE | {"circuits": [main], "bays": []}
    async with running.client() as client:
        problems = (await client.call("site.check", {"site": wrong}))["problems"]
        assert [p for p in problems if words in p], problems
        with pytest.raises(EvdeskError, match=re.escape(words)):
            await client.call("site.put", {"site": wrong})


async def test_a_51st_power_limit_is_refused_but_not_one_that_is_given_anew(running):
    async with running.client() as client:
        for number in range(50):
            await client.call("balance.cap", {"source": f"S{number}", "power_w": 9000})
        with pytest.raises(EvdeskError, match="There are 50 power limits already"):
            await client.call("balance.cap", {"source": "another", "power_w": 1})
        assert (await client.call("balance.cap", {"source": " S7 ", "power_w": 4200}))["before"] == "9000 W"
        for number in range(50):
            await client.call("balance.uncap", {"source": f"S{number}"})


@pytest.mark.parametrize("circuits", [(), (Circuit("Loop", (16.0,) * 3, "Loop"),)])
async def test_on_a_site_stored_without_a_supply_nothing_is_placed_and_it_is_said(tmp_path, caplog, circuits):
    async with opened(tmp_path / "evdesk.db") as store:
        hall = Hall(store, "A", 20.0)
        record, site = hall.fleet.chargers["A"], Site(circuits=circuits, assumed=False)
        hall.sites.apply(site)
        for _ in range(2):
            record.connector(2)
            hall.sites.place_missing(record)
        assert hall.fleet.site == site
        assert [r.getMessage() for r in caplog.records if "is not placed: The site has no supply." in r.getMessage()]
        with pytest.raises(EvdeskError, match=r"has no supply\. Clear the parent"):
            place_charger(site, Accept("B"), [1])
        assert place_charger(site, Accept("B", circuit="Loop"), [1]).bays[0].circuit == "Loop"
        decision = hall.sites.control.tick()
        assert LoadWatch(hall.fleet).update(decision).capacity_w >= 0.0
        await hall.setup.close()


@pytest.mark.parametrize("params", [{}, {"site": {}}, {"site": {"name": "Bare"}}])
async def test_nothing_stands_in_for_a_site_that_is_not_given(running, params):
    async with running.client() as client:
        before = await client.call("site.get")
        for method in ("site.put", "site.check"):
            with pytest.raises(EvdeskError, match=r"“site.circuits” is missing"):
                await client.call(method, params)
        assert await client.call("site.get") == before


async def test_settings_that_are_not_given_stay_and_the_row_says_what_changed(running):
    async with running.client() as client:
        before = (await client.call("balance.configure", {"margin_a": 2.5, "dwell_s": 600}))["settings"]
        after = (await client.call("balance.configure", {"share_by": "priority", "safe_share_a": 8, "dwell_s": 600}))[
            "settings"
        ]
        assert after == before | {"share_by": "priority", "safe_share_a": 8.0}
        asked, answered = await rows(client, "balance.configure")
        assert asked["args"] == {"share_by": "priority", "safe_share_a": 8.0}
        assert (answered["detail"]["before"], answered["detail"]["after"]) == (
            "safe_share_a empty, share_by equal",
            "safe_share_a 8.0, share_by priority",
        )
        assert (await client.call("balance.configure", {"safe_share_a": None}))["settings"]["safe_share_a"] is None
        whole = before | {"enabled": False}
        assert (await client.call("balance.configure", whole))["settings"] == whole, "a whole object is taken as ever"
        with pytest.raises(EvdeskError, match="The margin is -1 A"):
            await client.call("balance.configure", {"margin_a": -1})
        with pytest.raises(EvdeskError, match="“share_by”\\. It takes: “equal”, “priority”, “leaving”"):
            await client.call("balance.configure", {"share_by": "fair"})


async def rows(client, what):
    """Of the newest act: asked, answered."""
    found = [r for r in await client.call("audit.list", {"limit": 50}) if r["what"] == what]
    return sorted(found[:2], key=lambda r: r["id"])


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with engine(tmp_path_factory.mktemp("site")) as one:
        yield one


MAIN, BAY = SITE["circuits"][0], SITE["bays"][0]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"circuits": [MAIN | {"ratio": "NaN"}]}, "“site.circuits[0].ratio”"),
        ({"circuits": [MAIN | {"rating_a": ["63", 63, 63]}]}, "“site.circuits[0].rating_a[0]”"),
        ({"bays": [BAY | {"connector_id": "1"}]}, "“site.bays[0].connector_id”"),
        ({"circuits": [MAIN | {"ratio": 0}]}, "has no transformer but a ratio of 0"),
        ({"circuits": [MAIN | {"ratio": -1}]}, "has no transformer but a ratio of -1"),
        ({"circuits": [MAIN | {"ratio": 1e308}]}, "has no transformer but a ratio of 1e+308"),
        ({"bays": [BAY | {"connector_id": 10**18}]}, "no charger has so many"),
        ({"bays": [BAY, BAY | {"charger_id": "A2", "label": "bay  1 "}]}, "Two places are called 'Bay 1'"),
        ({"bays": [BAY | {"label": " "}]}, "Connector 1 of 'A1' has no name"),
        ({"circuits": [MAIN, MAIN | {"name": "MAIN", "parent": "Main"}]}, "Two circuits are called 'Main'"),
        ({"circuits": [MAIN, MAIN | {"name": " Main", "parent": "Main"}]}, "Two circuits are called 'Main'"),
    ],
)
async def test_what_nobody_could_mean_or_tell_apart_is_refused(running, more, words):
    async with running.client() as client:
        before = await client.call("site.get")
        with pytest.raises(EvdeskError, match=re.escape(words)):
            await client.call("site.put", {"site": SITE | more})
        assert await client.call("site.get") == before


async def test_blanks_around_names_are_left_out(running):
    circuits = [MAIN | {"name": " Main "}]
    async with running.client() as client:
        put = await client.call(
            "site.put", {"site": SITE | {"circuits": circuits, "bays": [BAY | {"label": " Bay 1"}]}}
        )
        assert (put["circuits"][0]["name"], put["bays"][0]["label"]) == ("Main", "Bay 1")


async def test_a_safe_share_that_would_change_nothing_is_refused_with_what_fits(running):
    async with running.client() as client:
        await client.call("site.put", {"site": SITE})
        with pytest.raises(EvdeskError, match="A failsafe share of 100 A does not fit: 9 A is the most"):
            await client.call("balance.configure", {"safe_share_a": 100})
        told = await client.call("balance.configure", {"safe_share_a": 7})
        assert told["settings"]["safe_share_a"] == 7
        await client.call("balance.configure", {"safe_share_a": None})


@pytest.mark.parametrize(("bays", "most"), [([], 19), ([BAY, BAY | {"charger_id": "A2", "label": "Bay 2"}], 9)])
async def test_a_safe_share_that_does_not_fit_is_refused_wherever_a_site_comes_from(tmp_path, bays, most):
    with engine(tmp_path) as alone:
        async with alone.client() as client:
            site = SITE | {"bays": bays, "balance": {"safe_share_a": most + 1}}
            words = f"A failsafe share of {most + 1} A does not fit: {most} A is the most"
            assert words in (await client.call("site.check", {"site": site}))["problems"][0]
            toml = to_toml(convert(site, Site))
            assert words in (await client.call("site.import", {"toml": toml}))["problems"][0]
            for method, params in (("site.put", {"site": site}), ("site.import", {"toml": toml, "apply": True})):
                with pytest.raises(EvdeskError, match=words):
                    await client.call(method, params)
            await client.call("site.put", {"site": site | {"balance": {"safe_share_a": most}}})
            with pytest.raises(EvdeskError, match=words):
                await client.call("balance.configure", {"safe_share_a": most + 1})


def test_a_share_that_fitted_until_one_more_came_hinders_nobody_else():
    bays = tuple(Bay(name, 1, name, "Main") for name in "AB")
    site = Site(circuits=(Circuit("Main", (20.0,) * 3),), bays=bays, balance=BalanceSettings(safe_share_a=12.0))
    assert "9 A is the most" in site_problems(site)[0]
    assert site_problems(replace(site, name="Yard 8"), in_force=site) == []
    other = replace(site, balance=BalanceSettings(safe_share_a=13.0))
    assert site_problems(other, in_force=site), "another one is a wish of now"


def test_a_safe_share_where_nothing_is_left_is_told_so():
    main = Circuit("Main", (16.0,) * 3, other_max_a=(14.0,) * 3)
    said = site_problems(Site(circuits=(main,), balance=BalanceSettings(safe_share_a=6.0)))
    assert said[0].startswith("A failsafe share of 6 A does not fit: there is no room for any. Enter 0")


async def test_dimming_counts_the_chargers_with_a_place_and_follows_them(tmp_path):
    with engine(tmp_path) as alone:
        async with alone.client() as client:
            bays = [BAY | {"charger_id": f"A{n}", "label": f"Bay {n}", "connector_id": 1} for n in range(1, 4)]
            bays.append(bays[0] | {"connector_id": 2, "label": "Bay 1b"})
            await client.call("site.put", {"site": SITE | {"bays": bays}})
            done = await client.call("balance.cap", {"source": "operator", "rule": "enwg14a"})
            assert (done["status"], done["after"]) == (
                "in force, for the 3 that have a place in the site",
                f"{dimmed_w(3):g} W",
            )

            async def in_force(watts: float) -> bool:
                return [cap["power_w"] for cap in await client.call("balance.caps")] == [watts]

            await client.call("site.put", {"site": SITE | {"bays": bays[:2]}})
            await until(lambda: in_force(dimmed_w(2)), 5)

            async def receipts() -> bool:
                begun = sorted(row["detail"]["power_w"] for row in await noted(client, "balance.cap_begins"))
                return begun == [dimmed_w(2), dimmed_w(3)]

            await until(receipts, 5)  # receipt of each can be shown; it is written beside the limit
            await client.call("balance.cap", {"source": "operator", "power_w": 5000})
            await client.call("site.put", {"site": SITE | {"bays": bays}})
            assert await in_force(5000.0), "a power given by hand stays"


def test_who_stays_in_a_new_site_keeps_a_name_of_its_own():
    old, new = Bay("A", 1, "Bay 1", "Main"), Bay("B", 1, "Bay 1", "Main")
    both = keep_accepted(replace(FULL, bays=(new,)), replace(FULL, bays=(old,)), {"A"})
    assert [bay.label for bay in both.bays] == ["Bay 1", "Bay 1 (2)"]


def test_names_that_were_alike_before_keep_nobody_from_changing_something_else():
    twins = replace(FULL, bays=(FULL.bays[0], replace(FULL.bays[0], charger_id="B")))
    assert site_problems(twins) == ["Two places are called 'Bay 1'. Give each its own name."]
    assert site_problems(replace(twins, name="Yard 8"), twins) == []
