"""What the pages of assessments show of a resident: the scales, and the history of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.care.age import age_on
from app.care.assessments.conventions import Intervals, cut_offs_of, intervals_of
from app.care.assessments.due import DUE_KIND
from app.care.assessments.levels import CutOffs
from app.care.assessments.questionnaire import CURRENT
from app.care.assessments.results import STANDING, Result, latest_of_all, result_of
from app.care.clinical_settings import clinical_settings
from app.care.resident_record.people import same_person
from app.errors import NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.local import Draft, DueItem
from app.models.outbox import Delivery, deliveries
from app.models.resident import Resident
from app.models.store import Store

DRAFT_FORM = "assessment:"
"""Before the scale: the name under which an unfinished assessment is kept as a draft."""

#: The three answers that MMSE asks for, by the code of the resident record's education.
EDUCATION_OF_RECORD = {
    **dict.fromkeys(("1", "2", "3", "4", "5", "6", "7"), "3"),
    "8": "2",
    "9": "1",
}
MOST_HISTORY = 200


@dataclass(frozen=True, slots=True)
class ScaleLine:
    """One scale in the chooser: its newest result, when it is due, whether a draft waits."""

    scale: str
    latest: Result | None
    count: int
    due_on: date | None
    draft: bool


@dataclass(frozen=True, slots=True)
class AssessmentsOf:
    """A resident and all scales. ``education``: the MMSE answer that the record suggests."""

    resident_id: str
    name: str
    sex: str
    birth_date: date
    age: int
    village: str
    education: str
    closed: bool
    lines: tuple[ScaleLine, ...]
    cut_offs: CutOffs
    intervals: Intervals

    def line(self, scale: str) -> ScaleLine:
        """The line of a scale."""
        return next(each for each in self.lines if each.scale == scale)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One standing assessment in the history of a scale."""

    result: Result
    answers: Mapping[str, object]
    performer_name: str
    organisation_id: str
    corrected: bool
    delivery: Delivery


def assessments_of(store: Store, actor: Actor, resident_id: str) -> AssessmentsOf:
    """The chooser of a resident. Raises NotFound."""
    with store.read() as session:
        resident = session.get(Resident, resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not in the records of this PC."))
        people = same_person(session, resident_id)
        newest = latest_of_all(session, resident_id)
        counts: dict[str, int] = {
            row[0]: row[1]
            for row in session.execute(
                select(Assessment.scale, func.count())
                .where(Assessment.resident_id.in_(people), Assessment.status.in_(STANDING))
                .group_by(Assessment.scale)
            )
        }
        due = {
            item.kind: item.due_on
            for item in session.scalars(select(DueItem).where(DueItem.resident_id.in_(people)))
        }
        drafts = set(
            session.scalars(
                select(Draft.form).where(
                    Draft.staff_id == actor.staff_id,
                    Draft.subject_id == resident_id,
                    Draft.form.startswith(DRAFT_FORM),
                )
            )
        )
        settings = clinical_settings(session)
        today = max(store.clock.today(), resident.birth_date)
        return AssessmentsOf(
            resident_id=resident.id,
            name=resident.name,
            sex=resident.sex,
            birth_date=resident.birth_date,
            age=age_on(resident.birth_date, today),
            village=resident.village or "",
            education=EDUCATION_OF_RECORD.get(resident.education or "", ""),
            closed=resident.record_status in ("deceased", "merged", "cancelled"),
            lines=tuple(
                ScaleLine(
                    scale,
                    newest.get(scale),
                    counts.get(scale, 0),
                    due.get(DUE_KIND + scale),
                    DRAFT_FORM + scale in drafts,
                )
                for scale in CURRENT
            ),
            cut_offs=cut_offs_of(settings),
            intervals=intervals_of(settings),
        )


def history_of_scale(
    store: Store, actor: Actor, resident_id: str, scale: str
) -> tuple[HistoryLine, ...]:
    """The standing assessments of a person by one scale, the newest first."""
    with store.read() as session:
        rows = session.scalars(
            select(Assessment)
            .where(
                Assessment.resident_id.in_(same_person(session, resident_id)),
                Assessment.scale == scale,
                Assessment.status.in_(STANDING),
            )
            .order_by(
                Assessment.assessed_on.desc(), Assessment.created_at.desc(), Assessment.id.desc()
            )
            .limit(MOST_HISTORY)
        ).all()
        states = deliveries(session, "assessment", [row.id for row in rows])
        return tuple(
            HistoryLine(
                result_of(row),
                dict(row.answers),
                row.performer_name,
                row.organisation_id,
                row.status == "amended",
                states[row.id],
            )
            for row in rows
        )
