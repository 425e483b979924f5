"""Signatures with real keys: valid only where it was verified, in time, by a certificate that a person trusts."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from evdesk.firmware.signature import (
    certificate_text,
    check,
    read_signer,
    same_fingerprint,
    signature_text,
)
from evdesk.model.firmware import Manifest, SignatureState
from tests.firmware.signing import DAY, T0, certificate, fingerprint, key, pem, sign

FILE, OTHER = b"firmware 2.4.1" * 100, b"firmware 2.4.2" * 100
KINDS = ["RSA-PSS", "RSA-PKCS1", "ECDSA"]
S = SignatureState


def told(signed, **more):
    return replace(Manifest(signature=signed.signature, signature_kind=signed.kind, certificate=signed.pem), **more)


def state(manifest, signed, trusted=(), at=T0):
    return check(manifest, signed.sha256, at, trusted).state


# -- bad input --------------------------------------------------------------------------------------------------------

EC = sign(FILE)
GARBAGE_PEM = "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("wrong", "said", "words"),
    [
        ({"signature": ""}, S.NONE, "no signature"),
        ({"certificate": " "}, S.UNCHECKED, "no certificate"),
        ({"certificate": "hello"}, S.UNCHECKED, "cannot be read"),
        ({"certificate": GARBAGE_PEM % "AAAA"}, S.UNCHECKED, "cannot be read"),
        ({"certificate": GARBAGE_PEM % "not base64!"}, S.UNCHECKED, "cannot be read"),
        ({"certificate": EC.pem[:-60]}, S.UNCHECKED, "cannot be read"),
        ({"certificate": "\ud800"}, S.UNCHECKED, "cannot be read"),
        ({"certificate": pem(certificate("ed25519"))}, S.UNCHECKED, "kind that evdesk cannot check"),
        ({"signature_kind": "Ed25519"}, S.UNCHECKED, "RSA-PSS, RSA-PKCS1, ECDSA"),
        ({"signature_kind": "RSA-PSS"}, S.UNCHECKED, "Correct the manifest"),
        ({"signature": "no base 64!"}, S.INVALID, "not base64"),
        ({"signature": "ä"}, S.INVALID, "not base64"),
        ({"signature": "AAAA"}, S.INVALID, "does not belong"),
        ({"signature": base64.b64encode(bytes(64)).decode()}, S.INVALID, "does not belong"),
        ({"signature": EC.signature[4:]}, S.INVALID, "does not belong"),
    ],
)
def test_bad_text_is_a_state_with_words(wrong, said, words):
    found = check(told(EC, **wrong), EC.sha256, T0, {EC.fingerprint})
    assert found.state is said
    assert words in found.detail


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_of_another_file_or_key_is_invalid_however_trusted(kind):
    mine, another = sign(FILE, kind), sign(OTHER, kind)
    assert state(told(mine), another, {mine.fingerprint}) is S.INVALID
    if kind == "ECDSA":
        stranger = sign(FILE, kind, "stranger")
        assert state(told(mine, certificate=stranger.pem), mine, {stranger.fingerprint}) is S.INVALID


def test_one_kind_of_padding_is_not_taken_for_the_other():
    signed = sign(FILE, "RSA-PSS")
    assert state(told(signed, signature_kind="RSA-PKCS1"), signed, {signed.fingerprint}) is S.INVALID


# -- good input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_valid_only_where_a_person_trusts_the_certificate(kind):
    signed = sign(FILE, kind)
    assert state(told(signed), signed) is S.UNTRUSTED
    assert state(told(signed), signed, {sign(FILE, "ECDSA", "stranger").fingerprint}) is S.UNTRUSTED
    found = check(told(signed), signed.sha256, T0, {signed.fingerprint})
    assert found.state is S.VALID
    assert found.signer.name == "Nordlade release key 3"
    assert found.signer.until_at == T0 + DAY
    assert kind in found.detail


@pytest.mark.parametrize("kind", ["RSA-PSS", "RSA-PKCS1"])
def test_a_short_key_is_told_in_words(kind):
    weak, strong = sign(FILE, kind, "weak"), sign(FILE, kind)
    for trusted, said in (((), S.UNTRUSTED), ({weak.fingerprint}, S.VALID)):
        found = check(told(weak), weak.sha256, T0, trusted)
        assert found.state is said
        assert "Its RSA key has only 1024 bit" in found.detail
    assert "bit" not in check(told(strong), strong.sha256, T0, {strong.fingerprint}).detail
    assert "1024 bit" in check(told(weak), weak.sha256, T0 + 2 * DAY, ()).detail


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_found_where_nobody_told_it(kind):
    signed = sign(FILE, kind)
    assert state(told(signed, signature_kind=""), signed, {signed.fingerprint}) is S.VALID


@pytest.mark.parametrize(("at", "words"), [(T0 + 2 * DAY, "ended on 2027-01-16"), (T0 - 2 * DAY, "begins on")])
def test_out_of_its_time_it_is_not_valid(at, words):
    found = check(told(EC), EC.sha256, at, {EC.fingerprint})
    assert (found.state, words in found.detail) == (S.EXPIRED, True)
    assert "maker's" in check(told(EC), EC.sha256, at, ()).detail


def test_two_numbers_in_a_row_are_a_signature_too():
    r, s = decode_dss_signature(base64.b64decode(EC.signature))
    raw = r.to_bytes(32) + s.to_bytes(32)
    signature = base64.b64encode(raw).decode()
    assert state(told(EC, signature=signature), EC, {EC.fingerprint}) is S.VALID


def test_files_of_any_form_become_text():
    raw = base64.b64decode(EC.signature)
    for form in (
        raw,
        raw.hex().encode() + b"\n",
        EC.signature.encode() + b"\r\n",
        EC.signature[:40].encode() + b"\n" + EC.signature[40:].encode(),
    ):
        assert base64.b64decode(signature_text(form)) == raw
    assert signature_text(b"") == ""
    der = certificate("ec").public_bytes(serialization.Encoding.DER)
    assert read_signer(certificate_text(der)).fingerprint == fingerprint(certificate("ec"))
    assert certificate_text(b"no certificate") == ""
    secret = key("ec").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert "PRIVATE" not in certificate_text(secret + EC.pem.encode())
    assert read_signer(certificate_text(secret + EC.pem.encode())).name == "Nordlade release key 3"


def test_fingerprints_are_the_same_however_they_are_written():
    assert same_fingerprint("AB:cd 12", "abcd12")
    assert not same_fingerprint("", "")
    assert not same_fingerprint("abcd12", "abcd13")
