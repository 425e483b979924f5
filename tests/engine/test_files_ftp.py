"""Files and logs over FTP and FTPS with ftplib as the charger, and with bare sockets where it is too well-behaved."""

import asyncio
import contextlib
import errno
import ftplib
import hashlib
import io
import socket
import ssl
import sys
from dataclasses import replace

import pytest

from evdesk.engine.files import Seen
from evdesk.engine.files.ftp_session import Server, Session
from evdesk.engine.files.ports import passive_ports
from tests.engine.files_kit import HERE, KEY, OTHER, content, credentials, serving, trusting, write_file

SIZE = 300_001


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Session, "auth_failed_timeout", 0.01)
    monkeypatch.setattr("evdesk.engine.files.ftp_session.GREET_S", 0.1)


@pytest.fixture
async def watched(tmp_path):
    async with serving(tmp_path) as one:
        yield one


@pytest.fixture
async def offer(watched, tmp_path):
    return await watched.service.offer(KEY, write_file(tmp_path, SIZE), "fw 1.bin", HERE, "ftp")


@pytest.fixture
async def place(watched):
    return await watched.service.take(KEY, HERE, "ftp")


def login(offer, kind=ftplib.FTP, **how):
    """A client that is logged in as the address says."""
    user, secret = offer.url.partition("://")[2].partition("@")[0].split(":")
    client = kind(timeout=10, **how)
    try:
        client.connect(HERE, offer.port)
        client.login(user, secret)
    except Exception:
        client.close()
        raise
    return client


@contextlib.contextmanager
def client_of(offer, kind=ftplib.FTP, **how):
    client = login(offer, kind, **how)
    try:
        yield client
    finally:
        client.close()


def fetch(client, name="fw_1.bin", rest=None, command="RETR"):
    got = io.BytesIO()
    client.retrbinary(f"{command} {name}", got.write, rest=rest)
    return got.getvalue()


async def test_fetched_passive_extended_and_active(watched, offer):
    def act():
        with client_of(offer) as client:
            client.trust_server_pasv_ipv4_address = True
            assert (client.size("fw_1.bin"), client.nlst()) == (SIZE, ["fw_1.bin"])
            assert client.pwd() == "/"
            whole = [fetch(client)]
            assert client.sendcmd("PASV").split("(")[1].startswith("127,0,0,1,")
            client.af = socket.AF_INET6  # makes it say EPSV
            client.makepasv = lambda: (HERE, ftplib.parse229(client.sendcmd("EPSV"), (HERE, 0))[1])
            whole.append(fetch(client, "/fw_1.bin"))
            client.af = socket.AF_INET
            client.set_pasv(False)
            whole.append(fetch(client))
            lines = []
            client.retrlines("LIST", lines.append)
            facts = dict(client.mlsd())
            stamp = client.sendcmd("MDTM fw_1.bin")
            return whole, lines, facts, stamp

    assert offer.url.endswith(f"@{HERE}:{offer.port}/fw_1.bin")
    whole, lines, facts, stamp = await asyncio.to_thread(act)
    assert whole == [content(SIZE)] * 3
    (line,) = lines
    assert line.split()[4] == str(SIZE)
    assert line.endswith(" fw_1.bin")
    assert facts["fw_1.bin"]["size"] == str(SIZE)
    assert stamp[:5] == "213 2"
    assert len(await watched.until(lambda: watched.seen(Seen.COMPLETE)[2:])) == 1
    assert "once more" in watched.seen(Seen.COMPLETE)[1].text
    told = watched.service.transfer(KEY)
    assert (told.scheme, told.bytes, told.total, told.requests, told.address) == ("ftp", SIZE, 3 * SIZE, 3, HERE)
    assert watched.service.served == [(HERE, "ftp", offer.port)]


