"""`evdesk ...` as a process of its own, without its 1.4 s of imports: forked from a server that has made them once.

Everything else is as in a process that was started by hand: its own number, its own standard output, killed and waited
for like `subprocess.Popen`. What the start itself does (`python -m evdesk`) is tested in tests/test_cli.py.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import IO

PRELOAD = ["evdesk.cli", "evdesk.engine.run", "tests.forked"]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(PRELOAD)


class Forked:
    """What the tests use of `subprocess.Popen`. `first`: run in it before; `out`, `err`: piped, else thrown away."""

    def __init__(self, args: list[str], first: str = "", *, out: bool = True, err: bool = True) -> None:
        pipes = [_CONTEXT.Pipe(duplex=False) if piped else (None, None) for piped in (out, err)]
        writers = [writer for _, writer in pipes]
        self._process = _CONTEXT.Process(target=_main, args=(args, first, dict(os.environ), *writers), daemon=True)
        self._process.start()
        for writer in writers:
            if writer is not None:
                writer.close()
        self.stdout, self.stderr = (_text(reader) if reader is not None else None for reader, _ in pipes)

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("evdesk", timeout or 0.0)
        return self._process.exitcode

    def communicate(self) -> tuple[str, str]:
        """What it said to its end, which is waited for."""
        said = ["" if stream is None else stream.read() for stream in (self.stdout, self.stderr)]
        self.wait()
        self.close()
        return said[0], said[1]

    def close(self) -> None:
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _text(reader: Connection) -> IO[str]:
    number = os.dup(reader.fileno())
    reader.close()
    return os.fdopen(number, "r")


def _main(
    args: list[str], first: str, environment: dict[str, str], out: Connection | None, err: Connection | None
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for number, pipe in ((1, out), (2, err)):
        target = pipe.fileno() if pipe else os.open(os.devnull, os.O_WRONLY)
        os.dup2(target, number)
        os.close(target) if pipe is None else pipe.close()
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    sys.argv = ["evdesk", *args]
    exec(first, {"__name__": "first"})
    runpy.run_module("evdesk", run_name="__main__")
