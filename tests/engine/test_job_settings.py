"""Settings after an update: put back is what the update changed, and nothing that evdesk wrote itself."""

import asyncio
from types import SimpleNamespace

import pytest

from evdesk.drivers.base import Answer
from evdesk.engine.jobs import aftercare
from evdesk.engine.jobs.reach import decides_reach
from evdesk.engine.jobs.written import written
from evdesk.engine.setup import owned
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory
from evdesk.model import AuditRow, FailsafeState, Setting
from evdesk.model.jobs import JobCharger, Step
from evdesk.model.settings import SettingChange
from evdesk.model.state import StorageHealth
from tests.engine.harness import until
from tests.engine.test_jobs import site
from tests.peers.flasher import Flasher
from tests.peers.test_flashing import NEW, outcome_of

JOB, SENT_AT = 7, 100.0


def row(number: int, what: str, kind: str = "answered", at: float = 200.0, **more: object) -> AuditRow:
    args = more.pop("args", {})
    detail = {"status": more.pop("status", "Accepted")} | {k: v for k, v in more.items() if k in ("before", "after")}
    return AuditRow(number, at, kind, "Ann", "desk", "", what, "C1", args, more.get("outcome", "accepted"), detail)


def wrote(number: int, name: str, value: str, **more: object) -> AuditRow:
    return row(number, "charger.write_setting", args={"name": name, "value": value}, **more)


BACKUP = row(10, "charger.settings", "asked", 90.0, args={"job_id": JOB}, outcome="")
AFTER = row(50, "charger.settings", "asked", 300.0, args={"job_id": JOB}, outcome="")


def values(*rows: AuditRow, **now: str) -> dict[str, str | None]:
    return {name: one.value for name, one in written([BACKUP, AFTER, *rows], JOB, SENT_AT, now).items()}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([wrote(9, "X", "1", at=80.0)], {}),  # before the backup: it is in it
        ([wrote(11, "X", "1", at=95.0)], {"x": "1"}),
        ([wrote(12, "X", "1"), wrote(14, "x", "2")], {"x": "2"}),
        ([wrote(12, "X", "10", after="10.0")], {"x": "10.0"}),
        ([wrote(12, "X", "10", status="RebootRequired", after="32")], {"x": "10"}),  # it shows it after its restart
        ([wrote(12, "X", "10", outcome="refused", status="Rejected")], {}),
        ([wrote(12, "now", "5", outcome="timeout")], {"now": "5"}),  # not answered, and it has it
        ([wrote(12, "now", "6", outcome="timeout")], {}),
        ([wrote(12, "LocalKey", "(not written down)")], {"localkey": None}),
        ([row(12, "setup.write_setting", args={"name": "X", "value": "3"})], {"x": "3"}),
        ([row(12, "charger.write_setting", args={"name": "X", "value": "3", "job_id": JOB})], {}),
        (
            [row(12, "charger.raw", args={"action": "ChangeConfiguration", "payload": {"key": "X", "value": "4"}})],
            {"x": "4"},
        ),
        (
            [
                row(
                    12,
                    "charger.raw",
                    status="answered",
                    args={
                        "payload": {
                            "setVariableData": [
                                {"component": {"name": "C"}, "variable": {"name": "v"}, "attributeValue": "5"},
                                {"component": {"name": "C"}, "variable": {"name": "w"}, "attributeValue": "5"},
                            ]
                        }
                    },
                )
            ],
            {"c/v": "5"},
        ),
        ([row(12, "charger.raw", args={"payload": ["x", {"key": 5}]})], {}),
        ([row(12, "charger.reset", args={"name": "X", "value": "3"})], {}),
    ],
)
def test_what_evdesk_wrote_since_the_backup(rows, found):
    assert values(*rows, now="5", **{"c/v": "5", "c/w": "6"}) == found


