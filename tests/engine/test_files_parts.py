"""The pure parts of the file service: intervals, ranges, names, counts, guesses, ports."""

import itertools
import json
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.engine.files.addresses import Addresses, Guesses, is_secret, new_secret, user_of
from evdesk.engine.files.coverage import MOST_TOLD, Coverage
from evdesk.engine.files.names import file_name, url_name
from evdesk.engine.files.ports import Ports, passive_ports
from evdesk.engine.files.progress import SAMPLES, Progress
from evdesk.engine.files.ranges import Subject, plan
from evdesk.engine.files.words import part_words, seconds_words, size_words
from evdesk.firmware.endings import megabytes
from evdesk.model.jobs import Transfer

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=30)


@given(SPANS)
@settings(max_examples=60)
def test_coverage_is_the_set_of_bytes(spans):
    coverage, truth, new = Coverage(), set(), 0
    for start, end in spans:
        more = set(range(start, end)) - truth
        assert coverage.add(start, end) == len(more)
        truth |= more
        new += len(more)
        assert coverage.bytes == len(truth) == new
    told = coverage.spans
    assert {byte for start, end in told for byte in range(start, end)} == truth
    assert all(a[1] < b[0] for a, b in itertools.pairwise(told))
    for size in range(62):
        assert coverage.whole(size) == (set(range(size)) <= truth)


def test_coverage_told_is_never_more_than_the_truth():
    coverage = Coverage((n * 10, n * 10 + n % 7 + 1) for n in range(200))
    told = coverage.told()
    assert len(told) == MOST_TOLD
    assert set(told) <= set(coverage.spans)
    assert list(told) == sorted(told)


def meant(first, last, size):
    """What RFC 9110, 14.1.2 says these are: the bytes, or None for a range that is none."""
    if first is None:
        return None if last is None else range(size)[size - min(last, size) :]
    if last is None:
        return range(first, size)
    return None if last < first else range(first, min(last + 1, size))


PLACES = st.integers(0, 60) | st.none()


@given(st.integers(0, 50), st.lists(st.tuples(PLACES, PLACES), max_size=12))
@settings(max_examples=60)
def test_any_ranges_give_the_right_bytes_and_coverage(size, wanted):
    file, seen = Subject(size, "abc", 1000), set()
    progress = Progress("http", size)
    for first, last in wanted:
        text = f"bytes={'' if first is None else first}-{'' if last is None else last}"
        got, right = plan("GET", {"Range": text}, file), meant(first, last, size)
        if right is None:
            assert (got.status, got.start, got.end) == (200, 0, size)
        elif not right:
            assert (got.status, got.length) == (416, 0)
        else:
            assert (got.status, got.start, got.end) == (206, right[0], right[-1] + 1)
        seen |= set(range(got.start, got.end))
        progress.sent(1.0, got.start, got.end)
        assert progress.bytes == len(seen)
    assert (progress.complete_at is not None) == (bool(seen) and seen == set(range(size)))


@pytest.mark.parametrize(
    ("given_name", "wanted"),
    [
        ("N22-2.4.1.bin", "N22-2.4.1.bin"),
        ("Größe 3 (neu).bin", "Groe_3_neu_.bin"),
        ("../../etc/passwd", "etc_passwd"),
        ("a?b#c%20d.zip", "a_b_c_20d.zip"),
        ("固件.bin", "bin"),
        ("", "file.bin"),
        ("...", "file.bin"),
        ("x" * 300 + ".tar.gz", "x" * 97 + ".gz"),
    ],
)
def test_names_in_addresses(given_name, wanted):
    assert url_name(given_name) == wanted


