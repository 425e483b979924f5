"""What it costs to stay within the breaker even if evdesk falls silent, and what it costs not to, in words."""

from evdesk.balance import tightest
from evdesk.gui import text
from evdesk.gui.sentences import line_words
from evdesk.gui.text import tr
from evdesk.model import Site


def affordable(site: Site) -> bool:
    """Whether a car can still charge on every line beside the worst of the other loads."""
    one = tightest(site)
    return one is not None and one.charges


def silence_words(site: Site) -> str:
    """One sentence about what each choice costs."""
    one = tightest(site)
    if one is None:
        return ""
    if one.free:
        return tr("Costs nothing here: the breaker bears other loads of {other} on top.").format(
            other=text.limit(one.other_a)
        )
    if one.charges:
        on = tr("On: cars get {on} at most, even while nothing else runs.")
    else:
        on = tr("On: {on} would be left for cars; none starts below 6 A.")
    if one.borne:
        off = tr("Off: up to {off}, and {worst} of {limit} for {s} s at the worst, which the breaker bears.")
    else:
        off = tr("Off: up to {off}, but {worst} of {limit} may flow for {s} s, and the breaker may trip.")
    figures = {
        "on": text.limit(_down(one.on_a)),
        "off": text.limit(_down(one.off_a)),
        "worst": text.limit(one.worst_a),
        "limit": text.limit(one.limit_a),
        "s": one.seconds,
    }
    where = f"{line_words(one.line)}. " if len(site.circuits) > 1 else ""
    metered = any(circuit.meter is not None for circuit in site.circuits)
    later = "" if metered else " " + tr("It counts once a meter measures the site.")
    return where + f"{on}\n{off}".format(**figures) + later


def _down(amps: float) -> float:
    """Whole ampere cars can count on."""
    return float(int(max(amps, 0.0) + 1e-6))
