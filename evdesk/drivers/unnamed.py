"""A connection that told no id: neither in the path, nor in the log-in, nor in the query."""

import asyncio
from collections.abc import Callable
from typing import Any

from evdesk.drivers.ocpp_handshake import usable_id
from evdesk.drivers.ws import WsPeer
from evdesk.ocpp.fields import text as word
from evdesk.ocpp.frame import Call, parse

UNNAMED_S = 20.0
_KEPT = 16

Texts = list[tuple[str, str]]


class Unnamed:
    """Its BootNotification tells a serial number, which becomes its id (lbbrhzn/ocpp #442, evcc-io/evcc PR #4512).

    Nothing is answered before. `decide(serial, what it has said, why not)`: the serial is "" where it boots without a
    usable one, says too much before, or does not boot in time. A connection that is lost is not told."""

    def __init__(self, peer: WsPeer, decide: Callable[[str, Texts, str], None]) -> None:
        self._decide = decide
        self._kept: Texts = []
        self._timer = asyncio.get_running_loop().call_later(UNNAMED_S, self._settle, "", "it did not boot in time")
        peer.on_text, peer.on_lost = self._text, self._lost

    def _text(self, text: str, odd: str) -> None:
        self._kept.append((text, odd))
        for frame in parse(text)[0]:
            if isinstance(frame, Call) and frame.action.strip().lower() == "bootnotification":
                serial = boot_serial(frame.payload)
                self._settle(serial, "" if serial else "its BootNotification tells no serial number either")
                return
        if len(self._kept) >= _KEPT:
            self._settle("", "it did not boot")

    def _settle(self, serial: str, why: str) -> None:
        self._timer.cancel()
        self._decide(serial, self._kept, why)

    def _lost(self, _cause: str) -> None:
        self._timer.cancel()
        self._decide("", [], "")


def boot_serial(payload: dict[str, Any]) -> str:
    """The serial number of a BootNotification of any version as an id, "" where there is no usable one."""
    station = payload.get("chargingStation")
    told = [
        word(payload, "chargePointSerialNumber"),
        word(payload, "chargeBoxSerialNumber"),
        word(station, "serialNumber") if isinstance(station, dict) else "",
    ]
    names = (one.strip() for one in told)
    return next((name for name in names if usable_id(name) and name.strip("0-. /")), "")
