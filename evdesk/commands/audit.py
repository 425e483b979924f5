"""`evdesk audit`: works on the file, beside a running engine or without one."""

import argparse
import os
import sys
from pathlib import Path
from typing import TextIO

from evdesk.engine.instance import default_data_dir
from evdesk.engine.store import export_file, verify_file
from evdesk.model import ChainVerdict, EvdeskError, Reason
from evdesk.wire import encode
from evdesk.wire.codec import to_plain

OK, FAILED = 0, 1


def audit(args: argparse.Namespace) -> int:
    data = args.data or default_data_dir()
    if args.report and args.action != "verify":
        raise EvdeskError(Reason.INVALID, "--report FILE is for “evdesk audit verify”.")
    if args.action == "export":
        return _export(data, args.out)
    if args.report:
        return _reports(data, args.report, args.json)
    verdict = verify_file(data)
    print(encode(verdict) if args.json else sentence(verdict))
    return OK if verdict.holds else FAILED


def sentence(verdict: ChainVerdict) -> str:
    """The verdict for a person; the last hash is what to write down or send elsewhere."""
    size = f"{verdict.rows} rows, {verdict.checkpoints} signed checkpoints"
    if verdict.holds:
        return f"{verdict.sentence or f'The chain holds: {size}.'} Last hash: {verdict.last_hash or 'none yet'}"
    where = f" at row {verdict.broken_row}" if verdict.broken_row is not None else ""
    return f"The chain is broken{where}: {verdict.sentence} ({size})"


def _reports(data: Path, files: list[Path], as_json: bool) -> int:
    # Few hold a report against the log, and what reads one comes with the engine's jobs.
    from evdesk.engine.jobs.proof import verify_reports

    chain, reports = verify_reports(data, files)
    if as_json:
        print(encode(to_plain(chain) | {"reports": to_plain(reports)}))
    else:
        print(sentence(chain))
        for one in reports:
            print(f"{one.file}: {'holds' if one.holds else 'does not hold'}. {one.sentence}")
    return OK if chain.holds and all(one.holds for one in reports) else FAILED


def _export(data: Path, out: Path | None) -> int:
    if out is None:
        return _judge(export_file(data, sys.stdout))
    try:
        with _new_private_file(out) as file:
            return _judge(export_file(data, file))
    except OSError as error:
        text = f"{out} cannot be written: {error.strerror or error}. Choose another --out FILE; nothing is overwritten."
        raise EvdeskError(Reason.STORAGE, text) from None


def _judge(verdict: ChainVerdict) -> int:
    print(sentence(verdict), file=sys.stderr)
    return OK if verdict.holds else FAILED


def _new_private_file(path: Path) -> TextIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
