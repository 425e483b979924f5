"""The questions before a deed: another limit, a tag, a restart, forgetting. Each is one sheet and answers one value."""

from datetime import datetime, timedelta

from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from evdesk.gui import text
from evdesk.gui.dialogs.sheet import DONE, Sheet, confirm
from evdesk.gui.pages.chargers_actions import charges
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import DANGER, PRIMARY, Label

REASON_CHARS = 200
LEAST_A = 6.0
"""No car takes less; 0 pauses (IEC 61851-1)."""


def highest_a(row: ConnectorRow) -> float:
    """What the bay's fuse or cable carries; 16 A where the connector has no place in the site."""
    return row.bay.max_a if row.bay is not None else 16.0


async def ask_limit(row: ConnectorRow, theme: Theme, parent: QWidget) -> float | None:
    """Ampere per phase, or None when the person left it."""
    sheet = Sheet(tr("Limit for {label}").format(label=row.label), theme, parent)
    field = QDoubleSpinBox()
    field.setRange(LEAST_A, highest_a(row))
    field.setDecimals(0)
    field.setSuffix(" A")
    field.setValue(row.connector.limit_a or highest_a(row))
    field.selectAll()
    told = tr("{least} to {most}: more is not possible on this fuse or cable.")
    sheet.field(
        tr("At most, per phase"), field, told.format(least=text.limit(LEAST_A), most=text.limit(highest_a(row)))
    )
    sheet.cancel()
    sheet.button(tr("Set the limit"), DONE, PRIMARY, default=True)
    field.setFocus()
    return field.value() if await sheet.ask() == DONE else None


async def ask_tag(row: ConnectorRow, theme: Theme, parent: QWidget) -> str | None:
    """The tag a charge shall start with, or None when the person left it."""
    sheet = Sheet(tr("Start a charge on {label}").format(label=row.label), theme, parent)
    field = QLineEdit()
    field.setMaxLength(20)
    sheet.field(tr("Tag"), field, tr("As the card reader would tell it, at most 20 characters."))
    sheet.cancel()
    start = sheet.button(tr("Start {label}").format(label=row.label), DONE, PRIMARY, default=True)
    start.setEnabled(False)
    field.textChanged.connect(lambda typed: start.setEnabled(bool(typed.strip())))
    field.setFocus()
    return field.text().strip() if await sheet.ask() == DONE else None


async def ask_reservation(row: ConnectorRow, theme: Theme, parent: QWidget) -> tuple[str, int] | None:
    """(tag, minutes) a connector is kept for, or None when the person left it."""
    sheet = Sheet(tr("Reserve {label}").format(label=row.label), theme, parent)
    tag, minutes = QLineEdit(), QSpinBox()
    tag.setMaxLength(20)
    minutes.setRange(1, 1440)
    minutes.setValue(30)
    minutes.setSuffix(" " + tr("min"))
    sheet.field(tr("Tag"), tag, tr("Only this tag can start a charge meanwhile."))
    sheet.field(tr("For"), minutes, tr("The charger ends the reservation by itself after this time."))
    sheet.cancel()
    reserve = sheet.button(tr("Reserve {label}").format(label=row.label), DONE, PRIMARY, default=True)
    reserve.setEnabled(False)
    tag.textChanged.connect(lambda typed: reserve.setEnabled(bool(typed.strip())))
    tag.setFocus()
    return (tag.text().strip(), minutes.value()) if await sheet.ask() == DONE else None


