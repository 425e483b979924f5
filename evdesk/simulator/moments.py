"""Unix seconds to the text OCPP wants (RFC 3339 with zone) and back."""

from datetime import UTC, datetime


def to_text(at: float) -> str:
    """Unix seconds as "2026-01-02T03:04:05.678Z"; moments before 1970 are told as 1970."""
    moment = datetime.fromtimestamp(max(0.0, at), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def from_text(text: str) -> float:
    """Unix seconds; a text without zone counts as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
