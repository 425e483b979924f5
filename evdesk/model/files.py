"""Writing a file whole or not at all."""

from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Written beside under another name and put in its place when it is complete: a full disk leaves no half file, and an
    older one as it was. What is no plain file (a device, a pipe) is written as it is. Raises `OSError`."""
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    target = path.resolve()  # a link stays one
    part = target.with_name(f"{target.name[:200]}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise
