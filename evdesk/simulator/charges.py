"""Transactions of one station, and when it sends MeterValues."""

from evdesk.simulator import metering
from evdesk.simulator.core import Core16
from evdesk.simulator.link import Outgoing, Payload
from evdesk.simulator.outlet import Outlet, Transaction
from evdesk.simulator.tags import Rules, known_of16


class Meter:
    """When to send MeterValues, and what."""

    def __init__(self, core: Core16) -> None:
        self.core = core
        self._next: dict[int, float] = {}
        self._sent: dict[int, int] = {}
        self._aligned_at = 0.0

    def restart(self, outlet: Outlet) -> None:
        self._next[outlet.id] = self.core.clock.now() + 1.0
        self._sent[outlet.id] = 0

    def sample(self, at: float) -> None:
        """Whatever is due by MeterValueSampleInterval and ClockAlignedDataInterval."""
        core = self.core
        interval = core.config.number("MeterValueSampleInterval")
        for outlet in core.outlets.values():
            if interval and outlet.transaction is not None and at >= self._next.get(outlet.id, 0.0):
                self._next[outlet.id] = at + interval
                self._sent[outlet.id] = self._sent.get(outlet.id, 0) + 1
                late = core.has("meter_at_end") or (core.has("meter_silent") and self._sent[outlet.id] > 3)
                if not late:
                    self.send(outlet, "Sample.Periodic")
        aligned = core.config.number("ClockAlignedDataInterval")
        if aligned and core.now() >= self._aligned_at:
            if self._aligned_at:
                for outlet in core.outlets.values():
                    self.send(outlet, "Sample.Clock")
            self._aligned_at = (core.now() // aligned + 1) * aligned

    def send(self, outlet: Outlet, context: str) -> None:
        core = self.core
        if core.has("no_meter_values"):
            return
        source = "MeterValuesAlignedData" if context == "Sample.Clock" else "MeterValuesSampledData"
        measurands = core.config.items(source)
        samples = metering.sampled_values(outlet, core.maker, measurands, context, core.faults, core.rng)
        if not samples:
            return
        request = metering.meter_values(outlet, core.stamp(), samples, core.faults)
        charge = outlet.transaction
        keep = charge is not None and not core.has("forgets_readings")
        core.link.post(Outgoing("MeterValues", request, keep=keep, transaction=charge))


class Charges:
    """Starts, stops and breaks off the transactions of one station."""

    def __init__(self, core: Core16, meter: Meter) -> None:
        self.core = core
        self.meter = meter

    def present(self, outlet: Outlet, tag: str) -> None:
        """A driver holds a tag to the reader: Authorize, then start; offline it starts without asking."""
        if outlet.transaction is not None or outlet.fault:
            return
        core, config = self.core, self.core.config
        rules = Rules(
            config.flag("LocalPreAuthorize"),
            config.flag("LocalAuthorizeOffline"),
            config.flag("AllowOfflineTxForUnknownId"),
        )
        decided = core.tags.decide(tag, core.now(), core.ready, rules)
        if decided == "ask":
            core.post("Authorize", {"idTag": tag}, lambda answer: self._authorized(outlet, tag, answer))
        elif decided == "begin":
            self.begin(outlet, tag)
        else:
            core.say(f"tag {tag} is refused here")

    def _authorized(self, outlet: Outlet, tag: str, answer: Payload) -> None:
        info = answer.get("idTagInfo") or {}
        status = info.get("status")
        if status is not None and self.core.config.flag("AuthorizationCacheEnabled"):
            self.core.tags.remember(tag, known_of16(info))
        if status == "Accepted":
            self.begin(outlet, tag)
        else:
            self.core.say(f"tag {tag} is {status}")

    def remote_start(self, outlet: Outlet, tag: str) -> None:
        """RemoteStartTransaction was accepted: start now, or when a car comes within ConnectionTimeOut."""
        if self.core.config.flag("AuthorizeRemoteTxRequests"):
            self.present(outlet, tag)
        elif outlet.car is not None:
            self.begin(outlet, tag)
        else:
            outlet.waiting_tag = tag
            outlet.waiting_until = self.core.clock.now() + self.core.config.number("ConnectionTimeOut")

    def begin(self, outlet: Outlet, tag: str) -> None:
        outlet.waiting_tag = ""
        if outlet.transaction is not None or outlet.fault or outlet.car is None or outlet.updating:
            return
        core = self.core
        known = core.tags.entries.get(tag.lower()) or core.tags.cache.get(tag.lower())
        try:
            reservation = core.reservations.use(core.outlets, outlet, tag, known.parent if known else "")
        except PermissionError as somebody:
            core.say(f"connector {outlet.id} is {somebody}")
            return
        charge = Transaction(tag, core.now(), round(outlet.register_wh))
        outlet.transaction, outlet.ended = charge, False
        outlet.step(0.0, core.limit_a(outlet, core.now()))  # the pilot is there at once
        request = {
            "connectorId": outlet.id,
            "idTag": tag,
            "meterStart": charge.meter_start_wh,
            "timestamp": core.stamp(),
        }
        if reservation is not None:
            request["reservationId"] = reservation
        done = lambda answer: self._started(outlet, charge, answer)  # noqa: E731
        core.link.post(Outgoing("StartTransaction", request, done, keep=True, transaction=charge))
        self.meter.restart(outlet)
        if core.has("ground_failure"):
            core.later(10.0, lambda: self._ground(outlet, charge))

    def fail(self, outlet: Outlet, code: str, info: str, clear_s: float | None) -> None:
        """An internal fault: the contactor opens, the charge ends; cleared after `clear_s`."""
        outlet.fault, outlet.fault_info = code, info
        self.stop(outlet, "Other")
        if clear_s is not None:
            self.core.later(clear_s, outlet.clear_fault)

    def _ground(self, outlet: Outlet, charge: Transaction) -> None:
        if outlet.transaction is charge:
            self.fail(outlet, "GroundFailure", "RCD tripped", 60.0)

    def _started(self, outlet: Outlet, charge: Transaction, answer: Payload) -> None:
        charge.id = answer.get("transactionId")
        if self.core.has("transaction_zero") or self.core.has("transaction_minus_one"):
            charge.id = 0 if self.core.has("transaction_zero") else -1
        status = (answer.get("idTagInfo") or {}).get("status", "Accepted")
        self.core.say(f"StartTransaction {status}, transaction {charge.id}")
        refused = status not in ("Accepted", "ConcurrentTx")
        if refused and not charge.stopped and self.core.config.flag("StopTransactionOnInvalidId"):
            self.stop(outlet, "DeAuthorized")

    def stop(self, outlet: Outlet, reason: str) -> None:
        """End the running transaction, if any."""
        charge, core = outlet.transaction, self.core
        if charge is None:
            return
        if core.has("meter_at_end"):
            self.meter.send(outlet, "Transaction.End")
        charge.stopped = True
        outlet.transaction, outlet.ended = None, True
        core.profiles.end_transaction(outlet.id)
        request = {
            "meterStop": round(outlet.register_wh),
            "timestamp": core.stamp(),
            "reason": reason,
            "idTag": charge.tag,
        }
        kwh = (outlet.register_wh - charge.meter_start_wh) / 1000
        core.say(f"StopTransaction {reason}, {kwh:.2f} kWh")
        for _ in range(2 if core.has("duplicate_stop") else 1):
            core.link.post(Outgoing("StopTransaction", dict(request), keep=True, transaction=charge))
