"""The Messages page's parts: filter language, model, decoded lines, words."""

import json
import random
from datetime import datetime

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from evdesk.gui.pages.messages_json import lines, plain
from evdesk.gui.pages.messages_model import ACTION, CHARGER, LATENCY, VERDICT, ExchangesModel
from evdesk.gui.pages.messages_query import completions, moment, parse, typed, with_part
from evdesk.gui.pages.messages_table import ExchangesTable
from evdesk.gui.pages.messages_words import answer_words, latency, verdict_look
from evdesk.wire.messages import ExchangeRow, MessageFilter

NOW = datetime(2026, 11, 24, 18, 42, 10).timestamp()
NAMES = {"Bay 2": "WB-02", "Bay 21": "WB-21", "WB-09": "WB-09"}


def exchange(number, verdict="ok", **more):
    at = NOW - 1000 + number
    base = dict(charger_id="WB-02", direction="in", kind="call", action="MeterValues", message_id=f"m{number}")
    answer = {} if verdict == "open" else {"answer_id": number + 100_000, "latency_ms": 0.6}
    return ExchangeRow(number, at, verdict=verdict, **(base | answer | more))


# -- filter language --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {}),
        ("action:Status", {"action": "Status"}),
        ("charger:Bay 2", {"charger_id": "WB-02"}),
        ("charger:bay 21 verdict:breach", {"charger_id": "WB-21", "verdict": "breach"}),
        ('charger:"Bay 2" derate', {"charger_id": "WB-02", "search": "derate"}),
        ("charger:WB-0 x", {"search": "x", "problem": "No charger is called “WB-0”."}),
        ("charger:WB-2", {"charger_id": "WB-21"}),
        ("temp derate way:IN", {"way": "in", "search": "temp derate"}),
        ('"action:Reset" 5', {"search": "action:Reset 5"}),
        ("verdict:bad", {"problem": "“bad” is none of ok, breach, refused, timeout, garbage, open, fault."}),
        ("from:soon", {"problem": "“soon” is no time: 18:00, 10m, 2026-11-24T18:00."}),
        ("from:10m", {"from_at": NOW - 600}),
        ("from:18:00 to:18:10:30", {"from_at": NOW - 2530, "to_at": NOW - 1900}),
        ("from:19:00", {"from_at": NOW - 86_400 + 1070}),
        ("to:2026-11-23T12:00", {"to_at": datetime(2026, 11, 23, 12).timestamp()}),
        ("from:", {}),
        ("unknown:thing", {"search": "unknown:thing"}),
    ],
)
def test_the_filter_language(text, wanted):
    query = parse(text, NAMES, NOW)
    for name in ("charger_id", "action", "way", "verdict", "from_at", "to_at", "search", "problem"):
        got, want = getattr(query, name), wanted.get(name, None if name.endswith("_at") else "")
        assert got == (pytest.approx(want) if isinstance(want, float) else want), name


def test_the_text_wins_over_the_boxes():
    base = MessageFilter(("WB-09",), direction="out", verdict="ok", heartbeats=False)
    both = parse("charger:Bay 2 verdict:fault", NAMES, NOW).over(base)
    assert both == MessageFilter(("WB-02",), direction="out", verdict="fault", heartbeats=False)
    assert parse("", NAMES, NOW).over(base) == base


def test_parts_are_set_and_taken_away_in_place():
    text = with_part("charger:Bay 2 derate", "from", "18:00:00", NAMES)
    assert text == "charger:Bay 2 derate from:18:00:00"
    assert with_part(text, "from", "18:05:00", NAMES) == "charger:Bay 2 derate from:18:05:00"
    assert with_part(text, "from", "", NAMES) == "charger:Bay 2 derate"
    assert with_part("", "charger", "Lift 4", NAMES) == 'charger:"Lift 4"'


def test_a_typed_time_reads_back():
    for at in (NOW - 5, NOW - 80_000, NOW - 500_000):
        assert moment(typed(at, NOW), NOW) == pytest.approx(at, abs=1.0)


@pytest.mark.parametrize(
    ("text", "start", "offered"),
    [
        ("a", 0, ["action:"]),
        ("derate v", 7, ["verdict:"]),
        ("verdict:re", 0, ["verdict:refused", "verdict:breach"]),
        ("charger:Bay ", 0, ["charger:Bay 2", "charger:Bay 21"]),
        ("x charger:bay 2", 2, ["charger:Bay 21"]),
        ("action:set", 0, ["action:Reset"]),
        ("from:", 0, ["from:10m", "from:1h", "from:24h"]),
        ("", 0, []),
        ("nothing such", 8, []),
    ],
)
def test_what_may_be_typed_next(text, start, offered):
    assert completions(text, len(text), NAMES, ["Reset", "StatusNotification"]) == (start, offered)


def test_any_text_can_be_typed():
    rng = random.Random(5)
    signs = 'ab:"\\ 0123Tactionchargerfromto%_\u20ac\n'
    for _ in range(3000):
        text = "".join(rng.choice(signs) for _ in range(rng.randrange(30)))
        parse(text, NAMES, NOW)
        at = rng.randrange(len(text) + 1)
        start, offered = completions(text, at, NAMES, ["Reset"])
        assert 0 <= start <= at
        assert len(set(offered)) == len(offered)
        assert parse(with_part(text, "from", "10m", NAMES), NAMES, NOW).from_at == NOW - 600.0


