"""The command line: what can be said, and which function does it.

Commands are named in a table and loaded when chosen, so that an engine or a one-line call never loads Qt, and
`--help` loads nothing.
"""

import argparse
import contextlib
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from evdesk import __version__
from evdesk.model import EvdeskError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

COMMANDS = {
    "desk": "evdesk.commands.desk:desk",
    "attach": "evdesk.commands.desk:attach",
    "shots": "evdesk.commands.desk:shots",
    "demo": "evdesk.demo:run_demo",
    "engine": "evdesk.commands.engine:engine",
    "simulate": "evdesk.commands.simulate:simulate",
    "status": "evdesk.commands.status:status",
    "call": "evdesk.commands.call:call",
    "protocol": "evdesk.commands.protocol:protocol",
    "audit": "evdesk.commands.audit:audit",
}
"""Each takes the parsed arguments and returns the exit code."""

PROTOCOLS = ("1.6", "2.0.1", "2.1")
THEMES = ("light", "dark", "contrast")

EPILOG = """\
exit codes: 0 done, 1 it did not work (the reason is on stderr), 2 the command was not understood

first steps:
  evdesk demo                     a simulated site to look around in; touches nothing else
  evdesk                          your own site; the first page shows what to type into the charger
  evdesk simulate ws://HOST:9000/ chargers that are not real, against any CSMS
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Errors for people go to stderr in one sentence, without a traceback."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices only: threads would wait for each other
    words = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(_with_default(words))
    _set_up_streams()
    try:
        code = _load(COMMANDS[args.command])(args)
        if sys.stdout is not None:  # a desk without a console (Windows) has none
            sys.stdout.flush()
    except EvdeskError as error:
        print(f"evdesk: {error.sentence}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has enough. The interpreter flushes once more at its end: let that go nowhere.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _set_up_streams() -> None:
    """A console that lacks a letter must not end a command. What goes into files and programs is UTF-8 on every system: an
    exported audit log with other letters or line ends than it was hashed with would prove nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    if isinstance(sys.stdin, io.TextIOWrapper) and not sys.stdin.isatty():
        sys.stdin.reconfigure(encoding="utf-8-sig")  # editors on Windows put a mark in front


def _with_default(words: list[str]) -> list[str]:
    """`evdesk` alone, or with only desk options, means `evdesk desk`."""
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        return ["desk", *words]
    return words


def _load(name: str) -> Callable[[argparse.Namespace], int]:
    module, _, function = name.partition(":")
    handler: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(module), function)
    return handler


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evdesk",
        description="The desk for EV charging stations: connect, watch, balance under the fuse, prove what was done.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"evdesk {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_desk(commands)
    _add_demo(commands)
    _add_engine(commands)
    _add_simulate(commands)
    _add_calls(commands)
    _add_protocol(commands)
    _add_audit(commands)
    _add_shots(commands)
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(commands: Commands, name: str, summary: str, text: str = "") -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[:1].upper()}{summary[1:]}.\n\n{text}".rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the engine's data directory (default: this user's own, see README)"
    )


def _add_remote(parser: argparse.ArgumentParser) -> None:
    _add_data(parser)
    parser.add_argument("--url", metavar="URL", help="an engine elsewhere, ws://HOST:PORT/api, instead of --data")
    _add_token(parser)


def _add_token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="file with that engine's token (or set EVDESK_TOKEN)"
    )


def _add_desk(commands: Commands) -> None:
    desk = _command(
        commands,
        "desk",
        "the desk (the default command): finds the running engine or starts one",
        "The engine keeps running while it balances, also when the window is closed: the desk asks.",
    )
    _add_data(desk)
    desk.add_argument(
        "--ocpp",
        type=address,
        metavar="HOST:PORT",
        help="where an engine started by this desk listens for chargers (default 0.0.0.0:9000)",
    )
    attach = _command(
        commands,
        "attach",
        "a desk on an engine elsewhere",
        "The token is asked for, unless --token-file or EVDESK_TOKEN gives it. It never belongs into the URL.\n"
        "The API is not encrypted: over a network, go through an SSH tunnel to the engine's port.",
    )
    attach.add_argument("url", metavar="URL", help="ws://HOST:PORT/api")
    _add_token(attach)


def _add_demo(commands: Commands) -> None:
    demo = _command(
        commands,
        "demo",
        "a simulated site, end to end, in a temporary data directory",
        "Simulated chargers dial into a real engine over real sockets. Nothing outside this computer is touched.",
    )
    demo.add_argument("--headless", action="store_true", help="no window: print what happens")
    demo.add_argument("--for", dest="seconds", type=positive, metavar="S", help="end after S seconds")
    demo.add_argument("--chargers", type=count, default=8, metavar="N", help="how many chargers (default 8)")
    demo.add_argument("--seed", type=int, default=1, metavar="K", help="the same seed gives the same site (default 1)")
    demo.add_argument("--json", action="store_true", help="one JSON object at the end instead of text")
    demo.add_argument("--speed", type=positive, default=1.0, metavar="X", help="let time pass X times as fast")


