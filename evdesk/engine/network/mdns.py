"""mDNS: telling where chargers may dial in, and listening for chargers that tell where they are (RFC 6762, 6763)."""

import asyncio
import ipaddress
import logging
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from zeroconf import (
    BadTypeInNameException,
    DNSQuestionType,
    Error,
    IPVersion,
    NonUniqueNameException,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from evdesk.engine.network.known import known
from evdesk.wire.network import FoundDevice

log = logging.getLogger("evdesk.network")
PLAIN, SECURE = "_ocpp._tcp.local.", "_ocpps._tcp.local."
RESOLVE_MS = 1500
OURS = b"evdesk"


@dataclass(frozen=True, slots=True)
class Announced:
    """`host`: the name that leads here; `urls`: what to type instead of an address."""

    host: str
    urls: tuple[str, ...]


def host_label(name: str) -> str:
    """ "evdesk-laptop" from whatever this computer is called: letters, digits and dashes, at most 63."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.partition(".")[0].lower()).strip("-") or "desk"
    return f"evdesk-{plain}"[:63].rstrip("-")


class Announcer:
    """`start` registers one service per open port; `stop` takes them back. Starting again replaces."""

    def __init__(self) -> None:
        self._mdns: AsyncZeroconf | None = None
        self.announced: Announced | None = None

    async def start(self, addresses: Sequence[str], urls: Sequence[str], name: str, version: str) -> Announced:
        """Raises OSError where multicast cannot be used."""
        await self.stop()
        label = host_label(name)
        host = f"{label}.local"
        mdns = AsyncZeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
        self._mdns = mdns
        packed = [socket.inet_aton(address) for address in addresses]
        services = [_service(url, label, packed, version) for url in urls]
        try:
            told = await asyncio.gather(*(mdns.async_register_service(one, allow_name_change=True) for one in services))
            await asyncio.gather(*told)
        except (NonUniqueNameException, BadTypeInNameException) as error:
            await self.stop()
            raise OSError(f"the name {label} cannot be announced ({error.__class__.__name__})") from error
        named = [url.replace(urlsplit(url).netloc, f"{host}:{urlsplit(url).port}", 1) for url in urls]
        self.announced = Announced(host, tuple(named))
        return self.announced

    async def stop(self) -> None:
        self.announced = None
        mdns, self._mdns = self._mdns, None
        if mdns is not None:
            await mdns.async_unregister_all_services()
            await mdns.async_close()


def _service(url: str, label: str, addresses: Sequence[bytes], version: str) -> AsyncServiceInfo:
    parts = urlsplit(url)
    kind = SECURE if parts.scheme == "wss" else PLAIN
    txt = {"by": OURS, "path": parts.path or "/", "ocpp": "1.6,2.0.1,2.1", "version": version}
    name = f"{label} {parts.port}.{kind}"
    server = f"{label}.local."
    return AsyncServiceInfo(kind, name, port=parts.port, addresses=list(addresses), server=server, properties=txt)


async def browse(addresses: Sequence[str], seconds: float, now: float) -> list[FoundDevice]:
    """Listen so long for chargers that announce themselves. Raises OSError where multicast cannot be used."""
    mdns = AsyncZeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
    listener = _Listener(mdns.zeroconf, now)
    # Answers by multicast: a unicast one may go to another program that shares the port (avahi, the system's own).
    types, multicast = list(known().services), DNSQuestionType.QM
    browser = AsyncServiceBrowser(mdns.zeroconf, types, handlers=[listener.changed], question_type=multicast)
    try:
        await asyncio.sleep(seconds)
        await listener.settle()
    finally:
        await browser.async_cancel()
        await mdns.async_close()
    return merge(listener.found)


class _Listener:
    def __init__(self, mdns: Zeroconf, now: float) -> None:
        self._mdns, self._now = mdns, now
        self._tasks: set[asyncio.Task[None]] = set()
        self.found: list[FoundDevice] = []

    def changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is not ServiceStateChange.Removed:
            task = asyncio.get_running_loop().create_task(self._resolve(service_type, name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=RESOLVE_MS / 1000)

    async def _resolve(self, kind: str, name: str) -> None:
        try:
            info = AsyncServiceInfo(kind, name)
            told = await info.async_request(self._mdns, RESOLVE_MS, question_type=DNSQuestionType.QM)
        except (Error, OSError, ValueError) as error:
            log.debug("%s cannot be resolved: %s", name, error)
            return
        if not told or info.properties.get(b"by") == OURS:
            return
        device = describe(kind, name, info.parsed_addresses(IPVersion.V4Only), info.port or 0, _txt(info))
        if device is not None:
            self.found.append(replace(device, seen_at=self._now))


def _txt(info: AsyncServiceInfo) -> dict[str, str]:
    found = {}
    for key, value in info.properties.items():
        found[key.decode(errors="replace").lower()] = (value or b"").decode(errors="replace")
    return found


def describe(kind: str, name: str, addresses: Sequence[str], port: int, txt: dict[str, str]) -> FoundDevice | None:
    """A service as a device; None for what is no charger by any sign."""
    if not addresses:
        return None
    mark = known().services.get(kind)
    instance = name.removesuffix(f".{kind}")
    named = known().by_name(instance)
    if kind.startswith("_http.") and named is None:
        return None
    maker = (named.maker if named else "") or (mark.maker if mark else "") or txt.get("brand", "")
    certain = bool((mark and mark.certain) or (named and named.certain))
    model = txt.get("model", "") or txt.get("type", "")
    service = kind.removesuffix(".local.")
    return FoundDevice(addresses[0], "mdns", instance, maker, model, service=service, port=port, certain=certain)


def merge(found: Sequence[FoundDevice]) -> list[FoundDevice]:
    """One line per address; the surer and fuller one wins."""
    best: dict[str, FoundDevice] = {}
    for one in found:
        other = best.get(one.address)
        if other is None or (one.certain, bool(one.maker), bool(one.model)) > (
            other.certain,
            bool(other.maker),
            bool(other.model),
        ):
            best[one.address] = one
    return sorted(best.values(), key=lambda one: (not one.certain, ipaddress.ip_address(one.address)))
