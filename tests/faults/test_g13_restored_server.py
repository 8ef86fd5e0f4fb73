"""G13: a server put back from an older copy, or emptied, is noticed by every PC; all of it
comes back, nothing older is laid over what is here, and the status says so meanwhile."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from app.models.outbox import Conflict, Outbox, Receipt, delivery_state
from app.models.referral import Referral, ReferralTask
from app.models.resident import Resident
from app.server.enrolment import enrol_code
from app.sync import restored
from app.sync.enrol import enrol
from app.sync.status import read_status
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.faults.copies import content, content_there, copy_server, put_server_back
from tests.faults.test_g13_restored_store import a_visit, change, value
from tests.faults.test_lying_server import with_body
from tests.server.serving import ServerProcess
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_resident, save
from tests.sync.proxy import Proxy, Seen


def conflicts(clinic: Clinic) -> int:
    with clinic.store.read() as session:
        return session.query(Conflict).filter(Conflict.resolved_at.is_(None)).count()


def test_g13_an_older_server_gets_back_what_it_lost_and_the_status_says_so(
    make_clinic: Callable[..., Clinic], server: ServerProcess, proxy: Proxy
) -> None:
    one = make_clinic(link=proxy.url)
    resident, _ = a_visit(one)
    assert one.sync().outcome == "done"
    copy = copy_server(server)
    change(one, Resident, resident.id, phone="13911112222")
    _, visit = a_visit(one)
    assert one.sync().outcome == "done"
    everything = content(one.store)

    put_server_back(server, copy)
    change(one, Resident, resident.id, village="之后")  # the work goes on
    # The link gives out when it is known what is missing, before any of it is sent again.
    posts = [0]

    def choose(seen: faults.Seen) -> object:
        with one.store.read() as session:
            told = restored.notices(session)
        posts[0] += bool(told)
        return faults.CUT_BEFORE if told else faults.PASS

    proxy.choose = choose
    assert one.sync().outcome == "offline"
    assert posts[0]
    status = read_status(one.store)
    assert status.waiting >= 2
    assert not status.all_held
    assert "副本" in " ".join(status.notices)
    with one.store.read() as session:
        assert delivery_state(session, "check_in", visit.id).state == "waiting"
        assert session.get(Receipt, ("check_in", visit.id)) is None, "withdrawn"
    assert content(one.store).keys() == everything.keys(), "nothing is deleted here"

    proxy.choose = lambda seen: faults.PASS
    assert one.sync().outcome == "done"
    there = content_there(server.enrol(TOWNSHIP_ID))
    assert there == content(one.store)
    assert there["resident", resident.id]["phone"] == "13911112222"
    assert there["resident", resident.id]["village"] == "之后"
    assert conflicts(one) == 0
    assert one.sync(compare=True).outcome == "done"
    assert read_status(one.store).notices == ()


def test_g13_an_emptied_server_is_filled_again_by_its_pcs(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    one, lead = make_clinic(), make_clinic(LEAD_ID)
    resident, _ = a_visit(one)
    rows = a_letter(resident, one.actor)
    save(one.store, one.actor, *rows)
    assert one.sync().outcome == "done"
    assert lead.sync().outcome == "done"
    change(lead, ReferralTask, rows[1].id, reason_text="已看")
    assert lead.sync().outcome == "done"
    assert one.sync().outcome == "done"
    there_before = content_there(server.enrol(TOWNSHIP_ID))

    server.stop()
    shutil.rmtree(server.data_dir)
    server.start()
    assert one.sync().outcome == "refused", "an empty server knows no PC"
    for clinic in (one, lead):
        code = enrol_code(server.data_dir, clinic.store.organisation_id)
        enrol(clinic.store, server.url, code, "PC")
    held = content(lead.store)
    lead.sync()
    assert content(lead.store) == held, "other people's news stays where it was received"
    one.sync()
    lead.sync()
    assert one.sync().outcome == "done"
    there = content_there(server.enrol(TOWNSHIP_ID))
    assert there == there_before
    assert content(one.store) == there
    with lead.store.read() as session:
        assert session.get(Referral, rows[0].id) is not None
        assert session.query(Outbox).count() == 0
    for clinic in (one, lead):
        assert value(clinic.store, ReferralTask, rows[1].id, "reason_text") == "已看"
        assert conflicts(clinic) == 0


def test_g13_two_pcs_meet_an_older_server_and_the_first_one_has_edited_there(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    one, two = make_clinic(), make_clinic()
    resident, _ = a_visit(one)
    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"
    copy = copy_server(server)
    change(one, Resident, resident.id, phone="13911112222")
    a_visit(one)
    assert one.sync().outcome == "done"  # the other PC has not seen any of this
    put_server_back(server, copy)
    change(two, Resident, resident.id, address="新址 5 号")
    assert two.sync().outcome == "done"  # made from the older state, which it knows alone

    one.sync()
    with one.store.read() as session:
        fields = [set(row.fields) for row in session.query(Conflict)]
    record = content_there(server.enrol(TOWNSHIP_ID))["resident", resident.id]
    assert record["address"] == "新址 5 号", "not overwritten"
    # What the server lost is merged in, or both values stand before a person.
    kept = record["phone"] == "13911112222" or any("phone" in names for names in fields)
    assert kept
    assert value(one.store, Resident, resident.id, "phone") == "13911112222"


def test_g13_a_change_that_waits_is_sent_whole_to_a_server_that_went_back(
    township: Clinic, server: ServerProcess
) -> None:
    resident, _ = a_visit(township)
    assert township.sync().outcome == "done"
    copy = copy_server(server)
    change(township, Resident, resident.id, phone="13911112222", address="甲路 1 号")
    assert township.sync().outcome == "done"
    put_server_back(server, copy)
    change(township, Resident, resident.id, village="乙村")
    assert township.sync().outcome == "done"
    record = content_there(server.enrol(TOWNSHIP_ID))["resident", resident.id]
    assert (record["phone"], record["address"], record["village"]) == (
        "13911112222",
        "甲路 1 号",
        "乙村",
    )
    assert content(township.store)["resident", resident.id] == record


def test_g13_the_state_of_a_referral_survives_an_older_server(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    one, lead = make_clinic(), make_clinic(LEAD_ID)
    resident = a_resident()
    rows = a_letter(resident, one.actor)
    save(one.store, one.actor, resident, *rows)
    assert one.sync().outcome == "done"
    copy = copy_server(server)
    assert lead.sync().outcome == "done"
    change(lead, ReferralTask, rows[1].id, reason_text="床位已留")
    assert lead.sync().outcome == "done"
    assert one.sync().outcome == "done"
    put_server_back(server, copy)

    assert one.sync(compare=True).outcome == "done"
    assert lead.sync(compare=True).outcome == "done"
    for clinic in (one, lead):
        assert value(clinic.store, ReferralTask, rows[1].id, "reason_text") == "床位已留"
        assert conflicts(clinic) == 0
        assert read_status(clinic.store).all_held


def test_g13_an_older_server_and_a_restored_store_at_once(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    from tests.faults.copies import copy_store, put_store_back

    one, two = make_clinic(), make_clinic()
    a_visit(one)
    assert one.sync().outcome == "done"
    store_copy = copy_store(one)
    server_copy = copy_server(server)
    _, later = a_visit(one)
    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"
    put_server_back(server, server_copy)
    put_store_back(one, store_copy)

    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"  # the only one that still has it
    assert one.sync().outcome == "done"
    there = content_there(server.enrol(TOWNSHIP_ID))
    assert ("check_in", later.id) in there
    assert content(one.store) == content(two.store) == there


def refusing(
    statuses: Callable[[str], int | None], asked: list[str]
) -> Callable[[Seen, bytes, bytes], bytes]:
    """Rewrites the answer to each search that ``statuses`` has a status for, alone or in a
    batch; ``asked`` gets the searches that were refused."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}

    def rewrite(seen: Seen, request: bytes, answer: bytes) -> bytes:
        if seen.method == "GET":
            status = statuses(unquote(seen.path))
            if status is None:
                return answer
            asked.append(seen.path)
            answer = with_body(answer, lambda _: outcome)
            return b"HTTP/1.1 %d No\r\n" % status + answer.partition(b"\r\n")[2]
        packed = b"content-encoding: gzip" in request.lower()
        body = request.partition(b"\r\n\r\n")[2]
        body = gzip.decompress(body) if packed else body
        if b'"batch"' not in body:
            return answer
        document = json.loads(body)
        found = [statuses(unquote(entry["request"]["url"])) for entry in document["entry"]]

        def change(batch: Any) -> Any:
            for entry, one, status in zip(batch["entry"], document["entry"], found, strict=True):
                if status is not None:
                    asked.append(one["request"]["url"])
                    entry["response"]["status"] = str(status)
                    entry["resource"] = outcome
            return batch

        return with_body(answer, change)

    return rewrite


