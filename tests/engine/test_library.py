"""The library of firmware files, on real files: what is refused leaves nothing behind, what is damaged is told apart, and
the folder alone is the truth."""

import asyncio
import errno
import os
import resource
import shutil
import socket
from dataclasses import replace

import pytest

from evdesk.engine.firmware import copying, intake
from evdesk.firmware.images import Found, judged
from evdesk.firmware.manifest import Sidecar, parse
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import FileState, Manifest, SignatureState
from tests.engine.library_kit import DATA, MANIFEST, SIGNED, left, library, put, signed_manifest
from tests.firmware.signing import T0, sign

WHO = "Technician"
ROOT = os.geteuid() == 0


@pytest.fixture
async def shelf(tmp_path):
    async with library(tmp_path / "firmware") as made:
        yield made


@pytest.fixture
def usb(tmp_path):
    folder = tmp_path / "usb"
    folder.mkdir()
    return folder


async def refused(shelf, path, given=None):
    before = left(shelf)
    with pytest.raises(EvdeskError) as caught:
        await shelf.add(str(path), WHO, given)
    assert left(shelf) == before, "something half stayed behind"
    return caught.value


# -- bad input --------------------------------------------------------------------------------------------------------


def empty(folder):
    return put(folder, data=b"")


def link(folder):
    (folder / "link.bin").symlink_to(put(folder))
    return folder / "link.bin"


def pipe(folder):
    os.mkfifo(folder / "pipe.bin")
    return folder / "pipe.bin"


def plug(folder):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "s"))
    return folder / "s"


def huge(folder):
    with (folder / "huge.bin").open("wb") as file:
        file.truncate((2 << 30) + 1)
    return folder / "huge.bin"


def sidecar(folder):
    put(folder, manifest=MANIFEST)
    return folder / "n22-2.4.1.bin.toml"


def papers(folder):
    (folder / "README.txt").write_text("hello")
    (folder / "lost.bin.toml").write_text("")
    (folder / ".hidden").write_text("x")
    (folder / "more").mkdir()
    return folder


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nothing.bin", "nothing.bin is not there"),
        (lambda folder: "n22.bin", "whole path"),
        (lambda folder: "", "whole path"),
        (lambda folder: f"{folder}/a\0b", "cannot be read"),
        (lambda folder: "/dev/null", "is a device"),
        (empty, "n22-2.4.1.bin is empty"),
        (link, "link.bin is a link"),
        (pipe, "pipe.bin is a pipe"),
        (plug, "is a socket"),
        (huge, "At most 2 GiB"),
        (sidecar, "describes a firmware file"),
        (lambda folder: folder, "no firmware file in usb"),
        (papers, "README.txt: Not firmware by its name"),
    ],
)
async def test_what_is_no_firmware_file_is_refused_in_words(shelf, usb, make, words):
    error = await refused(shelf, make(usb))
    assert error.reason is Reason.INVALID
    assert words in error.sentence


@pytest.mark.skipif(ROOT, reason="root may read everything")
async def test_what_may_not_be_read_is_refused(shelf, usb):
    path = put(usb)
    path.chmod(0)
    assert "may not be read" in (await refused(shelf, path)).sentence
    usb.chmod(0)
    try:
        assert "cannot be looked into" in (await refused(shelf, usb)).sentence
        assert "may not be read" in (await refused(shelf, path)).sentence
    finally:
        usb.chmod(0o700)


async def test_evdesks_own_data_is_never_taken(tmp_path, usb):
    data = tmp_path / "data"
    put(data, "audit.key", b"secret")
    put(data, "token", b"secret")
    (data / "x").mkdir()
    put(data / "x", "ca.bin", b"secret")
    put(usb / "copy", "audit.key", b"secret")
    put(usb / "copy", "evdesk.db", b"secret")
    put(usb, manifest=MANIFEST)
    (usb / "way").symlink_to(tmp_path)
    async with library(data / "firmware", data) as shelf:
        for path in (data, data / "audit.key", data / "x", data / "x" / "ca.bin", usb / "way" / "data" / "token"):
            assert "evdesk's own data" in (await refused(shelf, path)).sentence, path
        for path in (usb / "copy", usb / "copy" / "audit.key", f"{data}/../data/token"):
            assert "evdesk's own data" in (await refused(shelf, path)).sentence, path
        added = await shelf.add(str(usb), WHO)
        assert [t.name for t in added.taken] == ["n22-2.4.1.bin"]
        assert "evdesk's own data" in added.refused["copy"]
        put(tmp_path, "b.bin", b"other")
        assert "evdesk's own data" in (await shelf.add(str(tmp_path), WHO)).refused["data"]
        assert [t.known for t in (await shelf.add(str(shelf.folder), WHO)).taken] == [True, True]


