"""What is in the logs a station sends: what it really did of late, behind two days of what it could have done before."""

import io
import json
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from evdesk.simulator.moments import to_text

PAST_S = 2 * 86_400.0
BIG_BYTES = 50_000_000
BIG_BLOCK = 250

WORDS = (
    ("INFO ", "meter", "L1 {a:.1f} V L2 {b:.1f} V L3 {c:.1f} V, {d:.1f} C inside"),
    ("INFO ", "link", "Heartbeat answered in {e} ms"),
    ("INFO ", "pilot", "state A, duty 0 %, CP {f:.2f} V"),
    ("DEBUG", "sched", "{e} tasks, longest {d:.1f} ms, heap {g} kB free"),
    ("DEBUG", "rcd", "self-test well, offset {f:.2f} mA"),
    ("INFO ", "clock", "set by {e} ms"),
    ("WARN ", "link", "signal {d:.0f} dBm below -70"),
    ("DEBUG", "flash", "wear level {f:.2f} %"),
)


@dataclass(frozen=True, slots=True)
class LogFacts:
    """A station's past as it was at one moment. `journal`: (station clock, kind, text) with kind "" or "security"."""

    vendor: str
    model: str
    firmware: str
    serial: str
    now: float
    journal: tuple[tuple[float, str, str], ...]
    settings: tuple[tuple[str, str], ...] = ()

    def covers(self, oldest: float, latest: float) -> bool:
        """Whether there is anything in a span of time."""
        return oldest <= min(latest, self.now) and latest >= self.now - PAST_S


def text_log(facts: LogFacts, security: bool, oldest: float, latest: float) -> bytes:
    """One line per thing that happened, oldest first, under a line that says whose log it is."""
    head = f"# {facts.vendor} {facts.model} {facts.serial} firmware {facts.firmware or 'unknown'}\n"
    first = facts.journal[0][0] if facts.journal else facts.now
    old = [] if security else [line for line in _past(facts, first) if oldest <= line[0] <= latest]
    wanted = "security" if security else ""
    new = [(at, f"INFO  ocpp     {text}") for at, kind, text in facts.journal if kind == wanted or not security]
    lines = [f"{to_text(at)} {text}\n" for at, text in [*old, *(line for line in new if oldest <= line[0] <= latest)]]
    return (head + "".join(lines)).encode()


def archive(facts: LogFacts, security: bool, oldest: float, latest: float) -> bytes:
    """A tar.gz of several files in a folder with the station's serial number."""
    about = {"vendor": facts.vendor, "model": facts.model, "serial": facts.serial, "firmware": facts.firmware}
    files = {"security.log": text_log(facts, True, oldest, latest)}
    if not security:
        files |= {
            "system.log": text_log(facts, False, oldest, latest),
            "settings.txt": "".join(f"{name} = {value}\n" for name, value in facts.settings).encode(),
            "station.json": json.dumps(about, indent=1).encode(),
        }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=6) as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(f"{facts.serial}/{name}")
            entry.size, entry.mtime = len(data), int(max(0.0, facts.now))
            tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def big_log(facts: LogFacts) -> Iterator[bytes]:
    """Fifty megabytes of log, block by block."""
    lines = [f"{to_text(at)} {text}\n" for at, text in _past(facts, facts.now)][:BIG_BLOCK]
    block, left = "".join(lines).encode(), BIG_BYTES
    while left > 0:
        yield block[:left]
        left -= len(block)


def _past(facts: LogFacts, until: float) -> Iterator[tuple[float, str]]:
    rng = random.Random(f"{facts.serial}:log")
    at = facts.now - PAST_S
    while (at := at + rng.uniform(20.0, 200.0)) < until:
        level, part, words = rng.choice(WORDS)
        a, b, c = (rng.gauss(231.0, 1.5) for _ in range(3))
        told = words.format(a=a, b=b, c=c, d=rng.uniform(18, 44), e=rng.randint(2, 400), f=rng.uniform(0, 12), g=812)
        yield at, f"{level} {part:8} {told}"
