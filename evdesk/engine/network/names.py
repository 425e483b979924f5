"""Can a charger find this computer by its name?"""

import asyncio
import ipaddress
import socket
from pathlib import Path

from evdesk.engine.network.shell import read_file
from evdesk.wire.network import Check

RESOLV = Path("/etc/resolv.conf")
LIMIT_S = 3.0


async def check_name(own: set[str]) -> Check:
    """Whether this computer's name leads to an address chargers can use (by this computer's own resolver)."""
    name = socket.gethostname()
    domain = search_domain(await asyncio.to_thread(read_file, RESOLV))
    full = f"{name}.{domain}" if domain and "." not in name else name
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(loop.getaddrinfo(full, None, type=socket.SOCK_STREAM), LIMIT_S)
    except (OSError, TimeoutError, UnicodeError):
        found = []
    return judge_name(full, domain, {str(entry[4][0]) for entry in found}, own)


def judge_name(name: str, domain: str, resolved: set[str], own: set[str]) -> Check:
    """`resolved`: what the name leads to; `own`: addresses chargers may use."""
    detail = {"name": name, "domain": domain, "addresses": ", ".join(sorted(resolved))}
    outside = {one for one in resolved if not ipaddress.ip_address(one.partition("%")[0]).is_loopback}
    if not resolved:
        return Check("name", "info", "unknown_name", detail)
    if not outside:
        return Check("name", "info", "only_here", detail)
    if not outside & own:
        return Check("name", "warn", "elsewhere", detail)
    return Check("name", "ok", "resolves", detail)


def search_domain(resolv: str) -> str:
    """The first search domain of a resolv.conf; "" for none."""
    for line in resolv.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] in ("search", "domain") and words[1] != ".":
            return words[1]
    return ""
