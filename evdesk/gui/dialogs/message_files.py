"""Files about messages: the log as listed, and a charger's conformance sheet. Each ends with a sentence for the banner."""

from datetime import datetime
from pathlib import Path

from PySide6.QtWidgets import QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.dialogs.files import Progress, WritingSheet, ask_save, write_text
from evdesk.gui.dialogs.sheet import DONE
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.messages_export import export as export_messages
from evdesk.gui.pages.messages_html import HTML_MOST
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.wire.messages import ExchangeFrames, ExchangePage, MessageCount, MessageFilter, Sheet, SheetOf

KINDS = {"html": "HTML (*.html)", "jsonl": "JSON lines (*.jsonl)"}


async def export(
    mirror: Mirror, client: Client, theme: Theme, window: QWidget, kind: str, wanted: MessageFilter
) -> str:
    """Ask for a file and write what `wanted` fits; "" when it was not written."""
    stamp = datetime.fromtimestamp(mirror.now()).strftime("%Y-%m-%d-%H%M")
    path = await ask_save(window, tr("Export messages"), f"evdesk-messages-{stamp}.{kind}", KINDS[kind])
    return "" if path is None else await export_to(path, mirror, client, theme, window, wanted)


async def export_to(
    path: Path, mirror: Mirror, client: Client, theme: Theme, window: QWidget, wanted: MessageFilter
) -> str:
    count: MessageCount = await client.call("message.count", wanted)
    as_html = path.suffix.lower() in (".html", ".htm")
    total = min(count.exchanges, HTML_MOST) if as_html else count.exchanges

    async def fetch(page: ExchangePage) -> list[ExchangeFrames]:
        rows: list[ExchangeFrames] = await client.call("message.frames", page)
        return rows

    async def work(progress: Progress) -> int:
        return await export_messages(path, wanted, fetch, progress, mirror.label, filter_words(mirror, wanted))

    sheet = WritingSheet(tr("Writing {file}").format(file=path.name), total, work, theme, window)
    if await sheet.run() != DONE:
        return tr("Stopped: {file} was not written.").format(file=path.name)
    told = tr("{n} messages written to {file}").format(n=text.count(sheet.written), file=path.name)
    if as_html and count.exchanges > HTML_MOST:
        told += tr("; older ones are left out: choose JSON lines for all of them.")
    return told


def filter_words(mirror: Mirror, wanted: MessageFilter) -> str:
    """What is in the file, in words."""
    parts = [", ".join(mirror.label(one) for one in wanted.charger_ids) or tr("all chargers")]
    parts += [wanted.action, wanted.direction, wanted.verdict, f"“{wanted.search}”" if wanted.search else ""]
    if wanted.from_at is not None:
        parts.append(tr("from {time}").format(time=text.iso(wanted.from_at)))
    if wanted.to_at is not None:
        parts.append(tr("to {time}").format(time=text.iso(wanted.to_at)))
    return ", ".join(part for part in parts if part)


async def save_sheet(client: Client, charger_id: str, window: QWidget) -> str:
    """Ask for a file and write the charger's conformance sheet: HTML, or JSON where the name ends so."""
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in charger_id)[:60]
    path = await ask_save(window, tr("Conformance sheet"), f"conformance-{safe}.html", "HTML (*.html);;JSON (*.json)")
    return "" if path is None else await sheet_to(path, client, charger_id)


async def sheet_to(path: Path, client: Client, charger_id: str) -> str:
    kind = "json" if path.suffix.lower() == ".json" else "html"
    sheet: Sheet = await client.call("finding.sheet", SheetOf(charger_id, kind))
    write_text(path, sheet.content)
    return tr("Conformance sheet written to {file}").format(file=path.name)
