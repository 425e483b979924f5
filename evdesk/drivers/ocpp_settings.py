"""Reading and writing a 1.6 charger's configuration keys (GetConfiguration, ChangeConfiguration; 5.3, 5.8)."""

from typing import Any

from evdesk.drivers.base import Answer
from evdesk.drivers.ocpp_late import Reply
from evdesk.drivers.ocpp_link import Caller
from evdesk.model import ChargerError, Reason, Setting
from evdesk.ocpp.fields import number
from evdesk.ocpp.keys import STANDARD, standard_key
from evdesk.ocpp.redact import is_secret

MAX_KEY, MAX_VALUE = 50, 500


async def read_settings(caller: Caller) -> tuple[list[Setting], bool]:
    """Every setting the charger shows, standard and its own, then the keys it said it does not know; and whether these may
    be a part only: where it answers the question for all with an error, nobody can name the keys of its maker."""
    found: dict[str, Setting] = {}
    unknown: dict[str, str] = {}
    refused = False
    try:
        _collect(await caller.call("GetConfiguration", {}), found, unknown)
    except ChargerError as error:
        if error.reason is not Reason.REFUSED:
            raise
        refused = True
    limit = _max_keys(found)
    if not found or (limit is not None and len(found) >= limit):
        await _page(caller, max(1, min(limit or 10, 50)), found, unknown)
    learn(caller, found)
    settings = sorted(found.values(), key=lambda s: (not s.known, s.name.lower()))
    strange = [name for key, name in unknown.items() if key not in found]
    meaning = "The charger does not know this key."
    return settings + [Setting(name, writable=False, known=False, meaning=meaning) for name in sorted(strange)], refused


async def _page(caller: Caller, size: int, found: dict[str, Setting], unknown: dict[str, str]) -> None:
    """The charger does not tell all at once: ask for the standard keys that are missing, a few at a time."""
    missing = [key.name for low, key in STANDARD.items() if low not in found and not is_secret(key.name)]
    for start in range(0, len(missing), size):
        _collect(await caller.call("GetConfiguration", {"key": missing[start : start + size]}), found, unknown)


def _collect(reply: Reply, found: dict[str, Setting], unknown: dict[str, str]) -> None:
    entries = reply.payload.get("configurationKey") or []
    for entry in entries if isinstance(entries, list) else [entries]:
        setting = _setting(entry)
        if setting is not None:
            found[setting.name.lower()] = setting
    names = reply.payload.get("unknownKey") or []
    for name in names if isinstance(names, list) else [names]:
        unknown[str(name).lower()] = str(name)[:200]


def _setting(entry: Any) -> Setting | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
        return None
    name = entry["key"].strip()
    key = standard_key(name)
    value = entry.get("value")
    shown = None if value is None or is_secret(name) else _plain(value)
    readonly = entry.get("readonly")
    writable = str(readonly).strip().lower() not in ("true", "1")
    if key is None:
        return Setting(name, shown, writable=writable, known=False)
    return Setting(key.name, shown, key.type, key.unit, writable, True, key.meaning)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _max_keys(found: dict[str, Setting]) -> int | None:
    setting = found.get("getconfigurationmaxkeys")
    return number(setting.value) if setting is not None else None


def learn(caller: Caller, found: dict[str, Setting]) -> None:
    """Keeps what the other verbs need to know."""

    def value(name: str) -> str | None:
        setting = found.get(name)
        return setting.value if setting is not None else None

    memory = caller.memory
    sample = number(value("metervaluesampleinterval"))
    if sample:
        memory.sample_s = float(sample)
    level = number(value("chargeprofilemaxstacklevel"))
    if level is not None and level >= 0:
        memory.max_level = level
    allowed = value("chargingscheduleallowedchargingrateunit")
    if allowed:
        memory.rate_unit = allowed


async def read_keys(caller: Caller, *names: str) -> dict[str, Setting]:
    """A few settings by name, keyed in lower case; those the charger does not know are absent."""
    found: dict[str, Setting] = {}
    _collect(await caller.call("GetConfiguration", {"key": list(names)}), found, {})
    learn(caller, found)
    return found


async def write_key(caller: Caller, name: str, value: str) -> Answer:
    """Read, write, read back. Secrets are only written."""
    name = name.strip()
    if not 0 < len(name) <= MAX_KEY:
        raise ChargerError(Reason.INVALID, f"A setting's name has 1 to {MAX_KEY} characters.", name=name)
    if len(value) > MAX_VALUE:
        raise ChargerError(Reason.INVALID, f"OCPP 1.6 allows {MAX_VALUE} characters in a value.", name=name)
    secret = is_secret(name)
    if name.lower() == "authorizationkey" and not 16 <= len(value) <= 40:
        raise ChargerError(Reason.INVALID, "The AuthorizationKey must have 16 to 40 characters.", name=name)
    before = None if secret else await _value(caller, name)
    reply = await caller.call("ChangeConfiguration", {"key": name, "value": value})
    if reply.status == "NotSupported":
        raise ChargerError(Reason.UNSUPPORTED, f"The charger does not know the setting {name}.", status=reply.status)
    if reply.status == "Rejected":
        sentence = f"The charger refused this value for {name}; it may be read-only or out of range."
        raise ChargerError(Reason.REFUSED, sentence, status=reply.status, before=before)
    if reply.status not in ("Accepted", "RebootRequired"):
        raise ChargerError(Reason.BAD_REPLY, f"The charger's answer to writing {name} is not understood.")
    after = None if secret else await _value(caller, name)
    return Answer(reply.status, reply.ms, before, after, {"reboot": reply.status == "RebootRequired"})


async def _value(caller: Caller, name: str) -> str | None:
    """The value the charger shows, None where it shows none or cannot be asked."""
    try:
        found = await read_keys(caller, name)
    except ChargerError as error:
        if error.reason in (Reason.REFUSED, Reason.UNSUPPORTED):
            return None
        raise
    setting = found.get(name.lower())
    return setting.value if setting is not None else None
