"""Where each charger's version stands against library, policy and blocked versions, and why, in words."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from evdesk.firmware.fit import ChargerFacts, fit
from evdesk.firmware.images import is_for
from evdesk.firmware.versions import compare, matches, newest
from evdesk.model.firmware import (
    BlockedVersion,
    Check,
    FirmwarePolicy,
    Fit,
    FleetCharger,
    FleetState,
    Image,
    PolicyKind,
    Verdict,
    VersionSeen,
    VersionSpan,
)

CHANGED_S = 7 * 86400.0
"""So long a change that evdesk did not make is shown as one."""

BAD = ("failed", "unknown")
_NOT_ITS = ("model", "hardware", "blocked")
_FILE = "This file"


@dataclass(frozen=True, slots=True)
class ChargerNow:
    """`history`: its own versions, oldest first. `job_id`: the update that goes on, where `updating`."""

    facts: ChargerFacts
    label: str = ""
    online: bool = False
    charging: bool = False
    updating: bool = False
    job_id: int | None = None
    history: tuple[VersionSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """What a model's chargers are held to. `images`: usable ones for the model, oldest first."""

    now: float
    images: tuple[Image, ...] = ()
    policy: FirmwarePolicy | None = None
    blocked: tuple[BlockedVersion, ...] = ()

    @property
    def kind(self) -> PolicyKind:
        return self.policy.kind if self.policy is not None else PolicyKind.NONE

    @property
    def wanted(self) -> str:
        return self.policy.version if self.policy is not None and self.kind is not PolicyKind.NONE else ""


@dataclass(frozen=True, slots=True)
class _Way:
    """`best`: the newest image that is not wrong for this hardware; `image`: the one that would bring it nearer, which may
    be one in between; `hinders`: why the best of those cannot be put on; `unmet`: it does not have what the policy asks."""

    best: Image | None
    image: Image | None
    hinders: str
    unmet: bool

    @property
    def best_version(self) -> str:
        return self.best.manifest.version if self.best is not None else ""

    @property
    def version(self) -> str:
        return self.image.manifest.version if self.image is not None else ""


@dataclass(frozen=True, slots=True)
class _Case:
    """One charger while it is judged."""

    charger: ChargerNow
    against: Against
    way: _Way

    @property
    def version(self) -> str:
        return self.charger.facts.version

    @property
    def best_version(self) -> str:
        return self.way.best_version


def images_for(
    images: Iterable[Image], vendor: str, model: str, blocked: Sequence[BlockedVersion]
) -> tuple[Image, ...]:
    """The usable ones for a model whose version nobody has blocked, the one added last at the end."""
    mine = (image for image in images if is_for(image, vendor, model) and not block_of(image.manifest.version, blocked))
    return tuple(sorted(mine, key=lambda image: image.added_at))


def block_of(version: str, blocked: Iterable[BlockedVersion]) -> BlockedVersion | None:
    return next((one for one in blocked if version and matches(version, one.version)), None)


def standings(chargers: Iterable[ChargerNow], against: Against) -> tuple[FleetCharger, ...]:
    """All chargers of a model. Many are alike in hardware and version: what fits them is worked out once."""
    known: dict[ChargerFacts, _Way] = {}
    found = []
    for charger in chargers:
        alike = replace(charger.facts, charger_id="", serial="")
        if alike not in known:
            known[alike] = _way(alike, against)
        found.append(_standing(_Case(charger, against, known[alike])))
    return tuple(found)


def _standing(case: _Case) -> FleetCharger:
    charger, against, state = case.charger, case.against, _state(case)
    policy, facts = against.policy, charger.facts
    due_at = policy.by_at if policy is not None and case.way.unmet else None
    job_id = (
        charger.job_id if charger.updating else next((r.job_id for r in reversed(charger.history) if r.job_id), None)
    )
    return FleetCharger(
        charger_id=facts.charger_id,
        label=charger.label or facts.charger_id,
        serial=facts.serial,
        hardware=facts.hardware,
        version=facts.version,
        since_at=_since(charger),
        state=state,
        because=_WORDS[state](case),
        overdue=case.way.unmet and (due_at is None or against.now >= due_at),
        due_at=due_at,
        job_id=job_id,
        image_id=case.way.image.id if case.way.image is not None else "",
        online=charger.online,
    )


