"""What deeds about security are called in the activity log."""

from collections.abc import Callable, Mapping
from typing import Any

from evdesk.gui.text import tr

Args = Mapping[str, Any]


def _rule(args: Args, _detail: Args) -> str:
    if args.get("own") is False:
        return tr("Rule of all chargers again")
    return tr("At least security profile {n}").format(n=args.get("min_profile", "?"))


def _ports(args: Args, _detail: Args) -> str:
    ports = args.get("ports")
    some = any(isinstance(one, dict) and one.get("tls") for one in ports) if isinstance(ports, list) else False
    return tr("Charger ports, with TLS") if some else tr("Charger ports")


def _raise(args: Args, _detail: Args) -> str:
    return tr("Raise to security profile {n}").format(n=args.get("profile", "?"))


WHAT: dict[str, Callable[[Args, Args], str]] = {
    "security.put": _rule,
    "security.set_password": lambda _args, _detail: tr("Password set here"),
    "security.clear_password": lambda _args, _detail: tr("Password forgotten"),
    "security.write_password": lambda _args, _detail: tr("Password sent to the charger"),
    "security.put_ports": _ports,
    "security.create_ca": lambda _args, _detail: tr("Root certificate made"),
    "security.rotate_ca": lambda _args, _detail: tr("Root certificate replaced"),
    "security.put_names": lambda _args, _detail: tr("Names of the server certificate"),
    "security.import_root": lambda _args, _detail: tr("Another root trusted"),
    "security.remove_root": lambda _args, _detail: tr("A root not trusted any more"),
    "security.revoke": lambda _args, _detail: tr("Certificate taken back"),
    "security.certificates": lambda _args, _detail: tr("Certificates read"),
    "security.install_root": lambda _args, _detail: tr("Root certificate installed"),
    "security.delete_certificate": lambda _args, _detail: tr("Certificate deleted"),
    "security.sign": lambda _args, _detail: tr("Certificate asked for"),
    "security.test_ca": lambda _args, _detail: tr("Tested whether it checks certificates"),
    "security.certificate_signed": lambda _args, _detail: tr("Signed certificate sent"),
    "security.raise_profile": _raise,
}
