"""Records of the county server with days and items that no program of ours writes.

The wire looks at the columns; what stands in them may still be the last day of the calendar, or
a list of other things. Such a record must not stop the fetching (the due work is made in its
transaction), nor hide the rest of a person's record or a report.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from app.care import (
    chronic_list,
    follow_up,
    follow_up_history,
    resident_page,
    residents,
    timeline,
    work_list,
)
from app.care.assessments import history as assessment_history
from app.care.contracts import lists as contract_lists
from app.care.contracts import opening, packages, teams
from app.care.contracts.view import load_contract, load_mark
from app.care.due import refresh_due
from app.care.health_check import annual
from app.care.health_check import history as check_history
from app.care.health_check import record as check_record
from app.care.indicators.period import year_of
from app.care.indicators.report import indicator_report
from app.care.paper.rounds import RoundRequest, prepare_round
from app.care.rounds.work import WorkFilter, people
from app.care.screening import lists as screening_lists
from app.care.screening import record as screening_record
from app.fhir import mapping
from app.fhir.common import WireContext
from app.fhir.fields import DATE, child_fields, fields_of
from app.models.actor import Actor
from app.models.records import KINDS, put
from app.models.store import Store
from tests.conftest import TOWNSHIP_ID
from tests.fhir.samples import sample

_OF_THIS_KIND = (
    "resident", "condition", "follow_up", "bp_screening", "health_check", "assessment",
    "care_team", "service_package", "contract", "contract_service", "consent",
)  # fmt: skip
PERSON = sample("resident")["id"]
_SERVICE = {"service": "visits", "name": "随访", "times": 4, "counts": "follow_up:hypertension"}


def own(kind: str, **values: Any) -> dict[str, Any]:
    record = sample(kind) | {"organisation_id": TOWNSHIP_ID} | values
    if kind == "contract" and "packages" not in values:
        record["packages"] = [record["packages"][0] | {"services": [_SERVICE]}]
    return record


def as_fetched(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    """The record as it comes over the wire."""
    found = mapping.from_resource(mapping.to_resources(kind, record, WireContext())[0])
    assert found is not None
    return found[1]


def place(store: Store, *records: tuple[str, dict[str, Any]]) -> None:
    """As the fetching does it: the rows and the due work in one transaction."""
    with store.apply_remote() as session:
        for kind, record in records:
            put(session, kind, [as_fetched(kind, record)])
        refresh_due(session, store.organisation_id, [PERSON])


def look_at_everything(store: Store, actor: Actor) -> None:
    """Open each page on which the person stands, and the report of the year."""
    every: list[Callable[[], object]] = [
        lambda: resident_page.summary(store, actor, PERSON),
        lambda: resident_page.trends(store, actor, PERSON),
        lambda: timeline.timeline(store, actor, PERSON),
        lambda: residents.load_form(store, actor, PERSON),
        lambda: follow_up_history.open_form(store, actor, PERSON),
        lambda: follow_up.letter_from_visit(store, actor, sample("follow_up")["id"]),
        lambda: chronic_list.due_follow_ups(store, actor),
        lambda: work_list.today_work(store, actor),
        lambda: people(store, actor, WorkFilter()),
        lambda: assessment_history.assessments_of(store, actor, PERSON),
        lambda: check_history.open_check(store, actor, PERSON),
        lambda: check_record.letter_from_check(store, actor, sample("health_check")["id"]),
        lambda: annual.list_year(store, actor, 2026),
        lambda: screening_lists.waiting(store, actor),
        lambda: screening_record.open_screening(store, actor, PERSON),
        lambda: load_contract(store, actor, sample("contract")["id"]),
        lambda: load_mark(store, PERSON),
        lambda: opening.open_form(store, actor, (PERSON,)),
        lambda: packages.load_packages(store, actor, retired=True),
        lambda: teams.load_teams(store, actor, retired=True),
        lambda: prepare_round(store, actor, RoundRequest("slips", (PERSON,))),
        lambda: indicator_report(store, actor, year_of(2026)),
    ]
    every += [
        lambda scope=scope: contract_lists.contract_list(  # type: ignore[misc]
            store, actor, contract_lists.Wanted(scope=scope)
        )
        for scope in ("in_force", "ending", "pending", "over", "unsigned")
    ]
    for look in every:
        look()


def _days() -> list[tuple[str, str, str]]:
    found = [
        (kind, "", name)
        for kind in _OF_THIS_KIND
        for name, field in fields_of(kind).items()
        if field.form == DATE
    ]
    found += [
        (kind, child.name, name)
        for kind in _OF_THIS_KIND
        for child in KINDS[kind].children
        for name, field in child_fields(kind, child.name).items()
        if field.form == DATE
    ]
    return found


def with_day(record: dict[str, Any], child: str, name: str, day: date) -> dict[str, Any]:
    if not child:
        return record | {name: day.isoformat()}
    return record | {child: [row | {name: day.isoformat()} for row in record[child]]}


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_stop_neither_the_fetching_nor_a_page(
    store: Store, actor: Actor, day: date
) -> None:
    place(store, *((kind, own(kind)) for kind in _OF_THIS_KIND))
    look_at_everything(store, actor)
    days = _days()
    for kind, child, name in days:
        try:
            place(store, (kind, with_day(own(kind), child, name, day)))
        except (ValueError, OverflowError) as error:
            raise AssertionError(f"{kind} {child} {name}") from error
        place(store, (kind, own(kind)))
    for kind in dict.fromkeys(kind for kind, _, _ in days):
        record = own(kind)
        for _, child, name in (each for each in days if each[0] == kind):
            record = with_day(record, child, name, day)
        place(store, (kind, record))
        try:
            look_at_everything(store, actor)
        except (ValueError, OverflowError) as error:
            raise AssertionError(kind) from error
        place(store, (kind, own(kind)))


_ODD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("resident", {"contacts": [5], "past_disease": ["2"], "consents": [None]}),
    ("resident", {"drug_allergy": ["2"], "payment": [[]], "disability": [True]}),
    ("resident", {"family": {"mother": 5}, "communication": {"answers": [1]}}),
    ("resident", {"lunar_birthday": {"month": None}, "guardian": {"name": [1]}}),
    ("resident", {"surgeries": [1], "distinct_from": [{}, 5], "population_flags": ["x"]}),
    ("follow_up", {"drugs": [5, {"dose": "x"}], "drug_adjustment": ["x"]}),
    ("follow_up", {"danger_signs": [{}, 5], "copd": {"vaccines": 5}}),
    ("follow_up", {"insulin": {"text": [1]}, "not_measured": {"sbp": [1]}}),
    ("health_check", {"answers": {"abnormal": 5, "drugs": 7, "hospital_stays": [1]}}),
    ("health_check", {"findings": [5, {"level": []}], "guidance": [{}]}),
    ("assessment", {"details": {"subtotals": [1], "results": 5, "adjustments": 5}}),
    ("assessment", {"answers": {"feeding": [], "bathing": {}}, "scale": "tcm33"}),
    ("bp_screening", {"risk_answers": [{}], "risk_factors": [5]}),
    ("care_team", {"members": [5, {"role": [1]}], "villages": [5, None]}),
    ("service_package", {"services": [5, {"times": -1}], "payers": {"insurance": "x"}}),
    ("contract", {"packages": [5, {"services": 5}, {"services": [5]}], "payers": {"x": []}}),
    ("contract", {"packages": [{"services": [{"times": 10**9, "service": "x"}]}]}),
    ("contract", {"population_flags": [{}, 5]}),
)


def test_an_item_of_another_make_hides_only_itself(store: Store, actor: Actor) -> None:
    place(store, *((kind, own(kind)) for kind in _OF_THIS_KIND))
    for kind, values in _ODD:
        try:
            place(store, (kind, own(kind, **values)))
            look_at_everything(store, actor)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise AssertionError(f"{kind} {values}") from error
        place(store, (kind, own(kind)))


def test_the_good_items_beside_one_of_another_make_are_shown(store: Store, actor: Actor) -> None:
    contacts = [5, {"name": "王强", "phone": "13900000003", "relation": "20"}]
    place(store, ("resident", own("resident", contacts=contacts)))
    form = residents.load_form(store, actor, PERSON).form
    assert [each.name for each in form.contacts] == ["王强"]
