"""The activity log of the design picture: a real chain, oldest row first, and an engine that answers pages of it."""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import datetime

from evdesk.model import AuditRow, ChainVerdict
from tests.gui import sample

DAY = datetime.fromtimestamp(sample.NOW)
FIRST = 12_300
OK = ("", "accepted", "stored")


def at(clock):
    hour, minute, second = map(int, clock.split(":"))
    return DAY.replace(hour=hour, minute=minute, second=second, microsecond=108_000).timestamp()


# time, who, via, what, target, args, outcome, detail
_DEEDS = [
    ("07:30:00", "Engine", "audit", "audit.checkpoint", "log", {}, None, {"row": 12_201}),
    ("09:12:58", "Owner", "desk", "site.put", "site", {"name": "Mill Lane depot", "circuits": {"Main": [63.0] * 3}},
     "stored", {"before": "{'Main': [16.0, 16.0, 16.0]}", "after": "{'Main': [63.0, 63.0, 63.0]}"}),
    ("14:20:15", "API script", "api", "charger.start", "WB-02", {"connector_id": 1, "id_tag": "…9F21"}, "accepted",
     {"status": "Accepted", "ms": 310.0}),
    ("16:35:47", "Engine", "balancer", "balance.limit", "WB-03",
     {"connector_id": 1, "limit_a": 16.0, "before_a": 11.0, "why": "line Main/L2"}, "accepted", {"ms": 71.0}),
    ("17:50:09", "Technician", "desk", "charger.accept", "WB-08", {"label": "Bay 8"}, "stored", {"label": "Bay 8"}),
    ("17:52:41", "Technician", "desk", "charger.write_setting", "WB-08",
     {"name": "MeterValueSampleInterval", "value": "10"}, "accepted",
     {"status": "Accepted", "ms": 148.0, "before": "60", "after": "10"}),
    ("18:14:24", "Engine", "failsafe", "failsafe.install", "WB-08", {"max_a": 16.0, "safe_a": 6.0}, "accepted",
     {"status": "verified", "ms": 402.0, "before": None, "after": "6"}),
    ("18:20:00", "Engine", "balancer", "balance.refresh", "WB-01", {"connector_id": 1, "limit_a": 12.0}, "accepted",
     {"status": "Accepted", "ms": 44.0}),
    ("18:27:02", "Technician", "desk", "charger.reset", "WB-04", {"kind": "soft"}, "refused",
     {"status": "Rejected", "ms": 120.0, "sentence": "The charger answered Rejected."}),
    ("18:32:41", "Engine", "balancer", "balance.refresh", "WB-07", {"connector_id": 1, "limit_a": 8.0}, "timeout",
     {"ms": 30_000.0, "sentence": "No answer within 30 s."}),
    ("18:36:12", "Engine", "balancer", "balance.limit", "WB-01",
     {"connector_id": 1, "limit_a": 14.0, "before_a": 12.0, "why": "line Main/L2"}, "accepted", {"ms": 96.0}),
    ("18:36:13", "Engine", "balancer", "balance.limit", "WB-08",
     {"connector_id": 1, "limit_a": 10.0, "before_a": 9.0, "why": "line Main/L2"}, "accepted", {"ms": 182.0}),
]  # fmt: skip


def linked(rows):
    """The rows with their hashes."""
    before, found = "0" * 64, []
    for row in rows:
        plain = {k: v for k, v in asdict(row).items() if k not in ("hash", "prev")}
        told = hashlib.sha256((before + json.dumps(plain, sort_keys=True)).encode()).hexdigest()
        found.append(replace(row, prev=before, hash=told))
        before = told
    return found


def chain(yesterday=0):
    """Oldest first: `yesterday` older resets, then the picture's deeds."""
    rows = []

    def add(moment, who, via, what, target, args, outcome, detail):
        number = FIRST + len(rows)
        address = "127.0.0.1" if via == "desk" else ""
        kind = "noted" if outcome is None else "asked"
        rows.append(AuditRow(number, moment, kind, who, via, address, what, target, args, detail=detail or {}))
        if outcome is not None:
            rows[-1] = replace(rows[-1], detail={})
            done = moment + (detail.get("ms") or 1.0) / 1000
            rows.append(AuditRow(number + 1, done, "answered", who, via, address, what, target, args, outcome, detail,
                                 ref=number))  # fmt: skip

    for n in range(yesterday):
        begin = at("06:00:00") - 86_400 + n
        add(begin, "Technician", "desk", "charger.unlock", "WB-05", {"connector_id": 1}, "accepted", {"ms": 50.0 + n})
    for clock, *rest in _DEEDS:
        add(at(clock), *rest)
    return linked(rows)


class AuditEngine:
    """Answers `audit.list` and `audit.verify` as the engine does, from rows in memory."""

    def __init__(self, rows):
        self.rows = rows
        self.verdict = ChainVerdict(True, len(rows), 9, rows[0].at if rows else None, rows[-1].hash if rows else "")

    def install(self, client):
        client.answers["audit.list"] = self.page
        client.answers["audit.verify"] = lambda _params: self.verdict

    def page(self, params):
        def fits(row):
            words = json.dumps([row.who, row.what, row.target, row.args, row.outcome, row.detail])
            return (
                (params.before_id is None or row.id < params.before_id)
                and (params.from_at is None or row.at >= params.from_at)
                and (params.to_at is None or row.at < params.to_at)
                and params.search.lower() in words.lower()
                and (not params.target or row.target == params.target)
                and (row.via in ("desk", "cli") if params.via == "people" else params.via in ("", row.via))
                and (row.outcome not in OK if params.outcome == "failed" else params.outcome in ("", row.outcome))
            )

        return [row for row in reversed(self.rows) if fits(row)][: params.limit]
