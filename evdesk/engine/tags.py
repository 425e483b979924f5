"""Who may charge: the list of tags, the policy of the site, and the cards people hold to readers."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from evdesk.engine.fleet import Fleet
from evdesk.model import EvdeskError, NoticeKind, Reason, Severity, TagPresented
from evdesk.model.tags import Presented, Tag, TagPolicy
from evdesk.ocpp.tag_forms import AS_IT_IS, entry_keys, keys, plain

_META = "tag_policy"
_ONCE_S = 600.0
_LAST = 253_402_300_799.0  # the last second of the year 9999: later ones cannot be written as a date
_AGAIN_S = 5.0
KEPT = 100
MOST_CHARS, MOST_NOTE = 255, 500


class TagBook:
    """All in memory, since a charger waits for the answer; every change is on the disk before it counts."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.store = fleet.store
        self.policy = TagPolicy.ALL
        self.tags: dict[str, Tag] = {}  # by the tag as it stands in the list
        self.presented: deque[Presented] = deque(maxlen=KEPT)
        self.on_presented: Callable[[Presented], None] = lambda _: None
        self._index: dict[str, str] = {}  # key of any form -> tag
        self._once: dict[tuple[str, str], float] = {}  # (charger, tag) -> until when a person's own start counts

    async def open(self) -> None:
        word = await self.store.load_meta(_META)
        self.policy = TagPolicy(word) if word in {p.value for p in TagPolicy} else TagPolicy.ALL
        self.tags = {tag.id_tag: _datable(tag) for tag in await self.store.tags()}
        self._reindex()

    def _reindex(self) -> None:
        self._index = {}
        for ident in self.tags:
            for key in entry_keys(ident):
                if key.startswith("=") or key not in self._index:
                    self._index[key] = ident

    # -- answers --------------------------------------------------------------------------------------------------

    def find(self, id_tag: str) -> tuple[Tag | None, str]:
        """The entry of the list a presented tag is, and in which form."""
        for key, how in keys(id_tag).items():
            ident = self._index.get(key)
            if ident is not None:
                return self.tags[ident], how
        return None, ""

    def status(self, charger_id: str, id_tag: str) -> str:
        """AuthorizationStatus of a tag on an accepted charger."""
        tag, _ = self.find(id_tag)
        now = self.fleet.clock.now()
        if self._once.get((charger_id, plain(id_tag)), 0.0) > now:
            return "Accepted"  # a person started this charge from the desk
        if tag is None:
            return "Accepted" if self.policy is TagPolicy.ALL else "Invalid"
        if tag.status != "Accepted":
            return "Blocked"
        return "Expired" if tag.expires_at is not None and tag.expires_at < now else "Accepted"

    def start_status(self, charger_id: str, connector_id: int, id_tag: str) -> str:
        """As `status`, for a charge that begins: a listed tag charges in one place at a time."""
        status = self.status(charger_id, id_tag)
        if status != "Accepted" or self.policy is TagPolicy.ALL:
            return status
        mine = self._same(id_tag)
        for record in self.fleet.chargers.values():
            for connector in record.connectors.values():
                elsewhere = (record.id, connector.id) != (charger_id, connector_id)
                if elsewhere and connector.session is not None and self._same(connector.session.id_tag) == mine:
                    return "ConcurrentTx"
        return status

    def _same(self, id_tag: str) -> str:
        tag, _ = self.find(id_tag)
        return plain(id_tag if tag is None else tag.id_tag)

    def allow_once(self, charger_id: str, id_tag: str) -> None:
        """A person starts a charge with this tag: it counts on this charger for a while, listed or not."""
        now = self.fleet.clock.now()
        self._once = {key: until for key, until in self._once.items() if until > now}
        self._once[charger_id, plain(id_tag)] = now + _ONCE_S

    def seen(self, event: TagPresented) -> None:
        """Somebody held a card to a reader."""
        record = self.fleet.chargers.get(event.charger_id)
        if record is None or not event.id_tag:
            return
        last = self.presented[-1] if self.presented else None
        same = last is not None and (last.charger_id, last.id_tag) == (event.charger_id, event.id_tag)
        if last is not None and same and event.at - last.at < _AGAIN_S:
            return  # the start that follows the card
        accepted = record.accepted or self.fleet.accept_unknown
        answer = event.status or (self.status(event.charger_id, event.id_tag) if accepted else "Blocked")
        tag, how = self.find(event.id_tag)
        unknown = tag is None and self.policy is TagPolicy.ASK and answer != "Accepted"
        one = Presented(
            event.at, event.charger_id, event.id_tag, answer, event.connector_id, event.kind,
            "" if tag is None else tag.id_tag, how, unknown,
        )  # fmt: skip
        self.presented.append(one)
        self.on_presented(one)
        if unknown:
            self.fleet.notice(NoticeKind.TAG, Severity.WARN, record, event.connector_id or 0, tag=event.id_tag)

    # -- changes --------------------------------------------------------------------------------------------------

    async def set_policy(self, policy: TagPolicy) -> None:
        await self.store.save_meta(_META, policy.value)
        self.policy = policy

    def checked(self, tags: Iterable[Tag]) -> list[Tag]:
        """Tags as they would be kept. Raises `EvdeskError(INVALID)` in words."""
        now = self.fleet.clock.now()
        kept = []
        for tag in tags:
            ident = tag.id_tag.strip()
            if not 0 < len(ident) <= MOST_CHARS or not ident.isprintable():
                raise EvdeskError(Reason.INVALID, "A tag has 1 to 255 printable characters.")
            if len(tag.parent) > MOST_CHARS or len(tag.note) > MOST_NOTE:
                text = f"A parent has at most {MOST_CHARS} characters, a note {MOST_NOTE}."
                raise EvdeskError(Reason.INVALID, text)
            if tag.status not in ("Accepted", "Blocked"):
                raise EvdeskError(Reason.INVALID, "A tag is “Accepted” or “Blocked”.")
            if tag.expires_at is not None and not 0 <= tag.expires_at <= _LAST:
                raise EvdeskError(Reason.INVALID, "A tag ends between the years 1970 and 9999 (Unix seconds).")
            known, how = self.find(ident)
            if known is not None and how != AS_IT_IS and known.id_tag != ident:
                raise EvdeskError(Reason.INVALID, f"{ident} is in the list already, as {known.id_tag} ({how}).")
            old = known or self.tags.get(ident)
            name = old.id_tag if old is not None else ident
            kept.append(replace(tag, id_tag=name, added_at=old.added_at if old else now, changed_at=now))
        return kept

    async def put(self, tags: Sequence[Tag], delete: Sequence[str] = ()) -> None:
        await self.store.save_tags(tags, delete)
        for ident in delete:
            self.tags.pop(ident, None)
        self.tags |= {tag.id_tag: tag for tag in tags}
        self._reindex()
        for place, one in enumerate(self.presented):
            if one.unknown and self.find(one.id_tag)[0] is not None:
                self.presented[place] = replace(one, unknown=False)
                self.on_presented(self.presented[place])

    def listed(self) -> list[Tag]:
        return sorted(self.tags.values(), key=lambda tag: tag.id_tag.lower())


def _datable(tag: Tag) -> Tag:
    """As it was kept, but for an end outside the calendar, which older versions took: it never comes, or has come."""
    if tag.expires_at is None or 0.0 <= tag.expires_at <= _LAST:
        return tag
    return replace(tag, expires_at=0.0 if tag.expires_at < 0.0 else None)
