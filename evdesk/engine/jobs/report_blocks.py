"""What a page about a job is made of, before it is drawn."""

from dataclasses import dataclass

from evdesk.engine.page_words import Fact


@dataclass(frozen=True, slots=True)
class Facts:
    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two side by side."""

    left: Facts
    right: Facts


@dataclass(frozen=True, slots=True)
class Big:
    """Figures to be seen at once: (name, value, tone), the tone as that of the page or ""."""

    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """`parts`: of the page's width, one for each column."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    parts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Roll:
    """Many short rows, each on one line, in two columns side by side. `parts`: of the width of one column, where what is
    in them is too wide; `soft`: the cells that are cut first, the last never is; `tones`: of the rows; `more`: what is left
    out, in words."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    parts: tuple[float, ...]
    tones: tuple[str, ...] = ()
    more: str = ""
    soft: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Codes:
    """Hashes and the like, in letters of one width. `codes` in columns, `whole`: names and values on lines of their own."""

    title: str
    codes: tuple[str, ...]
    whole: tuple[Fact, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Prose:
    title: str
    text: str


Block = Facts | Pair | Big | Grid | Roll | Codes | Prose


@dataclass(frozen=True, slots=True)
class ReportPage:
    """`tone`: "ok", "bad" or "warn"; `name`: of the file's title."""

    title: str
    name: str
    number: str
    tone: str
    word: str
    sentence: str
    blocks: tuple[Block, ...]
    foot: str
