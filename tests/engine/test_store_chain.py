"""The audit log: what an honest log looks like, and every way of forging one."""

import hashlib
import json
import sqlite3

import pytest

from evdesk.engine.store import export_file, verify_file
from evdesk.engine.store.chain import COLUMNS, from_record, row_hash, with_hash
from evdesk.model import AuditRow, EvdeskError
from tests.engine.store_kit import BALANCER, note, opened, settings, tamper

SIGNED_EACH_10 = settings(checkpoint_rows=10)


@pytest.fixture
async def path(tmp_path):
    """A log of 35 rows: checkpoints at 10, 20, 30 and, from the clean end, at 35."""
    path = tmp_path / "evdesk.db"
    async with opened(path, SIGNED_EACH_10) as store:
        for i in range(35):
            await note(store, args={"limit_a": float(i), "text": "äöü ✓"})
    return path


def rechain(path, first):
    """What a forger does who knows how the chain is made: new hashes for every row from `first` on."""
    connection = sqlite3.connect(path)
    prev = connection.execute("SELECT hash FROM audit WHERE id < ? ORDER BY id DESC LIMIT 1", (first,)).fetchone()
    link = prev[0] if prev else "0" * 64
    changes = []
    for record in connection.execute(f"SELECT {', '.join(COLUMNS)} FROM audit WHERE id >= ? ORDER BY id", (first,)):
        told = {**{n: getattr(from_record(record), n) for n in COLUMNS}, "prev": link}
        row = AuditRow(**told)
        changes.append((link, row_hash(row), row.id))
        link = changes[-1][1]
    connection.close()
    tamper(path, *(f"UPDATE audit SET prev = '{p}', hash = '{h}' WHERE id = {i}" for p, h, i in changes))


def test_an_honest_log_holds(path):
    verdict = verify_file(path)
    assert (verdict.holds, verdict.rows, verdict.checkpoints, verdict.broken_row) == (True, 35, 4, None)
    assert "35 rows" in verdict.sentence
    assert verify_file(path.parent) == verdict, "the data folder will do"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET outcome = 'x' WHERE id = 3",
        "DELETE FROM audit WHERE id = 3",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 3",
        "REPLACE INTO audit SELECT * FROM audit WHERE id = 35",
        "INSERT INTO audit SELECT 1, at, kind, who, via, address, what, target, args, outcome, detail, ref, prev, hash "
        "FROM audit WHERE id = 3",
        "UPDATE audit_checkpoint SET row_hash = 'x'",
        "DELETE FROM audit_checkpoint",
        "REPLACE INTO audit_checkpoint SELECT * FROM audit_checkpoint WHERE id = 4",
    ],
)
def test_the_tables_only_grow(path, statement):
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statements", "row", "words"),
    [
        (["UPDATE audit SET args = '{\"limit_a\":32.0}' WHERE id = 7"], 7, "changed"),
        (["UPDATE audit SET at = at + 0.001 WHERE id = 7"], 7, "changed"),
        (["UPDATE audit SET args = ' ' || args WHERE id = 7"], 7, "changed"),
        (["UPDATE audit SET args = 'no json' WHERE id = 7"], 7, "changed"),
        (["DELETE FROM audit WHERE id = 7"], 7, "missing"),
        (["DELETE FROM audit WHERE id BETWEEN 7 AND 9"], 7, "Rows 7 to 9 are missing"),
        (["DELETE FROM audit WHERE id = 7", "UPDATE audit SET id = id - 1 WHERE id > 7"], 7, "does not follow"),
        (
            [
                "UPDATE audit SET id = id + 1000 WHERE id > 7",
                "INSERT INTO audit SELECT 8, at, kind, who, via, address, what, target, args, outcome, detail, ref, prev, "
                "hash FROM audit WHERE id = 7",
                "UPDATE audit SET id = id - 999 WHERE id > 1000",
            ],
            8,
            "does not follow",
        ),
        (
            [
                "UPDATE audit SET id = 9999 WHERE id = 7",
                "UPDATE audit SET id = 7 WHERE id = 8",
                "UPDATE audit SET id = 8 WHERE id = 9999",
            ],
            7,
            "does not follow",
        ),
        (["DELETE FROM audit WHERE id > 33"], 34, "end of the log is missing"),
        (["DELETE FROM audit"], 1, "end of the log is missing"),
        (["UPDATE audit_checkpoint SET signature = '00' || substr(signature, 3) WHERE id = 2"], 20, "signature"),
        (["DELETE FROM audit_checkpoint WHERE id = 2"], 30, "checkpoint 2 is missing"),
    ],
)
def test_forgeries_show(path, statements, row, words):
    tamper(path, *statements)
    verdict = verify_file(path)
    assert not verdict.holds
    assert verdict.broken_row == row
    assert words in verdict.sentence


