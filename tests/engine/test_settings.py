"""Settings through a real engine: last read, snapshots, files, reboots remembered; and the files on their own."""

import json

import pytest

from evdesk.engine.fleet import Fleet
from evdesk.engine.settings_book import SettingsBook
from evdesk.engine.settings_files import as_csv, as_json, differences, plan, read_file
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.model import Clock, EvdeskError, Setting
from tests.engine.harness import engine, station, until

SETTINGS = [
    Setting("HeartbeatInterval", "300", "integer", "s", low=1.0),
    Setting("NumberOfConnectors", "1", "integer", writable=False),
    Setting("AuthorizationKey", None, secret=True),
    Setting("Theme", "=1+1", known=False),
    Setting("Offset", "-3", known=False),
]


def verdicts(text, settings=SETTINGS):
    return {one.name: one.verdict for one in plan(read_file(text), settings, "ocpp1.6")}


def test_a_csv_reads_back_as_it_was_and_starts_no_formula():
    text = as_csv(SETTINGS)
    assert text.startswith("\ufeff")
    assert "'=1+1" in text
    assert "'-3" not in text
    assert set(verdicts(text).values()) == {"same", "secret"}


def test_a_json_reads_back_as_it_was_without_secrets():
    text = as_json(ChargerRecord("A"), SETTINGS, 1.7e9)
    assert json.loads(text)["settings"][2]["value"] is None
    assert set(verdicts(text).values()) == {"same", "secret"}


def test_the_plan_says_what_each_line_would_do():
    text = (
        "key;value\nheartbeatinterval;77\nNumberOfConnectors;2\nNope;1\nTheme;calm\nAuthorizationKey;0123456789abcdef\n"
    )
    told = {one.name: one for one in plan(read_file(text), SETTINGS, "ocpp1.6")}
    assert {name: one.verdict for name, one in told.items()} == {
        "HeartbeatInterval": "change",
        "NumberOfConnectors": "read_only",
        "Nope": "unknown",
        "Theme": "change",
        "AuthorizationKey": "secret",
    }
    assert told["HeartbeatInterval"].now == "300"
    assert "0123" not in repr(told)


@pytest.mark.parametrize("bad", ["", "   ", '{"settings": 3}', "{broken", "[1, 2", "x" * 900_001])
def test_a_file_that_is_none_is_refused_in_words(bad):
    with pytest.raises(EvdeskError) as caught:
        read_file(bad)
    assert caught.value.sentence.endswith(".")


def test_a_file_that_is_too_long_is_refused_whole():
    assert len(read_file("name,value\n" + "a,b\n" * 20_000)) == 20_000
    with pytest.raises(EvdeskError) as caught:
        read_file("name,value\n" + "a,b\n" * 20_001)
    assert "20001 settings" in caught.value.sentence


def test_bad_lines_are_named_and_the_others_count():
    told = plan(read_file("name,value\nHeartbeatInterval,0\n,5\nlonely\nTheme,a\nTheme,b\n"), SETTINGS, "ocpp1.6")
    assert [(one.line, one.verdict) for one in told] == [
        (2, "invalid"),
        (3, "unreadable"),
        (4, "unreadable"),
        (5, "unreadable"),
        (6, "change"),
    ]


def test_plain_forms_of_other_tools_are_read():
    assert verdicts('{"HeartbeatInterval": 77, "Theme": true}') == {"HeartbeatInterval": "change", "Theme": "change"}
    assert verdicts('{"configurationKey": [{"key": "HeartbeatInterval", "value": "77"}]}')
    assert verdicts("HeartbeatInterval\t77\n") == {"HeartbeatInterval": "change"}


def test_differences_tell_added_and_removed():
    after = [*SETTINGS[:3], Setting("Theme", "calm"), Setting("New", "1")]
    assert [(c.name, c.kind) for c in differences(SETTINGS, after)] == [
        ("New", "added"),
        ("Offset", "removed"),
        ("Theme", "changed"),
    ]


async def online(client, name):
    async def look():
        found = [c for c in await client.call("charger.list") if c["id"] == name]
        return found and found[0]["state"] == "online"

    await until(look)


