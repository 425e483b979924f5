"""Who may charge: policies over a real engine, files of tags, and the list in the charger."""

import pytest
from ocpp.v16 import call

from evdesk.engine.tag_files import as_csv, read_csv
from evdesk.model import EvdeskError
from evdesk.model.tags import Tag
from tests.engine.harness import engine, station, until
from tests.engine.store_kit import opened
from tests.engine.test_settings import online

NOW = 1.8e9


def test_tags_read_back_as_they_were_written():
    tags = [Tag("04A37B9F", "Blocked", 1.9e9, "G", "=Kim"), Tag("0077822879", note="Ann, floor 2")]
    put, lines = read_csv(as_csv(tags), [], NOW)
    assert [(t.id_tag, t.status, t.expires_at, t.parent, t.note) for t in put] == [
        ("04A37B9F", "Blocked", 1.9e9, "G", "=Kim"),
        ("0077822879", "Accepted", None, "", "Ann, floor 2"),
    ]
    assert [line.verdict for line in lines] == ["new", "new"]
    assert [line.verdict for line in read_csv(as_csv(put), put, NOW)[1]] == ["same", "same"]


def test_any_csv_is_read_and_bad_lines_are_named():
    text = "\ufeffUID;State;Valid until;Owner\r\n04A3;active;31.12.2026;Kim\r\n"
    text += ";x;;\r\n04a3;active;;\r\nB1;maybe;;\r\nB2;no;never;\r\n"
    put, lines = read_csv(text, [], NOW)
    assert [(line.line, line.verdict) for line in lines] == [
        (2, "new"), (3, "bad"), (4, "duplicate"), (5, "bad"), (6, "bad"),
    ]  # fmt: skip
    assert put[0].note == "Kim"
    assert put[0].expires_at == 1798761599.0
    assert "maybe" in lines[3].sentence
    assert [t.id_tag for t in read_csv("AA01\nAA02\n", [], NOW)[0]] == ["AA01", "AA02"]
    with pytest.raises(EvdeskError):
        read_csv(" \n ", [], NOW)


def test_a_known_tag_changes_and_keeps_its_date():
    put, lines = read_csv("id_tag,status\n04a37b9f,blocked\n", [Tag("04A37B9F", note="Kim", added_at=5.0)], NOW)
    assert lines[0].verdict == "changed"
    assert (put[0].id_tag, put[0].note, put[0].added_at) == ("04A37B9F", "Kim", 5.0)


async def authorized(charger, tag):
    return (await charger.call(call.Authorize(tag))).id_tag_info["status"]


async def test_policies_decide_and_a_person_is_asked(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "T1") as charger:
            await charger.begin()
            await online(client, "T1")
            assert await authorized(charger, "STRANGER") == "Accepted"  # until a person chooses otherwise
            tags = [
                {"id_tag": "04A37B9F"},
                {"id_tag": "BAD1", "status": "Blocked"},
                {"id_tag": "OLD1", "expires_at": 5.0},
            ]
            await client.call("tag.put", {"tags": tags})
            assert await authorized(charger, "bad1") == "Blocked"
            await client.call("tag.policy", {"policy": "ask"})
            assert await authorized(charger, "STRANGER") == "Invalid"
            assert await authorized(charger, "OLD1") == "Expired"
            assert await authorized(charger, "9F7BA304") == "Accepted"
            told = await client.call("tag.list")
            assert told["policy"] == "ask"
            asked = {p["id_tag"]: p for p in told["presented"]}
            assert asked["STRANGER"]["unknown"]

            async def noticed():
                told = await client.call("notice.list", {})
                return ["tag", "STRANGER"] in [arg for n in told if n["kind"] == "tag" for arg in n["args"]]

            await until(noticed)
            assert (asked["9F7BA304"]["tag"], asked["9F7BA304"]["how"]) == ("04A37B9F", "hex, bytes reversed")

            await client.call("tag.put", {"tags": [{"id_tag": "STRANGER", "note": "Kim"}]})
            assert await authorized(charger, "STRANGER") == "Accepted"
            assert not any(p["unknown"] for p in (await client.call("tag.list"))["presented"])
            with pytest.raises(EvdeskError, match="in the list already"):
                await client.call("tag.put", {"tags": [{"id_tag": "9F7BA304"}]})

            first = await charger.start_charge(tag="STRANGER")
            async with station(running.ocpp, "T2") as other:
                await other.begin()
                await online(client, "T2")
                answer = await other.call(call.StartTransaction(1, "stranger", 0, "2026-01-01T00:00:00Z"))
                assert answer.id_tag_info["status"] == "ConcurrentTx"
            await charger.end_charge(first, 2000)

            await client.call("charger.start", {"charger_id": "T1", "connector_id": 1, "id_tag": "EVDESK"})
            assert await authorized(charger, "EVDESK") == "Accepted"  # a person started it
            await client.call("tag.delete", {"id_tags": ["STRANGER"]})
            assert await authorized(charger, "STRANGER") == "Invalid"
    with engine(tmp_path) as running:
        async with running.client() as client:
            told = await client.call("tag.list")
            assert (told["policy"], [t["id_tag"] for t in told["tags"]]) == ("ask", ["04A37B9F", "BAD1", "OLD1"])


