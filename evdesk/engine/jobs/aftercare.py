"""After an update: does the charger work as before, and has it kept its settings?"""

import asyncio
from dataclasses import dataclass, replace

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.host import HEARTBEAT_S
from evdesk.engine.jobs.base import Run
from evdesk.engine.jobs.reach import by_hand, decides_reach
from evdesk.engine.jobs.written import TELLING, holds_secret, written
from evdesk.engine.settings_files import differences
from evdesk.engine.setup import owned
from evdesk.engine.state import ChargerRecord
from evdesk.firmware.happenings import Compared, Looked
from evdesk.model import ConnectorStatus, EvdeskError, FailsafeState, Reason, Setting
from evdesk.model.jobs import Cause, Step
from evdesk.model.settings import SettingChange

POLL_S = 2.0
ASK_AFTER = 0.2
"""Who has not booted since (evdesk was away then, or the link only dropped) tells its state when it is asked."""

PUT_BACK_AFTER = 0.5
"""Connectors that are still out of service after this part of the time are put back into it."""

MOVES_BY_ITSELF = ("datetime", "firmwareversion", "timestamp", "connectedtime", "uptime", "bootcount", "heartbeat")
_OUT = frozenset({ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED})
_HELD = frozenset({FailsafeState.PROVEN, FailsafeState.VERIFIED, FailsafeState.UNTESTED})


@dataclass(frozen=True, slots=True)
class Before:
    """Of a charger before its update: connectors that were out of service, and whether it had a safe default."""

    idle: tuple[int, ...]
    failsafe: str

    @classmethod
    def of(cls, record: ChargerRecord) -> "Before":
        idle = tuple(sorted(c.id for c in record.connectors.values() if c.status in _OUT))
        return cls(idle, record.failsafe.state.value)


async def _storage(run: Run, step: Step) -> bool:
    """While evdesk cannot write, it can send nothing and prove nothing: the charger is not judged by that. True where it
    had to wait."""
    clock, health = run.parts.fleet.clock, run.parts.fleet.store.health
    if health.ok:
        return False
    run.say("evdesk", f"{health.sentence} It is looked at when evdesk can write again.", "warn")
    while not run.parts.fleet.store.health.ok:
        run.show(waits_until_at=run.now() + (run.watch.times.most_s(step) or 0.0))
        await asyncio.sleep(clock.wall_s(POLL_S))
    run.watch.held_up(run.now())
    if (
        run.record is not None
        and run.record.online
        and not run.parts.setup.busy(run.record)
        and _unsafe(run, run.record)
    ):
        run.parts.setup.begin(run.record)  # it could not be prepared meanwhile either
    return True


async def look(run: Run, since_at: float) -> Looked:
    """Watch it until it works as before, or its time is over. Where the update failed, only its connectors count."""
    clock = run.parts.fleet.clock
    began_at, most_s = clock.steady(), run.watch.times.test_s
    since_at = min(since_at, clock.now())  # the clock was set back while evdesk was away: nothing is newer than that
    put_back = asked = False
    while True:
        if await _storage(run, Step.TESTING):
            began_at, put_back, asked = clock.steady(), False, False
        failed = run.watch.memory.pending is not Cause.NONE  # the new version may be told meanwhile
        found = problems(run, since_at, failed) or ([] if failed else _just_back(run))
        passed_s = clock.steady() - began_at
        late = passed_s >= most_s
        if not found or late:
            return Looked(clock.now(), tuple(found))
        if not asked and passed_s >= most_s * ASK_AFTER and run.record is not None and run.record.link is not None:
            asked = True
            await run.parts.setup.ask_state(run.record, run.record.link)
        if not put_back and passed_s >= most_s * (1 - PUT_BACK_AFTER):
            put_back = await _put_back(run)
        await asyncio.sleep(clock.wall_s(POLL_S))


def _just_back(run: Run) -> list[str]:
    """One that restarts again and again looks well each time it comes back."""
    came_at = run.record.connected_at if run.record is not None else None
    if came_at is None or run.now() - came_at >= run.watch.times.steady_s:
        return []
    return [f"It has not stayed for {run.watch.times.steady_s:.0f} s since it came back."]


def problems(run: Run, since_at: float, failed: bool) -> list[str]:
    """What is not as it was, in words; empty where it works."""
    record, memory = run.record, run.watch.memory
    if record is None:
        return ["The charger was dropped from the site."]
    if not record.online:
        return ["It is offline."]
    found = []
    for connector in sorted(record.connectors.values(), key=lambda c: c.id):
        if connector.id in memory.idle_before:
            continue
        if connector.status in _OUT:
            error = f" ({connector.error_code})" if connector.error_code else ""
            found.append(f"Connector {connector.id} is {connector.status.value.lower()}{error}.")
        elif not failed and (connector.status_at or 0.0) < since_at:
            found.append(f"Connector {connector.id} has not told its state since.")
    held_before = memory.failsafe_before in _HELD
    if not failed and held_before and (record.failsafe.state not in _HELD or _prepared_now(run, record, since_at)):
        found.append("Its safe default is not confirmed again.")
    if not failed and record.clock.offset_s is not None and abs(record.clock.offset_s) > 300.0:
        found.append("Its clock is wrong.")
    return found


