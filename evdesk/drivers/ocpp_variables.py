"""Reading and writing the variables of a 2.x charger (part 2, section B: GetBaseReport, GetVariables, SetVariables).

Field rules: inventories come in parts, shuffled, incomplete or never (lbbrhzn/ocpp PR #2023, #2024); a batch may hold only
as many items as the charger allows; `Accepted` without a value is no value (seen in Solidstudio VCP).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from evdesk.drivers.base import Answer
from evdesk.drivers.ocpp_late import Reply
from evdesk.drivers.ocpp_link import Caller
from evdesk.model import ChargerError, Reason, Setting
from evdesk.ocpp.device_model import Address, Report, address_of, parse_address, plain_value, settings_of
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.redact import is_secret
from evdesk.ocpp.station import Note

PART_S, WHOLE_S = 30.0, 300.0
"""Real seconds to wait for the next part of a report, and for all of it."""

BATCH = 20
MAX_VALUE = 1000
Item = dict[str, Any]
_GET, _SET = "GetVariables", "SetVariables"

ESSENTIAL = (
    "SampledDataCtrlr/TxUpdatedInterval",
    "SampledDataCtrlr/TxUpdatedMeasurands",
    "SmartChargingCtrlr/RateUnit",
    "SmartChargingCtrlr/ProfileStackLevel",
    "DeviceDataCtrlr/ItemsPerMessage[GetVariables]",
    "DeviceDataCtrlr/ItemsPerMessage[SetVariables]",
    "DeviceDataCtrlr/ItemsPerMessage[GetReport]",
    "SmartChargingCtrlr/IgnoredProfilePurposesOffline",
)
"""What evdesk itself needs to know."""

USUAL = (
    *ESSENTIAL,
    "SampledDataCtrlr/TxStartedMeasurands",
    "SampledDataCtrlr/TxEndedMeasurands",
    "SampledDataCtrlr/TxEndedInterval",
    "AlignedDataCtrlr/Interval",
    "AlignedDataCtrlr/Measurands",
    "OCPPCommCtrlr/HeartbeatInterval",
    "OCPPCommCtrlr/WebSocketPingInterval",
    "OCPPCommCtrlr/OfflineThreshold",
    "OCPPCommCtrlr/NetworkConfigurationPriority",
    "OCPPCommCtrlr/ActiveNetworkProfile",
    "OCPPCommCtrlr/FileTransferProtocols",
    "OCPPCommCtrlr/MessageTimeout[Default]",
    "OCPPCommCtrlr/ResetRetries",
    "TxCtrlr/EVConnectionTimeOut",
    "TxCtrlr/TxStartPoint",
    "TxCtrlr/TxStopPoint",
    "TxCtrlr/StopTxOnInvalidId",
    "TxCtrlr/StopTxOnEVSideDisconnect",
    "AuthCtrlr/AuthorizeRemoteStart",
    "AuthCtrlr/LocalAuthorizeOffline",
    "AuthCtrlr/LocalPreAuthorize",
    "SecurityCtrlr/SecurityProfile",
    "SecurityCtrlr/Identity",
    "SecurityCtrlr/OrganizationName",
    "ClockCtrlr/DateTime",
    "ClockCtrlr/TimeSource",
    "ClockCtrlr/TimeZone",
    "ClockCtrlr/NtpServerUri",
    "LocalAuthListCtrlr/Entries",
    "LocalAuthListCtrlr/ItemsPerMessage",
    "SmartChargingCtrlr/PeriodsPerSchedule",
    "SmartChargingCtrlr/Entries[ChargingProfiles]",
)
"""Standard variables asked for one by one where a charger gives no inventory."""


@dataclass(slots=True)
class Inventory:
    """`complete` False: parts are missing, `sentence` says which."""

    settings: list[Setting]
    complete: bool = True
    sentence: str = ""


class Reports:
    """Reports under way: parts find the one who asked by action and request id."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], tuple[Report, asyncio.Event]] = {}
        self._next = 1

    def note(self, note: Note) -> None:
        """A part came."""
        asked = self._open.get((note.action, number(note.payload.get("requestId")) or 0))
        if asked is not None:
            report, news = asked
            report.add(note.payload, _KEYS.get(note.action, "reportData"))
            news.set()

    async def ask(
        self,
        caller: Caller,
        action: str,
        payload: dict[str, Any],
        part: str,
        on_part: Callable[[int], None] | None = None,
    ) -> Report:
        """Send `action` with a request id and collect its `part` messages until they are complete or stop coming.
        Raises `ChargerError` where the charger does not agree to report."""
        ident, self._next = self._next, self._next + 1
        report, news = Report(ident), asyncio.Event()
        self._open[part, ident] = (report, news)
        try:
            reply = await caller.call(action, payload | {"requestId": ident})
            if reply.status in ("EmptyResultSet", "NoProfiles"):
                return report
            if reply.status != "Accepted":
                reason = Reason.UNSUPPORTED if reply.status == "NotSupported" else Reason.REFUSED
                raise ChargerError(reason, f"The charger answered “{reply.status}” to {action}.", status=reply.status)
            await self._collect(report, news, on_part)
            return report
        finally:
            del self._open[part, ident]

    async def _collect(self, report: Report, news: asyncio.Event, on_part: Callable[[int], None] | None) -> None:
        try:
            async with asyncio.timeout(WHOLE_S):
                while not report.complete:
                    async with asyncio.timeout(PART_S):
                        await news.wait()
                    news.clear()
                    if on_part is not None:
                        on_part(len(report.items))
        except TimeoutError:
            return


