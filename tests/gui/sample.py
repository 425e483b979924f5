"""The design pictures' site as data: Mill Lane depot, eight bays, one fault, one offline, one free, one asks."""

import math
from datetime import datetime
from typing import Any

from evdesk.model import (
    Attempt,
    AuditRow,
    Bay,
    Capability,
    Charger,
    ChargerState,
    Circuit,
    ClockState,
    Connector,
    ConnectorStatus,
    EngineInfo,
    Failsafe,
    FailsafeState,
    Finding,
    LineLoad,
    MeterSource,
    Notice,
    NoticeKind,
    ProfileSeen,
    Session,
    Setting,
    Severity,
    Site,
    SiteLoad,
    StorageHealth,
    Why,
    WhyCode,
)
from evdesk.model.abilities import Ability, Verdict
from evdesk.model.profiles import CompositeSeen
from evdesk.model.tags import LocalList, Presented, Tag, TagPolicy
from evdesk.wire import Snapshot
from evdesk.wire.methods import History, HistoryMany, MessageRow
from evdesk.wire.network import Check, NetInterface, NetworkState
from evdesk.wire.tags import TagList

NOW = datetime(2026, 11, 24, 18, 42, 0).astimezone().timestamp()
MIN = 60.0
ALL = tuple(Capability)
N22 = ("Nordlade", "N22", "2.4.0")

# bay, status, currents, limit, power, session Wh, minutes, why, line, load, rating
_BAYS: list[tuple[int, tuple[str, str, str], ConnectorStatus, tuple[Any, ...], float | None, Why]] = [
    (1, N22, ConnectorStatus.CHARGING, (13.8, 13.7, 13.8), 14.0, Why(WhyCode.LINE, "Main/L2", 62.2, 63.0, NOW - 370)),
    (2, N22, ConnectorStatus.CHARGING, (11.9, 0.0, 0.0), 12.0, Why(WhyCode.LINE, "Garage/L1", 34.6, 35.0, NOW - 348)),
    (3, N22, ConnectorStatus.CHARGING, (8.9, 8.9, 8.8), 9.0, Why(WhyCode.LINE, "Main/L2", 62.2, 63.0, NOW - 348)),
    (
        4,
        ("Kestrel", "K11", "1.9.3"),
        ConnectorStatus.FAULTED,
        (0.0, 0.0, 0.0),
        0.0,
        Why(WhyCode.FAULT, since_at=NOW - 960),
    ),
    (5, N22, ConnectorStatus.CHARGING, (0.0, 0.0, 9.8), 12.0, Why(WhyCode.CAR, since_at=NOW - 4000)),
    (6, N22, ConnectorStatus.AVAILABLE, (0.0, 0.0, 0.0), None, Why(WhyCode.NO_CAR, since_at=NOW - 780)),
    (
        7,
        ("Amperion", "A7", "3.1"),
        ConnectorStatus.CHARGING,
        (7.9, 7.9, 7.9),
        6.0,
        Why(WhyCode.OFFLINE, since_at=NOW - 540),
    ),
    (8, N22, ConnectorStatus.CHARGING, (9.9, 9.8, 9.9), 10.0, Why(WhyCode.LINE, "Main/L2", 62.2, 63.0, NOW - 200)),
]
_MEASURED = {1: (9500.0, 5930.0, 44), 2: (2700.0, 6800.0, 126), 3: (6100.0, 20900.0, 151), 5: (2300.0, 2900.0, 78),
             7: (5400.0, 3100.0, 60), 8: (6800.0, 2600.0, 28)}  # fmt: skip