async def test_what_is_fetched_again_before_the_first_time_was_counted_is_told_too(watched, offer):
    with client_of(offer) as client:  # in the event loop's own thread: it counts nothing meanwhile
        assert [fetch(client), fetch(client)] == [content(SIZE)] * 2
    first, again = await watched.until(lambda: watched.seen(Seen.COMPLETE)[1:] and watched.seen(Seen.COMPLETE))
    assert ("once more" in first.text, "once more" in again.text) == (False, True)


@pytest.mark.parametrize("end", ["close", "quit", "makeport"])
async def test_an_active_session_that_ends_leaves_the_others_alone(offer, end):
    """Whoever comes next gets the number of the data connection's socket."""

    def act():
        with client_of(offer) as active, contextlib.ExitStack() as stack:
            active.set_pasv(False)
            got = [fetch(active)]
            others = [stack.enter_context(client_of(offer)) for _ in range(3)]
            if end == "makeport":
                stack.enter_context(active.makeport())
            else:
                getattr(active, end)()
            for other in others:
                other.sock.settimeout(2)
                got.append(fetch(other))
            return got

    assert await asyncio.to_thread(act) == [content(SIZE)] * 4


async def test_active_with_the_request_sent_along(offer):
    """RETR is here before the connection that PORT asks for."""

    def act():
        with client_of(offer) as client, socket.create_server((HERE, 0)) as listener:
            port = listener.getsockname()[1]
            client.sock.sendall(f"PORT 127,0,0,1,{port // 256},{port % 256}\r\nRETR fw_1.bin\r\n".encode())
            connection, got = listener.accept()[0], b""
            with connection:
                connection.settimeout(5)
                while more := connection.recv(65_536):
                    got += more
            return got, [client.getline()[:3] for _ in range(3)]

    got, lines = await asyncio.to_thread(act)
    assert got == content(SIZE)
    assert sorted(lines) == ["150", "200", "226"]


async def test_text_mode_does_not_touch_the_file(watched, tmp_path):
    """RFC 959 says ASCII until TYPE is sent, and many chargers never send it: line ends in a firmware must stay."""
    (tmp_path / "t.bin").write_bytes(b"a\nb\r\nc\r" * 100)
    offer = await watched.service.offer(KEY, tmp_path / "t.bin", "t.bin", HERE, "ftp")
    place = await watched.service.take(OTHER, HERE, "ftp")

    def act():
        with client_of(offer) as client:
            assert client.sendcmd("TYPE A").startswith("200")
            assert client.sendcmd("SIZE t.bin") == "213 700"
            connection, got = client.transfercmd("RETR t.bin", rest=7), b""
            with connection:
                while more := connection.recv(1000):
                    got += more
            client.voidresp()
        with client_of(place) as client:
            connection = client.transfercmd("STOR t.log")
            with connection:
                connection.sendall(b"x\r\ny\r")
            client.voidresp()
        return got

    assert await asyncio.to_thread(act) == (b"a\nb\r\nc\r" * 100)[7:]
    assert (await watched.told_of(Seen.RECEIVED, OTHER)).path.read_bytes() == b"x\r\ny\r"


async def test_gone_on_with_after_a_break(watched, offer):
    def break_off():
        with client_of(offer) as client:
            connection = client.transfercmd("RETR fw_1.bin")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            got = 0
            while got < 150_000:
                got += len(connection.recv(10_000))
            connection.close()

    await asyncio.to_thread(break_off)
    broken = await watched.told_of(Seen.BROKEN)
    assert broken.bytes < SIZE

    def go_on():
        with client_of(offer) as client:
            return fetch(client, rest=100_000)

    assert await asyncio.to_thread(go_on) == content(SIZE)[100_000:]
    await watched.told_of(Seen.COMPLETE) if broken.bytes >= 100_000 else None
    told = watched.service.transfer(KEY)
    assert (told.requests, told.resumed) == (2, 1)