async def ask_hint(
    row: ConnectorRow, theme: Theme, parent: QWidget, trust: str = ""
) -> tuple[float | None, float | None] | None:
    """(departure as Unix seconds, Wh of the whole charge), None each where nothing is said; None when the person left.
    `trust`: a sentence about how right such words have been.

    A time of day is the next one that comes, at this computer's clock."""
    sheet = Sheet(tr("When does the car on {label} leave?").format(label=row.label), theme, parent)
    leaves, needs = QLineEdit(), QDoubleSpinBox()
    before = row.connector.hint
    leaves.setPlaceholderText("17:30")
    needs.setRange(0.0, 500.0)
    needs.setDecimals(0)
    needs.setSuffix(" kWh")
    needs.setSpecialValueText(tr("not said"))
    if before is not None:
        leaves.setText(text.clock(before.depart_at) if before.depart_at is not None else "")
        needs.setValue((before.energy_wh or 0.0) / 1000.0)
    sheet.field(tr("Leaves at"), leaves, tr("Hours and minutes. Empty: not said."))
    sheet.field(tr("Needs in all"), needs, tr("Since the charge began. Both empty takes the hint away."))
    if trust:
        sheet.form.addRow("", Label(trust, "small", "muted", wrap=True, selectable=True))
    sheet.cancel()
    keep = sheet.button(tr("Keep for {label}").format(label=row.label), DONE, PRIMARY, default=True)
    leaves.textChanged.connect(lambda typed: keep.setEnabled(not typed.strip() or next_time(typed) is not None))
    leaves.setFocus()
    if await sheet.ask() != DONE:
        return None
    return next_time(leaves.text()), needs.value() * 1000.0 or None


def next_time(typed: str) -> float | None:
    """ "17:30" as the next moment the clock shows it, Unix seconds; None where it is no time of day."""
    hours, colon, minutes = typed.strip().partition(":")
    if not colon or not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        return None
    if int(hours) > 23 or int(minutes) > 59:
        return None
    now = datetime.now().replace(second=0, microsecond=0)
    then = now.replace(hour=int(hours), minute=int(minutes))
    return (then if then > now else then + timedelta(days=1)).timestamp()


async def ask_out_of_service(row: ConnectorRow, theme: Theme, parent: QWidget) -> bool:
    """Asks only where somebody would wonder: a charge runs."""
    if not charges(row.connector):
        return True
    title = tr("Take {label} out of service?").format(label=row.label)
    told = tr("A charge runs. The charger lets it end first, then nobody can start another.")
    return await confirm(parent, theme, title, told, tr("Take {label} out").format(label=row.label), tr("Leave it"))


async def ask_reset(row: ConnectorRow, kind: str, theme: Theme, parent: QWidget) -> str | None:
    """Why, "" where nobody said; None when the person left it. Restarts without asking where nothing is lost: a soft reset
    of a charger without a car."""
    if kind == "soft" and not charges(row.connector):
        return ""
    title = tr("Restart {label}?").format(label=row.label)
    if charges(row.connector):
        told = tr("A charge runs. It ends, or stops for about a minute, and the car may have to be plugged in again.")
    else:
        told = tr("A hard reset cuts the charger off at once, like a power failure. It is back after a minute or two.")
    word = (tr("Hard reset {label}") if kind == "hard" else tr("Soft reset {label}")).format(label=row.label)
    if kind == "soft":
        return "" if await confirm(parent, theme, title, told, word, tr("Leave it"), danger=True) else None
    sheet = Sheet(title, theme, parent)
    sheet.say(told)
    reason = QLineEdit()
    reason.setMaxLength(REASON_CHARS)
    sheet.field(tr("Reason"), reason, tr("Needed only where an update may still be installing. It stands in the log."))
    sheet.cancel(tr("Leave it"), default=True)
    sheet.button(word, DONE, DANGER)
    return reason.text().strip() if await sheet.ask() == DONE else None


async def ask_forget(row: ConnectorRow, theme: Theme, parent: QWidget) -> bool:
    title = tr("Forget {label}?").format(label=row.label)
    told = tr(
        "{id} leaves the site and its bay is free. Its history and the activity log stay. When it dials in again it "
        "asks to join."
    )
    word = tr("Forget {id}").format(id=row.charger.id)
    return await confirm(parent, theme, title, told.format(id=row.charger.id), word, tr("Keep it"), danger=True)
