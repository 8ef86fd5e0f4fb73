"""Residents, a team and contracts for the tests of this feature."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.care.contracts.packages import load_packages
from app.care.contracts.signing import Signed, sign
from app.care.contracts.signing_form import ContractInput
from app.care.contracts.teams import Team, TeamInput, TeamMember, save_team
from app.models.actor import Actor
from app.models.resident import Condition, Resident
from app.models.store import Store

TODAY = date(2026, 3, 2)


def add_resident(store: Store, actor: Actor, name: str = "钱桂英", **values: Any) -> str:
    """A resident of 78 in 光明村."""
    values = {
        "sex": "2",
        "birth_date": date(1948, 2, 29),
        "village": "光明村",
        "phone": "13900000002",
        **values,
    }
    with store.write(actor) as session:
        row = Resident(name=name, record_status=values.pop("record_status", "active"), **values)
        session.add(row)
        session.flush()
        return row.id


def add_disease(store: Store, actor: Actor, resident_id: str, code: str, disease: str) -> None:
    with store.write(actor) as session:
        session.add(
            Condition(
                resident_id=resident_id,
                code=code,
                display=disease,
                disease=disease,
                clinical_status="active",
                managed=True,
                managed_since=date(2020, 1, 1),
            )
        )


def add_team(store: Store, actor: Actor, name: str = "光明村团队") -> Team:
    member = TeamMember(actor.name, "doctor", actor.staff_id)
    team = TeamInput(name, actor.name, (member,), villages=("光明村",))
    return save_team(store, actor, team)


def package_id(store: Store, actor: Actor, code: str = "basic") -> str:
    return next(each.id for each in load_packages(store, actor) if each.code == code)


def form(store: Store, actor: Actor, team: Team, **values: Any) -> ContractInput:
    values = {
        "team_id": team.id,
        "doctor_id": actor.staff_id,
        "doctor_name": actor.name,
        "signed_on": TODAY,
        "starts_on": TODAY,
        "package_ids": (package_id(store, actor),),
        "read_to_resident": True,
        **values,
    }
    return ContractInput(**values)


def sign_one(store: Store, actor: Actor, resident_id: str, team: Team, **values: Any) -> Signed:
    return sign(store, actor, resident_id, form(store, actor, team, **values))
