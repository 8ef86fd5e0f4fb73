"""Dialogs of an expert visit: plan or change it, how it went, why not, the host's word."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.care.outreach.visit_lists import VisitView
from app.care.outreach.visits import MOST_COUNT, MOST_QUOTA, Host, VisitInput, VisitResult
from app.i18n import tr
from app.ui import theme
from app.ui.referrals.dialogs import FormDialog, check_time
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ListField
from app.ui.widgets.fields import Field, TextArea, TextField
from app.ui.widgets.values import DateField, NumberField


class PlanDialog(FormDialog):
    """A visit to be planned or, with ``view``, changed: its host stays then."""

    def __init__(
        self,
        hosts: tuple[Host, ...],
        day: date,
        today: date,
        parent: QWidget | None,
        view: VisitView | None = None,
    ) -> None:
        title = tr("Plan a visit") if view is None else tr("Change the visit")
        super().__init__(title, tr("Save"), parent)
        self.setMinimumWidth(theme.FORM_WIDTH)
        host = ListField(
            "host_organisation_id", tr("Member"), [(h.id, h.name) for h in hosts], required=True
        )
        earliest = today if view is None else min(today, day)
        on = DateField(
            "visit_on", tr("Day"), required=True, nearest="future", earliest=earliest, today=today
        )
        starts = TextField(
            "starts_at", tr("From"), required=True, width=theme.NUMBER_WIDTH, check=check_time
        )
        ends = TextField(
            "ends_at", tr("Until"), required=True, width=theme.NUMBER_WIDTH, check=check_time,
            label_width=theme.LABEL_SECOND,
        )  # fmt: skip
        name = TextField("expert_name", tr("Expert"), required=True, limit=50)
        grade = TextField("expert_title", tr("Title"), limit=100, label_width=theme.LABEL_SECOND)
        rest: list[Field] = [
            TextField("department", tr("Department"), required=True, limit=100),
            TextField("topics", tr("Topics"), limit=300, placeholder=tr("e.g. back pain, stroke")),
            TextField("place", tr("Place"), limit=100),
            NumberField("quota", tr("Places"), hard=(1, MOST_QUOTA)),
        ]
        self.fields.add(host, on, starts, ends, name, grade, *rest)
        self.body.addWidget(host)
        self.body.addWidget(on)
        for pair in ((starts, ends), (name, grade)):
            row = QHBoxLayout()
            row.setSpacing(theme.GAP_CARD)
            for field in pair:
                row.addWidget(field, 1)
            self.body.addLayout(row)
        for field in rest:
            self.body.addWidget(field)
        if view is not None:
            for each in fields(view.plan):
                self.fields[each.name].set_value(getattr(view.plan, each.name) or None)
            host.setEnabled(False)
            on.setFocus()
        else:
            on.set_value(day if day >= today else None)
            host.setFocus()

    def plan(self) -> VisitInput:
        """What is typed."""
        values = self.fields.values()
        texts = {k: v or "" for k, v in values.items() if k not in ("visit_on", "quota")}
        return VisitInput(visit_on=values["visit_on"], quota=values["quota"], **texts)


class ResultDialog(FormDialog):
    """How a visit went, in numbers and words."""

    def __init__(self, view: VisitView, parent: QWidget | None) -> None:
        super().__init__(tr("How the visit went"), tr("Save as held"), parent)
        self.body.addWidget(label(about(view), "secondary", wrap=True))
        for key, words in (
            ("clinic_count", tr("Seen at the clinic")),
            ("ward_round_count", tr("Seen on rounds")),
            ("procedure_count", tr("Procedures")),
            ("teaching_count", tr("Staff taught")),
        ):
            field = NumberField(
                key, words, hard=(0, MOST_COUNT), unit=tr("people"), label_width=theme.LABEL_WIDE
            )
            if key == "procedure_count":
                field.set_unit(tr("times"))
            self.fields.add(field)
            self.body.addWidget(field)
        summary = TextArea("summary", tr("Summary"), lines=4, required=True, stacked=True)
        self.fields.add(summary)
        self.body.addWidget(summary)
        self.fields["clinic_count"].setFocus()

    def said(self) -> VisitResult:
        """What is typed."""
        values = self.fields.values()
        summary = values.pop("summary") or ""
        return VisitResult(summary=summary, **values)


class CountersignDialog(FormDialog):
    """The host confirms that the expert was here."""

    def __init__(self, view: VisitView, parent: QWidget | None) -> None:
        super().__init__(tr("Countersign the visit"), tr("Countersign"), parent)
        self.body.addWidget(label(about(view), "strong", wrap=True))
        self.body.addWidget(
            label(tr("You confirm in your name that the expert was here."), "secondary", wrap=True)
        )
        self.remark = TextArea("remark", tr("Remark"), lines=3, stacked=True)
        self.fields.add(self.remark)
        self.body.addWidget(self.remark)
        self.remark.setFocus()

    def words(self) -> str:
        return self.remark.value() or ""


def about(view: VisitView) -> str:
    """``2026-03-09 08:30–11:30 · 心血管内科 李建华 主任医师 · 白塔畈镇中心卫生院``."""
    plan = view.plan
    day = plan.visit_on.isoformat() if plan.visit_on is not None else ""
    expert = " ".join(p for p in (plan.department, plan.expert_name, plan.expert_title) if p)
    return "  ·  ".join((f"{day} {plan.starts_at}–{plan.ends_at}", expert, view.host_name))
