"""What goes along with a printed referral form in this county, as rows of names and words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.care.attachments.files import FileView
from app.care.referral_return.inputs import PlanStep, RehabPart
from app.care.referral_return.returns import ReplyView, Returns
from app.care.referral_states import State
from app.care.referral_view import BookingView, ReferralView, ServiceView
from app.care.referral_words import (
    code_words,
    consent_words,
    day_words,
    reason_words,
    step_word,
    vitals_words,
)
from app.clock import clinic_time
from app.i18n import tr
from app.models import codes

Pair = tuple[str, str]


def in_rows(pairs: Sequence[Pair], short: int) -> list[list[Pair]]:
    """Two neighbours in one row where both are at most ``short`` letters long."""
    found: list[list[Pair]] = []
    for pair in pairs:
        last = found[-1] if found else []
        fits = len(last) == 1 and max(len(last[0][1]), len(pair[1])) <= short
        if fits and "\n" not in last[0][1] + pair[1]:
            last.append(pair)
        else:
            found.append([pair])
    return found


def more_of_letter(view: ReferralView, files: str) -> tuple[Pair, ...]:
    """The envelope of the letter; what is empty is left out, what is signed by hand stays blank."""
    letter = view.letter
    rows = (
        (tr("Urgency"), codes.label("referral_urgency", view.urgency)),
        (tr("Consent"), consent_words(view)),
        (tr("Mobility"), codes.label("referral_mobility", letter.mobility)),
        (tr("Transport"), codes.label("referral_transport", letter.transport)),
        (tr("Escort"), letter.escort),
        (tr("Isolation"), codes.label("referral_isolation", letter.isolation_risk)),
        (tr("Allergies"), letter.allergies),
        (tr("Contracted team"), letter.contracted_team),
        (tr("Reasons"), reason_words(view)),
        (tr("Red flags"), code_words("referral_red_flag", letter.red_flags)),
        (tr("Diagnoses (ICD-10)"), _diagnoses(letter.diagnoses)),
        (tr("Vital signs"), vitals_words(letter.vitals)),
        (tr("Drugs now"), tr("; ").join(letter.current_drugs)),
        (tr("Last results"), letter.last_results),
        (tr("Points of attention"), letter.attention_points),
        (tr("The three priorities"), "\n".join(_service(each) for each in view.services)),
        (tr("Booking"), booking_words(view.booking)),
        (tr("Confirmed on the phone"), _phone(view)),
        (tr("Attached files"), files),
        (tr("Earlier referral"), tr("Follows an earlier one") if letter.origin_referral_id else ""),
    )
    filled = tuple((name, words) for name, words in rows if words)
    return (
        *filled,
        (tr("Insurance no."), ""),
        (tr("Opinion of the institution"), _approval(view)),
        (
            tr("For the patient"),
            tr(
                "Bring this form, the identity and insurance cards, earlier results and the "
                "medicines. Call 120 when it gets worse on the way."
            ),
        ),
    )


def more_of_reply(
    view: ReferralView, returns: Returns, reply: ReplyView, files: str
) -> tuple[Pair, ...]:
    """What the summary of a stay, its checklist and the dated plan add to the return form."""
    given, plan = reply.input, returns.plan
    stay = ""
    if given.admitted_on and given.discharged_on:
        stay = f"{day_words(given.admitted_on)} – {day_words(given.discharged_on)}"
    reasons = "\n".join(
        part
        for part in (code_words("referral_down_reason", given.reason_codes), given.reason_text)
        if part
    )
    checklist = tr("; ").join(
        f"{'√' if answer else '×'} {entry.label}"
        for entry in codes.entries("referral_checklist")
        if (answer := given.checklist.get(entry.code)) is not None
    )
    steps = "\n".join(
        "  ".join(
            part
            for part in (
                day_words(step.due_on) if step.due_on else "",
                step_word(step),
                step.what,
                step.by,
            )
            if part
        )
        for step in (in_order(plan.input.steps) if plan is not None else ())
    )
    bed = " ".join(part for part in (view.booking.ward, view.booking.bed) if part)
    rows = (
        (tr("Department"), given.department),
        (tr("Kind of visit"), codes.label("reply_kind", given.visit_kind)),
        (tr("Ward and bed"), bed),
        (tr("Phase"), codes.label("referral_phase", given.phase)),
        (tr("In hospital"), stay),
        (tr("Reasons"), reasons),
        (tr("Diagnoses (ICD-10)"), _diagnoses(given.diagnoses)),
        (tr("Checked before the return"), checklist),
        (tr("Drugs to go on with"), tr("; ").join(given.drugs)),
        (tr("Points of attention"), given.attention_points),
        (tr("Plan for the time after"), steps),
        (tr("Attached files"), files),
    )
    return tuple((name, words) for name, words in rows if words)


def in_order(steps: Sequence[PlanStep]) -> list[PlanStep]:
    """The steps of a plan by their days; one without a day at the end."""
    return sorted(steps, key=lambda step: (step.due_on or date.max, step.id))


def files_words(files: Sequence[FileView]) -> str:
    """``心电图：入院心电图；化验单：血常规``; what was taken back is not named."""
    return tr("; ").join(
        tr("{what}: {words}").format(
            what=codes.label("attachment_category", file.category), words=file.title
        )
        for file in files
        if not file.entered_in_error
    )


def booking_words(booking: BookingView) -> str:
    """Where and when to come, in one line; below it what to mind."""
    bed = " ".join(part for part in (booking.ward, booking.bed) if part)
    doctor = " ".join(part for part in (booking.doctor, booking.doctor_phone) if part)
    at = ""
    if booking.scheduled_at is not None:
        local = clinic_time(booking.scheduled_at)
        at = f"{day_words(local.date())} {local:%H:%M}"
    facts = (at, booking.place, booking.department, doctor, bed)
    line = "  ".join(part for part in facts if part)
    return "\n".join(part for part in (line, booking.instructions) if part)


def rehab_words(rehab: RehabPart) -> str:
    """Exercises a line each, then the aim and what ends a training."""
    lines = []
    for item in rehab.items:
        often = ""
        if item.per_week:
            often = tr("{count} times a week").format(count=item.per_week)
        minutes = ""
        if item.minutes:
            minutes = tr("{count} minutes each time").format(count=item.minutes)
        sets = ""
        if item.reps:
            sets = tr("{sets} rounds of {reps}").format(sets=item.sets or 1, reps=item.reps)
        name = codes.label("rehab_exercise", item.exercise)
        lines.append("  ".join(part for part in (name, often, sets, minutes) if part))
    for name, words in (
        (tr("Aim"), rehab.goal_short),
        (tr("Stop when"), rehab.precautions),
        (tr("Never do"), rehab.contraindications),
    ):
        if words:
            lines.append(tr("{what}: {words}").format(what=name, words=words))
    return "\n".join(lines)


def _diagnoses(diagnoses: Sequence[tuple[str, str]]) -> str:
    return tr("; ").join(" ".join(part for part in each if part) for each in diagnoses)


def _service(service: ServiceView) -> str:
    words = f"{codes.label('referral_service', service.service)} {service.request}".rstrip()
    state = codes.label("referral_service_state", service.state)
    told = booking_words(service.booking).replace("\n", " ")
    return "  ".join(part for part in (words, f"[{state}]", told) if part)


def _phone(view: ReferralView) -> str:
    return " ".join(part for part in (view.phone_confirmed_by, view.phone_number) if part)


def _approval(view: ReferralView) -> str:
    """Who approved the letter in the house and when; empty for a hand to write and sign."""
    for event in reversed(view.events):
        if event.from_state == State.INTERNAL_REVIEW and event.to_state == State.SENT:
            return tr("Referral approved: {name}, {day}").format(
                name=event.actor_name, day=day_words(clinic_time(event.occurred_at).date())
            )
    if view.letter.is_emergency:
        return tr("Emergency: not held up by an approval")
    return ""
