"""Which versions chargers were seen with and whose doing that was; policies and blocked versions, kept over a restart."""

import asyncio
import sqlite3

import pytest

from evdesk.engine.firmware.versions import FleetBook
from evdesk.engine.fleet import Fleet
from evdesk.engine.store.versions import VERSIONS_KEPT
from evdesk.model import (
    Booted,
    EvdeskError,
    Identity,
    NoticeKind,
    Reason,
    SecurityEventSeen,
    Setting,
    Severity,
)
from evdesk.model.firmware import BlockedVersion, FirmwarePolicy, FleetState, Manifest, PolicyKind
from evdesk.model.jobs import Result
from evdesk.model.settings import SettingsView
from tests.engine.control_kit import HandClock
from tests.engine.library_kit import library, put
from tests.engine.store_kit import opened
from tests.firmware.signing import DAY, T0

VENDOR, MODEL = "Nordlade", "N22"


class Site:
    """Real store, library and fleet; chargers boot when told."""

    def __init__(self, store, shelf):
        self.store, self.library = store, shelf
        self.clock = HandClock(T0)
        self.notices = []
        self.open_again()

    def open_again(self):
        """As after a restart: nothing is known but what is on the disk."""
        self.fleet = Fleet(self.store, self.clock)
        self.book = FleetBook(self.fleet, self.library, self.store)
        self.fleet.on_notice = self.notices.append
        self.fleet.on_ready = self.book.booted
        self.fleet.on_security = self.book.security

    def boot(self, version, charger="A", serial="NL-1", model=MODEL):
        record = self.fleet.record(charger)
        record.accepted = True
        self.fleet.report(Booted(charger, self.clock.now(), Identity(VENDOR, model, serial, version)))
        return record

    def event(self, kind, info="", charger="A"):
        self.fleet.report(SecurityEventSeen(charger, self.clock.now(), kind, info))

    def later(self, days):
        self.clock.at += days * DAY

    def lines(self, charger="A"):
        return [(row.cause, row.before, row.version, row.job_id) for row in self.book.history(charger)[::-1]]

    def told(self):
        return [(n.severity, dict(n.args)["what"]) for n in self.notices if n.kind is NoticeKind.FIRMWARE]

    def one(self, charger="A"):
        chargers = {c.charger_id: c for model in self.book.view().models for c in model.chargers}
        return chargers[charger]


@pytest.fixture
async def site(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store, library(tmp_path / "firmware") as shelf:
        made = Site(store, shelf)
        await made.book.open()
        yield made
        await made.book.close()


async def add(site, folder, version, **more):
    path = put(folder, f"{version}.bin", version.encode())
    given = Manifest(vendor=VENDOR, models=(MODEL,), version=version, **more)
    return (await site.library.add(str(path), "Kim", given)).taken[0].id


# -- bad input --------------------------------------------------------------------------------------------------------


async def test_another_serial_number_is_another_charger_and_nobodys_update(site):
    site.boot("2.4.0")
    site.book.by_job("A", 7)
    site.boot("2.4.1", serial="NL-2")
    assert site.lines() == [("first", "", "2.4.0", None), ("first", "", "2.4.1", None)]
    assert "before it was NL-1" in site.book.history("A")[0].detail
    assert site.told() == []
    site.boot("2.4.0", serial="NL-1")
    site.boot("2.4.1", serial="NL-2")
    assert len(site.lines()) == 2, "two under one name take turns, and the history does not grow"


async def test_a_boot_that_is_not_believed_and_strangers_leave_no_line(site):
    site.boot("2.4.0")
    site.fleet.on_booted = lambda record, serial: True
    site.boot("6.6.6")
    site.fleet.on_booted = lambda record, serial: False
    site.fleet.report(Booted("X", T0, Identity(VENDOR, MODEL, "S", "1.0")))
    site.book.booted(site.fleet.chargers["X"])
    assert (len(site.lines()), site.lines("X")) == (1, [])
    site.boot("")
    assert len(site.lines()) == 1, "a boot that tells no version changes none"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (
            FirmwarePolicy("Nordlade", "N2", PolicyKind.KEEP_AT, "2.4.1"),
            "no model Nordlade N2 here. Known: Nordlade N22",
        ),
        (FirmwarePolicy("", "", PolicyKind.KEEP_AT, "2.4.1"), "no model without a name"),
        (FirmwarePolicy(VENDOR, MODEL, PolicyKind.KEEP_AT, " "), "Say which version"),
        (FirmwarePolicy(VENDOR, MODEL, PolicyKind.AT_LEAST, "2", by_at=float("inf")), "Unix seconds"),
        (FirmwarePolicy(VENDOR, MODEL, PolicyKind.AT_LEAST, "2" * 300), "Say which version"),
    ],
)
async def test_a_policy_that_would_hold_for_nothing_is_refused(site, policy, words):
    site.boot("2.4.0")
    with pytest.raises(EvdeskError, match=words):
        await site.book.put_policy(policy)
    assert await site.store.load_notes("firmware_policy") == {}