_KEYS = {
    "NotifyReport": "reportData",
    "NotifyMonitoringReport": "monitor",
    "NotifyDisplayMessages": "messageInfo",
    "NotifyCustomerInformation": "",
    "ReportChargingProfiles": "",
}


async def read_inventory(caller: Caller, reports: Reports) -> Inventory:
    """Every variable the charger shows; where it gives no inventory, the usual ones asked for by name."""
    for base in ("FullInventory", "ConfigurationInventory"):
        try:
            report = await reports.ask(caller, "GetBaseReport", {"reportBase": base}, "NotifyReport")
        except ChargerError as error:
            if error.reason not in (Reason.REFUSED, Reason.UNSUPPORTED):
                raise
            continue
        found: dict[str, Setting] = {}
        for item in report.items:
            for setting in settings_of(item):
                found[setting.name] = setting
        if found:
            learn(caller, found)
            whole = report.complete
            return Inventory(_sorted(found), whole, "" if whole else _incomplete(report))
    asked = await read_variables(caller, USUAL)
    told = {name: setting for name, setting in asked.items() if setting.value is not None}
    return Inventory(_sorted(told), False, "The charger gives no inventory; the usual variables were asked one by one.")


def _incomplete(report: Report) -> str:
    missing = ", ".join(str(n) for n in report.missing[:8])
    what = f"part {missing} is missing" if missing else "its last part never came"
    return f"The inventory is incomplete: {report.parts} parts came, {what}."


def _sorted(found: dict[str, Setting]) -> list[Setting]:
    return [found[name] for name in sorted(found, key=str.lower)]


async def read_variables(caller: Caller, names: tuple[str, ...] | list[str]) -> dict[str, Setting]:
    """Variables by name; those the charger does not know have value None and are not writable."""
    found: dict[str, Setting] = {}
    addresses = [parse_address(name) for name in names]
    for batch, reply in [x async for x in _batches(caller, _GET, "getVariableData", [a.to_item() for a in addresses])]:
        results = _results(reply, "getVariableResult")
        for index, item in enumerate(batch):
            _read_one(item, results, index, found)
    learn(caller, found)
    return found


def _read_one(asked: dict[str, Any], results: list[dict[str, Any]], index: int, found: dict[str, Setting]) -> None:
    address = address_of(asked)
    if address is None:
        return
    result = next((r for r in results if address_of(r) == address), None)
    if result is None and index < len(results) and address_of(results[index]) is None:
        result = results[index]
    status = text(result or {}, "attributeStatus")
    value = (result or {}).get("attributeValue")
    secret = is_secret(address.variable)
    if status == "Accepted":
        shown = None if value is None or secret else plain_value(value)
        found[address.text] = Setting(address.text, shown, group=address.component, secret=secret)
    else:
        found[address.text] = Setting(
            address.text, None, writable=False, known=False, readable=status == "Rejected", group=address.component
        )


