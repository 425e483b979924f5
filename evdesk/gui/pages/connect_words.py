"""What the connect page says about each attempt: who, how often, what it means, what to do."""

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from evdesk.gui.mirror import Mirror
from evdesk.gui.models.needs import host_of, protocol_words, who_asks
from evdesk.gui.pages.connect_verdicts import ACCEPT, ODD, ROOT, TLS, VERDICTS, Verdict
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model import Attempt, ChargerState, TlsSeen

LET_IN = ("accepted", "pending")
HISTORY_S = 300.0
"""What a nameless visitor did so long before its newest try is over."""
SILENT_S = 60.0
"""So long a charger that is let in may say nothing before it counts as gone again."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One line of "who tries": `times` equal attempts since `since`, the newest of them in `last`."""

    last: Attempt
    times: int
    since: float

    @property
    def key(self) -> tuple[str, str]:
        """Who it is: address and name; one without a name is told apart by what it did."""
        return self.address, self.last.charger_id or f"?{self.last.verdict}"

    @property
    def address(self) -> str:
        return host_of(self.last.address)


def who_tried(attempts: list[Attempt]) -> list[Tried]:
    """Newest first; the same visitor with the same verdict is one line. Only what is true now helps: left out are an
    older verdict of a named visitor that has one by now, what a nameless one did long before its newest try, and its
    TLS failures from before the charger at that address got in."""
    found: dict[tuple[str, str], Tried] = {}
    closed: set[tuple[str, str]] = set()
    got_in: set[str] = set()
    newest: dict[str, float] = {}
    for attempt in sorted(attempts, key=lambda a: a.at, reverse=True):
        one = Tried(attempt, attempt.count, attempt.at if attempt.first_at is None else attempt.first_at)
        host, key = one.address, one.key
        if attempt.verdict in LET_IN:
            got_in.add(host)
        if not attempt.charger_id:
            over = newest.setdefault(host, attempt.at) - attempt.at > HISTORY_S
            if over or (host in got_in and "tls" in attempt.verdict):
                continue
        before = found.get(key)
        if before is None:
            found[key] = one
        elif key not in closed and before.last.verdict == attempt.verdict:
            found[key] = replace(before, times=before.times + one.times, since=min(before.since, one.since))
        else:
            closed.add(key)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Said:
    """Verdict as icon, word and role; what it did; what to do; `deed` that evdesk can do about it ("" none) on
    `target`, a charger id. `problem`: the filter shows it. `details`: (name, value) for the fold-out."""

    look: Look
    did: str
    do_this: str = ""
    deed: str = ""
    target: str = ""
    problem: bool = False
    details: tuple[tuple[str, str], ...] = field(default=())
    request: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """The addresses a person may type on the chosen network; "" where that port is not open."""

    plain: str = ""
    secure: str = ""

    @property
    def best(self) -> str:
        return self.plain or self.secure


def attempt_words(mirror: Mirror, attempt: Attempt, typed: Typed) -> Said:
    """An attempt in words."""
    details = tuple(_details(attempt))
    charger = mirror.chargers.get(attempt.charger_id)
    if attempt.verdict in LET_IN and charger is not None:
        pending = charger.state is ChargerState.PENDING
        label = mirror.label(charger.id)
        text = tr("{who}. It waits for your yes.") if pending else tr("{who}. It has joined as {label}.")
        did = f"{text.format(who=_made(mirror, attempt), label=label)}{_odd(attempt)}"
        look = Look("check-circle", tr("Connected."), "ok")
        if not pending and charger.state is ChargerState.OFFLINE:
            look = Look("offline", tr("Gone again."), "warn")
        return Said(look, did, "", ACCEPT if pending else "", charger.id, False, details, attempt.request)
    if attempt.verdict in LET_IN and mirror.now() - attempt.at < SILENT_S:
        did = tr("It has not said who it is yet.") + _odd(attempt)
        return Said(Look("check-circle", tr("Connected."), "ok"), did, details=details, request=attempt.request)
    row = VERDICTS.get(attempt.verdict)
    if row is None:
        look = Look("question", tr("Not connected."), "warn")
        advice = attempt.advice.removesuffix(".")
        return Said(look, attempt.sentence, advice, "", attempt.charger_id, True, details, attempt.request)
    fill = _fill(attempt, typed)
    did = tr(row.did).format(**fill)
    if attempt.verdict in (*LET_IN, "duplicate_id"):
        did += _odd(attempt)
    do_this = tr(row.do).format(**fill) if row.do else ""
    look = Look(row.icon, tr(row.word), row.role)
    deed = _deed(row, attempt, typed)
    return Said(look, did, do_this, deed, attempt.charger_id, row.problem, details, attempt.request)