def timeline(histories: Mapping[str, Sequence[VersionSeen]]) -> tuple[VersionSpan, ...]:
    """The newest version of any of these chargers, from when on. Where two cannot be compared, the one that came last."""
    spans: list[VersionSpan] = []
    now: dict[str, str] = {}
    many: dict[str, int] = {}  # version -> how many chargers, the one that came last at the end
    for seen in sorted((one for rows in histories.values() for one in rows), key=lambda one: (one.at, one.id)):
        before = now.get(seen.charger_id, "")
        if before == seen.version:
            continue
        now[seen.charger_id] = seen.version
        came = seen.version not in many
        many[seen.version] = many.get(seen.version, 0) + 1
        if before:
            many[before] -= 1
        if before and not many[before]:
            del many[before]
        elif not came:
            continue
        versions = list(many)
        top = versions[newest(versions) or 0]
        if not spans or (spans[-1].version != top and compare(spans[-1].version, top) != 0):
            spans.append(VersionSpan(top, seen.at))
    return tuple(spans)


# -- judging -----------------------------------------------------------------------------------------------------------


def _way(facts: ChargerFacts, against: Against) -> _Way:
    fits = {image.id: fit(image, facts, against.blocked) for image in against.images}
    mine = [image for image in against.images if _hindrance(fits[image.id], _NOT_ITS) is None]
    goals = [image for image in mine if _leads(image.manifest.version, facts.version, against)]
    goal, hinders = _newest(goals), ""
    hindrance = _hindrance(fits[goal.id]) if goal is not None else None
    if goal is not None and hindrance is not None:
        said = hindrance.sentence.rstrip(".")
        own = said.startswith(_FILE)
        hinders = f"{goal.manifest.version}{said[len(_FILE) :] if own else f': {said[:1].lower()}{said[1:]}'}"
    image = _newest([image for image in goals if fits[image.id].fits])
    return _Way(_newest(mine), image, hinders, _unmet(facts.version, against))


def _newest(images: Sequence[Image]) -> Image | None:
    place = newest([image.manifest.version for image in images])
    return None if place is None else images[place]


def _unmet(version: str, against: Against) -> bool:
    if not against.wanted or not version:
        return bool(against.wanted)
    told = compare(version, against.wanted)
    return told != 0 if against.kind is PolicyKind.KEEP_AT else told not in (0, 1)


def _leads(version: str, has: str, against: Against) -> bool:
    """Whether this version is one to go to: the one to keep, or a newer one; from a blocked one any other."""
    if against.kind is PolicyKind.KEEP_AT:
        return compare(version, against.wanted) == 0 and compare(version, has) != 0
    if block_of(has, against.blocked) is not None:
        return compare(version, has) != 0
    return compare(version, has) == 1


def _hindrance(told: Fit, codes: Sequence[str] = ()) -> Check | None:
    """The first check that blocks."""
    return next((c for c in told.checks if c.verdict is Verdict.BLOCK and (not codes or c.code in codes)), None)


def _state(case: _Case) -> FleetState:
    """The first that is true."""
    if case.charger.updating:
        return FleetState.UPDATING
    if not case.version:
        return FleetState.UNKNOWN
    if block_of(case.version, case.against.blocked) is not None:
        return FleetState.BLOCKED
    kept = case.against.kind is PolicyKind.KEEP_AT and not case.way.unmet
    there = kept or compare(case.version, case.best_version) == 0
    if _failed(case) and not there:
        return FleetState.FAILED
    if _behind(case):
        return FleetState.BEHIND
    if _noticed(case) is not None:
        return FleetState.CHANGED
    if _ahead(case):
        return FleetState.AHEAD
    if case.way.best is None:
        return FleetState.NO_FILE
    return FleetState.NEWEST if there else FleetState.UNKNOWN


def _behind(case: _Case) -> bool:
    if case.against.kind is PolicyKind.KEEP_AT:
        return case.way.unmet and compare(case.version, case.against.wanted) != 1
    return case.way.unmet or compare(case.version, case.best_version) == -1


def _ahead(case: _Case) -> bool:
    if case.against.kind is PolicyKind.KEEP_AT:
        return case.way.unmet
    return compare(case.version, case.best_version) == 1


def _failed(case: _Case) -> bool:
    last = next((row for row in reversed(case.charger.history) if row.cause != "event"), None)
    return last is not None and last.outcome in BAD and last.version == case.version


