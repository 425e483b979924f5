"""Deeds about messages: the console, the log as a file, a charger's conformance sheet. Each ends with a sentence for
the banner, or with "" where there is nothing to tell."""

from datetime import datetime
from pathlib import Path
from typing import Any

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.desk import Desk
from evdesk.gui.dialogs.console import ConsoleSheet
from evdesk.gui.dialogs.files import Progress, WritingSheet, ask_save, write_text
from evdesk.gui.dialogs.sheet import DONE
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.messages_export import export as export_messages
from evdesk.gui.pages.messages_html import HTML_MOST
from evdesk.gui.text import tr
from evdesk.wire.messages import ExchangeFrames, ExchangePage, MessageCount, MessageFilter, Sheet, SheetOf

KINDS = {"html": "HTML (*.html)", "jsonl": "JSON lines (*.jsonl)"}


async def console(desk: Desk, charger_id: Any) -> str:
    """The expert console on this charger."""
    if charger_id not in desk.mirror.chargers:
        return tr("{id} is not known any more.").format(id=charger_id)
    await ConsoleSheet(desk.mirror, desk.client, desk.settings, desk.theme, charger_id, desk.window).ask()
    return ""


async def export(desk: Desk, wanted: Any) -> str:
    """Ask for a file and write the messages: `wanted` is (html or jsonl, `MessageFilter`)."""
    kind, chosen = wanted
    stamp = datetime.fromtimestamp(desk.mirror.now()).strftime("%Y-%m-%d-%H%M")
    path = await ask_save(desk.window, tr("Export messages"), f"evdesk-messages-{stamp}.{kind}", KINDS[kind])
    return "" if path is None else await export_to(desk, path, chosen)


async def export_to(desk: Desk, path: Path, wanted: MessageFilter) -> str:
    mirror, client = desk.mirror, desk.client
    count: MessageCount = await client.call("message.count", wanted)
    as_html = path.suffix.lower() in (".html", ".htm")
    total = min(count.exchanges, HTML_MOST) if as_html else count.exchanges

    async def fetch(page: ExchangePage) -> list[ExchangeFrames]:
        rows: list[ExchangeFrames] = await client.call("message.frames", page)
        return rows

    async def work(progress: Progress) -> int:
        return await export_messages(path, wanted, fetch, progress, mirror.label, filter_words(mirror, wanted))

    sheet = WritingSheet(tr("Writing {file}").format(file=path.name), total, work, desk.theme, desk.window)
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


async def save_sheet(desk: Desk, charger_id: Any) -> str:
    """Ask for a file and write the charger's conformance sheet: HTML, or JSON where the name ends so."""
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in str(charger_id))[:60]
    path = await ask_save(
        desk.window, tr("Conformance sheet"), f"conformance-{safe}.html", "HTML (*.html);;JSON (*.json)"
    )
    return "" if path is None else await sheet_to(path, desk.client, str(charger_id))


async def sheet_to(path: Path, client: Client, charger_id: str) -> str:
    kind = "json" if path.suffix.lower() == ".json" else "html"
    sheet: Sheet = await client.call("finding.sheet", SheetOf(charger_id, kind))
    write_text(path, sheet.content)
    return tr("Conformance sheet written to {file}").format(file=path.name)
