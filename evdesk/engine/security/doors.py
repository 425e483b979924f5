"""Which ports are open for chargers: the command line's, and those a person opened, which come back after a start."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict

import msgspec

from evdesk.drivers.charger_ports import Port
from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.drivers.tls_server import TlsServer
from evdesk.engine.security.authority import Authority
from evdesk.engine.store import Store
from evdesk.model import EvdeskError, Reason
from evdesk.wire.security import PortSpec, PortState

log = logging.getLogger("evdesk.security")
META, META_BOTH = "ports", "ports.both"
MOST = 16


class Doors:
    """`_opened`: what was wanted -> what is open. `_shut`: what was wanted and cannot be had now -> why; it is tried again
    (`retry`) and kept until a person drops it. `needed`: ports that must not be shut now -> the charger that needs it."""

    def __init__(self, listener: OcppListener, authority: Authority, store: Store) -> None:
        self.needed: Callable[[], dict[int, str]] = dict
        self._listener, self._authority, self._store = listener, authority, store
        self._fixed: dict[PortSpec, Port] = {}
        self._opened: dict[PortSpec, Port] = {}
        self._shut: dict[PortSpec, str] = {}
        self._from_command: set[PortSpec] = set()
        self._lock = asyncio.Lock()

    @property
    def urls(self) -> tuple[str, ...]:
        """As bound, plain before TLS."""
        return tuple(url_of(port) for port in (*self._fixed.values(), *self._opened.values()))

    @property
    def shut(self) -> tuple[tuple[int, str], ...]:
        """Ports that are wanted and cannot be opened now: number and reason."""
        return tuple((spec.port, why) for spec, why in self._shut.items())

    def tls_port(self) -> int:
        return self._listener.ports.number(True)

    async def start(self, plain: tuple[str, int], tls: tuple[tuple[str, int], ...]) -> None:
        """The command line's ports must open; those a person added are told where they cannot."""
        text = await self._store.load_meta(META_BOTH)
        both = {int(number) for number in json.loads(text)} if text else set()
        if both and self._authority.exists:
            await self._authority.ensure()
            await self.refresh_tls()
            self._listener.ports.both = both
        host, port = await self._listener.start()
        self._fixed[PortSpec(*plain)] = Port(host, port)
        for each in tls:
            spec = PortSpec(*each, tls=True)
            try:
                self._fixed[spec] = await self._open(spec)
            except EvdeskError as error:
                if error.reason is not Reason.STORAGE:
                    raise
                # A locked keyring must not keep the fuse unguarded: the plain port and the balancer go on.
                log.error("No TLS on port %d: %s", spec.port, error.sentence)
                self._shut[spec] = error.sentence
                self._from_command.add(spec)
        for spec in await self._saved():
            if not self._is_fixed(spec) and spec not in self._shut:
                await self._try(spec)

    async def retry(self) -> None:
        """Once more, what could not be opened: the other program may have ended, the address may be back."""
        async with self._lock:
            for spec in list(self._shut):
                await self._try(spec)

    async def _try(self, spec: PortSpec) -> None:
        try:
            port = await self._open(spec)
        except EvdeskError as error:
            if self._shut.get(spec) != error.sentence:
                log.error("%s", error.sentence)
            self._shut[spec] = error.sentence
            return
        (self._fixed if spec in self._from_command else self._opened)[spec] = port
        if self._shut.pop(spec, None) is not None:
            log.info("chargers can dial %s now", url_of(port))

    async def put(self, wanted: list[PortSpec]) -> None:
        """New ones first; where one cannot be had, nothing changes. What could not be opened before may stay so."""
        for spec in wanted:
            if not 0 <= spec.port <= 65535:
                raise EvdeskError(Reason.INVALID, "A port is a number from 0 to 65535.")
        wanted = [spec for spec in dict.fromkeys(wanted) if not self._is_fixed(spec)]
        if len(wanted) > MOST:
            raise EvdeskError(Reason.INVALID, f"At most {MOST} ports can be open.")
        async with self._lock:
            keep = {self._known(spec) for spec in wanted}
            gone = [spec for spec in self._opened if spec not in keep]
            self._refuse_needed(gone)
            new: dict[PortSpec, Port] = {}
            try:
                for spec in wanted:
                    if self._known(spec) is None and spec not in self._shut:
                        new[spec] = await self._open(spec)
            except EvdeskError:
                for port in new.values():
                    self._listener.ports.shut(port)
                raise
            for spec in gone:
                self._listener.ports.shut(self._opened.pop(spec))
            self._opened.update(new)
            for spec in [spec for spec in self._shut if spec not in wanted and spec not in self._from_command]:
                del self._shut[spec]
            for spec in list(self._shut):
                await self._try(spec)
            # A free port that was chosen is kept: the chargers have its number by then.
            specs = [PortSpec(spec.host, port.port, spec.tls) for spec, port in self._opened.items()]
            specs += [spec for spec in self._shut if spec not in self._from_command]
            await self._store.save_meta(META, json.dumps([asdict(spec) for spec in specs]))

    def _refuse_needed(self, gone: list[PortSpec]) -> None:
        needed = self.needed()
        for spec in gone:
            number = self._opened[spec].port
            if number in needed:
                text = f"Port {number} stays open: {needed[number]} is changing its profile and may come on it."
                raise EvdeskError(Reason.INVALID, text)

    def states(self) -> list[PortState]:
        count: dict[int, int] = {}
        for station in self._listener.stations.values():
            number = station.link.peer.port
            count[number] = count.get(number, 0) + 1
        opened = [
            PortState(
                port.host, port.port, port.tls, url_of(port), count.get(port.port, 0), fixed, self.takes_both(port.port)
            )
            for ports, fixed in ((self._fixed, True), (self._opened, False))
            for port in ports.values()
        ]
        shut = [
            PortState(
                spec.host,
                spec.port,
                spec.tls,
                url_of(Port(spec.host, spec.port, spec.tls)),
                fixed=spec in self._from_command,
                open=False,
                reason=why,
            )
            for spec, why in self._shut.items()
        ]
        return opened + shut

    def is_open(self, number: int) -> bool:
        return any(port.port == number for port in (*self._fixed.values(), *self._opened.values()))

    def takes_both(self, number: int) -> bool:
        return number in self._listener.ports.both

    async def take_both(self, number: int) -> None:
        """From now on TLS is taken on this plain port too: it only adds safety, and an OCPP 1.6 charger that raises its
        profile may keep its address, port and all."""
        await self._authority.ensure()
        await self.refresh_tls()
        self._listener.ports.both.add(number)
        await self._store.save_meta(META_BOTH, json.dumps(sorted(self._listener.ports.both)))

    async def refresh_tls(self) -> None:
        """The certificates have changed: new connections get the new ones."""
        credentials = self._authority.credentials
        if credentials is None:
            return
        ports = self._listener.ports
        if ports.tls is None:
            ports.tls = await asyncio.to_thread(TlsServer, credentials)
        else:
            await asyncio.to_thread(ports.tls.replace, credentials)

    async def _open(self, spec: PortSpec) -> Port:
        if spec.tls:
            await self._authority.ensure()
            await self.refresh_tls()
        return await self._listener.ports.open(Port(spec.host, spec.port, spec.tls))

    def _is_fixed(self, spec: PortSpec) -> bool:
        return any((port.port, port.tls) == (spec.port, spec.tls) for port in self._fixed.values())

    def _known(self, spec: PortSpec) -> PortSpec | None:
        """The open one that is meant: by what was wanted, or by the number that was chosen."""
        for have, port in self._opened.items():
            if have == spec or (
                spec.tls == port.tls and spec.port == port.port and spec.host in (have.host, port.host)
            ):
                return have
        return None

    async def _saved(self) -> list[PortSpec]:
        text = await self._store.load_meta(META)
        try:
            return msgspec.json.decode(text, type=list[PortSpec]) if text else []
        except msgspec.DecodeError as error:
            log.error("The ports for chargers cannot be read (%s): open them again.", error)
            return []


def url_of(port: Port) -> str:
    host = f"[{port.host}]" if ":" in port.host else port.host
    return f"{'wss' if port.tls else 'ws'}://{host}:{port.port}/"
