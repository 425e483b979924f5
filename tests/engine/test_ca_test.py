"""Whether a charger looks at evdesk's certificate, tried with real TLS clients that do and that do not."""

import contextlib
import ssl

import pytest
import websockets

from evdesk.engine.security import ca_test
from evdesk.model import EvdeskError
from tests.engine.harness import engine, until
from tests.engine.test_security import Charger, trusting


def blind() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextlib.asynccontextmanager
async def tls_engine(tmp_path):
    with engine(tmp_path, "--accept-unknown", "--ocpp-tls", "127.0.0.1:0") as running:
        async with running.client() as client:
            url = next(u for u in running.ready["ocpp_urls"] if u.startswith("wss"))
            yield running, client, url, (await client.call("security.ca"))["pem"]


async def placed(client, charger_id="C1"):
    async def there():
        found = [c for c in await client.call("charger.list") if c["id"] == charger_id]
        return found and found[0]["state"] == "online"

    return await until(there)


async def state(client, wanted=()):
    async def reached():
        told = await client.call("security.ca_test", {"charger_id": "C1"})
        return told["state"] in wanted and told

    return await until(reached)


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_who_looks_and_who_does_not_are_told_apart(tmp_path, looks, version):
    """Seen in the MicroOcpp simulator and in Solidstudio VCP: connected by TLS, and checks nothing."""
    async with tls_engine(tmp_path) as (_, client, url, pem):
        context = trusting(pem) if looks else blind()
        context.minimum_version = context.maximum_version = version
        async with Charger("C1").on(url, ssl=context) as charger:
            await placed(client)
            told = await client.call("security.test_ca", {"charger_id": "C1"})
            assert told["state"] == "waiting"
            await charger.ws.wait_closed()
        with pytest.raises((ssl.SSLError, OSError, EOFError, websockets.InvalidMessage)):
            async with websockets.connect(f"{url}C1", subprotocols=["ocpp1.6"], ssl=context):
                pass
        told = await state(client, ("checked", "not_checked"))
        assert told["state"] == ("checked" if looks else "not_checked")
        attempts = await client.call("attempt.list", {"limit": 5})
        assert attempts[0]["verdict"] == ("ca_checked" if looks else "ca_not_checked")
        assert attempts[0]["charger_id"] == "C1"
        async with Charger("C1").on(url, ssl=trusting(pem)):  # the true certificate is back
            await placed(client)
            found = [f["rule"] for f in await client.call("finding.list", {"charger_id": "C1"})]
            assert ("ca_not_checked" in found) is not looks
            kept = await client.call("security.get", {"charger_id": "C1"})
            assert kept["ca_check"] == told["state"]
            assert kept["ca_check_at"]
            rows = await client.call("audit.list", {"limit": 50})
            assert [r["kind"] for r in rows if r["what"] == "security.test_ca"] == ["answered", "asked"]


async def test_nobody_else_is_met_as_a_stranger(tmp_path):
    """Not with two behind one address, not while it charges, not without TLS; the plain port ends the test."""
    async with tls_engine(tmp_path) as (running, client, url, pem):
        context = trusting(pem)
        async with Charger("P1").on(running.ocpp):
            await placed(client, "P1")
            with pytest.raises(EvdeskError, match="not connected by TLS"):
                await client.call("security.test_ca", {"charger_id": "P1"})
            async with Charger("C1").on(url, ssl=context):
                await placed(client)
                with pytest.raises(EvdeskError, match="same address"):
                    await client.call("security.test_ca", {"charger_id": "C1"})
    async with tls_engine(tmp_path / "other") as (running, client, url, pem):
        async with Charger("C1").on(url, ssl=trusting(pem)) as charger:
            await placed(client)
            await charger.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"})
            begun = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-11-26T20:00:00Z"}
            number = (await charger.call("StartTransaction", begun))["transactionId"]
            with pytest.raises(EvdeskError, match="when no charge runs"):
                await client.call("security.test_ca", {"charger_id": "C1"})
            ended = {"transactionId": number, "meterStop": 1, "timestamp": "2026-11-26T20:10:00Z"}
            await charger.call("StopTransaction", ended)
            assert (await client.call("security.test_ca", {"charger_id": "C1"}))["state"] == "waiting"
            await charger.ws.wait_closed()
        async with Charger("C1").on(running.ocpp):
            assert (await state(client, ("without_tls",)))["sentence"] == ca_test.SENTENCES["without_tls"]
        async with Charger("C1").on(url, ssl=trusting(pem)):
            await placed(client)


async def test_a_restart_ends_the_test(tmp_path):
    async with tls_engine(tmp_path) as (running, client, url, pem):
        async with Charger("C1").on(url, ssl=trusting(pem)) as charger:
            await placed(client)
            await client.call("security.test_ca", {"charger_id": "C1"})
            await charger.ws.wait_closed()
        running.kill()
    async with tls_engine(tmp_path) as (_, client, url, again):
        assert again == pem
        async with Charger("C1").on(url, ssl=trusting(pem)):
            await placed(client)
            assert (await client.call("security.ca_test", {"charger_id": "C1"}))["state"] == "none"
