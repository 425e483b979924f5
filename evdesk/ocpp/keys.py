"""The configuration keys OCPP 1.6 and its security whitepaper name: profile, type, unit, range, meaning. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """`group`: the feature profile it belongs to. `low`, `high`: what makes sense, None where open."""

    name: str
    group: str
    type: str  # string | integer | boolean | list
    unit: str
    low: float | None
    high: float | None
    meaning: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The words its list may hold, () where they are open."""
        return CHOICES.get(self.name, ())


_ROWS = """
AllowOfflineTxForUnknownId|Core|boolean|||Charge unknown tags while offline.
AuthorizationCacheEnabled|Core|boolean|||Remember tags that were accepted.
AuthorizeRemoteTxRequests|Core|boolean|||Check the tag of a remote start first.
BlinkRepeat|Core|integer|times|0..|How often the lights blink.
ClockAlignedDataInterval|Core|integer|s|0..86400|Meter values on the clock; 0 is off.
ConnectionTimeOut|Core|integer|s|0..86400|Time to plug in after a tag was shown.
ConnectorPhaseRotation|Core|list|||How the phases are wired, per connector.
GetConfigurationMaxKeys|Core|integer|||Most settings one request may ask for.
HeartbeatInterval|Core|integer|s|1..604800|Time between signs of life.
LightIntensity|Core|integer|%|0..100|Brightness of the lights.
LocalAuthorizeOffline|Core|boolean|||Accept known tags while offline.
LocalPreAuthorize|Core|boolean|||Start known tags before the back office answers.
MaxEnergyOnInvalidId|Core|integer|Wh|0..|Energy still given after a tag became invalid.
MeterValuesAlignedData|Core|list|||Measurands of clock-aligned meter values.
MeterValuesAlignedDataMaxLength|Core|integer|||Most measurands in that list.
MeterValuesSampledData|Core|list|||Measurands sent while charging.
MeterValuesSampledDataMaxLength|Core|integer|||Most measurands in that list.
MeterValueSampleInterval|Core|integer|s|0..86400|Time between meter values while charging.
MinimumStatusDuration|Core|integer|s|0..86400|How long a state must last before it is told.
NumberOfConnectors|Core|integer|||Connectors of this charging station.
ResetRetries|Core|integer|times|0..100|Tries of a reset that did not work.
StopTransactionOnEVSideDisconnect|Core|boolean|||End the charge when the car is unplugged.
StopTransactionOnInvalidId|Core|boolean|||End the charge when the tag turns out invalid.
StopTxnAlignedData|Core|list|||Clock-aligned measurands told at the end.
StopTxnAlignedDataMaxLength|Core|integer|||Most measurands in that list.
StopTxnSampledData|Core|list|||Sampled measurands told at the end.
StopTxnSampledDataMaxLength|Core|integer|||Most measurands in that list.
SupportedFeatureProfiles|Core|list|||Parts of OCPP this charger says it knows.
SupportedFeatureProfilesMaxLength|Core|integer|||Most entries in that list.
TransactionMessageAttempts|Core|integer|times|0..|Tries of a start or stop message.
TransactionMessageRetryInterval|Core|integer|s|0..86400|Pause before the next try, growing.
UnlockConnectorOnEVSideDisconnect|Core|boolean|||Unlock when the car is unplugged.
WebSocketPingInterval|Core|integer|s|0..86400|Time between pings; 0 is off.
LocalAuthListEnabled|LocalAuthListManagement|boolean|||Use the local list of tags.
LocalAuthListMaxLength|LocalAuthListManagement|integer|||Most tags in the local list.
SendLocalListMaxLength|LocalAuthListManagement|integer|||Most tags sent at once.
ReserveConnectorZeroSupported|Reservation|boolean|||Can reserve without naming a connector.
ChargeProfileMaxStackLevel|SmartCharging|integer|||Highest stack level of a charging profile.
ChargingScheduleAllowedChargingRateUnit|SmartCharging|list|||Units of limits: Current, Power.
ChargingScheduleMaxPeriods|SmartCharging|integer|||Most periods in one schedule.
ConnectorSwitch3to1PhaseSupported|SmartCharging|boolean|||Can switch from three phases to one.
MaxChargingProfilesInstalled|SmartCharging|integer|||Most charging profiles at once.
SupportedFileTransferProtocols|FirmwareManagement|list|||Ways to fetch and send files.
AuthorizationKey|Security|string|||Password of this charger; can only be written.
SecurityProfile|Security|integer||0..3|0 none, 1 password, 2 TLS and password, 3 TLS with certificate. Can only be raised.
CpoName|Security|string|||Operator's name in certificates.
AdditionalRootCertificateCheck|Security|boolean|||Stricter check of new root certificates.
CertificateSignedMaxChainSize|Security|integer|B||Largest certificate chain.
CertificateStoreMaxLength|Security|integer|||Most certificates kept.
CertSigningWaitMinimum|Security|integer|s|0..86400|First wait for a signed certificate.
CertSigningRepeatTimes|Security|integer|times|0..100|Tries to get a certificate signed.
DisableSecurityEventNotifications|Security|boolean|||Do not tell security events.
"""

