"""One-time addresses: secrets nobody guesses, what they stand for, and who guesses."""

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs that are not taken for one another
LENGTH = 26  # 130 bit
_SECRET = re.compile(r"[a-z0-9]{24,64}")
FOLDER = "f"

FREE_GUESSES = 5
LONGEST_S = 5.0
FORGET_S = 600.0
MOST_WAITING = 8
MOST_GUESSERS = 1000


def new_secret() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_secret(text: str) -> bool:
    return _SECRET.fullmatch(text) is not None


def user_of(secret: str) -> str:
    """The user name for FTP: it belongs to the secret and tells nothing of it."""
    digest = hashlib.sha256(f"user {secret}".encode()).digest()
    return "ev" + "".join(ALPHABET[byte % 32] for byte in digest[:8])


class Addresses(Generic[T]):
    """What each secret stands for. The time a look takes says nothing about any secret: they are found by a keyed hash of
    what was asked for, which nobody outside can steer."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, T] = {}

    def put(self, secret: str, what: T) -> None:
        self._known[self._hash(secret)] = what

    def drop(self, secret: str) -> None:
        self._known.pop(self._hash(secret), None)

    def find(self, text: str) -> T | None:
        return self._known.get(self._hash(text))

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(errors="replace"), "sha256")


class Guesses:
    """Wrong addresses by who asked for them: the first few may be mistakes, the next ones wait longer and longer. Who asks
    for the right one is never kept waiting, also when somebody behind the same router guesses."""

    def __init__(self) -> None:
        self._by: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._waiting: dict[str, int] = {}
        self.total = 0

    def hit(self, who: str, now: float) -> float | None:
        """Seconds to wait before the answer; None: too many wait already, give none. `now`: any steady clock."""
        count, at = self._by.pop(who, (0, now))
        count = 1 if now - at > FORGET_S else count + 1
        self._by[who] = (count, now)
        self.total += 1
        if len(self._by) > MOST_GUESSERS:
            self._by.popitem(last=False)
        if count <= FREE_GUESSES:
            return 0.0
        if self._waiting.get(who, 0) >= MOST_WAITING:
            return None
        return min(0.25 * 2.0 ** min(count - FREE_GUESSES - 1, 8), LONGEST_S)

    def count(self, who: str) -> int:
        return self._by.get(who, (0, 0.0))[0]

    def wait(self, who: str) -> None:
        self._waiting[who] = self._waiting.get(who, 0) + 1

    def waited(self, who: str) -> None:
        left = self._waiting.get(who, 0) - 1
        if left > 0:
            self._waiting[who] = left
        else:
            self._waiting.pop(who, None)
