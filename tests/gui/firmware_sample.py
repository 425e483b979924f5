"""The firmware of the design pictures' site: eight chargers of three makers, the night after an update."""

from dataclasses import replace
from datetime import datetime
from functools import cache

from evdesk.model.firmware import (
    BlockedVersion,
    FileState,
    FirmwarePolicy,
    FleetCharger,
    FleetModel,
    FleetState,
    FleetVersions,
    Image,
    Manifest,
    PolicyKind,
    SignatureState,
    VersionSeen,
    VersionSpan,
)
from evdesk.model.jobs import (
    Cause,
    Job,
    JobCharger,
    JobKind,
    JobState,
    LogEntry,
    LogFile,
    Result,
    Step,
    Transfer,
)
from evdesk.wire.jobs import JobView, LogFiles, LogText

NOW = datetime(2026, 11, 25, 0, 6, 0).astimezone().timestamp()
DAY = 86_400.0


def at(month: int, day: int, hour: int = 9, minute: int = 12) -> float:
    return datetime(2026, month, day, hour, minute).astimezone().timestamp()


# -- the library --------------------------------------------------------------------------------------------------

N22 = Manifest(
    vendor="Nordlade",
    models=("N22",),
    hardware=("B", "C"),
    version="2.4.1",
    size=18_412_544,
    sha256="9c4177ab" + "5e20d1" * 9 + "03",
    minimum_version="2.3.0",
    downgrade=True,
    settings_kept=True,
    minutes=7.0,
    reboots=1,
    recovery="Breaker off for 30 s, then on. Do not press reset while the light is blue.",
    schemes=("http", "ftp"),
    signature="MEUCIQ" + "Dk3v" * 20 + "==",
    signature_kind="ECDSA",
    certificate="-----BEGIN CERTIFICATE-----\nMIIB" + "9xKq" * 40 + "\n-----END CERTIFICATE-----\n",
    source="Nordlade partner portal",
)
FINGERPRINT = "b7:1e:40:c2:9d:5f:04:aa:77:13:c0:e1:9f:30:8e:d2:51:6b:aa:08:3c:f4:7d:21:90:ee:5a:b3:17:c8:44:a8"


def images() -> list[Image]:
    signed = Image(
        "9c4177ab", "n22-2.4.1.bin", 18_412_544, N22.sha256, N22, "n22-2.4.1.toml", signature=SignatureState.VALID,
        signature_detail="ECDSA over SHA-256", signer="Nordlade release key 3", signer_until_at=at(11, 30) + 700 * DAY,
        fingerprint=FINGERPRINT, trusted=True, added_at=at(11, 23), added_by="Technician",
    )  # fmt: skip
    older = replace(N22, version="2.4.0", size=18_104_320, sha256="04aa7713" + "c0e15d" * 9 + "0b")
    kestrel = Manifest(
        vendor="Kestrel", models=("K11",), version="5.2.8", size=6_210_048, sha256="71b2" * 16,
        source="SHA-256 typed in from the maker's page",
    )  # fmt: skip
    return [
        signed,
        replace(signed, id="04aa7713", file_name="n22-2.4.0.bin", size=18_104_320, sha256=older.sha256, manifest=older),
        Image(
            "71b271b2", "K11_v5.2.8.fw", 6_210_048, "71b2" * 16, kestrel, "Technician",
            signature_detail="The manifest brings no signature.", unknown=("hardware", "from_versions", "settings_kept",
            "minutes", "reboots", "recovery"), added_at=at(11, 20), added_by="Technician",
        ),
        replace(
            signed, id="5d0e12c7", file_name="n22-2.4.1-usb.bin", size=11_010_048, sha256="5d0e12c7" * 8,
            state=FileState.TRUNCATED, signature=SignatureState.INVALID, usable=False,
            why_not="Cut off: 11.0 of 18.4 MB. Add it again",
        ),
    ]  # fmt: skip


def unknown_image() -> Image:
    """A file that came without a manifest."""
    return Image(
        "e3b0c442", "update_20261101.img", 4_404_019, "e3b0c442" * 8, unknown=("vendor", "models", "version", "hardware",
        "from_versions", "downgrade", "settings_kept", "minutes", "reboots", "recovery", "schemes"), usable=False,
        why_not="Nobody said which model and version it is. Open it and enter them", added_at=NOW,
        added_by="Technician",
    )  # fmt: skip


def untrusted_image() -> Image:
    return replace(
        images()[0], id="ab12cd34", file_name="n22-2.5.0-rc1.bin", manifest=replace(N22, version="2.5.0-rc1"),
        signature=SignatureState.UNTRUSTED, signature_detail="Nobody said that this certificate is the maker's.",
        signer="Nordlade release key 4", trusted=False,
    )  # fmt: skip


