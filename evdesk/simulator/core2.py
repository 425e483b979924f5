"""The core of a simulated OCPP 2.x station: its device model instead of configuration keys."""

from collections.abc import Callable, Iterable, Iterator

from evdesk.model import Clock
from evdesk.model import ConnectorStatus as Status
from evdesk.simulator.core import Core, Line
from evdesk.simulator.inventory2 import inventory
from evdesk.simulator.makers import Maker
from evdesk.simulator.model2 import DeviceModel, Spec, station_key
from evdesk.simulator.outlet import Outlet

VERSIONS = ("2.0.1", "2.1")


class Core2(Core):
    """`version` "2.0.1" or "2.1"; `variables` how many the device model shall have at least."""

    def __init__(
        self,
        identity: str,
        maker: Maker,
        clock: Clock,
        *,
        version: str,
        seed: object,
        faults: Iterable[str],
        sample_s: int,
        say: Line,
        evses: int = 1,
        variables: int = 0,
    ) -> None:
        super().__init__(identity, maker, clock, seed=seed, faults=faults, say=say, evses=evses)
        self.version = version
        self._events = 0
        self.model = DeviceModel(inventory(maker, evses, sample_s, version, variables), self._live)

        self._spoil()

    def forget_settings(self) -> None:
        """Everything as it was delivered."""
        self.model.forget()
        self._spoil()

    def settings(self) -> Iterator[tuple[str, str]]:
        return self.model.readable()

    def _spoil(self) -> None:
        put = self.model.put
        if self.has("firmware_not_announced"):
            self.model.drop("OCPPCommCtrlr", "FileTransferProtocols")
        for fault, unit in (("amperes_only", "A"), ("watts_only", "W")):
            if self.has(fault):
                put("SmartChargingCtrlr", "RateUnit", unit)
        if self.has("drops_defaults_offline"):
            put("SmartChargingCtrlr", "IgnoredProfilePurposesOffline", "TxDefaultProfile,ChargingStationMaxProfile")
            self.profiles.ignored_offline = frozenset({"TxDefaultProfile", "ChargePointMaxProfile"})
        if self.has("three_levels_announced"):
            put("SmartChargingCtrlr", "ProfileStackLevel", "3")
        if self.has("sampling_fixed"):
            put("SampledDataCtrlr", "TxUpdatedInterval", "0")
            self.model.fixed.add(station_key("SampledDataCtrlr", "TxUpdatedInterval"))

    @property
    def newest(self) -> bool:
        return self.version == "2.1"

    def next_event(self) -> int:
        """An eventId nobody else has."""
        self._events += 1
        return self._events

    def _live(self, spec: Spec) -> str | None:
        """Values that are facts of this station or change by themselves."""
        own = _OWN.get(spec.component + "." + spec.variable)
        if own is None:
            return None
        if not spec.evse:
            return own(self, None)
        outlet = self.outlets.get(spec.evse)
        return None if outlet is None else own(self, outlet)


def connector_status(outlet: Outlet) -> str:
    """ConnectorStatusEnumType from the facts."""
    status = outlet.status()
    same = (Status.AVAILABLE, Status.UNAVAILABLE, Status.FAULTED, Status.RESERVED)
    if status is Status.PREPARING and outlet.car is None:
        return "Available"  # somebody may come: 2.x does not tell
    return status.value if status in same else "Occupied"


def charging_state(outlet: Outlet) -> str:
    """ChargingStateEnumType from the facts."""
    if outlet.car is None:
        return "Idle"
    if not outlet.authorized or outlet.fault:
        return "EVConnected"
    status = outlet.status().value
    return status if status in ("Charging", "SuspendedEV", "SuspendedEVSE") else "EVConnected"


def _availability(core: Core2, outlet: Outlet | None) -> str:
    if outlet is not None:
        return connector_status(outlet)
    told = {connector_status(each) for each in core.outlets.values()}
    return next((s for s in ("Available", "Occupied", "Reserved", "Unavailable", "Faulted") if s in told), "Available")


def _problem(core: Core2, outlet: Outlet | None) -> str:
    outlets = core.outlets.values() if outlet is None else [outlet]
    return "true" if any(each.fault for each in outlets) else "false"


def _power(core: Core2, outlet: Outlet | None) -> str:
    outlets = core.outlets.values() if outlet is None else [outlet]
    return f"{sum(each.power_w for each in outlets):.0f}"


def _serial(core: Core2, outlet: Outlet | None) -> str:
    return core.serial if outlet is None else f"M{core.serial}"[:25]


_OWN: dict[str, Callable[[Core2, Outlet | None], str]] = {
    "AcMeter.Energy": lambda _core, outlet: f"{outlet.register_wh:.0f}" if outlet else "0",
    "AcMeter.SerialNumber": _serial,
    "ChargingStation.AvailabilityState": _availability,
    "ChargingStation.Problem": _problem,
    "ChargingStation.SerialNumber": _serial,
    "ChargingStation.FirmwareVersion": lambda core, _outlet: core.firmware,
    "ClockCtrlr.DateTime": lambda core, _outlet: core.stamp(),
    "Connector.AvailabilityState": _availability,
    "Connector.Problem": _problem,
    "ControlMetering.Power": _power,
    "Controller.FirmwareVersion": lambda core, _outlet: core.firmware,
    "EVSE.AvailabilityState": _availability,
    "EVSE.Power": _power,
    "EVSE.Problem": _problem,
    "SecurityCtrlr.CertificateEntries": lambda core, _outlet: str(len(core.link.access.roots)),
    "SecurityCtrlr.Identity": lambda core, _outlet: core.identity,
    "SecurityCtrlr.SecurityProfile": lambda core, _outlet: str(core.link.access.profile),
    "SmartChargingCtrlr.Entries": lambda core, _outlet: str(len(core.profiles.items)),
}
"""How each is told: of one EVSE, or (None) of the whole station."""
