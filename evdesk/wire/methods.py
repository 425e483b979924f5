"""Every method of the API: its parameters, its result, and what it does. SI units stand in the names."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from evdesk.model import (
    AuditRow,
    ChainVerdict,
    Charger,
    EngineInfo,
    Finding,
    Notice,
    Session,
    Setting,
    Site,
)
from evdesk.wire.abilities import METHODS_ABILITIES
from evdesk.wire.balance import METHODS_BALANCE
from evdesk.wire.balance import BalanceState as BalanceState
from evdesk.wire.balance import ConfigureBalance as ConfigureBalance
from evdesk.wire.blocks import METHODS_BLOCKS
from evdesk.wire.drill import METHODS_DRILL
from evdesk.wire.explain import METHODS_EXPLAIN
from evdesk.wire.firmware import METHODS_FIRMWARE
from evdesk.wire.hints import METHODS_HINTS
from evdesk.wire.insights import METHODS_INSIGHTS
from evdesk.wire.jobs import METHODS_JOBS
from evdesk.wire.messages import METHODS_MESSAGES
from evdesk.wire.messages import MessagePage as MessagePage
from evdesk.wire.messages import MessageRow as MessageRow
from evdesk.wire.method import Done as Done
from evdesk.wire.method import Method as Method
from evdesk.wire.method import Nothing as Nothing
from evdesk.wire.method import OneCharger as OneCharger
from evdesk.wire.method import OneConnector as OneConnector
from evdesk.wire.method import OptionalCharger as OptionalCharger
from evdesk.wire.method import Page as Page
from evdesk.wire.network import METHODS_NETWORK
from evdesk.wire.profiles import METHODS_PROFILES
from evdesk.wire.security import METHODS_SECURITY
from evdesk.wire.service import METHODS_SERVICE
from evdesk.wire.settings import METHODS_SETTINGS
from evdesk.wire.site import METHODS_SITE
from evdesk.wire.tags import METHODS_TAGS
from evdesk.wire.wiring import METHODS_WIRING


@dataclass(frozen=True, slots=True)
class Accept:
    """`label`, `circuit`, `rotation`, `max_a`, `phases` place it in the site; without them: the root circuit,
    rotation unknown (the worst is assumed)."""

    charger_id: str
    label: str = ""
    circuit: str = ""
    rotation: str = ""
    max_a: float = 16.0
    phases: int = 3


@dataclass(frozen=True, slots=True)
class Start:
    charger_id: str
    connector_id: int = 1
    id_tag: str = "EVDESK"


@dataclass(frozen=True, slots=True)
class SetLimit:
    """`limit_a`: a person's ceiling per phase; 0 pauses, null takes the ceiling away. Never above the bay's maximum,
    never between 0 and 6 A."""

    charger_id: str
    connector_id: int
    limit_a: float | None


@dataclass(frozen=True, slots=True)
class Reset:
    """`reason`: in words, why a charger may be restarted that an update left with the whole file and no known end."""

    charger_id: str
    kind: str = "soft"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """`what`: BootNotification, Heartbeat, MeterValues, StatusNotification, FirmwareStatusNotification,
    DiagnosticsStatusNotification, LogStatusNotification; with 2.x TransactionEvent."""

    charger_id: str
    what: str
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class WriteSetting:
    charger_id: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Raw:
    charger_id: str
    action: str
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PutSite:
    site: Site


class HistoryRead(msgspec.Struct, frozen=True, rename={"from_at": "from", "to_at": "to"}):
    """`series`: "connector/WB-01/1:current_l1_a", "site:current_l2_a", "other:current_l1_a",
    "reserved:current_l1_a", "circuit/Garage:current_l1_a", "site:power_w", "connector/WB-01/1:limit_a"."""

    series: str
    from_at: float
    to_at: float
    buckets: int = 600


class HistoryReadMany(msgspec.Struct, frozen=True, rename={"from_at": "from", "to_at": "to"}):
    series: list[str]
    from_at: float
    to_at: float
    buckets: int = 600


@dataclass(frozen=True, slots=True)
class AuditPage(Page):
    """`via` and `outcome` filter: via "people" = desk, cli; outcome "failed" = anything not accepted."""

    via: str = ""
    outcome: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class SessionPage(Page):
    charger_id: str = ""
    open_only: bool = False


@dataclass(frozen=True, slots=True)
class NoticePage(Page):
    charger_id: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """`only_if_idle`: refuse while a charge runs or a desk is attached."""

    only_if_idle: bool = False


@dataclass(frozen=True, slots=True)
class RawAnswer:
    payload: dict[str, Any]
    ms: float | None = None
    audit_id: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Bucket middles as Unix seconds; null where nothing was measured. `level_s` is the resolution read (0 = raw)."""

    t: list[float]
    min: list[float | None]
    mean: list[float | None]
    max: list[float | None]
    level_s: int = 0


