"""A library of firmware for the simulated makers: signed, not signed, cut off, and the way back.

The files are made here, and so is the key they are signed with: nobody else's charger takes them.
"""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from evdesk.firmware.manifest import Sidecar, to_toml
from evdesk.model.firmware import BlockedVersion, Manifest
from evdesk.simulator.image import make_image
from evdesk.simulator.makers import KESTREL, NORDLADE

N22_BYTES, K11_BYTES = 18_400_000, 6_200_000
RECOVERY = (
    "Breaker off for 30 s, then on. Do not press reset while the light is blue. If the light is red afterwards, hold the "
    "service button for 10 s; it then starts the old version."
)


def write_library(folder: Path, now: float) -> None:
    """Files with their sidecars, and the simulated maker's certificate as a trusted one. Blocking, half a second."""
    (folder / "trusted").mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, datetime.fromtimestamp(now, UTC))
    (folder / "trusted" / "nordlade-release-key-3.pem").write_text(certificate)
    n22 = Manifest(
        vendor=NORDLADE.vendor,
        models=(NORDLADE.model,),
        hardware=(NORDLADE.hardware, "C"),
        minutes=2.0,
        reboots=1,
        recovery=RECOVERY,
        settings_kept=True,
        signature_kind="ECDSA",
        certificate=certificate,
        source="Simulated, made on this computer",
    )
    for version in ("2.4.0", "2.4.1"):
        body = make_image(NORDLADE.vendor, NORDLADE.model, version, N22_BYTES)
        signature = base64.b64encode(key.sign(body, ec.ECDSA(hashes.SHA256()))).decode()
        manifest = replace(_of(n22, version, body), downgrade=True, signature=signature)
        _put(folder, f"n22-{version}.bin", body, manifest)
    cut = make_image(NORDLADE.vendor, NORDLADE.model, "2.5.0", N22_BYTES)
    _put(folder, "n22-2.5.0.bin", cut[:11_000_000], _of(n22, "2.5.0", cut))
    k11 = Manifest(
        vendor=KESTREL.vendor,
        models=(KESTREL.model,),
        hardware=(KESTREL.hardware,),
        minutes=3.0,
        settings_kept=True,
        blocked=(BlockedVersion(KESTREL.firmware, "loses its limit on restart"),),
        source="Simulated, made on this computer",
    )
    body = make_image(KESTREL.vendor, KESTREL.model, "1.19.0", K11_BYTES)
    _put(folder, "k11-1.19.0.fw", body, _of(k11, "1.19.0", body))


def _of(manifest: Manifest, version: str, body: bytes) -> Manifest:
    return replace(manifest, version=version, size=len(body), sha256=hashlib.sha256(body).hexdigest())


def _put(folder: Path, name: str, body: bytes, manifest: Manifest) -> None:
    (folder / name).write_bytes(body)
    (folder / f"{name}.toml").write_text(to_toml(Sidecar(manifest)), "utf-8")


def _certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nordlade release key 3")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=700))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
