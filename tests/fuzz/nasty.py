"""Frames of nearly a mebibyte in every shape that has made something slow: each must be handled within its time."""

_N = 1_040_000
STAMP = '"timestamp":"2026-05-28T20:26:40Z"'


def _fill(head: str, unit: str, tail: str) -> str:
    return head + unit * ((_N - len(head) - len(tail)) // len(unit)) + tail


def _data(unit: str) -> str:
    return _fill('[2,"1","DataTransfer",{"vendorId":"x","data":[', unit, "1]}]")


SHAPES = {
    "empty entries": _fill('[2,"1","MeterValues",{"connectorId":1,"meterValue":[', "{},", "{}]}]"),
    "bad samples": _fill(
        '[2,"1","MeterValues",{"connectorId":1,"meterValue":[{' + STAMP + ',"sampledValue":[',
        '{"value":"x"},',
        "{}]}]}]",
    ),
    "bad units": _fill(
        '[2,"1","MeterValues",{"connectorId":1,"meterValue":[{' + STAMP + ',"sampledValue":[',
        '{"value":"1","unit":{}},',
        "{}]}]}]",
    ),
    "entries without zone": _fill(
        '[2,"1","MeterValues",{"connectorId":1,"meterValue":[',
        '{"timestamp":"2026-05-28T20:26:40","sampledValue":[{"value":"1"}]},',
        "{}]}]",
    ),
    "one field again and again": _fill('[2,"1","DataTransfer",{"vendorId":"x",', '"k":1,', '"z":1}]'),
    "many fields": '[2,"1","DataTransfer",{"vendorId":"x",' + ",".join(f'"k{i:06}":{i}' for i in range(62000)) + "}]",
    "long text": _fill('[2,"1","DataTransfer",{"vendorId":"x","data":"', "a", '"}]'),
    "escapes": _fill('[2,"1","DataTransfer",{"vendorId":"x","data":"', "\\u00e9", '"}]'),
    "quotes": _fill('[2,"1","DataTransfer",{"vendorId":"x","data":"', '\\"', '"}]'),
    "brackets": "[" * _N,
    "braces": '{"a":' * (_N // 5),
    "brackets in a text": _fill('[2,"1","X",["', "[", '"]]'),
    "pairs of brackets": _data("[],"),
    "nested and closed": _data("[[[[[[[[]]]]]]]],"),
    "wrong brackets": "}[" * (_N // 2),
    "empty texts": '""' * (_N // 2 - 50) + "[" * 40,
    "digits": "[2," + "9" * (_N - 20) + ',"Heartbeat",{}]',
    "glued": '[2,"1","Heartbeat",{}]' * (_N // 22),
    "glued numbers": "1 " * (_N // 2),
    "glued and long": _fill('[2,"1","DataTransfer",{"data":"', "a", '"}]')[: _N - 800]
    + '"}]'
    + '[2,"2","Heartbeat",{}]' * 31,
    "NaN": _data("NaN,"),
    "no JSON": "x" * _N,
    "NUL": "\x00" * _N,
    "blanks": " " * _N,
    "empty events": _fill('[2,"1","NotifyEvent",{"eventData":[', "{},", "{}]}]"),
    "availability": _fill(
        '[2,"1","NotifyEvent",{"eventData":[',
        '{"component":{"name":"Connector","evse":{"id":1}},"variable":{"name":"AvailabilityState"},"actualValue":"Occupied"},',
        "{}]}]",
    ),
    "report": _fill(
        '[2,"1","NotifyReport",{"requestId":1,"generatedAt":"2026-05-28T20:26:40Z","seqNo":0,"reportData":[',
        '{"component":{"name":"C"},"variable":{"name":"V"},"variableAttribute":[{"value":"1"}]},',
        "{}]}]",
    ),
    "periods": _fill(
        '[2,"1","NotifyChargingLimit",{"chargingLimit":{"chargingLimitSource":"EMS"},"chargingSchedule":[{"id":1,'
        '"chargingRateUnit":"A","chargingSchedulePeriod":[',
        '{"limit":1},',
        '{"limit":1}]}]}]',
    ),
    "passwords": _data('"password:",'),
    "secrets": _data('{"key":"AuthorizationKey","value":"x"},'),
    "half a password": "passw" * (_N // 5),
    "addresses": "://a:" * (_N // 5),
    "action": '[2,"1","' + "M" * (_N - 20) + '",{}]',
    "id": '[2,"' + "M" * (_N - 40) + '","Heartbeat",{}]',
    "error": '[4,"1","' + "M" * (_N - 20) + '","",{}]',
    "tag": _fill('[2,"1","Authorize",{"idTag":"', "a", '"}]'),
    "transaction": _fill(
        '[2,"1","TransactionEvent",{"eventType":"Started",' + STAMP + ',"seqNo":0,"transactionInfo":{"transactionId":"',
        "a",
        '"}}]',
    ),
}
