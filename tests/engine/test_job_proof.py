"""Reports held against the audit log, as `evdesk audit verify --report` does: what is genuine, and every way it is not."""

import asyncio
import json
import shutil
import zlib
from dataclasses import replace

import pytest

from evdesk import cli
from evdesk.engine.jobs import report_pdf as page_module
from evdesk.engine.jobs.proof import verify_reports
from evdesk.engine.jobs.report_pdf import report_pdf
from evdesk.engine.pdf_sheet import About, Sheet
from evdesk.model.jobs import JobState, Result
from evdesk.wire import encode
from evdesk.wire.jobs import JobReport
from tests.engine.report_kit import GONE, JOB, ONE, many, reported
from tests.engine.store_kit import BALANCER, note, opened, tamper


async def made(folder, chargers):
    async with opened(folder / "data" / "evdesk.db") as store:
        return folder / "data", await reported(store, chargers)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """(data folder, JSON of job 118 on it, with four rows before it). Only to be read."""
    return asyncio.run(made(tmp_path_factory.mktemp("site"), [ONE]))


@pytest.fixture
def forged(site, tmp_path):
    """The same, to be tampered with."""
    shutil.copytree(site[0], tmp_path / "data")
    return tmp_path / "data", site[1]


@pytest.fixture(scope="module")
def pdf(site):
    return report_pdf(site[1])


def judged(data, content, name="report.json"):
    file = data.parent / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    chain, (verdict,) = verify_reports(data, [file])
    return chain, verdict


def test_the_report_that_was_written_down_holds(site):
    data, text = site
    chain, verdict = judged(data, text)
    assert chain.holds
    assert verdict.holds, verdict.sentence
    assert (verdict.job_id, verdict.row, verdict.replaced_by, verdict.page) == (118, 5, None, "")
    assert (
        verdict.sentence
        == "It is the report of job 118: row 5 has its SHA-256, and all 3 rows it names are in the log."
    )


@pytest.mark.parametrize("wrap", [lambda text: f"{text}\r\n", lambda text: encode(JobReport("x.json", text))])
def test_it_may_be_saved_by_a_shell_or_as_the_whole_answer(site, wrap):
    data, text = site
    assert judged(data, wrap(text))[1].holds


async def test_a_row_that_is_not_signed_yet_is_told(tmp_path):
    async with opened(tmp_path / "data" / "evdesk.db") as store:
        text = await reported(store)
        verdict = judged(tmp_path / "data", text)[1]
    assert verdict.holds
    assert verdict.sentence.endswith("Row 5 is not signed yet.")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"outcome":"succeeded"', '"outcome":"failed"', "something in it was changed"),
        ("Bay 1", "Bay 2", "something in it was changed"),
        ('"who":"Anna"', '"who":"Anna "', "something in it was changed"),
        ('"row":2', '"row":1', "something in it was changed"),
        ('"id":118', '"id":119', "names no report of job 119"),
        ('"format":"evdesk', '"format":"eVdesk', "Use the one that made it"),
        ('"chargers"', '"chargerz"', "no report of a job"),
        ("{", "", "no report of a job"),
    ],
)
def test_a_changed_report_is_found(site, old, new, words):
    data, text = site
    assert old in text
    chain, verdict = judged(data, text.replace(old, new, 1))
    assert chain.holds
    assert not verdict.holds
    assert words in verdict.sentence


def test_any_changed_byte_is_found(site):
    data, text = site
    content = text.encode()
    for place in range(0, len(content), 97):
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        assert not judged(data, changed)[1].holds, (place, content[place - 20 : place + 20])


async def test_a_report_of_another_job_or_another_site(site, tmp_path):
    data, _ = site
    async with opened(tmp_path / "other" / "evdesk.db") as store:
        other = await reported(store, job=replace(JOB, id=7))
        same_number = await reported(store, [GONE])
    assert "names no report of job 7: it is of another site" in judged(data, other)[1].sentence
    assert "not the report of job 118 that row 5 names" in judged(data, same_number)[1].sentence


