"""How much of the event loop, and how much patience, one connection gets. All constants of that kind stand here."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

TURN_S = 0.004
"""A connection is read for so long at a stretch: sixteen that flood at once delay all others by 64 ms a round. About 60
ordinary messages; a charger that waits for its answers, as OCPP demands, never has more than one on its way."""
REST = 3.0
"""After a longer stretch it rests three times as long as it took: a quarter of the loop is the most one can have."""
REST_MAX_S = 0.5
FLOOD_TURNS = 25
"""So many stretches without a pause between them (some 1,500 messages) are a flood, and told as a finding. The offline
queue of a charger that was away for a week, sent without waiting, stays below that."""
MESSAGE_S = 120.0
"""From the first byte of a message to its last: 1 MiB at 9 kB/s. One that takes longer is not meant to end."""
_PAUSE_S = 2.0
_IDLE_S, _EVERY_S, _TRIES = 60, 15, 4

_now = time.perf_counter


class Pace:
    """One connection's. The peer calls `begin` and `end` around each stretch of reading, and `again` reads on; `told(rule,
    sentence)` and `cut(cause)` are its way to tell and to end."""

    def __init__(
        self, again: Callable[[], None], told: Callable[[str, str], None], cut: Callable[[str], None], message_s: float
    ) -> None:
        self.resting = False
        self._again, self._told, self._cut = again, told, cut
        self._message_s = message_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._held = False
        self._began = 0.0
        self._row = 0  # stretches that had to be broken off, without a pause between them
        self._last_at = 0.0
        self._flooded = False
        self._rest: asyncio.TimerHandle | None = None
        self._begun_at = 0.0  # the message that is not finished
        self._patience: asyncio.TimerHandle | None = None

    def use(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def close(self) -> None:
        for timer in (self._rest, self._patience):
            if timer is not None:
                timer.cancel()
        self._transport = self._rest = self._patience = None

    def hold(self, held: bool) -> None:
        """The owner wants to hear nothing for a while, or to hear again."""
        self._held = held
        self._steer()

    def begin(self) -> None:
        self._began = _now()

    def spent(self) -> bool:
        return _now() - self._began > TURN_S

    def end(self, unfinished: bool, moved: bool) -> None:
        """`unfinished`: a message is begun and not ended; `moved`: others were read before it in this stretch."""
        used = _now() - self._began
        if used > TURN_S:
            if unfinished:  # more has come already
                self._count()
            self._pause(min(REST * used, REST_MAX_S))
        if not unfinished:
            self._begun_at = 0.0
        elif moved or not self._begun_at:
            self._begun_at = self._loop.time()
            if self._patience is None:
                self._patience = self._loop.call_later(self._message_s, self._lose_patience)

    def _count(self) -> None:
        now = self._loop.time()
        self._row = self._row + 1 if now - self._last_at < _PAUSE_S else 1
        self._last_at = now
        if self._row == FLOOD_TURNS and not self._flooded:
            self._flooded = True
            self._told("flooding", "It sends faster than can be read, without waiting for answers; it is slowed down.")

    def _pause(self, seconds: float) -> None:
        """It had its share for now; the others come first."""
        if not self.resting and self._transport is not None:
            self.resting = True
            self._rest = self._loop.call_later(seconds, self._rested)
            self._steer()

    def _rested(self) -> None:
        self.resting = False
        self._steer()
        self._again()

    def _steer(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._held or self.resting:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def _lose_patience(self) -> None:
        """A message that is begun must end some time: byte by byte would be for ever."""
        self._patience = None
        if not self._begun_at or self._transport is None:
            return
        left = self._begun_at + self._message_s - self._loop.time()
        if left > 0.0 or self.resting or self._held:
            self._patience = self._loop.call_later(max(left, 1.0), self._lose_patience)
            return
        cause = f"a message was begun and not finished within {self._message_s:.0f} s"
        self._told("message_unfinished", f"The charger did not end its message: {cause}.")
        self._cut(cause)


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """A peer that vanished is noticed even where it is never pinged: by the kernel, after two minutes."""
    sock = transport.get_extra_info("socket")
    if sock is None:
        return
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", _IDLE_S), ("TCP_KEEPINTVL", _EVERY_S), ("TCP_KEEPCNT", _TRIES)):
            option = getattr(socket, name, None)
            if option is not None:
                sock.setsockopt(socket.IPPROTO_TCP, option, value)
