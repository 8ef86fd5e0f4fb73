"""The letter of an up-referral: what is written and what must be there before it may leave.

Source: 双向转诊 转出单, National Basic Public Health Services, 3rd ed. 2017 (``NBPHS-2017``; the
four parts of the letter are required), and the county's envelope (domain reference §6.1, §6.2,
local convention): urgency, reasons, the three priorities, transport, mobility, consent.

An emergency is never held up by the form: only who goes and where are asked for; the rest may
follow within 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from app.care.parsing import ParseError, clean_text, half_width, parse_phone
from app.care.referral_red_flags import Vitals
from app.care.referral_states import REASON_LISTS, Direction, Urgency
from app.errors import InputError
from app.i18n import tr
from app.models import codes

FORM_VERSION = "NBPHS-2017"

#: Longest free text of one part of the letter, in characters.
MAX_TEXT = 4000
#: Longest single line (department, doctor, escort, …), in characters.
MAX_LINE = 100

#: The three priorities, in the order of the pilot plan.
SERVICES = ("clinic", "examination", "bed")

#: The four parts that the national form requires.
FORM_PARTS = ("impression", "present_history", "past_history", "treatment_given")

_CODED = {
    "urgency": "referral_urgency",
    "mobility": "referral_mobility",
    "transport": "referral_transport",
    "consent": "referral_consent",
    "isolation_risk": "referral_isolation",
}
_LINES = ("to_department", "to_doctor", "escort", "consent_signer", "contracted_team")
_TEXTS = (
    *FORM_PARTS,
    "reason_text",
    "last_results",
    "allergies",
    "attention_points",
)


@dataclass(frozen=True, slots=True)
class ServiceWish:
    """One priority asked for: what exactly, and by when it is hoped for."""

    service: str
    request: str = ""
    wanted_on: date | None = None


@dataclass(frozen=True, slots=True)
class LetterInput:
    """Everything the writer of an up-referral fills in.

    ``to_organisation_id`` may be empty: the letter then goes to the writer's own lead hospital
    (pilot plan: a member refers to its own lead first). ``current_drugs`` holds one drug a line.
    ``urgency`` empty means not chosen. ``source_kind`` and ``source_id`` name the record that the
    letter was opened from; ``origin_referral_id`` an earlier referral that it follows.
    """

    resident_id: str
    to_organisation_id: str = ""
    to_department: str = ""
    to_doctor: str = ""
    from_doctor_phone: str = ""
    urgency: str = Urgency.ROUTINE
    reason_codes: tuple[str, ...] = ()
    reason_text: str = ""
    red_flags: tuple[str, ...] = ()
    impression: str = ""
    present_history: str = ""
    past_history: str = ""
    treatment_given: str = ""
    diagnoses: tuple[tuple[str, str], ...] = ()
    vitals: Vitals = field(default_factory=Vitals)
    last_results: str = ""
    allergies: str = ""
    current_drugs: tuple[str, ...] = ()
    isolation_risk: str = ""
    mobility: str = ""
    transport: str = ""
    escort: str = ""
    attention_points: str = ""
    consent: str = ""
    consent_signer: str = ""
    contracted_team: str = ""
    services: tuple[ServiceWish, ...] = ()
    origin_referral_id: str = ""
    source_kind: str = ""
    source_id: str = ""

    @property
    def is_emergency(self) -> bool:
        return self.urgency == Urgency.EMERGENCY


def clean_paragraphs(text: str) -> str:
    """Free text as it is kept: every line cleaned, line breaks kept, no empty lines at the ends."""
    lines = (clean_text(line) for line in text.replace("\r\n", "\n").split("\n"))
    return "\n".join(lines).strip("\n")


def normalise(letter: LetterInput) -> LetterInput:
    """The letter as it is stored: cleaned texts, no empty drugs, an emergency whose consent was not
    asked yet marked as to be signed afterwards (allowed by the standard, and true)."""
    values: dict[str, object] = {name: clean_paragraphs(getattr(letter, name)) for name in _TEXTS}
    values.update({name: clean_text(getattr(letter, name)) for name in _LINES})
    values["current_drugs"] = tuple(
        drug for line in letter.current_drugs if (drug := clean_text(line))
    )
    values["reason_codes"] = tuple(dict.fromkeys(letter.reason_codes))
    values["red_flags"] = tuple(dict.fromkeys(letter.red_flags))
    values["services"] = tuple(
        replace(wish, request=clean_paragraphs(wish.request)) for wish in letter.services
    )
    phone = half_width(letter.from_doctor_phone).strip()
    try:
        values["from_doctor_phone"] = parse_phone(phone) if phone else ""
    except ParseError:
        values["from_doctor_phone"] = phone  # check() says what is wrong with it
    if letter.is_emergency and not letter.consent:
        values["consent"] = "later"
    return replace(letter, **values)  # type: ignore[arg-type]


def check(letter: LetterInput, direction: Direction = Direction.UP) -> dict[str, str]:
    """What must be mended before the letter may leave: field → plain sentence.

    Everything that is filled in must be sound in every letter; what is missing stops only a letter
    that is not an emergency.
    """
    problems = _unsound(letter, direction)
    if not letter.is_emergency:
        for name, message in missing(letter).items():
            problems.setdefault(name, message)
    return problems


def require_sound(letter: LetterInput, direction: Direction = Direction.UP) -> None:
    """Raises :class:`InputError` with all problems of :func:`check`."""
    if problems := check(letter, direction):
        raise InputError(problems)


def missing(letter: LetterInput) -> dict[str, str]:
    """Required parts that are still empty. For an emergency this is the list to be completed within
    24 hours; for all others it stops the letter."""
    found: dict[str, str] = {}
    for name in FORM_PARTS:
        if not getattr(letter, name):
            found[name] = _please_fill(name)
    if not letter.reason_codes:
        found["reason_codes"] = tr("Choose at least one reason for the referral.")
    if not letter.consent or (letter.is_emergency and letter.consent == "later"):
        found["consent"] = tr("Ask the patient or the family for consent and note the answer.")
    return found


def _please_fill(name: str) -> str:
    match name:
        case "impression":
            return tr("Write the first impression; the form may not leave without it.")
        case "present_history":
            return tr("Write the present history and the cause of the referral.")
        case "past_history":
            return tr("Write the past history; write “none” if there is none.")
        case _:
            return tr("Write what was done so far; write “none” if nothing was.")


def _unsound(letter: LetterInput, direction: Direction) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not letter.resident_id:
        problems["resident_id"] = tr("Choose the resident first.")
    for name, list_name in _CODED.items():
        value = getattr(letter, name)
        if value and not codes.is_known(list_name, value):
            problems[name] = tr("This choice is not in the list. Choose again.")
    if not letter.urgency:
        problems["urgency"] = tr("Choose how urgent it is.")
    lists = REASON_LISTS[direction]
    known = (any(codes.is_known(name, code) for name in lists) for code in letter.reason_codes)
    if not all(known):
        problems["reason_codes"] = tr("This choice is not in the list. Choose again.")
    if "other" in letter.reason_codes and not letter.reason_text and not letter.is_emergency:
        problems["reason_text"] = tr("Say which other reason it is.")
    if not all(codes.is_known("referral_red_flag", code) for code in letter.red_flags):
        problems["red_flags"] = tr("This choice is not in the list. Choose again.")
    for name in _TEXTS:
        if len(getattr(letter, name)) > MAX_TEXT:
            problems[name] = _too_long(MAX_TEXT)
    for name in _LINES:
        if len(getattr(letter, name)) > MAX_LINE:
            problems[name] = _too_long(MAX_LINE)
    if any(len(drug) > MAX_LINE for drug in letter.current_drugs):
        problems["current_drugs"] = _too_long(MAX_LINE)
    problems.update(letter.vitals.problems())
    problems.update(_consent_problem(letter))
    problems.update(_phone_problem(letter.from_doctor_phone))
    problems.update(_service_problems(letter))
    return problems


def _too_long(limit: int) -> str:
    return tr("This text is longer than {limit} characters. Shorten it.").format(limit=limit)


def _consent_problem(letter: LetterInput) -> dict[str, str]:
    if letter.is_emergency:
        return {}
    if letter.consent == "refused":
        return {
            "consent": tr(
                "The patient does not agree, so the letter cannot be sent. It stays as a draft."
            )
        }
    if letter.consent == "later":
        return {"consent": tr("Only an emergency may be signed afterwards.")}
    return {}


def _phone_problem(phone: str) -> dict[str, str]:
    if not phone:
        return {}
    try:
        parse_phone(phone)
    except ParseError as error:
        return {"from_doctor_phone": error.message}
    return {}


def _service_problems(letter: LetterInput) -> dict[str, str]:
    names = [wish.service for wish in letter.services]
    if any(name not in SERVICES for name in names) or len(set(names)) != len(names):
        return {"services": tr("Each of the three priorities can be asked for once.")}
    if any(len(wish.request) > MAX_TEXT for wish in letter.services):
        return {"services": _too_long(MAX_TEXT)}
    return {}
