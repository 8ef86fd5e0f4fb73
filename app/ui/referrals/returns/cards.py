"""What has come back of a referral on its page: the stay, the reply, the dated plan, visits.

Source of the reply's look: 双向转诊 回转单, National Basic Public Health Services, 3rd ed. 2017.
Everything written by a person is escaped.
"""

from __future__ import annotations

from datetime import date
from html import escape

from PySide6.QtWidgets import QWidget

from app.care.referral_return.inputs import PlanInput
from app.care.referral_return.returns import PlanView, ReplyView, Returns, Stay, VisitView
from app.care.referral_words import step_word
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.referrals.paper import Sheet
from app.ui.referrals.words import breakable, when
from app.ui.style import dress
from app.ui.widgets.cards import Card, label


class ReturnCards:
    """The cards, each hidden while it has nothing to show; the page puts ``widgets`` into its own
    column, where wrapped text gets the height that it needs."""

    def __init__(self) -> None:
        self.stay = label("", "secondary", wrap=True)
        self.awaited = label("", "strong", wrap=True)
        self.reply_card = Card()
        self.reply = Sheet()
        self.reply.setAccessibleName(tr("Reply"))
        self.reply_card.body.addWidget(self.reply)
        self.plan_card = Card(tr("Plan for the time after"))
        self.plan = Sheet()
        self.plan.setAccessibleName(tr("Plan for the time after"))
        self.plan_card.body.addWidget(self.plan)
        self.visits_card = Card(tr("Visits after the return"))
        self.visits = Sheet()
        self.visits.setAccessibleName(tr("Visits after the return"))
        self.visits_card.body.addWidget(self.visits)
        self.widgets: tuple[QWidget, ...] = (
            self.awaited, self.stay, self.reply_card, self.plan_card, self.visits_card,
        )  # fmt: skip

    def show_returns(self, returns: Returns, today: date) -> None:
        """Everything that is known; the newest reply first, earlier ones below it in one line."""
        stay = stay_words(returns.stay, today)
        self.stay.setText(stay)
        self.stay.setVisible(bool(stay))
        awaited = awaited_words(returns.first_visit_by, today)
        self.awaited.setText(awaited)
        self.awaited.setVisible(bool(awaited))
        late = returns.first_visit_by is not None and returns.first_visit_by < today
        dress(self.awaited, kind="strong", tone="danger" if late else "")
        reply, plan = returns.reply, returns.plan
        self.reply_card.setVisible(reply is not None)
        if reply is not None:
            older = [each for each in returns.replies if not each.current]
            self.reply.setText(reply_html(reply) + _older_html(older))
        self.plan_card.setVisible(plan is not None)
        if plan is not None:
            self.plan.setText(plan_html(plan, returns.done, today))
        self.visits_card.setVisible(bool(returns.visits))
        self.visits.setText("".join(_visit_html(visit) for visit in returns.visits))


def awaited_words(by: date | None, today: date) -> str:
    """By when the first visit after the return is to be made, and whether it is late."""
    if by is None:
        return ""
    words = tr("First visit by {day}.").format(day=by.isoformat())
    return tr("{words} Overdue.").format(words=words) if by < today else words


def stay_words(stay: Stay, today: date) -> str:
    """``到诊 今天 09:00 · 入院 … · 出院 … · 住院病案号 …``."""
    moments = (
        (tr("Arrived {time}"), stay.arrived_at),
        (tr("Admitted {time}"), stay.admitted_at),
        (tr("Discharged {time}"), stay.discharged_at),
    )
    parts = [words.format(time=when(at, today)) for words, at in moments if at is not None]
    if stay.inpatient_no:
        parts.append(tr("Inpatient no. {number}").format(number=stay.inpatient_no))
    if stay.phase:
        parts.append(codes.label("referral_phase", stay.phase))
    return "  ·  ".join(parts)


def _safe(text: str) -> str:
    return escape(breakable(text)).replace("\n", "<br>")


def _part(title: str, text: str) -> str:
    if not text:
        return ""
    return f"<p><b>{escape(title)}{tr(': ')}</b><br>{_safe(text)}</p>"


