"""The checks before an update, for one charger: what must be well, what a person may pass, what passes by itself."""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from evdesk.engine.files.service import FileService
from evdesk.engine.fleet import Fleet
from evdesk.engine.jobs.schemes import EVENTS, choose, setting_value, told_schemes
from evdesk.engine.state import ChargerRecord
from evdesk.model import Capability, ConnectorStatus, Setting
from evdesk.model.firmware import Check, Direction, Fit, Image, Verdict
from evdesk.model.jobs import PowerState
from evdesk.ocpp.version import Version
from evdesk.wire.firmware import Preflight

OK, WARN, WAIT, BLOCK, UNKNOWN = Verdict.OK, Verdict.WARN, Verdict.WAIT, Verdict.BLOCK, Verdict.UNKNOWN
CLOCK_OFF_S = 300.0
KEEP_FREE_BYTES = 200 * 1024 * 1024
SOFT = frozenset({Verdict.WARN, Verdict.UNKNOWN})
_DRAWS_A = 0.5


@dataclass(frozen=True, slots=True)
class Ground:
    """What all chargers of one look have in common."""

    fleet: Fleet
    files: FileService
    data: Path
    power: PowerState
    busy: dict[str, Check]  # charger -> what else is under way with it
    unreachable: dict[
        tuple[str, str], str
    ]  # (address, scheme) -> why its own listener cannot be reached, "" where it can
    unread: dict[str, str] = field(default_factory=dict)  # charger -> why no backup could be taken


def look(
    ground: Ground, record: ChargerRecord, image: Image, fit: Fit, settings: list[Setting], dated: bool = False
) -> Preflight:
    """All checks of one charger, in the order in which a person reads them. `dated`: it is to install on a date."""
    schemes, address = ways(ground.files, record, image, settings)
    checks = [
        *fit.checks,
        _online(record),
        _able(record),
        _session(record),
        _busy(ground, record),
        _serial(ground.fleet, record),
        _backup(record, image, ground.unread.get(record.id, "")),
        _scheme(settings, schemes),
        _reach(ground, record, address, schemes),
        _clock(record, dated),
        _install_date(record, image) if dated else None,
        _events(settings),
        _disk(ground.data),
        _power(ground.power),
        _sleep(ground.power),
    ]
    found = [one for one in checks if one is not None]
    verdicts = {one.verdict for one in found}
    return Preflight(
        charger_id=record.id,
        label=record.label or record.id,
        serial=record.identity.serial,
        from_version=record.identity.firmware,
        to_version=image.manifest.version,
        downgrade=fit.direction is Direction.DOWNGRADE,
        checks=found,
        ready=not verdicts & {BLOCK, WAIT, *SOFT},
        waits=WAIT in verdicts,
        blocked=BLOCK in verdicts,
        scheme=schemes[0] if schemes else "",
        address=address,
    )


def ways(
    files: FileService, record: ChargerRecord, image: Image, settings: list[Setting]
) -> tuple[tuple[str, ...], str]:
    """By which protocols, best first, and on which address of this computer."""
    link = record.link
    schemes = choose(told_schemes(settings), files.schemes(), image.manifest.schemes, link is not None and link.secure)
    return schemes, link.local_address if link is not None else ""


def soft(checks: list[Check]) -> list[Check]:
    """Those that only a person with a reason passes."""
    return [one for one in checks if one.verdict in SOFT]


def may_lack(image: Image) -> bool:
    """By its manifest the update leaves the settings, and needs none."""
    return bool(image.manifest.settings_kept) and not image.manifest.backup_needed


def seen_lacking(checks: list[Check]) -> bool:
    """Who begins the job was told that there will be no backup. Only then a reason is given for that, too: every charger
    of 1.6 needs one for its hardware."""
    return any(check.code == "backup" and check.verdict is WARN for check in checks)


def _online(record: ChargerRecord) -> Check:
    if record.online:
        return Check("online", OK, "Connected.")
    return Check("online", WAIT, "It is offline.", "Check its power and network; the update begins when it is back.")


def _able(record: ChargerRecord) -> Check | None:
    if record.link is None or Capability.FIRMWARE in record.link.capabilities:
        return None
    return Check(
        "online", BLOCK, "It answered that it knows no firmware updates over OCPP.", "Use the maker's own tool or app."
    )


def _session(record: ChargerRecord) -> Check:
    for connector in record.connectors.values():
        draws = any((amps or 0.0) > _DRAWS_A for amps in connector.current_a)
        if connector.charges or draws or connector.status is ConnectorStatus.CHARGING:
            return Check(
                "session", WAIT, f"A car charges on connector {connector.id}.", "It begins when the car is through."
            )
    if any(connector.status.has_car for connector in record.connectors.values()):
        return Check("session", OK, "A car is plugged in and does not charge.")
    if record.online and any(c.status is ConnectorStatus.UNKNOWN for c in record.connectors.values()):
        return Check("session", WAIT, "It has not told yet whether its connectors are free.", "It is asked for it.")
    return Check("session", OK, "No car charges.")


