"""Why a TLS handshake came to nothing: from alerts and the library's words to a verdict with its cause. Pure.

Sources: RFC 8446 (6.2), RFC 5246 (7.2.2); X.509 error numbers of OpenSSL (x509_vfy.h).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from evdesk.drivers.client_certificate import ClientCertificate, first_of_message, read_certificate
from evdesk.drivers.tls_state import TlsState
from evdesk.model import TlsSeen

_ALERT = re.compile(r"(?:TLSV1(?:3)?|SSLV3)_(?:ALERT_)?([A-Z_]+)")
_ALERTS = frozenset(
    {
        "access_denied",
        "bad_certificate",
        "bad_certificate_status_response",
        "bad_record_mac",
        "certificate_expired",
        "certificate_required",
        "certificate_revoked",
        "certificate_unknown",
        "certificate_unobtainable",
        "decode_error",
        "decompression_failure",
        "decrypt_error",
        "handshake_failure",
        "illegal_parameter",
        "inappropriate_fallback",
        "insufficient_security",
        "internal_error",
        "missing_extension",
        "no_renegotiation",
        "protocol_version",
        "record_overflow",
        "unexpected_message",
        "unknown_ca",
        "unknown_psk_identity",
        "unrecognized_name",
        "unsupported_certificate",
        "unsupported_extension",
        "user_cancelled",
    }
)
_NO_COMMON = frozenset(
    {
        "NO_SHARED_CIPHER",
        "NO_SUITABLE_SIGNATURE_ALGORITHM",
        "NO_SUITABLE_KEY_SHARE",
        "NO_SUITABLE_GROUPS",
        "NO_SHARED_GROUPS",
        "NO_SHARED_SIGNATURE_ALGORITHMS",
        "WRONG_SIGNATURE_TYPE",
    }
)
_ALERT_VERDICTS = {
    "unknown_ca": "tls_client_does_not_trust_us",
    "unsupported_certificate": "tls_client_does_not_trust_us",
    "certificate_revoked": "tls_client_does_not_trust_us",
    "access_denied": "tls_client_does_not_trust_us",
    "protocol_version": "tls_version_too_old",
    "handshake_failure": "tls_no_common_cipher",
    "insufficient_security": "tls_no_common_cipher",
    "unrecognized_name": "tls_wrong_name",
}
_TOO_OLD = frozenset({"UNSUPPORTED_PROTOCOL", "WRONG_VERSION_NUMBER", "VERSION_TOO_LOW", "WRONG_SSL_VERSION"})
_OLD_VERSIONS = frozenset({"SSL 3.0", "TLS 1.0", "TLS 1.1"})
_NOT_YET, _EXPIRED = 9, 10
_WHY_UNTRUSTED = {
    18: "it is signed by itself",
    19: "its root is not known here",
    20: "the root that signed it is not known here",
    21: "the root that signed it is not known here",
    24: "a certificate that may not sign others signed it",
    26: "it is not meant for TLS clients",
}


@dataclass(frozen=True, slots=True)
class OurSide:
    """`named`: whether our certificate is good for the name or address that was asked for."""

    named: bool
    asked_for: str
    not_before: float
    not_after: float


def alert_name(error: str) -> str:
    """The alert the other side sent ("unknown_ca"), "" where the error is our own."""
    found = _ALERT.fullmatch(error)
    word = found.group(1).lower() if found else ""
    return word if word in _ALERTS else ""


def classify(state: TlsState, ours: OurSide, now: float, offset_s: float | None) -> tuple[str, dict[str, str]]:
    """(verdict, words for its sentence). `offset_s`: how far the charger's clock is known to be off."""
    alert = alert_name(state.error)
    hello = state.hello
    fill = {
        "alert": alert,
        "detail": state.error or "the connection was closed",
        "name": ours.asked_for,
        "versions": ", ".join(hello.versions) if hello else "",
        "ciphers": ", ".join(hello.ciphers[:8]) if hello else "",
        "since": stamp(ours.not_before),
        "until": stamp(ours.not_after),
        "now": stamp(now),
    }
    if state.strange and (told := _strange(state, alert)):
        return told, fill
    theirs = _their_clock(state, now, offset_s)
    fill["theirs"] = stamp(theirs) if theirs is not None else "not known"
    if hello and hello.newest in _OLD_VERSIONS:
        return "tls_version_too_old", fill
    if state.error == "CERTIFICATE_VERIFY_FAILED":
        return _client_certificate(state, fill)
    if alert:
        return _their_alert(alert, ours, now, theirs, fill)
    if state.error in _TOO_OLD:
        return "tls_version_too_old", fill
    if state.error in _NO_COMMON:
        return "tls_no_common_cipher", fill
    if state.closed and state.showed:
        fill["alert"] = "none: it hung up"
        return _doubts(ours, now, theirs, fill)
    return "tls_failed", fill


