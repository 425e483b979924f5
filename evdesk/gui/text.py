"""The one `tr`, and numbers, times and lengths as people read them. Unknown stays "unknown" (or "?" where it is tight).

Sentences for codes (why, notices, states) are in `sentences`.
"""

from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication, QLocale

MINUS = "−"
THIN = "\u2009"
DOT = " · "


def tr(text: str) -> str:
    """The text in the person's language; give it a literal and fill places with `.format(...)` afterwards."""
    return QCoreApplication.translate("evdesk", text)


def unknown() -> str:
    return tr("unknown")


def number(value: float | None, digits: int = 1, short: bool = False) -> str:
    """A plain number with the language's decimal sign; None is "unknown", or "?" when `short`."""
    if value is None:
        return "?" if short else unknown()
    rounded = round(value, digits) + 0.0  # no "-0.0"
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    return (MINUS if rounded < 0 else "") + locale.toString(abs(rounded), "f", digits)


def count(value: int) -> str:
    """Thin space from 10 000 on."""
    return f"{value:,}".replace(",", THIN) if abs(value) >= 10_000 else str(value)


def amps(value: float | None, short: bool = False) -> str:
    """A measured current: "13.8 A"."""
    return number(value, short=short) if value is None else f"{number(value)} A"


def limit(value: float | None, short: bool = False) -> str:
    """A limit in whole ampere: "14 A"; a fraction is kept where there is one."""
    if value is None:
        return "?" if short else unknown()
    return f"{number(value, 0 if abs(value - round(value)) < 0.05 else 1)} A"


def power_parts(value: float | None) -> tuple[str, str]:
    """Number and unit: ("9.5", "kW"), ("640", "W"), ("unknown", "")."""
    if value is None:
        return unknown(), ""
    return (number(value, 0), "W") if abs(value) < 999.5 else (number(value / 1000), "kW")


def power(value: float | None) -> str:
    return " ".join(part for part in power_parts(value) if part)


def energy_parts(value: float | None, exact: bool = False) -> tuple[str, str]:
    """Number and unit of watt-hours: live ("5.9", "kWh"), exact for tables ("5.93", "kWh")."""
    return (unknown(), "") if value is None else (number(value / 1000, 2 if exact else 1), "kWh")


def energy(value: float | None, exact: bool = False) -> str:
    return " ".join(part for part in energy_parts(value, exact) if part)


def hours(seconds: float | None) -> str:
    """The length of a charge: "0:44 h"."""
    if seconds is None:
        return unknown()
    minutes = max(0, int(seconds)) // 60
    return f"{minutes // 60}:{minutes % 60:02d} h"


def minutes(seconds: float | None) -> str:
    """The length of a step: "3:22 min"."""
    return unknown() if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


def age(seconds: float | None) -> str:
    """How long ago, in words: "0.4 s", "12 s", "4 min", "2 h", "9 d 4 h"."""
    if seconds is None:
        return unknown()
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{number(seconds)} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 86400:
        return f"{seconds / 3600:.0f} h"
    days, rest = divmod(int(seconds), 86400)
    return f"{days} d {rest // 3600} h" if rest >= 3600 and days < 10 else f"{days} d"


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at)


def clock(at: float | None) -> str:
    """ "18:42" """
    return unknown() if at is None else _local(at).strftime("%H:%M")


def clock_s(at: float | None) -> str:
    """ "18:38:12" """
    return unknown() if at is None else _local(at).strftime("%H:%M:%S")


def clock_ms(at: float | None) -> str:
    """ "18:41:58.130" """
    return unknown() if at is None else _local(at).strftime("%H:%M:%S.%f")[:-3]


def day(at: float | None) -> str:
    """ "Tue 24 Nov" in the person's language"""
    if at is None:
        return unknown()
    when, locale = _local(at), QLocale()
    name = locale.dayName(when.isoweekday(), QLocale.FormatType.ShortFormat)
    return f"{name} {when.day} {locale.monthName(when.month, QLocale.FormatType.ShortFormat)}"


def date(at: float | None, now: float) -> str:
    """ "30 Nov", with the year where it is another one"""
    if at is None:
        return unknown()
    when = _local(at)
    name = f"{when.day} {QLocale().monthName(when.month, QLocale.FormatType.ShortFormat)}"
    return name if when.year == _local(now).year else f"{name} {when.year}"


def since(at: float | None, now: float) -> str:
    """ "23:52" within the last day, "3 Sep" before"""
    return clock(at) if at is not None and 0 <= now - at < 86_400 else date(at, now)


def moment(at: float | None, now: float | None = None) -> str:
    """The time, with the day before it when that is not today."""
    if at is None:
        return unknown()
    today = now is not None and _local(at).date() == _local(now).date()
    return clock(at) if today else f"{day(at)}, {clock(at)}"


def iso(at: float | None) -> str:
    """For reports: ISO 8601 with zone."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).astimezone().isoformat(timespec="seconds")


def size(value: int | None) -> str:
    """Bytes: "640 B", "12.4 kB", "3.1 MB"."""
    if value is None:
        return unknown()
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{number(amount, 0 if unit == 'B' else 1)} {unit}"
        amount /= 1000
    raise AssertionError


def reasons(*parts: str) -> str:
    """Join what is there with a middle dot."""
    return DOT.join(part for part in parts if part)
