"""What a report needs later is read beside it: same answers, and a fault reaches who waits."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.care.indicators.ahead import Ahead
from app.care.indicators.contracts import ask_contracts, ask_packages, contracts_of, packages_of
from app.care.indicators.people import people_of
from app.care.indicators.period import year_of
from app.models.actor import Actor
from app.models.driver import ask, ask_in_one
from app.models.store import Store
from tests.care.contracts.samples import add_team, sign_one
from tests.care.follow_up_samples import managed_resident


def test_answers_come_from_a_thread_of_their_own(store: Store) -> None:
    def where(session: Session) -> tuple[str, int]:
        return threading.current_thread().name, session.scalars(text("SELECT 7")).one()

    with Ahead(store) as ahead:
        ahead.begin(first=where, second=lambda session: "then")
        thread, seven = ahead.of("first")
        assert ahead.of("second") == "then"
    assert thread.startswith("report")
    assert seven == 7


def test_a_fault_reaches_whoever_waits_for_what_it_kept_back(store: Store) -> None:
    def failing(session: Session) -> None:
        raise ValueError("not to be read")

    with Ahead(store) as ahead:
        ahead.begin(fine=lambda session: 1, bad=failing, never=lambda session: 2)
        assert ahead.of("fine") == 1
        for name in ("bad", "never"):
            with pytest.raises(ValueError, match="not to be read"):
                ahead.of(name)


def test_leaving_early_waits_for_nothing_that_was_not_begun(store: Store) -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked: list[str] = []

    def slow(session: Session) -> None:
        begun.set()
        assert go_on.wait(30)

    with Ahead(store) as ahead:
        ahead.begin(slow=slow, later=lambda session: asked.append("later"))
        assert begun.wait(30)
        ahead._left = True
        go_on.set()
    assert asked == []


def test_rows_in_one_are_the_same_rows(store: Store) -> None:
    sql = "SELECT value, value || '\"\\', NULL FROM json_each(?)"
    with store.read() as session:
        rows = ask(session, sql, ("[1,2,3]",))
        assert [tuple(row) for row in ask_in_one(session, 3, sql, ("[1,2,3]",))] == rows
        assert ask_in_one(session, 3, sql, ("[]",)) == []


def test_a_contract_that_the_other_view_lacks_is_asked_for(store: Store, actor: Actor) -> None:
    team = add_team(store, actor)
    for _ in range(2):
        sign_one(store, actor, managed_resident(store, actor), team)
    period = year_of(date(2026, 3, 2).year)
    with store.read() as session:
        people = people_of(session, store.organisation_id)
        contracts = contracts_of(ask_contracts(session, period), people)
        asked = ask_packages(session, period)
        whole = packages_of(session, asked, contracts)
        ids = [id_ for alike in contracts for id_ in alike.ids]
        assert len(ids) == 2
        assert set(whole) == set(ids)
        assert all(whole.values())
        assert packages_of(session, {}, contracts) == whole
        assert packages_of(session, {ids[0]: "[]"}, contracts) == {**whole, ids[0]: "[]"}
