"""Jobs that are over, and their reports made by the engine's own keeper in a store of their own."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

from evdesk.engine.commands import Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.jobs.keeping import REPORT, Keeper
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.store import SavedCharger, Store
from evdesk.firmware.rollout import plan_waves
from evdesk.firmware.watched import Memory
from evdesk.model import Clock
from evdesk.model.firmware import Check, Image, Manifest, SignatureState, Verdict
from evdesk.model.jobs import (
    Cause,
    Job,
    JobCharger,
    JobKind,
    JobLine,
    JobState,
    Result,
    Step,
    StepSpan,
    Transfer,
    Wave,
    WaveState,
)
from evdesk.model.settings import SettingChange
from tests.engine.store_kit import note

T0 = 1_795_560_000.0  # 2026-11-24 22:40:00 UTC
SHA256 = hashlib.sha256(b"n22-2.4.1.bin").hexdigest()
IMAGE = Image(
    SHA256[:16],
    "n22-2.4.1.bin",
    18_400_123,
    SHA256,
    Manifest(
        "Nordlade",
        ("N22",),
        ("B", "C"),
        "2.4.1",
        18_400_123,
        SHA256,
        signature="AAAA",
        signature_kind="ECDSA",
        source="nordlade.example/n22",
    ),
    "n22-2.4.1.bin.toml",
    signature=SignatureState.VALID,
    signer="Nordlade release key 3",
    signer_until_at=T0 + 3e7,
    fingerprint="ab" * 32,
    unknown=("minutes", "recovery"),
    added_by="Bert",
)
STEPS = (
    StepSpan(Step.SENT, T0, T0 + 5, True, 5.0, 300.0),
    StepSpan(Step.DOWNLOADING, T0 + 5, T0 + 50, True, 90.0, 300.0),
    StepSpan(Step.VERIFYING, T0 + 50, T0 + 50, False),
    StepSpan(Step.INSTALLING, T0 + 50, T0 + 293, True, 240.0, 900.0),
    StepSpan(Step.REBOOTING, T0 + 293, T0 + 364, True, 70.0, 300.0),
    StepSpan(Step.TESTING, T0 + 364, T0 + 395, True, 30.0, 120.0),
)
CHECKS = (
    Check("model", Verdict.OK, "Nordlade N22 is among its models."),
    Check("serial", Verdict.OK, "Serial number NL22-204417."),
    Check("power", Verdict.WARN, "This computer runs on its battery.", "Plug it in."),
    Check("clock", Verdict.UNKNOWN, "Its clock was not seen."),
)
ONE = JobCharger(
    "WB-01",
    "Bay 1",
    "Nordlade",
    "N22",
    "NL22-204417",
    "B",
    "ocpp1.6",
    step=Step.DONE,
    outcome=Result.SUCCEEDED,
    cause=Cause.NEW_VERSION,
    reason="It came back with 2.4.1 and works.",
    from_version="2.4.0",
    to_version="2.4.1",
    reported="V2.4.1",
    status="Installed",
    status_at=T0 + 380,
    checks=CHECKS,
    steps=STEPS,
    transfer=Transfer(
        "http",
        18_400_123,
        18_400_123,
        21_651_200,
        requests=3,
        resumed=1,
        address="192.168.50.43",
        others=("192.168.50.44",),
        agent="NordladeOTA/1.2",
        first_at=T0 + 5,
        last_at=T0 + 49,
        complete_at=T0 + 50,
    ),
    attempts=2,
    backup_id=12,
    after_id=13,
    settings_changed=(
        SettingChange("MeterValueSampleInterval", "60", "900"),
        SettingChange("HeartbeatInterval", "300", "86400"),
        SettingChange("NewThing", None, "1", "added"),
    ),
    restored=("MeterValueSampleInterval",),
    lost=("HeartbeatInterval",),
    started_at=T0,
    ended_at=T0 + 408,
    audit_ids=(2, 3, 4),
)
SAME = replace(ONE, outcome=Result.FAILED, cause=Cause.SAME_VERSION, reported="2.4.0", reason="It still has 2.4.0.")
GONE = replace(
    ONE, outcome=Result.UNKNOWN, cause=Cause.NOT_BACK, reported="", reason="It did not come back.", next="See its card."
)
JOB = Job(
    118,
    JobKind.UPDATE,
    JobState.FINISHED,
    T0 - 60,
    "Anna",
    "desk",
    IMAGE.id,
    "Nordlade N22 2.4.1",
    "2.4.1",
    started_at=T0,
    ended_at=T0 + 408,
    site="Hof Süd",
)


def many(number: int) -> list[JobCharger]:
    """The eighth has failed, the third is unknown."""
    special = {3: GONE, 8: SAME}
    return [
        replace(special.get(n, ONE), charger_id=f"WB-{n:03}", label=f"Bay {n}", serial=f"NL22-{204400 + n}")
        for n in range(1, number + 1)
    ]


async def reported(
    store: Store,
    chargers: Sequence[JobCharger] = (ONE,),
    job: Job = JOB,
    image: Image | None = IMAGE,
    lines: Sequence[JobLine] = (),
) -> str:
    """The JSON of the job's report, after the audit rows it names: kept and written into the chain."""
    if await store.load_note(REPORT, str(job.id)) is None:
        for _ in range(4):
            await note(store)
    ids = [one.charger_id for one in chargers]
    if not job.waves:
        waves: tuple[Wave, ...] = plan_waves(ids, int(len(ids) > 1), ())
        job = replace(job, waves=tuple(replace(wave, state=WaveState.PASSED) for wave in waves))
    await store.add_job_lines(list(lines))
    runs = {
        one.charger_id: SimpleNamespace(charger=one, saved=lambda one=one: SavedCharger(one, Memory()))
        for one in chargers
    }
    await Keeper(Fleet(store, Clock()), Commands(store)).report(LiveJob(job, runs, image))
    text = await store.load_note(REPORT, str(job.id))
    assert text is not None
    return text