# -- the fleet ----------------------------------------------------------------------------------------------------


def _one(n: int, serial: str, hardware: str, version: str, since: float, state: FleetState, because: str,
         image_id: str = "", job_id: int | None = None, online: bool = True) -> FleetCharger:  # fmt: skip
    return FleetCharger(
        f"WB-{n:02}", f"Bay {n}", serial, hardware, version, since, state, because, image_id=image_id, job_id=job_id,
        due_at=at(11, 30) if state in (FleetState.BEHIND, FleetState.FAILED) else None, online=online,
    )  # fmt: skip


def fleet() -> FleetVersions:
    sep, image = at(9, 3), "9c4177ab"
    nordlade = (
        _one(1, "NL22-204417", "B", "2.4.1", at(11, 24, 23, 52), FleetState.NEWEST, "By job 118", job_id=118),
        _one(2, "NL22-204418", "B", "2.4.1", at(11, 24, 23, 50), FleetState.NEWEST, "By job 118", job_id=118),
        _one(3, "NL22-204421", "B", "2.4.0", sep, FleetState.FAILED, "Download broke off twice; still on 2.4.0",
             image, 118),
        _one(5, "NL22-204430", "C", "2.4.0", sep, FleetState.BEHIND, "Due in 6 days", image),
        _one(6, "NL22-204433", "C", "2.4.0", sep, FleetState.BEHIND, "Due in 6 days; a car is charging", image),
        _one(8, "NL22-204471", "C", "2.4.1", at(11, 24, 22, 31), FleetState.NEWEST, "By job 118, canary", job_id=118),
    )  # fmt: skip
    kestrel = _one(4, "K11-20613", "2", "5.1.3", at(2, 11), FleetState.BLOCKED,
                   "5.1.3 loses its limit on restart; 5.2.8 is here", "71b271b2")  # fmt: skip
    amperion = _one(7, "A7-00917", "1.1", "1.9.0", at(11, 20, 4, 18), FleetState.CHANGED,
                    "Was 1.8.4. Not by evdesk; noticed at its boot", online=False)  # fmt: skip
    models = (
        FleetModel("Nordlade", "N22", "2.4.1", image,
                   FirmwarePolicy("Nordlade", "N22", PolicyKind.KEEP_AT, "2.4.1", at(11, 30), "Technician", at(11, 23)),
                   (BlockedVersion("2.3.1", "connectors stay unavailable after a reset"),), nordlade,
                   (VersionSpan("2.3.0", at(3, 2)), VersionSpan("2.3.2", at(5, 14)), VersionSpan("2.4.0", sep),
                    VersionSpan("2.4.1", at(11, 24, 22, 31)))),
        FleetModel("Kestrel", "K11", "5.2.8", "71b271b2",
                   FirmwarePolicy("Kestrel", "K11", PolicyKind.AT_LEAST, "5.2.0"),
                   (BlockedVersion("5.1.3", "loses its limit on restart"),), (kestrel,),
                   (VersionSpan("5.1.3", at(3, 2)),)),
        FleetModel("Amperion", "A7", "", "", None, (), (amperion,),
                   (VersionSpan("1.8.4", at(3, 2)), VersionSpan("1.9.0", at(11, 20, 4, 18)))),
    )  # fmt: skip
    counts: dict[str, int] = {}
    for model in models:
        for one in model.chargers:
            counts[one.state] = counts.get(one.state, 0) + 1
    return FleetVersions(models, counts, 0)


def history(charger_id: str = "") -> list[VersionSeen]:
    rows = [
        VersionSeen(31, "WB-01", at(11, 24, 23, 52), "2.4.1", "2.4.0", "job", 118, "", "NL22-204417"),
        VersionSeen(30, "WB-03", at(11, 24, 23, 58), "2.4.0", "2.4.0", "kept", 118, "download failed", "NL22-204421"),
        VersionSeen(29, "WB-02", at(11, 24, 23, 50), "2.4.1", "2.4.0", "job", 118, "", "NL22-204418"),
        VersionSeen(28, "WB-08", at(11, 24, 22, 31), "2.4.1", "2.4.0", "job", 118, "canary", "NL22-204471"),
        VersionSeen(27, "WB-07", at(11, 20, 4, 18), "1.9.0", "1.8.4", "noticed", None, "noticed at its boot", "A7-00917"),
        VersionSeen(24, "WB-07", at(11, 20, 4, 17), "1.8.4", "1.8.4", "event", None, "FirmwareUpdated", "A7-00917"),
    ]  # fmt: skip
    number = 23
    for month, day, version, before, job in ((9, 3, "2.4.0", "2.3.2", 96), (5, 14, "2.3.2", "2.3.0", 61)):
        for n in (8, 6, 5, 3, 2, 1):
            rows.append(VersionSeen(number, f"WB-{n:02}", at(month, day), version, before, "job", job))
            number -= 1
    for n, version in ((7, "1.8.4"), (4, "5.1.3"), *((n, "2.3.0") for n in (8, 6, 5, 3, 2, 1))):
        rows.append(VersionSeen(number, f"WB-{n:02}", at(3, 2), version, "", "first"))
        number -= 1
    rows.sort(key=lambda row: row.at, reverse=True)
    return [row for row in rows if charger_id in ("", row.charger_id)]


