"""Words for the audit log: what a row did, who asked, and what came back. No widgets.

The engine writes machine words ("charger.set_limit") and arguments; every sentence a person reads is made here, in
tables, so that a new method needs one line.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evdesk.gui import text
from evdesk.gui.pages import activity_balance, activity_firmware, activity_security
from evdesk.gui.text import count, tr
from evdesk.model import AuditRow

Args = Mapping[str, Any]

SECRET = "•••"
_SECRET_NAMES = ("authorizationkey", "password", "passwd", "secret", "token", "apikey", "privatekey")
_PIN = re.compile(r"(?:^|[a-z_\-.])(?:PIN|Pin)(?![a-z])|(?:^|[_\-.])pin(?![a-z])")
_TAG_NAMES = frozenset({"id_tag", "idtag", "idToken"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done: the asked row and its answered row, or a noted row alone.

    `key` is the id of the asked (or noted) row; it stays the same when the answer arrives.
    """

    key: int
    asked: AuditRow | None = None
    answered: AuditRow | None = None

    @property
    def first(self) -> AuditRow:
        row = self.asked or self.answered
        assert row is not None, "an entry holds at least one row"
        return row

    @property
    def at(self) -> float:
        return self.first.at

    @property
    def args(self) -> dict[str, Any]:
        """Arguments of the asked row; an answered row alone may repeat them."""
        return self.asked.args if self.asked is not None else self.first.args

    @property
    def detail(self) -> dict[str, Any]:
        row = self.answered or self.asked
        return row.detail if row is not None else {}

    def joined(self, row: AuditRow) -> "Entry":
        """The same entry with one more of its rows."""
        return replace(self, answered=row) if row.kind == "answered" else replace(self, asked=row)


def key_of(row: AuditRow) -> int:
    return row.ref if row.kind == "answered" and row.ref is not None else row.id


def entry_of(row: AuditRow) -> Entry:
    return Entry(key_of(row)).joined(row)


@dataclass(frozen=True, slots=True)
class Answer:
    """`icon` and `role` name entries of the theme."""

    icon: str
    role: str
    text: str


def number(value: object) -> str:
    """10.0 as "10", 8.5 as "8.5", anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:.0f}" if abs(value - round(value)) < 0.05 else f"{value:.1f}"


def tag(value: object) -> str:
    """An id tag shows its last four characters only: it opens charges elsewhere."""
    text = str(value)
    return f"…{text[-4:]}" if len(text) > 4 else text


def is_secret(name: str) -> bool:
    plain = name.replace("_", "").replace("-", "").lower()
    return any(word in plain for word in _SECRET_NAMES) or _PIN.search(name) is not None


def shown(name: str, value: object) -> str:
    """A value for the screen, the clipboard or a file: never a secret, never a whole tag."""
    if is_secret(name):
        return SECRET
    if name in _TAG_NAMES:
        return tag(value)
    return number(value)


def clean(value: Any, name: str = "") -> Any:
    """Arguments of any depth with secrets taken out; `{key: AuthorizationKey, value: ...}` pairs included."""
    if name and is_secret(name) and value is not None:
        return SECRET
    if name in _TAG_NAMES and isinstance(value, str):
        return tag(value)
    if isinstance(value, dict):
        named = value.get("name", value.get("key", ""))
        hide = isinstance(named, str) and is_secret(named)
        return {k: SECRET if hide and k in ("value", "before", "after") else clean(v, k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def cleaned(row: AuditRow) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments and detail of a row for people and files: what a secret setting was and is never leaves here."""
    detail = clean(row.detail)
    if is_secret(str(row.args.get("name", ""))):
        detail = {k: SECRET if k in ("before", "after", "value", "sentence") else v for k, v in detail.items()}
    return clean(row.args), detail


# -- what -----------------------------------------------------------------------------------------------------------


