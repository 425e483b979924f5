"""Turn on TLS: one more port, encrypted, beside the plain one."""

from PySide6.QtWidgets import QSpinBox, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.model import EvdeskError, Reason
from evdesk.wire.method import Nothing
from evdesk.wire.security import PortSpec, PortState, PutPorts

USUAL_PORT = 9443


class TlsSheet(Sheet):
    """`opened`: the ports afterwards, once the sheet is done."""

    def __init__(self, client: Client, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Turn on TLS for chargers"), theme, parent)
        self._client = client
        self.opened: list[PortState] = []
        self.say(tr("A second port takes chargers with “wss://”. The plain port stays open: nobody is thrown out."))
        self.say(
            tr("Chargers must know evdesk's root certificate. It is made now where there is none; load it into them."),
            muted=True,
        )
        self.port = QSpinBox()
        self.port.setRange(1, 65535)
        self.port.setValue(USUAL_PORT)
        self.field(tr("Port"), self.port, tr("Below 1024 the system may refuse it. A firewall must let it in."))
        self.cancel()
        self.deed(tr("Turn on TLS"), self._turn_on)

    async def _turn_on(self) -> None:
        ports: list[PortState] = await self._client.call("security.ports", Nothing())
        host = next((one.host for one in ports if not one.tls), "")
        wanted = [PortSpec(one.host, one.port, one.tls) for one in ports if not one.fixed]
        wanted = [one for one in wanted if (one.port, one.tls) != (self.port.value(), True)]
        wanted.append(PortSpec(host, self.port.value(), True))
        self.opened = await self._client.call("security.put_ports", PutPorts(wanted))
        mine = next((one for one in self.opened if one.port == self.port.value() and not one.open), None)
        if mine is not None:
            raise EvdeskError(Reason.INVALID, mine.reason)
