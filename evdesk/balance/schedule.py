"""Power limits and prices by the clock of the site, and the dimming rule of a grid operator. Time is passed in."""

from collections.abc import Sequence
from datetime import datetime

from evdesk.model import CapRule, PowerCap, PriceRule, Site

DIMMED_W = 4200.0
_SHARES = {2: 0.80, 3: 0.75, 4: 0.70, 5: 0.65, 6: 0.60, 7: 0.55, 8: 0.50}
_SHARE_OF_MANY = 0.45


def applies(rule: CapRule | PriceRule, local: datetime) -> bool:
    """Whether a rule holds at this local time; one that ends before it starts reaches into the next day."""
    minute, day = local.hour * 60 + local.minute, local.weekday()
    if rule.start < rule.end:
        return rule.start <= minute < rule.end and _on(rule, day)
    return (minute >= rule.start and _on(rule, day)) or (minute < rule.end and _on(rule, (day - 1) % 7))


def _on(rule: CapRule | PriceRule, day: int) -> bool:
    return not rule.days or day in rule.days


def caps_at(site: Site, local: datetime) -> tuple[PowerCap, ...]:
    """The site's own power limits in force at this local time."""
    return tuple(PowerCap(rule.name, rule.power_w, rule.group) for rule in site.caps if applies(rule, local))


def price_at(rules: Sequence[PriceRule], local: datetime) -> float | None:
    """Price of a kWh now; where several rules hold, the last one entered counts; None without any."""
    return next((rule.price for rule in reversed(rules) if applies(rule, local)), None)


def dimmed_w(devices: int) -> float:
    """What must stay available to `devices` controllable devices behind one energy management while the grid operator
    dims them: 4.2 kW for one; 4.2 kW and a share of 4.2 kW for each further (section 14a EnWG, BNetzA BK6-22-300)."""
    if devices <= 1:
        return DIMMED_W
    return DIMMED_W + (devices - 1) * _SHARES.get(devices, _SHARE_OF_MANY) * DIMMED_W