def site() -> Site:
    meter = MeterSource(host="192.168.50.5")
    circuits = (
        Circuit("Main", (63.0, 63.0, 63.0), "", meter, (24.0, 24.0, 24.0)),
        Circuit("Garage", (35.0, 35.0, 35.0), "Main"),
        Circuit("Yard", (32.0, 32.0, 32.0), "Main"),
    )
    bays = tuple(
        Bay(f"WB-{n:02}", 1, f"Bay {n}", "Garage" if n <= 4 else "Yard", max_a=16.0, rotation="RST")
        for n in range(1, 9)
    )
    return Site("Mill Lane depot", circuits=circuits, bays=bays, assumed=False)


def _connector(n: int, status: ConnectorStatus, amps: tuple[Any, ...], limit_a: float | None, why: Why) -> Connector:
    power_w, session_wh, minutes = _MEASURED.get(n, (0.0, None, 0))
    offline = why.code is WhyCode.OFFLINE
    charging = n in _MEASURED
    return Connector(
        1,
        status,
        error_code="GroundFailure" if status is ConnectorStatus.FAULTED else "NoError",
        error_info="E-11" if status is ConnectorStatus.FAULTED else "",
        status_at=NOW - 960 if n == 4 else NOW - minutes * MIN,
        current_a=amps,  # type: ignore[arg-type]
        site_current_a=amps,  # type: ignore[arg-type]
        voltage_v=(230.4, 231.0, 229.8),
        power_w=power_w,
        energy_wh=1_204_000.0 + 1000 * n,
        reading_at=NOW - 540 if offline else NOW - 2,
        limit_a=limit_a,
        limit_at=NOW - 348,
        limit_reason=why.text,
        why=why,
        reserved_a=6.0 if offline else 0.0,
        session_id=4470 + n if charging else None,
        session_wh=session_wh,
        session_started_at=NOW - minutes * MIN if charging else None,
        id_tag=f"04A37B9F{20 + n}" if charging else "",
    )


def chargers() -> tuple[Charger, ...]:
    known = tuple(
        Charger(
            f"WB-{n:02}",
            protocol="ocpp1.6",
            state=ChargerState.OFFLINE if n == 7 else ChargerState.ONLINE,
            label=f"Bay {n}",
            vendor=maker[0],
            model=maker[1],
            serial=f"{maker[1]}-2044{16 + n}",
            firmware=maker[2],
            address=f"192.168.50.{40 + n}",
            capabilities=ALL,
            connectors=(_connector(n, status, amps, limit_a, why),),
            clock=ClockState(-0.4, NOW - 60),
            failsafe=Failsafe(FailsafeState.PROVEN if n != 7 else FailsafeState.UNTESTED, 16.0, 6.0, "", NOW - 86400),
            connected_at=NOW - 9 * 86400,
            heard_at=NOW - (540 if n == 7 else 2),
            lost_at=NOW - 540 if n == 7 else None,
            boots=1,
            findings=3 if n == 2 else 0,
        )
        for n, maker, status, amps, limit_a, why in _BAYS
    )
    asks = Charger(
        "KS-20881",
        protocol="ocpp1.6",
        vendor="Kestrel",
        model="K11",
        serial="K11-20881",
        address="192.168.50.77",
        connectors=(Connector(1, ConnectorStatus.AVAILABLE, why=Why(WhyCode.NOT_ACCEPTED)),),
        connected_at=NOW - 8,
        heard_at=NOW - 3,
    )
    return (*known, asks)


def load() -> SiteLoad:
    cars = {"L1": 44.5, "L2": 32.4, "L3": 42.3}
    total = {"L1": 50.9, "L2": 55.2, "L3": 50.4}
    lines = [
        LineLoad(
            f"Main/{p}", "Main", p, 63.0, total[p], cars[p], round(total[p] - cars[p], 1), 6.0, round(56 - total[p], 1)
        )
        for p in ("L1", "L2", "L3")
    ]
    for circuit, rating, amps, reserved in (
        ("Garage", 35.0, (34.6, 22.6, 22.6), 0.0),
        ("Yard", 32.0, (9.9, 9.8, 19.7), 6.0),
    ):
        lines += [
            LineLoad(f"{circuit}/{p}", circuit, p, rating, a, a, 0.0, reserved, round(rating - a - reserved, 1))
            for p, a in zip(("L1", "L2", "L3"), amps, strict=True)
        ]
    return SiteLoad(
        NOW,
        tuple(lines),
        total_w=36_000.0,
        cars_w=27_400.0,
        other_w=8_600.0,
        capacity_w=43_500.0,
        charging=5,
        today_wh=148_600.0,
        today_sessions=11,
        meter_at=NOW - 0.4,
        total_a=(50.9, 55.2, 50.4),
        safe_share_a=6.0,
        tightest="Main/L2",
        over_s=3.0,
        over_longest_s=3.0,
    )


