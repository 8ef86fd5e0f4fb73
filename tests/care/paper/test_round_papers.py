"""What stands on the paper of a round: identity as asked for, last time's words, no measurement."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.care.follow_up import record_follow_up
from app.care.paper.log import note_print
from app.care.paper.rounds import (
    MOST_PEOPLE,
    Paper,
    RoundRequest,
    blank_forms,
    prepare_round,
    short_number,
)
from app.care.paper.settings import PrintSettings, print_settings, save_print_settings
from app.clock import FixedClock
from app.errors import InputError
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.paper import PaperRound, PaperSlip
from app.models.store import Store
from tests.care.follow_up_samples import AMLODIPINE, DIABETES, HYPERTENSION, a_diabetes_visit
from tests.care.rounds.people import due, village, villager


def _rounds(store: Store) -> list[PaperRound]:
    with store.read() as session:
        found = list(session.scalars(select(PaperRound).order_by(PaperRound.number)))
        session.expunge_all()
        return found


def test_the_list_keeps_its_order_and_numbers_everybody(store: Store, actor: Actor) -> None:
    ids = village(store, actor)
    wanted = (ids[3], ids[0], ids[2])
    document = prepare_round(store, actor, RoundRequest("list", wanted, "光荣村"))
    lines = document.text.splitlines()
    people = [line.split("\t") for line in lines if line.startswith("1-0")]
    assert [row[:2] for row in people] == [["1-01", "李四"], ["1-02", "赵一"], ["1-03", "孙三"]]
    assert lines[0] == "走访名单 光荣村"
    assert "高血压随访 02-25" in document.text
    assert "341524********023X" in document.text
    assert "138****1234" in document.text
    assert document.about.persons == 3
    with store.read() as session:
        slips = session.scalars(select(PaperSlip).order_by(PaperSlip.position)).all()
        assert [slip.resident_id for slip in slips] == list(wanted)
        assert slips[0].diseases == ["hypertension"]


@pytest.mark.parametrize("paper", ["list", "slips", "checks"])
@pytest.mark.parametrize("whole", [False, True])
def test_identity_is_masked_or_whole_by_choice(
    store: Store, actor: Actor, paper: Paper, whole: bool
) -> None:
    ids = village(store, actor)[:1]
    document = prepare_round(
        store, actor, RoundRequest(paper, tuple(ids), "光荣村", whole_ids=whole)
    )
    assert ("34152419650601023X" in document.text) is whole
    assert ("341524********023X" in document.text) is not whole
    # The list has no room for it; whoever reads the list looks for people.
    assert ("34152410200100120" in document.text) is (paper != "list")
    assert "赵一" in document.text
    assert document.about.whole_ids is whole


@pytest.mark.parametrize("paper", ["list", "slips", "checks"])
def test_no_measurement_is_ever_printed(store: Store, actor: Actor, paper: Paper) -> None:
    resident = villager(store, actor, "赵一", "hypertension", "type2_diabetes", village="光荣村")
    record_follow_up(
        store,
        actor,
        a_diabetes_visit(
            resident,
            visit_date=date(2025, 12, 1),
            parts=(HYPERTENSION, DIABETES),
            sbp=167,
            dbp=97,
            fpg=8.8,
            heart_rate=93,
            weight=63.7,
            drugs=(AMLODIPINE,),
        ),
    )
    document = prepare_round(store, actor, RoundRequest(paper, (resident,), "光荣村"))
    for measured in ("167", "97", "8.8", "93", "63.7"):
        assert measured not in document.text.replace("\u00a0", " ")
    if paper == "slips":
        assert "2025-12-01" in document.text
        assert "高血压 控制不满意" in document.text
        assert "苯磺酸氨氯地平" in document.text


def test_last_time_may_be_left_out(store: Store, actor: Actor) -> None:
    resident = villager(store, actor, "赵一")
    record_follow_up(
        store,
        actor,
        a_diabetes_visit(resident, parts=(HYPERTENSION,), visit_date=date(2025, 12, 1)),
    )
    request = RoundRequest("slips", (resident,), "光荣村", last_time=False)
    document = prepare_round(store, actor, request)
    assert "2025-12-01" not in document.text
    assert "上次" not in document.text


@pytest.mark.parametrize(
    ("diseases", "asked", "not_asked"),
    [
        (("hypertension",), ("摄盐", "血压"), ("空腹血糖", "足背动脉", "FEV1")),
        (("type2_diabetes",), ("空腹血糖", "足背动脉", "血压"), ("摄盐", "FEV1")),
        (("copd",), ("FEV1", "SpO₂", "血压"), ("空腹血糖", "摄盐")),
        (("hypertension", "type2_diabetes", "copd"), ("摄盐", "空腹血糖", "FEV1"), ()),
    ],
)
def test_a_slip_asks_what_its_diseases_ask(
    store: Store,
    actor: Actor,
    diseases: tuple[str, ...],
    asked: tuple[str, ...],
    not_asked: tuple[str, ...],
) -> None:
    resident = villager(store, actor, "赵一", *diseases)
    text = prepare_round(store, actor, RoundRequest("slips", (resident,), "光荣村")).text
    assert all(words in text for words in asked)
    assert not any(words in text for words in not_asked)


def test_blank_forms_name_nobody_and_ask_everything(store: Store) -> None:
    slips = blank_forms("slips")
    assert slips.about.persons == 0
    assert len(slips.forms) == 2
    assert all(words in slips.text for words in ("摄盐", "空腹血糖", "FEV1", "□1\u00a0无症状"))
    checks = blank_forms("checks")
    assert len(checks.forms) == 1
    assert all(words in checks.text for words in ("体温", "血红蛋白", "宫颈", "住院史", "健康评价"))
    assert _rounds(store) == []


def test_the_check_sheet_asks_men_no_gynaecology(store: Store, actor: Actor) -> None:
    man = villager(store, actor, "赵一", sex="1")
    woman = villager(store, actor, "钱二", sex="2")
    document = prepare_round(store, actor, RoundRequest("checks", (man, woman), "光荣村"))
    assert "宫颈" not in document.forms[0].text
    assert "宫颈" in document.forms[1].text


def test_list_and_slips_of_one_round_share_their_numbers(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    ids = tuple(village(store, actor))
    first = prepare_round(store, actor, RoundRequest("list", ids, "光荣村"))
    note_print(store, actor, first, "paper", 1)
    again = prepare_round(store, actor, RoundRequest("slips", ids, "光荣村"))
    assert again.about.record_id == first.about.record_id
    assert "1-05" in again.text
    # Others, or on another day: another list.
    other = prepare_round(store, actor, RoundRequest("slips", ids[::-1], "光荣村"))
    note_print(store, actor, other, "paper", 1)
    clock.advance(days=1)
    later = prepare_round(store, actor, RoundRequest("slips", ids, "光荣村"))
    assert "2-01" in other.text
    assert "3-01" in later.text


def test_what_was_only_looked_at_is_forgotten_what_was_printed_is_noted(
    store: Store, actor: Actor
) -> None:
    ids = village(store, actor)
    prepare_round(store, actor, RoundRequest("slips", tuple(ids[:2]), "光荣村"))
    document = prepare_round(store, actor, RoundRequest("slips", tuple(ids[:3]), "光荣村"))
    (row,) = _rounds(store)
    assert row.printed_at is None
    note_print(store, actor, document, "paper", 2)
    note_print(store, actor, blank_forms("slips"), "paper", 1)
    (row,) = _rounds(store)
    assert row.printed_at == store.clock.now()
    with store.read() as session:
        (note,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "print"))
        assert (note.kind, note.record_id, note.staff_id) == ("paper_round", row.id, actor.staff_id)
        assert note.detail == {"way": "paper", "pages": 2, "persons": 3, "whole_ids": False}


def test_nobody_and_too_many_are_refused(store: Store, actor: Actor) -> None:
    with pytest.raises(InputError, match="没有选中任何人"):
        prepare_round(store, actor, RoundRequest("list"))
    many = tuple(f"{at:036d}" for at in range(MOST_PEOPLE + 1))
    with pytest.raises(InputError, match="300人"):
        prepare_round(store, actor, RoundRequest("list", many))
    assert _rounds(store) == []


def test_names_that_look_like_html_are_printed_as_they_are(store: Store, actor: Actor) -> None:
    resident = villager(store, actor, "<b>赵&一</b>", address='"><hr>')
    due(store, actor, resident, "plan_review", 0)
    for paper in ("list", "slips", "checks"):
        document = prepare_round(store, actor, RoundRequest(paper, (resident,), "<光荣村>"))
        assert "<b>赵&一</b>" in document.text


@pytest.mark.parametrize(
    ("number", "position", "words"), [(1, 1, "1-01"), (12, 7, "12-07"), (3, 100, "3-100")]
)
def test_the_short_number(number: int, position: int, words: str) -> None:
    assert short_number(number, position) == words


def test_the_choices_of_this_pc_are_kept(store: Store, actor: Actor) -> None:
    assert print_settings(store) == PrintSettings()
    wanted = PrintSettings(-1.5, 2.0, whole_ids=True, last_time=False, slips="a5")
    save_print_settings(store, actor, wanted)
    assert print_settings(store) == wanted
