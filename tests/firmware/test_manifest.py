"""Sidecars: what is wrong is said with file and field, what is missing stays unknown, what is written comes back."""

import json
import tomllib
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.firmware.manifest import Kept, Sidecar, checked, over, parse, said, to_json, to_toml, unknown
from evdesk.model import EvdeskError, Reason
from evdesk.model.firmware import BlockedVersion, Manifest

FULL = Manifest(
    vendor="Nordlade",
    models=("N22", "N22-S"),
    hardware=("B", "C"),
    version="2.4.1",
    size=18_400_000,
    sha256="9c41" * 16,
    from_versions=("2.3.*", "2.3.0..2.4.0"),
    minimum_version="2.3.0",
    downgrade=False,
    settings_kept=True,
    backup_needed=False,
    minutes=7.5,
    reboots=2,
    recovery="Breaker off for 30 s.\nDo not press reset while the light is blue.",
    schemes=("http", "ftp"),
    signature="AAEC",
    signature_kind="RSA-PSS",
    certificate="-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----",
    blocked=(BlockedVersion("2.3.9", "loses its limit on restart"),),
    any_model=True,
    source="https://nordlade.example/n22",
    notes="the way back is 2.4.0",
)


def fault(text, name="n22.bin.toml"):
    with pytest.raises(EvdeskError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), name)
    assert caught.value.reason is Reason.INVALID
    return caught.value.sentence


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('model = "N22"', ["n22.bin.toml", "“model”", "“models”"]),
        ("zzzz = 1", ["“zzzz”", "is not known", "from_versions"]),
        ('models = "N22"', ["“models”", "list of texts", 'models = ["…"]']),
        ("models = [1]", ["“models”", "text in quotation marks"]),
        ('models = ["N22", " "]', ["“models”", "empty entry"]),
        ("version = 2.4", ["“version”", "quotation marks"]),
        ('size = "18 MB"', ["“size”", "whole number"]),
        ("size = 1.5", ["“size”", "whole number"]),
        ("size = -1", ["“size”", "from 0 to"]),
        ("size = true", ["“size”", "whole number"]),
        ("size = " + "9" * 400, ["“size”", "whole number"]),
        ("size = 2147483649", ["“size” must be a whole number from 0 to 2147483648 (2 GiB)"]),
        ("minutes = nan", ["“minutes”", "a number from 0"]),
        ("minutes = inf", ["“minutes”", "a number from 0"]),
        ("minutes = 1e6", ["“minutes” must be a number from 0 to 1440 (24 h)"]),
        ("reboots = 21", ["“reboots” must be a whole number from 0 to 20"]),
        ('sha256 = "9c41"', ["“sha256”", "64 digits"]),
        ('downgrade = "no"', ["“downgrade”", "true or false"]),
        ('schemes = ["tftp"]', ["“schemes”", "tftp", "http, https, ftp, ftps"]),
        ('from_versions = ["2.4.0..2.3.0"]', ["“from_versions”", "2.4.0..2.3.0", "ends before it begins"]),
        ('blocked = ["2.3.9"]', ["“blocked”", "“version” and “why”"]),
        ('blocked = [{version = ""}]', ["“blocked”", "is empty"]),
        ('blocked = [{version = "1.0", because = ""}]', ["“blocked”", "“version” and “why”"]),
        ('notes = "' + "x" * 5000 + '"', ["“notes”", "4000 characters"]),
        ('vendor = "a\\u0000b"', ["“vendor”", "no text"]),
        ('version = "1\\n2"', ["“version”", "more than one line"]),
        ('version = "2.4.1\\u202e"', ["“version”", "not seen (U+202E)"]),
        ('version = "2.4\\u200b.1"', ["“version”", "not seen (U+200B)"]),
        ('models = ["N22\\u001b"]', ["“models”", "not seen (U+001B)"]),
        ('notes = "a\\nb\\u2066"', ["“notes”", "not seen (U+2066)"]),
        ('signature_kind = "MD5"', ["“signature_kind”", "“MD5”", "RSA-PSS, RSA-PKCS1, ECDSA", "leave out"]),
        ("library = 1", ["“library”", "take it out"]),
        ("vendor = x", ["is not TOML", "line 1"]),
        ("size = " + "9" * 5000, ["is not TOML"]),
    ],
)
def test_a_wrong_line_is_named_with_file_and_field(line, words):
    sentence = fault(line)
    assert sentence.startswith("n22.bin.toml")
    assert all(word in sentence for word in words), sentence
    assert len(sentence) < 600


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\xff\xfev\0", "UTF-8"),
        (b'{"vendor": ', "is not JSON"),
        (b"[1, 2]", "table of names"),
        (b'{"backup_needed": null}', "“backup_needed” must be true or false"),
        (b'{"vendor": "\\ud800"}', "no text"),
        (b'{"version": "2.4.0", "vendor": "A", "version": "2.4.1"}', "“version” is said twice"),
        (b'{"blocked": [{"version": "1", "why": "a", "why": "b"}]}', "“why” is said twice"),
        (b"[" * 100, "nests far deeper"),
        (b'{"a":\n' * 30_000, "is not JSON"),
        (b" " * 300_000, "too large"),
    ],
)
def test_what_is_no_manifest_at_all_is_said(raw, words):
    assert words in fault(raw, "n22.json")


