"""Text in, text out: a dialogue with a friendly engine behind it."""

import json
from dataclasses import dataclass, field
from typing import Any

from evdesk.model import Event, FindingSeen
from evdesk.model.tags import Tag
from evdesk.ocpp.dialogue import Dialogue, Step
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.timestamps import format_time
from evdesk.ocpp.version import Version

NOW = 1_780_000_000.0


@dataclass
class FriendlyPolicy:
    accepted: bool = True
    tag: str = "Accepted"
    heartbeat: int = 60
    tags: dict[str, Tag] = field(default_factory=dict)

    def is_accepted(self, charger_id: str) -> bool:
        return self.accepted

    def authorize(self, charger_id: str, id_tag: str) -> str:
        return self.tag

    def listed(self, id_tag: str) -> Tag | None:
        return self.tags.get(id_tag)

    def may_sign(self, charger_id: str) -> bool:
        return self.accepted

    def heartbeat_s(self, charger_id: str) -> int:
        return self.heartbeat


@dataclass
class Wire:
    """One charger's connection; `now` moves by hand."""

    policy: FriendlyPolicy = field(default_factory=FriendlyPolicy)
    memory: Memory = field(default_factory=Memory)
    now: float = NOW
    ids: int = 0
    version: Version = Version.V16

    def __post_init__(self) -> None:
        self.dialogue = Dialogue("CP1", self.policy, self.memory, version=self.version)
        self.dialogue.open_for_calls = True

    def text(self, text: str) -> Step:
        return self.dialogue.receive(text, self.now)

    def call(self, action: str, payload: Any, ident: str | None = None) -> Step:
        self.ids += 1
        return self.text(json.dumps([2, ident or f"m{self.ids}", action, payload]))

    def stamp(self, ahead: float = 0.0) -> str:
        return format_time(self.now + ahead)


def sent(step: Step) -> list[Any]:
    return [json.loads(text) for text in step.send]


def answer(step: Step) -> Any:
    """The payload of the one CALLRESULT in this step."""
    (frame,) = sent(step)
    assert frame[0] == 3, frame
    return frame[2]


def rules(step: Step) -> set[str]:
    return {event.rule for event in step.events if isinstance(event, FindingSeen)}


def only(step: Step, kind: type[Event]) -> Any:
    (event,) = [event for event in step.events if isinstance(event, kind)]
    return event


def every(step: Step, kind: type[Event]) -> list[Any]:
    return [event for event in step.events if isinstance(event, kind)]
