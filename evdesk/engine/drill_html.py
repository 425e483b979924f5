"""The protocol of a drill as one HTML page: nothing loaded from elsewhere, one sheet of A4 when printed."""

import re
from datetime import UTC, datetime
from html import escape

from evdesk.engine.drill_plot import plot_svg
from evdesk.engine.drill_words import sentence_for, shown_words
from evdesk.model.drills import Drill, DrillKind, DrillVerdict

_STYLE = """
:root { --text: #171a20; --muted: #59616e; --line: #dadde3; --ok: #17713c; --bad: #b3202c; --warn: #8a4f00 }
* { box-sizing: border-box }
body { font: 12.5px/1.4 Inter, "Noto Sans", "DejaVu Sans", sans-serif; color: var(--text); background: #fff; margin: 0 auto;
  padding: 24px; max-width: 760px }
header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 2px solid var(--text);
  padding-bottom: 6px } h1 { font-size: 21px; margin: 0 } h2 { font-size: 14px; margin: 14px 0 4px }
p { margin: 3px 0 } .muted, dt, th { color: var(--muted) }
.verdict { border: 2px solid; border-radius: 6px; padding: 7px 12px; margin: 12px 0 8px; font-size: 14px }
.verdict b { font-size: 17px; margin-right: 8px }
.ok { color: var(--ok) } .bad { color: var(--bad) } .warn { color: var(--warn) }
.verdict span { color: var(--text) }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 28px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 1px 14px; margin: 0 }
dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 500 }
td, th { border-bottom: 1px solid var(--line); padding: 3px 10px 3px 0; vertical-align: top }
svg { width: 100%; height: auto; display: block } .sign { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 26px;
  margin-top: 34px } .sign div { border-top: 1px solid var(--text); padding-top: 3px; color: var(--muted) }
footer { margin-top: 12px; color: var(--muted); font-size: 11px }
@page { size: A4; margin: 13mm } @media print { body { padding: 0; max-width: none } }
"""
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


def protocol_html(drill: Drill) -> str:
    """One page about this drill; also for one that is under way."""
    word, tone = _WORDS[drill.verdict]
    title = f"Failsafe protocol {drill.id}: {drill.label or drill.charger_id}"
    verdict = (
        f'<div class="verdict {tone}"><b>{word}</b><span>{escape(drill.sentence or sentence_for(drill))}</span></div>'
    )
    charger = _facts(
        ("Site", drill.site),
        ("Place", drill.label),
        ("Charger", f"{drill.charger_id}, connector {drill.connector_id}"),
        ("Made by", f"{drill.vendor} {drill.model}".strip()),
        ("Serial number", drill.serial),
        ("Firmware", drill.firmware),
        ("Protocol", drill.protocol),
    )
    plan = _facts(
        ("Static maximum", f"{drill.max_a:g} A per phase"),
        ("Safe default", f"{drill.safe_a:g} A per phase"),
        ("Live limit", f"ends after {drill.valid_s} s, sent anew each {drill.refresh_s} s"),
        ("Its own schedule", _shown(drill)),
        ("Begun", _date(drill.started_at)),
        ("Ended", _date(drill.ended_at)),
        ("By", f"{drill.who} ({drill.via})" if drill.via else drill.who),
    )
    parts = [
        f"<header><h1>Failsafe protocol</h1><span class='muted'>No. {drill.id}, {_date(drill.started_at)}</span></header>",
        verdict,
        f"<div class='two'><div><h2>Charger</h2>{charger}</div><div><h2>What evdesk wrote into it</h2>{plan}</div></div>",
        f"<h2>How it was tried</h2><p>{escape(_HOW[drill.kind])} {escape(_loaded(drill))}</p>",
        f"<h2>Measured and expected</h2>{plot_svg(drill)}",
        _checks(drill),
        _follows(drill),
        "<div class='sign'><div>Place, date</div><div>Technician</div><div>Owner</div></div>",
        f"<footer>Audit rows {escape(_rows(drill.audit_ids))}. {len(drill.samples)} samples, kept with it. Times are UTC. "
        " This page records one trial; it is no certificate.</footer>",
    ]
    head = f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
    return f"{head}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"


def protocol_name(drill: Drill) -> str:
    """A file name of plain letters."""
    who = re.sub(r"[^A-Za-z0-9._-]+", "-", drill.charger_id).strip("-.") or "charger"
    day = datetime.fromtimestamp(drill.started_at, UTC).strftime("%Y-%m-%d")
    return f"failsafe-{who[:60]}-{day}-{drill.id}.html"


def _facts(*rows: tuple[str, str]) -> str:
    made = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v) or 'unknown'}</dd>" for k, v in rows)
    return f"<dl>{made}</dl>"


def _loaded(drill: Drill) -> str:
    if drill.baseline_a is None:
        return ""
    return f"Before, the car was given {drill.baseline_a:g} A; meanwhile the site kept the full rating free for it."


def _shown(drill: Drill) -> str:
    if drill.shown_a is None or drill.no_limit_shown:
        return f"shows {shown_words(drill)}"
    return f"ends at {drill.shown_a:g} A"


def _checks(drill: Drill) -> str:
    rows = []
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
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr><th>Check</th><th>Measured</th><th>Allowed</th><th>From</th></tr>{cells}</table>"


def _follows(drill: Drill) -> str:
    """What the verdict means for the site, and what to do."""
    if drill.unsafe:
        text = (
            f"evdesk keeps the full rating of this charger free at all times ({drill.max_a:g} A), and the other chargers' "
            "safe shares are smaller for it. Lower the current inside the charger (DIP switch, installer menu) or ask its "
            "maker for a firmware that lets charging profiles end; then drill it again."
        )
    elif drill.verdict is DrillVerdict.PROVEN:
        text = (
            "The verdict counts for this firmware and these values. After an update, or when the safe value changes, the "
            "charger counts as untested until it is drilled again."
        )
    else:
        text = "The charger counts as untested until a drill has come to a result."
    return f"<h2>What follows</h2><p>{escape(text)}</p>"


def _rows(ids: tuple[int, ...]) -> str:
    """ "812, 815-819"."""
    parts: list[list[int]] = []
    for number in sorted(set(ids)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{p[0]}" if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts) or "none"


def _date(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
