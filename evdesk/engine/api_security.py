"""The API's methods about who may connect: policy, passwords, ports, CA, certificates in chargers, raising a profile."""

from collections.abc import Awaitable, Callable

from evdesk.drivers.base import Answer, CertificateHash, Driver
from evdesk.engine.api_core import Core, Handler, command, record_of
from evdesk.engine.commands import Command, reachable
from evdesk.engine.security import pki
from evdesk.engine.security.passwords import check_written, made_up
from evdesk.engine.security.policies import EVERYBODY
from evdesk.model import Attempt, EvdeskError, Origin, Reason
from evdesk.ocpp.passwords import KEY_2, KEY_16
from evdesk.wire import security as w
from evdesk.wire.method import Done, Nothing, OneCharger

HEX, TEXT = "hex", "text"


class SecurityApi:
    """Nothing here tells a secret, but a password that was just made up: once."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "attempt.list": self._attempts,
            "security.list": self._list,
            "security.get": self._get,
            "security.put": self._put,
            "security.set_password": self._set_password,
            "security.write_password": self._write_password,
            **AuthorityApi(core).handlers,
            **InChargerApi(core).handlers,
        }

    async def _attempts(self, _origin: Origin, params: w.AttemptPage) -> list[Attempt]:
        return await self.core.fleet.store.attempts(params)

    # -- policy ---------------------------------------------------------------------------------------------------

    async def _list(self, _origin: Origin, _params: Nothing) -> list[w.ChargerSecurity]:
        known = {**dict.fromkeys(self.core.fleet.chargers), **dict.fromkeys(self.core.security.policies.with_own())}
        return [self._view(charger_id) for charger_id in known]

    async def _get(self, _origin: Origin, params: OneCharger) -> w.ChargerSecurity:
        return self._view(params.charger_id)

    def _view(self, charger_id: str) -> w.ChargerSecurity:
        record = self.core.fleet.chargers.get(charger_id)
        return self.core.security.policies.view(charger_id, record is not None and record.online)

    async def _put(self, origin: Origin, params: w.PutPolicy) -> w.ChargerSecurity:
        policies = self.core.security.policies
        args = {"min_profile": params.min_profile, "auth": params.auth, "own": params.own}
        before = policies.view(params.charger_id, False)
        detail = {"before": f"{before.min_profile} {before.auth}", "after": f"{params.min_profile} {params.auth}"}
        act = Command(origin, "security.put", params.charger_id or "everybody", args)
        own = params.own and params.charger_id != EVERYBODY
        self.core.security.raising.keep_way_in(params.charger_id)
        await self.core.commands.stored(
            act, detail, lambda: policies.put(params.charger_id, params.min_profile, params.auth, own)
        )
        return self._view(params.charger_id)

    # -- passwords ------------------------------------------------------------------------------------------------

    async def _set_password(self, origin: Origin, params: w.SetPassword) -> w.PasswordTold:
        policies, charger_id = self.core.security.policies, params.charger_id
        if not charger_id:
            raise EvdeskError(Reason.INVALID, "A password belongs to one charger: name it.")
        self.core.security.raising.keep_way_in(charger_id)
        if params.clear:
            act = Command(origin, "security.clear_password", charger_id, {})
            row = await self.core.commands.stored(act, {}, lambda: policies.clear_password(charger_id))
            return w.PasswordTold(sentence="The password is forgotten, and none is demanded.", audit_id=row)
        record = self.core.fleet.chargers.get(charger_id)
        password = params.value or made_up(record.protocol if record else "", TEXT)
        act = Command(origin, "security.set_password", charger_id, {"made_up": not params.value})
        row = await self.core.commands.stored(
            act, {}, lambda: policies.set_password(charger_id, password, params.require)
        )
        told = "" if params.value else password
        return w.PasswordTold(password=told, sentence="Enter it in the charger exactly so.", audit_id=row)

    async def _write_password(self, origin: Origin, params: w.WritePassword) -> w.PasswordTold:
        """Old and new are both taken until the charger comes back with the new one."""
        policies, charger_id = self.core.security.policies, params.charger_id
        record = reachable(self.core.fleet.chargers.get(charger_id), charger_id)
        link = record.link
        assert link is not None
        first = link.protocol == "ocpp1.6"
        form = params.form or (HEX if first else TEXT)
        if form not in (HEX, TEXT):
            raise EvdeskError(Reason.INVALID, "The form of a password is “hex” or “text”.")
        password = params.value or made_up(link.protocol, form)
        written = _as_written(password, form, first)
        check_written(password)
        name = KEY_16 if first else KEY_2
        act = Command(origin, "security.write_password", charger_id, {"name": name, "form": form})
        answer, row = await self.core.commands.run(
            act, lambda: policies.send_password(charger_id, password, lambda: link.write_setting(name, written))
        )
        told = "" if params.value else password
        text = "The charger took it. Old and new are both accepted until it comes back with the new one."
        return w.PasswordTold(True, answer.status, told, text, row)


def _as_written(password: str, form: str, first: bool) -> str:
    """OCPP 1.6 wants hex on the wire of OCPP: a text is written as the hex of its bytes (16 to 40 digits)."""
    if form == TEXT or not first:
        return password
    is_hex = len(password) % 2 == 0 and all(c in "0123456789abcdefABCDEF" for c in password)
    written = password if is_hex else password.encode().hex()
    if len(written) > 40:
        text = "As hex digits this is longer than the 40 an OCPP 1.6 charger takes: use up to 20 characters."
        raise EvdeskError(Reason.INVALID, text)
    return written


class AuthorityApi:
    """Ports and evdesk's own CA."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.security = core.security
        self.handlers: dict[str, Handler] = {
            "security.ports": self._ports,
            "security.put_ports": self._put_ports,
            "security.ca": self._ca,
            "security.create_ca": self._create,
            "security.export_ca": self._export,
            "security.rotate_ca": self._rotate,
            "security.put_names": self._names,
            "security.import_root": self._import,
            "security.remove_root": self._remove,
            "security.issued": self._issued,
            "security.revoke": self._revoke,
        }

    async def _ports(self, _origin: Origin, _params: Nothing) -> list[w.PortState]:
        return self.security.doors.states()

    async def _put_ports(self, origin: Origin, params: w.PutPorts) -> list[w.PortState]:
        before = [state.url for state in self.security.doors.states()]
        args = {"ports": [f"{'tls' if p.tls else 'plain'} {p.host}:{p.port}" for p in params.ports]}
        act = Command(origin, "security.put_ports", "engine", args)
        await self.core.commands.stored(
            act, {"before": ", ".join(before)}, lambda: self.security.doors.put(params.ports)
        )
        return self.security.doors.states()

    def _info(self) -> w.CaInfo:
        return self.security.authority.info(len(self.security.policies.issued), self.security.signing.expiring())

    async def _ca(self, _origin: Origin, _params: Nothing) -> w.CaInfo:
        return self._info()

    async def _export(self, _origin: Origin, params: w.ExportCa) -> w.Exported:
        return self.security.authority.kept.export(params.form, params.fingerprint)

    async def _changed(
        self, origin: Origin, what: str, args: dict[str, object], act: Callable[[], Awaitable[object]]
    ) -> w.CaInfo:
        await self.core.commands.stored(Command(origin, what, "ca", args), {}, act)
        await self.security.doors.refresh_tls()
        return self._info()

    async def _create(self, origin: Origin, _params: Nothing) -> w.CaInfo:
        return await self._changed(origin, "security.create_ca", {}, self.security.authority.ensure)

    async def _rotate(self, origin: Origin, _params: Nothing) -> w.CaInfo:
        return await self._changed(origin, "security.rotate_ca", {}, self.security.authority.rotate)

    async def _names(self, origin: Origin, params: w.PutNames) -> w.CaInfo:
        names = params.names[:50]
        act = self.security.authority.put_names
        return await self._changed(origin, "security.put_names", {"names": names}, lambda: act(names))

    async def _import(self, origin: Origin, params: w.ImportRoot) -> w.CaInfo:
        mark = pki.fingerprint(pki.parse(params.pem))
        act = self.security.authority.import_root
        return await self._changed(origin, "security.import_root", {"fingerprint": mark}, lambda: act(params.pem))

    async def _remove(self, origin: Origin, params: w.OneRoot) -> w.CaInfo:
        args: dict[str, object] = {"fingerprint": params.fingerprint}
        act = self.security.authority.remove_root
        return await self._changed(origin, "security.remove_root", args, lambda: act(params.fingerprint))

    async def _issued(self, _origin: Origin, _params: Nothing) -> list[w.Issued]:
        return self.security.signing.issued()

    async def _revoke(self, origin: Origin, params: w.Revoke) -> Done:
        act = Command(origin, "security.revoke", "ca", {"number": params.number})
        row = await self.core.commands.stored(act, {}, lambda: self.security.signing.revoke(params.number))
        return Done(status="revoked", audit_id=row)


