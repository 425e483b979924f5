"""A status that contradicts the meter, a start that led to nothing, a charger that stays away as long as ever."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.commands import Commands
from evdesk.engine.doubts import ANSWER_S, BEGINS_S, FLOWS_AFTER_S, NOTHING_AFTER_S, POWER_S, Doubts
from evdesk.engine.fleet import Fleet
from evdesk.model import (
    Capability,
    Connected,
    ConnectorStatus,
    Disconnected,
    Doubt,
    EvdeskError,
    FindingSeen,
    Identity,
    Notice,
    Reading,
    Reason,
    Session,
    StatusChanged,
)
from tests.engine.harness import engine, station, until
from tests.engine.store_kit import T0, FixedClock, opened
from tests.engine.test_engine import SITE

S = ConnectorStatus


class Asked(Driver):
    """Answers a triggered status and remembers that it was asked."""

    capabilities = frozenset({Capability.TRIGGER})

    def __init__(self) -> None:
        self.charger_id = "A"
        self.triggered: list[tuple[str, int | None]] = []

    async def run(self, report) -> None:
        raise NotImplementedError

    async def trigger(self, what: str, connector_id: int | None) -> Answer:
        self.triggered.append((what, connector_id))
        return Answer("Accepted")


class Bench:
    """One charger with one connector, its fleet and its doubts, on a clock that only the test moves."""

    def __init__(self, store, clock) -> None:
        self.clock = clock
        self.notices: list[Notice] = []
        self.fleet = Fleet(store, clock)
        self.fleet.on_notice = self.notices.append
        self.doubts = Doubts(self.fleet, Commands(store))
        self.record = self.fleet.record("A")
        self.record.accepted, self.record.identity = True, Identity("Maker", "M1", "S1")
        self.link = Asked()
        self.record.link = self.link
        self.connector = self.fleet.connector(self.record, 1)

    def tell(self, status: ConnectorStatus) -> None:
        self.fleet.report(StatusChanged("A", 1, self.clock.now(), status))

    def charge(self, session_id: int = 1) -> None:
        self.connector.begin(Session(session_id, "A", 1, "TAG", self.clock.now()))

    async def passes(self, seconds: float, amps: float | None = None) -> Doubt:
        """Seconds go by, with a reading each ten."""
        for second in range(int(seconds)):
            self.clock.at += 1.0
            if amps is not None and second % 10 == 0:
                self.fleet.report(Reading("A", 1, self.clock.now(), current_a=(amps, amps, amps)))
            self.doubts.tick()
        return self.connector.doubt

    async def asked(self) -> list[tuple[str, int | None]]:
        return self.link.triggered

    def told(self) -> list[str]:
        return [str(dict(n.args)["what"]) for n in self.notices if n.kind.value == "not_started"]


@contextlib.asynccontextmanager
async def bench(tmp_path):
    clock = FixedClock(T0)
    async with opened(tmp_path / "evdesk.db", clock=clock) as store:
        one = Bench(store, clock)
        yield one
        await one.doubts.close()


@pytest.mark.parametrize(
    ("status", "amps"),
    [
        (S.AVAILABLE, 6.0),
        (S.UNAVAILABLE, 6.0),
        (S.RESERVED, 2.0),
        (S.PREPARING, 9.0),
        (S.FINISHING, 9.0),
        (S.FAULTED, 9.0),
    ],
)
async def test_current_where_none_can_flow_makes_the_status_doubtful(tmp_path, status, amps):
    """lbbrhzn/ocpp #2138, PR #2073: `Available` with the cable in. The charger is asked first, once."""
    async with bench(tmp_path) as one:
        one.tell(status)
        assert await one.passes(FLOWS_AFTER_S - 2, amps) is Doubt.NONE
        assert await one.passes(ANSWER_S + 4, amps) is Doubt.FLOWS
        assert await until(one.asked) == [("StatusNotification", 1)]
        assert await one.passes(60, amps) is Doubt.FLOWS
        assert len(one.link.triggered) == 1
        one.charge()
        one.tell(S.CHARGING)  # it has told the truth since
        assert await one.passes(2, amps) is Doubt.NONE


async def test_a_charge_without_current_is_doubtful_only_where_it_may_draw(tmp_path):
    async with bench(tmp_path) as one:
        one.charge()
        one.tell(S.CHARGING)
        one.connector.confirmed_a, one.connector.confirmed_until = 0.0, T0 + 1e6  # paused by us: nothing may flow
        assert await one.passes(NOTHING_AFTER_S + 60, 0.0) is Doubt.NONE
        one.connector.confirmed_a = 10.0
        assert await one.passes(NOTHING_AFTER_S - 5, 0.0) is Doubt.NONE
        assert await one.passes(ANSWER_S + 10, 0.0) is Doubt.NOTHING_FLOWS
        one.tell(S.SUSPENDED_EV)
        assert await one.passes(2, 0.0) is Doubt.NONE


