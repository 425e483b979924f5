"""Runs every benchmark and writes docs/benchmarks.md: figures, date, versions, how to rerun.

A benchmark is a script in this folder whose docstring shows its own command line (`python benchmarks/NAME.py`); its
first line is the title. Exit code 1 when one of them failed or took too long; nothing is written then.
"""

import argparse
import ast
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "benchmarks.md"
QUICK = {
    "benchmarks/balance/bounds.py": ["--quick"],
    "benchmarks/balance/faults.py": ["--quick"],
    "benchmarks/balance/sessions.py": ["--quick"],
    "benchmarks/engine.py": ["--quick"],
    "benchmarks/flashing.py": ["--quick"],
    "benchmarks/history.py": ["--days", "2"],
    "benchmarks/messages.py": ["--rows", "20000"],
    "benchmarks/reconnect.py": ["--quick"],
}
PICTURES = {
    "benchmarks/balance/closed_loop.py": {"closed-loop.svg": "A load that comes and goes, under two ways of deciding"},
    "benchmarks/balance/sessions.py": {
        "sharing-ratio.svg": "Energy given over the offline optimum",
        "sharing-day.svg": "Power of all cars over a day",
    },
}
"""Drawn into docs/img by the script's --pictures, and shown beside its figures."""

PACKAGES = (
    "PySide6_Essentials",
    "pyqtgraph",
    "websockets",
    "uvloop",
    "msgspec",
    "jsonschema_rs",
    "ocpp",
    "sqlite-utils",
    "highspy",
)
LIMIT_S = 900
HEAD = """\
# Benchmarks

{date}, {system}, {cores} cores shared, Python {python}. {versions}.

Rerun: `make bench`. Trust ratios within one run, not digits: the machine is shared. Each section is what its script prints.
"""


def benchmarks() -> dict[str, str]:
    """Script (relative to the root) -> title."""
    found = {}
    for path in sorted((ROOT / "benchmarks").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        if f"python {name}" in text:
            found[name] = text.splitlines()[0].partition(": python ")[0].rstrip(".:")
    return found


def run(script: str, quick: bool) -> str | None:
    """What the script printed; None (and its last words on stderr) when it failed."""
    more = QUICK.get(script, []) if quick else ["--pictures"] * (script in PICTURES)
    command = [sys.executable, script, *more]
    began = time.monotonic()
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
            cwd=ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"{script}: ended after {LIMIT_S} s without a result", file=sys.stderr)
        return None
    print(f"{script}: {time.monotonic() - began:.0f} s, exit {done.returncode}", file=sys.stderr)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
        return None
    return done.stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less work, rougher figures; not written to docs")
    args = parser.parse_args()
    results = {script: (title, run(script, args.quick)) for script, title in benchmarks().items()}
    text = HEAD.format(
        date=time.strftime("%Y-%m-%d"),
        system=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count(),
        python=platform.python_version(),
        versions=", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES),
    )
    for script, (title, figures) in results.items():
        text += f"\n## {title}\n\n`python {script}`\n\n```\n{figures or 'failed'}\n```\n"
        text += "".join(f"\n![{words}](img/{name})\n" for name, words in PICTURES.get(script, {}).items())
    print(text)
    if any(figures is None for _, figures in results.values()):
        print("A benchmark failed; docs/benchmarks.md stays as it is.", file=sys.stderr)
        return 1
    if not args.quick:
        TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