async def _put_back(run: Run) -> bool:
    """Some leave their connectors out of service after a failure (EVerest/libocpp PR #464)."""
    record = run.record
    out = [
        c.id
        for c in (record.connectors.values() if record is not None else ())
        if c.status is ConnectorStatus.UNAVAILABLE and c.id not in run.watch.memory.idle_before
    ]
    for connector_id in sorted(out):
        run.say("evdesk", f"Connector {connector_id} is out of service: putting it back")
        args = {"connector_id": connector_id, "operative": True}
        try:
            await run.command("charger.availability", args, lambda k, n=connector_id: k.availability(n, True))  # type: ignore[misc]
        except EvdeskError as error:
            run.say("evdesk", error.sentence, "warn")
    return bool(out)


async def compare(run: Run, restore: bool) -> Compared:
    """Settings now against the backup; what the update changed is written back where the charger lets us. What evdesk
    itself wrote since is no doing of the update."""
    backup_id, record = run.charger.backup_id, run.record
    if backup_id is None or record is None:
        return Compared(run.now(), note="There is no backup of its settings to compare with.")
    while True:
        try:
            before, _at = await run.parts.settings.settings_of(record, backup_id)
            after, after_id = await _read_after(run, before)
            before = await _wanted(run, before, after)
            break
        except EvdeskError as error:
            if error.reason is not Reason.STORAGE or not await _storage(run, Step.SETTINGS):
                return Compared(run.now(), note=f"Its settings could not be compared: {error.sentence}")
    changed = [one for one in differences(before, after) if not _moves(one)]
    if not changed:
        run.say("evdesk", "Settings are the same as before", "good")
        return Compared(run.now(), after_id=after_id)
    differ = "1 setting differs" if len(changed) == 1 else f"{len(changed)} settings differ"
    run.say("evdesk", f"{differ} from the backup", "warn")
    own = owned(record.link)
    others = [one for one in changed if one.name.lower() not in own]
    now = {one.name.lower(): one for one in after}
    untouched = [one.name for one in others if decides_reach(one) and one.before is not None and _writable(now, one)]
    for name in untouched:
        run.say("evdesk", f"{name} decides whether it reaches evdesk: not put back, look at it by hand", "warn")
    restored: list[str] = []
    lost: list[str] = []
    if restore:
        harmless = [one for one in others if not decides_reach(one)]
        restored, lost = await _restore(run, harmless, now)
        lost = untouched + lost
    problem = ""
    if restored or lost or any(one.name.lower() in own for one in changed):
        problem = await _confirmed(run)
    return Compared(
        run.now(), tuple(changed), tuple(restored), tuple(lost), after_id, by_hand(untouched), problem=problem
    )


async def _read_after(run: Run, before: list[Setting]) -> tuple[list[Setting], int | None]:
    """Where some are gone it is asked twice: a charger that is just up may tell a part of them (an error of
    GetConfiguration leaves the standard keys only)."""
    found, number = await read_settings(run, "after an update")
    names = {one.name.lower() for one in found}
    gone = any(one.value is not None and one.name.lower() not in names for one in before)
    if gone or (run.record is not None and run.record.link is not None and run.record.link.told_a_part):
        await asyncio.sleep(run.parts.fleet.clock.wall_s(POLL_S))
        again, second = await read_settings(run, "after an update")
        if len(again) >= len(found):
            return again, second
    return found, number


async def _wanted(run: Run, before: list[Setting], after: list[Setting]) -> list[Setting]:
    """The backup, and in it what evdesk wrote since."""
    now = {one.name.lower(): one.value for one in after}
    # The first of its rows is of who began the job: the backup was read after that.
    rows = await run.parts.fleet.store.audit_of(run.charger_id, TELLING, min(run.charger.audit_ids, default=0))
    found = written(rows, run.job_id, run.charger.started_at or 0.0, now)
    wanted = []
    for one in before:
        what = found.get(one.name.lower())
        value = one.value if what is None else now.get(one.name.lower()) if what.value is None else what.value
        if what is not None and value != one.value:
            run.say(
                "evdesk", f"{one.name}: {what.who} wrote {value} meanwhile; that counts, not {one.value} of the backup"
            )
        wanted.append(replace(one, value=value))
    return wanted


