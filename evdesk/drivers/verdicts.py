"""Every verdict on an attempt to connect: how grave it is, what happened, and what to change. One table.

In braces stands what only the attempt knows. A sentence says what was seen, never more; the advice names the cause and the
place to change.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from evdesk.model import Severity


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tell`: the refused client gets sentence and advice to read; where False, only a bare refusal (it could be a
    stranger trying passwords)."""

    severity: Severity
    sentence: str
    advice: str = ""
    tell: bool = True


_OK, _INFO, _WARN, _BAD = Severity.OK, Severity.INFO, Severity.WARN, Severity.DANGER

VERDICTS: dict[str, Verdict] = {
    # -- let in
    "accepted": Verdict(_OK, "Connected{how}.{odd}"),
    "pending": Verdict(_INFO, "Connected{how}, and waits for a person to accept it.{odd}", "Accept it in the desk."),
    "duplicate_id": Verdict(
        _WARN,
        "Two chargers seem to use this id: one at {here}, one at {there}.",
        "Give each its own id; until then they push each other out.",
    ),
    "drill": Verdict(
        _INFO,
        "evdesk refuses this charger on purpose: its failsafe drill is under way.",
        "It is let in again at the end of the drill.",
        tell=False,
    ),
    # -- the request
    "no_id": Verdict(
        _BAD,
        "The address holds no charger id{why}.",
        "Type the id after the last slash, for example {scheme}://HOST:{port}/CHARGER-1.",
    ),
    "bad_path": Verdict(
        _BAD,
        "The address typed into the charger cannot be used: {detail}.",
        "Type the address as evdesk shows it; the charger's name in it has up to 255 plain characters without blanks.",
    ),
    "bad_subprotocol": Verdict(
        _BAD,
        "The charger offers only {offered}, which evdesk does not speak.",
        "Set the charger to OCPP 1.6 JSON (evdesk speaks 1.6, 2.0.1 and 2.1 over JSON).",
    ),
    "no_upgrade": Verdict(
        _INFO,
        "This is the charger port of evdesk. It speaks OCPP over WebSocket; a browser has no business here.",
        "Type this address into the charger, not into a browser.",
    ),
    "bad_handshake": Verdict(
        _BAD,
        "The WebSocket handshake is wrong: {detail}",
        "The charger's WebSocket client is at fault; look for a firmware update.",
    ),
    "not_http": Verdict(
        _WARN,
        "This is not a charger speaking OCPP-J: {detail}.",
        "Something else uses this port, or the charger is set to OCPP 1.5 or SOAP. Set it to OCPP-J (JSON).",
    ),
    "empty": Verdict(_INFO, "A connection was opened and closed without a word: a port check, most likely."),
    "too_slow": Verdict(
        _WARN,
        "The charger began its request and never finished it.",
        "Check the network between charger and evdesk: packets are lost, or a proxy holds them back.",
    ),
    "too_many": Verdict(
        _WARN,
        "{count} connections from this address never became a WebSocket; new ones are dropped for now.",
        "Find out what runs at this address: it is a broken charger, a scan or an attack.",
    ),
    "too_often": Verdict(
        _WARN,
        "{id} connected {count} times within {seconds} s; it is let in again when it has calmed down.",
        "Look at the charger: its client connects anew without waiting. Two devices with one id do that to each other.",
    ),
    "too_many_strangers": Verdict(
        _WARN,
        "{count} unknown chargers are connected and wait for a person; no more are let in.",
        "Accept or forget those that wait. If nobody put up so many, something in this network makes them up.",
    ),
    "compressed_without_negotiation": Verdict(
        _BAD,
        "The charger sends compressed frames although no compression was agreed ({detail}).",
        "Switch compression off in the charger, or update its firmware.",
    ),
    # -- plain or TLS
    "plain_on_tls_port": Verdict(
        _BAD,
        "The charger speaks plain ws:// on port {port}, which is for TLS.",
        "Use wss:// in the charger's address, or the plain port{plain_port}.",
    ),
    "tls_on_plain_port": Verdict(
        _BAD,
        "The charger tries TLS on the plain port {port}.",
        "Use ws:// instead of wss:// in the charger's address{tls_port}.",
    ),
    # -- TLS
    "tls_version_too_old": Verdict(
        _BAD,
        "The charger offers {versions} only; nothing older than TLS 1.2 is safe, and evdesk refuses it.",
        "Update the charger's firmware, or use security profile 1 (ws:// with a password) on a network of its own.",
    ),
    "tls_no_common_cipher": Verdict(
        _BAD,
        "Charger and evdesk have no TLS cipher or key in common. The charger offers: {ciphers}.",
        "Update the charger's firmware; OCPP demands ECDHE or RSA with AES-GCM.",
    ),
    "tls_client_does_not_trust_us": Verdict(
        _BAD,
        "The charger does not trust evdesk's certificate (TLS alert: {alert}).",
        "Install evdesk's root certificate in the charger: while it is connected by ws:// evdesk can do that, or load the "
        "exported file in the charger's own web page.",
    ),
    "tls_server_certificate_expired": Verdict(
        _BAD,
        "The charger holds evdesk's certificate for expired. It is valid until {until}; the charger's clock: {theirs}; "
        "evdesk's clock: {now}.",
        "Set the charger's clock (or its time server). If evdesk's own clock is wrong, set that.",
    ),
    "tls_server_certificate_not_yet_valid": Verdict(
        _BAD,
        "The charger holds evdesk's certificate for not valid yet. It is valid from {since} on; the charger's clock: "
        "{theirs}; evdesk's clock: {now}.",
        "Set the charger's clock (or its time server). If evdesk's own clock is wrong, set that.",
    ),
    "ca_checked": Verdict(
        _INFO,
        "Tested: it refuses a certificate that it cannot know, as it should ({detail}).",
        "The next connection gets evdesk's true certificate.",
    ),
    "ca_not_checked": Verdict(
        _BAD,
        "Tested: it took a certificate that nobody can trust. Anybody on its network can pose as evdesk.",
        "Look in the charger for a setting that checks certificates, and for newer firmware.",
    ),
    "tls_wrong_name": Verdict(
        _BAD,
        "The charger asks for “{name}”, which is not in evdesk's certificate (TLS alert: {alert}).",
        "Use one of these in the charger's address: {names}; or add “{name}” to evdesk's names.",
    ),
    "tls_failed": Verdict(
        _BAD,
        "The TLS handshake broke off: {detail}.",
        "Try again; if it stays, use another TLS version in the charger, or update its firmware.",
    ),
    "tls_no_client_certificate": Verdict(
        _BAD,
        "The charger must show a certificate of its own (security profile 3) and showed none{before}.",
        "Let evdesk sign one for it while it is connected with security profile 2, or lower the profile demanded of it.",
        tell=False,
    ),
    "tls_client_certificate_untrusted": Verdict(
        _BAD,
        "The charger's certificate ({subject}, issued by {issuer}) is not trusted: {why}.",
        "Have evdesk sign a certificate for the charger, or import the root that issued this one.",
    ),
    "tls_client_certificate_expired": Verdict(
        _BAD,
        "The charger's certificate ({subject}) expired at {until}; evdesk's clock says {now}.",
        "Sign a new certificate: connect the charger with security profile 2 or 1 meanwhile. Check evdesk's clock.",
    ),
    "tls_client_certificate_not_yet_valid": Verdict(
        _BAD,
        "The charger's certificate ({subject}) is valid from {since} on; evdesk's clock says {now}.",
        "Set evdesk's clock. If it is right, the certificate was made with a wrong clock: sign a new one.",
    ),
    "tls_client_certificate_wrong_identity": Verdict(
        _BAD,
        "The charger's certificate ({subject}) names neither the id {id} nor its serial number ({serial}).",
        "Sign a certificate for this charger, or correct the id in the charger's address.",
        tell=False,
    ),
    "tls_client_certificate_revoked": Verdict(
        _BAD,
        "The charger's certificate was revoked in evdesk.",
        "Sign a new certificate for it while it is connected with security profile 2.",
        tell=False,
    ),
    "serial_contradicts_certificate": Verdict(
        _BAD,
        "The charger booted with serial number {serial}, but its certificate is of {subject}.",
        "Another charger uses this certificate or this id. Sign a certificate for the charger that is really there.",
        tell=False,
    ),
    # -- passwords
    "password_missing": Verdict(
        _BAD,
        "A password is demanded of {id}, and it sent none.",
        "Enter the password in the charger (AuthorizationKey or BasicAuthPassword), or demand none here.",
        tell=False,
    ),
    "password_not_set": Verdict(
        _BAD,
        "A password is demanded of {id}, and none is set for it here.",
        "Set the charger's password in evdesk, then enter the same in the charger.",
        tell=False,
    ),
    "password_wrong": Verdict(
        _BAD,
        "{id} sent a wrong password ({length} bytes): neither the text, nor its hex form, nor its decoded bytes match.",
        "Enter the password anew in the charger, or set the charger's one here.",
        tell=False,
    ),
    "password_wrong_form": Verdict(
        _BAD,
        "{id} sends the right password {form}.",
        "Enter it in the charger exactly as evdesk shows it once, without anything around it.",
        tell=False,
    ),
    "user_differs": Verdict(
        _BAD,
        "{id} logs in {user}; the user name must be the charger's id.",
        "Enter {id} as the user name in the charger{instead}.",
        tell=False,
    ),
    "profile_too_low": Verdict(
        _BAD,
        "{id} connected with security profile {profile}; at least {minimum} is demanded of it.",
        "Set the charger to the higher profile, or lower what evdesk demands of it.",
        tell=False,
    ),
}

