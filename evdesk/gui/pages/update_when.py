"""Step 4, when: a charger is begun now or tonight; what it has fetched is installed at once or on a date."""

from collections.abc import Callable

from PySide6.QtCore import QDateTime, QSignalBlocker, QTime, Signal
from PySide6.QtWidgets import QDateTimeEdit, QGridLayout, QTimeEdit, QWidget

from evdesk.gui import text
from evdesk.gui.pages.update_plan import Plan, next_clock
from evdesk.gui.text import tr
from evdesk.gui.widgets import Label, Segmented

NOW, NIGHT = "now", "night"
THERE, DATE = "there", "date"
DEFAULT_NIGHT = "02:00"


class WhenRows(QWidget):
    """Now, or tonight when nobody charges; under it, when it is installed. `changed()`."""

    changed = Signal()

    def __init__(self, plan: Plan, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan, self._now = plan, now
        self.choice = Segmented([(NOW, tr("Now")), (NIGHT, tr("Tonight at"))], self)
        self.time = QTimeEdit(QTime.fromString(DEFAULT_NIGHT, "HH:mm"), self)
        self.time.setDisplayFormat("HH:mm")
        self.time.lineEdit().setTextMargins(8, 0, 0, 0)
        self.time.setFixedWidth(84)
        self.words = Label("", "small", "muted", self, wrap=True)
        self.install = Segmented([(THERE, tr("At once")), (DATE, tr("At"))], self)
        self.date = QDateTimeEdit(self)
        self.date.setCalendarPopup(True)
        self.date.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.install_words = Label("", "small", "muted", self, wrap=True)
        self._lay_out()
        self.choice.changed.connect(self._take)
        self.time.timeChanged.connect(self._take)
        self.install.changed.connect(self._take_install)
        self.date.dateTimeChanged.connect(self._take_install)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(3, 1)
        for row, (name, choice, time, named, words) in enumerate(
            (
                (tr("Begin"), self.choice, self.time, tr("Not before"), self.words),
                (tr("Install"), self.install, self.date, tr("Install at"), self.install_words),
            )
        ):
            choice.setAccessibleName(name)
            time.setAccessibleName(named)
            for column, widget in enumerate((Label(name, "small", "muted", self), choice, time, words)):
                grid.addWidget(widget, row, column)

    def show_plan(self) -> None:
        plan, now = self._plan, self._now()
        self.choice.select(NIGHT if plan.night else NOW)
        self.time.setVisible(bool(plan.night))
        begin = plan.not_before_at(now)
        if begin is None:
            words = tr("Each begins as soon as no car is plugged in.")
        else:
            words = tr("From {time} on, each as soon as nobody charges. The engine must stay on.")
        self.words.setText(words.format(time=text.moment(begin, now)))
        self._show_install(now)

    def _show_install(self, now: float) -> None:
        at = self._plan.install_at
        self.install.select(THERE if at is None else DATE)
        self.date.setVisible(at is not None)
        if at is not None and int(at) != self.date.dateTime().toSecsSinceEpoch():
            with QSignalBlocker(self.date):
                self.date.setDateTime(QDateTime.fromSecsSinceEpoch(int(at)))
        wrong = self._plan.wrong_date(now)
        self.install_words.set_role("danger" if wrong else "muted")
        self.install_words.setText(wrong or _install_says(self._plan, now))

    def _take(self, *_: object) -> None:
        self._plan.night = self.time.time().toString("HH:mm") if self.choice.current() == NIGHT else ""
        self.changed.emit()

    def _take_install(self, *_: object) -> None:
        plan = self._plan
        if self.install.current() == THERE:
            plan.install_at = None
        elif plan.install_at is None:
            now = self._now()
            plan.install_at = next_clock(DEFAULT_NIGHT, plan.not_before_at(now) or now)
        else:
            plan.install_at = float(self.date.dateTime().toSecsSinceEpoch())
        self.changed.emit()


def _install_says(plan: Plan, now: float) -> str:
    """What the choice means; that with a canary or waves only the first can wait for the date."""
    if plan.install_at is None:
        return tr("As soon as it has the file.")
    words = tr("Fetched before, installed {time}. Cars may charge till then.")
    first = plan.dated_first()
    if first < len(plan.charger_ids):
        more = tr("Only the first {n} wait for it; the others follow them, without a date.")
        words += " " + (tr("Only the first waits for it; the others follow, without a date.") if first == 1 else more)
    return words.format(time=text.moment(plan.install_at, now), n=first)