def _busy(ground: Ground, record: ChargerRecord) -> Check:
    return ground.busy.get(record.id) or Check("job", OK, "Nothing else is under way with it.")


def _serial(fleet: Fleet, record: ChargerRecord) -> Check:
    advice = "Find out which charger stands there, and give each its own id."
    if record.warnings & {"serial_changed", "duplicate_id"}:
        return Check("serial", BLOCK, "Two chargers seem to use this id.", advice)
    serial = record.identity.serial
    twins = Counter(r.identity.serial for r in fleet.chargers.values() if r.accepted)
    if serial and twins[serial] > 1:
        return Check("serial", BLOCK, f"Another charger tells the serial number {serial} too.", advice)
    if not serial:
        return Check("serial", UNKNOWN, "It tells no serial number.", "See on its plate that it is the right one.")
    return Check("serial", OK, f"Serial number {serial}.")


def _backup(record: ChargerRecord, image: Image, unread: str) -> Check:
    can = record.link is None or Capability.SETTINGS in record.link.capabilities
    if can and not unread:
        return Check("backup", OK, "Its settings are read and kept before anything is sent.")
    if may_lack(image):
        return Check("backup", OK, "Its settings cannot be read; by the manifest the update leaves them.")
    if can:
        words = f"Its settings could not be read for the last update: {unread}"
        return Check("backup", WARN, words, "Read them on its Settings tab, or write them down first.")
    return Check("backup", WARN, "Its settings cannot be read, so none can be put back.", "Write them down first.")


def _scheme(settings: list[Setting], schemes: tuple[str, ...]) -> Check:
    told = told_schemes(settings)
    if not schemes:
        has = ", ".join(told or ()) or "nothing"
        return Check(
            "scheme", BLOCK, f"It can fetch by {has}; none of that is offered here.", "Use the maker's own tool."
        )
    by = ", then ".join(one.upper() for one in schemes[:2])
    return Check("scheme", OK, f"By {by}." if told else f"It does not tell how it can fetch: {by}.")


def _reach(ground: Ground, record: ChargerRecord, address: str, schemes: tuple[str, ...]) -> Check | None:
    if record.link is None or not schemes:
        return None
    if not address:
        return Check("reach", UNKNOWN, "On which address of this computer it is connected is not known.")
    why = ground.unreachable.get((address, schemes[0]), "")
    if why:
        return Check("reach", BLOCK, why, "Let evdesk through this computer's firewall, or end the other program.")
    return Check("reach", OK, f"It is connected to {address}; the file is served there.")


def _clock(record: ChargerRecord, dated: bool) -> Check:
    off = record.clock.offset_s
    if off is None and dated:
        return Check(
            "clock", UNKNOWN, "Its clock was not seen yet; it may install at another time.", "Restart the charger."
        )
    if off is None:
        return Check("clock", OK, "Its clock was not seen yet; the date is not used.")
    if abs(off) > CLOCK_OFF_S:
        way = "ahead" if off > 0 else "behind"
        return Check(
            "clock",
            WARN,
            f"Its clock is {abs(off):.0f} s {way}; it may find a certificate not valid.",
            "Restart the charger, it takes the time then.",
        )
    return Check("clock", OK, "Its clock is right.")


def _install_date(record: ChargerRecord, image: Image) -> Check:
    if not can_be_dated(record, image):
        return Check(
            "install_date",
            WARN,
            "It installs at once: OCPP 1.6 knows an install date only for signed files.",
            "Begin at night instead, or take the maker's signed file.",
        )
    return Check("install_date", OK, "It is told when to install.")


def can_be_dated(record: ChargerRecord, image: Image) -> bool:
    """UpdateFirmware of 1.6 has no install date; SignedUpdateFirmware of the security whitepaper and 2.x have."""
    return record.protocol != Version.V16.value or is_signed(image)


def is_signed(image: Image) -> bool:
    """Whether it is sent with its signature: a charger needs both parts of it."""
    return bool(image.manifest.signature and image.manifest.certificate)


def _events(settings: list[Setting]) -> Check | None:
    if setting_value(settings, EVENTS).strip().lower() != "true":
        return None
    return Check(
        "events",
        WARN,
        "Its security events are switched off: a wrong signature would not be told.",
        "Set DisableSecurityEventNotifications to false.",
    )


def _disk(data: Path) -> Check:
    free = shutil.disk_usage(data).free
    if free < KEEP_FREE_BYTES:
        return Check("disk", BLOCK, f"The disk has {free / 1e6:.0f} MB left.", "Make room: the audit log must go on.")
    return Check("disk", OK, "The disk has room.")


def _power(power: PowerState) -> Check:
    if power.mains is False:
        return Check("power", WARN, "This computer runs on its battery.", "Plug it in before you begin.")
    return Check("power", OK, "This computer is on mains." if power.mains else "This computer has no battery.")


def _sleep(power: PowerState) -> Check | None:
    if power.mains is None or power.awake:
        return None if power.mains is None else Check("sleep", OK, "Sleep is held off while it runs.")
    return Check("sleep", OK, power.detail or "Sleep is held off while it runs.")
