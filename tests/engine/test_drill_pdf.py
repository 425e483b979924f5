"""The protocol as PDF, read back: the same words as the page of HTML, one sheet, vector lines, fonts in it."""

import io
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape

import pytest
from pypdf import PdfReader

from evdesk.engine import pdf_sheet
from evdesk.engine.drill.page import page_of
from evdesk.engine.drill.page_html import protocol_html
from evdesk.engine.drill.page_pdf import protocol_pdf
from evdesk.model.drills import DrillKind, DrillVerdict
from tests.engine.test_drill_book import DONE, KEPT, SEEN

NAMED = replace(DONE, label="Stellplatz 3 – Łódź <b>&", site="Hof", who="Anna", via="desk", audit_ids=(7, 8, 11))
BARE = replace(DONE, samples=(), since_at=None, latest_allowed_at=None, verdict=DrillVerdict.REFUSED)
LONG = replace(KEPT, sentence="It kept what it had and said nothing about it. " * 60, label="x" * 300, site="y " * 300)


def read(drill):
    reader = PdfReader(io.BytesIO(protocol_pdf(drill)), strict=True)
    (page,) = reader.pages
    return reader, page, words(page.extract_text())


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize(
    "drill",
    [NAMED, KEPT, SEEN, BARE, replace(BARE, kind=DrillKind.RESTART)],
    ids=["proven", "kept", "seen", "bare", "restart"],
)
def test_it_says_what_the_page_of_html_says_on_one_sheet(drill):
    _, page, text = read(drill)
    content = page_of(drill)
    html = words(unescape(re.sub("<[^>]+>", " ", protocol_html(drill).partition("</style>")[2])))
    told = [content.number, content.word, content.sentence, content.how, content.follows, content.foot]
    told += [word for fact in (*content.charger, *content.written) for word in fact]
    told += [cell for row in content.checks for cell in row]
    for word in told:
        assert words(word) in text
        assert words(word) in html
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)


def test_the_plot_is_drawn_and_not_a_picture():
    reader, page, text = read(NAMED)
    assert "latest allowed, 195 s" in text
    assert "6.0 A after 180 s" in text
    assert list(page.images) == []
    drawn = page.get_contents().get_data().decode("latin-1")
    measured = max(re.findall(r"(?:[-\d.]+ [-\d.]+ [ml]\s*)+", drawn), key=len)
    assert len(re.findall(r"[ml]\b", measured)) == len(NAMED.samples)
    fonts = page["/Resources"]["/Font"].values()
    files = [f.get_object()["/FontDescriptor"]["/FontFile2"] for f in fonts if "/FontDescriptor" in f.get_object()]
    assert len(files) >= 2, "both fonts are in the file"
    assert reader.metadata.title == f"Failsafe protocol 1: {NAMED.label}"


def test_long_texts_become_smaller_and_stay_on_the_sheet():
    _, _, text = read(LONG)
    assert text.count("It kept what it had") == 60
    assert "it is no certificate" in text


def test_without_the_fonts_of_the_desk_it_takes_those_every_reader_has(monkeypatch):
    def missing():
        raise FileNotFoundError("no fonts")

    monkeypatch.setattr(pdf_sheet, "root", missing)
    monkeypatch.setattr(pdf_sheet.pdfmetrics, "getRegisteredFontNames", lambda: [])
    assert "Proven" in read(replace(NAMED, label="Łódź 北京"))[2]


def test_an_engine_that_makes_no_pdf_never_loads_what_makes_one():
    code = "import sys, evdesk.engine.engine; sys.exit('reportlab' in sys.modules or 'PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0
