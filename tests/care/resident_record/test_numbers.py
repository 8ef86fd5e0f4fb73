"""Record numbers out of blocks: never twice, offline, and two PCs never the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from app.care import residents
from app.care.basic_form import BasicForm
from app.care.identity_card import check_character
from app.care.resident_record import numbers
from app.care.resident_record.numbers import BlockInput, printed_number
from app.errors import InputError, NotAllowed
from app.models.actor import Actor
from app.models.epoch import RESTORED
from app.models.records import fetch, put
from app.models.resident import Resident
from app.models.resident_record import NumberBlock, NumberCounter
from app.models.settings import set_setting
from app.models.store import Store
from tests.care.test_residents import FORM

PREFIX = "341524001101"
BLOCK = BlockInput(PREFIX, 1, 1000, "项冲村", "一号机")
NAMES = "赵钱孙李周吴郑王冯陈"


def person(number: int, **changes: object) -> BasicForm:
    first17 = f"341599195001{number // 100 + 1:02d}{number % 100:03d}"
    made = replace(FORM, name=NAMES[number] + "大", phone="")
    return replace(made, id_no=first17 + check_character(first17), **changes)  # type: ignore[arg-type]


def number_of(store: Store, saved: residents.Saved) -> str | None:
    with store.read() as session:
        return session.get_one(Resident, saved.resident_id).record_no


@pytest.mark.parametrize(
    ("number", "printed"),
    [("34152400110100001", "101-00001"), ("34152400190199999", "901-99999"), ("123", ""), ("", "")],
)
def test_printed_forms_show_the_last_eight(number: str, printed: str) -> None:
    assert printed_number(number) == printed


def test_numbers_follow_each_other_and_stay(store: Store, actor: Actor) -> None:
    assert number_of(store, residents.register(store, actor, person(1))) is None
    numbers.reserve(store, actor, BLOCK)
    saved = [residents.register(store, actor, person(each)) for each in (2, 3)]
    assert [number_of(store, each) for each in saved] == [f"{PREFIX}00001", f"{PREFIX}00002"]
    # A typed number of the old register is passed over when its turn comes.
    residents.register(store, actor, person(4, record_no=f"{PREFIX}00003"))
    assert number_of(store, residents.register(store, actor, person(5))) == f"{PREFIX}00004"
    # Another village has no block, nor has a temporary record a number yet.
    assert number_of(store, residents.register(store, actor, person(6, village="光慈村"))) is None
    bare = BasicForm(
        name="无名", sex="1", birth_date=date(1950, 1, 1), id_type="none",
        no_id_reason="unidentified", village="项冲村",
    )  # fmt: skip
    temporary = residents.register(store, actor, bare)
    assert number_of(store, temporary) is None
    kept = residents.load_form(store, actor, temporary.resident_id)
    whole = person(7, sex="", birth_date=None)
    residents.update(store, actor, temporary.resident_id, whole, kept.change_id)
    assert number_of(store, temporary) == f"{PREFIX}00005"
    assert not residents.find(store, actor, whole.id_no)[0].temporary
    # A record that has its number keeps it.
    kept = residents.load_form(store, actor, saved[0].resident_id)
    again = replace(kept.form, note="x")
    residents.update(store, actor, saved[0].resident_id, again, kept.change_id)
    assert number_of(store, saved[0]) == f"{PREFIX}00001"


def test_a_number_that_another_record_bears_is_refused(store: Store, actor: Actor) -> None:
    residents.register(store, actor, person(1, record_no=f"{PREFIX}00007"))
    with pytest.raises(InputError) as caught:
        residents.register(store, actor, person(2, record_no=f"{PREFIX}00007"))
    assert set(caught.value.problems) == {"record_no"}
    second = residents.register(store, actor, person(2)).resident_id
    kept = residents.load_form(store, actor, second)
    with pytest.raises(InputError):
        residents.update(
            store, actor, second, replace(kept.form, record_no=f"{PREFIX}00007"), kept.change_id
        )


def test_a_refused_record_uses_no_number_up(store: Store, actor: Actor) -> None:
    numbers.reserve(store, actor, BLOCK)
    residents.register(store, actor, person(1))
    with pytest.raises(InputError):
        residents.register(store, actor, person(1))
    assert number_of(store, residents.register(store, actor, person(2))) == f"{PREFIX}00002"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (replace(BLOCK, prefix="34152400110"), "prefix"),
        (replace(BLOCK, prefix="341524001000"), "prefix"),
        (replace(BLOCK, prefix="341524001100"), "prefix"),
        (replace(BLOCK, prefix="341524001200"), "prefix"),
        (replace(BLOCK, prefix="341524001900"), "prefix"),
        (replace(BLOCK, prefix="34152400110x"), "prefix"),
        (replace(BLOCK, first=0), "first"),
        (replace(BLOCK, first=None), "first"),
        (replace(BLOCK, last=100000), "last"),
        (replace(BLOCK, first=9, last=8), "last"),
        (replace(BLOCK, pc_name=" "), "pc_name"),
        (replace(BLOCK, area="村" * 51), "area"),
    ],
)
def test_what_a_block_may_not_be(store: Store, actor: Actor, typed: BlockInput, field: str) -> None:
    with pytest.raises(InputError) as caught:
        numbers.reserve(store, actor, typed)
    assert field in caught.value.problems


@pytest.mark.parametrize("village", ["001", "099", "101", "199", "901", "999"])
def test_the_three_kinds_of_village_numbers(store: Store, actor: Actor, village: str) -> None:
    # Full-width and grouped digits, one serial, the whole range.
    numbers.reserve(store, actor, replace(BLOCK, prefix=f"３４１５２４-001-{village}", last=99999))
    assert numbers.blocks(store, actor)[0].left == 99999


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1000, 1200), (500, 600), (1, 5000)])
def test_an_overlap_is_refused(store: Store, actor: Actor, first: int, last: int) -> None:
    numbers.reserve(store, actor, BLOCK)
    with pytest.raises(InputError) as caught:
        numbers.reserve(store, actor, replace(BLOCK, first=first, last=last))
    assert "一号机" in caught.value.problems["first"]
    numbers.reserve(store, actor, replace(BLOCK, first=1001, last=1001))
    numbers.reserve(store, actor, replace(BLOCK, prefix="341524001102", first=first, last=last))


def test_a_block_over_numbers_that_residents_bear_is_refused(store: Store, actor: Actor) -> None:
    residents.register(store, actor, person(1, record_no=f"{PREFIX}00700"))
    with pytest.raises(InputError) as caught:
        numbers.reserve(store, actor, BLOCK)
    assert "00700" in caught.value.problems["first"]
    assert numbers.propose(store, actor, PREFIX) == (1001, 2000)
    numbers.reserve(store, actor, replace(BLOCK, first=1001, last=2000))
    assert numbers.propose(store, actor, PREFIX) == (2001, 3000)
    numbers.reserve(store, actor, replace(BLOCK, first=2001, last=99990))
    assert numbers.propose(store, actor, PREFIX) == (99991, 99999)
    numbers.reserve(store, actor, replace(BLOCK, first=99991, last=99999))
    with pytest.raises(InputError):
        numbers.propose(store, actor, PREFIX)


def test_only_administrators_reserve(store: Store, actor: Actor) -> None:
    doctor = Actor(actor.staff_id, actor.organisation_id, "医", frozenset({"doctor"}))
    with pytest.raises(NotAllowed):
        numbers.reserve(store, doctor, BLOCK)
    block = numbers.reserve(store, actor, BLOCK)
    with pytest.raises(NotAllowed):
        numbers.close_block(store, doctor, block)


def test_the_end_of_a_block_is_warned_about(store: Store, actor: Actor) -> None:
    numbers.reserve(store, actor, replace(BLOCK, last=numbers.LOW_WATER + 2))
    assert residents.register(store, actor, person(1)).warnings == ()
    (warning,) = residents.register(store, actor, person(2)).warnings
    assert "50" in warning
    assert "项冲村" in warning
    (warning,) = residents.register(store, actor, person(3)).warnings
    assert "49" in warning
    # The next block of the same village counts.
    numbers.reserve(store, actor, replace(BLOCK, first=1001, last=2000))
    assert residents.register(store, actor, person(4)).warnings == ()


def test_the_next_block_follows_and_a_closed_one_gives_nothing(store: Store, actor: Actor) -> None:
    numbers.reserve(store, actor, replace(BLOCK, last=1))
    second = numbers.reserve(store, actor, replace(BLOCK, first=11, last=12))
    given = [number_of(store, residents.register(store, actor, person(n))) for n in (1, 2)]
    assert given == [f"{PREFIX}00001", f"{PREFIX}00011"]
    numbers.close_block(store, actor, second)
    assert number_of(store, residents.register(store, actor, person(3))) is None
    shown = {block.first: block for block in numbers.blocks(store, actor)}
    assert (shown[1].left, shown[11].closed) == (0, True)
    # Its serials stay reserved.
    with pytest.raises(InputError):
        numbers.reserve(store, actor, replace(BLOCK, first=12, last=20))


def test_villages_without_a_block_use_the_common_one(store: Store, actor: Actor) -> None:
    numbers.reserve(store, actor, replace(BLOCK, prefix="341524001901", area=""))
    saved = residents.register(store, actor, person(1, village="光慈村"))
    assert number_of(store, saved) == "34152400190100001"


def test_a_store_put_back_from_a_backup_leaps(store: Store, actor: Actor) -> None:
    """The numbers given after the backup are on paper, but this store has forgotten them."""
    numbers.reserve(store, actor, BLOCK)
    residents.register(store, actor, person(1))
    with store.write(actor) as session:
        set_setting(session, RESTORED, {"at": "2026-03-02T00:00:00.000Z", "pending": True})
    given = [number_of(store, residents.register(store, actor, person(n))) for n in (2, 3)]
    assert given == [f"{PREFIX}00102", f"{PREFIX}00103"]


def test_two_pcs_that_reserved_the_same_serials_never_give_one_twice(
    store: Store, actor: Actor, make_store: Callable[..., tuple[Store, Actor]]
) -> None:
    other, other_actor = make_store(store.organisation_id)
    first = numbers.reserve(store, actor, BLOCK)
    second = numbers.reserve(other, other_actor, replace(BLOCK, first=501, last=1500))
    for here, there, block in ((store, other, first), (other, store, second)):
        with here.read() as session:
            record = fetch(session, "number_block", [block])[block]
        with there.apply_remote() as session:
            put(session, "number_block", [record])
    one = {block.id: block for block in numbers.blocks(store, actor)}
    two = {block.id: block for block in numbers.blocks(other, other_actor)}
    keeps, yields = sorted((first, second))
    for known in (one, two):
        assert not known[keeps].overlaps
        assert known[yields].overlaps
    assert one[second].left is None
    assert not one[second].here
    left = {first: one[first].left, second: two[second].left}
    assert left[keeps] == 1000
    assert left[yields] == 500
    # The one that yields gives only what it has for itself.
    here, who = (store, actor) if yields == first else (other, other_actor)
    given = number_of(here, residents.register(here, who, person(1)))
    assert given == f"{PREFIX}{'00001' if yields == first else '01001'}"
    with here.read() as session:
        assert session.get_one(NumberBlock, yields).last in (1000, 1500)
        assert session.get_one(NumberCounter, yields).next_serial in (2, 1002)
