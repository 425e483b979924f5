"""How sizes, times and people's mistakes are said."""

KILO = 1000.0
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size_words(size: int) -> str:
    """ "900 bytes", "64 kB", "3.2 MB"."""
    if size == 1:
        return "1 byte"
    value = float(size)
    for unit in _UNITS:
        if value < KILO or unit == _UNITS[-1]:
            break
        value /= KILO
    return f"{value:.0f} {unit}" if unit == "bytes" or value >= 10 else f"{value:.1f} {unit}"


def seconds_words(seconds: float) -> str:
    """ "under 1 s", "4 s", "3 min", "2 h 05 min"."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def part_words(done: int, size: int) -> str:
    """ "45 % of 3.2 MB"; nothing ever reads 100 % that is not whole."""
    if size <= 0:
        return size_words(done)
    return f"{min(int(done * 100 / size), 100)} % of {size_words(size)}"
