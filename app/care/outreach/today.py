"""What of outreach waits for a person today: questions to this house, answers to ours, visits that
the host has not countersigned."""

from __future__ import annotations

from datetime import date

from app.care.outreach.consultation_lists import Box, ConsultationLine, list_consultations
from app.care.outreach.consultation_state import Move, Party
from app.care.outreach.visit_lists import unsigned_visits
from app.care.work_due import Column, WorkItem
from app.clock import clinic_date
from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store

#: Kinds of these lines.
CONSULTATION, VISIT = "consultation", "expert_visit"
_MOST = 100


def outreach_work(store: Store, actor: Actor, today: date) -> list[WorkItem]:
    """The lines of Today, questions first, each with the way to where it is done."""
    received = list_consultations(store, actor, Box.RECEIVED, limit=_MOST)
    asked = list_consultations(store, actor, Box.ASKED, limit=_MOST)
    answered = [line for line in asked if line.state is Move.ANSWERED]
    return [
        *(_question(line, today) for line in received),
        *(_line(line, "today", tr("Opinion of the specialist: read it"), today)
          for line in answered),
        *_visits(store, actor, today),
    ]  # fmt: skip


def _question(line: ConsultationLine, today: date) -> WorkItem:
    if line.urgent and line.state is Move.ASKED:
        return _line(line, "now", tr("Urgent consultation: telephone now"), today, urgent=True)
    column: Column = "now" if line.urgent or line.waiting.overdue else "today"
    return _line(line, column, tr("Consultation: answer"), today)


def _line(
    line: ConsultationLine, column: Column, what: str, today: date, *, urgent: bool = False
) -> WorkItem:
    since = clinic_date(line.asked_at)
    return WorkItem(
        column=column,
        kind=CONSULTATION,
        what=what,
        room="outreach",
        arguments=(
            ("consultation_id", line.consultation_id),
            ("box", Box.ASKED if line.state is Move.ANSWERED else Box.RECEIVED),
        ),
        resident_id=line.resident_id,
        name=line.resident_name,
        sex=line.sex,
        age=line.age,
        village=line.other_name if line.party is Party.INVITED else line.village,
        on=since,
        days_late=max((today - since).days, 0),
        urgent=urgent,
    )


def _visits(store: Store, actor: Actor, today: date) -> list[WorkItem]:
    return [
        WorkItem(
            column="today",
            kind=VISIT,
            what=tr("Expert visit: countersign it"),
            room="outreach",
            arguments=(("page", "visits"), ("visit_id", visit.id)),
            name=visit.expert_name,
            village=visit.department,
            on=visit.visit_on,
            days_late=(today - visit.visit_on).days,
        )
        for visit in unsigned_visits(store, actor)[:_MOST]
    ]
