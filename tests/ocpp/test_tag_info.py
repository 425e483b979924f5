"""What the answers say of a tag beside its status: its group and its end."""

import pytest

from evdesk.model.tags import Tag
from evdesk.ocpp.tag_info import tag_details
from evdesk.ocpp.version import Version
from tests.ocpp.helpers import NOW, FriendlyPolicy, Wire, answer

KIM = Tag("KIM", parent="CREW", expires_at=NOW + 3600)
INFO_16 = {"status": "Accepted", "parentIdTag": "CREW", "expiryDate": "2026-05-28T21:26:40Z"}
INFO_2 = {
    "status": "Accepted",
    "groupIdToken": {"idToken": "CREW", "type": "Central"},
    "cacheExpiryDateTime": "2026-05-28T21:26:40Z",
}


def wire(version):
    return Wire(FriendlyPolicy(tags={"KIM": KIM}), version=version)


def test_1_6_names_the_parent_in_every_answer_about_the_tag():
    one = wire(Version.V16)
    assert answer(one.call("Authorize", {"idTag": "KIM"}))["idTagInfo"] == INFO_16
    begun = {"connectorId": 1, "idTag": "KIM", "meterStart": 0, "timestamp": one.stamp()}
    (deferred,) = one.call("StartTransaction", begun).deferred
    assert answer(one.dialogue.settle_start(deferred, 7, "Accepted", NOW))["idTagInfo"] == INFO_16
    ended = {"transactionId": 7, "idTag": "KIM", "meterStop": 5, "timestamp": one.stamp()}
    (deferred,) = one.call("StopTransaction", ended).deferred
    assert answer(one.dialogue.settle_stop(deferred, "Accepted", NOW))["idTagInfo"] == INFO_16
    assert answer(one.call("Authorize", {"idTag": "ANN"}))["idTagInfo"] == {"status": "Accepted"}


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
def test_2_x_names_the_group_token(version):
    one = wire(version)
    token = {"idToken": "KIM", "type": "ISO14443"}
    assert answer(one.call("Authorize", {"idToken": token}))["idTokenInfo"] == INFO_2
    event = {
        "eventType": "Started",
        "timestamp": one.stamp(),
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T1"},
        "evse": {"id": 1},
        "idToken": token,
    }
    (deferred,) = one.call("TransactionEvent", event).deferred
    assert answer(one.dialogue.settle_start(deferred, 7, "Accepted", NOW))["idTokenInfo"] == INFO_2
    updated = event | {"eventType": "Updated", "seqNo": 1, "triggerReason": "StopAuthorized"}
    assert answer(one.call("TransactionEvent", updated))["idTokenInfo"] == INFO_2


def test_a_group_that_does_not_fit_is_left_out():
    """Cut off it would name another group."""
    assert tag_details(Tag("A", parent="x" * 21), second=False) == {}
    assert tag_details(Tag("A", parent="x" * 21), second=True)["groupIdToken"]["idToken"] == "x" * 21
    assert tag_details(None, second=False) == {}