# -- model ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def model(qapp):
    one = ExchangesModel(lambda charger_id: f"Bay {charger_id[-1]}", lambda: NOW, keep=50)
    tester = QAbstractItemModelTester(one, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield one
    tester.deleteLater()
    one.deleteLater()


def shown(model):
    return [model.row_at(i).id for i in range(model.rowCount())]


def test_rows_come_at_both_ends_and_change_where_they_stand(model):
    model.reset([exchange(n) for n in (20, 19, 18)], more_older=True)
    model.add_newer([exchange(22, "open"), exchange(21)])
    model.add_newer([exchange(22, "open"), exchange(21)])
    model.add_older([exchange(n) for n in (17, 16)], more=False)
    assert shown(model) == [22, 21, 20, 19, 18, 17, 16]
    assert model.open_ids() == (22,)
    changed = []
    model.dataChanged.connect(lambda a, b: changed.append((a.row(), b.column())))
    model.update_rows([exchange(22, "refused", answer="Rejected"), exchange(999)])
    assert changed == [(0, VERDICT)]
    assert model.open_ids() == ()
    assert model.index(0, ACTION).data() == "MeterValues · Rejected"
    assert model.index(0, VERDICT).data() == "Refused"
    assert model.index(0, CHARGER).data() == "Bay 2"
    assert (model.row_of(16), model.row_of(22), model.row_of(23)) == (6, 0, -1)


def test_the_window_keeps_its_bounds_and_knows_where_the_log_goes_on(model):
    asked = []
    model.wanted.connect(asked.append)
    model.reset([exchange(n) for n in range(100, 60, -1)], more_older=True)  # the tester fetches too
    model.fetchMore(model.index(-1, -1))
    model.fetchMore(model.index(-1, -1))
    assert asked == [True]
    model.add_older([exchange(n) for n in range(60, 40, -1)], more=True)
    assert (model.newest_id(), model.oldest_id(), model.rowCount()) == (90, 41, 50)
    assert model.more_newer
    asked.clear()
    model.loading = False
    model.fetch_newer()
    model.fetch_newer()
    assert asked == [False]
    model.add_newer([exchange(n) for n in range(110, 90, -1)])
    assert (model.newest_id(), model.oldest_id(), model.rowCount()) == (110, 61, 50)
    assert (model.more_newer, model.more_older) == (False, True)


def test_what_one_reads_stays_where_it_is_while_rows_come_and_go(model, qtbot):
    model.reset([exchange(n) for n in range(100, 52, -1)], more_older=True)
    table = ExchangesTable(model)
    qtbot.addWidget(table)
    table.resize(700, 400)
    table.show()
    table.following = False
    table.selectRow(2)
    chosen = []
    table.chosen.connect(chosen.append)
    bar = table.verticalScrollBar()
    bar.setValue(30 * 36)

    def first():
        return model.row_at(table.rowAt(1)).id

    assert first() == 70
    model.add_older([exchange(n) for n in range(52, 40, -1)], more=True)  # ten rows go at the top
    assert (first(), model.newest_id()) == (70, 90)
    assert (chosen, table.currentIndex().isValid()) == ([], False)
    model.add_newer([exchange(n) for n in range(96, 90, -1)], more=True)  # six rows go at the end
    assert (first(), model.oldest_id()) == (70, 47)
    bar.setValue(bar.maximum())
    last = model.row_at(table.rowAt(table.viewport().height() - 3)).id
    model.add_older([exchange(n) for n in range(46, 40, -1)], more=False)
    assert model.row_at(table.rowAt(table.viewport().height() - 3)).id == last


# -- words and lines --------------------------------------------------------------------------------------------------


def test_words():
    assert [latency(ms) for ms in (None, 0.0, 0.64, 181.6, 30_000.0)] == ["", "< 1 ms", "0.6 ms", "182 ms", "30.0 s"]
    assert verdict_look(exchange(1, "breach", breaches=2)).word == "2 breaches"
    assert verdict_look(exchange(1, "timeout")).role == "danger"
    assert answer_words(exchange(1, "timeout")) == "no answer"
    assert answer_words(exchange(1, "timeout", lost=True)) == "connection ended"
    assert answer_words(exchange(1, told="Charging")) == "Charging"
    assert exchange(1).latency_ms == 0.6
    assert LATENCY == 4


def test_every_member_has_its_line_and_its_path():
    value = {"connectorId": 1, "list": [{"a/b": "x"}, []], "empty": {}, "odd key": None}
    found = lines(value)
    assert [line.text for line in found] == [
        "{",
        "  connectorId: 1,",
        "  list: [",
        "    {",
        '      "a/b": x',
        "    },",
        "    []",
        "  ],",
        "  empty: {},",
        '  "odd key": null',
        "}",
    ]
    assert [line.path for line in found if line.path] == [
        "/connectorId",
        "/list",
        "/list/0",
        "/list/0/a~1b",
        "/list/1",
        "/empty",
        "/odd key",
    ]
    for line in found:
        for start, length, _ in line.parts:
            assert 0 <= start < start + length <= len(line.text)


def test_text_is_quoted_where_it_could_be_something_else():
    assert [plain(v)[0] for v in ("Charging", "1", 1, "true", True, "", " x", "a\nb", None, 1.5, "-", 'a"b')] == [
        "Charging",
        '"1"',
        "1",
        '"true"',
        "true",
        '""',
        '" x"',
        '"a\\nb"',
        "null",
        "1.5",
        "-",
        '"a\\"b"',
    ]
    assert plain("2026-11-24T18:41:57")[0] == "2026-11-24T18:41:57"


def test_endless_payloads_end():
    found = lines({"list": list(range(20_000))})
    assert len(found) < 5_010
    assert "Raw" in found[-1].text
    assert json.dumps("x")
