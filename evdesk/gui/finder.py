"""Everything Ctrl+K can find in the shell: pages, chargers, actions."""

from functools import partial

from evdesk.gui import tokens
from evdesk.gui.deeds import Deeds
from evdesk.gui.jobs import open_jobs
from evdesk.gui.mirror import Mirror
from evdesk.gui.navigator import Navigator
from evdesk.gui.palette import Entry, charger_entries
from evdesk.gui.text import tr
from evdesk.model import Capability
from evdesk.model.jobs import JobKind


def entries(mirror: Mirror, navigator: Navigator, deeds: Deeds, railed: list[str]) -> list[Entry]:
    """Pages in the order of the rail, then chargers in bay order, then actions with their keys."""
    found = []
    for number, name in enumerate(railed, 1):
        kind = navigator.kinds[name]
        found.append(Entry(kind.icon, kind.word(), tr("Page"), partial(navigator.go, name), f"Ctrl+{number}"))
    found += charger_entries(mirror, lambda charger_id: navigator.go("chargers", charger_id))
    if "connect" in navigator.kinds:
        title = tr("Connect a charger")
        found.append(Entry("plus", title, tr("Action"), lambda: navigator.go("connect"), "", "address qr url"))
    if "messages" in navigator.kinds:
        found.append(
            Entry(
                "message",
                tr("Messages"),
                tr("Page"),
                partial(navigator.go, "messages"),
                "",
                "ocpp log inspector frames",
            )
        )
    if "firmware" in navigator.kinds:
        found += _firmware(mirror, navigator)
    return found + _actions(mirror, deeds)


def _firmware(mirror: Mirror, navigator: Navigator) -> list[Entry]:
    """Pages and actions about firmware and logs; jobs that go on, by their number."""
    why = "" if mirror.connected else tr("Off while the engine does not answer.")
    rows: list[tuple[str, str, str, object, str]] = [
        ("file", tr("Logs"), "logs", None, "diagnostics security log viewer"),
        ("plus", tr("Add a firmware file…"), "firmware", "add", "image library manifest signature"),
        ("clock", tr("Jobs"), "firmware", "jobs", "updates fetched running"),
        ("table", tr("History of firmware versions"), "firmware", "history", "changed noticed"),
    ]
    for job in open_jobs(mirror, JobKind.UPDATE):
        title = tr("Job {n}: {title}").format(n=job.id, title=job.title)
        rows.append(("chip", title, "job", job.id, "update firmware progress running"))
    for charger in mirror.accepted():
        label = mirror.label(charger.id)
        if Capability.FIRMWARE in charger.capabilities:
            title = tr("Update firmware of {label}…").format(label=label)
            rows.append(("chip", title, "update", (charger.id,), f"flash image {charger.id} {charger.firmware}"))
        if Capability.LOGS in charger.capabilities:
            title = tr("Fetch logs of {label}…").format(label=label)
            rows.append(("import", title, "logs", charger.id, f"diagnostics security {charger.id}"))
    return [
        Entry(icon, title, why or tr("Action"), partial(navigator.go, page, argument), "", words, not why)
        for icon, title, page, argument, words in rows
    ]


def _actions(mirror: Mirror, deeds: Deeds) -> list[Entry]:
    rows: list[tuple[str, str, str, object, str, str]] = [
        ("gauge", tr("Set up the site"), "site_setup", None, "", "main fuse breaker other load"),
        ("gauge", tr("Limit the power"), "power_limit", None, "", "cap grid operator dimming 14a peak"),
        ("circuit", tr("Check the wiring"), "wiring", None, "", "phase rotation meter test step transformer"),
        ("shield-check", tr("Drill every charger that is not proven"), "drill_all", None, "", "failsafe silent"),
        ("search", tr("Find chargers on this network"), "find_chargers", None, "", "mdns discover"),
        ("shield", tr("Root certificate"), "root", None, "", "tls ca security export rotate"),
        ("lock", tr("Turn on TLS"), "tls", None, "", "wss encrypted security port"),
        ("settings", tr("Settings"), "settings", None, "Ctrl+,", "theme dark light name"),
        ("sun", tr("Light colours"), "look", tokens.LIGHT, "", "theme"),
        ("moon", tr("Dark colours"), "look", tokens.DARK, "", "theme"),
        ("contrast", tr("High contrast"), "look", tokens.CONTRAST, "", "theme sunlight"),
        ("play", tr("Try with a simulated site"), "demo", None, "", "demo"),
        ("info", tr("About evdesk"), "about", None, "F1", "help keys shortcuts version"),
    ]
    for charger in mirror.accepted():
        label = mirror.label(charger.id)
        title = tr("Send a message to {label}...").format(label=label)
        rows.append(("arrow-right", title, "console", charger.id, "", f"ocpp expert console {charger.id}"))
        title = tr("Failsafe drill of {label}...").format(label=label)
        rows.append(("shield-check", title, "drill", charger.id, "", f"silent fallback proof {charger.id}"))
        title = tr("Conformance sheet of {label}...").format(label=label)
        rows.append(("file", title, "sheet", charger.id, "", f"findings report {charger.id}"))
    for charger in mirror.pending():
        for word, verb in ((tr("Accept {id}"), "accept"), (tr("Refuse {id}"), "refuse")):
            rows.append(("person", word.format(id=charger.id), verb, charger.id, "", "join"))
    return [_action(deeds, *row) for row in rows]


def _action(deeds: Deeds, icon: str, title: str, verb: str, argument: object, keys: str, words: str) -> Entry:
    why = deeds.why_off(verb)
    return Entry(icon, title, why or tr("Action"), lambda: deeds.do(verb, argument), keys, words, not why)