@pytest.mark.parametrize(
    ("given_name", "wanted"),
    [
        ("diag.zip", "diag.zip"),
        ("../../../etc/cron.d/evil", "evil"),
        ("..\\..\\Windows\\System32\\evil.dll", "evil.dll"),
        ("C:\\temp\\log.txt", "log.txt"),
        ("C:log.txt", "C_log.txt"),
        ("..", "log"),
        (".", "log"),
        ("", "log"),
        ("/", "log"),
        ("dir/", "dir"),
        (".htaccess", "htaccess"),
        ("-rf", "rf"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1.log", "_com1.log"),
        ("lpt¹", "_lpt¹"),
        ("console.log", "console.log"),
        ("a\x00b\nc\x1b[31m.log", "abc[31m.log"),
        ("gpj\u202egol.exe", "gpjgol.exe"),
        ('a:b*c?d"e<f>g|h', "a_b_c_d_e_f_g_h"),
        ("ends. . .", "ends"),
        ("日志.zip", "日志.zip"),
    ],
)
def test_names_on_disk(given_name, wanted):
    assert file_name(given_name) == wanted


@given(st.text(max_size=400))
@settings(max_examples=100)
def test_no_name_leads_anywhere(name):
    safe = file_name(name)
    assert safe
    assert 1 <= len(safe.encode()) <= 200
    assert not set(safe) & set('/\\:*?"<>|\0\r\n')
    assert safe not in (".", "..")
    assert safe == safe.strip(" .")
    assert set(url_name(name)) <= set(string.ascii_letters + string.digits + "._-")
    assert len(url_name(name)) <= 100


def test_secrets_are_new_plain_and_found_only_whole():
    made = {new_secret() for _ in range(200)}
    assert len(made) == 200
    assert all(is_secret(one) for one in made)
    assert not any(set(one) & set("lo01") for one in made)
    known: Addresses[int] = Addresses()
    secret = made.pop()
    known.put(secret, 5)
    assert known.find(secret) == 5
    assert [known.find(text) for text in (secret[:-1], secret.upper(), secret + "a", "", "\udcff")] == [None] * 5
    known.drop(secret)
    assert known.find(secret) is None
    assert user_of(secret) == user_of(secret) != user_of(made.pop())
    assert secret[:6] not in user_of(secret)


def test_guesses_wait_longer_and_are_forgotten():
    guesses = Guesses()
    waits = [guesses.hit("a", 100.0 + n) for n in range(12)]
    assert waits == [0.0] * 5 + [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert guesses.hit("b", 120.0) == 0.0
    for _ in range(8):
        guesses.wait("a")
    assert guesses.hit("a", 121.0) is None
    guesses.waited("a")
    assert guesses.hit("a", 122.0) == 5.0
    assert guesses.hit("a", 1000.0) == 0.0
    for n in range(3000):
        guesses.hit(f"x{n}", 1000.0)
    assert guesses.count("a") == 0


def test_progress_thins_its_curve_and_goes_on_after_a_restart():
    progress = Progress("http", 1_000_000)
    progress.request(0.0, "10.0.0.5", "agent", resumed=False)
    for n in range(1, 1001):
        progress.sent(n * 0.5, (n - 1) * 1000, n * 1000)
        progress.sample(n * 0.5)
    told = progress.transfer(500.0)
    assert len(told.samples) <= SAMPLES
    assert told.samples[-1][0] > 480.0
    assert told.samples == tuple(sorted(told.samples))
    assert (told.bytes, told.complete_at, told.rate_bps) == (1_000_000, 500.0, pytest.approx(2000, rel=0.1))
    assert progress.transfer(600.0).rate_bps is None
    half = replace(told, bytes=400_000, spans=((0, 300_000), (600_000, 700_000)), complete_at=None)
    again = Progress("http", 1_000_000, half)
    assert again.transfer(600.0).bytes == 400_000
    assert Progress("http", 1_000_000, replace(half, spans=())).coverage.spans == ((0, 400_000),)
    assert again.sent(601.0, 300_000, 600_000) is False
    assert again.sent(602.0, 700_000, 1_000_000) is True
    assert again.transfer(602.0).others == ()
    for n in range(20):
        again.request(603.0, f"10.0.0.{n}", "", resumed=True)
    told = again.transfer(603.0)
    assert (told.address, len(told.others), told.agent, told.resumed) == ("10.0.0.5", 8, "agent", 20)
    assert Progress("http").transfer(0.0) == Transfer("http")


async def test_ports_are_remembered_and_tried_in_order(tmp_path):
    async def free(port: int) -> int:
        return port or 45_678

    path = tmp_path / "files.json"
    assert await Ports(path).open("http", "x", free) == 9180
    assert await Ports(path, 9300).open("ftp", "x", free) == 9302
    path.write_text(json.dumps({"http": 9999}))
    assert await Ports(path).open("http", "x", free) == 9999
    path.write_text("{")
    assert await Ports(path).open("https", "x", free) == 9181
    assert passive_ports(9182) == range(9183, 9191)
    assert passive_ports(65535) == range(65528, 65536)


def test_words():
    assert [size_words(n) for n in (0, 999, 1000, 9_999, 64_000, 3_210_000, 4_200_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "10.0 kB",
        "64 kB",
        "3.2 MB",
        "4.2 GB",
    ]
    assert (size_words(1), megabytes(1), megabytes(2)) == ("1 byte", "1 byte", "2 bytes")
    assert [seconds_words(n) for n in (0, 0.4, 0.9, 4, 200, 7500)] == [
        "under 1 s",
        "under 1 s",
        "under 1 s",
        "4 s",
        "3 min",
        "2 h 05 min",
    ]
    assert (part_words(999, 1000), part_words(5, 0)) == ("99 % of 1.0 kB", "5 bytes")
