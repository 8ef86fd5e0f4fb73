"""A whole referral for tests of access."""

from __future__ import annotations

from typing import Any

from tests.server.serving import (
    LEAD,
    NORTH,
    Client,
    letter,
    make,
    observation,
    patient,
    reference,
    task,
)


def provenance(author: str, *targets: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return make(
        "Provenance",
        author,
        target=[reference(one) for one in targets] or [{"display": "none"}],
        recorded="2026-01-01T00:00:00Z",
        agent=[{"who": {"reference": f"Organization/{author}"}}],
        **elements,
    )


class Referral:
    """A referral from north to the lead hospital with everything that hangs on it."""

    def __init__(self, client: Client) -> None:
        self.patient = patient(NORTH)
        self.condition = make("Condition", NORTH, subject=reference(self.patient))
        self.pressure = observation(NORTH, self.patient)
        self.unrelated = observation(NORTH, self.patient)
        self.letter = letter(
            NORTH,
            self.patient,
            supportingInfo=[reference(self.condition)],
            extension=[{"url": "urn:x", "valueReference": reference(self.pressure)}],
        )
        self.event = provenance(NORTH)
        self.task = task(
            NORTH,
            LEAD,
            self.letter,
            relevantHistory=[reference(self.event)],
            **{"for": reference(self.patient)},
        )
        client.stored(
            self.patient,
            self.condition,
            self.pressure,
            self.unrelated,
            self.letter,
            self.event,
            self.task,
        )

    @property
    def shared(self) -> list[dict[str, Any]]:
        return [
            self.patient, self.condition, self.pressure, self.letter, self.event, self.task,
        ]  # fmt: skip


def organisation(id_: str) -> dict[str, str]:
    return {"reference": f"Organization/{id_}"}