def _noticed(case: _Case) -> VersionSeen | None:
    last = next((row for row in reversed(case.charger.history) if row.cause not in ("event", "kept")), None)
    recent = last is not None and case.against.now - last.at < CHANGED_S
    return last if last is not None and recent and last.cause == "noticed" and last.version == case.version else None


def _since(charger: ChargerNow) -> float | None:
    since = None
    for row in reversed(charger.history):
        if row.version != charger.facts.version:
            break
        since = row.at
    return since


# -- words -------------------------------------------------------------------------------------------------------------


def _joined(*parts: str) -> str:
    told = [part for part in parts if part]
    return "; ".join([told[0][:1].upper() + told[0][1:], *told[1:]]) if told else ""


def _updating(case: _Case) -> str:
    return f"Job {case.charger.job_id}" if case.charger.job_id is not None else "An update goes on"


def _is_blocked(case: _Case) -> str:
    block = block_of(case.version, case.against.blocked)
    why = block.why.rstrip(".") if block is not None and block.why else "must not be used"
    told = f"{case.version} {why}" if why[:1].islower() else f"{case.version}: {why}"
    return _joined(
        told, f"{case.way.version} is here" if case.way.image else case.way.hinders or "no other file is here"
    )


def _has_failed(case: _Case) -> str:
    row = next((row for row in reversed(case.charger.history) if row.outcome in BAD), None)
    detail = row.detail.rstrip(".") if row is not None and row.detail else "The last update did not succeed"
    return _joined(detail, f"still on {case.version}")


def _is_behind(case: _Case) -> str:
    against, way = case.against, case.way.version
    if not case.way.unmet:
        enough = f"{against.wanted} is enough by the policy" if against.wanted else ""
        return _joined(case.way.hinders or f"{case.best_version} is here", enough, _charges(case))
    goes_far_enough = way and not _unmet(way, against)
    here = case.way.hinders or ("" if goes_far_enough else f"no file with {against.wanted} is here")
    if not here and against.policy is not None and against.policy.by_at is None:
        here = f"{way} is here"
    return _joined(_due(against), here, _charges(case))


def _due(against: Against) -> str:
    by_at = against.policy.by_at if against.policy is not None else None
    if by_at is None:
        return f"{against.wanted} is wanted now"
    left = by_at - against.now
    if left <= 0:
        when = datetime.fromtimestamp(by_at)
        return f"Overdue since {when.day} {when:%b}"
    return f"Due in {math.ceil(left / 86400)} days" if left > 86400 else f"Due in {math.ceil(left / 3600)} h"


def _charges(case: _Case) -> str:
    return "a car is charging" if case.charger.charging else ""


def _has_changed(case: _Case) -> str:
    row = _noticed(case)
    before = f"Was {row.before}. " if row is not None and row.before else ""
    return f"{before}Not by evdesk; noticed at its boot"


def _is_ahead(case: _Case) -> str:
    if case.against.kind is PolicyKind.KEEP_AT:
        return _joined(f"the policy keeps {case.against.wanted}", case.way.hinders)
    return f"Newer than the library's {case.best_version}"


def _has_no_file(case: _Case) -> str:
    its = f"hardware {case.charger.facts.hardware}" if case.against.images else "this model"
    return f"No file for {its} is here"


def _is_newest(case: _Case) -> str:
    last = next((row for row in reversed(case.charger.history) if row.cause not in ("event", "kept")), None)
    by_job = f"By job {last.job_id}" if last is not None and last.cause == "job" and last.job_id is not None else ""
    newer = compare(case.best_version, case.version) == 1
    return _joined(by_job, f"kept at {case.against.wanted} by the policy" if newer else "")


def _is_unknown(case: _Case) -> str:
    return f"Cannot be compared with {case.best_version}" if case.version else "It tells no version"


_WORDS = {
    FleetState.UPDATING: _updating,
    FleetState.BLOCKED: _is_blocked,
    FleetState.FAILED: _has_failed,
    FleetState.BEHIND: _is_behind,
    FleetState.CHANGED: _has_changed,
    FleetState.AHEAD: _is_ahead,
    FleetState.NO_FILE: _has_no_file,
    FleetState.NEWEST: _is_newest,
    FleetState.UNKNOWN: _is_unknown,
}
