"""evdesk's own small CA: made on first need, its server certificate renewed by itself, its root replaceable.

What is public lies with the settings in the database; every private key is one of the secrets.
"""

import asyncio
import ipaddress
import json
import logging
import re
import secrets as random
from dataclasses import asdict, replace
from typing import Any

import msgspec

from evdesk.drivers.tls_server import Chain, Credentials, certificate_names
from evdesk.engine.network import cards
from evdesk.engine.network.mdns import host_label
from evdesk.engine.security import pki
from evdesk.engine.security.pki import Pair
from evdesk.engine.security.roots import Kept, is_ca
from evdesk.engine.security.secrets import Secrets
from evdesk.engine.store import Store
from evdesk.model import Clock, EvdeskError, Reason
from evdesk.wire.security import CaInfo

log = logging.getLogger("evdesk.security")
META = "ca"
KINDS = ("ec", "rsa")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class Authority:
    """`credentials` is None until there is a root. Everything that makes keys or touches the disk is awaited."""

    def __init__(self, store: Store, secrets: Secrets, clock: Clock) -> None:
        self._store, self._secrets, self._clock = store, secrets, clock
        self.kept = Kept()
        self._unreadable = ""
        self._lock = asyncio.Lock()

    async def restore(self) -> None:
        text = await self._store.load_meta(META)
        if text:
            try:
                self.kept = msgspec.json.decode(text, type=Kept)
            except msgspec.DecodeError as error:
                self._unreadable = (
                    f"evdesk's certificates cannot be read ({error}): chargers cannot connect by TLS. Nothing is written "
                    "over them; put back a copy of the database and start again."
                )
                log.error("%s", self._unreadable)

    @property
    def exists(self) -> bool:
        return bool(self.kept.current) and self._key(self.kept.current) is not None

    @property
    def credentials(self) -> Credentials | None:
        chains = tuple(chain for kind in KINDS if (chain := self._chain(kind)) is not None)
        return Credentials(chains, "\n".join(self.kept.trusted())) if chains and self.exists else None

    async def ensure(self) -> None:
        """A root and server certificates that are good for this computer as it is now. True work only where needed."""
        async with self._lock:
            if not self.exists:
                await self._new_root()
            await self._renew()

    async def renew_if_due(self) -> bool:
        """Addresses change and certificates end; True where the server certificate is another one now."""
        async with self._lock:
            return self.exists and await self._renew()

    async def rotate(self) -> None:
        """A new root. The old one stays trusted for client certificates, and the new one is shown signed by the old."""
        async with self._lock:
            if not self.exists:
                raise EvdeskError(Reason.INVALID, "There is no root yet. Create evdesk's certificate first.")
            await self._new_root()

    async def put_names(self, names: list[str]) -> None:
        wanted = sorted({_clean_name(name) for name in names})
        async with self._lock:
            await self._change(extra_names=wanted)
            if self.exists:
                await self._renew()

    async def import_root(self, pem: str) -> str:
        certificate = pki.parse(pem)
        if not is_ca(certificate):
            raise EvdeskError(Reason.INVALID, "This certificate is not a root: it may not sign others.")
        async with self._lock:
            if pki.fingerprint(certificate) not in {pki.fingerprint(pki.parse(p)) for p in self.kept.trusted()}:
                await self._change(imported=[*self.kept.imported, pki.to_pem(certificate)])
        return pki.fingerprint(certificate)

    async def remove_root(self, fingerprint: str) -> None:
        async with self._lock:
            imported, previous = (
                [pem for pem in roots if pki.fingerprint(pki.parse(pem)) != fingerprint]
                for roots in (self.kept.imported, self.kept.previous)
            )
            if (imported, previous) != (self.kept.imported, self.kept.previous):
                cross = self.kept.cross if previous else ""
                await self._change(imported=imported, previous=previous, cross=cross)
                return
        raise EvdeskError(Reason.INVALID, "There is no previous or imported root with this fingerprint.")

    def sign(self, request: pki.Request) -> tuple[str, str]:
        """(certificate, chain to send) for a checked request. Blocking, milliseconds."""
        root = self._root()
        certificate = pki.to_pem(pki.sign_request(root, request, self._clock.now()))
        return certificate, certificate + self.kept.current

    def info(self, issued: int, expiring: int) -> CaInfo:
        kept, where = self.kept, "locked" if self._secrets.locked else self._secrets.where
        if not self.exists:
            return CaInfo(False, extra_names=kept.extra_names, issued=issued, keeps_secrets=where)
        roots, until = kept.roots(), kept.server_until()
        qr = f"evdesk-root:sha256:{roots[0].fingerprint}"
        names, more = kept.server_names(), kept.extra_names
        return CaInfo(True, roots, kept.current, qr, names, more, until, kept.crossover(), issued, expiring, where)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _chain(self, kind: str) -> Chain | None:
        certificate = self.kept.server.get(kind)
        key = self._key(certificate) if certificate else None
        return Chain(certificate + self.kept.cross, key) if certificate and key else None

    def _key(self, pem: str) -> str | None:
        """Keys go by their certificate, so that a crash in the middle of a change leaves matching pairs."""
        return self._secrets.get(_key_name(pem))

    def _root(self) -> Pair:
        return Pair(self.kept.current, self._key(self.kept.current) or "")

    async def _new_root(self) -> None:
        if self._unreadable:
            raise EvdeskError(Reason.STORAGE, self._unreadable)
        mark = random.token_hex(2).upper()
        new = await asyncio.to_thread(pki.make_root, f"evdesk root {cards.host_name()[:40]} {mark}", self._clock.now())
        kept, cross = self.kept, ""
        if self.exists:
            cross = await asyncio.to_thread(pki.cross_sign, new, self._root())
        await asyncio.to_thread(self._secrets.put, _key_name(new.certificate), new.key)
        now = self._clock.now()
        before = [kept.current, *kept.previous] if kept.current else kept.previous
        previous = [pem for pem in before if pki.parse(pem).not_valid_after_utc.timestamp() > now]
        server = await self._servers(new, await asyncio.to_thread(own_names))
        await self._put(replace(kept, current=new.certificate, cross=cross, previous=previous, server=server))

    async def _renew(self) -> bool:
        wanted = await asyncio.to_thread(own_names) | set(self.kept.extra_names)
        now = self._clock.now()
        if all(self._chain(kind) is not None and _serves(self.kept.server[kind], wanted, now) for kind in KINDS):
            return False
        await self._put(replace(self.kept, server=await self._servers(self._root(), wanted)))
        return True

    async def _servers(self, root: Pair, names: set[str]) -> dict[str, str]:
        """New server certificates by kind of key; their keys are kept already."""
        names |= set(self.kept.extra_names)
        host, keys, servers = cards.host_name() or "evdesk", {}, {}
        for kind in KINDS:
            made = await asyncio.to_thread(pki.make_server, root, sorted(names), host, self._clock.now(), kind)
            servers[kind] = made.certificate
            keys[_key_name(made.certificate)] = made.key
        await asyncio.to_thread(self._secrets.change, keys)
        return servers

    async def _put(self, kept: Kept) -> None:
        """On the disk first, then in force; keys nobody needs any more go last."""
        await self._store.save_meta(META, json.dumps(asdict(kept)))
        self.kept = kept
        used = {_key_name(pem) for pem in (self.kept.current, *self.kept.server.values()) if pem}
        gone = [name for name in self._secrets.names() if name.startswith("ca/") and name not in used]
        await asyncio.to_thread(self._secrets.drop, *gone)

    async def _change(self, **what: Any) -> None:
        if self._unreadable:
            raise EvdeskError(Reason.STORAGE, self._unreadable)
        await self._put(replace(self.kept, **what))