class Charger:
    """A run as the comparison sees it: a backup, settings now, a setup that ends or does not."""

    def __init__(self, before: dict[str, str], after: dict[str, str], failsafe: str = "verified") -> None:
        self.has, self.put, self.prepared, self.lines = after, [], 0, []
        self.link = SimpleNamespace(sampling=("MeterValueSampleInterval", "MeterValuesSampledData"), told_a_part=False)
        self.record = SimpleNamespace(
            id="C1", link=self.link, online=True, failsafe=SimpleNamespace(state=FailsafeState(failsafe))
        )
        self.charger = JobCharger("C1", step=Step.SETTINGS, backup_id=1, started_at=SENT_AT)
        self.charger_id, self.job_id = "C1", JOB
        self.watch = SimpleNamespace(memory=Memory(failsafe_before="verified"), times=Times(test_s=20.0))
        self._steady = 0.0
        clock = SimpleNamespace(steady=self.steady, wall_s=lambda seconds: 0.0, now=lambda: 0.0)
        self.rows: list[AuditRow] = [BACKUP]
        store = SimpleNamespace(audit_of=self.audit_of, snapshots=self.snapshots, health=StorageHealth())
        book = SimpleNamespace(settings_of=self.settings_of, keep=self.keep, wrote=self.wrote)
        setup = SimpleNamespace(begin=self.begin, busy=lambda record: False, resting=set())
        self.parts = SimpleNamespace(fleet=SimpleNamespace(clock=clock, store=store), settings=book, setup=setup)
        self.before = before

    def steady(self) -> float:
        self._steady += 1.0
        return self._steady

    def now(self) -> float:
        return 0.0

    def show(self, **_changes: object) -> None: ...

    def say(self, _side: str, text: str, _tone: str = "") -> None:
        self.lines.append(text)

    def begin(self, _record: object) -> None:
        self.prepared += 1

    async def audit_of(self, target: str, what: set[str], from_id: int) -> list[AuditRow]:
        return [one for one in self.rows if one.target == target and one.what in what and one.id >= from_id]

    async def snapshots(self, _charger_id: str) -> list[object]:
        return []

    async def settings_of(self, _record: object, _number: int) -> tuple[list[Setting], float]:
        return [Setting(name, value, True) for name, value in self.before.items()], 0.0

    async def keep(self, _record: object, told: list[Setting], _reason: str) -> list[Setting]:
        return told

    async def wrote(self, _record: object, _name: str, _answer: Answer) -> None: ...

    async def command(self, what: str, args: dict[str, str], verb: object) -> Answer:
        if what == "charger.settings":
            return await verb(SimpleNamespace(settings=self.settings))
        self.put.append((args["name"], args["value"]))
        return Answer("Accepted", after=args["value"])

    async def settings(self) -> list[Setting]:
        return [Setting(name, value, True) for name, value in self.has.items()]


async def test_the_last_wish_is_put_back_and_no_older_one():
    one = Charger({"A": "32", "B": "1", "C": "5"}, {"A": "10", "B": "factory", "C": "factory"})
    one.rows += [wrote(12, "A", "10"), wrote(13, "C", "6")]
    found = await aftercare.compare(one, True)
    assert one.put == [("B", "1"), ("C", "6")]
    assert [change.name for change in found.changed] == ["B", "C"]
    assert "A: Ann wrote 10 meanwhile; that counts, not 32 of the backup" in one.lines
    assert found.problem == ""
    assert one.prepared == 1


async def test_what_evdesk_sets_itself_is_not_put_back_and_the_safe_default_is_confirmed_anew():
    dropped = "SmartChargingCtrlr/IgnoredProfilePurposesOffline"
    had = {"MeterValueSampleInterval": "20", dropped: "TxDefaultProfile,TxProfile", "A": "1"}
    one = Charger(had, had | {"MeterValueSampleInterval": "10", dropped: "TxProfile"})
    found = await aftercare.compare(one, True)
    assert (one.put, len(found.changed), one.prepared, found.problem) == ([], 2, 1, "")
    assert {"metervaluesampleinterval", dropped.lower()} <= owned(one.link)
    one = Charger(had, had | {dropped: "TxProfile"}, failsafe="unknown")
    assert "safe default is not confirmed" in (await aftercare.compare(one, True)).problem
    one = Charger(had, had | {"A": "2"}, failsafe="unknown")
    assert "safe default is not confirmed" in (await aftercare.compare(one, True)).problem
    one = Charger(had, had, failsafe="unknown")
    assert ((await aftercare.compare(one, True)).problem, one.prepared) == ("", 0)


@pytest.mark.parametrize("name", ["HeartbeatInterval", "OCPPCommCtrlr/HeartbeatInterval"])
async def test_only_the_interval_that_its_boot_was_answered_with_is_no_change_of_the_update(name):
    one = Charger({name: "300"}, {name: "60"})
    assert ((await aftercare.compare(one, True)).changed, one.put) == ((), [])
    one = Charger({name: "60"}, {name: "609"})
    found = await aftercare.compare(one, True)
    assert ([change.after for change in found.changed], one.put, found.restored) == (["609"], [(name, "60")], (name,))


