"""The message log as a file: read back, self-contained, whole or not there."""

import asyncio
import json
from html.parser import HTMLParser

import pytest

from evdesk.gui.pages import messages_export
from evdesk.gui.pages.messages_export import PAGE, export
from evdesk.model import EvdeskError, Reason
from evdesk.wire.messages import ExchangeFrames, MessageFilter, MessageRow
from tests.gui.message_sample import row


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.outside, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.outside += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "background")]

    def handle_data(self, data):
        self.text.append(data)


def one(number, text="{}", odd="", verdict="ok"):
    head = row(number, verdict)
    call = MessageRow(
        head.id, head.at, "WB-02", "in", "call", head.action, head.message_id, f'[2,"{head.message_id}","X",{text}]',
        "ocpp1.6", odd,
    )  # fmt: skip
    answer = MessageRow(
        head.id + 1, head.at, "WB-02", "out", "result", head.action, head.message_id, f'[3,"{head.message_id}",{{}}]',
        "ocpp1.6", "", head.id,
    )  # fmt: skip
    return ExchangeFrames(head, [call, answer])


class Engine:
    def __init__(self, rows):
        self.rows = rows
        self.asked = 0

    async def fetch(self, page):
        self.asked += 1
        before = page.before_id if page.before_id is not None else 10**9
        return [r for r in self.rows if r.row.id < before][: page.limit]


EVIL = '{"info":"</script><img src=http://evil.example/x onerror=alert(1)>"}'


async def test_json_lines_hold_every_frame(tmp_path):
    rows = [one(2 * n) for n in range(1200, 0, -1)]
    engine, seen = Engine(rows), []
    path = tmp_path / "log.jsonl"
    assert await export(path, MessageFilter(), engine.fetch, seen.append, lambda _: "Bay 2") == 1200
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 2400
    assert [line["id"] for line in lines[:3]] == [2400, 2401, 2398]
    assert lines[1] | {"kind": "result", "call": 2400, "label": "Bay 2", "protocol": "ocpp1.6"} == lines[1]
    assert lines[0]["time"].endswith("+00:00")
    assert json.loads(lines[0]["text"])[0] == 2
    assert (seen, engine.asked) == ([PAGE, 2 * PAGE, 1200], 3)


async def test_html_needs_nothing_else_and_shows_pairs_and_breaches(tmp_path):
    rows = [one(4, EVIL, "zone_missing,StatusNotification.errorCode.enum", "breach"), one(2)]
    path = tmp_path / "log.html"
    await export(path, MessageFilter(), Engine(rows).fetch, lambda _: None, lambda _: "Bay 2", "all chargers")
    raw = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(raw)
    assert page.outside == []
    assert "<img" not in raw
    assert [tag for tag, _ in page.tags].count("details") == 2
    assert [attrs["data-verdict"] for tag, attrs in page.tags if tag == "details"] == ["breach", "ok"]
    assert any(tag == "input" and attrs["id"] == "find" for tag, attrs in page.tags)
    assert "prefers-color-scheme: dark" in raw
    text = " ".join(page.text)
    assert "A timestamp without time zone" in text
    assert "errorCode in StatusNotification" in text
    assert text.count("Answer") == 2
    assert "all chargers" in text
    assert raw.endswith("</body></html>\n")


async def test_a_long_html_ends_where_a_browser_would(tmp_path, monkeypatch):
    monkeypatch.setattr(messages_export, "HTML_MOST", 700)
    path = tmp_path / "log.html"
    engine = Engine([one(2 * n) for n in range(1200, 0, -1)])
    assert await export(path, MessageFilter(), engine.fetch, lambda _: None) == 700
    assert path.read_text().count("<details") == 700


async def test_a_stopped_or_broken_export_leaves_no_file(tmp_path):
    gate, begun = asyncio.Event(), asyncio.Event()

    async def slow(page):
        begun.set()
        await gate.wait()
        return []

    task = asyncio.create_task(export(tmp_path / "a.html", MessageFilter(), slow, lambda _: None))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def broken(page):
        raise EvdeskError(Reason.UNREACHABLE, "gone")

    with pytest.raises(EvdeskError, match="gone"):
        await export(tmp_path / "b.jsonl", MessageFilter(), broken, lambda _: None)
    with pytest.raises(EvdeskError, match="cannot be written"):
        await export(tmp_path / "no" / "c.jsonl", MessageFilter(), Engine([]).fetch, lambda _: None)
    assert list(tmp_path.iterdir()) == []
