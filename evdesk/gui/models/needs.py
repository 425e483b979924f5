"""What needs a person, and what the banners say: both follow from the state, so deeds empty them, not reading."""

import sys
import time
from dataclasses import dataclass

from evdesk.gui.client import LinkState
from evdesk.gui.jobs import counts_words, open_jobs
from evdesk.gui.mirror import Mirror
from evdesk.gui.sentences import fault_words
from evdesk.gui.text import age, clock_s, limit, tr
from evdesk.model import Charger, ChargerState, ConnectorStatus, Failsafe, FailsafeState
from evdesk.model.jobs import Job, JobState
from evdesk.model.tags import Presented


@dataclass(frozen=True, slots=True)
class Need:
    """One line of the bell list. `page` and `argument` lead to the thing; `verb` is what the shell can do at once."""

    key: str
    icon: str
    role: str
    title: str
    detail: str = ""
    page: str = ""
    argument: object = None
    verb: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """A button of a banner: its word, and the verb and argument the shell gets."""

    word: str
    verb: str
    argument: object = None
    primary: bool = False


@dataclass(frozen=True, slots=True)
class BannerText:
    """A banner: what happened, what it means for the cars, what to do. Most urgent first."""

    key: str
    role: str
    icon: str
    title: str
    text: str
    deeds: tuple[Deed, ...] = ()


def needs(mirror: Mirror) -> list[Need]:
    """Everything that waits for a person, most urgent first."""
    found: list[Need] = []
    if mirror.info is not None and not mirror.info.storage.ok:
        found.append(Need("storage", "file", "danger", tr("History is not stored"), mirror.info.storage.sentence))
    accepted = mirror.accepted()
    found += [_fault(mirror, charger) for charger in accepted if _fault_of(charger)]
    found += [_silent(mirror, charger) for charger in accepted if charger.state is ChargerState.OFFLINE]
    if mirror.load is not None and mirror.load.meter_stale:
        found.append(Need("meter", "meter", "warn", tr("Site meter is silent"), _meter_age(mirror), "site"))
    found += [_paused(job) for job in open_jobs(mirror) if job.state is JobState.PAUSED]
    found += [_asks(charger) for charger in mirror.pending()]
    found += [_card(mirror, card) for card in mirror.unknown_tags]
    if mirror.site is not None and mirror.site.assumed:
        title, detail = tr("The main fuse is not entered"), tr("16 A is assumed until then.")
        found.append(Need("fuse", "gauge", "warn", title, detail, verb="site_setup"))
    found += [_no_failsafe(mirror, charger) for charger in accepted if charger.failsafe.state is FailsafeState.CANNOT]
    return found


def _fault_of(charger: Charger) -> bool:
    online = charger.state is ChargerState.ONLINE
    return online and any(c.status is ConnectorStatus.FAULTED for c in charger.connectors)


def _fault(mirror: Mirror, charger: Charger) -> Need:
    bad = next(c for c in charger.connectors if c.status is ConnectorStatus.FAULTED)
    words = fault_words(bad.error_code, bad.error_info)
    since = tr("for {age}").format(age=age(mirror.now() - bad.status_at)) if bad.status_at else ""
    title = tr("{label}: {words}").format(label=mirror.label(charger.id), words=words)
    return Need(f"fault/{charger.id}", "octagon", "danger", title, since, "chargers", charger.id)


def _silent(mirror: Mirror, charger: Charger) -> Need:
    label = mirror.label(charger.id)
    if charger.lost_at is None:
        title = tr("{label}: offline").format(label=label)
    else:
        title = tr("{label}: offline for {age}").format(label=label, age=age(mirror.now() - charger.lost_at))
    kept = max((c.reserved_a for c in charger.connectors), default=0.0)
    detail = tr("{amps} are kept free for it.").format(amps=limit(kept)) if kept else ""
    return Need(f"silent/{charger.id}", "offline", "warn", title, detail, "chargers", charger.id)


