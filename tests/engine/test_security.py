"""Security over the engine's API: a real engine, real TLS clients, chargers that raise their profile step by step."""

import asyncio
import base64
import contextlib
import json
import ssl

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from websockets.exceptions import InvalidHandshake, InvalidStatus

from evdesk.model import EvdeskError
from evdesk.ocpp.redact import forms_of
from tests.engine.harness import engine, until
from tests.ocpp.test_redact_random import places

BOOT = {"chargePointVendor": "V", "chargePointModel": "M", "chargePointSerialNumber": "SN4711"}


def trusting(pem, tmp_path=None, certificate=None, key=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    if certificate:
        file = tmp_path / "mine.pem"
        file.write_text(certificate + key)
        context.load_cert_chain(file)
    return context


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + password).decode()}


class Charger:
    """An OCPP 1.6 charger with the security whitepaper: it keeps its key, roots and certificate, and obeys."""

    def __init__(self, ident, serial="SN4711"):
        self.ident, self.boot = ident, BOOT | {"chargePointSerialNumber": serial}
        self.settings = {"SecurityProfile": "0"}
        self.roots, self.chain = [], ""
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.names = serial
        self.asked = []
        self.ws = None

    @contextlib.asynccontextmanager
    async def on(self, url, **options):
        async with websockets.connect(f"{url}{self.ident}", subprotocols=[self.protocol], **options) as self.ws:
            self.answers, self.count = {}, 0
            reader = asyncio.create_task(self._read())
            try:
                await self.call("BootNotification", self.boot)
                yield self
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    async def call(self, action, payload):
        self.count += 1
        waiting = self.answers[str(self.count)] = asyncio.get_running_loop().create_future()
        await self.ws.send(json.dumps([2, str(self.count), action, payload]))
        return await asyncio.wait_for(waiting, 10)

    async def _read(self):
        later = set()
        async for text in self.ws:
            frame = json.loads(text)
            if frame[0] != 2:
                if frame[1] in self.answers:
                    self.answers[frame[1]].set_result(frame[2])
                continue
            self.asked.append((frame[2], frame[3]))
            answer = self.answer(frame[2], frame[3])
            await self.ws.send(json.dumps([3, frame[1], answer]))
            if frame[2] == "ExtendedTriggerMessage" and answer["status"] == "Accepted":
                later.add(asyncio.create_task(self.call("SignCertificate", {"csr": self.csr()})))

    def answer(self, action, payload):
        if action == "GetConfiguration":
            wanted = payload.get("key") or list(self.settings)
            known = [{"key": k, "readonly": False, "value": self.settings[k]} for k in wanted if k in self.settings]
            return {"configurationKey": known, "unknownKey": [k for k in wanted if k not in self.settings]}
        if action == "ChangeConfiguration":
            self.settings[payload["key"]] = payload["value"]
        elif action == "InstallCertificate":
            self.roots.append(payload["certificate"])
        elif action == "CertificateSigned":
            self.chain = payload["certificateChain"]
        elif action == "GetInstalledCertificateIds":
            if "Central" not in payload["certificateType"] or not self.roots:
                return {"status": "NotFound"}
            return {"status": "Accepted", "certificateHashData": [self.hashes(pem) for pem in self.roots]}
        elif action == "DeleteCertificate":
            self.roots.clear()
        elif action == "GetCompositeSchedule":
            return {"status": "Rejected"}
        return {"status": "Accepted"}

    protocol = "ocpp1.6"

    def csr(self):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.names)])
        made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def key_pem(self):
        kind = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()

    @staticmethod
    def hashes(pem):
        """By OpenSSL's own means (OCSP), as an independent charger would."""
        root = x509.load_pem_x509_certificate(pem.encode())
        request = ocsp.OCSPRequestBuilder().add_certificate(root, root, hashes.SHA256()).build()
        return {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": request.issuer_name_hash.hex(),
            "issuerKeyHash": request.issuer_key_hash.hex(),
            "serialNumber": f"{request.serial_number:x}",
        }


