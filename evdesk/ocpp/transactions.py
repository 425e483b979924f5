"""TransactionEvent of OCPP 2.0.1 and 2.1 (part 2, section E): begun, updated and ended in any order, once or often.

The charger's own transaction id finds a transaction again, over repeats, gaps, restarts and the offline queue. Started and
Ended are deferred until the engine has recorded them, and so is the first Updated of a transaction nobody heard begin.
"""

from typing import Any

from evdesk.model import ConnectorStatus, StatusChanged, TransactionEnded, TransactionStarted
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.frame import Call, Odd
from evdesk.ocpp.memory import Evse, Told
from evdesk.ocpp.meter import Sampled
from evdesk.ocpp.station import Outcome, Station

_KEPT = 64
_SEEN = 512
_CHARGING = {
    "Charging": ConnectorStatus.CHARGING,
    "EVConnected": ConnectorStatus.PREPARING,
    "SuspendedEV": ConnectorStatus.SUSPENDED_EV,
    "SuspendedEVSE": ConnectorStatus.SUSPENDED_EVSE,
    "Idle": ConnectorStatus.FINISHING,
}
_CONNECTOR = {
    "Available": ConnectorStatus.AVAILABLE,
    "Reserved": ConnectorStatus.RESERVED,
    "Unavailable": ConnectorStatus.UNAVAILABLE,
    "Faulted": ConnectorStatus.FAULTED,
}
_STRONGEST = ("Occupied", "Reserved", "Available", "Unavailable", "Faulted")
_STATUS_2 = frozenset(
    {
        "Accepted",
        "Blocked",
        "ConcurrentTx",
        "Expired",
        "Invalid",
        "NoCredit",
        "NotAllowedTypeEVSE",
        "NotAtThisLocation",
        "NotAtThisTime",
        "Unknown",
    }
)


def token_status(word: str) -> str:
    """An AuthorizationStatusEnumType that may be sent; anything else is Invalid."""
    return word if word in _STATUS_2 else "Invalid"


def evse_status(evse: Evse) -> ConnectorStatus:
    """What an EVSE does, in the words of 1.6: its connectors' statuses and its transaction's charging state together.

    A running transaction that never told its charging state counts as charging: the worst is assumed.
    """
    words = set(evse.connectors.values())
    if words == {"Faulted"}:
        return ConnectorStatus.FAULTED
    if evse.ref:
        return _CHARGING.get(evse.charging, ConnectorStatus.CHARGING)
    strongest = next((word for word in _STRONGEST if word in words), "")
    if strongest == "Occupied":
        return ConnectorStatus.FINISHING if evse.ended else ConnectorStatus.PREPARING
    return _CONNECTOR.get(strongest, ConnectorStatus.UNKNOWN)


