"""Power limits from outside, in words."""

from collections.abc import Iterable

from evdesk.gui import text
from evdesk.gui.text import tr
from evdesk.model import CapGroup, PowerCap


def cap_words(cap: PowerCap, now: float) -> str:
    """ "4.2 kW for all chargers, until 18:30" """
    what = tr("the whole site") if cap.group is CapGroup.CONNECTION else tr("all chargers")
    words = tr("{power} for {what}").format(power=text.power(cap.power_w), what=what)
    if cap.until_at is not None:
        return tr("{words}, until {time}").format(words=words, time=text.moment(cap.until_at, now))
    return words


def limits_words(caps: Iterable[PowerCap], now: float) -> str:
    """ "Power limit, grid operator: 4.2 kW for all chargers, until 18:30", the tightest first; "" without any."""
    rows = sorted(caps, key=lambda cap: cap.power_w)
    if not rows:
        return ""
    words = tr("Power limit, {source}: {words}").format(source=rows[0].source, words=cap_words(rows[0], now))
    more = tr("and {n} more").format(n=len(rows) - 1) if len(rows) > 1 else ""
    return text.reasons(words, more)
