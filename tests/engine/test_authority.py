"""evdesk's CA: chains that others verify, requests that are refused, renewal, rotation, and what a crash leaves behind."""

import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from evdesk.drivers.tls_server import TlsServer
from evdesk.engine.security import authority as module
from evdesk.engine.security import pki
from evdesk.engine.security.authority import Authority
from evdesk.engine.security.secrets import Secrets
from evdesk.model import EvdeskError, Reason
from tests.engine.store_kit import FixedClock, opened

NOW = 1_800_000_000.0
DAY = 86_400.0


@pytest.fixture(scope="module")
def root():
    return pki.make_root("evdesk root TEST", NOW)


def csr(key, name="SN1", **more):
    names = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    names += [x509.NameAttribute(getattr(NameOID, kind), value) for kind, value in more.items()]
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_openssl_verifies_the_chain_for_every_name(tmp_path, root, kind):
    server = pki.make_server(root, ["desk.example", "192.168.1.5", "fd00::1"], "desk", NOW, kind)
    (tmp_path / "root.pem").write_text(root.certificate)
    (tmp_path / "server.pem").write_text(server.certificate)
    for option, name in (("hostname", "desk.example"), ("ip", "192.168.1.5"), ("ip", "fd00::1")):
        for at in (NOW, 3600, NOW + 700 * DAY):  # also for a charger whose clock stands at 1970
            command = ["openssl", "verify", "-x509_strict", "-attime", str(int(at)), "-purpose", "sslserver"]
            command += [f"-verify_{option}", name, "-CAfile", str(tmp_path / "root.pem"), str(tmp_path / "server.pem")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    wrong = subprocess.run(
        [
            "openssl",
            "verify",
            "-verify_hostname",
            "other",
            "-CAfile",
            str(tmp_path / "root.pem"),
            str(tmp_path / "server.pem"),
        ],
        capture_output=True,
        check=False,
    )
    assert wrong.returncode != 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_a_new_root_is_good_for_who_knows_only_the_old_one(tmp_path, root):
    new = pki.make_root("evdesk root NEW", NOW)
    server = pki.make_server(new, ["h"], "h", NOW, "ec")
    (tmp_path / "old.pem").write_text(root.certificate)
    (tmp_path / "chain.pem").write_text(pki.cross_sign(new, root))
    (tmp_path / "server.pem").write_text(server.certificate)
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(NOW)), "-CAfile", str(tmp_path / "old.pem")]
    command += ["-untrusted", str(tmp_path / "chain.pem"), str(tmp_path / "server.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_root_fits_into_old_chargers(root):
    """OCPP 1.6 and 2.0.1 take 5,500 characters; dates after 2049 need an encoding old stacks do not read."""
    assert len(root.certificate) < 5500
    assert root.parsed.not_valid_after_utc.year < 2050
    assert pki.make_root("x", NOW + 40 * 365 * DAY).parsed.not_valid_after_utc.year < 2050


def test_a_request_is_signed_for_what_it_names_and_nothing_else(root):
    key = ec.generate_private_key(ec.SECP256R1())
    request = pki.read_request(csr(key, "SN1", ORGANIZATION_NAME="ACME", EMAIL_ADDRESS="a@b"))
    assert request.names == ("SN1",)
    made = pki.sign_request(root, request, NOW)
    made.verify_directly_issued_by(root.parsed)
    assert made.subject.rfc4514_string() == "O=ACME,CN=SN1"
    assert made.public_key() == key.public_key()
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [use.dotted_string for use in uses] == ["1.3.6.1.5.5.7.3.2"]
    assert NOW < made.not_valid_after_utc.timestamp() <= NOW + 1096 * DAY


def refused_requests():
    good = csr(ec.generate_private_key(ec.SECP256R1()))
    other = x509.load_pem_x509_csr(csr(ec.generate_private_key(ec.SECP256R1())).encode())
    der = x509.load_pem_x509_csr(good.encode()).public_bytes(serialization.Encoding.DER)
    forged = der[: -len(other.signature)] + other.signature
    yield "cannot be read", "nonsense"
    yield "cannot be read", good.replace("M", "!", 3)
    yield "too weak", csr(rsa.generate_private_key(65537, 1024))
    yield "too weak", csr(ec.generate_private_key(ec.SECP192R1()))
    yield "too weak", csr(dsa.generate_private_key(2048))
    yield "its own key|cannot be read", x509_pem(forged)


def x509_pem(der):
    import base64

    text = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"


@pytest.mark.parametrize(("words", "text"), list(refused_requests()))
def test_requests_that_are_not_signed(words, text):
    with pytest.raises(EvdeskError, match=words) as caught:
        pki.read_request(text)
    assert caught.value.reason is Reason.REFUSED


def test_hashes_are_those_of_ocsp(root):
    leaf = pki.make_server(root, ["h"], "h", NOW, "ec").parsed
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, root.parsed, hashes.SHA256()).build()
    wanted = (request.issuer_name_hash.hex(), request.issuer_key_hash.hex(), f"{request.serial_number:x}")
    assert pki.ocsp_hashes(leaf, root.parsed) == wanted


# -- the authority ------------------------------------------------------------------------------------------------


class Rig:
    def __init__(self, store, folder, clock):
        self.store, self.folder, self.clock = store, folder, clock

    async def fresh(self):
        """As after a start."""
        secrets = Secrets(self.folder, lambda: None)
        secrets.open()
        made = Authority(self.store, secrets, self.clock)
        await made.restore()
        return made


@pytest.fixture
async def rig(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "own_names", lambda: {"localhost", "10.0.0.1"})
    clock = FixedClock(NOW)
    async with opened(tmp_path / "evdesk.db", clock=clock) as store:
        yield Rig(store, tmp_path, clock)


async def test_it_is_made_once_and_comes_back(rig):
    made = await rig.fresh()
    assert made.credentials is None
    assert not await made.renew_if_due()
    await made.ensure()
    first = made.credentials
    TlsServer(first)
    again = await rig.fresh()
    assert again.credentials == first
    await again.ensure()
    assert again.credentials == first


async def test_the_server_certificate_follows_the_addresses_and_the_calendar(rig, monkeypatch):
    made = await rig.fresh()
    await made.ensure()
    root, first = made.kept.current, made.credentials
    assert not await made.renew_if_due()
    monkeypatch.setattr(module, "own_names", lambda: {"localhost", "10.0.0.77"})
    assert await made.renew_if_due()
    assert "10.0.0.77" in made.kept.server_names()
    assert made.kept.current == root
    assert made.credentials != first
    rig.clock.at += (pki.SERVER_DAYS - pki.RENEW_DAYS - 1) * DAY
    assert not await made.renew_if_due()
    rig.clock.at += 2 * DAY
    assert await made.renew_if_due()
    assert made.kept.server_until() > rig.clock.at + 700 * DAY
    assert len(made._secrets.names()) == 3, "keys of replaced certificates are gone"


async def test_rotation_keeps_the_old_root_until_its_end(rig):
    made = await rig.fresh()
    await made.ensure()
    old = made.kept.current
    await made.rotate()
    assert made.kept.previous == [old]
    assert made.credentials.chains[0].certificates.count("BEGIN") == 2
    assert old in made.credentials.client_roots
    rig.clock.at += 21 * 365 * DAY
    await made.rotate()
    assert made.kept.previous == []


async def test_a_crash_in_the_middle_of_a_rotation_leaves_matching_pairs(rig, monkeypatch):
    made = await rig.fresh()
    await made.ensure()
    before = made.credentials

    async def crash(*_):
        raise EvdeskError(Reason.STORAGE, "the power went")

    monkeypatch.setattr(made._store, "save_meta", crash)
    with pytest.raises(EvdeskError):
        await made.rotate()
    assert made.credentials == before, "and so does the engine that goes on"
    monkeypatch.undo()
    again = await rig.fresh()
    assert again.credentials == before
    TlsServer(again.credentials)


async def test_lost_keys_mean_a_new_root(rig):
    made = await rig.fresh()
    await made.ensure()
    old = made.kept.current
    (rig.folder / "secrets.json").unlink()
    again = await rig.fresh()
    assert not again.exists
    assert again.credentials is None
    await again.ensure()
    assert again.exists
    assert again.kept.current != old
    TlsServer(again.credentials)


async def test_what_cannot_be_stored_is_not_in_force(rig, monkeypatch):
    made = await rig.fresh()
    await made.ensure()
    await made.rotate()
    before = made.kept
    old, other = pki.fingerprint(pki.parse(before.previous[0])), pki.make_root("another root", NOW)

    async def full(*_):
        raise EvdeskError(Reason.STORAGE, "full")

    monkeypatch.setattr(made._store, "save_meta", full)
    for act in (made.put_names(["desk.example"]), made.import_root(other.certificate), made.remove_root(old)):
        with pytest.raises(EvdeskError, match="full"):
            await act
    assert made.kept == before
    assert (made.kept.extra_names, made.kept.imported, len(made.kept.previous)) == ([], [], 1)
