"""Who may connect: a charger's proof of who it is, against what is demanded of it. Pure.

Security profiles (OCPP 1.6 security whitepaper; 2.0.1 part 2, A00): 0 nothing, 1 a password, 2 a password inside TLS,
3 a client certificate. Odd but harmless forms of a password are taken and named (facts from
shiv3/ocpp-cp-simulator #260, steve-community/steve #1895, evbox/station-simulator #41, EVerest/libocpp #826).
"""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass, field
from typing import Protocol

from evdesk.drivers.client_certificate import ClientCertificate, bound_by

ANY, PASSWORD, CERTIFICATE = "any", "password", "certificate"
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){8,64}")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is demanded of one charger. `auth`: "any" (a password is checked where it shows one), "password" or
    "certificate". `passwords`: newest first; several while a new one is on its way. `serial`: what it booted with.
    `unproven`: no password but such that are on their way is known: the charger may still have one nobody told here."""

    min_profile: int = 0
    auth: str = ANY
    passwords: tuple[str, ...] = field(default=(), repr=False)
    serial: str = ""
    unproven: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """What a Basic header says. The password is bytes (ChargeTimeEU/Java-OCA-OCPP PR #143)."""

    user: str
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """How a charger proved itself. `auth`: "none", "unchecked" (it showed a password and none is known here), "text",
    "hex" (the hex text of the password), "bytes" (the bytes a hex password stands for), "certificate". `matched`: which
    password; `password`: that one, for by the time it is let in the numbers may have changed. `bound`: what in the
    certificate names it. `host`: the name or address it dialled."""

    profile: int = 0
    auth: str = "none"
    matched: int = -1
    secure: bool = False
    certificate: ClientCertificate | None = None
    bound: str = ""
    host: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`verdict` "" lets it in. `fill`: words for the verdict's sentence."""

    proof: Proof
    verdict: str = ""
    warnings: tuple[str, ...] = ()
    fill: dict[str, str] = field(default_factory=dict)


class Guard(Protocol):
    """What the port needs to know about who may connect. Asked in the event loop: no waiting."""

    def policy(self, charger_id: str) -> Policy: ...

    def is_revoked(self, certificate: ClientCertificate) -> bool: ...

    def admitted(self, charger_id: str, proof: Proof) -> None:
        """It is let in, and this is how."""
        ...


class OpenGuard:
    """Demands nothing: security profile 0."""

    def policy(self, charger_id: str) -> Policy:
        return Policy()

    def is_revoked(self, certificate: ClientCertificate) -> bool:
        return False

    def admitted(self, charger_id: str, proof: Proof) -> None:
        """Nobody remembers."""


def read_login(authorization: str | None) -> Login | None:
    """The Basic header; None where there is none, or none that can be read."""
    kind, _, token = (authorization or "").strip().partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(token.strip(), validate=False).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return Login(user.decode(errors="replace").strip(), password)


def password_form(password: str, shown: bytes) -> str:
    """Which form of `password` was shown: "text", "hex", "bytes", or ""."""
    for form, wanted in _forms(password):
        if hmac.compare_digest(shown.lower() if form == "hex" else shown, wanted):
            return form
    return ""


def _forms(password: str) -> list[tuple[str, bytes]]:
    text = password.encode()
    if _HEX.fullmatch(password):
        return [("bytes", bytes.fromhex(password)), ("hex", password.lower().encode())]
    return [("text", text), ("hex", text.hex().encode())]


def near_miss(password: str, shown: bytes) -> str:
    """What is wrong with a password that is nearly right, in words that complete "it sends the password ...", or ""."""
    stripped = shown.strip(b" \t\r\n\x00\"'")
    if stripped != shown and password_form(password, stripped):
        return "with blanks, quotes or a line end around it"
    try:
        decoded = base64.b64decode(shown, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if decoded and password_form(password, decoded):
        return "encoded in Base64 a second time"
    text = password.encode()
    if shown.lower() == text.lower():
        return "with other upper and lower case letters"
    if len(shown) >= 8 and text.startswith(shown):
        return f"cut off after {len(shown)} characters"
    if shown == text[::-1]:
        return "backwards"
    if not password.isascii() and shown in (password.encode("latin-1", "replace"), password.encode("utf-16-le")):
        return "in another character set than UTF-8"
    return ""


def judge(
    policy: Policy,
    charger_id: str,
    secure: bool,
    login: Login | None,
    certificate: ClientCertificate | None,
    revoked: bool = False,
) -> Judgement:
    """Whether this charger may connect. `certificate`: one that leads to a root we trust."""
    if certificate is not None and revoked:
        return Judgement(
            Proof(auth="certificate", secure=secure, certificate=certificate), "tls_client_certificate_revoked"
        )
    said = _by_password(policy, charger_id, secure, login)
    if certificate is not None:
        return _by_certificate(policy, charger_id, certificate, said)
    return said if said.verdict else _enough(policy, said)


def _by_password(policy: Policy, charger_id: str, secure: bool, login: Login | None) -> Judgement:
    if login is None or not login.password:
        odd = ("password_empty",) if login is not None else ()
        return Judgement(Proof(secure=secure), warnings=odd)  # lbbrhzn/ocpp #899: reads as no log-in at all
    if not policy.passwords:
        return Judgement(Proof(auth="unchecked", secure=secure), warnings=("password_not_checked",))
    for number, password in enumerate(policy.passwords):
        form = password_form(password, login.password)
        if not form:
            continue
        proof = Proof(2 if secure else 1, form, number, secure, password=password)
        if login.user != charger_id:
            user = login.user[:60]
            said = {"user": f"as “{user}”", "instead": f", or {user} as its id"}
            return Judgement(proof, "user_differs", fill=said if user else {"user": "without a name", "instead": ""})
        return Judgement(proof, warnings=("password_as_hex_text",) if form == "hex" else ())
    proof = Proof(auth="wrong", secure=secure)
    for password in policy.passwords:
        if form := near_miss(password, login.password):
            return Judgement(proof, "password_wrong_form", fill={"form": form})
    if policy.unproven and policy.auth == ANY and policy.min_profile < 1:  # as before the new one was sent
        return Judgement(Proof(auth="unchecked", secure=secure), warnings=("password_not_checked",))
    return Judgement(proof, "password_wrong", fill={"length": str(len(login.password))})


def _by_certificate(policy: Policy, charger_id: str, certificate: ClientCertificate, said: Judgement) -> Judgement:
    bound = bound_by(certificate, charger_id, policy.serial)
    demanded = policy.min_profile >= 3 or policy.auth == CERTIFICATE
    if bound:
        # A password beside it, right or wrong, adds nothing (profile 3 has none).
        shown = said.proof
        proof = Proof(3, "certificate", shown.matched, True, certificate, bound, password=shown.password)
        return _enough(policy, Judgement(proof, warnings=said.warnings if not said.verdict else ("password_wrong",)))
    fill = {"subject": certificate.subject, "serial": policy.serial or "not known yet"}
    if demanded:
        proof = Proof(auth="certificate", secure=True, certificate=certificate)
        return Judgement(proof, "tls_client_certificate_wrong_identity", fill=fill)
    if said.verdict:
        return said
    odd = (*said.warnings, "certificate_names_another")
    return _enough(policy, Judgement(said.proof, warnings=odd))


def _enough(policy: Policy, said: Judgement) -> Judgement:
    """The proof is good; is it enough?"""
    proof, fill = said.proof, {"profile": str(said.proof.profile), "minimum": str(policy.min_profile)}
    no_password = proof.auth in ("none", "unchecked")
    if policy.min_profile >= 2 and not proof.secure:
        verdict = "profile_too_low"
    elif (policy.min_profile >= 3 or policy.auth == CERTIFICATE) and proof.profile < 3:
        verdict = "tls_no_client_certificate" if proof.secure else "profile_too_low"
        fill["minimum"] = "3"
    elif (policy.min_profile >= 1 or policy.auth == PASSWORD) and no_password:
        verdict = "password_not_set" if not policy.passwords else "password_missing"
    else:
        verdict = ""
    return Judgement(proof, verdict, said.warnings, fill)
