"""The protocol of a drill as a PDF of one page of A4, the same as the page of HTML. Fonts are in it, lines are vectors."""

from collections.abc import Sequence

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Spacer

from evdesk.engine.drill.page import CHECK_HEADS, SIGNED, ProtocolPage, page_of
from evdesk.engine.drill.page_plot import NO_DATA, TEXT_SIZE, Box, Dot, H, Shape, Stroke, W, Words, plot_shapes
from evdesk.engine.pdf_sheet import WIDTH, About, Sheet
from evdesk.model.drills import Drill


def protocol_pdf(drill: Drill) -> bytes:
    """The file: one page, whatever stands in it."""
    return _Protocol(page_of(drill), plot_shapes(drill), drill.ended_at or drill.started_at).file()


class _Protocol(Sheet):
    def __init__(self, page: ProtocolPage, shapes: Sequence[Shape], at: float) -> None:
        super().__init__(About(page.title, f"{page.word}: {page.sentence}", at))
        self.page, self.shapes = page, shapes

    def story(self) -> list[Flowable]:
        page = self.page
        return [
            self.top("Failsafe protocol", page.number),
            Spacer(1, 9),
            self.boxed(page.tone, page.word, page.sentence),
            Spacer(1, 9),
            self.two(
                self.facts("Charger", page.charger),
                self.facts("What evdesk wrote into it", page.written),
            ),
            self.text("How it was tried", self.head),
            self.text(page.how, self.body),
            self.text("Measured and expected", self.head),
            _Plot(self.shapes, self.plain, self.bold) if self.shapes else self.text(NO_DATA, self.muted),
            Spacer(1, 4),
            self.grid(CHECK_HEADS, page.checks, (0.22, 0.22, 0.30, 0.26)),
            self.text("What follows", self.head),
            self.text(page.follows, self.body),
            Spacer(1, 34),
            self.signs(SIGNED),
            Spacer(1, 9),
            self.text(page.foot, self.small),
        ]


class _Plot(Flowable):  # type: ignore[misc]
    """The shapes, as wide as the page."""

    def __init__(self, shapes: Sequence[Shape], plain: str, bold: str) -> None:
        super().__init__()
        self.shapes, self.plain, self.bold = shapes, plain, bold
        self.times = WIDTH / W

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return WIDTH, H * self.times

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