@dataclass(frozen=True, slots=True)
class HistoryMany:
    t: list[float]
    series: dict[str, History]
    level_s: int = 0


METHODS: dict[str, Method] = {
    "engine.info": Method(Nothing, EngineInfo, "Version, addresses, counts, storage health."),
    "engine.stop": Method(Stop, Done, "End the engine; chargers fall to their safe default.", changes=True),
    "charger.list": Method(Nothing, list[Charger], "Every known charger with its connectors."),
    "charger.get": Method(OneCharger, Charger, "One charger."),
    "charger.accept": Method(Accept, Done, "Let a pending charger join and place it in the site.", changes=True),
    "charger.forget": Method(OneCharger, Done, "Refuse a pending charger, or drop a known one.", changes=True),
    "charger.start": Method(Start, Done, "Start a charge (RemoteStartTransaction).", changes=True),
    "charger.stop": Method(OneConnector, Done, "Stop the running charge (RemoteStopTransaction).", changes=True),
    "charger.set_limit": Method(SetLimit, Done, "A person's ceiling for one connector.", changes=True),
    "charger.reset": Method(Reset, Done, "Restart the charger: soft or hard.", changes=True),
    "charger.unlock": Method(OneConnector, Done, "Unlock the connector; refused while it charges.", changes=True),
    "charger.trigger": Method(Trigger, Done, "Ask the charger to send a message now.", changes=True),
    "charger.settings": Method(OneCharger, list[Setting], "Read every setting from the charger.", changes=True),
    "charger.write_setting": Method(WriteSetting, Done, "Write a setting and read it back.", changes=True),
    "charger.raw": Method(Raw, RawAnswer, "Send any message (expert).", changes=True),
    "site.get": Method(Nothing, Site, "Circuits, bays, meter, balancing settings."),
    "site.put": Method(
        PutSite,
        Site,
        "Replace the site; refused in words when it cannot be right.",
        changes=True,
        needs=("site.circuits",),
    ),
    **METHODS_BALANCE,
    "history.read": Method(HistoryRead, History, "One series in buckets of min, mean, max."),
    "history.read_many": Method(HistoryReadMany, HistoryMany, "Several series on the same buckets."),
    "session.list": Method(SessionPage, list[Session], "Charges, newest first."),
    "finding.list": Method(OptionalCharger, list[Finding], "Deviations from the specification."),
    "notice.list": Method(NoticePage, list[Notice], "What happened: plugs, faults, losses, peaks."),
    "audit.list": Method(AuditPage, list[AuditRow], "The audit log, newest first."),
    "audit.verify": Method(Nothing, ChainVerdict, "Recompute the whole chain and its signed checkpoints."),
    **METHODS_MESSAGES,
    **METHODS_NETWORK,
    **METHODS_SERVICE,
    **METHODS_BLOCKS,
    **METHODS_SETTINGS,
    **METHODS_PROFILES,
    **METHODS_SECURITY,
    **METHODS_TAGS,
    **METHODS_SITE,
    **METHODS_WIRING,
    **METHODS_ABILITIES,
    **METHODS_EXPLAIN,
    **METHODS_INSIGHTS,
    **METHODS_HINTS,
    **METHODS_DRILL,
    **METHODS_FIRMWARE,
    **METHODS_JOBS,
}