async def test_a_block_that_cannot_be_meant_is_refused(site, tmp_path):
    site.boot("2.4.0")
    await add(site, tmp_path / "usb", "2.4.1", blocked=(BlockedVersion("2.4.0", "bricks"),))
    for one, blocked, words in [
        (BlockedVersion(" "), True, "The version is empty"),
        (BlockedVersion("2.4.0", "x" * 201), True, "200 characters"),
        (BlockedVersion("2.3.9"), False, "nobody has blocked it"),
        (BlockedVersion("2.4.0"), False, "a manifest in the library says so"),
    ]:
        with pytest.raises(EvdeskError, match=words):
            await site.book.block(VENDOR, MODEL, one, blocked)


async def test_what_was_kept_and_cannot_be_read_stops_nothing(site, caplog):
    site.boot("2.4.0")
    await site.book.close()
    await site.store.save_note("firmware_policy", "no json", b"{}")
    await site.store.save_note("firmware_block", '["a","b"]', b"[1]")
    await site.store.save_note("firmware_job", "A", b'"x"')
    await site.store.flush()
    with sqlite3.connect(site.store.path) as raw:
        raw.execute("INSERT INTO firmware_version(id, charger_id, at, body) VALUES (50, 'A', 1.0, 'x')")
    raw.close()
    site.open_again()
    await site.book.open()
    assert caplog.text.count("cannot be read") == 3
    site.boot("2.4.1")
    assert [row.id for row in site.book.history("A")] == [51, 1], "no line is written over"


# -- history ----------------------------------------------------------------------------------------------------------


async def test_a_version_that_evdesk_did_not_bring_is_noticed_and_told(site):
    site.boot("1.8.4")
    site.later(1)
    site.boot("1.8.4")
    site.boot("1.9.0")
    site.boot("1.9.0")
    assert site.lines() == [("first", "", "1.8.4", None), ("noticed", "1.8.4", "1.9.0", None)]
    assert site.told() == [(Severity.WARN, "changed")]
    one = site.one()
    assert (one.state, one.since_at) == (FleetState.CHANGED, T0 + DAY)
    assert one.because == "Was 1.8.4. Not by evdesk; noticed at its boot"


async def test_a_change_in_an_update_is_put_down_to_it(site):
    site.boot("2.4.0")
    site.book.by_job("A", 118)
    assert (site.one().state, site.one().because) == (FleetState.UPDATING, "Job 118")
    site.boot("2.4.1")
    site.book.ended("A", 118, Result.SUCCEEDED, "It tells 2.4.1 and works.")
    assert site.lines()[-1] == ("job", "2.4.0", "2.4.1", 118)
    assert (site.told(), site.book.history("A")[0].outcome) == ([], "succeeded")
    site.boot("2.4.2")
    assert site.lines()[-1][0] == "noticed", "after it nothing is its doing"