def info() -> EngineInfo:
    return EngineInfo(
        "0.1.0",
        started_at=NOW - 9 * 86400 - 4 * 3600,
        uptime_s=9 * 86400 + 4 * 3600,
        ocpp_url="ws://192.168.50.10:9700/ocpp",
        ocpp_urls=("ws://192.168.50.10:9700/ocpp", "ws://10.20.4.118:9700/ocpp"),
        api_url="ws://127.0.0.1:9701",
        data_dir="evdesk-data",
        pid=4242,
        chargers=8,
        online=7,
        pending=1,
        site="Mill Lane depot",
        simulated=False,
        balancing=True,
        accept_unknown=False,
        storage=StorageHealth(True, "", None, 48_000_000, 90_000_000_000),
        commands=412,
        messages=96_214,
        audit_rows=12_418,
        findings=3,
    )


def sessions() -> tuple[Session, ...]:
    running = [
        Session(4470 + n, f"WB-{n:02}", 1, f"04A37B9F{20 + n}", NOW - minutes * MIN, energy_wh=wh, max_power_w=watt)
        for n, (watt, wh, minutes) in _MEASURED.items()
    ]
    done = [
        Session(4460 + n, f"WB-{n:02}", 1, f"04A37B9F{30 + n}", NOW - 8 * 3600 - n * 1500, NOW - 5 * 3600 - n * 900,
                1_190_000.0, 1_190_000.0 + wh, wh, 11_000.0, "EVDisconnected")
        for n, wh in ((1, 18_300.0), (2, 9_100.0), (5, 22_700.0), (6, 31_200.0), (8, 14_050.0))
    ]  # fmt: skip
    return (*done, *running)


def notices() -> tuple[Notice, ...]:
    rows: list[tuple[float, NoticeKind, Severity, str, tuple[tuple[str, str | float], ...]]] = [
        (44, NoticeKind.PLUGGED, Severity.INFO, "WB-01", ()),
        (37, NoticeKind.HOUSE_STEP, Severity.INFO, "", (("amps", 14.2), ("phase", "L2"))),
        (37, NoticeKind.OVER_FUSE, Severity.WARN, "", (("line", "Main/L2"), ("amps", 74.9), ("seconds", 3.0))),
        (28, NoticeKind.PLUGGED, Severity.INFO, "WB-08", ()),
        (21, NoticeKind.CAR_FULL, Severity.INFO, "WB-06", ()),
        (16, NoticeKind.FAULT, Severity.DANGER, "WB-04", (("code", "GroundFailure"), ("info", "E-11"))),
        (13, NoticeKind.UNPLUGGED, Severity.INFO, "WB-06", ()),
        (9, NoticeKind.LOST, Severity.WARN, "WB-07", ()),
        (0.2, NoticeKind.ASKS, Severity.INFO, "KS-20881", ()),
    ]
    return tuple(
        Notice(900 + i, NOW - minutes * MIN, kind, severity, charger_id, 1 if charger_id else 0, args)
        for i, (minutes, kind, severity, charger_id, args) in enumerate(rows)
    )


REQUEST = """GET /ocpp/WB-77 HTTP/1.1
Host: 192.168.50.10:9700
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Version: 13
Sec-WebSocket-Protocol: ocpp1.6
Authorization: Basic ***"""


