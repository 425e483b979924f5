"""The update of the design pictures as data: six Nordlade N22 from 2.4.0 to 2.4.1, a canary and two waves; the library,
the fleet and the checks before it; and a job of a hundred chargers in which much goes wrong."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from evdesk.model import Bay, Charger, ChargerState, Connector, ConnectorStatus, Site
from evdesk.model.firmware import (
    BlockedVersion,
    Check,
    Direction,
    FileState,
    FirmwarePolicy,
    Fit,
    FleetCharger,
    FleetModel,
    FleetState,
    FleetVersions,
    Image,
    Manifest,
    PolicyKind,
    SignatureState,
    Verdict,
)
from evdesk.model.jobs import (
    Cause,
    Job,
    JobCharger,
    JobKind,
    JobLine,
    JobState,
    PowerState,
    Result,
    Step,
    StepSpan,
    Transfer,
    Wave,
    WaveState,
)
from evdesk.model.settings import SettingChange
from evdesk.wire.firmware import Preflight
from evdesk.wire.jobs import JobReport, JobView, ReportFormat
from evdesk.wire.methods import HistoryMany
from tests.gui import sample


def at(hour: int, minute: int, second: int = 0) -> float:
    """On the evening of the pictures."""
    return datetime(2026, 11, 24, hour, minute, second).astimezone().timestamp()


NOW = at(23, 47, 44)
NEW, OLD, OTHER, CUT = "9c4177ab51d0", "51d07eaa0b11", "e0b1447c20aa", "0a3b99c2"
RECOVERY = "breaker off for 30 s, then on. Do not press reset while the light is blue."
SIZE = 18_400_000

_N22 = Manifest(
    "Nordlade", ("N22",), ("B", "C"), "2.4.1", SIZE, "9c4177ab51d0" + "0" * 48 + "03e2", ("2.3.0..2.4.0",),
    downgrade=True, settings_kept=True, minutes=7.0, reboots=1, recovery=RECOVERY, schemes=("http", "ftp"),
    signature="MEUC", signature_kind="ECDSA", certificate="PEM", source="portal of the maker", notes="Mends the display.",
)  # fmt: skip
_SIGNED = {"signature": SignatureState.VALID, "signer": "Nordlade release key 3", "fingerprint": "ab" * 32}


def images() -> list[Image]:
    return [
        Image(NEW, "n22-2.4.1.bin", SIZE, _N22.sha256, _N22, "n22-2.4.1.toml", **_SIGNED, added_at=at(18, 2)),
        Image(
            OLD, "n22-2.4.0.bin", 18_100_000, OLD + "4" * 52,
            replace(_N22, version="2.4.0", from_versions=(), notes="", sha256=OLD + "4" * 52), "n22-2.4.0.toml",
            **_SIGNED, added_at=at(8, 0) - 80 * 86400,
        ),
        Image(
            OTHER, "k11_5.2.8.img", 6_200_000, OTHER + "1" * 52,
            Manifest("Kestrel", ("K11",), ("2",), "5.2.8", 6_200_000, minutes=4.0), "Technician",
            signature=SignatureState.NONE, unknown=("settings_kept", "downgrade"), added_at=at(9, 0) - 9 * 86400,
        ),
        Image(
            CUT, "n22-2.4.1 (1).bin", 11_000_000, CUT + "7" * 56, replace(_N22, hardware=("B",)), "n22-2.4.1.toml",
            FileState.TRUNCATED, SignatureState.UNCHECKED, usable=False,
            why_not="Cut off: 11.0 of 18.4 MB came. Add the whole file again.", added_at=at(17, 59),
        ),
    ]  # fmt: skip


BAYS = {1: "NL22-204417", 2: "NL22-204418", 3: "NL22-204421", 5: "NL22-204430", 6: "NL22-204433", 8: "NL22-204471"}


def _seen(
    n: int, serial: str, hardware: str, version: str, state: FleetState, because: str, **more: Any
) -> FleetCharger:
    return FleetCharger(
        f"WB-{n:02}", f"Bay {n}", serial, hardware, version, at(9, 0) - 82 * 86400, state, because,
        online=n != 7, **more,
    )  # fmt: skip


def fleet() -> FleetVersions:
    """Before the update."""
    n22 = tuple(
        _seen(n, serial, "B" if n < 5 else "C", "2.4.0", FleetState.BEHIND, "Due in 6 days", image_id=NEW)
        for n, serial in BAYS.items()
    )
    policy = FirmwarePolicy("Nordlade", "N22", PolicyKind.KEEP_AT, "2.4.1", at(23, 59) + 6 * 86400)
    kestrel = _seen(
        4, "K11-20613", "2", "5.1.3", FleetState.BLOCKED, "5.1.3 loses its limit on restart", image_id=OTHER
    )
    amperion = _seen(7, "A7-00917", "1.1", "1.9.0", FleetState.CHANGED, "Was 1.8.4. Not by evdesk")
    models = (
        FleetModel("Nordlade", "N22", "2.4.1", NEW, policy, (), n22),
        FleetModel("Kestrel", "K11", "5.2.8", OTHER, None, (BlockedVersion("5.1.3", "loses its limit"),), (kestrel,)),
        FleetModel("Amperion", "A7", "", "", None, (), (amperion,)),
    )
    return FleetVersions(models, {"behind": 6, "blocked": 1, "changed": 1}, 0)


def _fits(image: Image, one: FleetCharger, vendor: str, model: str) -> Fit:
    to = image.manifest.version
    checks = []
    if (image.manifest.vendor, model) != (vendor, image.manifest.models[0]):
        found = f"This is {vendor} {model}; the file is for {image.manifest.vendor} {image.manifest.models[0]}."
        checks.append(Check("model", Verdict.BLOCK, found, "Choose the file of its own maker."))
    elif one.hardware not in image.manifest.hardware:
        found = f"Its hardware is {one.hardware}; the file is for {' and '.join(image.manifest.hardware)}."
        checks.append(Check("hardware", Verdict.BLOCK, found, "Ask the maker for the file of this revision."))
    if not image.usable:
        checks.append(Check("file", Verdict.BLOCK, image.why_not))
    way = (one.version < to) - (one.version > to)
    direction = (Direction.SAME, Direction.UPGRADE, Direction.DOWNGRADE)[way]
    return Fit(one.charger_id, image.id, not checks, direction, one.version, to, tuple(checks))


def fits(params: Any, versions: FleetVersions | None = None) -> list[Fit]:
    """What `firmware.fits` answers."""
    image = next(one for one in images() if one.id == params.image_id)
    wanted = set(params.charger_ids)
    return [
        _fits(image, one, model.vendor, model.model)
        for model in (versions or fleet()).models
        for one in model.chargers
        if not wanted or one.charger_id in wanted
    ]


GREEN = (
    ("model", "It is a Nordlade N22, and the file is for it."),
    ("hardware", "Its hardware is B, and the file is for B and C."),
    ("version", "2.4.1 may be put on 2.4.0."),
    ("blocked", "2.4.1 is not blocked."),
    ("file", "n22-2.4.1.bin is whole: 18.4 MB, SHA-256 as in the manifest."),
    ("signature", "Signed by Nordlade release key 3, checked here."),
    ("session", "No car is plugged in."),
    ("online", "Connected for 9 d 4 h."),
    ("job", "No other job works on it."),
    ("serial", "NL22-204417 has not changed, and no other charger has it."),
    ("backup", "Its 41 settings can be read."),
    ("scheme", "It fetches by HTTP."),
    ("reach", "192.168.50.10 is the address it dialled."),
    ("clock", "Its clock is 0.4 s behind."),
    ("disk", "83 GB are free on this computer."),
    ("power", "This computer is on mains."),
    ("sleep", "Sleep can be held off."),
    ("events", "Its security events are on."),
)

TROUBLES = {
    "session": Check("session", Verdict.WAIT, "A car is plugged in and charging.", "It starts when the car leaves."),
    "online": Check("online", Verdict.WAIT, "Not connected since 18:33.", "Switch it on; it starts when it is back."),
    "clock": Check("clock", Verdict.WARN, "Its clock says 1 Jan 1970.", "A signed file may be refused. Set its clock."),
    "scheme": Check("scheme", Verdict.UNKNOWN, "It does not tell how it fetches.", "HTTP is tried first, then FTP."),
    "serial": Check(
        "serial", Verdict.BLOCK, "Two chargers say that they are NL22-204430.", "Find out which one it is, on site."
    ),
    "power": Check("power", Verdict.WARN, "This computer runs on battery, 41 % left.", "Plug it in."),
    "install_date": Check(
        "install_date", Verdict.WARN, "It installs at once: OCPP 1.6 knows an install date only for signed files.",
        "Begin at night instead, or take the maker's signed file.",
    ),
}  # fmt: skip
DATED = ("install_date", "It is told when to install.")


def checks(*bad: str, dated: bool = False) -> list[Check]:
    """All of them, those named `bad` as `TROUBLES` has them. `dated`: an install date is wanted."""
    green = (*GREEN, DATED) if dated else GREEN
    rows = [TROUBLES[code] if code in bad else Check(code, Verdict.OK, said) for code, said in green]
    order = {Verdict.BLOCK: 0, Verdict.WAIT: 1, Verdict.WARN: 2, Verdict.UNKNOWN: 3, Verdict.OK: 4}
    return sorted(rows, key=lambda check: order[check.verdict])


def ready(
    charger_id: str, label: str, serial: str, *bad: str, before: str = "2.4.0", to: str = "2.4.1", dated: bool = False
) -> Preflight:
    rows = checks(*bad, dated=dated)
    verdicts = {check.verdict for check in rows}
    return Preflight(
        charger_id, label, serial, before, to, before > to, rows,
        ready=verdicts == {Verdict.OK}, waits=Verdict.WAIT in verdicts, blocked=Verdict.BLOCK in verdicts,
        scheme="http", address="192.168.50.10",
    )  # fmt: skip


BAD = {"WB-06": ("session",)}


def preflight(params: Any, bad: dict[str, tuple[str, ...]] | None = None, to: str = "") -> list[Preflight]:
    """What `firmware.preflight` answers for the six."""
    bad = BAD if bad is None else bad
    to = to or next(one.manifest.version for one in images() if one.id == params.image_id)
    names = {f"WB-{n:02}": (f"Bay {n}", serial) for n, serial in BAYS.items()} | _names()
    dated = getattr(params, "install_at", None) is not None
    return [ready(one, *names[one], *bad.get(one, ()), to=to, dated=dated) for one in params.charger_ids]


@cache
def _names() -> dict[str, tuple[str, str]]:
    return {one.charger_id: (one.label, one.serial) for model in hundred_fleet().models for one in model.chargers}


# -- the job -------------------------------------------------------------------------------------------------------

USUAL = {
    Step.SENT: 3.0, Step.DOWNLOADING: 50.0, Step.VERIFYING: 9.0, Step.INSTALLING: 240.0, Step.REBOOTING: 70.0,
    Step.TESTING: 30.0, Step.SETTINGS: 60.0, Step.UPLOADING: 40.0,
}  # fmt: skip
MOST = {
    Step.SENT: 60.0, Step.DOWNLOADING: 900.0, Step.VERIFYING: 120.0, Step.INSTALLING: 900.0, Step.REBOOTING: 300.0,
    Step.TESTING: 120.0, Step.SETTINGS: 300.0, Step.UPLOADING: 600.0,
}  # fmt: skip
ORDER = tuple(USUAL)[:-1]


def spans(start: float, *lengths: float, going: bool = False, silent: tuple[Step, ...] = ()) -> tuple[StepSpan, ...]:
    """The first steps, one after the other; the last one still goes on where `going`."""
    found, from_at = [], start
    for number, (step, length) in enumerate(zip(ORDER, lengths, strict=False)):
        last = going and number == len(lengths) - 1
        to_at = None if last else from_at + length
        found.append(StepSpan(step, from_at, to_at, step not in silent, USUAL[step], MOST[step]))
        from_at += length
    return tuple(found)


def served(done: int, start: float, *, resumed: int = 0, rate: float | None = None, address: str = "") -> Transfer:
    samples: tuple[tuple[float, int], ...] = ((start, 0),)
    if resumed:
        samples += ((start + 8, 3_100_000), (start + 19, 3_100_000))
    samples += ((start + 35, done),)
    return Transfer(
        "http", SIZE, done, done + (400_000 if resumed else 0), rate, 1 + resumed, resumed, address or "192.168.50.43",
        first_at=start, last_at=samples[-1][0], complete_at=start + 45 if done == SIZE else None, samples=samples,
    )  # fmt: skip


def _charger(n: int, wave: int, step: Step, **more: Any) -> JobCharger:
    return JobCharger(
        f"WB-{n:02}", f"Bay {n}", "Nordlade", "N22", BAYS[n], "B" if n < 5 else "C", "ocpp1.6", wave, step,
        from_version="2.4.0", to_version="2.4.1", **more,
    )  # fmt: skip


def job_chargers() -> dict[str, JobCharger]:
    """As the picture shows them."""
    green = tuple(Check(code, Verdict.OK, said) for code, said in GREEN)
    began = at(22, 24, 12)
    one, two, three = at(23, 40, 30), at(23, 42, 40), at(23, 46, 40)
    found = (
        _charger(
            8, 0, Step.DONE, outcome=Result.SUCCEEDED, cause=Cause.NEW_VERSION, reason="2.4.1 told, and it works.",
            started_at=began, ended_at=began + 408, reported="2.4.1", transfer=served(SIZE, began + 3),
            steps=spans(began, 3, 45, 9, 242, 71, 31, 7), backup_id=71, after_id=79, checks=green,
        ),
        _charger(
            1, 1, Step.REBOOTING, step_at=at(23, 46, 56), online=False, about_s=118.0, started_at=one, backup_id=72,
            steps=spans(one, 3, 45, 9, 329, 48, going=True), transfer=served(SIZE, one), checks=green,
        ),
        _charger(
            2, 1, Step.INSTALLING, step_at=at(23, 44, 51), about_s=175.0, started_at=two, backup_id=73,
            steps=spans(two, 3, 80, 48, 173, going=True), transfer=served(SIZE, two), checks=green,
        ),
        _charger(
            3, 1, Step.DOWNLOADING, step_at=at(23, 46, 43), about_s=300.0, started_at=three, progress=9.8 / 18.4,
            steps=spans(three, 3, 61, going=True), checks=green, backup_id=74, status="Downloading",
            transfer=served(9_800_000, at(23, 46, 44), resumed=1, rate=412_000.0),
        ),
        _charger(5, 2, Step.WAITING, checks=green, reason="Preflight all green at 23:38"),
        _charger(
            6, 2, Step.PREFLIGHT, checks=(TROUBLES["session"],), reason="A car is plugged in and charging.",
            next="It starts when the car leaves; or skip it.",
        ),
    )  # fmt: skip
    return {one.charger_id: one for one in found}


def waves() -> tuple[Wave, ...]:
    return (
        Wave(0, "Canary", ("WB-08",), WaveState.PASSED, at(22, 24), at(23, 31)),
        Wave(1, "Wave 1", ("WB-01", "WB-02", "WB-03"), WaveState.RUNNING, at(23, 40)),
        Wave(2, "Wave 2", ("WB-05", "WB-06"), WaveState.WAITING),
    )


def job() -> Job:
    return Job(
        118, JobKind.UPDATE, JobState.RUNNING, at(22, 22), "Technician", "desk", NEW, "Nordlade N22 2.4.1", "2.4.1", 6,
        {"succeeded": 1, "running": 3, "waiting": 1, "blocked": 1}, waves(), soak_s=3600.0, started_at=at(22, 24),
        about_done_at=at(23, 59) + 180, served=(("192.168.50.10", "http"),), power=PowerState(True, True),
    )  # fmt: skip


def view() -> JobView:
    return JobView(118, JobState.RUNNING, job(), job_chargers())


def lines(params: Any = None) -> list[JobLine]:
    """What both sides did about Bay 3."""
    rows = (
        (40, "evdesk", "UpdateFirmware, retrieve now, 2 retries", ""),
        (41, "charger", "Accepted", "good"),
        (43, "charger", "FirmwareStatusNotification Downloading", ""),
        (44, "fetched", "GET n22-2.4.1.bin from 192.168.50.43, 200", ""),
        (59, "fetched", "Connection lost after 3.1 MB", "warn"),
        (63, "fetched", "GET, bytes 3251200 to end, 206", ""),
        (79, "fetched", "9.8 MB so far, 412 kB/s", ""),
    )
    found = [
        JobLine(501 + n, 118, "WB-03", at(23, 46) + second, side, words, tone)
        for n, (second, side, words, tone) in enumerate(rows)
    ]
    if params is not None and params.job_id == 121:
        found = log_lines()
    return found if params is None else [line for line in found if line.id > params.after_id]


def log_lines() -> list[JobLine]:
    rows = (
        (40, "evdesk", "GetDiagnostics to ftp://192.168.50.10/7Q4M/, 1 retry", ""),
        (41, "charger", "bay3-20261124.zip", "good"),
        (48, "charger", "DiagnosticsStatusNotification Uploading", ""),
        (49, "fetched", "STOR bay3-20261124.zip from 192.168.50.43", ""),
        (75, "fetched", "2.3 MB so far, 96 kB/s", ""),
    )
    return [
        JobLine(601 + n, 121, "WB-03", at(23, 46) + second, side, words, tone)
        for n, (second, side, words, tone) in enumerate(rows)
    ]


NIGHT = at(23, 59) + 2 * 3600 + 60


def dated() -> JobView:
    """All six at once, to be installed at two in the night: most wait, one fetches, one does not heed it, one could not
    be told."""
    start = at(23, 40)
    told, silent = spans(start, 3, 45, 9, 300, going=True), spans(start, 3, 60, 9, going=True)
    bytes_ = served(SIZE, start)

    def one(n: int, step: Step, **more: Any) -> JobCharger:
        return _charger(n, 1, step, **{"install_at": NIGHT, "started_at": start, "backup_id": 70 + n, **more})

    wait = {"steps": told, "transfer": bytes_, "status": "InstallScheduled", "about_s": NIGHT - NOW + 300.0}
    found = (
        one(1, Step.INSTALLING, **wait),
        one(2, Step.VERIFYING, steps=silent, transfer=bytes_, status="Downloaded", about_s=NIGHT - NOW + 300.0),
        job_chargers()["WB-03"],
        one(5, Step.INSTALLING, steps=told, transfer=bytes_, status="Installing", about_s=200.0),
        one(6, Step.INSTALLING, install_at=None, steps=told, transfer=bytes_, status="Installing", about_s=100.0),
        one(8, Step.INSTALLING, **wait),
    )
    chargers = {c.charger_id: replace(c, wave=1) for c in found}
    chargers["WB-03"] = replace(chargers["WB-03"], install_at=NIGHT)
    wave = Wave(1, "All", tuple(chargers), WaveState.RUNNING, start)
    dated_job = replace(
        job(), waves=(wave,), install_at=NIGHT, started_at=start, counts={"running": 6}, about_done_at=NIGHT + 300
    )
    return JobView(118, JobState.RUNNING, dated_job, chargers)


CHANGES = (
    SettingChange("HeartbeatInterval", "300", "900", unit="s", meaning="how often it says that it is there"),
    SettingChange("NL.LedBrightness", "70", "100", unit="%"),
    SettingChange("NL.LegacyMeter", "1", None, "removed"),
    SettingChange("NL.EcoMode", None, "false", "added"),
)


def over() -> JobView:
    """The same job the next morning: one failed for good, one unknown, one left out; one changed its mind late."""
    end = at(23, 59)
    found = job_chargers()
    done = {"outcome": Result.SUCCEEDED, "cause": Cause.NEW_VERSION, "step": Step.DONE, "reported": "2.4.1"}
    told = "2.4.1 told after the restart, and it works."
    one, two = found["WB-01"], found["WB-02"]
    found["WB-01"] = replace(
        one, **done, reason=told, ended_at=end - 90, after_id=80, online=True, about_s=None,
        steps=spans(at(23, 40, 30), 3, 45, 9, 329, 75, 32, 62),
        settings_changed=CHANGES, restored=("HeartbeatInterval", "NL.LedBrightness"), lost=("NL.LegacyMeter",),
        next="Look at NL.LegacyMeter: 2.4.1 does not know it any more.",
    )  # fmt: skip
    found["WB-02"] = replace(
        two, **done, reason="Seen with 2.4.1 at 00:41, 38 min late; it works.", ended_at=end + 2500, after_id=81,
        first_outcome=Result.UNKNOWN, about_s=None, steps=spans(at(23, 42, 40), 3, 80, 48, 240, 2400, 31, 8),
    )  # fmt: skip
    found["WB-03"] = replace(
        found["WB-03"], step=Step.DONE, outcome=Result.FAILED, cause=Cause.DOWNLOAD_FAILED, retry=True, about_s=None,
        reason="The download broke off twice, at 3.1 and at 11.9 MB; it is still on 2.4.0.", reported="2.4.0",
        next="Look at its network cable or signal, then try it again.", ended_at=end, progress=None,
        steps=spans(at(23, 46, 40), 3, 737), status="DownloadFailed", status_at=end - 2,
        transfer=served(11_900_000, at(23, 46, 44), resumed=1), attempts=2,
    )  # fmt: skip
    found["WB-05"] = replace(
        found["WB-05"], step=Step.DONE, outcome=Result.UNKNOWN, cause=Cause.NOT_BACK, started_at=end, ended_at=end + 900,
        reason="It did not come back within 5 min after its restart.", steps=spans(end, 3, 44, 9, 240, 300),
        next="Use the recovery card; its version is taken over here as soon as it tells one.", online=False,
        transfer=served(SIZE, end + 3, address="192.168.50.45"), backup_id=75,
    )  # fmt: skip
    found["WB-06"] = replace(
        found["WB-06"], step=Step.DONE, outcome=Result.CANCELLED, cause=Cause.STOPPED, ended_at=end, checks=(),
        reason="Not begun: 1 failure was reached.", next="", retry=True,
    )  # fmt: skip
    ended = replace(
        job(), state=JobState.FINISHED, ended_at=end + 900, about_done_at=None, report_hash="77ab" * 16,
        waves=tuple(replace(wave, state=s) for wave, s in zip(
            waves(), (WaveState.PASSED, WaveState.STOPPED, WaveState.STOPPED), strict=True)),
        counts={"succeeded": 3, "failed": 1, "unknown": 1, "cancelled": 1},
    )  # fmt: skip
    return JobView(118, JobState.FINISHED, ended, found)


def log_view(*, done: bool = False) -> JobView:
    """Diagnostics of Bay 3."""
    start = at(23, 46, 40)
    job_ = Job(
        121, JobKind.LOG, JobState.FINISHED if done else JobState.RUNNING, start, "Technician", "desk",
        title="Diagnostics of Bay 3", chargers=1, started_at=start, served=(("192.168.50.10", "ftp"),),
        ended_at=NOW if done else None, power=PowerState(True, True),
    )  # fmt: skip
    upload = Transfer("ftp", 0, 2_310_000, 2_310_000, 96_000.0, 1, 0, "192.168.50.43", first_at=start + 9,
                      samples=((start + 9, 0), (start + 30, 1_900_000), (start + 35, 2_310_000)))  # fmt: skip
    steps = (
        StepSpan(Step.SENT, start, start + 9, True, 3.0, 60.0),
        StepSpan(Step.UPLOADING, start + 9, NOW if done else None, True, 40.0, 600.0),
    )
    one = JobCharger(
        "WB-03", "Bay 3", "Nordlade", "N22", BAYS[3], "B", "ocpp1.6", 0, Step.DONE if done else Step.UPLOADING, start,
        steps=steps, transfer=upload, started_at=start, status="Uploaded" if done else "Uploading",
    )  # fmt: skip
    if done:
        one = replace(one, outcome=Result.SUCCEEDED, cause=Cause.RECEIVED, ended_at=NOW, log_id=12,
                      reason="bay3-20261124.zip came whole: 2.3 MB, 14 files.")  # fmt: skip
    return JobView(121, job_.state, job_, {"WB-03": one})


def report(params: Any) -> JobReport:
    """What `job.report` answers."""
    if params.format is ReportFormat.PDF:
        return JobReport("evdesk-job-118.pdf", pdf=b"%PDF-1.4 sample")
    return JobReport("evdesk-job-118.json", text='{"job": 118}')


# -- a hundred -----------------------------------------------------------------------------------------------------


def hundred_id(n: int) -> str:
    return f"P{n:03}"


def hundred_fleet() -> FleetVersions:
    """96 N22 on several levels of a car park, and four others."""
    rows = tuple(
        FleetCharger(
            hundred_id(n), f"Level {n // 25}, {n % 25 + 1:02}", f"NL22-3{n:03}00", "D" if n in (31, 77) else "C",
            "2.3.2" if n % 9 == 4 else "2.4.0", at(9, 0) - (40 + n) * 86400,
            FleetState.BEHIND, "Due in 6 days", image_id=NEW, online=n not in (12, 58),
        )
        for n in range(1, 97)
    )  # fmt: skip
    others = tuple(
        FleetCharger(hundred_id(n), f"Ramp {n - 96}", f"A7-0{n}", "1.1", "1.9.0", at(9, 0), FleetState.NO_FILE)
        for n in range(97, 101)
    )
    models = (
        FleetModel("Nordlade", "N22", "2.4.1", NEW, None, (), rows),
        FleetModel("Amperion", "A7", "", "", None, (), others),
    )
    return FleetVersions(models, {"behind": 96, "no_file": 4}, 0)


HUNDRED_BAD = {
    hundred_id(12): ("online",), hundred_id(58): ("online",), hundred_id(23): ("session",), hundred_id(40): ("session",),
    hundred_id(5): ("serial",), hundred_id(66): ("serial", "clock"), hundred_id(19): ("clock",),
    hundred_id(80): ("scheme",),
}  # fmt: skip


def hundred() -> JobView:
    """94 of them in six waves, in the third; 4 failed, 1 unknown, some blocked."""
    ids = [hundred_id(n) for n in range(1, 97) if n not in (31, 77)]
    sizes = (2, 20, 20, 20, 20, 12)
    waves_, rows, start = [], {}, at(20, 5)
    place = 0
    for number, size in enumerate(sizes):
        some, place = ids[place : place + size], place + size
        state = (WaveState.PASSED, WaveState.PASSED, WaveState.RUNNING)[number] if number < 3 else WaveState.WAITING
        name = "Canary" if number == 0 else f"Wave {number}"
        waves_.append(Wave(number, name, tuple(some), state, start + number * 2700 if number < 3 else None))
        for count, one in enumerate(some):
            rows[one] = _of_hundred(one, number, count, start + number * 2700)
    job_ = Job(
        131, JobKind.UPDATE, JobState.RUNNING, start, "Technician", "desk", NEW, "Nordlade N22 2.4.1", "2.4.1", len(rows),
        {}, tuple(waves_), stop_after=6, soak_s=3600.0, started_at=start, about_done_at=at(23, 59) + 9000,
        served=(("192.168.50.10", "http"),), power=PowerState(False, True, "41 % left"),
    )  # fmt: skip
    return JobView(131, JobState.RUNNING, job_, rows)


def _of_hundred(one: str, wave: int, count: int, start: float) -> JobCharger:
    n = int(one[1:])
    green = tuple(Check(code, Verdict.OK, said) for code, said in GREEN)
    base = JobCharger(
        one, f"Level {n // 25}, {n % 25 + 1:02}", "Nordlade", "N22", f"NL22-3{n:03}00", "C", "ocpp1.6", wave,
        from_version="2.3.2" if n % 9 == 4 else "2.4.0", to_version="2.4.1", checks=green,
    )  # fmt: skip
    if wave < 2 and n in (9, 17):
        return replace(
            base, step=Step.DONE, outcome=Result.FAILED, cause=Cause.INVALID_SIGNATURE, started_at=start,
            ended_at=start + 120, steps=spans(start, 3, 61, 9),
            reason="The charger calls the file's signature wrong; it is still on 2.4.0.",
            next="Do not try it again. Ask the maker whether the file is for this revision.",
        )  # fmt: skip
    if wave < 2 or count < 6:
        return replace(
            base, step=Step.DONE, outcome=Result.SUCCEEDED, cause=Cause.NEW_VERSION, reported="2.4.1", after_id=n,
            started_at=start, ended_at=start + 400 + count, steps=spans(start, 3, 45, 9, 242, 71, 31, 7),
            transfer=served(SIZE, start),
        )  # fmt: skip
    if wave > 2:
        return replace(base, step=Step.WAITING)
    return _third_wave(base, count)


def _third_wave(base: JobCharger, count: int) -> JobCharger:
    if count == 6:
        return replace(
            base, step=Step.DONE, outcome=Result.UNKNOWN, cause=Cause.NOT_BACK, started_at=NOW - 900, ended_at=NOW - 60,
            steps=spans(NOW - 900, 3, 61, 9, 240, 300), online=False, next="Use the recovery card.",
            reason="It did not come back within 5 min after its restart.",
        )  # fmt: skip
    if count == 7:
        return replace(
            base, step=Step.PREFLIGHT, checks=(TROUBLES["session"],), reason="A car is plugged in and charging.",
            next="It starts when the car leaves; or skip it.",
        )  # fmt: skip
    if count >= 14:
        return replace(base, step=Step.WAITING)
    began = NOW - 40 * (count - 6)
    steps = spans(began, *((3, 40), (3, 50, 30), (3, 50, 9, 100), (3, 50, 9, 240, 40))[count % 4], going=True)
    return replace(
        base, step=steps[-1].step, step_at=steps[-1].from_at, steps=steps, started_at=began, about_s=420.0 - 40 * count,
        online=steps[-1].step is not Step.REBOOTING, transfer=served(SIZE * count // 14, began, rate=3e5),
        progress=count / 14 if steps[-1].step is Step.DOWNLOADING else None,
    )  # fmt: skip


def snapshot() -> Any:
    """The site of the pictures that night: nobody asks to join."""
    known = tuple(one for one in sample.chargers() if one.state is not ChargerState.PENDING)
    return replace(sample.snapshot(), chargers=known, notices=())


def hundred_snapshot() -> Any:
    """The site of the hundred, for the mirror."""
    bays, known = [], []
    for model in hundred_fleet().models:
        for one in model.chargers:
            bays.append(Bay(one.charger_id, 1, one.label, "Main"))
            status = ConnectorStatus.CHARGING if one.charger_id in ("P023", "P040") else ConnectorStatus.AVAILABLE
            known.append(
                Charger(
                    one.charger_id, protocol="ocpp1.6", state=ChargerState.ONLINE if one.online else ChargerState.OFFLINE,
                    label=one.label, vendor=model.vendor, model=model.model, serial=one.serial, firmware=one.version,
                    connectors=(Connector(1, status),),
                )
            )  # fmt: skip
    site: Site = replace(sample.site(), name="Car park", bays=tuple(bays))
    return replace(sample.snapshot(), site=site, chargers=tuple(known), notices=(), sessions=())


def answers(view_: JobView | None = None, *, many: bool = False) -> dict[str, Any]:
    """For `FakeClient.answers`: an engine that knows all this."""
    shown = view_ or (hundred() if many else view())
    versions = hundred_fleet() if many else fleet()
    return {
        "firmware.fleet": versions,
        "firmware.images": images(),
        "firmware.fits": lambda p: fits(p, versions),
        "firmware.preflight": lambda p: preflight(p, HUNDRED_BAD if many else BAD),
        "job.get": shown,
        "history.read_many": HistoryMany([], {}, 0),
        "job.list": [shown.job],
        "job.lines": lines,
        "job.report": report,
    }
