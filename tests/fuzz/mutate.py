"""Seeded mutations of frames: of their JSON, of their text, of their bytes, of their order."""

import json

MARK = "zq7"
"""Stands in every text the mutations make up: it must never become part of a rule's name."""

VALUES = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    3,
    1.5,
    -0.0,
    1e308,
    2**31,
    2**53,
    2**63,
    2**64,
    10**30,
    -(2**70),
    "",
    " ",
    "0",
    "-1",
    "1e400",
    "NaN",
    "Infinity",
    MARK,
    MARK * 90,
    "\x00",
    "\ufeff",
    "\u202e" + MARK,
    "😀" * 20,
    "'; DROP TABLE x; --",
    "../../" + MARK,
    "2026-05-28T20:26:40",
    "2026-05-28T20:26:40Z",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "0000-00-00T00:00:00Z",
    "2026-05-28T20:26:40+99:99",
    "L1",
    "kW",
    " 9.6",
    "9,6",
    "Current.Import.L1",
    "Accepted",
    "Ended",
    "Started",
    "Updated",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"key": "AuthorizationKey", "value": "s"},
    {MARK: 1},
    [1, 2, 3],
    {"a": {"b": [{}]}},
]
_JUNK = [
    b"\x00",
    b"\xef\xbb\xbf",
    b"]",
    b"[",
    b"{",
    b"}",
    b'"',
    b"\\",
    b",",
    b":",
    b"NaN",
    b"-Infinity",
    b'"\\ud800"',
    b"\\u0000",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"1e999",
    b"9" * 400,
    b"\r\n",
    b"\x1b[2J",
    b"//",
    b"/*",
    b"'",
    b"=",
]


def _fresh(one):
    return json.loads(json.dumps(one)) if isinstance(one, dict | list) else one


def value(rng):
    chance = rng.random()
    if chance < 0.7:
        return _fresh(rng.choice(VALUES))
    if chance < 0.8:
        return rng.randrange(10**6)
    if chance < 0.9:
        return MARK + str(rng.randrange(10**6)) * rng.choice((1, 10, 100))
    made = _fresh(rng.choice(VALUES))
    for _ in range(rng.choice((1, 3, 10, 40))):
        made = [made] if rng.random() < 0.5 else {"a": made}
    return made


def walk(root):
    """Every container in a JSON value."""
    found, todo = [], [root]
    while todo:
        one = todo.pop()
        if isinstance(one, dict | list) and one:
            found.append(one)
            todo.extend(one.values() if isinstance(one, dict) else one)
    return found


def change(frame, rng):
    """Changes one place of a JSON value in place."""
    places = walk(frame)
    if not places:
        return
    place = rng.choice(places)
    key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
    how = rng.random()
    if how < 0.5:
        place[key] = value(rng)
    elif how < 0.65:
        del place[key]
    elif how < 0.75:
        one = place[key]
        place[key] = (
            one if isinstance(one, list) and rng.random() < 0.3 else [one] if rng.random() < 0.5 else {"x": one}
        )
    elif how < 0.85 and isinstance(place, dict):
        place[rng.choice((key.upper(), key + " ", MARK, "__proto__", ""))] = _fresh(place[key])
    elif how < 0.93 and isinstance(place, list):
        place.insert(key, json.loads(json.dumps(place[key])))
    else:
        one = place[key]
        place[key] = str(one) if not isinstance(one, str) else one * rng.choice((2, 30))


def structure(frame, rng):
    """A mutated copy of a frame."""
    frame = json.loads(json.dumps(frame))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 6))):
        change(frame, rng)
    return frame


def scramble(data, rng):
    """Mutated bytes of a message."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        how = rng.random()
        if how < 0.35:
            data = data[:at] + rng.choice(_JUNK) + data[at + rng.choice((0, 0, 1, 3)) :]
        elif how < 0.55:
            data = data[:at]
        elif how < 0.7 and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
        elif how < 0.8:
            size = rng.choice((1, 5, 40))
            data = data[:at] + data[at : at + size] * 2 + data[at + size :]
        elif how < 0.9:
            size = rng.choice((1, 5, 40))
            data = data[:at] + data[at + size :]
        else:
            data = data[at:] + data[:at]
    return data


def encode(frame, rng):
    return json.dumps(frame, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