def attempts() -> tuple[Attempt, ...]:
    sixteen = ("ocpp1.6",)
    return (
        Attempt(NOW - 180, "192.168.50.52:50012", "", "no_upgrade", "/", port=9700),
        Attempt(NOW - 120, "192.168.50.47:41002", "AMP-9", "tls_on_plain_port", port=9700, count=4, first_at=NOW - 900),
        Attempt(NOW - 41, "192.168.50.43:33810", "bay3", "accepted", "/", sixteen, warnings=("id_from_basic_user",)),
        Attempt(
            NOW - 12,
            "192.168.50.45:60122",
            "WB-77",
            "password_wrong",
            "/ocpp/WB-77",
            sixteen,
            port=9700,
            request=REQUEST,
            auth="wrong",
        ),
        Attempt(NOW - 8, "192.168.50.77:52680", "KS-20881", "pending", "/ocpp/KS-20881", sixteen, port=9700),
    )


def network_state() -> NetworkState:
    wired = NetInterface(
        "enp1s0",
        "ethernet",
        "192.168.50.10",
        24,
        speed_mbit=1000,
        assigned="dhcp",
        dhcp_server="192.168.50.1",
        gateway="192.168.50.1",
        neighbours=9,
        urls=("ws://192.168.50.10:9700/ocpp", "wss://192.168.50.10:9443/ocpp"),
    )
    wifi = NetInterface(
        "wlp2s0",
        "wifi",
        "10.20.4.118",
        24,
        network="Workshop",
        assigned="dhcp",
        urls=("ws://10.20.4.118:9700/ocpp", "wss://10.20.4.118:9443/ocpp"),
        warnings=("wifi",),
    )
    docker = NetInterface(
        "docker0", "virtual", "172.17.0.1", 16, urls=("ws://172.17.0.1:9700/ocpp",), warnings=("virtual",)
    )
    loop = NetInterface("lo", "loopback", "127.0.0.1", 8, urls=("ws://127.0.0.1:9700/ocpp",), warnings=("loopback",))
    return NetworkState("millane", (wired, wifi, docker, loop))


def network_checks() -> list[Check]:
    return [
        Check("listening", "ok", "answers", {"port": "9700", "addresses": "192.168.50.10:9700"}),
        Check("firewall", "bad", "blocked", {"port": "9700", "profile": "public"}, "netsh advfirewall ..."),
        Check("address", "ok", "kept", {"address": "192.168.50.10", "server": "192.168.50.1", "since_s": "518400"}),
        Check("clock", "ok", "synchronised", {"server": "192.168.50.1", "offset_s": "0.120"}),
        Check("name", "info", "only_here", {"name": "millane", "addresses": "127.0.1.1"}),
    ]


def snapshot(seq: int = 100) -> Snapshot:
    return Snapshot(seq, info(), site(), load(), chargers(), sessions(), notices(), attempts())


def empty_snapshot(seq: int = 1) -> Snapshot:
    """A new engine: no charger, no site entered."""
    one = info()
    fresh = EngineInfo(
        **{f: getattr(one, f) for f in one.__slots__} | {"chargers": 0, "online": 0, "pending": 0, "site": "My site"}
    )
    return Snapshot(seq, fresh, Site(), SiteLoad(NOW), (), (), (), ())


def _base(series: str) -> float:
    source, _, field = series.partition(":")
    phase = {"current_l1_a": 0, "current_l2_a": 1, "current_l3_a": 2}.get(field)
    if source == "site":
        return 36_000.0 if phase is None else (50.9, 55.2, 50.4)[phase]
    if source == "other":
        return 8_600.0 if phase is None else (6.4, 22.8, 8.1)[phase]
    if source == "reserved":
        return 6.0
    if source.startswith("circuit/"):
        return 25.0
    n = int(source.split("/")[1][-2:])
    row = _BAYS[n - 1]
    if field == "limit_a":
        return row[4] or 0.0
    return (_MEASURED.get(n, (0.0,))[0] or 0.0) if phase is None else float(row[3][phase])


