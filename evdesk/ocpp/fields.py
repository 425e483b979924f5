"""Single fields of OCPP payloads, whatever JSON type the charger chose for them."""

from typing import Any

_TAG_STATUS = frozenset({"Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"})


def tag_status(word: str) -> str:
    """An AuthorizationStatus that may be sent (OCPP 1.6, 7.2); anything else is Invalid."""
    return word if word in _TAG_STATUS else "Invalid"


def text(payload: dict[str, Any], key: str) -> str:
    """A text field, whatever JSON type the charger chose; "" where absent."""
    value = payload.get(key)
    if isinstance(value, str):
        return value.strip(" \t\r\n\x00")
    return "" if value is None or isinstance(value, dict | list) else str(value)[:500]


def number(value: Any) -> int | None:
    """A whole number, also from text or from a float without fraction; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value if abs(value) < 1 << 62 else None
    try:
        real = float(value)
        return int(real) if real == int(real) and abs(real) < 1 << 53 else None
    except (TypeError, ValueError, OverflowError):
        return None
