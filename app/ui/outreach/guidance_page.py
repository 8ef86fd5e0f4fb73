"""Guidance by county doctors and joint rounds of two members: the list, and a new visit."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.care.outreach.guidance import (
    JOINT_ROUND,
    MOST_MINUTES,
    PURPOSES,
    GuidanceInput,
    GuidanceLine,
    GuidanceStart,
    begin_guidance,
    list_guidance,
    record_guidance,
    void_guidance,
)
from app.care.referral_lists import Receiver, is_lead_hospital, receivers
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.outreach.consultation_dialogs import SureDialog
from app.ui.outreach.controller import OutreachController
from app.ui.outreach.drafts import keep_draft
from app.ui.outreach.records_page import RecordsPage
from app.ui.outreach.words import entries
from app.ui.referrals.dialogs import FormDialog, PersonDialog
from app.ui.referrals.words import breakable, who
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import TextArea, TextField
from app.ui.widgets.tables import Column
from app.ui.widgets.values import DateField, NumberField

KINDS = ("referral_visit", "shared_note")


class GuidanceDialog(FormDialog):
    """One visit of guidance, or a joint round."""

    def __init__(
        self,
        start: GuidanceStart,
        offered: tuple[Receiver, ...],
        context: Any,
        parent: QWidget | None,
    ) -> None:
        # A window's title is shown by the system, in lists and on locked screens: no name in it.
        super().__init__(tr("Guidance or joint round"), tr("Save"), parent)
        name = tr("{name}, {who}").format(name=start.name, who=who(start.sex, start.age))
        self.body.addWidget(label(name, "strong", wrap=True))
        self.setMinimumWidth(theme.FORM_WIDTH + theme.NAME_WIDTH)
        self.start = start
        today = context.store.clock.today()
        lead = is_lead_hospital(context.store)
        purposes = [entry for entry in entries("referral_visit_purpose") if entry[0] in PURPOSES]
        purpose = ChoiceField("purpose", tr("Kind of guidance"), purposes, required=True)
        belongs = ListField(
            "link", tr("Belongs to"), [(link.id, link.words) for link in start.links]
        )
        others = [(e.id, e.name) for e in offered if start.only_to in ("", e.id)]
        to = ListField("to", tr("Shared with"), others)
        mode = ChoiceField("mode", tr("Mode"), entries("referral_visit_mode"), required=True)
        on = DateField("visited_on", tr("Day"), required=True, latest=today, today=today)
        minutes = NumberField("minutes", tr("Minutes"), hard=(1, MOST_MINUTES))
        guide = TextField("guide_name", tr("County doctor"), required=True, limit=100)
        local = TextField("local_doctor_name", tr("Doctor here"), required=True, limit=100)
        found = TextArea("findings", tr("Findings"), lines=3, required=True)
        changes = TextArea("plan_changes", tr("Changes of the plan"), lines=2, required=True)
        again = DateField("next_on", tr("Next time"), nearest="future", today=today)
        self.fields.add(
            purpose, belongs, to, mode, on, minutes, guide, local, found, changes, again
        )
        for line in (
            (purpose,), (belongs,), (to,), (mode,), (on, minutes), (guide, local), (found,),
            (changes,), (again,),
        ):  # fmt: skip
            row = QHBoxLayout()
            row.setSpacing(theme.GAP_CARD)
            for field in line:
                row.addWidget(field, 1)
            self.body.addLayout(row)
        purpose.set_value(PURPOSES[0])
        on.set_value(today)
        (guide if lead else local).set_value(context.actor.name)
        if start.links:
            belongs.set_value(start.links[0].id)
        if start.only_to:
            to.set_value(start.only_to)
        self._follow()
        belongs.changed.connect(self._follow)
        purpose.changed.connect(self._named)
        purpose.setFocus()

    def _follow(self) -> None:
        """The other house of a referral or plan is known."""
        link = self._link()
        if link is not None and link.other_id:
            self.fields["to"].set_value(link.other_id)

    def _named(self) -> None:
        joint = self.fields["purpose"].value() == JOINT_ROUND
        self.fields["guide_name"].set_label(tr("Who came along") if joint else tr("County doctor"))

    def _link(self) -> Any:
        chosen = self.fields["link"].value()
        return next((link for link in self.start.links if link.id == chosen), None)

    def given(self) -> GuidanceInput:
        """What is typed."""
        v = self.fields.values()
        return GuidanceInput(
            self.start.resident_id,
            v["purpose"] or "",
            self._link(),
            v["to"] or "",
            v["mode"] or "",
            v["visited_on"],
            v["guide_name"] or "",
            v["local_doctor_name"] or "",
            v["findings"] or "",
            v["plan_changes"] or "",
            v["next_on"],
            v["minutes"],
        )


class GuidancePage(RecordsPage):
    """Newest first, of the own house and those that another house shared."""

    def __init__(self, controller: OutreachController) -> None:
        columns: list[Column[GuidanceLine]] = [
            Column(tr("Day"), lambda row: row.visited_on.isoformat(), 100),
            Column(tr("Name"), lambda row: row.resident_name, 90, strong=True),
            Column(tr("Kind of guidance"), _kind, 110, tone=_tone),
            Column(tr("Guide"), lambda row: row.guide_name, 90),
            Column(tr("Findings"), lambda row: row.findings.replace("\n", " "), None),
            Column(
                tr("Next time"), lambda row: row.next_on.isoformat() if row.next_on else "", 100
            ),
        ]
        super().__init__(
            controller,
            tr("Guidance and joint rounds"),
            columns,
            tr("New visit"),
            tr("Written by mistake…"),
            (
                tr("No guidance yet."),
                tr("Ctrl+N writes the first visit down; the other house reads it after a sync."),
            ),
        )
        self.person: PersonDialog | None = None

    def reload(self) -> None:
        self._ask(list_guidance)

    def show_one(self, visit_id: str) -> None:
        """Put the cursor on a visit."""
        self._wanted = visit_id
        self.reload()

    def begin(self) -> None:
        dialog = PersonDialog(self._context, self, tr("Whom is the visit about?"))
        dialog.accepted.connect(lambda: self.write(dialog.resident_id))
        dialog.finished.connect(dialog.deleteLater)
        self.person = dialog
        dialog.open()

    def write(self, resident_id: str) -> None:
        """A new visit of a resident."""
        self._controller.read(
            begin_guidance, resident_id, done=self._begun, failed=self.strip.say_error
        )

    def _begun(self, start: GuidanceStart) -> None:
        c = self._context
        dialog = GuidanceDialog(start, receivers(c.store, c.actor), c, self.window())
        keep_draft(self._controller, dialog, "guidance", start.resident_id)
        said = tr("Saved. The other side sees it after the next synchronisation.")
        self._controller.ask(dialog, KINDS, lambda: (record_guidance, dialog.given()), said)

    def _void(self) -> None:
        row = self.table.current()
        if row is not None:
            sure = SureDialog(tr("Mark this visit as written by mistake?"), self.window())
            said = tr("Marked as written by mistake.")
            self._controller.ask(sure, KINDS, lambda: (void_guidance, row.visit_id), said)

    def _say(self, row: GuidanceLine) -> tuple[str, str]:
        pairs = (
            (tr("Mode"), codes.label("referral_visit_mode", row.mode)),
            (tr("Belongs to"), tr("Referral {number}").format(number=row.referral_no).strip()
             if row.referral_id else ""),
            (tr("Written at"), row.from_name),
            (tr("Shared with"), tr(", ").join(row.to_names)),
            (tr("Guide"), row.guide_name),
            (tr("Doctor here"), row.local_doctor_name),
            (tr("Minutes"), str(row.minutes) if row.minutes else ""),
            (tr("Findings"), row.findings),
            (tr("Changes of the plan"), row.plan_changes),
        )  # fmt: skip
        words = "\n".join(tr("{what}: {detail}").format(what=w, detail=d) for w, d in pairs if d)
        if row.void:
            words = tr("Written by mistake: it does not hold.") + "\n" + words
        return f"{row.resident_name}  {who(row.sex, row.age)}", breakable(words)


def _kind(row: GuidanceLine) -> str:
    words = codes.label("referral_visit_purpose", row.purpose)
    return tr("{what} (mistake)").format(what=words) if row.void else words


def _tone(row: GuidanceLine) -> theme.Tone | None:
    return "danger" if row.void else None