async def test_a_wrong_manifest_beside_it_is_named_with_file_and_field(shelf, usb):
    path = put(usb)
    (usb / "n22-2.4.1.bin.toml").write_text('model = "N22"')
    assert (await refused(shelf, path)).sentence == "n22-2.4.1.bin.toml: “model” is not known. Is “models” meant?"
    (usb / "n22-2.4.1.bin.json").write_text("{}")
    assert "two manifests" in (await refused(shelf, path)).sentence
    (usb / "n22-2.4.1.bin.toml").unlink()
    (usb / "n22-2.4.1.bin.pem").write_text("no certificate")
    assert "n22-2.4.1.bin.pem is no certificate" in (await refused(shelf, path)).sentence
    (usb / "n22-2.4.1.bin.pem").unlink()
    assert "“sha256” must have 64 digits" in (await refused(shelf, path, Manifest(sha256="9c"))).sentence


async def test_a_disk_that_is_too_full_is_said_before_anything_is_copied(shelf, usb, monkeypatch):
    space = shutil.disk_usage(usb)._replace(free=copying.KEEP_FREE + 10)
    monkeypatch.setattr(copying.shutil, "disk_usage", lambda folder: space)
    error = await refused(shelf, put(usb))
    assert error.reason is Reason.STORAGE
    assert "14 kB are needed, 10 bytes are free" in error.sentence


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(shelf, usb, monkeypatch, number):
    write, written = os.write, []

    def fills_up(descriptor, raw):
        written.append(len(raw))
        if len(written) > 1:
            raise OSError(number, os.strerror(number))
        return write(descriptor, raw[:100])

    monkeypatch.setattr(copying.os, "write", fills_up)
    error = await refused(shelf, put(usb))
    assert (error.reason, "The disk is full." in error.sentence) == (Reason.STORAGE, True)