def _limit(args: Args, detail: Args) -> str:
    wanted, before = args.get("limit_a"), args.get("before_a", detail.get("before"))
    if wanted is None:
        return tr("Take the limit away")
    if not wanted:
        return tr("Pause the charge")
    old = amps_of(before)
    if old is None:
        return tr("Limit {a} A").format(a=number(wanted))
    if abs(old - float(wanted)) < 0.05:
        return tr("Limit {a} A again").format(a=number(wanted))
    return tr("Limit {before} to {a} A").format(before=number(old), a=number(wanted))


def amps_of(value: object) -> float | None:
    """Ampere out of what the engine wrote: 10, "10" or "10 A"; None for "none" and the like."""
    try:
        return None if value is None else float(str(value).removesuffix(" A"))
    except ValueError:
        return None


def _refresh(args: Args, _detail: Args) -> str:
    wanted = args.get("limit_a")
    return tr("Limit again") if wanted is None else tr("Limit {a} A again").format(a=number(wanted))


def _start(args: Args, _detail: Args) -> str:
    told = args.get("id_tag")
    return tr("Start charge, tag {tag}").format(tag=tag(told)) if told else tr("Start charge")


def _reset(args: Args, _detail: Args) -> str:
    return tr("Hard reset") if str(args.get("kind", "")).lower() == "hard" else tr("Soft reset")


def _failsafe(args: Args, _detail: Args) -> str:
    safe, most = args.get("safe_a"), args.get("max_a")
    if safe is not None:
        return tr("Safe default {a} A").format(a=number(safe))
    return tr("Charger maximum {a} A").format(a=number(most)) if most is not None else tr("Safe default")


def _setting(args: Args, _detail: Args) -> str:
    return tr("Setting {name}").format(name=args.get("name", args.get("key", "?")))


def _accept(args: Args, _detail: Args) -> str:
    label = args.get("label")
    return tr("Accept charger as {label}").format(label=label) if label else tr("Accept charger")


def _trigger(args: Args, _detail: Args) -> str:
    return tr("Ask for {what}").format(what=args.get("what", "?"))


def _availability(args: Args, _detail: Args) -> str:
    return tr("Back into service") if args.get("operative") else tr("Take out of service")


def _raw(args: Args, _detail: Args) -> str:
    return tr("Message {action}").format(action=args.get("action", "?"))


def _site(args: Args, _detail: Args) -> str:
    circuits = args.get("circuits")
    if not isinstance(circuits, dict) or not circuits:
        return tr("Site saved")
    words = [f"{name} {number(max(r))} A" for name, r in circuits.items() if isinstance(r, list) and r]
    return tr("Site: {circuits}").format(circuits=", ".join(words))


def _balance(args: Args, _detail: Args) -> str:
    if args.get("enabled") is False:
        return tr("Balancing off")
    share = args.get("safe_share_a")
    return tr("Balancing, safe share {a} A").format(a=number(share)) if share is not None else tr("Balancing settings")


def _unlock(args: Args, _detail: Args) -> str:
    return tr("Unlock connector {n}").format(n=args.get("connector_id", 1))


def _checkpoint(_args: Args, _detail: Args) -> str:
    return tr("Signed checkpoint")


def _said(args: Args) -> str:
    """When a car leaves and what it needs, as a person said it."""
    leaves, needs = args.get("depart_at"), args.get("energy_wh")
    parts = [tr("leaves {time}").format(time=text.clock(leaves))] if isinstance(leaves, int | float) else []
    parts += [tr("needs {energy}").format(energy=text.energy(needs))] if isinstance(needs, int | float) else []
    return ", ".join(parts) or tr("nothing")


