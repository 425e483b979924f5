"""The conformance sheet as one HTML file: nothing loaded from elsewhere, fit for print on A4."""

import json
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --text: #171a20; --muted: #59616e; --line: #dadde3; --soft: #f3f4f6; --warn: #8a4f00;
  --ok: #17713c; --paper: #ffffff }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --muted: #a0a7b4; --line: #30353f; --soft: #22262e;
  --warn: #f2b544; --ok: #5ccb87; --paper: #1a1d23 } }
@media print { :root { --text: #000; --muted: #333; --line: #999; --soft: #fff; --warn: #000; --ok: #000; --paper: #fff } }
* { box-sizing: border-box }
body { font: 14px/1.45 Inter, "Noto Sans", "DejaVu Sans", sans-serif; color: var(--text); background: var(--paper);
  margin: 0 auto; padding: 32px 24px; max-width: 860px }
h1 { font-size: 24px; margin: 0 0 2px } h2 { font-size: 17px; margin: 28px 0 8px } h3 { font-size: 14px; margin: 0 }
p { margin: 4px 0 } .muted, th { color: var(--muted) } .warn { color: var(--warn) } .ok { color: var(--ok) }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 500 }
td, th { border-bottom: 1px solid var(--line); padding: 5px 10px 5px 0; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 10px 0 } dt { color: var(--muted) }
dd { margin: 0; overflow-wrap: anywhere }
section.one { border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; margin: 10px 0; break-inside: avoid }
section.one .count { float: right; color: var(--warn); font-weight: 600 }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 8px; margin: 6px 0 0;
  font: 12px/1.4 "JetBrains Mono", "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere }
li { margin: 2px 0 } ul { padding-left: 20px; margin: 6px 0 } @page { margin: 16mm }
"""


SHORT_LINES = 24


def sheet_html(data: dict[str, Any]) -> str:
    """`data` as `sheet.sheet_data` makes it."""
    charger, observed = data["charger"], data["observed"]
    made = " ".join(part for part in (charger["vendor"], charger["model"]) if part)
    period = f"{observed['from']} to {observed['to']}" if observed["from"] else "nothing was seen yet"
    facts = {
        "Charger": charger["id"],
        "Made by": made,
        "Serial number": charger["serial"],
        "Firmware": charger["firmware"],
        "Protocol": charger["protocol"],
        "Observed": period,
        "Sheet": f"{data['made_at']}, {data['made_by']}",
    }
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v) or 'unknown')}</dd>" for k, v in facts.items())
    deviations = "".join(_one(one) for one in data["deviations"])
    none = '<p class="ok">None: everything this charger sent fits the specification.</p>'
    nothing = "<p>Nothing was seen yet, so nothing can be said.</p>"
    parts = [
        f"<h1>Conformance sheet</h1><p class='muted'>{escape(made or charger['id'])}, {escape(charger['protocol'])}</p>",
        f"<dl>{rows}</dl>",
        f"<h2>Deviations from the specification ({len(data['deviations'])})</h2>",
        deviations or (none if data["messages"] else nothing),
    ]
    if data["notes"]:
        parts += ["<h2>Worth knowing</h2>", "".join(_one(one) for one in data["notes"])]
    parts += [
        "<h2>Found right</h2>",
        _found(data["found_right"]),
        "<h2>Messages seen</h2>",
        _messages(data["messages"]),
    ]
    body = "\n".join(parts)
    title = escape(f"Conformance sheet {charger['id']}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def _one(one: dict[str, Any]) -> str:
    times = "once" if one["count"] == 1 else f"{one['count']} times"
    lines = [
        ("What", one["sentence"]),
        ("Specification", one["clause"]),
        ("Seen", f"{one['first']} to {one['last']}"),
        ("Value", one["value"]),
        ("evdesk", one["evdesk"]),
        ("To the maker", one["advice"]),
        ("Rule", one["rule"]),
    ]
    told = "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in lines if v)
    example = f"<pre>{escape(_pretty(one['example']))}</pre>" if one["example"] else ""
    head = f'<span class="count">{escape(times)}</span><h3>{escape(one["title"])}</h3>'
    return f'<section class="one">{head}<dl>{told}</dl>{example}</section>'


def _pretty(text: str) -> str:
    """One member per line where that stays short; on paper a long message takes fewer pages as it came."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    written = json.dumps(value, ensure_ascii=False, indent=1)
    return written if written.count("\n") < SHORT_LINES else json.dumps(value, ensure_ascii=False)


def _found(right: list[dict[str, Any]]) -> str:
    if not right:
        return "<p>Nothing yet.</p>"
    items = (f"{one['what']}" + (f" ({_times(one['count'])})" if one["count"] else "") for one in right)
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _messages(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "<p>None yet.</p>"
    head = "<tr><th>Message</th><th>Direction</th>" + "".join(
        f'<th class="n">{name}</th>' for name in ("Seen", "With a breach", "Refused", "Unanswered")
    )
    body = "".join(
        f"<tr><td>{escape(row['action'])}</td><td>{escape(row['direction'])}</td>"
        + "".join(f'<td class="n">{row[name]}</td>' for name in ("count", "breaches", "refused", "unanswered"))
        + "</tr>"
        for row in rows
    )
    return f"<table>{head}</tr>{body}</table>"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
