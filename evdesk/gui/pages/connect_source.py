"""What the page asks of the engine about its network: one question of a kind at a time, answers by signal."""

from PySide6.QtCore import QObject, Signal

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.connect_ready import Row, check_row
from evdesk.model import EvdeskError
from evdesk.wire.method import Nothing
from evdesk.wire.network import CheckNetwork, ConfigureNetwork, NetworkState


class NetworkSource(QObject):
    """`state` None until the engine has told. `looked()`, `checked()`: there is news; `busy(on)`: checks run."""

    looked = Signal()
    checked = Signal()
    busy = Signal(bool)

    def __init__(self, mirror: Mirror, client: Client, parent: QObject) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self.state: NetworkState | None = None
        self.checks: list[Row] = []
        self._looking = self._checking = False

    def look(self) -> None:
        """Ask for the networks; the answer comes later."""
        if not self._looking and self._mirror.connected:
            self._looking = True
            self._client.spawn(self._look())

    def check(self, address: str) -> None:
        """Check the engine's computer again, for chargers on the network of `address`."""
        if not self._checking and self._mirror.connected:
            self._checking = True
            self.busy.emit(True)
            self._client.spawn(self._check(address))

    def announce(self, on: bool) -> None:
        """Give the engine's computer a name on the network, or take it back."""
        self._client.spawn(self._announce(on))

    async def _look(self) -> None:
        try:
            self.state = await self._client.call("network.interfaces", Nothing())
        except EvdeskError:
            return  # the banner says so already; the addresses the engine listens on stay
        finally:
            self._looking = False
        self.looked.emit()

    async def _check(self, address: str) -> None:
        try:
            found = await self._client.call("network.check", CheckNetwork(address))
            simulated = self._mirror.info is not None and self._mirror.info.simulated
            self.checks = [check_row(one, simulated) for one in found]
        except EvdeskError:
            self.checks = []
        finally:
            self._checking = False
            self.busy.emit(False)
        self.checked.emit()

    async def _announce(self, on: bool) -> None:
        await self._client.call("network.configure", ConfigureNetwork(on))
        self.look()