WHAT: dict[str, Callable[[Args, Args], str]] = {
    "charger.set_limit": _limit,
    "charger.start": _start,
    "charger.stop": lambda _args, _detail: tr("Stop charge"),
    "charger.reset": _reset,
    "charger.unlock": _unlock,
    "charger.trigger": _trigger,
    "charger.availability": _availability,
    "charger.reserve": lambda args, _detail: tr("Reserve for {n} min").format(n=args.get("minutes", "?")),
    "charger.cancel_reservation": lambda _args, _detail: tr("End reservation"),
    "charger.hint": lambda args, _detail: tr("What was said: {hint}").format(hint=_said(args)),
    "charger.clear_cache": lambda _args, _detail: tr("Forget the tags it knows"),
    "charger.data_transfer": lambda args, _detail: tr("Message of {maker}").format(maker=args.get("vendor_id", "?")),
    "charger.settings": lambda _args, _detail: tr("Read settings"),
    "charger.write_setting": _setting,
    "charger.profiles": lambda _args, _detail: tr("Profiles listed"),
    "charger.composite": lambda _args, _detail: tr("Schedule asked"),
    "charger.clear_profile": lambda _args, _detail: tr("Profile cleared"),
    "charger.monitors": lambda _args, _detail: tr("Monitors listed"),
    "charger.set_monitor": lambda args, _detail: tr("Watch {name}").format(name=args.get("variable", "?")),
    "charger.clear_monitor": lambda args, _detail: tr("Watch no more, monitor {n}").format(n=args.get("id", "?")),
    "charger.monitoring": lambda args, _detail: tr("Tell events up to {n}").format(n=args.get("severity", "?")),
    "charger.displays": lambda _args, _detail: tr("Display texts listed"),
    "charger.set_display": lambda args, _detail: tr("Show “{text}”").format(text=str(args.get("text", ""))[:60]),
    "charger.clear_display": lambda args, _detail: tr("Take text {n} away").format(n=args.get("id", "?")),
    "charger.customer": lambda args, _detail: (
        tr("Forget a customer") if args.get("clear") else tr("Ask about a customer")
    ),
    "tag.put": lambda _args, _detail: tr("Tags changed"),
    "tag.delete": lambda _args, _detail: tr("Tags taken out"),
    "tag.import": lambda _args, _detail: tr("Tags from a file"),
    "tag.policy": lambda _args, _detail: tr("Who may charge"),
    "tag.sync": lambda _args, _detail: tr("List of tags sent"),
    "ability.try": lambda _args, _detail: tr("Ability tried"),
    "ability.measurands": lambda _args, _detail: tr("Measurands tried"),
    "settings.snapshot": lambda _args, _detail: tr("Settings kept"),
    "settings.import": lambda _args, _detail: tr("Settings from a file"),
    "network.configure": lambda args, _detail: (
        tr("Announce on the network") if args.get("announce") else tr("Not announced")
    ),
    "charger.raw": _raw,
    "charger.accept": _accept,
    "charger.forget": lambda _args, _detail: tr("Forget charger"),
    "site.put": _site,
    "balance.configure": _balance,
    "balance.limit": _limit,
    "balance.refresh": _refresh,
    "failsafe.install": _failsafe,
    "failsafe.check": lambda _args, _detail: tr("Failsafe looked at"),
    "setup.settings": lambda _args, _detail: tr("Read settings"),
    "setup.write_setting": _setting,
    "setup.trigger": _trigger,
    "audit.checkpoint": _checkpoint,
    "audit.verify": lambda _args, _detail: tr("Chain checked"),
    "engine.started": lambda _args, _detail: tr("Engine started"),
    "engine.stopped": lambda _args, _detail: tr("Engine stopped"),
    "engine.stop": lambda _args, _detail: tr("End the engine"),
    **activity_balance.WHAT,
    **activity_firmware.WHAT,
    **activity_security.WHAT,
}


def what_words(entry: Entry) -> str:
    """The deed in words; an unknown code is spelled out, never hidden."""
    code = entry.first.what
    words = WHAT.get(code)
    if words is not None:
        return words(entry.args, entry.detail)
    noun, _, verb = code.partition(".")
    return f"{noun.capitalize()}: {verb.replace('_', ' ')}" if verb else code


# -- who and answer ---------------------------------------------------------------------------------------------------