def _paused(job: Job) -> Need:
    title = tr("The update to {title} is paused").format(title=job.title)
    return Need(f"job/{job.id}", "pause", "warn", title, job.waits_for or counts_words(job), "job", job.id)


def _asks(charger: Charger) -> Need:
    title = tr("{id} asks to join").format(id=charger.id)
    return Need(f"asks/{charger.id}", "person", "accent", title, who_asks(charger), "chargers", charger.id, "accept")


def _card(mirror: Mirror, card: Presented) -> Need:
    title = tr("{label} refused an unknown card").format(label=mirror.label(card.charger_id))
    return Need(f"tag/{card.id_tag}", "tag", "accent", title, card.id_tag, "tags")


def _no_failsafe(mirror: Mirror, charger: Charger) -> Need:
    title = tr("{label} has no failsafe").format(label=mirror.label(charger.id))
    detail = tr("It cannot limit itself; its full rating stays reserved.")
    return Need(f"failsafe/{charger.id}", "shield-x", "danger", title, detail, "chargers", charger.id)


def _meter_age(mirror: Mirror) -> str:
    at = mirror.load.meter_at if mirror.load is not None else None
    return tr("No value yet.") if at is None else tr("Last value {age} ago.").format(age=age(mirror.now() - at))


def who_asks(charger: Charger) -> str:
    """ "Kestrel K11 at 192.168.50.77, OCPP 1.6, serial K11-20881" """
    made = " ".join(part for part in (charger.vendor, charger.model) if part) or tr("Unnamed model")
    where = host_of(charger.address)
    parts = [tr("{made} at {address}").format(made=made, address=where) if where else made]
    if charger.protocol:
        parts.append(protocol_words(charger.protocol))
    if charger.serial:
        parts.append(tr("serial {serial}").format(serial=charger.serial))
    return ", ".join(parts)


