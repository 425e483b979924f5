"""When a charger is told to install: which request has a field for it, and by whose clock."""

import pytest

from evdesk.drivers.base import FirmwareRequest
from evdesk.ocpp.check import breaches
from evdesk.ocpp.timestamps import format_time, parse_time
from evdesk.ocpp.version import Version
from tests.drivers.helpers import charger, desk
from tests.drivers.test_station import STATUS
from tests.drivers.test_station2 import station as station2

AT = 1_800_000_000.0
SIGNED = {"signature": "c2ln", "certificate": "PEM"}
WRONG_S = 3600.0


def request(install_at=AT, **more):
    return FirmwareRequest("http://192.0.2.1/x", 7, AT - 9000, install_at=install_at, **more)


def firmware(peer, action, version):
    (payload,) = peer.requests(action)
    assert breaches(action, payload, version=version) == []
    return payload["firmware"]


@pytest.mark.parametrize(("protocol", "version"), [("ocpp2.0.1", Version.V201), ("ocpp2.1", Version.V21)])
@pytest.mark.parametrize("more", [{}, SIGNED], ids=["plain", "signed"])
async def test_2x_is_told_with_and_without_a_signature(protocol, version, more):
    async with station2(protocol=protocol) as (_, peer, driver):
        ahead_s = driver.memory.clock.ahead_s
        answer = await driver.update_firmware(request(**more))
        told = parse_time(firmware(peer, "UpdateFirmware", version)["installDateTime"])
        assert told.at == pytest.approx(AT + ahead_s, abs=1)
        assert answer.payload["install_at"] == AT


async def test_1_6_is_told_where_the_file_is_signed():
    async with desk() as made, charger(made) as (peer, driver):
        answer = await driver.update_firmware(request(**SIGNED))
        told = parse_time(firmware(peer, "SignedUpdateFirmware", Version.V16)["installDateTime"])
        assert told.at == pytest.approx(AT, abs=1)
        assert answer.payload["install_at"] == AT


async def test_it_is_told_by_the_chargers_own_clock():
    async with desk() as made, charger(made) as (peer, driver):
        for seconds in (0.0, 3.0):
            stamp = made.host.clock.now() + WRONG_S + seconds
            await peer.call("StatusNotification", STATUS | {"timestamp": format_time(stamp)})
        ahead_s = driver.memory.clock.ahead_s
        assert ahead_s == pytest.approx(WRONG_S, abs=10)
        await driver.update_firmware(request(**SIGNED))
        told = parse_time(firmware(peer, "SignedUpdateFirmware", Version.V16)["installDateTime"])
        assert told.at == pytest.approx(AT + ahead_s, abs=1)


async def test_1_6_without_a_signature_has_no_field_for_it_and_the_answer_says_so():
    async with desk() as made, charger(made, script={"UpdateFirmware": {}}) as (peer, driver):
        answer = await driver.update_firmware(request())
        (payload,) = peer.requests("UpdateFirmware")
        assert set(payload) == {"location", "retrieveDate", "retries", "retryInterval"}
        assert answer.payload["install_at"] is None


async def test_1_6_that_does_not_know_the_signed_request_gets_the_plain_one_without_a_date():
    script = {"SignedUpdateFirmware": ("error", "NotImplemented"), "UpdateFirmware": {}}
    async with desk() as made, charger(made, script=script) as (peer, driver):
        answer = await driver.update_firmware(request(**SIGNED))
        assert len(peer.requests("UpdateFirmware")) == 1
        assert answer.payload["install_at"] is None


async def test_at_once_is_no_date():
    async with station2() as (_, peer, driver):
        answer = await driver.update_firmware(request(install_at=None))
        assert "installDateTime" not in firmware(peer, "UpdateFirmware", Version.V201)
        assert answer.payload["install_at"] is None
