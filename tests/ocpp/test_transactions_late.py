"""TransactionEvents that come late, out of order, from the offline queue, or very many: what runs now stays what runs."""

import pytest

from evdesk.model import ConnectorStatus, Reading, StatusChanged
from evdesk.ocpp.timestamps import format_time
from evdesk.ocpp.version import Version
from tests.ocpp.helpers import NOW, Wire, answer, rules


class Station(Wire):
    def __init__(self):
        super().__init__(version=Version.V201)
        self.numbers = {}

    def event(self, kind, ref, seq, after_s=0.0, state="Charging", **more):
        """Sends one and settles what it defers."""
        payload = {
            "eventType": kind,
            "timestamp": format_time(NOW + after_s),
            "triggerReason": "MeterValuePeriodic",
            "seqNo": seq,
            "transactionInfo": {"transactionId": ref, "chargingState": state},
            "evse": {"id": 1},
            **more,
        }
        step = self.call("TransactionEvent", payload)
        for deferred in step.deferred:
            number = self.numbers.setdefault(ref, len(self.numbers) + 1)
            settle = self.dialogue.settle_stop if kind == "Ended" else self.dialogue.settle_start
            args = ("Accepted",) if kind == "Ended" else (number, "Accepted")
            assert answer(settle(deferred, *args, self.now)) is not None
        return step

    @property
    def evse(self):
        return self.memory.evse(1)


@pytest.mark.parametrize("late", ["Updated", "Started"])
def test_what_comes_after_the_end_does_not_bring_a_charge_back(late):
    one = Station()
    one.event("Started", "A", 0)
    one.event("Ended", "A", 3, 60, state="EVConnected")
    step = one.event(late, "A", 1 if late == "Updated" else 0, 30 if late == "Updated" else 0)
    assert one.evse.ref == ""
    assert not [e for e in step.events if isinstance(e, StatusChanged) and e.status is ConnectorStatus.CHARGING]


@pytest.mark.parametrize("how", [{"offline": True}, {}])
def test_the_queue_of_an_older_charge_does_not_take_the_place_of_the_one_that_runs(how):
    one = Station()
    one.event("Started", "LIVE", 0, 1000)
    for kind, seq, after_s in (("Started", 0, 100), ("Updated", 1, 200), ("Ended", 2, 300)):
        one.event(kind, "OLD", seq, after_s, **how)
        assert one.evse.ref == "LIVE"
    assert one.evse.charging == "Charging"
    assert one.numbers == {"LIVE": 1, "OLD": 2}  # both are on record


def test_a_newer_charge_takes_the_place_where_the_end_of_the_last_was_lost():
    one = Station()
    one.event("Started", "A", 0, 0)
    one.event("Started", "B", 0, 500)
    assert one.evse.ref == "B"


def test_many_transactions_do_not_push_the_running_one_out():
    one = Station()
    one.event("Started", "LIVE", 0, 5000)
    for number in range(80):
        one.event("Ended", f"OLD{number}", 9, number, offline=True)
    assert "LIVE" in one.memory.told
    assert len(one.memory.told) <= 64


def test_a_repeat_is_known_again_in_a_long_charge():
    one = Station()
    one.event("Started", "A", 0)
    value = {"value": 9.0, "measurand": "Current.Import", "phase": "L1"}
    for seq in range(1, 700):
        meter = [{"timestamp": format_time(NOW + seq), "sampledValue": [value]}]
        one.event("Updated", "A", seq, seq, meterValue=meter)
    step = one.event("Updated", "A", 699, 699, meterValue=meter)
    assert "seq_no_repeated" in rules(step)
    assert not [e for e in step.events if isinstance(e, Reading)]
    assert len(one.memory.told["A"].seen) <= 512
    assert "seq_no_gap" not in rules(one.event("Ended", "A", 700, 700))


def test_an_id_beside_the_info_is_the_same_transaction():
    one = Station()
    payload = {
        "eventType": "Started",
        "timestamp": format_time(NOW),
        "triggerReason": "CablePluggedIn",
        "seqNo": 0,
        "transactionId": "A",
        "evse": {"id": 1},
    }
    (deferred,) = one.call("TransactionEvent", payload).deferred
    one.dialogue.settle_start(deferred, 5, "Accepted", NOW)
    assert (one.memory.told["A"].session, one.memory.told["A"].opening) == (5, False)


def test_a_boot_ends_what_seemed_to_run():
    """The transaction that goes on is told again; one whose end never comes must not keep the place for ever."""
    one = Station()
    one.event("Started", "A", 0)
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
    one.call("BootNotification", boot)
    status = {"timestamp": format_time(NOW), "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
    step = one.call("StatusNotification", status)
    assert [e.status for e in step.events if isinstance(e, StatusChanged)] == [ConnectorStatus.AVAILABLE]
    one.call("StatusNotification", status | {"connectorStatus": "Occupied"})
    step = one.event("Updated", "A", 1, 60)
    assert [e.status for e in step.events if isinstance(e, StatusChanged)] == [ConnectorStatus.CHARGING]