def _add_engine(commands: Commands) -> None:
    engine = _command(
        commands,
        "engine",
        "the engine in the foreground",
        "Prints “ready” and its addresses as JSON in one line, then runs until it is told to stop (Ctrl-C).",
    )
    _add_data(engine)
    engine.add_argument(
        "--ocpp",
        type=address,
        default=("0.0.0.0", 9000),
        metavar="HOST:PORT",
        help="where chargers dial in by ws:// (default 0.0.0.0:9000)",
    )
    engine.add_argument(
        "--ocpp-tls",
        type=address,
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="where they dial in by wss:// (security profiles 2 and 3); may be given several times",
    )
    engine.add_argument(
        "--api",
        type=address,
        default=("127.0.0.1", 0),
        metavar="HOST:PORT",
        help="where desks and scripts come in (default 127.0.0.1 and a free port)",
    )
    engine.add_argument(
        "--files-port",
        type=files_port,
        default=0,
        metavar="N",
        help="fixed ports for firmware and logs, so that one firewall rule lets chargers fetch and send them: HTTP on N, "
        "HTTPS on N+1, FTP and FTPS on N+2, FTP data on N+3 to N+10 (default: 9180 where it is free, and the same again "
        "after a restart); open only while a job needs them",
    )
    engine.add_argument("--accept-unknown", action="store_true", help="let every charger join unasked (labs only)")
    engine.add_argument(
        "--speed", type=positive, default=1.0, metavar="X", help="run the engine's clock X times as fast"
    )
    engine.add_argument(
        "--stop-when-idle", action="store_true", help="end when no desk is attached and nothing is active"
    )


class _ListFaults(argparse.Action):
    """Like --help: prints and ends, whatever else is missing."""

    def __init__(self, option_strings: Sequence[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **more)

    def __call__(self, parser: argparse.ArgumentParser, *_rest: Any) -> None:
        _load("evdesk.commands.simulate:list_faults")(argparse.Namespace())
        parser.exit()


def _add_simulate(commands: Commands) -> None:
    simulate = _command(
        commands,
        "simulate",
        "simulated chargers against any CSMS",
        "Each dials in on its own connection; a car is plugged in and its driver holds up a card. Ends with Ctrl-C.",
    )
    simulate.add_argument("url", metavar="URL", help="the CSMS, e.g. ws://127.0.0.1:9000/")
    simulate.add_argument("--count", type=count, default=1, metavar="N", help="how many (default 1)")
    simulate.add_argument("--protocol", choices=PROTOCOLS, default="1.6", help="OCPP version (default 1.6)")
    simulate.add_argument(
        "--fault", action="append", metavar="NAME", help="a misbehaviour, see --list-faults; may be given several times"
    )
    simulate.add_argument("--maker", default="", metavar="NAME", help="all of this maker (default: three take turns)")
    simulate.add_argument(
        "--rate", type=positive, metavar="KB", help="fetch and send files at KB kilobytes a second of their clock"
    )
    simulate.add_argument("--list-faults", action=_ListFaults, help="print every fault with what it does, and end")
    simulate.add_argument(
        "--evses", type=count, default=1, metavar="N", help="EVSEs (1.6: connectors) of each charger (default 1)"
    )
    simulate.add_argument(
        "--variables", type=count, default=0, metavar="N", help="2.x: a device model of at least N variables"
    )
    _add_simulate_security(simulate)
    simulate.add_argument(
        "--prefix", default="SIM", metavar="TEXT", help="ids are TEXT-001, TEXT-002 ... (default SIM)"
    )
    simulate.add_argument(
        "--id-tag", default="EVDESK-SIM", metavar="TAG", help="the drivers' card (default EVDESK-SIM)"
    )
    simulate.add_argument("--no-cars", action="store_true", help="no car is plugged in")
    simulate.add_argument(
        "--sample", type=count, default=10, metavar="S", help="meter values every S seconds (default 10)"
    )
    simulate.add_argument(
        "--seed", type=int, default=1, metavar="K", help="the same seed gives the same cars (default 1)"
    )
    simulate.add_argument("--speed", type=positive, default=1.0, metavar="X", help="run their clock X times as fast")
    simulate.add_argument(
        "--for", dest="seconds", type=positive, metavar="S", help="end after S seconds of their clock"
    )


def _add_simulate_security(simulate: argparse.ArgumentParser) -> None:
    simulate.add_argument(
        "--profile",
        type=int,
        choices=(0, 1, 2, 3),
        default=0,
        help="security profile: 0 none, 1 password, 2 password in TLS, 3 certificate in TLS (default 0)",
    )
    simulate.add_argument("--password", default="", metavar="P", help="of profiles 1 and 2")
    simulate.add_argument(
        "--password-form",
        choices=("text", "hex", "bytes"),
        default="text",
        help="what goes over the wire: P as typed, P as hex digits, or the bytes P's hex digits stand for",
    )
    simulate.add_argument("--root", type=Path, metavar="FILE", help="PEM: the root that servers must chain to")
    simulate.add_argument("--cert", type=Path, metavar="FILE", help="PEM: the charger's certificate chain (profile 3)")
    simulate.add_argument("--key", type=Path, metavar="FILE", help="PEM: the key of --cert")


def _add_calls(commands: Commands) -> None:
    status = _command(commands, "status", "the site now, as a table")
    _add_remote(status)
    status.add_argument("--json", action="store_true", help="one JSON object: {running, info, load, chargers}")
    call = _command(
        commands,
        "call",
        "one API call, its JSON result on stdout",
        'example: evdesk call charger.set_limit \'{"charger_id": "WB-01", "connector_id": 1, "limit_a": 10}\'',
    )
    _add_remote(call)
    call.add_argument("method", nargs="?", metavar="METHOD", help="noun.verb, e.g. charger.list")
    call.add_argument(
        "params", nargs="?", metavar="JSON", help="its parameters as a JSON object; - reads them from stdin"
    )
    call.add_argument("--list", action="store_true", help="show every method with its parameters")
    call.add_argument(
        "--timeout", type=positive, default=60.0, metavar="S", help="give up after S seconds (default 60)"
    )


def _add_protocol(commands: Commands) -> None:
    protocol = _command(
        commands, "protocol", "the page about a failsafe drill, to print", "FILE ends in .pdf or .html."
    )
    _add_remote(protocol)
    protocol.add_argument(
        "drill", type=int, metavar="DRILL", help="its number; “evdesk call failsafe.drills” lists them"
    )
    protocol.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it (default: a name of charger and day, as PDF, here)"
    )


