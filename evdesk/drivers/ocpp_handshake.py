"""What a charger's opening request says: its id, its sub-protocol, and the repairs it needs. Pure.

Sources: OCPP-J 1.6 section 3 and the field threads named in tests/drivers/test_handshake.py.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.headers import parse_extension
from websockets.http11 import Request

from evdesk.ocpp.redact import HIDDEN, is_secret, redact
from evdesk.ocpp.version import Version

_SPELLINGS = {
    "ocpp1.6": Version.V16,
    "ocpp16": Version.V16,
    "ocpp2.0.1": Version.V201,
    "ocpp201": Version.V201,
    "ocpp2.1": Version.V21,
    "ocpp21": Version.V21,
}
MAX_ID = 255
_UNDECODED = "\N{REPLACEMENT CHARACTER}"  # what stands for bytes that are no UTF-8
_NOT_AN_ID = frozenset(
    {"ocpp", "ocppj", "ocpp16", "ocpp1.6", "ocpp-j", "ws", "wss", "websocket", "centralsystemservice"}
)
_LEADING_HOST = re.compile(r"[^/?]*://[^/?]*")
_QUERY_KEYS = ("station", "id", "identity", "chargepointid", "chargeboxid", "cp")


@dataclass(frozen=True, slots=True)
class Identified:
    """`charger_id` "" where there is none; `source`: "path", "basic", "query" or ""."""

    charger_id: str
    source: str
    warnings: tuple[str, ...] = ()


def identify(path: str, authorization: str | None) -> Identified:
    """The charger's id: last non-empty part of the path, else the Basic user, else the query."""
    warnings: list[str] = []
    if "://" in path.split("?", 1)[0][:12]:
        warnings.append("absolute_uri")
        path = _LEADING_HOST.sub("", path)  # the library's way raises where the host is broken
    bare, _, query = path.partition("?")
    if "//" in bare:
        warnings.append("double_slash")
    parts = [part for part in bare.split("/") if part.strip()]
    user = basic_user(authorization)
    last = unquote(parts[-1], errors="replace").strip() if parts else ""
    if last and last.lower() not in _NOT_AN_ID:
        if user is not None and user != last:
            warnings.append("basic_user_differs")
        return Identified(last, "path", tuple(warnings))
    if user:
        return Identified(user, "basic", (*warnings, "id_from_basic_user"))
    asked = {key.lower(): values for key, values in parse_qs(query).items()}
    for key in _QUERY_KEYS:
        if asked.get(key, [""])[0].strip():
            return Identified(asked[key][0].strip(), "query", (*warnings, "id_from_query"))
    return Identified("", "", tuple(warnings))


def shown_path(path: str) -> str:
    """The request path as it may be told: without passwords."""
    bare, mark, query = path.partition("?")
    parts = [part.partition("=") for part in query.split("&")]
    clean = "&".join(
        f"{name}={HIDDEN}" if is_secret(name) and value else name + eq + value for name, eq, value in parts
    )
    return redact(bare + mark + clean)[:300]


def dialled_host(headers: Headers) -> str:
    """The name or address in the Host header, without the port; "" where there is none that can be read."""
    try:
        return urlsplit(f"//{', '.join(headers.get_all('Host')).strip()}").hostname or ""
    except ValueError:
        return ""


def basic_user(authorization: str | None) -> str | None:
    """The user of a Basic header, None where there is none. The password is never looked at here."""
    kind, _, token = (authorization or "").strip().partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, _ = base64.b64decode(token.strip(), validate=False).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return user.decode(errors="replace").strip()


def usable_id(charger_id: str) -> bool:
    """Any id is good but an endless one or one that holds control characters."""
    return bool(charger_id) and not unusable(charger_id)


def unusable(charger_id: str) -> str:
    """What is wrong with an id, in words; "" where it is good."""
    if len(charger_id) > MAX_ID:
        return f"its name is longer than {MAX_ID} characters"
    if not charger_id.isprintable() or _UNDECODED in charger_id:  # two such ids would become one
        return "its name holds unreadable characters"
    return ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """`version` None: nothing usable was offered, the first message will tell. `reply`: the sub-protocol to answer with,
    None for none; `refused` when only versions evdesk does not speak are offered."""

    offered: tuple[str, ...]
    version: Version | None
    reply: str | None
    refused: bool = False
    warnings: tuple[str, ...] = ()


def choose_protocol(headers: Headers, preferred: Version | None = None) -> Chosen:
    """The first version evdesk speaks in the charger's own order of preference (OCPP-J 1.6, 3.1.2; 2.x part 4, 3.1.2),
    in any spelling; `preferred` goes before where the charger offers it."""
    lines = headers.get_all("Sec-WebSocket-Protocol")
    offered = tuple(word.strip() for line in lines for word in line.split(",") if word.strip())
    known = [(version, word) for word in offered if (version := _version_of(word)) is not None]
    wished = [pair for pair in known if pair[0] is preferred]
    for version, word in wished or known:
        warnings = () if word == version.value else ("odd_subprotocol",)
        return Chosen(offered, version, word, warnings=warnings)
    if not offered:
        return Chosen(offered, None, None, warnings=("no_subprotocol",))
    if all(word.lower().startswith("ocpp2") for word in offered):
        return Chosen(offered, None, None, refused=True)
    return Chosen(offered, None, None, warnings=("odd_subprotocol",))


def _version_of(word: str) -> Version | None:
    """The version a sub-protocol names: "ocpp1.6", "OCPP-1.6J", "ocpp2.0.1", "ocpp201" ..."""
    plain = word.lower().replace("-", "").replace("v", "").replace("_", "")
    return _SPELLINGS.get(plain.removesuffix("json").removesuffix("j"))


def wants_websocket(request: Request) -> bool:
    headers = request.headers
    upgrade = ", ".join(headers.get_all("Upgrade")).lower()
    return request.method == "GET" and ("websocket" in upgrade or "Sec-WebSocket-Key" in headers)


def repair(request: Request) -> tuple[str, ...]:
    """Mends in place what the strict handshake would refuse; names what it mended."""
    headers, mended = request.headers, []
    connection = ", ".join(headers.get_all("Connection")).lower()
    if "upgrade" not in [word.strip() for word in connection.split(",")]:
        _put(headers, "Connection", "Upgrade")
        mended.append("no_connection_upgrade")
    if ", ".join(headers.get_all("Upgrade")).strip().lower() != "websocket":
        _put(headers, "Upgrade", "websocket")
        mended.append("no_upgrade_header")
    if not headers.get_all("Sec-WebSocket-Version"):
        _put(headers, "Sec-WebSocket-Version", "13")
        mended.append("no_websocket_version")
    if request.protocol == "HTTP/1.0":
        request.protocol = "HTTP/1.1"
        mended.append("http_1_0")
    if len(headers.get_all("Origin")) > 1:
        del headers["Origin"]
    for line in headers.get_all("Sec-WebSocket-Extensions"):
        try:
            parse_extension(line)
        except InvalidHeader:
            del headers["Sec-WebSocket-Extensions"]
            mended.append("bad_extensions")
            break
    return tuple(mended)


def _put(headers: Headers, name: str, value: str) -> None:
    if name in headers:
        del headers[name]
    headers[name] = value
