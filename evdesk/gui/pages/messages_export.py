"""The message log as a file: JSON lines (one frame a line) or one HTML page that needs nothing else.

Pages are asked one after the other and written as they come, newest first, so that a long log needs no memory. The file
appears under its name only when it is whole. The engine keeps secrets out of every frame before it stores it.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from evdesk.gui.pages.messages_html import FOOT, HTML_MOST, entry, head
from evdesk.gui.text import tr
from evdesk.model import EvdeskError, Reason
from evdesk.wire import to_plain
from evdesk.wire.messages import ExchangeFrames, ExchangePage, MessageFilter, MessageRow

PAGE = 500

Fetch = Callable[[ExchangePage], Awaitable[list[ExchangeFrames]]]


def iso(at: float) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def json_line(frame: MessageRow, label: str) -> str:
    """One frame with all its fields, its time in words, and what people call its charger."""
    plain = to_plain(frame) | {"time": iso(frame.at), "label": label}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


async def export(
    path: Path,
    wanted: MessageFilter,
    fetch: Fetch,
    progress: Callable[[int], None],
    label: Callable[[str], str] = lambda charger_id: charger_id,
    told: str = "",
) -> int:
    """Write every exchange that `wanted` fits to `path` (".html", else JSON lines); returns how many.

    HTML ends after `HTML_MOST` exchanges and says so. Raises `EvdeskError(STORAGE)` when the file cannot be written, and
    whatever `fetch` raises; a cancelled export leaves no file. `told`: what is filtered, for the head of the page.
    """
    as_html = path.suffix.lower() in (".html", ".htm")
    part = path.with_name(path.name + ".part")
    written = 0
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            if as_html:
                file.write(head(told))
            page = ExchangePage(wanted, PAGE)
            while rows := await fetch(page):
                rows = rows[: HTML_MOST - written] if as_html else rows
                _write(file, rows, as_html, label)
                written += len(rows)
                progress(written)
                if len(rows) < PAGE or (as_html and written >= HTML_MOST):
                    break
                page = replace(page, before_id=rows[-1].row.id)
            if as_html:
                file.write(FOOT)
        part.replace(path)
    except OSError as error:
        sentence = tr("{file} cannot be written: {why}. Choose another folder.")
        raise EvdeskError(Reason.STORAGE, sentence.format(file=path.name, why=error.strerror or error)) from error
    finally:
        part.unlink(missing_ok=True)
    return written


def _write(file: TextIO, rows: list[ExchangeFrames], as_html: bool, label: Callable[[str], str]) -> None:
    for one in rows:
        if as_html:
            file.write(entry(one, label(one.row.charger_id)))
        else:
            file.writelines(
                json_line(frame, label(frame.charger_id)) + "\n"
                for frame in one.frames
                if frame.kind not in ("timeout", "lost")
            )
