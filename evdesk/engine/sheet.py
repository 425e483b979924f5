"""A charger's conformance sheet as data: who it is, what was seen, what deviates, what was found right."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from evdesk import __version__
from evdesk.model import Charger, Finding
from evdesk.ocpp import schemas
from evdesk.ocpp.rules import AREAS, CHECKED, RuleText, explain
from evdesk.wire.messages import ActionSeen

FORMAT = 1


def sheet_data(charger: Charger, findings: list[Finding], actions: list[ActionSeen], now: float) -> dict[str, Any]:
    """The sheet as plain JSON values. Times are ISO 8601 in UTC, counts are those of the log and of the findings."""
    times = [t for a in actions for t in (a.first_at, a.last_at)] + [
        t for f in findings for t in (f.first_at, f.last_at)
    ]
    worded = sorted(((f, explain(f.rule)) for f in findings), key=lambda pair: (pair[1].note, -pair[0].count))
    deviations = [_deviation(f, words) for f, words in worded if not words.note]
    return {
        "format": FORMAT,
        "made_by": f"evdesk {__version__}",
        "made_at": iso(now),
        "charger": {
            "id": charger.id,
            "vendor": charger.vendor,
            "model": charger.model,
            "serial": charger.serial,
            "firmware": charger.firmware,
            "protocol": schemas.words(charger.protocol) if charger.protocol else "unknown",
        },
        "observed": {"from": iso(min(times)) if times else None, "to": iso(max(times)) if times else None},
        "messages": [
            {k: v for k, v in asdict(a).items() if k not in ("first_at", "last_at")}
            | {"direction": "from the charger" if a.direction == "in" else "to the charger"}
            for a in actions
        ],
        "deviations": deviations,
        "notes": [_deviation(f, words) for f, words in worded if words.note],
        "found_right": _found_right(worded, actions, charger.protocol),
    }


def _deviation(one: Finding, words: RuleText) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "area": words.area,
        "title": words.title,
        "sentence": one.sentence,
        "clause": one.clause or words.clause,
        "count": one.count,
        "first": iso(one.first_at),
        "last": iso(one.last_at),
        "value": one.raw,
        "example": one.message,
        "evdesk": words.did,
        "advice": words.advice,
    }


def _found_right(
    worded: list[tuple[Finding, RuleText]], actions: list[ActionSeen], protocol: str
) -> list[dict[str, Any]]:
    """Areas without a finding, and the messages that fit their schema every time they were seen."""
    sent = [a for a in actions if a.direction == "in"]
    if not actions:
        return []
    broken = {words.area for _, words in worded}
    seen = {
        "Time": any(a.action in TIMED for a in sent),
        "Meter values": any(a.action in METERED for a in sent),
        "Transactions": any(a.action in CHARGED for a in sent),
    }
    areas = [
        {"what": f"{area}: {CHECKED[area]}", "count": None}
        for area in AREAS
        if area not in broken and seen.get(area, True)
    ]
    version = schemas.known(protocol)
    found = {rule.rule.split(".")[0] for rule, _ in worded if "." in rule.rule}
    fits = [
        {"what": f"{a.action} fits its schema", "count": a.count}
        for a in sent
        if not a.breaches and a.action not in found and schemas.schema(version, a.action) is not None
    ]
    answers = [
        {"what": f"{a.action} is answered, in time and by its schema", "count": a.count}
        for a in actions
        if a.direction == "out" and not a.unanswered and not a.breaches and f"{a.action}Response" not in found
    ]
    return areas + fits + answers


CHARGED = frozenset({"StartTransaction", "StopTransaction", "TransactionEvent"})
METERED = frozenset({"MeterValues", "TransactionEvent", "StopTransaction"})
TIMED = CHARGED | METERED | {"StatusNotification"}


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
