"""Every verdict of the charger port in a person's words: what it is called, what the charger did, what to do.

In braces stands what the attempt tells: {path} {offered} {id} {port} {url} {wss} {ws} {name} {versions} {ciphers} {alert}
{subject} {user}. The same words make docs/will-not-connect.md (tests/gui/test_verdicts.py).
"""

from dataclasses import dataclass

ACCEPT, PASSWORD, ROOT, SECURITY, TLS = "accept", "password", "root", "security", "tls"
"""What evdesk can do about it itself: the button of the row."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`role`: ok, info, warn, danger, muted. `problem`: shown by the filter "problems". `deed`: "" for none."""

    icon: str
    word: str
    role: str
    did: str
    do: str = ""
    deed: str = ""

    @property
    def problem(self) -> bool:
        return self.role in ("warn", "danger")


VERDICTS: dict[str, Verdict] = {
    # -- let in
    "accepted": Verdict("check-circle", "Connected.", "ok", "It was here and is known."),
    "pending": Verdict("person", "Was here.", "muted", "It asked to join and has gone again."),
    "duplicate_id": Verdict(
        "warning",
        "Name taken.",
        "warn",
        "A charger named {id} is connected already. The newer one took its place.",
        "give each charger its own name",
    ),
    "drill": Verdict(
        "shield",
        "Drill.",
        "muted",
        "It is refused on purpose: its failsafe drill is under way, and it is let in again at the end.",
    ),
    # -- the request
    "no_id": Verdict(
        "warning",
        "No name.",
        "warn",
        "It asks for “{path}”, with no name of its own in it.",
        "add a name to the address: {url}bay1",
    ),
    "bad_path": Verdict(
        "warning",
        "Wrong path.",
        "warn",
        "It asks for “{path}”; no charger name can be read from that.",
        "type the address as it stands here: {url}",
    ),
    "bad_subprotocol": Verdict(
        "warning",
        "Other protocol.",
        "warn",
        "It offers {offered}, which evdesk does not speak.",
        "set it to OCPP JSON (1.6, 2.0.1 or 2.1), not SOAP",
    ),
    "no_upgrade": Verdict(
        "info",
        "Not a charger.",
        "muted",
        "A web browser or a scanner opened the page. Ignored.",
    ),
    "bad_handshake": Verdict(
        "warning",
        "Broken request.",
        "danger",
        "It speaks HTTP, but its WebSocket request is not valid.",
        "look for newer firmware; the request as it came stands in the details",
    ),
    "not_http": Verdict(
        "info",
        "Not OCPP.",
        "muted",
        "It speaks something else than HTTP.",
        "if this is a charger, set it to OCPP JSON, not SOAP or 1.5",
    ),
    "empty": Verdict("info", "Said nothing.", "muted", "It opened the port and closed it again, like a port check."),
    "too_slow": Verdict(
        "clock",
        "Too slow.",
        "warn",
        "It opened the port and did not finish its first sentence.",
        "look at the cable, the Wi-Fi and anything between: packets get lost",
    ),
    "too_many": Verdict(
        "warning",
        "Too often.",
        "warn",
        "It opens more connections than a charger needs.",
        "restart it; look whether two devices use its address",
    ),
    "too_often": Verdict(
        "warning",
        "Again and again.",
        "warn",
        "It connects anew without waiting, so it is kept out until it has calmed down.",
        "restart it; look whether two devices use its id",
    ),
    "too_many_strangers": Verdict(
        "warning",
        "Too many strangers.",
        "warn",
        "So many unknown chargers wait to be accepted that no more are let in.",
        "accept or forget those that wait",
    ),
    "compressed_without_negotiation": Verdict(
        "warning",
        "Compressed.",
        "danger",
        "It sends compressed messages though nobody agreed to that.",
        "switch compression off in the charger, or update its firmware",
    ),
    # -- plain or TLS
    "plain_on_tls_port": Verdict(
        "shield-x",
        "Without TLS.",
        "danger",
        "It speaks plain “ws” on port {port}, which is for TLS.",
        "change “ws” to “wss” in the charger's address, or use {ws}",
    ),
    "tls_on_plain_port": Verdict(
        "shield-x",
        "Wants TLS.",
        "danger",
        "It opens a secure connection on the plain port {port}.",
        "change “wss” to “ws” in the charger's address{wss}",
        TLS,
    ),
    # -- TLS: versions, trust, names, clocks
    "tls_version_too_old": Verdict(
        "shield-x",
        "Old TLS.",
        "danger",
        "It offers {versions} only; that is broken and evdesk refuses it.",
        "update its firmware, or use “ws” with a password on a network of its own",
    ),
    "tls_no_common_cipher": Verdict(
        "shield-x",
        "No common cipher.",
        "danger",
        "It offers {ciphers}; none of them is safe enough.",
        "update its firmware: OCPP demands AES-GCM",
    ),
    "tls_client_does_not_trust_us": Verdict(
        "shield-x",
        "Does not trust evdesk.",
        "danger",
        "It refused evdesk's certificate ({alert}).",
        "load evdesk's root certificate into the charger",
        ROOT,
    ),
    "tls_server_certificate_expired": Verdict(
        "clock",
        "Its clock is wrong.",
        "danger",
        "It holds evdesk's certificate for expired. Either its clock runs ahead, or the certificate is old.",
        "set the charger's clock or time server, and check the clock here",
    ),
    "tls_server_certificate_not_yet_valid": Verdict(
        "clock",
        "Its clock is wrong.",
        "danger",
        "By its clock evdesk's certificate is not valid yet.",
        "set the charger's clock or time server, and check the clock here",
    ),
    "ca_checked": Verdict(
        "shield-check",
        "Checks certificates.",
        "ok",
        "In the test it refused one that it cannot know, as it should.",
    ),
    "ca_not_checked": Verdict(
        "shield-x",
        "Checks no certificate.",
        "danger",
        "In the test it took one that nobody can trust: anybody on its network can pose as evdesk.",
        "look in the charger for a setting that checks certificates, and for newer firmware",
    ),
    "tls_wrong_name": Verdict(
        "shield-x",
        "Wrong name.",
        "danger",
        "It dials “{name}”, which is not in evdesk's certificate.",
        "use {tls_url} in the charger, or add “{name}” to evdesk's names",
        ROOT,
    ),
    "tls_failed": Verdict(
        "shield-x",
        "TLS broke off.",
        "danger",
        "The secure connection ended before it began ({alert}).",
        "try again; if it stays, update its firmware",
    ),
    # -- the charger's certificate
    "tls_no_client_certificate": Verdict(
        "shield-alert",
        "No certificate.",
        "danger",
        "It must show a certificate of its own and showed none.",
        "let evdesk sign one while it is connected with its password",
        SECURITY,
    ),
    "tls_client_certificate_untrusted": Verdict(
        "shield-alert",
        "Unknown certificate.",
        "danger",
        "Its certificate{subject} was issued by somebody evdesk does not know.",
        "let evdesk sign one for it, or load the root that issued this one",
        SECURITY,
    ),
    "tls_client_certificate_expired": Verdict(
        "shield-alert",
        "Certificate expired.",
        "danger",
        "Its certificate{subject} is past its end.",
        "let it in with its password, then have evdesk sign a new one; check the clock here",
        SECURITY,
    ),
    "tls_client_certificate_not_yet_valid": Verdict(
        "clock",
        "Certificate too new.",
        "danger",
        "Its certificate{subject} begins in the future.",
        "check the clock of this computer first",
    ),
    "tls_client_certificate_wrong_identity": Verdict(
        "shield-alert",
        "Somebody else's certificate.",
        "danger",
        "Its certificate{subject} names neither {id} nor its serial number.",
        "correct the name in the charger's address, or sign a certificate for it",
        SECURITY,
    ),
    "tls_client_certificate_revoked": Verdict(
        "shield-alert",
        "Certificate revoked.",
        "danger",
        "Its certificate was declared invalid here.",
        "sign a new one while it is connected with its password",
        SECURITY,
    ),
    "serial_contradicts_certificate": Verdict(
        "shield-alert",
        "Not who it says.",
        "danger",
        "It told another serial number than its certificate.",
        "find out which charger uses this name or this certificate",
        SECURITY,
    ),
    # -- passwords
    "password_missing": Verdict(
        "lock",
        "No password.",
        "danger",
        "A password is demanded of {id}, and it sent none.",
        "enter the password in the charger, or demand none here",
        PASSWORD,
    ),
    "password_not_set": Verdict(
        "lock",
        "No password here.",
        "danger",
        "{id} must log in, but no password is set for it here.",
        "set one here and enter the same in the charger",
        PASSWORD,
    ),
    "password_wrong": Verdict(
        "lock",
        "Wrong password.",
        "danger",
        "{id} sent a password that fits in no form: not as text, not as hex, not as bytes.",
        "enter it in the charger anew, or set the charger's one here",
        PASSWORD,
    ),
    "password_wrong_form": Verdict(
        "lock",
        "Password in another form.",
        "danger",
        "{id} sends the right password, but with something around it.",
        "enter it in the charger exactly as it was shown, without blanks or quotes",
        PASSWORD,
    ),
    "user_differs": Verdict(
        "lock",
        "Other user name.",
        "danger",
        "{id} logs in under another name.",
        "enter {id} as the user name in the charger",
        SECURITY,
    ),
    "profile_too_low": Verdict(
        "shield-alert",
        "Not secure enough.",
        "danger",
        "{id} connects with less security than is demanded of it.",
        "raise the security profile in the charger, or demand less of it here",
        SECURITY,
    ),
}