_WHO_ICONS = {"Technician": "person", "Owner": "house", "Engine": "settings", "API script": "link"}


def who_icon(row: AuditRow) -> str:
    return _WHO_ICONS.get(row.who, "person" if row.via in ("desk", "cli") else "settings")


def where_words(row: AuditRow) -> str:
    """`desk` for this computer, `desk, 192.168.50.9` from elsewhere."""
    local = row.address in ("", "local") or row.address.startswith(("127.", "::1", "localhost"))
    return row.via if local else f"{row.via}, {row.address}"


def took(ms: object) -> str:
    """As `96 ms`, `1.2 s`, `30 s`; empty where it is not known."""
    if isinstance(ms, bool) or not isinstance(ms, int | float):
        return ""
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 9950 else f"{ms / 1000:.0f} s"


_OUTCOMES: dict[str, tuple[str, str, Callable[[], str]]] = {
    "accepted": ("check", "ok", lambda: tr("Accepted")),
    "stored": ("check", "ok", lambda: tr("Stored")),
    "refused": ("warning", "warn", lambda: tr("Refused")),
    "rejected": ("warning", "warn", lambda: tr("Refused")),
    "timeout": ("octagon", "danger", lambda: tr("No answer")),
    "unreachable": ("octagon", "danger", lambda: tr("Not reachable")),
    "unsupported": ("warning", "warn", lambda: tr("Not supported")),
    "bad_reply": ("octagon", "danger", lambda: tr("Unreadable answer")),
    "failed": ("octagon", "danger", lambda: tr("Failed")),
}

ANSWER_PATIENCE_S = 60.0
"""An asked row without an answer is "waiting" this long; afterwards the answer was never written (engine ended)."""


def _accepted(detail: Args) -> str:
    if detail.get("after") is not None:
        return tr("Accepted, read back")
    status, spent = str(detail.get("status") or ""), took(detail.get("ms"))
    word = tr("Accepted") if status.lower() in ("", "accepted") else status
    return f"{word}, {spent}" if spent else word


def _noted(row: AuditRow) -> Answer:
    if row.what == "audit.checkpoint":
        upto = row.args.get("row", row.detail.get("row", row.id))
        return Answer("check", "ok", tr("Row {n}").format(n=count(upto) if isinstance(upto, int) else upto))
    sentence = row.detail.get("sentence")
    return Answer("check", "ok", str(sentence) if sentence else tr("Noted"))


def answer_words(entry: Entry, now: float) -> Answer:
    row = entry.answered
    if row is None:
        if entry.first.kind == "noted":
            return _noted(entry.first)
        waits = now - entry.at < ANSWER_PATIENCE_S
        return Answer("clock", "info", tr("Waiting")) if waits else Answer("question", "warn", tr("No answer written"))
    icon, role, worded = _OUTCOMES.get(row.outcome, ("question", "warn", lambda: row.outcome or tr("unknown")))
    if row.outcome == "accepted":
        return Answer(icon, role, _accepted(row.detail))
    word, extra = worded(), ""
    if row.outcome in ("refused", "rejected"):
        extra = str(row.detail.get("status") or "")
    elif row.outcome == "timeout":
        return Answer(icon, role, ", ".join(part for part in (word, took(row.detail.get("ms"))) if part))
    return Answer(icon, role, f"{word}: {extra}" if extra else word)


def before_after(entry: Entry) -> tuple[str, str] | None:
    """What it was and what it is now, in words; None when nothing was changed or nothing was told."""
    args, detail = entry.args, entry.detail
    name = str(args.get("name", ""))
    before = args.get("before_a", detail.get("before"))
    after = detail.get("after", args.get("limit_a") if "before_a" in args else None)
    if before is None and after is None:
        return None
    unit = " A" if "before_a" in args else ""
    words = [tr("unknown") if v is None else f"{shown(name, v)}{unit}" for v in (before, after)]
    return words[0], words[1]
