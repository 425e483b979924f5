"""OCPP-J framing: text to Call, CallResult, CallError, Send and back (OCPP-J 1.6, section 4; 2.1 part 4, section 4).

Tolerant on the way in: byte order marks, NULs, blanks, numeric ids, missing payloads, several frames in one message
and bare NaN are repaired and named. What cannot be repaired becomes `Garbage` that says what was wrong and carries
the CALLERROR to answer, where an id could be read.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import msgspec

MAX_DEPTH = 32
MAX_CHARS = 1 << 20
MAX_PARTS = 50_000  # a report that fills MAX_CHARS has half of that
MAX_GLUED = 32
CALL, RESULT, ERROR, RESULT_ERROR, SEND = 2, 3, 4, 5, 6

_STRING = re.compile(r'"[^"\\]*+(?:\\(?:.|\Z)[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_OTHERS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_JUNK = " \t\r\n\x00\ufeff"
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Odd:
    """Something the specification does not allow and that was accepted anyway."""

    rule: str
    sentence: str
    raw: str = ""
    clause: str = ""


@dataclass(slots=True)
class Call:
    """`echo` is the id exactly as it came: the answer must carry the same JSON value. `plain`: a MeterValues that is
    just as the schema wants it, with `meterValue` read to `Sampled` already."""

    id: str
    action: str
    payload: dict[str, Any]
    echo: Any = None
    plain: bool = False
    unanswered: bool = False  # SEND (2.1): no answer may be sent


@dataclass(slots=True)
class CallResult:
    id: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallError:
    id: str
    code: str
    description: str = ""
    details: Any = None
    echo: Any = None
    of_answer: bool = False  # CALLRESULTERROR (2.1): the charger could not use an answer of ours


@dataclass(frozen=True, slots=True)
class Garbage:
    """Not a frame. `answer` is what to send back, None where no id could be read."""

    odd: Odd
    answer: CallError | None = None


Frame = Call | CallResult | CallError | Garbage


def parse(text: str) -> tuple[list[Frame], list[Odd]]:
    """The frames in one WebSocket message, and what had to be repaired. Never raises."""
    too_much = _too_much(text)
    if too_much is not None:
        return [Garbage(too_much)], []
    odd: list[Odd] = []
    try:
        values = [_decode(text)]
    except (ValueError, RecursionError):
        values = _repair(text, odd)
    return [_frame(value, odd, text) for value in values], odd


def _too_much(text: str) -> Odd | None:
    """Refuses absurd size and nesting before any parser sees them."""
    if len(text) > MAX_CHARS:
        return Odd("message_too_long", f"The message has {len(text)} characters; {MAX_CHARS} are allowed.", text[:200])
    parts = text.count("[") + text.count("{")
    if parts <= MAX_DEPTH:
        return None
    if parts > MAX_PARTS:
        return Odd(
            "too_many_parts", f"The message holds {parts} lists and objects; {MAX_PARTS} are allowed.", text[:200]
        )
    if _nests_deeper(text, MAX_DEPTH):
        return Odd("nested_too_deep", f"The message nests deeper than {MAX_DEPTH} levels.", text[:200])
    return None


def _nests_deeper(text: str, most: int) -> bool:
    """Brackets outside strings only; each round takes the innermost pairs away, far quicker than looking at each."""
    left = _STRING.sub("", text).encode("ascii", "replace").translate(_BRACKETS, _OTHERS)
    for _ in range(most):
        shorter = left.replace(b"[]", b"")
        if len(shorter) == len(left):
            break
        left = shorter
    if b"[]" in left:
        return True
    depth = 0  # of what is not closed
    for sign in left:
        depth += 1 if sign == 91 else -1
        if depth > most:
            return True
    return False


def _repair(text: str, odd: list[Odd]) -> list[Any]:
    """Second try with a slower, more forgiving reader; an unreadable rest is kept as one text value."""
    rest = text.strip(_JUNK)
    if rest != text.strip():
        odd.append(Odd("stray_bytes", "The message starts or ends with a byte order mark or NUL.", text[:200]))
    if not rest:
        return [_Unreadable("The message is empty.")]
    values: list[Any] = []
    strange: list[str] = []
    decoder = json.JSONDecoder(
        strict=False,
        parse_constant=lambda name: strange.append(name),
        parse_float=lambda digits: _finite(digits, strange),
    )
    while rest and len(values) < MAX_GLUED:
        try:
            value, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError) as error:
            values.append(_Unreadable(f"The message is not JSON: {error}."))
            break
        values.append(_clean(value, strange) if "\\ud" in rest[:end].lower() else value)
        rest = rest[end:].lstrip(_JUNK + ",;")
    if strange:
        odd.append(Odd("not_json", "The message holds NaN or broken characters, which JSON does not allow."))
    if len(values) > 1:
        odd.append(Odd("glued_frames", "Several OCPP frames came in one WebSocket message.", text[:200]))
    return values


def _finite(digits: str, strange: list[str]) -> float | None:
    value = float(digits)
    if math.isfinite(value):
        return value
    strange.append(digits[:20])
    return None


def _clean(value: Any, strange: list[str]) -> Any:
    """Half surrogate pairs become question marks."""
    told = json.dumps(value, ensure_ascii=False)
    plain = told.encode("utf-8", "replace").decode()
    if plain != told:
        strange.append("half a character")
    return json.loads(plain)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    why: str


def _frame(value: Any, odd: list[Odd], text: str) -> Frame:
    if not isinstance(value, list):
        why = value.why if isinstance(value, _Unreadable) else "The message is JSON but not a list."
        return Garbage(Odd("not_a_frame", why, text[:500], "OCPP-J 1.6, 4.1"))
    if len(value) < 2:
        return Garbage(Odd("not_a_frame", "The message has no message id.", text[:500], "OCPP-J 1.6, 4.1"))
    kind, echo = _kind(value[0], odd), value[1]
    ident = _ident(echo, odd)
    if ident is None:
        return Garbage(Odd("no_message_id", "The message id is not text.", text[:500], "OCPP-J 1.6, 4.1.4"))
    if kind in (CALL, SEND):
        return _call(value, ident, echo, odd, text)
    if kind == RESULT:
        return CallResult(ident, _payload(value, 2, odd))
    if kind in (ERROR, RESULT_ERROR):
        rest = [*value[2:], "", "", {}]
        of_answer = kind == RESULT_ERROR
        return CallError(ident, str(rest[0])[:100], str(rest[1])[:500], rest[2], of_answer=of_answer)
    what = f"The message type {value[0]!r} is not 2, 3 or 4 (in 2.1 also 5 and 6)."
    return Garbage(
        Odd("unknown_message_type", what[:200], text[:500], "OCPP-J 1.6, 4.1.3"),
        CallError(ident, "MessageTypeNotSupported", what[:200], echo=echo),
    )


def _call(value: list[Any], ident: str, echo: Any, odd: list[Odd], text: str) -> Frame:
    action = value[2] if len(value) > 2 else None
    sent = str(value[0]).strip()[:1] == "6"
    if isinstance(action, str) and action:
        payload = value[3] if len(value) > 3 else None
        if isinstance(payload, dict):
            return Call(ident, action, payload, echo, unanswered=sent)
        if payload is None or payload == []:
            return Call(ident, action, _payload(value, 3, odd), echo, unanswered=sent)
        what = "The payload of the CALL is not an object."
    else:
        what = "The CALL names no action."
    clause = "OCPP-J 1.6, 4.2.1"
    refusal = None if sent else CallError(ident, "FormationViolation", what, echo=echo)
    return Garbage(Odd("broken_call", what, text[:500], clause), refusal)


def _kind(value: Any, odd: list[Odd]) -> int | None:
    if value in (CALL, RESULT, ERROR, RESULT_ERROR, SEND) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.strip() in ("2", "3", "4", "5", "6"):
        odd.append(Odd("message_type_as_text", "The message type is text instead of a number.", value))
        return int(value)
    return None


def _ident(value: Any, odd: list[Odd]) -> str | None:
    if isinstance(value, str):
        if len(value) > 36:
            odd.append(Odd("message_id_too_long", "The message id is longer than 36 characters.", value[:200]))
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    odd.append(Odd("numeric_message_id", "The message id is a number instead of text.", str(value)[:200]))
    return str(value)


def _payload(value: list[Any], index: int, odd: list[Odd]) -> dict[str, Any]:
    payload = value[index] if len(value) > index else None
    if isinstance(payload, dict):
        return payload
    odd.append(Odd("missing_payload", "The payload is missing or not an object; an empty one is assumed."))
    return {}


def call_text(ident: str, action: str, payload: dict[str, Any]) -> str:
    return _encode([CALL, ident, action, payload]).decode()


def frame_text(frame: Call | CallResult | CallError) -> str:
    """One frame of several that came glued together, on its own. Written anew: its blanks are gone."""
    if isinstance(frame, Call):
        return _encode([SEND if frame.unanswered else CALL, frame.echo, frame.action, frame.payload]).decode()
    if isinstance(frame, CallResult):
        return _encode([RESULT, frame.id, frame.payload]).decode()
    kind = RESULT_ERROR if frame.of_answer else ERROR
    return _encode([kind, frame.id, frame.code, frame.description, frame.details]).decode()


def result_text(echo: Any, payload: dict[str, Any]) -> str:
    return _encode([RESULT, echo, payload]).decode()


def error_text(error: CallError) -> str:
    """Description cut to 255 characters (OCPP-J 1.6, 4.2.3)."""
    echo = error.id if error.echo is None else error.echo
    details = error.details if isinstance(error.details, dict) else {}
    kind = RESULT_ERROR if error.of_answer else ERROR
    return _encode([kind, echo, error.code, error.description[:255], details]).decode()
