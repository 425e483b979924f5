"""What a drill's verdict is worth later, and the printed page about it."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from evdesk.engine.drill.book import DrillBook
from evdesk.engine.drill.page import protocol_name
from evdesk.engine.drill.page_html import protocol_html
from evdesk.engine.drill.service import connector_to_drill
from evdesk.engine.fleet import Fleet
from evdesk.model import BalanceSettings, Bay, EvdeskError, Failsafe, FailsafeState, Identity, Session, Site
from evdesk.model.drills import Drill, DrillCause, DrillKind, DrillPhase, DrillVerdict
from tests.engine.store_kit import T0, FixedClock, opened

WHO = Identity("Nordlade", "N22", "NL-1", "2.4.0")
DONE = Drill(
    1,
    "A",
    1,
    DrillKind.SILENCE,
    T0,
    DrillPhase.DONE,
    DrillVerdict.PROVEN,
    DrillCause.FELL,
    "Fell to 6.0 A after 177 s.",
    vendor="Nordlade",
    model="N22",
    serial="NL-1",
    firmware="2.4.0",
    max_a=16.0,
    safe_a=6.0,
    valid_s=180,
    refresh_s=60,
    baseline_a=12.0,
    shown_a=6.0,
    since_at=T0 + 60,
    latest_allowed_at=T0 + 255,
    fell_after_s=180.0,
    fell_not_before_s=170.0,
    fell_to_a=6.0,
    ended_at=T0 + 300,
    samples=tuple((T0 + 10.0 * n, 12.0 if n < 24 else 6.0, 12.0) for n in range(30)),
)
KEPT = replace(DONE, id=2, verdict=DrillVerdict.FAILED, cause=DrillCause.KEPT, sentence="Kept 12 A.")
SEEN = replace(DONE, id=3, kind=DrillKind.SEEN, verdict=DrillVerdict.FAILED, cause=DrillCause.IGNORES)
SEEN = replace(SEEN, sentence="Drew 16 A under 6 A.")
VERIFIED = Failsafe(FailsafeState.VERIFIED, 16.0, 6.0)


@pytest.fixture
async def book(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet = Fleet(store, FixedClock(T0))
        fleet.site = Site(balance=BalanceSettings())
        fleet.record("A").identity = WHO
        yield DrillBook(fleet)


@pytest.mark.parametrize(
    ("drills", "who", "said", "state", "detail"),
    [
        ((DONE,), {}, {}, "proven", "Fell to 6.0 A"),
        ((DONE,), {"firmware": "2.5.0"}, {}, "verified", "untested: firmware changed from 2.4.0 to 2.5.0"),
        ((DONE,), {"serial": "NL-2"}, {}, "verified", "untested: another serial number"),
        ((DONE,), {}, {"safe_a": 8.0}, "verified", "untested: the safe value changed from 6 A to 8 A"),
        (
            (DONE,),
            {},
            {"state": FailsafeState.UNTESTED, "detail": "shows no schedule"},
            "untested",
            "shows no schedule",
        ),
        ((DONE,), {}, {"state": FailsafeState.UNKNOWN}, "unknown", ""),
        ((KEPT,), {}, {}, "cannot", "Kept 12 A."),
        ((KEPT,), {}, {"safe_a": 8.0}, "cannot", "Kept 12 A."),  # another value does not make it obey
        ((KEPT,), {"firmware": "2.5.0"}, {}, "verified", ""),
        ((KEPT, replace(DONE, id=3)), {}, {}, "proven", "Fell"),
        ((SEEN,), {}, {}, "cannot", "Drew 16 A under 6 A."),
        ((DONE, SEEN), {}, {}, "cannot", "Drew 16 A under 6 A."),
        ((SEEN, replace(DONE, id=4, kind=DrillKind.CUT)), {}, {}, "proven", "Fell"),  # it obeyed later
        ((SEEN, replace(DONE, id=4, kind=DrillKind.RESTART)), {}, {}, "cannot", "Drew"),
        ((SEEN,), {"firmware": "2.5.0"}, {}, "verified", ""),
        (
            (DONE, replace(KEPT, kind=DrillKind.CUT)),
            {},
            {},
            "cannot",
            "Kept 12 A.",
        ),  # silent it fell, cut off it did not
        ((DONE, replace(KEPT, cause=DrillCause.ZERO, kind=DrillKind.CUT)), {}, {}, "proven", "Fell"),
        ((replace(KEPT, cause=DrillCause.ZERO),), {}, {}, "verified", "Kept 12 A."),  # safe for the fuse
        ((replace(DONE, verdict=DrillVerdict.INCONCLUSIVE),), {}, {}, "verified", ""),
    ],
)
async def test_what_a_drill_is_worth(book, drills, who, said, state, detail):
    for drill in drills:
        book.note(drill)
    record = book.fleet.record("A")
    record.identity = replace(WHO, **who)
    found = book.judged(record, replace(VERIFIED, **said))
    assert found.state == state
    assert found.detail.startswith(detail)
    assert bool(found.detail) is bool(detail)


async def test_an_untested_one_that_was_drilled_stays_proven_while_it_says_the_same(book):
    book.note(replace(DONE, shown_a=None, untested="shows no schedule"))
    record = book.fleet.record("A")
    same = Failsafe(FailsafeState.UNTESTED, 16.0, 6.0, "shows no schedule")
    assert book.judged(record, same).state is FailsafeState.PROVEN
    worse = replace(same, detail="Connector 1 would fall back to 32 A instead of 6 A.")
    assert book.judged(record, worse).state is FailsafeState.UNTESTED


TWO = tuple(Bay("A", n, f"a.{n}", "Main") for n in (1, 2))
ON_2 = {"connector_id": 2}
SECOND = replace(DONE, id=5, **ON_2)


@pytest.mark.parametrize(
    ("drills", "state", "detail", "unproven"),
    [
        ((DONE,), "verified", "Not proven yet: connector 2 (not drilled).", [2]),
        ((DONE, SECOND), "proven", "Connector 2: Fell to 6.0 A", []),
        ((DONE, replace(SECOND, kind=DrillKind.CUT)), "proven", "Connector 2: Fell", []),
        ((DONE, replace(SECOND, safe_a=8.0)), "verified", "Not proven yet: connector 2 (the safe value changed", [2]),
        ((replace(KEPT, **ON_2), replace(DONE, id=9)), "cannot", "Connector 2: Kept 12 A.", [2]),
        ((replace(KEPT, **ON_2), replace(DONE, id=9), replace(SECOND, id=10)), "proven", "Connector 2: Fell", []),
        ((replace(SEEN, **ON_2), replace(DONE, id=9)), "cannot", "Connector 2: Drew 16 A", [2]),
        ((SEEN, replace(SEEN, id=4, **ON_2), replace(DONE, id=9)), "cannot", "Connector 2: Drew 16 A", [2]),
        ((DONE, SECOND, replace(KEPT, id=9, kind=DrillKind.RESTART, **ON_2)), "cannot", "Kept 12 A.", []),
        (
            (DONE, SECOND, replace(KEPT, id=9, kind=DrillKind.RESTART, **ON_2), replace(DONE, id=10, kind="restart")),
            "proven",
            "Connector 2: Fell",
            [],
        ),  # a restart is that of the whole charger
    ],
)
async def test_one_connector_says_nothing_about_another(book, drills, state, detail, unproven):
    book.fleet.site = replace(book.fleet.site, bays=TWO)
    for drill in drills:
        book.note(replace(drill, kind=DrillKind(drill.kind)))
    record = book.fleet.record("A")
    found = book.judged(record, VERIFIED)
    assert found.state == state
    assert found.detail.startswith(detail)
    record.failsafe = VERIFIED
    assert book.unproven(record) == unproven
    now = replace(found, state=FailsafeState.PROVEN, detail="")  # as an older version had it, or before the place came
    assert (book.judged(record, now).state == "proven") is (state == "proven")


async def test_a_connector_that_has_nothing_to_fall_to_needs_no_proof(book):
    book.fleet.site = replace(book.fleet.site, bays=(TWO[0], replace(TWO[1], max_a=6.0)))
    record = book.fleet.record("A")
    record.failsafe = VERIFIED
    assert book.unproven(record) == [1]
    book.note(DONE)
    assert book.judged(record, VERIFIED).state is FailsafeState.PROVEN
    assert book.unproven(record) == []


async def test_the_next_drill_takes_a_connector_that_is_not_proven(book):
    book.fleet.site = replace(book.fleet.site, bays=TWO)
    record = book.fleet.record("A")
    record.failsafe = VERIFIED
    record.connector(1)
    record.connector(2).session = Session(1, "A", 2, "TAG", T0)
    assert connector_to_drill(book, record, None) == 2, "it charges"
    assert connector_to_drill(book, record, 1) == 1
    book.note(SECOND)
    assert connector_to_drill(book, record, None) == 1
    book.note(replace(DONE, id=9))
    assert connector_to_drill(book, record, None) == 2
    with pytest.raises(EvdeskError, match="has no connector 3 in the site"):
        connector_to_drill(book, record, 3)


async def test_of_each_connector_the_newest_drill_is_kept(book):
    store = book.fleet.store
    for drill in (DONE, SECOND, replace(KEPT, **ON_2)):
        await store.save_drill(replace(drill, id=0))
    found = [(d.connector_id, d.verdict) for d in await store.latest_drills()]
    assert found == [(1, "proven"), (2, "failed")]


async def test_others_of_the_model_are_a_hint_only(book):
    book.note(DONE)
    other = book.fleet.record("B")
    other.identity = replace(WHO, serial="NL-9")
    assert [d.charger_id for d in book.same_model(other)] == ["A"]
    assert book.judged(other, VERIFIED).state is FailsafeState.VERIFIED
    other.identity = replace(WHO, firmware="3.0")
    assert book.same_model(other) == []


async def test_what_was_running_is_over_after_a_restart(book):
    store = book.fleet.store
    number = await store.save_drill(replace(DONE, id=0, phase=DrillPhase.SILENT, verdict=DrillVerdict.NONE))
    done = await store.save_drill(replace(DONE, id=0))
    again = DrillBook(book.fleet)
    (interrupted,) = await again.open()
    assert (interrupted.id, interrupted.verdict) == (number, "interrupted")
    assert again.drills[done].samples == ()
    kept = await store.drill(done)
    assert kept == replace(DONE, id=done)
    assert [d.id for d in await store.drills("A")] == [done, number]
    assert (await store.drill(number)).phase == "done"
    await store.save_drill(replace(KEPT, id=0, kind=DrillKind.CUT))
    await store.save_drill(replace(KEPT, id=0, verdict=DrillVerdict.INCONCLUSIVE))
    assert [(d.kind, d.verdict) for d in await store.latest_drills()] == [("silence", "proven"), ("cut", "failed")]


async def test_what_was_forgotten_counts_no_more_after_a_restart_either(book):
    """A replacement of the same model and firmware that tells no serial number comes under the same name."""
    store = book.fleet.store
    for drill in (DONE, replace(DONE, charger_id="B")):
        book.note(replace(drill, id=await store.save_drill(replace(drill, id=0))))
    running = replace(DONE, id=await store.save_drill(replace(DONE, id=0)), phase=DrillPhase.RESTORING)
    book.note(running)
    await book.forget("A")
    record, other = book.fleet.record("A"), book.fleet.record("B")
    record.identity = other.identity = replace(WHO, serial="")
    book.note(replace(running, phase=DrillPhase.DONE))  # it ends after it was dropped
    again = DrillBook(book.fleet)
    await again.open()
    for one in (book, again):
        assert one.judged(record, VERIFIED).state is FailsafeState.VERIFIED
        assert one.judged(other, VERIFIED).state is FailsafeState.PROVEN
        assert [d.charger_id for d in one.same_model(record)] == ["B"]
    number = await store.save_drill(replace(DONE, id=0))
    again.note(replace(DONE, id=number))
    assert again.judged(record, VERIFIED).state is FailsafeState.PROVEN, "the new one was drilled"


def _page(drill: Drill) -> str:
    html = protocol_html(drill)
    body = re.sub(r"<!doctype html>|<meta[^>]*>", "", html)
    ElementTree.fromstring(body)  # well-formed: nothing a label holds breaks out
    return html


def test_the_protocol_is_one_page_in_itself():
    html = _page(replace(DONE, site="Mill & Lane", label="Bay <1>", audit_ids=(7, 8, 9, 12)))
    assert "Mill &amp; Lane" in html
    assert "Bay &lt;1&gt;" in html
    assert "Audit rows 7-9, 12." in html
    assert "170 to 180 s" in html
    assert "195 s at most" in html
    assert not re.search(r"(src|href)=|url\(|@import|<script", html)


@pytest.mark.parametrize(
    "drill",
    [
        replace(DONE, samples=(), since_at=None, latest_allowed_at=None, verdict=DrillVerdict.REFUSED),
        replace(DONE, samples=((T0, None, None),)),
        replace(DONE, phase=DrillPhase.SILENT, verdict=DrillVerdict.NONE, sentence="", cause=DrillCause.NONE),
        replace(DONE, kind=DrillKind.RESTART, samples=(), shown_a=None),
        KEPT,
    ],
)
def test_it_can_be_printed_whatever_is_known(drill):
    assert "Failsafe protocol" in _page(drill)


def test_a_file_name_of_plain_letters():
    drill = replace(DONE, charger_id="../a b/Ü", id=5)
    assert protocol_name(drill, "pdf") == "failsafe-a-b-2027-01-15-5.pdf"
