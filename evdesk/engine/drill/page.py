"""What stands in the protocol of a drill, before it is made into a page of HTML or PDF."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from evdesk.engine.drill.words import sentence_for, shown_words
from evdesk.engine.page_words import Fact, known, moment, ranges
from evdesk.model.drills import Drill, DrillKind, DrillVerdict

Row = tuple[str, str, str, str]
CHECK_HEADS: Row = ("Check", "Measured", "Allowed", "From")
SIGNED = ("Place, date", "Technician", "Owner")

_WORDS = {
    DrillVerdict.PROVEN: ("Proven", "ok"),
    DrillVerdict.FAILED: ("Failed", "bad"),
    DrillVerdict.VERIFIED: ("Verified, not drilled", "warn"),
    DrillVerdict.INCONCLUSIVE: ("Inconclusive", "warn"),
    DrillVerdict.CANCELLED: ("Cancelled", "warn"),
    DrillVerdict.INTERRUPTED: ("Interrupted", "warn"),
    DrillVerdict.REFUSED: ("Did not begin", "warn"),
    DrillVerdict.NONE: ("Under way", "warn"),
}
_HOW = {
    DrillKind.SILENCE: "The connection stayed open. evdesk sent nothing more; the charger's own meter values were watched.",
    DrillKind.CUT: "evdesk closed the connection and refused it until the end. What the charger measured meanwhile was "
    "read from its queue afterwards.",
    DrillKind.RESTART: "The charger was restarted without a car; then its own schedule was read.",
    DrillKind.SEEN: "Nothing was tried. It was seen in the charger's own meter values while a car charged.",
}


@dataclass(frozen=True, slots=True)
class ProtocolPage:
    """`tone`: "ok", "bad" or "warn"; `charger`, `written`: names and values; `checks`: rows below `CHECK_HEADS`."""

    title: str
    number: str
    tone: str
    word: str
    sentence: str
    charger: tuple[Fact, ...]
    written: tuple[Fact, ...]
    how: str
    checks: tuple[Row, ...]
    follows: str
    foot: str


def page_of(drill: Drill) -> ProtocolPage:
    """Also for one that is under way."""
    word, tone = _WORDS[drill.verdict]
    charger = (
        ("Site", drill.site),
        ("Place", drill.label),
        ("Charger", f"{drill.charger_id}, connector {drill.connector_id}"),
        ("Made by", f"{drill.vendor} {drill.model}".strip()),
        ("Serial number", drill.serial),
        ("Firmware", drill.firmware),
        ("Protocol", drill.protocol),
    )
    written = (
        ("Full rating", f"{drill.max_a:g} A per phase"),
        ("Safe default", f"{drill.safe_a:g} A per phase"),
        ("Live limit", f"ends after {drill.valid_s} s, sent anew each {drill.refresh_s} s"),
        ("Its own schedule", _shown(drill)),
        ("Begun", moment(drill.started_at)),
        ("Ended", moment(drill.ended_at)),
        ("By", f"{drill.who} ({drill.via})" if drill.via else drill.who),
    )
    return ProtocolPage(
        title=f"Failsafe protocol {drill.id}: {drill.label or drill.charger_id}",
        number=f"No. {drill.id}, {moment(drill.started_at)}",
        tone=tone,
        word=word,
        sentence=drill.sentence or sentence_for(drill),
        charger=known(*charger),
        written=known(*written),
        how=f"{_HOW[drill.kind]} {_loaded(drill)}".strip(),
        checks=_checks(drill),
        follows=_follows(drill),
        foot=f"Audit rows {ranges(drill.audit_ids)}. {len(drill.samples)} samples, kept with it. Times are UTC. "
        "This page records one trial; it is no certificate.",
    )


def protocol_name(drill: Drill, kind: str) -> str:
    """A file name of plain letters; `kind`: html or pdf."""
    who = re.sub(r"[^A-Za-z0-9._-]+", "-", drill.charger_id).strip("-.") or "charger"
    day = datetime.fromtimestamp(drill.started_at, UTC).strftime("%Y-%m-%d")
    return f"failsafe-{who[:60]}-{day}-{drill.id}.{kind}"


def _loaded(drill: Drill) -> str:
    if drill.baseline_a is None:
        return ""
    return f"Before, the car was given {drill.baseline_a:g} A; meanwhile the site kept the full rating free for it."


def _shown(drill: Drill) -> str:
    if drill.shown_a is None or drill.no_limit_shown:
        return f"shows {shown_words(drill)}"
    return f"ends at {drill.shown_a:g} A"


def _checks(drill: Drill) -> tuple[Row, ...]:
    rows: list[Row] = []
    if drill.since_at is not None and drill.latest_allowed_at is not None and drill.kind is not DrillKind.RESTART:
        allowed = drill.latest_allowed_at - drill.since_at
        fell = "not seen"
        if drill.fell_after_s is not None:
            fell = f"{drill.fell_not_before_s or 0:.0f} to {drill.fell_after_s:.0f} s"
        rows.append(("Time to the safe value", fell, f"{allowed:.0f} s at most", f"{drill.read_from}, each reading"))
        to = "not seen" if drill.fell_to_a is None else f"{drill.fell_to_a:.1f} A"
        rows.append(("Current after that", to, f"{drill.safe_a:g} A at most (1 A of tolerance)", drill.read_from))
    rows.append(("Its own schedule", _shown(drill), f"{drill.safe_a:g} A at most", "composite schedule"))
    if drill.restored is not None:
        word = "limit in force, charge runs" if drill.restored else "not as before"
        rows.append(("Afterwards", word, "as before", "charger"))
    return tuple(rows)


def _follows(drill: Drill) -> str:
    """What the verdict means for the site, and what to do."""
    if drill.unsafe:
        return (
            f"At its full rating ({drill.max_a:g} A) this charger counts in the other chargers' safe shares, which are "
            "smaller for it, and that is kept free whenever it is silent. Lower the current inside the charger (DIP "
            "switch, installer menu) or ask its maker for a firmware that lets charging profiles end; then drill it again."
        )
    if drill.verdict is DrillVerdict.PROVEN:
        return (
            "The verdict counts for this firmware and these values. After an update, or when the safe value changes, the "
            "charger counts as untested until it is drilled again."
        )
    return "The charger counts as untested until a drill has come to a result."