async def _batches(
    caller: Caller, action: str, key: str, items: list[dict[str, Any]]
) -> AsyncIterator[tuple[list[dict[str, Any]], Reply]]:
    """(items, reply) in batches of the size the charger allows; halved when it refuses a batch."""
    size = max(1, min(caller.memory.items_per_message.get(action, BATCH), 50))
    start = 0
    while start < len(items):
        batch = items[start : start + size]
        try:
            reply = await caller.call(action, {key: batch})
        except ChargerError as error:
            if error.reason is not Reason.REFUSED or len(batch) == 1:
                raise
            size = max(1, len(batch) // 2)
            caller.memory.items_per_message[action] = size
            continue
        yield batch, reply
        start += len(batch)


def _results(reply: Reply, key: str) -> list[dict[str, Any]]:
    told = reply.payload.get(key)
    return [item for item in (told if isinstance(told, list) else [told]) if isinstance(item, dict)]


def learn(caller: Caller, found: dict[str, Setting]) -> None:
    """Keeps what the other verbs need to know."""
    memory = caller.memory

    def value(name: str) -> str | None:
        setting = found.get(name)
        return setting.value if setting is not None else None

    sample = number(value("SampledDataCtrlr/TxUpdatedInterval"))
    if sample:
        memory.sample_s = float(sample)
    level = number(value("SmartChargingCtrlr/ProfileStackLevel"))
    if level is not None and level >= 0:
        memory.max_level = level
    unit = value("SmartChargingCtrlr/RateUnit")
    if unit:
        memory.rate_unit = unit
    for action in (_GET, _SET, "GetReport"):
        most = number(value(f"DeviceDataCtrlr/ItemsPerMessage[{action}]"))
        if most is not None and most > 0:
            memory.items_per_message[action] = most


async def write_variable(caller: Caller, name: str, value: str) -> Answer:
    """Read, write, read back. Secrets are only written."""
    try:
        address = parse_address(name)
    except ValueError as error:
        raise ChargerError(Reason.INVALID, str(error), name=name) from None
    if len(value) > MAX_VALUE:
        raise ChargerError(Reason.INVALID, f"OCPP 2.x allows {MAX_VALUE} characters in a value.", name=name)
    secret = is_secret(address.variable)
    if address.variable.lower() == "basicauthpassword" and not 16 <= len(value) <= 40:
        raise ChargerError(Reason.INVALID, "The BasicAuthPassword must have 16 to 40 characters.", name=name)
    before = None if secret else await _value(caller, address)
    reply = await caller.call(_SET, {"setVariableData": [{**address.to_item(), "attributeValue": value}]})
    result = next(iter(_results(reply, "setVariableResult")), {})
    status = text(result, "attributeStatus")
    _refuse(status, result, name, before)
    after = None if secret else await _value(caller, address)
    return Answer(status, reply.ms, before, after, {"reboot": status == "RebootRequired"})


def _refuse(status: str, result: dict[str, Any], name: str, before: str | None) -> None:
    """Raises what the charger's word means, unless it took the value."""
    told = result.get("attributeStatusInfo")
    info = told if isinstance(told, dict) else {}
    words = " ".join(str(info[key])[:200] for key in ("reasonCode", "additionalInfo") if info.get(key))
    why = f" It says: {words}." if words else ""
    if status in ("Accepted", "RebootRequired"):
        return
    if status in ("UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"):
        sentence = f"The charger does not know the variable {name} ({status}).{why}"
        raise ChargerError(Reason.UNSUPPORTED, sentence, status=status)
    if status == "Rejected":
        sentence = f"The charger refused this value for {name}; it may be read-only or out of range.{why}"
        raise ChargerError(Reason.REFUSED, sentence, status=status, before=before)
    raise ChargerError(Reason.BAD_REPLY, f"The charger's answer to writing {name} is not understood.")


async def _value(caller: Caller, address: Address) -> str | None:
    """The value the charger shows, None where it shows none or cannot be asked."""
    try:
        found = await read_variables(caller, [address.text])
    except ChargerError as error:
        if error.reason in (Reason.REFUSED, Reason.UNSUPPORTED):
            return None
        raise
    setting = found.get(address.text)
    return setting.value if setting is not None else None