# -- jobs ---------------------------------------------------------------------------------------------------------


def jobs() -> list[Job]:
    """Newest first: the night's update, two logs, two old updates."""
    return [
        Job(119, JobKind.LOG, JobState.FINISHED, at(11, 25, 0, 1), "Technician", "desk", title="Diagnostics of Bay 3",
            chargers=1, counts={"succeeded": 1}, started_at=at(11, 25, 0, 1), ended_at=at(11, 25, 0, 3)),
        Job(118, JobKind.UPDATE, JobState.FINISHED, at(11, 24, 22, 24), "Technician", "desk", "9c4177ab",
            "Nordlade N22 2.4.1", "2.4.1", 6, {"succeeded": 3, "failed": 1, "cancelled": 2},
            started_at=at(11, 24, 22, 24), ended_at=at(11, 24, 23, 58)),
        Job(104, JobKind.LOG, JobState.FINISHED, at(10, 2, 11, 5), "Technician", "desk", title="Security log of Bay 4",
            chargers=1, counts={"failed": 1}, started_at=at(10, 2, 11, 5), ended_at=at(10, 2, 11, 15)),
        Job(96, JobKind.UPDATE, JobState.FINISHED, at(9, 3, 8, 40), "Technician", "desk", "04aa7713",
            "Nordlade N22 2.4.0", "2.4.0", 6, {"succeeded": 6}, started_at=at(9, 3, 8, 40), ended_at=at(9, 3, 9, 52)),
        Job(61, JobKind.UPDATE, JobState.FINISHED, at(5, 14, 8, 30), "Owner", "desk", "",
            "Nordlade N22 2.3.2", "2.3.2", 6, {"succeeded": 6}, started_at=at(5, 14, 8, 30), ended_at=at(5, 14, 9, 40)),
    ]  # fmt: skip


def running_update() -> Job:
    return Job(
        120, JobKind.UPDATE, JobState.RUNNING, NOW - 600, "Technician", "desk", "9c4177ab", "Nordlade N22 2.4.1",
        "2.4.1", 6, {"succeeded": 1, "running": 3, "waiting": 1, "blocked": 1}, started_at=NOW - 600,
        about_done_at=NOW + 960,
    )  # fmt: skip


def running_fetch() -> tuple[Job, JobCharger]:
    job = Job(121, JobKind.LOG, JobState.RUNNING, NOW - 40, "Technician", "desk", title="Diagnostics of Bay 1",
              chargers=1, counts={"running": 1}, started_at=NOW - 40)  # fmt: skip
    moved = Transfer("http", 0, 1_310_720, 1_310_720, 98_000.0, 1, address="192.168.50.41")
    return job, JobCharger(
        "WB-01", "Bay 1", "Nordlade", "N22", "NL22-204417", step=Step.UPLOADING, step_at=NOW - 30, transfer=moved,
        started_at=NOW - 40,
    )  # fmt: skip


def failed_fetch() -> tuple[Job, JobCharger]:
    job = replace(jobs()[2], id=122, created_at=NOW - 700, started_at=NOW - 700, ended_at=NOW - 100)
    return job, JobCharger(
        "WB-04", "Bay 4", "Kestrel", "K11", "K11-20613", step=Step.DONE, outcome=Result.FAILED, cause=Cause.EMPTY,
        reason="It answered without a file name: it has nothing to send", next="Ask for diagnostics instead",
        started_at=NOW - 700, ended_at=NOW - 100,
    )  # fmt: skip


def job_view(job: Job, one: JobCharger) -> JobView:
    return JobView(job.id, job.state, job, {one.charger_id: one})


# -- logs ---------------------------------------------------------------------------------------------------------


