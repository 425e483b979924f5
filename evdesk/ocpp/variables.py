"""The variables OCPP 2.0.1 and 2.1 standardise (part 2, "Referenced Components and Variables"): type, unit, range,
choices, meaning. Data only; the words are ours.

A row: Component/Variable[instance]|type|unit|range|choices|meaning. `*` as component: any component may have it.
"""

from dataclasses import dataclass

from evdesk.ocpp.keys import MEASURANDS


@dataclass(frozen=True, slots=True)
class Variable:
    """`type` as `model.Setting` has it; `choices` are the values it takes, () where they are open."""

    name: str
    type: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    meaning: str


_NAMED: dict[str, tuple[str, ...]] = {
    "@measurands": MEASURANDS,
    "@times": ("Heartbeat", "NTP", "GPS", "RealTimeClock", "MobileNetwork", "RadioTimeTransmitter"),
    "@shown": ("Charging", "Faulted", "Idle", "Unavailable", "Suspended", "Discharging"),
    "@keys": ("Never", "OncePerTransaction", "EveryMeterValue"),
    "@points": ("ParkingBayOccupancy", "EVConnected", "Authorized", "DataSigned", "PowerPathClosed", "EnergyTransfer"),
    "@states": ("Available", "Occupied", "Reserved", "Unavailable", "Faulted"),
}
"""Choices that are too long for a row."""

