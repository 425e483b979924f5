"""One card, many spellings: hexadecimal or decimal, forwards or byte-reversed, with or without leading zeros. Pure.

Readers and back offices disagree about byte order and base (Webasto asks for tag case and byte order; OpenEVSE and
SmartEVSE users met both). evdesk shows every form and finds a card again in any of them.
"""

import re

from evdesk.model.tags import Encoding, TagReading

_HEX = re.compile(r"[0-9a-fA-F]{6,20}")
_PARTED = re.compile(r"[0-9a-fA-F]{2}([:\- ][0-9a-fA-F]{2}){2,9}")
_EMAID = re.compile(r"[A-Za-z]{2}-?[A-Za-z0-9]{3}-?[A-Za-z0-9]{9}(-?[A-Za-z0-9])?")
_SIZES = (4, 7, 8, 10)
"""Bytes of a card's number: ISO 14443 single, double, triple size; ISO 15693 and FeliCa have 8."""

AS_IT_IS = "as it is"


def plain(id_tag: str) -> str:
    """For comparing: without blanks around and without case (OCPP: idTag is case insensitive)."""
    return id_tag.strip().casefold()


def numbers(id_tag: str) -> list[tuple[str, bytes]]:
    """Every number of a card this text may stand for: (how it was read, bytes in the card's order)."""
    text = id_tag.strip()
    if _PARTED.fullmatch(text):
        text = re.sub(r"[:\- ]", "", text)
    found: list[tuple[str, bytes]] = []
    if _HEX.fullmatch(text):
        raw = bytes.fromhex(text if len(text) % 2 == 0 else f"0{text}")
        raw = raw.rjust(_size(raw), b"\0")
        found += [("hex", raw), ("hex, bytes reversed", raw[::-1])]
    if text.isascii() and text.isdigit() and 5 <= len(text) <= 20:
        value = int(text)
        size = next((n for n in (4, 7, 8) if value < 1 << (8 * n)), None)
        if size is not None:
            raw = value.to_bytes(size, "big")
            found += [("decimal", raw), ("decimal, bytes reversed", raw[::-1])]
    return found


def _size(raw: bytes) -> int:
    return next((n for n in _SIZES if len(raw) <= n), len(raw))


def keys(id_tag: str) -> dict[str, str]:
    """What may be looked up for a presented text: key -> how it was read. The plain text comes first."""
    found = {f"={plain(id_tag)}": AS_IT_IS}
    for how, raw in numbers(id_tag):
        found.setdefault(raw.hex(), how)
    return found


def entry_keys(id_tag: str) -> list[str]:
    """Under which keys a tag of the list is found: its text, and its number read forwards."""
    return [f"={plain(id_tag)}", *(raw.hex() for how, raw in numbers(id_tag) if "reversed" not in how)]


def match(entry: str, presented: str) -> str:
    """How `presented` is the card of `entry`: "as it is", "hex, bytes reversed", ...; "" where it is another one."""
    told = keys(presented)
    return next((told[key] for key in entry_keys(entry) if key in told), "")


def read_tag(id_tag: str) -> TagReading:
    """All spellings of what a reader told, and what kind of card that is."""
    told = numbers(id_tag)
    if not told:
        return TagReading(id_tag, (), tuple(_no_card(id_tag)))
    raw = next((raw for how, raw in told if how == "hex"), told[0][1])
    back = raw[::-1]
    forms = [
        Encoding("hex", raw.hex().upper()),
        Encoding("hex, lower case", raw.hex()),
        Encoding("hex, bytes reversed", back.hex().upper()),
        Encoding("decimal", str(int.from_bytes(raw, "big"))),
        Encoding("decimal, bytes reversed", str(int.from_bytes(back, "big"))),
    ]
    if len(raw) == 4:
        forms.append(Encoding("decimal, ten digits", f"{int.from_bytes(raw, 'big'):010d}"))
        forms.append(Encoding("decimal reversed, ten digits", f"{int.from_bytes(back, 'big'):010d}"))
    for how, other in told:
        if how == "decimal" and other != raw:
            forms.append(Encoding("hex, if this was decimal", other.hex().upper()))
            forms.append(Encoding("hex reversed, if this was decimal", other[::-1].hex().upper()))
    return TagReading(id_tag, tuple(_once(forms)), tuple(_notes(raw)))


def _once(forms: list[Encoding]) -> list[Encoding]:
    seen: set[str] = set()
    kept = []
    for one in forms:
        if one.text not in seen:
            seen.add(one.text)
            kept.append(one)
    return kept


def _notes(raw: bytes) -> list[str]:
    size = len(raw)
    if size == 4:
        random = raw[0] == 0x08 or raw[-1] == 0x08
        notes = ["A number of 4 bytes (ISO 14443): two cards in the world may share it."]
        if random:
            notes.append("It begins with 08: this card or phone shows another number each time and cannot be listed.")
        return notes
    if size == 7:
        maker = "; made by NXP" if raw[0] == 0x04 else "; made by NXP, read in reverse" if raw[-1] == 0x04 else ""
        return [f"A number of 7 bytes (ISO 14443){maker}."]
    if size == 8:
        if raw[0] == 0xE0 or raw[-1] == 0xE0:
            order = "" if raw[0] == 0xE0 else ", read in reverse"
            return [f"A number of 8 bytes that begins with E0 (ISO 15693){order}."]
        return ["A number of 8 bytes: ISO 15693 would begin with E0; this may be a FeliCa card."]
    if size == 10:
        return ["A number of 10 bytes (ISO 14443, triple size)."]
    return [f"A number of {size} bytes: no usual card has that."]


def _no_card(id_tag: str) -> list[str]:
    if _EMAID.fullmatch(id_tag.strip()):
        return ["A contract number (eMAID): the car itself showed it, by plug and charge."]
    return ["No card number: an app, a code or a name."]


def token_type(id_tag: str) -> str:
    """The idToken type 2.x wants beside a tag (part 2, IdTokenEnumType)."""
    if _EMAID.fullmatch(id_tag.strip()) and not _HEX.fullmatch(id_tag.strip()):
        return "eMAID"
    raw = next((raw for how, raw in numbers(id_tag) if how == "hex"), b"")
    if len(raw) == 8 and (raw[0] == 0xE0 or raw[-1] == 0xE0):
        return "ISO15693"
    return "ISO14443" if len(raw) in (4, 7, 10) else "Central"
