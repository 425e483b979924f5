"""The API's methods: what a person or a script may ask of the engine. One handler per entry of `wire.METHODS`."""

import time
from dataclasses import asdict, replace
from typing import Any

from msgspec import UNSET

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.api_abilities import AbilitiesApi
from evdesk.engine.api_blocks import BlocksApi
from evdesk.engine.api_charge import ChargeApi
from evdesk.engine.api_core import Core, Handler, changed_by_hand, command, connector_of, record_of
from evdesk.engine.api_drill import DrillApi
from evdesk.engine.api_explain import ExplainApi
from evdesk.engine.api_firmware import FirmwareApi
from evdesk.engine.api_hints import HintsApi
from evdesk.engine.api_insights import InsightsApi
from evdesk.engine.api_jobs import JobsApi
from evdesk.engine.api_logs import LogsApi
from evdesk.engine.api_messages import Messages
from evdesk.engine.api_network import NetworkApi
from evdesk.engine.api_profiles import ProfilesApi
from evdesk.engine.api_reads import Reads, balance_state
from evdesk.engine.api_security import SecurityApi
from evdesk.engine.api_service import ServiceApi
from evdesk.engine.api_settings import SettingsApi
from evdesk.engine.api_site import SiteApi
from evdesk.engine.api_tags import TagsApi
from evdesk.engine.api_wiring import WiringApi
from evdesk.engine.commands import Command
from evdesk.engine.control import with_user_limit
from evdesk.engine.feeds import tell_shared
from evdesk.engine.site_checks import demand_right, demand_share
from evdesk.engine.sites import connectors_of, place_charger
from evdesk.engine.state import ConnectorRecord
from evdesk.model import (
    Bay,
    EvdeskError,
    Origin,
    Reason,
)
from evdesk.ocpp.passwords import password_sent, password_taken
from evdesk.ocpp.redact import redact_value
from evdesk.wire import methods as m
from evdesk.wire.codec import to_plain

CHANGES_LIMITS = {"SetChargingProfile", "ClearChargingProfile", "ChangeConfiguration"}
TRIGGERS = (
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "StatusNotification",
    "TransactionEvent",
)


