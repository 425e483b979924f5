"""The variables a simulated 2.x station has (names, types and access as in OCPP 2.0.1 part 2 appendices), as a table.

One line each: `Component.Variable[instance] | type unit | access | value | limits or list | flags`. Access R, W or RW;
limits as LOW..HIGH, of the length for a text; flags: reboot, constant, monitor, max=VALUE (a MaxSet attribute).
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from evdesk.simulator.configuration import MEASURANDS
from evdesk.simulator.makers import Maker
from evdesk.simulator.model2 import LISTS, Key, Spec

STATES = "Available,Occupied,Reserved,Unavailable,Faulted"
SAMPLED = "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register"
SAMPLEABLE = ",".join(name for name in MEASURANDS if name != "Temperature")
TOKENS = "Central,eMAID,ISO14443,ISO15693,KeyCode,Local,MacAddress,NoAuthorization"

STATION = f"""
ChargingStation.Available | boolean | R | true
ChargingStation.Enabled | boolean | R | true
ChargingStation.Problem | boolean | R | false | | monitor
ChargingStation.AvailabilityState | OptionList | R | Available | {STATES} | monitor
ChargingStation.AllowNewSessionsPendingFirmwareUpdate | boolean | RW | false
ChargingStation.SupplyPhases | integer | R | @phases | | constant
ChargingStation.Model | string | R | @model | | constant
ChargingStation.VendorName | string | R | @vendor | | constant
ChargingStation.SerialNumber | string | R | @serial | | constant
ChargingStation.FirmwareVersion | string | R | @firmware
ChargingStation.HardwareRevision | string | R | @hardware | | constant
ChargingStation.Manufacturer | string | R | @vendor | | constant
ChargingStation.Temperature | decimal Celsius | R | 24.0 | -40..120 | monitor
AlignedDataCtrlr.Enabled | boolean | RW | true
AlignedDataCtrlr.Available | boolean | R | true | | constant
AlignedDataCtrlr.Interval | integer s | RW | 0 | 0..86400
AlignedDataCtrlr.TxEndedInterval | integer s | RW | 0 | 0..86400
AlignedDataCtrlr.Measurands | MemberList | RW | Energy.Active.Import.Register | {SAMPLEABLE}
AlignedDataCtrlr.TxEndedMeasurands | MemberList | RW | Energy.Active.Import.Register | {SAMPLEABLE}
AlignedDataCtrlr.SendDuringIdle | boolean | RW | false
AuthCacheCtrlr.Enabled | boolean | RW | true
AuthCacheCtrlr.Available | boolean | R | true | | constant
AuthCacheCtrlr.LifeTime | integer s | RW | 86400 | 0..2592000
AuthCacheCtrlr.Policy | OptionList | RW | LRU | LRU,LFU,FIFO
AuthCacheCtrlr.Storage | integer B | R | 0
AuthCacheCtrlr.DisablePostAuthorize | boolean | RW | false
AuthCtrlr.Enabled | boolean | RW | true
AuthCtrlr.AuthorizeRemoteStart | boolean | RW | false
AuthCtrlr.LocalAuthorizeOffline | boolean | RW | true
AuthCtrlr.LocalPreAuthorize | boolean | RW | false
AuthCtrlr.OfflineTxForUnknownIdEnabled | boolean | RW | true
AuthCtrlr.AdditionalInfoItemsPerMessage | integer | R | 4
AuthCtrlr.MasterPassGroupId | string | RW | | 0..36
ClockCtrlr.DateTime | dateTime | R |
ClockCtrlr.NtpServerUri[1] | string | RW | pool.ntp.org | 0..255
ClockCtrlr.NtpSource | OptionList | RW | manual | DHCP,manual
ClockCtrlr.TimeOffset | string | RW | +00:00 | 0..6
ClockCtrlr.TimeZone | string | RW | Etc/UTC | 0..64
ClockCtrlr.TimeSource | SequenceList | RW | Heartbeat | Heartbeat,NTP,RealTimeClock
ClockCtrlr.TimeAdjustmentReportingThreshold | integer s | RW | 20 | 0..3600
CustomizationCtrlr.CustomImplementationEnabled[@vendor] | boolean | RW | false
DeviceDataCtrlr.ItemsPerMessage[GetReport] | integer | R | 40
DeviceDataCtrlr.ItemsPerMessage[GetVariables] | integer | R | 50
DeviceDataCtrlr.ItemsPerMessage[SetVariables] | integer | R | 20
DeviceDataCtrlr.BytesPerMessage[GetReport] | integer B | R | 65535
DeviceDataCtrlr.BytesPerMessage[GetVariables] | integer B | R | 65535
DeviceDataCtrlr.BytesPerMessage[SetVariables] | integer B | R | 32767
DeviceDataCtrlr.ConfigurationValueSize | integer | R | 1000 | 1..1000
DeviceDataCtrlr.ReportingValueSize | integer | R | 2500 | 1..2500
DeviceDataCtrlr.ValueSize | integer | R | 2500 | 1..2500
DisplayMessageCtrlr.Enabled | boolean | RW | true
DisplayMessageCtrlr.Available | boolean | R | true | | constant
DisplayMessageCtrlr.DisplayMessages | integer | R | 0 | 0..10
DisplayMessageCtrlr.SupportedFormats | MemberList | R | ASCII,UTF8 | ASCII,UTF8
DisplayMessageCtrlr.SupportedPriorities | MemberList | R | AlwaysFront,InFront,NormalCycle | AlwaysFront,InFront,NormalCycle
LocalAuthListCtrlr.Enabled | boolean | RW | true
LocalAuthListCtrlr.Available | boolean | R | true | | constant
LocalAuthListCtrlr.Entries | integer | R | 0 | 0..500
LocalAuthListCtrlr.ItemsPerMessage | integer | R | 50
LocalAuthListCtrlr.BytesPerMessage | integer B | R | 32767
LocalAuthListCtrlr.Storage | integer B | R | 0
LocalAuthListCtrlr.DisablePostAuthorize | boolean | RW | false
MonitoringCtrlr.Enabled | boolean | RW | true
MonitoringCtrlr.Available | boolean | R | true | | constant
MonitoringCtrlr.ItemsPerMessage[SetVariableMonitoring] | integer | R | 20
MonitoringCtrlr.ItemsPerMessage[ClearVariableMonitoring] | integer | R | 20
MonitoringCtrlr.BytesPerMessage[SetVariableMonitoring] | integer B | R | 32767
MonitoringCtrlr.ActiveMonitoringBase | OptionList | R | All | All,FactoryDefault,HardWiredOnly
MonitoringCtrlr.ActiveMonitoringLevel | integer | R | 9 | 0..9
MonitoringCtrlr.OfflineQueuingSeverity | integer | RW | 5 | 0..9
OCPPCommCtrlr.ActiveNetworkProfile | integer | R | 0
OCPPCommCtrlr.HeartbeatInterval | integer s | RW | 300 | 1..86400
OCPPCommCtrlr.OfflineThreshold | integer s | RW | 60 | 0..86400
OCPPCommCtrlr.MessageTimeout[Default] | integer s | R | 30 | 1..600
OCPPCommCtrlr.MessageAttempts[TransactionEvent] | integer | RW | 5 | 1..100
OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent] | integer s | RW | 10 | 0..3600
OCPPCommCtrlr.NetworkConfigurationPriority | SequenceList | RW | 0 | 0,1,2 | reboot
OCPPCommCtrlr.NetworkProfileConnectionAttempts | integer | RW | 3 | 1..100
OCPPCommCtrlr.ResetRetries | integer | RW | 1 | 0..10
OCPPCommCtrlr.RetryBackOffRandomRange | integer s | RW | 3 | 0..3600
OCPPCommCtrlr.RetryBackOffRepeatTimes | integer | RW | 3 | 0..20
OCPPCommCtrlr.RetryBackOffWaitMinimum | integer s | RW | 1 | 0..3600
OCPPCommCtrlr.WebSocketPingInterval | integer s | RW | 0 | 0..3600
OCPPCommCtrlr.UnlockOnEVSideDisconnect | boolean | R | true
OCPPCommCtrlr.QueueAllMessages | boolean | RW | false
OCPPCommCtrlr.FileTransferProtocols | MemberList | R | @schemes | HTTP,HTTPS,FTP,FTPS,SFTP
OCPPCommCtrlr.FieldLength[Get15118EVCertificateResponse.exiResponse] | integer | R | 7500
ReservationCtrlr.Enabled | boolean | RW | true
ReservationCtrlr.Available | boolean | R | true | | constant
ReservationCtrlr.NonEvseSpecific | boolean | R | true
SampledDataCtrlr.Enabled | boolean | RW | true
SampledDataCtrlr.Available | boolean | R | true | | constant
SampledDataCtrlr.SignReadings | boolean | R | false
SampledDataCtrlr.TxStartedMeasurands | MemberList | RW | Energy.Active.Import.Register | {SAMPLEABLE}
SampledDataCtrlr.TxUpdatedMeasurands | MemberList | RW | {SAMPLED} | {SAMPLEABLE}
SampledDataCtrlr.TxUpdatedInterval | integer s | RW | @sample_s | 0..86400
SampledDataCtrlr.TxEndedMeasurands | MemberList | RW | Energy.Active.Import.Register | {SAMPLEABLE}
SampledDataCtrlr.TxEndedInterval | integer s | RW | 0 | 0..86400
SecurityCtrlr.BasicAuthPassword | string | W | | 16..40
SecurityCtrlr.Identity | string | R | @identity | 1..48
SecurityCtrlr.OrganizationName | string | RW | Mill Lane depot | 0..255
SecurityCtrlr.SecurityProfile | integer | R | 0 | 0..3
SecurityCtrlr.CertificateEntries | integer | R | 0 | 0..20
SecurityCtrlr.CertSigningWaitMinimum | integer s | RW | 30 | 1..3600
SecurityCtrlr.CertSigningRepeatTimes | integer | RW | 3 | 0..10
SecurityCtrlr.AdditionalRootCertificateCheck | boolean | R | false
SecurityCtrlr.MaxCertificateChainSize | integer | R | 10000 | 0..10000
SmartChargingCtrlr.Enabled | boolean | RW | true
SmartChargingCtrlr.Available | boolean | R | true | | constant
SmartChargingCtrlr.ACPhaseSwitchingSupported | boolean | R | false
SmartChargingCtrlr.ProfileStackLevel | integer | R | @max_level
SmartChargingCtrlr.RateUnit | MemberList | R | @rate_units | A,W
SmartChargingCtrlr.PeriodsPerSchedule | integer | R | 24
SmartChargingCtrlr.Entries[ChargingProfiles] | integer | R | 0 | 0..20
SmartChargingCtrlr.ExternalControlSignalsEnabled | boolean | RW | false
SmartChargingCtrlr.NotifyChargingLimitWithSchedules | boolean | RW | false
SmartChargingCtrlr.Phases3to1 | boolean | R | false
SmartChargingCtrlr.LimitChangeSignificance | decimal Percent | RW | 5 | 0..100
SmartChargingCtrlr.IgnoredProfilePurposesOffline | MemberList | RW | | TxProfile,TxDefaultProfile,ChargingStationMaxProfile
TariffCostCtrlr.Enabled[Tariff] | boolean | RW | false
TariffCostCtrlr.Enabled[Cost] | boolean | RW | true
TariffCostCtrlr.Available[Cost] | boolean | R | true | | constant
TariffCostCtrlr.Currency | string | RW | EUR | 3..3
TariffCostCtrlr.TariffFallbackMessage | string | RW | | 0..255
TariffCostCtrlr.TotalCostFallbackMessage | string | RW | | 0..255
TxCtrlr.EVConnectionTimeOut | integer s | RW | 60 | 0..3600
TxCtrlr.StopTxOnEVSideDisconnect | boolean | R | true
TxCtrlr.StopTxOnInvalidId | boolean | RW | true
TxCtrlr.MaxEnergyOnInvalidId | integer Wh | RW | 0 | 0..100000
TxCtrlr.TxBeforeAcceptedEnabled | boolean | RW | true
TxCtrlr.TxStartPoint | MemberList | RW | PowerPathClosed | EVConnected,Authorized,PowerPathClosed
TxCtrlr.TxStopPoint | MemberList | RW | PowerPathClosed | EVConnected,Authorized,PowerPathClosed
TxCtrlr.ChargingTime | integer s | R | 0
Controller.FirmwareVersion | string | R | @firmware
Controller.SelfTestActive | boolean | RW | false
Controller.MeterValueAlignedData | boolean | R | true
ControlMetering.Power | decimal W | R | 0 | | monitor
LocalEnergyStorage.Available | boolean | R | false | | constant
UpstreamProtectionTrigger.Tripped | boolean | R | false | | monitor
CPPWMController.State[1] | OptionList | R | A | A,B,C,D,E,F
AcMeter.Available | boolean | R | true | | constant
"""
EVSE = f"""
EVSE.Available | boolean | R | true
EVSE.Enabled | boolean | R | true
EVSE.Problem | boolean | R | false | | monitor
EVSE.AvailabilityState | OptionList | R | Available | {STATES} | monitor
EVSE.AllowReset | boolean | R | true
EVSE.SupplyPhases | integer | R | @phases
EVSE.Power | decimal W | R | 0 | | monitor max=@max_w
EVSE.EvseId | string | RW | | 0..48
EVSE.ISO15118EvseId | string | RW | DEFAULT | 7..37
EVSE.MaxCurrent | decimal A | R | @max_a | | constant
AcMeter.ModelName | string | R | @vendor M@phases | | constant
AcMeter.SerialNumber | string | R | M@serial | | constant
AcMeter.Energy | decimal Wh | R | 0
"""
CONNECTOR = f"""
Connector.Available | boolean | R | true
Connector.Enabled | boolean | R | true
Connector.Problem | boolean | R | false | | monitor
Connector.AvailabilityState | OptionList | R | Available | {STATES} | monitor
Connector.ConnectorType | string | R | cType2 | | constant
Connector.SupplyPhases | integer | R | @phases
Connector.ChargeProtocol | string | R | IEC61851
ConnectorPlugRetentionLock.Locked | boolean | R | false
"""
VERSION_2_1 = """
OCPPCommCtrlr.SupportedProtocols | SequenceList | R | 2.1 | 2.1,2.0.1 | constant
SmartChargingCtrlr.UpdateAllowedEnergyTransfer | boolean | R | false
SmartChargingCtrlr.MinUpdateInterval | integer s | RW | 0 | 0..3600
MonitoringCtrlr.MaxPeriodicEventStreams | integer | R | 4 | 0..4
PaymentCtrlr.Enabled | boolean | RW | false
DCDERCtrlr.Available | boolean | R | false | | constant
V2XChargingCtrlr.Available[1] | boolean | R | false | | constant
NetworkConfiguration.OcppCsmsUrl[1] | string | RW | | 0..512 | reboot
NetworkConfiguration.SecurityProfile[1] | integer | RW | 1 | 0..3
NetworkConfiguration.BasicAuthPassword[1] | string | W | | 16..64
NetworkConfiguration.Identity[1] | string | RW | | 0..48
"""
SENSORS = (
    "Temperature | decimal Celsius | R | 31.5 | -40..150 | monitor",
    "Voltage | decimal V | R | 400.0 | 0..1000 | monitor",
    "Current | decimal A | R | 0.0 | 0..500 | monitor",
    "FanSpeed | integer RPM | R | 1200 | 0..9000 | monitor",
    "HumidityLimit | decimal Percent | RW | 85 | 0..100",
    "SerialNumber | string | R | PM-0001 | | constant",
    "FirmwareVersion | string | R | 1.0.0",
    "Enabled | boolean | RW | true",
    "Problem | boolean | R | false | | monitor",
    "OperatingTimes | integer s | R | 86400",
    "Mode | OptionList | RW | Auto | Auto,Eco,Boost,Off",
    "Label | string | RW | module | 0..50",
)
"""Of power modules: they make a station's model as large as a test wants it."""


