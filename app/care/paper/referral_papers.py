"""The papers of a referral: transfer-out form, return form, consent sheet, plan for the family.

Source: 双向转诊 转出单 and 回转单, National Basic Public Health Services, 3rd ed. 2017 (stub above
a tear line, letter below); consent sheet, plan and what goes along are the county's (domain
reference §6.1, local convention).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from app.care.attachments.files import FileView, list_files
from app.care.paper.document import About, PageSize, PrintDocument, Sheets
from app.care.paper.referral_rows import (
    Pair,
    booking_words,
    files_words,
    in_order,
    in_rows,
    more_of_letter,
    more_of_reply,
    rehab_words,
)
from app.care.paper.templates import fill
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_return.returns import Returns, load_returns
from app.care.referral_states import Side, State
from app.care.referral_view import ReferralView, refresh_referral
from app.care.referral_words import (
    consent_words,
    day_words,
    reason_words,
    step_word,
    weekday_words,
)
from app.errors import NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.store import Store

MARGINS: dict[PageSize, tuple[float, float, float, float]] = {
    "A4": (18.0, 12.0, 18.0, 13.0),
    "A5": (12.0, 8.0, 12.0, 10.0),
}
#: Least height of a line of the form, in mm.
_LINE: dict[PageSize, float] = {"A4": 7.5, "A5": 6.5}


class Paper(StrEnum):
    """The papers of a referral; the value is the name under which a PC keeps its page shift."""

    OUT = "referral_out"
    BACK = "referral_back"
    CONSENT = "referral_consent"
    FAMILY = "referral_family_plan"


@dataclass(frozen=True, slots=True)
class ReferralPapers:
    """Everything that the papers of one referral say. ``consent_hours``: the limit for a signature
    that follows an emergency."""

    view: ReferralView
    returns: Returns
    files: tuple[FileView, ...] = ()
    reply_files: tuple[FileView, ...] = ()
    consent_hours: float = 24

    def kinds(self) -> tuple[Paper, ...]:
        """What there is to print: a return form and a plan only once they are written."""
        return papers_of(self.view, self.returns)


def papers_of(view: ReferralView, returns: Returns) -> tuple[Paper, ...]:
    """Which papers a referral has at present; a consent is asked for by the writer alone."""
    found = [Paper.OUT]
    if returns.reply is not None:
        found.append(Paper.BACK)
    if view.side is Side.SENDER:
        found.append(Paper.CONSENT)
    if returns.plan is not None:
        found.append(Paper.FAMILY)
    return tuple(found)


def load_papers(store: Store, actor: Actor, referral_id: str) -> ReferralPapers:
    """Read what the papers say; the print itself is noted when it leaves.

    Raises NotFound where the referral is not the organisation's to see.
    """
    view = refresh_referral(store, actor, referral_id)
    returns = load_returns(store, actor, referral_id)
    reply = returns.reply
    with store.read() as session:
        limits = limits_in_force(session)
    return ReferralPapers(
        view,
        returns,
        list_files(store, "referral", referral_id),
        list_files(store, "referral_reply", reply.id) if reply is not None else (),
        limits.emergency_paper_h,
    )


def paper_words(paper: Paper) -> str:
    """The name of a paper, as its button says it."""
    return {
        Paper.OUT: tr("Two-way referral form (transfer out)"),
        Paper.BACK: tr("Two-way referral form (return)"),
        Paper.CONSENT: tr("Consent to a two-way referral"),
        Paper.FAMILY: tr("Follow-up plan for the family"),
    }[paper]


def sheets(papers: ReferralPapers, paper: Paper) -> Sheets:
    """A paper in every size; the national forms also for pre-printed paper.

    Raises NotFound for a return form or a plan that is not written.
    """
    make: dict[Paper, Callable[[PageSize, bool], PrintDocument]] = {
        Paper.OUT: lambda page, preprinted: transfer_out(papers, page, preprinted=preprinted),
        Paper.BACK: lambda page, preprinted: transfer_back(papers, page, preprinted=preprinted),
        Paper.CONSENT: lambda page, _: consent_sheet(papers, page),
        Paper.FAMILY: lambda page, _: family_plan(papers, page),
    }
    if paper not in papers.kinds():
        raise NotFound(tr("This paper is not written yet. Nothing was printed."))
    return Sheets(paper, make[paper], can_be_preprinted=paper in (Paper.OUT, Paper.BACK))


# -- the national forms ---------------------------------------------------------------------


def transfer_out(
    papers: ReferralPapers, page: PageSize = "A4", *, preprinted: bool = False
) -> PrintDocument:
    """转出单. The stub stays with the writer, so the receiver's print begins below it."""
    view, letter = papers.view, papers.view.letter
    heights = (12.0, 24.0, 14.0, 18.0) if page == "A4" else (7.5, 13.0, 7.5, 10.0)
    if not preprinted:
        # Room to add a line by hand; the rest of the page is for what goes along.
        heights = (8.0, 12.0, 8.0, 10.0) if page == "A4" else (6.0, 8.0, 6.0, 7.0)
    # A letter of a hospital to those below says why in its reasons and tells the rest in its reply.
    cause = letter.present_history or reason_words(view)
    words = (letter.impression, cause, letter.past_history, letter.treatment_given)
    names = (
        tr("First impression"),
        tr("Present history (cause of the referral)"),
        tr("Past history"),
        tr("Treatment so far"),
    )
    form = _who(view) | {
        "to_name": view.to_name,
        "to_department": letter.to_department,
        "to_doctor": letter.to_doctor,
        "doctor": view.doctor_name,
        "doctor_phone": view.doctor_phone,
        "from_name": view.from_name,
        "written_on": day_words(view.written_on),
        "parts": list(zip(names, words, heights, strict=True)),
    }
    more = () if preprinted else more_of_letter(view, files_words(papers.files))
    return _document(papers, Paper.OUT, page, form, more, preprinted, _keeps_stub(view))


