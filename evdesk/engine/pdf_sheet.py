"""What the pages of PDF have in common: one sheet of A4, the desk's fonts in it, tables, facts, and lines to sign.

Heavy to load (16 MiB, a fifth of a second) and slow to run: imported and called in a thread when somebody wants a page.
"""

import io
import threading
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString, PDFZCompress
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, KeepInFrame, Paragraph, Table, TableStyle

from evdesk import __version__
from evdesk.engine.page_words import Fact, shown, utc
from evdesk.model.resources import root

MARGIN = 13 * mm
WIDTH, HEIGHT = A4[0] - 2 * MARGIN, A4[1] - 2 * MARGIN
INK, MUTED, LINE = HexColor("#171a20"), HexColor("#59616e"), HexColor("#dadde3")
TONES = {"ok": HexColor("#17713c"), "bad": HexColor("#b3202c"), "warn": HexColor("#8a4f00")}
TOP = ("VALIGN", (0, 0), (-1, -1), "TOP")
LINES = ("LINEBELOW", (0, 0), (-1, -1), 0.6, LINE)
GAP = 16.0
_SMALLEST = 5.6
_FONTS = {
    "Inter": "Inter-Regular.ttf",
    "Inter-SemiBold": "Inter-SemiBold.ttf",
    "JetBrainsMono": "JetBrainsMono-Regular.ttf",
}
_EVERYWHERE = ("Helvetica", "Helvetica-Bold", "Courier")
_one_at_a_time = threading.Lock()
"""The library keeps its fonts for the whole process."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside the PDF, as PDF/A-3 has it. `kind`: its MIME type; `marks`: words about it for programs."""

    name: str
    data: bytes
    kind: str
    about: str
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What a reader shows as the properties of the file. `at`: when what stands on the page ended, Unix s: the same page is
    the same file whenever it is made."""

    title: str
    subject: str
    at: float | None
    keywords: str = ""


class Sheet(ABC):
    """One page, whatever stands in it: the text has the first of `sizes` (points, falling) that fits; where none does,
    everything becomes a little smaller."""

    def __init__(self, about: About, sizes: Sequence[float] = (8.8,), attached: Attached | None = None) -> None:
        self.about, self.sizes, self.attached = about, sizes, attached
        self.plain, self.bold, self.mono = fonts()
        self.style(sizes[0])

    def style(self, size: float) -> None:
        lead = size * 12.2 / 8.8
        self.body = ParagraphStyle("body", fontName=self.plain, fontSize=size, leading=lead, textColor=INK)
        self.muted = ParagraphStyle("muted", self.body, textColor=MUTED)
        self.right = ParagraphStyle("right", self.muted, alignment=2)
        small = max(_SMALLEST, size - 1.2)
        self.small = ParagraphStyle("small", self.muted, fontSize=small, leading=small * 10 / 7.6)
        self.head = ParagraphStyle(
            "head",
            self.body,
            fontName=self.bold,
            fontSize=size + 1.4,
            leading=lead + 0.8,
            spaceBefore=lead - 3.2,
            spaceAfter=2,
        )
        self.title = ParagraphStyle("title", self.head, fontSize=16, leading=20, spaceBefore=0, spaceAfter=0)
        self.verdict = ParagraphStyle("verdict", self.body, fontSize=10.2, leading=14.5)

    def file(self) -> bytes:
        with _one_at_a_time:
            out = io.BytesIO()
            canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1)
            _tell(canvas, self.about)
            place = bisect_left(self.sizes, True, hi=len(self.sizes) - 1, key=lambda size: self._fits(size, canvas))
            self.style(self.sizes[place])
            frame = Frame(MARGIN, MARGIN, WIDTH, HEIGHT, 0, 0, 0, 0)
            frame.addFromList([KeepInFrame(WIDTH, HEIGHT, self.story(), mode="shrink")], canvas)
            canvas.showPage()
            if self.attached is not None:
                _attach(canvas, self.attached)
            canvas.save()
            return out.getvalue()

    def _fits(self, size: float, canvas: Canvas) -> bool:
        self.style(size)
        story = self.story()
        high = sum(
            part.wrapOn(canvas, WIDTH, HEIGHT)[1] + part.getSpaceBefore() + part.getSpaceAfter() for part in story
        )
        return bool(high <= HEIGHT)

    @abstractmethod
    def story(self) -> list[Flowable]:
        """What stands on the page, from top to bottom."""

    # -- parts --------------------------------------------------------------------------------------------------------

    def text(self, text: str, style: ParagraphStyle) -> Paragraph:
        return Paragraph(escape(shown(text)), style)

    def top(self, title: str, number: str) -> Table:
        cells = [[self.text(title, self.title), self.text(number, self.right)]]
        rule = [("LINEBELOW", (0, 0), (-1, -1), 1.6, INK), ("VALIGN", (0, 0), (-1, -1), "BOTTOM")]
        rule.append(("RIGHTPADDING", (1, 0), (1, 0), 0))
        return self.table(cells, [WIDTH * 0.55, WIDTH * 0.45], rule, below=4)

    def boxed(self, tone: str, word: str, sentence: str) -> Table:
        """The verdict: one word, then what it means. `tone`: a key of `TONES`."""
        color = TONES[tone]
        big = f'<font name="{self.bold}" size="12.5" color="#{color.hexval()[2:]}">{escape(shown(word))}</font>'
        text = Paragraph(f"{big}&nbsp;&nbsp; {escape(shown(sentence))}", self.verdict)
        box = [("BOX", (0, 0), (-1, -1), 1.4, color), ("ROUNDEDCORNERS", [4, 4, 4, 4])]
        box += [("LEFTPADDING", (0, 0), (-1, -1), 9), ("RIGHTPADDING", (0, 0), (-1, -1), 9)]
        return self.table([[text]], [WIDTH], box, above=6, below=7)

    def two(self, left: list[Flowable], right: list[Flowable]) -> Table:
        each = (WIDTH - GAP) / 2
        return self.table([[left, "", right]], [each, GAP, each], [TOP])

    def facts(self, title: str, facts: Iterable[Fact], width: float = (WIDTH - GAP) / 2) -> list[Flowable]:
        rows = [[self.text(name, self.muted), self.text(value, self.body)] for name, value in facts]
        return [self.text(title, self.head), self.table(rows, [82, width - 82], [TOP])]

    def grid(
        self, heads: Sequence[str], rows: Iterable[Sequence[str]], parts: Sequence[float], pad: float = 2.5
    ) -> Table:
        """`parts`: of the width, one for each column."""
        cells = [[self.text(cell, self.muted) for cell in heads]] if heads else []
        cells += [[self.text(cell, self.body) for cell in row] for row in rows]
        return self.table(cells, [WIDTH * part for part in parts], [LINES, TOP], above=pad, below=pad)

    def signs(self, who: Sequence[str]) -> Table:
        """Three lines to sign on."""
        gap = 20.0
        each = (WIDTH - 2 * gap) / 3
        cells: list[Any] = [self.text(word, self.muted) for word in who]
        rules = [("LINEABOVE", (n, 0), (n, 0), 0.8, INK) for n in (0, 2, 4)]
        return self.table([[cells[0], "", cells[1], "", cells[2]]], [each, gap, each, gap, each], rules, above=2)

    def table(
        self, rows: list[list[Any]], widths: list[float], look: list[Any], above: float = 0.0, below: float = 0.0
    ) -> Table:
        whole = (0, 0), (-1, -1)
        bare = [
            ("LEFTPADDING", *whole, 0),
            ("RIGHTPADDING", *whole, 4),
            ("TOPPADDING", *whole, above),
            ("BOTTOMPADDING", *whole, below),
        ]
        return Table(rows, colWidths=widths, style=TableStyle([*bare, *look]), hAlign="LEFT")


def _tell(canvas: Canvas, about: About) -> None:
    canvas.setTitle(about.title)
    canvas.setAuthor("evdesk")
    canvas.setCreator(f"evdesk {__version__}")
    canvas.setSubject(about.subject)
    canvas.setKeywords(about.keywords)
    when = utc(about.at) or datetime(2000, 1, 1, tzinfo=UTC)
    canvas._doc._timeStamp.YMDhms = tuple(when.timetuple())[:6]


def _attach(canvas: Canvas, attached: Attached) -> None:
    """ISO 32000-1, 7.11.4 (embedded files); /AF and /AFRelationship from ISO 19005-3, so that readers show it as the
    source of the page."""
    document = canvas._doc
    size = len(attached.data)
    words: dict[str, Any] = {
        "Type": PDFName("EmbeddedFile"),
        "Subtype": "/" + attached.kind.replace("/", "#2F"),
        "Params": PDFDictionary({"Size": size}),
    }
    words |= {name: PDFString(word.encode().hex()) for name, word in attached.marks.items()}
    stream = document.Reference(PDFStream(PDFDictionary(words), attached.data, [PDFZCompress]))
    name = PDFString(attached.name)
    file = PDFDictionary(
        {
            "Type": PDFName("Filespec"),
            "F": name,
            "UF": name,
            "Desc": PDFString(attached.about),
            "AFRelationship": PDFName("Source"),
            "EF": PDFDictionary({"F": stream, "UF": stream}),
        }
    )
    reference = document.Reference(file)
    catalog = document.Catalog
    catalog.Names = PDFDictionary({"EmbeddedFiles": PDFDictionary({"Names": PDFArray([name, reference])})})
    catalog.AF = PDFArray([reference])
    catalog.__NoDefault__ = [*catalog.__NoDefault__, "AF"]


def fonts() -> tuple[str, ...]:
    """Plain, bold, and of one width: those of the desk; where they are not installed those every reader has, which know
    western letters only."""
    try:
        with _one_at_a_time:
            registered = pdfmetrics.getRegisteredFontNames()
            for name, file in _FONTS.items():
                if name not in registered:
                    pdfmetrics.registerFont(TTFont(name, root() / "fonts" / file))
    except (OSError, TTFError):
        return _EVERYWHERE
    return tuple(_FONTS)
