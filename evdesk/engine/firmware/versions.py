"""The versions of the whole fleet, against the library, policies and blocked versions."""

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace

import msgspec

from evdesk.engine.firmware.library import Library
from evdesk.engine.firmware.seen import VersionsSeen
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.firmware.fit import ChargerFacts, bare, same_name
from evdesk.firmware.fleet import Against, ChargerNow, images_for, standings, timeline
from evdesk.firmware.hardware import hardware_of
from evdesk.firmware.images import newest_for
from evdesk.firmware.versions import pattern_fault
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import (
    BlockedVersion,
    FirmwarePolicy,
    FleetModel,
    FleetVersions,
    PolicyKind,
)
from evdesk.model.settings import SettingsView

log = logging.getLogger("evdesk.firmware")
_POLICY, _BLOCK = "firmware_policy", "firmware_block"
MOST_CHARS = 200
Model = tuple[str, str]
"""Vendor and model, capitals and spaces aside."""


class FleetBook(VersionsSeen):
    """`look` now and then, and before a question whose answer is shown: it takes in what came without a boot, and what
    settings tell of the hardware. `settings_of`: what is known of a charger's settings, set by the engine."""

    def __init__(self, fleet: Fleet, library: Library, store: Store) -> None:
        super().__init__(fleet, store)
        self.library = library
        self.settings_of: Callable[[ChargerRecord], Awaitable[SettingsView]] = _none
        self._policies: dict[Model, FirmwarePolicy] = {}
        self._blocks: dict[Model, dict[str, str]] = {}
        self._hardware: dict[str, tuple[float | None, str]] = {}  # (when its settings were read, what they tell)

    async def open(self) -> None:
        await super().open()
        for key, body in (await self.store.load_notes(_POLICY)).items():
            self._take(_POLICY, key, body)
        for key, body in (await self.store.load_notes(_BLOCK)).items():
            self._take(_BLOCK, key, body)

    async def look(self) -> None:
        changed = False
        for record in list(self.fleet.chargers.values()):
            if not record.accepted:
                continue
            self.booted(record)
            try:
                view = await self.settings_of(record)
            except EvdeskError as error:
                log.info("%s: %s", record.id, error.sentence)
                continue
            read_at, before = self._hardware.get(record.id, (None, ""))
            if view.at != read_at:
                told = hardware_of(view.settings)
                self._hardware[record.id] = (view.at, told)
                changed |= told != before
                await asyncio.sleep(0)  # they may be thousands
        if changed:
            self.on_changed()

    # -- questions ------------------------------------------------------------------------------------------------

    def facts(self, record: ChargerRecord) -> ChargerFacts:
        """What is known of a charger where an image has to fit. The hardware is as of the last `look`."""
        who, version = record.identity, record.identity.firmware.strip()
        _, hardware = self._hardware.get(record.id, (None, ""))
        return ChargerFacts(record.id, who.vendor, who.model, hardware, version, who.serial)

    def blocked(self, vendor: str, model: str) -> tuple[BlockedVersion, ...]:
        """Of a model, by people and by the library's manifests. A person's word comes first."""
        found = {v: BlockedVersion(v, why) for v, why in self._blocks.get((bare(vendor), bare(model)), {}).items()}
        for image in self.library.images.values():
            manifest = image.manifest
            named = any(same_name(one, model) for one in manifest.models)
            if named and (not manifest.vendor or same_name(manifest.vendor, vendor)):
                for one in manifest.blocked:
                    found.setdefault(one.version, one)
        return tuple(found.values())

    def policy(self, vendor: str, model: str) -> FirmwarePolicy | None:
        return self._policies.get((bare(vendor), bare(model)))

    def view(self, updating: Collection[str] | None = None) -> FleetVersions:
        """`updating`: chargers that are being updated; None: those that a job has said so of."""
        models: dict[Model, list[ChargerRecord]] = {}
        for record in self.fleet.chargers.values():
            if record.accepted:
                who = record.identity
                models.setdefault((bare(who.vendor), bare(who.model)), []).append(record)
        shown = tuple(self._model(records, updating) for _, records in sorted(models.items()))
        chargers = [charger for model in shown for charger in model.chargers]
        counts: dict[str, int] = {}
        for charger in chargers:
            counts[charger.state.value] = counts.get(charger.state.value, 0) + 1
        return FleetVersions(shown, counts, sum(charger.overdue for charger in chargers))

    def _model(self, records: list[ChargerRecord], updating: Collection[str] | None) -> FleetModel:
        who = records[0].identity
        blocked = self.blocked(who.vendor, who.model)
        images = images_for(self.library.images.values(), who.vendor, who.model, blocked)
        policy = self.policy(who.vendor, who.model)
        against = Against(self.fleet.clock.now(), images, policy, blocked)
        top = newest_for(images, who.vendor, who.model)
        return FleetModel(
            vendor=who.vendor,
            model=who.model,
            newest_version=top.manifest.version if top is not None else "",
            image_id=top.id if top is not None else "",
            policy=policy,
            blocked=blocked,
            chargers=standings((self._now(record, updating) for record in sorted(records, key=_order)), against),
            timeline=timeline({record.id: self.of(record) for record in records}),
        )

    def _now(self, record: ChargerRecord, updating: Collection[str] | None) -> ChargerNow:
        job_id = self.under_way(record.id)
        goes_on = job_id is not None if updating is None else record.id in updating
        return ChargerNow(
            facts=self.facts(record),
            label=record.label,
            online=record.online,
            charging=any(connector.charges for connector in record.connectors.values()),
            updating=goes_on,
            job_id=job_id,
            history=self.of(record),
        )

    # -- what people say ------------------------------------------------------------------------------------------

    async def put_policy(self, policy: FirmwarePolicy) -> FirmwarePolicy:
        """What a model should run; kind NONE takes it away. Raises `EvdeskError`: INVALID, STORAGE."""
        policy = replace(policy, version=policy.version.strip())
        self._demand_model(policy.vendor, policy.model)
        key = bare(policy.vendor), bare(policy.model)
        if policy.kind is PolicyKind.NONE:
            await self.store.drop_note(_POLICY, _note_key(key))
            self._policies.pop(key, None)
        else:
            if not policy.version or len(policy.version) > MOST_CHARS:
                raise EvdeskError(Reason.INVALID, "Say which version: as the charger tells it, “2.4.1” for example.")
            if policy.by_at is not None and not (math.isfinite(policy.by_at) and 0 <= policy.by_at < 1e11):
                raise EvdeskError(Reason.INVALID, "The day must be a time in Unix seconds.")
            await self.store.save_note(_POLICY, _note_key(key), msgspec.json.encode(policy))
            self._policies[key] = policy
        self.on_changed()
        return policy

    async def block(self, vendor: str, model: str, one: BlockedVersion, blocked: bool = True) -> None:
        """A person says that a version must not stay in use, or takes that back. Raises `EvdeskError`: INVALID, STORAGE."""
        one = BlockedVersion(one.version.strip(), one.why.strip())
        self._demand_model(vendor, model)
        fault = pattern_fault(one.version)
        if fault:
            raise EvdeskError(Reason.INVALID, f"The version {fault}.")
        if len(one.why) > MOST_CHARS:
            raise EvdeskError(Reason.INVALID, f"Say why in {MOST_CHARS} characters.")
        key = bare(vendor), bare(model)
        said = dict(self._blocks.get(key, {}))
        if blocked:
            said[one.version] = one.why
        elif said.pop(one.version, None) is None:
            manifest = any(known.version == one.version for known in self.blocked(vendor, model))
            where = "a manifest in the library says so. Change it there." if manifest else "nobody has blocked it."
            raise EvdeskError(Reason.INVALID, f"{one.version} cannot be taken back: {where}")
        await self.store.save_note(_BLOCK, _note_key(key), msgspec.json.encode(said))
        self._blocks[key] = said
        self.on_changed()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _demand_model(self, vendor: str, model: str) -> None:
        """One that a charger or an image is of: another one would be a slip of the pen, and hold for nothing."""
        known = {(r.identity.vendor, r.identity.model) for r in self.fleet.chargers.values() if r.accepted}
        for image in self.library.images.values():
            known |= {(image.manifest.vendor, one) for one in image.manifest.models}
        if bare(model) and any(bare(v) == bare(vendor) and bare(m) == bare(model) for v, m in known):
            return
        names = ", ".join(sorted({f"{v} {m}".strip() for v, m in known if m})[:20]) or "none yet"
        asked = f"{vendor} {model}".strip()[:MOST_CHARS] or "without a name"
        raise EvdeskError(Reason.INVALID, f"There is no model {asked} here. Known: {names}.")

    def _take(self, kind: str, note: str, body: str) -> None:
        try:
            vendor, model = json.loads(note)
            key = str(vendor), str(model)
            if kind == _POLICY:
                self._policies[key] = msgspec.json.decode(body, type=FirmwarePolicy)
            else:
                self._blocks[key] = msgspec.json.decode(body, type=dict[str, str])
        except (msgspec.DecodeError, ValueError, TypeError) as error:
            log.warning("what was said of a model cannot be read (%s): %s", note[:100], error)


async def _none(record: ChargerRecord) -> SettingsView:
    return SettingsView(record.id)


def _note_key(key: Model) -> str:
    return json.dumps(key, ensure_ascii=False)


def _order(record: ChargerRecord) -> tuple[str, str]:
    return record.label or record.id, record.id
