"""G9 to its end: two PCs change one field, a person decides, both PCs and the server are equal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.care.conflicts import Choice, Decision, decide, open_conflict_of, read_conflict
from app.care.deliveries import keep_here, send_again, troubles
from app.errors import StaleRecord
from app.models.outbox import Conflict, Outbox, delivery_state
from app.models.records import fetch
from app.models.resident import Resident
from app.sync.status import read_status
from tests.conftest import TOWNSHIP_ID
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save

ONE, OTHER, THIRD = "13900000001", "13900000002", "13900000003"


@pytest.fixture
def pair(township: Clinic, make_clinic: Callable[..., Clinic]) -> tuple[Clinic, Clinic, str]:
    """Two PCs of one organisation; the second has a conflict over the telephone number."""
    resident = a_resident(note="初诊")
    save(township.store, township.actor, resident)
    township.sync()
    other = make_clinic(TOWNSHIP_ID)
    other.sync()
    _edit(township, resident.id, phone=ONE)
    township.sync()
    _edit(other, resident.id, phone=OTHER)
    other.sync()
    return township, other, resident.id


def _edit(clinic: Clinic, resident_id: str, **values: object) -> None:
    with clinic.store.write(clinic.actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def _decide(clinic: Clinic, resident_id: str, choice: Choice) -> str:
    conflict_id = open_conflict_of(clinic.store, resident_id)
    assert conflict_id is not None
    view = read_conflict(clinic.store, clinic.actor, conflict_id)
    decision = Decision(conflict_id, view.seen, {field.name: choice for field in view.fields})
    decide(clinic.store, clinic.actor, decision)
    return conflict_id


def _phone(clinic: Clinic, resident_id: str) -> str:
    with clinic.store.read() as session:
        return str(fetch(session, "resident", [resident_id])[resident_id]["phone"])


@pytest.mark.parametrize(
    ("choice", "stands"),
    [(Choice("mine"), OTHER), (Choice("theirs"), ONE), (Choice("other", THIRD), THIRD)],
)
def test_g09_after_the_decision_both_pcs_are_equal_and_no_value_is_lost(
    pair: tuple[Clinic, Clinic, str], choice: Choice, stands: str
) -> None:
    one, other, resident_id = pair
    conflict_id = _decide(other, resident_id, choice)
    assert other.sync().outcome == "done"
    assert one.sync().outcome == "done"
    assert _phone(one, resident_id) == _phone(other, resident_id) == stands
    for clinic in (one, other):
        with clinic.store.read() as session:
            assert session.query(Outbox).count() == 0
            assert delivery_state(session, "resident", resident_id).state == "held"
    with other.store.read() as session:
        row = session.get(Conflict, conflict_id)
        assert row is not None
        assert (row.fields["phone"]["mine"], row.fields["phone"]["theirs"]) == (OTHER, ONE)


def test_g09_news_of_the_server_during_the_decision_is_shown_anew_never_dropped(
    pair: tuple[Clinic, Clinic, str],
) -> None:
    one, other, resident_id = pair
    conflict_id = open_conflict_of(other.store, resident_id)
    assert conflict_id is not None
    before = read_conflict(other.store, other.actor, conflict_id)
    _edit(one, resident_id, phone=THIRD, village="青山村")
    one.sync()
    other.sync()

    stale = Decision(conflict_id, before.seen, {"phone": Choice("theirs")})
    with pytest.raises(StaleRecord):
        decide(other.store, other.actor, stale)
    (field,) = read_conflict(other.store, other.actor, conflict_id).fields
    assert (field.base, field.mine, field.theirs) == ("13800001234", OTHER, THIRD)
    with other.store.read() as session:
        row = session.get(Conflict, conflict_id)
        assert row is not None
        assert row.fields["phone"]["earlier"] == [{"mine": OTHER, "theirs": ONE}]
    status = read_status(other.store)
    assert (status.conflicts, status.waiting, status.rejected) == (1, 0, 0)

    _decide(other, resident_id, Choice("theirs"))
    assert other.sync().outcome == "done"
    assert _phone(other, resident_id) == THIRD


def test_g09_news_in_another_field_leaves_the_conflict_open(
    pair: tuple[Clinic, Clinic, str],
) -> None:
    one, other, resident_id = pair
    _edit(one, resident_id, village="青山村")
    one.sync()
    report = other.sync()
    assert (report.counts.conflicts, report.counts.waiting) == (1, 0)
    assert [line.what for line in troubles(other.store)] == ["conflict"]
    _decide(other, resident_id, Choice("mine"))
    other.sync()
    one.sync()
    with one.store.read() as session:
        record = fetch(session, "resident", [resident_id])[resident_id]
    assert (record["phone"], record["village"]) == (OTHER, "青山村")


def test_g09_an_edit_while_it_is_undecided_is_neither_sent_nor_lost(
    pair: tuple[Clinic, Clinic, str],
) -> None:
    one, other, resident_id = pair
    _edit(other, resident_id, note="复诊")
    other.sync()
    one.sync()
    with one.store.read() as session:
        assert fetch(session, "resident", [resident_id])[resident_id]["note"] == "初诊"
    status = read_status(other.store)
    assert (status.conflicts, status.waiting) == (1, 0)
    _decide(other, resident_id, Choice("theirs"))
    other.sync()
    one.sync()
    with one.store.read() as session:
        record = fetch(session, "resident", [resident_id])[resident_id]
    assert (record["phone"], record["note"]) == (ONE, "复诊")


def test_g09_a_second_clash_after_the_decision_is_a_second_conflict(
    pair: tuple[Clinic, Clinic, str],
) -> None:
    one, other, resident_id = pair
    first = _decide(other, resident_id, Choice("mine"))
    _edit(one, resident_id, phone=THIRD)
    one.sync()
    other.sync()
    second = open_conflict_of(other.store, resident_id)
    assert second not in (None, first)
    with other.store.read() as session:
        values = [row.fields["phone"] for row in session.query(Conflict).order_by(Conflict.id)]
    assert [(v["mine"], v["theirs"]) for v in values] == [(OTHER, ONE), (OTHER, THIRD)]


def test_g11_a_kept_record_is_counted_apart_never_sent_and_comes_back(
    township: Clinic,
) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    with township.store.apply_remote() as session:
        session.query(Outbox).update({"state": "rejected", "reason": "test"})
    keep_here(township.store, township.actor, "resident", resident.id, "示例")
    report = township.sync()
    assert (report.sent, report.counts.kept, report.counts.rejected) == (0, 1, 0)
    status = read_status(township.store)
    assert (status.kept, status.all_held) == (1, False)
    send_again(township.store, township.actor, "resident", resident.id)
    assert township.sync().outcome == "done"
    with township.store.read() as session:
        assert delivery_state(session, "resident", resident.id).state == "held"
