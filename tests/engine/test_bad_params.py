"""Parameters of the right type and no sense, and what strangers make up: refused in words, bounded, nothing breaks."""

import asyncio
import json

import pytest

from evdesk.engine.abilities import AbilityBook
from evdesk.engine.fleet import MOST_CONNECTORS, Fleet
from evdesk.engine.profile_book import ProfileBook
from evdesk.engine.security.passwords import Passwords
from evdesk.engine.security.policies import Policies
from evdesk.engine.security.secrets import Secrets
from evdesk.engine.settings_book import SettingsBook
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import SavedPolicy
from evdesk.engine.store.settings import StoreSettings
from evdesk.engine.store.upkeep import Upkeep
from evdesk.model import Attempt, Clock, EvdeskError, Reading, Reason, Setting
from evdesk.model.abilities import Verdict
from tests.engine.harness import engine, until
from tests.engine.store_kit import FixedClock, bare, note, opened
from tests.engine.test_security import Charger, accepted

HUGE, LONG = 2**70, "a" * 140_000
ID = {"charger_id": "A1"}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("message.exchanges", {"ids": [2**63, 1]}),
        ("message.frames", {"ids": [-HUGE]}),
        ("message.get", {"id": HUGE}),
        ("message.list", {"search": LONG}),
        ("message.count", {"action": LONG}),
        ("audit.list", {"search": LONG}),
        ("attempt.list", {"search": LONG, "before_id": HUGE}),
        ("settings.diff", ID | {"from_id": HUGE}),
        ("settings.export", ID | {"snapshot_id": 2**63}),
        ("settings.import", ID | {"text": f"{LONG},b\n"}),
        ("settings.import", ID | {"text": "name,value\rHeartbeatInterval,1\r"}),
        ("tag.import", {"text": LONG}),
        ("tag.import", {"text": "a\rb,c\n", "dry_run": True}),
        ("tag.put", {"tags": [{"id_tag": "T1", "expires_at": 1e300}]}),
        ("tag.put", {"tags": [{"id_tag": "T1", "note": LONG}]}),
        ("security.put_ports", {"ports": [{"host": LONG, "port": 1, "tls": False}]}),
        ("security.raise_profile", ID | {"profile": HUGE}),
        ("security.import_root", {"pem": LONG}),
    ],
)
async def test_no_parameter_breaks_the_engine(running, method, params):
    async with running.client() as client:
        told = (await asyncio.gather(client.call(method, params), return_exceptions=True))[0]
        if isinstance(told, Exception):
            assert isinstance(told, EvdeskError)
            assert (told.reason, "engine failed" in told.sentence) == (Reason.INVALID, False), told
        assert (await client.call("engine.info"))["storage"]["ok"] is True


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with engine(tmp_path_factory.mktemp("bad"), "--accept-unknown") as one:
        yield one


@pytest.mark.parametrize("method", ["charger.raw", "site.put", "no.such"])
async def test_what_is_nested_too_deep_is_refused_in_words(running, method):
    deep: dict = {}
    for _ in range(300):
        deep = {"a": [deep]}
    async with running.client() as client:
        with pytest.raises(EvdeskError, match="nested deeper than 60 levels"):
            await client.call(method, {"charger_id": "A1", "action": "DataTransfer", "payload": deep, "site": deep})


async def test_old_line_ends_are_read(running):
    async with running.client() as client:
        told = await client.call("tag.import", {"text": "id_tag,note\rCAFE01,one\rCAFE02,two\r"})
        assert [(one["id_tag"], one["verdict"]) for one in told] == [("CAFE01", "new"), ("CAFE02", "new")]


async def test_two_people_forget_a_charger_at_once(tmp_path):
    with engine(tmp_path, "--accept-unknown") as one:
        async with one.client() as here, one.client() as there, Charger("A1").on(one.ocpp):
            await until(lambda: accepted(here, "A1"))
            asked = [client.call("charger.forget", ID) for client in (here, there)]
            told = await asyncio.gather(*asked, return_exceptions=True)
            (error,) = [each for each in told if isinstance(each, EvdeskError)]
            assert (error.reason, "There is no charger" in error.sentence) == (Reason.INVALID, True)


# -- strangers ----------------------------------------------------------------------------------------------------


