"""The ways out of the profile chart: picture and numbers."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from evdesk.gui import icons, text
from evdesk.gui.pages.chargers_profiles_chart import Plan, ProfilesChart, short_name
from evdesk.gui.text import tr
from evdesk.gui.theme import current


def plan_csv(plan: Plan) -> str:
    """Who decides when, then every profile, as rows: from, to, limit in A, by, purpose, level, id, whose."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(("from", "to", "limit_a", "by", "purpose", "stack_level", "id", "source"))
    for one in plan.stretches:
        limit = "" if one.limit_a is None else f"{one.limit_a:g}"
        who = one.profile
        about = ("", "", "", "", "") if who is None else (
            short_name(who), who.purpose, str(who.stack_level), str(who.id), who.source,
        )  # fmt: skip
        rows.writerow((text.iso(one.start), text.iso(one.end), limit, *about))
    return out.getvalue()


class ProfileExports(QObject):
    """`menu` for a button; `plan` tells what is shown."""

    def __init__(self, chart: ProfilesChart, plan: Callable[[], Plan | None], owner: QWidget) -> None:
        super().__init__(owner)
        self._chart, self._plan, self._owner = chart, plan, owner
        self.menu = QMenu()
        self.menu.addAction(icons.icon("export", "muted"), tr("Picture (PNG)...")).triggered.connect(self._ask_picture)
        self.menu.addAction(icons.icon("table", "muted"), tr("Numbers (CSV)...")).triggered.connect(self._ask_numbers)
        self.menu.addAction(icons.icon("copy", "muted"), tr("Copy picture")).triggered.connect(self._copy_picture)

    def picture(self) -> QPixmap:
        image = QPixmap(self._chart.size() * 2.0)
        image.setDevicePixelRatio(2.0)
        image.fill(current().color("surface"))
        self._chart.render(image)
        return image

    def save_picture(self, path: str) -> None:
        self.picture().save(path, "PNG")

    def save_numbers(self, path: str) -> None:
        plan = self._plan()
        if plan is not None:
            Path(path).write_text(plan_csv(plan), encoding="utf-8", newline="")

    def _ask(self, kind: str, words: str) -> QFileDialog:
        dialog = QFileDialog(self._owner, words, str(Path.home() / f"evdesk-profiles.{kind}"), f"*.{kind}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _ask_picture(self) -> None:
        dialog = self._ask("png", tr("Save the picture"))
        dialog.fileSelected.connect(self.save_picture)
        dialog.open()

    def _ask_numbers(self) -> None:
        dialog = self._ask("csv", tr("Save the numbers"))
        dialog.fileSelected.connect(self.save_numbers)
        dialog.open()

    def _copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self.picture())
