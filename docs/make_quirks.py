"""Writes docs/quirks.md from tests/quirks.py: python docs/make_quirks.py [--check]."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TARGET = ROOT / "docs" / "quirks.md"
HEAD = """\
# What evdesk does with what chargers really do

Seen in the field, each with the public thread it was told in: what its author saw, no measurement of ours. The tests in
`tests/quirks.py` hold evdesk to each row. Made from there by `make docs`.
"""


def page() -> str:
    from tests.quirks import QUIRKS

    text = HEAD
    area = ""
    for quirk in QUIRKS:
        if quirk.area != area:
            area = quirk.area
            text += f"\n## {area}\n\n| Seen | evdesk | Source |\n|---|---|---|\n"
        does = f"{quirk.does}. Not yet: {quirk.todo}" if quirk.todo else f"{quirk.does}."
        text += f"| {quirk.seen} | {does} | {', '.join(quirk.sources)} |\n"
    return text


def main() -> int:
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == page():
            return 0
        print("docs/quirks.md is out of date: make docs", file=sys.stderr)
        return 1
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
