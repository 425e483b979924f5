"""The API's methods about single messages, their schemas, and a charger's conformance sheet."""

import json
from typing import Any

from evdesk.engine.api_core import Core, Handler, record_of
from evdesk.engine.sheet import sheet_data
from evdesk.engine.sheet_html import sheet_html
from evdesk.model import EvdeskError, Finding, Origin, Reason
from evdesk.ocpp import schemas
from evdesk.ocpp.rules import explain
from evdesk.wire.messages import (
    BreachSeen,
    ExchangeWhole,
    FrameWhole,
    MessageRow,
    OneMessage,
    OneProtocol,
    OneSchema,
    SchemaPair,
    Sheet,
    SheetOf,
)

MAX_DEPTH = 12


class Messages:
    """They read the store and the schemas; none changes anything."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.store = core.fleet.store
        self.handlers: dict[str, Handler] = {
            "message.list": lambda _o, p: self.store.messages(p),
            "message.exchanges": lambda _o, p: self.store.exchanges(p),
            "message.frames": lambda _o, p: self.store.exchange_frames(p),
            "message.density": lambda _o, p: self.store.density(p),
            "message.count": lambda _o, p: self.store.message_count(p),
            "message.get": self._get,
            "schema.actions": self._actions,
            "schema.get": self._schema,
            "finding.sheet": self._sheet,
        }

    async def _get(self, _origin: Origin, params: OneMessage) -> ExchangeWhole:
        found = await self.store.exchange(params.id)
        if found is None:
            raise EvdeskError(Reason.INVALID, "This message is not in the log any more: the oldest go first.")
        row, frames = found
        known = {one.rule: one for one in await self.store.findings(row.charger_id)}
        return ExchangeWhole(row, [_whole(frame, row.action, known) for frame in frames])

    async def _actions(self, _origin: Origin, params: OneProtocol) -> list[str]:
        return schemas.sendable(_protocol(params.protocol))

    async def _schema(self, _origin: Origin, params: OneSchema) -> SchemaPair:
        protocol = _protocol(params.protocol)
        request = schemas.schema(protocol, params.action)
        if request is None:
            text = f"{schemas.words(protocol)} has no message called “{params.action[:50]}”. schema.actions names them."
            raise EvdeskError(Reason.INVALID, text)
        return SchemaPair(protocol, params.action, request, schemas.schema(protocol, params.action, True))

    async def _sheet(self, _origin: Origin, params: SheetOf) -> Sheet:
        if params.format not in ("json", "html"):
            raise EvdeskError(Reason.INVALID, "The format is “json” or “html”.")
        record = record_of(self.core, params.charger_id)
        now = self.core.fleet.clock.now()
        findings = await self.store.findings(record.id)
        actions = await self.store.message_actions(record.id)
        data = sheet_data(record.to_model(now), findings, actions, now)
        name = "".join(c if c.isalnum() or c in "-_." else "_" for c in record.id)[:60] or "charger"
        as_json = params.format == "json"
        content = json.dumps(data, ensure_ascii=False, indent=2) if as_json else sheet_html(data)
        return Sheet(f"conformance-{name}.{params.format}", params.format, content)


def _protocol(given: str) -> str:
    if given not in schemas.PROTOCOLS:
        raise EvdeskError(Reason.INVALID, f"The protocol is one of {', '.join(schemas.PROTOCOLS)}.")
    return given


def _whole(frame: MessageRow, action: str, known: dict[str, Finding]) -> FrameWhole:
    """The frame with every rule it broke, each at its place in the payload."""
    size = len(frame.text.encode("utf-8", "replace"))
    payload = payload_of(frame)
    broken = [rule for rule in frame.odd.split(",") if rule]
    breaches: list[BreachSeen] = []
    if payload is not None and frame.direction == "in":
        answer = frame.kind == "result"
        for one in schemas.inspect(frame.protocol, frame.action or action, payload, answer):
            if one.rule in broken:
                breaches.append(_breach(one.rule, one.path, one.title, one.raw, frame, known.get(one.rule)))
    placed = {one.rule for one in breaches}
    for rule in broken:
        if rule not in placed:
            where = find_field(payload, explain(rule).fields)
            breaches.append(_breach(rule, where, explain(rule).title, "", frame, known.get(rule)))
    return FrameWhole(frame.id, frame.at, frame.direction, frame.kind, frame.text, size, breaches)


def _breach(rule: str, path: str, title: str, raw: str, frame: MessageRow, seen: Finding | None) -> BreachSeen:
    words = explain(rule)
    clause = (seen.clause if seen is not None else "") or words.clause
    count, first, last = (seen.count, seen.first_at, seen.last_at) if seen is not None else (1, frame.at, frame.at)
    sentence = seen.sentence if seen is not None else title
    return BreachSeen(path, rule, title, sentence, clause, raw, words.did, words.advice, count, first, last, words.note)


def payload_of(frame: MessageRow) -> Any:
    """The decoded payload of a call or a result; None where there is none to decode."""
    place = {"call": 3, "send": 3, "result": 2}.get(frame.kind)
    if place is None:
        return None
    try:
        told = json.loads(frame.text)
    except (ValueError, RecursionError):
        return None
    return told[place] if isinstance(told, list) and len(told) > place else None


def find_field(value: Any, names: tuple[str, ...], depth: int = 0) -> str:
    """Where the first member with one of these names stands, as a JSON pointer; "" where there is none."""
    if depth > MAX_DEPTH or not names:
        return ""
    parts = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, inner in parts:
        if isinstance(value, dict) and key in names:
            return schemas.pointer([key])
        found = find_field(inner, names, depth + 1)
        if found:
            return schemas.pointer([key]) + found
    return ""
