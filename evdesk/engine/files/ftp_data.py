"""FTP data connections that count what the charger has, and say "complete" only when it has the last byte."""

import socket
import sys
import time
from typing import Any

from pyftpdlib.handlers import DTPHandler, TLS_DTPHandler
from pyftpdlib.log import logger
from pyftpdlib.utils import is_ssl_sock

from evdesk.engine.files.ftp_files import Incoming, Outgoing
from evdesk.engine.files.inbox import Unwanted
from evdesk.engine.files.slots import Download, Received, Run, Seen, asks_words
from evdesk.engine.files.transport import SEND_BUFFER, in_clear, reset_on_close, unacknowledged, waiting
from evdesk.engine.files.words import size_words

IDLE_S = 300
PIECE = 64 * 1024
LOOK_S, DRAIN_S = 0.2, 0.02
CODES = {"too_large": 552, "disk_full": 452}  # RFC 959, 4.2


class Data(DTPHandler):
    """`place`: the byte of the file the charger has for sure; read by the event loop."""

    timeout = IDLE_S

    def __init__(self, sock: socket.socket, cmd_channel: Any) -> None:
        self.place = self._from = 0
        self._counted: Run | None = None
        self._looker: Any = None
        self._unwanted = ""
        slot = cmd_channel.slot
        self._rate_bps = slot.rate_bps if isinstance(slot, Download) else None
        self._opened = time.monotonic()
        if self._rate_bps:
            self.ac_out_buffer_size = max(min(PIECE, int(self._rate_bps / 4)), 512)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().__init__(sock, cmd_channel)

    def use_sendfile(self) -> bool:
        """Not where it is paced or protected, and not for listings."""
        plain = not self._rate_bps and not is_ssl_sock(self.socket)
        return plain and isinstance(self.file_obj, Outgoing) and DTPHandler.use_sendfile(self)

    def send(self, data: bytes) -> int:
        sent: int = super().send(data)
        if self._rate_bps:
            ahead_s = self.tot_bytes_sent / self._rate_bps - (time.monotonic() - self._opened)
            if ahead_s > 0 and not self._closed:
                self.del_channel()
                self.call_later(ahead_s, self._go_on)
        return sent

    def _go_on(self) -> None:
        self.add_channel(events=self.ioloop.WRITE)

    # -- beginnings ------------------------------------------------------------------------------------------------

    def push_with_producer(self, producer: Any) -> None:
        if isinstance(self.file_obj, Outgoing):
            if self.cmd_channel.slot.gone:  # withdrawn after RETR, before the data connection was there
                self._resp = ("426 It is not offered any more.", logger.info)
                self.close()
                return
            self._from = self.file_obj.tell()
            self.file_obj.on_closed = self._sent
            self._begin()
        super().push_with_producer(producer)

    def enable_receiving(self, type: str, cmd: str) -> None:
        if isinstance(self.file_obj, Incoming):
            self._from = self.file_obj.size
            self.file_obj.end, self.file_obj.on_closed = self._outcome, self._stored
            self._begin()
            on = f" from {size_words(self._from)} on" if self._from else ""
            text = f"{self.cmd_channel.remote_ip} sends {self.file_obj.name}{on}."
            self.cmd_channel.say(Seen.UPLOAD, text, name=self.file_obj.name)
        super().enable_receiving(type, cmd)

    def _begin(self) -> None:
        channel, self.place = self.cmd_channel, self._from
        self.began = channel.hall.ledger.clock.now()
        self._counted = Run(channel.slot, channel.remote_ip, self._from, lambda: self.place, channel.stop)
        announced = self.file_obj.announced if isinstance(self.file_obj, Incoming) else None
        channel.hall.post(_begun, channel, self._counted, announced)
        self._looker = self.ioloop.call_every(LOOK_S, self._look)

    def _look(self) -> None:
        if isinstance(self.file_obj, Incoming):
            self.place = self.file_obj.size
        elif not self._is_broken():
            self.place = max(self.place, self._from + self.tot_bytes_sent - unacknowledged(self._fileno))

    # -- ends ------------------------------------------------------------------------------------------------------

    def handle_close(self) -> None:
        """All is handed over: it has to arrive before that is said."""
        handed = isinstance(self.file_obj, Outgoing) and not self.receive and not self.producer_fifo
        if handed and not self._closed:
            size = self.cmd_channel.slot.file.subject.size
            if self._is_broken() or self._from + self.tot_bytes_sent < size:
                self.producer_fifo.append(None)  # so that the answer is 426
            elif unacknowledged(self._fileno) > 0:
                self._look()
                self.del_channel()
                self.call_later(DRAIN_S, self.handle_close)
                return
        super().handle_close()

    def close(self) -> None:
        self._cut_short()
        super().close()

    def _cut_short(self) -> None:
        """A file that is not whole is never ended properly: in FTP its end is all that says it is whole. What left till
        now may have arrived."""
        if self._counted is None or self._closed or self.transfer_finished or not isinstance(self.file_obj, Outgoing):
            return
        self._error = True  # nor are the farewells of TLS for it
        left = waiting(self.socket)
        reset_on_close(self.socket)
        left = in_clear(left) if is_ssl_sock(self.socket) else left
        self.place = max(self.place, self._from + self.tot_bytes_sent - left)

    def handle_error(self) -> None:
        self._cut_short()
        error = sys.exc_info()[1]
        cause = error.__cause__ if error is not None else None
        if not isinstance(cause, Unwanted):
            super().handle_error()
            return
        self._unwanted = cause.cause
        self.cmd_channel.say(Seen.REFUSED, cause.sentence, "bad", cause=cause.cause)
        self._resp = (f"{CODES[cause.cause]} {cause.sentence}", logger.info)
        self.close()

    def _is_broken(self) -> bool:
        return bool(self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _outcome(self) -> tuple[bool, str]:
        """Of an upload: (whole, why not)."""
        if self._unwanted:
            return False, self._unwanted
        slow = self._counted is not None and self._counted.slow
        return self.transfer_finished, "" if self.transfer_finished else "slow" if slow else "broken"

    def _sent(self) -> None:
        if self.transfer_finished:
            self.place = self._from + self.tot_bytes_sent
        self._end()
        self.cmd_channel.hall.post(_sent, self.cmd_channel, self._counted, self.transfer_finished)

    def _stored(self, received: Received) -> None:
        self.place = received.size
        self._end()
        channel = self.cmd_channel
        if channel.slot.late(received):
            channel.slot.forget(received)
            self._resp = ("426 It is not wanted any more.", logger.info)
            channel.hall.post(channel.hall.ledger.end, self._counted)
            return
        if not received.whole and self.transfer_finished and not self._unwanted:
            self._resp = ("426 It is shorter than announced.", logger.info)
        channel.hall.post(_stored, channel, self._counted, received, self.began)

    def _end(self) -> None:
        if self._looker is not None and not self._looker.cancelled:
            self._looker.cancel()

    def abandon(self) -> None:
        """At once, without the politeness of TLS: the other side may be dead."""
        self._error = True
        self.close()


class TlsData(Data, TLS_DTPHandler):
    """The same, protected where the charger asked for it (PROT P)."""


# In the event loop. `channel` is only read: what it was for does not change.


def _begun(channel: Any, run: Run, announced: int | None) -> None:
    slot, ledger = run.slot, channel.hall.ledger
    run.again = slot.progress.complete_at is not None  # in the order of the transfers: their thread runs ahead
    slot.progress.request(ledger.clock.now(), run.address, "", run.start > 0)
    if isinstance(slot, Download):
        ledger.say(slot, Seen.REQUEST, asks_words(slot, run.address, "", run.start), address=run.address)
    else:
        slot.progress.size = announced or 0
    ledger.begin(run)


def _sent(channel: Any, run: Run, finished: bool) -> None:
    slot, ledger = run.slot, channel.hall.ledger
    ledger.end(run)
    if not finished and run.position < slot.progress.size:
        why = "Nothing moved any more, so the connection was ended" if run.slow else "The connection broke off"
        ledger.say(slot, Seen.BROKEN, f"{why} at {slot.where()}.", "warn", run.address)
    elif finished and run.start == 0 and run.again:
        ledger.say(slot, Seen.COMPLETE, f"{slot.name} was fetched whole once more.", "", run.address)


def _stored(channel: Any, run: Run, received: Received, began: float) -> None:
    channel.hall.ledger.end(run)
    channel.hall.ledger.say_received(run.slot, received, run.address, began)