async def test_a_disk_that_takes_no_file_so_large_leaves_nothing(shelf, usb):
    path = put(usb, data=bytes(3_000_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        error = await refused(shelf, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (error.reason, "larger than this disk takes" in error.sentence) == (Reason.STORAGE, True)


async def test_a_file_whose_manifest_cannot_be_written_does_not_stay(shelf, usb, monkeypatch):
    def fails(*_):
        raise EvdeskError(Reason.STORAGE, "The disk is full.")

    monkeypatch.setattr(intake, "write_sidecar", fails)
    assert (await refused(shelf, put(usb, manifest=MANIFEST))).reason is Reason.STORAGE
    assert shelf.images == {}


async def test_a_file_that_grows_while_it_is_copied_is_not_taken(shelf, usb, monkeypatch):
    path, write = put(usb), copying._write

    def slowly(out, raw, folder):
        with path.open("ab") as file:
            file.write(b"more")
        write(out, raw, folder)

    monkeypatch.setattr(copying, "_write", slowly)
    assert "changed while it was copied" in (await refused(shelf, path)).sentence


async def test_an_engine_that_ends_leaves_nothing_half_copied(shelf, usb):
    path = put(usb)
    await shelf.close()
    assert "engine is ending" in (await refused(shelf, path)).sentence


async def test_a_folder_that_cannot_be_used_stops_no_engine(tmp_path, usb):
    (tmp_path / "firmware").write_text("a file, not a folder")
    async with library(tmp_path / "firmware") as made:
        assert made.images == {}
        with pytest.raises(EvdeskError) as caught:
            await made.add(str(put(usb)), WHO)
    assert (caught.value.reason, "cannot be written" in caught.value.sentence) == (Reason.STORAGE, True)


async def test_what_was_left_unfinished_is_swept_away(tmp_path):
    folder = tmp_path / "firmware"
    folder.mkdir()
    (folder / f"{copying.PART}abc").write_bytes(b"half")
    async with library(folder) as made:
        assert (left(made), made.images) == ([], {})


# -- adding -----------------------------------------------------------------------------------------------------------


async def one(shelf, path, given=None):
    return shelf.image((await shelf.add(str(path), WHO, given)).taken[0].id)


async def test_a_file_with_its_manifest_is_copied_and_known(shelf, usb):
    told = []
    shelf.on_changed = lambda: told.append(1)
    image = await one(shelf, put(usb, manifest=MANIFEST))
    assert (image.id, image.sha256, image.size) == (SIGNED.sha256[:16], SIGNED.sha256, len(DATA))
    assert (image.manifest, image.manifest_source) == (MANIFEST, "n22-2.4.1.bin.toml")
    assert (image.usable, image.state, image.signature) == (True, FileState.GOOD, SignatureState.NONE)
    assert (image.added_at, image.added_by, image.file_name) == (T0, WHO, "n22-2.4.1.bin")
    assert shelf.path(image.id).read_bytes() == DATA
    assert left(shelf) == ["n22-2.4.1.bin", "n22-2.4.1.bin.toml"]
    assert told


async def test_manifests_of_every_form_and_signatures_beside_it_are_read(shelf, usb):
    path = put(usb)
    (usb / "n22-2.4.1.json").write_text('{"vendor": "Nordlade", "models": ["N22"], "version": "2.4.1"}')
    (usb / "n22-2.4.1.bin.sig").write_text(SIGNED.signature)
    (usb / "n22-2.4.1.bin.pem").write_text(SIGNED.pem)
    image = await one(shelf, path)
    assert (image.manifest.vendor, image.manifest_source) == ("Nordlade", "n22-2.4.1.json")
    assert image.signature is SignatureState.UNTRUSTED
    trusted = await shelf.trust(image.id, SIGNED.fingerprint.upper())
    assert (trusted.signature, trusted.signer) == (SignatureState.VALID, "Nordlade release key 3")
    assert left(shelf) == [f"{SIGNED.fingerprint}.pem", "n22-2.4.1.bin", "n22-2.4.1.bin.toml"]


async def test_what_is_given_goes_over_the_sidecar_and_who_gave_it_is_kept(shelf, usb):
    image = await one(shelf, put(usb, manifest=MANIFEST), Manifest(version="2.4.2", any_model=True))
    assert (image.manifest.version, image.manifest.models, image.manifest.any_model) == ("2.4.2", ("N22",), True)
    assert image.manifest_source == "n22-2.4.1.bin.toml; version, any_model by Technician"


async def test_a_file_without_anything_is_kept_and_not_usable_until_somebody_says_what_it_is(shelf, usb):
    image = await one(shelf, put(usb))
    assert (image.usable, "which version" in image.why_not) == (False, True)
    again = await shelf.add(str(put(usb)), "Kim", Manifest(version="2.4.1", any_model=True))
    assert again.taken[0].known
    assert shelf.image(image.id).usable
    assert shelf.image(image.id).manifest_source == "Kim"
    other = await one(shelf, put(usb, "b.bin", b"b"), Manifest(version="1", models=("N22",)))
    assert (other.usable, other.manifest_source) == (True, WHO)


async def test_the_same_file_under_another_name_is_recognised(shelf, usb):
    first = await one(shelf, put(usb, manifest=MANIFEST))
    added = await shelf.add(str(put(usb, "copy of it.bin")), "Kim")
    assert [(t.id, t.known) for t in added.taken] == [(first.id, True)]
    assert shelf.images == {first.id: first}
    assert left(shelf) == ["n22-2.4.1.bin", "n22-2.4.1.bin.toml"]


async def test_a_manifest_that_says_something_else_of_a_known_file_is_not_passed_over_in_silence(shelf, usb):
    first = await one(shelf, put(usb, manifest=MANIFEST))
    assert (await shelf.add(str(put(usb, manifest=MANIFEST)), WHO)).stays == {}
    other = replace(MANIFEST, version="9.9.9", hardware=("D",), minutes=5.0)
    added = await shelf.add(str(put(usb, "again.bin", manifest=other)), WHO)
    words = added.stays["again.bin"]
    assert "in the library already, and its description there stays" in words
    assert "something else: hardware, version (9.9.9, here 2.4.1), minutes." in words
    assert "firmware.manifest" in words
    assert shelf.image(first.id).manifest == MANIFEST
    given = await shelf.add(str(usb / "n22-2.4.1.bin"), WHO, Manifest(version="2.4.2"))
    assert (given.stays, shelf.image(first.id).manifest.version) == ({}, "2.4.2")


async def test_a_double_click_adds_once(shelf, usb):
    path = put(usb, manifest=MANIFEST)
    both = await asyncio.gather(shelf.add(str(path), WHO), shelf.add(str(path), WHO))
    assert sorted(added.taken[0].known for added in both) == [False, True]
    assert left(shelf) == ["n22-2.4.1.bin", "n22-2.4.1.bin.toml"]


async def test_another_file_of_the_same_name_keeps_its_name_for_chargers(shelf, usb):
    first = await one(shelf, put(usb, manifest=MANIFEST))
    second = await one(shelf, put(usb, data=b"another"), Manifest(version="3"))
    assert (first.file_name, second.file_name) == ("n22-2.4.1.bin", "n22-2.4.1.bin")
    assert shelf.path(first.id) != shelf.path(second.id)
    assert shelf.path(second.id).read_bytes() == b"another"


NAMES = ["CON.bin", "a:b?.bin", "ends with a dot.", "é" * 100 + ".bin", os.fsdecode(b"\xff\xfe.bin"), "-", "a b.bin"]


@pytest.mark.parametrize("name", [*NAMES, "fw.txt", "~$x.bin", "Thumbs.db", "x.toml.", ".hidden.bin"])
async def test_any_name_is_stored_in_a_form_every_disk_takes(shelf, usb, name):
    image = await one(shelf, put(usb, name, name.encode("utf-8", "surrogateescape")), Manifest(version="1"))
    stored = shelf.path(image.id).name
    assert stored == copying.portable_name(stored)
    assert len(stored.encode()) <= 120
    assert image.file_name.encode("utf-8")
    await shelf.look()
    assert shelf.image(image.id).state is FileState.GOOD


async def test_a_folder_is_taken_with_all_that_can_be_and_the_rest_is_named(shelf, usb):
    put(usb, manifest=MANIFEST)
    put(usb, "old.bin", b"old", Manifest(version="2.4.0", models=("N22",)))
    put(usb, "bad.bin", b"bad")
    (usb / "bad.bin.toml").write_text("size = 'x'")
    put(usb, "README.txt")
    (usb / "orphan.bin.toml").write_text("")
    (usb / "trusted").mkdir()
    (usb / "link.bin").symlink_to(usb / "old.bin")
    added = await shelf.add(str(usb), WHO)
    assert [t.name for t in added.taken] == ["n22-2.4.1.bin", "old.bin"]
    assert sorted(added.refused) == ["README.txt", "bad.bin", "link.bin", "orphan.bin.toml"]
    assert "“size”" in added.refused["bad.bin"]
    assert "one alone" in (await refused(shelf, usb, Manifest(version="9"))).sentence


# -- damage -----------------------------------------------------------------------------------------------------------


async def test_a_file_that_was_cut_off_is_kept_shown_and_not_usable(shelf, usb):
    image = await one(shelf, put(usb, data=bytes(11_000_000), manifest=Manifest(version="2.4.1", size=18_400_000)))
    assert (image.state, image.usable) == (FileState.TRUNCATED, False)
    assert image.why_not == "Cut off: 11.0 of 18.4 MB. Add it again"
    good = await one(shelf, put(usb, data=DATA, manifest=MANIFEST))
    assert (good.usable, len(shelf.images)) == (True, 2)


async def test_a_file_with_another_hash_than_its_manifest_is_altered(shelf, usb):
    image = await one(shelf, put(usb, data=DATA[:-1] + b"!", manifest=signed_manifest()))
    assert (image.state, image.usable, image.signature) == (FileState.ALTERED, False, SignatureState.INVALID)


@pytest.mark.parametrize(
    ("size", "said", "words"),
    [
        (3000, 1, "3,000 bytes instead of 1."),
        (2_040_000, 2_030_000, "2,040,000 bytes instead of 2,030,000."),
        (3_000_000, 1_500_000, "3.0 MB instead of 1.5 MB."),
        (3_000_000, 900, "3,000,000 bytes instead of 900."),
    ],
)
def test_sizes_that_differ_are_told_apart(size, said, words):
    image = judged(Found("x", size, "ab" * 32, Sidecar(Manifest(size=said))), T0, ())
    assert image.why_not.startswith(f"Not the file of the manifest: {words}")


async def test_a_change_that_hides_is_found_before_it_is_sent(shelf, usb):
    image = await one(shelf, put(usb, manifest=signed_manifest(sha256="", size=None)))
    path = shelf.path(image.id)
    before = path.stat()
    path.write_bytes(DATA[:-1] + b"!")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    await shelf.look()
    assert shelf.image(image.id).usable, "by size and time it is the same file"
    now = await shelf.verified(image.id)
    assert (now.id, now.state, now.usable, now.signature) == (
        image.id,
        FileState.ALTERED,
        False,
        SignatureState.INVALID,
    )
    assert "Changed since it was added" in now.why_not
    back = await one(shelf, put(usb))
    assert (back.id, back.usable, back.manifest.version) == (image.id, True, "2.4.1")


async def test_a_file_that_was_touched_is_the_same_file_also_before_it_is_hashed(shelf, usb):
    image = await one(shelf, put(usb))
    for sidecar in shelf.path(image.id).parent.glob("*.toml"):
        sidecar.unlink()  # nothing but its bytes says what it is
    os.utime(shelf.path(image.id))
    found = await asyncio.gather(shelf.look(), shelf.verified(image.id))
    assert found[1].id == image.id


async def test_a_file_removed_by_hand_is_missing_until_it_is_added_again(shelf, usb):
    image = await one(shelf, put(usb, manifest=MANIFEST))
    shelf.path(image.id).unlink()
    assert (await shelf.verified(image.id)).state is FileState.MISSING
    assert not shelf.image(image.id).usable
    added = await shelf.add(str(put(usb)), WHO)
    assert not added.taken[0].known
    assert shelf.image(image.id).usable


async def test_an_image_nobody_knows_is_said(shelf):
    for act in (shelf.verified("abc"), shelf.remove("abc"), shelf.put_manifest("abc", MANIFEST, WHO)):
        with pytest.raises(EvdeskError, match="no image “abc”"):
            await act


# -- manifests and trust ----------------------------------------------------------------------------------------------


async def test_a_person_enters_what_is_known(shelf, usb):
    image = await one(shelf, put(usb))
    told = await shelf.put_manifest(image.id, MANIFEST, "Kim")
    assert (told.usable, told.manifest, told.manifest_source, told.added_by) == (True, MANIFEST, "Kim", WHO)
    with pytest.raises(EvdeskError, match="“from_versions”"):
        await shelf.put_manifest(image.id, Manifest(from_versions=("2..1",)), "Kim")
    assert shelf.image(image.id).manifest == MANIFEST


async def test_a_sidecar_that_was_broken_by_hand_is_told_and_kept_aside(shelf, usb):
    image = await one(shelf, put(usb, manifest=MANIFEST))
    path = shelf.folder / "n22-2.4.1.bin.toml"
    path.write_text(path.read_text().replace("models", "modells"))
    await shelf.look()
    broken = shelf.image(image.id)
    assert not broken.usable
    assert broken.why_not == "n22-2.4.1.bin.toml: “modells” is not known. Is “models” meant?"
    told = await shelf.put_manifest(image.id, MANIFEST, "Kim")
    assert (told.usable, told.manifest) == (True, MANIFEST)
    assert "modells" in (shelf.folder / ".n22-2.4.1.bin.toml.unreadable").read_text()


async def test_only_the_certificate_that_was_shown_can_be_trusted(shelf, usb):
    image = await one(shelf, put(usb, manifest=signed_manifest()))
    for wrong in ("", "ab" * 32, sign(DATA, "ECDSA", "stranger").fingerprint):
        with pytest.raises(EvdeskError, match="not signed by a certificate with this fingerprint"):
            await shelf.trust(image.id, wrong)
    damaged = await one(shelf, put(usb, "x.bin", b"x", signed_manifest()))
    with pytest.raises(EvdeskError, match="says nothing about the certificate"):
        await shelf.trust(damaged.id, SIGNED.fingerprint)
    assert shelf.image(image.id).signature is SignatureState.UNTRUSTED
    assert (await shelf.trust(image.id, SIGNED.fingerprint)).signature is SignatureState.VALID
    next((shelf.folder / "trusted").iterdir()).write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----")
    await shelf.look()
    assert shelf.image(image.id).signature is SignatureState.UNTRUSTED


async def test_trust_is_taken_back_for_every_file_signed_by_it_whatever_the_certificates_file_is_called(shelf, usb):
    image = await one(shelf, put(usb, manifest=signed_manifest()))
    with pytest.raises(EvdeskError, match="Nobody has said that the certificate of Nordlade N22"):
        await shelf.distrust(image.id, SIGNED.fingerprint)
    assert (await shelf.trust(image.id, SIGNED.fingerprint)).trusted
    trusted = shelf.folder / "trusted"
    (trusted / "by hand.pem").write_text(SIGNED.pem)
    (trusted / "another.pem").write_text(sign(DATA, "ECDSA", "stranger").pem)
    with pytest.raises(EvdeskError, match="not signed by a certificate with this fingerprint"):
        await shelf.distrust(image.id, "ab" * 32)
    told = await shelf.distrust(image.id, SIGNED.fingerprint.upper())
    assert (told.signature, told.trusted) == (SignatureState.UNTRUSTED, False)
    assert [path.name for path in trusted.iterdir()] == ["another.pem"]
    assert (await shelf.trust(image.id, SIGNED.fingerprint)).signature is SignatureState.VALID


# -- the folder -------------------------------------------------------------------------------------------------------


async def test_the_folder_copied_to_another_laptop_is_the_same_library(shelf, usb, tmp_path):
    image = await one(shelf, put(usb, manifest=signed_manifest()))
    image = await shelf.trust(image.id, SIGNED.fingerprint)
    damaged = await one(shelf, put(usb, "cut.bin", b"cut", Manifest(version="2", size=9)))
    shutil.copytree(shelf.folder, tmp_path / "other", ignore=shutil.ignore_patterns(".*"))
    async with library(tmp_path / "other") as other:
        assert other.images == {image.id: image, damaged.id: damaged}


async def test_files_put_there_by_hand_are_found(shelf):
    put(shelf.folder, "hand.bin", DATA, MANIFEST)
    put(shelf.folder, "same.bin", DATA)
    put(shelf.folder, "bare.bin", b"bare")
    (shelf.folder / "gone.bin.toml").write_text('version = "1"\nmodels = ["N22"]')
    changed = asyncio.Event()
    shelf.on_changed = changed.set
    await shelf.look()
    async with asyncio.timeout(10):
        while len(shelf.images) < 3 or any("worked out" in i.why_not for i in shelf.images.values()):
            changed.clear()
            await changed.wait()
    told = {image.file_name: (image.state, image.usable) for image in shelf.images.values()}
    assert told == {
        "hand.bin": (FileState.GOOD, True),
        "bare.bin": (FileState.GOOD, False),
        "gone.bin": (FileState.MISSING, False),
    }


async def test_the_newest_and_taking_out(shelf, usb):
    image = await one(shelf, put(usb, manifest=MANIFEST))
    old = await one(shelf, put(usb, "old.bin", b"old", Manifest(version="2.4.0", models=("N22",))))
    assert shelf.newest_for("nordlade", "N 22") == image
    shelf.in_use = lambda number: "Job 7 sends it." if number == image.id else ""
    with pytest.raises(EvdeskError, match="Job 7 sends it"):
        await shelf.remove(image.id)
    shelf.in_use = lambda number: ""
    assert (await shelf.remove(image.id)).id == image.id
    assert (list(shelf.images), left(shelf)) == ([old.id], ["old.bin", "old.bin.toml"])


async def test_an_export_can_be_added_elsewhere_and_writes_over_nothing(shelf, usb, tmp_path):
    target = tmp_path / "stick" / "firmware"
    assert "no whole file" in (await failed(shelf.export(str(target)))).sentence
    image = await one(shelf, put(usb, manifest=signed_manifest()))
    await shelf.trust(image.id, SIGNED.fingerprint)
    await one(shelf, put(usb, "cut.bin", b"cut", Manifest(version="2", size=9)))
    assert await shelf.export(str(target)) == (1, 1)
    assert await shelf.export(str(target)) == (1, 1), "again, and nothing is in the way"
    assert parse((target / "n22-2.4.1.bin.toml").read_bytes(), "x.toml").manifest == image.manifest
    async with library(tmp_path / "other") as other:
        added = await other.add(str(target), "Kim")
        assert not added.refused
        told = other.image(image.id)
        assert (told.usable, told.added_by, told.manifest_source) == (True, "Kim", "n22-2.4.1.bin.toml")
        assert told.signature is SignatureState.UNTRUSTED, "here nobody has said whose certificate it is"
    (target / "n22-2.4.1.bin").write_bytes(b"mine")
    assert "is there already, and is another file" in (await failed(shelf.export(str(target)))).sentence
    assert (target / "n22-2.4.1.bin").read_bytes() == b"mine"
    for wrong in ("firmware", str(shelf.folder), str(shelf.folder / "x"), str(usb / "cut.bin")):
        assert (await failed(shelf.export(wrong))).reason is Reason.INVALID


async def failed(act):
    with pytest.raises(EvdeskError) as caught:
        await act
    return caught.value
