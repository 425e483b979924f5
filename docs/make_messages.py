"""Writes docs/ocpp-messages.md from the table the tests use and from evdesk's code; `--check` fails when it is old."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from evdesk.ocpp.check import actions  # noqa: E402
from evdesk.ocpp.version import Version  # noqa: E402
from tests.ocpp.message_table import FROM_CSMS, FROM_STATION, SENDS  # noqa: E402
from tests.ocpp.payloads import turns  # noqa: E402

TARGET = Path(__file__).with_name("ocpp-messages.md")
HEAD = """\
# OCPP messages

Made by `make docs` from `tests/ocpp/message_table.py`, the schemas and evdesk's own code; do not edit.

Every message of OCPP 1.6 (with the security whitepaper), 2.0.1 and 2.1 is either answered or can be sent.
`tests/ocpp/test_every_message.py` holds each row below:

- *From the charging station*: the smallest payload, and as many full ones as it takes to hold every enum value (column
  "forms"), are answered with a response that fits its schema, without a finding of the schema, and the event named is
  told. With any field missing or of another kind the answer is still valid.
- *From the CSMS*: the same forms are sent as they are; every form of the response is accepted without a finding; a
  response that breaks its schema is accepted with one; an invalid request never leaves. All can be sent from the expert
  console (`charger.raw`); where evdesk sends a message by itself or by a button, the table names the function.
- A message from the wrong side is answered with NotSupported, one of another version with
  NotImplemented; both are findings.

`tests/peers/test_ocpp_rpc.py` sends every message of both sides (but SEND) over a real connection again, in its smallest
and one full form, to a client that checks with schemas of its own. `tests/peers/test_mobilityhouse.py` and
`test_mobilityhouse2.py` play whole days with another one.

"""
FRAMES = """\
## Message types

| type | name | versions | from the station | from evdesk |
|---|---|---|---|---|
| 2 | CALL | all | answered, always | one at a time, urgent ones first |
| 3 | CALLRESULT | all | matched by id, also when late; checked against its schema | always valid |
| 4 | CALLERROR | all | ends the command with the charger's words | for what is unknown, unreadable or not recorded |
| 5 | CALLRESULTERROR | 2.1 | a finding (`error_to_answer`), ends no command | never: broken responses are flagged |
| 6 | SEND | 2.1 | read like a CALL, never answered | 2.1 has none from the CSMS |

A CALL that has no response (it should be a SEND) is answered with ProtocolError, so that nobody waits; a SEND that should
be a CALL counts and is flagged.

"""


def senders() -> dict[str, list[str]]:
    """action -> the functions of drivers and engine that send it, "file: function"."""
    every = set().union(*(FROM_CSMS[version] for version in Version))
    found: dict[str, list[str]] = {}
    for folder in ("drivers", "engine"):
        for path in sorted((ROOT / "evdesk" / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = dict(_constants(tree, every))
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    for action in sorted(set(_sent(function, names, every))):
                        place = f"`{path.stem}.{function.name}`"
                        if place not in found.setdefault(action, []):
                            found[action].append(place)
    return found


def _constants(tree: ast.Module, every: set[str]) -> Iterator[tuple[str, str]]:
    """Names the module gives to actions."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for name, value in zip(names, values, strict=False):
                    if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and value.value in every:
                        yield name.id, str(value.value)


def _sent(function: ast.AST, names: dict[str, str], every: set[str]) -> Iterator[str]:
    """Actions that are arguments of a call, or set to a variable; comparisons send nothing."""
    for node in ast.walk(function):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Call):
            parts = list(node.args)
        elif isinstance(node, ast.Assign):
            parts = [node.value]
        for part in [each for one in parts for each in _choices(one)]:
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value in every:
                yield part.value
            elif isinstance(part, ast.Name) and part.id in names:
                yield names[part.id]


def _choices(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def _count(version: Version, action: str) -> int:
    return 1 + turns(version, action)


def _part(version: Version) -> list[str]:
    by = senders()
    rows = [f"## {version.words}\n", f"{len(actions(version))} messages.\n", "From the charging station:\n"]
    rows += ["| message | forms | answered with | told to the engine |", "|---|---|---|---|"]
    for action, event in sorted(FROM_STATION[version].items()):
        answer = "nothing (SEND)" if action in SENDS[version] else f"{action}Response"
        rows.append(f"| {action} | {_count(version, action)} | {answer} | `{event.__name__}` |")
    rows += ["\nFrom the CSMS:\n", "| message | forms | answers tried | sent by |", "|---|---|---|---|"]
    for action in sorted(FROM_CSMS[version]):
        tried = 1 + turns(version, action, answer=True)
        where = ", ".join(by.get(action, [])) or "expert console"
        rows.append(f"| {action} | {_count(version, action)} | {tried} | {where} |")
    return [*rows, ""]


def render() -> str:
    return HEAD + FRAMES + "\n".join(line for version in Version for line in _part(version)).rstrip() + "\n"


def main() -> int:
    text = render()
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write("docs/ocpp-messages.md is out of date: make docs\n")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
