"""What fits which charger: each line of the checks, and that nothing is guessed."""

from dataclasses import replace

import pytest

from evdesk.firmware.fit import ChargerFacts, fit
from evdesk.model.firmware import BlockedVersion, Direction, FileState, Image, Manifest, SignatureState, Verdict

MANIFEST = Manifest(
    vendor="Nordlade",
    models=("N22", "N22-S"),
    hardware=("B", "C"),
    version="2.4.1",
    sha256="9c41" * 16,
    from_versions=("2.3.*", "2.4.0"),
    downgrade=False,
)
IMAGE = Image("9c419c41", "n22.bin", 100, "9c41" * 16, MANIFEST, signature=SignatureState.VALID)
CHARGER = ChargerFacts("A", "Nordlade", "N22", "B", "2.4.0", "NL-1")
OK, WARN, UNKNOWN, BLOCK = Verdict.OK, Verdict.WARN, Verdict.UNKNOWN, Verdict.BLOCK


def verdicts(image=IMAGE, charger=CHARGER, blocked=()):
    """Those that are not OK."""
    return {c.code: c.verdict for c in fit(image, charger, blocked).checks if c.verdict is not OK}


def with_manifest(**more):
    return replace(IMAGE, manifest=replace(MANIFEST, **more))


def check(code, image=IMAGE, charger=CHARGER, blocked=()):
    return next(c for c in fit(image, charger, blocked).checks if c.code == code)


def test_a_charger_it_is_made_for():
    told = fit(IMAGE, CHARGER)
    assert [c.code for c in told.checks] == [
        "model",
        "hardware",
        "version",
        "downgrade",
        "blocked",
        "file",
        "signature",
    ]
    assert (told.fits, told.direction, verdicts()) == (True, Direction.UPGRADE, {})
    assert all(c.sentence and not c.advice for c in told.checks)


@pytest.mark.parametrize(
    ("charger", "found"),
    [
        ({"vendor": " NORD LADE", "model": "n 22-s "}, {}),
        ({"hardware": "b"}, {}),
        ({"model": "N11"}, {"model": BLOCK}),
        ({"model": "N22-SX"}, {"model": BLOCK}),
        ({"vendor": "Kestrel"}, {"model": BLOCK}),
        ({"vendor": ""}, {"model": UNKNOWN}),
        ({"model": ""}, {"model": UNKNOWN}),
        ({"vendor": "Kestrel", "model": ""}, {"model": BLOCK}),
        ({"hardware": ""}, {"hardware": UNKNOWN}),
        ({"hardware": "A"}, {"hardware": BLOCK}),
        ({"version": "2.2.9"}, {"version": BLOCK}),
        ({"version": ""}, {"version": UNKNOWN, "downgrade": UNKNOWN}),
        ({"version": "20240102"}, {"version": UNKNOWN, "downgrade": UNKNOWN}),
        ({"version": "V2.4.1"}, {"version": WARN}),
    ],
)
def test_what_the_charger_tells(charger, found):
    assert verdicts(charger=replace(CHARGER, **charger)) == found
    assert fit(IMAGE, replace(CHARGER, **charger)).fits is (BLOCK not in found.values())


@pytest.mark.parametrize(
    ("manifest", "charger", "found"),
    [
        ({"vendor": ""}, {}, {"model": UNKNOWN}),
        ({"models": ()}, {}, {"model": BLOCK}),
        ({"models": (), "hardware": (), "any_model": True}, {"model": "", "hardware": ""}, {}),
        ({"any_model": True}, {"vendor": "Kestrel"}, {"model": BLOCK}),
        ({"hardware": ()}, {}, {"hardware": UNKNOWN}),
        ({"from_versions": ()}, {"version": "1.0"}, {}),
        ({"from_versions": (), "minimum_version": "2.4.0"}, {}, {}),
        ({"from_versions": (), "minimum_version": "2.4.0"}, {"version": "2.3.9"}, {"version": BLOCK}),
        ({"minimum_version": "2.4.0"}, {"version": "2.3.9"}, {"version": BLOCK}),
        (
            {"from_versions": (), "minimum_version": "2.4.0"},
            {"version": "20240102"},
            {"version": UNKNOWN, "downgrade": UNKNOWN},
        ),
        ({"from_versions": ()}, {"version": "2.5.0"}, {"downgrade": BLOCK}),
        ({"from_versions": (), "downgrade": None}, {"version": "2.5.0"}, {"downgrade": WARN}),
        ({"from_versions": (), "downgrade": True}, {"version": "2.5.0"}, {}),
        ({"blocked": (BlockedVersion("2.4.*", "bricks"),)}, {}, {"blocked": BLOCK}),
        ({"blocked": (BlockedVersion("2.3.9", "bricks"),)}, {}, {}),
    ],
)
def test_what_the_manifest_says(manifest, charger, found):
    assert verdicts(with_manifest(**manifest), replace(CHARGER, **charger)) == found


def test_a_version_that_a_person_blocked_is_not_sent_and_the_reason_is_told():
    told = check("blocked", blocked=[BlockedVersion("V2.4.1", "loses its limit on restart")])
    assert (told.verdict, told.sentence) == (BLOCK, "2.4.1 must not be used: loses its limit on restart.")


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (SignatureState.VALID, OK),
        (SignatureState.INVALID, BLOCK),
        (SignatureState.EXPIRED, WARN),
        (SignatureState.UNTRUSTED, WARN),
        (SignatureState.UNCHECKED, WARN),
        (SignatureState.NONE, WARN),
    ],
)
def test_signatures(state, verdict):
    told = check("signature", replace(IMAGE, signature=state, signature_detail="So it is."))
    assert (told.verdict, told.sentence) == (verdict, "So it is.")
    assert bool(told.advice) is (verdict is not OK)


def test_a_damaged_file_blocks_with_its_words():
    why = "Cut off: 11.0 of 18.4 MB. Add it again"
    told = check("file", replace(IMAGE, state=FileState.TRUNCATED, usable=False, why_not=why))
    assert (told.verdict, told.sentence, told.advice) == (BLOCK, "Cut off: 11.0 of 18.4 MB.", "Add it again.")


def test_a_wrong_signature_is_told_once():
    image = replace(IMAGE, signature=SignatureState.INVALID, usable=False, why_not="No. Do not send it.")
    assert verdicts(image) == {"signature": BLOCK}


def test_a_file_nobody_vouches_for_is_unknown():
    image = replace(with_manifest(sha256=""), signature=SignatureState.NONE)
    assert verdicts(image) == {"file": UNKNOWN, "signature": WARN}
    assert verdicts(with_manifest(sha256="")) == {}, "a valid signature vouches for the file"


def test_sentences_name_both_sides():
    assert check("model", charger=replace(CHARGER, model="N11")).sentence == (
        "The file is for Nordlade N22 or N22-S; this is Nordlade N11."
    )
    hardware = check("hardware", charger=replace(CHARGER, hardware="A"))
    assert hardware.sentence == "The file is for hardware B or C; this charger has A."
    assert "2.3.*, 2.4.0; it has 2.2.9" in check("version", charger=replace(CHARGER, version="2.2.9")).sentence
    assert "already" in check("version", charger=replace(CHARGER, version="2.4.1")).sentence
