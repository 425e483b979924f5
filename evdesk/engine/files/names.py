"""Names that come from files and from chargers, made safe: for addresses, and for the disk. Pure."""

import re
import unicodedata

MOST_IN_URL = 100
MOST_ON_DISK = 200
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE)
_BAD_ON_DISK = frozenset('/\\:*?"<>|')


def url_name(name: str) -> str:
    """The original name in plain letters: chargers derive version and kind from it, and some cannot unquote."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = _PLAIN.sub("_", folded).strip("._")
    return cut(plain, MOST_IN_URL) or "file.bin"


def file_name(name: str, default: str = "log") -> str:
    """One plain file name: no folder, no control sign, nothing that a system keeps for itself, at most 200 bytes."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    kept = "".join(_safe(sign) for sign in unicodedata.normalize("NFC", last))
    kept = kept.strip(" .").lstrip("-~")
    if not kept.strip("_"):
        return default
    return cut(f"_{kept}" if _RESERVED.fullmatch(kept) else kept, MOST_ON_DISK)


def _safe(sign: str) -> str:
    """Signs nobody sees (also those that turn the direction of writing) go; those with a meaning to a system change."""
    if unicodedata.category(sign).startswith("C"):
        return ""
    return "_" if sign in _BAD_ON_DISK else sign


def cut(name: str, most: int) -> str:
    """To at most so many bytes of UTF-8; the ending stays, it says what the file is."""
    raw = name.encode()
    if len(raw) <= most:
        return name
    _, dot, ending = name.rpartition(".")
    tail = f"{dot}{ending}".encode() if dot and len(ending.encode()) <= 12 else b""
    return (raw[: most - len(tail)] + tail).decode(errors="ignore").rstrip(" .")
