"""Tables as text for other programs."""

import csv
import io
from collections.abc import Iterable, Sequence


def harmless(field: str) -> str:
    """A field that a spreadsheet would run as a formula is written as text."""
    return f"'{field}" if field[:1] in ("=", "+", "-", "@") else field


def csv_text(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([harmless(field) for field in row] for row in rows)
    return out.getvalue()


def tab_text(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """For the clipboard: spreadsheets and mails take it as a table."""
    lines = ["\t".join(field.replace("\t", " ").replace("\n", " ") for field in row) for row in (titles, *rows)]
    return "\n".join(lines)
