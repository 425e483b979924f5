"""Exchanges as one HTML page: nothing loaded from elsewhere, a filter box, light and dark by what the reader prefers."""

import json
from datetime import UTC, datetime
from html import escape

from evdesk.gui.pages.messages_words import action_words, answer_words, latency, verdict_look
from evdesk.ocpp.rules import explain
from evdesk.wire.messages import ExchangeFrames, MessageRow

HTML_MOST = 20_000
"""A browser stays fluid up to about so many exchanges; more are for JSON lines."""

_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --back: #f3f4f6; --text: #171a20; --muted: #59616e; --line: #dadde3;
  --accent: #1b5fc9; --warn: #8a4f00; --warnsoft: #fdf0d5; --danger: #b3202c; --info: #2c5f86; --ok: #17713c }
@media (prefers-color-scheme: dark) { :root { --paper: #1a1d23; --back: #121419; --text: #e8eaed; --muted: #a0a7b4;
  --line: #30353f; --accent: #7ab0ff; --warn: #f2b544; --warnsoft: #38290d; --danger: #ff8a85; --info: #86bee6;
  --ok: #5ccb87 } }
* { box-sizing: border-box }
body { margin: 0; font: 13px/1.4 Inter, "Noto Sans", "DejaVu Sans", sans-serif; color: var(--text); background: var(--back);
  font-variant-numeric: tabular-nums }
header { position: sticky; top: 0; background: var(--paper); border-bottom: 1px solid var(--line); padding: 10px 16px;
  display: flex; gap: 12px; align-items: center; flex-wrap: wrap }
h1 { font-size: 17px; margin: 0 } .muted { color: var(--muted) }
input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--muted); border-radius: 6px;
  padding: 6px 10px; min-width: 260px; flex: 1 }
label { white-space: nowrap }
main { max-width: 1100px; margin: 12px auto; background: var(--paper); border: 1px solid var(--line); border-radius: 8px;
  overflow: hidden }
details { border-bottom: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 32px }
summary { display: grid; grid-template-columns: 178px 20px 110px 1fr 74px 130px; gap: 8px; padding: 6px 12px;
  cursor: pointer; list-style: none } summary::-webkit-details-marker { display: none }
summary:hover { background: var(--back) } summary b { font-weight: 600 }
summary .n { text-align: right; color: var(--muted) }
.breach { color: var(--warn) } .timeout, .garbage { color: var(--danger) } .refused { color: var(--info) }
.ok { color: var(--ok) } .out { color: var(--accent) }
section { padding: 4px 12px 10px 32px } h2 { font-size: 12px; margin: 6px 0 2px; font-weight: 600 }
pre { margin: 0; padding: 8px; background: var(--back); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 12px/1.4 "JetBrains Mono", "DejaVu Sans Mono", monospace }
ul { margin: 4px 0 0; padding: 6px 10px 6px 26px; background: var(--warnsoft); border-radius: 6px }
@media print { header { position: static } input, label { display: none } details { content-visibility: visible } }
"""
_SCRIPT = """
const box = document.getElementById("find"), faults = document.getElementById("faults");
const rows = [...document.querySelectorAll("details")], told = document.getElementById("told");
function filter() {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const fits = (!faults.checked || row.dataset.verdict !== "ok") &&
      words.every(word => row.textContent.toLowerCase().includes(word));
    row.hidden = !fits;
    shown += fits;
  }
  told.textContent = shown + " of " + rows.length;
}
let wait = 0;
box.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(filter, 150); });
faults.addEventListener("change", filter);
filter();
"""


def head(told: str) -> str:
    """The page up to its first exchange. `told`: what is in it, in words."""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>OCPP messages</title>\n'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n<body><header>'
        f'<h1>OCPP messages</h1><span class="muted">{escape(told)}{", " if told else ""}written {made}</span>'
        '<input id="find" type="search" placeholder="Any words: action, charger, value" aria-label="Filter">'
        '<label><input id="faults" type="checkbox" style="min-width:0;flex:none"> Faults only</label>'
        '<span id="told" class="muted"></span></header>\n<main>\n'
    )


FOOT = f"</main>\n<script>{_SCRIPT}</script>\n</body></html>\n"


def entry(one: ExchangeFrames, label: str) -> str:
    """One exchange, closed until it is clicked."""
    row = one.row
    time = datetime.fromtimestamp(row.at, UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
    answer = answer_words(row)
    came = row.direction == "in"
    verdict = verdict_look(row, chip=True).word
    name = label if label == row.charger_id else f"{label} ({row.charger_id})"
    way = '<span class="muted">←</span>' if came else '<span class="out">→</span>'
    summary = (
        f'<summary><span class="muted">{time}Z</span>{way}'
        f'<b title="{escape(name)}">{escape(label)}</b><span>{escape(action_words(row))}'
        f'<span class="muted">{escape(f" · {answer}" if answer else "")}</span></span>'
        f'<span class="n">{escape(latency(row.latency_ms))}</span><span class="{row.verdict}">{escape(verdict)}</span>'
        "</summary>"
    )
    frames = "".join(_frame(frame) for frame in one.frames)
    return f'<details data-verdict="{row.verdict}">{summary}<section>{frames}</section></details>\n'


def _frame(frame: MessageRow) -> str:
    names = {"timeout": "No answer", "lost": "The connection ended", "result": "Answer", "error": "Error"}
    title = names.get(frame.kind, "Call" if frame.kind in ("call", "send") else "Not readable")
    rules = [rule for rule in frame.odd.split(",") if rule]
    told = "".join(
        f"<li><b>{escape(explain(rule).title)}</b> {escape(explain(rule).did)} "
        f'<span class="muted">{escape(explain(rule).clause)} {escape(rule)}</span></li>'
        for rule in rules
    )
    text = f"<pre>{escape(_pretty(frame.text))}</pre>" if frame.text else ""
    return f"<h2>{title}</h2>{text}" + (f"<ul>{told}</ul>" if told else "")


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return text