async def test_an_older_report_is_genuine_and_told_to_be_replaced(tmp_path):
    data = tmp_path / "data"
    async with opened(data / "evdesk.db") as store:
        first = await reported(store, [GONE])
        second = await reported(store, [replace(ONE, first_outcome=Result.UNKNOWN)])
    _, verdict = judged(data, first)
    assert verdict.holds
    assert (verdict.row, verdict.replaced_by) == (5, 6)
    assert "A later report of this job replaced it (row 6)." in verdict.sentence
    _, verdict = judged(data, second)
    assert verdict.holds
    assert (verdict.row, verdict.replaced_by) == (6, None)


async def test_one_made_while_the_job_went_on_proves_nothing(site):
    data, text = site
    running = text.replace(f'"state":"{JobState.FINISHED}"', f'"state":"{JobState.RUNNING}"', 1)
    assert "made while job 118 went on" in judged(data, running)[1].sentence


def test_a_row_it_names_was_taken_out(forged):
    data, text = forged
    tamper(data / "evdesk.db", "DELETE FROM audit WHERE id = 3")
    chain, verdict = judged(data, text)
    assert not chain.holds
    assert not verdict.holds
    assert verdict.sentence == "It names rows that are not as it says. Not in this log: rows 3."


def test_in_a_broken_log_even_its_own_row_proves_nothing(forged):
    data, text = forged
    tamper(data / "evdesk.db", "UPDATE audit SET who = 'Nobody' WHERE id = 1")
    chain, verdict = judged(data, text)
    assert chain.broken_row == 1
    assert not verdict.holds
    assert verdict.sentence == "Row 5 has its SHA-256, but this log is broken: it proves nothing."


async def test_a_chain_that_holds_and_has_other_rows(site, tmp_path):
    """Somebody made a log anew and put the hash of a report into it that names rows of the old one."""
    data, text = site
    async with opened(tmp_path / "new" / "evdesk.db") as store:
        for _ in range(2):
            await note(store)
        detail = {"job_id": 118, "report_sha256": judged(data, text)[1].sha256}
        await store.audit(kind="noted", origin=BALANCER, what="job.report", target="job 118", detail=detail)
    chain, verdict = judged(tmp_path / "new", text)
    assert chain.holds
    assert not verdict.holds
    assert "Not in this log: rows 4. With another hash in this log: rows 2-3." in verdict.sentence


# -- PDF: the JSON inside it, and the page around it


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """(data folder, JSON of a job with nine chargers)."""
    return asyncio.run(made(tmp_path_factory.mktemp("fleet"), many(9)))


@pytest.mark.parametrize("charger_id", ["", "WB-003"])
def test_a_pdf_holds_with_what_is_attached_to_it(fleet, charger_id):
    data, text = fleet
    page = report_pdf(text, charger_id)
    _, verdict = judged(data, encode(JobReport("x.pdf", "", page)) if charger_id else page, "report.pdf")
    assert verdict.holds, verdict.sentence
    assert (verdict.row, verdict.page) == (5, "same")
    assert verdict.sentence.endswith("The page shows what is attached to it.")


def test_another_report_attached_is_found(site):
    data, text = site
    changed = text.replace("It came back with 2.4.1", "It came back with 2.4.9")
    assert "something in it was changed" in judged(data, report_pdf(changed), "report.pdf")[1].sentence