REFUSED = [
    "RETR ../../etc/passwd",
    "RETR /etc/passwd",
    "RETR fw_1.bin/..",
    "RETR other",
    "RETR /x/fw_1.bin",
    "CWD /etc",
    "CWD fw_1.bin",
    "MKD x",
    "DELE fw_1.bin",
    "RNFR fw_1.bin",
    "RMD /",
    "SITE CHMOD 777 fw_1.bin",
    "SITE EXEC ls",
    "MFMT 20200101000000 fw_1.bin",
    "SIZE ../fw_1.bin/x",
    "MDTM /etc/passwd",
    "STOR fw_1.bin",
    "APPE fw_1.bin",
    "STOU",
    "PORT 10,0,0,1,10,10",
    "EPRT |1|10.0.0.1|5000|",
    "PORT 127,0,0,1,0,22",
    "AUTH TLS",
]


async def test_everything_else_is_refused(watched, offer):
    def act():
        with client_of(offer) as client:
            answers = {}
            for command in REFUSED:
                client.putcmd(command)
                answers[command] = client.getline()
            return answers, client.sendcmd("CWD /"), client.sendcmd("CDUP"), client.sendcmd("NOOP")

    answers, *well = await asyncio.to_thread(act)
    assert {command: line for command, line in answers.items() if line[0] not in "45"} == {}
    assert [line[:3] for line in well] == ["250", "250", "200"]
    assert watched.service.transfer(KEY).requests == 0


async def test_only_with_the_secret_and_only_its_own_file(watched, offer, tmp_path):
    other = await watched.service.offer(OTHER, write_file(tmp_path, 5000, "o.bin"), "o.bin", HERE, "ftp")
    assert other.port == offer.port
    web = await watched.service.offer(("BAY-3", 7), tmp_path / "o.bin", "o.bin", HERE, "http")

    def tries(user, secret):
        client = ftplib.FTP(timeout=10)
        client.connect(HERE, offer.port)
        with contextlib.closing(client):
            client.login(user, secret)
            return client.nlst()

    def act():
        user, secret = offer.url.partition("://")[2].partition("@")[0].split(":")
        its_user = other.url.partition("://")[2].partition(":")[0]
        wrong = [
            ("anonymous", "x@"),
            (user, ""),
            (user, secret[:-1]),
            (its_user, secret),
            ("", secret),
            (user, web.secret),
        ]
        for pair in wrong:
            with pytest.raises(ftplib.error_perm, match="530"):
                tries(*pair)
        with client_of(other) as client, pytest.raises(ftplib.error_perm, match="550"):
            fetch(client)
        return tries(user, secret)

    assert await asyncio.to_thread(act) == ["fw_1.bin"]
    assert await watched.until(lambda: watched.service.guesses >= 4)


async def test_withdrawn_in_the_middle(watched, tmp_path):
    offer = await watched.service.offer(KEY, write_file(tmp_path, 4_000_000), "fw.bin", HERE, "ftp")
    client = await asyncio.to_thread(login, offer)
    with contextlib.closing(client):
        connection = await asyncio.to_thread(client.transfercmd, "RETR fw.bin")
        with connection:
            assert await asyncio.to_thread(connection.recv, 1000)
            idle = await asyncio.to_thread(login, offer)
            told = await watched.service.withdraw(KEY)
            assert told.bytes < 4_000_000
            assert watched.service.served == []
            got = 0
            with contextlib.suppress(ConnectionError):
                while more := await asyncio.to_thread(connection.recv, 65_536):
                    got += len(more)
            assert got < 3_900_000
        with contextlib.closing(idle), pytest.raises((EOFError, OSError)):
            await asyncio.to_thread(idle.sendcmd, "NOOP")
    with pytest.raises(ConnectionError):
        await asyncio.to_thread(socket.create_connection, (HERE, offer.port))


