"""Runs every benchmark and writes docs/benchmarks.md: figures, date, versions, machine, how to rerun.

python benchmarks/run.py [--quick]
"""

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent / "docs" / "benchmarks.md"
SCRIPTS = {
    "engine.py": "Engine: throughput and scale",
    "history.py": "Store: history and audit rows",
    "balance_closed_loop.py": "Balancer: closed loop and time per step",
    "desk.py": "Desk: start, live load, plots",
}
PACKAGES = (
    "PySide6_Essentials",
    "pyqtgraph",
    "websockets",
    "uvloop",
    "msgspec",
    "jsonschema_rs",
    "ocpp",
    "sqlite-utils",
)
LIMIT_S = 600


def run(script: str, quick: bool) -> str:
    command = [sys.executable, str(HERE / script), *(["--quick"] if quick else [])]
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env=env, check=False)
    print(f"{script}: {time.monotonic() - began:.0f} s, exit {done.returncode}", file=sys.stderr)
    text = done.stdout.strip()
    return text if done.returncode == 0 else f"{text}\nfailed: {done.stderr.strip()[-400:]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less work, rougher figures; not written to docs")
    args = parser.parse_args()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    out = [
        "# Benchmarks",
        "",
        f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores shared, "
        f"Python {platform.python_version()}. {versions}.",
        "",
        "Rerun: `make bench`. Trust ratios within one run, not digits: the machine is shared. Each section is what",
        "its script in `benchmarks/` prints.",
        "",
    ]
    for script, title in SCRIPTS.items():
        if (HERE / script).exists():
            out += [f"## {title}", "", f"`python benchmarks/{script}`", "", "```", run(script, args.quick), "```", ""]
    text = "\n".join(out)
    print(text)
    if not args.quick:
        TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
