"""The API's methods about who may connect: attempts, policy, passwords, ports, evdesk's own CA, certificates, profiles."""

from dataclasses import dataclass, field

from evdesk.model import Attempt
from evdesk.wire.method import Done, Method, Nothing, OneCharger, Page


@dataclass(frozen=True, slots=True)
class AttemptPage(Page):
    """`problems_only`: leave out those that were let in, port checks and browsers."""

    charger_id: str = ""
    verdict: str = ""
    address: str = ""
    problems_only: bool = False


# -- policy and passwords -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChargerSecurity:
    """What is demanded of a charger, and how it last connected. `charger_id` "" stands for all without a policy of their
    own; `own` False: that one holds for this charger.

    `min_profile` 0..3; `auth`: "any", "password", "certificate". `password_form`: in which form it last sent the right
    password ("text", "hex", "bytes"), "" while it never did. `password_waits`: a new one was written and not seen yet;
    old and new are both taken. `profile`: of the connection now (None: offline). `ca_check`: whether it looks at evdesk's
    certificate, as tested: "checked", "not_checked", "" where nobody tested it."""

    charger_id: str
    min_profile: int = 0
    auth: str = "any"
    own: bool = False
    password_set: bool = False
    password_at: float | None = None
    password_form: str = ""
    password_waits: bool = False
    profile: int | None = None
    secure: bool = False
    certificate: str = ""
    certificate_until: float | None = None
    root_installed: bool = False
    serial: str = ""
    ca_check: str = ""
    ca_check_at: float | None = None


@dataclass(frozen=True, slots=True)
class PutPolicy:
    """`charger_id` "": the policy of all that have none of their own. `own` False drops the charger's own."""

    charger_id: str
    min_profile: int = 0
    auth: str = "any"
    own: bool = True


@dataclass(frozen=True, slots=True)
class SetPassword:
    """`value` "": one is made up. `clear`: forget it. `require`: from now on it is demanded; False: only checked where the
    charger sends one. Changes nothing in the charger."""

    charger_id: str
    value: str = ""
    clear: bool = False
    require: bool = True


@dataclass(frozen=True, slots=True)
class WritePassword:
    """Sends the password to the charger. `value` "": one is made up. `form`: "hex" (what OCPP 1.6 wants), "text", or ""
    for what fits the protocol."""

    charger_id: str
    value: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class PasswordTold:
    """`password` is told this once, and only where evdesk made it up; it is kept where nobody can read it again. `status`:
    the charger's word, "stored" where it was not asked."""

    ok: bool = True
    status: str = "stored"
    password: str = ""
    sentence: str = ""
    audit_id: int | None = None


# -- ports --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PortSpec:
    """`host` "" or 0.0.0.0: every address. `port` 0: any free one. `tls`: security profiles 2 and 3."""

    host: str
    port: int
    tls: bool = False


@dataclass(frozen=True, slots=True)
class PortState:
    """`url`: as the listener is bound. `chargers`: connected through it. `fixed`: given on the command line; it cannot be
    shut while the engine runs. `both`: a plain port that takes TLS too, for chargers that raise their profile and keep
    their address (OCPP 1.6). `open` False: it cannot be opened now, for the `reason` told; it is tried again each minute,
    and stays until a `security.put_ports` leaves it out."""

    host: str
    port: int
    tls: bool
    url: str
    chargers: int = 0
    fixed: bool = False
    both: bool = False
    open: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PutPorts:
    """All ports there shall be besides the fixed ones. Chargers that are connected stay connected."""

    ports: list[PortSpec]


# -- evdesk's CA --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RootInfo:
    """A root certificate. `role`: "current", "previous" (replaced, still trusted until its end) or "imported"."""

    fingerprint: str
    subject: str
    not_before: float
    not_after: float
    role: str = "current"


@dataclass(frozen=True, slots=True)
class CaInfo:
    """`exists` False: none yet; it is made with the first TLS port or by `security.create_ca`. `names`: what the server
    certificate is good for; `extra_names`: those a person added. `pem`: the current root. `keeps_secrets`: where passwords
    and keys lie: "keyring", "file", "locked" (they cannot be read; the log says why), "" while there are none."""

    exists: bool
    roots: list[RootInfo] = field(default_factory=list)
    pem: str = ""
    qr: str = ""
    names: list[str] = field(default_factory=list)
    extra_names: list[str] = field(default_factory=list)
    server_until: float | None = None
    crossover: str = ""
    issued: int = 0
    expiring: int = 0
    keeps_secrets: str = ""


@dataclass(frozen=True, slots=True)
class ExportCa:
    """`form`: "pem" or "der" (Base64 of it). `fingerprint` "": the current root."""

    form: str = "pem"
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    file_name: str
    content: str
    encoding: str = "text"  # text | base64


@dataclass(frozen=True, slots=True)
class PutNames:
    """Names and addresses the server certificate shall be good for besides this computer's own."""

    names: list[str]


@dataclass(frozen=True, slots=True)
class ImportRoot:
    """A root (PEM) whose client certificates are taken too."""

    pem: str


