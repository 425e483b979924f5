"""Writes docs/findings.md from `evdesk/ocpp/rules`; `--check` fails when the file is out of date."""

import sys
from pathlib import Path

from evdesk.ocpp.rules import AREAS, CHECKED, KEYWORDS, RULES, explain

TARGET = Path(__file__).with_name("findings.md")
HEAD = """\
# Findings

Made from `evdesk/ocpp/rules.py` and `rule_table.py` by `make docs`; do not edit.

evdesk never drops a charger for breaking a rule: the message is answered as well as it can be, the breach is counted
once per charger and rule, with the newest example. The Findings tab of a charger lists them, the [message
inspector](messages.md) marks the line, and "Conformance sheet..." writes everything into one HTML or JSON file for the
charger's maker: who the charger is, what was seen, each deviation with its clause and example, and what was found right.

    evdesk call finding.list '{"charger_id": "WB-02"}'
    evdesk call finding.sheet '{"charger_id": "WB-02", "format": "json"}'

"""
SCHEMA = """\
## Schema rules

What breaks the JSON schema of its message has a rule of three parts: the message (`ResetResponse` for an answer), the
place, and the keyword of the schema, e.g. `StatusNotification.errorCode.enum`.

| keyword | what it means | what evdesk did | to the maker |
|---|---|---|---|
"""


def render() -> str:
    parts = [HEAD]
    for area in AREAS:
        parts.append(f"## {area}\n\nLooked at: {CHECKED[area]}.\n\n")
        parts.append("| rule | what it means | clause | what evdesk did | to the maker |\n|---|---|---|---|---|\n")
        for rule, words in RULES.items():
            if words.area == area:
                parts.append(f"| `{rule}` | {words.title} | {words.clause} | {words.did} | {words.advice} |\n")
        parts.append("\n")
    parts.append(SCHEMA)
    for keyword in KEYWORDS:
        words = explain(f"X.y.{keyword}")
        parts.append(f"| {keyword} | {words.title.removesuffix(': y in X')} | {words.did} | {words.advice} |\n")
    return "".join(parts)


def main() -> int:
    text = render()
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write("docs/findings.md is out of date: make docs\n")
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
