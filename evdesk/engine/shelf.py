"""What the engine remembers about single chargers beside their state, in one place."""

from evdesk.engine.abilities import AbilityBook
from evdesk.engine.fleet import Fleet
from evdesk.engine.list_sync import ListSync
from evdesk.engine.profile_book import ProfileBook
from evdesk.engine.settings_book import SettingsBook
from evdesk.engine.tags import TagBook
from evdesk.engine.wear import Wear
from evdesk.model import MessageSeen


class Shelf:
    """Filled by `frame` (every OCPP message) and by the API's handlers. `open` once the store is open; `beat` every
    minute and `close` at the end write down what changed."""

    def __init__(self, fleet: Fleet) -> None:
        self.settings = SettingsBook(fleet)
        self.profiles = ProfileBook(fleet)
        self.tags = TagBook(fleet)
        self.lists = ListSync(fleet, self.tags, self.settings)
        self.abilities = AbilityBook(fleet, self.settings)
        self.wear = Wear(fleet)
        self.profiles.on_written = self.wear.count
        fleet.on_tag = self.tags.seen
        fleet.on_frame = self.frame

    async def open(self) -> None:
        await self.settings.open()
        await self.profiles.open()
        await self.tags.open()
        await self.lists.open()
        await self.abilities.open()
        await self.wear.open()

    async def beat(self) -> None:
        await self.settings.save()
        await self.profiles.save()
        await self.abilities.save()
        await self.wear.save()

    def frame(self, event: MessageSeen) -> None:
        """Nearly all messages are CALLs of chargers and our answers: they are let go first."""
        if event.kind == "call" and event.direction == "in":
            if event.action == "NotifyReport":
                self.settings.frame(event)
        elif event.kind == "call" or event.direction == "in":
            self.settings.frame(event)
            self.profiles.frame(event)
            self.abilities.frame(event)
