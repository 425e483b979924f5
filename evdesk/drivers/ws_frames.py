"""Bytes of the WebSocket server connection, pure: first bytes named, frames measured, messages put together."""

from websockets.frames import Frame, Opcode


def looks_like_http(start: bytes) -> bool:
    """Whether these first bytes can still become an HTTP request line."""
    return all(65 <= byte <= 90 for byte in start.split(b" ", 1)[0])


def describe_bytes(start: bytes) -> str:
    """The first bytes of something that is not HTTP, named where they are known."""
    if not start:
        return "nothing was sent"
    if start[0] == 0x16 and start[1:2] in (b"\x03", b""):
        return "TLS hello"
    if start.startswith(b"SSH-"):
        return "SSH"
    shown = start[:24].decode("ascii", "backslashreplace")
    return f"{shown!r} (hex {start[:24].hex(' ')})"


def head_fault(head: bytes, at_most: int) -> tuple[str, str]:
    """Why the beginning of a connection is no WebSocket request: the word of `Gate.failed` with what is wrong in words;
    with "bad_path" it is the path, which has a blank in it, with "bad_subprotocol" what it speaks."""
    line, newline, _ = head.partition(b"\n")
    words = line.rstrip(b"\r").split(b" ")
    if not (looks_like_http(head[:8]) and newline and words[-1] in (b"HTTP/1.1", b"HTTP/1.0")):
        return "not_http", describe_bytes(head[:64])
    if words[0] == b"POST" and b"soap" in head.lower():
        return "bad_subprotocol", "SOAP"
    if words[0] != b"GET":
        return "bad_handshake", f"it begins with {words[0].decode('ascii', 'backslashreplace')[:20]} instead of GET."
    if len(words) > 3:
        return "bad_path", b" ".join(words[1:-1]).decode("ascii", "backslashreplace")
    if len(head) > at_most:
        return "bad_handshake", f"it is longer than {at_most} bytes."
    if b"\r\n\r\n" in head:
        return "bad_handshake", "its headers cannot be read as HTTP."
    if b"\n\n" in head:
        return "bad_handshake", "its lines end with LF alone; HTTP wants CR LF."
    return "bad_handshake", "the connection ended before it was whole."


class Assembler:
    """WebSocket frames to whole messages, as (text, what was odd about it)."""

    def __init__(self) -> None:
        self._parts = bytearray()
        self._odd = ""
        self.unfinished = False

    def take(self, frame: Frame) -> tuple[str, str] | None:
        opcode = frame.opcode
        if opcode is Opcode.CONT:
            self._parts += frame.data
            if not frame.fin:
                return None
            whole, self._parts = bytes(self._parts), bytearray()
            self.unfinished = False
            return decode_text(whole, self._odd)
        if opcode is not Opcode.TEXT and opcode is not Opcode.BINARY:
            return None
        self._odd = "binary_frame" if opcode is Opcode.BINARY else ""
        if frame.fin:
            return decode_text(bytes(frame.data), self._odd)
        self._parts = bytearray(frame.data)
        self.unfinished = True
        return None


def decode_text(data: bytes, odd: str) -> tuple[str, str]:
    """The text of a message, and the word for what was odd about it."""
    try:
        return data.decode(), odd
    except UnicodeDecodeError:
        return data.decode(errors="replace"), "not_utf8"


def frame_length(data: bytes, start: int) -> tuple[int, int]:
    """(bytes before the payload, bytes of payload) of the WebSocket frame at `start` (RFC 6455, 5.2); (0, 0) while
    its header is not complete."""
    left = len(data) - start
    if left < 2:
        return 0, 0
    second = data[start + 1]
    mask, short = (4 if second & 0x80 else 0), second & 0x7F
    wide = 0 if short < 126 else 2 if short == 126 else 8
    if left < 2 + wide + mask:
        return 0, 0
    length = int.from_bytes(data[start + 2 : start + 2 + wide], "big") if wide else short
    return 2 + wide + mask, length


def text_frame(data: bytes) -> bytes:
    """One unmasked, unfragmented text frame, as a server sends it."""
    size = len(data)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + data
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + data
    return b"\x81\x7f" + size.to_bytes(8, "big") + data
