"""Which ports are open for chargers: the command line's, and those a person opened, which come back after a start."""

import asyncio
import json
import logging
from dataclasses import asdict

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
    """`opened`: what was wanted -> what is open."""

    def __init__(self, listener: OcppListener, authority: Authority, store: Store) -> None:
        self._listener, self._authority, self._store = listener, authority, store
        self._fixed: dict[PortSpec, Port] = {}
        self._opened: dict[PortSpec, Port] = {}
        self._lock = asyncio.Lock()

    @property
    def urls(self) -> tuple[str, ...]:
        """As bound, plain before TLS."""
        return tuple(url_of(port) for port in (*self._fixed.values(), *self._opened.values()))

    def tls_url(self) -> str:
        return next((url for url in self.urls if url.startswith("wss:")), "")

    def tls_port(self) -> int:
        return self._listener.ports.number(True)

    async def start(self, plain: tuple[str, int], tls: tuple[tuple[str, int], ...]) -> None:
        """The command line's ports must open; those a person added are told where they cannot."""
        text = await self._store.load_meta(META_BOTH)
        both = set(json.loads(text)) if text else set()
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
        for spec in await self._saved():
            try:
                if spec not in self._fixed:
                    self._opened[spec] = await self._open(spec)
            except EvdeskError as error:
                log.error("%s", error.sentence)

    async def put(self, wanted: list[PortSpec]) -> None:
        """New ones first; where one cannot be had, nothing changes."""
        for spec in wanted:
            if not 0 <= spec.port <= 65535:
                raise EvdeskError(Reason.INVALID, "A port is a number from 0 to 65535.")
        wanted = [spec for spec in dict.fromkeys(wanted) if not self._is_fixed(spec)]
        if len(wanted) > MOST:
            raise EvdeskError(Reason.INVALID, f"At most {MOST} ports can be open.")
        async with self._lock:
            new: dict[PortSpec, Port] = {}
            try:
                for spec in wanted:
                    if self._known(spec) is None:
                        new[spec] = await self._open(spec)
            except EvdeskError:
                for port in new.values():
                    self._listener.ports.shut(port)
                raise
            keep = {self._known(spec) for spec in wanted}
            for spec in list(self._opened):
                if spec not in keep:
                    self._listener.ports.shut(self._opened.pop(spec))
            self._opened.update(new)
            # A free port that was chosen is kept: the chargers have its number by then.
            specs = [PortSpec(spec.host, port.port, spec.tls) for spec, port in self._opened.items()]
            await self._store.save_meta(META, json.dumps([asdict(spec) for spec in specs]))

    def states(self) -> list[PortState]:
        count: dict[int, int] = {}
        for station in self._listener.stations.values():
            number = station.link.peer.port
            count[number] = count.get(number, 0) + 1
        return [
            PortState(
                port.host, port.port, port.tls, url_of(port), count.get(port.port, 0), fixed, self.takes_both(port.port)
            )
            for ports, fixed in ((self._fixed, True), (self._opened, False))
            for port in ports.values()
        ]

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
        return [PortSpec(**each) for each in json.loads(text)] if text else []


def url_of(port: Port) -> str:
    host = f"[{port.host}]" if ":" in port.host else port.host
    return f"{'wss' if port.tls else 'ws'}://{host}:{port.port}/"
