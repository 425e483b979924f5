"""What the Firmware page reads from the engine, again after each change, at most three times a second."""

from PySide6.QtCore import QObject, QTimer, Signal

from evdesk.gui.client import Client
from evdesk.gui.jobs import read_jobs
from evdesk.gui.mirror import Mirror
from evdesk.model import EvdeskError
from evdesk.model.firmware import FleetVersions, Image, VersionSeen
from evdesk.wire.method import OptionalCharger

AGAIN_MS = 350


class FirmwareFeed(QObject):
    """`fleet_read()`, `images_read()`, `seen_read()` (everybody's) and `one_read(charger id)` after each answer;
    `failed(sentence)`, "" when it is over. Follows only between `begin` and `end`."""

    fleet_read = Signal()
    images_read = Signal()
    seen_read = Signal()
    one_read = Signal(str)
    failed = Signal(str)

    def __init__(self, mirror: Mirror, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self.fleet: FleetVersions | None = None
        self.images: list[Image] | None = None
        self.seen: list[VersionSeen] = []
        self.one: list[VersionSeen] = []
        self.charger_id = ""  # whose versions are shown
        self.wants_seen = False  # everybody's history is in front
        self._on = False
        self._asked = 0
        self._timer = QTimer(self, interval=AGAIN_MS, singleShot=True)
        self._timer.timeout.connect(self.read)
        mirror.firmware_changed.connect(self.soon)
        mirror.connection_changed.connect(self._connection)

    def begin(self) -> None:
        self._on = True
        self.read()

    def end(self) -> None:
        self._on = False
        self._timer.stop()

    def soon(self) -> None:
        """Read again when the burst of changes is over."""
        if self._on and not self._timer.isActive():
            self._timer.start()

    def read(self) -> None:
        if self._on and self._mirror.connected:
            self._asked += 1
            self._client.spawn(self._read(self._asked))

    def choose(self, charger_id: str) -> None:
        """Follow this charger's versions."""
        if charger_id != self.charger_id:
            self.charger_id, self.one = charger_id, []
            self.one_read.emit(charger_id)
            self._client.spawn(self._read_one(charger_id))

    def want_seen(self, wanted: bool) -> None:
        """Whether everybody's history is in front: read only then, it is the longest."""
        if wanted and not self.wants_seen and self._on:
            self._client.spawn(self._read_seen())
        self.wants_seen = wanted

    async def _read(self, number: int) -> None:
        try:
            fleet: FleetVersions = await self._client.call("firmware.fleet")
            images: list[Image] = await self._client.call("firmware.images")
        except EvdeskError as error:
            self.failed.emit(error.sentence)
            return
        if number != self._asked:
            return
        self.failed.emit("")
        self.fleet, self.images = fleet, images
        self.images_read.emit()
        self.fleet_read.emit()
        await self._read_rest()

    async def _read_rest(self) -> None:
        """What stands beside the table; where it fails the table is right all the same."""
        if self.charger_id:
            await self._read_one(self.charger_id)
        if self.wants_seen:
            await self._read_seen()
        try:
            await read_jobs(self._client, self._mirror)
        except EvdeskError as error:
            self.failed.emit(error.sentence)

    async def _read_one(self, charger_id: str) -> None:
        try:
            seen: list[VersionSeen] = await self._client.call("firmware.history", OptionalCharger(charger_id))
        except EvdeskError as error:
            self.failed.emit(error.sentence)
            return
        if charger_id == self.charger_id:
            self.one = seen
            self.one_read.emit(charger_id)

    async def _read_seen(self) -> None:
        try:
            self.seen = await self._client.call("firmware.history", OptionalCharger())
        except EvdeskError as error:
            self.failed.emit(error.sentence)
            return
        self.seen_read.emit()

    def _connection(self, connected: bool) -> None:
        if connected:
            self.read()