def history(series: str, from_at: float, to_at: float, buckets: int = 600) -> History:
    """An evening's curve for any series of the site: steps where cars come, a 3 s peak, nothing after a loss."""
    step = (to_at - from_at) / buckets
    t = [from_at + (i + 0.5) * step for i in range(buckets)]
    base, source = _base(series), series.partition(":")[0]
    mean: list[float | None] = []
    for at in t:
        wave = 1.0 + 0.015 * math.sin(at / 47.0) + 0.01 * math.sin(at / 13.0)
        value: float | None = base * wave * (1.0 if at > NOW - 44 * MIN or source in ("other", "site") else 0.8)
        if source == "connector/WB-07/1" and at > NOW - 540:
            value = None
        if source == "reserved" and at <= NOW - 540:
            value = 0.0
        mean.append(None if at > NOW else value)
    peak = [v if v is None or source != "site" or abs(at - (NOW - 37 * MIN)) > step else v * 1.36
            for at, v in zip(t, mean, strict=True)]  # fmt: skip
    return History(t, [None if v is None else v * 0.99 for v in mean], mean, peak, 0 if step < 60 else 60)


def history_many(series: list[str], from_at: float, to_at: float, buckets: int = 600) -> HistoryMany:
    each = {name: history(name, from_at, to_at, buckets) for name in series}
    return HistoryMany(next(iter(each.values())).t if each else [], each, 0)


def audit_rows() -> list[AuditRow]:
    """Newest first, as `audit.list` answers."""
    rows = [
        AuditRow(12_418, NOW - 12, "answered", "Engine", "balancer", "", "charger.set_limit", "WB-02",
                 {"limit_a": 12.0}, "accepted", {"ms": 84.0, "before": "14", "after": "12"}, 12_417,
                 "9c1f" * 16, "77ab" * 16),
        AuditRow(12_417, NOW - 12.1, "asked", "Engine", "balancer", "", "charger.set_limit", "WB-02", {"limit_a": 12.0},
                 prev="51d0" * 16, hash="9c1f" * 16),
        AuditRow(12_416, NOW - 900, "answered", "Technician", "desk", "127.0.0.1", "charger.reset", "WB-04",
                 {"kind": "soft"}, "rejected", {"ms": 120.0, "sentence": "The charger answered Rejected."}, 12_415,
                 "ee02" * 16, "51d0" * 16),
        AuditRow(12_415, NOW - 900.2, "asked", "Technician", "desk", "127.0.0.1", "charger.reset", "WB-04",
                 {"kind": "soft"}, prev="0a3b" * 16, hash="ee02" * 16),
    ]  # fmt: skip
    return rows


def settings() -> list[Setting]:
    return [
        Setting("AuthorizeRemoteTxRequests", "false", "boolean"),
        Setting("ConnectorPhaseRotation", "1.RST", "list"),
        Setting("HeartbeatInterval", "300", "integer", "s"),
        Setting("MeterValueSampleInterval", "10", "integer", "s"),
        Setting("MeterValuesSampledData", "Current.Import,Power.Active.Import,Energy.Active.Import.Register", "list"),
        Setting("NumberOfConnectors", "1", "integer", writable=False),
        Setting("NL.LedBrightness", "70", "integer", "%", known=False),
    ]