async def test_withdrawn_before_the_data_connection_was_there(watched, tmp_path):
    offer = await watched.service.offer(KEY, write_file(tmp_path, 1000), "fw.bin", HERE, "ftp")
    await watched.service.offer(OTHER, write_file(tmp_path, 10, "o.bin"), "o.bin", HERE, "ftp")  # keeps the port open
    client = await asyncio.to_thread(login, offer)
    with contextlib.closing(client):
        host, port = await asyncio.to_thread(client.makepasv)
        client.putcmd("RETR fw.bin")
        assert (await asyncio.to_thread(client.getresp))[:3] == "150"
        told = await watched.service.withdraw(KEY)
        with await asyncio.to_thread(socket.create_connection, (host, port), 10) as connection:
            assert await asyncio.to_thread(connection.recv, 2000) == b""
        with pytest.raises(ftplib.error_temp, match="not offered any more"):
            await asyncio.to_thread(client.voidresp)
        assert (told.bytes, watched.service.transfer(KEY).bytes) == (0, 0)


async def test_a_session_that_is_still_open_gets_nothing_after(watched, offer, tmp_path):
    await watched.service.offer(OTHER, write_file(tmp_path, 10, "o.bin"), "o.bin", HERE, "ftp")  # keeps the port open
    client = await asyncio.to_thread(login, offer)
    await watched.service.withdraw(KEY)
    with contextlib.closing(client), pytest.raises(ftplib.error_perm, match="not offered any more"):
        await asyncio.to_thread(fetch, client)


async def test_who_only_knocks_goes_and_who_has_logged_in_stays(offer, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ftp_session.LOGIN_S", 0.3)

    def act():
        with client_of(offer) as client, socket.create_connection((HERE, offer.port), 10) as knocks:
            with socket.create_connection((HERE, offer.port), 10) as gone:
                gone.recv(100)  # it leaves before its time is over, and the others go on
            said = b""
            while more := knocks.recv(1000):
                said += more
            return said, client.sendcmd("NOOP"), fetch(client)

    said, alive, got = await asyncio.to_thread(act)
    assert b"421 Control connection timed out." in said
    assert (alive[:3], got) == ("200", content(SIZE))


async def test_progress_is_what_the_charger_has(watched, tmp_path, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.05)
    monkeypatch.setattr("evdesk.engine.files.ftp_data.LOOK_S", 0.02)
    monkeypatch.setattr("evdesk.engine.files.slots.Slot.slow_s", 0.1)
    offer = await watched.service.offer(KEY, write_file(tmp_path, 2_000_000), "fw.bin", HERE, "ftp")

    def begin():
        client = login(offer)
        host, port = client.makepasv()
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((host, port))
        client.sendcmd("RETR fw.bin")
        got = 0
        while got < 100_000:
            got += len(connection.recv(4096))
        return client, connection

    client, connection = await asyncio.to_thread(begin)
    with contextlib.closing(client), connection:
        broken = await watched.told_of(Seen.BROKEN)  # nobody reads on: ended as dead
        assert "Nothing moved" in broken.text
        assert 80_000 < broken.bytes < (200_000 if sys.platform == "linux" else 400_000)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell what has arrived")
async def test_complete_is_only_said_when_the_last_byte_has_arrived(watched, tmp_path, monkeypatch):
    """All of a small file fits into buffers: the charger has it when it has read it."""
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.02)
    offer = await watched.service.offer(KEY, write_file(tmp_path, 60_000), "fw.bin", HERE, "ftp")

    def begin():
        client = login(offer)
        host, port = client.makepasv()
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((host, port))
        client.sendcmd("RETR fw.bin")
        return client, connection

    client, connection = await asyncio.to_thread(begin)
    with contextlib.closing(client), connection:
        await watched.told_of(Seen.BYTES)
        client.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(client.getline)
        assert not watched.seen(Seen.COMPLETE)
        got = 0
        while more := await asyncio.to_thread(connection.recv, 60_000):
            got += len(more)
        assert got == 60_000
        await watched.told_of(Seen.COMPLETE)


async def test_a_rate_limit_is_kept(watched, tmp_path):
    path = write_file(tmp_path, 40_000)
    offer = await watched.service.offer(KEY, path, "fw.bin", HERE, "ftp", rate_bps=100_000)

    def act():
        with client_of(offer) as client:
            return fetch(client, "fw.bin")

    began = asyncio.get_running_loop().time()
    assert await asyncio.to_thread(act) == content(40_000)
    assert asyncio.get_running_loop().time() - began > 0.2
    await watched.told_of(Seen.COMPLETE)


