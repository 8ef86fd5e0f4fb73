"""Typing in a pile: each slip whole or not at all, found by its number, never entered twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.care.follow_up import correct_follow_up, record_follow_up, void_follow_up
from app.care.paper.log import note_print
from app.care.paper.pile import (
    Pile,
    close_round,
    find_slip,
    load_pile,
    open_rounds,
    parse_number,
    record_slip,
    say_day,
    set_slip_aside,
    take_slip_up,
)
from app.care.paper.rounds import RoundRequest, prepare_round
from app.clock import FixedClock
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.outbox import Outbox
from app.models.paper import PaperSlip
from app.models.store import Store
from tests.care.follow_up_samples import a_visit
from tests.care.resident_record.test_merging import merge
from tests.care.rounds.people import village, villager

VISITED = date(2026, 2, 27)


@pytest.fixture
def pile(store: Store, actor: Actor, clock: FixedClock) -> Pile:
    """Five slips of a village that went to paper an hour ago."""
    ids = village(store, actor)
    document = prepare_round(store, actor, RoundRequest("slips", tuple(ids), "光荣村"))
    note_print(store, actor, document, "paper", 3)
    say_day(store, actor, document.about.record_id, VISITED, "2")
    clock.advance(hours=1)
    return load_pile(store, actor, document.about.record_id)


def _visits(store: Store) -> list[FollowUp]:
    with store.read() as session:
        found = list(session.scalars(select(FollowUp).order_by(FollowUp.id)))
        session.expunge_all()
        return found


def _visit(pile: Pile, at: int, **values: Any) -> Any:
    return a_visit(pile.slips[at].resident_id, visit_date=VISITED, mode="2", **values)


def test_a_slip_is_saved_with_its_mark(store: Store, actor: Actor, pile: Pile) -> None:
    result = record_slip(store, actor, pile.slips[1].slip_id, _visit(pile, 1))
    (visit,) = _visits(store)
    assert visit.id == result.follow_up_id
    # The day of the visit is apart from the time of the entry.
    assert visit.visit_date == VISITED
    assert visit.created_at == store.clock.now()
    fresh = load_pile(store, actor, pile.round_id)
    assert [slip.state for slip in fresh.slips] == ["waiting", "entered"] + ["waiting"] * 3
    assert fresh.slips[1].record_id == visit.id
    assert (fresh.visit_date, fresh.mode) == (VISITED, "2")
    with store.read() as session:
        slip = session.get(PaperSlip, pile.slips[1].slip_id)
        assert slip is not None
        assert slip.entered_at == store.clock.now()
        assert session.scalars(select(Outbox).where(Outbox.record_id == visit.id)).one()


def test_an_error_saves_nothing_at_all(store: Store, actor: Actor, pile: Pile) -> None:
    with pytest.raises(InputError) as caught:
        record_slip(store, actor, pile.slips[0].slip_id, _visit(pile, 0, sbp=None, dbp=None))
    assert "sbp" in caught.value.problems
    assert _visits(store) == []
    assert load_pile(store, actor, pile.round_id) == pile


def test_a_failure_after_the_visit_leaves_no_half(
    store: Store, actor: Actor, pile: Pile, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.care.paper import pile as module

    real = module.add_follow_up

    def broken(*arguments: Any) -> Any:
        real(*arguments)
        raise OSError("power cut")

    monkeypatch.setattr(module, "add_follow_up", broken)
    with pytest.raises(OSError, match="power cut"):
        record_slip(store, actor, pile.slips[0].slip_id, _visit(pile, 0))
    assert _visits(store) == []
    assert load_pile(store, actor, pile.round_id).count("waiting") == 5


def test_a_slip_is_not_entered_twice_nor_for_another(
    store: Store, actor: Actor, pile: Pile
) -> None:
    record_slip(store, actor, pile.slips[0].slip_id, _visit(pile, 0))
    with pytest.raises(InputError, match="已经录过"):
        record_slip(store, actor, pile.slips[0].slip_id, _visit(pile, 0))
    with pytest.raises(InputError) as caught:
        record_slip(store, actor, pile.slips[1].slip_id, _visit(pile, 2))
    assert "resident_id" in caught.value.problems
    assert len(_visits(store)) == 1


def test_a_role_that_may_not_record_saves_nothing(store: Store, actor: Actor, pile: Pile) -> None:
    clerk = Actor(actor.staff_id, actor.organisation_id, actor.name, frozenset({"administrator"}))
    with pytest.raises(NotAllowed):
        record_slip(store, clerk, pile.slips[0].slip_id, _visit(pile, 0))
    assert load_pile(store, actor, pile.round_id).count("waiting") == 5


def test_a_visit_typed_on_the_form_counts_a_voided_one_does_not(
    store: Store, actor: Actor, pile: Pile, clock: FixedClock
) -> None:
    first = record_slip(store, actor, pile.slips[0].slip_id, _visit(pile, 0))
    record_follow_up(store, actor, _visit(pile, 1))
    assert load_pile(store, actor, pile.round_id).count("entered") == 2
    void_follow_up(store, actor, first.follow_up_id, "录错人")
    assert load_pile(store, actor, pile.round_id).slips[0].state == "waiting"
    again = record_slip(store, actor, pile.slips[0].slip_id, _visit(pile, 0))
    clock.advance(minutes=1)
    corrected = correct_follow_up(
        store, actor, again.follow_up_id, _visit(pile, 0, sbp=130), "抄错"
    )
    fresh = load_pile(store, actor, pile.round_id)
    assert fresh.slips[0].record_id == corrected.follow_up_id


def test_the_next_slip_is_the_next_that_waits(store: Store, actor: Actor, pile: Pile) -> None:
    for at in (1, 4):
        record_slip(store, actor, pile.slips[at].slip_id, _visit(pile, at))
    fresh = load_pile(store, actor, pile.round_id)
    following = {at: getattr(fresh.after(at), "position", None) for at in (0, 1, 3, 4, 5)}
    assert following == {0: 1, 1: 3, 3: 4, 4: 1, 5: 1}


def test_set_aside_and_taken_up_again(store: Store, actor: Actor, pile: Pile) -> None:
    slip = pile.slips[0].slip_id
    with pytest.raises(InputError):
        set_slip_aside(store, actor, slip, "  ")
    set_slip_aside(store, actor, slip, "家中无人")
    fresh = load_pile(store, actor, pile.round_id)
    assert (fresh.slips[0].state, fresh.slips[0].aside) == ("aside", "家中无人")
    take_slip_up(store, actor, slip)
    assert load_pile(store, actor, pile.round_id).slips[0].state == "waiting"
    set_slip_aside(store, actor, slip, "家中无人")
    record_slip(store, actor, slip, _visit(pile, 0))
    fresh = load_pile(store, actor, pile.round_id)
    assert (fresh.slips[0].state, fresh.slips[0].aside) == ("entered", "")


def test_open_lists_and_a_closed_one(store: Store, actor: Actor, pile: Pile) -> None:
    record_slip(store, actor, pile.slips[0].slip_id, _visit(pile, 0))
    (line,) = open_rounds(store, actor)
    assert (line.number, line.title, line.slips, line.waiting) == (1, "光荣村", 5, 4)
    close_round(store, actor, pile.round_id)
    assert open_rounds(store, actor) == ()
    assert len(_visits(store)) == 1


def test_the_day_of_the_pile(store: Store, actor: Actor, pile: Pile) -> None:
    with pytest.raises(InputError) as caught:
        say_day(store, actor, pile.round_id, store.clock.today() + timedelta(days=1), "2")
    assert "visit_date" in caught.value.problems
    with pytest.raises(InputError):
        say_day(store, actor, pile.round_id, VISITED, "9")
    say_day(store, actor, pile.round_id, store.clock.today(), "")
    fresh = load_pile(store, actor, pile.round_id)
    assert (fresh.visit_date, fresh.mode) == (store.clock.today(), "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12-07", (12, 7)),
        ("7", (None, 7)),
        (" 07 ", (None, 7)),
        ("１２－７", (12, 7)),
        ("12.7", (12, 7)),
        ("12 - 107", (12, 107)),
        ("", None),
        ("-7", None),
        ("七", None),
        ("1-2-3", None),
    ],
)
def test_the_printed_number_is_read_leniently(text: str, found: Any) -> None:
    assert parse_number(text) == found


def test_a_number_finds_its_slip_in_this_list_or_another(
    store: Store, actor: Actor, pile: Pile
) -> None:
    ids = [slip.resident_id for slip in pile.slips]
    document = prepare_round(store, actor, RoundRequest("slips", tuple(ids[3:]), "两人"))
    note_print(store, actor, document, "paper", 1)
    assert find_slip(store, actor, "3", pile)[1].name == "孙三"
    assert find_slip(store, actor, "1-4", pile)[1].name == "李四"
    other, slip = find_slip(store, actor, "2-01", pile)
    assert (other.title, slip.name) == ("两人", "李四")
    for wrong in ("9", "7-01", "甲", "2-03"):
        with pytest.raises(NotFound):
            find_slip(store, actor, wrong, pile)
    with pytest.raises(NotFound):
        find_slip(store, actor, "3", None)


def test_check_sheets_are_marked_by_their_check_up(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    from app.models.health_check import HealthCheck

    ids = village(store, actor)
    document = prepare_round(store, actor, RoundRequest("checks", tuple(ids[:2]), "光荣村"))
    note_print(store, actor, document, "paper", 4)
    clock.advance(hours=1)
    record_follow_up(store, actor, a_visit(ids[0]))
    pile = load_pile(store, actor, document.about.record_id)
    assert (pile.form, pile.count("waiting")) == ("health_check", 2)
    with store.write(actor) as session:
        row = HealthCheck(
            resident_id=ids[1], check_date=VISITED, doctor_name="王建国", form_version="NBPHS-2017"
        )
        session.add(row)
        session.flush()
        made = row.id
    fresh = load_pile(store, actor, document.about.record_id)
    assert [(slip.state, slip.record_id) for slip in fresh.slips] == [
        ("waiting", ""),
        ("entered", made),
    ]


def test_who_has_no_chronic_disease_keeps_the_number_without_a_slip(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    ids = village(store, actor)
    healthy = villager(store, actor, "吴六", managed=False)
    wanted = (ids[0], healthy, ids[1])
    document = prepare_round(store, actor, RoundRequest("slips", wanted, "光荣村"))
    assert len(document.forms) == 2
    assert "1-03" in document.forms[1].text
    pile = load_pile(store, actor, document.about.record_id)
    assert [slip.state for slip in pile.slips] == ["waiting", "aside", "waiting"]
    with pytest.raises(InputError, match="没有随访单"):
        prepare_round(store, actor, RoundRequest("slips", (healthy,), "光荣村"))


def _merged(store: Store, actor: Actor, pile: Pile, at: int) -> str:
    """The record of a slip turned out to be a second one of somebody: the one that goes on."""
    goes_on = villager(store, actor, "周五一", village="光荣村")
    merge(store, actor, pile.slips[at].resident_id, goes_on)
    return goes_on


def test_the_slip_of_a_merged_record_belongs_to_the_one_that_goes_on(
    store: Store, actor: Actor, pile: Pile, clock: FixedClock
) -> None:
    on_paper = pile.slips[4].resident_id
    goes_on = _merged(store, actor, pile, 4)
    clock.advance(minutes=1)
    fresh = load_pile(store, actor, pile.round_id)
    slip = fresh.slips[4]
    assert (slip.resident_id, slip.name, slip.printed_as) == (goes_on, "周五一", "周五")
    assert [each.printed_as for each in fresh.slips[:4]] == [""] * 4
    with pytest.raises(InputError):
        record_slip(store, actor, slip.slip_id, a_visit(on_paper, visit_date=VISITED, mode="2"))
    result = record_slip(store, actor, slip.slip_id, _visit(fresh, 4))
    (visit,) = _visits(store)
    assert (visit.id, visit.resident_id) == (result.follow_up_id, goes_on)
    assert load_pile(store, actor, pile.round_id).slips[4].state == "entered"
    with pytest.raises(InputError):
        record_slip(store, actor, slip.slip_id, _visit(fresh, 4))


def test_a_visit_typed_under_the_other_record_marks_the_slip(
    store: Store, actor: Actor, pile: Pile, clock: FixedClock
) -> None:
    goes_on = _merged(store, actor, pile, 4)
    clock.advance(minutes=1)
    kept = record_follow_up(store, actor, a_visit(goes_on, visit_date=VISITED, mode="2"))
    slip = load_pile(store, actor, pile.round_id).slips[4]
    assert (slip.state, slip.record_id) == ("entered", kept.follow_up_id)
