"""Which messages of ours put a password into a charger (1.6 security whitepaper A01; 2.x A01, B09)."""

from typing import Any

OCPP16 = "ocpp1.6"
KEY_16, KEY_2 = "AuthorizationKey", "SecurityCtrlr/BasicAuthPassword"
_TAKEN = ("Accepted", "RebootRequired")


def is_password(protocol: str, name: str) -> bool:
    """Whether the setting of this name (as the settings editor has it) is what the charger logs in with."""
    plain = name.strip().lower()
    if protocol == OCPP16:
        return plain == KEY_16.lower()
    component, _, variable = plain.partition("/")
    return component.startswith("securityctrlr") and variable.startswith("basicauthpassword")


def password_sent(protocol: str, action: str, payload: dict[str, Any]) -> str:
    """The password that this message of ours writes, "" where it writes none."""
    if action == "ChangeConfiguration" and protocol == OCPP16:
        return _text(payload.get("value")) if is_password(protocol, _text(payload.get("key"))) else ""
    if action == "SetVariables":
        item = _item(payload.get("setVariableData"))
        return _text(item.get("attributeValue")) if item else ""
    if action == "SetNetworkProfile":
        return _text(_dict(payload.get("connectionData")).get("basicAuthPassword"))
    return ""


def password_taken(action: str, answer: dict[str, Any]) -> bool:
    """Whether the charger's answer to such a message says that it has the password now."""
    item = _item(answer.get("setVariableResult")) if action == "SetVariables" else None
    status = item.get("attributeStatus") if item is not None else answer.get("status")
    return status in _TAKEN


def _item(items: Any) -> dict[str, Any] | None:
    """The one about the password in a list of variables."""
    for item in items if isinstance(items, list) else []:
        names = [_text(_dict(_dict(item).get(part)).get("name")) for part in ("component", "variable")]
        if is_password("", "/".join(names)):
            return _dict(item)
    return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
