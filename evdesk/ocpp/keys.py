"""The configuration keys OCPP 1.6 and its security whitepaper name: type, unit, meaning. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    type: str  # string | integer | boolean | list
    unit: str
    meaning: str


_ROWS = """
AllowOfflineTxForUnknownId|boolean||Charge unknown tags while offline.
AuthorizationCacheEnabled|boolean||Remember tags that were accepted.
AuthorizeRemoteTxRequests|boolean||Check the tag of a remote start first.
BlinkRepeat|integer|times|How often the lights blink.
ClockAlignedDataInterval|integer|s|Meter values on the clock; 0 is off.
ConnectionTimeOut|integer|s|Time to plug in after a tag was shown.
ConnectorPhaseRotation|list||How the phases are wired, per connector.
GetConfigurationMaxKeys|integer||Most settings one request may ask for.
HeartbeatInterval|integer|s|Time between signs of life.
LightIntensity|integer|%|Brightness of the lights.
LocalAuthorizeOffline|boolean||Accept known tags while offline.
LocalPreAuthorize|boolean||Start known tags before the back office answers.
MaxEnergyOnInvalidId|integer|Wh|Energy still given after a tag became invalid.
MeterValuesAlignedData|list||Measurands of clock-aligned meter values.
MeterValuesAlignedDataMaxLength|integer||Most measurands in that list.
MeterValuesSampledData|list||Measurands sent while charging.
MeterValuesSampledDataMaxLength|integer||Most measurands in that list.
MeterValueSampleInterval|integer|s|Time between meter values while charging.
MinimumStatusDuration|integer|s|How long a state must last before it is told.
NumberOfConnectors|integer||Connectors of this charging station.
ResetRetries|integer|times|Tries of a reset that did not work.
StopTransactionOnEVSideDisconnect|boolean||End the charge when the car is unplugged.
StopTransactionOnInvalidId|boolean||End the charge when the tag turns out invalid.
StopTxnAlignedData|list||Clock-aligned measurands told at the end.
StopTxnAlignedDataMaxLength|integer||Most measurands in that list.
StopTxnSampledData|list||Sampled measurands told at the end.
StopTxnSampledDataMaxLength|integer||Most measurands in that list.
SupportedFeatureProfiles|list||Parts of OCPP this charger says it knows.
SupportedFeatureProfilesMaxLength|integer||Most entries in that list.
TransactionMessageAttempts|integer|times|Tries of a start or stop message.
TransactionMessageRetryInterval|integer|s|Pause before the next try, growing.
UnlockConnectorOnEVSideDisconnect|boolean||Unlock when the car is unplugged.
WebSocketPingInterval|integer|s|Time between pings; 0 is off.
LocalAuthListEnabled|boolean||Use the local list of tags.
LocalAuthListMaxLength|integer||Most tags in the local list.
SendLocalListMaxLength|integer||Most tags sent at once.
ReserveConnectorZeroSupported|boolean||Can reserve without naming a connector.
ChargeProfileMaxStackLevel|integer||Highest stack level of a charging profile.
ChargingScheduleAllowedChargingRateUnit|list||Units of limits: Current, Power.
ChargingScheduleMaxPeriods|integer||Most periods in one schedule.
ConnectorSwitch3to1PhaseSupported|boolean||Can switch from three phases to one.
MaxChargingProfilesInstalled|integer||Most charging profiles at once.
SupportedFileTransferProtocols|list||Ways to fetch and send files.
AuthorizationKey|string||Password of this charger; can only be written.
SecurityProfile|integer||0 none, 1 password, 2 TLS and password, 3 TLS with certificate. Can only be raised.
CpoName|string||Operator's name in certificates.
AdditionalRootCertificateCheck|boolean||Stricter check of new root certificates.
CertificateSignedMaxChainSize|integer|B|Largest certificate chain.
CertificateStoreMaxLength|integer||Most certificates kept.
CertSigningWaitMinimum|integer|s|First wait for a signed certificate.
CertSigningRepeatTimes|integer|times|Tries to get a certificate signed.
DisableSecurityEventNotifications|boolean||Do not tell security events.
"""

STANDARD: dict[str, Key] = {row.split("|", 1)[0].lower(): Key(*row.split("|", 3)) for row in _ROWS.strip().splitlines()}


def standard_key(name: str) -> Key | None:
    """Keys are compared without case."""
    return STANDARD.get(name.strip().lower())
