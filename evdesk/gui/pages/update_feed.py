"""What the guide of an update asks the engine: the fleet, the library, what fits, the checks."""

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.update_plan import Asked, Plan, find
from evdesk.model import EvdeskError
from evdesk.model.firmware import Fit, FleetCharger, FleetModel, FleetVersions, Image
from evdesk.wire.firmware import FitsWhich, Preflight, PreflightOf

AGAIN_MS = 400
"""Events come in bursts; they are answered by one question."""
CHECK_S = 120.0
"""The checks of a hundred chargers: each is asked something."""


class UpdateFeed(QObject):
    """`fleet_changed()`, `images_changed()`, `fits_changed()`, `checked()`; `failed(sentence)`: "" when it went well."""

    fleet_changed = Signal()
    images_changed = Signal()
    fits_changed = Signal()
    checked = Signal()
    failed = Signal(str)

    def __init__(self, mirror: Mirror, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self.fleet: FleetVersions | None = None
        self.places: dict[str, tuple[FleetModel, FleetCharger]] = {}
        self.images: list[Image] = []
        self.fits: dict[str, dict[str, Fit]] = {}
        self.preflight: list[Preflight] = []
        self.checked_at: float | None = None
        self.checking = False
        self.asked: Asked | None = None  # what the checks were asked for last
        self.found_for: Asked | None = None  # what `preflight` was found for
        self._fits_turn = self._check_turn = 0
        self._fits_for: tuple[str, ...] = ()
        self._seen = False
        self._again = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._again.timeout.connect(self.read)
        mirror.firmware_changed.connect(self._soon)
        mirror.connection_changed.connect(self._soon)

    def watch(self, seen: bool) -> None:
        """Whether somebody looks; reads when one begins to."""
        self._seen = seen
        if seen:
            self.read()

    def read(self) -> None:
        """Fleet and library anew."""
        if self._mirror.connected:
            self._client.spawn(self._read())

    def image(self, image_id: str) -> Image | None:
        return next((one for one in self.images if one.id == image_id), None)

    def connected(self) -> bool:
        return self._mirror.connected

    def now(self) -> float:
        return self._mirror.now()

    def label(self, charger_id: str) -> str:
        place = self.places.get(charger_id)
        return (place[1].label if place is not None else "") or self._mirror.label(charger_id)

    def read_fits(self, charger_ids: Sequence[str]) -> None:
        """What fits these; kept until others are asked for, or the library changes."""
        self._fits_for = tuple(charger_ids)
        self._fits_turn += 1
        if self._mirror.connected and charger_ids:
            self._client.spawn(self._read_fits(self._fits_turn, list(charger_ids)))

    def check(self, plan: Plan) -> None:
        """Every check anew."""
        if not self._mirror.connected or not plan.charger_ids or not plan.image_id:
            return
        self._check_turn += 1
        self.checking, self.asked = True, plan.asks()
        wanted = PreflightOf(plan.image_id, list(plan.charger_ids), plan.install_at)
        if self._client.spawn(self._check(self._check_turn, wanted, self.asked)) is None:
            self.checking = False

    def forget_checks(self) -> None:
        """Others are chosen: what was found is of no use."""
        self._check_turn += 1
        self.preflight, self.checked_at, self.checking = [], None, False
        self.asked = self.found_for = None

    def keep_checks(self, plan: Plan) -> None:
        """Some were left out: the others need no new question."""
        kept = set(plan.charger_ids)
        self.asked = self.found_for = plan.asks()
        self.preflight = [one for one in self.preflight if one.charger_id in kept]
        self.checked.emit()

    # -- asking -------------------------------------------------------------------------------------------------------

    def _soon(self, *_: object) -> None:
        if self._seen and self._mirror.connected:
            self._again.start()

    async def _read(self) -> None:
        try:
            fleet: FleetVersions = await self._client.call("firmware.fleet")
            images: list[Image] = await self._client.call("firmware.images")
        except EvdeskError as error:
            self.failed.emit(error.sentence)
            return
        self.failed.emit("")
        self.fleet, self.places = fleet, find(fleet)
        self.fleet_changed.emit()
        if images != self.images:
            self.images = images
            self.images_changed.emit()
        if self._fits_for:
            self.read_fits(self._fits_for)

    async def _read_fits(self, turn: int, charger_ids: list[str]) -> None:
        images = list(self.images)
        try:
            answers: list[list[Fit]] = await asyncio.gather(
                *(self._client.call("firmware.fits", FitsWhich(image.id, charger_ids)) for image in images)
            )
        except EvdeskError as error:
            self.failed.emit(error.sentence)
            return
        if turn != self._fits_turn:
            return
        self.fits = {
            image.id: {fit.charger_id: fit for fit in fits} for image, fits in zip(images, answers, strict=True)
        }
        self.fits_changed.emit()

    async def _check(self, turn: int, wanted: PreflightOf, asked: Asked) -> None:
        sentence = ""
        try:
            rows: list[Preflight] = await self._client.call("firmware.preflight", wanted, timeout=CHECK_S)
        except EvdeskError as error:
            sentence, rows = error.sentence, []
        if turn != self._check_turn:
            return  # something else was chosen meanwhile
        self.checking = False
        self.failed.emit(sentence)
        if not sentence:
            self.preflight, self.checked_at, self.found_for = rows, self._mirror.now(), asked
        self.checked.emit()