def test_any_changed_byte_of_the_file_is_found(site, pdf):
    data, _ = site
    inside = pdf.index(b"stream", pdf.index(b"/EmbeddedFile")) + 500
    for place in (inside, *range(3, len(pdf), len(pdf) // 4)):
        changed = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        _, verdict = judged(data, changed, "report.pdf")
        assert not verdict.holds, (place, pdf[place - 30 : place + 30])


def test_a_page_that_was_painted_over_is_found(site, pdf):
    """As an editor does it that appends: the old objects stay, the page is given a new text."""
    data, _ = site
    painted = b"BT /F1 30 Tf 40 700 Td (Failed) Tj ET"
    more = b"99 0 obj\n<< /Length %d >>\nstream\n%sendstream\nendobj\n" % (len(painted), painted)
    _, verdict = judged(data, pdf + more, "report.pdf")
    assert not verdict.holds
    assert verdict.page == "changed"
    assert "What is attached is genuine, the page is not" in verdict.sentence
    _, verdict = judged(data, pdf.replace(b"Bay 1", b"Bay 7", 1), "report.pdf")
    assert (verdict.holds, verdict.page) == (False, "changed")
    assert "something on the page was changed" in verdict.sentence


def test_the_same_page_packed_in_another_way_is_the_same(site, pdf, monkeypatch):
    """Another build of zlib packs otherwise; that is no change."""
    data, text = site
    pack = zlib.compress
    with monkeypatch.context() as patch:
        patch.setattr(zlib, "compress", lambda content, *_: pack(content, 1))
        other = report_pdf(text)
    assert len(other) != len(pdf)
    _, verdict = judged(data, other, "report.pdf")
    assert verdict.page == "same", verdict.sentence


def test_a_page_of_another_version_is_not_compared_and_says_so(site, monkeypatch):
    data, text = site
    with monkeypatch.context() as patch:
        patch.setattr(page_module, "__version__", "0.0.9")
        patch.setattr(page_module, "SIGNED", ("Place", "Somebody", "Nobody"))
        pdf = report_pdf(text)
    _, verdict = judged(data, pdf, "report.pdf")
    assert verdict.holds
    assert verdict.page == "unknown"
    assert "Another version of evdesk made the page" in verdict.sentence


class Blank(Sheet):
    def story(self):
        return [self.text("Nothing is attached.", self.body)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no report of a job"),
        (b"Good morning.\n", "no report of a job"),
        (b"\xff\xfe{}", "no report of a job"),
        (b'{"file_name": "x", "text": "", "pdf": ""}', "no report of a job"),
        (Blank(About("x", "y", None)).file(), "another program made it"),
        (b"%PDF-1.4\n1 0 obj\n<< /Length 99 >>\nstream\nshort", "damaged"),
    ],
)
def test_what_is_no_report_is_said_to_be_none(site, content, words):
    data, _ = site
    chain, verdict = judged(data, content)
    assert chain.holds
    assert not verdict.holds
    assert words in verdict.sentence


# -- the command


def command(capsys, *args):
    code = cli.main(["audit", *map(str, args)])
    return code, capsys.readouterr()


def test_the_command_says_first_the_chain_then_each_report(site, capsys):
    data, text = site
    good, bad, gone = (data.parent / name for name in ("good.json", "bad.json", "gone.json"))
    good.write_text(text)
    bad.write_text(text.replace("Bay 1", "Bay 9"))
    code, said = command(capsys, "verify", "--data", data, "--report", good)
    assert code == 0
    first, second = said.out.splitlines()
    assert first.startswith("The chain holds: 5 rows")
    assert second.startswith(f"{good}: holds. It is the report of job 118:")
    code, said = command(capsys, "verify", "--data", data, *(w for f in (good, bad, gone) for w in ("--report", f)))
    assert code == 1
    assert [line.split(":")[1].strip().split(". ")[0] for line in said.out.splitlines()[1:]] == [
        "holds",
        "does not hold",
        "does not hold",
    ]
    assert "It cannot be read: No such file" in said.out


def test_the_command_tells_it_as_json_and_only_verifies(site, capsys):
    data, text = site
    file = data.parent / "report.json"
    file.write_text(text)
    code, said = command(capsys, "verify", "--json", "--data", data, "--report", file)
    told = json.loads(said.out)
    assert code == 0
    assert told["holds"] is True
    assert [(one["file"], one["holds"], one["job_id"], one["row"]) for one in told["reports"]] == [
        (str(file), True, 118, 5)
    ]
    code, said = command(capsys, "export", "--data", data, "--report", file)
    assert code == 1
    assert "--report FILE is for “evdesk audit verify”." in said.err
