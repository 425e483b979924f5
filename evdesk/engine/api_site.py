"""The API's handlers about the site as a file, its check, and power limits from outside."""

import asyncio
from dataclasses import replace

from evdesk.balance.check_names import unreadable
from evdesk.engine.api_core import Core, Handler
from evdesk.engine.caps import DIMMING
from evdesk.engine.commands import Command
from evdesk.engine.site_checks import demand_right, site_problems, trimmed
from evdesk.engine.site_file import from_toml, to_toml
from evdesk.engine.sites import keep_accepted
from evdesk.model import EvdeskError, Origin, PowerCap, Reason, Site
from evdesk.wire import site as w
from evdesk.wire.method import Done, Nothing

LONGEST_SOURCE = 60
MOST_CAPS = 50
MOST_W = 10_000_000
LONGEST_S = 366 * 86_400


class SiteApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "site.put": self._put,
            "site.check": self._check,
            "site.export": self._export,
            "site.import": self._import,
            "balance.caps": self._caps,
            "balance.cap": self._cap,
            "balance.uncap": self._uncap,
        }

    async def _put(self, origin: Origin, params: w.CheckSite) -> Site:
        """What a person enters is not assumed any more; what is read from a file may be."""
        return await self._replace(origin, replace(params.site, assumed=False), "site.put")

    async def _replace(self, origin: Origin, new: Site, what: str) -> Site:
        async with self.core.sites.lock:
            before = self.core.fleet.site
            site = self._completed(new)
            demand_right(site, in_force=before)
            command = Command(origin, what, "site", {"name": site.name, "circuits": _ratings(site)})
            detail = {"before": str(_ratings(before)), "after": str(_ratings(site))}
            await self.core.commands.stored(command, detail, lambda: self.core.sites.put(site, before))
        return self.core.fleet.site

    def _completed(self, site: Site) -> Site:
        """Accepted chargers stay in it."""
        before = self.core.fleet.site
        site = replace(trimmed(site), simulated=before.simulated or site.simulated)
        accepted = {r.id for r in self.core.fleet.chargers.values() if r.accepted}
        return keep_accepted(site, before, accepted)

    async def _check(self, origin: Origin, params: w.CheckSite) -> w.SiteProblems:
        return w.SiteProblems(site_problems(self._completed(params.site), in_force=self.core.fleet.site))

    async def _export(self, origin: Origin, params: Nothing) -> w.SiteFile:
        return w.SiteFile(to_toml(self.core.fleet.site))

    async def _import(self, origin: Origin, params: w.ImportSite) -> w.ImportedSite:
        site, problems = await asyncio.to_thread(from_toml, params.toml)  # a large one takes a second
        if site is not None:
            site = self._completed(site)
            problems = problems + site_problems(site, in_force=self.core.fleet.site)
        if not params.apply:
            return w.ImportedSite(site, problems)
        if site is None or problems:
            raise EvdeskError(Reason.INVALID, " ".join(problems))
        return w.ImportedSite(await self._replace(origin, site, "site.import"), [], applied=True)

    # -- power limits ------------------------------------------------------------------------------------------

    async def _caps(self, origin: Origin, params: Nothing) -> list[PowerCap]:
        return list(self.core.caps.in_force)

    async def _cap(self, origin: Origin, params: w.GiveCap) -> Done:
        caps, now = self.core.caps, self.core.fleet.clock.now()
        dimmed_w, placed = caps.dimmed()
        power_w = _power(params, dimmed_w)
        source = params.source.strip()
        if not source or len(source) > LONGEST_SOURCE:
            raise EvdeskError(Reason.INVALID, f"Say who gives this limit, in up to {LONGEST_SOURCE} characters.")
        if unreadable(source):
            text = (
                "Who gives this limit is written with characters that cannot be seen, such as line ends. Type it again."
            )
            raise EvdeskError(Reason.INVALID, text)
        if source not in caps.given and len(caps.given) >= MOST_CAPS:
            raise EvdeskError(Reason.INVALID, f"There are {MOST_CAPS} power limits already. Take one back first.")
        if params.valid_s is not None and not 0 < params.valid_s <= LONGEST_S:
            raise EvdeskError(
                Reason.INVALID, "The time is in seconds from now, above 0, a year at most. Leave it out for no end."
            )
        until = None if params.valid_s is None else now + params.valid_s
        cap = PowerCap(source, power_w, params.group, now, until, params.rule)
        before = caps.given.get(cap.source)
        detail = {"before": "none" if before is None else f"{before.power_w:g} W", "after": f"{power_w:g} W"}
        args = {"source": cap.source, "power_w": power_w, "group": cap.group.value, "valid_s": params.valid_s}
        if cap.rule:
            args |= {"rule": cap.rule, "chargers": placed}
        command = Command(origin, "balance.cap", "site", args, must=False)  # it protects: no full disk may keep it out
        row = await self.core.commands.stored(command, detail, lambda: caps.give(cap))
        counted = f", for the {placed} that have a place in the site" if cap.rule else ""
        return Done(status=f"in force{counted}", before=detail["before"], after=detail["after"], audit_id=row)

    async def _uncap(self, origin: Origin, params: w.TakeCap) -> Done:
        caps = self.core.caps
        source = params.source.strip()
        if source not in caps.given:
            by_clock = any(rule.name == source for rule in self.core.fleet.site.caps)
            text = (
                f"“{source}” is a limit by the clock: change it in the site."
                if by_clock
                else f"No limit of “{source}”."
            )
            given = ", ".join(sorted(caps.given)) or "none"
            raise EvdeskError(Reason.INVALID, f"{text} Given over the API: {given}.")
        command = Command(origin, "balance.uncap", "site", {"source": source})
        row = await self.core.commands.stored(command, {}, lambda: caps.take(source))
        return Done(status="taken back", audit_id=row)


def _power(params: w.GiveCap, dimmed_w: float) -> float:
    if params.rule:
        if params.rule != DIMMING or params.power_w is not None:
            raise EvdeskError(Reason.INVALID, "The only rule is “enwg14a”; it goes without power_w.")
        return dimmed_w
    if params.power_w is None or not 0 <= params.power_w <= MOST_W:
        raise EvdeskError(Reason.INVALID, "Give power_w in watt, 0 or more, or the rule “enwg14a”.")
    return params.power_w


def _ratings(site: Site) -> dict[str, list[float]]:
    return {c.name: list(c.rating_a) for c in site.circuits}