async def test_a_charge_whose_start_was_never_told_is_said_with_what_to_do(tmp_path):
    async with bench(tmp_path) as one:
        seen = []
        one.fleet.report, report = (
            lambda e: seen.append(e) if isinstance(e, FindingSeen) else report(e),
            one.fleet.report,
        )
        one.tell(S.CHARGING)
        assert await one.passes(300, 16.0) is Doubt.NONE
        one.record.connectors[1].unheard = True
        assert await one.passes(FLOWS_AFTER_S + ANSWER_S + 2, 16.0) is Doubt.UNHEARD
        ((rule, sentence),) = [(finding.rule, finding.sentence) for finding in seen]
        assert rule == "charge_not_told"
        assert "draws 16.0 A, and told no start. Unplug the car and plug it in again" in sentence
        one.record.connectors[1].unheard = False
        assert await one.passes(1, 16.0) is Doubt.NONE


async def test_what_is_not_measured_or_not_connected_is_not_doubted(tmp_path):
    async with bench(tmp_path) as one:
        one.tell(S.AVAILABLE)
        assert await one.passes(3, 6.0) is Doubt.NONE
        assert await one.passes(120) is Doubt.NONE  # the reading is old by then
        one.tell(S.CHARGING)
        one.charge()
        assert await one.passes(NOTHING_AFTER_S + 60) is Doubt.NONE
        one.record.link = None
        assert await one.passes(FLOWS_AFTER_S + 20, 6.0) is Doubt.NONE


async def test_an_accepted_start_that_leads_to_nothing_is_told(tmp_path):
    async with bench(tmp_path) as one:
        one.tell(S.PREPARING)
        one.doubts.started(one.record, 1)
        assert await one.passes(BEGINS_S - 1) is Doubt.NONE
        assert await one.passes(5) is Doubt.NO_CHARGE
        assert one.told() == ["no_charge"]
        one.charge()
        assert await one.passes(1) is Doubt.NONE


@pytest.mark.parametrize(("after", "told"), [(S.CHARGING, ["no_power"]), (S.SUSPENDED_EV, [])])
async def test_a_charge_that_begins_and_draws_nothing_is_told(tmp_path, after, told):
    """lbbrhzn/ocpp PR #2073: accepted, no power. A car that declines is no fault of the charger."""
    async with bench(tmp_path) as one:
        one.tell(S.PREPARING)
        one.doubts.started(one.record, 1)
        await one.passes(5)
        one.charge()
        one.tell(after)
        await one.passes(POWER_S + 5, 0.0)
        assert one.told() == told


async def test_a_start_without_a_car_is_told_and_not_held_against_the_charger(tmp_path):
    async with bench(tmp_path) as one:
        one.tell(S.AVAILABLE)
        one.doubts.started(one.record, 1)
        assert await one.passes(BEGINS_S + 5, 0.0) is Doubt.NONE
        assert one.told() == ["no_car"]
        one.tell(S.PREPARING)
        assert await one.passes(BEGINS_S + 5, 0.0) is Doubt.NONE


async def test_a_start_that_is_followed_by_current_is_silent(tmp_path):
    async with bench(tmp_path) as one:
        one.tell(S.PREPARING)
        one.doubts.started(one.record, 1)
        one.charge()
        one.tell(S.CHARGING)
        await one.passes(30, 10.0)
        await one.passes(300, 0.2)
        assert one.told() == []


async def test_the_pause_between_stop_and_start_is_learnt_and_kept(tmp_path):
    """lbbrhzn/ocpp PR #2073: started minutes after a stop it gave no power, then went offline."""
    async with bench(tmp_path) as one:
        one.tell(S.CHARGING)
        one.charge()
        await one.passes(2, 10.0)
        one.connector.session = None
        one.tell(S.PREPARING)
        await one.passes(120, 0.0)
        one.doubts.demand_pause(one.record, 1)  # nothing is known against it yet
        one.doubts.started(one.record, 1)
        await one.passes(5)
        one.record.link = None
        await one.passes(2)
        assert one.told() == ["offline"]
        one.record.link = one.link
        with pytest.raises(EvdeskError, match="so soon after a stop") as error:
            one.doubts.demand_pause(one.record, 1)
        assert error.value.reason is Reason.INVALID
        await one.doubts.save()
        again = Doubts(one.fleet, Commands(one.fleet.store))
        await again.open()
        again._stopped[("A", 1)] = one.clock.now()
        with pytest.raises(EvdeskError, match=r"in 1[78]\d s"):
            again.demand_pause(one.record, 1)
        one.clock.at += 200.0
        again.demand_pause(one.record, 1)
        one.record.identity = replace(one.record.identity, model="M2")
        again._stopped[("A", 1)] = one.clock.now()
        again.demand_pause(one.record, 1)  # another model