async def test_an_update_that_failed_is_a_line_and_says_so_until_it_is_there(site, tmp_path):
    await add(site, tmp_path / "usb", "2.4.1")
    site.boot("2.4.0")
    site.book.by_job("A", 118)
    site.later(0.1)
    site.book.ended("A", 118, Result.FAILED, "Download broke off twice.")
    assert site.lines()[-1] == ("kept", "", "2.4.0", 118)
    one = site.one()
    assert (one.state, one.because, one.job_id) == (FleetState.FAILED, "Download broke off twice; still on 2.4.0", 118)
    site.boot("2.4.1")
    assert site.lines()[-1] == ("job", "2.4.0", "2.4.1", 118), "late, and still its doing"
    site.book.ended("A", 118, Result.SUCCEEDED, "Later evidence")
    assert (site.one().state, site.told()) == (FleetState.NEWEST, [])
    assert [row.outcome for row in site.book.history("A")] == ["succeeded", "succeeded", ""]


async def test_long_after_a_failed_update_a_change_is_not_its_doing(site):
    site.boot("2.4.0")
    site.book.by_job("A", 118)
    site.book.ended("A", 118, Result.UNKNOWN, "Silent.")
    site.later(1.1)
    site.boot("2.4.1")
    assert site.lines()[-1] == ("noticed", "2.4.0", "2.4.1", None)


async def test_an_update_that_was_left_out_leaves_no_line(site):
    site.boot("2.4.0")
    for job, outcome in ((1, Result.CANCELLED), (2, Result.SUCCEEDED)):
        site.book.by_job("A", job)
        site.book.ended("A", job, outcome, "It has 2.4.0 already.")
    site.book.ended("nobody", 3, Result.FAILED, "gone")
    assert len(site.lines()) == 1


async def test_security_events_about_firmware_are_lines_and_told_once(site):
    site.boot("2.4.0")
    site.event("InvalidFirmwareSignature", "update.bin")
    site.event("InvalidFirmwareSignature", "update.bin")
    site.event("FirmwareUpdated")
    assert site.lines()[1:] == [("event", "", "2.4.0", None)] * 2
    assert site.book.history("A")[1].detail == "It found a wrong signature on a firmware file (update.bin)"
    assert site.told() == [(Severity.DANGER, "bad_signature"), (Severity.INFO, "updated")]
    site.event("SettingSystemTime")
    assert [n.kind for n in site.notices][-1] is NoticeKind.SECURITY
    site.later(1)
    site.book.by_job("A", 7)
    site.event("FirmwareUpdated")
    site.event("InvalidFirmwareSignature")
    assert site.told()[2:] == [(Severity.WARN, "bad_signature")], "of an update of ours it is expected"
    assert site.lines()[-1] == ("event", "", "2.4.0", 7)


async def test_everything_is_there_after_a_restart(site, tmp_path):
    await add(site, tmp_path / "usb", "2.4.1")
    site.boot("2.4.0")
    site.boot("2.4.0", "B", "NL-2")
    await site.book.put_policy(
        FirmwarePolicy("NORDLADE", " n22", PolicyKind.KEEP_AT, "2.4.1", T0 + 5.9 * DAY, "Kim", T0)
    )
    await site.book.block(VENDOR, MODEL, BlockedVersion("2.3.9", "bricks"))
    site.book.by_job("A", 118)
    await site.book.close()
    site.open_again()
    await site.book.open()
    site.boot("2.4.1")
    site.boot("2.4.0", "B", "NL-2")
    assert site.lines() == [("first", "", "2.4.0", None), ("job", "2.4.0", "2.4.1", 118)], "the engine died in it"
    assert (site.one("B").because, site.one("B").due_at) == ("Due in 6 days", T0 + 5.9 * DAY)
    assert site.book.blocked(VENDOR, MODEL) == (BlockedVersion("2.3.9", "bricks"),)
    site.book.ended("A", 118, Result.SUCCEEDED, "")
    await site.book.block(VENDOR, MODEL, BlockedVersion("2.3.9"), blocked=False)
    await site.book.put_policy(FirmwarePolicy(VENDOR, MODEL, PolicyKind.NONE))
    await site.book.close()
    site.open_again()
    await site.book.open()
    site.boot("2.4.1")
    assert (site.book.view().models[0].policy, site.book.blocked(VENDOR, MODEL)) == (None, ())
    assert (site.one().state, site.one().because) == (FleetState.NEWEST, "By job 118")
    site.boot("2.4.2")
    assert site.lines()[-1][0] == "noticed", "the update is over after a restart, too"


