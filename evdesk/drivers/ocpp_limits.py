"""Limits in a charger: the expiring live one, the static ones behind it, and the proof that they hold. In the words
of 1.6; the driver of 2.x translates them.

Sources: OCPP 1.6 sections 3.13, 5.16, 7.8; field threads lbbrhzn/ocpp #1737, #221, #877, mobilityhouse/ocpp #372.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator
from functools import partial

from evdesk.drivers.base import Answer, CompositeSchedule, Unanswered, passed_on
from evdesk.drivers.ocpp_late import Reply
from evdesk.drivers.ocpp_link import Caller
from evdesk.drivers.ocpp_settings import read_keys
from evdesk.model import ChargerError, LiveProfile, Reason
from evdesk.ocpp import profiles
from evdesk.ocpp.profiles import DEFAULT_PURPOSE, LIVE_DEFAULT_ID, LIVE_TX_ID, TX_PURPOSE, Unit

_KEYS = ("ChargingScheduleAllowedChargingRateUnit", "ChargeProfileMaxStackLevel")
_VERIFY_S = 1100  # the longest validity of a live limit is 900 s
_VALID_S, _SLACK_S = 180, 5
_CLOSE_A = 0.15
_LEVEL_UNKNOWN = 1


class Limits:
    """What worked is remembered per charger, so that a refresh is one CALL and one flash write."""

    def __init__(self, caller: Caller, learn: Callable[[], Awaitable[object]] | None = None) -> None:
        """`learn` asks the charger for its rate unit and stack levels and puts them into the memory."""
        self._caller = caller
        self._learn = learn or self._read_keys
        self._asked = False
        self._valid_s = _VALID_S  # of the longest live limit that may be in the charger
        self._last: dict[int, float] = {}  # connector -> the highest limit that may be in force by our doing

    # -- live -----------------------------------------------------------------------------------------------------

    async def set_live(self, profile: LiveProfile) -> Answer:
        """Tries TxProfile and TxDefaultProfile at the levels this charger takes; the first accepted one stays."""
        self._valid_s = max(self._valid_s, profile.valid_s)
        unit = await self.unit(profile.phases or 3)
        urgent = profile.limit_a < self._last.get(profile.connector_id, float("inf"))
        refused: list[str] = []
        for purpose, level in self._plans(profile):
            cleared = await self._unshadow(profile, purpose)
            transaction = profile.transaction_id if purpose == TX_PURPOSE else None
            request = profiles.live_limit(
                profile.connector_id,
                profile.limit_a,
                profile.valid_s,
                unit,
                level,
                self._caller.charger_now(),
                transaction,
            )
            last = self._last.get(profile.connector_id)
            if last is not None:
                self._last[profile.connector_id] = max(last, profile.limit_a)  # unanswered it may hold all the same
            sent = request["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
            detail = {"purpose": purpose, "stack_level": level, "unit": unit.name, "sent": sent, "cleared": cleared}
            try:
                reply, why = await self._put(request, urgent)
            except Unanswered as error:
                worked = partial(self._worked_late, profile, purpose, level, detail)
                raise Unanswered(error.sentence, passed_on(error.late, worked), error.action) from None
            if reply is not None:
                self._last[profile.connector_id] = profile.limit_a
                self._worked(profile, purpose, level)
                return Answer(reply.status, reply.ms, payload=detail | ({"refused": refused} if refused else {}))
            refused.append(f"{purpose} level {level}: {why}")
        if not refused:
            sentence = "This charger takes no limit without a running transaction (its highest stack level is 0)."
            raise ChargerError(Reason.REFUSED, sentence)
        raise ChargerError(
            Reason.REFUSED,
            f"The charger refused the limit ({'; '.join(refused)}). Look for a local limit in the charger's own menu.",
            refused=refused,
        )

    def _plans(self, profile: LiveProfile) -> Iterator[tuple[str, int]]:
        """(purpose, stack level) in the order worth trying; what worked last comes first."""
        memory = self._caller.memory
        top = memory.max_level if memory.max_level is not None else _LEVEL_UNKNOWN
        in_transaction = [(TX_PURPOSE, n) for n in _once(memory.tx_level, top, 1 if top else None, 0)]
        # Level 0 belongs to the static default: a live one there would overwrite it.
        default = [(DEFAULT_PURPOSE, n) for n in _once(memory.default_level, top, 1 if top else None) if n > 0]
        if profile.transaction_id is None:
            yield from default
        elif memory.limit_purpose == DEFAULT_PURPOSE:
            yield from [*default, *in_transaction]
        else:
            yield from [*in_transaction, *default]

    def _worked(self, profile: LiveProfile, purpose: str, level: int) -> None:
        memory, connector = self._caller.memory, profile.connector_id
        if purpose == TX_PURPOSE and profile.transaction_id is not None:
            memory.tx_level, memory.limit_purpose = level, TX_PURPOSE
            memory.tx_live[connector] = profile.transaction_id
            return
        memory.default_level = level
        if profile.transaction_id is not None:
            memory.limit_purpose = DEFAULT_PURPOSE

    def _worked_late(
        self, profile: LiveProfile, purpose: str, level: int, detail: dict[str, object], reply: Reply
    ) -> Answer | None:
        """Another may have been sent meanwhile: which of them is the highest that may be in force stays as it was."""
        if reply.status != "Accepted":
            return None
        self._worked(profile, purpose, level)
        return Answer(reply.status, reply.ms, payload=detail)

    async def _unshadow(self, profile: LiveProfile, purpose: str) -> bool:
        """A TxProfile of ours that still runs would overrule the TxDefaultProfile we fall back to: it goes first, and
        until it is known to be gone the default is no limit. Remembered over connections. Raises `ChargerError`."""
        running, connector = self._caller.memory.tx_live, profile.connector_id
        if purpose != DEFAULT_PURPOSE or connector not in running:
            return False
        if profile.transaction_id is not None and running[connector] != profile.transaction_id:
            del running[connector]  # it ended with its transaction
            return False
        reply = await self._caller.call("ClearChargingProfile", {"id": LIVE_TX_ID + connector}, urgent=True)
        if reply.status not in ("Accepted", "Unknown"):
            sentence = "The charger does not take our older limit out, which overrules any new one until it expires."
            raise ChargerError(Reason.REFUSED, sentence, status=reply.status)
        del running[connector]
        return True

    async def clear_live(self, connector: int) -> Answer:
        """Takes both live limits away; the static default holds from now on."""
        ms = 0.0
        words: list[str] = []
        for ident in (LIVE_TX_ID + connector, LIVE_DEFAULT_ID + connector):
            reply = await self._caller.call("ClearChargingProfile", {"id": ident})
            ms, words = ms + reply.ms, [*words, reply.status]
        self._last.pop(connector, None)
        self._caller.memory.tx_live.pop(connector, None)
        return Answer("Accepted" if "Accepted" in words else "Unknown", ms, payload={"answers": words})

    async def _put(self, request: dict[str, object], urgent: bool = False) -> tuple[Reply | None, str]:
        """The reply when accepted, else None and why. Raises when nothing is known or nothing is possible."""
        try:
            reply = await self._caller.call("SetChargingProfile", request, urgent)
        except ChargerError as error:
            if error.reason is not Reason.REFUSED:
                raise
            return None, str(error.detail.get("code", error.sentence))
        if reply.status == "Accepted":
            return reply, ""
        if not reply.status:
            raise ChargerError(Reason.BAD_REPLY, "The charger's answer to a charging profile holds no status.")
        return None, reply.status

    async def unit(self, phases: int = 3) -> Unit:
        """Ampere wherever allowed; watts are counted over so many phases."""
        memory = self._caller.memory
        if not self._asked and (not memory.rate_unit or memory.max_level is None):
            self._asked = True
            try:
                await self._learn()
            except ChargerError as error:
                if error.reason not in (Reason.REFUSED, Reason.UNSUPPORTED):
                    self._asked = False
                    raise
        return Unit(profiles.rate_unit(memory.rate_unit), phases)

    async def _read_keys(self) -> None:
        await read_keys(self._caller, *_KEYS)

    # -- static ---------------------------------------------------------------------------------------------------

    async def install(self, max_a: float, safe_a: float, connectors: Collection[int], phases: int = 3) -> Answer:
        """Static maximum and safe default. "verified" when the composite schedule of each of `connectors` (in 2.x: EVSEs)
        shows the safe value, "untested" when it cannot be asked or shows another, "cannot" when the charger refuses the
        default. Their numbers as the charger told them: not every one counts from 1 without a gap.

        In watts the default is counted over one phase (decision 0014): whether a charger takes it for the power of all
        phases or for that of each, no phase carries more."""
        unit = await self.unit(phases)
        notes: dict[str, object] = {"unit": unit.name}
        reply, why = await self._put(profiles.static_maximum(max_a, unit, self._caller.charger_now()))
        notes["max"] = "Accepted" if reply is not None else why
        accepted, why, ms = await self._put_default(safe_a, await self.unit(1), connectors)
        notes["default"] = accepted or why
        if not accepted:
            notes["detail"] = f"The charger refused the safe default: {why}."
            return Answer("cannot", ms, payload=notes)
        expected = min(safe_a, max_a) if notes["max"] == "Accepted" else safe_a
        wrong = await self._verify(expected, connectors)
        if notes["max"] != "Accepted":
            notes["detail"] = f"No static maximum: the charger answered {notes['max']}. {wrong}".strip()
        elif wrong:
            notes["detail"] = wrong
        return Answer("untested" if wrong else "verified", ms, after=f"{safe_a:g}", payload=notes)

    async def _put_default(self, safe_a: float, unit: Unit, connectors: Collection[int]) -> tuple[str, str, float]:
        """For the whole station, else for each connector; Absolute, else Relative. (how, why not, ms)"""
        refused, now = "", self._caller.charger_now()
        for relative in (False, True):
            reply, why = await self._put(profiles.static_default(safe_a, unit, 0, relative, now))
            if reply is not None:
                return "Relative" if relative else "Absolute", "", reply.ms
            refused = refused or why
        ms = 0.0
        for connector in sorted(connectors):
            reply, why = await self._put(profiles.static_default(safe_a, unit, connector, False, now))
            if reply is None:
                return "", why or refused, ms
            ms = reply.ms
        return ("per connector", "", ms) if connectors else ("", refused, ms)

    async def _verify(self, expected_a: float, connectors: Collection[int]) -> str:
        """ "" when every connector's schedule ends at the safe value, else what is wrong, in words."""
        for connector in sorted(connectors) or [1]:
            try:
                schedule = await self.composite(connector, _VERIFY_S)
            except ChargerError as error:
                if error.reason in (Reason.TIMEOUT, Reason.UNREACHABLE):
                    raise
                return "The charger shows no composite schedule, so the safe default is not proven."
            if not schedule.reaches(self._valid_s + _SLACK_S):
                return f"The composite schedule of connector {connector} ends after {schedule.covers_s:g} s: too short."
            last = schedule.last_a
            if last is None:
                return f"The composite schedule of connector {connector} shows no limit."
            if last > expected_a + _CLOSE_A:
                return f"Connector {connector} would fall back to {last:g} A instead of {expected_a:g} A."
        return ""

    async def composite(self, connector: int, seconds: int) -> CompositeSchedule:
        unit = await self.unit()
        request = {"connectorId": connector, "duration": int(seconds), "chargingRateUnit": unit.name}
        try:
            reply = await self._caller.call("GetCompositeSchedule", request)
            if reply.status == "Rejected":
                del request["chargingRateUnit"]
                reply = await self._caller.call("GetCompositeSchedule", request)
        except ChargerError as error:
            if error.reason is Reason.REFUSED:
                error.detail.setdefault("status", "CALLERROR")
            raise
        if reply.status != "Accepted":
            sentence = f"The charger shows no composite schedule ({reply.status or 'no status'})."
            raise ChargerError(Reason.REFUSED, sentence, status=reply.status)
        try:
            periods, told = profiles.read_composite(reply.payload, unit, self._caller.charger_now())
        except ValueError as error:
            raise ChargerError(Reason.BAD_REPLY, f"The composite schedule cannot be read: {error}.") from None
        return CompositeSchedule(periods, told, profiles.covered_s(reply.payload))


def _once(*levels: int | None) -> list[int]:
    return list(dict.fromkeys(level for level in levels if level is not None))
