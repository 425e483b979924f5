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

OK, FAILED = 0, 1


def audit(args: argparse.Namespace) -> int:
    data = args.data or default_data_dir()
    if args.action == "export":
        return _export(data, args.out)
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
