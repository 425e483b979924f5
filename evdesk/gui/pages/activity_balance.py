"""Words of the audit log about the site's balance: power limits, the wiring test, drills."""

from collections.abc import Callable, Mapping
from typing import Any

from evdesk.gui import text
from evdesk.gui.text import power, tr

Args = Mapping[str, Any]


def _cap(args: Args, _detail: Args) -> str:
    watts = args.get("power_w")
    if isinstance(watts, bool) or not isinstance(watts, int | float):
        return tr("Power limit")
    return tr("Power limit {power}").format(power=power(watts))


WHAT: dict[str, Callable[[Args, Args], str]] = {
    "site.import": lambda _args, _detail: tr("Site from a file"),
    "balance.cap": _cap,
    "balance.uncap": lambda _args, _detail: tr("Power limit taken back"),
    "balance.confirmed_late": lambda _args, detail: tr("Limit {a} A confirmed late").format(
        a=text.number(detail.get("limit_a", 0.0))
    ),
    "wiring.test": lambda _args, _detail: tr("Wiring test"),
    "wiring.cancel": lambda _args, _detail: tr("Wiring test ended"),
    "wiring.apply": lambda _args, _detail: tr("Seen wiring entered"),
    "wiring.trust": lambda _args, _detail: tr("Meter believed again"),
    "wiring.forget": lambda _args, _detail: tr("Seen wiring dropped"),
    "failsafe.drill": lambda _args, _detail: tr("Failsafe drill"),
    "failsafe.seen": lambda _args, _detail: tr("Seen ignoring its limit"),
    "failsafe.mended": lambda _args, _detail: tr("Said to be mended"),
    "engine.gap": lambda _args, detail: tr("Engine stood still for {s} s").format(s=detail.get("seconds", "?")),
    "engine.clock_jump": lambda _args, detail: tr("Clock set by {s} s").format(s=detail.get("seconds", "?")),
    "failsafe.drill_all": lambda _args, _detail: tr("Drills of all that are not proven"),
    "failsafe.cancel": lambda _args, _detail: tr("Drill ended"),
}
