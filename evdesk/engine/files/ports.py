"""Which ports files are served on: the same again after a restart, so that one firewall rule lasts."""

import errno
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from evdesk.model import EvdeskError, Reason
from evdesk.model.files import write_whole

log = logging.getLogger("evdesk.files")
FIRST = 9180
OFFSETS = {"http": 0, "https": 1, "ftp": 2}
PASSIVE_FROM, PASSIVE = 1, 8  # behind the FTP port
_STEP, _TRIES = 20, 5
_TAKEN = (errno.EADDRINUSE, errno.EACCES)
"""Windows refuses ports in another way where a program keeps them to itself, or the system has set a range aside."""


class Ports:
    """`fixed`: the first of the eleven, where a person chose it; 0: those of last time, or free ones near 9180."""

    def __init__(self, path: Path, fixed: int = 0) -> None:
        self._path, self._fixed = path, fixed
        self._last = _read(path)

    async def open(self, kind: str, address: str, bind: Callable[[int], Awaitable[int]]) -> int:
        """The port that `bind` could have. Raises `EvdeskError` in words where none can be had."""
        for port in self._candidates(kind):
            try:
                number = await bind(port)
            except OSError as error:
                if error.errno in _TAKEN and not self._fixed and port:
                    continue
                raise self._why(address, port, error) from error
            self._remember(kind, number)
            return number
        raise EvdeskError(Reason.UNREACHABLE, f"There is no free port on {address}.")

    def _candidates(self, kind: str) -> list[int]:
        offset = OFFSETS[kind]
        if self._fixed:
            return [self._fixed + offset]
        near = [FIRST + offset + _STEP * step for step in range(_TRIES)]
        return [*dict.fromkeys(port for port in (self._last.get(kind, 0), *near) if port), 0]

    def _remember(self, kind: str, port: int) -> None:
        if self._last.get(kind) == port:
            return
        self._last[kind] = port
        try:
            write_whole(self._path, json.dumps(self._last).encode())
        except OSError as error:  # it works all the same, till the next start
            log.warning("The ports files are served on cannot be remembered: %s", error)

    def _why(self, address: str, port: int, error: OSError) -> EvdeskError:
        if error.errno == errno.EADDRNOTAVAIL:
            text = f"{address} is not an address of this computer any more. Connect it to the chargers' network again."
        elif error.errno == errno.EADDRINUSE:
            text = f"Port {port} on {address} is taken by another program. End it, or choose others with --files-port."
        elif error.errno == errno.EACCES:
            text = f"This system does not give away port {port}. Choose others with --files-port, above 1023."
        else:
            text = f"Port {port} on {address} cannot be opened: {error.strerror or error}."
        return EvdeskError(Reason.UNREACHABLE, text)


def passive_ports(ftp_port: int) -> range:
    """Where FTP data connections come in."""
    first = min(ftp_port + PASSIVE_FROM, 65536 - PASSIVE)
    return range(first, first + PASSIVE)


def _read(path: Path) -> dict[str, int]:
    try:
        raw = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("The ports files were served on cannot be read: %s", error)
        return {}
    plain = raw if isinstance(raw, dict) else {}
    return {kind: port for kind, port in plain.items() if kind in OFFSETS and _is_port(port)}


def _is_port(port: object) -> bool:
    return isinstance(port, int) and 0 < port < 65536