def transfer_back(
    papers: ReferralPapers, page: PageSize = "A4", *, preprinted: bool = False
) -> PrintDocument:
    """回转单, with what a summary adds. Raises NotFound while no reply is written."""
    view, reply = papers.view, papers.returns.reply
    if reply is None:
        raise NotFound(tr("This paper is not written yet. Nothing was printed."))
    given = reply.input
    results, plan = (24.0, 42.0) if page == "A4" else (13.0, 26.0)
    if not preprinted:
        results, plan = (14.0, 20.0) if page == "A4" else (8.0, 16.0)
    treatment = "\n".join(
        tr("{what}: {words}").format(what=name, words=words)
        for name, words in (
            (tr("Treatment given"), given.treatment_given),
            (tr("Treatment that follows"), given.next_plan),
            (tr("Advice for rehabilitation"), given.rehab_advice),
        )
        if words
    )
    to_the_writer = reply.to_name == view.from_name
    form = _who(view) | {
        "to_name": reply.to_name,
        "to_doctor": view.doctor_name if to_the_writer else view.letter.to_doctor,
        "inpatient_no": given.inpatient_no or papers.returns.stay.inpatient_no,
        "doctor": reply.doctor_name,
        "doctor_phone": given.doctor_phone or reply.doctor_phone,
        "from_name": reply.organisation_name,
        "written_on": day_words(reply.written_on),
        "diagnosis": given.diagnosis,
        "parts": [
            (tr("Main results of examinations"), given.exam_results, results),
            (
                tr("Treatment, treatment that follows and advice for rehabilitation"),
                treatment,
                plan,
            ),
        ],
    }
    more: tuple[Pair, ...] = ()
    if not preprinted:
        files = files_words(papers.reply_files)
        more = more_of_reply(view, papers.returns, reply, files)
    return _document(papers, Paper.BACK, page, form, more, preprinted, reply.own)


def _document(
    papers: ReferralPapers,
    paper: Paper,
    page: PageSize,
    form: dict[str, object],
    more: tuple[Pair, ...],
    preprinted: bool,
    stub: bool,
) -> PrintDocument:
    return PrintDocument(
        title=_title(papers, paper),
        forms=fill(
            paper.value,
            p=form,
            stub=stub,
            narrow=page == "A5",
            h=_LINE[page],
            more=in_rows(more, 18 if page == "A4" else 13),
        ),
        about=_about(papers),
        page=page,
        margins=MARGINS[page],
        footer=_footer(papers),
        preprinted=preprinted,
    )


def _who(view: ReferralView) -> dict[str, object]:
    patient = view.patient
    return {
        "number_words": _number(view),
        "urgency_words": _urgency(view),
        "name": patient.name,
        "sex": codes.label("sex", patient.sex),
        "age": "" if patient.age is None else str(patient.age),
        "record_no": patient.record_no,
        "address": patient.address,
        "phone": patient.phone,
    }


def _urgency(view: ReferralView) -> str:
    """Only what is more urgent than usual stands at the head of the paper."""
    if view.urgency == "routine":
        return ""
    words = codes.label("referral_urgency", view.urgency)
    return tr("{what}: {words}").format(what=tr("Urgency"), words=words)


