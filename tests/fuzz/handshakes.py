"""Mutated openings and WebSocket frames as bytes through a real `OcppListener` and `WsPeer`, over a transport in memory.

Held to: nothing raises; every connection is refused, closed or upgraded; what is sent back is a readable HTTP response and
readable WebSocket frames; at the end nobody is left in any list of the listener.
"""

import asyncio
import base64
import json
import random
import re
import struct
import zlib
from collections import Counter
from dataclasses import dataclass, field

from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.drivers.tls_layer import Front
from evdesk.drivers.ws_frames import frame_length
from evdesk.ocpp.version import Version
from tests.drivers.helpers import QUICK, TestHost
from tests.fuzz import mutate
from tests.fuzz.corpus import corpus

_PATHS = (
    "/CP1",
    "/ocpp/CP2",
    "//CP3",
    "/CP%204/",
    "/",
    "/?station=CP5",
    "ws://10.0.0.1/CP6",
    "/steve/websocket/CentralSystemService/CP7",
    "http://[::1",
    "http://[::1]:x/CP",
    "/%",
    "/%00",
    "/" + "a" * 300,
    "/CP?id=%zz&id",
    "*",
    "CP1",
    "/CP\xc3\xa4",
    "//",
    "/ocpp16//",
)
_KEY = base64.b64encode(b"0123456789abcdef").decode()
_HEADERS = (
    ("Host", ("localhost", "", "[::1]:9000", "a b")),
    ("Upgrade", ("websocket", "WebSocket", "h2c, websocket", "")),
    ("Connection", ("Upgrade", "keep-alive, Upgrade", "close", "")),
    ("Sec-WebSocket-Key", (_KEY, "", "x", _KEY + "=", "\xff\xfe")),
    ("Sec-WebSocket-Version", ("13", "8", "13, 8", "")),
    ("Sec-WebSocket-Protocol", ("ocpp1.6", "ocpp2.0.1", "ocpp2.1", "ocpp2.1, ocpp1.6", "ocpp2.0", "", ",,", "soap")),
    ("Authorization", ("Basic Q1AxOnB3", "Basic ***", "Basic", "Bearer x", "Basic " + "Q" * 500)),
    ("Origin", ("http://x", "null")),
    (
        "Sec-WebSocket-Extensions",
        ("permessage-deflate", "permessage-deflate; client_max_window_bits=99", "?!;", "x-webkit-deflate-frame"),
    ),
    ("Content-Length", ("0", "5", "-1", "x")),
    ("X-Junk", ("a" * 8000, "\x00", "a\tb")),
)
_OTHER = (
    b"",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"SSH-2.0-x\r\n",
    b"\x00" * 40,
    b"GET",
    b"GET / HTTP/9.9\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /CP1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    b"\r\n\r\n",
    b"HELO x\r\n",
    b"GET /CP1\r\n\r\n",
    b"<soap:Envelope/>" * 20,
    b"A" * 20000,
)
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n")
_CODES = {200, 301, 400, 401, 403, 404, 426, 429, 500, 503}


@dataclass
class Tally:
    handshakes: int = 0
    upgraded: int = 0
    frames: int = 0
    answers: int = 0
    ends: Counter = field(default_factory=Counter)
    verdicts: Counter = field(default_factory=Counter)
    rules: Counter = field(default_factory=Counter)


