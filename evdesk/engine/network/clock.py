"""Is this computer's clock right? Certificates, limits with an end and every record depend on it."""

import re
import sys

from evdesk.engine.network.shell import ask
from evdesk.wire.network import Check

WORRY_S = 2.0


async def check_clock() -> Check:
    """What the system's own time service says; nobody on the network is asked."""
    if sys.platform == "win32":
        told = await ask("w32tm", "/query", "/status", "/verbose")
        return w32tm(told.text if told.ok else "")
    tracking = await ask("chronyc", "-n", "tracking")
    if tracking.ok:
        return chrony(tracking.text)
    shown = await ask("timedatectl", "show")
    if not shown.ok:
        return Check("clock", "unknown", "cannot_check", {}, "timedatectl")
    status = await ask("timedatectl", "timesync-status")
    return timedatectl(shown.text, status.text if status.ok else "")


def timedatectl(shown: str, status: str) -> Check:
    """`timedatectl show` and, for systemd-timesyncd, `timesync-status` with its offset."""
    values = dict(line.partition("=")[::2] for line in shown.splitlines())
    offset = _offset(re.search(r"^\s*Offset:\s*([+-]?[\d.]+)\s*(us|ms|s|min)\b", status, re.MULTILINE))
    server = re.search(r"^\s*Server:\s*(\S+)", status, re.MULTILINE)
    if values.get("NTPSynchronized") == "yes":
        return _judged(offset, server[1] if server else "")
    if values.get("NTP") == "no":
        return Check("clock", "warn", "service_off", {}, "sudo timedatectl set-ntp true")
    return Check("clock", "warn", "not_synchronised", {}, "timedatectl timesync-status")


def chrony(tracking: str) -> Check:
    """`chronyc tracking`."""
    if re.search(r"^Leap status\s*:\s*Not synchronised", tracking, re.MULTILINE):
        return Check("clock", "warn", "not_synchronised", {}, "chronyc sources")
    found = re.search(r"^System time\s*:\s*([\d.]+) seconds (slow|fast)", tracking, re.MULTILINE)
    offset = None if found is None else float(found[1]) * (-1 if found[2] == "slow" else 1)
    server = re.search(r"^Reference ID\s*:\s*\S+ \((\S+)\)", tracking, re.MULTILINE)
    return _judged(offset, server[1] if server else "")


def w32tm(status: str) -> Check:
    """`w32tm /query /status /verbose`; without the service, or in another language than English, nothing is claimed."""
    offset = _offset(re.search(r"^Phase Offset:\s*([+-]?[\d.]+)(s)", status, re.MULTILINE))
    source = re.search(r"^Source:\s*([^,\s]+)", status, re.MULTILINE)
    last = re.search(r"^Last Successful Sync Time:\s*(\S+)", status, re.MULTILINE)
    if last is not None and last[1] == "unspecified":
        return Check("clock", "warn", "not_synchronised", {}, "w32tm /resync")
    if source is not None and source[1].startswith(("Local", "Free-running")):
        return Check("clock", "warn", "not_synchronised", {}, "w32tm /resync")
    if offset is None:
        return Check("clock", "unknown", "cannot_check", {}, "w32tm /query /status")
    return _judged(offset, source[1] if source else "")


def _judged(offset: float | None, server: str) -> Check:
    detail = {"server": server} if server else {}
    if offset is None:
        return Check("clock", "ok", "synchronised", detail)
    detail["offset_s"] = f"{offset:.3f}"
    return Check(
        "clock", "ok" if abs(offset) < WORRY_S else "warn", "synchronised" if abs(offset) < WORRY_S else "off", detail
    )


def _offset(found: "re.Match[str] | None") -> float | None:
    if found is None:
        return None
    return float(found[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}[found[2]]
