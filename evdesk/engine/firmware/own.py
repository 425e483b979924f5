"""What of evdesk's own may be added as firmware: its library alone. Beside that the data directory holds the key of the
audit log, the token of the API and the certificates' keys, and an export would carry them away. Blocks, for a thread.
"""

import contextlib
from pathlib import Path

_OURS = ("audit.key", "evdesk.db")
"""Both lie in every data directory, also in a copy of one."""


def is_own(path: Path, library: Path, data: Path | None) -> bool:
    """Whether it is a data directory of evdesk, or lies in one. `library`, which does too, may be added; `data`: of this
    engine."""
    try:
        real, shelf = path.resolve(), library.resolve()
    except (OSError, RuntimeError, ValueError):  # it is not there, or leads round in a circle: said elsewhere
        return False
    if _same(real, shelf) or any(_same(one, shelf) for one in real.parents):
        return False
    if data is not None and any(_same(one, data) for one in (real, *real.parents)):
        return True
    folder = real if real.is_dir() else real.parent
    return all((folder / name).exists() for name in _OURS)


def _same(one: Path, other: Path) -> bool:
    """However it is written: some disks take capitals for small letters."""
    if one == other:
        return True
    with contextlib.suppress(OSError):
        return one.samefile(other)
    return False
