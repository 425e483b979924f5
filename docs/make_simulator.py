"""Writes the list of faults into docs/simulator.md; with --check it only says whether it is up to date."""

import sys
from pathlib import Path

from evdesk.simulator.faults import fault_tables

PAGE = Path(__file__).parent / "simulator.md"
BEGIN = "<!-- faults: made by docs/make_simulator.py -->\n"


def main() -> int:
    text = PAGE.read_text(encoding="utf-8")
    head, begin, _ = text.partition(BEGIN)
    made = f"{head}{begin or BEGIN}\n{fault_tables()}"
    if "--check" in sys.argv:
        return int(made != text)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