async def _confirmed(run: Run) -> str:
    """What was put back, or a setting that evdesk needs otherwise, may have undone what the safe default rests on: the
    charger is prepared anew. What is wrong then, in words; "" where all is well."""
    record, clock, setup = run.record, run.parts.fleet.clock, run.parts.setup
    if record is None or run.watch.memory.pending is not Cause.NONE:
        return ""  # it ends badly anyway, and is prepared by itself when it is back
    _more_time(run)
    setup.begin(record)
    began_at, since_at = clock.steady(), clock.now()
    while _prepared_now(run, record, since_at) or not record.online or _unsafe(run, record):
        if await _storage(run, Step.SETTINGS):
            began_at = clock.steady()
        if clock.steady() - began_at >= run.watch.times.test_s:
            return "Its safe default is not confirmed again since its settings were compared."
        await asyncio.sleep(clock.wall_s(POLL_S))
    return ""


def _prepared_now(run: Run, record: ChargerRecord, since_at: float) -> bool:
    """Its safe default may be another in a moment. Where only another part of the preparation fails again and again, the
    safe default that was confirmed since then counts."""
    setup = run.parts.setup
    rests = record.id in setup.resting and (record.failsafe.checked_at or 0.0) >= since_at
    return setup.busy(record) and not rests


def _writable(now: dict[str, Setting], change: SettingChange) -> bool:
    """What a charger does not let be written, an address it was given say, nobody can put back by hand either."""
    setting = now.get(change.name.lower())
    return setting is None or setting.writable


def _unsafe(run: Run, record: ChargerRecord) -> bool:
    """It had a safe default before, and has none that is known to hold."""
    return run.watch.memory.failsafe_before in _HELD and record.failsafe.state not in _HELD


def _more_time(run: Run) -> None:
    """It goes on: the step must not be given up over what takes long, least of all as well done."""
    run.show(waits_until_at=run.now() + (run.watch.times.most_s(Step.SETTINGS) or 0.0))


def _moves(change: SettingChange) -> bool:
    name = change.name.lower().replace("_", "")
    if name.endswith("heartbeatinterval"):  # the answer to its BootNotification sets it (1.6 section 4.2, 2.x B01)
        return (change.after or "").strip() == str(HEARTBEAT_S)
    return any(word in name for word in MOVES_BY_ITSELF)


async def _restore(run: Run, changed: list[SettingChange], now: dict[str, Setting]) -> tuple[list[str], list[str]]:
    restored, lost = [], []
    for change in changed:
        setting = now.get(change.name.lower())
        if change.before is None or (setting is not None and not setting.writable) or change.kind == "added":
            continue
        _more_time(run)
        if holds_secret(change.before):
            run.say("evdesk", f"{change.name} held a password, which is not kept: set it by hand", "warn")
            lost.append(change.name)
        elif await _write(run, change.name, change.before):
            restored.append(change.name)
        else:
            lost.append(change.name)
    return restored, lost


async def _write(run: Run, name: str, value: str) -> bool:
    args = {"name": name, "value": value}
    while True:
        try:
            answer = await run.command("charger.write_setting", args, lambda link: link.write_setting(name, value))
            break
        except EvdeskError as error:
            if error.reason is not Reason.STORAGE or not await _storage(run, Step.SETTINGS):
                run.say("evdesk", f"{name}: {error.sentence}", "warn")
                return False
    record = run.record
    if record is not None:
        await run.parts.settings.wrote(record, name, answer)
    same = answer.after is None or answer.after.strip().casefold() == value.strip().casefold()
    run.say("evdesk", f"{name} put back to {value}" if same else f"{name} stays {answer.after}", "" if same else "warn")
    return same


async def read_settings(run: Run, reason: str) -> tuple[list[Setting], int | None]:
    """Read them all and keep them as a snapshot: the settings, and the snapshot's id. Raises `EvdeskError`."""
    return await keep_settings(run, await ask_settings(run), reason)


async def ask_settings(run: Run) -> list[Setting]:
    """All of them, as told. Raises `EvdeskError`."""
    found: list[Setting] = []

    async def read(link: Driver) -> Answer:
        found.extend(await link.settings())
        return Answer(f"{len(found)} settings")

    await run.command("charger.settings", {}, read)
    return found


async def keep_settings(run: Run, found: list[Setting], reason: str) -> tuple[list[Setting], int | None]:
    """As described, and the id of their snapshot. Raises `EvdeskError`."""
    record = run.record
    if record is None:
        raise EvdeskError(Reason.INVALID, "The charger was dropped from the site.")
    settings = await run.parts.settings.keep(record, found, reason)
    kept = await run.parts.fleet.store.snapshots(run.charger_id)
    return settings, kept[0].id if kept else None
