"""The engine: wires store, fleet, control, charger port and API together, and runs until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from evdesk import __version__
from evdesk.balance import validate_site
from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.engine.api import Api
from evdesk.engine.caps import Caps
from evdesk.engine.commands import Commands
from evdesk.engine.control import Control
from evdesk.engine.decisions import DecisionLog
from evdesk.engine.doubts import Doubts
from evdesk.engine.drill import Drills
from evdesk.engine.feeds import keep_old_maxima
from evdesk.engine.files import FileService
from evdesk.engine.files.logs import LogBook
from evdesk.engine.firmware.library import Library
from evdesk.engine.firmware.versions import FleetBook
from evdesk.engine.fleet import Fleet
from evdesk.engine.hints import Hints
from evdesk.engine.host import ChargerHost
from evdesk.engine.idle import Idle
from evdesk.engine.insights.service import Insights
from evdesk.engine.jobs import Jobs
from evdesk.engine.jobs.held import elsewhere
from evdesk.engine.joining import Joining
from evdesk.engine.load import LoadWatch
from evdesk.engine.measured import save_sessions
from evdesk.engine.meters import Meters
from evdesk.engine.network import Network
from evdesk.engine.obedience import Obedience
from evdesk.engine.options import EngineOptions
from evdesk.engine.recall import Recall
from evdesk.engine.recent import Recent
from evdesk.engine.recovery import recover
from evdesk.engine.security.service import Security
from evdesk.engine.server import ApiServer
from evdesk.engine.setup import Setup
from evdesk.engine.shelf import Shelf
from evdesk.engine.sites import Sites
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.engine.sun import Sun
from evdesk.engine.timekeeping import Timekeeping
from evdesk.engine.wiring import WiringBook, WiringTest
from evdesk.model import (
    AuditRow,
    Clock,
    EngineInfo,
    EvdeskError,
    Notice,
    NoticeKind,
    Origin,
    Reason,
    Session,
    Severity,
    SiteLoad,
    StorageHealth,
)
from evdesk.wire import Snapshot

log = logging.getLogger("evdesk.engine")
ENGINE = Origin("Engine", "engine")
TICK_S = 1.0
PUBLISH_S = 0.25
IDLE_STOP_S = 60.0


class Engine:
    """One engine on one data directory. `start()`, then `run()` until `request_stop()`, then `close()`."""

    def __init__(self, options: EngineOptions, token: str) -> None:
        self.options = options
        self.clock = Clock(speed=options.speed)
        self.started_at = self.clock.now()
        self.store = Store(options.data / "evdesk.db", self.clock)
        self.fleet = Fleet(self.store, self.clock, options.accept_unknown)
        self.shelf = Shelf(self.fleet)
        self.library = Library(options.data / "firmware", self.clock, options.data)
        self.fleet_book = FleetBook(self.fleet, self.library, self.store)
        self.host = ChargerHost(self.fleet, self.shelf.tags)
        self.commands = Commands(self.store)
        self.control = Control(self.fleet, self.commands, self.clock)
        self.recall = Recall(self.fleet, self.control)
        self.doubts = Doubts(self.fleet, self.commands)
        self.decisions = DecisionLog(self.fleet, self.store, self.clock)
        self.insights = Insights(self.fleet, self.store, self.clock)
        self.hints = Hints(self.fleet, self.store, self._spawn)
        self.setup = Setup(self.fleet, self.commands, self.clock)
        self.watch = LoadWatch(self.fleet)
        self.wiring = WiringBook(self.fleet)
        self.control.distrusted = self.wiring.distrusted
        self.sun = Sun(self.fleet)
        self.caps = Caps(self.fleet, self.commands, self._spawn)
        self.recent = Recent(self.store, self.clock, self.watch)
        self.load = SiteLoad(at=self.started_at)
        self.network = Network(
            options.data, self.clock, lambda: self.info().ocpp_urls, lambda: self.security.doors.shut
        )
        self.security = Security(options.data, self.fleet, self.commands, self._spawn)
        self.host.may_sign_for = self.security.signing.may_sign
        self.listener = OcppListener(
            options.ocpp,
            self.host,
            self.fleet.attach,
            self.network.visitors(self.fleet.attempt),
            guard=self.security.policies,
        )
        self.security.wire(self.listener)
        self.api = Api(self)
        self.server = ApiServer(*options.api, token, self.api.dispatch, self.snapshot, __version__)
        self.meters = Meters(self.fleet)
        self.sites = Sites(self.fleet, self.control, self.setup, self.meters, self.server.publish)
        self.drills = Drills(self.fleet, self.control, self.commands, self.setup, self.listener, self.server.publish)
        self.sites.on_changed = self.drills.site_changed
        self.obedience = Obedience(self.fleet, self.drills, self._spawn)
        self.joining = Joining(self.fleet, self.commands, self.sites, self._spawn)
        self.wiring_test = WiringTest(
            self.fleet, self.control, self.wiring, self.commands, partial(self.server.publish, "wiring")
        )
        self.files = FileService(options.data, self.clock, self.security.credentials, options.files_port)
        self.logs = LogBook(options.data, self.store, self.clock)
        self.jobs = Jobs(self, self.server.publish)
        self.timekeeping = Timekeeping(self, self._spawn)
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._dirty: set[str] = set()
        self._audit_rows = 0
        self._idle = Idle(IDLE_STOP_S)
        self._api_url = ""

    # -- life --------------------------------------------------------------------------------------------------

    async def start(self) -> dict[str, object]:
        """Open everything; returns the addresses for the ready line. Raises `EvdeskError` in words."""
        await self.store.open()
        self.store.on_health = self._on_health
        self._hooks()
        await self._restore()
        await self.security.restore()
        await self.security.doors.start(self.options.ocpp, self.options.ocpp_tls)
        urls = self.security.doors.urls
        api_host, api_port = await self.server.start()
        self._api_url = f"ws://{_bracket(api_host)}:{api_port}/api"
        self.meters.follow(self.fleet.site)
        await self.commands.note(ENGINE, "engine.started", "engine", {"version": __version__, "pid": os.getpid()})
        self._spawn(self._every(TICK_S, self._watch), "watch")
        self._spawn(self._every(TICK_S, self._tick), "control")
        self._spawn(self._every(PUBLISH_S, self._publish), "publish")
        self._spawn(self._every(60.0, self._minute), "minute")
        self._spawn(self.network.start(), "network")
        addresses: dict[str, object] = {"ocpp": urls[0], "ocpp_urls": list(urls), "api": self._api_url}
        return addresses | {
            "ocpp_port": self.security.doors.states()[0].port,
            "api_host": api_host,
            "api_port": api_port,
            "data": str(self.options.data),
            "pid": os.getpid(),
        }

    async def run(self) -> None:
        await self._stop.wait()

    async def close(self) -> None:
        """Let go of everything in order; the chargers fall to their safe default by themselves."""
        with contextlib.suppress(EvdeskError):
            await self.commands.note(
                ENGINE, "engine.stopped", "engine", {"uptime_s": round(self.clock.steady() - self.started_at)}
            )
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.drills.close()
        await self.jobs.close()
        await self.files.close()
        await self.library.close()
        await self.network.close()
        await self.meters.close()
        self.sites.close()
        await self.wiring_test.cancel()
        await self.control.delivery.close()
        await self.doubts.close()
        await self.setup.close()
        await self.listener.close("evdesk is stopping")
        await self.fleet.settled()
        await self.fleet_book.close()
        with contextlib.suppress(EvdeskError):
            await self.shelf.beat()
            await self.doubts.save()
            await self.wiring.save()
            await self.recall.save()
        self.decisions.close()
        await self.security.close()
        await self.server.close()
        now = self.clock.now()
        for record in self.fleet.chargers.values():
            if record.accepted:
                with contextlib.suppress(EvdeskError):
                    await self.store.save_charger(record.to_model(now), True)
        await self.store.close()

    def stop_now(self) -> None:
        self._stop.set()

    def request_stop(self, only_if_idle: bool) -> None:
        if only_if_idle and (self.load.charging or self.jobs.live or self.server.clients > 1):
            raise EvdeskError(
                Reason.INVALID,
                "A car is charging, a job runs or a desk is attached. Stop without only_if_idle to end it.",
            )
        asyncio.get_running_loop().call_later(0.2, self._stop.set)

    def _hooks(self) -> None:
        self.drills.wiring_tested = lambda: self.wiring_test.running
        self.drills.updating = self.jobs.may_update
        self.jobs.others = partial(elsewhere, self.drills, self.wiring_test)
        self.jobs.hook()
        self.library.in_use = self.jobs.uses
        self.wiring_test.drilled = lambda: bool(self.drills.runs or self.drills.beginning)
        self.fleet.on_changed = self._dirty.add
        self.fleet.on_notice = self._on_notice
        self.fleet.on_session = self._on_session
        self.fleet.on_needs = self.hints.told
        self.fleet.on_ready = _both(self.fleet_book.booted, self.setup.begin)
        self.fleet.on_security = self.fleet_book.security
        self.fleet_book.settings_of = self.shelf.settings.view
        self.library.on_changed = self.fleet_book.on_changed = partial(self.server.publish, "firmware", {})
        self.control.delivery.on_limited = self.setup.limited
        self.shelf.tags.on_presented = partial(self.server.publish, "tag")
        self.setup.standing.on_unable = self.sites.reassess
        self.setup.on_settings = partial(self.shelf.settings.keep, reason="setup")
        self.decisions.on_rows = partial(self.server.publish, "decision")
        self.security.attempts.on_attempt = partial(self.server.publish, "attempt")
        self.fleet.on_unknown = self._on_unknown
        self.fleet.on_new_connector = self.sites.place_missing
        self.commands.on_audit = self._on_audit

    async def _restore(self) -> None:
        """State as the last run left it; limits that may still be in force come from the audit log."""
        site = await self.store.load_site()
        if site is not None:
            self.fleet.site = site.fitted()  # those of older versions
            if problems := validate_site(self.fleet.site):
                log.error("the stored site is taken at its worst until it is mended: %s", " ".join(problems))
        await recover(self.store, self.fleet, self.clock.now())
        await keep_old_maxima(self.fleet)
        self.setup.standing.restore()
        self.control.reconfigure(self.fleet.site)
        counts = await self.store.counts()
        self._audit_rows = counts.get("audit", 0)
        await self.recent.refresh()
        await self.shelf.open()
        await self.doubts.open()
        await self.insights.open()
        await self.hints.open()
        await self.caps.open()
        await self.wiring.open()
        await self.wiring_test.open()
        await self.recall.open()
        await self.drills.open()
        await self.library.open()
        await self.fleet_book.open()
        await self.jobs.open()

    def _spawn(self, coro: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _every(self, seconds: float, act: Callable[[], Any]) -> None:
        """Call `act` on a steady beat of the engine's clock. A broken beat is logged; the next one still comes:
        a bug in the display side must never stop the limits."""
        while True:
            began = time.monotonic()
            try:
                result = act()
                if asyncio.iscoroutine(result):
                    await result
            except EvdeskError as error:
                log.warning("%s", error.sentence)
            except Exception:  # rim: the control cycle's supervisor
                log.exception("a cycle failed")
            await asyncio.sleep(max(self.clock.wall_s(seconds) - (time.monotonic() - began), 0.0))

    # -- beats -------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.timekeeping.beat()
        now = self.clock.now()
        decision = self.control.tick(self.caps.in_force, self.sun.surplus_w, self.sun.price)
        self.load = replace(self.watch.update(decision), caps=self.caps.in_force)
        self.caps.effect(now, self.load.cars_w, self.load.total_w)
        self.obedience.tick(decision)
        self.decisions.tick(self.load)
        self.insights.tick(self.load)
        self.store.put_load(self.load)
        save_sessions(self.fleet.chargers.values(), self.store)
        self.server.publish("load", self.load)

    def _watch(self) -> None:
        """Beside the control cycle: an error here must not keep a limit from being sent."""
        now = self.clock.now()
        self.sites.place_missing(*self.fleet.chargers.values())
        self.caps.tick(now)
        self.sun.tick(now, self.wiring.distrusted)
        self.doubts.tick()
        self.wiring.tick(now)
        self.jobs.tick()

    def _publish(self) -> None:
        self.security.attempts.publish()
        if not self._dirty:
            return
        now = self.clock.now()
        dirty, self._dirty = self._dirty, set()
        self.fleet.on_changed = self._dirty.add
        if self.server.clients == 0:
            return
        for charger_id in dirty:
            record = self.fleet.chargers.get(charger_id)
            if record is not None:
                self.server.publish("charger", record.to_model(now))

    async def _minute(self) -> None:
        await self.timekeeping.look()
        await self.recent.refresh()
        self.server.publish("info", self.info())
        for beat in (
            self.host.close_lost,
            self.shelf.beat,
            self.doubts.save,
            self.wiring.save,
            self.recall.save,
            self.fleet_book.look,
            self.security.minute,
            self.sites.look,
            self.insights.minute,
        ):
            try:
                await beat()
            except EvdeskError as error:  # a full disk must not keep the certificate from being renewed
                log.warning("%s", error.sentence)
        self._spawn(self.network.follow(), "network")
        busy = (
            self.server.clients
            or self.load.charging
            or self.jobs.live
            or any(r.online for r in self.fleet.chargers.values())
        )
        if self.options.stop_when_idle and self._idle.over(bool(busy)):
            log.info("nothing to do and nobody attached: ending")
            self._stop.set()

    # -- hooks -------------------------------------------------------------------------------------------------

    def _on_notice(self, notice: object) -> None:
        if isinstance(notice, Notice):
            self.recent.add_notice(notice)
            self.server.publish("notice", notice)

    def _on_session(self, session: Session) -> None:
        self.recent.add_session(session)
        self.hints.session_changed(session)
        self.drills.session_changed(session)
        self.server.publish("session", session)

    def _on_audit(self, row: AuditRow) -> None:
        self._audit_rows += 1
        self.drills.audited(row)
        self.jobs.audited(row)
        self.server.publish("audit", row)

    def _on_health(self, health: StorageHealth) -> None:
        (log.info if health.ok else log.error)("storage: %s", health.sentence or "works again")
        self.server.publish("info", self.info())

    def _on_unknown(self, record: ChargerRecord) -> None:
        if self.options.accept_unknown:
            self.joining.add(record)
        else:
            self.fleet.notice(NoticeKind.ASKS, Severity.INFO, record, address=record.address)

    # -- views -------------------------------------------------------------------------------------------------

    def info(self) -> EngineInfo:
        records = self.fleet.chargers.values()
        return EngineInfo(
            version=__version__,
            started_at=self.started_at,
            uptime_s=round(self.clock.steady() - self.started_at, 1),
            ocpp_url=next(iter(self.security.doors.urls), ""),
            ocpp_urls=self.security.doors.urls,
            api_url=self._api_url,
            data_dir=str(self.options.data),
            pid=os.getpid(),
            chargers=sum(r.accepted for r in records),
            online=sum(r.accepted and r.online for r in records),
            pending=sum(not r.accepted and r.online for r in records),
            site=self.fleet.site.name,
            simulated=self.fleet.site.simulated,
            balancing=self.fleet.site.balance.enabled,
            accept_unknown=self.options.accept_unknown,
            storage=self.store.health,
            commands=self.commands.count,
            messages=self.fleet.messages,
            audit_rows=self._audit_rows,
            findings=sum(r.findings for r in records),
            cpu_s=round(time.process_time(), 3),
            speed=self.options.speed,
        )

    def snapshot(self) -> Snapshot:
        """The whole state for a desk that attaches. The server fills in `seq`."""
        now = self.clock.now()
        return Snapshot(
            seq=0,
            info=self.info(),
            site=self.fleet.site,
            load=self.load,
            chargers=tuple(r.to_model(now) for r in self.fleet.chargers.values()),
            sessions=tuple(self.recent.sessions),
            notices=tuple(self.recent.notices[-500:]),
            attempts=tuple(self.security.attempts.recent),
        )


def _both(*acts: Callable[[ChargerRecord], None]) -> Callable[[ChargerRecord], None]:
    """One after the other."""

    def act(record: ChargerRecord) -> None:
        for each in acts:
            each(record)

    return act


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host