async def test_settings_live_through_reads_writes_files_and_an_absent_charger(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            one = {"charger_id": "S1"}
            async with station(running.ocpp, "S1") as charger:
                charger.seen.settings["VendorThing"] = "a"
                charger.seen.settings["AuthorizationKey"] = "must-not-be-seen-1"
                await charger.begin()
                await online(client, "S1")
                read = {s["name"]: s for s in await client.call("charger.settings", one)}
                assert read["MeterValueSampleInterval"]["group"] == "Core"
                assert read["AuthorizationKey"]["value"] is None
                first = await client.call("settings.snapshots", one)
                await client.call("charger.settings", one)
                assert len(await client.call("settings.snapshots", one)) == len(first)  # nothing changed

                done = await client.call("charger.write_setting", one | {"name": "VendorThing", "value": "b"})
                assert (done["before"], done["after"]) == ("a", "b")
                await client.call("charger.settings", one)
                assert len(await client.call("settings.snapshots", one)) == len(first) + 1
                changes = await client.call("settings.diff", one)
                assert [(c["name"], c["before"], c["after"]) for c in changes] == [("VendorThing", "a", "b")]

                text = (await client.call("settings.export", one | {"format": "csv"}))["text"]
                assert "must-not" not in text
                text = text.replace("VendorThing,b", "VendorThing,c") + "Nope,1,,,,\r\n"
                planned = await client.call("settings.import", one | {"text": text})
                assert {p["name"] for p in planned if p["verdict"] == "change"} == {"VendorThing"}
                assert charger.seen.settings["VendorThing"] == "b"
                done = await client.call("settings.import", one | {"text": text, "dry_run": False})
                assert {p["name"]: p["after"] for p in done if p["verdict"] == "written"} == {"VendorThing": "c"}
                assert charger.seen.settings["VendorThing"] == "c"

            async def offline():
                return (await client.call("charger.get", one))["state"] == "offline"

            await until(offline)
            view = await client.call("settings.last", one)
            assert {s["name"]: s["value"] for s in view["settings"]}["VendorThing"] == "c"
            assert view["before"] == {"VendorThing": "a"}
    with engine(tmp_path) as running:
        async with running.client() as client:
            view = await client.call("settings.last", one)
            assert {s["name"]: s["value"] for s in view["settings"]}["VendorThing"] == "c"


async def test_a_restart_that_is_needed_is_remembered_per_model(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "S1") as charger:
            charger.reboot_for.add("VendorThing")
            charger.seen.settings["VendorThing"] = "a"
            await charger.begin()
            await online(client, "S1")
            await client.call("charger.write_setting", {"charger_id": "S1", "name": "VendorThing", "value": "b"})
            async with station(running.ocpp, "S2") as other:
                other.seen.settings["VendorThing"] = "a"
                await other.begin()
                await online(client, "S2")
                read = {s["name"]: s for s in await client.call("charger.settings", {"charger_id": "S2"})}
                assert read["VendorThing"]["reboot"] is True
                assert read["MeterValueSampleInterval"]["reboot"] is not True


async def test_profiles_that_were_sent_are_remembered_and_cleared(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "P1") as charger:
            await charger.begin()
            await online(client, "P1")
            one = {"charger_id": "P1"}

            async def told():
                return {p["id"]: p for p in await client.call("charger.profiles", one)}

            async def failsafe():
                return {1601, 1602} <= (await told()).keys()

            await until(failsafe)
            assert (await told())[1601]["told"] is False
            stray = {
                "chargingProfileId": 7,
                "stackLevel": 3,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}],
                },
            }
            payload = {"connectorId": 1, "csChargingProfiles": stray}
            await client.call("charger.raw", one | {"action": "SetChargingProfile", "payload": payload})
            assert (await told())[7]["periods"] == [[0.0, 8.0]]
            done = await client.call("charger.clear_profile", one | {"profile_id": 7})
            assert done["status"] == "Accepted"
            assert 7 not in await told()


def test_a_secret_a_driver_let_through_stays_out_of_files():
    leaked = [Setting("AuthorizationKey", "hunter2hunter2aa", secret=True)]
    assert "hunter2" not in as_csv(leaked) + as_json(ChargerRecord("A"), leaked, None)


async def test_a_secret_a_driver_let_through_stays_out_of_the_database(tmp_path):
    store = Store(tmp_path / "evdesk.db", Clock())
    await store.open()
    book = SettingsBook(Fleet(store, Clock()))
    for protocol, name in (("ocpp1.6", "AuthorizationKey"), ("ocpp2.0.1", "SecurityCtrlr/BasicAuthPassword")):
        record = ChargerRecord(f"A-{protocol}", protocol=protocol)
        kept = await book.keep(record, [Setting(name, "hunter2hunter2aa"), Setting("Plain", "seen")], "read")
        assert [(s.secret, s.value) for s in kept] == [(True, None), (False, "seen")]
        assert (await book.view(record)).settings[0].value is None
    await store.close()
    written = b"".join(file.read_bytes() for file in tmp_path.glob("evdesk.db*"))
    assert b"seen" in written
    assert b"hunter2" not in written
