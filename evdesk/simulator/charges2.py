"""Transactions of one 2.x station as TransactionEvents, and when it sends meter values."""

import uuid
from dataclasses import dataclass

from evdesk.simulator import metering
from evdesk.simulator.core2 import Core2, charging_state
from evdesk.simulator.link import Outgoing, Payload
from evdesk.simulator.outlet import Outlet, Transaction
from evdesk.simulator.tags import Rules, known_of

REASONS: dict[str, str] = {
    "DeAuthorized": "Deauthorized",
    "EVDisconnected": "EVDeparted",
    "GroundFault": "AbnormalCondition",
    "ImmediateReset": "ResetCommand",
    "Local": "StopAuthorized",
    "Other": "AbnormalCondition",
    "Reboot": "ResetCommand",
    "Remote": "RemoteStop",
    "Timeout": "EVConnectTimeout",
}
"""stoppedReason to the triggerReason that goes with it."""


@dataclass(slots=True)
class Permit:
    """Somebody may charge: the token, how it came, and the CSMS's number of a remote start."""

    tag: str
    kind: str = "ISO14443"
    trigger: str = "Authorized"
    remote_id: int | None = None
    reservation_id: int | None = None


class Meter2:
    """When to send meter values: in TransactionEvents during a transaction, else in MeterValues."""

    def __init__(self, core: Core2) -> None:
        self.core = core
        self._next: dict[int, float] = {}
        self._sent: dict[int, int] = {}
        self._aligned_at = 0.0

    def restart(self, outlet: Outlet) -> None:
        every = self.core.model.number("SampledDataCtrlr", "TxUpdatedInterval")
        self._next[outlet.id] = self.core.clock.now() + min(every, 1.0)
        self._sent[outlet.id] = 0

    def due(self, at: float) -> list[tuple[Outlet, str]]:
        """Whatever is due now, as (outlet, context)."""
        core = self.core
        found: list[tuple[Outlet, str]] = []
        every = core.model.number("SampledDataCtrlr", "TxUpdatedInterval")
        for outlet in core.outlets.values():
            if every and outlet.transaction is not None and at >= self._next.get(outlet.id, 0.0):
                self._next[outlet.id] = at + every
                self._sent[outlet.id] = self._sent.get(outlet.id, 0) + 1
                late = core.has("meter_at_end") or (core.has("meter_silent") and self._sent[outlet.id] > 3)
                if not late:
                    found.append((outlet, "Sample.Periodic"))
        aligned = core.model.number("AlignedDataCtrlr", "Interval")
        if aligned and core.now() >= self._aligned_at:
            if self._aligned_at:
                found += [(outlet, "Sample.Clock") for outlet in core.outlets.values()]
            self._aligned_at = (core.now() // aligned + 1) * aligned
        return found

    def values(self, outlet: Outlet, context: str, variable: str = "TxUpdatedMeasurands") -> list[Payload]:
        """`meterValue` for what flows now; empty when there is nothing to tell."""
        core = self.core
        if core.has("no_meter_values"):
            return []
        component = "AlignedDataCtrlr" if variable == "Measurands" else "SampledDataCtrlr"
        measurands = core.model.items(component, variable)
        samples = metering.sampled_values2(outlet, core.maker, measurands, context, core.faults, core.rng)
        return [{"timestamp": core.stamp(), "sampledValue": samples}] if samples else []

    def send(self, outlet: Outlet, context: str) -> None:
        """MeterValues, for what belongs to no transaction or was asked for."""
        variable = "Measurands" if context == "Sample.Clock" else "TxUpdatedMeasurands"
        values = self.values(outlet, context, variable)
        if values:
            self.core.post("MeterValues", {"evseId": outlet.id, "meterValue": values})


class Charges2:
    """Starts, changes and ends the transactions of one station."""

    def __init__(self, core: Core2, meter: Meter2) -> None:
        self.core, self.meter = core, meter
        self._permits: dict[int, Permit] = {}

    # somebody wants to charge

    def present(self, outlet: Outlet, tag: str, kind: str = "ISO14443") -> None:
        """A driver holds a token to the reader: Authorize, then start; offline it starts without asking."""
        if outlet.fault or outlet.authorized:
            return
        permit, core, model = Permit(tag, kind), self.core, self.core.model
        rules = Rules(
            model.flag("AuthCtrlr", "LocalPreAuthorize"),
            model.flag("AuthCtrlr", "LocalAuthorizeOffline"),
            model.flag("AuthCtrlr", "OfflineTxForUnknownIdEnabled"),
        )
        decided = core.tags.decide(tag, core.now(), core.ready, rules)
        if decided == "ask":
            self._ask(outlet, permit)
        elif decided == "begin":
            self.begin(outlet, permit)
        else:
            core.say(f"token {tag} is refused here")

    def _ask(self, outlet: Outlet, permit: Permit) -> None:
        token = {"idToken": permit.tag, "type": permit.kind}
        self.core.post("Authorize", {"idToken": token}, lambda answer: self._authorized(outlet, permit, answer))

    def _authorized(self, outlet: Outlet, permit: Permit, answer: Payload) -> None:
        info = answer.get("idTokenInfo") or {}
        status = info.get("status")
        if status is not None and self.core.model.flag("AuthCacheCtrlr", "Enabled"):
            self.core.tags.remember(permit.tag, known_of(info))
        if status == "Accepted":
            self.begin(outlet, permit)
        else:
            self.core.say(f"token {permit.tag} is {status}")

    def remote_start(self, outlet: Outlet, permit: Permit) -> None:
        """RequestStartTransaction was accepted: start now, or when a car comes within EVConnectionTimeOut."""
        if self.core.model.flag("AuthCtrlr", "AuthorizeRemoteStart"):
            self._ask(outlet, permit)
        else:
            self.begin(outlet, permit)

    def begin(self, outlet: Outlet, permit: Permit) -> None:
        """Whoever holds `permit` may charge: at once, or when the car is there."""
        outlet.waiting_tag = ""
        if outlet.fault or outlet.authorized or not outlet.usable:
            return
        if not self._reserved_for(outlet, permit):
            return
        early = "Authorized" in self.core.model.items("TxCtrlr", "TxStartPoint")
        if outlet.car is None and not early:
            outlet.waiting_tag = permit.tag
            outlet.waiting_until = self.core.clock.now() + self.core.model.number("TxCtrlr", "EVConnectionTimeOut")
            self._permits[outlet.id] = permit
            return
        charge = outlet.transaction
        if charge is None:
            self._start(outlet, permit.tag, permit)
            return
        charge.tag, charge.token_type, charge.authorized = permit.tag, permit.kind, True
        self._offer(outlet)
        self.event(outlet, charge, "Updated", permit.trigger, permit=permit)

    def _reserved_for(self, outlet: Outlet, permit: Permit) -> bool:
        core = self.core
        known = core.tags.entries.get(permit.tag.lower()) or core.tags.cache.get(permit.tag.lower())
        try:
            used = core.reservations.use(core.outlets, outlet, permit.tag, known.parent if known else "")
        except PermissionError as somebody:
            core.say(f"EVSE {outlet.id} is {somebody}")
            return False
        permit.reservation_id = permit.reservation_id if used is None else used
        return True

    # events

    def plugged(self, outlet: Outlet) -> None:
        """A cable is in: go on with whoever waits for it."""
        charge = outlet.transaction
        if outlet.waiting_tag and outlet.id in self._permits:
            self.begin(outlet, self._permits.pop(outlet.id))
        elif charge is not None:
            self._offer(outlet)
            self.event(outlet, charge, "Updated", "CablePluggedIn")
        elif "EVConnected" in self.core.model.items("TxCtrlr", "TxStartPoint"):
            self._start(outlet, "", None)

    def _start(self, outlet: Outlet, tag: str, permit: Permit | None) -> None:
        core = self.core
        charge = Transaction(tag, core.now(), round(outlet.register_wh), authorized=permit is not None)
        charge.id = str(uuid.UUID(int=core.rng.getrandbits(128), version=4))
        charge.token_type = permit.kind if permit else ""
        outlet.transaction, outlet.ended = charge, False
        self._offer(outlet)
        values = self.meter.values(outlet, "Transaction.Begin", "TxStartedMeasurands")
        self.event(outlet, charge, "Started", permit.trigger if permit else "CablePluggedIn", values, permit)
        self.meter.restart(outlet)
        if core.has("ground_failure"):
            core.later(10.0, lambda: self._ground(outlet, charge))

    def _offer(self, outlet: Outlet) -> None:
        outlet.step(0.0, self.core.limit_a(outlet, self.core.now()))  # the pilot is there at once

    def event(
        self,
        outlet: Outlet,
        charge: Transaction,
        kind: str,
        trigger: str,
        values: list[Payload] | None = None,
        permit: Permit | None = None,
        reason: str = "",
    ) -> None:
        """One TransactionEvent. `offline` is what it is now, whenever it is sent."""
        core = self.core
        gone = reason == "EVDisconnected"
        charge.told_state, charge.told_limit_a = "Idle" if gone else charging_state(outlet), outlet.pilot_a
        info: Payload = {"transactionId": charge.id, "chargingState": charge.told_state}
        if reason:
            info["stoppedReason"] = reason
            info["timeSpentCharging"] = round(charge.charged_s)
        request: Payload = {
            "eventType": kind,
            "timestamp": core.stamp(),
            "triggerReason": trigger,
            "seqNo": charge.seq,
            "transactionInfo": info,
        }
        charge.seq += 1
        if not core.ready:
            request["offline"] = True
        if kind == "Started" or core.maker.boots_again:  # some tell the EVSE each time, most once
            request["evse"] = {"id": outlet.id, "connectorId": 1}
        if permit is not None:
            request["idToken"] = {"idToken": permit.tag, "type": permit.kind}
            if permit.remote_id is not None:
                info["remoteStartId"] = permit.remote_id
            if permit.reservation_id is not None:
                request["reservationId"] = permit.reservation_id
        if outlet.charging and outlet.car is not None:
            request["numberOfPhasesUsed"] = min(outlet.car.phases, outlet.phases)
        if values:
            request["meterValue"] = values
        done = (lambda answer: self._token_answer(outlet, charge, kind, answer)) if permit is not None else None
        core.link.post(Outgoing("TransactionEvent", request, done, keep=True))

    def _token_answer(self, outlet: Outlet, charge: Transaction, kind: str, answer: Payload) -> None:
        status = (answer.get("idTokenInfo") or {}).get("status", "Accepted")
        self.core.say(f"TransactionEvent {kind} {status}, transaction {charge.id}")
        refused = status not in ("Accepted", "ConcurrentTx")
        if refused and not charge.stopped and self.core.model.flag("TxCtrlr", "StopTxOnInvalidId"):
            self.stop(outlet, "DeAuthorized")

    def changes(self, dt: float, at: float) -> None:
        """Tell each changed charging state and limit; send the meter values that are due."""
        for outlet in self.core.outlets.values():
            charge = outlet.transaction
            if outlet.id in self._permits and not outlet.waiting_tag:
                self._permits.pop(outlet.id)  # EVConnectionTimeOut: a start without a car lapses
            if charge is None:
                continue
            charge.charged_s += dt if outlet.charging else 0.0
            if charging_state(outlet) != charge.told_state:
                self.event(outlet, charge, "Updated", "ChargingStateChanged")
            elif abs(outlet.pilot_a - charge.told_limit_a) >= 1.0:
                self.event(outlet, charge, "Updated", "ChargingRateChanged")
        for outlet, context in self.meter.due(at):
            self.sample(outlet, context)

    def sample(self, outlet: Outlet, context: str) -> None:
        """Meter values in the running transaction, else in MeterValues."""
        charge = outlet.transaction
        if charge is None:
            self.meter.send(outlet, context)
            return
        triggers = {"Sample.Clock": "MeterValueClock", "Trigger": "Trigger"}
        values = self.meter.values(
            outlet, context, "Measurands" if context == "Sample.Clock" else "TxUpdatedMeasurands"
        )
        if values or context == "Trigger":
            self.event(outlet, charge, "Updated", triggers.get(context, "MeterValuePeriodic"), values)

    # the end

    def stop(self, outlet: Outlet, reason: str, trigger: str = "") -> None:
        """End the running transaction, if any. Where TxStopPoint is EVConnected it goes on, without energy, until the
        cable is out."""
        charge, core = outlet.transaction, self.core
        if charge is None:
            return
        trigger = trigger or REASONS.get(reason, "AbnormalCondition")
        stays = core.model.items("TxCtrlr", "TxStopPoint") == ["EVConnected"] and reason in ("Remote", "Local")
        if stays and outlet.car is not None:
            charge.authorized = False
            self._offer(outlet)
            self.event(outlet, charge, "Updated", trigger)
            return
        charge.stopped, charge.authorized = True, False
        outlet.ended = True
        self._offer(outlet)
        values = self.meter.values(outlet, "Transaction.End", "TxEndedMeasurands")
        self.event(outlet, charge, "Ended", trigger, values, reason=reason)
        outlet.transaction = None
        core.profiles.end_transaction(outlet.id)
        kwh = (outlet.register_wh - charge.meter_start_wh) / 1000
        core.say(f"TransactionEvent Ended {reason}, {kwh:.2f} kWh")

    def fail(self, outlet: Outlet, code: str, info: str, clear_s: float | None) -> None:
        """An internal fault: the contactor opens, the charge ends; cleared after `clear_s`."""
        outlet.fault, outlet.fault_info = code, info
        self.stop(outlet, "GroundFault" if code == "GroundFailure" else "Other")
        if clear_s is not None:
            self.core.later(clear_s, outlet.clear_fault)

    def _ground(self, outlet: Outlet, charge: Transaction) -> None:
        if outlet.transaction is charge:
            self.fail(outlet, "GroundFailure", "RCD tripped", 60.0)
