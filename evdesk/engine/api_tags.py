"""The API's methods about tags."""

from evdesk.engine.api_core import Core, Handler, command
from evdesk.engine.commands import Command, reachable
from evdesk.engine.tag_files import as_csv, read_csv
from evdesk.model import Origin
from evdesk.model.tags import LocalList, TagLine
from evdesk.wire.method import Done, Nothing, OneCharger
from evdesk.wire.tags import DeleteTags, ImportTags, PutTags, SetTagPolicy, TagFile, TagList

_NAMED = 20
"""Most tags named in one row of the log."""


class TagsApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "tag.list": self._list,
            "tag.put": self._put,
            "tag.delete": self._delete,
            "tag.policy": self._policy,
            "tag.import": self._import,
            "tag.export": self._export,
            "tag.states": self._states,
            "tag.sync": self._sync,
        }

    async def _list(self, _origin: Origin, _params: Nothing) -> TagList:
        book = self.core.shelf.tags
        return TagList(book.policy, book.listed(), list(book.presented))

    async def _put(self, origin: Origin, params: PutTags) -> Done:
        book = self.core.shelf.tags
        tags = book.checked(params.tags)
        args = {"tags": _named([t.id_tag for t in tags]), "status": sorted({t.status for t in tags})}
        row = await self.core.commands.stored(
            Command(origin, "tag.put", "site", args), {"count": len(tags)}, lambda: book.put(tags)
        )
        return Done(status="stored", audit_id=row)

    async def _delete(self, origin: Origin, params: DeleteTags) -> Done:
        book = self.core.shelf.tags
        known = [tag for tag in params.id_tags if tag in book.tags]
        command = Command(origin, "tag.delete", "site", {"tags": _named(known)})
        row = await self.core.commands.stored(command, {"count": len(known)}, lambda: book.put([], known))
        return Done(status="stored", audit_id=row)

    async def _policy(self, origin: Origin, params: SetTagPolicy) -> Done:
        book = self.core.shelf.tags
        before = book.policy.value
        command = Command(origin, "tag.policy", "site", {"policy": params.policy.value})
        detail = {"before": before, "after": params.policy.value}
        row = await self.core.commands.stored(command, detail, lambda: book.set_policy(params.policy))
        return Done(status="stored", before=before, after=params.policy.value, audit_id=row)

    async def _import(self, origin: Origin, params: ImportTags) -> list[TagLine]:
        book = self.core.shelf.tags
        put, told = read_csv(params.text, book.listed(), self.core.fleet.clock.now())
        if put and not params.dry_run:
            tags = book.checked(put)
            command = Command(origin, "tag.import", "site", {"tags": _named([t.id_tag for t in tags])})
            await self.core.commands.stored(command, {"count": len(tags)}, lambda: book.put(tags))
        return told

    async def _export(self, _origin: Origin, _params: Nothing) -> TagFile:
        return TagFile("evdesk-tags.csv", as_csv(self.core.shelf.tags.listed()))

    async def _states(self, _origin: Origin, _params: Nothing) -> list[LocalList]:
        return [self.core.shelf.lists.state(r) for r in self.core.fleet.chargers.values() if r.accepted]

    async def _sync(self, origin: Origin, params: OneCharger) -> Done:
        record = reachable(self.core.fleet.chargers.get(params.charger_id), params.charger_id)
        args = {"tags": len(self.core.shelf.tags.tags)}
        return await command(
            self.core, origin, "tag.sync", record.id, args, lambda link: self.core.shelf.lists.sync(record, link)
        )


def _named(tags: list[str]) -> list[str]:
    return [*tags[:_NAMED], *([f"and {len(tags) - _NAMED} more"] if len(tags) > _NAMED else [])]
