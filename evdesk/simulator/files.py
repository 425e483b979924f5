"""Files to and from a station over whatever the address says and its maker speaks."""

import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from evdesk.simulator import file_ftp, file_http
from evdesk.simulator.core import Core
from evdesk.simulator.fileline import Body, Download, FileLine, TransferError
from evdesk.simulator.handshake import careless

GETS: dict[str, Callable[[FileLine, str, Download], Awaitable[None]]] = {
    "http": file_http.fetch,
    "https": file_http.fetch,
    "ftp": file_ftp.fetch,
    "ftps": file_ftp.fetch,
}
PUTS: dict[str, Callable[[FileLine, str, Body], Awaitable[None]]] = {
    "http": file_http.send,
    "https": file_http.send,
    "ftp": file_ftp.send,
    "ftps": file_ftp.send,
}


def line_of(core: Core) -> FileLine:
    """How this station reaches file servers now; TLS checks against the roots installed for the CSMS."""

    def tls() -> ssl.SSLContext:
        access = core.link.access
        return careless(access, check=False) if core.has("trusts_anybody") else access.file_context()

    maker = core.maker
    agent = f"{maker.vendor}-{maker.model}/{core.firmware or '0'}"
    return FileLine(core.clock, maker.files, agent, tls, core.rate_bps, core.has("ftp_active"))


def speaks(core: Core, url: str) -> bool:
    return scheme_of(url).upper() in core.maker.files.schemes


def scheme_of(url: str) -> str:
    """The scheme in lower case, "" where the text is no address."""
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return ""


async def fetch(line: FileLine, url: str, download: Download) -> None:
    """Raises TransferError, BrokenOff."""
    await GETS[_known(line, url)](line, url, download)


async def send(line: FileLine, url: str, body: Body) -> None:
    """Raises TransferError, BrokenOff."""
    await PUTS[_known(line, url)](line, url, body)


def _known(line: FileLine, url: str) -> str:
    scheme = scheme_of(url)
    if scheme not in GETS or scheme.upper() not in line.habits.schemes:
        raise TransferError(f"{scheme or 'this address'} is not spoken here", "scheme")
    return scheme