class Transactions(Station):
    """The handler of TransactionEvent and the statuses that follow from it."""

    def event(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        info, ref = payload.get("transactionInfo"), _ref(payload)
        placed = self.placed(payload.get("timestamp"), now, outcome)
        kind = text(payload, "eventType")
        told = self.memory.told.get(ref) if ref else None
        where = self._where(payload, told, outcome)
        outcome.answer = {}
        token = payload.get("idToken")
        tag, tag_kind = (text(token, "idToken"), text(token, "type")) if isinstance(token, dict) else ("", "")
        if tag:
            status = self.authorized(tag, tag_kind, where, now, outcome)
            outcome.answer = {"idTokenInfo": {"status": token_status(status), **self.details(tag)}}
        if not ref:
            clause = f"{self.version.words}, transactionInfo"
            outcome.odd.append(Odd("transaction_id_missing", "TransactionEvent names no transaction.", clause=clause))
            self._values(payload, where, None, now, outcome)
            return
        if told is None:
            told = self._remember(ref, where)
        named = bool(tag) and not told.tag
        told.tag = told.tag or tag[:255]
        if self._repeated(payload, told, kind, outcome):
            return
        entries = self._values(payload, where, told.session, now, outcome)
        if kind == "Ended":
            self._gaps(told, outcome)
            reason = text(info, "stoppedReason") if isinstance(info, dict) else ""
            outcome.answer = None
            outcome.deferred = TransactionEnded(
                self.charger_id,
                placed.at,
                told.session,
                _register(entries, last=True),
                reason or text(payload, "triggerReason") or "Local",
                told.tag,
                where,
                placed.charger_at,
                ref,
            )
        elif not told.opening and (told.session is None or named):
            # Begun, first heard of, or now with a tag (a transaction may begin before anybody is authorised).
            told.opening = True
            outcome.answer = None
            outcome.deferred = TransactionStarted(
                self.charger_id,
                where,
                placed.at,
                told.tag,
                _register(entries, last=False) if kind == "Started" else None,
                charger_at=placed.charger_at,
                ref=ref,
                incomplete=kind != "Started",
            )
        told.ended = told.ended or kind == "Ended"
        offline = payload.get("offline") is True
        self._follow(ref, where, kind, info if isinstance(info, dict) else {}, placed.at, offline)
        self.show(where, now, outcome)

    def start_answer(self, call: Call, transaction_id: int, status: str) -> dict[str, Any]:
        told = self._told_of(call)
        if told is not None:
            told.session, told.opening = transaction_id, False
        return self._token_answer(call, status)

    def stop_answer(self, call: Call, status: str) -> dict[str, Any]:
        told = self._told_of(call)
        if told is not None and told.session is not None:
            self.memory.transactions.pop(told.session, None)
        return self._token_answer(call, status)

    def not_recorded(self, call: Call) -> None:
        told = self._told_of(call)
        if told is not None:
            told.opening = False
            told.seen.clear()

    def _token_answer(self, call: Call, status: str) -> dict[str, Any]:
        token = call.payload.get("idToken")
        if not token:
            return {}
        tag = text(token, "idToken") if isinstance(token, dict) else ""
        return {"idTokenInfo": {"status": token_status(status), **self.details(tag)}}

    # -- parts ----------------------------------------------------------------------------------------------------

    def _told_of(self, call: Call) -> Told | None:
        return self.memory.told.get(_ref(call.payload))

    def _remember(self, ref: str, where: int) -> Told:
        known = self.memory.told
        running = {evse.ref for evse in self.memory.evses.values()}
        while len(known) >= _KEPT:
            known.pop(next((old for old in known if old not in running), next(iter(known))))
        told = known[ref] = Told(where)
        return told

    def _where(self, payload: dict[str, Any], told: Told | None, outcome: Outcome) -> int:
        """The EVSE: named at least once in a transaction; a station with one EVSE is understood without."""
        evse = payload.get("evse")
        named = number(evse.get("id")) if isinstance(evse, dict) else number(evse)
        if named is not None and named > 0:
            if told is not None:
                told.evse = named
            return named
        if told is not None:
            return told.evse
        if named == 0 or len(self.memory.evses) > 1:
            outcome.odd.append(Odd("evse_missing", "TransactionEvent does not say which EVSE; the first is assumed."))
        return min(self.memory.evses, default=1)

    def _repeated(self, payload: dict[str, Any], told: Told, kind: str, outcome: Outcome) -> bool:
        """Whether this event was heard before. Starts and ends go on even then: recording them twice changes nothing.

        The same number at another time is another event: some stations never count (seen in Solidstudio VCP)."""
        seq = number(payload.get("seqNo"))
        if seq is None:
            outcome.odd.append(Odd("seq_no_missing", "TransactionEvent carries no seqNo; gaps cannot be seen."))
            return False
        stamp = text(payload, "timestamp")[:64]
        if seq in told.seen:
            again = told.seen[seq] == stamp
            told.seen[seq] = stamp
            sentence = f"TransactionEvent seqNo {seq} came again for the same transaction."
            outcome.odd.append(Odd("seq_no_repeated", sentence, str(seq)))
            return again and kind == "Updated" and told.session is not None
        if seq < told.last_seq:
            sentence = f"TransactionEvent seqNo {seq} came after {told.last_seq}; it is put in its place by its time."
            outcome.odd.append(Odd("seq_no_order", sentence, str(seq)))
        told.last_seq = max(told.last_seq, seq)
        if len(told.seen) >= _SEEN:
            told.seen.pop(next(iter(told.seen)))
        told.seen[seq] = stamp
        return False

    def _gaps(self, told: Told, outcome: Outcome) -> None:
        missing = told.last_seq + 1 - len(told.seen)
        if missing > 0 and len(told.seen) < _SEEN and 0 in told.seen:
            sentence = f"{missing} of {told.last_seq + 1} TransactionEvents of this transaction never came."
            outcome.odd.append(Odd("seq_no_gap", sentence, str(missing)))

    def _values(
        self, payload: dict[str, Any], where: int, session: int | None, now: float, outcome: Outcome
    ) -> list[Sampled]:
        if payload.get("meterValue") is None:
            return []
        return self.readings(payload["meterValue"], where, session, now, outcome)

    def _follow(self, ref: str, where: int, kind: str, info: dict[str, Any], at: float, offline: bool) -> None:
        """The EVSE's state after the event. What comes late of a transaction that has ended, or from the offline queue
        of an older one, changes nothing."""
        evse = self.memory.evse(where)
        if kind == "Ended":
            if evse.ref in ("", ref):
                evse.ref, evse.charging, evse.ended = "", "", True
            return
        older = evse.ref not in ("", ref) and (offline or at < evse.since_at)
        if self.memory.told[ref].ended or older:
            return
        if evse.ref != ref:
            evse.since_at = at
        evse.ref, evse.ended = ref, False
        evse.charging = text(info, "chargingState") or evse.charging

    def show(self, where: int, now: float, outcome: Outcome, always: bool = False) -> None:
        """Tell the EVSE's status when it changed."""
        evse = self.memory.evse(where)
        status = evse_status(evse)
        if status.value == evse.shown and not always:
            return
        evse.shown = status.value
        if status is ConnectorStatus.AVAILABLE:
            evse.ended = False
        error = self.memory.last_error.get(where, "") if status is ConnectorStatus.FAULTED else ""
        code, _, info = error.partition("|")
        outcome.events.append(StatusChanged(self.charger_id, where, now, status, code, info))


def _ref(payload: dict[str, Any]) -> str:
    """The charger's own id of the transaction, "" where it tells none."""
    info = payload.get("transactionInfo")
    return text(info if isinstance(info, dict) else payload, "transactionId")[:255]


def _register(entries: list[Sampled], last: bool) -> float | None:
    """The meter register at the begin or the end of a transaction, None where none was told."""
    known = [entry.energy_wh for entry in entries if entry.energy_wh is not None]
    if not known:
        return None
    return known[-1] if last else known[0]
