"""Teams and packages: what may be written, by whom, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.care.contracts.packages import (
    PackageInput,
    ServiceItem,
    checked,
    load_packages,
    retire_package,
    save_package,
    shipped_packages,
)
from app.care.contracts.teams import (
    TeamInput,
    TeamMember,
    colleagues,
    load_teams,
    save_team,
    villages,
)
from app.errors import InputError, NotAllowed, StaleRecord
from app.models import codes
from app.models.actor import Actor
from app.models.store import Store
from tests.care.contracts.samples import add_resident, add_team

OWN = PackageInput("冬病夏治包", "personalised", (ServiceItem("", "三伏贴", 3),))


def test_the_three_shipped_packages_name_known_things() -> None:
    assert [each.code for each in shipped_packages()] == ["basic", "personalised", "integrated"]
    for package in shipped_packages():
        assert codes.is_known("package_category", package.category)
        assert sum(package.shares.values()) == package.price
        assert len({each.service for each in package.services}) == len(package.services)
        for item in package.services:
            assert codes.is_known("package_service", item.service)
            assert codes.is_known("service_count", item.counts)
            assert not item.applies or codes.is_known("population_flag", item.applies)
    # Contracts name these for ever.
    assert shipped_packages()[0].id == "7338da9a-2768-5999-b6e0-d8de999711e6"


def test_an_own_package_is_made_changed_and_retired(store: Store, actor: Actor) -> None:
    made = save_package(store, actor, OWN)
    assert (made.version, made.active, made.price) == (1, True, 0.0)
    assert made.services[0].service
    listed = load_packages(store, actor)
    assert [each.name for each in listed][-1] == "冬病夏治包"
    again = PackageInput(
        made.name, made.category, made.services, 30.0, (("personal", 30.0),), made.code
    )
    second = save_package(store, actor, again, made.id)
    assert (second.version, second.shares["personal"]) == (2, 30.0)
    assert second.services[0].service == made.services[0].service  # notes go on counting
    retire_package(store, actor, second)
    assert made.code not in [each.code for each in load_packages(store, actor)]
    retired = load_packages(store, actor, retired=True)[-1]
    assert (retired.code, retired.version, retired.active) == (made.code, 3, False)
    back = PackageInput(made.name, made.category, made.services, code=made.code)
    assert save_package(store, actor, back, retired.id).version == 4


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"name": " "}, "name"),
        ({"category": "none"}, "category"),
        ({"services": ()}, "services"),
        ({"services": (ServiceItem("", "", 1),)}, "services.0"),
        ({"services": (ServiceItem("", "甲", 1), ServiceItem("", "甲", 2))}, "services.1"),
        ({"services": (ServiceItem("", "甲", 367),)}, "services.0"),
        ({"services": (ServiceItem("", "甲", -1),)}, "services.0"),
        ({"services": (ServiceItem("", "甲", 1, "nothing"),)}, "services.0"),
        ({"price": -0.01, "payers": (("personal", -0.01),)}, "price"),
        ({"price": 100.0}, "payers"),
        ({"price": 100.0, "payers": (("personal", 99.99),)}, "payers"),
        ({"price": 0.0, "payers": (("personal", -1.0), ("insurance", 1.0))}, "payers"),
    ],
)
def test_what_a_package_cannot_be(values: dict[str, object], wrong: str) -> None:
    with pytest.raises(InputError) as caught:
        checked(replace(OWN, **values))  # type: ignore[arg-type]
    assert set(caught.value.problems) == {wrong}


def test_limits_of_a_package_are_inclusive() -> None:
    edge = replace(
        OWN,
        services=(ServiceItem("", "甲", 366), ServiceItem("", "乙", 0)),
        price=100_000.0,
        payers=(("insurance", 33_333.33), ("public_health", 33_333.33), ("personal", 33_333.34)),
    )
    assert checked(edge).price == 100_000.0


def test_only_an_administrator_changes_packages(store: Store, actor: Actor) -> None:
    doctor = replace(actor, roles=frozenset({"doctor"}))
    with pytest.raises(NotAllowed):
        save_package(store, doctor, OWN)
    with pytest.raises(NotAllowed):
        retire_package(store, doctor, shipped_packages()[0])


def test_a_team_is_made_and_changed(store: Store, actor: Actor) -> None:
    add_resident(store, actor)
    assert villages(store, actor) == ("光明村",)
    (colleague,) = colleagues(store, actor)
    assert (colleague.name, colleague.role) == (actor.name, "doctor")
    team = add_team(store, actor)
    assert load_teams(store, actor) == (team,)
    assert [each.name for each in team.doctors()] == [actor.name]
    changed = TeamInput(
        "光明村一队",
        "赵护士",
        (*team.members, TeamMember("赵护士", "nurse"), TeamMember("老周", "village_doctor")),
        ("光明村", "光明村", " "),
        area="东片",
        phone="0564-0000001",
    )
    with pytest.raises(StaleRecord):
        save_team(store, actor, changed, team.id, "another")
    saved = save_team(store, actor, changed, team.id, team.change_id)
    assert (saved.leader_name, saved.leader_id, saved.villages) == ("赵护士", "", ("光明村",))
    assert [each.name for each in saved.doctors()] == [actor.name, "老周"]
    gone = replace(changed, active=False)
    save_team(store, actor, gone, team.id, saved.change_id)
    assert load_teams(store, actor) == ()
    assert len(load_teams(store, actor, retired=True)) == 1


def test_what_a_team_cannot_be(store: Store, actor: Actor) -> None:
    add_team(store, actor)
    member = TeamMember("赵护士", "nurse")
    for team, wrong in (
        (TeamInput("", "赵护士", (member,)), {"name"}),
        (TeamInput("光明村团队", "赵护士", (member,)), {"name"}),
        (TeamInput("新队", "赵护士", ()), {"members"}),
        (TeamInput("新队", "别人", (member,)), {"leader"}),
        (TeamInput("新队", "赵护士", (member, member)), {"members"}),
        (TeamInput("新队", "赵护士", (TeamMember("赵护士", "cook"),)), {"members"}),
    ):
        with pytest.raises(InputError) as caught:
            save_team(store, actor, team)
        assert set(caught.value.problems) == wrong
    viewer = replace(actor, roles=frozenset({"viewer"}))
    with pytest.raises(NotAllowed):
        save_team(store, viewer, TeamInput("新队", "赵护士", (member,)))