class Charger2(Charger):
    """The same by OCPP 2.0.1: variables, and network profiles in two slots."""

    protocol = "ocpp2.0.1"

    def __init__(self, ident, serial="SN4711"):
        super().__init__(ident, serial)
        self.boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M", "serialNumber": serial}}
        self.settings = {"NetworkConfigurationPriority": "1,2", "ActiveNetworkProfile": "1"}
        self.slots = {}

    def answer(self, action, payload):
        if action == "GetVariables":
            return {"getVariableResult": [self.variable(item) for item in payload["getVariableData"]]}
        if action == "SetVariables":
            for item in payload["setVariableData"]:
                self.settings[item["variable"]["name"]] = item["attributeValue"]
            return {"setVariableResult": [self.told(item, "Accepted") for item in payload["setVariableData"]]}
        if action == "SetNetworkProfile":
            self.slots[payload["configurationSlot"]] = payload["connectionData"]
        elif action == "InstallCertificate":
            self.roots.append(payload["certificate"])
        elif action == "GetBaseReport":
            return {"status": "NotSupported"}
        return {"status": "Accepted"}

    def variable(self, item):
        value = self.settings.get(item["variable"]["name"])
        return self.told(item, "Accepted") | {"attributeValue": value} if value else self.told(item, "UnknownVariable")

    @staticmethod
    def told(item, status):
        return {"component": item["component"], "variable": item["variable"], "attributeStatus": status}


async def newest(client, verdict):
    async def found():
        rows = await client.call("attempt.list", {"verdict": verdict})
        return rows[0] if rows else None

    return await until(found)


