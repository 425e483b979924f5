"""The API's methods about how the site is wired, as far as steps have shown it."""

from dataclasses import dataclass, field, replace

from evdesk.wire.method import Done, Method, Nothing, OneConnector


@dataclass(frozen=True, slots=True)
class ConnectorWiring:
    """`entered`: by a person; `rotation`: seen ("S??": terminal 1 only); `verdict`: unknown | same_always | agrees |
    contradicts | learnt; `phases`: how many the car used at the last step, 0 unknown; `either`: it contradicts, and the
    meter's phases being other than entered would explain that just as well."""

    charger_id: str
    connector_id: int
    entered: str
    rotation: str
    confidence: float
    verdict: str
    steps: int
    phases: int
    circuit: str = ""  # of the meter that saw it
    either: bool = False


@dataclass(frozen=True, slots=True)
class MeterWiring:
    """`verdict`: unknown | right | backwards | blind | unit | ratio | unreadable | misses (less than the cars draw) | still
    (the same again and again) | swapped; `factor`: what it reads of one ampere, None where no step has shown that: then it
    is told by what it reads beside the cars and its breaker; `swapped`: the phases its transformers are on, e.g. "SRT", or
    those it misses, e.g. "T"."""

    circuit: str
    verdict: str
    factor: float | None
    swapped: str
    steps: int


@dataclass(frozen=True, slots=True)
class WiringTestStep:
    """`state`: waits | runs | done | skipped | cancelled | interrupted (the engine ended in the middle of it)."""

    charger_id: str
    connector_id: int
    state: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class WiringTestState:
    running: bool = False
    began_at: float | None = None
    ended_at: float | None = None
    steps: list[WiringTestStep] = field(default_factory=list)

    def with_step(self, n: int, state: str, words: str) -> "WiringTestState":
        steps = list(self.steps)
        steps[n] = replace(steps[n], state=state, words=words)
        return replace(self, steps=steps)

    def ended(self, at: float) -> "WiringTestState":
        return replace(self, running=False, ended_at=at)

    def interrupted(self, at: float) -> "WiringTestState":
        """What was still to come never came."""
        steps = [replace(s, state="interrupted") if s.state in ("waits", "runs") else s for s in self.steps]
        return replace(self.ended(at), steps=steps)


@dataclass(frozen=True, slots=True)
class WiringList:
    connectors: list[ConnectorWiring]
    meters: list[MeterWiring]
    test: WiringTestState


@dataclass(frozen=True, slots=True)
class TestWiring:
    """Empty: every connector whose car charges."""

    charger_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TrustMeter:
    """A person says that a doubted meter is right again. `fed`: it always was, what it misses comes from a roof or a
    battery; so much is believed from now on."""

    circuit: str
    fed: bool = False


METHODS_WIRING: dict[str, Method] = {
    "wiring.list": Method(Nothing, WiringList, "What steps have shown of connectors and meters; the test's state."),
    "wiring.test": Method(TestWiring, WiringTestState, "Step one charger at a time and watch the meter.", changes=True),
    "wiring.cancel": Method(Nothing, WiringTestState, "End the wiring test; every limit comes back.", changes=True),
    "wiring.apply": Method(OneConnector, Done, "Enter the wiring that was seen into the site.", changes=True),
    "wiring.trust": Method(
        TrustMeter, Done, "The meter was mended: believe it until steps say otherwise.", changes=True
    ),
    "wiring.forget": Method(OneConnector, Done, "Drop what was seen of one connector.", changes=True),
}