_ROWS = """
AlignedDataCtrlr/Available|boolean||||Can send meter values on the clock.
AlignedDataCtrlr/Enabled|boolean||||Send meter values on the clock.
AlignedDataCtrlr/Interval|integer|s|0..86400||Meter values on the clock; 0 is off.
AlignedDataCtrlr/Measurands|list|||@measurands|Measurands of clock-aligned meter values.
AlignedDataCtrlr/SendDuringIdle|boolean||||Clock-aligned values only while nobody charges.
AlignedDataCtrlr/SignReadings|boolean||||Sign clock-aligned values.
AlignedDataCtrlr/TxEndedInterval|integer|s|0..86400||Clock-aligned values kept for the end of a charge.
AlignedDataCtrlr/TxEndedMeasurands|list|||@measurands|Clock-aligned measurands told at the end.
SampledDataCtrlr/Available|boolean||||Can send meter values while charging.
SampledDataCtrlr/Enabled|boolean||||Send meter values while charging.
SampledDataCtrlr/SignReadings|boolean||||Sign the values sent while charging.
SampledDataCtrlr/RegisterValuesWithoutPhases|boolean||||Energy registers only as a total.
SampledDataCtrlr/TxStartedMeasurands|list|||@measurands|Measurands told when a charge begins.
SampledDataCtrlr/TxUpdatedInterval|integer|s|0..86400||Time between meter values while charging; 0 is off.
SampledDataCtrlr/TxUpdatedMeasurands|list|||@measurands|Measurands sent while charging.
SampledDataCtrlr/TxEndedInterval|integer|s|0..86400||Time between values kept for the end of a charge.
SampledDataCtrlr/TxEndedMeasurands|list|||@measurands|Measurands told at the end.
AuthCacheCtrlr/Available|boolean||||Has a memory of tags that were accepted.
AuthCacheCtrlr/Enabled|boolean||||Use the memory of accepted tags.
AuthCacheCtrlr/LifeTime|integer|s|0..||How long an accepted tag is remembered.
AuthCacheCtrlr/Storage|integer|B|||Room for remembered tags.
AuthCacheCtrlr/Policy|choice|||LRU,LFU,FIFO,CUSTOM|Which tag is forgotten first.
AuthCacheCtrlr/DisablePostAuthorize|boolean||||Do not ask again about a tag that was refused before.
AuthCtrlr/Enabled|boolean||||Ask for a tag before charging; off charges for everybody.
AuthCtrlr/AdditionalInfoItemsPerMessage|integer||||Most extra items in one authorisation.
AuthCtrlr/AuthorizeRemoteStart|boolean||||Check the tag of a remote start first.
AuthCtrlr/LocalAuthorizeOffline|boolean||||Accept known tags while offline.
AuthCtrlr/LocalPreAuthorize|boolean||||Start known tags before the back office answers.
AuthCtrlr/MasterPassGroupId|string||||Group of tags that may stop every charge.
AuthCtrlr/OfflineTxForUnknownIdEnabled|boolean||||Charge unknown tags while offline.
AuthCtrlr/DisableRemoteAuthorization|boolean||||Never ask the back office about tags.
CHAdeMOCtrlr/Enabled|boolean||||CHAdeMO can be used.
ChargingStation/Available|boolean||||The station exists.
ChargingStation/AvailabilityState|choice|||@states|State of the station now.
ChargingStation/SupplyPhases|integer||0..3||Phases of the station's supply.
ChargingStation/Model|string||||Model of the station.
ChargingStation/VendorName|string||||Maker of the station.
ChargingStation/SerialNumber|string||||Serial number of the station.
ChargingStation/FirmwareVersion|string||||Firmware of the station.
ChargingStation/AllowNewSessionsPendingFirmwareUpdate|boolean||||Let new charges begin while an update waits.
ClockCtrlr/DateTime|datetime||||The charger's clock now.
ClockCtrlr/NextTimeOffsetTransitionDateTime|datetime||||When the offset to UTC changes next.
ClockCtrlr/NtpServerUri|string||||Time server.
ClockCtrlr/NtpSource|choice|||DHCP,manual|Where the time server's name comes from.
ClockCtrlr/TimeAdjustmentReportingThreshold|integer|s|0..||Clock steps larger than this are reported.
ClockCtrlr/TimeOffset|string||||Offset of local time to UTC.
ClockCtrlr/TimeOffset[NextTransition]|string||||Offset of local time after the next change.
ClockCtrlr/TimeSource|list|||@times|Where the clock gets its time, best first.
ClockCtrlr/TimeZone|string||||Time zone, e.g. Europe/Amsterdam.
Connector/Available|boolean||||The connector exists.
Connector/AvailabilityState|choice|||@states|State of the connector now.
Connector/ConnectorType|string||||Kind of plug or socket.
Connector/SupplyPhases|integer||0..3||Phases at the connector.
Connector/ChargeProtocol|string||||How car and connector talk.
CustomizationCtrlr/CustomImplementationEnabled|boolean||||Use a maker's own extension.
CustomizationCtrlr/CustomTriggers|list||||Own messages that may be asked for.
DeviceDataCtrlr/BytesPerMessage[GetReport]|integer|B|||Largest report request.
DeviceDataCtrlr/BytesPerMessage[GetVariables]|integer|B|||Largest request for variables.
DeviceDataCtrlr/BytesPerMessage[SetVariables]|integer|B|||Largest request that sets variables.
DeviceDataCtrlr/ConfigurationValueSize|integer|chars|||Longest value that can be set.
DeviceDataCtrlr/ItemsPerMessage[GetReport]|integer||||Most variables in one report request.
DeviceDataCtrlr/ItemsPerMessage[GetVariables]|integer||||Most variables asked for at once.
DeviceDataCtrlr/ItemsPerMessage[SetVariables]|integer||||Most variables set at once.
DeviceDataCtrlr/ReportingValueSize|integer|chars|||Longest value that is reported.
DeviceDataCtrlr/ValueSize|integer|chars|||Longest value of a variable.
DisplayMessageCtrlr/Available|boolean||||Has a display for messages.
DisplayMessageCtrlr/Enabled|boolean||||Show messages on the display.
DisplayMessageCtrlr/DisplayMessages|integer||||Messages shown now.
DisplayMessageCtrlr/PersonalMessageSize|integer|chars|||Longest message to a driver.
DisplayMessageCtrlr/SupportedFormats|list|||ASCII,HTML,URI,UTF8,QRCODE|Kinds of text the display takes.
DisplayMessageCtrlr/SupportedPriorities|list|||AlwaysFront,InFront,NormalCycle|Priorities the display knows.
DisplayMessageCtrlr/SupportedStates|list|||@shown|States a message may be bound to.
EVSE/Available|boolean||||The EVSE exists.
EVSE/AvailabilityState|choice|||@states|State of the EVSE now.
EVSE/AllowReset|boolean||||Can be reset on its own.
EVSE/EvseId|string||||Number of the EVSE for roaming.
EVSE/ISO15118EvseId|string||||Number of the EVSE for ISO 15118.
EVSE/Power|decimal|W|0..||Power now (Actual) and at most (MaxSet).
EVSE/SupplyPhases|integer||0..3||Phases at the EVSE.
EVSE/DCInputPhaseControl|boolean||||Can choose the input phase of a DC charge.
ISO15118Ctrlr/Enabled|boolean||||Talk ISO 15118 with cars.
ISO15118Ctrlr/PnCEnabled|boolean||||Plug and charge.
ISO15118Ctrlr/V2GCertificateInstallationEnabled|boolean||||Renew its own V2G certificate.
ISO15118Ctrlr/ContractCertificateInstallationEnabled|boolean||||Install contract certificates in cars.
ISO15118Ctrlr/CentralContractValidationAllowed|boolean||||Let the back office check contracts it cannot check itself.
ISO15118Ctrlr/ContractValidationOffline|boolean||||Check contracts itself while offline.
ISO15118Ctrlr/MaxScheduleEntries|integer||||Most entries of a schedule a car takes.
ISO15118Ctrlr/RequestedEnergyTransferMode|string||||Kind of charging the car asked for.
ISO15118Ctrlr/RequestMeteringReceipt|boolean||||Ask cars to sign the meter value.
ISO15118Ctrlr/SeccId|string||||Name of the charger towards cars.
ISO15118Ctrlr/CountryName|string||||Country in the V2G certificate.
ISO15118Ctrlr/OrganizationName|string||||Organisation in the V2G certificate.
ISO15118Ctrlr/ProtocolSupported|string||||ISO 15118 editions it speaks.
LocalAuthListCtrlr/Available|boolean||||Has a local list of tags.
LocalAuthListCtrlr/Enabled|boolean||||Use the local list of tags.
LocalAuthListCtrlr/Entries|integer||||Tags in the local list; its highest value is the room for them.
LocalAuthListCtrlr/ItemsPerMessage|integer||||Most tags sent at once.
LocalAuthListCtrlr/BytesPerMessage|integer|B|||Largest message with tags.
LocalAuthListCtrlr/Storage|integer|B|||Room for the local list.
LocalAuthListCtrlr/DisablePostAuthorize|boolean||||Do not ask again about a tag the list refuses.
LocalAuthListCtrlr/SupportsExpiryDateTime|boolean||||Honours the end date of a tag.
MonitoringCtrlr/Available|boolean||||Can watch its own values.
MonitoringCtrlr/Enabled|boolean||||Watch its own values.
MonitoringCtrlr/ActiveMonitoringBase|choice|||All,FactoryDefault,HardWiredOnly|Which watches are in force.
MonitoringCtrlr/ActiveMonitoringLevel|integer||0..9||Events of this severity and worse are told.
MonitoringCtrlr/BytesPerMessage[SetVariableMonitoring]|integer|B|||Largest request that sets watches.
MonitoringCtrlr/ItemsPerMessage[SetVariableMonitoring]|integer||||Most watches set at once.
MonitoringCtrlr/BytesPerMessage[ClearVariableMonitoring]|integer|B|||Largest request that clears watches.
MonitoringCtrlr/ItemsPerMessage[ClearVariableMonitoring]|integer||||Most watches cleared at once.
MonitoringCtrlr/MonitoringBase|choice|||All,FactoryDefault,HardWiredOnly|Which watches are in force.
MonitoringCtrlr/MonitoringLevel|integer||0..9||Events of this severity and worse are told.
MonitoringCtrlr/OfflineQueuingSeverity|integer||0..9||Events of this severity and worse are kept while offline.
OCPPCommCtrlr/ActiveNetworkProfile|integer||||Network profile in use now.
OCPPCommCtrlr/FileTransferProtocols|list|||FTP,FTPS,HTTP,HTTPS,SFTP|Ways to fetch and send files.
OCPPCommCtrlr/HeartbeatInterval|integer|s|1..604800||Time between signs of life.
OCPPCommCtrlr/MessageTimeout[Default]|integer|s|1..||How long it waits for an answer.
OCPPCommCtrlr/MessageAttempts[TransactionEvent]|integer|times|0..||Tries of a charge's message.
OCPPCommCtrlr/MessageAttemptInterval[TransactionEvent]|integer|s|0..||Pause before the next try, growing.
OCPPCommCtrlr/NetworkConfigurationPriority|list||||Network profiles in the order they are tried.
OCPPCommCtrlr/NetworkProfileConnectionAttempts|integer|times|0..||Tries before the next network profile.
OCPPCommCtrlr/OfflineThreshold|integer|s|0..||Offline longer than this, every state is told again.
OCPPCommCtrlr/PublicKeyWithSignedMeterValue|choice|||@keys|How often the meter's public key is sent along.
OCPPCommCtrlr/QueueAllMessages|boolean||||Keep all messages while offline, not only those of charges.
OCPPCommCtrlr/ResetRetries|integer|times|0..100||Tries of a reset that did not work.
OCPPCommCtrlr/RetryBackOffRandomRange|integer|s|0..||Random part of the pause before it dials again.
OCPPCommCtrlr/RetryBackOffRepeatTimes|integer|times|0..||How often that pause doubles.
OCPPCommCtrlr/RetryBackOffWaitMinimum|integer|s|0..||Shortest pause before it dials again.
OCPPCommCtrlr/UnlockOnEVSideDisconnect|boolean||||Unlock when the car is unplugged.
OCPPCommCtrlr/WebSocketPingInterval|integer|s|0..86400||Time between pings; 0 is off.
OCPPCommCtrlr/FieldLength|integer|chars|||Longest value of this field.
ReservationCtrlr/Available|boolean||||Can be reserved.
ReservationCtrlr/Enabled|boolean||||Reservations are taken.
ReservationCtrlr/NonEvseSpecific|boolean||||Can reserve without naming an EVSE.
SecurityCtrlr/AdditionalRootCertificateCheck|boolean||||Stricter check of new root certificates.
SecurityCtrlr/AllowSecurityProfileDowngrade|boolean||||May go back from TLS with certificate to TLS with password.
SecurityCtrlr/BasicAuthPassword|string||||Password of this charger; can only be written.
SecurityCtrlr/CertificateEntries|integer||||Certificates it holds.
SecurityCtrlr/CertSigningRepeatTimes|integer|times|0..||Tries to get a certificate signed.
SecurityCtrlr/CertSigningWaitMinimum|integer|s|0..||First wait for a signed certificate.
SecurityCtrlr/Identity|string||||The charger's name in its address.
SecurityCtrlr/MaxCertificateChainSize|integer|B|||Largest certificate chain.
SecurityCtrlr/OrganizationName|string||||Operator's name in certificates.
SecurityCtrlr/SecurityProfile|integer||0..3||1 password, 2 TLS and password, 3 TLS with certificate.
SmartChargingCtrlr/ACPhaseSwitchingSupported|boolean||||Can be told which phase to use.
SmartChargingCtrlr/Available|boolean||||Can be limited by charging profiles.
SmartChargingCtrlr/Enabled|boolean||||Charging profiles are obeyed.
SmartChargingCtrlr/Entries[ChargingProfiles]|integer||||Charging profiles now; its highest value is the room for them.
SmartChargingCtrlr/ExternalControlSignalsEnabled|boolean||||Something else on site may limit it.
SmartChargingCtrlr/IgnoredProfilePurposesOffline|list||||Profiles it drops while offline.
SmartChargingCtrlr/LimitChangeSignificance|decimal|%|0..100||Smaller changes of a limit are not told.
SmartChargingCtrlr/NotifyChargingLimitWithSchedules|boolean||||Tell the schedule of an outside limit too.
SmartChargingCtrlr/PeriodsPerSchedule|integer||||Most periods in one schedule.
SmartChargingCtrlr/Phases3to1|boolean||||Can switch from three phases to one.
SmartChargingCtrlr/ProfileStackLevel|integer||||Highest stack level of a charging profile.
SmartChargingCtrlr/RateUnit|list|||A,W|Units of limits.
SmartChargingCtrlr/MaxExternalConstraintsId|integer||||Highest number of an outside limit.
SmartChargingCtrlr/UpdateRateLimit|integer|s|0..||Shortest time between two changes of a profile.
TariffCostCtrlr/Available[Tariff]|boolean||||Can show a tariff.
TariffCostCtrlr/Available[Cost]|boolean||||Can show what a charge costs.
TariffCostCtrlr/Enabled[Tariff]|boolean||||Show the tariff.
TariffCostCtrlr/Enabled[Cost]|boolean||||Show what a charge costs.
TariffCostCtrlr/Currency|string||||Currency of prices.
TariffCostCtrlr/TariffFallbackMessage|string||||Text where no tariff is known.
TariffCostCtrlr/TotalCostFallbackMessage|string||||Text where no cost is known.
TxCtrlr/ChargingTime|integer|s|||Time energy flowed in this charge.
TxCtrlr/EVConnectionTimeOut|integer|s|0..86400||Time to plug in after a tag was shown.
TxCtrlr/MaxEnergyOnInvalidId|integer|Wh|0..||Energy still given after a tag became invalid.
TxCtrlr/StopTxOnEVSideDisconnect|boolean||||End the charge when the car is unplugged.
TxCtrlr/StopTxOnInvalidId|boolean||||End the charge when the tag turns out invalid.
TxCtrlr/TxBeforeAcceptedEnabled|boolean||||Charge before the back office has accepted the station.
TxCtrlr/TxStartPoint|list|||@points|What begins a charge.
TxCtrlr/TxStopPoint|list|||@points|What ends a charge.
V2XChargingCtrlr/Available|boolean||||Can give energy back.
V2XChargingCtrlr/Enabled|boolean||||May give energy back.
V2XChargingCtrlr/SupportedEnergyTransferModes|list||||Ways of charging and discharging it knows.
V2XChargingCtrlr/SupportedOperationModes|list||||Operation modes it knows.
V2XChargingCtrlr/TxUpdatedInterval[V2X]|integer|s|0..86400||Time between values while discharging.
DCDERCtrlr/Available|boolean||||Takes grid support commands.
ACDERCtrlr/Available|boolean||||Takes grid support commands.
PaymentCtrlr/Available|boolean||||Takes payments at the station.
WebPaymentsCtrlr/Available|boolean||||Shows a code to pay by phone.
WebPaymentsCtrlr/URLTemplate|string||||Address behind that code.
*/Active|boolean||||In use now.
*/Available|boolean||||The part exists.
*/AvailabilityState|choice|||@states|State now.
*/Enabled|boolean||||Switched on.
*/Fallback|boolean||||Works in a reduced way.
*/Problem|boolean||||Something is wrong with this part.
*/Tripped|boolean||||A protection has acted.
*/Overload|boolean||||More than it can bear.
*/Operated|boolean||||Was operated.
*/State|string||||State now.
*/Temperature|decimal|Celsius|||Temperature now.
*/Power|decimal|W|||Power.
*/Current|decimal|A|||Current.
*/Voltage|decimal|V|||Voltage.
*/DCVoltage|decimal|V|||DC voltage.
*/DCCurrent|decimal|A|||DC current.
*/ACVoltage|decimal|V|||AC voltage.
*/ACCurrent|decimal|A|||AC current.
*/FirmwareVersion|string||||Its firmware.
*/SerialNumber|string||||Its serial number.
*/VendorName|string||||Its maker.
*/Model|string||||Its model.
*/Manufacturer|string||||Its maker.
*/ECVariant|string||||Its hardware edition.
*/Interval|integer|s|0..||Time between two of them.
*/Count|integer||||How many.
*/Percent|decimal|%|0..100||Share.
*/Color|string||||Colour.
*/Message|string||||Text shown.
*/Protecting|boolean||||Protects right now.
*/Suspended|boolean||||Waits.
*/Complete|boolean||||Finished.
*/Angle|decimal|deg|||Position.
*/Energy|decimal|Wh|||Energy.
*/Frequency|decimal|Hz|||Frequency.
*/IPAddress|string||||Address in the network.
*/MacAddress|string||||Hardware address in the network.
*/SignalStrength|decimal|dBm|||Strength of the radio signal.
*/Timeout|integer|s|0..||How long it waits.
"""