async def test_strangers_fill_neither_memory_nor_the_history(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet = Fleet(store, Clock())
        for number in range(1, 3 * MOST_CONNECTORS):
            fleet.report(Reading("STRANGER", number, 1_800_000_000.0, power_w=1.0))
        assert len(fleet.chargers["STRANGER"].connectors) == MOST_CONNECTORS
        assert store._sources == {}
        fleet.chargers["STRANGER"].accepted = True
        fleet.report(Reading("STRANGER", 1, 1_800_000_001.0, power_w=1.0))
        fleet.report(Reading("STRANGER", 2_000_000, 1_800_000_001.0, power_w=1.0))
        assert list(store._sources) == ["connector/STRANGER/1"]


def test_findings_are_bounded_the_oldest_go():
    connection = bare()
    for number in range(30):
        row = (f"S{number}", "rule", "s", "", "", "", 1, 0.0, float(number))
        connection.execute("INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    Upkeep(StoreSettings(findings=10), FixedClock(1_800_000_000.0)).run_all(connection)
    assert [row[0] for row in connection.execute("SELECT last_at FROM finding ORDER BY last_at")] == [
        float(number) for number in range(20, 30)
    ]


class Greedy(Charger):
    """It asks for one certificate after the other, by itself."""

    async def beg(self, times):
        return [await self.call("SignCertificate", {"csr": self.csr()}) for _ in range(times)]


async def test_a_charger_that_asks_over_and_over_is_not_signed_for_ever(tmp_path):
    with engine(tmp_path, "--accept-unknown", "--ocpp-tls", "127.0.0.1:0") as running:
        async with running.client() as client, Greedy("A1").on(running.ocpp) as charger:
            await until(lambda: accepted(client, "A1"))
            await charger.beg(30)

            async def refused():
                rows = await client.call("notice.list", {"limit": 100})
                return [r for r in rows if "within a day" in json.dumps(r)]

            await until(refused)
            assert len(await client.call("security.issued")) == 12
            signed = await client.call("security.sign", ID, timeout_s=30)  # a person still may
            assert signed["status"] == "Accepted"


# -- what was written by another version, or half -----------------------------------------------------------------


async def test_rows_nobody_can_read_do_not_keep_the_engine_from_starting(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            await client.call("security.put", ID | {"min_profile": 2})
            await client.call("security.put_ports", {"ports": [{"host": "127.0.0.1", "port": 0, "tls": True}]})
            pem = (await client.call("security.ca"))["pem"]
    async with opened(tmp_path / "evdesk.db") as store:
        await store.save_policy(SavedPolicy("A1", 2, "any", "{broken"))
        await store.save_note("raise", "A1", b'{"state": 7}')
        good = await store.load_meta("ca")
        await store.save_meta("ca", '["not this"]')
        await store.save_meta("ports", '{"no": "list"}')
        store.put_attempt(Attempt(1.0, "h:1", "", "no_id", id=store.next_attempt()))
        await store.flush()

        def spoil(database):
            database.conn.execute("UPDATE attempt SET body = '{}'")

        await store._durable(spoil)
    with engine(tmp_path) as running:
        async with running.client() as client:
            assert (await client.call("security.get", ID))["min_profile"] == 2
            assert await client.call("attempt.list") == []
            with pytest.raises(EvdeskError, match="cannot be read"):
                await client.call("security.create_ca")  # it would be written over
    async with opened(tmp_path / "evdesk.db") as store:
        await store.save_meta("ca", good)
    with engine(tmp_path) as running:
        async with running.client() as client:
            assert (await client.call("security.ca"))["pem"] == pem


class Full:
    """A store that refuses the first note."""

    def __init__(self, store):
        self.store, self.left = store, 1

    def __getattr__(self, name):
        return getattr(self.store, name)

    async def save_note(self, *args):
        if self.left:
            self.left -= 1
            raise EvdeskError(Reason.STORAGE, "full")
        await self.store.save_note(*args)


async def test_what_could_not_be_written_is_written_later(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet = Fleet(store, Clock())
        settings = SettingsBook(fleet)
        abilities = AbilityBook(fleet, settings)
        await settings.keep(ChargerRecord("A1", protocol="ocpp1.6"), [Setting("Plain", "1")], "read")
        settings._dirty.add("A1")
        abilities.learn("A1", "Reset", Verdict.WORKS, "")
        profiles = ProfileBook(fleet)
        profiles._have["A1"], profiles._dirty = [], {"A1"}
        for book, kind in ((settings, "settings"), (abilities, "abilities"), (profiles, "profiles")):
            await store.drop_note(kind, "A1")
            book.store = Full(store)
            with pytest.raises(EvdeskError):
                await book.save()
            await book.save()
            assert await store.load_note(kind, "A1") is not None, kind


async def test_a_policy_that_cannot_be_stored_is_not_in_force(tmp_path, monkeypatch):
    async with opened(tmp_path / "evdesk.db") as store:
        secrets = Secrets(tmp_path, lambda: None)
        policies = Policies(store, Passwords(secrets), Clock(), lambda _: "")

        async def full(_):
            raise EvdeskError(Reason.STORAGE, "full")

        monkeypatch.setattr(store, "save_policy", full)
        with pytest.raises(EvdeskError):
            await policies.put("A1", 2, "any", own=True)
        assert policies.view("A1", False).min_profile == 0


async def test_the_log_is_cleaned_of_what_ocpp_calls_a_secret(tmp_path):
    """Whoever writes the row, and however deep it lies."""
    item = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    args = {
        "payload": {"setVariableData": [item | {"attributeValue": "hunter2-hunter2"}]},
        "data": '{"wifi": {"ssid": "x", "password": "hunter2-hunter2"}}',
        "url": "ftp://user:hunter2-hunter2@h/x",
    }
    async with opened(tmp_path / "evdesk.db") as store:
        await note(store, args=args)
    written = b"".join(file.read_bytes() for file in tmp_path.glob("evdesk.db*"))
    assert b"ssid" in written
    assert b"hunter2" not in written
