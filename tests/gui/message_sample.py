"""A message log for page tests: answers the API's message methods from a list of rows."""

from dataclasses import replace

from evdesk.wire.messages import BreachSeen, Density, ExchangeRow, ExchangeWhole, FrameWhole, MessageCount
from tests.gui import sample

NOW = sample.NOW


def row(number, verdict="ok", **more):
    base = {
        "charger_id": "WB-02",
        "direction": "in",
        "kind": "call",
        "action": "MeterValues",
        "message_id": f"m{number}",
        "protocol": "ocpp1.6",
    }
    answer = {} if verdict == "open" else {"answer_id": number + 1, "latency_ms": 0.6}
    return ExchangeRow(number, NOW - 1000 + number / 100, verdict=verdict, **(base | answer | more))


BROKEN = '[2,"m7","StatusNotification",{"connectorId":1,"errorCode":"Error","status":"Charging"}]'


class Log:
    """`rows` newest first; put new ones in front. `client.answers` of a `FakeClient` are set by `into`."""

    def __init__(self, count=600):
        self.rows = [row(2 * n) for n in range(count, 0, -1)]
        self.rows[3] = replace(self.rows[3], action="StatusNotification", verdict="breach", breaches=1, told="Charging")
        self.pages = []

    def into(self, client):
        client.answers |= {
            "message.exchanges": self.exchanges,
            "message.count": lambda f: MessageCount(len(self.fits(f)), 2 * len(self.rows), 1, 4.1, NOW - 1000, NOW),
            "message.density": lambda d: Density(d.filter.from_at, 42.0, [3] * 86, [0] * 85 + [1], [0] * 86, [0] * 86),
            "message.get": self.get,
        }

    def fits(self, wanted):
        return [
            one
            for one in self.rows
            if (not wanted.charger_ids or one.charger_id in wanted.charger_ids)
            and wanted.action.lower() in one.action.lower()
            and (not wanted.verdict or one.verdict == wanted.verdict)
            and wanted.search.lower() in one.message_id.lower()
        ]

    def exchanges(self, page):
        self.pages.append(page)
        rows = self.fits(page.filter)
        if page.ids:
            return [one for one in rows if one.id in page.ids]
        if page.after_id is not None:
            return [one for one in rows if one.id > page.after_id][-page.limit :]
        before = page.before_id if page.before_id is not None else 10**9
        return [one for one in rows if one.id < before][: page.limit]

    def get(self, wanted):
        one = next(r for r in self.rows if r.id == wanted.id)
        breach = BreachSeen(
            "/errorCode",
            "StatusNotification.errorCode.enum",
            "errorCode “Error” is not in the list",
            "StatusNotification: errorCode",
            "OCPP 1.6 schema StatusNotification",
            "Error",
            "Accepted and kept as it came.",
            "Send one of the listed values.",
            14,
            NOW - 86_400 * 4,
            NOW,
        )
        broken = one.verdict == "breach"
        text = BROKEN if broken else f'[2,"{one.message_id}","{one.action}",{{"connectorId":1}}]'
        call = FrameWhole(one.id, one.at, one.direction, "call", text, len(text), [breach] if broken else [])
        answer = FrameWhole(one.id + 1, one.at + 0.0006, "out", "result", f'[3,"{one.message_id}",{{}}]', 12, [])
        return ExchangeWhole(one, [call, answer])
