"""How fluid the settings of a large charger are: filling the table, a key pressed in the search, a page scrolled.

    python benchmarks/settings.py [--settings 200 1600 5000] [--rounds 30]

Builds 2.x variables as a device model has them (a few dozen components, some of them standard), gives them to the same
table the Settings tab shows, and prints medians and the slowest round. "on screen" includes painting.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from evdesk.engine.settings_files import as_csv, differences, plan, read_file
from evdesk.gui.app import make_app
from evdesk.gui.pages.chargers_settings import SettingsTable
from evdesk.gui.pages.chargers_settings_model import SettingsModel
from evdesk.gui.theme import current
from evdesk.model import Setting
from evdesk.ocpp.dictionary import describe
from evdesk.ocpp.variables import STANDARD

TYPED = ("i", "in", "int", "inte", "inter", "interv", "interval", "meas", "heartbeat", "30", "")


def variables(count: int) -> list[Setting]:
    """Every standard variable, then sensors of power modules, as a large DC station has them."""
    found = [
        Setting(one.name, "30" if one.type == "integer" else "true", group=one.name.partition("/")[0])
        for one in STANDARD.values()
        if not one.name.startswith("*/")
    ]
    module = 0
    while len(found) < count:
        module += 1
        for name in (
            "Temperature",
            "Voltage",
            "Current",
            "Power",
            "State",
            "FanSpeed",
            "SerialNumber",
            "FirmwareVersion",
        ):
            found.append(Setting(f"PowerModule[{module}]/{name}", str(module), writable=False, group="PowerModule"))
    return [describe(one, "ocpp2.0.1") for one in found[:count]]


def timed(act: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and slowest, in ms."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), max(took)


def measure(app: QApplication, count: int, rounds: int) -> list[tuple[str, float, float]]:
    settings = variables(count)
    model = SettingsModel()
    model.protocol = "ocpp2.0.1"
    table = SettingsTable(model)
    table.resize(510, 640)
    table.show()
    app.processEvents()
    told: list[tuple[str, float, float]] = []

    def on_screen(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            act()
            table.viewport().repaint()
            app.processEvents()

        return run

    told.append(("fill, on screen", *timed(on_screen(lambda: model.set_settings(settings)), rounds)))
    keys = iter(TYPED * rounds)
    told.append(("a key in the search, on screen", *timed(on_screen(lambda: model.set_filter(next(keys))), rounds)))
    model.set_filter("")
    bar = table.verticalScrollBar()
    pages = iter(range(0, 1 << 30, max(1, bar.pageStep())))
    told.append(
        (
            "a page scrolled, painted",
            *timed(on_screen(lambda: bar.setValue(next(pages) % max(1, bar.maximum()))), rounds),
        )
    )
    names = [one.name for one in settings if one.writable and one.type == "integer"]
    many = iter(names * rounds)
    told.append(("one edit staged, on screen", *timed(on_screen(lambda: model.stage(next(many), "77")), rounds)))
    text = as_csv(settings)
    told.append(("a file planned", *timed(lambda: plan(read_file(text), settings, "ocpp2.0.1"), rounds)))
    told.append(("two snapshots compared", *timed(lambda: differences(settings, list(reversed(settings))), rounds)))
    table.hide()
    table.deleteLater()
    app.processEvents()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=int, nargs="+", default=[200, 1600, 5000])
    parser.add_argument("--rounds", type=int, default=30)
    args = parser.parse_args()
    app = make_app()
    current().apply(app, "light")
    columns = {count: measure(app, count, args.rounds) for count in args.settings}
    head = " | ".join(f"{count} settings" for count in columns)
    print(f"| median ms (slowest) | {head} |")
    print("|---" * (len(columns) + 1) + "|")
    first = next(iter(columns.values()))
    for place, (name, _, _) in enumerate(first):
        cells = [f"{rows[place][1]:.1f} ({rows[place][2]:.1f})" for rows in columns.values()]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
