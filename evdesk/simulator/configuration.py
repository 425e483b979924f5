"""The station's configuration keys (OCPP 1.6 chapter 9, plus some vendor keys)."""

from dataclasses import dataclass
from typing import Any

from evdesk.simulator.makers import Maker

MEASURANDS = (
    "Current.Import",
    "Current.Offered",
    "Voltage",
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "Temperature",
    "SoC",
)
DEFAULT_SAMPLED = "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register"


@dataclass(slots=True)
class Key:
    """`kind`: int | bool | text | measurands | secret (never told); `reboot`: a change counts after the next restart."""

    value: str
    kind: str = "text"
    writable: bool = True
    reboot: bool = False
    low: int = 0
    high: int = 86_400 * 7


def _number(value: int, low: int = 0, high: int = 86_400 * 7) -> Key:
    return Key(str(value), "int", low=low, high=high)


def _flag(value: bool) -> Key:
    return Key("true" if value else "false", "bool")


def _fixed(value: object) -> Key:
    return Key(str(value), writable=False)


def _keys(maker: Maker, connectors: int, sample_s: int) -> dict[str, Key]:
    return {
        "AllowOfflineTxForUnknownId": _flag(True),
        "AuthorizationCacheEnabled": _flag(True),
        "AuthorizeRemoteTxRequests": _flag(False),
        "BlinkRepeat": _number(3, 0, 100),
        "ClockAlignedDataInterval": _number(0),
        "ConnectionTimeOut": _number(60),
        "ConnectorPhaseRotation": Key("0.Unknown,1.Unknown"),
        "ConnectorPhaseRotationMaxLength": _fixed(connectors + 1),
        "GetConfigurationMaxKeys": _fixed(64),
        "HeartbeatInterval": _number(300, 1),
        "LightIntensity": _number(80, 0, 100),
        "LocalAuthorizeOffline": _flag(True),
        "LocalPreAuthorize": _flag(False),
        "MaxEnergyOnInvalidId": _number(0),
        "MeterValuesAlignedData": Key("Energy.Active.Import.Register", "measurands"),
        "MeterValuesAlignedDataMaxLength": _fixed(len(MEASURANDS)),
        "MeterValuesSampledData": Key(DEFAULT_SAMPLED, "measurands"),
        "MeterValuesSampledDataMaxLength": _fixed(len(MEASURANDS)),
        "MeterValueSampleInterval": _number(sample_s),
        "MinimumStatusDuration": _number(0),
        "NumberOfConnectors": _fixed(connectors),
        "ResetRetries": _number(1, 0, 10),
        "StopTransactionOnEVSideDisconnect": _flag(True),
        "StopTransactionOnInvalidId": _flag(True),
        "StopTxnAlignedData": Key("", "measurands"),
        "StopTxnSampledData": Key("", "measurands"),
        "SupportedFeatureProfiles": _fixed(
            "Core,SmartCharging,RemoteTrigger,FirmwareManagement,LocalAuthListManagement,Reservation"
        ),
        "SupportedFeatureProfilesMaxLength": _fixed(6),
        "TransactionMessageAttempts": _number(5, 1, 100),
        "TransactionMessageRetryInterval": _number(10),
        "UnlockConnectorOnEVSideDisconnect": _flag(True),
        "WebSocketPingInterval": _number(0),
        "ChargeProfileMaxStackLevel": _fixed(maker.max_level),
        "ChargingScheduleAllowedChargingRateUnit": _fixed(maker.rate_units),
        "ChargingScheduleMaxPeriods": _fixed(24),
        "ConnectorSwitch3to1PhaseSupported": _fixed("false"),
        "MaxChargingProfilesInstalled": _fixed(20),
        "SupportedFileTransferProtocols": _fixed(",".join(maker.files.schemes)),
        "CpoName": Key(""),
        **_list_and_security_keys(),
        **_vendor_keys(maker),
    }


