"""TLS for files: evdesk's own certificate, the newest one also on ports that are open already."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace

from evdesk.drivers.tls_server import Credentials, server_context
from evdesk.model import EvdeskError, Reason


class ServerTls:
    """Made when the first address with TLS is offered. Certificates end and addresses change: `newest` looks, and from
    then on every handshake gets the new one."""

    def __init__(self, credentials: Callable[[], Credentials | None]) -> None:
        self._credentials = credentials
        self._of: Credentials | None = None
        self._now: ssl.SSLContext | None = None
        self._door: ssl.SSLContext | None = None

    def current(self) -> Credentials:
        """Without roots for client certificates: for a file none is asked for. Raises `EvdeskError(INVALID)`."""
        credentials = self._credentials()
        if credentials is None:
            raise EvdeskError(
                Reason.INVALID, "evdesk has no certificate yet. Create it first, or offer files without TLS."
            )
        return replace(credentials, client_roots="")

    async def newest(self) -> ssl.SSLContext:
        """The context for a port; it hands every handshake on to the newest certificate."""
        wanted = self.current()
        if self._now is None or self._of != wanted:
            self._now, self._of = await asyncio.to_thread(server_context, wanted), wanted
        if self._door is None:
            self._door = self._now
            self._door.sni_callback = self._hand_on
        return self._door

    def _hand_on(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Called for each handshake, with a name or without."""
        if self._now is not None:
            connection.context = self._now