MEASURANDS = (
    "Current.Import",
    "Current.Offered",
    "Current.Export",
    "Voltage",
    "Power.Active.Import",
    "Power.Offered",
    "Power.Active.Export",
    "Power.Factor",
    "Power.Reactive.Import",
    "Power.Reactive.Export",
    "Energy.Active.Import.Register",
    "Energy.Active.Import.Interval",
    "Energy.Active.Export.Register",
    "Energy.Active.Export.Interval",
    "Energy.Reactive.Import.Register",
    "Energy.Reactive.Import.Interval",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Export.Interval",
    "Frequency",
    "Temperature",
    "SoC",
    "RPM",
)
"""OCPP 1.6, 7.31, the usual ones first."""

CHOICES: dict[str, tuple[str, ...]] = {
    "MeterValuesSampledData": MEASURANDS,
    "MeterValuesAlignedData": MEASURANDS,
    "StopTxnSampledData": MEASURANDS,
    "StopTxnAlignedData": MEASURANDS,
}

WARNINGS: dict[str, str] = {
    "WebSocketPingInterval": "Some chargers cannot answer pings and then lose the connection again and again.",
    "SecurityProfile": "It can only be raised. Without the password or certificate it needs the charger cannot return.",
    "AuthorizationKey": "Better under More, Security: evdesk learns it there. A wrong one locks the charger out.",
    "HeartbeatInterval": "Many chargers take the interval of the next boot answer instead; a short one floods the log.",
    "MeterValueSampleInterval": "0 switches measuring off: evdesk then has to keep the full current free for it.",
    "MeterValuesSampledData": "One measurand the charger does not know makes it refuse the whole list. Without "
    "Current.Import evdesk is blind.",
    "LocalAuthorizeOffline": "Decides who may charge while the charger is offline.",
    "AllowOfflineTxForUnknownId": "Decides whether strangers may charge while the charger is offline.",
    "StopTransactionOnEVSideDisconnect": "False leaves a charge open after the car is gone.",
    "UnlockConnectorOnEVSideDisconnect": "False leaves the cable locked after the car is gone.",
    "ConnectorPhaseRotation": "Tells how the phases are wired. A wrong one makes limits act on the wrong phase.",
    "TransactionMessageAttempts": "0 loses charges that were made offline.",
    "DisableSecurityEventNotifications": "True hides break-ins and bad firmware from evdesk.",
}
"""What may happen to someone who changes this key, in words."""


def _key(row: str) -> Key:
    name, group, kind, unit, span, meaning = row.split("|", 5)
    low, _, high = span.partition("..")
    return Key(name, group, kind, unit, float(low) if low else None, float(high) if high else None, meaning)


STANDARD: dict[str, Key] = {row.split("|", 1)[0].lower(): _key(row) for row in _ROWS.strip().splitlines()}


def standard_key(name: str) -> Key | None:
    """Keys are compared without case."""
    return STANDARD.get(name.strip().lower())