async def test_when_a_silent_charger_is_expected_back(tmp_path):
    """lbbrhzn/ocpp PR #2073: some redial only after 6 to 19 minutes."""
    async with bench(tmp_path) as one:
        record, clock = one.record, one.clock

        def away(seconds: float) -> None:
            record.link = None
            one.fleet.report(Disconnected("A", clock.now(), "gone"))
            clock.at += seconds
            record.link = one.link
            one.fleet.report(Connected("A", clock.now(), "ocpp", "ocpp1.6", "10.0.0.9"))

        one.fleet.report(Connected("A", clock.now(), "ocpp", "ocpp1.6", "10.0.0.9"))
        record.link = None
        one.fleet.report(Disconnected("A", clock.now(), "gone"))
        assert record.to_model(clock.now()).expected_at is None  # never away before
        record.link = one.link
        one.fleet.report(Connected("A", clock.now(), "ocpp", "ocpp1.6", "10.0.0.9"))
        for seconds in (400.0, 1100.0, 7200.0, 380.0):  # a power cut of two hours is no habit
            away(seconds)
        record.link = None
        one.fleet.report(Disconnected("A", clock.now(), "gone"))
        model = record.to_model(clock.now())
        assert model.absences_s == (0.0, 400.0, 1100.0, 380.0)
        assert model.expected_at == pytest.approx(clock.now() + 1100.0, abs=30.0)
        record.link = one.link
        assert record.to_model(clock.now()).expected_at is None


@pytest.mark.parametrize(("refusals", "words"), [(1, ""), (9, "asked twice.*soft reset")])
async def test_a_refused_start_is_tried_once_more_and_the_restart_is_named(tmp_path, refusals, words):
    """evcc-io/evcc #14056: commands refused after an update until a reset. evdesk never restarts it by itself."""
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, "A1") as one:
            await api.call("site.put", {"site": SITE})
            await one.begin("Preparing")

            async def online():
                found = await api.call("charger.list")
                return found and found[0]["connectors"] and found[0]["state"] == "online"

            await until(online)
            one.refusals = refusals
            start = api.call("charger.start", {"charger_id": "A1", "connector_id": 1, "id_tag": "T"})
            if words:
                with pytest.raises(EvdeskError, match=words) as error:
                    await start
                assert error.value.reason is Reason.REFUSED
            else:
                assert (await start)["status"] == "Accepted"
            assert one.seen.calls.count("RemoteStartTransaction") == 2
            rows = [r for r in await api.call("audit.list", {"limit": 50}) if r["what"] == "charger.start"]
            assert [r["kind"] for r in reversed(rows)] == ["asked", "answered"] * 2
            assert not any(call.startswith("Reset") for call in one.seen.calls)


async def test_a_second_click_between_the_two_tries_starts_nothing(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, running.client() as other, station(running.ocpp, "A1") as one:
            await api.call("site.put", {"site": SITE})
            await one.begin("Preparing")

            async def online():
                found = await api.call("charger.list")
                return found and found[0]["connectors"] and found[0]["state"] == "online"

            await until(online)
            assert (await api.call("attempt.list", {"limit": 1}))[0]["verdict"] == "accepted"  # nobody is waited for
            one.refusals = 1
            params = {"charger_id": "A1", "connector_id": 1, "id_tag": "T"}
            first = asyncio.create_task(api.call("charger.start", params))

            async def refused():
                rows = await other.call("audit.list", {"limit": 20})
                return any(r["what"] == "charger.start" and r["kind"] == "answered" for r in rows)

            await until(refused)
            with pytest.raises(EvdeskError, match="tried once more"):
                await other.call("charger.start", params)
            assert (await first)["status"] == "Accepted"
            assert one.seen.calls.count("RemoteStartTransaction") == 2


async def test_a_refused_stop_is_tried_once_more(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, "A1") as one:
            await api.call("site.put", {"site": SITE})
            await one.begin("Preparing")
            number = await one.start_charge()

            async def charges():
                found = await api.call("charger.list")
                known = found and found[0]["connectors"] and found[0]["state"] == "online"
                return known and found[0]["connectors"][0]["session_id"] == number

            await until(charges)
            one.refusals = 1
            done = await api.call("charger.stop", {"charger_id": "A1", "connector_id": 1})
            assert done["status"] == "Accepted"
            assert one.seen.calls.count(f"RemoteStopTransaction {number}") == 2
            one.refusals = 2
            with pytest.raises(EvdeskError, match=r"asked twice.*soft reset"):
                await api.call("charger.stop", {"charger_id": "A1", "connector_id": 1})