@pytest.mark.parametrize("how", ["no elements", "no ids", "no list of one type"])
def test_g13_a_server_that_refuses_the_question_is_asked_another_way_and_noticed(
    make_clinic: Callable[..., Clinic], server: ServerProcess, proxy: Proxy, how: str
) -> None:
    one = make_clinic(link=proxy.url)
    resident, _ = a_visit(one)
    assert one.sync().outcome == "done"
    copy = copy_server(server)
    change(one, Resident, resident.id, phone="13911112222")
    assert one.sync().outcome == "done"
    put_server_back(server, copy)
    one.engine.close()  # the proxy still holds a line to the server that was stopped

    def statuses(url: str) -> int | None:
        if how == "no elements":
            return 400 if "_elements=" in url else None
        if how == "no ids":
            return 422 if "_id=" in url else None
        return 400 if "Provenance?" in url else None

    asked: list[str] = []
    proxy.rewrite = refusing(statuses, asked)
    assert one.sync().outcome == "done"
    assert asked
    there = content_there(server.enrol(TOWNSHIP_ID))
    assert there["resident", resident.id]["phone"] == "13911112222"


def test_g13_a_server_too_busy_to_say_what_it_holds_is_asked_again_before_anything_else(
    make_clinic: Callable[..., Clinic], server: ServerProcess, proxy: Proxy
) -> None:
    one = make_clinic(link=proxy.url)
    resident, _ = a_visit(one)
    assert one.sync().outcome == "done"
    copy = copy_server(server)
    change(one, Resident, resident.id, phone="13911112222")
    assert one.sync().outcome == "done"
    put_server_back(server, copy)
    one.engine.close()  # the proxy still holds a line to the server that was stopped
    asked: list[str] = []
    proxy.rewrite = refusing(lambda url: 503 if "_id=" in url else None, asked)
    assert one.sync().outcome != "done"
    assert asked
    assert value(one.store, Resident, resident.id, "phone") == "13911112222"
    proxy.rewrite = refusing(lambda url: 503 if "_tag=" in url else None, asked)
    assert one.sync().outcome != "done", "it is seen that it went back, but not what it lost"
    proxy.rewrite = lambda seen, request, answer: answer
    assert one.sync().outcome == "done"
    there = content_there(server.enrol(TOWNSHIP_ID))
    assert there["resident", resident.id]["phone"] == "13911112222"
    assert conflicts(one) == 0
