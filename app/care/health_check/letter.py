"""The beginnings of a referral letter from a health check whose doctor advises referral."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.follow_up_history import allergies_of_person
from app.care.health_check.definition import definition, versions
from app.care.health_check.points import higher_arm
from app.care.health_check.rows import answers_of
from app.care.kept import items, rows
from app.care.limits import shown
from app.care.referral_prefill import ReferralPrefill
from app.care.referral_red_flags import Vitals
from app.care.referral_states import Urgency
from app.care.resident_record.people import same_person
from app.i18n import tr
from app.models.health_check import HealthCheck
from app.models.resident import Condition, Resident

# The doctor refers; the letter's own list says no nearer reason than this.
_REASON = "specialist_needed"


def check_prefill(session: Session, resident: Resident, row: HealthCheck) -> ReferralPrefill:
    """What the check can say on the letter; the doctor reads and changes all of it.

    ``urgency`` is routine: whether a marked value is an emergency is judged on the letter, where
    the red flags stand.
    """
    conditions = session.scalars(
        select(Condition)
        .where(
            Condition.resident_id.in_(same_person(session, resident.id)),
            Condition.clinical_status == "active",
        )
        .order_by(Condition.id)
    ).all()
    answers = answers_of(row)
    sbp, dbp = higher_arm((row.sbp_left, row.dbp_left), (row.sbp_right, row.dbp_right))
    lines = [str(line) for line in items(answers.get("abnormal"))]
    return ReferralPrefill(
        resident_id=row.resident_id,
        urgency=Urgency.ROUTINE,
        reason_codes=(_REASON,),
        impression="\n".join(lines),
        present_history=tr("Health check on {date}.").format(date=row.check_date),
        past_history=tr(", ").join(dict.fromkeys(each.display for each in conditions)),
        diagnoses=tuple(
            dict.fromkeys((each.code, each.display) for each in conditions if each.code)
        ),
        vitals=Vitals(
            sbp=sbp,
            dbp=dbp,
            heart_rate=row.pulse,
            temperature=row.temperature,
            respiration=row.respiration,
            glucose=row.fpg,
        ),
        last_results=_results(row, answers),
        allergies=tr(", ").join(allergies_of_person(session, resident)),
        current_drugs=tuple(
            " ".join(
                str(line[key]) for key in ("name", "usage", "dose", "duration") if line.get(key)
            )
            for line in rows(answers.get("drugs"))
        ),
        source_kind="health_check",
        source_id=row.id,
    )


def _results(row: HealthCheck, answers: dict[str, object]) -> str:
    version = row.form_version if row.form_version in versions() else versions()[-1]
    tests = next(each for each in definition(version).sections if each.key == "tests")
    said = []
    for group in tests.groups:
        for each in group.fields:
            value = answers.get(each.key)
            if isinstance(value, int | float) and each.kind == "number":
                said.append(f"{each.label} {shown(value, each.decimals)} {each.unit}".rstrip())
    return tr("; ").join(said)
