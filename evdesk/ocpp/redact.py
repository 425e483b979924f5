"""Keeps secrets out of everything that is stored or shown: configuration values, passwords, private keys.

Works on whole frames, so that the message log never sees a key. What is a secret tells its name, in whatever form the frame
has; of passwords evdesk knows itself, the value alone is enough (`forms_of`, `hide`). Tags stay: they are needed to
explain a session. Signing requests and certificates stay too: they hold public keys only.
"""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

HIDDEN = "(hidden)"
_NAMES = ("authorizationkey", "basicauthpassword", "password", "passwd", "passphrase", "privatekey", "apikey", "secret")
_EXACT = frozenset({"psk", "simpin", "authorization"})
_ENDS = (
    "psk", "pwd", "apnpass", "wifipass", "wlanpass", "wifikey", "wlankey", "wpakey", "wepkey", "sharedkey",
    "authtoken", "accesstoken", "apitoken",
)  # fmt: skip
"""How makers' own names of secrets end; "token" alone would be every card, "key" alone every setting."""
_KEYS_OF = ("api", "wifi", "wlan", "wpa", "wep", "shared")
_CARRIERS = ("changeconfiguration", "configurationkey", "attributevalue", "variableattribute", "networkprofile")
"""What carries settings: where a frame breaks off before the name, nobody knows whether it was a secret one."""
_PAIRED = frozenset({"value", "attributevalue", "variableattribute", "data"})
_QUICK = (
    "authorization",
    "passw",
    "passph",
    "secret",
    "psk",
    "simpin",
    "://",
    "private",
    ":\\/\\/",
    "/f/",
    "/f\\/",
    "\\u",
    "vpn",
    "pwd",
    "apnpass",
    "wifipass",
    "wlanpass",
    "authtoken",
    "auth_token",
    "accesstoken",
    "access_token",
    "apitoken",
    "api_token",
    "customerinformation",
)
KEPT_CHARS = 1 << 17
"""Cleaning takes up to a microsecond a character; longer texts that may hold a secret are not kept at all."""
_HEAD_CHARS = 60  # type, id and action
# None of these may begin with a repetition, or hold one that overlaps the next: the time would grow with the square of the
# text, which a charger chooses.
_URL = re.compile(r"(:\\?/\\?/[^/\s:@\"\\]*:)[^/\s\"\\]+@")
_QUERY = re.compile(r"([?&][\w.\-]{0,40}(?:passw|secret|token|key)[\w.\-]{0,40}=)[^&\s\"]+", re.I)
_ONE_TIME = re.compile(r"(/f\\?/)[a-z0-9]{24,64}(?![a-z0-9])", re.I)
"""Whoever has the address of a file that evdesk serves may fetch it as long as its job runs."""
_BASIC = re.compile(r"(authorization[\"']?\s*:\s*[\"']?(?:basic|bearer)\s+)[\w+/=.\-]+", re.I)
_PEM = re.compile(r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(-----END [A-Z ]{0,40}PRIVATE KEY-----|$)", re.S)
_SECRET_WORD = re.compile(
    r"authorization_?key|passw|passphrase|private_?key|api_?key|secret|(?<![a-z])psk(?![a-z])|simpin|pwd|(?:apn|wifi|wlan)_?pass|"
    r"customerinformation|(?:wifi|wlan|wpa|wep|shared)_?key|(?:auth|access|api)_?token|" + "|".join(_CARRIERS),
    re.I,
)
_BROKEN_VALUE = re.compile(r"([:=]\s*)(\"(?:[^\"\\]|\\.)*(?:\"|\\?$)|[^\s\",:{}\[\]][^\",}\]]*)")
_WORD_KEPT = re.compile(r"\"?[A-Za-z][A-Za-z0-9_.]{2,49}\"?")


def is_secret(name: str) -> bool:
    """Whether a setting of this name is never read, shown or stored."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return any(word in plain for word in _NAMES) or plain in _EXACT or plain.endswith(_ENDS)


def may_hold_secret(text: str) -> bool:
    """The quick look at every message."""
    low = text.lower()
    return any(word in low for word in _QUICK) or ("key" in low and any(word in low for word in _KEYS_OF))


def redact(text: str, broken: bool = False) -> str:
    """`text` with every secret value replaced; cheap for the texts that hold none. `broken`: it is known to be no frame."""
    suspect = may_hold_secret(text) or (broken and (len(text) > KEPT_CHARS or _SECRET_WORD.search(text) is not None))
    if not suspect:
        return text
    if len(text) > KEPT_CHARS:
        return f"{text[:_HEAD_CHARS]} … ({len(text)} characters, of which some may be secret: not kept)"
    try:
        value = json.loads(text.strip("\ufeff\x00 \r\n\t"))
    except (ValueError, RecursionError):
        return _loose(_scrub(text))
    cleaned = _without_customer(redact_value(value))
    if cleaned == value:
        return text
    return json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"))


def _without_customer(frame: Any) -> Any:
    """What a charger tells of a customer (2.x part 2, N09) is handed to who asked, and kept nowhere."""
    told = {"NotifyCustomerInformation": "data", "CustomerInformation": "customerIdentifier"}
    if not (isinstance(frame, list) and len(frame) > 3 and isinstance(frame[3], dict) and isinstance(frame[2], str)):
        return frame
    name = next((name for action, name in told.items() if frame[2].strip().lower() == action.lower()), "")
    if not frame[3].get(name):
        return frame
    return [*frame[:3], frame[3] | {name: HIDDEN}, *frame[4:]]


def redact_value(value: Any, inside_vpn: bool = False) -> Any:
    """A decoded payload without its secrets; {"key": <secret name>, "value": ...} pairs of 1.6 and
    {"variable": {"name": <secret name>}, "attributeValue": ...} of 2.x are seen too, and the pre-shared key of a VPN."""
    if isinstance(value, list | tuple):
        return [redact_value(item) for item in value]
    if not isinstance(value, dict):
        return redact_nested(value) if isinstance(value, str) else value
    hides = _names_secret(value)
    cleaned: dict[str, Any] = {}
    for key, item in value.items():
        low = key.lower()
        if (hides and low in _PAIRED) or is_secret(key) or (inside_vpn and low == "key"):
            cleaned[key] = HIDDEN if item not in (None, "") else item
        else:
            cleaned[key] = redact_value(item, low == "vpn")
    return cleaned


def secret_values(value: Any) -> list[str]:
    """Those texts in a decoded payload that `redact_value` hides, long enough to be looked for in other messages."""
    found: list[str] = []
    _hidden_in(value, redact_value(value), found)
    return found


def _hidden_in(value: Any, cleaned: Any, found: list[str]) -> None:
    if isinstance(value, dict) and isinstance(cleaned, dict):
        for key, item in value.items():
            _hidden_in(item, cleaned.get(key), found)
    elif isinstance(value, list) and isinstance(cleaned, list):
        for item, clean in zip(value, cleaned, strict=False):
            _hidden_in(item, clean, found)
    elif isinstance(value, str) and cleaned == HIDDEN and can_be_searched(value):
        found.append(value)


def can_be_searched(secret: str) -> bool:
    """A short one, or digits alone, stands in many a message by chance: an id, a meter's reading."""
    return len(secret) >= 8 and not secret.isdigit() and not secret.isalpha()


def _names_secret(value: dict[str, Any]) -> bool:
    for key, item in value.items():
        named = item.get("name") if isinstance(item, dict) else item
        if key.lower() in ("key", "variable", "name", "messageid") and isinstance(named, str) and is_secret(named):
            return True
    return False


def redact_nested(text: str) -> str:
    """JSON or loose text inside a string, as DataTransfer carries it."""
    if not may_hold_secret(text):
        return text
    text = _scrub(text)
    if (":" not in text and "=" not in text) or _SECRET_WORD.search(text) is None:
        return text
    return redact(text) if text.lstrip()[:1] in ("[", "{") else _loose(text)


def _scrub(text: str) -> str:
    text = _PEM.sub(rf"\1{HIDDEN}\2", text)
    text = _QUERY.sub(rf"\1{HIDDEN}", _URL.sub(rf"\1{HIDDEN}@", text))
    text = _ONE_TIME.sub(rf"\1{HIDDEN}", text)
    return _BASIC.sub(rf"\1{HIDDEN}", text)


def _loose(text: str) -> str:
    """What cannot be read as JSON, but speaks of a secret: every value goes, for nobody knows which one it is. Plain words
    stay, so that one still sees which message it was."""
    if _SECRET_WORD.search(text) is None:
        return text

    def value(match: re.Match[str]) -> str:
        told = match.group(2)
        kept = _WORD_KEPT.fullmatch(told) is not None and is_secret(told)
        return match.group(0) if kept else f'{match.group(1)}"{HIDDEN}"'

    return _BROKEN_VALUE.sub(value, text)


# -- secrets that are known ---------------------------------------------------------------------------------------


def forms_of(password: str) -> tuple[str, ...]:
    """How a password may stand in a text: as it is, as hex, as Base64, escaped for JSON."""
    raw = password.encode()
    forms = {password, raw.hex(), raw.hex().upper(), base64.b64encode(raw).decode(), json.dumps(password)[1:-1]}
    try:
        decoded = bytes.fromhex(password)
    except ValueError:
        decoded = b""
    if decoded:
        forms |= {password.lower(), password.upper(), base64.b64encode(decoded).decode()}
    return tuple(sorted((form for form in forms if len(form) >= 6), key=len, reverse=True))


def hide(text: str, secrets: Iterable[str]) -> str:
    """`text` without these very values."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return text
