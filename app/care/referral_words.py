"""Words of a letter and of what comes back, alike on the screen and on paper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.care.referral_red_flags import Vitals
from app.care.referral_return.inputs import PlanStep
from app.care.referral_states import REASON_LISTS
from app.care.referral_view import ReferralView
from app.i18n import N_, tr
from app.models import codes

_WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def code_words(list_name: str, chosen: Iterable[str]) -> str:
    """The labels of some codes, one after the other."""
    return tr(", ").join(codes.label(list_name, code) for code in chosen)


def reason_words(view: ReferralView) -> str:
    """Why the patient is referred: the reasons of the list, below them the writer's own words."""
    lists = REASON_LISTS[view.direction]
    words = tr(", ").join(
        codes.label(next((name for name in lists if codes.is_known(name, code)), lists[0]), code)
        for code in view.letter.reason_codes
    )
    return "\n".join(part for part in (words, view.letter.reason_text) if part)


def consent_words(view: ReferralView) -> str:
    """Whether the patient agreed, and who signed."""
    words = codes.label("referral_consent", view.letter.consent)
    signer = view.letter.consent_signer
    return tr("{what}: {words}").format(what=words, words=signer) if signer else words


def vitals_words(vitals: Vitals) -> str:
    """The measurements that were taken, in one line."""
    parts = []
    if vitals.sbp is not None and vitals.dbp is not None:
        parts.append(tr("BP {sbp}/{dbp} mmHg").format(sbp=vitals.sbp, dbp=vitals.dbp))
    for words, value in (
        (tr("heart rate {value}/min"), vitals.heart_rate),
        (tr("temperature {value} ℃"), vitals.temperature),
        (tr("respiration {value}/min"), vitals.respiration),
        (tr("SpO₂ {value} %"), vitals.spo2),
        (tr("glucose {value} mmol/L"), vitals.glucose),
    ):
        if value is not None:
            parts.append(words.format(value=f"{value:g}"))
    return tr(", ").join(parts)


def step_word(step: PlanStep) -> str:
    """``随访：高血压``."""
    word = codes.label("return_step", step.kind)
    if not step.disease:
        return word
    name = codes.label("chronic_disease", step.disease)
    return tr("{what}: {words}").format(what=word, words=name)


def day_words(day: date) -> str:
    """``2026年3月1日``."""
    return tr("{year}-{month}-{day}").format(year=day.year, month=day.month, day=day.day)


def weekday_words(day: date) -> str:
    """``星期日``."""
    return tr(_WEEKDAYS[day.weekday()])