def logs(charger_id: str = "") -> list[LogFile]:
    rows = [
        LogFile(9, "WB-03", 119, "diagnostics", "NL22-204421_20261125.tar.gz", 2_214_912, "c41d" * 16,
                at(11, 25, 0, 3), "192.168.50.43", "http", 6),
        LogFile(8, "WB-02", 103, "security", "security_NL22-204418.log", 48_210, "19fe" * 16, at(10, 2, 11, 2),
                "192.168.50.42", "ftp"),
        LogFile(7, "WB-04", 101, "diagnostics", "diag.bin", 512_000, "77ab" * 16, at(9, 30, 16, 20),
                "192.168.50.44", "http", partial=True, detail="It broke off after 512 kB"),
        LogFile(5, "WB-01", 88, "diagnostics", "NL22-204417_20260821.log", 918_330, "0be2" * 16, at(8, 21, 10, 44),
                "192.168.50.41", "http"),
    ]  # fmt: skip
    return [row for row in rows if charger_id in ("", row.charger_id)]


def entries() -> list[LogEntry]:
    night = at(11, 24, 23, 58)
    return [
        LogEntry("var/log/messages", 1_204_512, 180_210, night),
        LogEntry("var/log/ocpp.log", 4_880_120, 1_402_112, night),
        LogEntry("etc/version", 41, 52, night),
        LogEntry("proc/meminfo", 1_204, 420, night),
        LogEntry("../../etc/shadow", 610, 320, night, False, "Its path leads out of the archive"),
        LogEntry("core.gz", 8_000_000_000, 610_000, night, False, "It unpacks to far more than it pretends"),
    ]


def log_files(log_id: int) -> LogFiles:
    log = next(row for row in logs() if row.id == log_id)
    inside = entries() if log.entries else []
    return LogFiles(log, f"/var/lib/evdesk/logs/{log.name}", inside)


_WORDS = (
    "ocpp: > Heartbeat {}",
    'ocpp: < {"currentTime":"2026-11-24T22:58:02Z"}',
    "fw: GET http://192.168.50.10:8790/k3fz/n22-2.4.1.bin",
    "fw: connection reset by peer after 3251200 bytes",
    "fw: retry 1 of 2, resume at 3251200",
    "relay: L1 L2 L3 open",
    "meter: 0.0 A 0.0 A 0.0 A 231.2 V",
)


@cache
def log_bytes(lines: int) -> bytes:
    rows = [f"Nov 24 23:{i // 60 % 60:02}:{i % 60:02} n22 {_WORDS[i % len(_WORDS)]}" for i in range(lines)]
    return ("\n".join(rows) + "\n").encode()


def log_text(offset: int = 0, limit: int = 65_536, lines: int = 3000) -> LogText:
    """A text of `lines` lines in parts, as `log.read` answers."""
    whole = log_bytes(lines)
    part = whole[offset : offset + limit]
    end = offset + len(part)
    return LogText(part.decode(), len(whole), end if end < len(whole) else None)


# -- a large site -------------------------------------------------------------------------------------------------


def crowd(count: int) -> FleetVersions:
    """So many chargers of four models, in every state."""
    states = tuple(FleetState)
    because = ("By job 118", "Due in 6 days", "Was 1.8.4. Not by evdesk; noticed at its boot", "")
    models: list[FleetModel] = []
    counts: dict[str, int] = {}
    for m, (vendor, model) in enumerate(
        (("Nordlade", "N22"), ("Kestrel", "K11"), ("Amperion", "A7"), ("Voltis", "V3"))
    ):
        found = []
        for n in range(m, count, 4):
            state = states[(n * 7 + m) % len(states)]
            counts[state] = counts.get(state, 0) + 1
            one = FleetCharger(
                f"WB-{n:03}",
                f"Bay {n + 1}",
                f"{model}-{204_400 + n}",
                "BC"[n % 2],
                "" if state is FleetState.UNKNOWN else f"2.{n % 5}.{n % 3}",
                at(1 + n % 11, 1 + n % 27),
                state,
                because[n % 4],
                overdue=state is FleetState.BEHIND and n % 3 == 0,
                due_at=at(11, 30),
                image_id="9c4177ab",
                online=n % 9 != 0,
            )
            found.append(one)
        spans = tuple(VersionSpan(f"2.{k}.0", at(2 + 2 * k, 3 + m)) for k in range(4))
        policy = FirmwarePolicy(vendor, model, PolicyKind.KEEP_AT, "2.4.1", at(11, 20))
        models.append(FleetModel(vendor, model, "2.4.1", "9c4177ab", policy, (), tuple(found), spans))
    return FleetVersions(tuple(models), counts, sum(one.overdue for model in models for one in model.chargers))