ODD_WORDS = {
    "no_subprotocol": "offers no sub-protocol",
    "odd_subprotocol": "names an odd sub-protocol",
    "no_connection_upgrade": "leaves out “Connection: Upgrade”",
    "no_upgrade_header": "leaves out “Upgrade: websocket”",
    "no_websocket_version": "leaves out the WebSocket version",
    "http_1_0": "uses HTTP/1.0",
    "absolute_uri": "writes the whole address in the request line",
    "double_slash": "writes a double slash in the path",
    "basic_user_differs": "logs in with another name than its id",
    "id_from_basic_user": "has its id in the log-in only",
    "id_from_query": "has its id in the query only",
    "id_from_serial": "tells no id; its serial number is taken for it",
    "bad_extensions": "offers unreadable extensions",
}
"""Odd, and mended."""

CARE_WORDS = {
    "password_as_hex_text": "sends the hex text of its password instead of the bytes",
    "password_empty": "sends a log-in without a password, which counts as none",
    "password_not_checked": "sends a password, and none is set for it here",
    "password_wrong": "sends a wrong password beside its certificate",
    "certificate_not_asked": "showed a certificate twice that is not trusted here, and is asked for none for a while",
    "certificate_names_another": "shows a certificate that does not name it",
}
"""Odd, and left as it is."""

_HOW = {
    "text": ", its password is right",
    "hex": ", its password is right (sent as hex text)",
    "bytes": ", its password is right (sent as bytes)",
    "certificate": ", its certificate is right",
}


class _Words(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "" if key in ("how", "odd", "plain_port", "tls_port", "before", "why") else "?"


def say(verdict: str, fill: Mapping[str, str]) -> tuple[str, str]:
    """(sentence, advice) of a verdict."""
    row = VERDICTS[verdict]
    words = _Words(fill)
    return row.sentence.format_map(words), row.advice.format_map(words)


def welcome(auth: str, warnings: tuple[str, ...]) -> dict[str, str]:
    """What to add to the sentence of a charger that was let in."""
    mended = [ODD_WORDS[word] for word in warnings if word in ODD_WORDS]
    left = [CARE_WORDS[word] for word in warnings if word in CARE_WORDS]
    odd = f" The charger {', '.join(mended)}; that was mended." if mended else ""
    odd += f" The charger {', '.join(left)}." if left else ""
    return {"how": _HOW.get(auth, ""), "odd": odd}
