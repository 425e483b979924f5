"""The engine's own words for a decision: until when, and what would raise a limit on a line of cars alone."""

from evdesk.engine.explain_words import clock, sentence, what_changes
from evdesk.model import Why, WhyCode
from evdesk.model.decisions import DecisionRow
from evdesk.wire.explain import LineMoment

FULL = Why(WhyCode.LINE, "Garage/L1", 34.6, 35.0, 1000.0)


def test_other_load_is_named_only_where_it_may_be():
    cars = LineMoment("Garage/L1", rating_a=35.0, load_a=34.6, cars_a=34.6, other_a=0.0)
    house = LineMoment("Garage/L1", rating_a=35.0, load_a=34.6, cars_a=20.0, other_a=14.6)
    assert "other_load_falls" not in what_changes(FULL, cars).words
    assert what_changes(FULL, cars).sentence == "More when a car on Garage/L1 takes less."
    assert "other_load_falls" in what_changes(FULL, house).words
    assert what_changes(FULL).words == what_changes(FULL, house).words


def test_a_sentence_says_until_when():
    why = Why(WhyCode.WAITING, "Main/L1", 62.0, 63.0, 1000.0, "ahead", 4600.0)
    row = DecisionRow(1, "A", 1, 1000.0, None, 0.0, why)
    assert f"; its turn comes by {clock(4600.0)}." in sentence("Bay 1", row, None, "")
    paused = DecisionRow(1, "A", 1, 1000.0, None, 0.0, Why(WhyCode.WAITING, "Main/L1", detail="dwell", until_at=4600.0))
    assert f"; its pause ends by {clock(4600.0)}." in sentence("Bay 1", paused, None, "")
