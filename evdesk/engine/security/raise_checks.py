"""What must be true before a charger's security profile can be raised: each thing named, with what can be done about it."""

from evdesk.drivers.admission import Proof
from evdesk.engine.commands import reachable
from evdesk.engine.fleet import Fleet
from evdesk.engine.security.doors import Doors
from evdesk.engine.security.policies import Policies
from evdesk.engine.security.signing import Signing
from evdesk.engine.state import ChargerRecord
from evdesk.model import EvdeskError, Reason
from evdesk.wire.security import RaiseCheck, RaiseState

CLOCK_OFF_S = 86_400.0


class RaiseChecks:
    def __init__(self, fleet: Fleet, policies: Policies, doors: Doors, signing: Signing) -> None:
        self._fleet, self._policies, self._doors, self._signing = fleet, policies, doors, signing

    def check(self, charger_id: str, profile: int) -> RaiseState:
        """State "checked" or "blocked". Raises `EvdeskError(INVALID)` for no such charger or profile."""
        if profile not in (1, 2, 3):
            raise EvdeskError(Reason.INVALID, "A profile can be raised to 1, 2 or 3.")
        record = reachable(self._fleet.chargers.get(charger_id), charger_id)
        proof = self._policies.proofs.get(charger_id, Proof())
        checks = [
            self._higher(profile, proof),
            *self._password(record, profile, proof),
            *self._port(profile),
            *self._certificates(record, profile, proof),
            *self._clock(record, profile),
            self._charging(record),
        ]
        good = all(check.ok for check in checks)
        state = "checked" if good else "blocked"
        url, now = self._url(record, profile, proof), _url(proof.host, port_of(record), proof.secure)
        return RaiseState(charger_id, state, profile, proof.profile, checks, url=url, fallback=now)

    def _higher(self, profile: int, proof: Proof) -> RaiseCheck:
        good = profile > proof.profile
        text = f"It uses profile {proof.profile} now."
        return RaiseCheck("higher", good, text if good else f"{text} A charger refuses to go to {profile} from there.")

    def _password(self, record: ChargerRecord, profile: int, proof: Proof) -> list[RaiseCheck]:
        if profile == 3:
            return []
        view = self._policies.view(record.id, True)
        known = view.password_set or view.password_waits
        if not known:
            text = "evdesk knows no password of this charger. Write one into it first."
            return [RaiseCheck("password", False, text, "write_password")]
        if proof.profile >= 1 and not view.password_form:
            text = "The charger has not shown its password yet. Write it anew, and let it reconnect."
            return [RaiseCheck("password", False, text, "write_password")]
        return [RaiseCheck("password", True, "Its password is known here.")]

    def _port(self, profile: int) -> list[RaiseCheck]:
        if profile == 1:
            return []
        if not self._doors.tls_port():
            return [RaiseCheck("port", False, "No TLS port is open. Turn on TLS first.", "turn_on_tls")]
        return [RaiseCheck("port", True, f"TLS is open on port {self._doors.tls_port()}.")]

    def _certificates(self, record: ChargerRecord, profile: int, proof: Proof) -> list[RaiseCheck]:
        if profile == 1:
            return []
        if self._policies.known(record.id).root or proof.secure:
            checks = [RaiseCheck("root", True, "It knows evdesk's root certificate.")]
        else:
            text = "evdesk's root certificate is not installed in the charger: it would not trust evdesk."
            checks = [RaiseCheck("root", False, text, "install_root")]
        if profile == 3:
            if self._signing.has_live(record.id) or proof.certificate is not None:
                checks.append(RaiseCheck("certificate", True, "It has a certificate of its own."))
            else:
                text = "The charger has no certificate of its own yet. Have one signed first."
                checks.append(RaiseCheck("certificate", False, text, "sign"))
        return checks

    def _clock(self, record: ChargerRecord, profile: int) -> list[RaiseCheck]:
        if profile == 1:
            return []
        offset_s = record.clock.offset_s if record.clock else None
        if offset_s is not None and abs(offset_s) > CLOCK_OFF_S:
            text = f"The charger's clock is off by {abs(offset_s) / 86400:.0f} days: it may not accept certificates."
            return [RaiseCheck("clock", False, f"{text} Set its time first.")]
        return [RaiseCheck("clock", True, "Its clock is right." if offset_s is not None else "Its clock is not known.")]

    def _charging(self, record: ChargerRecord) -> RaiseCheck:
        busy = any(connector.session is not None for connector in record.connectors.values())
        text = "A car charges; the connection is cut for this. Wait until it has ended." if busy else "Nothing charges."
        return RaiseCheck("charging", not busy, text)

    def _url(self, record: ChargerRecord, profile: int, proof: Proof) -> str:
        """What the charger shall dial: the host it dials now, on the port of the new profile; without its id."""
        secure = profile >= 2
        return _url(proof.host, self._doors.tls_port() if secure else port_of(record), secure)


def _url(host: str, port: int, secure: bool) -> str:
    host = host or "HOST"
    host = f"[{host}]" if ":" in host else host
    return f"{'wss' if secure else 'ws'}://{host}:{port or 'PORT'}/"


def port_of(record: ChargerRecord) -> int:
    """The port it is connected to."""
    peer = getattr(getattr(record.link, "link", None), "peer", None)
    return int(getattr(peer, "port", 0))
