"""JSON-RPC 2.0 frames: requests and answers one way, `hello`, `snapshot` and `event` pushed the other."""

from dataclasses import dataclass
from typing import Any

import msgspec

from evdesk.model import (
    Attempt,
    Charger,
    EngineInfo,
    EvdeskError,
    Notice,
    Reason,
    Session,
    Site,
    SiteLoad,
)
from evdesk.wire.codec import encode

CODES: dict[Reason, int] = {reason: -32000 - i for i, reason in enumerate(Reason)}
"""JSON-RPC error code per reason; clients go by `data.reason`, not by the number."""

EVENT_KINDS: dict[str, str] = {
    "charger": "Charger: replaced as a whole",
    "charger.gone": "{charger_id}: forgotten",
    "load": "SiteLoad: once a second",
    "info": "EngineInfo: on change",
    "site": "Site: replaced as a whole",
    "session": "Session: started, ended or changed",
    "notice": "Notice: something happened",
    "tag": "Presented: somebody held a card to a reader, or it is known by now",
    "attempt": "Attempt: someone opened the charger port",
    "drill": "Drill: a failsafe drill has gone on (each phase, each sample)",
    "job": "Job: an update or the fetching of a log has gone on (without its chargers)",
    "job.charger": "{job_id, charger: JobCharger}: one charger in a job has gone on, at most once a second",
    "firmware": "{}: the library, a policy or a version has changed; ask again",
    "audit": "AuditRow: written",
    "decision": "[DecisionRow]: those that began, ended or were completed in this second",
}


@dataclass(frozen=True, slots=True)
class Hello:
    version: str
    api: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state a desk needs; `seq` is that of the last event contained."""

    seq: int
    info: EngineInfo
    site: Site
    load: SiteLoad
    chargers: tuple[Charger, ...]
    sessions: tuple[Session, ...]  # running ones and those of the last 24 h
    notices: tuple[Notice, ...]  # the last 24 h, newest last, at most 500
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Pushed:
    seq: int
    kind: str
    data: Any


@dataclass(frozen=True, slots=True)
class Request:
    id: int | str | None
    method: str
    params: Any


MAX_DEPTH = 60
"""Of a request; what is nested deeper nobody means, and it would break whoever walks through it."""


class RpcError(EvdeskError):
    """The engine refused or failed a call."""


def parse_request(text: str | bytes) -> Request:
    """A client's frame; raises `EvdeskError(INVALID)` with what is wrong. The frame is never echoed."""
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EvdeskError(Reason.INVALID, "This is not JSON. Send one JSON-RPC 2.0 request per message.") from None
    if isinstance(raw, dict | list) and _deep(raw):
        raise EvdeskError(Reason.INVALID, f"This request is nested deeper than {MAX_DEPTH} levels. Flatten it.")
    if not isinstance(raw, dict) or not isinstance(raw.get("method"), str):
        raise EvdeskError(Reason.INVALID, 'A request is {"jsonrpc": "2.0", "id": 1, "method": "...", "params": {}}.')
    request_id = raw.get("id")
    if not isinstance(request_id, int | str) and request_id is not None:
        raise EvdeskError(Reason.INVALID, "The id must be a number or a text.")
    return Request(request_id, raw["method"], raw.get("params") or {})


def _deep(raw: object) -> bool:
    level: list[Any] = [raw]
    for _ in range(MAX_DEPTH + 1):
        inner = (v.values() if isinstance(v, dict) else v for v in level)
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def request_frame(request_id: int | str, method: str, params: object) -> str:
    return encode({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})


def result_frame(request_id: int | str | None, result: object) -> str:
    return encode({"jsonrpc": "2.0", "id": request_id, "result": result})


def error_frame(request_id: int | str | None, error: EvdeskError) -> str:
    data = {"reason": error.reason, **error.detail}
    body = {"code": CODES[error.reason], "message": error.sentence, "data": data}
    return encode({"jsonrpc": "2.0", "id": request_id, "error": body})


def hello_frame(hello: Hello) -> str:
    return encode({"jsonrpc": "2.0", "method": "hello", "params": hello})


def snapshot_frame(snapshot: Snapshot) -> str:
    return encode({"jsonrpc": "2.0", "method": "snapshot", "params": snapshot})


def event_frame(pushed: Pushed) -> str:
    return encode({"jsonrpc": "2.0", "method": "event", "params": pushed})
