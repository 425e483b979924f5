"""The command line as people and scripts meet it: real processes, a real API server behind them."""

import argparse
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evdesk import __version__, cli, demo
from evdesk.commands.status import report, table
from evdesk.engine.instance import claim
from evdesk.model import Bay, Charger, ChargerState, Connector, ConnectorStatus, EvdeskError, LineLoad, Site, SiteLoad
from evdesk.wire import METHODS
from tests.engine.api_site import Desk, running_engine

ROOT = Path(__file__).resolve().parents[1]

WB_01 = Charger(
    "WB-01",
    state=ChargerState.ONLINE,
    label="Bay 1",
    connectors=(
        Connector(
            1,
            ConnectorStatus.CHARGING,
            current_a=(15.96, 15.9, None),
            power_w=7300.0,
            limit_a=16.0,
            limit_reason="user",
        ),
    ),
)
TWIN = Charger("TWIN", state=ChargerState.OFFLINE, connectors=(Connector(1), Connector(2, error_code="GroundFailure")))
NEW = Charger("NEW")
LOAD = SiteLoad(
    1000.0, lines=(LineLoad("Main/L1", "Main", "L1", 63.0, 31.5, 15.96), LineLoad("Main/L2", "Main", "L2", 63.0))
)


def evdesk(*words, stdin=None, **environment):
    """One command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "evdesk", *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


@pytest.fixture
def site(tmp_path):
    desk = Desk(chargers=(WB_01, TWIN, NEW), load=LOAD)
    with running_engine(tmp_path, desk) as instance:
        desk.data, desk.url, desk.token_file = tmp_path, instance.url, instance.token_file
        yield desk


def test_version_and_help():
    assert evdesk("--version").stdout == f"evdesk {__version__}\n"
    text = evdesk("--help").stdout
    assert all(f"    {name} " in text for name in cli.COMMANDS)
    assert "exit codes" in text


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as done:
        cli.main([command, "--help"])
    assert done.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 5


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_leads_to_a_function(command):
    if command in ("desk", "attach", "shots"):
        pytest.importorskip("PySide6.QtWidgets")
    assert callable(cli._load(cli.COMMANDS[command]))


@pytest.mark.parametrize(
    "words",
    [["nonsense"], ["call"], ["attach"], ["engine", "--ocpp", "host"], ["simulate"], ["audit", "burn"], ["shots"]],
)
def test_what_is_not_understood_ends_with_2(words, tmp_path):
    done = evdesk(*words)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_pictures_that_cannot_be_written_are_told_in_a_line(tmp_path):
    pytest.importorskip("PySide6.QtWidgets")
    (tmp_path / "file").touch()
    done = evdesk("shots", str(tmp_path / "file"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"evdesk: {tmp_path / 'file'} cannot be used")
    assert "Traceback" not in done.stderr


def test_engine_and_calls_never_load_qt():
    code = (
        "import sys; from evdesk import cli\n"
        "for name in ('engine', 'status', 'call', 'audit', 'simulate'): cli._load(cli.COMMANDS[name])\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('PySide6', 'qasync', 'pyqtgraph')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=30)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("words", "command"),
    [([], "desk"), (["--data", "x"], "desk"), (["desk"], "desk"), (["status"], "status")],
)
def test_the_desk_is_the_default(words, command):
    assert cli.build_parser().parse_args(cli._with_default(words)).command == command


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("0.0.0.0:9000", ("0.0.0.0", 9000)),
        ("localhost:0", ("localhost", 0)),
        (":9000", ("0.0.0.0", 9000)),
        ("9000", ("127.0.0.1", 9000)),
        ("[::1]:9000", ("::1", 9000)),
    ],
)
def test_addresses(text, pair):
    assert cli.address(text) == pair


@pytest.mark.parametrize("text", ["", "host", "host:", "host:x", "host:65536", "::1:9000", "host:-1", "host:²"])
def test_addresses_that_are_none(text):
    with pytest.raises(argparse.ArgumentTypeError):
        cli.address(text)


@pytest.mark.parametrize("text", ["0", "-1", "x", "nan", "inf", ""])
def test_numbers_that_make_no_sense(text):
    with pytest.raises(argparse.ArgumentTypeError):
        cli.positive(text)


def test_a_call_prints_json_and_is_told_as_the_command_line(site):
    done = evdesk("call", "engine.info", "--data", site.data)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["site"] == "Test site"
    origin = site.calls[-1][0]
    assert (origin.via, origin.address) == ("cli", "127.0.0.1")


def test_a_call_takes_parameters_as_an_argument_or_from_stdin(site):
    params = '{"charger_id": "WB-01", "connector_id": 1, "limit_a": 10}'
    assert evdesk("call", "charger.set_limit", params, "--data", site.data).returncode == 0
    assert evdesk("call", "charger.set_limit", "-", "--data", site.data, stdin=params).returncode == 0
    assert site.calls[-2][2] == site.calls[-1][2]
    assert site.calls[-1][2].limit_a == 10


def test_a_call_to_another_engine_by_url(site):
    done = evdesk("call", "charger.list", "--url", site.url, "--token-file", site.token_file)
    assert json.loads(done.stdout) == []
    token = Path(site.token_file).read_text()
    assert evdesk("call", "charger.list", "--url", site.url, EVDESK_TOKEN=token).returncode == 0
    without = evdesk("call", "charger.list", "--url", site.url, stdin="", EVDESK_TOKEN="")
    assert without.returncode == 1
    assert "--token-file" in without.stderr


def test_what_goes_into_files_and_programs_is_utf_8_whatever_the_system_writes(tmp_path):
    desk = Desk(chargers=(replace(WB_01, label="Süd → Dach"),), load=LOAD)
    with running_engine(tmp_path, desk):
        done = evdesk("status", "--json", "--data", tmp_path, PYTHONIOENCODING="cp1252")
        assert json.loads(done.stdout)["chargers"][0]["label"] == "Süd → Dach"
        params = '\ufeff{"charger_id": "Süd→1", "connector_id": 1, "limit_a": 10}'
        evdesk("call", "charger.set_limit", "-", "--data", tmp_path, stdin=params, PYTHONIOENCODING="cp1252")
        assert desk.calls[-1][2].charger_id == "Süd→1"


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (["charger.get", '{"charger_id": "X"}'], "There is no charger “X”", 1),
        (["charger.lst"], "charger.list", 1),
        (["charger.get", "{charger_id: 1}"], "not JSON", 2),
        (["charger.get", "[]"], "one JSON object", 2),
        (["charger.get", "{}"], "charger_id", 1),
    ],
)
def test_a_call_that_fails_says_why_on_stderr(site, words, says, code):
    done = evdesk("call", *words, "--data", site.data)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("evdesk: ")


def test_the_list_of_methods_needs_no_engine():
    done = evdesk("call", "--list")
    assert done.returncode == 0
    assert all(name in done.stdout for name in METHODS)


def test_without_an_engine_it_says_what_to_do(tmp_path):
    for command in (["status"], ["call", "engine.info"]):
        done = evdesk(*command, "--data", tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"evdesk engine --data {tmp_path}" in done.stderr
    told = evdesk("status", "--json", "--data", tmp_path)
    assert told.returncode == 1
    assert json.loads(told.stdout)["running"] is False


def test_status_shows_the_site(site):
    done = evdesk("status", "--data", site.data)
    assert done.returncode == 0
    assert "Main/L1: 31.5 A of 63 A, cars 16.0 A" in done.stdout
    assert "Main/L2: not known of 63 A" in done.stdout
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert "Charging" in rows["WB-01"]
    assert "16.0 15.9 -" in rows["WB-01"]
    assert "7.3" in rows["WB-01"]
    assert rows["WB-01"].endswith("user")
    assert "GroundFailure" in rows["TWIN/2"]
    assert "pending" in rows["NEW"]


def test_status_as_json(site):
    told = json.loads(evdesk("status", "--json", "--data", site.data).stdout)
    assert set(told) == {"running", "info", "load", "chargers"}
    assert [charger["id"] for charger in told["chargers"]] == ["WB-01", "TWIN", "NEW"]


def test_an_empty_site_says_what_to_type_into_a_charger():
    text = report(Desk().snapshot())
    assert "ws://127.0.0.1:9000/" in text.splitlines()[-1]


def test_status_names_each_connector_by_its_own_place():
    places = Site(bays=(Bay("TWIN", 1, "Left", "Main"), Bay("TWIN", 2, "Right", "Main")))
    lines = report(replace(Desk(chargers=(TWIN,)).snapshot(), site=places)).splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("TWIN/")] == [["TWIN/1", "Left"], ["TWIN/2", "Right"]]


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on the size of files")
def test_a_file_on_a_full_disk_is_written_whole_or_not_at_all(tmp_path):
    """Stands for the full disk: no file of this process may become larger than 4096 bytes."""
    old = tmp_path / "old.pdf"
    old.write_bytes(b"old")
    said = (
        "import resource, signal, sys; from pathlib import Path; from evdesk.model.files import write_whole;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "for name in ('old.pdf', 'new.pdf'):\n"
        "    try: write_whole(Path(sys.argv[1], name), bytes(9000))\n"
        "    except OSError as error: print(error.strerror)\n"
    )
    done = subprocess.run([sys.executable, "-c", said, tmp_path], capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines() == ["File too large"] * 2, done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old.pdf": b"old"}


def test_tables_are_aligned():
    lines = table(("A", "Long"), [("wide cell", "x"), ("y", "z")])
    assert lines == ["A          Long", "---------  ----", "wide cell  x", "y          z"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/api", "127.0.0.1:9000", "ws://"])
def test_an_address_that_is_none_is_said_before_a_token_is_asked_for(url):
    done = evdesk("call", "engine.info", "--url", url)
    assert done.returncode == 1
    assert "is no engine's address" in done.stderr
    assert "ws://HOST:PORT/api" in done.stderr


def _takes_ctrl_c() -> None:
    """Tests that run in a shell's background have it ignored, and pass that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and pipes")
