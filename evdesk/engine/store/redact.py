"""The last look before a row is kept for ever: secrets are taken out even where a caller forgot to."""

import math
import re
from typing import Any

import msgspec

from evdesk.ocpp.redact import redact_value

HIDDEN = "(secret)"
_SECRET = re.compile(
    r"authorization_?key|basic_?auth_?password|password|passwd|passphrase|secret|(?<!id)(?<!id_)token|private_?key|api_?key|\bpin\b",
    re.IGNORECASE,
)
_NAMES = frozenset({"name", "key", "variable"})
_VALUES = frozenset({"value", "attributevalue", "before", "after"})


def plain(value: object, hides: bool = False) -> Any:
    """`value` as dicts, lists and plain values without secrets; what JSON cannot hold becomes text or null.

    `hides`: the values belong to a secret named elsewhere (see `names_secret`).
    """
    told = msgspec.to_builtins(value, str_keys=True, enc_hook=str)
    return _clean(redact_value(told), hides)  # what OCPP has of secrets, texts within texts too


def names_secret(args: Any) -> bool:
    """True where `args` name a secret setting, e.g. {"name": "AuthorizationKey", ...}."""
    return isinstance(args, dict) and any(
        isinstance(told, str) and str(name).lower() in _NAMES and _SECRET.search(told) for name, told in args.items()
    )


def _clean(value: Any, hides: bool = False) -> Any:
    if isinstance(value, dict):
        hides = hides or names_secret(value)
        return {str(name): HIDDEN if _hidden(str(name), told, hides) else _clean(told) for name, told in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _hidden(name: str, value: object, hides: bool) -> bool:
    if value in (None, "") or isinstance(value, dict | list):
        return False
    return (hides and name.lower() in _VALUES) or (isinstance(value, str) and _SECRET.search(name) is not None)