def profiles() -> list[ProfileSeen]:
    """The maximum, the safe default, a live limit, and one that is not evdesk's."""
    return [
        ProfileSeen(1601, 0, "ChargePointMaxProfile", 0, "Absolute", ((0.0, 16.0),), start_at=1.6e9, told=False),
        ProfileSeen(1602, 0, "TxDefaultProfile", 0, "Absolute", ((0.0, 6.0),), start_at=1.6e9, told=False),
        ProfileSeen(
            1801, 1, "TxProfile", 1, "Absolute", ((0.0, 12.0),), start_at=NOW - 5, duration_s=185.0, told=False
        ),
        ProfileSeen(
            7, 1, "TxDefaultProfile", 4, "Recurring", ((0.0, 10.0), (3600.0, 8.0)), recurrency="Daily",
            start_at=NOW - 1800, source="CSO",
        ),
    ]  # fmt: skip


def composite() -> CompositeSeen:
    return CompositeSeen(1, NOW, 3600, ((0.0, 12.0), (180.0, 10.0), (1800.0, 8.0)))


def tag_list() -> TagList:
    tags = [
        Tag("04A37B9F22", "Accepted", None, "FLEET", "Van 2", NOW - 9e6, NOW - 9e6),
        Tag("04A37B9F23", "Accepted", NOW + 86400 * 40, "FLEET", "Van 3", NOW - 9e6, NOW - 9e6),
        Tag("04D1E2F3A4B580", "Accepted", NOW - 86400, "", "Visitor card 1", NOW - 9e6, NOW - 9e6),
        Tag("0B5C77D1", "Blocked", None, "", "Lost in March", NOW - 9e6, NOW - 9e6),
    ]
    shown = [
        Presented(NOW - 4000, "WB-01", "04a37b9f22", "Accepted", 1, "", "04A37B9F22", "as it is"),
        Presented(NOW - 900, "WB-03", "D1775C0B", "Blocked", 1, "", "0B5C77D1", "hex, bytes reversed"),
        Presented(NOW - 12, "WB-06", "04A1B2C3", "Invalid", 1, unknown=True),
    ]
    return TagList(TagPolicy.ASK, tags, shown)


def tag_states() -> list[LocalList]:
    return [
        LocalList("WB-01", 12, 4, 4, False, NOW - 3600),
        LocalList("WB-02", 12, 3, 4, True, NOW - 86400),
        LocalList(
            "WB-04", None, 0, 4, True, None, "The charger answered “Failed” to the list. Its list is not complete."
        ),
        LocalList("WB-07", None, 0, 4, True),
    ]


def abilities() -> list[Ability]:
    return [
        Ability("GetConfiguration", "Core", Verdict.WORKS, NOW - 60, "answered", NOW - 60),
        Ability("Reset Soft", "Core", Verdict.UNTRIED),
        Ability("SetChargingProfile", "SmartCharging", Verdict.WORKS, NOW - 30, "Accepted", NOW - 30, announced=True),
        Ability("GetLocalListVersion", "LocalAuthListManagement", Verdict.MISSING, NOW - 60, "NotImplemented",
                announced=True),
        Ability("TriggerMessage MeterValues", "RemoteTrigger", Verdict.REFUSED, NOW - 60, "Rejected", NOW - 90000),
        Ability("GetDiagnostics", "FirmwareManagement", Verdict.WORKS, NOW - 7200, "answered", NOW - 7200, "WB-03"),
        Ability("ReserveNow", "Reservation", Verdict.NOT_ANNOUNCED, announced=False),
    ]  # fmt: skip


def findings() -> list[Finding]:
    return [
        Finding("WB-02", "meter_value_no_unit", "MeterValues come without a unit; A is assumed.",
                "OCPP 1.6 section 7.43",
                '"unit": null', "", 412, NOW - 86400, NOW - 10),
    ]  # fmt: skip


def messages() -> list[MessageRow]:
    return [
        MessageRow(
            2,
            NOW - 3.9,
            "WB-02",
            "out",
            "result",
            "Heartbeat",
            "a81",
            '[3,"a81",{"currentTime":"2026-11-24T17:41:56Z"}]',
        ),
        MessageRow(1, NOW - 4.0, "WB-02", "in", "call", "Heartbeat", "a81", '[2,"a81","Heartbeat",{}]'),
    ]
