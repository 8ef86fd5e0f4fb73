"""The conflict desk's use-cases: both values are shown in words, kept for good, and recoverable."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.care.conflicts import Choice, Decision, decide, open_conflict_of, read_conflict
from app.care.deliveries import keep_here, send_again, troubles
from app.care.record_words import field_label, words
from app.care.timeline import timeline
from app.errors import InputError, NotAllowed, StaleRecord
from app.models import codes
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.local import AuditEvent
from app.models.outbox import REJECTED, Conflict, Outbox, delivery_state
from app.models.records import KINDS, fetch
from app.models.resident import Residence, Resident
from app.models.store import Store
from app.sync.merge import BOOKKEEPING
from tests.conftest import TOWNSHIP_ID
from tests.sync.making import a_resident, save


def _conflict(store: Store, actor: Actor, fields: dict[str, Any], **values: Any) -> tuple[str, str]:
    """A resident with an open conflict, as the courier leaves it."""
    resident = a_resident(**values)
    save(store, actor, resident)
    with store.apply_remote() as session:
        session.query(Outbox).update({"state": REJECTED, "reason": "two people"})
        row = Conflict(
            id=new_id(),
            kind="resident",
            record_id=resident.id,
            resident_id=resident.id,
            fields=fields,
            created_at=store.clock.now(),
            mine_by=actor.staff_id,
            mine_at=store.clock.now(),
            theirs_by="stranger",
            theirs_organisation_id=TOWNSHIP_ID,
            theirs_at=store.clock.now(),
        )
        session.add(row)
        return resident.id, row.id


def _fields() -> dict[str, Any]:
    return {
        "phone": {"base": "13800001234", "mine": "13900000002", "theirs": "13900000001"},
        "marital": {"base": "2", "mine": "3", "theirs": "4"},
        "record_status_on": {"base": None, "mine": "2026-02-03", "theirs": None},
    }


@pytest.fixture
def open_one(store: Store, actor: Actor) -> tuple[str, str]:
    return _conflict(
        store,
        actor,
        _fields(),
        phone="13900000002",
        marital="3",
        record_status_on=date(2026, 2, 3),
    )


def test_both_values_stand_in_words_and_nothing_is_chosen(
    store: Store, actor: Actor, open_one: tuple[str, str]
) -> None:
    resident_id, conflict_id = open_one
    assert open_conflict_of(store, resident_id) == conflict_id
    view = read_conflict(store, actor, conflict_id)
    phone, marital, since = view.fields
    assert (phone.mine, phone.theirs, phone.base) == ("13900000002", "13900000001", "13800001234")
    assert (marital.label, marital.mine, marital.theirs) == ("婚姻状况", "丧偶", "离婚")
    assert (since.mine, since.theirs) == ("2026-02-03", "（空）")
    assert [field.choice for field in view.fields] == ["", "", ""]
    assert [field.other for field in view.fields] == ["text", "code", "date"]
    assert view.mine.name == "王建国"
    assert (view.theirs.name, bool(view.theirs.organisation)) == ("", True)
    (line,) = troubles(store)
    assert (line.what, line.conflict_id) == ("conflict", conflict_id)
    assert line.reason == "联系电话、婚姻状况、状态日期"


def test_a_decision_writes_queues_and_keeps_both_values(
    store: Store, actor: Actor, open_one: tuple[str, str]
) -> None:
    resident_id, conflict_id = open_one
    view = read_conflict(store, actor, conflict_id)
    choices = {
        "phone": Choice("theirs"),
        "marital": Choice("mine"),
        "record_status_on": Choice("other", date(2026, 2, 4)),
    }
    decide(store, actor, Decision(conflict_id, view.seen, choices))

    with store.read() as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        assert (row.phone, row.marital, row.record_status_on) == (
            "13900000001",
            "3",
            date(2026, 2, 4),
        )
        assert delivery_state(session, "resident", resident_id).state == "waiting"
        queued = session.query(Outbox).one()
        assert (queued.change_id, queued.author_id) == (row.change_id, actor.staff_id)
        kept = session.get(Conflict, conflict_id)
        assert kept is not None
        assert kept.fields["phone"] == {
            **_fields()["phone"],
            "choice": "theirs",
            "chosen": "13900000001",
        }
        assert kept.fields["record_status_on"]["theirs"] is None
        assert kept.resolved_by == actor.staff_id
        audit = session.query(AuditEvent).filter_by(action="decide").one()
        assert audit.detail["choices"]["phone"] == "theirs"
        assert "13900000001" not in str(audit.detail)
    assert troubles(store) == ()
    after = read_conflict(store, actor, conflict_id)
    assert after.decided is not None
    assert [(f.choice, f.chosen) for f in after.fields] == [
        ("theirs", "13900000001"),
        ("mine", "丧偶"),
        ("other", "2026-02-04"),
    ]
    (told,) = [e for e in timeline(store, actor, resident_id) if e.kind == "conflict"]
    assert "13900000002" in told.detail
    assert "13900000001" in told.detail
    assert (told.author, told.record_id) == ("王建国", conflict_id)


def test_keeping_all_of_ones_own_is_queued_too(
    store: Store, actor: Actor, open_one: tuple[str, str]
) -> None:
    resident_id, conflict_id = open_one
    view = read_conflict(store, actor, conflict_id)
    before = fetch_one(store, resident_id)["change_id"]
    choices = {field.name: Choice("mine") for field in view.fields}
    decide(store, actor, Decision(conflict_id, view.seen, choices))
    assert fetch_one(store, resident_id)["change_id"] != before
    with store.read() as session:
        assert delivery_state(session, "resident", resident_id).state == "waiting"


def test_no_decision_without_a_choice_for_every_field(
    store: Store, actor: Actor, open_one: tuple[str, str]
) -> None:
    resident_id, conflict_id = open_one
    view = read_conflict(store, actor, conflict_id)
    before = fetch_one(store, resident_id)
    bad = {
        "phone": Choice("other", "12"),
        "marital": Choice("other", "no such code"),
    }
    with pytest.raises(InputError) as caught:
        decide(store, actor, Decision(conflict_id, view.seen, bad))
    assert set(caught.value.problems) == {"phone", "marital", "record_status_on"}
    assert fetch_one(store, resident_id) == before
    viewer = replace(actor, roles=frozenset({"viewer"}))
    with pytest.raises(NotAllowed):
        decide(store, viewer, Decision(conflict_id, view.seen, {}))


def test_a_record_edited_meanwhile_is_shown_anew(
    store: Store, actor: Actor, open_one: tuple[str, str]
) -> None:
    resident_id, conflict_id = open_one
    view = read_conflict(store, actor, conflict_id)
    with store.write(actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        row.phone = "13900000009"
    choices = {field.name: Choice("mine") for field in view.fields}
    with pytest.raises(StaleRecord):
        decide(store, actor, Decision(conflict_id, view.seen, choices))
    anew = read_conflict(store, actor, conflict_id)
    assert anew.fields[0].mine == "13900000009"
    decide(store, actor, Decision(conflict_id, anew.seen, choices))
    with store.read() as session:
        kept = session.get(Conflict, conflict_id)
        assert kept is not None
        assert (kept.fields["phone"]["mine"], kept.fields["phone"]["theirs"]) == (
            "13900000009",
            "13900000001",
        )
    with pytest.raises(StaleRecord):
        decide(store, actor, Decision(conflict_id, anew.seen, choices))


@pytest.mark.parametrize(("side", "bed"), [("mine", "3"), ("theirs", "4")])
def test_child_rows_of_one_side_stay_whatever_is_chosen(
    store: Store, actor: Actor, side: Any, bed: str
) -> None:
    def stay(id_: str, bed: str, **values: Any) -> dict[str, Any]:
        return {
            "id": id_,
            "org_id": TOWNSHIP_ID,
            "bed": bed,
            "admit_date": "2026-01-01",
            "building": None,
            "room": None,
            "discharge_date": None,
            "reason": None,
            "carer": None,
            "care_level": None,
            "fee_payer": None,
            **values,
        }

    shared, added = new_id(), new_id()
    clash = {
        "residences": {
            "base": [stay(shared, "1")],
            "mine": [stay(shared, "3"), stay(added, "9")],
            "theirs": [stay(shared, "4", carer="刘姐")],
        }
    }
    resident_id, conflict_id = _conflict(store, actor, clash)
    with store.apply_remote() as session:
        for row in (stay(shared, "3", carer="刘姐"), stay(added, "9")):
            values = {**row, "admit_date": date(2026, 1, 1)}
            session.add(Residence(resident_id=resident_id, **values))
    view = read_conflict(store, actor, conflict_id)
    (field,) = view.fields
    assert "床位: 3" in field.mine.replace("：", ": ")
    assert "刘姐" in field.theirs
    assert len(field.mine.splitlines()) == 2
    decide(store, actor, Decision(conflict_id, view.seen, {"residences": Choice(side)}))
    found = {row["id"]: row for row in fetch_one(store, resident_id)["residences"]}
    assert found[shared]["bed"] == bed
    # What only the other side changed is not lost with the bed, nor what was added here.
    assert found[shared]["carer"] == "刘姐"
    assert found[added]["bed"] == "9"


def fetch_one(store: Store, resident_id: str) -> dict[str, Any]:
    with store.read() as session:
        return fetch(session, "resident", [resident_id])[resident_id]


# -- refused records ------------------------------------------------------------------------


@pytest.fixture
def refused(store: Store, actor: Actor) -> str:
    resident = a_resident()
    save(store, actor, resident)
    with store.apply_remote() as session:
        session.query(Outbox).update({"state": REJECTED, "reason": "the server's reason"})
    return resident.id


def test_kept_here_with_a_reason_and_taken_back(store: Store, actor: Actor, refused: str) -> None:
    with pytest.raises(InputError):
        keep_here(store, actor, "resident", refused, "  ")
    keep_here(store, actor, "resident", refused, "县医院不收外省居民")
    (line,) = troubles(store)
    assert (line.what, line.reason, line.by) == ("kept", "县医院不收外省居民", "王建国")
    with store.read() as session:
        state = delivery_state(session, "resident", refused)
        assert (state.state, state.reason) == ("kept", "县医院不收外省居民")
        audit = session.query(AuditEvent).filter_by(action="keep_here").one()
        assert audit.detail["refused_because"] == "the server's reason"
    with pytest.raises(StaleRecord):
        keep_here(store, actor, "resident", refused, "again")
    send_again(store, actor, "resident", refused)
    assert troubles(store) == ()
    with store.read() as session:
        assert delivery_state(session, "resident", refused).state == "waiting"
    with pytest.raises(StaleRecord):
        send_again(store, actor, "resident", refused)


def test_an_edit_of_a_kept_record_queues_it_again(store: Store, actor: Actor, refused: str) -> None:
    keep_here(store, actor, "resident", refused, "原因")
    with store.write(actor) as session:
        row = session.get(Resident, refused)
        assert row is not None
        row.phone = "13900000009"
    with store.read() as session:
        assert delivery_state(session, "resident", refused).state == "waiting"


def test_an_undecided_record_cannot_be_waved_through(
    store: Store, actor: Actor, open_one: tuple[str, str]
) -> None:
    with pytest.raises(StaleRecord):
        send_again(store, actor, "resident", open_one[0])
    with pytest.raises(StaleRecord):
        keep_here(store, actor, "resident", open_one[0], "reason")


def test_an_undecided_record_behind_many_others_cannot_be_waved_through(
    store: Store, actor: Actor, refused: str
) -> None:
    values = {"mine": "1", "theirs": "2", "base": None}
    with store.apply_remote() as session:
        for number in range(520):
            record_id = new_id()
            session.add(
                Conflict(
                    id=f"{number:036d}",
                    kind="resident",
                    record_id=record_id,
                    fields={"phone": values},
                    created_at=store.clock.now(),
                )
            )
        last = Conflict(
            id="z" * 36,
            kind="resident",
            record_id=refused,
            fields={"phone": values},
            created_at=store.clock.now(),
        )
        session.add(last)
    for again in (
        lambda: send_again(store, actor, "resident", refused),
        lambda: keep_here(store, actor, "resident", refused, "reason"),
    ):
        with pytest.raises(StaleRecord):
            again()
    with store.apply_remote() as session:
        row = session.get(Conflict, "z" * 36)
        assert row is not None
        row.resolved_at = store.clock.now()
    send_again(store, actor, "resident", refused)


def test_every_field_that_can_clash_has_a_name() -> None:
    nameless = [
        f"{kind}.{name}"
        for kind, description in KINDS.items()
        if description.travels
        for name in [c.name for c in description.table.columns]
        + [child.name for child in description.children]
        if name not in BOOKKEEPING and field_label(kind, name) == name
    ]
    assert nameless == []
    for entry in codes.entries("record_field"):
        if entry.extra["list"]:
            assert codes.entries(entry.extra["list"])


def test_values_as_people_read_them() -> None:
    assert words("resident", "drug_allergy", [{"code": "2"}, {"code": "5", "text": "海鲜"}])
    contacts = [{"name": "赵二", "phone": "13800000000", "relation": ""}]
    assert "赵二" in words("resident", "contacts", contacts)
    assert words("referral_task", "state", "refused", None, {"service": "bed"}) == "未能安排"
    assert words("referral_task", "scheduled_at", "2026-03-04T01:00:00.000Z") == "2026-03-04 09:00"
    assert words("follow_up", "not_measured", {"sbp": "2"}) == "收缩压(mmHg)：拒绝"
    assert words("resident", "note", "<b>x</b>") == "<b>x</b>"
