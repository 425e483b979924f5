"""FTP and FTPS sessions of chargers: one user per offered address, who sees nothing but what it is for.

On top of pyftpdlib, whose server speaks for any disk and any user; here is neither. Runs in the FTP thread.
"""

import errno
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.exceptions import AuthenticationFailed
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.handlers.ftp.dispatchers import ActiveDTP
from pyftpdlib.servers import FTPServer
from pyftpdlib.utils import is_ssl_sock

from evdesk.engine.files.addresses import Addresses, user_of
from evdesk.engine.files.ftp_data import IDLE_S, Data, TlsData
from evdesk.engine.files.ftp_files import OneFileSystem
from evdesk.engine.files.inbox import Inbox
from evdesk.engine.files.ledger import Ledger
from evdesk.engine.files.slots import Seen, Slot

GREET_S = 0.5
LOGIN_S = 20.0
"""Who has not said by then what it is for goes, so that those who only knock keep no place for long."""
_HELLO = b"\x16"  # the first byte of a TLS handshake (RFC 8446, 5.1)
_COMMANDS = re.compile(
    "ABOR|ALLO|APPE|CDUP|CWD|EPRT|EPSV|FEAT|HELP|LIST|MDTM|MKD|MLSD|MLST|MODE|NLST|NOOP|OPTS|PASS|PASV|PORT|PWD|QUIT|REIN|"
    "REST|RETR|SIZE|STAT|STOR|STOU|STRU|SYST|TYPE|USER|XCUP|XCWD|XMKD|XPWD|AUTH|PBSZ|PROT"
)


TIRED_S = 0.5
_AT_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, 10055})  # the last is Windows' ENOBUFS


@dataclass(slots=True)
class Hall:
    """What the sessions of one port share. `post(function, ...)` hands a call to the event loop, `act(function)` one to the
    FTP thread. `waits`: somebody was told an address that begins with ftps, and may begin with TLS at once."""

    address: str
    addresses: Addresses[Slot]
    inbox: Inbox
    ledger: Ledger
    post: Callable[..., None]
    act: Callable[[Callable[[], None]], None]
    guessed: Callable[[str], None]
    waits: bool = False


class Doorkeeper(DummyAuthorizer):
    """Whoever knows the secret of an address is its user. What that user may do the file system says."""

    def validate_authentication(self, username: str, password: str, handler: "Session") -> None:
        slot = handler.hall.addresses.find(password)
        here = slot is not None and not slot.gone and slot.offer.address == handler.hall.address
        if slot is None or not here or slot.offer.scheme not in ("ftp", "ftps") or username != user_of(password):
            handler.hall.post(handler.hall.guessed, handler.remote_ip)
            raise AuthenticationFailed("Authentication failed.")
        if slot.offer.scheme == "ftps" and not is_ssl_sock(handler.socket):
            raise AuthenticationFailed("Use TLS first.")
        handler.slot = slot

    def has_user(self, username: str) -> bool:
        return True

    def get_home_dir(self, username: str) -> str:
        return "/"

    def has_perm(self, username: str, perm: str, path: str | None = None) -> bool:
        return True

    def get_perms(self, username: str) -> str:
        return "elrwa"

    def get_msg_login(self, username: str) -> str:
        return "Welcome."

    def get_msg_quit(self, username: str) -> str:
        return "Goodbye."


class Active(ActiveDTP):
    """Connects to where PORT or EPRT says (RFC 959, 4.1.2)."""

    def handle_connect(self) -> None:
        """The data connection has the socket from here on. The library would close it here too when the session ends, by a
        number that belongs to somebody else by then, whom the loop would never hear again."""
        super().handle_connect()
        self._closed = True


