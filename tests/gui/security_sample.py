"""What an engine says about security, for sheets and pictures."""

from evdesk.wire.security import (
    CaInfo,
    ChargerSecurity,
    Exported,
    InstalledCertificate,
    Issued,
    PasswordTold,
    PortState,
    RaiseCheck,
    RaiseState,
    RootInfo,
    Signed,
)
from tests.gui.sample import NOW

DAY = 86_400.0
FINGERPRINT = ":".join(f"{(i * 37 + 11) % 256:02X}" for i in range(32))
PEM = (
    "-----BEGIN CERTIFICATE-----\n"
    + "\n".join("MIIB" + "Qk1v" * 15 for _ in range(9))
    + "\n-----END CERTIFICATE-----\n"
)


def charger(**changes):
    known = {
        "charger_id": "WB-03",
        "min_profile": 1,
        "auth": "password",
        "own": True,
        "password_set": True,
        "password_at": NOW - 3 * DAY,
        "password_form": "hex",
        "profile": 1,
        "root_installed": True,
        "serial": "N22-204419",
    }
    return ChargerSecurity(**(known | changes))


def ca(**changes):
    known = {
        "exists": True,
        "roots": [
            RootInfo(FINGERPRINT, "evdesk root 2026", NOW - 90 * DAY, NOW + 3560 * DAY),
            RootInfo(FINGERPRINT[::-1], "evdesk root 2025", NOW - 400 * DAY, NOW + 40 * DAY, "previous"),
        ],
        "pem": PEM,
        "qr": PEM,
        "names": ["192.168.50.10", "millane", "evdesk-millane.local"],
        "server_until": NOW + 300 * DAY,
        "issued": 2,
        "keeps_secrets": "keyring",
    }
    return CaInfo(**(known | changes))


def issued():
    return [
        Issued("0a11", "WB-04", "CN=K11-20440", NOW - 300 * DAY, NOW + 20 * DAY, FINGERPRINT),
        Issued("0a12", "WB-01", "CN=N22-204417", NOW - 10 * DAY, NOW + 700 * DAY, FINGERPRINT),
        Issued("0a10", "WB-07", "CN=A7-204423", NOW - 10 * DAY, NOW + 700 * DAY, FINGERPRINT, NOW - DAY),
    ]


def blocked():
    return RaiseState(
        "WB-03",
        "blocked",
        2,
        1,
        [
            RaiseCheck("connected", True, "The charger is connected."),
            RaiseCheck("password", True, "A password is set and was seen."),
            RaiseCheck("port", False, "No TLS port is open.", "turn_on_tls"),
            RaiseCheck("root", False, "evdesk's root is not in the charger.", "install_root"),
            RaiseCheck("clock", True, "Its clock is 0.4 s off."),
        ],
        "Two things are missing.",
    )


def ready():
    state = blocked()
    checks = [RaiseCheck(one.what, True, one.sentence) for one in state.checks]
    return RaiseState("WB-03", "checked", 2, 1, checks, "It can be raised.")


def answers():
    return {
        "security.get": charger(),
        "security.put": charger(min_profile=2),
        "security.set_password": PasswordTold(password="Qm7-kestrel-Lane-4411"),
        "security.write_password": PasswordTold(status="Accepted", password="Qm7-kestrel-Lane-4411"),
        "security.ports": [PortState("0.0.0.0", 9700, False, "ws://0.0.0.0:9700/", 8, True)],
        "security.put_ports": [
            PortState("0.0.0.0", 9700, False, "ws://0.0.0.0:9700/", 8, True),
            PortState("0.0.0.0", 9443, True, "wss://0.0.0.0:9443/"),
        ],
        "security.ca": ca(),
        "security.create_ca": ca(),
        "security.rotate_ca": ca(),
        "security.put_names": ca(names=["192.168.50.10", "evdesk.site.lan"], extra_names=["evdesk.site.lan"]),
        "security.export_ca": lambda p: (
            Exported("evdesk-root.pem", PEM) if p.form == "pem" else Exported("evdesk-root.der", "AAECAw==", "base64")
        ),
        "security.issued": issued(),
        "security.certificates": [
            InstalledCertificate("CSMSRootCertificate", "SHA256", "aa", "bb", "4711", True),
            InstalledCertificate("ManufacturerRootCertificate", "SHA256", "cc", "dd", "99"),
        ],
        "security.sign": Signed("Accepted", "0a13", "CN=N22-204419", NOW + 730 * DAY),
        "security.check_raise": blocked(),
        "security.raise_profile": RaiseState(
            "WB-03", "waiting", 2, 1, [], "The charger said Accepted.", began_at=NOW, until=NOW + 600
        ),
        "security.raise_state": RaiseState("WB-03", "done", 2, 1, [], "It is back on profile 2."),
    }