def _keeps_stub(view: ReferralView) -> bool:
    return view.side is Side.SENDER


# -- the county's sheets --------------------------------------------------------------------


def consent_sheet(papers: ReferralPapers, page: PageSize = "A4") -> PrintDocument:
    """The consent, to be signed by hand: nothing is ticked. With the part that is signed afterwards
    where the letter is an emergency or the signature was put off."""
    view, letter = papers.view, papers.view.letter
    rows = [
        (tr("Referred from"), view.from_name),
        (
            tr("Referred to"),
            "  ".join(part for part in (view.to_name, letter.to_department) if part),
        ),
        (tr("Diagnosis"), letter.impression),
        (tr("Reasons"), reason_words(view)),
        (tr("Urgency"), codes.label("referral_urgency", view.urgency)),
        (tr("Transport"), codes.label("referral_transport", letter.transport)),
    ]
    explained = (
        tr(
            "The condition, why a referral is advised, what it is expected to bring, and what else "
            "could be done."
        ),
        tr(
            "The condition may become worse on the way or while waiting; what is done then, and "
            "that 120 may be called at any time."
        ),
        tr(
            "The information needed for the treatment is sent to the receiving institution and is "
            "used for nothing else."
        ),
        tr("Costs and insurance of the receiving institution follow its own rules."),
        tr("The patient may ask questions, refuse, or take back the consent before leaving."),
    )
    later = letter.is_emergency or letter.consent == "later"
    return PrintDocument(
        title=_title(papers, Paper.CONSENT),
        forms=fill(
            Paper.CONSENT.value,
            p=_who(view) | {"doctor": view.doctor_name, "from_name": view.from_name},
            rows=[(name, words) for name, words in rows if words],
            explained=explained,
            recorded=consent_words(view) if letter.consent else "",
            emergency=later,
            hours=f"{papers.consent_hours:g}",
            h=_LINE[page],
            narrow=page == "A5",
            sign=11 if page == "A4" else 7.5,
        ),
        about=_about(papers),
        page=page,
        margins=MARGINS[page],
        footer=_footer(papers),
    )


def family_plan(papers: ReferralPapers, page: PageSize = "A4") -> PrintDocument:
    """The plan for the family in large type. Raises NotFound while no plan is written."""
    view, plan, reply = papers.view, papers.returns.plan, papers.returns.reply
    if plan is None:
        raise NotFound(tr("This paper is not written yet. Nothing was printed."))
    given = plan.input
    done = papers.returns.done
    steps = [
        {
            "day": day_words(step.due_on) if step.due_on else "",
            "weekday": weekday_words(step.due_on) if step.due_on else "",
            "title": step_word(step),
            "what": step.what,
            "by": step.by,
            "done": step.id in done,
        }
        for step in in_order(given.steps)
    ]
    chapters = [
        (tr("Exercises at home"), rehab_words(given.rehab) if given.rehab else ""),
        (tr("Advice for rehabilitation"), reply.input.rehab_advice if reply else ""),
        (tr("Take care"), given.precautions),
        (tr("Next appointment"), booking_words(view.booking) if view.state in _EXPECTED else ""),
    ]
    who = " ".join(part for part in (plan.organisation_name, plan.doctor_name) if part)
    return PrintDocument(
        title=_title(papers, Paper.FAMILY),
        forms=fill(
            Paper.FAMILY.value,
            p=_who(view),
            narrow=page == "A5",
            diagnosis=reply.input.diagnosis if reply else view.letter.impression,
            steps=steps,
            drugs=reply.input.drugs if reply else (),
            chapters=[(name, words) for name, words in chapters if words],
            signs=given.warning_signs,
            phone=given.contact_phone or (reply.doctor_phone if reply else ""),
            signature=who,
        ),
        about=_about(papers),
        page=page,
        margins=MARGINS[page],
        footer=_footer(papers),
    )


#: While the patient is still expected somewhere, the plan says where and when.
_EXPECTED: frozenset[State] = frozenset({State.SENT, State.ACCEPTED})


def _title(papers: ReferralPapers, paper: Paper) -> str:
    """The name of the print job: the number of the referral, never a person's name."""
    return f"{paper_words(paper)} {papers.view.referral_no}".strip()


def _footer(papers: ReferralPapers) -> str:
    return _number(papers.view)


def _number(view: ReferralView) -> str:
    if not view.referral_no:
        return ""
    return tr("No. {number}").format(number=view.referral_no)


def _about(papers: ReferralPapers) -> About:
    return About("referral", papers.view.referral_id, 1)