ODD: dict[str, str] = {
    "no_subprotocol": "offers no sub-protocol; evdesk goes by its first message",
    "odd_subprotocol": "spells the sub-protocol oddly",
    "no_connection_upgrade": "leaves out “Connection: Upgrade”",
    "no_upgrade_header": "leaves out “Upgrade: websocket”",
    "no_websocket_version": "leaves out the WebSocket version",
    "http_1_0": "uses HTTP/1.0",
    "absolute_uri": "writes the whole address in the request line",
    "double_slash": "writes a double slash in the path",
    "basic_user_differs": "logs in with another name than its own",
    "id_from_basic_user": "has its name in the log-in only",
    "id_from_query": "has its name in the query only",
    "id_from_serial": "has no name; its serial number is taken for it",
    "bad_extensions": "offers unreadable extensions",
    "duplicate_id": "uses a name that another charger uses too",
    "password_as_hex_text": "sends the hex text of its password instead of the bytes",
    "password_empty": "sends a log-in without a password, which counts as none",
    "password_not_checked": "sends a password, and none is set for it here",
    "password_wrong": "sends a wrong password beside its certificate",
    "certificate_names_another": "shows a certificate that does not name it",
    "certificate_not_asked": "showed a certificate twice that is not trusted here; it is asked for none for a while",
}
"""Odd but workable: evdesk lets it in and says so."""
