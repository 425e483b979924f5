"""The report of a job as a PDF of one page of A4. The JSON it was made from is attached, so that it can be held against the
audit log; the same report gives the same page, so that the page can be held against what is attached."""

from reportlab import Version
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Spacer

from evdesk import __version__
from evdesk.engine.jobs.report_blocks import Big, Block, Codes, Facts, Grid, Pair, Prose, ReportPage, Roll
from evdesk.engine.jobs.report_many import job_page
from evdesk.engine.jobs.report_page import charger_page
from evdesk.engine.jobs.report_parts import SIGNED
from evdesk.engine.jobs.report_read import Report, digest, read_report
from evdesk.engine.page_words import shown
from evdesk.engine.pdf_read import MADE_BY, PAGE_OF
from evdesk.engine.pdf_sheet import GAP, MUTED, TONES, TOP, WIDTH, About, Attached, Sheet, fonts
from evdesk.model import EvdeskError, Reason

_SIZES = (8.8, 8.4, 8.0, 7.6, 7.3, 7.0, 6.7, 6.4, 6.1, 5.8, 5.5)
_PAGE = 2
"""Counts up with every change of how the page looks: one that an older evdesk made is then not taken for a changed one."""

_ROLL_LEAST = 5.6
_ROLL_PAD = 5.0
_WIDEST_EM = 17.0  # 25 letters, as OCPP allows: a longer name must not make all of them small
_CODE_WIDE = 0.62  # of a letter, in its size
_LETTERS_PER_EM = 4  # of the narrowest
_BAND = HexColor("#f3f4f6")
_HALF = (WIDTH - GAP) / 2


def report_pdf(text: str, charger_id: str = "") -> bytes:
    """One page. `text`: the report as JSON; `charger_id`: one charger in full, "" the whole job (the only charger of a job
    in full too). Raises `EvdeskError(INVALID)` where the text is no report, or the charger is not in it."""
    report = read_report(text)
    page = _page(report, charger_id, digest(text))
    return _Sheet(page, report, text, charger_id).file()


def made_by() -> str:
    """Where this is the same, the same report gives the same page."""
    return f"evdesk {__version__}, page {_PAGE}, reportlab {Version}, {fonts()[0]}"


def _page(report: Report, charger_id: str, sha256: str) -> ReportPage:
    if not charger_id and len(report.chargers) != 1:
        return job_page(report, sha256)
    one = report.one(charger_id) if charger_id else report.chargers[0]
    if one is None:
        raise EvdeskError(Reason.INVALID, f"“{charger_id}” is not in the report of job {report.job.id}.")
    return charger_page(report, one, sha256)