# -- uploads ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("STOR diag.zip", "diag.zip"),
        ("STOR /logs/today/diag.zip", "diag.zip"),
        ("STOR ../../../etc/passwd", "passwd"),
        ("STOR con", "_con"),
        ("STOU", "log"),
        ("STOU own.log", "own.log"),
        ("APPE new.log", "new.log"),
    ],
)
async def test_stored_in_every_way(watched, place, tmp_path, command, name):
    def act():
        with client_of(place) as client:
            client.storbinary(command, io.BytesIO(content(SIZE)))
            return client.nlst()

    assert place.url.endswith(f"@{HERE}:{place.port}/")
    assert await asyncio.to_thread(act) == [name]
    served = await watched.told_of(Seen.RECEIVED)
    assert served.path.read_bytes() == content(SIZE)
    assert served.path.resolve().is_relative_to(tmp_path / "logs")
    assert (served.sha256, served.size) == (hashlib.sha256(content(SIZE)).hexdigest(), SIZE if served.size else 0)
    (received,) = watched.service.received(KEY)
    assert (received.whole, received.size) == (True, SIZE)
    assert watched.service.transfer(KEY).bytes == SIZE


async def test_stored_after_going_to_a_folder_and_never_read_back(watched, place):
    def act():
        with client_of(place) as client:
            client.cwd("/diagnostics/2026")
            with pytest.raises(ftplib.error_perm, match="no folders"):
                client.mkd("more")
            client.storbinary("STOR a.log", io.BytesIO(b"abc"))
            assert client.size("a.log") == 3
            with pytest.raises(ftplib.error_perm, match="550"):
                fetch(client, "a.log")
            for command in ("DELE a.log", "RNFR a.log", "RMD /diagnostics"):
                with pytest.raises(ftplib.error_perm, match="500"):
                    client.sendcmd(command)

    await asyncio.to_thread(act)
    assert (await watched.told_of(Seen.RECEIVED)).name == "a.log"


async def test_an_upload_is_gone_on_with_by_rest_and_by_append(watched, place, tmp_path):
    data = content(SIZE)

    def part(command, piece, rest=None, allo=None, kill=True):
        with client_of(place) as client:
            client.voidcmd("TYPE I")
            if allo:
                client.sendcmd(f"ALLO {allo}")
            connection = client.transfercmd(command, rest)
            connection.sendall(piece)
            connection.close()
            with contextlib.suppress(ftplib.Error):
                return client.voidresp()
            return "426"

    assert await asyncio.to_thread(part, "STOR d.zip", data[:100_000], None, SIZE) == "426"
    cut = await watched.told_of(Seen.PARTIAL)
    assert (cut.cause, cut.path.parent.name) == ("broken", "quarantine")
    assert (await asyncio.to_thread(part, "STOR d.zip", data[90_000:200_000], 90_000)).startswith("226")
    assert (await asyncio.to_thread(part, "APPE d.zip", data[200_000:])).startswith("226")
    best = (await watched.until(lambda: len(watched.service.received(KEY)) == 3 and watched.service.received(KEY)))[0]
    assert best.path.read_bytes() == data
    assert best.sha256 == hashlib.sha256(data).hexdigest()
    with pytest.raises(ftplib.error_perm, match=r"554|550"):
        await asyncio.to_thread(part_beyond, place)


def part_beyond(place):
    with client_of(place) as client:
        client.voidcmd("TYPE I")
        client.transfercmd("STOR d.zip", 10_000_000)


