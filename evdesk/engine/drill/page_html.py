"""The protocol of a drill as one HTML page: nothing loaded from elsewhere, one sheet of A4 when printed."""

from collections.abc import Iterable
from html import escape

from evdesk.engine.drill.page import CHECK_HEADS, SIGNED, Row, page_of
from evdesk.engine.drill.page_plot import plot_svg
from evdesk.engine.page_words import Fact
from evdesk.model.drills import Drill

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


def protocol_html(drill: Drill) -> str:
    """One page about this drill; also for one that is under way."""
    page = page_of(drill)
    parts = [
        f"<header><h1>Failsafe protocol</h1><span class='muted'>{escape(page.number)}</span></header>",
        f'<div class="verdict {page.tone}"><b>{page.word}</b><span>{escape(page.sentence)}</span></div>',
        f"<div class='two'><div><h2>Charger</h2>{_facts(page.charger)}</div>"
        f"<div><h2>What evdesk wrote into it</h2>{_facts(page.written)}</div></div>",
        f"<h2>How it was tried</h2><p>{escape(page.how)}</p>",
        f"<h2>Measured and expected</h2>{plot_svg(drill)}",
        f"<table>{_row(CHECK_HEADS, 'th')}{''.join(_row(row, 'td') for row in page.checks)}</table>",
        f"<h2>What follows</h2><p>{escape(page.follows)}</p>",
        f"<div class='sign'>{''.join(f'<div>{who}</div>' for who in SIGNED)}</div>",
        f"<footer>{escape(page.foot)}</footer>",
    ]
    head = f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(page.title)}</title>"
    return f"{head}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"


def _facts(rows: Iterable[Fact]) -> str:
    made = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f"<dl>{made}</dl>"


def _row(cells: Row, tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