# -- good input -------------------------------------------------------------------------------------------------------


def test_every_field_is_written_and_read_the_same():
    assert all(getattr(FULL, f.name) != f.default for f in fields(Manifest)), "a field of the sample says nothing"
    kept = Kept(1.8e9, "Technician", "n22.bin.toml", "9c41" * 16, "n22:2.bin")
    assert parse(to_toml(Sidecar(FULL, kept)).encode(), "a.toml") == Sidecar(FULL, kept)
    assert parse(to_json(FULL).encode(), "a.json") == Sidecar(FULL)
    assert checked(FULL, "entered") == FULL


def test_what_is_missing_stays_unknown():
    assert parse(b"", "a.toml") == Sidecar()
    assert parse(b"{}", "a.json") == Sidecar()
    nulls = {f.name: None for f in fields(Manifest) if f.name not in ("backup_needed", "any_model")}
    assert parse(json.dumps(nulls).encode(), "a.json").manifest == Manifest()
    assert tomllib.loads(to_toml(Sidecar(Manifest(version="2.4.1")))) == {"version": "2.4.1", "backup_needed": True}
    assert unknown(FULL) == ()
    assert unknown(Manifest())[:4] == ("vendor", "models", "hardware", "version")
    assert "models" not in unknown(Manifest(any_model=True))


def test_spelling_is_put_right_where_nothing_is_guessed():
    text = """\ufeffversion = " 2.4.1 "\r\nsha256 = "9C41 77AB %s"\r\nsignature_kind = "rsassa-pss"\r\nschemes = ["HTTP"]"""
    told = parse((text % ("00" * 28)).encode(), "a.toml").manifest
    assert (told.version, told.sha256[:10], told.signature_kind) == ("2.4.1", "9c4177ab00", "RSA-PSS")
    assert told.schemes == ("http",)


def test_an_own_table_of_a_newer_evdesk_is_no_fault():
    told = parse(b'[library]\nadded_at = "never"\nadded_by = "Kim"\ncolour = 3\n', "a.toml")
    assert told.kept == Kept(None, "Kim")
    strange = Sidecar(kept=Kept(1.0, "Kim", "a\nb.bin.toml", "9c41" * 16, "a\nb\u202e.bin"))
    assert parse(to_toml(strange).encode(), "a.toml") == strange  # what the file is called is not the manifest's fault


def test_what_is_given_goes_over_and_what_is_not_stays():
    given = Manifest(version="2.4.2", any_model=True)
    assert said(given) == ["version", "any_model"]
    both = over(FULL, given)
    assert (both.version, both.vendor, both.backup_needed) == ("2.4.2", "Nordlade", False)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"], include_characters="\u200d"), max_size=40
)
LINES = st.text(st.sampled_from("aß \t\r\n\u200f"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(LINES, TEXTS, st.lists(TEXTS, max_size=3))
def test_any_text_comes_back(recovery, notes, models):
    told = Manifest(recovery=recovery, notes=notes, models=tuple(m for m in models if m.strip()))
    once = checked(told, "entered")
    assert parse(to_toml(Sidecar(once)).encode(), "a.toml").manifest == once
    assert parse(to_json(once).encode(), "a.json").manifest == once
