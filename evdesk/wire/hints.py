"""The API's methods about what was said of a charge, and how right such words have been."""

from dataclasses import dataclass, field

from evdesk.wire.method import Done, Method, Nothing


@dataclass(frozen=True, slots=True)
class PutHint:
    """For the charge that runs on the connector. `depart_at`: Unix seconds, in the future; `energy_wh`: of the whole
    charge, from its start. null: nothing is said; both null take the hint away."""

    charger_id: str
    connector_id: int = 1
    depart_at: float | None = None
    energy_wh: float | None = None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often words were right within a quarter: of the stay (`stay`) and the energy (`energy`), 0 to 1, drawn towards
    the site's mean, and that towards what is known of public charging, where there are few `samples`."""

    id_tag: str
    stay: float
    energy: float
    samples: int


@dataclass(frozen=True, slots=True)
class HintTrust:
    """`tags`: those that ever said something, the most often heard first."""

    site: Reliability
    tags: list[Reliability] = field(default_factory=list)


METHODS_HINTS: dict[str, Method] = {
    "charger.hint": Method(PutHint, Done, "Say when the running charge is to be over and what it needs.", changes=True),
    "hint.trust": Method(Nothing, HintTrust, "How right such words have been, by tag and over the site."),
}
