"""The library as a list to choose from: what fits the chosen chargers first, what does not is grey and says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from evdesk.firmware.versions import compare
from evdesk.gui import text
from evdesk.gui.pages.chargers_grid import CellDelegate, Grid, Index
from evdesk.gui.pages.firmware_words import image_look
from evdesk.gui.pages.update_plan import counted, fit_direction
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import chip_width, draw, paint_chip
from evdesk.model.firmware import Direction, Fit, Image, Verdict

ROW = int(Qt.ItemDataRole.UserRole) + 1
ROW_HEIGHT = 74
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class ImageRow:
    """`fits` of `all` chargers; `second`: what it does to them, or why it cannot be used. `known` False: not asked yet."""

    image: Image
    look: Look
    fits: int
    all: int
    second: str
    known: bool = True
    ways: frozenset[Direction] = frozenset()
    same: int = 0  # of those that it fits, so many have it already
    older: int = 0  # and for so many it is older than what they have

    @property
    def usable(self) -> bool:
        return self.fits > 0 and self.image.usable


def why_not(fit: Fit) -> str:
    """The first reason that a file is not for a charger."""
    hard = next((check for check in fit.checks if check.verdict is Verdict.BLOCK), None)
    return hard.sentence if hard is not None else ""


def way_out(fit: Fit) -> str:
    hard = next((check for check in fit.checks if check.verdict is Verdict.BLOCK), None)
    return hard.advice if hard is not None else ""


def make_row(image: Image, fits: Mapping[str, Fit] | None, charger_ids: Sequence[str]) -> ImageRow:
    rows = [fits[one] for one in charger_ids if one in fits] if fits is not None else []
    good = [fit for fit in rows if fit.fits]
    look = image_look(image)
    if fits is None:
        return ImageRow(image, look, 0, len(charger_ids), tr("is looked at"), known=False)
    if not image.usable:
        second = image.why_not
    elif good:
        second = _step(good, image)
    else:
        second = next((words for words in map(why_not, rows) if words), tr("It fits none of them."))
    ways = [fit.direction for fit in good]
    same = ways.count(Direction.SAME)
    older = ways.count(Direction.DOWNGRADE)
    return ImageRow(image, look, len(good), len(charger_ids), second, ways=frozenset(ways), same=same, older=older)


def _step(good: Sequence[Fit], image: Image) -> str:
    """ "From 2.4.0, newer; hardware B and C; usually 7 min" """
    before = counted(fit.from_version or text.unknown() for fit in good)
    way = counted(fit_direction(fit.direction) for fit in good)
    words = tr("On {before}: {way}").format(before=before, way=way)
    minutes = image.manifest.minutes
    usual = tr("usually {n} min").format(n=text.number(minutes, 0)) if minutes is not None else ""
    return text.reasons(words, usual)


def in_order(rows: Sequence[ImageRow], fits: Mapping[str, Mapping[str, Fit]]) -> list[ImageRow]:
    """Those that fit most first; then newer before older, as far as that can be told."""

    def rank(one: ImageRow, other: ImageRow) -> int:
        mine, theirs = (
            (-one.fits * one.image.usable, not one.image.usable),
            (
                -other.fits * other.image.usable,
                not other.image.usable,
            ),
        )
        if mine != theirs:
            return -1 if mine < theirs else 1
        newer = compare(one.image.manifest.version, other.image.manifest.version) or 0
        same = one.image.manifest.vendor == other.image.manifest.vendor
        if newer and same:
            return -newer
        return -1 if one.image.name < other.image.name else 1

    return sorted(rows, key=cmp_to_key(rank))


class ImagesModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[ImageRow] = []
        self.chosen = ""

    def set_rows(self, rows: list[ImageRow]) -> None:
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def set_chosen(self, image_id: str) -> None:
        self.chosen = image_id
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def row_of(self, image_id: str) -> int:
        return next((i for i, row in enumerate(self.rows) if row.image.id == image_id), -1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            parts = (row.image.name, fit_look(row).word, row.look.word, row.second)
            chosen = tr("chosen") if row.image.id == self.chosen else ""
            return ", ".join(filter(None, (*parts, chosen)))
        return row.second if role == Qt.ItemDataRole.ToolTipRole else None


def fit_look(row: ImageRow) -> Look:
    if not row.known:
        return Look("clock", tr("Looking"), "muted")
    if not row.image.usable:
        return Look("x-circle", tr("Cannot be used"), "muted")
    if row.fits == 0:
        return Look("x-circle", tr("Does not fit"), "muted")
    if row.ways == {Direction.SAME}:
        return Look("check", tr("Already on it"), "muted")
    if row.ways == {Direction.DOWNGRADE}:
        return Look("arrow-down", tr("Older, fits {n} of {all}").format(n=row.fits, all=row.all), "warn")
    if row.older:
        return Look("arrow-down", tr("Older for {n} of {all}").format(n=row.older, all=row.all), "warn")
    if row.fits == row.all and row.same:
        told = tr("New for {n} of {all}").format(n=row.fits - row.same, all=row.all)
        return Look("check-circle", told, "ok")
    if row.fits == row.all:
        return Look("check-circle", tr("Fits all {n}").format(n=row.all) if row.all > 1 else tr("Fits"), "ok")
    return Look("warning", tr("Fits {n} of {all}").format(n=row.fits, all=row.all), "warn")


class ImagesDelegate(CellDelegate):
    """A round mark, name and what it fits; signature and size; what it does, or why not."""

    def paint_cell(self, painter: QPainter, rect: QRect, index: Index) -> None:
        row, model = index.data(ROW), index.model()
        if not isinstance(row, ImageRow) or not isinstance(model, ImagesModel):
            return
        look, image = current(), row.image
        ink = "text" if row.usable else "muted"
        middle = rect.top() + 19.0
        ring = QRectF(rect.left(), middle - 8, 16, 16)
        on = image.id == model.chosen
        edge = look.color("accent" if on else "borderStrong" if row.usable else "border")
        draw.box(painter, ring, look.color("surface"), edge, 8, 5.0 if on else 1.0)
        chip = fit_look(row)
        wide = chip_width(chip.word, chip.icon)
        paint_chip(painter, QRectF(rect.right() - wide, middle - 10, wide, 20), chip)
        left = rect.left() + 28
        room = QRect(left, rect.top() + 9, rect.width() - 28 - round(wide) - 10, 20)
        self.words(painter, room, image.name, "name", ink)
        second = QRect(left, rect.top() + 30, rect.width() - 28, 18)
        used = self.icon_words(painter, second, row.look.icon, row.look.word, row.look.role, "chip")
        facts = text.reasons(image.file_name, text.size(image.size))
        self.words(painter, second.adjusted(used + 12, 0, 0, 0), facts, "small", "muted")
        third = QRect(left, rect.top() + 48, rect.width() - 28, 17)
        self.words(painter, third, row.second, "small", "text" if row.usable else "muted")


class ImagesTable(Grid):
    """The current row is the one whose facts are shown; a click or Return chooses it where it fits."""

    def __init__(self, model: ImagesModel, parent: QWidget | None = None) -> None:
        super().__init__(tr("Images of the library"), ROW_HEIGHT, parent)
        self.setItemDelegate(ImagesDelegate(self))
        self.setModel(model)
        self.horizontalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.whole_rows()
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def content_height(self) -> int:
        return self.verticalHeader().length()
