"""Load balancing as a pure function of what is known: lines, demands and time in, limits with reasons out.

    balancer = Balancer(site)
    decision = balancer.step(now, demands, samples)   # once a second

Nothing here does I/O, reads a clock or knows a protocol. Currents are ampere RMS per phase; unknown counts at its worst.
"""

from evdesk.balance.allotment import Rules, Sharing
from evdesk.balance.balancer import Balancer
from evdesk.balance.checks import validate_site
from evdesk.balance.failsafe import (
    WITHIN,
    Exposure,
    FailsafePlan,
    Silence,
    exposures,
    failsafe_plans,
    failsafe_problems,
    safe_share,
    site_share,
    tightest,
)
from evdesk.balance.schedule import caps_at, dimmed_w, price_at
from evdesk.balance.types import ANY_TERMINAL, Decision, Demand, Key, Line, LineSample, LineView
from evdesk.balance.wiring import build_lines, kw_per_a

__all__ = [
    "ANY_TERMINAL",
    "WITHIN",
    "Balancer",
    "Decision",
    "Demand",
    "Exposure",
    "FailsafePlan",
    "Key",
    "Line",
    "LineSample",
    "LineView",
    "Rules",
    "Sharing",
    "Silence",
    "build_lines",
    "caps_at",
    "dimmed_w",
    "exposures",
    "failsafe_plans",
    "failsafe_problems",
    "kw_per_a",
    "price_at",
    "safe_share",
    "site_share",
    "tightest",
    "validate_site",
]
