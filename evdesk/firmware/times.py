"""How long each step of an update usually takes, and how long evdesk waits for it."""

from dataclasses import dataclass, field

from evdesk.model.jobs import Step

LEAST_INSTALL_S = 900.0
"""A bootloader may be silent that long (OCPP names no time; makers' manuals say 5 to 15 minutes)."""

LONGEST_AHEAD_S = 14 * 86_400.0
"""So far ahead an update may be begun, or installed."""

MOST_REBOOTS = 20
"""What a manifest says beyond that is not waited for."""

_SHARE = {Step.SENT: 0.02, Step.DOWNLOADING: 0.25, Step.VERIFYING: 0.03, Step.INSTALLING: 0.5, Step.REBOOTING: 0.15}
_USUAL_S = {
    Step.SENT: 5.0,
    Step.DOWNLOADING: 90.0,
    Step.VERIFYING: 10.0,
    Step.INSTALLING: 240.0,
    Step.REBOOTING: 70.0,
    Step.TESTING: 30.0,
    Step.SETTINGS: 15.0,
    Step.UPLOADING: 60.0,
}


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. `sent_s`: until the first byte is fetched or a word comes; `idle_s`: a download without a byte or a word;
    `scheduled_s`: it says that it waits (for a date, for a car); `answer_s`: for a question asked in between;
    `words_s`: it says that it downloads, and no byte is fetched;
    `own_words_s`: in which one tells by itself that it has restarted, once its link came;
    `steady_s`: it must have been here without a break before it counts as working;
    `settle_s`: for one more restart after it came back with the old version; `reboots`: how often it restarts, as the
    manifest says; `usual`: of each step."""

    sent_s: float = 300.0
    idle_s: float = 300.0
    verify_s: float = 600.0
    install_s: float = LEAST_INSTALL_S
    reboot_s: float = 300.0
    settle_s: float = 120.0
    test_s: float = 120.0
    steady_s: float = 30.0
    answer_s: float = 60.0
    scheduled_s: float = 12 * 3600.0
    words_s: float = 3600.0
    own_words_s: float = 10.0
    reboots: int = 1
    usual: dict[Step, float] = field(default_factory=lambda: dict(_USUAL_S))

    def most_s(self, step: Step) -> float | None:
        """When evdesk decides at the latest, without a sign of life in it."""
        return {
            Step.SENT: self.sent_s,
            Step.DOWNLOADING: self.idle_s,
            Step.VERIFYING: self.verify_s,
            Step.INSTALLING: self.install_s,
            Step.REBOOTING: self.reboot_s,
            Step.TESTING: 2 * self.test_s,
            Step.SETTINGS: 2 * self.test_s,
            Step.UPLOADING: self.idle_s,
        }.get(step)

    @property
    def most_reboots(self) -> int:
        """One more than it should: a watchdog, or evdesk itself."""
        return self.reboots + 1

    def longest_s(self, step: Step, waits: bool) -> float:
        """From its last progress in this step on, whatever signs of life it gives. `waits`: it said that it waits."""
        restarts_s = self.most_reboots * self.reboot_s
        fetches_s, installs_s = self.words_s, max(self.install_s, self.verify_s) + restarts_s
        longest_s = {
            Step.SENT: fetches_s,
            Step.DOWNLOADING: fetches_s,
            Step.UPLOADING: fetches_s,
            Step.VERIFYING: installs_s,
            Step.INSTALLING: installs_s,
            Step.REBOOTING: installs_s,
            Step.TESTING: 2 * self.test_s + restarts_s,
            Step.SETTINGS: 2 * self.test_s + restarts_s,
        }.get(step, 0.0)
        return longest_s + (self.scheduled_s if waits else 0.0)


def times_for(minutes: float | None, learnt: dict[Step, float] | None = None, reboots: int | None = None) -> Times:
    """By the manifest's expected `minutes` and `reboots` for the whole, and by what earlier updates of this model took."""
    usual = dict(_USUAL_S)
    if minutes:
        usual |= {step: share * minutes * 60.0 for step, share in _SHARE.items()}
    usual |= learnt or {}
    install_s = max(LEAST_INSTALL_S, 3.0 * (minutes or 0.0) * 60.0, 3.0 * usual[Step.INSTALLING])
    reboot_s = max(300.0, 3.0 * usual[Step.REBOOTING])
    restarts = min(max(1, reboots or 1), MOST_REBOOTS)
    return Times(install_s=install_s, reboot_s=reboot_s, reboots=restarts, usual=usual)
