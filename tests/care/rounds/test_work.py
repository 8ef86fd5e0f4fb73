"""Lists by village and by doctor: who is on them, in which order, and the counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from app.care.due import refresh_due
from app.care.rounds.due import CONTACT_ENDED, CONTACT_LOST
from app.care.rounds.groups import kinds_in_use, places, work_counts, work_groups
from app.care.rounds.work import SCOPES, Scope, WorkFilter, count_people, first_people, people
from app.care.work_list import today_work
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.resident import Condition, Resident
from app.models.store import Store
from tests.care.rounds.people import due, village, villager
from tests.conftest import LEAD_ID

Edit = Callable[..., None]


@pytest.fixture
def edit(store: Store, actor: Actor) -> Edit:
    def change(resident_id: str, **values: object) -> None:
        with store.write(actor) as session:
            row = session.get(Resident, resident_id)
            assert row is not None
            for name, value in values.items():
                setattr(row, name, value)

    return change


def _names(store: Store, actor: Actor, wanted: WorkFilter) -> list[str]:
    rows = people(store, actor, wanted)
    assert count_people(store, actor, wanted) == len(rows)
    assert first_people(store, actor, wanted) == (len(rows), rows)
    assert first_people(store, actor, wanted, 1) == (len(rows), rows[:1])
    return [row.name for row in rows]


@pytest.mark.parametrize(
    ("days", "scopes"),
    [
        (-1, {"overdue", "today", "week", "month"}),
        (0, {"today", "week", "month"}),
        (1, {"week", "month"}),
        (7, {"week", "month"}),
        (8, {"month"}),
        (30, {"month"}),
        (31, set()),
    ],
)
def test_the_scope_by_the_due_day(store: Store, actor: Actor, days: int, scopes: set[str]) -> None:
    due(store, actor, villager(store, actor, "赵一"), "follow_up:hypertension", days)
    found = {scope for scope in SCOPES if _names(store, actor, WorkFilter(scope))}
    assert found == scopes
    counts = work_counts(store, actor, WorkFilter())
    assert {scope for scope in SCOPES if counts.of(scope)} == scopes


def test_a_person_stands_once_with_everything_the_longest_overdue_first(
    store: Store, actor: Actor
) -> None:
    first = villager(store, actor, "赵一", "hypertension", "type2_diabetes")
    second = villager(store, actor, "钱二")
    due(store, actor, first, "follow_up:hypertension", 3)
    due(store, actor, first, "follow_up:type2_diabetes", -2, urgent=True)
    due(store, actor, first, "plan_review", 40)
    due(store, actor, second, "follow_up:hypertension", -9)
    rows = people(store, actor, WorkFilter("week"))
    assert [row.name for row in rows] == ["钱二", "赵一"]
    assert [thing.kind for thing in rows[1].things] == [
        "follow_up:type2_diabetes",
        "follow_up:hypertension",
    ]
    assert (rows[1].due_on, rows[1].days_late, rows[1].urgent) == (date(2026, 2, 28), 2, True)
    assert rows[1].phone_masked == "138****1234"


def test_pages_follow_each_other(store: Store, actor: Actor) -> None:
    village(store, actor)
    wanted = WorkFilter("month")
    whole = [row.name for row in people(store, actor, wanted)]
    parts = [row.name for at in (0, 2, 4) for row in people(store, actor, wanted, at, 2)]
    assert parts == whole == ["赵一", "钱二", "孙三", "李四", "周五"]


def test_inside_a_village_by_group_and_house(store: Store, actor: Actor) -> None:
    village(store, actor)
    village(store, actor, "白马村")
    wanted = WorkFilter("month", village="光荣村", order="place")
    rows = people(store, actor, wanted)
    assert [row.group for row in rows] == ["1组", "2组", "3组", "4组", "5组"]
    assert {row.village for row in rows} == {"光荣村"}


def test_groups_by_village_and_by_doctor_with_their_counts(
    store: Store, actor: Actor, edit: Edit
) -> None:
    ids = village(store, actor)
    nowhere = villager(store, actor, "吴六", village=None)
    due(store, actor, nowhere, "follow_up:hypertension", 20)
    for each in ids[:2]:
        edit(each, responsible_doctor_id=actor.staff_id)
    groups = work_groups(store, actor, "village", WorkFilter())
    assert [(row.key, row.label) for row in groups] == [("光荣村", "光荣村"), ("", "未填村（居）")]
    counts = groups[0].counts
    assert (counts.overdue, counts.today, counts.week, counts.month) == (5, 5, 5, 5)
    assert (groups[1].counts.week, groups[1].counts.month) == (0, 1)
    doctors = work_groups(store, actor, "doctor", WorkFilter())
    assert [(row.label, row.counts.month) for row in doctors] == [("王建国", 2), ("未定医生", 4)]
    # The other dimension narrows the counts, its own does not.
    narrowed = work_groups(
        store, actor, "village", WorkFilter(village="x", doctor_id=actor.staff_id)
    )
    assert [(row.key, row.counts.month) for row in narrowed] == [("光荣村", 2)]
    assert _names(store, actor, WorkFilter("month", doctor_id=actor.staff_id)) == ["赵一", "钱二"]
    assert len(_names(store, actor, WorkFilter("month", doctor_id=""))) == 4
    assert _names(store, actor, WorkFilter("month", village="")) == ["吴六"]


def test_the_kind_or_its_family(store: Store, actor: Actor) -> None:
    one = villager(store, actor, "赵一", "hypertension", "type2_diabetes")
    two = villager(store, actor, "钱二")
    due(store, actor, one, "follow_up:hypertension", 60)
    due(store, actor, one, "follow_up:type2_diabetes", 0)
    due(store, actor, two, "follow_up:hypertension", 0)
    due(store, actor, two, "plan_review", 0)
    assert _names(store, actor, WorkFilter("week", kind="follow_up")) == ["赵一", "钱二"]
    assert _names(store, actor, WorkFilter("week", kind="follow_up:type2_diabetes")) == ["赵一"]
    assert _names(store, actor, WorkFilter("week", kind="plan_review")) == ["钱二"]
    assert _names(store, actor, WorkFilter("week", kind="follow")) == []
    assert work_counts(store, actor, WorkFilter(kind="plan_review")).week == 1
    assert kinds_in_use(store, actor) == (
        "follow_up:hypertension",
        "follow_up:type2_diabetes",
        "plan_review",
    )


@pytest.mark.parametrize(
    ("phone", "contacts", "reason"),
    [
        ("", [], "no_phone"),
        (None, [], "no_phone"),
        (None, [{"name": "赵小一", "phone": "", "relation": "3"}], "no_phone"),
        (None, [{"name": "赵小一", "phone": "13900001111", "relation": "3"}], ""),
        ("13800001234", [], ""),
    ],
)
def test_who_has_no_number_to_ring(
    store: Store, actor: Actor, edit: Edit, phone: str | None, contacts: list[object], reason: str
) -> None:
    resident = villager(store, actor, "赵一")
    edit(resident, phone=phone, contacts=contacts)
    due(store, actor, resident, "follow_up:hypertension", 0)
    (row,) = people(store, actor, WorkFilter("today"))
    assert row.unreachable == reason
    assert bool(_names(store, actor, WorkFilter("unreachable"))) is bool(reason)
    assert work_counts(store, actor, WorkFilter()).unreachable == int(bool(reason))


@pytest.mark.parametrize(
    ("outcome", "reason", "kind", "words"),
    [
        ("2", None, CONTACT_LOST, "lost"),
        ("9", "3", CONTACT_ENDED, "ended"),
        ("9", "4", None, ""),
        ("1", None, None, ""),
        (None, None, None, ""),
    ],
)
def test_the_lost_are_looked_for(
    store: Store,
    actor: Actor,
    outcome: str | None,
    reason: str | None,
    kind: str | None,
    words: str,
) -> None:
    resident = villager(store, actor, "赵一", "hypertension", "type2_diabetes")
    with store.write(actor) as session:
        for condition in session.query(Condition).filter_by(resident_id=resident):
            condition.outcome, condition.outcome_reason = outcome, reason
        refresh_due(session, store.organisation_id, [resident])
    with store.read() as session:
        found = [row.kind for row in session.query(DueItem) if row.kind.startswith("contact")]
    assert found == ([kind] if kind else [])
    rows = people(store, actor, WorkFilter("unreachable"))
    assert [row.unreachable for row in rows] == ([words] if words else [])
    # Management that has ended is no work of today; somebody lost for now is.
    told = [item.kind for item in today_work(store, actor).today]
    assert (CONTACT_LOST in told) is (kind == CONTACT_LOST)
    assert CONTACT_ENDED not in told


def test_the_dead_are_not_looked_for(store: Store, actor: Actor, edit: Edit) -> None:
    resident = villager(store, actor, "赵一")
    with store.write(actor) as session:
        session.query(Condition).one().outcome = "2"
    edit(resident, record_status="deceased")
    with store.write(actor) as session:
        refresh_due(session, store.organisation_id, [resident])
    assert people(store, actor, WorkFilter("unreachable")) == ()


def test_another_organisations_work_is_not_listed(store: Store, actor: Actor) -> None:
    resident = villager(store, actor, "赵一")
    due(store, actor, resident, "follow_up:hypertension", 90)
    due(store, actor, resident, "plan_review", 0, organisation_id=LEAD_ID)
    scope: Scope
    for scope in SCOPES:
        assert people(store, actor, WorkFilter(scope)) == ()
    assert work_groups(store, actor, "village", WorkFilter()) == ()
    assert kinds_in_use(store, actor) == ("follow_up:hypertension",)


def test_the_villages_and_doctors_to_choose_from(store: Store, actor: Actor, edit: Edit) -> None:
    ids = village(store, actor)
    village(store, actor, "白马村")
    villager(store, actor, "吴六", village=None)
    edit(ids[0], responsible_doctor_id=actor.staff_id)
    assert places(store, actor, "village") == (("光荣村", "光荣村"), ("白马村", "白马村"))
    assert places(store, actor, "doctor") == ((actor.staff_id, "王建国"),)
