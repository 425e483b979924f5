"""The expert console's tables: messages that need a second look, usual messages ready to send, what was sent before."""

import json
from dataclasses import dataclass
from typing import Any

from evdesk.gui.settings import DeskSettings
from evdesk.gui.text import tr
from evdesk.ocpp.redact import redact_value

HISTORY = "console/history"
KEPT = 40

_LIMITS = (
    "The limit that protects the fuse may change; evdesk sets its own again at once, and counts the worst until then."
)
_SETTING = "The setting changes for good; a wrong address or key can cut the charger off from every back office."
DANGERS: dict[str, str] = {
    "Reset": "The charger restarts: a running charge ends or pauses, and it is gone for a minute or more.",
    "SetChargingProfile": _LIMITS,
    "ClearChargingProfile": _LIMITS,
    "UpdateDynamicSchedule": _LIMITS,
    "ChangeConfiguration": _SETTING,
    "SetVariables": _SETTING,
    "UpdateFirmware": "The charger replaces its firmware; a wrong file can leave it unusable.",
    "SignedUpdateFirmware": "The charger replaces its firmware; a wrong file can leave it unusable.",
    "PublishFirmware": "The charger hands this file to others as firmware.",
    "CertificateSigned": "The charger uses this certificate from now on; a wrong one keeps it from connecting again.",
    "InstallCertificate": "The charger trusts this certificate from now on.",
    "DeleteCertificate": "Without its root certificate the charger may never connect to this back office again.",
    "SetNetworkProfile": "The charger may dial elsewhere after its next restart, and not come back here.",
    "ChangeAvailability": "The connector may go out of use until somebody sets it back.",
    "SendLocalList": "The list of tags in the charger is replaced or changed.",
    "ClearCache": "The charger forgets the tags it has learnt.",
}
"""Action -> what it can do, in one sentence. The console asks before it sends these."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A message ready to send, under a name people know."""

    name: str
    action: str
    payload: dict[str, Any]


def templates(protocol: str) -> list[Ready]:
    """Usual messages of a version."""
    return _SIXTEEN if protocol == "ocpp1.6" else _SECOND


def _name(text: str) -> str:
    return text


_SIXTEEN = [
    Ready(_name("Read every setting"), "GetConfiguration", {}),
    Ready(_name("Read some settings"), "GetConfiguration", {"key": ["HeartbeatInterval", "MeterValueSampleInterval"]}),
    Ready(_name("Ask for the status"), "TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
    Ready(_name("Ask for meter values"), "TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}),
    Ready(_name("Ask for a boot message"), "TriggerMessage", {"requestedMessage": "BootNotification"}),
    Ready(
        _name("Limit in force for an hour"),
        "GetCompositeSchedule",
        {"connectorId": 1, "duration": 3600, "chargingRateUnit": "A"},
    ),
    Ready(_name("Version of the local list"), "GetLocalListVersion", {}),
    Ready(_name("Measure every 10 s"), "ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "10"}),
    Ready(_name("Connector 1 out of use"), "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
    Ready(_name("Connector 1 in use"), "ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
    Ready(_name("Soft reset"), "Reset", {"type": "Soft"}),
    Ready(_name("A message of the maker"), "DataTransfer", {"vendorId": "", "messageId": "", "data": ""}),
]
_SECOND = [
    Ready(_name("Whole device model"), "GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}),
    Ready(
        _name("Read a variable"),
        "GetVariables",
        {
            "getVariableData": [
                {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}},
            ]
        },
    ),
    Ready(
        _name("Write a variable"),
        "SetVariables",
        {
            "setVariableData": [
                {
                    "attributeValue": "60",
                    "component": {"name": "OCPPCommCtrlr"},
                    "variable": {"name": "HeartbeatInterval"},
                },
            ]
        },
    ),
    Ready(_name("Ask for the status"), "TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1}}),
    Ready(_name("Ask for meter values"), "TriggerMessage", {"requestedMessage": "MeterValues", "evse": {"id": 1}}),
    Ready(_name("Ask for a boot message"), "TriggerMessage", {"requestedMessage": "BootNotification"}),
    Ready(
        _name("Limit in force for an hour"),
        "GetCompositeSchedule",
        {"evseId": 1, "duration": 3600, "chargingRateUnit": "A"},
    ),
    Ready(_name("Every charging profile"), "GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}),
    Ready(_name("Version of the local list"), "GetLocalListVersion", {}),
    Ready(_name("Restart when idle"), "Reset", {"type": "OnIdle"}),
    Ready(_name("A message of the maker"), "DataTransfer", {"vendorId": "", "messageId": "", "data": ""}),
]


def history(settings: DeskSettings) -> list[Ready]:
    """What was sent from this desk, newest first."""
    try:
        told = json.loads(settings.get(HISTORY, "[]"))
        return [Ready(str(one["action"]), str(one["action"]), dict(one["payload"])) for one in told][:KEPT]
    except (ValueError, KeyError, TypeError):
        return []


def remember(settings: DeskSettings, action: str, payload: dict[str, Any]) -> None:
    """Put a message first in the history; secrets are not kept."""
    clean = redact_value(payload)
    kept = [one for one in history(settings) if (one.action, one.payload) != (action, clean)]
    rows = [Ready(action, action, clean), *kept][:KEPT]
    settings.put(HISTORY, json.dumps([{"action": one.action, "payload": one.payload} for one in rows]))


def gist(ready: Ready) -> str:
    """A template's payload in a few words."""
    words = json.dumps(ready.payload, ensure_ascii=False).replace('"', "")
    return tr("without content") if words == "{}" else words[1:-1][:80]
