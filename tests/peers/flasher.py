"""Independent charging stations (the `ocpp` package) that really fetch firmware and send logs, well or badly.

What a station does once it was asked is told by its `life`: a coroutine of the test that uses what is here.
"""

import asyncio
import base64
import contextlib
import ftplib
import hashlib
import io
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
import websockets
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from ocpp.routing import after, on
from ocpp.v16 import call, call_result

from tests.engine.harness import Station
from tests.peers.station2 import Obedient2, make_station2

Life = Callable[["Flasher", str], Awaitable[None]]
END = b"-END"


class Flasher:
    """One station through all its connections. `version` survives a reboot; `fetched` is what it holds of the file.

    `settings` and `connectors` live as long; `trust` is the PEM of the root it checks a server against; `modem`: an address
    it fetches from, "" for the one of its connection."""

    def __init__(
        self,
        url: str,
        name: str,
        life: Life,
        *,
        protocol: str = "ocpp1.6",
        version: str = "2.4.0",
        serial: str = "",
        trust: str = "",
        schemes: str = "",
        signed_only: bool = False,
    ) -> None:
        self.url, self.name, self.life, self.protocol = url, name, life, protocol
        self.version, self.serial, self.trust = version, serial or f"S-{name}", trust
        self.schemes, self.signed_only = schemes, signed_only
        self.model, self.modem = "Model X", ""
        self.status_word = "Available"
        self.fetched = b""
        self.requests: list[dict[str, Any]] = []
        self.request_id: int | None = None
        self.request: dict[str, Any] = {}
        self.boots = 0
        self.settings: dict[str, str] | None = None
        self.link: Any = None
        self.ready = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: Any = None
        self._stopped = False
        self._away = asyncio.Event()
        self._back = asyncio.Event()
        self._back.set()
        self._must_boot = True

    # -- connection ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, and again whenever the connection is gone, until `stop`."""
        while not self._stopped:
            await self._back.wait()
            with contextlib.suppress(OSError, websockets.ConnectionClosed, websockets.InvalidHandshake, TimeoutError):
                await self._connected()
            self.ready.clear()
            self._away.set()
            await asyncio.sleep(0.02)

    async def _connected(self) -> None:
        async with websockets.connect(f"{self.url}{self.name}", subprotocols=[self.protocol]) as socket:
            self._socket, self._away = socket, asyncio.Event()
            self.link = _link(self, socket)
            reading = asyncio.create_task(self.link.start())
            try:
                await self._begin()
                self.ready.set()
                await reading
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _begin(self) -> None:
        if self._must_boot:
            self._must_boot = False
            await self.boot()
        await self.link.tell_state(self.status_word)

    async def boot(self) -> None:
        self.boots += 1
        await self.link.tell_boot(self.version, self.serial)

    def spawn(self, doing: Any) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def drop(self) -> None:
        """The cable is out until `back`."""
        self._back.clear()
        await self._socket.close()
        await self._away.wait()

    async def back(self) -> None:
        self._back.set()
        await self.ready.wait()

    async def reboot(self, version: str | None = None) -> None:
        """Restart, with another version where one is given."""
        await self.drop()
        self.version = self.version if version is None else version
        self._must_boot = True
        await self.back()

    # -- firmware -----------------------------------------------------------------------------------------------------

    def asked(self, location: str, request: dict[str, Any], request_id: int | None) -> None:
        self.request_id, self.request = request_id, request
        self.requests.append(request)
        self.spawn(self.life(self, location))

    async def status(self, word: str) -> None:
        await self.ready.wait()
        await self.link.tell_firmware(word, self.request_id)

    async def fetch(self, url: str, most: int | None = None, start: int = 0) -> bytes:
        """The file, or its first `most` bytes (the connection is then cut), from `start` on."""
        got = await (self._ftp(url, start) if url.startswith("ftp") else self._http(url, most, start))
        self.fetched = self.fetched[:start] + got
        return self.fetched

    async def _http(self, url: str, most: int | None, start: int) -> bytes:
        trust: ssl.SSLContext | bool = True
        if url.startswith("https"):
            trust = ssl.create_default_context(cadata=self.trust)
        headers = {"Range": f"bytes={start}-"} if start else {}
        got = b""
        way = aiohttp.TCPConnector(local_addr=(self.modem, 0)) if self.modem else None
        async with aiohttp.ClientSession(connector=way) as web, web.get(url, headers=headers, ssl=trust) as answer:
            answer.raise_for_status()
            assert answer.status == (206 if start else 200)
            async for part in answer.content.iter_chunked(4096):
                got += part
                if most is not None and len(got) >= most:
                    answer.close()
                    return got[:most]
        return got

    async def _ftp(self, url: str, start: int) -> bytes:
        return await asyncio.to_thread(_ftp_get, url, start)

    def whole(self) -> bool:
        """The file says itself whether it is whole."""
        return self.fetched.endswith(END)

    def signature_fits(self) -> bool:
        """By the certificate of the request, over what was fetched."""
        firmware = self.request["firmware"]
        certificate = x509.load_pem_x509_certificate(firmware["signingCertificate"].encode())
        key = certificate.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        try:
            key.verify(base64.b64decode(firmware["signature"]), self.fetched, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.fetched).hexdigest()

    # -- logs ---------------------------------------------------------------------------------------------------------

    async def send(self, url: str, body: bytes, name: str, how: str = "PUT") -> int:
        """The log, by HTTP (PUT, POST, or POST of a form) or FTP; the HTTP status, 226 for FTP."""
        if url.startswith("ftp"):
            return await asyncio.to_thread(_ftp_put, url, body, name)
        async with aiohttp.ClientSession() as web:
            if how == "FORM":
                form = aiohttp.FormData()
                form.add_field("file", body, filename=name)
                answer = await web.post(url, data=form)
            else:
                answer = await web.request(how, f"{url.rstrip('/')}/{name}", data=body)
            answer.release()
            return answer.status