def _deed(row: Verdict, attempt: Attempt, typed: Typed) -> str:
    if row.deed == TLS:
        return "" if typed.secure else TLS
    return row.deed if row.deed == ROOT or attempt.charger_id else ""


def _made(mirror: Mirror, attempt: Attempt) -> str:
    """ "Kestrel K11, serial K11-20881, OCPP 1.6", as far as it is known."""
    charger = mirror.chargers[attempt.charger_id]
    return who_asks(replace(charger, address=""))


def _odd(attempt: Attempt) -> str:
    words = [tr(ODD[word]) for word in attempt.warnings if word in ODD]
    return " " + tr("It {odd}.").format(odd=", ".join(words)) if words else ""


def _fill(attempt: Attempt, typed: Typed) -> dict[str, str]:
    tls = attempt.tls or TlsSeen()
    offered = ", ".join(protocol_words(p) for p in attempt.protocols) or tr("nothing")
    best = typed.best or "ws://"
    secure_host = urlsplit(typed.secure).hostname or ""
    return {
        "path": attempt.path or "/",
        "offered": offered,
        "id": attempt.charger_id or tr("the charger"),
        "port": str(attempt.port) if attempt.port else "",
        "url": best if best.endswith("/") else f"{best}/",
        "ws": typed.plain or tr("another port"),
        "wss": ", " + tr("or use {url}").format(url=typed.secure) if typed.secure else "",
        "tls_url": typed.secure or secure_host or tr("the address shown here"),
        "name": tls.server_name or tr("another name"),
        "versions": ", ".join(tls.offered_versions) or tr("an old version"),
        "ciphers": ", ".join(tls.offered_ciphers[:3]) or tr("nothing usable"),
        "alert": tls.alert.replace("_", " ") or tr("no reason given"),
        "subject": f" “{tls.certificate}”" if tls.certificate else "",
    }


_AUTH = {
    "none": "no log-in",
    "unchecked": "a password, which is not checked",
    "wrong": "a wrong password",
    "text": "the right password, as text",
    "hex": "the right password, as hex text",
    "bytes": "the right password, as bytes",
    "certificate": "its certificate",
}


def _details(attempt: Attempt) -> list[tuple[str, str]]:
    """What only somebody who looks closer wants to know; unknown things are left out."""
    found = [(tr("From"), attempt.address)]
    if attempt.port:
        found.append((tr("Port"), str(attempt.port)))
    if attempt.path:
        found.append((tr("Path"), attempt.path))
    if attempt.protocols:
        found.append((tr("Offers"), ", ".join(attempt.protocols)))
    if attempt.auth:
        found.append((tr("Log-in"), tr(_AUTH.get(attempt.auth, attempt.auth))))
    found += _tls_details(attempt.tls) if attempt.tls is not None else []
    if attempt.sentence:
        found.append((tr("Engine"), f"{attempt.sentence} {attempt.advice}".strip()))
    return found


def _tls_details(tls: TlsSeen) -> list[tuple[str, str]]:
    pairs = [
        (tr("TLS"), ", ".join(part for part in (tls.version, tls.cipher) if part)),
        (tr("TLS offered"), ", ".join(tls.offered_versions)),
        (tr("Ciphers offered"), ", ".join(tls.offered_ciphers)),
        (tr("Asks for name"), tls.server_name),
        (tr("Certificate"), tls.certificate),
        (tr("Alert"), tls.alert.replace("_", " ")),
    ]
    return [(name, value) for name, value in pairs if value]
