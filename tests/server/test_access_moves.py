"""What a record says itself of whose it is holds: a move of a referral, its reply and its plan are
the participants' to read, whoever wrote the Task's reference to them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.referrals import provenance
from tests.server.serving import (
    LEAD,
    NORTH,
    SOUTH,
    TAG,
    Client,
    letter,
    make,
    new_id,
    patient,
    reference,
    task,
)


def _move(task_: dict[str, Any]) -> tuple[dict[str, Any], str]:
    return provenance(LEAD, task_), "relevantHistory"


def _reply(task_: dict[str, Any]) -> tuple[dict[str, Any], str]:
    said = {"related": [reference(task_)]}
    content = [{"attachment": {"contentType": "text/plain"}}]
    return make(
        "DocumentReference", LEAD, status="current", content=content, context=said
    ), "output"


def _plan(task_: dict[str, Any], patient_: dict[str, Any]) -> tuple[dict[str, Any], str]:
    return make(
        "CarePlan", LEAD, status="active", intent="plan", subject=reference(patient_),
        supportingInfo=[reference(task_)],
    ), "output"  # fmt: skip


class _Put:
    """A referral as a server that was put back may get it: from the other side first.

    ``move`` is the lead hospital's move, reply or plan.
    """

    def __init__(self, north: Client, kind: str) -> None:
        self.patient = patient(NORTH)
        self.letter = letter(NORTH, self.patient)
        north.stored(self.patient, self.letter)
        self.task = task(NORTH, LEAD, self.letter)
        self.kind = kind
        self.move, self._element = (
            _plan(self.task, self.patient)
            if kind == "plan"
            else {"move": _move, "reply": _reply}[kind](self.task)
        )
        self.named = self.naming(self.move)

    def naming(self, record: dict[str, Any]) -> dict[str, Any]:
        """The Task with a reference to a record where such a one is named."""
        named = reference(record)
        if self._element == "output":
            return {**self.task, "output": [{"type": {"text": "x"}, "valueReference": named}]}
        return {**self.task, "relevantHistory": [named]}

    def saying(self, target: dict[str, Any]) -> dict[str, Any]:
        """The record where it says that it belongs to another one."""
        said = [reference(target)]
        if self.kind == "reply":
            return {**self.move, "context": {"related": said}}
        return {**self.move, "target" if self.kind == "move" else "supportingInfo": said}

    def named_with(self, **elements: Any) -> dict[str, Any]:
        return {**self.named, **elements}


@pytest.fixture(params=["move", "reply", "plan"])
def put(north: Client, request: pytest.FixtureRequest) -> _Put:
    return _Put(north, request.param)


def test_the_move_comes_after_the_task_that_names_it(
    put: _Put, north: Client, lead: Client, south: Client
) -> None:
    assert north.put(put.named).status_code == 201
    assert lead.put(put.move).status_code == 201
    assert north.sees(put.move)
    assert lead.sees(put.move)
    assert not south.sees(put.move)


def test_the_move_comes_before_the_task(put: _Put, north: Client, lead: Client) -> None:
    assert lead.put(put.move).status_code == 201
    assert not north.sees(put.move)
    assert north.put(put.named).status_code == 201
    assert north.sees(put.move)


def test_a_reference_that_came_with_a_later_version(put: _Put, north: Client, lead: Client) -> None:
    north.stored(put.task)
    lead.stored(put.move)
    assert not north.sees(put.move)
    north.stored(put.named)
    assert north.sees(put.move)
    # Taken out of the Task again, it is withdrawn; its writer may put it back.
    north.stored(put.task)
    assert not north.sees(put.move)
    lead.stored(put.named)
    assert north.sees(put.move)


def _beside(target: dict[str, Any]) -> dict[str, Any]:
    return {"url": "urn:x", "valueReference": reference(target)}


def test_a_move_that_names_the_task_only_later(put: _Put, north: Client, lead: Client) -> None:
    # The reference stands elsewhere in the record: that is no word of whose it is.
    lead.stored({**put.saying(put.patient), "extension": [_beside(put.task)]})
    north.stored(put.named)
    assert not north.sees(put.move)
    lead.stored(put.move)
    assert north.sees(put.move)


def test_a_participant_that_became_one_later(
    put: _Put, north: Client, lead: Client, south: Client
) -> None:
    lead.stored(put.move)
    north.stored(put.named_with(owner={"reference": f"Organization/{SOUTH}"}))
    assert not north.sees(put.move)
    assert not south.sees(put.move)
    north.stored(put.named)
    assert north.sees(put.move)
    assert not south.sees(put.move)


def test_nobody_else_gets_at_a_move_by_naming_it(
    put: _Put, north: Client, lead: Client, south: Client
) -> None:
    north.stored(put.named)
    lead.stored(put.move)
    # A Task of one's own that names it: the move says that it belongs to another one.
    north.stored(pointing := task(NORTH, SOUTH, relevantHistory=[reference(put.move)]))
    south.stored(task(SOUTH, LEAD, relevantHistory=[reference(put.move)]))
    assert south.sees(pointing)
    assert not south.sees(put.move)
    # A reader who reaches the Task by a reference is no participant of it.
    north.stored(task(NORTH, SOUTH, put.task))
    assert south.sees(put.task)
    assert not south.sees(put.move)


def test_a_stranger_cannot_confirm_a_reference(
    put: _Put, north: Client, lead: Client, south: Client
) -> None:
    tags = {"tag": [{"system": TAG, "code": SOUTH}]}
    foreign = {**put.move, "id": new_id(), "meta": tags}
    south.stored(foreign)
    north.stored(put.naming(foreign))
    south.stored({**foreign, "language": "zh-CN"})
    assert not north.sees(foreign)
    assert not lead.sees(foreign)
    # Nor does a record of another type speak for itself in this way.
    secret = patient(LEAD, extension=[_beside(put.task)])
    lead.stored(secret)
    north.stored(put.named_with(relevantHistory=[reference(secret)]))
    assert not north.sees(secret)