def host_of(address: str) -> str:
    """ "10.0.0.5" of "10.0.0.5:52680", "fe80::1" of "[fe80::1]:52680": the port is another one at every try."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or (":" in host and not host.endswith("]")):
        return address.strip("[]")
    return host.strip("[]")


def protocol_words(protocol: str) -> str:
    """ "ocpp1.6" as "OCPP 1.6" """
    return f"OCPP {protocol[4:]}" if protocol.startswith("ocpp") else protocol


def warnings(mirror: Mirror, state: LinkState, sentence: str, local: bool, failure: str = "") -> list[BannerText]:
    """The banners that stand now; the caller shows two and counts the rest."""
    found = _link(mirror, state, sentence, local, failure)
    if not mirror.connected:
        return found
    if mirror.info is not None and not mirror.info.storage.ok:
        text = tr("Balancing goes on from memory. {sentence}").format(sentence=mirror.info.storage.sentence)
        found.append(BannerText("storage", "warn", "file", tr("History is not stored"), text))
    if mirror.load is not None and mirror.load.meter_stale:
        text = tr("{age} The highest other load entered for the site is assumed.").format(age=_meter_age(mirror))
        found.append(BannerText("meter", "warn", "warning", tr("The site meter is silent"), text))
    for charger in mirror.pending():
        title = tr("{id} wants to join").format(id=charger.id)
        deeds = (Deed(tr("Refuse"), "refuse", charger.id), Deed(tr("Accept"), "accept", charger.id, True))
        found.append(BannerText(f"asks/{charger.id}", "accent", "person", title, who_asks(charger), deeds))
    if mirror.site is not None and mirror.site.assumed and mirror.accepted():
        text = tr("16 A per phase is assumed: cars get less than they could.")
        deed = Deed(tr("Enter it"), "site_setup")
        found.append(BannerText("fuse", "warn", "gauge", tr("The main fuse is not entered"), text, (deed,)))
    return found


def _link(mirror: Mirror, state: LinkState, sentence: str, local: bool, failure: str) -> list[BannerText]:
    start = (Deed(tr("Start it"), "start_engine"),) if local else ()
    if state is LinkState.NOT_ALLOWED:
        ask = () if local else (Deed(tr("Enter the token"), "token"),)
        return [BannerText("link", "danger", "lock", tr("This desk may not talk to the engine"), sentence, ask)]
    if state is LinkState.OTHER_VERSION:
        return [BannerText("link", "danger", "warning", tr("Desk and engine do not fit together"), sentence)]
    if state is LinkState.STARTING and failure:
        return [BannerText("link", "danger", "octagon", tr("The engine did not start"), failure, start)]
    if state is LinkState.STARTING and not local:
        return [BannerText("link", "warn", "link", tr("No engine at this address yet"), sentence)]
    if state is LinkState.HUNG:
        again = (Deed(tr("Restart it"), "restart_engine"),) if local and sys.platform != "win32" else ()
        return [BannerText("link", "danger", "octagon", tr("The engine hangs"), _what_hangs(mirror, local), again)]
    if state is LinkState.LOST:
        title = tr("The engine does not answer") if local else tr("The engine cannot be reached")
        return [BannerText("link", "danger", "octagon", title, _what_cars_do(mirror, local), start)]
    return []


def _what_hangs(mirror: Mirror, local: bool) -> str:
    """Its process is there and says nothing: what that means for the cars, and what a person can do."""
    known = local and mirror.info is not None
    what = (
        tr("Its process {pid} is there but does not answer.").format(pid=mirror.info.pid)
        if known and mirror.info is not None
        else tr("Its process is there but does not answer.")
    )
    if mirror.site is None or mirror.load is None or mirror.lost_at is None:
        return f"{what} {tr('Chargers it has given limits fall to their safe share by themselves.')}"
    end = "" if local else " " + tr("Restart it where it runs.")
    if not mirror.accepted():
        return f"{what}{end}"
    return f"{what} {_fallback(mirror, mirror.lost_at, local=True)}{end}"


def _what_cars_do(mirror: Mirror, local: bool) -> str:
    """What a silent engine means for the cars: the live limits lapse, the safe share stays."""
    if mirror.site is None or mirror.load is None or mirror.lost_at is None:
        return tr("Trying again.")
    lost = tr("Lost {age} ago.").format(age=age(time.time() - mirror.lost_at))
    if not mirror.accepted():
        return f"{lost} {tr('Trying again.')}"
    return f"{lost} {_fallback(mirror, mirror.lost_at, local)} {tr('Trying again.')}"


def _fallback(mirror: Mirror, lost_at: float, local: bool) -> str:
    """What still protects. `local`: whether the engine itself is the one that is silent, not the way to it."""
    assert mirror.site is not None
    assert mirror.load is not None
    lapse_at = lost_at + mirror.site.balance.profile_valid_s / _speed(mirror)
    share = limit(mirror.load.safe_share_a)
    if not local:
        text = tr("If it has stopped, chargers fall to {share} by themselves by {time}.")
    elif time.time() < lapse_at:
        text = tr("Chargers keep their limits and fall to {share} by themselves by {time}.")
    else:
        text = tr("Chargers fell to {share} at {time} and go on with that.")
    weak = [c for c in mirror.accepted() if not _falls_by_itself(c.failsafe)]
    more = " " + tr("Not proven for {n} of {all}.").format(n=len(weak), all=len(mirror.accepted())) if weak else ""
    return f"{text.format(share=share, time=clock_s(lapse_at))}{more}"


def _speed(mirror: Mirror) -> float:
    """A simulated site's clock runs faster than the one on the wall."""
    return max(mirror.info.speed, 0.01) if mirror.info is not None else 1.0


def _falls_by_itself(failsafe: Failsafe) -> bool:
    return failsafe.state in (FailsafeState.PROVEN, FailsafeState.VERIFIED)
