"""Where secrets lie: encrypted under a key in a keyring, or in a file for its owner only; and what if that fails."""

import json
import os
import sys

import keyring.backends.chainer
import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from evdesk.engine.security import secrets as module
from evdesk.engine.security.secrets import FILE, Secrets
from evdesk.model import EvdeskError, Reason


class Ring(KeyringBackend):
    """A keyring in memory; `limit` as Windows has one."""

    priority = 5
    limit = 2560

    def __init__(self):
        super().__init__()
        self.kept = {}
        self.locked = False

    def get_password(self, service, username):
        if self.locked:
            raise KeyringLocked("locked")
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        if self.locked:
            raise KeyringLocked("locked")
        assert len(password) * 2 <= self.limit
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


def opened(folder, ring=None):
    made = Secrets(folder, lambda: ring)
    made.open()
    return made


def test_without_a_keyring_the_file_is_for_its_owner_only(tmp_path):
    made = opened(tmp_path)
    assert (made.where, made.get("a")) == ("", None)
    assert not (tmp_path / FILE).exists()
    made.put("a", "hunter2hunter2")
    assert made.where == "file"
    if sys.platform != "win32":
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert opened(tmp_path).get("a") == "hunter2hunter2"
    made.change({"b": "x" * 4000}, ("a",))
    assert opened(tmp_path).names() == ["b"]
    made.drop("b", "never was")
    assert opened(tmp_path).names() == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights")
def test_a_file_that_others_can_read_is_closed_again(tmp_path):
    opened(tmp_path).put("a", "b")
    os.chmod(tmp_path / FILE, 0o644)
    opened(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_with_a_keyring_the_file_holds_nothing_readable(tmp_path):
    ring, key = Ring(), "-----BEGIN PRIVATE KEY-----" + "k" * 3000
    made = opened(tmp_path, ring)
    made.put("ca/root", key)
    made.put("password/A1", "hunter2hunter2")
    assert made.where == "keyring"
    text = (tmp_path / FILE).read_text()
    assert "hunter2" not in text
    assert "kkkk" not in text
    assert len(ring.kept) == 1
    again = opened(tmp_path, ring)
    assert (again.get("ca/root"), again.get("password/A1")) == (key, "hunter2hunter2")
    # A value cannot be put under another name.
    stored = json.loads(text)
    stored["values"]["password/A1"], stored["values"]["ca/root"] = (
        stored["values"]["ca/root"],
        stored["values"]["password/A1"],
    )
    (tmp_path / FILE).write_text(json.dumps(stored))
    assert opened(tmp_path, ring).locked


@pytest.mark.parametrize("ring", [None, Ring()], ids=["no keyring", "another user's keyring"])
def test_a_keyring_that_is_gone_is_said_and_nothing_is_overwritten(tmp_path, ring):
    opened(tmp_path, Ring()).put("a", "hunter2hunter2")
    before = (tmp_path / FILE).read_bytes()
    made = opened(tmp_path, ring)
    assert "locked" in made.locked
    assert made.get("a") is None
    with pytest.raises(EvdeskError, match="keyring") as caught:
        made.put("b", "c")
    assert caught.value.reason is Reason.STORAGE
    assert (tmp_path / FILE).read_bytes() == before


def test_a_locked_keyring_at_the_first_secret_means_the_file(tmp_path):
    ring = Ring()
    ring.locked = True
    made = opened(tmp_path, ring)
    made.put("a", "b")
    assert made.where == "file"


@pytest.mark.parametrize("text", ["{", "[]", '{"where":"file"}', '{"where":"file","values":3}'])
def test_a_damaged_file_is_said_and_left_as_it_is(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    made = opened(tmp_path)
    assert FILE in made.locked
    with pytest.raises(EvdeskError, match=r"secrets\.json") as caught:
        made.put("a", "b")
    assert caught.value.reason is Reason.STORAGE
    assert (tmp_path / FILE).read_text() == text


def test_a_full_disk_changes_nothing(tmp_path, monkeypatch):
    made = opened(tmp_path)
    made.put("a", "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EvdeskError, match="No space"):
        made.put("a", "new")
    assert made.get("a") == "old"
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_keyrings_that_keep_nothing_are_not_used(monkeypatch):
    for ring, good in (
        (keyring.backends.fail.Keyring(), False),
        (keyring.backends.null.Keyring(), False),
        (Ring(), True),
    ):
        monkeypatch.setattr(module.keyring, "get_keyring", lambda ring=ring: ring)
        assert (module.usable_keyring() is ring) is good