def _ftp_parts(url: str) -> tuple[ftplib.FTP, str]:
    parts = urlsplit(url)
    client = ftplib.FTP(timeout=10)
    client.connect(parts.hostname or "", parts.port or 21)
    client.login(unquote(parts.username or ""), unquote(parts.password or ""))
    return client, unquote(parts.path).lstrip("/")


def _ftp_get(url: str, start: int) -> bytes:
    client, path = _ftp_parts(url)
    got = bytearray()
    with client:
        client.retrbinary(f"RETR {path}", got.extend, rest=start or None)
    return bytes(got)


def _ftp_put(url: str, body: bytes, name: str) -> int:
    client, path = _ftp_parts(url)
    with client:
        folder = f"{path.rstrip('/')}/" if path else ""
        answer = client.storbinary(f"STOR {folder}{name}", io.BytesIO(body))
    return int(answer[:3])


# -- the protocols ----------------------------------------------------------------------------------------------------


class Flasher16(Station):
    flasher: Flasher

    async def tell_boot(self, version: str, serial: str) -> None:
        more = {"firmware_version": version} if version else {}
        await self.call(call.BootNotification(self.flasher.model, "Maker Y", charge_point_serial_number=serial, **more))

    async def tell_state(self, word: str) -> None:
        """Without its time: beside an engine whose clock runs faster it would soon be wrong."""
        await self.call(call.StatusNotification(1, "NoError", word))

    async def tell_firmware(self, word: str, request_id: int | None) -> None:
        if request_id is None:
            await self.call(call.FirmwareStatusNotification(word))
        else:
            await self.call(call.SignedFirmwareStatusNotification(status=word, request_id=request_id))

    async def tell_upload(self, word: str, request_id: int | None) -> None:
        await self.call(call.DiagnosticsStatusNotification(word))

    @on("UpdateFirmware")
    def on_update(self, **_: Any) -> Any:
        if self.flasher.signed_only:
            from ocpp.exceptions import NotSupportedError

            raise NotSupportedError("signed updates only")
        return call_result.UpdateFirmware()

    @after("UpdateFirmware")
    async def after_update(self, location: str, **request: Any) -> None:
        if not self.flasher.signed_only:
            self.flasher.asked(location, request, None)

    @on("SignedUpdateFirmware")
    def on_signed(self, **_: Any) -> Any:
        if not self.flasher.signed_only:
            from ocpp.exceptions import NotImplementedError as NotKnown

            raise NotKnown("no whitepaper")
        return call_result.SignedUpdateFirmware(status="Accepted")

    @after("SignedUpdateFirmware")
    async def after_signed(self, request_id: int, firmware: dict[str, Any], **_: Any) -> None:
        if self.flasher.signed_only:
            self.flasher.asked(firmware["location"], {"firmware": _camel(firmware)}, request_id)

    @on("GetDiagnostics")
    def on_diagnostics(self, **_: Any) -> Any:
        return call_result.GetDiagnostics(file_name="diag.log")

    @after("GetDiagnostics")
    async def after_diagnostics(self, location: str, **request: Any) -> None:
        self.flasher.asked(location, request, None)

    @on("TriggerMessage")
    def on_trigger(self, requested_message: str, connector_id: int | None = None) -> Any:
        answer = super().on_trigger(requested_message, connector_id)
        if requested_message == "BootNotification":
            self.flasher.spawn(self.flasher.boot())
        elif requested_message == "StatusNotification":
            self.flasher.spawn(self.tell_state(self.flasher.status_word))
        return answer


