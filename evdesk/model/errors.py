"""Errors a person can act on: a stable reason and a sentence that says what to do."""

from enum import StrEnum


class Reason(StrEnum):
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    TIMEOUT = "timeout"
    BAD_REPLY = "bad_reply"
    AUTH = "auth"
    INVALID = "invalid"
    STORAGE = "storage"  # the command was not sent because its audit row could not be written


class EvdeskError(Exception):
    """Anything evdesk could not do. `detail` is machine-readable context, e.g. the charger's own error code."""

    def __init__(self, reason: Reason, sentence: str, **detail: object) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
        self.detail = detail


class ChargerError(EvdeskError):
    """A charger did not do what was asked."""


class Unsupported(ChargerError):
    """This driver, or this charger, has no such verb."""

    def __init__(self, verb: str) -> None:
        super().__init__(Reason.UNSUPPORTED, f"This charger cannot do “{verb}”.", verb=verb)