def _add_audit(commands: Commands) -> None:
    audit = _command(
        commands,
        "audit",
        "prove or export the audit log",
        "verify   recompute the whole chain; exit code 0 only if it holds\n"
        "         with --report: and only if each report is one that evdesk wrote down in it, unchanged\n"
        "export   every row as one line of JSON, with its hash",
    )
    audit.add_argument("action", choices=("verify", "export"))
    _add_data(audit)
    audit.add_argument("--out", type=Path, metavar="FILE", help="export: write to FILE (default: stdout)")
    audit.add_argument("--json", action="store_true", help="verify: the verdict as JSON")
    audit.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="verify: hold the report of an update or a log (JSON or PDF) against the chain; may be given again",
    )


def _add_shots(commands: Commands) -> None:
    shots = _command(commands, "shots", "every page as a PNG, from the demo site, without a screen")
    shots.add_argument("dir", type=Path, metavar="DIR")
    shots.add_argument(
        "--theme", choices=THEMES, help="only this one (default: light and dark, the site in contrast too)"
    )
    shots.add_argument("--lang", default="en", metavar="XX", help="language of the pages (default en)")


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, [v6]:PORT, :PORT (all addresses) or PORT (loopback)."""
    host, colon, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"“{text}” is not HOST:PORT, e.g. 0.0.0.0:9000 (port 0: any free one)")
    if host.count(":") and not (host.startswith("[") and host.endswith("]")):
        raise argparse.ArgumentTypeError(f"“{text}”: put an IPv6 address into brackets, e.g. [::1]:9000")
    return (host.strip("[]") or ("0.0.0.0" if colon else "127.0.0.1"), int(port))


def positive(text: str) -> float:
    return _number(text, float, 1e-9, 1e9, "a number above 0")


def count(text: str) -> int:
    return int(_number(text, int, 1, 10_000, "a whole number from 1 to 10000"))


def files_port(text: str) -> int:
    return int(_number(text, int, 1024, 65_525, "a port from 1024 to 65525 (eleven are used)"))


def _number(text: str, kind: Callable[[str], float], low: float, high: float, what: str) -> float:
    with contextlib.suppress(ValueError):
        if low <= kind(text) <= high:
            return kind(text)
    raise argparse.ArgumentTypeError(f"“{text}” is not {what}")
