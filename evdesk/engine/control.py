"""The control cycle: once a second, from the fleet's state to what each charger is to be told, and why.

Reads the state anew each time, asks the balancer, writes the reasons down. What of it is sent, and what an answer means, is
decided in `evdesk.engine.delivery`.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import replace

from evdesk.balance import Balancer, Decision, Demand, Key, LineSample, kw_per_a
from evdesk.engine.commands import Commands
from evdesk.engine.delivery import Delivery
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.steady import OnTheClock, less, steady_sample
from evdesk.engine.strangers import Strangers, with_strangers
from evdesk.engine.unheard import Unheard
from evdesk.model import (
    NO_PHASES,
    Bay,
    Capability,
    Clock,
    ConnectorStatus,
    Phases,
    PowerCap,
    ShareBy,
    Site,
    Why,
    WhyCode,
)
from evdesk.model.hints import Hint

log = logging.getLogger("evdesk.control")
NO_HINT = Hint()
NO_CAR, DRILLED = Why(WhyCode.NO_CAR), Why(WhyCode.TEST, detail="drill")
_DEAD = frozenset({ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE})


class Control:
    """Owns the balancer. `decision` is the newest one; `tick()` is called once a second by the engine."""

    def __init__(self, fleet: Fleet, commands: Commands, clock: Clock) -> None:
        self.fleet = fleet
        self.delivery = Delivery(fleet, commands, clock)
        self.clock = clock
        self.balancer = Balancer(fleet.site, strict=False)  # a site stored long ago must start too
        self._on_the_clock = OnTheClock()
        self._unheard = Unheard(fleet)
        self.held: set[str] = set()  # not commanded, and counted in full: a drill
        self.decision: Decision | None = None
        self.demands: dict[Key, Demand] = {}  # of the newest decision, with moments on the balancer's time
        self.strangers = Strangers(fleet)
        self._strange: tuple[Bay, ...] = ()  # of them in the balancer's site
        self.holds: dict[Key, float] = {}  # ceilings while a test runs
        self.distrusted: set[str] = set()  # circuits whose meter is proven wrong
        self._told: set[str | Key] = set()  # names the balancer did not know

    def reconfigure(self, site: Site) -> None:
        """A changed site takes effect with the next tick."""
        self._strange = ()
        self.balancer.reconfigure(site, self.fleet.unable)

    def tick(
        self, caps: Sequence[PowerCap] = (), surplus_w: float | None = None, price: float | None = None
    ) -> Decision:
        """Decide, write the reasons into the records, hand the limits on."""
        now = self.clock.now()
        site = self.fleet.site
        pairs = [(bay, *found) for bay in site.bays if (found := self._find(bay))]
        demands = [self._demand(bay, record, connector, now) for bay, record, connector in pairs]
        demands += self.strangers.look(site, demands, caps, self.distrusted)
        if self.strangers.bays != self._strange:
            self._strange = self.strangers.bays
            self.balancer.reconfigure(with_strangers(site, self._strange), self.fleet.unable)
        self.balancer.limit_power([_at_worst(cap) for cap in caps], self._volts(site))
        jumped = self.clock.jumped
        self.demands = {d.key: d for d in demands}
        given = list(self.demands.values())
        samples = [steady_sample(sample, jumped) for sample in self._samples(site)]
        decision = self.balancer.step(now - jumped, given, samples, surplus_w=surplus_w, price=price)
        decision = self._on_the_clock.of(decision, jumped)
        self.decision = decision
        self._tell_unknown(decision)
        for (_bay, record, connector), demand in zip(pairs, demands, strict=False):  # strangers stand last
            if demand.key not in decision.limits:
                continue  # not known to the balancer: nothing is sent, and it falls to its default
            limit_a, why = decision.limits[demand.key]
            self._explain(record, connector, demand, limit_a, why)
            self.delivery.offer(record, connector, demand, limit_a, demand.key in decision.urgent, now)
        return decision

    def _tell_unknown(self, decision: Decision) -> None:
        """Once for each name: the balancer's site is another than ours. The limits of the others must go on."""
        for name in decision.unknown:
            if name not in self._told:
                self._told.add(name)
                log.error("the balancer does not know %s and leaves it out", name)

    def _find(self, bay: Bay) -> tuple[ChargerRecord, ConnectorRecord] | None:
        record = self.fleet.chargers.get(bay.charger_id)
        if record is None or not record.accepted:
            return None
        connector = record.connector(bay.connector_id)
        connector.rotation, connector.phases, connector.user_limit_a = bay.rotation, bay.phases, bay.user_limit_a
        if bay.phases < 3:
            connector.terminals = (True, bay.phases > 1, False)
        return record, connector

    def _volts(self, site: Site) -> float:
        """The highest voltage a meter of the supply shows now, where it can be believed; 0 where none does."""
        oldest = self.clock.now() - site.balance.meter_stale_s
        seen = [
            volts
            for circuit in site.circuits
            if not circuit.parent and circuit.name not in self.distrusted and circuit.name in self.fleet.meters
            if (reading := self.fleet.meters[circuit.name]).at >= oldest
            for volts in reading.voltage_v
            if volts is not None and 0.8 * site.voltage_v < volts < 1.2 * site.voltage_v
        ]
        return max(seen, default=0.0)

    def _samples(self, site: Site) -> Sequence[LineSample]:
        """A meter that is doubted has told nothing: the worst counts with the next decision, not when it is stale."""
        return [
            LineSample(circuit.name, reading.at, NO_PHASES if circuit.name in self.distrusted else reading.current_a)
            for circuit in site.circuits
            if circuit.meter and (reading := self.fleet.meters.get(circuit.name))
        ]

    def _demand(self, bay: Bay, record: ChargerRecord, connector: ConnectorRecord, now: float) -> Demand:
        """Its moments are on the balancer's time."""
        self._unheard.look(record, connector)
        ceiling, why = bay.max_a, Why(WhyCode.CHARGER)
        if bay.user_limit_a is not None and bay.user_limit_a < ceiling:
            ceiling, why = bay.user_limit_a, Why(WhyCode.USER)
        hold = self.holds.get((record.id, connector.id))
        if hold is not None and hold < ceiling:
            ceiling, why = hold, Why(WhyCode.TEST)
        settings, online = self.fleet.site.balance, record.online
        leaving = settings.share_by is ShareBy.LEAVING
        dead = connector.status in _DEAD and not connector.unheard
        live = connector.confirmed_a is not None and now < connector.confirmed_until
        hint = connector.hint or NO_HINT
        jumped = self.clock.jumped
        return Demand(
            key=(record.id, connector.id),
            wants=(connector.status.has_car or connector.charges) and not dead,
            commandable=online and self._commands(record) and connector.charges,
            confirmed_a=connector.confirmed_a if live else None,
            worst_a=self._worst(bay, record, connector, now),
            ceiling_a=ceiling,
            ceiling_why=why,
            min_a=bay.min_a,
            drawn_a=_drawn(bay, connector),
            drawn_at=less(connector.current_at, jumped),
            charging=connector.status is ConnectorStatus.CHARGING,
            charging_since_at=less(connector.charging_since_at, jumped),
            plugged_at=less(connector.plugged_at, jumped),
            terminals=connector.terminals if online else _all(bay.phases),
            sample_s=connector.sample_s,
            kw_per_a=kw_per_a(self.fleet.site, bay, connector.terminals),
            got_kwh=_kwh(connector.session_wh if connector.session is not None else None),
            needs_kwh=_kwh(hint.energy_wh) if leaving else None,
            departure_at=less(hint.depart_at, jumped) if leaving else None,
            trust=hint.trust,
            priority=bay.priority if settings.share_by is ShareBy.PRIORITY else 0,
            mode=bay.mode or settings.mode,
        )

    def _commands(self, record: ChargerRecord) -> bool:
        return Capability.SET_LIMIT in record.capabilities and record.id not in self.held

    def _worst(self, bay: Bay, record: ChargerRecord, connector: ConnectorRecord, now: float) -> float:
        """The most this connector can draw without a further command. What is not known counts in full."""
        if record.id in self.held:
            return bay.max_a  # whatever it does, the fuse must hold
        said = record.online and (connector.status_at or 0.0) >= (record.connected_at or 0.0)
        if said and connector.status in _DEAD and not connector.unheard:
            return 0.0
        # While it is connected an accepted default counts: a charge that starts is seen and limited within a second.
        # Silent, only a default that the charger has shown counts.
        safe = record.safe_a if record.online else (record.failsafe.safe_a if record.falls_back else None)
        told_a = connector.confirmed_a
        live = told_a if now < connector.confirmed_until else None
        high = told_a if now < max(connector.confirmed_until, connector.falls_by) else None
        asked = connector.asked_a if now < connector.asked_until else None  # if it arrived, it has expired
        if said and not connector.charges and connector.status is ConnectorStatus.AVAILABLE:
            return 0.0  # nothing is plugged in, and a new car is told to us before it draws
        fallback = bay.max_a if safe is None else safe
        # Between two charges a live limit may still stand: where it had to be a default, it outlives its charge.
        held = live if record.online and live is not None and connector.charges else max(fallback, high or 0.0)
        return min(max(held, asked or 0.0), max(bay.max_a, held))

    def _explain(
        self, record: ChargerRecord, connector: ConnectorRecord, demand: Demand, limit_a: float, why: Why
    ) -> None:
        if connector.status is ConnectorStatus.FAULTED:
            why = Why(WhyCode.FAULT, since_at=connector.status_at, detail=connector.error_code)
        elif not record.online:
            why = Why(WhyCode.OFFLINE, since_at=record.lost_at)
        elif not demand.wants:
            why = NO_CAR
        elif record.id in self.held:
            why = DRILLED
        elif connector.session is None and not demand.commandable:
            why = Why(WhyCode.SAFE_SHARE, since_at=connector.plugged_at, detail="not_started")
        reserved = 0.0 if demand.commandable else demand.worst_a
        if (connector.why, connector.wanted_a, connector.reserved_a) != (why, limit_a, reserved):
            connector.why, connector.wanted_a, connector.reserved_a = why, limit_a, reserved
            self.fleet.on_changed(record.id)

    def clock_jumped(self, seconds: float) -> None:
        """The computer's clock was set: deadlines keep what is left of them, and measurements their age. The balancer
        knows nothing of it (`evdesk.engine.steady`)."""
        for name, reading in self.fleet.meters.items():
            self.fleet.meters[name] = replace(reading, at=reading.at + seconds)
        for record in self.fleet.chargers.values():
            record.shift(seconds)


def with_user_limit(site: Site, key: Key, limit_a: float | None) -> Site:
    """The site with one bay's ceiling changed by a person."""
    bays = tuple(replace(b, user_limit_a=limit_a) if (b.charger_id, b.connector_id) == key else b for b in site.bays)
    return replace(site, bays=bays)


def _kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else energy_wh / 1000.0


def _drawn(bay: Bay, connector: ConnectorRecord) -> Phases:
    """Per terminal. An outlet with one phase has one current, under whatever name its charger tells it."""
    if bay.phases != 1:
        return connector.current_a
    told = [amps for amps in connector.current_a if amps is not None]
    return (max(told), 0.0, 0.0) if told else connector.current_a


def _all(phases: int) -> tuple[bool, bool, bool]:
    return (True, phases > 1, phases > 2)


def _at_worst(cap: PowerCap) -> PowerCap:
    """A power limit that cannot be is one of nothing."""
    return cap if math.isfinite(cap.power_w) and cap.power_w >= 0 else replace(cap, power_w=0.0)
