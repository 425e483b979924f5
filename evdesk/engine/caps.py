"""Power limits in force: given over the API (kept over restarts), and by the clock of the site.

A limit that begins, ends, and the moment the chargers are below it are audit rows: whoever gave it can be shown both
(section 14a EnWG asks for receipt and effect)."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from evdesk.balance import caps_at, dimmed_w
from evdesk.engine.commands import Commands
from evdesk.engine.fleet import Fleet
from evdesk.model import CapGroup, EvdeskError, NoticeKind, Origin, PowerCap, Severity

log = logging.getLogger("evdesk.caps")
KEY = "caps"
CAPS = Origin("Engine", "power limit")
CLOSE_W = 50.0
DIMMING = "enwg14a"


@dataclass(slots=True)
class _Watched:
    since_at: float
    effective: bool = False


@dataclass(slots=True)
class Caps:
    """`tick(now)` once a second; `in_force` is what the balancer gets."""

    fleet: Fleet
    commands: Commands
    spawn: Callable[[Coroutine[Any, Any, None], str], None]
    in_force: tuple[PowerCap, ...] = ()
    given: dict[str, PowerCap] = field(default_factory=dict)
    _watched: dict[str, _Watched] = field(default_factory=dict)

    async def open(self) -> None:
        """What was given before the restart and has not ended. What cannot be read is told; nothing else is lost by it."""
        text = await self.fleet.store.load_meta(KEY)
        try:
            kept = msgspec.json.decode(text, type=list[PowerCap]) if text else []
        except (msgspec.DecodeError, ValueError) as error:
            log.warning("the power limits given before cannot be read and must be given again: %s", error)
            kept = []
        self.given = {cap.source: cap for cap in kept}

    async def give(self, cap: PowerCap) -> None:
        """In force at once. Raises `EvdeskError(STORAGE)`; it is in force all the same: it may protect."""
        self.given[cap.source] = cap
        self.tick(self.fleet.clock.now())
        try:
            await self._save()
        except EvdeskError as error:
            text = f"The limit is in force, but would be forgotten by a restart: {error.sentence}"
            raise EvdeskError(error.reason, text) from error

    async def take(self, source: str) -> None:
        """Raises `EvdeskError(STORAGE)` and keeps it where that cannot be written: it would come back."""
        cap = self.given.pop(source)
        try:
            await self._save()
        except EvdeskError:
            self.given[source] = cap
            raise
        self.tick(self.fleet.clock.now())

    def dimmed(self) -> tuple[float, int]:
        """(W, chargers): what stays available to the chargers that have a place in the site, connected or not."""
        placed = len({bay.charger_id for bay in self.fleet.site.bays})
        return dimmed_w(placed), placed

    def _follow(self) -> None:
        """Dimming follows the chargers that have a place: its beginning and its effect are told anew."""
        for source, cap in self.given.items():
            if cap.rule == DIMMING and cap.power_w != (power_w := self.dimmed()[0]):
                self.given[source] = replace(cap, power_w=power_w)
                self._watched.pop(source, None)

    async def _save(self) -> None:
        await self.fleet.store.save_meta(KEY, msgspec.json.encode(list(self.given.values())).decode())

    def tick(self, now: float) -> tuple[PowerCap, ...]:
        """The limits of this second."""
        ended = [s for s, cap in self.given.items() if cap.until_at is not None and now >= cap.until_at]
        for source in ended:
            del self.given[source]
        self._follow()
        by_clock = caps_at(self.fleet.site, datetime.fromtimestamp(now))
        least: dict[str, PowerCap] = {}
        for cap in (*self.given.values(), *by_clock):
            had = least.get(cap.source)
            if had is None or cap.power_w < had.power_w:
                least[cap.source] = cap
        self.in_force = tuple(least.values())
        self._tell(now)
        return self.in_force

    def _tell(self, now: float) -> None:
        caps = {cap.source: cap for cap in self.in_force}
        for source in [s for s in self._watched if s not in caps]:
            watched = self._watched.pop(source)
            self._say(now, "balance.cap_ended", source, {"seconds": round(now - watched.since_at)}, Severity.OK)
        for source, cap in caps.items():
            if source not in self._watched:
                self._watched[source] = _Watched(now)
                args = {"power_w": cap.power_w, "group": cap.group.value}
                self._say(now, "balance.cap_begins", source, args, Severity.INFO)

    def effect(self, now: float, cars_w: float | None, total_w: float | None) -> None:
        """Told once for each limit: since when what it limits has been below it. Unknown power proves nothing."""
        for cap in self.in_force:
            watched = self._watched.get(cap.source)
            power = cars_w if cap.group is CapGroup.CHARGERS else total_w
            if watched is None or watched.effective or power is None or power > cap.power_w + CLOSE_W:
                continue
            watched.effective = True
            args: dict[str, object] = {"seconds": round(now - watched.since_at, 1), "power_w": round(power)}
            self._note("balance.cap_effective", {"source": cap.source} | args)

    def _note(self, what: str, detail: dict[str, object]) -> None:
        self.spawn(self.commands.note(CAPS, what, "site", detail), what)

    def _say(self, now: float, what: str, source: str, args: dict[str, float | str], severity: Severity) -> None:
        self._note(what, {"source": source, **args})
        told: dict[str, str | float] = {"source": source, "what": what.removeprefix("balance.")}
        if "power_w" in args:
            told["kw"] = round(float(args["power_w"]) / 1000, 1)
        self.fleet.on_notice(self.fleet.store.put_notice(now, NoticeKind.POWER_CAP, severity, args=told))

    def shift(self, seconds: float) -> None:
        """The computer's clock was set: what was given for a time keeps what is left of it."""
        for source, cap in self.given.items():
            if cap.until_at is not None:
                self.given[source] = replace(cap, until_at=cap.until_at + seconds)
        for watched in self._watched.values():
            watched.since_at += seconds
        self.spawn(self._save_again(), "save power limits")

    async def _save_again(self) -> None:
        try:
            await self._save()
        except EvdeskError as error:
            log.warning("the power limits would end at another time after a restart: %s", error.sentence)