async def test_a_hidden_password_is_never_put_back():
    one = Charger({"Url": "wss://u:(hidden)@host"}, {"Url": "wss://factory"})
    found = await aftercare.compare(one, True)
    assert "1 setting differs from the backup" in one.lines
    assert (one.put, found.lost) == ([], ("Url",))


@pytest.mark.parametrize(
    ("name", "value", "decides"),
    [
        ("SecurityProfile", "1", True),
        ("AuthorizationKey", "x", True),
        ("CentralSystemURI", "", True),
        ("CentralSystemAddress", "10.0.0.7", True),
        ("CSMSUrl", "", True),
        ("BackendURL", "", True),
        ("OCPPServerPort", "9000", True),
        ("chargeBoxIdentity", "A", True),
        ("VendorThing", "wss://10.0.0.7/A", True),
        ("Vendor.Other", "primary=WS://10.0.0.7", True),
        ("APNName", "internet", True),
        ("apn_user", "u", True),
        ("WiFiSSID", "site", True),
        ("EthernetIPAddress", "10.0.0.4", True),
        ("NetworkProfileConfiguration", "x", True),
        ("OCPPCommCtrlr/NetworkConfigurationPriority", "1,0", True),
        ("NetworkConfiguration[1]/OcppCsmsUrl", "", True),
        ("NetworkConfiguration[1]/MessageTimeout", "30", True),
        ("SecurityCtrlr/Identity", "A", True),
        ("SecurityCtrlr/BasicAuthPassword", "x", True),
        ("SecurityCtrlr/SecurityProfile", "1", True),
        ("OCPPCommCtrlr/NetworkProfileConnectionAttempts", "3", False),
        ("OCPPCommCtrlr/HeartbeatInterval", "300", False),
        ("WebSocketPingInterval", "60", False),
        ("HeartbeatInterval", "300", False),
        ("MeterValueSampleInterval", "10", False),
        ("ConnectorPhaseRotation", "RST", False),
        ("ConnectionTimeOut", "60", False),
        ("LocalAuthListEnabled", "true", False),
        ("NtpServer", "pool.ntp.org", False),
        ("LogoURL", "http://maker/logo.png", True),  # rather one too many
        ("IPv4Address", "x", True),
        ("StaticIPv4", "x", True),
        ("IPv6Enabled", "true", True),
        ("CSURL", "x", True),
        ("CSAddress", "x", True),
        ("EndpointURL", "x", True),
        ("WsPort", "9000", True),
        ("Interface", "eth0", True),
        ("MobileDataEnabled", "true", True),
        ("OCPPID", "A", True),
        ("CpIdentifier", "A", True),
        ("remote_addr", "x", True),
        ("WebSocketPath", "/ocpp", True),
        ("CommunicationMode", "4G", True),
        ("ConnectionType", "eth", True),
        ("DefaultRoute", "x", True),
        ("PIN", "1234", True),
        ("CaBundle", "x", True),
        ("Username", "a", True),
        ("Mine", "https://cs.example/ocpp", True),
        ("Mine", "10.0.0.7:9000/ocpp", True),
        ("Mine", "cs.example.com/A", True),
        ("Mine", "2.5", False),
        ("Mine", "L1.L2", False),
        ("MeterValuesSampledData", "Power.Active.Import,Voltage", False),
        ("MeterValuesAlignedData", "Energy.Active.Import.Register", False),
        ("MaxChargingCurrent", "32", False),
        ("UnlockConnectorOnEVSideDisconnect", "true", False),
        ("SupportedFileTransferProtocols", "HTTP", False),
    ],
)
def test_what_decides_whether_it_reaches_evdesk(name, value, decides):
    assert decides_reach(SettingChange(name, value, "other")) is decides
    assert decides_reach(SettingChange(name, "other", value)) is decides


async def test_what_could_cut_it_off_is_told_and_not_put_back():
    had = {"SecurityProfile": "1", "Mine": "ws://10.0.0.7/A", "BackendURL": "x", "A": "1"}
    one = Charger(had, {"SecurityProfile": "0", "Mine": "factory", "A": "2"})
    found = await aftercare.compare(one, True)
    assert (one.put, found.restored) == ([("A", "1")], ("A",))
    assert found.lost == ("BackendURL", "Mine", "SecurityProfile")
    assert found.note.startswith(
        "Changed and not put back, for they decide whether it reaches evdesk: BackendURL, Mine"
    )
    assert found.note.endswith("Look by hand.")
    assert any(line.startswith("SecurityProfile decides whether it reaches evdesk") for line in one.lines)
    one = Charger(had, had | {"SecurityProfile": "0"})
    found = await aftercare.compare(one, False)
    assert (one.put, found.lost) == ([], ())
    assert "it decides whether it reaches evdesk: SecurityProfile." in found.note
    one = Charger({"A": "1"}, {"A": "1", "CSMSUrl2": "wss://x"})
    assert (await aftercare.compare(one, True)).note == "", "new, and nothing was lost"


