"""Every reason why a site cannot be put in force as entered: those of the balancer, and meters nobody can read."""

from evdesk.balance import validate_site
from evdesk.drivers.meters import load_profile
from evdesk.model import EvdeskError, Reason, Site


def site_problems(site: Site) -> list[str]:
    """Sentences that say what to do; empty when it is fine."""
    found = validate_site(site)
    for circuit in site.circuits:
        if circuit.meter is None:
            continue
        try:
            load_profile(circuit.meter.profile)
        except EvdeskError as error:
            found.append(f"The meter of {circuit.name[:100]!r}: {error.sentence}")
    return found


def demand_right(site: Site) -> None:
    """Raises `EvdeskError(INVALID)` with every problem."""
    if problems := site_problems(site):
        raise EvdeskError(Reason.INVALID, " ".join(problems))
