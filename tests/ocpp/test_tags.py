"""One card in all its spellings, and the local list as messages both versions take."""

import json
from importlib.resources import files

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evdesk.model.tags import Tag
from evdesk.ocpp.local_list import changes, entry, fitting, removal, requests
from evdesk.ocpp.tag_forms import entry_keys, keys, match, read_tag, token_type


def texts(id_tag):
    return {one.form: one.text for one in read_tag(id_tag).encodings}


def test_a_card_is_shown_in_every_form():
    told = texts("04a37b9f")
    assert told["hex"] == "04A37B9F"
    assert told["hex, bytes reversed"] == "9F7BA304"
    assert told["decimal"] == str(0x04A37B9F)
    assert told["decimal, bytes reversed"] == str(0x9F7BA304)
    assert told["decimal, ten digits"] == f"{0x04A37B9F:010d}"
    assert texts("04:A3:7B:9F") == told | {"hex": "04A37B9F"}


@pytest.mark.parametrize(
    ("id_tag", "words"),
    [
        ("04A37B9F", "4 bytes"),
        ("08A37B9F", "another number each time"),
        ("04A37B9F112233", "made by NXP"),
        ("3322119F7BA304", "read in reverse"),
        ("E004010012345678", "ISO 15693"),
        ("7856341200010 4E0".replace(" ", ""), "reverse"),
        ("0102030405060708090A", "triple size"),
        ("DE8AACA1B2K3D4E", "eMAID"),
        ("APP-USER-17", "No card number"),
    ],
)
def test_it_says_what_kind_of_card_that_is(id_tag, words):
    assert words in " ".join(read_tag(id_tag).notes)


@pytest.mark.parametrize(
    ("listed", "presented", "how"),
    [
        ("04A37B9F", "04a37b9f", "as it is"),
        ("04A37B9F", "9F7BA304", "hex, bytes reversed"),
        ("04A37B9F", "77822879", "decimal"),
        ("04A37B9F", "0077822879", "decimal"),
        ("04A37B9F", str(0x9F7BA304), "decimal, bytes reversed"),
        ("04:A3:7B:9F", "04A37B9F", "hex"),
        ("77822879", "04A37B9F", "hex"),
        ("0A37B9F", "00A37B9F", "hex"),
        ("Kim", " KIM ", "as it is"),
    ],
)
def test_a_card_is_found_in_any_encoding_and_it_is_told_which(listed, presented, how):
    assert match(listed, presented) == how


@pytest.mark.parametrize(("listed", "presented"), [("04A37B9F", "04A37B9E"), ("Kim", "Tim"), ("1", "01"), ("12", "0C")])
def test_another_card_is_another_card(listed, presented):
    assert match(listed, presented) == ""


@given(st.sampled_from([4, 7, 8, 10]).flatmap(lambda n: st.binary(min_size=n, max_size=n)), st.data())
def test_every_form_finds_the_card_it_came_from(raw, data):
    form = data.draw(st.sampled_from(read_tag(raw.hex()).encodings))
    if "if this was decimal" in form.form or len(form.text) > 20:
        return
    if form.form.startswith("decimal") and len(raw) == 10:
        return  # does not fit a decimal of 8 bytes
    if (
        form.form.startswith("decimal")
        and int.from_bytes(raw if "reversed" not in form.form else raw[::-1], "big") < 10**4
    ):
        return  # too short to be taken for a card
    small = int.from_bytes(raw, "big") >> 8 * (len(raw) - 1) == 0 or raw[-1] == 0
    if form.form.startswith("decimal") and small:
        return  # leading zero bytes are lost in a decimal: the size of the card is not known any more
    assert match(raw.hex(), form.text), (raw.hex(), form)


@given(st.text(max_size=60))
def test_no_text_breaks_it(text):
    read_tag(text)
    assert keys(text)
    assert entry_keys(text)
    assert match(text, text) == "as it is"


def valid(version, payload):
    name = "SendLocalList" if version == "v16" else "SendLocalListRequest"
    source = files(f"ocpp.{version}").joinpath("schemas", f"{name}.json").read_text(encoding="utf-8-sig")
    return jsonschema_rs.validator_for(json.loads(source)).is_valid(payload)


TAGS = [
    Tag("04A37B9F", "Accepted", 1.8e9, "GROUP"),
    Tag("E004010012345678", "Blocked"),
    Tag("Kim's phone"),
    Tag("DE-8AA-CA1B2C3D4-5"),
]


@pytest.mark.parametrize(("version", "protocol"), [("v16", "ocpp1.6"), ("v201", "ocpp2.0.1"), ("v21", "ocpp2.1")])
def test_lists_are_valid_in_every_version(version, protocol):
    made = requests(protocol, 5, 2, TAGS, ["OLD-TAG"], True) + requests(protocol, 9, 50, [], [], True)
    assert all(valid(version, one) for one in made)
    assert not valid(version, made[0] | {"updateType": "Some"})
    numbers = [one.get("listVersion", one.get("versionNumber")) for one in made]
    assert numbers == [5, 6, 7, 9]
    assert [one["updateType"] for one in made] == ["Full", "Differential", "Differential", "Full"]
    assert "localAuthorizationList" not in made[-1]  # an empty list is no list
    assert requests(protocol, 1, 5, [], [], False) == []


def test_2x_tells_what_kind_of_token_it_is():
    assert [token_type(tag.id_tag) for tag in TAGS] == ["ISO14443", "ISO15693", "Central", "eMAID"]
    assert entry(TAGS[0], "ocpp2.0.1")["idTokenInfo"]["groupIdToken"]["idToken"] == "GROUP"
    assert removal("X", "ocpp1.6") == {"idTag": "X"}


def test_changes_and_lengths():
    put, remove = changes([Tag("A"), Tag("B"), Tag("C", note="x")], [Tag("A", "Blocked"), Tag("C"), Tag("D")])
    assert ([t.id_tag for t in put], remove) == (["A", "D"], ["B"])
    assert fitting([Tag("x" * 21)], "ocpp1.6") == ([], ["x" * 21])
    assert fitting([Tag("x" * 21)], "ocpp2.0.1")[1] == []
