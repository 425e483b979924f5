"""The mirror: snapshot, events, order, coalescing, loss."""

from dataclasses import replace

import msgspec
import pytest

from evdesk.gui.client import LinkState
from evdesk.gui.mirror import Mirror
from evdesk.model import Bay, ChargerState
from evdesk.model.jobs import Job, JobCharger, JobKind, JobState
from evdesk.wire import encode
from tests.gui import sample


def test_snapshot_fills_everything_in_bay_order(mirror):
    assert list(mirror.chargers) == [f"WB-{n:02}" for n in range(1, 9)] + ["KS-20881"]
    assert [c.id for c in mirror.pending()] == ["KS-20881"]
    assert mirror.charger_index("WB-08") == 7
    assert mirror.charger_index("KS-20881") == -1
    assert mirror.label("WB-03") == "Bay 3"
    assert mirror.label("nobody") == "nobody"
    assert mirror.load.tightest == "Main/L2"
    assert mirror.connected


def test_many_events_become_one_change(mirror, qtbot):
    seen, changes = [], []
    mirror.charger_changed.connect(seen.append)
    mirror.changed.connect(lambda: changes.append(1))
    charger = mirror.chargers["WB-02"]
    with qtbot.waitSignal(mirror.changed, timeout=2000):
        for n in range(50):
            mirror.take_event("charger", encode(replace(charger, boots=n)).encode())
    assert seen == ["WB-02"]
    assert changes == [1]
    assert mirror.chargers["WB-02"].boots == 49


def test_order_follows_the_site_and_a_forgotten_charger_goes(mirror, qtbot):
    bays = tuple(Bay(f"WB-{n:02}", 1, f"Bay {n}", "Main") for n in (3, 1))
    mirror.apply("site", replace(mirror.site, bays=bays))
    assert list(mirror.chargers)[:2] == ["WB-03", "WB-01"]
    with qtbot.waitSignal(mirror.charger_changed) as seen:
        mirror.take_event("charger.gone", b'{"charger_id": "WB-03"}')
    assert seen.args == ["WB-03"]
    assert "WB-03" not in mirror.chargers


def test_an_accepted_charger_moves_to_its_bay(mirror):
    asks = mirror.chargers["KS-20881"]
    bays = (Bay("KS-20881", 1, "Bay 0", "Main"), *mirror.site.bays)
    mirror.apply("site", replace(mirror.site, bays=bays))
    mirror.apply("charger", replace(asks, state=ChargerState.ONLINE, label="Bay 0"))
    assert next(iter(mirror.chargers)) == "KS-20881"
    assert not mirror.pending()


def test_notices_attempts_and_audit_come_at_once(mirror, qtbot):
    notice = replace(sample.notices()[-1], id=5000)
    with qtbot.waitSignal(mirror.notice_added) as got:
        mirror.take_event("notice", encode(notice).encode())
    assert got.args == [notice]
    assert mirror.notices[-1] == notice
    with qtbot.waitSignal(mirror.attempt_added):
        mirror.take_event("attempt", encode(sample.attempts()[0]).encode())
    with qtbot.waitSignal(mirror.audit_added):
        mirror.take_event("audit", encode(sample.audit_rows()[0]).encode())


def test_jobs_and_firmware_are_told_at_once(mirror, qtbot):
    job = Job(118, JobKind.UPDATE, JobState.RUNNING, sample.NOW, title="Nordlade N22 2.4.1", chargers=6)
    with qtbot.waitSignal(mirror.job_changed) as got:
        mirror.take_event("job", encode(job).encode())
    assert got.args == [job]
    assert mirror.jobs == {118: job}
    one = JobCharger("WB-03", label="Bay 3")
    with qtbot.waitSignal(mirror.job_charger_changed) as got:
        mirror.take_event("job.charger", encode({"job_id": 118, "charger": one}).encode())
    assert (got.args[0].job_id, got.args[0].charger) == (118, one)
    with qtbot.waitSignal(mirror.firmware_changed):
        mirror.take_event("firmware", b"{}")


def test_loss_keeps_the_last_values_and_a_snapshot_ends_it(mirror, client, qtbot):
    with qtbot.waitSignal(mirror.connection_changed) as lost:
        client.go(LinkState.LOST, "gone")
    assert lost.args == [False]
    assert mirror.lost_at is not None
    assert mirror.load is not None
    with qtbot.waitSignal(mirror.connection_changed) as back:
        mirror.take_snapshot(sample.snapshot(seq=200))
    assert back.args == [True]
    assert mirror.lost_at is None


def test_chargers_gone_in_a_new_snapshot_are_told(mirror):
    seen = []
    mirror.charger_changed.connect(seen.append)
    mirror.take_snapshot(sample.empty_snapshot())
    assert "WB-05" in seen
    assert mirror.chargers == {}


def test_data_of_the_wrong_shape_is_refused(mirror):
    with pytest.raises(msgspec.ValidationError):
        mirror.take_event("load", b'{"at": "yesterday"}')


def test_now_is_the_engines_clock():
    one = Mirror()
    one.take_snapshot(sample.snapshot())
    assert sample.NOW <= one.now() < sample.NOW + 5
