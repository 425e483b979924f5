"""From a client's frame to a method call: parsing, the method's own dataclass, errors that name the wrong field."""

import dataclasses
import difflib
import json
from dataclasses import dataclass
from typing import Any

import msgspec

from evdesk.model import EvdeskError, Reason
from evdesk.wire import METHODS, Method, parse_request
from evdesk.wire.codec import convert, strange_names, to_plain
from evdesk.wire.kinds import words_at

MAX_FRAME_CHARS = 1_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be dispatched: `params` is an instance of the method's dataclass."""

    id: int | str
    method: str
    params: Any


class BadCall(EvdeskError):
    """A request that cannot be run. `request_id` is None where the frame does not tell it."""

    def __init__(self, request_id: int | str | None, sentence: str, **detail: object) -> None:
        super().__init__(Reason.INVALID, sentence, **detail)
        self.request_id = request_id


def read_call(frame: str | bytes) -> Call:
    """A client's frame as a call. Raises `BadCall` with what is wrong and what is right instead."""
    if isinstance(frame, bytes):
        raise BadCall(None, "Binary frames are not used here. Send JSON-RPC 2.0 as text frames.")
    try:
        request = parse_request(frame)
    except EvdeskError as error:
        raise _unreadable(frame, error.sentence) from None
    if len(frame) > MAX_FRAME_CHARS:
        raise BadCall(request.id, f"This request has {len(frame)} characters; at most {MAX_FRAME_CHARS} are taken.")
    if request.id is None:
        raise BadCall(None, f"Give {request.method[:80]} an id, so that its answer can be told apart.")
    method = METHODS.get(request.method)
    if method is None:
        raise _unknown_method(request.id, request.method)
    return Call(request.id, request.method, _params(request.id, request.method, method, request.params))


def _unreadable(frame: str, sentence: str) -> BadCall:
    """With the id of the request where it can be read all the same: whoever waits for the answer must find it."""
    odd: list[str] = []
    try:
        raw = json.loads(frame, parse_constant=odd.append)
    except (ValueError, RecursionError):
        return BadCall(None, sentence)
    told = raw.get("id") if isinstance(raw, dict) else None
    request_id = told if isinstance(told, int | str) and not isinstance(told, bool) else None
    if odd:
        sentence = f"{odd[0]} is not JSON. Send null for what is not known, and a number for a limit."
    return BadCall(request_id, sentence)


def _unknown_method(request_id: int | str, name: str) -> BadCall:
    near = difflib.get_close_matches(name, METHODS, n=3, cutoff=0.5)
    hint = f"Near it: {', '.join(near)}." if near else "“evdesk call --list” shows all methods."
    return BadCall(request_id, f"There is no method “{name[:80]}”. {hint}", near=near)


def _params(request_id: int | str, name: str, method: Method, given: Any) -> Any:
    if not isinstance(given, dict):
        raise BadCall(request_id, f"{name} takes its parameters by name: an object, not a list.")
    known = field_names(method.params)
    for key in given:
        if key not in known:
            # Left out silently, a mistyped connector_id would act on connector 1.
            raise _unknown_field(request_id, name, key, known)
    for path in method.needs:
        if not _given(given, path):
            raise BadCall(request_id, f"{name}: “{path}” is missing. Give it; nothing may stand in for it.", field=path)
    try:
        params = convert(given, method.params)
        for path in strange_names(given, to_plain(params)):
            # Left out silently, a mistyped “parent” would make a second supply.
            raise BadCall(request_id, f"{name}: “{path[:80]}” is not known. Remove it, or correct it.", field=path[:80])
        return params
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$.").removeprefix("$")
        at = f" at “{field}”" if field else ""
        hint = one_of(method.params, path.strip("`"))
        raise BadCall(request_id, f"{name}: {what[:1].lower()}{what[1:]}{at}.{hint}", field=field) from None
    except RecursionError:
        raise BadCall(request_id, f"{name}: the parameters are nested too deeply.") from None


def one_of(kind: object, path: str) -> str:
    """ " It takes: a, b." where the place is an enumerated field, "" elsewhere."""
    words = words_at(kind, path)
    told = (f"“{word}”" if word else "“” (none)" for word in words)
    return f" It takes: {', '.join(told)}." if words else ""


def _given(params: Any, path: str) -> bool:
    """Whether something stands at "site.circuits". What is there but of another type is found when it is read."""
    for name in path.split("."):
        if not isinstance(params, dict):
            return params is not None
        if name not in params:
            return False
        params = params[name]
    return True


def _unknown_field(request_id: int | str, name: str, key: str, known: tuple[str, ...]) -> BadCall:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"Did you mean “{near[0]}”?" if near else f"It takes: {', '.join(known) or 'nothing'}."
    return BadCall(request_id, f"{name} has no parameter “{key[:80]}”. {hint}", field=key[:80])


def field_names(kind: Any) -> tuple[str, ...]:
    """The wire names of a parameter class, in order."""
    if issubclass(kind, msgspec.Struct):
        return tuple(kind.__struct_encode_fields__)
    return tuple(f.name for f in dataclasses.fields(kind))