def test_ctrl_c_and_a_closed_pipe_are_quiet(site):
    words = [sys.executable, "-m", "evdesk", "call"]
    params = ["charger.reset", '{"charger_id": "A"}', "--data", str(site.data)]
    with subprocess.Popen(
        [*words, *params],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=_takes_ctrl_c,
    ) as slow:
        assert site.arrived.wait(20)
        slow.send_signal(signal.SIGINT)
        assert slow.communicate(timeout=10) == ("", "")
        assert slow.returncode == 130
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen([*words, "--list"], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT) as cut:
        os.close(writer)
        assert cut.communicate(timeout=10)[1] == ""
        assert cut.returncode == 1


def test_a_second_engine_on_the_same_directory_is_refused(tmp_path):
    with claim(tmp_path):
        done = evdesk("engine", "--data", tmp_path, "--ocpp", "127.0.0.1:0")
    assert done.returncode == 1
    assert f"process {os.getpid()}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("action", ["verify", "export"])
def test_audit_without_a_database_says_so(tmp_path, action):
    done = evdesk("audit", action, "--data", tmp_path)
    assert done.returncode == 1
    assert "--data DIR" in done.stderr


def test_simulate_lists_its_faults():
    done = evdesk("simulate", "--list-faults")
    assert done.returncode == 0
    assert "ignores_limit  " in done.stdout


def test_simulate_refuses_in_words():
    done = evdesk("simulate", "ws://127.0.0.1:1/", "--fault", "nonsense")
    assert done.returncode == 1
    assert "no fault “nonsense”" in done.stderr


def test_a_fault_that_does_not_exist_is_refused_at_once_naming_those_that_do():
    command = [sys.executable, "benchmarks/balance/faults.py", "--only", "one,WRONG"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30)
    assert done.returncode == 2
    assert "no fault “WRONG”. It takes, separated by commas: none, meter, still, open, one, all, killed" in done.stderr


async def test_a_demo_whose_engine_does_not_start_in_time_says_so_and_ends_it(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "READY_WITHIN_S", 0.2)
    args = cli.build_parser().parse_args(["demo", "--headless", "--json", "--chargers", "1"])
    one = demo.Demo(tmp_path, args, headless=True)
    popen = one._popen
    waits = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(one, "_popen", lambda command, stdout: popen(waits, stdout))
    with pytest.raises(EvdeskError, match="The engine did not start"):
        await one.run()
    assert [child.poll() is not None for child in one.children] == [True]