class Api:
    """`dispatch(origin, method, params)` with params already decoded; unknown methods never reach it."""

    def __init__(self, core: Core) -> None:
        self.core = core
        reads = Reads(core)
        self.handlers: dict[str, Handler] = {
            "engine.stop": self._stop_engine,
            "charger.accept": self._accept,
            "charger.forget": self._forget,
            "charger.set_limit": self._set_limit,
            "charger.reset": self._reset,
            "charger.unlock": self._unlock,
            "charger.trigger": self._trigger,
            "charger.raw": self._raw,
            "balance.configure": self._configure,
            **BlocksApi(core).handlers,
            **ChargeApi(core).handlers,
            **ServiceApi(core).handlers,
            **reads.handlers,
            **LogsApi(core).handlers,
            **Messages(core).handlers,
            **NetworkApi(core).handlers,
            **SettingsApi(core).handlers,
            **ProfilesApi(core).handlers,
            **SecurityApi(core).handlers,
            **TagsApi(core).handlers,
            **SiteApi(core).handlers,
            **WiringApi(core).handlers,
            **AbilitiesApi(core).handlers,
            **ExplainApi(core).handlers,
            **InsightsApi(core).handlers,
            **HintsApi(core).handlers,
            **DrillApi(core).handlers,
            **FirmwareApi(core).handlers,
            **JobsApi(core).handlers,
        }

    async def dispatch(self, origin: Origin, method: str, params: Any) -> object:
        return await self.handlers[method](origin, params)

    # -- engine and fleet --------------------------------------------------------------------------------------

    async def _stop_engine(self, origin: Origin, params: m.Stop) -> m.Done:
        self.core.request_stop(params.only_if_idle)
        row = await self.core.commands.stored(Command(origin, "engine.stop", "engine", {}, must=False), {})
        return m.Done(status="stopping", audit_id=row)

    async def _accept(self, origin: Origin, params: m.Accept) -> m.Done:
        async with self.core.sites.lock:
            return await self._accept_alone(origin, params)

    async def _accept_alone(self, origin: Origin, params: m.Accept) -> m.Done:
        record = record_of(self.core, params.charger_id)
        site = self.core.fleet.site
        new = place_charger(site, params, connectors_of(record))
        demand_right(new, site)
        label = next(b.label for b in new.bays if b.charger_id == record.id)
        command = Command(origin, "charger.accept", record.id, asdict(params))
        row = await self.core.commands.stored(command, {"label": label}, lambda: self.core.sites.put(new, site))
        record.accepted = True
        tell_shared(self.core.fleet, site, new)
        self.core.sites.place_missing(record)  # what it told of meanwhile
        await self.core.fleet.store.save_charger(record.to_model(self.core.fleet.clock.now()), True)
        self.core.fleet.on_ready(record)
        self.core.fleet.on_changed(record.id)
        return m.Done(status="accepted", audit_id=row)

    async def _forget(self, origin: Origin, params: m.OneCharger) -> m.Done:
        record = record_of(self.core, params.charger_id)
        if self.core.jobs.job_of(record.id) is not None:
            text = f"{record.label or record.id} is in a job. Wait for its end, or cancel it first."
            raise EvdeskError(Reason.INVALID, text)
        if record.accepted and any(_busy(c) for c in record.connectors.values()):
            text = f"{record.label or record.id} has a car that may draw current. End the charge and unplug it first."
            raise EvdeskError(Reason.INVALID, text)
        async with self.core.sites.lock:
            record_of(self.core, record.id)  # somebody else may have been quicker
            command = Command(origin, "charger.forget", record.id, {})
            dropped = {"dropped": ", ".join(self.core.security.policies.kept_of(record.id))}
            row = await self.core.commands.stored(command, dropped, lambda: self._forget_all(record.id))
        return m.Done(status="forgotten", audit_id=row)

    async def _forget_all(self, charger_id: str) -> None:
        self.core.drills.forget(charger_id)
        await self.core.sites.forget(charger_id)
        await self.core.drills.book.forget(charger_id)
        try:
            await self.core.security.forget(charger_id)
        except EvdeskError as error:
            sentence = f"{charger_id} is forgotten, but what it logs in with is still kept: {error.sentence}"
            raise EvdeskError(error.reason, sentence) from error

    # -- commands to a charger ---------------------------------------------------------------------------------

    async def _set_limit(self, origin: Origin, params: m.SetLimit) -> m.Done:
        """A person's ceiling: stored with the site, put in force by the next control tick (within a second)."""
        async with self.core.sites.lock:
            site, limit_a = self.core.fleet.site, params.limit_a
            bay = site.bay(params.charger_id, params.connector_id)
            record = record_of(self.core, params.charger_id)
            if bay is None:
                text = f"{record.id} connector {params.connector_id} is not placed in the site."
                raise EvdeskError(Reason.INVALID, f"{text} Accept the charger, or place it with site.put.")
            _check_limit(limit_a, bay)
            args = {"connector_id": params.connector_id, "limit_a": limit_a}
            detail = {"before": _amps(bay.user_limit_a), "after": _amps(limit_a)}
            new = with_user_limit(site, (bay.charger_id, bay.connector_id), limit_a)
            command = Command(origin, "charger.set_limit", record.id, args)
            row = await self.core.commands.stored(command, detail, lambda: self.core.sites.put(new, site))
        return m.Done(status="stored", before=detail["before"], after=detail["after"], audit_id=row)

    async def _reset(self, origin: Origin, params: m.Reset) -> m.Done:
        if params.kind not in ("soft", "hard"):
            raise EvdeskError(Reason.INVALID, "The kind of reset is “soft” or “hard”.")
        return await command(
            self.core,
            origin,
            "charger.reset",
            params.charger_id,
            {"kind": params.kind} | ({"reason": params.reason} if params.reason else {}),
            lambda link: link.reset(params.kind),
        )

    async def _unlock(self, origin: Origin, params: m.OneConnector) -> m.Done:
        record = connector_of(self.core, params.charger_id, params.connector_id)
        if record.connectors[params.connector_id].session is not None:
            raise EvdeskError(Reason.INVALID, f"{record.label} charges. Stop the charge first, then unlock.")
        args = {"connector_id": params.connector_id}
        return await command(
            self.core, origin, "charger.unlock", record.id, args, lambda link: link.unlock(params.connector_id)
        )

    async def _trigger(self, origin: Origin, params: m.Trigger) -> m.Done:
        if params.what not in TRIGGERS:
            raise EvdeskError(Reason.INVALID, f"A charger can be asked to send: {', '.join(TRIGGERS)}.")
        args = {"what": params.what, "connector_id": params.connector_id}
        return await command(
            self.core,
            origin,
            "charger.trigger",
            params.charger_id,
            args,
            lambda k: k.trigger(params.what, params.connector_id),
        )

    async def _raw(self, origin: Origin, params: m.Raw) -> m.RawAnswer:
        reply: dict[str, Any] = {}

        async def send(link: Driver) -> Answer:
            begun = time.monotonic()
            reply.update(await self._sent(link, params))
            return Answer(str(reply.get("status", "answered")), (time.monotonic() - begun) * 1000.0, payload=reply)

        args = {"action": params.action, "payload": redact_value(params.payload)}
        record = record_of(self.core, params.charger_id)
        try:
            done = await command(self.core, origin, "charger.raw", params.charger_id, args, send)
        finally:
            if params.action in CHANGES_LIMITS and record.accepted:
                changed_by_hand(self.core, record)
        return m.RawAnswer(reply, done.ms, done.audit_id)

    async def _sent(self, link: Driver, params: m.Raw) -> dict[str, Any]:
        """A password sent by hand is known here too, once it is on its way."""
        password = password_sent(link.protocol, params.action, params.payload)
        if not password:
            return await link.raw(params.action, params.payload)
        return await self.core.security.policies.send_password(
            params.charger_id,
            password,
            lambda: link.raw(params.action, params.payload),
            lambda answer: password_taken(params.action, answer),
        )

    # -- site --------------------------------------------------------------------------------------------------

    async def _configure(self, origin: Origin, params: m.ConfigureBalance) -> m.BalanceState:
        """Only what is given changes; the audit row says from what to what."""
        given = {name: value for name in params.__struct_fields__ if (value := getattr(params, name)) is not UNSET}
        async with self.core.sites.lock:
            before = self.core.fleet.site
            had = {name: getattr(before.balance, name) for name in given}
            changed = {name: value for name, value in given.items() if value != had[name]}
            site = replace(before, balance=replace(before.balance, **given))
            demand_right(site, before)
            if "safe_share_a" in changed:
                demand_share(site, self.core.fleet.unable)
            detail = {"before": _words({n: had[n] for n in changed}), "after": _words(changed)}
            command = Command(origin, "balance.configure", "site", to_plain(changed))
            await self.core.commands.stored(command, detail, lambda: self.core.sites.put(site, before))
        return balance_state(self.core)


def _words(settings: dict[str, Any]) -> str:
    """ "margin_a 1, enabled true": what an audit row shows of settings."""
    plain = {name: "empty" if value is None else to_plain(value) for name, value in settings.items()}
    told = (f"{n} {str(v).lower() if isinstance(v, bool) else v}" for n, v in plain.items())
    return ", ".join(told) or "nothing changed"


def _busy(connector: ConnectorRecord) -> bool:
    draws = any((a or 0.0) > 0.5 for a in connector.current_a)
    return connector.session is not None or connector.status.has_car or draws


def _check_limit(limit_a: float | None, bay: Bay) -> None:
    if limit_a is None:
        return
    if limit_a != limit_a or limit_a < 0 or limit_a > bay.max_a:
        raise EvdeskError(Reason.INVALID, f"The limit must be between 0 and {bay.max_a:g} A, the bay's own maximum.")
    if 0 < limit_a < 6:
        raise EvdeskError(Reason.INVALID, "A car takes no limit between 0 and 6 A (IEC 61851-1). Set 0 to pause, or 6.")


def _amps(limit_a: float | None) -> str:
    return "none" if limit_a is None else f"{limit_a:g} A"