class _Sheet(Sheet):
    def __init__(self, page: ReportPage, report: Report, text: str, charger_id: str) -> None:
        job = report.job
        at = job.ended_at if job.ended_at is not None else job.created_at
        about = About(page.name, f"{page.word}: {page.sentence}", at, f"SHA-256 of the report: {digest(text)}")
        super().__init__(about, _SIZES)
        self.page = page
        self.attached = Attached(
            f"job-{job.id}-report.json",
            text.encode(),
            "application/json",
            f"The report of job {job.id}, which this page was made from",
            {PAGE_OF: charger_id, MADE_BY: made_by()},
        )

    def style(self, size: float) -> None:
        super().style(size)
        self.roll_size = size * 0.95
        self.code = ParagraphStyle("code", self.body, fontName=self.mono, fontSize=size * 0.92)
        self.figure = ParagraphStyle("figure", self.body, fontName=self.bold, fontSize=12.5, leading=15)

    def story(self) -> list[Flowable]:
        page = self.page
        story: list[Flowable] = [
            self.top(page.title, page.number),
            Spacer(1, 7),
            self.boxed(page.tone, page.word, page.sentence),
        ]
        for block in page.blocks:
            story += self._block(block)
        return [*story, Spacer(1, 24), self.signs(SIGNED), Spacer(1, 5), self.text(page.foot, self.small)]

    def _block(self, block: Block) -> list[Flowable]:
        match block:
            case Facts():
                return self.facts(block.title, block.facts, WIDTH)
            case Pair(left, right):
                return [
                    Spacer(1, 6),
                    self.two(self.facts(left.title, left.facts), self.facts(right.title, right.facts)),
                ]
            case Big():
                return [Spacer(1, 7), self._big(block)]
            case Grid():
                return [self.text(block.title, self.head), self.grid(block.heads, block.rows, block.parts, 0.9)]
            case Roll():
                return [self.text(block.title, self.head), *self._roll(block)]
            case Codes():
                return self._codes(block)
            case Prose():
                return [self.text(block.title, self.head), self.text(block.text, self.body)]

    def _big(self, block: Big) -> Flowable:
        each = WIDTH / len(block.cells)
        names, values = [], []
        for name, value, tone in block.cells:
            style = ParagraphStyle("toned", self.figure, textColor=TONES[tone]) if tone else self.figure
            names.append(self.text(name, self.muted))
            values.append(self.text(value, style))
        return self.table([names, values], [each] * len(block.cells), [TOP])

    def _codes(self, block: Codes) -> list[Flowable]:
        story: list[Flowable] = [self.text(block.title, self.head)] if block.title else []
        if block.more:
            story.append(self.text(block.more, self.body))
        if block.codes:
            room = self.code.fontSize * _CODE_WIDE * (max(map(len, block.codes)) + 1)
            number = int(WIDTH // room)
            cells = [*(self.text(code, self.code) for code in block.codes), *[""] * (-len(block.codes) % number)]
            rows = [cells[at : at + number] for at in range(0, len(cells), number)]
            story.append(self.table(rows, [WIDTH / number] * number, [TOP]))
        whole = [[self.text(name, self.muted), self.text(value, self.code)] for name, value in block.whole]
        return [*story, self.table(whole, [82, WIDTH - 82], [TOP])] if whole else story

    def _roll(self, block: Roll) -> list[Flowable]:
        """Plain text in cells and no paragraphs: a hundred rows stay fast, and none takes two lines."""
        high = -(-len(block.rows) // 2)
        size, widths = self._columns(block)
        blank = ("",) * len(block.heads)
        left, right = list(block.rows[:high]), list(block.rows[high:])
        right += [blank] * (high - len(right))
        rows = [
            [*self._line(a, widths, size), "", *self._line(b, widths, size)] for a, b in zip(left, right, strict=True)
        ]
        gap = len(block.heads)
        look = [
            ("FONT", (0, 0), (-1, -1), self.plain, size, size + 0.6),
            ("TEXTCOLOR", (0, 0), (-1, 0), MUTED),
            ("ROWBACKGROUNDS", (0, 1), (gap - 1, -1), [_BAND, None]),
            ("ROWBACKGROUNDS", (gap + 1, 1), (-1, -1), [_BAND, None]),
        ]
        for place, tone in enumerate(block.tones):
            row, column = place % high + 1, gap - 1 if place < high else 2 * gap
            look.append(("TEXTCOLOR", (column, row), (column, row), TONES[tone]))
        heads = [[*block.heads, "", *block.heads]]
        table = self.table(heads + rows, [*widths, GAP, *widths], look, above=0.0, below=0.7)
        return [table, *([Spacer(1, 2), self.text(block.more, self.body)] if block.more else [])]

    def _columns(self, block: Roll) -> tuple[float, list[float]]:
        """(size of the letters, widths): columns as wide as what is in them. Where that is too wide, the soft ones give way
        first, then the letters become smaller, then the others are cut; the last is whole in any case."""
        columns = list(zip(block.heads, *block.rows, strict=True))
        ems = [max(stringWidth(shown(cell), self.plain, 1.0) for cell in column) for column in columns]
        share, last, size = [_HALF * part for part in block.parts], len(columns) - 1, self.roll_size
        firm = [n for n in range(last) if n not in block.soft]
        while True:
            wants = [min(em, _WIDEST_EM) * size + _ROLL_PAD for em in ems]
            widths = [min(want, share[n]) if n in block.soft else want for n, want in enumerate(wants)]
            if sum(widths) <= _HALF or size <= _ROLL_LEAST:
                break
            size = max(_ROLL_LEAST, size - 0.2)
        if sum(widths) > _HALF:
            widths = [width if n == last else min(width, share[n]) for n, width in enumerate(widths)]
        for n in (*firm, *block.soft):
            widths[n] += max(0.0, min(wants[n] - widths[n], _HALF - sum(widths)))
        spare = max(0.0, _HALF - sum(widths)) / len(widths)
        return size, [width + spare for width in widths]

    def _line(self, cells: tuple[str, ...], widths: list[float], size: float) -> list[str]:
        return [self._fitting(cell, width - _ROLL_PAD, size) for cell, width in zip(cells, widths, strict=True)]

    def _fitting(self, text: str, width: float, size: float) -> str:
        text = shown(text)
        if stringWidth(text, self.plain, size) <= width + 0.01:
            return text
        # The end of a name or a version tells it from others, so the middle goes.
        most = min(len(text) - 1, int(width / size * _LETTERS_PER_EM))
        while most > 1 and stringWidth(_short(text, most), self.plain, size) > width:
            most -= 1
        return _short(text, most)


def _short(text: str, most: int) -> str:
    return f"{text[: most - most // 2]}…{text[len(text) - most // 2 :]}"