_DISTRUST = frozenset(
    {"unknown_ca", "bad_certificate", "certificate_unknown", "unsupported_certificate", "decrypt_error"}
)


def _strange(state: TlsState, alert: str) -> str:
    """What a test with a certificate of nobody has shown; "" where the handshake failed for another reason."""
    if state.strange == "trusted":
        return "ca_not_checked"
    return "ca_checked" if alert in _DISTRUST or (state.closed and state.showed) else ""


def _their_alert(
    alert: str, ours: OurSide, now: float, theirs: float | None, fill: dict[str, str]
) -> tuple[str, dict[str, str]]:
    if alert == "certificate_expired":
        return "tls_server_certificate_expired", fill
    if alert in ("bad_certificate", "certificate_unknown"):
        return _doubts(ours, now, theirs, fill)
    return _ALERT_VERDICTS.get(alert, "tls_failed"), fill


def _doubts(ours: OurSide, now: float, theirs: float | None, fill: dict[str, str]) -> tuple[str, dict[str, str]]:
    """It has seen our certificate and does not say what it has against it: clocks first, then the name, then trust."""
    if now > ours.not_after or (theirs is not None and theirs > ours.not_after):
        return "tls_server_certificate_expired", fill
    if now < ours.not_before or (theirs is not None and theirs < ours.not_before):
        return "tls_server_certificate_not_yet_valid", fill
    return ("tls_wrong_name" if not ours.named else "tls_client_does_not_trust_us"), fill


def _their_clock(state: TlsState, now: float, offset_s: float | None) -> float | None:
    """The charger's time: measured on an earlier connection, else from its hello, where old stacks put it and it is
    plainly that of a clock nobody has set."""
    if offset_s is not None:
        return now + offset_s
    hello = state.hello
    if hello is not None and hello.newest == "TLS 1.2" and hello.random_time < 40 * 86400:
        return float(hello.random_time)
    return None


def _client_certificate(state: TlsState, fill: dict[str, str]) -> tuple[str, dict[str, str]]:
    shown = shown_certificate(state)
    fill |= {
        "subject": shown.subject if shown else "whose it is shows when it tries again",
        "issuer": shown.issuer if shown else "unknown",
        "since": stamp(shown.not_before) if shown else "unknown",
        "until": stamp(shown.not_after) if shown else "unknown",
        "why": _WHY_UNTRUSTED.get(state.verify, f"error {state.verify} of its check"),
    }
    if state.verify == _EXPIRED:
        return "tls_client_certificate_expired", fill
    if state.verify == _NOT_YET:
        return "tls_client_certificate_not_yet_valid", fill
    return "tls_client_certificate_untrusted", fill


def shown_certificate(state: TlsState) -> ClientCertificate | None:
    """The certificate the client showed, be it good or not."""
    return read_certificate(state.certificate or first_of_message(state.shown))


def seen(state: TlsState | None) -> TlsSeen | None:
    """As it is kept with the attempt."""
    if state is None:
        return None
    hello = state.hello
    shown = shown_certificate(state)
    return TlsSeen(
        offered_versions=hello.versions if hello else (),
        offered_ciphers=hello.ciphers[:64] if hello else (),
        server_name=hello.server_name if hello else "",
        version=state.version,
        cipher=state.cipher,
        alert=alert_name(state.error),
        certificate=shown.subject if shown else "",
        error=state.error,
    )


def stamp(at: float | None) -> str:
    if at is None:
        return "unknown"
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, OSError, ValueError):
        return "unknown"