async def test_a_part_of_the_settings_after_it_is_read_again():
    had = {"SecurityProfile": "1", "VendorThing": "mine"}
    one = Charger(had, had)
    reads = []

    async def settings() -> list[Setting]:
        reads.append(1)
        told = {"SecurityProfile": "1"} if len(reads) == 1 else had
        return [Setting(name, value, True) for name, value in told.items()]

    one.settings = settings
    found = await aftercare.compare(one, True)
    assert (len(reads), found.changed, one.put) == (2, (), [])


async def test_what_it_says_not_to_know_is_no_loss():
    """It had to be asked for its keys by name: one it does not know comes without a value."""
    one = Charger({"A": "1"}, {"A": "1"})
    before = [Setting("A", "1"), Setting("SecurityProfile", None, writable=False, known=False)]

    async def settings_of(_record: object, _number: int) -> tuple[list[Setting], float]:
        return before, 0.0

    one.parts.settings.settings_of = settings_of
    found = await aftercare.compare(one, True)
    assert (found.lost, found.note) == ((), "")


async def test_the_end_of_an_update_names_what_could_cut_it_off(tmp_path):
    async def forgets(one: Flasher, url: str) -> None:
        await one.fetch(url)
        one.settings |= {"SecurityProfile": "0", "VendorThing": "factory"}
        await one.reboot(NEW)

    async with site(tmp_path, "A", life=forgets) as (api, image, ones):
        ones["A"].settings |= {"SecurityProfile": "1", "VendorThing": "mine"}
        job = (await api.call("firmware.start", {"charger_ids": ["A"], "image_id": image, "override": "x"}))["job_id"]
        found = (await outcome_of(api, job))["chargers"]["A"]
        assert (found["outcome"], found["restored"], found["lost"]) == (
            "succeeded",
            ["VendorThing"],
            ["SecurityProfile"],
        )
        assert ones["A"].settings["SecurityProfile"] == "0"
        words = "Changed and not put back, for it decides whether it reaches evdesk: SecurityProfile. Look by hand."
        assert words in found["reason"]
        assert words in (await api.call("job.report", {"job_id": job}))["text"]


async def test_what_a_person_writes_during_an_update_stays(tmp_path):
    gate = asyncio.Event()

    async def life(one: Flasher, url: str) -> None:
        await one.status("Downloading")
        await one.fetch(url)
        await gate.wait()
        one.settings |= {"VendorOther": "factory", "MeterValueSampleInterval": "900"}
        await one.reboot(NEW)

    async with site(tmp_path, "A", life=life) as (api, image, ones):
        station = ones["A"]
        station.settings |= {"VendorThing": "32", "VendorOther": "mine", "MeterValueSampleInterval": "20"}
        job = (await api.call("firmware.start", {"charger_ids": ["A"], "image_id": image, "override": "x"}))["job_id"]

        async def whole():
            return station.whole()

        await until(whole)
        await api.call("charger.write_setting", {"charger_id": "A", "name": "VendorThing", "value": "10"})
        gate.set()
        found = (await outcome_of(api, job))["chargers"]["A"]
        assert found["outcome"] == "succeeded", found["reason"]
        assert (station.settings["VendorThing"], station.settings["VendorOther"]) == ("10", "mine")
        assert station.settings["MeterValueSampleInterval"] == "10", "as evdesk needs it"
        assert found["restored"] == ["VendorOther"]
        lines = await api.call("job.lines", {"job_id": job, "charger_id": "A"})
        assert any("VendorThing" in line["text"] and "wrote 10 meanwhile" in line["text"] for line in lines)


def test_what_the_charger_does_not_let_be_written_is_no_work_for_anybody():
    found = (Setting("Net/IPAddress", "10.0.0.9", writable=False), Setting("CSMS", "ws://x"))
    now = {one.name.lower(): one for one in found}
    assert not aftercare._writable(now, SettingChange("Net/IPAddress", "10.0.0.8", "10.0.0.9"))
    assert aftercare._writable(now, SettingChange("CSMS", "ws://y", "ws://x"))
    assert aftercare._writable(now, SettingChange("Gone", "1", None, "removed"))
