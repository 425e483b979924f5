"""Firmware files of the simulator, and who may sign them."""

import base64
import hashlib
import io
import tarfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from evdesk.simulator import make_image
from evdesk.simulator.access import Access
from evdesk.simulator.certificates import CertificateStore, signed_by
from evdesk.simulator.fileline import Blob, Body, BrokenOff
from evdesk.simulator.image import TAIL_BYTES, Incoming
from evdesk.simulator.logbody import LogFacts, archive, big_log, text_log
from tests.simulator.pki import Authority

NOW = 1_800_000_000.0


def fed(data: bytes, step: int) -> Incoming:
    image = Incoming()
    for at in range(0, len(data), step):
        image.feed(data[at : at + step])
    return image


def test_the_same_arguments_give_the_same_bytes() -> None:
    made = make_image("Nordlade", "N22", "2.4.1", 5_000)
    assert len(made) == 5_000
    assert made == make_image("Nordlade", "N22", "2.4.1", 5_000)
    assert made != make_image("Nordlade", "N22", "2.4.2", 5_000)
    assert made.startswith(b"EVSIM Nordlade|N22|2.4.1\n")
    body, _, told = made.rpartition(b"\nEVSIM-END ")
    assert told.decode() == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("step", [1, TAIL_BYTES - 1, TAIL_BYTES, 1000, 10_000])
def test_a_file_is_known_however_it_comes(step) -> None:
    data = make_image("Nordlade", "N22", "2.4.1", 5_000)
    found = fed(data, step).finish()
    assert (found.vendor, found.model, found.version, found.size) == ("Nordlade", "N22", "2.4.1", 5_000)
    assert found.whole
    assert found.sha256 == hashlib.sha256(data).digest()
    assert found.is_for("nordlade", "n22")
    assert not found.is_for("Nordlade", "N11")


@pytest.mark.parametrize(
    ("spoil", "version"),
    [
        (lambda d: d[:-1], "2.4.1"),
        (lambda d: d[:2_000], "2.4.1"),
        (lambda d: d[:100] + b"x" + d[101:], "2.4.1"),
        (lambda d: d + b"\n", "2.4.1"),
        (lambda d: b"<html>404</html>", ""),
        (lambda d: b"", ""),
        (lambda d: d.replace(b"|", b"/", 1), ""),
    ],
)
def test_a_file_that_is_not_whole(spoil, version) -> None:
    found = fed(spoil(make_image("Nordlade", "N22", "2.4.1", 5_000)), 700).finish()
    assert (found.whole, found.version) == (False, version)


def test_nothing_of_a_file_is_kept() -> None:
    image = fed(make_image("A", "B", "1", 2_000_000), 65_536)
    kept = [getattr(image, name) for name in ("_head", "_held")]
    assert sum(map(len, kept)) < 1_000


def test_an_image_that_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least"):
        make_image("Nordlade", "N22", "1", 20)
    with pytest.raises(ValueError, match="without"):
        make_image("Nord|lade", "N22", "1")


# signatures


def sign(key, digest_of: bytes, how: str) -> str:
    if how == "ECDSA":
        raw = key.sign(digest_of, ec.ECDSA(hashes.SHA256()))
    elif how == "PSS":
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
        raw = key.sign(digest_of, pss, hashes.SHA256())
    else:
        raw = key.sign(digest_of, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize("how", ["ECDSA", "PSS", "PKCS1"])
def test_signatures(how) -> None:
    root = Authority()
    key = ec.generate_private_key(ec.SECP256R1()) if how == "ECDSA" else rsa.generate_private_key(65_537, 2048)
    certificate = root._sign(x509.Name([]), key.public_key()).public_bytes(Encoding.PEM).decode()
    told = sign(key, b"firmware", how)
    assert signed_by(certificate, told, hashlib.sha256(b"firmware").digest())
    assert not signed_by(certificate, told, hashlib.sha256(b"firmware!").digest())
    assert not signed_by(certificate, "no base64 at all", hashlib.sha256(b"firmware").digest())
    assert not signed_by("no certificate", told, hashlib.sha256(b"firmware").digest())


def test_who_may_sign() -> None:
    maker, stranger = Authority("Maker"), Authority("Stranger")
    store = CertificateStore(Access())
    good, key = maker.issue("signer")
    now = x509.load_pem_x509_certificate(good.encode()).not_valid_before_utc.timestamp() + 3600 * 24 + 60
    assert store.signer_problem(good, now) == ""
    assert "PEM" in store.signer_problem("nonsense", now)
    assert "now" in store.signer_problem(maker.issue("old", days=(-9, -2))[0], now)
    assert store.install("ManufacturerRootCertificate", maker.pem, now) == "Accepted"
    assert store.signer_problem(good, now) == ""
    assert "manufacturer" in store.signer_problem(stranger.issue("signer")[0], now)
    assert load_pem_private_key(key.encode(), None).key_size == 256


# logs

FACTS = LogFacts(
    "Kestrel",
    "K11",
    "1.18.3",
    "K11-200001",
    NOW,
    ((NOW - 60, "", "BootNotification Accepted"), (NOW - 30, "security", "StartupOfTheDevice")),
    (("HeartbeatInterval", "300"),),
)
ALWAYS = (float("-inf"), float("inf"))


def test_a_log_tells_what_happened_in_a_span_of_time() -> None:
    whole = text_log(FACTS, False, *ALWAYS).decode().splitlines()
    assert whole[0] == "# Kestrel K11 K11-200001 firmware 1.18.3"
    assert whole[1:] == sorted(whole[1:])
    assert len(whole) > 500
    assert whole[-2].endswith("BootNotification Accepted")
    short = text_log(FACTS, False, NOW - 45, NOW).decode().splitlines()
    assert [line.split()[-1] for line in short[1:]] == ["StartupOfTheDevice"]
    assert text_log(FACTS, True, *ALWAYS).decode().count("\n") == 2
    assert FACTS.covers(NOW - 10, NOW + 10)
    assert not FACTS.covers(NOW + 1, NOW + 10)
    assert not FACTS.covers(0, NOW - 3 * 86_400)


def test_a_packed_log_and_a_big_one() -> None:
    with tarfile.open(fileobj=io.BytesIO(archive(FACTS, False, *ALWAYS))) as tar:
        names = tar.getnames()
        settings = tar.extractfile("K11-200001/settings.txt").read()
    assert names == [f"K11-200001/{name}" for name in ("security.log", "settings.txt", "station.json", "system.log")]
    assert settings == b"HeartbeatInterval = 300\n"
    assert sum(len(block) for block in big_log(FACTS)) == 50_000_000


def test_a_broken_body_is_half_of_it() -> None:
    chunks = Body("x", 100, Blob(b"a" * 100)).broken().chunks()
    assert len(next(chunks)) == 50
    with pytest.raises(BrokenOff):
        next(chunks)
