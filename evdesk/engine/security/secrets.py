"""Passwords and private keys: encrypted under a key in the system's keyring, or in a file only its owner can read.

Everything lies in one file, `secrets.json` (mode 0600). Where there is a keyring, the file's values are encrypted
(AES-256-GCM) and only their key is in the keyring: keyrings cannot list what they hold, and some take 2,560 bytes at most.
"""

import base64
import contextlib
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from keyring.errors import KeyringError

from evdesk.model import EvdeskError, Reason
from evdesk.model.files import put_over

FILE = "secrets.json"
SERVICE = "evdesk"
KEYRING, PLAIN_FILE = "keyring", "file"
_UNUSABLE = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
_NONCE = 12
Keyring = Callable[[], Any]


class Secrets:
    """All methods may block: call them from a thread, but `get`, which reads from memory. `where`: "keyring", "file", or
    "" while nothing is stored."""

    def __init__(self, folder: Path, ring: Keyring | None = None) -> None:
        self.where = ""
        self.locked = ""
        self._path = folder / FILE
        self._account = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]
        self._keyring = ring or usable_keyring
        self._values: dict[str, str] = {}
        self._cipher: AESGCM | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Reads the file, where there is one. A damaged file or a locked keyring is no error here, for the engine guards a
        fuse: `locked` then says what to do, and nothing is stored."""
        try:
            raw = json.loads(self._path.read_text("utf-8"))
            stored = {str(name): str(value) for name, value in raw["values"].items()}
            where = str(raw["where"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.locked = (
                f"The file {self._path} with the chargers' passwords cannot be read ({error}). Put back a copy of it and "
                "start again, or delete it and set the passwords anew. Nothing is written over it."
            )
            return
        with contextlib.suppress(OSError):
            self._path.chmod(0o600)
        self.where = where
        if where == PLAIN_FILE:
            self._values = stored
            return
        self._cipher = self._known_cipher()
        try:
            self._values = {name: self._open_value(name, value) for name, value in stored.items()}
        except (InvalidTag, ValueError):
            self.locked = (
                "The chargers' passwords are locked in this user's keyring, which evdesk cannot open. Unlock the keyring "
                "and start the engine again."
            )

    def get(self, name: str) -> str | None:
        return self._values.get(name)

    def names(self) -> list[str]:
        return list(self._values)

    def put(self, name: str, value: str) -> None:
        """On the disk when it returns. Raises `EvdeskError(STORAGE)`."""
        self._change({name: value}, ())

    def drop(self, *names: str) -> None:
        self._change({}, names)

    def change(self, values: dict[str, str], gone: tuple[str, ...] = ()) -> None:
        """Several at once: all or none."""
        self._change(values, gone)

    def edit(self, name: str, change: Callable[[str | None], str | None]) -> None:
        """What is stored under `name` made into something else (None: nothing), nobody coming between."""
        with self._lock:
            new = change(self._values.get(name))
            self._put({} if new is None else {name: new}, (name,))

    def _change(self, values: dict[str, str], gone: tuple[str, ...]) -> None:
        with self._lock:
            self._put(values, gone)

    def _put(self, values: dict[str, str], gone: tuple[str, ...]) -> None:
        if self.locked:
            raise EvdeskError(Reason.STORAGE, self.locked)
        new = {n: v for n, v in self._values.items() if n not in gone} | values
        if new == self._values:
            return
        if not self.where:
            self._cipher = self._new_cipher()
            self.where = KEYRING if self._cipher else PLAIN_FILE
        self._write(new)
        self._values = new

    def _write(self, values: dict[str, str]) -> None:
        stored = {name: self._shut_value(name, value) for name, value in values.items()}
        text = json.dumps({"version": 1, "where": self.where, "values": stored}, indent=1)
        temporary = ""
        try:
            descriptor, temporary = tempfile.mkstemp(
                dir=self._path.parent, prefix=f".{FILE}."
            )  # mode 0600 from the start
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            put_over(Path(temporary), self._path)
        except OSError as error:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            text = f"{self._path} could not be written: {error.strerror or error}. The password was not stored."
            raise EvdeskError(Reason.STORAGE, text) from error

    # -- encryption -----------------------------------------------------------------------------------------------

    def _shut_value(self, name: str, value: str) -> str:
        if self._cipher is None:
            return value
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, value.encode(), name.encode())).decode()

    def _open_value(self, name: str, stored: str) -> str:
        if self._cipher is None:
            raise ValueError("no key")
        raw = base64.b64decode(stored, validate=True)
        return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], name.encode()).decode()

    def _known_cipher(self) -> AESGCM | None:
        found = self._ask(lambda ring: ring.get_password(SERVICE, self._account))
        try:
            return AESGCM(bytes.fromhex(found)) if isinstance(found, str) else None
        except ValueError:
            return None

    def _new_cipher(self) -> AESGCM | None:
        """A key in the keyring, read back before it is relied on; None where that does not work."""
        key = os.urandom(32).hex()
        self._ask(lambda ring: ring.set_password(SERVICE, self._account, key))
        return (
            self._known_cipher() if self._ask(lambda ring: ring.get_password(SERVICE, self._account)) == key else None
        )

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        ring = self._keyring()
        if ring is None:
            return None
        try:
            return question(ring)
        except (KeyringError, RuntimeError, OSError):
            return None


def usable_keyring() -> Any:
    """The system's keyring, None where there is none that keeps a secret."""
    try:
        found = keyring.get_keyring()
    except (KeyringError, RuntimeError, OSError):
        return None
    return found if _keeps(found) else None


def _keeps(ring: Any) -> bool:
    inner = getattr(ring, "backends", None)
    if isinstance(inner, list):  # several in a row: the first takes what is stored
        return bool(inner) and _keeps(inner[0])
    return not type(ring).__module__.startswith(_UNUSABLE)
