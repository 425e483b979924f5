"""What a charger can do, through a real engine: seen, tried, remembered per model, measurands put back."""

import json
from importlib.resources import files

import jsonschema_rs
import pytest
from ocpp.v16 import call_result

from evdesk.engine import api_abilities
from evdesk.model import EvdeskError
from evdesk.model.abilities import Verdict
from evdesk.ocpp.abilities import announced, probes, verdict_of
from tests.engine.harness import engine, station, until
from tests.engine.test_settings import online


@pytest.mark.parametrize(
    ("kind", "frame", "expected"),
    [
        ("result", [3, "1", {"status": "Accepted"}], (Verdict.WORKS, "Accepted")),
        ("result", [3, "1", {}], (Verdict.WORKS, "answered")),
        ("result", [3, "1", {"status": "Rejected"}], (Verdict.REFUSED, "Rejected")),
        ("result", [3, "1", {"status": "NotImplemented"}], (Verdict.MISSING, "NotImplemented")),
        ("result", [3, "1", {"listVersion": -1}], (Verdict.MISSING, "list version -1")),
        ("error", [4, "1", "NotImplemented", "no", {}], (Verdict.MISSING, "NotImplemented: no")),
        ("error", [4, "1", "InternalError", "", {}], (Verdict.REFUSED, "InternalError")),
        ("timeout", None, (Verdict.SILENT, "no answer in time")),
        ("lost", None, None),
        ("result", None, (Verdict.WORKS, "answered")),
    ],
)
def test_an_answer_is_a_verdict(kind, frame, expected):
    assert verdict_of(kind, frame) == expected


def test_claims_are_read_from_keys_and_components():
    told = announced("ocpp1.6", {"supportedfeatureprofiles": "Core, SmartCharging"})
    assert (told["Core"], told["SmartCharging"], told["Reservation"]) == (True, True, False)
    assert announced("ocpp2.0.1", {"localauthlistctrlr/available": "True"}) == {"LocalAuthList": True}
    assert announced("ocpp1.6", {}) == {}


def valid(version, probe):
    name = probe.action if version == "v16" else f"{probe.action}Request"
    source = files(f"ocpp.{version}").joinpath("schemas", f"{name}.json").read_text(encoding="utf-8-sig")
    return jsonschema_rs.validator_for(json.loads(source)).is_valid(probe.payload)


@pytest.mark.parametrize(("version", "protocol"), [("v16", "ocpp1.6"), ("v201", "ocpp2.0.1"), ("v21", "ocpp2.1")])
def test_questions_are_valid_and_harmless(version, protocol):
    asked = probes(protocol, "Maker", "Model")
    assert [probe.name for probe in asked if not valid(version, probe)] == []
    harmless = ("Get", "TriggerMessage", "ExtendedTriggerMessage")
    assert all(probe.action.startswith(harmless) for probe in asked)
    assert not {probe.action for probe in asked} & {"GetBaseReport", "GetReport", "GetLog", "GetDiagnostics"}
    assert "TriggerMessage BootNotification" not in {probe.name for probe in asked}


def test_a_model_that_boots_on_questions_is_asked_less():
    names = {probe.name for probe in probes("ocpp1.6", "ABB", "Terra AC W22")}
    assert "GetConfiguration" not in names
    assert "TriggerMessage MeterValues" not in names
    assert "GetLocalListVersion" in names


async def test_everything_is_noted_tried_and_known_of_the_next_of_its_model(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "A1") as charger:
            await charger.begin()
            await online(client, "A1")
            one = {"charger_id": "A1"}

            async def told(charger_id="A1"):
                return {a["name"]: a for a in await client.call("ability.list", {"charger_id": charger_id})}

            async def used():
                found = await told()
                return [found[name]["verdict"] for name in ("SetChargingProfile", "GetCompositeSchedule")] == [
                    "works",
                    "missing",
                ]

            await until(used)  # the failsafe was set and asked back, nobody had to try
            assert (await told())["ReserveNow"]["verdict"] == "untried"
            with pytest.raises(EvdeskError, match="just connected"):
                await client.call("ability.try", one)
            async with station(running.ocpp, "A2") as other:
                await other.begin()
                await online(client, "A2")
                seen = (await told("A2"))["TriggerMessage StatusNotification"]
                assert seen["seen_on"] in ("A1", "")

                async def twin():
                    return (await told("A2"))["GetCompositeSchedule"]["verdict"] == "missing"

                await until(twin)


async def settled(client, charger_id):
    """Twenty seconds of the engine's clock after the connection."""

    async def ready():
        try:
            return await client.call("ability.try", {"charger_id": charger_id})
        except EvdeskError as error:
            if "just connected" not in error.sentence:
                raise
            return None

    return await until(ready)


async def test_trying_asks_and_measurands_are_put_back(tmp_path):
    assert api_abilities.SETTLED_S >= 10
    with engine(tmp_path, "--accept-unknown", "--speed", "20") as running:
        async with running.client() as client, station(running.ocpp, "M1") as charger:
            await charger.begin()
            await online(client, "M1")
            told = {a["name"]: a["verdict"] for a in await settled(client, "M1")}
            assert told["TriggerMessage Heartbeat"] == "works"
            assert told["GetLocalListVersion"] == "works"
            assert told["GetCompositeSchedule"] == "missing"
            assert told["GetInstalledCertificateIds"] == "missing"
            before = charger.seen.settings["MeterValuesSampledData"]
            known = {"Current.Import", "Voltage", "SoC"}

            def on_change(key, value):
                if key == "MeterValuesSampledData" and value != before and value not in known:
                    return call_result.ChangeConfiguration("Rejected")
                charger.seen.settings[key] = value
                return call_result.ChangeConfiguration("Accepted")

            charger.route_map["ChangeConfiguration"]["_on_action"] = on_change
            audited = len(await client.call("audit.list", {"limit": 1000}))
            told = await client.call("ability.measurands", {"charger_id": "M1"})
            worked = {a["name"] for a in told if a["area"] == "Measurands" and a["verdict"] == "works"}
            assert worked == {f"Measurand {word}" for word in known}
            assert charger.seen.settings["MeterValuesSampledData"] == before
            rows = await client.call("audit.list", {"limit": 1000})
            assert len([r for r in rows[: len(rows) - audited] if r["what"] == "charger.write_setting"]) >= 40