async def test_the_list_goes_to_the_charger_in_chunks_and_then_by_differences(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "L1") as charger:
            charger.seen.settings |= {"SendLocalListMaxLength": "3", "LocalAuthListMaxLength": "9"}
            await charger.begin()
            await online(client, "L1")
            one = {"charger_id": "L1"}
            await client.call("charger.settings", one)
            await client.call("tag.put", {"tags": [{"id_tag": f"AA0{n}"} for n in range(7)]})
            state = (await client.call("tag.states"))[0]
            assert (state["version"], state["wanted"], state["differs"]) == (None, 7, True)
            done = await client.call("tag.sync", one)
            assert (done["status"], done["after"]) == ("Accepted", "3")
            assert charger.seen.lists == [("Full", 1, 3), ("Differential", 2, 3), ("Differential", 3, 1)]
            assert set(charger.tags) == {f"AA0{n}" for n in range(7)}

            assert (await client.call("tag.sync", one))["status"] == "Same"
            await client.call("tag.put", {"tags": [{"id_tag": "AA01", "status": "Blocked"}]})
            await client.call("tag.delete", {"id_tags": ["AA02"]})
            await client.call("tag.sync", one)
            assert charger.seen.lists[3:] == [("Differential", 4, 2)]
            assert charger.tags["AA01"]["status"] == "Blocked"
            assert "AA02" not in charger.tags

            charger.list_version, charger.tags = 77, {}  # somebody else has written it
            await client.call("tag.sync", one)
            assert charger.seen.lists[4][0] == "Full"
            assert set(charger.tags) == {"AA00", "AA01", "AA03", "AA04", "AA05", "AA06"}

            charger.list_status = ["VersionMismatch"]
            await client.call("tag.put", {"tags": [{"id_tag": "AA09"}]})
            await client.call("tag.sync", one)
            assert "AA09" in charger.tags

            charger.list_status = ["Failed"]
            await client.call("tag.put", {"tags": [{"id_tag": "AA08"}]})
            with pytest.raises(EvdeskError, match="not complete"):
                await client.call("tag.sync", one)
            state = (await client.call("tag.states"))[0]
            assert state["differs"]
            assert "Failed" in state["sentence"]
            await client.call("tag.sync", one)
            assert "AA08" in charger.tags

            await client.call("tag.put", {"tags": [{"id_tag": f"BB0{n}"} for n in range(5)]})
            with pytest.raises(EvdeskError, match="holds 9 tags"):
                await client.call("tag.sync", one)


async def test_a_charger_without_a_list_says_so(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "L2") as charger:
            charger.list_version = -1
            await charger.begin()
            await online(client, "L2")
            with pytest.raises(EvdeskError, match="no list of tags"):
                await client.call("tag.sync", {"charger_id": "L2"})


async def test_an_end_that_is_no_date_is_refused(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            for at in (1e300, 253_402_300_800.0, -1.0):
                with pytest.raises(EvdeskError) as caught:
                    await client.call("tag.put", {"tags": [{"id_tag": "A1", "expires_at": at}]})
                assert "9999" in caught.value.sentence
            await client.call("tag.put", {"tags": [{"id_tag": "A1", "expires_at": 253_402_300_799.0}]})
            assert "9999-12-31T23:59:59Z" in (await client.call("tag.export"))["text"]


async def test_import_says_what_it_would_do_first(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            text = "tag\nAA01\nAA02\nAA01\n"
            told = await client.call("tag.import", {"text": text})
            assert [line["verdict"] for line in told] == ["new", "new", "duplicate"]
            assert (await client.call("tag.list"))["tags"] == []
            await client.call("tag.import", {"text": text, "dry_run": False})
            assert [t["id_tag"] for t in (await client.call("tag.list"))["tags"]] == ["AA01", "AA02"]
            assert "AA02" in (await client.call("tag.export"))["text"]


async def test_ends_outside_the_calendar_that_are_kept_already_harm_nobody(tmp_path):
    """Older versions took them: an answer that cannot be written would end the charger's connection."""
    tags = [Tag("NEVER", expires_at=1e300, parent="CREW"), Tag("LONG-GONE", expires_at=-5.0)]
    async with opened(tmp_path / "evdesk.db") as store:
        await store.save_tags(tags)
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "T1") as charger:
            await client.call("tag.policy", {"policy": "list"})
            await charger.begin()
            await online(client, "T1")
            assert (await charger.call(call.Authorize("NEVER"))).id_tag_info == {
                "status": "Accepted",
                "parent_id_tag": "CREW",
            }
            assert await authorized(charger, "LONG-GONE") == "Expired"
            assert "NEVER" in (await client.call("tag.export"))["text"]
