"""An engine that a desk started ends by itself, once nobody has needed it for a while."""

from evdesk.engine import idle
from evdesk.engine.idle import Idle


def test_it_is_over_only_after_a_whole_while_without_work(monkeypatch):
    asked = ((0.0, False), (59.0, False), (59.5, True), (60.0, False), (119.0, False), (120.0, False))
    times = iter([at for at, busy in asked if not busy])
    monkeypatch.setattr(idle.time, "monotonic", lambda: next(times))
    watch = Idle(60.0)
    assert [watch.over(busy) for _, busy in asked] == [False, False, False, False, False, True]
