"""The engine: wires store, fleet, control, charger port and API together, and runs until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from evdesk import __version__
from evdesk.balance import failsafe_plans
from evdesk.drivers.meters import ModbusMeter
from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.drivers.ocpp_station import OcppStation
from evdesk.engine.api import Api
from evdesk.engine.commands import Commands
from evdesk.engine.control import Control
from evdesk.engine.fleet import Fleet
from evdesk.engine.load import LoadWatch
from evdesk.engine.options import EngineOptions
from evdesk.engine.recovery import day_start, recover
from evdesk.engine.server import ApiServer
from evdesk.engine.setup import Setup
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.model import (
    Attempt,
    AuditRow,
    Bay,
    Clock,
    EngineInfo,
    EvdeskError,
    MeterSource,
    Notice,
    NoticeKind,
    Origin,
    Reason,
    Session,
    Severity,
    Site,
    SiteLoad,
    StorageHealth,
)
from evdesk.wire import Snapshot
from evdesk.wire.methods import NoticePage, SessionPage

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
        self.commands = Commands(self.store)
        self.control = Control(self.fleet, self.commands, self.clock)
        self.setup = Setup(self.fleet, self.commands, self.clock)
        self.watch = LoadWatch(self.fleet)
        self.load = SiteLoad(at=self.started_at)
        self.listener = OcppListener(options.ocpp, self.fleet, self._station, self.fleet.attempt)
        self.api = Api(self)
        self.server = ApiServer(*options.api, token, self.api.dispatch, self.snapshot, __version__)
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._meters: dict[str, tuple[MeterSource, asyncio.Task[None]]] = {}
        self._drivers: set[asyncio.Task[None]] = set()
        self._dirty: set[str] = set()
        self._recent: tuple[list[Session], list[Notice]] = ([], [])
        self._day = 0.0
        self._audit_rows = 0
        self._idle_since: float | None = None
        self._ocpp_url = ""
        self._api_url = ""

    # -- life --------------------------------------------------------------------------------------------------

    async def start(self) -> dict[str, object]:
        """Open everything; returns the addresses for the ready line. Raises `EvdeskError` in words."""
        await self.store.open()
        self.store.on_health = self._on_health
        self._hooks()
        await self._restore()
        host, port = await self.listener.start()
        self._ocpp_url = f"ws://{_bracket(host)}:{port}/"
        api_host, api_port = await self.server.start()
        self._api_url = f"ws://{_bracket(api_host)}:{api_port}/api"
        self._run_meters()
        await self.commands.note(ENGINE, "engine.started", "engine", {"version": __version__, "pid": os.getpid()})
        self._spawn(self._every(TICK_S, self._tick), "control")
        self._spawn(self._every(PUBLISH_S, self._publish), "publish")
        self._spawn(self._every(60.0, self._minute), "minute")
        addresses: dict[str, object] = {"ocpp": self._ocpp_url, "api": self._api_url, "pid": os.getpid()}
        return addresses | {
            "ocpp_port": port,
            "api_host": api_host,
            "api_port": api_port,
            "data": str(self.options.data),
        }

    async def run(self) -> None:
        await self._stop.wait()

    async def close(self) -> None:
        """Let go of everything in order; the chargers fall to their safe default by themselves."""
        with contextlib.suppress(EvdeskError):
            await self.commands.note(ENGINE, "engine.stopped", "engine", {"uptime_s": round(self._uptime())})
        for task in [*self._tasks, *(t for _s, t in self._meters.values())]:
            task.cancel()
        await asyncio.gather(*self._tasks, *(t for _s, t in self._meters.values()), return_exceptions=True)
        await self.control.close()
        await self.setup.close()
        await self.listener.close("evdesk is stopping")
        await asyncio.gather(*self._drivers, return_exceptions=True)
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
        if only_if_idle and (self.load.charging or self.server.clients > 1):
            raise EvdeskError(
                Reason.INVALID, "A car is charging or a desk is attached. Stop without only_if_idle to end it."
            )
        asyncio.get_running_loop().call_later(0.2, self._stop.set)

    def _hooks(self) -> None:
        self.fleet.on_changed = self._dirty.add
        self.fleet.on_notice = self._on_notice
        self.fleet.on_session = self._on_session
        self.fleet.on_attempt = self._on_attempt
        self.fleet.on_ready = self.setup.begin
        self.fleet.on_unknown = self._on_unknown
        self.fleet.on_new_connector = self._on_new_connector
        self.commands.on_audit = self._on_audit

    async def _restore(self) -> None:
        """State as the last run left it; limits that may still be in force come from the audit log."""
        site = await self.store.load_site()
        if site is not None:
            self.fleet.site = site
        self.control.reconfigure(self.fleet.site)
        await recover(self.store, self.fleet, self.clock.now())
        counts = await self.store.counts()
        self._audit_rows = counts.get("audit", 0)
        await self._refresh_recent()

    def _spawn(self, coro: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(coro, name=name))

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
        decision = self.control.tick()
        self.load = self.watch.update(decision)
        self.store.put_load(self.load)
        self.fleet.save_sessions()
        self.server.publish("load", self.load)

    def _publish(self) -> None:
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
        jump = self.clock.resync()
        if abs(jump) > 5:
            await self.commands.note(ENGINE, "engine.clock_jump", "engine", {"seconds": round(jump, 1)})
        await self._refresh_recent()
        self.server.publish("info", self.info())
        await self._close_lost_sessions()
        self._stop_when_idle()

    async def _refresh_recent(self) -> None:
        now = self.clock.now()
        sessions = await self.store.sessions(SessionPage(limit=500, from_at=now - 86400))
        notices = await self.store.notices(NoticePage(limit=500, from_at=now - 86400))
        self._recent = (sessions, notices[::-1])
        today = day_start(now)
        ended = [s for s in sessions if s.ended_at is not None and s.ended_at >= today]
        self.watch.today_wh = sum(s.energy_wh or 0.0 for s in ended)
        self.watch.today_sessions = len(ended)

    async def _close_lost_sessions(self) -> None:
        """A charge whose car is gone for two minutes and whose end was never told ends as incomplete."""
        now = self.clock.now()
        for record in self.fleet.chargers.values():
            for connector in record.connectors.values():
                gone = connector.session and record.online and not connector.status.has_car
                if gone and connector.status_at is not None and now - connector.status_at > 120:
                    await self.fleet.close_unreported(record, connector)

    def _stop_when_idle(self) -> None:
        busy = self.server.clients or self.load.charging or any(r.online for r in self.fleet.chargers.values())
        if not self.options.stop_when_idle or busy:
            self._idle_since = None
            return
        self._idle_since = self._idle_since or time.monotonic()
        if time.monotonic() - self._idle_since >= IDLE_STOP_S:
            log.info("nothing to do and nobody attached: ending")
            self._stop.set()

    # -- hooks -------------------------------------------------------------------------------------------------

    def _station(self, station: OcppStation) -> None:
        task = self.fleet.attach(station)
        self._drivers.add(task)
        task.add_done_callback(self._drivers.discard)

    def _on_notice(self, notice: object) -> None:
        if isinstance(notice, Notice):
            self._recent[1].append(notice)
            self.server.publish("notice", notice)

    def _on_session(self, session: Session) -> None:
        sessions = self._recent[0]
        sessions[:] = [session, *(s for s in sessions if s.id != session.id)]
        today = day_start(self.clock.now())
        ended = [s for s in sessions if s.ended_at is not None and s.ended_at >= today]
        self.watch.today_wh = sum(s.energy_wh or 0.0 for s in ended)
        self.watch.today_sessions = len(ended)
        self.server.publish("session", session)

    def _on_attempt(self, attempt: Attempt) -> None:
        self.server.publish("attempt", attempt)

    def _on_audit(self, row: AuditRow) -> None:
        self._audit_rows += 1
        self.server.publish("audit", row)

    def _on_health(self, health: StorageHealth) -> None:
        (log.info if health.ok else log.error)("storage: %s", health.sentence or "works again")
        self.server.publish("info", self.info())

    def _on_unknown(self, record: ChargerRecord) -> None:
        if self.options.accept_unknown:
            params = {"charger_id": record.id}
            task = asyncio.get_running_loop().create_task(self._auto_accept(params), name=f"accept {record.id}")
            self._drivers.add(task)
            task.add_done_callback(self._drivers.discard)
        else:
            self.fleet.notice(NoticeKind.ASKS, Severity.INFO, record, address=record.address)

    async def _auto_accept(self, params: dict[str, str]) -> None:
        from_lab = Origin("Engine", "accept-unknown")
        try:
            await self.api.accept_by_name(from_lab, params["charger_id"])
        except EvdeskError as error:
            log.error("%s: %s", params["charger_id"], error.sentence)

    def _on_new_connector(self, record: ChargerRecord, connector_id: int) -> None:
        """An accepted charger shows one more connector: it is placed beside its first one, the worst assumed."""
        site = self.fleet.site
        if not record.accepted or site.bay(record.id, connector_id) is not None:
            return
        first = next((b for b in site.bays if b.charger_id == record.id), None)
        circuit = first.circuit if first else next(c.name for c in site.circuits if not c.parent)
        label = f"{record.label or record.id}.{connector_id}"
        bay = Bay(record.id, connector_id, label, circuit, max_a=first.max_a if first else 16.0)
        self._apply_site(replace(site, bays=(*site.bays, bay)))
        self._spawn(self._save_site(), "save site")

    async def _save_site(self) -> None:
        with contextlib.suppress(EvdeskError):
            await self.store.save_site(self.fleet.site)

    # -- site --------------------------------------------------------------------------------------------------

    async def put_site(self, site: Site) -> None:
        """Store and apply; chargers whose failsafe no longer fits are prepared again."""
        before, after = failsafe_plans(self.fleet.site), failsafe_plans(site)
        await self.store.save_site(site)
        self._apply_site(site)
        for record in self.fleet.chargers.values():
            if before.get(record.id) != after.get(record.id) and record.accepted and record.online:
                self.setup.begin(record)

    def _apply_site(self, site: Site) -> None:
        self.fleet.site = site
        self.control.reconfigure(site)
        for record in self.fleet.chargers.values():
            bays = [b for b in site.bays if b.charger_id == record.id]
            record.label = bays[0].label.split(".")[0] if bays else record.label
            self._dirty.add(record.id)
        self._run_meters()
        self.server.publish("site", site)

    async def forget(self, charger_id: str) -> None:
        record = self.fleet.chargers.pop(charger_id)
        if record.link is not None:
            await record.link.close("refused by a person")
        await self.store.forget_charger(charger_id)
        bays = tuple(b for b in self.fleet.site.bays if b.charger_id != charger_id)
        if bays != self.fleet.site.bays:
            await self.put_site(replace(self.fleet.site, bays=bays))
        self.server.publish("charger.gone", {"charger_id": charger_id})

    def _run_meters(self) -> None:
        wanted = {c.name: c.meter for c in self.fleet.site.circuits if c.meter}
        for name, (source, task) in list(self._meters.items()):
            if wanted.get(name) != source:
                task.cancel()
                del self._meters[name]
                self.fleet.meters.pop(name, None)
        for name, source in wanted.items():
            if name not in self._meters:
                task = asyncio.get_running_loop().create_task(self._supervise_meter(name, source), name=f"meter {name}")
                self._meters[name] = (source, task)

    async def _supervise_meter(self, name: str, source: MeterSource) -> None:
        """Keep one meter read; the failure is logged once and the recovery once. Back-off stays short: a fuse
        waits for this meter."""
        failing = False
        while True:
            try:
                await ModbusMeter(source, name, self.clock).run(self.fleet.report)
            except EvdeskError as error:
                if not failing:
                    log.warning("meter of %s: %s", name, error.sentence)
                failing = True
            await asyncio.sleep(self.clock.wall_s(1.0))

    # -- views -------------------------------------------------------------------------------------------------

    def _uptime(self) -> float:
        return self.clock.now() - self.started_at

    def info(self) -> EngineInfo:
        records = self.fleet.chargers.values()
        return EngineInfo(
            version=__version__,
            started_at=self.started_at,
            uptime_s=round(self._uptime(), 1),
            ocpp_url=self._ocpp_url,
            ocpp_urls=(self._ocpp_url,),
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
        sessions, notices = self._recent
        return Snapshot(
            seq=0,
            info=self.info(),
            site=self.fleet.site,
            load=self.load,
            chargers=tuple(r.to_model(now) for r in self.fleet.chargers.values()),
            sessions=tuple(sessions),
            notices=tuple(notices[-500:]),
            attempts=tuple(self.fleet.attempts),
        )


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host
