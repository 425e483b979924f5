"""The Ed25519 key that signs checkpoints of the audit log, in a file only its owner can read."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evdesk.engine.store.faults import sentence_for, storage_error
from evdesk.model.files import put_over

KEY_FILE = "audit.key"
"""The private key (PEM, PKCS 8), beside the database, mode 0600."""

TRUSTED_FILE = "audit.trusted"
"""Optional: public keys in hex, one a line, that a person vouches for (an earlier key, or a copied database's)."""


class Signer:
    """Signs with the key in `folder`; makes one where there is none.

    Raises `EvdeskError(STORAGE)` where the file is there and cannot be used: a new key is never made over an old one.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / KEY_FILE
        try:
            self._key = _load(path) if path.exists() else _create(path)
        except OSError as error:
            raise storage_error(sentence_for(error, path)) from error
        self.public_key = self._key.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        return self._key.sign(text.encode()).hex()


def trusted_keys(folder: Path) -> frozenset[str]:
    """Public keys (hex) a checkpoint may be signed with: that of `audit.key` and those in `audit.trusted`.

    Empty where neither file is there. Raises `EvdeskError(STORAGE)` where one of them cannot be read.
    """
    keys: set[str] = set()
    key_file, trusted = folder / KEY_FILE, folder / TRUSTED_FILE
    try:
        if key_file.exists():
            keys.add(_load(key_file).public_key().public_bytes_raw().hex())
        if trusted.exists():
            keys.update(line.strip().lower() for line in trusted.read_text("utf-8").splitlines() if line.strip())
    except OSError as error:
        raise storage_error(sentence_for(error, key_file)) from error
    return frozenset(keys)


def signed_by(public_key: str, signature: str, text: str) -> bool:
    """True where `signature` (hex) over `text` was made with the key behind `public_key` (hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise storage_error(
            f"The key file {path} is damaged. Put back a copy of it, or rename it yourself: at the next start evdesk "
            f"makes a new key. Then write the old public key as a line into {TRUSTED_FILE} beside it, so that the "
            "checkpoints signed so far still count."
        )
    return key


def _create(path: Path) -> Ed25519PrivateKey:
    """Written under another name first: a full disk or a crash leaves no half key behind."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    half = path.with_name(path.name + ".new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    put_over(half, path)
    return key