async def test_too_large_too_slow_and_a_full_disk(watched, monkeypatch):
    place = await watched.service.take(KEY, HERE, "ftp", most_bytes=70_000)

    def store(size, allo=None):
        with client_of(place) as client:
            if allo:
                client.sendcmd(f"ALLO {allo}")
            client.storbinary("STOR d.zip", io.BytesIO(content(size)))

    with pytest.raises((ftplib.Error, OSError), match=r"552|reset|pipe|Broken"):
        await asyncio.to_thread(store, 500_000)
    cut = await watched.told_of(Seen.PARTIAL)
    assert (cut.cause, cut.path.read_bytes()) == ("too_large", content(70_000))
    with pytest.raises(ftplib.error_perm, match="at most 70 kB"):
        await asyncio.to_thread(store, 10, 100_000)
    monkeypatch.setattr("evdesk.engine.files.inbox.free_space", lambda folder: (1000, 10**12))
    with pytest.raises(ftplib.error_perm, match="The disk is full"):
        await asyncio.to_thread(store, 10)
    assert (await watched.until(lambda: watched.seen(Seen.REFUSED)[2:]))[0].cause == "disk_full"


async def test_an_upload_that_stalls_is_ended_and_kept(watched, monkeypatch):
    monkeypatch.setattr("evdesk.engine.files.ledger.BEAT_S", 0.05)
    place = await watched.service.take(KEY, HERE, "ftp", slow_s=0.1)
    client = await asyncio.to_thread(login, place)
    with contextlib.closing(client), await asyncio.to_thread(client.transfercmd, "STOR d.zip") as connection:
        connection.sendall(b"abc")
        part = await watched.told_of(Seen.PARTIAL)
    assert (part.cause, part.path.read_bytes()) == ("slow", b"abc")


async def test_what_is_refused_because_one_is_here_is_not_kept(watched, place, tmp_path):
    client = await asyncio.to_thread(login, place)
    with contextlib.closing(client):
        await asyncio.to_thread(client.storbinary, "STOR a.log", io.BytesIO(b"abc"))
        with await asyncio.to_thread(client.transfercmd, "STOR b.log") as connection:
            connection.sendall(b"abc")
            await watched.until(lambda: watched.seen(Seen.UPLOAD)[1:])
            await watched.service.withdraw(KEY)
            with contextlib.suppress(ConnectionResetError):  # where it had not read "abc" yet
                assert await asyncio.to_thread(connection.recv, 10) == b""
    assert [one.name for one in watched.told if one.path] == ["a.log"]
    assert [path.name for path in (tmp_path / "logs").rglob("*") if path.is_file()] == ["7-1-a.log"]


# -- TLS -------------------------------------------------------------------------------------------------------------


class AtOnce(ftplib.FTP_TLS):
    """A client that begins with TLS, as curl does for ftps://."""

    def connect(self, host="", port=0, timeout=-999, source_address=None):
        self.host, self.port = host, port
        plain = socket.create_connection((host, port), self.timeout)
        self.af = plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome


class KeepsItsTongue(ftplib.FTP_TLS):
    """No PROT: the data connection stays open to be read."""


@pytest.mark.parametrize("kind", [ftplib.FTP_TLS, AtOnce, KeepsItsTongue])
async def test_ftps_in_the_ways_clients_speak_it(tmp_path, kind):
    async with serving(tmp_path, credentials=credentials) as watched:
        offer = await watched.service.offer(KEY, write_file(tmp_path, SIZE), "fw.bin", HERE, "ftps")
        place = await watched.service.take(OTHER, HERE, "ftps")
        assert offer.url.startswith("ftps://")
        assert offer.port == place.port
        assert watched.service.schemes() == ("http", "https", "ftp", "ftps")

        def act():
            with client_of(offer, kind, context=trusting()) as client:
                if kind is not KeepsItsTongue:
                    client.prot_p()
                assert client.sock.version() in ("TLSv1.2", "TLSv1.3")
                got = fetch(client, "fw.bin", rest=1000)
            with client_of(place, kind, context=trusting()) as client:
                if kind is not KeepsItsTongue:
                    client.prot_p()
                client.storbinary("STOR d.zip", io.BytesIO(content(SIZE)))
            return got

        assert await asyncio.to_thread(act) == content(SIZE)[1000:]
        assert (await watched.told_of(Seen.RECEIVED, OTHER)).path.read_bytes() == content(SIZE)
        await watched.until(lambda: watched.service.transfer(KEY).bytes == SIZE - 1000)


