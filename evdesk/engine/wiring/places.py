"""Which meter sees which connectors."""

from evdesk.balance import Key
from evdesk.model import Bay, Circuit, Site, Transformer


def meter_of(site: Site, bay: Bay) -> str:
    """The nearest metered circuit above this bay, "" where there is none, or only behind a transformer: there a step
    looks different."""
    circuit = site.circuit(bay.circuit)
    for _ in range(len(site.circuits)):
        if circuit is None or circuit.meter is not None or circuit.transformer is not Transformer.NONE:
            break
        circuit = _above(site, circuit)
    return circuit.name if circuit is not None and circuit.meter is not None else ""


def under(site: Site, circuit: str) -> list[Key]:
    """Connectors this meter sees."""
    return [(bay.charger_id, bay.connector_id) for bay in site.bays if _is_under(site, bay, circuit, False)]


def alike_under(site: Site, circuit: str) -> list[Bay]:
    """Bays whose ampere are ampere at this meter: nothing between them transforms."""
    return [bay for bay in site.bays if _is_under(site, bay, circuit, True)]


def _is_under(site: Site, bay: Bay, circuit: str, alike: bool) -> bool:
    at, hops = site.circuit(bay.circuit), 0
    while at is not None and at.name != circuit and at.parent and hops < len(site.circuits):
        if alike and at.transformer is not Transformer.NONE:
            return False
        at, hops = _above(site, at), hops + 1
    return at is not None and at.name == circuit


def _above(site: Site, circuit: Circuit) -> Circuit | None:
    return site.circuit(circuit.parent) if circuit.parent else None
