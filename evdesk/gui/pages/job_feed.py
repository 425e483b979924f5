"""One job as it goes on: read once as a whole, then kept by the engine's events, told at most five times a second."""

from PySide6.QtCore import QObject, QTimer, Signal

from evdesk.gui.client import Client
from evdesk.gui.mirror import ChargerInJob, Mirror
from evdesk.model import EvdeskError
from evdesk.model.firmware import Image
from evdesk.model.jobs import Job, JobCharger
from evdesk.wire.jobs import JobView, OneJob

FLUSH_MS = 200
TICK_MS = 1000


class JobFeed(QObject):
    """`loaded()`: the whole job has come. `changed()`: something of it is new, or a second has passed while it runs.
    `images_changed()`: the library has come. `failed(sentence)`: it cannot be read; "" when it can."""

    loaded = Signal()
    changed = Signal()
    images_changed = Signal()
    failed = Signal(str)

    def __init__(self, mirror: Mirror, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self.job_id: int | None = None
        self.job: Job | None = None
        self.chargers: dict[str, JobCharger] = {}
        self.images: dict[str, Image] = {}
        self._heard: dict[str, float] = {}  # engine's clock: when each charger's `about_s` was said
        self._turn = 0
        self._told = 0  # events about the job itself, counted: one may overtake an answer
        self._flush = QTimer(self, singleShot=True, interval=FLUSH_MS)
        self._tick = QTimer(self, interval=TICK_MS)
        self._flush.timeout.connect(self.changed)
        self._tick.timeout.connect(self._ticked)
        mirror.job_changed.connect(self._on_job)
        mirror.job_charger_changed.connect(self._on_charger)
        mirror.connection_changed.connect(self._on_connection)
        mirror.firmware_changed.connect(self._on_firmware)

    # -- what the page asks -------------------------------------------------------------------------------------------

    def open(self, job_id: int) -> None:
        """Show this job from now on; what was known of another is forgotten."""
        if job_id != self.job_id:
            self.job_id, self.job, self.chargers = job_id, self._mirror.jobs.get(job_id), {}
            self._heard = {}
        self._tick.start()
        self.read()

    def close(self) -> None:
        """Nobody looks: stop the clock; events are still taken."""
        self._tick.stop()
        self._flush.stop()

    def read(self) -> None:
        if self.job_id is not None and self._mirror.connected:
            self._turn += 1
            self._client.spawn(self._read(self._turn, self.job_id))

    def image(self) -> Image | None:
        """The file of the job, where the library still has it."""
        return self.images.get(self.job.image_id) if self.job is not None else None

    def about_s(self, charger: JobCharger) -> float | None:
        """What is left for it: what the engine said, less the time since."""
        if charger.about_s is None:
            return None
        return max(
            0.0, charger.about_s - (self._mirror.now() - self._heard.get(charger.charger_id, self._mirror.now()))
        )

    def now(self) -> float:
        return self._mirror.now()

    def client(self) -> Client:
        return self._client

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _read(self, turn: int, job_id: int) -> None:
        told = self._told
        try:
            view: JobView = await self._client.call("job.get", OneJob(job_id))
            if not self.images:
                await self._read_images()
        except EvdeskError as error:
            if turn == self._turn:
                self.failed.emit(error.sentence)
            return
        if turn != self._turn or job_id != self.job_id:
            return
        # An event may have overtaken the answer: nobody can tell which is the newer, so it is asked once more.
        if told == self._told or self.job is None:
            self.job = view.job
        else:
            self.read()
        self.chargers = {
            one.charger_id: newer(self.chargers.get(one.charger_id, one), one) for one in view.chargers.values()
        }
        self._heard = {one: self._heard.get(one, self.now()) for one in self.chargers}
        self.failed.emit("")
        self.loaded.emit()

    async def _read_images(self) -> None:
        self.images = {image.id: image for image in await self._client.call("firmware.images")}
        self.images_changed.emit()

    def _on_firmware(self) -> None:
        self.images = {}
        if self._tick.isActive():
            self.read()

    # -- events -------------------------------------------------------------------------------------------------------

    def _on_job(self, job: Job) -> None:
        if job.id == self.job_id:
            self._told += 1
            self.job = job
            self._soon()

    def _on_charger(self, event: ChargerInJob) -> None:
        if event.job_id == self.job_id:
            self.chargers[event.charger.charger_id] = event.charger
            self._heard[event.charger.charger_id] = self.now()
            self._soon()

    def _on_connection(self, connected: bool) -> None:
        if connected and self._tick.isActive():
            self.read()

    def _soon(self) -> None:
        if self._tick.isActive() and not self._flush.isActive():
            self._flush.start()

    def _ticked(self) -> None:
        if self.job is not None and not self.job.over and self._mirror.connected:
            self._soon()


def newer(one: JobCharger, other: JobCharger) -> JobCharger:
    """The one that has seen more; the second where both have."""
    return one if _seen(one) > _seen(other) else other


def _seen(one: JobCharger) -> tuple[float, ...]:
    times = (one.ended_at, one.step_at, one.status_at, one.transfer.last_at)
    return (float(one.attempts), *(time or 0.0 for time in times))
