"""Things seen in the field, over real sockets. The whole list stands in tests/quirks.py."""

from evdesk.drivers.ws import WsOptions
from evdesk.model import Connected
from tests.drivers.helpers import charger, desk


async def test_a_probe_in_one_version_does_not_bind_the_next_connection():
    """lbbrhzn/ocpp #2008, PR #2012: FoxESS probes with ocpp1.6, then speaks ocpp2.0.1 with the same id."""
    async with desk() as made:
        async with charger(made, "FOX", boot=False) as (_, first):
            assert first.link.version.value == "ocpp1.6"
        async with charger(made, "FOX", boot=False, subprotocols=["ocpp2.0.1"]) as (peer, second):
            assert second.link.version.value == "ocpp2.0.1"
            boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "F", "model": "X"}}
            assert (await peer.call("BootNotification", boot))[2]["status"] == "Accepted"
            assert [event.protocol for event in made.every(Connected)] == ["ocpp1.6", "ocpp2.0.1"]


async def test_no_inventory_is_asked_by_itself_after_the_boot():
    """lbbrhzn/ocpp #1432: GetBaseReport two seconds after the boot kills the dialogue of an EVBox Livo."""
    async with desk() as made, charger(made, boot=False, subprotocols=["ocpp2.0.1"]) as (peer, one):
        boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "E", "model": "Livo"}}
        await peer.call("BootNotification", boot)
        await one.trigger("Heartbeat", None)
        assert [action for action, _ in peer.asked] == ["TriggerMessage"], "what somebody asks is the first question"


def test_silence_is_borne_for_two_minutes():
    """EVerest/EVerest #1808: after a pong timeout its client never comes back."""
    options = WsOptions()
    assert options.silent_s >= 120.0
    assert options.ping_every_s is not None
    assert options.silent_s >= 4 * options.ping_every_s
