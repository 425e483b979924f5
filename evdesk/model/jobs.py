"""Jobs that go on for hours: updates of firmware and fetching of logs, per charger and as a whole."""

from dataclasses import dataclass, field
from enum import StrEnum

from evdesk.model.firmware import Check
from evdesk.model.settings import SettingChange


class JobKind(StrEnum):
    UPDATE = "update"
    LOG = "log"


class JobState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class Step(StrEnum):
    """Where one charger is, in order. An update that is told late or not at all goes forward over several."""

    WAITING = "waiting"  # for its wave, or for the night
    PREFLIGHT = "preflight"  # something must pass first: a car leaves, the charger comes back
    SENT = "sent"  # asked, and nothing fetched yet
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    INSTALLING = "installing"
    REBOOTING = "rebooting"  # away, or back without telling its version
    TESTING = "testing"  # the version is told; does it work?
    SETTINGS = "settings"  # compared with the backup, and put back
    UPLOADING = "uploading"  # a log comes in
    DONE = "done"


class Result(StrEnum):
    """How it ended for one charger. Silence is never success."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why it ended so."""

    NONE = ""
    NEW_VERSION = "new_version"  # told after the restart, and it works
    RECEIVED = "received"  # a log arrived whole
    ALREADY = "already"  # it has the version, and not from here
    NOT_READY = "not_ready"  # a check did not pass in time
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"  # it does not know the request
    BAD_CERTIFICATE = "bad_certificate"
    NO_ANSWER = "no_answer"  # neither to the request nor by a word, and nothing was fetched or sent
    NEVER_FETCHED = "never_fetched"
    DOWNLOAD_FAILED = "download_failed"
    STALLED = "stalled"  # it stopped in the middle of the file
    INVALID_SIGNATURE = "invalid_signature"
    NOT_VERIFIED = "not_verified"  # it found the file wrong before installing it
    INSTALL_FAILED = "install_failed"
    HANGS = "hangs"  # installing, for much longer than it may
    SAME_VERSION = "same_version"  # it says installed, or came back, and has the old one
    NOT_RESTARTED = "not_restarted"  # it says installed, and runs the old one without having restarted
    RESTARTS = "restarts"  # it restarts again and again, with the old version
    FELL_BACK = "fell_back"  # the new version ran, and then another
    OTHER_VERSION = "other_version"  # neither the old one nor the new
    AWAY = "away"  # evdesk was away while it was to fetch, and nobody knows what it has
    NOT_PROVEN = "not_proven"  # it has the new version; whether by this update is not known
    NO_VERSION = "no_version"  # it is back and tells none
    NOT_BACK = "not_back"
    OTHER_CHARGER = "other_charger"  # another serial number, or another model, came back under its id
    NOT_WORKING = "not_working"  # the new version, and it fails the test after it
    EMPTY = "empty"  # it has nothing to send
    NOTHING_CAME = "nothing_came"  # it agreed to send its log, and did not
    NOT_TAKEN = "not_taken"  # what it sent could not be read as a log
    UPLOAD_FAILED = "upload_failed"
    TOO_LARGE = "too_large"
    DISK_FULL = "disk_full"
    STOPPED = "stopped"  # by a person, or by the job's own limit
    SUPERSEDED = "superseded"  # the charger dropped it for another request