def _list_and_security_keys() -> dict[str, Key]:
    """Local list, reservation, and the Security Whitepaper's."""
    return {
        "LocalAuthListEnabled": _flag(True),
        "LocalAuthListMaxLength": _fixed(500),
        "SendLocalListMaxLength": _fixed(50),
        "ReserveConnectorZeroSupported": _fixed("true"),
        "AuthorizationKey": Key("", kind="secret"),
        "SecurityProfile": _number(0, 0, 3),
        "AllowSecurityProfileDowngrade": _flag(False),
        "AdditionalRootCertificateCheck": _fixed("false"),
        "CertificateSignedMaxChainSize": _fixed(10_000),
        "CertificateStoreMaxLength": _fixed(20),
        "CertSigningWaitMinimum": _number(30, 1, 3600),
        "CertSigningRepeatTimes": _number(3, 0, 10),
        "DisableSecurityEventNotifications": _flag(False),
    }


def _vendor_keys(maker: Maker) -> dict[str, Key]:
    if maker.vendor == "Nordlade":
        return {
            "NordladeCentralSystemUrl": Key("", reboot=True),
            "NordladeInstallerMaxCurrent": Key("16", "int", writable=False),
            "NordladeLedTheme": Key("calm"),
            "NordladeHardwareRevision": _fixed(maker.hardware),
        }
    if maker.vendor == "Kestrel":
        return {
            "KestrelServerURL": Key("", reboot=True),
            "KestrelRcdTestDay": _number(1, 1, 28),
            "KestrelHwRev": _fixed(maker.hardware),
        }
    return {"amp_backend": Key("", reboot=True), "amp_plug_lock": _flag(True), "amp_dlb_mode": _fixed("off")}


class Configuration:
    """Values as text, exactly as OCPP 1.6 carries them; keys compare without case."""

    def __init__(self, maker: Maker, connectors: int = 1, sample_s: int = 10) -> None:
        self.keys = _keys(maker, connectors, sample_s)
        self._by_lower = {name.lower(): name for name in self.keys}

    def __getitem__(self, name: str) -> str:
        return self.keys[name].value

    def drop(self, name: str) -> None:
        """As if there were no such key."""
        self.keys.pop(name, None)
        self._by_lower.pop(name.lower(), None)

    def number(self, name: str) -> int:
        return int(self.keys[name].value)

    def flag(self, name: str) -> bool:
        return self.keys[name].value == "true"

    def items(self, name: str) -> list[str]:
        return [part.strip() for part in self.keys[name].value.split(",") if part.strip()]

    def get(self, wanted: list[str] | None) -> dict[str, Any]:
        """GetConfiguration.conf; without names every key."""
        found: list[dict[str, Any]] = []
        unknown: list[str] = []
        for asked in wanted or list(self.keys):
            name = self._by_lower.get(asked.lower())
            if name is None:
                unknown.append(asked)
                continue
            key = self.keys[name]
            told: dict[str, Any] = {"key": name, "readonly": not key.writable}
            found.append(told if key.kind == "secret" else told | {"value": key.value})
        answer: dict[str, Any] = {"configurationKey": found}
        if unknown:
            answer["unknownKey"] = unknown
        return answer

    def change(self, asked: str, value: str) -> str:
        """ChangeConfiguration.conf status."""
        name = self._by_lower.get(asked.lower())
        if name is None:
            return "NotSupported"
        key = self.keys[name]
        if not key.writable or not _fits(key, value):
            return "Rejected"
        key.value = value.lower() if key.kind == "bool" else value
        return "RebootRequired" if key.reboot else "Accepted"


def _fits(key: Key, value: str) -> bool:
    if key.kind == "int":
        return value.isdecimal() and key.low <= int(value) <= key.high
    if key.kind == "bool":
        return value.lower() in ("true", "false")
    if key.kind == "measurands":
        return all(part.strip() in MEASURANDS for part in value.split(",") if part.strip())
    return len(value) <= 500
