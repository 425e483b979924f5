"""What is wrong with the power limits and prices of a site, in sentences that say what to do."""

import math
from collections import Counter

from evdesk.model import CapRule, ChargeMode, PriceRule, Site

DAY_MIN = 24 * 60
MOST_RULES = 200
MOST_W = 10_000_000


def rule_problems(site: Site) -> list[str]:
    """Every reason why a rule cannot be followed as entered; empty when all are fine."""
    if len(site.caps) > MOST_RULES or len(site.prices) > MOST_RULES:
        return [f"A site has at most {MOST_RULES} power limits and {MOST_RULES} prices. Join some of them."]
    found = [
        f"Two power limits are called {name!r}. Give each its own name."
        for name, count in Counter(cap.name for cap in site.caps).items()
        if count > 1
    ]
    for cap in site.caps:
        who = f"The power limit {cap.name!r}"
        if not cap.name.strip():
            found.append("A power limit has no name. Give it one.")
        if not (math.isfinite(cap.power_w) and 0 <= cap.power_w <= MOST_W):
            found.append(f"{who} is {cap.power_w:g} W. Enter 0 W or more.")
        found += _times(who, cap)
    for price in site.prices:
        who = f"The price {price.price:g}"
        if not math.isfinite(price.price):
            found.append(f"{who} is no number. Enter the price of a kWh.")
        found += _times(who, price)
    balance = site.balance
    if balance.cheap_below is not None and not math.isfinite(balance.cheap_below):
        found.append("The price up to which cars charge is no number. Enter one, or clear it.")
    cheap = balance.mode is ChargeMode.CHEAP or any(bay.mode is ChargeMode.CHEAP for bay in site.bays)
    if cheap and (balance.cheap_below is None or not site.prices):
        found.append("Charging in cheap hours needs prices and the price up to which cars charge. Enter both.")
    return found


def _times(who: str, rule: CapRule | PriceRule) -> list[str]:
    found: list[str] = []
    if not all(0 <= day <= 6 for day in rule.days) or len(set(rule.days)) != len(rule.days):
        found.append(f"{who} has the days {list(rule.days)}. Use 0 (Monday) to 6 (Sunday), each once; none means all.")
    if not (0 <= rule.start < DAY_MIN and 0 < rule.end <= DAY_MIN) or rule.start == rule.end:
        found.append(f"{who} is from minute {rule.start} to {rule.end}. Enter a time from 0:00 to 24:00, not empty.")
    return found
