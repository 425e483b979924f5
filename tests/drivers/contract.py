"""What every driver must survive. A driver's test module gives a `rig` fixture; the scenarios are the same for all.

`from tests.drivers.contract import *` pulls the scenarios in. A rig that cannot do one (a meter has no verbs to
refuse) says so in `cannot`.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol

import pytest

from evdesk.drivers.base import Driver
from evdesk.model import Capability, ChargerError, Event, Reading, Reason

__all__ = [
    "Rig",
    "test_answers_that_make_no_sense_are_errors_not_crashes",
    "test_capabilities_are_verbs",
    "test_clock_skew_is_taken_out_of_readings",
    "test_drop_in_mid_call_fails_the_call_and_ends_the_run",
    "test_garbage_does_not_end_the_run",
    "test_reconnect_brings_everything_back",
    "test_refusal_says_so",
    "test_slow_device_times_out_and_recovers",
    "test_unreachable_device_fails_at_once",
]

SOON = 5.0
VERBS = {
    Capability.START: "start",
    Capability.STOP: "stop",
    Capability.SET_LIMIT: "set_limit",
    Capability.RESET: "reset",
    Capability.UNLOCK: "unlock",
    Capability.AVAILABILITY: "availability",
    Capability.PROFILES: "profiles",
    Capability.RESERVE: "reserve",
    Capability.FIRMWARE: "update_firmware",
    Capability.LOGS: "get_log",
    Capability.TRIGGER: "trigger",
    Capability.SETTINGS: "settings",
    Capability.WRITE_SETTING: "write_setting",
    Capability.RAW: "raw",
    Capability.FAILSAFE: "install_failsafe",
    Capability.COMPOSITE: "composite",
}


class Rig(Protocol):
    """One driver against one real, controllable device."""

    cannot: frozenset[str]
    events: list[Event]

    async def connect(self) -> Driver:
        """A driver whose `run` is under way and whose device answers."""
        ...

    def verb(self, driver: Driver) -> Awaitable[Any]:
        """Some command every device of this kind takes."""
        ...

    def behave(self, how: str) -> None:
        """From now on: "well", "silent", "nonsense" (answers that mean nothing), "refuse", "drop" (cut when asked)."""
        ...

    async def garbage(self) -> None:
        """The device sends rubbish by itself and then goes on normally."""
        ...

    async def measure(self, clock_ahead_s: float) -> None:
        """The device reports a measurement with a clock that is wrong."""
        ...

    async def vanish(self) -> None: ...

    def running(self) -> bool:
        """Whether `run` of the newest driver is still under way."""
        ...

    async def ended(self) -> None:
        """Returns when `run` of the newest driver has ended."""
        ...

    async def reading(self) -> Reading:
        """The next measurement the driver reports."""
        ...


async def refused(call: Awaitable[Any]) -> ChargerError:
    async with asyncio.timeout(SOON):
        with pytest.raises(ChargerError) as caught:
            await call
    assert caught.value.sentence
    return caught.value


def need(rig: Rig, what: str) -> None:
    if what in rig.cannot:
        pytest.skip(f"this kind of device has no {what}")


async def test_capabilities_are_verbs(rig):
    driver = await rig.connect()
    for capability in driver.capabilities:
        name = VERBS[capability]
        assert getattr(type(driver), name) is not getattr(Driver, name), f"{capability} without {name}()"


async def test_unreachable_device_fails_at_once(rig):
    driver = await rig.connect()
    await rig.vanish()
    await rig.ended()
    assert (await refused(rig.verb(driver))).reason is Reason.UNREACHABLE


async def test_slow_device_times_out_and_recovers(rig):
    driver = await rig.connect()
    rig.behave("silent")
    assert (await refused(rig.verb(driver))).reason is Reason.TIMEOUT
    assert rig.running()
    rig.behave("well")
    await asyncio.wait_for(rig.verb(driver), SOON)


async def test_garbage_does_not_end_the_run(rig):
    driver = await rig.connect()
    await rig.garbage()
    await asyncio.wait_for(rig.verb(driver), SOON)
    assert rig.running()


async def test_answers_that_make_no_sense_are_errors_not_crashes(rig):
    driver = await rig.connect()
    rig.behave("nonsense")
    assert (await refused(rig.verb(driver))).reason in (Reason.BAD_REPLY, Reason.TIMEOUT, Reason.REFUSED)
    rig.behave("well")
    await asyncio.wait_for(rig.verb(driver), SOON)
    assert rig.running()


async def test_drop_in_mid_call_fails_the_call_and_ends_the_run(rig):
    driver = await rig.connect()
    rig.behave("drop")
    assert (await refused(rig.verb(driver))).reason is Reason.UNREACHABLE
    await rig.ended()


async def test_refusal_says_so(rig):
    need(rig, "refusal")
    driver = await rig.connect()
    rig.behave("refuse")
    assert (await refused(rig.verb(driver))).reason is Reason.REFUSED
    assert rig.running()


@pytest.mark.parametrize("ahead", [0.0, 3600.0, 7200.0])
async def test_clock_skew_is_taken_out_of_readings(rig, ahead):
    need(rig, "clock")
    await rig.connect()
    before = rig.now()
    await rig.measure(ahead)
    reading = await rig.reading()
    assert before - 2 <= reading.at <= rig.now() + 2
    assert reading.live


async def test_reconnect_brings_everything_back(rig):
    await rig.connect()
    await rig.vanish()
    await rig.ended()
    driver = await rig.connect()
    await asyncio.wait_for(rig.verb(driver), SOON)
    assert rig.running()
