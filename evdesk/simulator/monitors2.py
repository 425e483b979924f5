"""Variable monitoring of a 2.x station (2.0.1 block N) and the periodic event streams of 2.1 (NotifyPeriodicEventStream).

A monitor watches one variable; what it sees is told in NotifyEvent, or in the stream it was given.
"""

from dataclasses import dataclass, field
from typing import Any

from evdesk.simulator.core2 import Core2
from evdesk.simulator.link import Payload
from evdesk.simulator.model2 import Item, Spec, key_of

MAX_STREAMS = 4
NUMBERS = ("integer", "decimal")
HARD_WIRED = "HardWiredMonitor"
CUSTOM = "CustomMonitor"
CRITERIA = {"ThresholdMonitoring": ("UpperThreshold", "LowerThreshold"), "DeltaMonitoring": ("Delta",)}
PERIODIC = ("Periodic", "PeriodicClockAligned")


@dataclass(slots=True)
class Stream:
    """A periodic event stream: every `interval` seconds, or when `values` have gathered."""

    id: int
    monitor_id: int
    interval: float = 0.0
    values: int = 0
    open: bool = False
    base: float = 0.0
    sent_at: float = 0.0
    gathered: list[tuple[float, str]] = field(default_factory=list)


@dataclass(slots=True)
class Monitor:
    id: int
    spec: Spec
    kind: str
    value: float
    severity: int
    transaction: bool = False
    custom: bool = True
    last: str | None = None
    next_at: float = 0.0
    raised: bool = False
    stream: Stream | None = None

    def entry(self) -> Item:
        """One `variableMonitoring`."""
        told: Item = {"id": self.id, "transaction": self.transaction, "value": self.value}
        return told | {"type": self.kind, "severity": self.severity}


