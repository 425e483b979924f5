"""A file and its manifest as an image: damaged in which way, usable or why not, and the newest for a model."""

from dataclasses import replace

import pytest

from evdesk.firmware.images import Found, judged, newest_for
from evdesk.firmware.manifest import Kept, Sidecar
from evdesk.model.firmware import FileState, Manifest, SignatureState
from tests.firmware.signing import DAY, T0, sign

SIGNED = sign(b"firmware 2.4.1" * 1000)
MANIFEST = Manifest(
    vendor="Nordlade",
    models=("N22",),
    version="2.4.1",
    size=len(SIGNED.data),
    sha256=SIGNED.sha256,
    signature=SIGNED.signature,
    signature_kind=SIGNED.kind,
    certificate=SIGNED.pem,
)
FOUND = Found("n22.bin", len(SIGNED.data), SIGNED.sha256, Sidecar(MANIFEST), "n22.bin.toml")
OTHER = "ab" * 32


def image(found=FOUND, trusted=(SIGNED.fingerprint,), at=T0, **manifest):
    kept = found.sidecar.kept
    return judged(replace(found, sidecar=Sidecar(replace(MANIFEST, **manifest), kept)), at, trusted)


@pytest.mark.parametrize(
    ("found", "manifest", "state", "why"),
    [
        ({"there": False, "sha256": ""}, {}, FileState.MISSING, "gone"),
        ({"size": 0}, {}, FileState.EMPTY, "empty"),
        (
            {"size": 11_000_000, "sha256": OTHER},
            {"size": 18_400_000},
            FileState.TRUNCATED,
            "Cut off: 11.0 of 18.4 MB. Add it again",
        ),
        (
            {"size": 18_400_000, "sha256": OTHER},
            {"size": 18_400_001},
            FileState.TRUNCATED,
            "18,400,000 of 18,400,001 bytes",
        ),
        (
            {"size": 18_400_001, "sha256": OTHER},
            {"size": 18_400_000},
            FileState.ALTERED,
            "Not the file of the manifest",
        ),
        ({"sha256": OTHER}, {}, FileState.ALTERED, "Another SHA-256"),
        ({"sidecar": Sidecar(MANIFEST, Kept(sha256=OTHER))}, {"sha256": ""}, FileState.ALTERED, "Changed since"),
        ({"sha256": "", "pending": True}, {}, FileState.GOOD, "worked out"),
        ({"fault": "n22.bin.toml: “model” is not known."}, {}, FileState.GOOD, "“model”"),
        ({}, {"version": ""}, FileState.GOOD, "which version"),
        ({}, {"models": ()}, FileState.GOOD, "which model"),
    ],
)
def test_what_must_not_be_sent_is_not_usable_and_says_why(found, manifest, state, why):
    told = image(replace(FOUND, **found), **manifest)
    assert (told.state, told.usable) == (state, False)
    assert why in told.why_not


def test_a_whole_signed_file_is_usable():
    told = image()
    assert (told.usable, told.why_not, told.state) == (True, "", FileState.GOOD)
    assert (told.signature, told.signer, told.fingerprint) == (
        SignatureState.VALID,
        "Nordlade release key 3",
        SIGNED.fingerprint,
    )
    assert (told.id, told.signer_until_at, told.name) == (SIGNED.sha256[:16], T0 + DAY, "Nordlade N22 2.4.1")


def test_a_wrong_signature_is_not_usable_and_an_old_one_is():
    assert not image(replace(FOUND, sha256=OTHER), sha256=OTHER).usable
    assert image(at=T0 + 2 * DAY).usable
    assert image(at=T0 + 2 * DAY).signature is SignatureState.EXPIRED
    assert image(trusted=()).signature is SignatureState.UNTRUSTED


def test_an_altered_file_keeps_the_name_by_which_jobs_know_it():
    found = replace(FOUND, sha256=OTHER, sidecar=Sidecar(MANIFEST, Kept(sha256=SIGNED.sha256)))
    assert (image(found).id, image(found).sha256) == (SIGNED.sha256[:16], OTHER)


def test_the_newest_for_a_model():
    def made(version, added, **more):
        return replace(image(version=version, **more), id=version, added_at=added)

    images = [
        made("2.4.10", 1.0),
        made("2.4.9", 2.0),
        made("3.0", 3.0, models=("N11",)),
        made("3.1", 3.0, vendor="Kestrel"),
        made("3.2", 3.0, models=(), any_model=True),
        replace(made("3.3", 3.0), usable=False),
    ]
    assert newest_for(images, "NORDLADE", "n22").id == "2.4.10"
    assert newest_for([*images, made("2.5", 0.0, vendor="")], "Nordlade", "N22").id == "2.5"
    assert newest_for([*images, made("20240102", 9.0)], "Nordlade", "N22").id == "20240102"
    assert newest_for(images, "Nordlade", "") is None
