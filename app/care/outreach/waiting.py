"""How much of outreach waits for a person of this organisation."""

from __future__ import annotations

from dataclasses import dataclass

from app.care.outreach.consultation_lists import answered_for_us, box_counts
from app.care.outreach.visit_lists import visits_to_countersign
from app.models.actor import Actor
from app.models.store import Store


@dataclass(frozen=True, slots=True)
class WaitingHere:
    """Questions to answer (``urgent`` of them not taken on), answers to conclude, visits to
    countersign."""

    questions: int
    urgent: int
    answers: int
    visits: int

    @property
    def consultations(self) -> int:
        return self.questions + self.answers

    @property
    def total(self) -> int:
        return self.consultations + self.visits


def waiting_here(store: Store, actor: Actor) -> WaitingHere:
    """Counted from the records on each look."""
    boxes = box_counts(store, actor)
    return WaitingHere(
        boxes.received,
        boxes.urgent,
        answered_for_us(store, actor),
        visits_to_countersign(store, actor),
    )