class InChargerApi:
    """Certificates in chargers, and raising a profile."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.security = core.security
        self.handlers: dict[str, Handler] = {
            "security.certificates": self._certificates,
            "security.install_root": self._install,
            "security.delete_certificate": self._delete,
            "security.sign": self._sign,
            "security.test_ca": self._test,
            "security.ca_test": self._tested,
            "security.check_raise": self._check,
            "security.raise_profile": self._raise,
            "security.raise_state": self._state,
        }

    async def _certificates(self, origin: Origin, params: OneCharger) -> list[w.InstalledCertificate]:
        found: list[CertificateHash] = []

        async def read(link: Driver) -> Answer:
            found.extend(await link.certificates())
            return Answer(f"{len(found)} certificates")

        await command(self.core, origin, "security.certificates", params.charger_id, {}, read)
        told = [self._told(each) for each in found]
        ours = [each for each in told if each.ours]
        root = pki.fingerprint(pki.parse(self.security.authority.kept.current)) if ours else ""
        await self.security.policies.remember(params.charger_id, root=root)
        return told

    def _told(self, each: CertificateHash) -> w.InstalledCertificate:
        ours = self.security.authority.kept.issuer_of(each.issuer_name_hash, each.issuer_key_hash, each.serial_number)
        names = (each.issuer_name_hash, each.issuer_key_hash, each.serial_number)
        return w.InstalledCertificate(each.use, each.hash_algorithm, *names, ours)

    async def _install(self, origin: Origin, params: w.InstallRoot) -> Done:
        authority, record = self.security.authority, record_of(self.core, params.charger_id)
        reachable(record, record.id)
        if not params.pem:
            await authority.ensure()
            await self.security.doors.refresh_tls()
        pem = params.pem or authority.kept.current
        mark = pki.fingerprint(pki.parse(pem))
        args = {"use": params.use, "fingerprint": mark}
        done = await command(
            self.core,
            origin,
            "security.install_root",
            record.id,
            args,
            lambda link: link.install_certificate(params.use, pem),
        )
        if params.use == "csms" and pem == authority.kept.current:
            await self.security.policies.remember(record.id, root=mark)
        return done

    async def _delete(self, origin: Origin, params: w.DeleteCertificate) -> Done:
        names = (params.issuer_name_hash, params.issuer_key_hash, params.serial_number)
        which = CertificateHash("", params.hash_algorithm, *names)
        args = {"serial_number": params.serial_number}
        done = await command(
            self.core,
            origin,
            "security.delete_certificate",
            params.charger_id,
            args,
            lambda link: link.delete_certificate(which),
        )
        if self.security.authority.kept.issuer_of(*names):
            await self.security.policies.remember(params.charger_id, root="")
        return done

    async def _sign(self, origin: Origin, params: OneCharger) -> w.Signed:
        return await self.security.signing.sign(origin, params.charger_id)

    async def _test(self, origin: Origin, params: OneCharger) -> w.CaTest:
        return await self.security.ca_tests.start(origin, params.charger_id)

    async def _tested(self, _origin: Origin, params: OneCharger) -> w.CaTest:
        return self.security.ca_tests.state(params.charger_id)

    async def _check(self, _origin: Origin, params: w.RaiseProfile) -> w.RaiseState:
        return self.security.raising.check(params.charger_id, params.profile)

    async def _raise(self, origin: Origin, params: w.RaiseProfile) -> w.RaiseState:
        return await self.security.raising.start(origin, params.charger_id, params.profile, params.wait_s)

    async def _state(self, _origin: Origin, params: OneCharger) -> w.RaiseState:
        return self.security.raising.state(params.charger_id)
