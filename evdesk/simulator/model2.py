"""The device model of a simulated 2.x station: components, variables, their attributes and reports (2.0.1 part 1, 4).

What a variable *is* (`Spec`) is shared by all stations of a maker; a station keeps only the values somebody changed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from evdesk.simulator.moments import from_text

Item = dict[str, Any]
Key = tuple[str, str, int, int, str, str]
"""Lower case (component, its instance, EVSE id or 0, connector id or 0, variable, its instance)."""

MUTABILITY = {"R": "ReadOnly", "W": "WriteOnly", "RW": "ReadWrite"}
SUMMARY = frozenset({"AvailabilityState", "Available", "Enabled", "Problem", "Active"})
LISTS = ("MemberList", "SequenceList", "OptionList")


@dataclass(frozen=True, slots=True)
class Spec:
    """One variable. `access` R, W or RW; `low`/`high` its limits (of the length for a text); `values` its list."""

    component: str
    variable: str
    kind: str = "string"
    unit: str = ""
    access: str = "R"
    value: str = ""
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    reboot: bool = False
    constant: bool = False
    monitored: bool = False
    max_set: str = ""
    instance: str = ""
    component_instance: str = ""
    evse: int = 0
    connector: int = 0

    @property
    def key(self) -> Key:
        part = (self.component.lower(), self.component_instance.lower(), self.evse, self.connector)
        return (*part, self.variable.lower(), self.instance.lower())

    def component_item(self) -> Item:
        item: Item = {"name": self.component}
        if self.component_instance:
            item["instance"] = self.component_instance
        if self.evse:
            item["evse"] = {"id": self.evse} | ({"connectorId": self.connector} if self.connector else {})
        return item

    def variable_item(self) -> Item:
        return {"name": self.variable} | ({"instance": self.instance} if self.instance else {})


def key_of(item: Mapping[str, Any]) -> Key:
    """The key of something with `component` and (perhaps) `variable` as they stand in a message."""
    component, variable = item["component"], item.get("variable") or {}
    evse = component.get("evse") or {}
    return (
        str(component["name"]).lower(),
        str(component.get("instance") or "").lower(),
        int(evse.get("id") or 0),
        int(evse.get("connectorId") or 0),
        str(variable.get("name") or "").lower(),
        str(variable.get("instance") or "").lower(),
    )


@lru_cache(maxsize=512)  # asked at every tick of every station
def station_key(component: str, variable: str, instance: str = "") -> Key:
    """The key of a variable of a station-wide component."""
    return (component.lower(), "", 0, 0, variable.lower(), instance.lower())


class DeviceModel:
    """`live` tells values that change by themselves (a status, a power), None for all others."""

    def __init__(self, specs: Mapping[Key, Spec], live: Callable[[Spec], str | None] = lambda _spec: None) -> None:
        self.specs = specs
        self._live = live
        self._changed: dict[Key, str] = {}
        self.fixed: set[Key] = set()  # cannot be written, whatever the table says

    def forget(self) -> None:
        """Every value as it was delivered."""
        self._changed.clear()

    def drop(self, component: str, variable: str) -> None:
        """As if there were no such variable."""
        gone = station_key(component, variable)
        self.specs = {key: spec for key, spec in self.specs.items() if key != gone}

    def readable(self) -> Iterator[tuple[str, str]]:
        """Every value that may be read, under a name like Component[EVSE].Variable."""
        for spec in self.specs.values():
            if spec.access != "W":
                where = f"[{spec.evse}]" if spec.evse else ""
                yield f"{spec.component}{where}.{spec.variable}", self.value(spec)

    def text(self, component: str, variable: str, instance: str = "") -> str:
        """A value of a station-wide component; raises KeyError."""
        return self.value(self.specs[station_key(component, variable, instance)])

    def number(self, component: str, variable: str, instance: str = "") -> int:
        return int(self.text(component, variable, instance) or 0)

    def flag(self, component: str, variable: str) -> bool:
        return self.text(component, variable) == "true"

    def items(self, component: str, variable: str) -> list[str]:
        return [part.strip() for part in self.text(component, variable).split(",") if part.strip()]

    def value(self, spec: Spec) -> str:
        told = self._live(spec)
        return self._changed.get(spec.key, spec.value) if told is None else told

    def put(self, component: str, variable: str, value: str, instance: str = "") -> None:
        """What the station itself writes, without any check."""
        self._changed[station_key(component, variable, instance)] = value

    def find(self, item: Mapping[str, Any]) -> Spec | str:
        """The variable, or why there is none: UnknownComponent, UnknownVariable, NotSupportedAttributeType."""
        key = key_of(item)
        spec = self.specs.get(key)
        if spec is None:
            known = any(known[:4] == key[:4] for known in self.specs)
            return "UnknownVariable" if known else "UnknownComponent"
        asked = item.get("attributeType") or "Actual"
        if asked != "Actual" and not (asked == "MaxSet" and spec.max_set):
            return "NotSupportedAttributeType"
        return spec

    def get(self, item: Mapping[str, Any]) -> Item:
        """One `getVariableResult`."""
        found = self.find(item)
        result: Item = {"component": item["component"], "variable": item["variable"]}
        if item.get("attributeType"):
            result["attributeType"] = item["attributeType"]
        if isinstance(found, str):
            return result | {"attributeStatus": found}
        if found.access == "W":
            reason = {"reasonCode": "WriteOnly", "additionalInfo": "This variable cannot be read."}
            return result | {"attributeStatus": "Rejected", "attributeStatusInfo": reason}
        value = found.max_set if item.get("attributeType") == "MaxSet" else self.value(found)
        return result | {"attributeStatus": "Accepted", "attributeValue": value[:2500]}

    def set(self, item: Mapping[str, Any]) -> tuple[Item, Spec | None]:
        """One `setVariableResult`, and the variable that changed."""
        found = self.find(item)
        result: Item = {"component": item["component"], "variable": item["variable"]}
        if item.get("attributeType"):
            result["attributeType"] = item["attributeType"]
        if isinstance(found, str):
            return result | {"attributeStatus": found}, None
        value = str(item["attributeValue"])
        fixed = found.access == "R" or found.key in self.fixed or item.get("attributeType") == "MaxSet"
        problem = "ReadOnly" if fixed else wrong(found, value)
        if problem:
            return result | {"attributeStatus": "Rejected", "attributeStatusInfo": {"reasonCode": problem}}, None
        self._changed[found.key] = value.lower() if found.kind == "boolean" else value
        return result | {"attributeStatus": "RebootRequired" if found.reboot else "Accepted"}, found

    def report(self, base: str) -> list[Spec]:
        """The variables of a base report."""
        if base == "ConfigurationInventory":
            return [spec for spec in self.specs.values() if spec.access != "R"]
        if base == "SummaryInventory":
            return [spec for spec in self.specs.values() if spec.variable in SUMMARY]
        return list(self.specs.values())

    def select(self, wanted: Iterable[Mapping[str, Any]], criteria: Iterable[str]) -> list[Spec]:
        """The variables of GetReport; what is not given does not restrict."""
        keys, states = [key_of(item) for item in wanted], list(criteria)
        found = [s for s in self.specs.values() if not keys or any(_matches(s.key, key) for key in keys)]
        return [s for s in found if not states or any(self._has_state(s, state) for state in states)]

    def _has_state(self, spec: Spec, state: str) -> bool:
        """Absent means true, but for Problem (2.0.1 B08)."""
        told = self.specs.get((*spec.key[:4], state.lower(), ""))
        return state != "Problem" if told is None else self.value(told) == "true"

    def entry(self, spec: Spec) -> Item:
        """One `reportData`."""
        access = "R" if spec.key in self.fixed else spec.access
        actual: Item = {"type": "Actual", "mutability": MUTABILITY[access], "persistent": spec.access != "R"}
        if spec.access != "W":
            actual["value"] = self.value(spec)
        if spec.constant:
            actual["constant"] = True
        attributes = [actual]
        if spec.max_set:
            attributes.append({"type": "MaxSet", "value": spec.max_set, "mutability": "ReadOnly"})
        about: Item = {"dataType": spec.kind, "supportsMonitoring": spec.monitored}
        for name, told in (("unit", spec.unit), ("minLimit", spec.low), ("maxLimit", spec.high)):
            if told not in ("", None):
                about[name] = told
        if spec.values:
            about["valuesList"] = ",".join(spec.values)
        return {
            "component": spec.component_item(),
            "variable": spec.variable_item(),
            "variableAttribute": attributes,
            "variableCharacteristics": about,
        }


def _matches(key: Key, asked: Key) -> bool:
    """A missing instance, EVSE or variable in a request means all of them."""
    return all(not wanted or wanted == have for have, wanted in zip(key, asked, strict=True))


def wrong(spec: Spec, value: str) -> str:
    """The reasonCode why a variable cannot take `value`, "" when it can."""
    if spec.kind in ("integer", "decimal"):
        return _wrong_number(spec, value)
    if spec.kind == "boolean":
        return "" if value.lower() in ("true", "false") else "InvalidValue"
    if spec.kind in LISTS:
        parts = [value] if spec.kind == "OptionList" else [p.strip() for p in value.split(",") if p.strip()]
        return "" if not spec.values or all(part in spec.values for part in parts) else "InvalidValue"
    if spec.kind == "dateTime":
        try:
            from_text(value)
        except ValueError:
            return "InvalidValue"
        return ""
    if spec.low is not None and len(value) < spec.low:
        return "TooShort"
    return "TooLong" if len(value) > (spec.high or 2500) else ""


def _wrong_number(spec: Spec, value: str) -> str:
    try:
        number = float(int(value)) if spec.kind == "integer" else float(value)
    except ValueError:
        return "InvalidValue"
    low = number if spec.low is None else spec.low
    high = number if spec.high is None else spec.high
    return "" if low <= number <= high else "OutOfRange"
