"""Certificates that end are told in time, once each, and a wrong clock makes no noise that stays."""

import pytest

from evdesk.engine.fleet import Fleet
from evdesk.engine.security.authority import Authority
from evdesk.engine.security.expiry import DAY_S, Ending, Expiry, stage_of
from evdesk.engine.security.passwords import Passwords
from evdesk.engine.security.policies import Policies
from evdesk.engine.security.secrets import Secrets
from evdesk.gui.notice_words import notice_look
from evdesk.wire.security import Issued
from tests.engine.store_kit import T0, FixedClock, opened

END = T0 + 100 * DAY_S


@pytest.mark.parametrize(("left", "stage"), [(31.0, 0), (30.0, 1), (8.0, 1), (7.0, 2), (0.5, 2), (0.0, 3), (-500.0, 3)])
def test_stages(left, stage):
    assert stage_of(Ending("charger", "1", T0, END), END - left * DAY_S) == stage


def test_a_clock_before_the_begin_says_nothing():
    assert stage_of(Ending("charger", "1", T0, T0 + DAY_S), 0.0) == 0


async def test_each_stage_is_told_once_and_outlives_a_restart(tmp_path):
    clock = FixedClock(T0)
    async with opened(tmp_path / "evdesk.db", clock=clock) as store:
        fleet = Fleet(store, clock)
        told = []
        fleet.on_notice = told.append
        fleet.record("A").accepted = True

        def made() -> Expiry:
            secrets = Secrets(tmp_path)
            policies = Policies(store, Passwords(secrets), clock, lambda _: "")
            policies.issued = {
                "aa": Issued("aa", "A", "CN=A", T0, END - 50 * DAY_S, "f1"),  # replaced by the next
                "bb": Issued("bb", "A", "CN=A", T0, END, "f2"),
                "cc": Issued("cc", "GONE", "CN=GONE", T0, T0 + DAY_S, "f3"),  # a charger that was forgotten
                "dd": Issued("dd", "A", "CN=A", T0, END + 900 * DAY_S, "f4", revoked_at=T0),
            }
            return Expiry(fleet, Authority(store, secrets, clock), policies)

        expiry = made()

        async def at(days_before: float) -> list[str]:
            told.clear()
            clock.at = END - days_before * DAY_S
            await expiry.look()
            await expiry.look()
            return [notice_look(one).word for one in told]

        assert await at(60) == []
        assert await at(29) == ["A: its certificate ends in 29 days"]
        assert await at(28) == []
        expiry = made()
        assert await at(20) == []
        assert await at(6) == ["A: its certificate ends in 6 days"]
        assert await at(-1) == ["A: its certificate has ended; sign a new one"]
        assert await at(60) == []  # the clock was wrong, and was set right
        assert await at(29) == ["A: its certificate ends in 29 days"]
        assert [one.severity.value for one in told] == ["info"]