def _camel(firmware: dict[str, Any]) -> dict[str, Any]:
    return {"signingCertificate": firmware["signing_certificate"], "signature": firmware["signature"]}


class Flashing2(Obedient2):
    flasher: Flasher

    async def tell_boot(self, version: str, serial: str) -> None:
        who = {"vendor_name": "Maker Y", "model": self.flasher.model, "serial_number": serial}
        if version:
            who["firmware_version"] = version
        await self.say("BootNotification", reason="PowerUp", charging_station=who)

    async def tell_state(self, word: str) -> None:
        await self.status(word)

    async def tell_firmware(self, word: str, request_id: int | None) -> None:
        more = {} if request_id is None else {"request_id": request_id}
        await self.say("FirmwareStatusNotification", status=word, **more)

    async def tell_upload(self, word: str, request_id: int | None) -> None:
        await self.say("LogStatusNotification", status=word, request_id=request_id)

    @on("UpdateFirmware")
    def on_update(self, **_: Any) -> Any:
        return self.result_of.UpdateFirmware(status="Accepted")

    @after("UpdateFirmware")
    async def after_update(self, request_id: int, firmware: dict[str, Any], **_: Any) -> None:
        signed = _camel(firmware) if "signature" in firmware else {}
        self.flasher.asked(firmware["location"], {"firmware": signed}, request_id)

    @on("GetLog")
    def on_log(self, log_type: str, **_: Any) -> Any:
        return self.result_of.GetLog(status="Accepted", filename=f"{log_type}.log")

    @after("GetLog")
    async def after_log(self, request_id: int, log: dict[str, Any], **_: Any) -> None:
        self.flasher.asked(log["remote_location"], log, request_id)

    def version_told(self) -> None:
        self.variables[("ChargingStation", "FirmwareVersion", None)] = self.flasher.version


def _link(flasher: Flasher, socket: Any) -> Any:
    if flasher.protocol == "ocpp1.6":
        one = Flasher16(flasher.name, socket)
        if flasher.settings is None:
            flasher.settings = one.seen.settings
            if flasher.schemes:
                flasher.settings["SupportedFileTransferProtocols"] = flasher.schemes
        one.seen.settings = flasher.settings
        one.flasher = flasher
        return one
    two = make_station2(Flashing2, flasher.protocol, flasher.name, socket)
    two.flasher = flasher
    if flasher.schemes:
        two.variables[("OCPPCommCtrlr", "FileTransferProtocols", None)] = flasher.schemes
    if flasher.version:
        two.version_told()
    return two


@contextlib.asynccontextmanager
async def flashers(*ones: Flasher) -> Any:
    """Stations that are connected while the block runs."""
    tasks = [asyncio.create_task(one.run()) for one in ones]
    try:
        await asyncio.gather(*(asyncio.wait_for(one.ready.wait(), 20) for one in ones))
        yield ones
    finally:
        for one in ones:
            await one.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