def reply_html(reply: ReplyView) -> str:
    """The reply as rich text: title, parts in the order of the form, signature."""
    given = reply.input
    title = (
        tr("Two-way referral form (return), with summary")
        if reply.is_summary
        else tr("Two-way referral form (return)")
    )
    facts = [codes.label("reply_kind", given.visit_kind), given.department]
    if given.admitted_on is not None and given.discharged_on is not None:
        facts.append(f"{given.admitted_on.isoformat()} – {given.discharged_on.isoformat()}")
    if given.inpatient_no:
        facts.append(tr("Inpatient no. {number}").format(number=given.inpatient_no))
    c = theme.colours()
    head = (
        f'<p align="center" style="font-size:{theme.SECTION_POINTS}pt; font-weight:600">'
        f'{escape(title)}</p><p style="color:{c.text_secondary}">'
        f"{_safe('  ·  '.join(part for part in facts if part))}</p>"
    )
    body = "".join(
        _part(name, text)
        for name, text in (
            (tr("Diagnosis"), given.diagnosis),
            (tr("Main results of examinations"), given.exam_results),
            (tr("Treatment given"), given.treatment_given),
            (tr("Treatment that follows"), given.next_plan),
            (tr("Advice for rehabilitation"), given.rehab_advice),
            (tr("Drugs to go on with"), "\n".join(given.drugs)),
            (tr("Points of attention"), given.attention_points),
        )
    )
    signature = "  ·  ".join(
        part
        for part in (
            reply.organisation_name,
            reply.doctor_name,
            reply.doctor_phone,
            reply.written_on.isoformat(),
        )
        if part
    )
    return f'{head}{body}{_hand_over(reply)}<p align="right">{_safe(signature)}</p>'


def _hand_over(reply: ReplyView) -> str:
    if not reply.is_summary:
        return ""
    given = reply.input
    reasons = tr(", ").join(
        codes.label("referral_down_reason", code) for code in given.reason_codes
    )
    rows = [
        (tr("Phase"), codes.label("referral_phase", given.phase)),
        (tr("Reasons"), "\n".join(part for part in (reasons, given.reason_text) if part)),
    ]
    for entry in codes.entries("referral_checklist"):
        answer = given.checklist.get(entry.code)
        if answer is not None:
            rows.append((entry.label, tr("Yes") if answer else tr("No")))
    c = theme.colours()
    cells = "".join(
        f'<tr><td width="42%" style="color:{c.text_secondary}; padding:2px 8px 2px 0">'
        f'{escape(name)}</td><td style="padding:2px 0">{_safe(text)}</td></tr>'
        for name, text in rows
        if text
    )
    return f'<hr><table width="100%">{cells}</table>'


def _older_html(older: list[ReplyView]) -> str:
    c = theme.colours()
    return "".join(
        f'<p style="color:{c.text_secondary}; font-size:{theme.SECONDARY_POINTS}pt">'
        + _safe(
            tr("Before it, {date}, {doctor}: {diagnosis}").format(
                date=reply.written_on.isoformat(),
                doctor=reply.doctor_name,
                diagnosis=reply.input.diagnosis,
            )
        )
        + "</p>"
        for reply in older
    )


def plan_html(plan: PlanView, done: frozenset[str], today: date) -> str:
    """The steps with their dates, those done ticked, late ones in the colour and word of late."""
    c = theme.colours()
    rows = []
    for step in plan.input.steps:
        if step.id in done:
            sign = f'<span style="color:{c.confirmed}">✓ {escape(tr("done"))}</span>'
        elif step.due_on is not None and step.due_on < today:
            sign = f'<span style="color:{c.danger}">{escape(tr("overdue"))}</span>'
        else:
            sign = ""
        words = "  ".join(part for part in (step.what, step.by) if part)
        day = step.due_on.isoformat() if step.due_on else ""
        rows.append(
            f'<tr><td width="20%" style="padding:2px 8px 2px 0">{day}</td>'
            f'<td width="22%" style="padding:2px 8px 2px 0"><b>{escape(step_word(step))}</b></td>'
            f'<td style="padding:2px 0">{_safe(words)}</td>'
            f'<td width="14%" align="right" style="padding:2px 0">{sign}</td></tr>'
        )
    given = plan.input
    more = (
        _rehab_html(given)
        + _part(tr("Precautions of the plan"), given.precautions)
        + _part(tr("Come back or call 120 when"), given.warning_signs)
        + _part(tr("Phone for questions"), given.contact_phone)
    )
    return f'<table width="100%">{"".join(rows)}</table>{more}'


def _rehab_html(plan: PlanInput) -> str:
    rehab = plan.rehab
    if rehab is None:
        return ""
    exercises = tr(", ").join(
        " ".join(part for part in (codes.label("rehab_exercise", i.exercise), i.dose()) if part)
        for i in rehab.items
    )
    rows = (
        (tr("Short-term goal"), rehab.goal_short),
        (tr("Long-term goal"), rehab.goal_long),
        (tr("Precautions in training"), rehab.precautions),
        (tr("Contraindications"), rehab.contraindications),
        (tr("Exercises"), exercises),
    )
    return "<hr>" + "".join(_part(name, text) for name, text in rows)


def _visit_html(visit: VisitView) -> str:
    facts = (
        visit.visited_on.isoformat(),
        codes.label("referral_visit_purpose", visit.purpose),
        codes.label("referral_visit_mode", visit.mode),
        visit.guide_name,
        visit.local_doctor_name,
    )
    words = "  ·  ".join(part for part in facts if part)
    changes = ""
    if visit.plan_changes:
        changes = "<br>" + _safe(tr("Plan changed: {words}").format(words=visit.plan_changes))
    return f"<p><b>{_safe(words)}</b><br>{_safe(visit.findings)}{changes}</p>"
