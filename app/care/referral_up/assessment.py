"""The beginnings of a letter from the result of an assessment by a scale."""

from __future__ import annotations

from sqlalchemy import select

from app.care.assessments.results import STANDING, result_of
from app.care.assessments.words import short
from app.care.referral_prefill import ReferralPrefill
from app.care.referral_record import results_told, visits_told
from app.care.referral_states import Urgency
from app.care.resident_record.people import same_person
from app.errors import NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.resident import Condition
from app.models.store import Store

# A scale says that somebody should look; why is the doctor's to say.
_REASON = "specialist_needed"


def assessment_prefill(store: Store, actor: Actor, assessment_id: str) -> ReferralPrefill:
    """What an assessment can say on the letter; everything else comes from the record.

    Raises NotFound where it is not here or was taken back.
    """
    with store.read() as session:
        row = session.get(Assessment, assessment_id)
        if row is None or row.status not in STANDING:
            raise NotFound(tr("This assessment is not in the records of this PC."))
        said = _said(row)
        conditions = session.scalars(
            select(Condition.display)
            .where(
                Condition.resident_id.in_(same_person(session, row.resident_id)),
                Condition.clinical_status == "active",
            )
            .order_by(Condition.id)
        )
        return ReferralPrefill(
            resident_id=row.resident_id,
            urgency=Urgency.ROUTINE,
            reason_codes=(_REASON,),
            impression=tr("; ").join(dict.fromkeys((*conditions, said))),
            present_history=tr("Assessed on {date}: {result}.").format(
                date=row.assessed_on.isoformat(), result=said
            ),
            last_results="\n".join(
                (
                    *results_told(session, row.resident_id, but=row.scale),
                    *visits_told(session, row.resident_id),
                )
            ),
            source_kind="assessment",
            source_id=row.id,
        )


def _said(row: Assessment) -> str:
    scale = codes.label("assessment_scale", row.scale)
    return tr("{what}: {words}").format(what=scale, words=short(result_of(row)))
