"""The protocol of a drill as a PDF of one page of A4, the same as the page of HTML. Fonts are in it, lines are vectors.

Heavy to load (16 MiB, a fifth of a second) and slow to run: imported and called in a thread when somebody wants one.
"""

import io
import threading
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, KeepInFrame, Paragraph, Spacer, Table, TableStyle

from evdesk.engine.drill.page import CHECK_HEADS, SIGNED, Fact, ProtocolPage, page_of
from evdesk.engine.drill.page_plot import NO_DATA, TEXT_SIZE, Box, Dot, H, Shape, Stroke, W, Words, plot_shapes
from evdesk.model.drills import Drill
from evdesk.model.resources import root

_MARGIN = 13 * mm
_WIDTH, _HEIGHT = A4[0] - 2 * _MARGIN, A4[1] - 2 * _MARGIN
_INK, _MUTED, _LINE = HexColor("#171a20"), HexColor("#59616e"), HexColor("#dadde3")
_TONES = {"ok": HexColor("#17713c"), "bad": HexColor("#b3202c"), "warn": HexColor("#8a4f00")}
_PLAIN, _BOLD = "Inter", "Inter-SemiBold"
_one_at_a_time = threading.Lock()
"""The library keeps its fonts for the whole process."""


def protocol_pdf(drill: Drill) -> bytes:
    """The file. One page, whatever stands in it: where a text is long, everything becomes a little smaller."""
    page, shapes = page_of(drill), plot_shapes(drill)
    with _one_at_a_time:
        return _Sheet(page, shapes).file()


