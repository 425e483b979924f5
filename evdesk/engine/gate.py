"""Who may open the local API: the checks on the opening handshake.

A web page in any browser of this computer can open a socket to loopback. It cannot read the token file, it always
sends an `Origin`, and a name it has pointed at this computer (DNS rebinding) shows in `Host`; each alone shuts it out.
"""

import hmac
import ipaddress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from websockets.http11 import Request

from evdesk.model import Origin

PATH = "/api"
VIAS = ("desk", "cli", "api")
DEFAULT_WHO = {"desk": "Technician", "cli": "Technician", "api": "API script"}
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
WHO_MAX = 64


@dataclass(frozen=True, slots=True)
class Refusal:
    status: HTTPStatus
    sentence: str


def refuse(request: Request, token: str, own_hosts: frozenset[str]) -> Refusal | None:
    """Why this handshake is refused, or None. `own_hosts`: the addresses this server was bound to."""
    if urlsplit(request.path).path != PATH:
        return Refusal(HTTPStatus.NOT_FOUND, f"The API of this engine is at {PATH}.")
    if request.headers.get_all("Origin"):
        return Refusal(
            HTTPStatus.FORBIDDEN,
            "Requests from web pages are refused: leave out the Origin header.",
        )
    if _host_name(request) not in LOCAL_HOSTS | own_hosts:
        return Refusal(
            HTTPStatus.FORBIDDEN,
            "The Host header names another computer. Open the engine by localhost or by the address it listens on.",
        )
    if not _has_token(request, token):
        return Refusal(
            HTTPStatus.UNAUTHORIZED,
            "A token is needed: send “Authorization: Bearer TOKEN” with the text of the engine's token file.",
        )
    return None


def is_plain_get(request: Request) -> bool:
    """A request that asks for no WebSocket: answered with the hello as JSON, to find out whether the engine lives."""
    return not request.headers.get_all("Upgrade")


def origin_of(request: Request, address: str) -> Origin:
    """Who the client says it is. Both headers are optional; only a desk, the command line or a script can be named."""
    via = _first(request, "X-Evdesk-Client").lower()
    if via not in VIAS:
        via = "api"
    said = unquote(_first(request, "X-Evdesk-User"))
    who = "".join(c for c in said if c.isprintable()).strip()[:WHO_MAX]
    return Origin(who or DEFAULT_WHO[via], via, address)


def own_hosts(host: str, address: str) -> frozenset[str]:
    """The names under which a server bound to `host` may be addressed over a socket whose local end is `address`."""
    return frozenset({host.lower(), address.lower()}) - {"", "0.0.0.0", "::"}


def _host_name(request: Request) -> str:
    values = request.headers.get_all("Host")
    if len(values) != 1:
        return ""
    try:
        name = (urlsplit(f"//{values[0].strip()}").hostname or "").rstrip(".")
        return str(ipaddress.ip_address(name)) if ":" in name else name
    except ValueError:
        return ""


def _has_token(request: Request, token: str) -> bool:
    scheme, _, given = _first(request, "Authorization").partition(" ")
    # Compared as bytes: a header may carry characters that compare_digest refuses as text.
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer" and bool(token)


def _first(request: Request, name: str) -> str:
    values = request.headers.get_all(name)
    return values[0] if len(values) == 1 else ""
