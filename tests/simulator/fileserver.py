"""File servers for tests: real ones on loopback, that remember who asked for what."""

import threading
import warnings
from contextlib import contextmanager

from aiohttp import web

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it still takes asyncore from the standard library where it is
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import FTPServer


class FileServer:
    """HTTP: `files` by path. `requests` = (method, path, Range); `uploads` = (method, path, file name, bytes).
    `ranges` False: it sends the whole file whatever is asked; `status`: what it answers instead of serving."""

    def __init__(self, ssl=None) -> None:
        self.ssl = ssl
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, str]] = []
        self.agents: list[str] = []
        self.uploads: list[tuple[str, str, str, bytes]] = []
        self.lengths: list[int | None] = []
        self.ranges, self.status = True, 200

    async def __aenter__(self) -> "FileServer":
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.ssl).start()
        self.url = f"{'https' if self.ssl else 'http'}://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_exc) -> None:
        await self._runner.cleanup()

    def put(self, path: str, data: bytes) -> str:
        self.files[path] = data
        return self.url + path

    def gets(self) -> list[str]:
        """The Range of each GET, "" where there was none."""
        return [wanted for method, _, wanted in self.requests if method == "GET"]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, request.headers.get("Range", "")))
        self.agents.append(request.headers["User-Agent"])
        if self.status != 200:
            return web.Response(status=self.status)
        if request.method in ("GET", "HEAD"):
            return self._file(request)
        self.lengths.append(request.content_length)
        name = ""
        if request.content_type == "multipart/form-data":
            part = await (await request.multipart()).next()
            name, data = part.filename, bytes(await part.read())
        else:
            data = await request.read()
        self.uploads.append((request.method, request.path, name, data))
        return web.Response(status=201)

    def _file(self, request: web.Request) -> web.Response:
        data = self.files.get(request.path)
        if data is None:
            return web.Response(status=404)
        wanted = request.headers.get("Range", "")
        if not wanted or not self.ranges:
            return web.Response(body=data)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        told = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        return web.Response(status=206, body=data[start:], headers=told)


@contextmanager
def ftp_server(folder, certificate=None):
    """An FTP server for the user "cp" (password "pw") in a thread; yields its address with that user, and the list of
    commands it got. `certificate`: a PEM file with chain and key, for FTP over TLS only."""
    commands: list[str] = []
    kind = FTPHandler if certificate is None else TLS_FTPHandler

    class Handler(kind):
        authorizer = DummyAuthorizer()

        def pre_process_command(self, line, cmd, arg):
            commands.append(line)
            super().pre_process_command(line, cmd, arg)

    Handler.authorizer.add_user("cp", "pw", str(folder), perm="elrw")
    if certificate is not None:
        Handler.certfile, Handler.tls_control_required, Handler.tls_data_required = str(certificate), True, True
    server = FTPServer(("127.0.0.1", 0), Handler)
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            server.serve_forever(timeout=0.01, blocking=False, handle_exit=False)
        server.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        scheme = "ftp" if certificate is None else "ftps"
        yield f"{scheme}://cp:pw@127.0.0.1:{server.address[1]}", commands
    finally:
        over.set()
        thread.join()