def parse_line(line: str) -> Spec:
    """One line of a table; raises ValueError."""
    fields = [part.strip() for part in line.split("|")] + [""] * 4
    name, about, access, value, limits, flags = fields[:6]
    path, _, instance = name.rstrip("]").partition("[")
    component, _, variable = path.partition(".")
    kind, _, unit = about.partition(" ")
    listed = kind in LISTS
    low, _, high = ("", "", "") if listed else limits.partition("..")
    words = flags.split()
    return Spec(
        component=component,
        variable=variable,
        instance=instance,
        kind=kind,
        unit=unit,
        access=access,
        value=value,
        low=float(low) if low else None,
        high=float(high) if high else None,
        values=tuple(limits.split(",")) if listed and limits else (),
        reboot="reboot" in words,
        constant="constant" in words,
        monitored="monitor" in words,
        max_set=next((word.removeprefix("max=") for word in words if word.startswith("max=")), ""),
    )


def _table(text: str, facts: dict[str, str], evse: int = 0, connector: int = 0) -> Iterator[Spec]:
    for line in filter(None, text.splitlines()):
        for name, told in facts.items():
            line = line.replace(f"@{name}", told)
        yield replace(parse_line(line), evse=evse, connector=connector)


def _all(maker: Maker, evses: int, sample_s: int, version: str) -> Iterator[Spec]:
    units = {"Current": "A", "Power": "W"}
    facts = {
        "phases": str(maker.phases),
        "model": maker.model,
        "vendor": maker.vendor,
        "firmware": maker.firmware,
        "hardware": maker.hardware,
        "sample_s": str(sample_s),
        "max_level": str(maker.max_level),
        "schemes": ",".join(maker.files.schemes),
        "max_a": f"{maker.max_a:g}",
        "max_w": f"{maker.max_a * 230 * maker.phases:g}",
        "rate_units": ",".join(units.get(u, u) for u in maker.rate_units.split(",")),
        "serial": "@serial",  # these two differ from station to station: the station tells them
        "identity": "@identity",
    }
    yield from _table(STATION + (VERSION_2_1 if version == "2.1" else ""), facts)
    for evse in range(1, evses + 1):
        yield from _table(EVSE, facts, evse)
        yield from _table(CONNECTOR, facts, evse, 1)


@lru_cache(maxsize=64)
def inventory(maker: Maker, evses: int, sample_s: int, version: str, variables: int) -> MappingProxyType[Key, Spec]:
    """All variables of such a station by key; shared, so that a thousand stations hold one table.

    `variables`: how many there shall be at least; power modules with a dozen sensors each fill it up.
    """
    specs = {spec.key: spec for spec in _all(maker, evses, sample_s, version)}
    number = 0
    while len(specs) < variables:
        module, line = divmod(number, len(SENSORS))
        spec = replace(parse_line(f"PowerModule.{SENSORS[line]}"), component_instance=f"{module + 1}")
        specs[spec.key] = spec
        number += 1
    return MappingProxyType(specs)
