"""Pieces of files as text for people: encoding guessed, nothing hidden, what is no text as hex. Pure."""

import codecs
import re
import unicodedata

HEAD = 4096
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ODD = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_MOST_ODD = 0.05
_ROW = 16


def encoding_of(head: bytes) -> str | None:
    """By the first bytes of a file; None where it is no text."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if (wide := _wide(head)) is not None:
        return wide
    if b"\0" in head or len(_ODD.findall(head)) > len(head) * _MOST_ODD:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a sign may be cut at the end
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def text_of(piece: bytes, encoding: str, first: bool, last: bool) -> tuple[str, int]:
    """(text, how many bytes of the piece it is): a sign that is cut at the end is left for the next piece. `first`,
    `last`: the piece begins, or ends, the file."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    text = decoder.decode(piece, final=last)
    used = len(piece) - len(decoder.getstate()[0])
    if not last and text.endswith("\r") and len(text) > 1:
        text, used = text[:-1], used - len("\r".encode(encoding))
    if first:
        text = text.removeprefix("\ufeff")
    return "".join(map(_shown, text.replace("\r\n", "\n"))), used


def hex_of(piece: bytes, at: int) -> str:
    """ "00000010  50 4b 03 04 14 00 00 00  08 00 ...  |PK......|": sixteen bytes a line, `at` the place of the first."""
    lines = []
    for start in range(0, len(piece), _ROW):
        row = piece[start : start + _ROW]
        left, right = row[:8].hex(" "), row[8:].hex(" ")
        signs = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at + start:08x}  {left:<23}  {right:<23}  |{signs}|")
    return "\n".join(lines)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte is zero, and nearly no other."""
    half = len(head) // 2
    if half < 8:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > half * 0.7 and even < half * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.7 and odd < half * 0.05 else None


def _shown(sign: str) -> str:
    """Control signs become pictures of themselves: a log must not steer a terminal, or turn the writing round."""
    if sign in "\n\t" or sign.isprintable():
        return sign
    code = ord(sign)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return sign if unicodedata.category(sign) in ("Zs", "Zl", "Zp") else "\ufffd"