def test_a_rewritten_chain_shows_at_the_next_checkpoint(path):
    tamper(path, "UPDATE audit SET args = '{\"limit_a\":32.0}' WHERE id = 7")
    rechain(path, 7)
    verdict = verify_file(path)
    assert not verdict.holds
    assert verdict.broken_row == 10
    assert "rewritten" in verdict.sentence


async def test_a_chain_signed_anew_with_another_key_shows(path, tmp_path):
    """The forger rewrites everything and signs it, but has not the key."""
    folder = tmp_path / "forger"
    async with opened(folder / "evdesk.db", SIGNED_EACH_10) as store:
        for _ in range(12):
            await note(store)
    forged = folder / "evdesk.db"
    assert verify_file(forged).holds
    forged.replace(path)
    verdict = verify_file(path)
    assert not verdict.holds
    assert "key that is not known" in verdict.sentence


async def test_a_lost_key_needs_a_persons_word(path):
    key = sqlite3.connect(path).execute("SELECT public_key FROM audit_checkpoint").fetchone()[0]
    (path.parent / "audit.key").rename(path.parent / "elsewhere")
    assert not verify_file(path).holds, "without any known key nothing is proven"
    async with opened(path) as store:
        await note(store)
        assert not (await store.verify()).holds
    (path.parent / "audit.trusted").write_text(key.upper() + "\n")
    assert verify_file(path).holds
    (path.parent / "audit.key").write_text("nonsense")
    with pytest.raises(EvdeskError, match="damaged"):
        async with opened(path):
            pass
    assert (path.parent / "audit.key").read_text() == "nonsense", "a key file is never written over"


async def test_after_a_cut_the_ids_are_not_given_again(path):
    tamper(path, "DELETE FROM audit WHERE id > 33")
    async with opened(path) as store:
        assert await note(store) == 36
        verdict = await store.verify()
    assert not verdict.holds
    assert verdict.broken_row == 34


async def test_the_log_is_signed_at_the_end_and_after_a_while(tmp_path):
    async with opened(tmp_path / "evdesk.db", settings(checkpoint_s=0.0, roll_s=0.01)) as store:
        await note(store)
        for _ in range(200):
            await store.flush()
            verdict = await store.verify()
            if verdict.checkpoints:
                break
        assert verdict.checkpoints == 1


def test_an_export_can_be_checked_without_evdesk(path, tmp_path):
    out = tmp_path / "audit.jsonl"
    with out.open("w", encoding="utf-8") as file:
        assert export_file(path, file).holds
    prev, rows = "0" * 64, 0
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    for line in lines:
        if "hash" not in line:
            continue
        told = line.pop("hash")
        text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == told
        assert line["prev"] == prev
        prev, rows = told, rows + 1
    assert rows == 35
    assert [line["checkpoint"]["row_id"] for line in lines if "checkpoint" in line] == [10, 20, 30, 35]
    assert lines[-1]["verdict"]["holds"] is True


def test_an_export_of_a_broken_log_is_whole_and_says_so(path, tmp_path):
    tamper(path, "UPDATE audit SET who = 'Nobody' WHERE id = 7", "DELETE FROM audit WHERE id = 20")
    out = tmp_path / "audit.jsonl"
    with out.open("w", encoding="utf-8") as file:
        verdict = export_file(path, file)
    assert (verdict.holds, verdict.broken_row) == (False, 7)
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len([line for line in lines if "hash" in line]) == 34


async def test_verify_beside_a_running_engine(path, tmp_path):
    async with opened(path) as store:
        await note(store)
        assert verify_file(path).rows == 36
        exported = await store.export_audit(tmp_path / "out.jsonl")
        assert exported.holds
        with pytest.raises(EvdeskError, match="exists already"):
            await store.export_audit(tmp_path / "out.jsonl")


async def test_order_of_rows_that_need_not_be_written_at_once(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        asked = await store.audit(kind="asked", origin=BALANCER, what="balance.limit", target="WB-01", must=False)
        assert asked.id == 1
        assert asked.hash == row_hash(with_hash(asked, ""))
        verdict = await store.verify()
    assert verdict.holds


def test_there_is_no_log_to_verify(tmp_path):
    with pytest.raises(EvdeskError, match="no database"):
        verify_file(tmp_path)
    assert list(tmp_path.iterdir()) == [], "asking made no file"
