"""What the checks before an update stand on: gathered once for many chargers."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from evdesk.engine.files.service import FileService
from evdesk.engine.firmware.versions import FleetBook
from evdesk.engine.fleet import Fleet
from evdesk.engine.jobs.power import Awake
from evdesk.engine.jobs.preflight import Ground, look, ways
from evdesk.engine.settings_book import SettingsBook
from evdesk.engine.state import ChargerRecord
from evdesk.firmware.fit import fit
from evdesk.model import Setting
from evdesk.model.firmware import Check, Fit, Image, Verdict
from evdesk.wire.firmware import Preflight

NEVER_AGAIN = Check(
    "signature",
    Verdict.BLOCK,
    "This charger has found the signature of this very file wrong.",
    "Ask the maker for a file that is signed for this model.",
)
FRESH_S = 10.0
"""Real seconds for which the own listeners need not be tried again."""


class Grounds:
    """`busy(charger_id)`: what else is under way with it, as a check; None where nothing is."""

    def __init__(
        self,
        data: Path,
        fleet: Fleet,
        files: FileService,
        settings: SettingsBook,
        versions: FleetBook,
        awake: Awake,
        busy: Callable[[str], Check | None],
    ) -> None:
        self.data, self.fleet, self.files, self.settings, self.versions = data, fleet, files, settings, versions
        self.awake, self.busy = awake, busy
        self.wrong: set[tuple[str, str]] = set()  # (charger, image): the charger found its signature wrong
        self._reached: dict[tuple[str, str], tuple[float, str]] = {}

    async def look(self, record: ChargerRecord, image: Image, dated: bool = False) -> Preflight:
        """All checks of one charger. `dated`: it is to install on a date."""
        settings = list((await self.settings.view(record)).settings)
        await self._reach(record, image, settings)
        busy = self.busy(record.id)
        ground = Ground(
            self.fleet,
            self.files,
            self.data,
            self.awake.state(),
            {record.id: busy} if busy is not None else {},
            {way: why for way, (_, why) in self._reached.items()},
            self.settings.unread,
        )
        return look(ground, record, image, self.fits(record, image), settings, dated)

    def fits(self, record: ChargerRecord, image: Image) -> Fit:
        who = record.identity
        found = fit(image, self.versions.facts(record), self.versions.blocked(who.vendor, who.model))
        if (record.id, image.id) not in self.wrong:
            return found
        others = tuple(one for one in found.checks if one.code != "signature")
        return replace(found, fits=False, checks=(*others, NEVER_AGAIN))

    async def _reach(self, record: ChargerRecord, image: Image, settings: list[Setting]) -> None:
        schemes, address = ways(self.files, record, image, settings)
        if not schemes or not address:
            return
        way = (address, schemes[0])
        tried_at, _why = self._reached.get(way, (-FRESH_S, ""))
        if time.monotonic() - tried_at >= FRESH_S:
            self._reached[way] = (time.monotonic(), await self.files.reach(*way))
