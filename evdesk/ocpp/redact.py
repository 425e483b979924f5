"""Keeps secrets out of everything that is stored or shown: configuration values and Basic passwords.

Works on whole frames, so that the message log never sees a key. Tags stay: they are needed to explain a session.
"""

import json
import re
from typing import Any

HIDDEN = "(hidden)"
KEPT_CHARS = 1 << 17
"""Cleaning takes up to a microsecond a character; longer texts that may hold a secret are not kept at all."""
_HEAD_CHARS = 60  # type, id and action
_NAMES = ("authorizationkey", "basicauthpassword", "password", "passwd", "privatekey", "apikey", "secret", "psk")
# None of these may begin with a repetition: the time would grow with the square of the text, which a charger chooses.
_LOOSE = re.compile(
    r'((?:authorization_?key|passw(?:or)?d|private_?key|api_?key|secret|psk)[^:=]{0,80}?[:=]\s*"?)[^",}\s&]+', re.I
)
_URL = re.compile(r"(://[^/\s:@\"]*:)[^@/\s\"]+@")
_BASIC = re.compile(r"(authorization[\"']?\s*:\s*[\"']?(?:basic|bearer)\s+)[\w+/=.\-]+", re.I)


def is_secret(name: str) -> bool:
    """Whether a setting of this name is never read, shown or stored."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return any(word in plain for word in _NAMES)


def may_hold_secret(low: str) -> bool:
    """The quick look at every message, in lower case."""
    if "authorization" in low or "passw" in low or "secret" in low or "psk" in low or "://" in low:
        return True
    return "key" in low and ("private" in low or "api" in low or "\\u" in low)


def redact(text: str) -> str:
    """`text` with every secret value replaced; cheap for the texts that hold none."""
    if not may_hold_secret(text.lower()):
        return text
    if len(text) > KEPT_CHARS:
        return f"{text[:_HEAD_CHARS]} … ({len(text)} characters, of which some may be secret: not kept)"
    text = _BASIC.sub(rf"\1{HIDDEN}", _URL.sub(rf"\1{HIDDEN}@", text))
    try:
        value = json.loads(text.strip("\ufeff\x00 \r\n\t"))
    except (ValueError, RecursionError):
        return _LOOSE.sub(rf"\1{HIDDEN}", text)
    cleaned = redact_value(value)
    if cleaned == value:
        return text
    return json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"))


def redact_value(value: Any) -> Any:
    """A decoded payload without its secrets; {"key": <secret name>, "value": ...} pairs of 1.6 and
    {"variable": {"name": <secret name>}, "attributeValue": ...} of 2.x are seen too."""
    if isinstance(value, list):
        return [redact_value(item) for item in value]
    if not isinstance(value, dict):
        return redact_nested(value) if isinstance(value, str) else value
    named, variable = value.get("key"), value.get("variable")
    named = variable.get("name") if isinstance(variable, dict) else named
    hides = isinstance(named, str) and is_secret(named)
    cleaned: dict[str, Any] = {}
    for key, item in value.items():
        if (hides and key in ("value", "attributeValue", "variableAttribute")) or (
            is_secret(key) and not isinstance(item, dict | list)
        ):
            cleaned[key] = HIDDEN if item not in (None, "") else item
        else:
            cleaned[key] = redact_value(item)
    return cleaned


def redact_nested(text: str) -> str:
    """JSON or loose text inside a string, as DataTransfer carries it."""
    low = text.lower()
    if not any(name in low for name in ("authorizationkey", "passw", "privatekey", "apikey", "secret")):
        return text
    if ":" not in text and "=" not in text:
        return text
    return redact(text) if text[:1] in "[{" else _LOOSE.sub(rf"\1{HIDDEN}", text)