@dataclass(frozen=True, slots=True)
class OneRoot:
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A client certificate that evdesk has signed. `number` in hex."""

    number: str
    charger_id: str
    subject: str
    issued_at: float
    not_after: float
    fingerprint: str
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True)
class Revoke:
    number: str


# -- certificates in the charger ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InstalledCertificate:
    """One certificate as the charger lists it: its use (the charger's word) and the hashes that name it. `ours`: it is one
    of evdesk's roots."""

    use: str
    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class InstallRoot:
    """`use`: "csms" (evdesk's root, for TLS) or "manufacturer" (for firmware). `pem` "": evdesk's current root."""

    charger_id: str
    use: str = "csms"
    pem: str = ""


@dataclass(frozen=True, slots=True)
class DeleteCertificate:
    charger_id: str
    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


@dataclass(frozen=True, slots=True)
class Signed:
    """`status`: the charger's word for the certificate it got."""

    status: str
    number: str = ""
    subject: str = ""
    not_after: float | None = None
    sentence: str = ""
    audit_id: int | None = None


@dataclass(frozen=True, slots=True)
class CaTest:
    """`state`: "none", "waiting" (for it to dial again), "checked", "not_checked", "without_tls" or "no_answer"."""

    charger_id: str
    state: str = "none"
    at: float | None = None
    sentence: str = ""


# -- raising the profile ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RaiseProfile:
    """`wait_s`: how long the charger may take to come back on the new profile."""

    charger_id: str
    profile: int
    wait_s: float = 600.0


@dataclass(frozen=True, slots=True)
class RaiseCheck:
    """One condition. `what`: "connected", "higher", "protocol", "password", "port", "root", "certificate", "clock",
    "charging". `deed`: what evdesk can do about it: "write_password", "turn_on_tls", "install_root", "sign", ""."""

    what: str
    ok: bool
    sentence: str
    deed: str = ""


@dataclass(frozen=True, slots=True)
class RaiseState:
    """`state`: "none", "checked", "blocked", "writing", "waiting", "done", "failed". Raising is one-way over OCPP: a
    charger refuses a lower profile. Until it was seen on the new one, the old port and policy stay; that outlives a restart
    of the engine. `url`: what it shall dial; `fallback`: what it dialled before."""

    charger_id: str
    state: str = "none"
    profile: int = 0
    before: int = 0
    checks: list[RaiseCheck] = field(default_factory=list)
    sentence: str = ""
    advice: str = ""
    url: str = ""
    began_at: float | None = None
    until: float | None = None
    fallback: str = ""


METHODS_SECURITY: dict[str, Method] = {
    "attempt.list": Method(AttemptPage, list[Attempt], "Who tried to connect, newest first; equal ones are counted."),
    "security.list": Method(Nothing, list[ChargerSecurity], "What is demanded of each charger, and how it connected."),
    "security.get": Method(OneCharger, ChargerSecurity, "The same for one charger; id “”: the policy for all others."),
    "security.put": Method(PutPolicy, ChargerSecurity, "Demand a profile or a log-in of a charger.", changes=True),
    "security.set_password": Method(SetPassword, PasswordTold, "Set, make up or clear a password here.", changes=True),
    "security.write_password": Method(WritePassword, PasswordTold, "Send a new password to the charger.", changes=True),
    "security.ports": Method(Nothing, list[PortState], "The ports chargers dial."),
    "security.put_ports": Method(PutPorts, list[PortState], "Open and shut ports, e.g. turn on TLS.", changes=True),
    "security.ca": Method(Nothing, CaInfo, "evdesk's own root and server certificate."),
    "security.create_ca": Method(Nothing, CaInfo, "Make evdesk's root, where there is none.", changes=True),
    "security.export_ca": Method(ExportCa, Exported, "A root certificate as a file to load into a charger."),
    "security.rotate_ca": Method(Nothing, CaInfo, "A new root; the old one is trusted until its end.", changes=True),
    "security.put_names": Method(PutNames, CaInfo, "More names for the server certificate.", changes=True),
    "security.import_root": Method(ImportRoot, CaInfo, "Take client certificates of another root too.", changes=True),
    "security.remove_root": Method(OneRoot, CaInfo, "Trust an imported or previous root no longer.", changes=True),
    "security.issued": Method(Nothing, list[Issued], "Client certificates signed here, those that end first on top."),
    "security.revoke": Method(Revoke, Done, "Take back a client certificate.", changes=True),
    "security.certificates": Method(
        OneCharger, list[InstalledCertificate], "What is installed in the charger.", changes=True
    ),
    "security.install_root": Method(InstallRoot, Done, "Install evdesk's root in the charger.", changes=True),
    "security.delete_certificate": Method(DeleteCertificate, Done, "Delete one from the charger.", changes=True),
    "security.sign": Method(OneCharger, Signed, "Have the charger ask for a certificate, sign it.", changes=True),
    "security.test_ca": Method(
        OneCharger, CaTest, "Close its connection and meet the next one with a certificate of nobody.", changes=True
    ),
    "security.ca_test": Method(OneCharger, CaTest, "What that test has shown."),
    "security.check_raise": Method(RaiseProfile, RaiseState, "What stands in the way of a higher profile."),
    "security.raise_profile": Method(RaiseProfile, RaiseState, "Raise the profile (one-way) and wait.", changes=True),
    "security.raise_state": Method(OneCharger, RaiseState, "How far raising the profile has come."),
}