async def test_ports_open_at_run_time_and_come_back_after_a_start(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            assert running.ready["ocpp_urls"] == [running.ocpp]
            assert (await client.call("security.ca"))["exists"] is False
            ports = await client.call("security.put_ports", {"ports": [{"host": "127.0.0.1", "port": 0, "tls": True}]})
            assert [(p["tls"], p["fixed"]) for p in ports] == [(False, True), (True, False)]
            url = ports[1]["url"]
            info = await client.call("engine.info")
            assert info["ocpp_urls"] == [running.ocpp, url]
            ca = await client.call("security.ca")
            assert {"localhost", "127.0.0.1"} <= set(ca["names"])
            context = trusting(ca["pem"])
            async with Charger("A1").on(url, ssl=context):
                pass
            again = await client.call(
                "security.put_ports", {"ports": [{"host": "127.0.0.1", "port": ports[1]["port"], "tls": True}]}
            )
            assert [p["url"] for p in again] == [running.ocpp, url]
            with pytest.raises(EvdeskError, match="not an address"):
                await client.call("security.put_ports", {"ports": [{"host": "192.0.2.9", "port": 0, "tls": True}]})
            assert len(await client.call("security.ports")) == 2
    with engine(tmp_path) as running:
        async with running.client() as client, Charger("A1").on(url, ssl=context):
            assert (await client.call("security.ca"))["pem"] == ca["pem"]
            await client.call("security.put_ports", {"ports": []})
            with pytest.raises(OSError):
                await websockets.connect(f"{url}A2", ssl=context)
            assert (await client.call("security.ports"))[0]["chargers"] == 0


async def test_tls_from_the_command_line_and_both_kinds_of_key(tmp_path):
    with engine(tmp_path, "--ocpp-tls", "127.0.0.1:0") as running:
        async with running.client() as client:
            url = running.ready["ocpp_urls"][1]
            assert url.startswith("wss://")
            for kind in ("ECDSA", "RSA"):
                context = trusting((await client.call("security.ca"))["pem"])
                context.maximum_version = ssl.TLSVersion.TLSv1_2
                context.set_ciphers(f"ECDHE-{kind}-AES128-GCM-SHA256")
                async with Charger(f"C-{kind}").on(url, ssl=context):
                    pass
            got = {a["charger_id"]: a["tls"]["cipher"] for a in await client.call("attempt.list")}
            assert got == {f"C-{k}": f"ECDHE-{k}-AES128-GCM-SHA256" for k in ("ECDSA", "RSA")}


async def test_attempts_are_kept_counted_filtered_and_survive(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            for _ in range(3):
                with pytest.raises(InvalidStatus):
                    await websockets.connect(running.ocpp)
            with pytest.raises(InvalidStatus):
                await websockets.connect(f"{running.ocpp}B1", subprotocols=["ocpp2.0"])
            row = await newest(client, "no_id")
            assert row["count"] == 3
            assert row["first_at"] <= row["at"]
            assert row["request"].startswith("GET / HTTP/1.1")
            assert row["severity"] == "danger"
            assert row["advice"]
            assert [a["verdict"] for a in await client.call("attempt.list", {"charger_id": "B1"})] == [
                "bad_subprotocol"
            ]
            page = await client.call("attempt.list", {"limit": 1})
            older = await client.call("attempt.list", {"limit": 5, "before_id": page[0]["id"]})
            assert [a["verdict"] for a in (*page, *older)] == ["bad_subprotocol", "no_id"]
            found = await client.call("attempt.list", {"search": "ocpp2.0"})
            assert [a["charger_id"] for a in found] == ["B1"]
    with engine(tmp_path) as running:
        async with running.client() as client:
            assert (await newest(client, "no_id"))["count"] == 3
            with pytest.raises(InvalidStatus):
                await websockets.connect(f"{running.ocpp}B1", subprotocols=["ocpp2.0"])
            assert len(await client.call("attempt.list", {"problems_only": True})) >= 2


async def test_policy_and_password_are_demanded_and_told_once(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            told = await client.call("security.set_password", {"charger_id": "A1"})
            password = told["password"].encode()
            assert 16 <= len(password) <= 40
            view = await client.call("security.get", {"charger_id": "A1"})
            assert (view["min_profile"], view["auth"], view["password_set"]) == (1, "password", True)
            with pytest.raises(InvalidStatus, match="401"):
                await websockets.connect(f"{running.ocpp}A1", subprotocols=["ocpp1.6"])
            await newest(client, "password_missing")
            async with Charger("A1").on(running.ocpp, additional_headers=basic("A1", password)):
                view = await until(lambda: proven(client, "A1"))
                assert (view["profile"], view["password_form"]) == (1, "text")
            await client.call("security.set_password", {"charger_id": "A1", "clear": True})
            async with Charger("A1").on(running.ocpp):
                pass
            with pytest.raises(EvdeskError, match="8 to 64"):
                await client.call("security.set_password", {"charger_id": "A1", "value": "short"})
            await client.call("security.put", {"charger_id": "", "min_profile": 1})
            with pytest.raises(InvalidStatus, match="401"):
                await websockets.connect(f"{running.ocpp}Z9", subprotocols=["ocpp1.6"])
            rows = json.dumps(await client.call("audit.list", {"limit": 500}))
            assert password.decode() not in rows
            assert "security.set_password" in rows
    assert password not in (tmp_path / "evdesk.db").read_bytes()
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


async def proven(client, ident):
    view = await client.call("security.get", {"charger_id": ident})
    return view if view["password_form"] else None


async def accepted(client, ident):
    view = next((c for c in await client.call("charger.list") if c["id"] == ident), None)
    return view if view and view["state"] == "online" else None


async def test_a_1_6_charger_goes_from_profile_0_to_3(tmp_path):
    """The whole way: password, root, profile 2, a certificate of its own, profile 3, and nothing less after that."""
    charger = Charger("A1")
    with engine(tmp_path, "--accept-unknown", "--ocpp-tls", "127.0.0.1:0") as running:
        tls = running.ready["ocpp_urls"][1]
        async with running.client() as client:
            who = {"charger_id": "A1"}
            async with charger.on(running.ocpp):
                await until(lambda: accepted(client, "A1"))
                state = await client.call("security.check_raise", who | {"profile": 2})
                blocked = {c["what"]: c["deed"] for c in state["checks"] if not c["ok"]}
                assert blocked == {"password": "write_password", "root": "install_root"}
                with pytest.raises(EvdeskError, match="no password"):
                    await client.call("security.raise_profile", who | {"profile": 2})
                told = await client.call("security.write_password", who)
                assert charger.settings["AuthorizationKey"] == told["password"]
                assert len(told["password"]) == 40
                await client.call("security.install_root", who)
                ca = await client.call("security.ca")
                assert charger.roots == [ca["pem"]]
                listed = await client.call("security.certificates", who)
                assert [c["ours"] for c in listed] == [True]
                state = await client.call("security.raise_profile", who | {"profile": 2, "wait_s": 60})
                assert state["state"] == "waiting"
                assert charger.settings["SecurityProfile"] == "2"
                assert state["url"] == tls
            context, key = trusting(charger.roots[0]), bytes.fromhex(charger.settings["AuthorizationKey"])
            # It keeps its address, port and all: the plain port takes TLS from now on.
            same = running.ocpp.replace("ws:", "wss:")
            async with charger.on(same, ssl=context, additional_headers=basic("A1", key)):
                state = await until(lambda: ended(client, "A1"))
                assert (state["state"], state["before"]) == ("done", 0)
                view = await until(lambda: proven(client, "A1"))
                assert (view["min_profile"], view["profile"], view["password_form"]) == (2, 2, "bytes")
                assert not view["password_waits"]
                signed = await client.call("security.sign", who, timeout_s=30)
                assert signed["status"] == "Accepted"
                assert charger.chain.count("BEGIN CERTIFICATE") == 2
                assert (await client.call("security.raise_profile", who | {"profile": 3}))["state"] == "waiting"
            leaf = charger.chain.split("-----END")[0] + "-----END CERTIFICATE-----\n"
            mine = trusting(charger.roots[0], tmp_path, leaf, charger.key_pem())
            with pytest.raises(InvalidStatus, match="403"):
                await websockets.connect(f"{running.ocpp}A1", subprotocols=["ocpp1.6"])
            async with charger.on(tls, ssl=mine):
                assert (await until(lambda: ended(client, "A1")))["state"] == "done"
                view = await client.call("security.get", who)
                assert (view["min_profile"], view["profile"], view["auth"]) == (3, 3, "certificate")
                assert "SN4711" in view["certificate"]
                with pytest.raises(InvalidStatus, match="403"):
                    await websockets.connect(f"{tls}A1", ssl=context, additional_headers=basic("A1", key))
                await newest(client, "tls_no_client_certificate")
                await client.call("security.revoke", {"number": signed["number"]})
                await asyncio.wait_for(charger.ws.wait_closed(), 10)
            with pytest.raises(InvalidStatus, match="403"):
                await websockets.connect(f"{tls}A1", ssl=mine)
            await newest(client, "tls_client_certificate_revoked")
            assert (await client.call("security.issued"))[0]["revoked_at"]
            assert (await client.call("audit.verify"))["holds"]
    secret = charger.settings["AuthorizationKey"].encode()
    for file in tmp_path.iterdir():
        if file.name not in ("secrets.json", "mine.pem") and file.is_file():
            assert secret not in file.read_bytes(), file.name
            assert b"PRIVATE KEY" not in file.read_bytes() or file.name == "audit.key"


async def test_a_2_0_1_charger_raises_its_profile_by_a_network_profile(tmp_path):
    charger = Charger2("A1")
    with engine(tmp_path, "--accept-unknown", "--ocpp-tls", "127.0.0.1:0") as running:
        async with running.client() as client:
            who = {"charger_id": "A1"}
            async with charger.on(running.ocpp):
                await until(lambda: accepted(client, "A1"))
                told = await client.call("security.write_password", who)
                assert charger.settings["BasicAuthPassword"] == told["password"]
                await client.call("security.install_root", who)
                await client.call("security.raise_profile", who | {"profile": 2})
                assert charger.settings["NetworkConfigurationPriority"] == "2,1"
            new = charger.slots[2]
            assert new["securityProfile"] == 2
            login = basic("A1", charger.settings["BasicAuthPassword"].encode())
            async with charger.on(new["ocppCsmsUrl"], ssl=trusting(charger.roots[0]), additional_headers=login):
                state = await until(lambda: ended(client, "A1"))
                assert state["state"] == "done"
                view = await until(lambda: proven(client, "A1"))
                assert (view["min_profile"], view["profile"], view["password_form"]) == (2, 2, "text")


async def ended(client, ident):
    state = await client.call("security.raise_state", {"charger_id": ident})
    return state if state["state"] in ("done", "failed") else None


async def test_a_charger_that_boots_with_another_serial_than_its_certificate_is_closed(tmp_path):
    """OCPP 2.0.1, B01.FR.12."""
    charger = Charger("A1")
    with engine(tmp_path, "--accept-unknown", "--ocpp-tls", "127.0.0.1:0") as running:
        tls = running.ready["ocpp_urls"][1]
        async with running.client() as client:
            context = trusting((await client.call("security.ca"))["pem"])
            async with charger.on(tls, ssl=context):
                await until(lambda: accepted(client, "A1"))
                await client.call("security.sign", {"charger_id": "A1"}, timeout_s=30)
            leaf = charger.chain.split("-----END")[0] + "-----END CERTIFICATE-----\n"
            mine = trusting((await client.call("security.ca"))["pem"], tmp_path, leaf, charger.key_pem())
            thief = Charger("A1", serial="SN9999")
            async with thief.on(tls, ssl=mine):
                async with asyncio.timeout(10):
                    await thief.ws.wait_closed()
                assert "SN9999" in thief.ws.close_reason
            row = await newest(client, "serial_contradicts_certificate")
            assert "SN4711" in row["sentence"]
            async with charger.on(tls, ssl=mine):
                await until(lambda: accepted(client, "A1"))


async def test_a_request_for_another_charger_is_not_signed(tmp_path):
    charger = Charger("A1")
    charger.names = "SOMEBODY-ELSE"
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, charger.on(running.ocpp):
            await until(lambda: accepted(client, "A1"))
            with pytest.raises(EvdeskError, match=r"A00\.FR\.405"):
                await client.call("security.sign", {"charger_id": "A1"}, timeout_s=30)
            assert await client.call("security.issued") == []


async def test_a_charger_that_does_not_come_back_is_told_with_what_to_do(tmp_path):
    charger = Charger("A1")
    with engine(tmp_path, "--accept-unknown", "--speed", "20") as running:
        async with running.client() as client:
            who = {"charger_id": "A1"}
            async with charger.on(running.ocpp):
                await until(lambda: accepted(client, "A1"))
                await client.call("security.write_password", who | {"value": "a-password-of-mine"})
                assert charger.settings["AuthorizationKey"] == b"a-password-of-mine".hex()
                await client.call("security.raise_profile", who | {"profile": 1, "wait_s": 20})
            with pytest.raises(InvalidStatus, match="401"):
                await websockets.connect(f"{running.ocpp}A1", additional_headers=basic("A1", b"A-PASSWORD-OF-MINE"))
            state = await until(lambda: ended(client, "A1"))
            assert state["state"] == "failed"
            assert "upper and lower" in state["sentence"]
            assert state["advice"]
            # The old way in is still open.
            async with charger.on(running.ocpp):
                await until(lambda: accepted(client, "A1"))


async def test_the_root_is_rotated_and_old_chargers_still_trust(tmp_path):
    with engine(tmp_path, "--ocpp-tls", "127.0.0.1:0") as running:
        tls = running.ready["ocpp_urls"][1]
        async with running.client() as client:
            first = await client.call("security.ca")
            second = await client.call("security.rotate_ca")
            assert second["pem"] != first["pem"]
            assert [r["role"] for r in second["roots"]] == ["current", "previous"]
            assert "previous root" in second["crossover"]
            for pem in (first["pem"], second["pem"]):
                async with Charger("A1").on(tls, ssl=trusting(pem)):
                    pass
            gone = second["roots"][1]["fingerprint"]
            await client.call("security.remove_root", {"fingerprint": gone})
            with pytest.raises(ssl.SSLError):
                await websockets.connect(f"{tls}A1", ssl=trusting(first["pem"]))
            exported = await client.call("security.export_ca", {"form": "der"})
            root = x509.load_der_x509_certificate(base64.b64decode(exported["content"]))
            assert root.public_bytes(serialization.Encoding.PEM).decode() == second["pem"]
            named = await client.call("security.put_names", {"names": ["Desk.Example", "10.9.8.7"]})
            assert {"desk.example", "10.9.8.7"} <= set(named["names"])
            async with Charger("A1").on(tls, ssl=trusting(second["pem"]), server_hostname="desk.example"):
                pass
            with pytest.raises(EvdeskError, match="neither"):
                await client.call("security.put_names", {"names": ["no spaces"]})


async def test_another_root_may_vouch_for_chargers(tmp_path):
    from tests.drivers.tls_kit import make, stranger

    mine = make("A1", stranger())
    with engine(tmp_path, "--accept-unknown", "--ocpp-tls", "127.0.0.1:0") as running:
        tls = running.ready["ocpp_urls"][1]
        async with running.client() as client:
            context = trusting((await client.call("security.ca"))["pem"], tmp_path, mine.pem, mine.key_pem)
            for _ in range(2):
                with contextlib.suppress(OSError, EOFError, InvalidHandshake):
                    async with websockets.connect(f"{tls}A1", ssl=context) as ws:
                        await ws.recv()
            row = await newest(client, "tls_client_certificate_untrusted")
            assert row["count"] == 2
            assert "another root" in row["sentence"]
            ca = await client.call("security.import_root", {"pem": stranger().pem})
            assert ca["roots"][1]["role"] == "imported"
            async with Charger("A1").on(tls, ssl=context):
                view = await client.call("security.get", {"charger_id": "A1"})
                assert view["profile"] == 3
            with pytest.raises(EvdeskError, match="not a root"):
                await client.call("security.import_root", {"pem": mine.pem})


async def test_no_secret_is_ever_kept_or_told(tmp_path):
    """Passwords evdesk knows and such that only the charger does, in every place a frame has, whole and broken: not in the
    database, not in the log, not over the API."""
    known, other = "Known-Password-1234", "Other-Password-5678"
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            await client.call("security.set_password", {"charger_id": "A1", "value": known})
            headers = basic("A1", known.encode())
            frames = [text for secret in (known, other) for text in frames_with(secret)]
            frames += [f'[2,"k","StatusNotification",{{"connectorId":1,"info":"{form}"}}]' for form in forms_of(known)]
            async with Charger("A1").on(running.ocpp, additional_headers=headers) as charger:
                await until(lambda: accepted(client, "A1"))
                charger.settings["AuthorizationKey"] = other
                await client.call("charger.settings", {"charger_id": "A1"})
                payload = {"key": "WifiPassword", "value": other}
                raw = {"charger_id": "A1", "action": "ChangeConfiguration", "payload": payload}
                await client.call("charger.raw", raw)
                for text in frames:
                    await charger.ws.send(text)
                await charger.call("Heartbeat", {})
            with pytest.raises(InvalidStatus):
                await websockets.connect(
                    f"{running.ocpp}A1?password={other}", additional_headers=basic("A1", other.encode())
                )
            await newest(client, "password_wrong")
            told = ""
            for method in ("message.list", "finding.list", "attempt.list", "audit.list", "notice.list", "charger.list"):
                told += json.dumps(
                    await client.call(method, {"limit": 5000} if "." in method and method[0] in "mn" else {})
                )
            told += json.dumps(client.snapshot, default=str)
            assert told.count("(hidden)") > 20
            for secret in (known, other):
                found = [told[max(0, told.find(f) - 200) :][:400] for f in forms_of(secret) if f in told]
                assert found == []
    for file in tmp_path.iterdir():
        if file.is_file() and file.name != "secrets.json":
            content = file.read_bytes()
            for secret in (known, other):
                at = [content.find(form.encode()) for form in forms_of(secret)]
                assert [(file.name, content[max(0, i - 200) : i + 200]) for i in at if i >= 0] == []


def frames_with(secret):
    for action, payload in places(secret):
        yield json.dumps([2, "s", action, payload])
        whole = json.dumps([2, "t", action, payload], ensure_ascii=False)
        yield whole[:-2]
        yield "x" + whole


@pytest.mark.parametrize("text", ['{"version": 1, "where": "keyring", "values": {"password/A1": "AAAA"}}', "{"])
async def test_a_locked_keyring_or_a_damaged_file_does_not_keep_the_engine_from_starting(tmp_path, text):
    """It guards a fuse: the plain port and the balancer go on, and what is missing is said."""
    (tmp_path / "secrets.json").write_text(text)
    with engine(tmp_path, "--ocpp-tls", "127.0.0.1:0") as running:
        assert running.ready["ocpp_urls"] == [running.ocpp]
        async with running.client() as client, Charger("B1").on(running.ocpp):
            assert (await client.call("security.ca"))["keeps_secrets"] == "locked"
            with pytest.raises(EvdeskError, match="passwords"):
                await client.call("security.set_password", {"charger_id": "A1", "value": "a-good-password"})
    assert "passwords" in (tmp_path / "engine.log").read_text()
    assert (tmp_path / "secrets.json").read_text() == text


async def test_a_forgotten_charger_takes_its_policy_and_password_along(tmp_path):
    """A later charger of the same name begins anew, now and after a start."""
    charger, password = Charger("A1"), b"a-password-of-mine"
    with engine(tmp_path) as running:
        async with running.client() as client:
            await client.call("security.set_password", {"charger_id": "A1", "value": password.decode()})
            async with charger.on(running.ocpp, additional_headers=basic("A1", password)):
                await client.call("charger.accept", {"charger_id": "A1"})
                await until(lambda: proven(client, "A1"))
                await client.call("charger.forget", {"charger_id": "A1"})
            view = await client.call("security.get", {"charger_id": "A1"})
            assert (view["min_profile"], view["own"], view["password_set"]) == (0, False, False)
            assert "A1" not in {one["charger_id"] for one in await client.call("security.list")}
            rows = [r for r in await client.call("audit.list", {"limit": 50}) if r["what"] == "charger.forget"]
            assert [dict(r["detail"]).get("dropped") for r in rows if r["kind"] == "answered"] == ["policy, password"]
    assert password.decode() not in (tmp_path / "secrets.json").read_text()
    with engine(tmp_path) as running:
        async with running.client() as client, Charger("A1").on(running.ocpp):
            assert (await client.call("security.get", {"charger_id": "A1"}))["min_profile"] == 0