class Monitors:
    """`level`: what is less severe (a higher number) is not told."""

    def __init__(self, core: Core2) -> None:
        self.core = core
        self.level = 9
        tripped = core.model.specs[("upstreamprotectiontrigger", "", 0, 0, "tripped", "")]
        self.items: dict[int, Monitor] = {1: Monitor(1, tripped, "Delta", 1.0, 2, custom=False, last="false")}
        self._count = 1
        self._look_at = 0.0

    # what the CSMS sets

    def set(self, item: Item) -> Item:
        """One `setMonitoringResult`."""
        answer: Item = {name: item[name] for name in ("component", "variable", "type", "severity")}
        spec = self.core.model.find({"component": item["component"], "variable": item["variable"]})
        if isinstance(spec, str):
            return answer | {"status": spec}
        kind, value, wanted = str(item["type"]), float(item["value"]), item.get("id")
        problem = self._objection(spec, kind, value, int(item["severity"]), wanted)
        if problem:
            return answer | {"status": problem}
        if wanted is None:
            self._count += 1
        number = self._count if wanted is None else int(wanted)
        monitor = Monitor(number, spec, kind, value, int(item["severity"]), bool(item.get("transaction")))
        monitor.last = self.core.model.value(spec)
        monitor.next_at = self._first(monitor)
        self.items[number] = monitor
        if item.get("periodicEventStream") is not None:
            self._open_stream(monitor, item["periodicEventStream"])
        return answer | {"status": "Accepted", "id": number}

    def _objection(self, spec: Spec, kind: str, value: float, severity: int, wanted: Any) -> str:
        periodic = kind in PERIODIC
        if wanted is not None and int(wanted) not in self.items:
            return "Rejected"
        if not 0 <= severity <= 9 or (value <= 0 and (periodic or (kind == "Delta" and spec.kind in NUMBERS))):
            return "Rejected"
        if not periodic and (not spec.monitored or kind not in ("UpperThreshold", "LowerThreshold", "Delta")):
            return "UnsupportedMonitorType"
        if kind in ("UpperThreshold", "LowerThreshold") and spec.kind not in NUMBERS:
            return "UnsupportedMonitorType"
        same = [m for m in self.items.values() if (m.spec.key, m.kind, m.severity) == (spec.key, kind, severity)]
        return "Duplicate" if wanted is None and any(m.value == value for m in same) else ""

    def clear(self, number: int) -> str:
        """Accepted, NotFound, or Rejected for what was there from the beginning."""
        monitor = self.items.get(number)
        if monitor is None:
            return "NotFound"
        if not monitor.custom:
            return "Rejected"
        del self.items[number]
        if monitor.stream is not None and monitor.stream.open:
            self.core.post("ClosePeriodicEventStream", {"id": monitor.stream.id})
        return "Accepted"

    def only_built_in(self) -> None:
        """SetMonitoringBase FactoryDefault or HardWiredOnly: custom monitors go."""
        for number in [m.id for m in self.items.values() if m.custom]:
            self.clear(number)

    def report(self, wanted: list[Item], criteria: list[str]) -> list[Item]:
        """`monitor` entries of NotifyMonitoringReport."""
        keys = [key_of(item) for item in wanted]
        kinds = [kind for each in criteria for kind in CRITERIA.get(each, PERIODIC)]
        found: dict[Any, list[Monitor]] = {}
        for monitor in self.items.values():
            key = monitor.spec.key
            meant = any(all(not w or w == h for h, w in zip(key, asked, strict=True)) for asked in keys)
            if (meant or not keys) and (monitor.kind in kinds or not kinds):
                found.setdefault(key, []).append(monitor)
        return [
            {
                "component": group[0].spec.component_item(),
                "variable": group[0].spec.variable_item(),
                "variableMonitoring": [monitor.entry() for monitor in group],
            }
            for group in found.values()
        ]

    # what it sees

    def look(self, at: float) -> None:
        """Once a second: does a monitor see something?"""
        if len(self.items) <= 1 or at < self._look_at:
            return
        self._look_at = at + 1.0
        for monitor in list(self.items.values()):
            value = self.core.model.value(monitor.spec)
            if monitor.kind in PERIODIC:
                self._periodic(monitor, value)
            elif monitor.kind == "Delta":
                if _differs(monitor, value):
                    monitor.last = value
                    self._tell(monitor, value, "Delta")
            else:
                self._threshold(monitor, value)

    def _periodic(self, monitor: Monitor, value: str) -> None:
        now = self.core.now()
        if now < monitor.next_at:
            return
        monitor.next_at += monitor.value * max(1, int((now - monitor.next_at) // monitor.value) + 1)
        if monitor.stream is not None and monitor.stream.open:
            self._gather(monitor.stream, now, value)
        else:
            self._tell(monitor, value, "Periodic")

    def _first(self, monitor: Monitor) -> float:
        now = self.core.now()
        if monitor.kind == "PeriodicClockAligned":
            return (now // monitor.value + 1) * monitor.value
        return now + monitor.value

    def _threshold(self, monitor: Monitor, value: str) -> None:
        number = float(value or 0)
        beyond = number > monitor.value if monitor.kind == "UpperThreshold" else number < monitor.value
        if beyond != monitor.raised:
            monitor.raised = beyond
            self._tell(monitor, value, "Alerting", cleared=not beyond)

    def _tell(self, monitor: Monitor, value: str, trigger: str, cleared: bool = False) -> None:
        if monitor.severity > self.level:
            return
        event: Payload = {
            "eventId": self.core.next_event(),
            "timestamp": self.core.stamp(),
            "trigger": trigger,
            "actualValue": value,
            "eventNotificationType": CUSTOM if monitor.custom else HARD_WIRED,
            "variableMonitoringId": monitor.id,
            "component": monitor.spec.component_item(),
            "variable": monitor.spec.variable_item(),
        }
        if cleared:
            event["cleared"] = True
        if self.core.newest:
            event["severity"] = monitor.severity
        told: Payload = {"generatedAt": self.core.stamp(), "seqNo": 0, "tbc": False, "eventData": [event]}
        if monitor.severity <= self.core.model.number("MonitoringCtrlr", "OfflineQueuingSeverity"):
            self.core.keep("NotifyEvent", told)
        else:
            self.core.post("NotifyEvent", told)

    # streams (2.1)

    def streams(self) -> list[Stream]:
        return [m.stream for m in self.items.values() if m.stream is not None and m.stream.open]

    def _open_stream(self, monitor: Monitor, params: Item) -> None:
        if not self.core.newest or len(self.streams()) >= MAX_STREAMS:
            return
        stream = Stream(monitor.id, monitor.id, float(params.get("interval") or 0), int(params.get("values") or 0))
        monitor.stream = stream
        request = {"constantStreamData": stream_data(stream)}
        self.core.post("OpenPeriodicEventStream", request, lambda answer: self._opened(stream, answer))

    def _opened(self, stream: Stream, answer: Payload) -> None:
        stream.open = answer.get("status") == "Accepted"
        stream.base = stream.sent_at = self.core.now()

    def _gather(self, stream: Stream, now: float, value: str) -> None:
        stream.gathered.append((now, value))
        full = bool(stream.values) and len(stream.gathered) >= stream.values
        if not full and not (stream.interval and now - stream.sent_at >= stream.interval):
            return
        base = stream.gathered[0][0]
        told: Payload = {
            "id": stream.id,
            "pending": 0,
            "basetime": self.core.stamp(base),
            "data": [{"t": round(at - base, 1), "v": text} for at, text in stream.gathered],
        }
        self.core.link.send_only("NotifyPeriodicEventStream", told)
        stream.gathered, stream.sent_at = [], now


def stream_data(stream: Stream) -> Item:
    params: Item = {}
    if stream.interval:
        params["interval"] = int(stream.interval)
    if stream.values:
        params["values"] = stream.values
    return {"id": stream.id, "variableMonitoringId": stream.monitor_id, "params": params}


def _differs(monitor: Monitor, value: str) -> bool:
    if monitor.last is None or monitor.spec.kind not in NUMBERS:
        return value != monitor.last
    return abs(float(value or 0) - float(monitor.last or 0)) >= monitor.value