@dataclass(frozen=True, slots=True)
class StepSpan:
    """One step with its times. `told`: the charger or evdesk's own server said so; False: passed without a word.
    `usual_s`, `most_s`: what it takes, and when evdesk stops waiting."""

    step: Step
    from_at: float
    to_at: float | None = None
    told: bool = True
    usual_s: float | None = None
    most_s: float | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """What evdesk's file service saw. `bytes` of the file that were sent at least once (or received); `total` all bytes
    that left, with repeats. `rate_bps`: bytes per second now. `address`: who fetched; `others`: further addresses; `agent`:
    its own word for itself. `samples`: (Unix s, bytes), thinned. `spans`: what was sent at least once, [from, to) in bytes,
    so that it goes on with the same count after a restart."""

    scheme: str = ""
    size: int = 0
    bytes: int = 0
    total: int = 0
    rate_bps: float | None = None
    requests: int = 0
    resumed: int = 0
    address: str = ""
    others: tuple[str, ...] = ()
    agent: str = ""
    first_at: float | None = None
    last_at: float | None = None
    complete_at: float | None = None
    samples: tuple[tuple[float, int], ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class JobCharger:
    """One charger in a job. `reason`: why it ended so, or what it waits for, in words; `next`: what to do now, "" nothing.

    `progress` 0 to 1 of the step where it can be told. `waits_until_at`: evdesk decides then at the latest.
    `reported`: the version told after the restart. `retry`: asking again is of use; never after a wrong signature.
    `settings_changed`: differences to the backup `backup_id` and what evdesk wrote since; `restored`: names that were put
    back, `lost`: that could not be. `first_outcome`: where later evidence changed it. `log_id`: the log that came.
    `install_at`: when it was told to install (Unix s), None at once. `remarks`: what was odd and changed nothing of it, in
    words."""

    charger_id: str
    label: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    hardware: str = ""
    protocol: str = ""
    wave: int = 0
    step: Step = Step.WAITING
    step_at: float = 0.0
    progress: float | None = None
    outcome: Result | None = None
    cause: Cause = Cause.NONE
    reason: str = ""
    next: str = ""
    retry: bool = False
    from_version: str = ""
    to_version: str = ""
    reported: str = ""
    status: str = ""  # the charger's own last word
    status_at: float | None = None
    online: bool = True
    waits_until_at: float | None = None
    about_s: float | None = None
    checks: tuple[Check, ...] = ()
    steps: tuple[StepSpan, ...] = ()
    transfer: Transfer = Transfer()
    attempts: int = 0
    request_id: int | None = None
    backup_id: int | None = None
    after_id: int | None = None
    settings_changed: tuple[SettingChange, ...] = ()
    restored: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    first_outcome: Result | None = None
    started_at: float | None = None
    ended_at: float | None = None
    log_id: int | None = None
    audit_ids: tuple[int, ...] = ()
    install_at: float | None = None
    remarks: tuple[str, ...] = ()


class WaveState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    SOAKING = "soaking"  # all through; watched before the next begins
    PASSED = "passed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Wave:
    """`name`: "Canary", "Wave 1"; `until_at`: the end of the soak."""

    number: int
    name: str
    charger_ids: tuple[str, ...]
    state: WaveState = WaveState.WAITING
    started_at: float | None = None
    until_at: float | None = None


@dataclass(frozen=True, slots=True)
class PowerState:
    """Of the computer evdesk runs on. `mains` None: unknown, or no battery is seen; `awake`: sleep is held off."""

    mains: bool | None = None
    awake: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One job without its chargers. `counts`: chargers by "waiting", "blocked", "running" and by `Result`.

    `waits_for`: why nothing happens now, in words. `stop_after`: failures after which no other charger is begun.
    `install_at`: what is fetched before is installed then (Unix s), None at once. `forgiven`: chargers that had not
    succeeded when a person said to go on. `gave_up`: paused because a soak could not end; going on means without that.
    `served`: (address, scheme) it serves on. `report_hash`: of the report as JSON, once it is over. `site`: its name when
    the job was begun."""

    id: int
    kind: JobKind
    state: JobState
    created_at: float
    who: str = ""
    via: str = ""
    image_id: str = ""
    title: str = ""  # "Nordlade N22 2.4.1", "Diagnostics of Bay 3"
    version: str = ""
    chargers: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    waves: tuple[Wave, ...] = ()
    stop_after: int = 1
    parallel: int = 20
    soak_s: float = 0.0
    not_before_at: float | None = None
    override: str = ""
    restore: bool = True
    waits_for: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    about_done_at: float | None = None
    served: tuple[tuple[str, str], ...] = ()
    power: PowerState = PowerState()
    report_hash: str = ""
    site: str = ""
    install_at: float | None = None
    forgiven: tuple[str, ...] = ()
    gave_up: bool = False

    @property
    def over(self) -> bool:
        return self.state is JobState.FINISHED


@dataclass(frozen=True, slots=True)
class JobLine:
    """One line of the log of both sides. `side`: "evdesk", "charger" or "fetched" (the file service);
    `tone`: "", "good", "warn" or "bad"."""

    id: int
    job_id: int
    charger_id: str
    at: float
    side: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log that a charger sent, kept as it came. `kind`: "diagnostics" or "security"; `entries`: files inside an archive,
    None where it is none; `partial`: it broke off, or was cut at the size limit."""

    id: int
    charger_id: str
    job_id: int
    kind: str
    name: str
    size: int
    sha256: str
    at: float
    address: str = ""
    scheme: str = ""
    entries: int | None = None
    partial: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One file inside a log that is an archive. `readable` False: it is not shown, and `why` says it (a path that leads
    out, a link, far larger than it pretends)."""

    name: str
    size: int
    packed: int
    at: float | None = None
    readable: bool = True
    why: str = ""
