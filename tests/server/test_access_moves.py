"""A move of a referral is the participants' to read, whoever wrote the Task's reference to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.referrals import provenance
from tests.server.serving import LEAD, NORTH, SOUTH, Client, letter, patient, reference, task


class _Put:
    """A referral as a server that was put back may get it: from the other side first."""

    def __init__(self, north: Client) -> None:
        self.patient = patient(NORTH)
        self.letter = letter(NORTH, self.patient)
        north.stored(self.patient, self.letter)
        self.task = task(NORTH, LEAD, self.letter)
        self.move = provenance(LEAD, self.task)
        self.named = {**self.task, "relevantHistory": [reference(self.move)]}

    def named_with(self, **elements: Any) -> dict[str, Any]:
        return {**self.named, **elements}


@pytest.fixture
def put(north: Client) -> _Put:
    return _Put(north)


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


def test_a_move_that_names_the_task_only_later(put: _Put, north: Client, lead: Client) -> None:
    lead.stored({**put.move, "target": [reference(put.patient)]})
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
    foreign = provenance(SOUTH, put.task)
    south.stored(foreign)
    north.stored(put.named_with(relevantHistory=[reference(foreign)]))
    south.stored({**foreign, "recorded": "2026-02-01T00:00:00Z"})
    assert not north.sees(foreign)
    assert not lead.sees(foreign)
    # Nor does anything but a Provenance speak for itself in this way.
    secret = patient(LEAD)
    lead.stored(secret)
    north.stored(put.named_with(relevantHistory=[reference(secret)]))
    assert not north.sees(secret)