def own_names() -> set[str]:
    """Every name and address a charger may reach this computer by. Blocking, milliseconds."""
    host = cards.host_name().lower()
    names = {"localhost", "127.0.0.1", "::1"}
    if _HOST.fullmatch(host):
        names.add(host)
        names.add(f"{host.partition('.')[0]}.local")
    names.add(f"{host_label(host)}.local")  # what evdesk announces, where a person wants it
    for card in cards.addresses():
        address = ipaddress.ip_address(card.address)
        if not (address.version == 6 and address.is_link_local):
            names.add(str(address))
    return names


def _serves(pem: str, wanted: set[str], now: float) -> bool:
    """Whether a server certificate is good for these names, and for a while yet."""
    certificate = pki.parse(pem)
    left = certificate.not_valid_after_utc.timestamp() - now
    return left > pki.RENEW_DAYS * 86400 and wanted <= certificate_names(certificate)


def _key_name(pem: str) -> str:
    return f"ca/{pki.fingerprint(pki.parse(pem))[:32]}"


def _clean_name(name: str) -> str:
    plain = name.strip().strip("[]").lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        pass
    if not _HOST.fullmatch(plain):
        raise EvdeskError(Reason.INVALID, f"“{name[:80]}” is neither a host name nor an address.")
    return plain
