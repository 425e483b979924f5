"""The device model of 2.x: addresses of variables as text, report data as settings, and reports that come in parts.

Part 2, section B: GetBaseReport, GetReport and their NotifyReport parts; GetVariables, SetVariables.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from evdesk.model import Setting
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.redact import is_secret

_FORM = re.compile(
    r"(?P<component>[^\[\]@/#]+)(?:\[(?P<ci>[^\[\]@/#]*)\])?(?:@(?P<evse>\d+)(?:\.(?P<connector>\d+))?)?"
    r"/(?P<variable>[^\[\]@/#]+)(?:\[(?P<vi>[^\[\]@/#]*)\])?(?:#(?P<attribute>\w+))?"
)
_PLAIN = " !$&'()*+,:;=?.-_~|"
_TYPES = {
    "string": "string",
    "decimal": "decimal",
    "integer": "integer",
    "datetime": "datetime",
    "boolean": "boolean",
    "optionlist": "choice",
    "sequencelist": "list",
    "memberlist": "list",
}
_READ_ONLY, _WRITE_ONLY = "readonly", "writeonly"


@dataclass(frozen=True, slots=True)
class Address:
    """One attribute of one variable. `text` is its form in evdesk: "Component[instance]@evse.connector/Variable[inst]",
    with "#Target", "#MinSet" or "#MaxSet" behind it for another attribute than Actual."""

    component: str
    variable: str
    component_instance: str = ""
    evse: int | None = None
    connector: int | None = None
    variable_instance: str = ""
    attribute: str = "Actual"

    @property
    def text(self) -> str:
        where = "" if self.evse is None else f"@{self.evse}"
        where += "" if self.connector is None or not where else f".{self.connector}"
        attribute = "" if self.attribute == "Actual" else f"#{self.attribute}"
        component = _named(self.component, self.component_instance)
        return f"{component}{where}/{_named(self.variable, self.variable_instance)}{attribute}"

    def to_item(self) -> dict[str, Any]:
        """{component, variable[, attributeType]} as GetVariables and SetVariables want it."""
        component: dict[str, Any] = {"name": self.component}
        if self.component_instance:
            component["instance"] = self.component_instance
        if self.evse is not None:
            component["evse"] = {"id": self.evse}
            if self.connector is not None:
                component["evse"]["connectorId"] = self.connector
        variable: dict[str, Any] = {"name": self.variable}
        if self.variable_instance:
            variable["instance"] = self.variable_instance
        item: dict[str, Any] = {"component": component, "variable": variable}
        return item if self.attribute == "Actual" else item | {"attributeType": self.attribute}


def _named(name: str, instance: str) -> str:
    plain = quote(name, safe=_PLAIN)
    return f"{plain}[{quote(instance, safe=_PLAIN)}]" if instance else plain


def parse_address(name: str) -> Address:
    """The address a text stands for. Raises ValueError in words."""
    match = _FORM.fullmatch(name.strip())
    if match is None:
        raise ValueError(
            f"“{name[:80]}” is no variable. It looks like Component/Variable, e.g. OCPPCommCtrlr/HeartbeatInterval."
        )
    part = match.groupdict()
    evse, connector = part["evse"], part["connector"]
    return Address(
        unquote(part["component"]).strip(),
        unquote(part["variable"]).strip(),
        unquote(part["ci"] or ""),
        None if evse is None else int(evse),
        None if connector is None else int(connector),
        unquote(part["vi"] or ""),
        part["attribute"] or "Actual",
    )


def address_of(item: dict[str, Any], attribute: str = "") -> Address | None:
    """The address an item of a report or of an answer names; None where it names none."""
    component, variable = item.get("component"), item.get("variable")
    if not isinstance(component, dict) or not isinstance(variable, dict):
        return None
    name, what = text(component, "name"), text(variable, "name")
    if not name or not what:
        return None
    place = component.get("evse")
    evse = number(place.get("id")) if isinstance(place, dict) else None
    connector = number(place.get("connectorId")) if isinstance(place, dict) else None
    kind = attribute or text(item, "attributeType") or "Actual"
    instances = text(component, "instance"), text(variable, "instance")
    return Address(name, what, instances[0], evse, connector, instances[1], kind)


def settings_of(item: Any) -> list[Setting]:
    """The attributes of one `reportData` entry. A missing mutability means ReadWrite (part 2, VariableAttributeType)."""
    if not isinstance(item, dict):
        return []
    told = item.get("variableAttribute")
    attributes = told if isinstance(told, list) else [told] if isinstance(told, dict) else [{}]
    traits = item.get("variableCharacteristics")
    found = []
    for attribute in attributes:
        if isinstance(attribute, dict):
            address = address_of(item, text(attribute, "type") or "Actual")
            if address is not None:
                found.append(_setting(address, attribute, traits if isinstance(traits, dict) else {}))
    return found


def _setting(address: Address, attribute: dict[str, Any], traits: dict[str, Any]) -> Setting:
    mutability = text(attribute, "mutability").lower()
    secret = is_secret(address.variable) or is_secret(address.component + address.variable)
    value = attribute.get("value")
    hidden = value is None or secret or mutability == _WRITE_ONLY
    choices = tuple(word.strip() for word in text(traits, "valuesList").split(",") if word.strip())
    return Setting(
        name=address.text,
        value=None if hidden else value if isinstance(value, str) else plain_value(value),
        type=_TYPES.get(text(traits, "dataType").lower(), "string"),
        unit=text(traits, "unit"),
        writable=mutability != _READ_ONLY and attribute.get("constant") is not True,
        readable=mutability != _WRITE_ONLY,
        group=address.component,
        choices=choices,
        low=_limit(traits.get("minLimit")),
        high=_limit(traits.get("maxLimit")),
        secret=secret,
    )


def plain_value(value: Any) -> str:
    """A value as OCPP writes it, whatever JSON type the charger chose."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _limit(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(slots=True)
class Report:
    """A report that comes in parts, in any order, some twice or never. `items` in the order of their parts."""

    request_id: int
    _parts: dict[int, list[Any]] = field(default_factory=dict)
    _last: int | None = None

    def add(self, payload: dict[str, Any], key: str = "reportData") -> None:
        """One part: `seqNo` counts from 0, `tbc` false (or absent) marks the last one. `key` "": the whole message is
        the item."""
        seq = number(payload.get("seqNo"))
        seq = len(self._parts) if seq is None or seq < 0 else seq
        data = payload.get(key) if key else payload
        self._parts[seq] = data if isinstance(data, list) else [] if data is None else [data]
        if payload.get("tbc") is not True and (self._last is None or seq > self._last):
            self._last = seq

    @property
    def complete(self) -> bool:
        return self._last is not None and not self.missing

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the parts that are known to be missing."""
        top = self._last if self._last is not None else max(self._parts, default=-1)
        return tuple(n for n in range(top + 1) if n not in self._parts)

    @property
    def items(self) -> list[Any]:
        return [item for seq in sorted(self._parts) for item in self._parts[seq]]

    @property
    def parts(self) -> int:
        return len(self._parts)
