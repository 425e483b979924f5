"""Asking the system's own programs, with a time limit; a program that is missing is an answer, not an error."""

import asyncio
import contextlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 4.0
_ADMIN_PATHS = "/usr/sbin:/sbin:/usr/local/sbin"


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said. `code` None: it is not installed, or did not end in time (`late`)."""

    text: str = ""
    error: str = ""
    code: int | None = None
    late: bool = False

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def missing(self) -> bool:
        return self.code is None and not self.late


def find(program: str) -> str | None:
    """Where a program is; administrators' folders are looked into as well."""
    return shutil.which(program) or shutil.which(program, path=_ADMIN_PATHS)


def read_file(path: Path) -> str:
    """A small file's text, "" where it cannot be read."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


async def ask(program: str, *arguments: str, limit_s: float = LIMIT_S) -> Said:
    """Run a program without input and read what it says, in English where it can be told so."""
    path = find(program)
    if path is None:
        return Said()
    env = os.environ | {"LC_ALL": "C", "LANG": "C"}
    flags = 0x0800_0000 if sys.platform == "win32" else 0  # CREATE_NO_WINDOW
    try:
        child = await asyncio.create_subprocess_exec(
            path,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=env,
            creationflags=flags,
        )
    except OSError as error:
        return Said(error=str(error))
    try:
        out, err = await asyncio.wait_for(child.communicate(), limit_s)
    except TimeoutError:
        return Said(late=True)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return Said(out.decode(errors="replace"), err.decode(errors="replace"), child.returncode)


async def powershell(script: str, limit_s: float = 8.0) -> Said:
    """Windows: objects as JSON, whose names do not depend on the system's language."""
    return await ask("powershell", "-NoProfile", "-NonInteractive", "-Command", script, limit_s=limit_s)