WARNINGS: dict[str, str] = {
    "OCPPCommCtrlr/WebSocketPingInterval": "Some chargers cannot answer pings and then lose the connection again and "
    "again.",
    "OCPPCommCtrlr/NetworkConfigurationPriority": "Decides which back office it dials after the next reset. A wrong order "
    "takes it away from here.",
    "OCPPCommCtrlr/NetworkProfileConnectionAttempts": "Decides when it gives up a back office and dials the next one.",
    "OCPPCommCtrlr/OfflineThreshold": "A long one hides what happened while it was offline.",
    "SecurityCtrlr/BasicAuthPassword": "Better under More, Security: evdesk learns it there. "
    "A wrong one locks the charger out.",
    "SecurityCtrlr/Identity": "The charger comes back under another name.",
    "SecurityCtrlr/AllowSecurityProfileDowngrade": "True lets somebody weaken the connection.",
    "SecurityCtrlr/SecurityProfile": "It can only be raised. Without what it needs the charger cannot come back.",
    "AuthCtrlr/Enabled": "False lets everybody charge.",
    "AuthCtrlr/OfflineTxForUnknownIdEnabled": "Decides whether strangers may charge while the charger is offline.",
    "SampledDataCtrlr/TxUpdatedInterval": "0 switches measuring off: evdesk then has to keep the full current free for it.",
    "SampledDataCtrlr/TxUpdatedMeasurands": "One measurand the charger does not know makes it refuse the whole list. "
    "Without Current.Import evdesk is blind.",
    "SmartChargingCtrlr/Enabled": "False makes it ignore every limit. evdesk then reserves its full rating.",
    "TxCtrlr/TxStartPoint": "Decides what counts as a charge. A wrong one loses energy or begins without a car.",
    "TxCtrlr/TxStopPoint": "Decides when a charge ends. A wrong one leaves it open.",
    "ClockCtrlr/TimeSource": "A wrong clock breaks TLS and makes limits expire too early or too late.",
}


def _variable(row: str) -> Variable:
    name, kind, unit, span, choices, meaning = row.split("|", 5)
    low, _, high = span.partition("..")
    words = _NAMED.get(choices) or tuple(word for word in choices.split(",") if word)
    return Variable(name, kind, unit, float(low) if low else None, float(high) if high else None, words, meaning)


STANDARD: dict[str, Variable] = {
    row.split("|", 1)[0].lower(): _variable(row) for row in _ROWS.strip().splitlines() if row
}
_COMPONENTS = frozenset(name.partition("/")[0] for name in STANDARD) - {"*"}


def standard_variable(component: str, variable: str, instance: str = "") -> Variable | None:
    """The entry for a variable, without case: with its instance, without, or of any component."""
    component, variable, instance = component.lower(), variable.lower(), instance.lower()
    for name in (f"{component}/{variable}[{instance}]", f"{component}/{variable}", f"*/{variable}"):
        found = STANDARD.get(name)
        if found is not None:
            return found
    return None


def standard_component(component: str) -> bool:
    """Whether OCPP names this component with variables of its own."""
    return component.lower() in _COMPONENTS
