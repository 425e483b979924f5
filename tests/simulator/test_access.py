"""Security profiles 0 to 3 over real TLS, for every version."""

import base64

import pytest

from evdesk.simulator.access import Access, AccessError
from evdesk.simulator.simulate import run_simulate
from tests.simulator.csms import Csms
from tests.simulator.pki import Authority
from tests.simulator.running import make_station, reached, running
from tests.simulator.test_blocks2 import put

VERSIONS = ("1.6", "2.0.1", "2.1")


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority()


@pytest.mark.parametrize(
    ("form", "password", "sent"),
    [
        ("text", "secret-password-1", b"secret-password-1"),
        ("text", "00ff00ff", b"00ff00ff"),
        ("hex", "00FF00FF", b"00FF00FF"),
        ("hex", "secret", b"736563726574"),
        ("bytes", "00ff00ff", b"\x00\xff\x00\xff"),
    ],
)
def test_password_forms(form, password, sent) -> None:
    header = Access(1, password, form).authorization("CP:1")
    assert base64.b64decode(header.removeprefix("Basic ")) == b"CP:1:" + sent
    assert Access(0, password, form).authorization("CP") is None
    with pytest.raises(AccessError, match="hex digits"):
        Access(1, "no hex", "bytes").authorization("CP")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("profile", [1, 2, 3])
async def test_profiles(clock, tmp_path, root, version, profile) -> None:
    context = root.server(tmp_path, root.pem if profile == 3 else "") if profile >= 2 else None
    chain, key = root.issue("CP")
    access = Access(profile, "secret-password-1", roots=[root.pem], chain=chain, key=key)
    async with Csms(clock, context) as csms:
        async with running(make_station(version, csms, clock, access=access)):
            await csms.until(lambda c: c.of("BootNotification"))
            assert ("Authorization" in csms.requests[0].headers) == (profile < 3)
        assert csms.breaches == []


async def test_it_does_not_trust_another_root(clock, tmp_path, root) -> None:
    lines: list[str] = []
    access = Access(2, "secret-password-1", roots=[Authority("Other").pem])
    async with Csms(clock, root.server(tmp_path)) as csms:
        async with running(make_station("2.0.1", csms, clock, access=access, say=lines.append)) as station:
            await reached(station, lambda _s: any("CERTIFICATE_VERIFY_FAILED" in line for line in lines))
        assert not csms.requests


async def test_a_new_certificate_is_used_at_once(clock, tmp_path, root) -> None:
    chain, key = root.issue("CP")
    async with Csms(clock, root.server(tmp_path, root.pem)) as csms:
        access = Access(3, roots=[root.pem], chain=chain, key=key)
        async with running(make_station("2.0.1", csms, clock, access=access)) as station:
            await csms.until(lambda c: c.of("BootNotification"))
            await csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
            await csms.until(lambda c: c.of("SignCertificate"))
            signed = {"certificateChain": root.sign_csr(csms.of("SignCertificate")[0]["csr"])}
            assert await csms.call("CertificateSigned", signed) == {"status": "Accepted"}
            await csms.until(lambda c: len(c.protocols) == 2)
            names = csms.sockets[-1].transport.get_extra_info("peercert")["subject"]
            assert ("commonName", station.core.serial) in [pair for row in names for pair in row]


async def test_a_new_password_is_used_at_once(clock) -> None:
    async with Csms(clock) as csms:
        access = Access(1, "secret-password-1")
        async with running(make_station("2.0.1", csms, clock, access=access)):
            await csms.until(lambda c: c.of("BootNotification"))
            await put(csms, "SecurityCtrlr.BasicAuthPassword", "another-password-2")
            await csms.until(lambda c: len(c.protocols) == 2)
            told = base64.b64decode(csms.requests[-1].headers["Authorization"].removeprefix("Basic "))
            assert told == b"CP-2:another-password-2"
            assert csms.breaches == []


@pytest.mark.parametrize(
    ("url", "access", "says"),
    [
        ("ws://x", Access(2, "p"), "wss://"),
        ("wss://x", Access(1, "p"), "ws://"),
        ("wss://x", Access(3), "certificate"),
        ("ws://x", Access(1, "p", "binary"), "binary"),
        ("ws://x", Access(1, "p", "bytes"), "hex digits"),
        ("wss://x", Access(2, "p", roots=["rubbish"]), "cannot be used"),
    ],
)
async def test_what_does_not_go_together_is_said(url, access, says) -> None:
    with pytest.raises(ValueError, match=says):
        await run_simulate(url, on_line=lambda _line: None, access=access)
