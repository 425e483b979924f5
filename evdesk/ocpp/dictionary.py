"""What a setting means and which values it takes, over the keys of 1.6 and the variables of 2.x.

What the charger itself says about a setting (type, range, choices) stands above the dictionary.
"""

import re
from dataclasses import replace

from evdesk.model import Setting
from evdesk.ocpp import keys, variables
from evdesk.ocpp.redact import is_secret
from evdesk.ocpp.timestamps import parse_time

_ADDRESS = re.compile(
    r"(?P<component>[^\[@/#]+)(?:\[[^\]]*\])?(?:@[\d.]+)?/(?P<variable>[^\[@/#]+)(?:\[(?P<instance>[^\]]*)\])?(?:#\w+)?"
)
MAX_16, MAX_2 = 500, 1000
"""Longest values: OCPP 1.6 ChangeConfiguration; 2.x SetVariableData.attributeValue."""


def is_16(protocol: str) -> bool:
    return protocol in ("", "ocpp1.6")


def describe(setting: Setting, protocol: str) -> Setting:
    """`setting` with everything the dictionary knows about it; the rest stays as the charger told it."""
    return _key(setting) if is_16(protocol) else _variable(setting)


def _key(setting: Setting) -> Setting:
    found = keys.standard_key(setting.name)
    secret = setting.secret or is_secret(setting.name)
    if found is None:
        kind = setting.type if setting.type != "string" else _guess(setting.value)
        return replace(setting, group=setting.group or "Vendor", secret=secret, known=False, type=kind)
    return replace(
        setting,
        group=found.group,
        type=found.type,
        unit=setting.unit or found.unit,
        meaning=setting.meaning or found.meaning,
        low=found.low if setting.low is None else setting.low,
        high=found.high if setting.high is None else setting.high,
        choices=setting.choices or found.choices,
        warning=keys.WARNINGS.get(found.name, ""),
        readable=setting.readable and found.name != "AuthorizationKey",
        secret=secret,
    )


def _guess(value: str | None) -> str:
    """A vendor's key has no type: true and false make a switch. Numbers stay text, "007" may be a PIN."""
    return "boolean" if value is not None and value.strip().lower() in ("true", "false") else "string"


def _variable(setting: Setting) -> Setting:
    match = _ADDRESS.fullmatch(setting.name)
    if match is None:
        return replace(setting, known=False)
    component = match["component"]
    found = variables.standard_variable(component, match["variable"], match["instance"] or "")
    own = found is not None and not found.name.startswith("*/")
    if found is None:
        secret = setting.secret or is_secret(match["variable"])
        return replace(setting, group=setting.group or component, known=False, secret=secret)
    return replace(
        setting,
        group=setting.group or component,
        type=found.type if setting.type == "string" else setting.type,
        unit=setting.unit or (found.unit if own else ""),
        meaning=setting.meaning or found.meaning,
        low=found.low if setting.low is None else setting.low,
        high=found.high if setting.high is None else setting.high,
        choices=setting.choices or found.choices,
        known=own or variables.standard_component(component),
        warning=variables.WARNINGS.get(found.name, ""),
        secret=setting.secret or is_secret(found.name),
    )


def fault(setting: Setting, value: str, protocol: str = "ocpp1.6") -> str:
    """Why `value` cannot be this setting's, in words; "" when it may be. The charger has the last word."""
    if not setting.writable:
        return f"{setting.name} is read-only."
    longest = MAX_16 if is_16(protocol) else MAX_2
    if len(value) > longest:
        return f"{setting.name} takes at most {longest} characters; these are {len(value)}."
    if setting.secret and _password(setting.name) and not 16 <= len(value) <= 40:
        return "A charger's password has 16 to 40 characters."
    check = _CHECKS.get(setting.type)
    return check(setting, value.strip()) if check is not None else ""


def _password(name: str) -> bool:
    low = name.lower()
    return low == "authorizationkey" or low.endswith("/basicauthpassword")


def _number(setting: Setting, text: str) -> str:
    whole = setting.type == "integer"
    pattern = r"[+-]?\d+" if whole else r"[+-]?(\d+\.?\d*|\.\d+)"
    if re.fullmatch(pattern, text) is None:
        kind = "a whole number" if whole else "a number with a decimal point"
        return f"{setting.name} takes {kind}{_example(setting)}."
    low, high = setting.low, setting.high
    if (low is not None and float(text) < low) or (high is not None and float(text) > high):
        return f"{setting.name} takes {span(setting)}."
    return ""


def span(setting: Setting) -> str:
    """The range in words: "0 to 100 %", "at least 1 s", "" where it is open."""
    unit = f" {setting.unit}" if setting.unit else ""
    if setting.low is not None and setting.high is not None:
        return f"{setting.low:g} to {setting.high:g}{unit}"
    if setting.low is not None:
        return f"at least {setting.low:g}{unit}"
    return f"at most {setting.high:g}{unit}" if setting.high is not None else ""


def _example(setting: Setting) -> str:
    return f", for example {setting.value}" if setting.value else ""


def _boolean(setting: Setting, text: str) -> str:
    return "" if text.lower() in ("true", "false") else f"{setting.name} takes true or false."


def _choice(setting: Setting, text: str) -> str:
    words = setting.choices
    if not words or text in words:
        return ""
    return f"{setting.name} takes one of: {', '.join(words)}."


def _list(setting: Setting, text: str) -> str:
    """Words outside the choices are only refused where the charger cannot have own ones: a list says what it knows."""
    items = [item.strip() for item in text.split(",")] if text else []
    if any(not item for item in items):
        return f"{setting.name} has an empty place between two commas."
    double = next((item for i, item in enumerate(items) if item in items[:i]), "")
    if double:
        return f"{setting.name} names {double} twice."
    return ""


def _moment(setting: Setting, text: str) -> str:
    return "" if parse_time(text) is not None else f"{setting.name} takes a time such as 2026-01-31T08:00:00Z."


_CHECKS = {
    "integer": _number,
    "decimal": _number,
    "boolean": _boolean,
    "choice": _choice,
    "list": _list,
    "datetime": _moment,
}


def same(setting: Setting, one: str | None, other: str | None) -> bool:
    """Whether two texts mean the same value: " TRUE" and "true", "10" and "10.0", lists without their blanks."""
    if one is None or other is None:
        return one is other
    one, other = one.strip(), other.strip()
    if one == other:
        return True
    if setting.type == "boolean":
        return one.lower() == other.lower()
    if setting.type in ("integer", "decimal"):
        try:
            return float(one) == float(other)
        except ValueError:
            return False
    if setting.type == "list":
        return [w.strip() for w in one.split(",")] == [w.strip() for w in other.split(",")]
    return False
