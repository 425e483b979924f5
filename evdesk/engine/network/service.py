"""The network as the API tells it: interfaces with their URLs, checks, what was found, and the announcement."""

import asyncio
import ipaddress
import logging
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from evdesk import __version__
from evdesk.engine.network import addresses, cards, clock, firewall, mdns, names, neighbours, ports, shell
from evdesk.engine.network.cards import Card
from evdesk.engine.network.known import known
from evdesk.model import Attempt, Clock
from evdesk.wire.network import Check, FoundDevice, NetInterface, NetworkState

log = logging.getLogger("evdesk.network")
MAX_SEARCH_S = 10.0
CACHED_S = 120.0
LEASES = Path("/run/systemd/netif/leases")


class Network:
    """`urls`: gives the open charger ports as URLs of the listener (0.0.0.0 where it listens everywhere). `shut`: ports
    that are wanted and cannot be opened, each with the reason."""

    def __init__(
        self,
        folder: Path,
        now: Clock,
        urls: Callable[[], tuple[str, ...]],
        shut: Callable[[], tuple[tuple[int, str], ...]] = tuple,
    ) -> None:
        self._clock, self._urls, self._shut = now, urls, shut
        self.memory = addresses.Memory(folder)
        self._read = False
        self._windows = ("", -CACHED_S, "")  # addresses, when asked, what PowerShell said
        self._announcer = mdns.Announcer()
        self._announced: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # addresses, urls
        self._problem = ""
        self._found: dict[str, FoundDevice] = {}
        self._probes: deque[str] = deque(maxlen=64)
        self._searching = asyncio.Lock()
        self._announcing = asyncio.Lock()

    async def start(self) -> None:
        """Announce, where a person has chosen so before."""
        await self._remember([])
        if self.memory.announce:
            await self._announce(True)

    async def follow(self) -> None:
        """Announce anew where ports or addresses are others than those announced. Called now and then."""
        async with self._announcing:  # one that is under way just now has done it
            if self.memory.announce and self._announced != await self._to_announce():
                await self._announce_now()

    async def close(self) -> None:
        async with self._announcing:
            await self._announcer.stop()

    async def configure(self, announce: bool) -> None:
        """Announce or stop it, and remember the choice."""
        await self._remember([])
        self.memory.announce = announce
        await asyncio.to_thread(self.memory.save)
        await self._announce(announce)

    async def state(self) -> NetworkState:
        found = await self._cards()
        near = await neighbours.neighbours()
        per_card = {card.name: sum(one.interface == card.name for one in near) for card in found}
        if not any(one.interface for one in near):
            per_card = {}
        await self._remember(found)
        announced = self._announcer.announced
        return NetworkState(
            cards.host_name(),
            tuple(self._told(card, per_card.get(card.name)) for card in found),
            self.memory.announce,
            announced.host if announced else "",
            announced.urls if announced else (),
            self._problem,
        )

    async def check(self, address: str) -> list[Check]:
        """Everything at once; each with its own time limit."""
        found = await self._cards()
        await self._remember(found)
        chosen = [card for card in found if card.address == address] or found
        usable = {card.address for card in found if card.kind not in ("loopback", "vpn", "virtual")}
        listening, walls, right, name = await asyncio.gather(
            self._listening(chosen),
            firewall.check_firewall(sorted({urlsplit(url).port or 80 for url in self._urls()})),
            clock.check_clock(),
            names.check_name(usable),
        )
        outside = [card for card in chosen if card.kind != "loopback"] or found
        place = addresses.check_address(outside, self.memory, self._clock.now())
        return [listening, walls, place, right, name]

    async def found(self, search_s: float, connected: Mapping[str, str]) -> list[FoundDevice]:
        """`connected`: address -> id of the charger connected from there."""
        if search_s > 0:
            await self._search(min(search_s, MAX_SEARCH_S))
        devices = dict(self._found)
        for one in await neighbours.neighbours():
            mark = known().by_card(one.mac)
            have = devices.get(one.address)
            if have is not None:
                devices[one.address] = replace(have, mac=one.mac, maker=have.maker or (mark.maker if mark else ""))
            elif mark is not None:
                devices[one.address] = FoundDevice(
                    one.address, "neighbour", maker=mark.maker, mac=one.mac, certain=mark.certain
                )
        return [replace(one, charger_id=connected.get(one.address, "")) for one in mdns.merge(list(devices.values()))]

    def visitors(self, tell: Callable[[Attempt], None]) -> Callable[[Attempt], None]:
        """`tell` without our own looks at the charger port."""

        def told(attempt: Attempt) -> None:
            if attempt.address not in self._probes:
                tell(attempt)

        return told

    # -- helpers --------------------------------------------------------------------------------------------------

    async def _cards(self) -> list[Card]:
        found = await asyncio.to_thread(cards.addresses)
        if sys.platform == "win32":
            cards.add_windows(found, await self._powershell(found))
        elif sys.platform.startswith("linux"):
            await self._linux(found)
        for card in found:
            cards.warn(card)
        order = {"ethernet": 0, "wifi": 1, "mobile": 2, "other": 3}
        shown = [card for card in found if not (card.version == 6 and "self_given" in card.warnings)]
        return sorted(shown, key=lambda c: (order.get(c.kind, 9), "self_given" in c.warnings, c.version, c.name))

    async def _remember(self, found: list[Card]) -> None:
        """Note addresses; files are read and written beside the loop."""
        if not self._read:
            self._read = True
            await asyncio.to_thread(self.memory.read)
        if self.memory.see(found, self._clock.now()):
            await asyncio.to_thread(self.memory.save)

    async def _powershell(self, found: list[Card]) -> str:
        """PowerShell takes a second and much of a core: it is asked again only when addresses changed or after a while."""
        known, asked, told = self._windows
        here = " ".join(sorted(card.address for card in found))
        if here != known or time.monotonic() - asked > CACHED_S:
            told = (await shell.powershell(cards.WINDOWS_SCRIPT)).text
            self._windows = (here, time.monotonic(), told)
        return told

    async def _linux(self, found: list[Card]) -> None:
        shown, route, manager = await asyncio.gather(
            shell.ask("ip", "-j", "addr"),
            shell.ask("ip", "-j", "route"),
            shell.ask("nmcli", "-t", "-f", "GENERAL.DEVICE,GENERAL.CONNECTION,DHCP4", "dev", "show"),
        )
        given, gateways = cards.read_ip_addr(shown.text), cards.read_ip_route(route.text)
        managed = cards.read_nmcli(manager.text)
        leases = await asyncio.to_thread(_leases)
        for card in found:
            cards.add_linux(card)
            card.assigned, card.lease_s = given.get(card.address, ("", None))
            card.gateway = gateways.get(card.name, "") if card.version == 4 else ""
            lease, told = leases.get(card.address, {}), managed.get(card.name, {})
            card.network = told.get("connection", "")
            card.dhcp_server = told.get("dhcp_server_identifier", "") or lease.get("SERVER_ADDRESS", "")
            card.domain = told.get("domain_name", "") or lease.get("DOMAINNAME", "")

    def _told(self, card: Card, near: int | None) -> NetInterface:
        urls = tuple(url for url in (_for_address(url, card) for url in self._urls()) if url)
        warnings = tuple(card.warnings) + (() if urls else ("not_listening",))
        return NetInterface(
            name=card.name,
            kind=card.kind,
            address=card.address,
            prefix=card.prefix,
            version=card.version,
            up=card.up,
            label=card.label,
            network=card.network,
            mac=card.mac,
            speed_mbit=card.speed_mbit,
            assigned=card.assigned,
            gateway=card.gateway,
            dhcp_server=card.dhcp_server,
            lease_s=card.lease_s,
            domain=card.domain,
            since=self.memory.first_seen(card),
            neighbours=near,
            urls=urls,
            warnings=warnings,
        )

    async def _listening(self, chosen: list[Card]) -> Check:
        """A real connection to each own address the listener should answer on."""
        for number, reason in self._shut():
            return Check("listening", "bad", "not_open", {"port": str(number), "reason": reason})
        tried: list[str] = []
        outside = False
        for url in self._urls():
            port = urlsplit(url).port or 80
            places = [card for card in chosen if _for_address(url, card)]
            outside = outside or any(card.kind != "loopback" for card in places)
            for card in places:
                if not await ports.answers(card.address, port, self._probes.append):
                    program, pid = await ports.holder(port, sys.platform == "win32")
                    detail = {"address": card.address, "port": str(port), "program": program, "pid": str(pid or "")}
                    return Check("listening", "bad", "not_answering", detail)
                tried.append(f"{card.address}:{port}")
        opened = ", ".join(sorted({str(urlsplit(url).port or 80) for url in self._urls()}))
        detail = {"port": opened, "addresses": ", ".join(tried)}
        if not tried:
            return Check("listening", "bad", "not_listening_here", detail)
        if not outside:
            return Check("listening", "bad", "loopback_only", detail)
        return Check("listening", "ok", "answers", detail)

    async def _mdns_addresses(self) -> list[str]:
        """Where mDNS may speak: addresses that chargers can reach; loopback only when the listener is only there."""
        found = [c for c in await self._cards() if c.version == 4 and any(_for_address(u, c) for u in self._urls())]
        outside = [c.address for c in found if c.kind not in ("loopback", "vpn", "virtual") and c.up]
        return outside or [c.address for c in found if c.kind == "loopback"]

    async def _to_announce(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return tuple(await self._mdns_addresses()), tuple(self._urls())

    async def _announce(self, on: bool) -> None:
        async with self._announcing:
            if on:
                await self._announce_now()
                return
            self._problem = ""
            await self._announcer.stop()

    async def _announce_now(self) -> None:
        self._problem = ""
        try:
            wanted = await self._to_announce()
            await self._announcer.start(*wanted, cards.host_name(), __version__)
            self._announced = wanted
        except OSError as error:
            self._problem = f"The name cannot be announced: {error}."
            log.info("%s", self._problem)

    async def _search(self, seconds: float) -> None:
        async with self._searching:
            try:
                devices = await mdns.browse(await self._mdns_addresses(), seconds, self._clock.now())
            except OSError as error:
                log.info("no mDNS: %s", error)
                return
            self._found.update({one.address: one for one in devices})


def _for_address(url: str, card: Card) -> str:
    """The listener's URL as a charger at this address's network types it; "" where the port does not listen there."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    with suppress(ValueError):
        here, there = ipaddress.ip_address(card.address), ipaddress.ip_address(host)
        if here != there and not (there.is_unspecified and there.version == here.version):
            return ""
    shown = f"[{card.address}]" if card.version == 6 else card.address
    return f"{parts.scheme}://{shown}:{parts.port or 80}{parts.path or '/'}"


def _leases() -> dict[str, dict[str, str]]:
    """Leases of systemd-networkd by address."""
    found = {}
    with suppress(OSError):
        for file in LEASES.iterdir():
            lease = cards.read_lease(file.read_text(errors="replace"))
            found[lease.get("ADDRESS", "")] = lease
    return found