class Session(FTPHandler):
    """One control connection. `slot` is what its user is for, once it is known."""

    hall: Hall
    banner = "evdesk"
    timeout = IDLE_S
    authorizer = Doorkeeper()
    abstracted_fs = OneFileSystem
    active_dtp = Active
    dtp_handler = Data
    proto_cmds = {name: what for name, what in FTPHandler.proto_cmds.items() if _COMMANDS.fullmatch(name)}
    slot: Slot | None = None
    _announced: int | None = None
    _knocks: Any = None

    def handle(self) -> None:
        super().handle()
        if not self._closed:
            self._knocks = self.call_later(LOGIN_S, self.handle_timeout)

    def on_login(self, username: str) -> None:
        self._knows()

    def close(self) -> None:
        self._knows()
        super().close()

    def _knows(self) -> None:
        if self._knocks is not None and not self._knocks.cancelled:
            self._knocks.cancel()
        self._knocks = None

    @property
    def _current_type(self) -> str:
        """Always as it is: most chargers never say TYPE, and a firmware with line ends mended is a broken one."""
        return "i"

    @_current_type.setter
    def _current_type(self, _value: str) -> None: ...

    def ftp_ALLO(self, line: str) -> None:
        """Some say here how long the file is: the only way FTP has to tell a whole one."""
        first = line.split(maxsplit=1)[0]
        self._announced = int(first) if first.isdecimal() and len(first) < 20 else None
        super().ftp_ALLO(line)

    def take_announced(self) -> int | None:
        announced, self._announced = self._announced, None
        return announced

    def say(self, what: Seen, text: str, tone: str = "", **more: Any) -> None:
        self.hall.post(_say, self.hall.ledger, self.slot, what, text, tone, self.remote_ip, more)

    def stop(self) -> None:
        """From any thread: end this session and what it transfers."""
        self.hall.act(self.abandon)

    def abandon(self) -> None:
        if not self._closed:
            if self.data_channel is not None:
                self.data_channel.abandon()
            self._error = True
            self.close()


class TlsSession(Session, TLS_FTPHandler):
    """TLS on demand (AUTH, RFC 4217), or from the first byte: clients differ in what they take ftps:// for, so where
    somebody was told such an address the greeting waits a moment to see who speaks first."""

    dtp_handler = TlsData
    proto_cmds = {name: what for name, what in TLS_FTPHandler.proto_cmds.items() if _COMMANDS.fullmatch(name)}
    _greeting: Any = None
    _at_once = False

    def handle(self) -> None:
        if self.hall.waits:
            self._greeting = self.call_later(GREET_S, self._greet)
        else:
            super().handle()

    def handle_read_event(self) -> None:
        if self._greeting is not None:
            self._first_bytes()
        super().handle_read_event()

    def _first_bytes(self) -> None:
        try:
            first = self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            first = b""
        if first == _HELLO:
            self._greeting.cancel()
            self._greeting, self._at_once = None, True
            self.secure_connection(self.ssl_context)
        else:
            self._greet()

    def _greet(self) -> None:
        if self._greeting is not None and not self._greeting.cancelled:
            self._greeting.cancel()
        self._greeting = None
        super().handle()

    def handle_ssl_established(self) -> None:
        super().handle_ssl_established()
        if self._at_once:
            self._at_once = False
            self._pbsz = self._prot = True  # so it is where TLS comes first
            self._greet()


def _say(ledger: Ledger, slot: Slot, what: Seen, text: str, tone: str, address: str, more: dict[str, Any]) -> None:
    ledger.say(slot, what, text, tone, address, **more)


class Server(FTPServer):
    """The library's closes its port for good when one connection cannot be taken: who was reset on the way in (Windows says
    so), or comes while there are no descriptors left, must not keep out the others."""

    _resting: Any = None

    def handle_accept(self) -> None:
        try:
            super().handle_accept()
        except OSError as error:
            if error.errno in _AT_LIMITS:
                self.del_channel()
                self._resting = self.ioloop.call_later(TIRED_S, self.add_channel)

    def close(self) -> None:
        if self._resting is not None and not self._resting.cancelled:
            self._resting.cancel()
        super().close()
