"""The plan in each charger: who cannot fall back is reserved in full, the others share the rest."""

from evdesk.balance import failsafe_plans, failsafe_problems, site_share
from evdesk.model import BalanceSettings, Bay, Circuit, Site


def site(rating: float = 63.0, other: float = 12.0) -> Site:
    bays = tuple(Bay(name, 1, f"Bay {name}", "Main", max_a=16.0, rotation="RST") for name in "ABCD")
    circuits = (Circuit("Main", (rating,) * 3, other_max_a=(other,) * 3),)
    return Site(circuits=circuits, bays=bays, balance=BalanceSettings(margin_a=1.0), assumed=False)


def test_who_cannot_fall_back_takes_from_the_others():
    plans = failsafe_plans(site())
    assert {p.safe_a for p in plans.values()} == {12.0}  # (63 - 12 - 1) / 4
    unable = failsafe_plans(site(), frozenset("A"))
    assert (unable["A"].reserved_a, unable["A"].safe_a) == (16.0, 12.0)
    assert {unable[n].safe_a for n in "BCD"} == {11.0}  # (63 - 12 - 1 - 16) / 3
    assert site_share(site(), frozenset("A")) == 11.0
    assert unable["B"].falls_after_s == 195


def test_with_several_the_rest_may_get_nothing():
    plans = failsafe_plans(site(40.0), frozenset("AB"))
    assert {plans[n].safe_a for n in "CD"} == {0.0}  # 27 - 32 A is less than nothing
    assert site_share(site(), frozenset("ABCD")) == 0.0


def test_a_line_too_small_for_them_is_said():
    assert failsafe_problems(site(), frozenset("ABC")) == []
    (one, two, three) = failsafe_problems(site(40.0), frozenset("AB"))
    assert one.startswith("Main/L1: Bay A, Bay B cannot fall back and may draw 32 A beside 12 A of other load")
    assert "above its 40 A" in one
    assert (two[:7], three[:7]) == ("Main/L2", "Main/L3")
