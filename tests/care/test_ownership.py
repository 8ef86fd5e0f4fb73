"""Records of other organisations, here by a referral: read and worked beside, never changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.care.conditions import set_resolved
from app.care.contracts.ending import terminate
from app.care.contracts.export import export_contracts
from app.care.contracts.lists import Wanted
from app.care.contracts.signing import approve, decline, renew, sign
from app.care.contracts.teams import save_team
from app.care.follow_up import record_follow_up
from app.care.paper.rounds import RoundRequest, prepare_round
from app.care.resident_record.closing import Closing, close_record, reopen_record
from app.care.resident_record.merging import mark_distinct
from app.care.residents import load_form
from app.care.rounds.export import export_people
from app.care.rounds.work import WorkFilter
from app.errors import NotAllowed
from app.models.actor import Actor
from app.models.contract import CareTeam, Contract
from app.models.outbox import Outbox
from app.models.records import put
from app.models.resident import Condition, Resident
from app.models.store import Store
from tests.care.contracts import samples
from tests.care.follow_up_samples import HYPERTENSION, a_visit
from tests.conftest import LEAD_ID
from tests.fhir.samples import sample

THEIRS = sample("resident")["id"]
_KINDS = ("resident", "condition", "care_team", "contract")


@pytest.fixture
def foreign(store: Store) -> Store:
    """A store that holds a patient of the hospital with a diagnosis, a team and a contract."""
    with store.apply_remote() as session:
        for kind in _KINDS:
            row = sample(kind) | {"organisation_id": LEAD_ID}
            if kind == "condition":
                row["managed"] = False
            put(session, kind, [row])
    return store


def queued(store: Store) -> set[str]:
    with store.read() as session:
        return {row.record_id for row in session.query(Outbox)}


def change_of(store: Store, model: type[Resident | Contract | CareTeam], id_: str) -> str:
    with store.read() as session:
        row = session.get(model, id_)
        assert row is not None
        return row.change_id


CONTRACT, TEAM = sample("contract")["id"], sample("care_team")["id"]
DAY = date(2026, 3, 1)


def _close(store: Store, actor: Actor) -> None:
    close_record(
        store, actor, Closing(THEIRS, "deceased", DAY, "", change_of(store, Resident, THEIRS))
    )


def _reopen(store: Store, actor: Actor) -> None:
    reopen_record(store, actor, THEIRS, DAY, "", change_of(store, Resident, THEIRS))


def _save_team(store: Store, actor: Actor) -> None:
    own = samples.add_team(store, actor)
    typed = samples.TeamInput("别的团队", own.leader_name, own.members)
    save_team(store, actor, typed, TEAM, change_of(store, CareTeam, TEAM))


def _renew(store: Store, actor: Actor) -> None:
    renew(
        store, actor, CONTRACT, samples.form(store, actor, samples.add_team(store, actor, "一队"))
    )


def _terminate(store: Store, actor: Actor) -> None:
    terminate(store, actor, CONTRACT, change_of(store, Contract, CONTRACT), "04", DAY)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda store, actor: load_form(store, actor, THEIRS),
        _close,
        _reopen,
        lambda store, actor: set_resolved(store, actor, sample("condition")["id"], True),
        lambda store, actor: mark_distinct(store, actor, THEIRS, THEIRS),
        _save_team,
        _renew,
        _terminate,
        lambda store, actor: approve(store, actor, CONTRACT, ""),
        lambda store, actor: decline(store, actor, CONTRACT, "", "不合适"),
    ],
)
def test_what_another_organisation_wrote_is_not_changed_here(
    foreign: Store, actor: Actor, attempt: Callable[[Store, Actor], object]
) -> None:
    with pytest.raises(NotAllowed, match="其他机构"):
        attempt(foreign, actor)
    theirs = {sample(kind)["id"] for kind in _KINDS}
    assert not theirs & queued(foreign)


def test_a_visit_and_a_contract_with_their_patient_are_ours_and_leave_their_records_alone(
    foreign: Store, actor: Actor
) -> None:
    visit = record_follow_up(
        foreign, actor, a_visit(THEIRS, parts=(HYPERTENSION,), enrol=("hypertension",))
    )
    team = samples.add_team(foreign, actor)
    signed = sign(
        foreign, actor, THEIRS, samples.form(foreign, actor, team, category="integrated_care",
        package_ids=(samples.package_id(foreign, actor, "integrated"),)),
    )  # fmt: skip
    sent = queued(foreign)
    assert {visit.follow_up_id, signed.contract_id} <= sent
    assert not {sample(kind)["id"] for kind in _KINDS} & sent
    with foreign.read() as session:
        own = session.query(Condition).filter_by(organisation_id=actor.organisation_id).all()
        assert [(each.resident_id, each.managed) for each in own] == [(THEIRS, True)]


@pytest.mark.parametrize("role", ["viewer", "office_clerk", "president"])
def test_who_sees_numbers_only_takes_no_list_of_people_away(
    store: Store, actor: Actor, tmp_path: Path, role: str
) -> None:
    resident_id = samples.add_resident(store, actor)
    reader = replace(actor, roles=frozenset({role}))
    ways: list[Callable[[], object]] = [
        lambda: export_contracts(store, reader, Wanted(scope="unsigned"), tmp_path / "a", "名单"),
        lambda: export_people(store, reader, WorkFilter(), tmp_path / "b", "", whole_ids=True),
        lambda: prepare_round(store, reader, RoundRequest("list", (resident_id,), whole_ids=True)),
    ]
    for take in ways:
        with pytest.raises(NotAllowed):
            take()
    assert list(tmp_path.glob("*.xlsx")) == []


def test_two_records_of_which_one_is_ours_are_told_apart_in_ours(
    foreign: Store, actor: Actor
) -> None:
    own = samples.add_resident(foreign, actor)
    mark_distinct(foreign, actor, THEIRS, own)
    with foreign.read() as session:
        row = session.get(Resident, own)
        assert row is not None
        assert row.distinct_from == [THEIRS]
    assert THEIRS not in queued(foreign)
