"""Does the charger port answer on an address, and if not: who holds it?"""

import asyncio
import contextlib
import re
from collections.abc import Callable

from evdesk.engine.network.shell import ask

CONNECT_S = 2.0


async def answers(address: str, port: int, own: Callable[[str], None], limit_s: float = CONNECT_S) -> bool:
    """Open a real connection to the own address and close it again. `own` gets our end of it ("127.0.0.1:40122"), so
    that the listener's word about it can be left out."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), limit_s)
    except (OSError, TimeoutError):
        return False
    host, here = writer.get_extra_info("sockname")[:2]
    own(f"[{host}]:{here}" if ":" in host else f"{host}:{here}")
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def holder(port: int, windows: bool) -> tuple[str, int | None]:
    """(program, process) that listens on a TCP port; ("", None) where nobody does or it is not told."""
    if windows:
        listed = await ask("netstat", "-ano", "-p", "tcp")
        pid = read_netstat(listed.text, port)
        if pid is None:
            return "", None
        named = await ask("tasklist", "/FI", f"PID eq {pid}", "/FO", "CSV", "/NH")
        return read_tasklist(named.text), pid
    listed = await ask("ss", "-H", "-l", "-t", "-n", "-p", f"sport = :{port}")
    return read_ss(listed.text)


def read_ss(text: str) -> tuple[str, int | None]:
    """`ss -ltnp`: users:(("python3",pid=4711,fd=7))."""
    found = re.search(r'users:\(\("([^"]+)",pid=(\d+)', text)
    return (found[1], int(found[2])) if found else ("", None)


def read_netstat(text: str, port: int) -> int | None:
    """`netstat -ano -p tcp`: the process of the listener. The state is translated, an unconnected peer is not:
    a listener's foreign address ends in ":0"."""
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 4 and words[0] == "TCP" and words[1].endswith(f":{port}") and words[2].endswith(":0"):
            with contextlib.suppress(ValueError):
                return int(words[-1])
    return None


def read_tasklist(text: str) -> str:
    """`tasklist /FO CSV /NH`: the image name."""
    found = re.match(r'\s*"([^"]+)"', text)
    return found[1] if found else ""
