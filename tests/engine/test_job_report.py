"""The report of a job as a page, read back: what the JSON says stands on one sheet, whatever came of it."""

import hashlib
import io
import json
from dataclasses import replace

import pytest
from pypdf import PdfReader

from evdesk import __version__
from evdesk.engine.jobs.report_pdf import report_pdf
from evdesk.engine.jobs.report_read import digest
from evdesk.engine.store.log_files import KeptLog
from evdesk.firmware.rollout import plan_waves
from evdesk.model import EvdeskError
from evdesk.model.firmware import SignatureState
from evdesk.model.jobs import (
    Cause,
    JobCharger,
    JobKind,
    JobLine,
    JobState,
    LogFile,
    Result,
    Step,
    StepSpan,
    Transfer,
    WaveState,
)
from tests.engine.report_kit import GONE, IMAGE, JOB, ONE, SHA256, T0, many, reported
from tests.engine.store_kit import opened

LOG = replace(JOB, kind=JobKind.LOG, title="Diagnostics of Bay 1", image_id="", version="")
SENT = replace(
    ONE,
    cause=Cause.RECEIVED,
    reason="The log came: 1.2 MB.",
    steps=(StepSpan(Step.UPLOADING, T0, T0 + 76, True, 60.0, 300.0),),
    transfer=Transfer(
        "ftp", 0, 1_234_567, 1_234_567, requests=1, address="192.168.50.43", first_at=T0, last_at=T0 + 76
    ),
)


@pytest.fixture
async def store(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yield store


def read(text, charger_id=""):
    reader = PdfReader(io.BytesIO(report_pdf(text, charger_id)), strict=True)
    (page,) = reader.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    return reader, page, words(page.extract_text())


def words(text):
    return " ".join(text.split())


def smallest(page):
    sizes = []

    def visit(text, cm, tm, _font, size):
        if text.strip():
            sizes.append(size * tm[3] * cm[3])

    page.extract_text(visitor_text=visit)
    return min(sizes)


async def test_one_charger_stands_there_with_all_that_is_known(store):
    text = await reported(store, job=replace(JOB, override="A spare is here"))
    reader, page, seen = read(text)
    rows = await store.audit_hashes([2, 3, 4])
    expected = [
        "Firmware report",
        "Job 118, 2026-11-24 22:39:00 UTC",
        "Succeeded It came back with 2.4.1 and works.",
        *("From", "2.4.0", "To", "2.4.1", "Told by the charger afterwards", "V2.4.1"),
        *("Hof Süd", "Bay 1", "WB-01", "Nordlade N22", "NL22-204417", "Hardware B", "OCPP 1.6"),
        "Installed, 2026-11-24 22:46:20",
        *("By Anna (desk)", "Asked at 2026-11-24 22:39:00", "Begun 2026-11-24 22:40:00", "Ended 2026-11-24 22:46:48"),
        *("Took 6 min 48 s", "Override A spare is here"),
        *("Name n22-2.4.1.bin", "18,400,123 bytes (18.4 MB)", SHA256, "Against manifest the same SHA-256"),
        "valid, checked by evdesk with a certificate that a person said to be the maker's (ECDSA)",
        "Nordlade release key 3, until 2027-11-07",
        *("Certificate " + "ab" * 32, "n22-2.4.1.bin.toml, added by Bert", "nordlade.example/n22", "minutes, recovery"),
        "Asked 2026-11-24 22:40:00 5 s 5 s, 5 min told",
        "Download 2026-11-24 22:40:05 45 s 1 min 30 s, 5 min told",
        "Verify 2026-11-24 22:40:50 not seen silent: passed without a word",
        "Install 2026-11-24 22:40:50 4 min 3 s 4 min, 15 min told",
        "Restart 2026-11-24 22:44:53 1 min 11 s 1 min 10 s, 5 min told",
        "Test 2026-11-24 22:46:04 31 s 30 s, 2 min told",
        *("Protocol HTTP", "18,400,123 of 18,400,123 bytes, 21,651,200 with repeats"),
        *("3, 1 of them went on where it broke off", "192.168.50.43, also 192.168.50.44", "NordladeOTA/1.2"),
        *("2026-11-24 22:40:05 to 2026-11-24 22:40:49", "Whole at 2026-11-24 22:40:50", "409 kB/s"),
        *("snapshot 12", "snapshot 13", "3: MeterValueSampleInterval 60 to 900, HeartbeatInterval 300 to 86400"),
        *("NewThing nothing to 1", "Put back MeterValueSampleInterval", "Not put back HeartbeatInterval"),
        *("power warning This computer runs on its battery.", "clock unknown Its clock was not seen."),
        "2 others passed model: Nordlade N22 is among its models. serial: Serial number NL22-204417.",
        *("Rows: 2-4.", *(f"{number} {told[:12]}" for number, told in rows)),
        hashlib.sha256(text.encode()).hexdigest(),
        *("Place, date", "Technician", "Owner", "All times are UTC."),
    ]
    assert [told for told in expected if told not in seen] == []
    assert smallest(page) >= 5.5
    assert reader.metadata.title == "Firmware report 118: Nordlade N22 2.4.1, Bay 1"


async def test_the_json_is_attached_and_the_same_report_is_the_same_file(store):
    text = await reported(store)
    reader, _, _ = read(text)
    assert reader.attachments == {"job-118-report.json": [text.encode()]}
    assert digest(text) in reader.metadata.keywords
    assert reader.metadata.creation_date.timestamp() == JOB.ended_at
    assert report_pdf(text) == report_pdf(text)


@pytest.mark.parametrize("number", [8, 100, 300])
async def test_many_chargers_stay_on_one_sheet_what_failed_first(store, number):
    chargers = many(number)
    _, page, seen = read(await reported(store, chargers))
    assert f"Failed: 1 of {number}" in seen
    assert f"1 failed, 1 unknown, {number - 2} succeeded." in seen
    assert f"Chargers Succeeded Failed Unknown Cancelled {number} {number - 2} 1 1 0" in seen
    assert f"V2.4.1 ({number - 2})" in seen
    assert f"Canary 1 (through), Wave 1 {number - 1} ({number - 3} succeeded, 1 failed, 1 unknown)" in seen
    assert SHA256 in seen
    table = seen[seen.rindex("Charger Serial number") :]
    first, second, third = (table.index(f"Bay {n} ") for n in (8, 3, 1))
    assert first < second < third
    for one in chargers[:100]:
        assert f"{one.label} {one.serial} 2.4.0 {one.reported or 'unknown'} {one.outcome.capitalize()}" in table
    assert ("200 more (200 succeeded) are in the JSON report" in seen) is (number == 300)
    assert "It still has 2.4.0." in seen
    assert smallest(page) >= 5.2, "it can be read without a lens"


async def test_a_wave_is_called_as_its_chargers_ended(store):
    chargers = [*many(2), *(replace(one, outcome=Result.CANCELLED) for one in many(4)[2:])]
    waves = plan_waves([one.charger_id for one in chargers], 0, [2])
    passed = tuple(replace(wave, state=WaveState.PASSED) for wave in waves)
    _, _, seen = read(await reported(store, chargers, replace(JOB, waves=passed)))
    assert "Wave 1 2 (through), Wave 2 2 (cancelled)" in seen


@pytest.mark.parametrize("serial", ["S-FAILED-THEN-NEW", "NORDLADE-N22-2026-20441", "S" * 60])
async def test_outcomes_are_never_cut_and_ids_last(store, serial):
    chargers = [
        replace(one, serial=f"{serial}{n}", reported="2.4.1-build-20261124-rc3") for n, one in enumerate(many(30))
    ]
    chargers[4] = replace(chargers[4], outcome=None)
    _, page, seen = read(await reported(store, chargers))
    table = seen[seen.rindex("Charger Serial number") : seen.index("Audit log")]
    count = [table.count(word) for word in ("Succeeded", "Failed", "Unknown", "Under way")]
    assert count == [27, 1, 1, 1]
    assert all(f"{one.label} " in table for one in chargers)
    if len(serial) < 40:
        assert all(one.serial in table for one in chargers)
    assert smallest(page) >= 5.2


async def test_the_evdesk_that_wrote_it_is_named_and_may_be_an_older_one(store):
    text = await reported(store)
    assert json.loads(text)["evdesk"] == __version__
    assert f"Report by evdesk {__version__}, page by evdesk {__version__}." in read(text)[2]
    told = json.loads(text)
    del told["evdesk"]
    assert "Report by evdesk of an unknown version, page by" in read(json.dumps(told))[2]


async def test_one_of_many_in_full_has_its_own_rows_alone(store):
    chargers = [replace(one, audit_ids=(n,)) for n, one in enumerate(many(4), 1)]
    text = await reported(store, chargers)
    _, _, seen = read(text, "WB-003")
    assert "Unknown It did not come back. Next: See its card." in seen
    assert "Told by the charger afterwards 2.4.0 2.4.1 unknown" in seen
    assert "Rows of this charger: 3." in seen
    assert "Wave 1, one of 2" in seen
    assert digest(text) in seen
    assert "NL22-204402" not in seen
    with pytest.raises(EvdeskError, match=r"“WB-9” is not in the report of job 118\."):
        report_pdf(text, "WB-9")


async def test_what_nobody_knows_is_said_to_be_unknown(store):
    bare = JobCharger("WB-01")
    job = replace(JOB, who="", via="", site="", image_id="", started_at=None, ended_at=None)
    _, _, seen = read(await reported(store, [bare], replace(job, state=JobState.RUNNING), None))
    told = ["Site", "Place", "Made by", "Serial number", "Hardware", "Protocol", "By", "Size", "SHA-256", "Signature"]
    assert [name for name in [*told, "Signed by", "Manifest from", "File from"] if f"{name} unknown" not in seen] == []
    assert "Under way Waiting since an unknown time." in seen
    assert seen.count("Made while the job goes on: not its end, and not in the audit log.") == 2
    assert "From To Told by the charger afterwards unknown unknown nothing was sent" in seen
    assert "Requests none came" in seen
    assert "unknown: not compared" in seen
    assert "Unknown: none were made, or none were kept." in seen
    assert "Rows: none." in seen


async def test_evidence_that_came_later_and_signatures_that_prove_nothing_are_named(store):
    later = replace(ONE, first_outcome=Result.UNKNOWN)
    detail = "The certificate is not trusted here."
    image = replace(IMAGE, signature=SignatureState.UNTRUSTED, signature_detail=detail)
    _, _, seen = read(await reported(store, [later], image=image))
    assert "First put down as unknown; what was seen later changed that." in seen
    assert f"nobody said that the certificate is the maker's: {detail} (ECDSA)" in seen
    assert "valid, checked" not in seen


async def test_endless_words_and_letters_that_are_not_seen_do_not_break_the_page(store):
    strange = "\u202egnp\x00\x1b[31m <b>&amp; Łódź"
    agent = replace(ONE.transfer, agent=strange)
    long = replace(ONE, label="x" * 500, reason="It said much. " * 400, reported="9" * 300, transfer=agent)
    more = replace(long, restored=tuple(f"Setting{n}" for n in range(200)), audit_ids=(1, 2))
    job = replace(JOB, override="because " * 300, title="y" * 500)
    _, page, seen = read(await reported(store, [more], job))
    assert smallest(page) >= 4.5
    assert "Setting11 and 188 more" in seen
    assert "<b>&amp; Łódź" in seen
    assert "\u202e" not in seen
    assert "\x1b" not in seen
    _, page, seen = read(await reported(store, [replace(more, charger_id=f"W{n}") for n in range(100)], job))
    assert "Place, date" in seen


async def test_of_a_log_that_is_too_long_the_middle_is_left_out_and_that_is_said(store, monkeypatch):
    monkeypatch.setattr("evdesk.engine.jobs.report.MOST_LINES", 10)
    lines = [JobLine(0, JOB.id, ONE.charger_id, T0 + n, "fetched", f"line {n}") for n in range(13)]
    told = [one["text"] for one in json.loads(await reported(store, lines=lines))["log"]]
    gap = "3 lines are left out here; the desk and job.lines have them."
    assert told == [*(f"line {n}" for n in range(5)), gap, *(f"line {n}" for n in range(8, 13))]
    few = [replace(one, job_id=JOB.id + 1) for one in lines[:10]]
    text = await reported(store, job=replace(JOB, id=JOB.id + 1), lines=few)
    assert [one["text"] for one in json.loads(text)["log"]] == [f"line {n}" for n in range(10)]


async def test_a_log_has_a_short_form(store):
    lines = [JobLine(0, 118, "WB-01", T0 + n, "charger", f"Line {n}.") for n in range(20)]
    came = LogFile(0, "WB-01", 118, "diagnostics", "N22.tar.gz", 1_234_567, "cd" * 32, T0 + 76, "192.168.50.43", "ftp")
    kept = replace(SENT, log_id=await store.save_log_file(KeptLog(came, "WB-01/N22.tar.gz")))
    _, page, seen = read(await reported(store, [kept], LOG, None, lines))
    assert f"SHA-256 {'cd' * 32}" in seen.replace("cd cd", "cdcd")
    expected = [
        "Log report",
        "Succeeded The log came: 1.2 MB.",
        "Protocol FTP",
        "Sent 1,234,567 bytes",
        "192.168.50.43",
    ]
    expected += ["Upload 2026-11-24 22:40:00 1 min 16 s 1 min, 5 min told", "NL22-204417", "Anna (desk)"]
    expected += ["Log of both sides, its end 2026-11-24 22:40:06 charger Line 6.", "22:40:19 charger Line 19."]
    assert [told for told in expected if told not in seen] == []
    assert "Line 5." not in seen
    assert "Settings" not in seen
    assert "Override" not in seen
    assert smallest(page) >= 7.5


async def test_one_that_failed_to_come_back_is_no_success_of_the_job(store):
    _, _, seen = read(await reported(store, [replace(GONE, charger_id=f"W{n}") for n in range(3)]))
    assert "Unknown: 3 of 3" in seen
    _, _, seen = read(await reported(store, [ONE, replace(ONE, charger_id="W9")]))
    assert "Succeeded: all 2" in seen


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "other"}', "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_report_is_refused_in_words(text):
    with pytest.raises(EvdeskError, match="no report of a job"):
        report_pdf(text)
