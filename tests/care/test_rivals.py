"""Which of several corrections counts is a function of the rows, in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck as Suppressed
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.care import rivals
from app.care.assessments.record import correct_assessment, load_assessment
from app.care.conflict_lists import conflict_lines
from app.care.due import refresh_due
from app.care.read_only import why_read_only
from app.care.rivals import CHOSEN
from app.errors import InputError
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.identity import new_id
from app.models.organisation import Staff
from app.models.outbox import Conflict, Outbox
from app.models.records import fetch, put
from app.models.store import Store
from tests.care.assessments.test_record import add_resident
from tests.fhir.samples import sample

#: first ← a ← aa, first ← b, first ← c; what stands: aa, b, c.
_FAMILY = {"first": None, "a": "first", "aa": "a", "b": "first", "c": "first"}
_GONE = {"first": "甲 / 乙 / 丙", "a": "丁"}
_WHY = {"a": "丁", "aa": "丁", "b": "乙", "c": "丙"}


def family(actor: Actor, resident_id: str, order: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Records of a family; ``order``: the names in the order of their ids."""
    ids = dict(zip(order, sorted(new_id() for _ in order), strict=True))
    return {
        name: {
            **sample("assessment"),
            "id": ids[name],
            "change_id": new_id(),
            "organisation_id": actor.organisation_id,
            "resident_id": resident_id,
            "supersedes_id": ids.get(parent or ""),
            "status": "entered_in_error" if name in _GONE else "amended",
            "status_reason": _GONE.get(name) or _WHY[name],
        }
        for name, parent in _FAMILY.items()
    }


def arrive(store: Store, resident_id: str, rows: Sequence[dict[str, Any]]) -> None:
    with store.apply_remote() as session:
        put(session, "assessment", rows)
        refresh_due(session, store.organisation_id, [resident_id])


def standing(store: Store, resident_id: str) -> set[str]:
    with store.read() as session:
        return set(
            session.scalars(
                select(Assessment.id).where(
                    Assessment.resident_id == resident_id,
                    Assessment.status.in_(("final", "amended")),
                )
            )
        )


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[Suppressed.function_scoped_fixture],
)
@given(
    ids=st.permutations(list(_FAMILY)),
    order=st.permutations(list(_FAMILY)),
    cuts=st.sets(st.integers(1, 4)),
)
def test_the_order_of_arrival_changes_nothing(
    store: Store, actor: Actor, ids: list[str], order: list[str], cuts: set[int]
) -> None:
    resident_id = add_resident(store, actor)
    made = family(actor, resident_id, ids)
    edges = [0, *sorted(cuts), len(order)]
    for start, end in pairwise(edges):
        arrive(store, resident_id, [made[name] for name in order[start:end]])
    # The smallest chain of ids: that of "aa" begins with the id of "a".
    branch = min(("a", "b", "c"), key=lambda name: made[name]["id"])
    counts = made["aa" if branch == "a" else branch]["id"]
    assert standing(store, resident_id) == {counts}
    with store.read() as session:
        # What travels bears no mark.
        plain = fetch(session, "assessment", [row["id"] for row in made.values()])
        assert {row["id"]: (row["status"], row["status_reason"]) for row in plain.values()} == {
            row["id"]: (row["status"], row["status_reason"]) for row in made.values()
        }
        assert session.query(Outbox).filter(Outbox.kind == "assessment").count() == 0
        asked = session.scalars(
            select(Conflict).where(
                Conflict.resident_id == resident_id, Conflict.resolved_at.is_(None)
            )
        ).all()
        assert [row.fields["rivals"]["mine"] for row in asked] == [counts]
    # Made anew, it stays the same.
    arrive(store, resident_id, [])
    assert standing(store, resident_id) == {counts}
    # The one that counts is taken back: the next one counts by itself.
    gone = {**made["aa" if branch == "a" else branch], "status": "entered_in_error"}
    arrive(store, resident_id, [gone])
    left = standing(store, resident_id)
    assert len(left) == 1
    assert counts not in left


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[Suppressed.function_scoped_fixture],
)
@given(order=st.permutations(range(5)), cuts=st.sets(st.integers(1, 4)))
def test_the_same_choice_of_several_counts_once_in_whatever_order_it_comes(
    store: Store, actor: Actor, order: list[int], cuts: set[int]
) -> None:
    resident_id = add_resident(store, actor)
    whole = family(actor, resident_id, list(_FAMILY))
    first, a, b = (whole[name] for name in ("first", "a", "b"))
    taken_back = {"status": "entered_in_error", "status_reason": CHOSEN}
    authors = [new_id() for _ in range(2)]
    with store.write(actor) as session:
        session.add_all(
            Staff(id=id_, name="甲", login=id_, org_id=actor.organisation_id, roles=["nurse"])
            for id_ in authors
        )
    chosen = [
        {
            **a,
            "id": rivals._decision_id(a["id"], author),
            "change_id": new_id(),
            "supersedes_id": a["id"],
            "author_id": author,
            "status": "amended",
            "status_reason": CHOSEN,
        }
        for author in authors
    ]
    rows = [first, a | taken_back, b | taken_back, *chosen]
    edges = [0, *sorted(cuts), len(order)]
    for start, end in pairwise(edges):
        arrive(store, resident_id, [rows[place] for place in order[start:end]])
    counts, other = sorted(chosen, key=lambda row: row["id"])
    assert standing(store, resident_id) == {counts["id"]}
    assert why_read_only(store, actor, "assessment", counts["id"]) == ""
    assert "两人选了同一份更正" in why_read_only(store, actor, "assessment", other["id"])
    with store.read() as session:
        assert fetch(session, "assessment", [other["id"]])[other["id"]]["status"] == "amended"
        asked = select(Conflict).where(
            Conflict.resident_id == resident_id, Conflict.resolved_at.is_(None)
        )
        assert session.scalars(asked).all() == []


def test_a_correction_that_does_not_count_is_only_read_and_not_corrected(
    store: Store, actor: Actor
) -> None:
    resident_id = add_resident(store, actor)
    made = family(actor, resident_id, list(_FAMILY))
    arrive(store, resident_id, list(made.values()))
    assert "两份更正" in why_read_only(store, actor, "assessment", made["b"]["id"])
    assert why_read_only(store, actor, "assessment", made["aa"]["id"]) == ""
    with store.read() as session:
        (line,) = conflict_lines(session, 5)
        assert "两份更正" in line.fields
    typed = load_assessment(store, actor, made["b"]["id"])
    with pytest.raises(InputError, match="两份更正"):
        correct_assessment(store, actor, made["b"]["id"], typed, "再改")


@pytest.mark.parametrize(
    "reason", ["rival:abc", "rival:final:x", "\x1frival:abc", "\x1frival:final:x"]
)
def test_nobodys_words_are_taken_for_a_mark(store: Store, actor: Actor, reason: str) -> None:
    resident_id = add_resident(store, actor)
    rows = family(actor, resident_id, list(_FAMILY))
    rows["a"] |= {"status": "entered_in_error", "status_reason": reason}
    arrive(store, resident_id, [rows["first"], rows["a"]])
    assert standing(store, resident_id) == set(), "what was taken back stays so"
    with store.read() as session:
        kept = fetch(session, "assessment", [rows["a"]["id"]])[rows["a"]["id"]]
    assert kept["status_reason"] == reason.removeprefix("\x1f")
