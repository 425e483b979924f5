"""Archives in logs: listed and read in place; what they pretend harms nobody."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.engine.files import archives
from evdesk.engine.files.archives import listing, read
from evdesk.engine.files.texts import HEAD, encoding_of, hex_of, text_of
from evdesk.model import EvdeskError

LOG = b"".join(b"2026-05-01T12:00:%02d connector %d ready\n" % (n % 60, n % 7) for n in range(4000))
MEMBERS = {"syslog": LOG, "deep/er/boot.log": b"boot\n", "empty": b""}


def tar_bytes(members=MEMBERS, fmt=tarfile.PAX_FORMAT, mode="w", extra=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=fmt) as archive:
        archive.addfile(kind("deep", tarfile.DIRTYPE))
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return out.getvalue()


def kind(name, type_, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = type_, link
    return info


def zip_bytes(members=MEMBERS, how=zipfile.ZIP_DEFLATED, stream=False):
    out = io.BytesIO()
    target = Unseekable(out) if stream else out
    with zipfile.ZipFile(target, "w", how) as archive:
        archive.writestr("deep/", b"")
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 5, 1, 12, 30, 8)), data, how)
    return out.getvalue()


class Unseekable(io.RawIOBase):
    """As a charger writes a zip into a socket: sizes stand behind the data."""

    def __init__(self, out):
        self.out = out

    def write(self, data):
        return self.out.write(data)

    def writable(self):
        return True


def put(folder, data, name="log"):
    path = folder / name.replace("/", "_")
    path.write_bytes(data)
    return path


def shown(path, name="log"):
    return {entry.name: (entry.size, entry.why) for entry in listing(path, name).entries}


ARCHIVES = {
    "pax.tar": lambda: tar_bytes(),
    "gnu.tar": lambda: tar_bytes(fmt=tarfile.GNU_FORMAT),
    "old.tar": lambda: tar_bytes(fmt=tarfile.USTAR_FORMAT),
    "a.tar.gz": lambda: tar_bytes(mode="w:gz"),
    "a.tar.bz2": lambda: tar_bytes(mode="w:bz2"),
    "a.tar.xz": lambda: tar_bytes(mode="w:xz"),
    "a.zip": lambda: zip_bytes(),
    "stored.zip": lambda: zip_bytes(how=zipfile.ZIP_STORED),
    "streamed.zip": lambda: zip_bytes(stream=True),
    "behind.zip": lambda: b"#!/bin/sh\n" * 3 + zip_bytes(),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_listed_with_sizes_and_read_from_anywhere(tmp_path, name):
    path = put(tmp_path, ARCHIVES[name]())
    if name == "behind.zip":
        assert listing(path, name).entries is None  # by its first bytes it is a script
        return
    found = listing(path, "whatever the charger called it")
    assert found.detail == ""
    assert {entry.name: entry.size for entry in found.entries} == {name: len(data) for name, data in MEMBERS.items()}
    assert all(entry.readable and not entry.why for entry in found.entries)
    assert found.entries[0].at == pytest.approx(1_700_000_000 if "tar" in name else 1_777_638_608)
    for offset, limit in ((0, 100), (70_000, 65_536), (len(LOG) - 5, 100), (len(LOG) + 10, 10)):
        piece = read(path, name, "syslog", offset, limit)
        assert (piece.data, piece.trouble) == (LOG[offset : offset + limit], "")
        assert (piece.head, piece.size, piece.more) == (LOG[:HEAD], len(LOG), offset + limit < len(LOG))
    assert read(path, name, "deep/er/boot.log", 0, 10).data == b"boot\n"
    assert read(path, name, "empty", 0, 10).data == b""
    with pytest.raises(EvdeskError, match="There is no “deep” in this log"):
        read(path, name, "deep", 0, 10)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_one_packed_file(tmp_path, pack):
    path = put(tmp_path, pack(LOG[:60_000]) + pack(LOG[60_000:]) + b"\0" * 600)  # two in one, and filling
    (entry,) = listing(path, "sys.log.gz").entries
    assert (entry.name, entry.readable) == ("sys.log", True)
    assert read(path, "sys.log.gz", "sys.log", 50_000, 20_000).data == LOG[50_000:70_000]
    assert read(path, "sys.log.gz", "", 0, 4).data == pack(b"")[:4][:2] + path.read_bytes()[2:4]
    single = put(tmp_path, gzip.compress(LOG), "single")
    assert listing(single, "log").entries[0].size == len(LOG)


def test_what_is_no_archive(tmp_path):
    for data in (LOG, b"", b"PK", b"\x7fELF" + os.urandom(2000), b"\0" * 2000):
        path = put(tmp_path, data)
        assert listing(path, "x.zip") == archives.Listing(None)
        assert read(path, "x", "", 0, 50).data == data[:50]
        with pytest.raises(EvdeskError, match="There is no"):
            read(path, "x", "a", 0, 50)


def test_links_devices_and_paths_are_marked_and_not_opened(tmp_path):
    extra = [
        kind("passwd", tarfile.SYMTYPE, "/etc/passwd"),
        kind("hard", tarfile.LNKTYPE, "syslog"),
        kind("disk", tarfile.BLKTYPE),
        kind("tty", tarfile.CHRTYPE),
        kind("pipe", tarfile.FIFOTYPE),
    ]
    bad = {
        "../../etc/cron.d/x": b"a",
        "/etc/passwd": b"b",
        "a/../../b": b"c",
        "C:\\x": b"d",
        "..\\y": b"e",
        "ok..log": b"f",
    }
    path = put(tmp_path, tar_bytes(bad, extra=extra))
    found = shown(path)
    assert {name for name, (_, why) in found.items() if not why} == {"ok..log"}
    assert "leads out" in found["../../etc/cron.d/x"][1]
    assert "root of a disk" in found["/etc/passwd"][1]
    assert "root of a disk" in found["C:\\x"][1]
    assert "link" in found["passwd"][1]
    assert "link" in found["hard"][1]
    assert {found[name][1] for name in ("disk", "tty", "pipe")} == {"It is a device and no file."}
    for name in ("passwd", "../../etc/cron.d/x", "disk"):
        with pytest.raises(EvdeskError, match="is not shown"):
            read(path, "log", name, 0, 100)
    assert read(path, "log", "ok..log", 0, 9).data == b"f"


def test_a_zip_with_a_link_a_secret_and_a_strange_packing(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bz", LOG, zipfile.ZIP_BZIP2)
        archive.writestr("lz", LOG, zipfile.ZIP_LZMA)
        archive.writestr("secret", b"x" * 50)
        archive.writestr("../out", b"x")
        archive.writestr("ü.log", b"good")
    data = bytearray(out.getvalue())
    at = data.index(b"PK\x01\x02" + data[data.rindex(b"secret") - 42 :][:4])
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"secret"))
    data[at + 8] |= 1
    path = put(tmp_path, bytes(data))
    found = shown(path)
    assert {name: why for name, (_, why) in found.items()} == {
        "link": "It is a link, and leads somewhere else.",
        "bz": "It is packed in a way evdesk does not open.",
        "lz": "It is packed in a way evdesk does not open.",
        "secret": "It is encrypted.",
        "../out": "Its path leads out of the archive.",
        "ü.log": "",
    }
    assert read(path, "x", "ü.log", 0, 9).data == b"good"


def test_an_archive_in_an_archive_is_a_file(tmp_path):
    inner = zip_bytes()
    path = put(tmp_path, tar_bytes({"in.zip": inner, "in.tar.gz": tar_bytes(mode="w:gz")}, mode="w:gz"))
    assert list(shown(path)) == ["in.zip", "in.tar.gz"]
    assert read(path, "x", "in.zip", 0, 10**6).data == inner


def test_equal_and_odd_names(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in (("a", b"1"), ("a", b"2"), ("b\x1b[31m\n", b"3"), ("x" * 900, b"4"), ("caf\udce9", b"5")):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(data))
    path = put(tmp_path, out.getvalue())
    names = list(shown(path))
    assert names == ["a", "a (2)", "b\ufffd[31m\ufffd", "x" * 500, "caf\ufffd"]
    assert [read(path, "x", name, 0, 9).data for name in names] == [b"1", b"2", b"3", b"4", b"5"]


@contextlib.contextmanager
def memory_below(most):
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


# -- what is made to hurt --------------------------------------------------------------------------------------------


def test_a_bomb_is_marked_and_costs_nothing(tmp_path):
    zeros = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(zeros.compress(bytes(1 << 20)) for _ in range(64)) + zeros.flush()
    path = put(tmp_path, one_zip(b"bomb", packed, 64 << 20))
    assert "times its size" in shown(path)["bomb"][1]
    with pytest.raises(EvdeskError, match="is not shown"):
        read(path, "x", "bomb", 0, 10)
    huge = put(tmp_path, one_zip(b"huge", packed, 3 << 30), "huge")
    assert "3.2 GB" in shown(huge)["huge"][1]


def one_zip(name, packed, size, method=8, pretend=None):
    """A zip of one file that says whatever it is told to."""
    told = len(packed) if pretend is None else pretend
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, method, 0, 0, 0, told, size & 0xFFFFFFFF, len(name), 0)
    rest = (len(name), 0, 0, 0, 0, 0, 0)
    central = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, method, 0, 0, 0, told, size & 0xFFFFFFFF, *rest) + name
    body = local + name + packed
    return body + central + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(body), 0)


def test_a_bomb_that_lies_is_stopped_by_what_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1 << 20)
    zeros = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(zeros.compress(bytes(1 << 20)) for _ in range(3)) + zeros.flush()
    path = put(tmp_path, one_zip(b"small", packed, 100_000))
    assert shown(path)["small"] == (100_000, "")
    for offset, limit in ((100 << 20, 1000), (0, 100_000), (99_999, 1)):
        with memory_below(1 << 20), pytest.raises(EvdeskError, match="holds more than the 100 kB it says"):
            read(path, "x", "small", offset, limit)
    huge = put(tmp_path, one_zip(b"huge", packed, 1 << 20), "huge")
    with memory_below(1 << 20):
        assert len(read(huge, "x", "huge", 0, 1000).data) == 1000, "till there it is as it says"
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        bomb = put(tmp_path, pack(bytes(900_000)) + pack(bytes(900_000)), "bomb")  # the last one says 900 kB
        assert shown(bomb, "b.gz")["b"][1] == ""
        assert read(bomb, "b.gz", "b", 100 << 20, 10).trouble == "it unpacks to more than is read"


@pytest.mark.parametrize("method", [0, 8])
def test_a_size_that_cannot_be_is_named_and_not_opened(tmp_path, method):
    packed = random.Random(1).randbytes(50_000)
    packed = zlib.compress(packed, wbits=-15) if method else packed
    path = put(tmp_path, one_zip(b"big", packed, 10, method))
    assert shown(path)["big"] == (10, "It holds another size than it says.")
    with pytest.raises(EvdeskError, match="is not shown"):
        read(path, "x", "big", 0, 10)


def test_a_packed_tar_is_listed_as_far_as_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1 << 20)
    path = put(tmp_path, tar_bytes({"a": b"x", "b": bytes(3 << 20), "c": b"y"}, mode="w:gz"))
    found = listing(path, "x")
    assert [entry.name for entry in found.entries] == ["a", "b"]
    assert "unpacks to more than 1.0 MB" in found.detail
    assert "too much to show" in found.entries[1].why
    with pytest.raises(EvdeskError, match="lies behind more"):
        read(path, "x", "c", 0, 10)


def test_no_more_entries_than_a_person_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_ENTRIES", 10)
    path = put(tmp_path, zip_bytes({f"f{n}": b"x" for n in range(30)}))
    found = listing(path, "x")
    assert (len(found.entries), found.detail) == (10, "Only its first 10 files are shown.")


@pytest.mark.parametrize("name", ["pax.tar", "a.tar.gz", "a.zip", "stored.zip"])
def test_broken_off_in_the_middle_shows_what_there_is(tmp_path, name):
    whole = ARCHIVES[name]()
    path = put(tmp_path, whole[: len(whole) // 2])
    found = listing(path, name)
    assert found.entries[0].name == "syslog"
    assert "cannot be read to its end" in found.detail
    piece = read(path, name, "syslog", 0, 10**6)
    assert piece.data[:500] == LOG[:500]
    assert piece.trouble


NASTY = {
    "a size below zero": lambda: with_size(b"\xff" * 12),
    "a size without end": lambda: with_size(b"\x80" + b"\x7f" * 11),
    "a pax header without end": lambda: tar_head(b"x", 8 << 30) + b"1 a=b\n",
    "a long name without end": lambda: tar_head(b"L", 8 << 30) + bytes(2000),
    "pax headers one behind the other": lambda: (tar_head(b"x", 9) + b"9 path=x\n".ljust(512, b"\0")) * 500,
    "a pax size that is none": lambda: tar_head(b"x", 18) + b"18 size=-99999999\n".ljust(512, b"\0") + tar_bytes(),
    "an empty gzip": lambda: b"\x1f\x8b",
    "a gzip name without end": lambda: b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 3_000_000,
    "garbage behind gzip": lambda: b"\x1f\x8b" + os.urandom(5000),
    "an xz that wants memory": lambda: lzma.compress(b"x" * 100, preset=9 | lzma.PRESET_EXTREME),
    "a table that leads nowhere": lambda: zip_bytes()[:-6] + b"\xff\xff\xff\x7f\0\0",
    "a table of the wrong length": lambda: zip_bytes()[:-10] + b"\xff\xff\xff\x7f" + zip_bytes()[-6:],
    "a table in itself": lambda: one_zip(b"a", b"", 0)[:-6] + b"\0\0\0\0\0\0",
    "a packed size that is none": lambda: one_zip(b"a", b"abc", 3, method=0, pretend=0xFFFFFFF0),
    "an end and nothing else": lambda: struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0),
}


def tar_head(type_, size):
    info = tarfile.TarInfo("x")
    info.type, info.size = type_, size
    return info.tobuf(tarfile.GNU_FORMAT)


def with_size(field):
    block = bytearray(tar_head(b"0", 0))
    block[124:136] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(1024)


@pytest.mark.parametrize("what", NASTY)
def test_nasty_ones_end_soon_and_in_words(tmp_path, what):
    path = put(tmp_path, NASTY[what]())
    with memory_below(90 << 20 if "wants memory" in what else 10 << 20):
        for entry in listing(path, "x.gz").entries or ():
            with contextlib.suppress(EvdeskError):
                assert len(read(path, "x.gz", entry.name, 0, 1000).data) <= 1000


@given(
    st.sampled_from(sorted(ARCHIVES)), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8)
)
@settings(max_examples=30, deadline=None)
def test_bytes_that_were_altered_never_break_anything(tmp_path_factory, name, changes):
    data = bytearray(small(name))
    for where, value in changes:
        data[int(where * (len(data) - 1))] = value
    path = put(tmp_path_factory.getbasetemp(), bytes(data), "altered")
    for entry in listing(path, name).entries or ():
        with contextlib.suppress(EvdeskError):
            read(path, name, entry.name, 0, 100)


def small(name):
    members = {"a": b"hello\n" * 20, "b/c": b"x"}
    if name.endswith("zip"):
        return zip_bytes(members, stream=name == "streamed.zip")
    return tar_bytes(members, mode=f"w:{name.rpartition('.')[2]}" if name.startswith("a.") else "w")


# -- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"plain\n", "utf-8"),
        (b"", "utf-8"),
        ("Größe\n".encode(), "utf-8"),
        ("Größe €\n".encode()[:-3], "utf-8"),  # cut within a sign
        (b"\xef\xbb\xbfx", "utf-8"),
        ("Größe".encode("cp1252"), "cp1252"),
        ("Log of today".encode("utf-16"), "utf-16-le"),
        ("Log of today".encode("utf-16-le"), "utf-16-le"),
        ("Log of today".encode("utf-16-be"), "utf-16-be"),
        (b"\x1b[31mred\x1b[0m\r\n\t\x08", "utf-8"),
        (b"a\0b", None),
        (bytes(range(1, 32)) * 3, None),
        (b"\x7fELF\2\1\1\0", None),
        (b"\x89PNG\r\n\x1a\n\0\0\0", None),
    ],
)
def test_encodings_are_guessed(head, encoding):
    assert encoding_of(head) == encoding


@given(st.text(alphabet="aß€😀\n\t", max_size=60), st.integers(1, 9), st.sampled_from(["utf-8", "utf-16-le", "cp1252"]))
@settings(max_examples=40)
def test_pieces_of_a_text_are_the_text(text, step, encoding):
    if encoding == "cp1252":
        text = text.replace("😀", "")
    data, at, shown_text = text.encode(encoding), 0, ""
    while at < len(data):
        piece = data[at : at + step + 4]
        more, used = text_of(piece, encoding, at == 0, at + len(piece) == len(data))
        assert used > 0
        shown_text, at = shown_text + more, at + used
    assert shown_text == text


def test_control_signs_are_seen_and_do_nothing():
    text, used = text_of(b"\xef\xbb\xbfa\r\nb\x1b[2Jc\0\x7f\xff", "utf-8", True, True)
    assert text == "a\nb\u241b[2Jc\u2400\u2421\ufffd"
    assert used == 15
    assert text_of("x\u202ey\u00a0z".encode(), "utf-8", False, True)[0] == "x\ufffdy\u00a0z"
    assert text_of(b"ab\r", "utf-8", False, False) == ("ab", 2)
    assert text_of(b"ab\r", "utf-8", False, True) == ("ab\u240d", 3)


def test_hex():
    assert hex_of(bytes(range(60, 78)), 0x10) == (
        "00000010  3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b  |<=>?@ABCDEFGHIJK|\n"
        "00000020  4c 4d                                             |LM|"
    )
