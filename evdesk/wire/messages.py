"""The OCPP message log as the API shows it: frames, exchanges (a call with its answer), counts over time, schemas."""

from dataclasses import dataclass, field
from typing import Any

from evdesk.wire.method import Method, Page


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which exchanges. `charger_ids` empty: all; `action`: a part of its name, any case; `direction`: who called, "in"
    (the charger) or "out"; `verdict`: ok, breach, refused, timeout, garbage, open (no answer yet), or fault (any of
    the bad ones); `search`: text of the call or of its answer; `heartbeats` False leaves Heartbeat out."""

    charger_ids: tuple[str, ...] = ()
    action: str = ""
    direction: str = ""
    verdict: str = ""
    search: str = ""
    from_at: float | None = None
    to_at: float | None = None
    heartbeats: bool = True


@dataclass(frozen=True, slots=True)
class MessagePage(Page):
    """`after_id`: the rows just above this one (still newest first). `direction`: in, out; `kind`: call, send (has no
    answer), result, error, garbage; timeout and lost, which are no frames and are left out where no kind is named;
    `verdict` as in `MessageFilter`, of the frame alone; `action` exactly."""

    charger_id: str = ""
    action: str = ""
    after_id: int | None = None
    direction: str = ""
    kind: str = ""
    verdict: str = ""
    heartbeats: bool = True


@dataclass(frozen=True, slots=True)
class ExchangePage:
    """`before_id` pages to older, `after_id` to newer exchanges; both answers are newest first. `ids`: these only."""

    filter: MessageFilter = field(default_factory=MessageFilter)
    limit: int = 200
    before_id: int | None = None
    after_id: int | None = None
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One frame of the bounded OCPP log; a call and its answer share `message_id`. `odd`: the rules it broke, joined by
    commas; `call`: the id of the call it answers, 0 for none."""

    id: int
    at: float
    charger_id: str
    direction: str
    kind: str
    action: str
    message_id: str
    text: str
    protocol: str = ""
    odd: str = ""
    call: int = 0


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """A call and its answer. `id` is the call's frame, `answer_id` the answer's; `direction` "in": the charger called.
    `answer`: the answer's status word or error code, "" for none; `told`: the status a StatusNotification and its like
    carry; `breaches`: rules broken on both sides. `verdict`: ok, breach, refused, timeout, open, garbage."""

    id: int
    at: float
    charger_id: str
    direction: str
    kind: str
    action: str
    message_id: str
    verdict: str
    protocol: str = ""
    told: str = ""
    answer_id: int | None = None
    answer: str = ""
    latency_ms: float | None = None
    breaches: int = 0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeFrames:
    """An exchange with every frame of it, the call first."""

    row: ExchangeRow
    frames: list[MessageRow]


@dataclass(frozen=True, slots=True)
class DensityOf:
    """`buckets` parts of equal length from `from_at` to `to_at` of the filter (both needed)."""

    filter: MessageFilter
    buckets: int = 120


@dataclass(frozen=True, slots=True)
class Density:
    """Per part: exchanges, those with a breach, those refused, those that failed (no answer, unreadable)."""

    from_at: float
    step_s: float
    count: list[int]
    breaches: list[int]
    refused: list[int]
    failed: list[int]


@dataclass(frozen=True, slots=True)
class MessageCount:
    """`per_s`: exchanges a second over the last minute; times of the oldest and newest one that fit the filter."""

    exchanges: int
    frames: int
    faults: int
    per_s: float
    first_at: float | None = None
    last_at: float | None = None


@dataclass(frozen=True, slots=True)
class ActionSeen:
    """How often one action was sent by one side: calls, those with a breach, those refused, those without answer."""

    action: str
    direction: str
    count: int
    breaches: int
    refused: int
    unanswered: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class OneMessage:
    """`id` of any frame of the exchange."""

    id: int


@dataclass(frozen=True, slots=True)
class BreachSeen:
    """One rule a frame broke. `path`: a JSON pointer into the payload, "" for the whole; `title` in words; `did` how
    evdesk went on; `count`, `first_at`, `last_at` of this rule on this charger; `note`: no deviation, worth knowing."""

    path: str
    rule: str
    title: str
    sentence: str
    clause: str
    raw: str
    did: str
    advice: str
    count: int
    first_at: float
    last_at: float
    note: bool = False


@dataclass(frozen=True, slots=True)
class FrameWhole:
    """`size` in bytes as UTF-8. `kind` timeout and lost stand where an answer should have come; their text is ""."""

    id: int
    at: float
    direction: str
    kind: str
    text: str
    size: int
    breaches: list[BreachSeen]


@dataclass(frozen=True, slots=True)
class ExchangeWhole:
    """`frames`: the call, then what came of it, in the order of time."""

    row: ExchangeRow
    frames: list[FrameWhole]


@dataclass(frozen=True, slots=True)
class OneProtocol:
    """ocpp1.6, ocpp2.0.1 or ocpp2.1."""

    protocol: str


@dataclass(frozen=True, slots=True)
class OneSchema:
    protocol: str
    action: str


@dataclass(frozen=True, slots=True)
class SchemaPair:
    """The JSON schemas of a message and of its answer; null for one without an answer."""

    protocol: str
    action: str
    request: dict[str, Any]
    response: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class SheetOf:
    """`format`: json or html."""

    charger_id: str
    format: str = "html"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's name and its content."""

    name: str
    format: str
    content: str


METHODS_MESSAGES: dict[str, Method] = {
    "message.list": Method(MessagePage, list[MessageRow], "The OCPP message log frame by frame, newest first."),
    "message.exchanges": Method(ExchangePage, list[ExchangeRow], "Calls paired with their answers, newest first."),
    "message.frames": Method(ExchangePage, list[ExchangeFrames], "The same with all their frames, for exports."),
    "message.density": Method(DensityOf, Density, "Exchanges and faults over time."),
    "message.count": Method(MessageFilter, MessageCount, "How many exchanges fit a filter."),
    "message.get": Method(OneMessage, ExchangeWhole, "One exchange whole, with what is wrong and where."),
    "schema.actions": Method(OneProtocol, list[str], "The messages a CSMS sends in this version."),
    "schema.get": Method(OneSchema, SchemaPair, "The schemas of one message."),
    "finding.sheet": Method(SheetOf, Sheet, "A charger's conformance sheet, to keep or to send to its maker."),
}
