"""The filter language of the Messages page: one line of text to a filter, and what may be typed next. Pure.

    action:Status charger:"Bay 2" verdict:breach from:18:00 to:18:10 rejected

Names are `charger:`, `action:`, `way:` (in, out), `verdict:`, `from:` and `to:`; everything else is text to look for. A
time is `18:00`, `18:00:30`, `2026-11-24T18:00` or `10m` (so long ago; s, m, h, d).
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evdesk.gui.text import tr
from evdesk.wire.messages import MessageFilter

KEYS = ("charger", "action", "way", "verdict", "from", "to")
VERDICTS = ("ok", "breach", "refused", "timeout", "garbage", "open", "fault")
WAYS = ("in", "out")
_KEY = re.compile(rf"({'|'.join(KEYS)}):", re.IGNORECASE)
_AGO = re.compile(r"-?(\d+(?:\.\d+)?)(s|m|h|d)\Z")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\Z")


@dataclass(frozen=True, slots=True)
class Query:
    """What the text says: None and "" where it says nothing. `problem`: the first part that cannot be read, in words."""

    charger_id: str = ""
    action: str = ""
    way: str = ""
    verdict: str = ""
    from_at: float | None = None
    to_at: float | None = None
    search: str = ""
    problem: str = ""

    def over(self, base: MessageFilter) -> MessageFilter:
        """The filter of the page's boxes, with what the text says put over it."""
        return replace(
            base,
            charger_ids=(self.charger_id,) if self.charger_id else base.charger_ids,
            action=self.action or base.action,
            direction=self.way or base.direction,
            verdict=self.verdict or base.verdict,
            from_at=self.from_at if self.from_at is not None else base.from_at,
            to_at=self.to_at if self.to_at is not None else base.to_at,
            search=self.search or base.search,
        )


@dataclass(frozen=True, slots=True)
class Token:
    """One part of the text: `key` "" for plain text; `start` and `end` as places in it."""

    key: str
    value: str
    start: int
    end: int


def tokens(text: str, names: dict[str, str]) -> list[Token]:
    """The parts of the text. `names`: label to charger id; a label may hold blanks without quotes."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _KEY.match(text, at)
        key, begin = (match.group(1).lower(), match.end()) if match else ("", at)
        value, end = _value(text, begin, list(names) if key == "charger" else [])
        found.append(Token(key, value, at, end))
        at = max(end, at + 1)
    return found


def _value(text: str, at: int, labels: list[str]) -> tuple[str, int]:
    if text[at : at + 1] == '"':
        end = text.find('"', at + 1)
        return (text[at + 1 :], len(text)) if end < 0 else (text[at + 1 : end], end + 1)
    rest = text[at:].casefold()
    for label in sorted(labels, key=len, reverse=True):
        after = rest[len(label) : len(label) + 1]
        if rest.startswith(label.casefold()) and (not after or after.isspace()):
            return text[at : at + len(label)], at + len(label)
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[at:end], end


def parse(text: str, names: dict[str, str], now: float) -> Query:
    """`names`: label to charger id; `now`: Unix seconds, for times without a day."""
    query, words = Query(), []
    for token in tokens(text, names):
        if not token.key:
            words.append(token.value)
        elif token.value:
            query = _with(query, token, names, now)
    return replace(query, search=" ".join(words))


def _with(query: Query, token: Token, names: dict[str, str], now: float) -> Query:
    value, low = token.value, token.value.lower()
    if token.key == "charger":
        found = charger_of(value, names)
        return replace(query, charger_id=found) if found else _wrong(query, tr("No charger is called “{word}”."), value)
    if token.key == "action":
        return replace(query, action=value)
    if token.key in ("way", "verdict"):
        if low in (WAYS if token.key == "way" else VERDICTS):
            return replace(query, way=low) if token.key == "way" else replace(query, verdict=low)
        choice = ", ".join(WAYS if token.key == "way" else VERDICTS)
        return _wrong(query, tr("“{word}” is none of {choice}.").replace("{choice}", choice), value)
    at = moment(value, now)
    if at is None:
        return _wrong(query, tr("“{word}” is no time: 18:00, 10m, 2026-11-24T18:00."), value)
    return replace(query, from_at=at) if token.key == "from" else replace(query, to_at=at)


def _wrong(query: Query, sentence: str, word: str) -> Query:
    return query if query.problem else replace(query, problem=sentence.replace("{word}", word[:40]))


def charger_of(value: str, names: dict[str, str]) -> str:
    """The id of the charger a label or an id means; the beginning of one alone will do."""
    low = value.casefold()
    known = {label.casefold(): one for label, one in names.items()} | {one.casefold(): one for one in names.values()}
    if low in known:
        return known[low]
    near = {one for name, one in known.items() if name.startswith(low)}
    return near.pop() if len(near) == 1 else ""


def moment(value: str, now: float) -> float | None:
    """A time as typed; without a day the last time the clock showed it."""
    ago = _AGO.match(value)
    if ago:
        return now - float(ago.group(1)) * _UNITS[ago.group(2)]
    clock = _CLOCK.match(value)
    try:
        if clock:
            today = datetime.fromtimestamp(now)
            hour, minute, second = (int(part or 0) for part in clock.groups())
            fraction = float("0" + value[value.index(".") :]) if "." in value else 0.0
            at = today.replace(hour=hour, minute=minute, second=second, microsecond=0)
            at = at - timedelta(days=1) if at.timestamp() > now + 60 else at
            return at.timestamp() + fraction
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return None


def typed(at: float, now: float) -> str:
    """A time as `moment` reads it back, to the millisecond."""
    when = datetime.fromtimestamp(at)
    same = when.date() == datetime.fromtimestamp(now).date() and at <= now + 60
    stamp = when.strftime("%H:%M:%S" if same else "%Y-%m-%dT%H:%M:%S")
    return stamp


def with_part(text: str, key: str, value: str, names: dict[str, str]) -> str:
    """The text with one part set, or taken away by an empty value; the rest stays as typed."""
    kept = [text[token.start : token.end] for token in tokens(text, names) if token.key != key]
    if kept and kept[-1].count('"') % 2:
        kept[-1] += '"'  # still being typed: it would swallow what follows
    if value:
        quoted = f'"{value}"' if " " in value and value not in names else value
        kept.append(f"{key}:{quoted}")
    return " ".join(kept)


def completions(text: str, cursor: int, names: dict[str, str], actions: list[str]) -> tuple[int, list[str]]:
    """(where the part under the cursor begins, what may stand there), best first; nothing for plain words."""
    before = text[:cursor]
    start = max(before.rfind(" ") + 1, 0)
    opened = before.lower().rfind("charger:")
    if opened >= 0 and not _KEY.search(before, opened + 8):
        label = before[opened + 8 :].lstrip('"')
        if any(name.casefold().startswith(label.casefold()) for name in names):
            start = opened
    part = before[start:]
    key, colon, value = part.partition(":")
    if not colon:
        low = part.lower()
        return start, [f"{name}:" for name in KEYS if name.startswith(low)] if part else []
    choices = {"charger": list(names), "action": actions, "way": list(WAYS), "verdict": list(VERDICTS)}
    times = ["10m", "1h", "24h"] if key.lower() in ("from", "to") else []
    low = value.lstrip('"').casefold()
    fits = [one for one in choices.get(key.lower(), times) if low in one.casefold() and one.casefold() != low]
    return start, [f"{key}:{one}" for one in sorted(fits, key=lambda one: (not one.casefold().startswith(low), one))][
        :20
    ]
