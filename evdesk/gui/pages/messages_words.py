"""Exchanges in a person's words: verdict, latency, what was answered, when. Pure."""

from datetime import datetime

from evdesk.gui import text
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.wire.messages import ExchangeRow, FrameWhole


def breaches(count: int) -> str:
    return tr("1 breach") if count == 1 else tr("{n} breaches").format(n=count)


def verdict_look(row: ExchangeRow, chip: bool = False) -> Look:
    """Icon, words, role. In tables what is right has a tick and no word."""
    if row.verdict == "breach":
        return Look("warning", breaches(max(1, row.breaches)), "warn")
    if row.verdict == "timeout":
        return Look("octagon", tr("Link lost") if row.lost else tr("Timeout"), "danger")
    looks = {
        "refused": Look("info", tr("Refused"), "info"),
        "garbage": Look("octagon", tr("Unreadable"), "danger"),
        "open": Look("clock", tr("Waits"), "muted"),
    }
    return looks.get(row.verdict, Look("check", tr("Valid") if chip else "", "ok" if chip else "muted"))


def frame_look(frame: FrameWhole) -> Look:
    """The verdict on one frame alone."""
    wrong = sum(1 for one in frame.breaches if not one.note)
    if frame.kind == "garbage":
        return Look("octagon", tr("Unreadable"), "danger")
    if frame.kind in ("timeout", "lost"):
        return Look("octagon", tr("Link lost") if frame.kind == "lost" else tr("Timeout"), "danger")
    if wrong:
        return Look("warning", breaches(wrong), "warn")
    return Look("info", tr("Error"), "info") if frame.kind == "error" else Look("check", tr("Valid"), "ok")


def latency(ms: float | None) -> str:
    """ "0.6 ms", "182 ms", "30.0 s"; "" where nothing came yet. Below what is measured: "< 1 ms"."""
    if ms is None:
        return ""
    if ms < 0.1:
        return "< 1 ms"
    if ms < 9.95:
        return f"{text.number(ms)} ms"
    return f"{text.number(ms, 0)} ms" if ms < 999.5 else f"{text.number(ms / 1000)} s"


def action_words(row: ExchangeRow) -> str:
    if row.action:
        return row.action
    return tr("Not readable") if row.kind == "garbage" else tr("Answer to nothing")


def answer_words(row: ExchangeRow) -> str:
    """What stands after the action: the status it tells, then the answer."""
    if row.verdict == "timeout":
        ended = tr("connection ended") if row.lost else tr("no answer")
        return " · ".join(part for part in (row.told, ended) if part)
    answer = "" if row.answer == "Accepted" and row.told else row.answer
    return " · ".join(part for part in (row.told, answer) if part)


def when(at: float, now: float) -> str:
    """The time; with its day where that is not today."""
    if datetime.fromtimestamp(at).date() == datetime.fromtimestamp(now).date():
        return text.clock_ms(at)
    return f"{text.day(at).partition(' ')[2]} {text.clock_s(at)}"


def way_words(direction: str) -> str:
    return tr("from the charger") if direction == "in" else tr("to the charger")
