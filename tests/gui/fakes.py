"""An engine for page tests: answers from a table, remembers what was asked."""

from typing import Any

from evdesk.gui.client import Client, LinkState
from evdesk.model import ChainVerdict, EvdeskError, Reason
from evdesk.model.settings import SettingsView
from evdesk.wire.drill import FailsafeSummary
from evdesk.wire.explain import DecisionPage
from evdesk.wire.hints import HintTrust, Reliability
from evdesk.wire.methods import Done
from evdesk.wire.settings import SettingsProgress
from evdesk.wire.site import SiteProblems
from tests.gui import firmware_sample, insight_sample, sample


class FakeClient(Client):
    """`answers[method]` is a value, an exception, or a function of the parameters. `calls` lists what was asked."""

    def __init__(self) -> None:
        super().__init__(lambda: None)
        self.state = LinkState.RUNNING
        self.calls: list[tuple[str, Any]] = []
        self.answers: dict[str, Any] = {
            "history.read_many": lambda p: sample.history_many(*_history(p)),
            "history.read": lambda p: sample.history(*_history(p)),
            "audit.list": sample.audit_rows(),
            "audit.verify": ChainVerdict(True, 12_418, 12, sample.NOW - 86400 * 30, "9c1f" * 16),
            "charger.settings": sample.settings(),
            "settings.last": SettingsView("WB-02"),
            "charger.profiles": sample.profiles(),
            "charger.composite": sample.composite(),
            "ability.list": sample.abilities(),
            "ability.try": sample.abilities(),
            "tag.list": sample.tag_list(),
            "tag.states": sample.tag_states(),
            "settings.progress": SettingsProgress(),
            "finding.list": sample.findings(),
            "message.list": sample.messages(),
            "session.list": list(sample.sessions()),
            "notice.list": list(sample.notices()),
            "network.interfaces": sample.network_state(),
            "network.check": sample.network_checks(),
            "network.found": [],
            "balance.history": DecisionPage([]),
            "insight.energy": insight_sample.insight,
            "hint.trust": HintTrust(Reliability("", 0.62, 0.48, 14), [Reliability("04A3B2C19F21", 0.81, 0.55, 9)]),
            "failsafe.list": [],
            "site.check": SiteProblems(),
            "failsafe.summary": FailsafeSummary(6, 1, 1, 6.0, 195),
            "firmware.fleet": firmware_sample.fleet(),
            "firmware.images": firmware_sample.images(),
            "firmware.history": lambda p: firmware_sample.history(p.charger_id),
            "job.list": firmware_sample.jobs(),
            "log.list": lambda p: firmware_sample.logs(p.charger_id),
            "log.get": lambda p: firmware_sample.log_files(p.log_id),
            "log.read": lambda p: firmware_sample.log_text(p.offset, p.limit),
        }

    def start(self) -> None:
        """Nothing to look for."""

    async def call(self, method: str, params: object = None, timeout: float = 40.0) -> Any:
        self.calls.append((method, params))
        if self.state is not LinkState.RUNNING:
            raise EvdeskError(Reason.UNREACHABLE, "The engine does not answer.")
        answer = self.answers.get(method, Done())
        if isinstance(answer, Exception):
            raise answer
        return answer(params) if callable(answer) else answer

    def asked(self, method: str) -> list[Any]:
        return [params for name, params in self.calls if name == method]

    def go(self, state: LinkState, sentence: str = "") -> None:
        """Change the link's state as the real client would."""
        self._set(state, sentence)


def _history(params: Any) -> tuple[Any, float, float, int]:
    if isinstance(params, dict):
        return params["series"], params["from"], params["to"], params.get("buckets", 600)
    return params.series, params.from_at, params.to_at, params.buckets