async def test_an_ftps_address_wants_tls_and_a_good_name(tmp_path):
    async with serving(tmp_path, credentials=credentials) as watched:
        offer = await watched.service.offer(KEY, write_file(tmp_path, 10), "fw.bin", HERE, "ftps")
        with pytest.raises(ftplib.error_perm, match="Use tls first"):
            await asyncio.to_thread(login, offer)
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.to_thread(login, offer, ftplib.FTP_TLS, context=ssl.create_default_context())
        plain = await watched.service.offer(OTHER, tmp_path / "fw.bin", "fw.bin", HERE, "ftp")
        client = await asyncio.to_thread(login, plain)
        with contextlib.closing(client):
            assert await asyncio.to_thread(fetch, client, "fw.bin") == content(10)


# -- connections -----------------------------------------------------------------------------------------------------


async def test_garbage_and_silence_hurt_nobody(watched, offer):
    def act():
        for junk in (
            b"\x16\x03\x01\x02",
            b"\0" * 5000,
            b"GET / HTTP/1.1\r\n\r\n",
            b"\r\n" * 50,
            b"\xff\xf4\xf2ABOR\r\n",
        ):
            with socket.create_connection((HERE, offer.port), 5) as bad:
                bad.sendall(junk)
                bad.recv(100)
        with socket.create_connection((HERE, offer.port), 5), client_of(offer) as client:
            return fetch(client)

    assert await asyncio.to_thread(act) == content(SIZE)


async def test_the_same_ports_after_a_restart_passive_ones_behind_it(tmp_path):
    path = write_file(tmp_path, 100)
    async with serving(tmp_path) as first:
        offer = await first.service.offer(KEY, path, "fw.bin", HERE, "ftp")
    async with serving(tmp_path) as second:
        again = await second.service.offer(KEY, path, "fw.bin", HERE, "ftp", secret=offer.secret)
        assert again == replace(offer)

        def act():
            with client_of(again) as client:
                return client.makepasv()[1], client.getwelcome()

        port, welcome = await asyncio.to_thread(act)
        assert port in passive_ports(offer.port)
        assert welcome == "220 evdesk"
        assert await second.service.reach(HERE, "ftp") == ""


async def test_eight_chargers_at_once(watched, tmp_path):
    path = write_file(tmp_path, SIZE)
    offers = [await watched.service.offer((f"C{n}", 1), path, "fw.bin", HERE, "ftp") for n in range(8)]

    def act(offer):
        with client_of(offer) as client:
            return fetch(client, "fw.bin")

    got = await asyncio.gather(*(asyncio.to_thread(act, offer) for offer in offers))
    assert got == [content(SIZE)] * 8
    await watched.until(lambda: all(watched.service.transfer((f"C{n}", 1)).complete_at for n in range(8)))


@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.EMFILE])
async def test_a_connection_that_cannot_be_taken_closes_no_port(watched, offer, monkeypatch, number):
    """Windows tells of who was reset on the way in, and every system of descriptors that are all gone."""
    accept, refused = Server.accept, []

    def failing(server):
        if len(refused) < 3:
            refused.append(number)
            raise OSError(number, "it cannot be taken")
        return accept(server)

    monkeypatch.setattr(Server, "accept", failing)
    monkeypatch.setattr("evdesk.engine.files.ftp_session.TIRED_S", 0.05)

    def act():
        with client_of(offer) as client:
            return fetch(client)

    assert await asyncio.to_thread(act) == content(SIZE)
    assert len(refused) == 3


async def test_a_port_that_rests_can_be_closed(watched, offer, monkeypatch):
    def failing(server):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Server, "accept", failing)
    with socket.create_connection((HERE, offer.port)):
        await asyncio.sleep(0.1)
        await watched.service.withdraw(KEY)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HERE, offer.port))