async def test_a_version_written_while_the_disk_is_full_comes_later(site, monkeypatch):
    fails = asyncio.Event()

    async def full(row, keep=False):
        assert keep
        fails.set()
        raise EvdeskError(Reason.STORAGE, "The disk is full.")

    monkeypatch.setattr(site.store, "save_version", full)
    site.boot("2.4.0")
    await asyncio.wait_for(fails.wait(), 5)
    assert site.lines() == [("first", "", "2.4.0", None)]


async def test_a_charger_that_changes_its_mind_all_the_time_fills_no_disk(site):
    for number in range(VERSIONS_KEPT + 5):
        site.boot(f"1.{number}")
    await site.book.close()
    kept = await site.store.versions()
    assert (len(kept), kept[0].version, kept[-1].version) == (VERSIONS_KEPT, "1.0", f"1.{VERSIONS_KEPT + 4}")
    assert site.book.history("A")[::-1] == kept


# -- the fleet --------------------------------------------------------------------------------------------------------


async def test_models_against_library_policy_and_blocked_versions(site, tmp_path):
    usb = tmp_path / "usb"
    old, new = (
        await add(site, usb, "2.4.0"),
        await add(site, usb, "2.4.1", blocked=(BlockedVersion("2.3.9", "bricks"),)),
    )
    site.boot("2.4.1", "A")
    site.boot("2.4.0", "B", "NL-2")
    site.boot("2.3.9", "C", "NL-3", " n 22 ")
    site.boot("9.9", "D", "A7-1", "A7")
    view = site.book.view()
    assert view.counts == {"newest": 1, "behind": 1, "blocked": 1, "no_file": 1}
    a7, n22 = view.models
    assert (a7.model, a7.newest_version, a7.image_id) == ("A7", "", "")
    assert (n22.vendor, n22.model, n22.newest_version, n22.image_id) == (VENDOR, MODEL, "2.4.1", new)
    assert [(c.charger_id, c.state.value, c.image_id) for c in n22.chargers] == [
        ("A", "newest", ""),
        ("B", "behind", new),
        ("C", "blocked", new),
    ]
    assert n22.chargers[2].because == "2.3.9 bricks; 2.4.1 is here"
    assert n22.blocked == (BlockedVersion("2.3.9", "bricks"),)
    assert [span.version for span in n22.timeline] == ["2.4.1"]
    await site.book.block(VENDOR, MODEL, BlockedVersion("2.4.1", "Kim saw it hang"))
    n22 = site.book.view().models[1]
    assert (n22.newest_version, n22.image_id) == ("2.4.0", old)
    assert [c.because for c in n22.chargers][:2] == ["2.4.1: Kim saw it hang; 2.4.0 is here", ""]
    assert site.book.view({"A", "B"}).counts["updating"] == 2
    await site.book.put_policy(FirmwarePolicy(VENDOR, MODEL, PolicyKind.AT_LEAST, "2.4.0", T0 - DAY))
    view = site.book.view()
    assert (view.overdue, view.models[1].policy.version) == (1, "2.4.0"), "only the one on 2.3.9"


async def test_the_hardware_revision_comes_from_settings_that_were_read(site):
    record = site.boot("2.4.0")
    told = []
    site.book.on_changed = lambda: told.append(1)

    async def settings(of):
        return SettingsView(of.id, T0, "ocpp1.6", (Setting("HardwareVersion", "B"),))

    assert site.book.facts(record).hardware == ""
    site.book.settings_of = settings
    await site.book.look()
    assert (site.book.facts(record).hardware, site.one().hardware, len(told)) == ("B", "B", 1)
    await site.book.look()
    assert len(told) == 1, "nothing new, nothing told"


async def test_what_came_without_a_boot_is_taken_in_by_a_look(site):
    record = site.fleet.record("A")
    record.accepted, record.identity = True, Identity(VENDOR, MODEL, "NL-1", "2.4.0")
    await site.book.look()
    assert site.lines() == [("first", "", "2.4.0", None)]