class _Sheet:
    def __init__(self, page: ProtocolPage, shapes: Sequence[Shape]) -> None:
        self.page, self.shapes = page, shapes
        self.plain, self.bold = _fonts()
        self.body = ParagraphStyle("body", fontName=self.plain, fontSize=8.8, leading=12.2, textColor=_INK)
        self.muted = ParagraphStyle("muted", self.body, textColor=_MUTED)
        self.right = ParagraphStyle("right", self.muted, alignment=2)
        self.small = ParagraphStyle("small", self.muted, fontSize=7.6, leading=10)
        self.head = ParagraphStyle(
            "head", self.body, fontName=self.bold, fontSize=10.2, leading=13, spaceBefore=9, spaceAfter=2
        )
        self.title = ParagraphStyle("title", self.head, fontSize=16, leading=20, spaceBefore=0, spaceAfter=0)
        self.verdict = ParagraphStyle("verdict", self.body, fontSize=10.2, leading=14.5)

    def file(self) -> bytes:
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1)
        canvas.setTitle(self.page.title)
        canvas.setAuthor("evdesk")
        canvas.setSubject(f"{self.page.word}: {self.page.sentence}")
        frame = Frame(_MARGIN, _MARGIN, _WIDTH, _HEIGHT, 0, 0, 0, 0)
        frame.addFromList([KeepInFrame(_WIDTH, _HEIGHT, self._story(), mode="shrink")], canvas)
        canvas.showPage()
        canvas.save()
        return out.getvalue()

    def _story(self) -> list[Flowable]:
        page = self.page
        return [
            self._top(),
            Spacer(1, 9),
            self._verdict(),
            Spacer(1, 9),
            self._two(
                self._facts("Charger", page.charger),
                self._facts("What evdesk wrote into it", page.written),
            ),
            self._text("How it was tried", self.head),
            self._text(page.how, self.body),
            self._text("Measured and expected", self.head),
            _Plot(self.shapes, self.plain, self.bold) if self.shapes else self._text(NO_DATA, self.muted),
            Spacer(1, 4),
            self._checks(),
            self._text("What follows", self.head),
            self._text(page.follows, self.body),
            Spacer(1, 34),
            self._signs(),
            Spacer(1, 9),
            self._text(page.foot, self.small),
        ]

    def _text(self, text: str, style: ParagraphStyle) -> Paragraph:
        return Paragraph(escape(text), style)

    def _top(self) -> Table:
        cells = [[self._text("Failsafe protocol", self.title), self._text(self.page.number, self.right)]]
        rule = [("LINEBELOW", (0, 0), (-1, -1), 1.6, _INK), ("VALIGN", (0, 0), (-1, -1), "BOTTOM")]
        rule.append(("RIGHTPADDING", (1, 0), (1, 0), 0))
        return self._table(cells, [_WIDTH * 0.55, _WIDTH * 0.45], rule, below=4)

    def _verdict(self) -> Table:
        tone = _TONES[self.page.tone]
        word = f'<font name="{self.bold}" size="12.5" color="#{tone.hexval()[2:]}">{escape(self.page.word)}</font>'
        text = Paragraph(f"{word}&nbsp;&nbsp; {escape(self.page.sentence)}", self.verdict)
        box = [("BOX", (0, 0), (-1, -1), 1.4, tone), ("ROUNDEDCORNERS", [4, 4, 4, 4])]
        box += [("LEFTPADDING", (0, 0), (-1, -1), 9), ("RIGHTPADDING", (0, 0), (-1, -1), 9)]
        return self._table([[text]], [_WIDTH], box, above=6, below=7)

    def _two(self, left: list[Flowable], right: list[Flowable]) -> Table:
        gap = 16.0
        each = (_WIDTH - gap) / 2
        return self._table([[left, "", right]], [each, gap, each], [("VALIGN", (0, 0), (-1, -1), "TOP")])

    def _facts(self, title: str, facts: Iterable[Fact]) -> list[Flowable]:
        rows = [[self._text(name, self.muted), self._text(value, self.body)] for name, value in facts]
        each = (_WIDTH - 16.0) / 2
        top = [("VALIGN", (0, 0), (-1, -1), "TOP")]
        return [self._text(title, self.head), self._table(rows, [82, each - 82], top)]

    def _checks(self) -> Table:
        rows = [[self._text(cell, self.muted) for cell in CHECK_HEADS]]
        rows += [[self._text(cell, self.body) for cell in row] for row in self.page.checks]
        widths = [_WIDTH * part for part in (0.22, 0.22, 0.30, 0.26)]
        look = [("LINEBELOW", (0, 0), (-1, -1), 0.6, _LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        return self._table(rows, widths, look, above=2.5, below=2.5)

    def _signs(self) -> Table:
        gap = 20.0
        each = (_WIDTH - 2 * gap) / 3
        cells: list[Any] = [self._text(who, self.muted) for who in SIGNED]
        rules = [("LINEABOVE", (n, 0), (n, 0), 0.8, _INK) for n in (0, 2, 4)]
        return self._table([[cells[0], "", cells[1], "", cells[2]]], [each, gap, each, gap, each], rules, above=2)

    def _table(
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


class _Plot(Flowable):  # type: ignore[misc]
    """The shapes, as wide as the page."""

    def __init__(self, shapes: Sequence[Shape], plain: str, bold: str) -> None:
        super().__init__()
        self.shapes, self.plain, self.bold = shapes, plain, bold
        self.times = _WIDTH / W

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return _WIDTH, H * self.times

    def draw(self) -> None:
        self.canv.scale(self.times, self.times)
        for shape in self.shapes:
            self.canv.saveState()
            self._draw(self.canv, shape)
            self.canv.restoreState()

    def _draw(self, canvas: Canvas, shape: Shape) -> None:
        match shape:
            case Box():
                canvas.setFillColor(HexColor(shape.fill))
                canvas.rect(shape.x, H - shape.y - shape.height, shape.width, shape.height, stroke=0, fill=1)
            case Stroke():
                canvas.setStrokeColor(HexColor(shape.color))
                canvas.setLineWidth(shape.width)
                canvas.setDash(*([list(shape.dash)] if shape.dash else []))
                path = canvas.beginPath()
                path.moveTo(shape.points[0][0], H - shape.points[0][1])
                for x, y in shape.points[1:]:
                    path.lineTo(x, H - y)
                canvas.drawPath(path, stroke=1, fill=0)
            case Dot():
                canvas.setFillColor(HexColor(shape.color))
                canvas.setStrokeColor(HexColor(shape.color))
                canvas.setLineWidth(shape.width)
                ring = shape.width > 0
                canvas.circle(shape.x, H - shape.y, shape.radius, stroke=int(ring), fill=int(not ring))
            case Words():
                canvas.setFillColor(HexColor(shape.color))
                canvas.setFont(self.bold if shape.bold else self.plain, TEXT_SIZE)
                put = {"start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString}
                put[shape.anchor](shape.x, H - shape.y, shape.text)


def _fonts() -> tuple[str, str]:
    """Those of the desk; where they are not installed those every reader has, which know western letters only."""
    known = pdfmetrics.getRegisteredFontNames()
    try:
        for name, file in ((_PLAIN, "Inter-Regular.ttf"), (_BOLD, "Inter-SemiBold.ttf")):
            if name not in known:
                pdfmetrics.registerFont(TTFont(name, root() / "fonts" / file))
    except (OSError, TTFError):
        return "Helvetica", "Helvetica-Bold"
    return _PLAIN, _BOLD