class Pipe(asyncio.Transport):
    """A transport in memory: what was written, and whether it is still there."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.out = bytearray()
        self.closing = self.ended = False
        self.reading = asyncio.Event()
        self.reading.set()

    def get_extra_info(self, name, default=None):
        return ("10.0.0.9", 1234) if name == "peername" else default

    def set_protocol(self, protocol):
        self.protocol = protocol

    def is_closing(self):
        return self.closing

    def write(self, data):
        self.out += data

    def get_write_buffer_size(self):
        return 0

    def can_write_eof(self):
        return True

    def write_eof(self):
        self.ended = True

    def pause_reading(self):
        self.reading.clear()

    def resume_reading(self):
        self.reading.set()

    def abort(self):
        self.reading.set()
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    close = abort


class HandshakeFuzz:
    """Use inside a running loop: `await HandshakeFuzz(seed).run(count)`."""

    def __init__(self, seed: int, tally: Tally | None = None) -> None:
        self.rng = random.Random(f"handshakes-{seed}")
        self.tally = tally or Tally()
        self.tasks: set[asyncio.Task] = set()
        self.listener = OcppListener(("", 0), TestHost(), self.station, self.attempt, QUICK)
        self.listener._listening = True
        self.failures: list[dict] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: self.failures.append(context))

    def station(self, station) -> None:
        task = asyncio.get_running_loop().create_task(station.run(self.report))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def report(self, event) -> None:
        if type(event).__name__ == "FindingSeen":
            self.tally.rules[event.rule] += 1

    def attempt(self, attempt) -> None:
        self.tally.verdicts[attempt.verdict] += 1

    async def run(self, count: int) -> Tally:
        for number in range(count):
            await self.one()
            if number % 500 == 499:
                self.check_empty()
        self.check_empty()
        return self.tally

    def check_empty(self) -> None:
        """Nothing is left of connections that are over."""
        listener = self.listener
        assert not self.failures, self.failures[0]
        assert not listener.stations, listener.stations
        assert not listener._undecided
        assert len(listener._openings) == 0
        assert len(self.tasks) == 0

    async def one(self) -> None:
        rng = self.rng
        peer = self.listener.ports._make(9000, False)
        front = Front(peer, None, None)
        pipe = Pipe(front)
        self.tally.handshakes += 1
        if rng.random() < 0.97:
            self.listener._openings._lately.clear()  # else these few ids would be kept out as a storm
        opening = self.opening()
        stream = self.frames() if rng.random() < 0.5 else b""
        try:
            front.connection_made(pipe)
            await self.deliver(pipe, opening + (stream if rng.random() < 0.3 else b""))
            if peer.is_open:
                self.tally.upgraded += 1
                await self.deliver(pipe, stream)
            await asyncio.sleep(0)
            if rng.random() < 0.3 and not pipe.closing:
                pipe.protocol.eof_received()
        except Exception as error:
            raise AssertionError(f"{bytes(opening)!r} + {stream[:300]!r}") from error
        self.check_out(bytes(pipe.out), opening)
        if not (pipe.closing or pipe.ended or peer.is_open):
            assert peer._timer is not None
            assert not peer._timer.cancelled()
        self.tally.ends["cut" if pipe.closing else "ending" if pipe.ended else "open"] += 1
        pipe.closing = True
        pipe.protocol.connection_lost(None)
        for _ in range(4):
            await asyncio.sleep(0)

    async def deliver(self, pipe: Pipe, data: bytes) -> None:
        """In pieces of any size; a pause is waited for, as a socket would."""
        rng = self.rng
        while data and not pipe.closing:
            size = rng.choice((1, 2, 7, 100, 1400, 65536)) if len(data) < 2000 else 65536
            pipe.protocol.data_received(data[:size])
            data = data[size:]
            if rng.random() < 0.02:
                await asyncio.sleep(0)
            await pipe.reading.wait()

    def opening(self) -> bytes:
        rng = self.rng
        if rng.random() < 0.05:
            return rng.choice(_OTHER)
        version = rng.choice(("HTTP/1.1",) * 40 + ("HTTP/1.0", "HTTP/2", "http/1.1", ""))
        lines = [
            f"{rng.choice(('GET',) * 40 + ('POST', 'get', ''))} {rng.choice(_PATHS[: rng.choice((4, 8, 99))])} {version}"
        ]
        for place, (name, values) in enumerate(_HEADERS):
            if rng.random() < (0.97 if place < 6 else 0.15):
                value = values[0] if rng.random() < 0.96 and name != "Sec-WebSocket-Protocol" else rng.choice(values)
                lines.append(f"{name}: {value}" if rng.random() < 0.97 else f"{name.upper()}:{value} ")
        if rng.random() < 0.1:
            lines.insert(
                rng.randrange(1, len(lines) + 1),
                rng.choice(("broken", ": x", " folded", "A: b\r\nA: c", "X-" + "y" * 9000 + ": 1")),
            )
        if rng.random() < 0.03:
            lines += [f"X-{n}: 1" for n in range(200)]
        data = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        return mutate.scramble(data, rng) if rng.random() < 0.2 else data

    def frames(self) -> bytes:
        return b"".join(self.frame() for _ in range(self.rng.choice((1, 1, 2, 5, 12))))

    def frame(self) -> bytes:
        """One WebSocket frame, most of them right."""
        rng = self.rng
        self.tally.frames += 1
        opcode, fin, bits = 1, True, 0
        action, payload = rng.choice(corpus(rng.choice(list(Version))))
        body = json.dumps([2, str(rng.randrange(99)), action, payload]).encode()
        how = rng.random()
        if how < 0.2:
            body = mutate.scramble(body, rng)
        elif how < 0.3:
            fin = False
        elif how < 0.4:
            opcode, fin = 0, rng.random() < 0.5
            body = body[: rng.choice((0, 3, 50))]
        elif how < 0.55:
            opcode, body = (
                rng.choice((8, 9, 10)),
                rng.choice(
                    (
                        b"",
                        b"x",
                        struct.pack(">H", rng.choice((1000, 1005, 999, 1011, 4000, 65535))) + b"bye",
                        b"\x03",
                        b"y" * 126,
                    )
                ),
            )
            fin = rng.random() < 0.9
        elif how < 0.6:
            opcode, bits = rng.choice((2, 3, 7, 11, 15)), rng.choice((0, 0x10, 0x20))
        elif how < 0.68:
            bits = 0x40
            squeeze = zlib.compressobj(9, zlib.DEFLATED, -11)
            plain = body if rng.random() < 0.7 else b"[" + b"0," * 700_000
            body = (squeeze.compress(plain) + squeeze.flush(zlib.Z_SYNC_FLUSH))[:-4]
        data = ws_frame(body, opcode, fin, bits, masked=rng.random() < 0.96, key=rng.randbytes(4))
        if how > 0.97:
            data = mutate.scramble(data, rng)
        elif how > 0.96:
            data = data[:1] + b"\xff" + rng.choice((b"\xff" * 8, struct.pack(">Q", 1 << 21), b"\0" * 8)) + data[2:40]
        return data

    def check_out(self, out: bytes, opening: bytes) -> None:
        if not out:
            return
        match = _STATUS.match(out)
        assert match, (out[:300], opening)
        status = int(match[1])
        if status != 101:
            assert status in _CODES, (status, opening)
            return
        data, at = out[match.end() :], 0
        while at < len(data):
            head, length = frame_length(data, at)
            assert head, data[at : at + 20]
            assert not data[at + 1] & 0x80, "a server does not mask"
            assert data[at] & 0x0F in (1, 8, 9, 10), data[at : at + 20]
            if data[at] == 0x81:
                assert json.loads(data[at + head : at + head + length])[0] in (2, 3, 4, 5)
                self.tally.answers += 1
            at += head + length
        assert at == len(data)


def ws_frame(
    body: bytes, opcode: int = 1, fin: bool = True, bits: int = 0, masked: bool = True, key: bytes = b"\1\2\3\4"
) -> bytes:
    size = len(body)
    first = (0x80 if fin else 0) | bits | opcode
    mask = 0x80 if masked else 0
    if size < 126:
        head = bytes([first, mask | size])
    elif size < 65536:
        head = bytes([first, mask | 126]) + struct.pack(">H", size)
    else:
        head = bytes([first, mask | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + body
    stretched = (key * (size // 4 + 1))[:size]
    mixed = (int.from_bytes(body, "big") ^ int.from_bytes(stretched, "big")).to_bytes(size, "big")
    return head + key + mixed
