"""Training: the list of what was taught, and a new one with who took part."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.care.outreach.training import (
    LEAST_HOURS,
    MOST_HOURS,
    Attendee,
    TrainingInput,
    TrainingLine,
    attending,
    list_training,
    record_training,
    void_training,
)
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.contracts.row_editor import RowEditor
from app.ui.outreach.consultation_dialogs import SureDialog
from app.ui.outreach.controller import OutreachController
from app.ui.outreach.drafts import keep_draft
from app.ui.outreach.records_page import RecordsPage
from app.ui.outreach.words import entries
from app.ui.referrals.dialogs import FormDialog
from app.ui.referrals.words import breakable
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import TextField
from app.ui.widgets.tables import Column
from app.ui.widgets.values import DateField, NumberField

KINDS = ("training",)


class TrainingDialog(FormDialog):
    """One training; who took part is taken in line by line."""

    def __init__(
        self, offered: tuple[tuple[str, str], ...], context: Any, parent: QWidget | None
    ) -> None:
        super().__init__(tr("New training"), tr("Save"), parent)
        self.setMinimumWidth(theme.FORM_WIDTH + 2 * theme.NAME_WIDTH)
        today = context.store.clock.today()
        title = TextField("title", tr("Topic"), required=True, limit=100)
        kind = ChoiceField("type", tr("Kind"), entries("training_type"), required=True)
        on = DateField("held_on", tr("Day"), required=True, latest=today, today=today)
        until = DateField("until", tr("Last day"), nearest="future", today=today)
        hours = NumberField(
            "hours", tr("Class hours"), decimals=1, required=True, hard=(LEAST_HOURS, MOST_HOURS)
        )
        teacher = TextField("teacher", tr("Teacher"), required=True, limit=100)
        place = TextField("place", tr("Place"), limit=100)
        materials = TextField("materials", tr("Materials"), limit=2000)
        evaluation = TextField("evaluation", tr("Evaluation"), limit=2000)
        self.fields.add(title, kind, on, until, hours, teacher, place, materials, evaluation)
        for line in (
            (title,), (kind,), (on, until), (hours, teacher), (place, materials), (evaluation,),
        ):  # fmt: skip
            row = QHBoxLayout()
            row.setSpacing(theme.GAP_CARD)
            for field in line:
                row.addWidget(field, 1)
            self.body.addLayout(row)
        names = dict(offered)
        self.people = RowEditor(
            tr("Who took part"),
            (
                ListField(
                    "organisation_id", tr("Organisation"), offered, required=True, stacked=True,
                    width=theme.TILE_WIDTH,
                ),
                TextField("name", tr("Name"), required=True, limit=100, stacked=True,
                          width=theme.NAME_WIDTH),
                NumberField("before", tr("Score before"), decimals=1, hard=(0, 100), stacked=True),
                NumberField("after", tr("Score after"), decimals=1, hard=(0, 100), stacked=True),
            ),
            (
                Column(tr("Organisation"), lambda r: names.get(r.organisation_id, ""), None),
                Column(tr("Name"), lambda r: r.name, 140),
                Column(tr("Score before"), lambda r: _score(r.before), 90, align="right"),
                Column(tr("Score after"), lambda r: _score(r.after), 90, align="right"),
            ),
            lambda values, _: Attendee(
                values["organisation_id"], values["name"], values["before"], values["after"]
            ),
            lambda r: {
                "organisation_id": r.organisation_id, "name": r.name, "before": r.before,
                "after": r.after,
            },
        )  # fmt: skip
        self.people.setMinimumHeight(theme.ROW_HEIGHT * 6)
        self.people.changed.connect(self.strip.clear)
        self.body.addWidget(self.people, 1)
        on.set_value(today)
        title.setFocus()

    def _finish(self) -> None:
        # A person who was typed and not taken in would be lost.
        if not self.people.form.is_blank():
            if not self.people.form.check():
                return
            self.people.take()
        super()._finish()

    def given(self) -> TrainingInput:
        """What is typed."""
        v = self.fields.values()
        return TrainingInput(
            v["title"] or "",
            v["type"] or "",
            v["held_on"],
            v["until"],
            v["hours"],
            v["teacher"] or "",
            v["place"] or "",
            tuple(self.people.rows),
            v["materials"] or "",
            v["evaluation"] or "",
        )


class TrainingPage(RecordsPage):
    """Newest first; hours count for each member that somebody came from."""

    def __init__(self, controller: OutreachController) -> None:
        columns: list[Column[TrainingLine]] = [
            Column(tr("Day"), lambda row: str(row.given.held_on), 100),
            Column(tr("Kind"), _kind, 110, tone=_tone),
            Column(tr("Topic"), lambda row: row.given.title, None, strong=True),
            Column(tr("Teacher"), lambda row: row.given.teacher, 100),
            Column(tr("Class hours"), lambda row: f"{row.given.hours:g}", 76, align="right"),
            Column(tr("Took part"), lambda row: str(len(row.given.attendees)), 76, align="right"),
        ]
        super().__init__(
            controller,
            tr("Training"),
            columns,
            tr("New training"),
            tr("Written by mistake…"),
            (
                tr("No training yet."),
                tr("Ctrl+N writes the first down: a lecture, teaching, a course, a study leave."),
            ),
        )

    def reload(self) -> None:
        self._ask(list_training)

    def begin(self) -> None:
        self._controller.read(attending, done=self._begun, failed=self.strip.say_error)

    def _begun(self, offered: tuple[tuple[str, str], ...]) -> None:
        dialog = TrainingDialog(offered, self._context, self.window())
        keep_draft(self._controller, dialog, "training", lines=dialog.people)
        self._controller.ask(
            dialog, KINDS, lambda: (record_training, dialog.given()), tr("The training is saved.")
        )

    def _void(self) -> None:
        row = self.table.current()
        if row is not None:
            sure = SureDialog(tr("Mark this training as written by mistake?"), self.window())
            said = tr("Marked as written by mistake.")
            self._controller.ask(sure, KINDS, lambda: (void_training, row.training_id), said)

    def _say(self, row: TrainingLine) -> tuple[str, str]:
        given = row.given
        people = "\n".join(
            tr("{name} ({organisation}) {scores}")
            .format(
                name=each.name,
                organisation=row.names.get(each.organisation_id, ""),
                scores=_scores(each),
            )
            .strip()
            for each in given.attendees
        )
        pairs = (
            (tr("Last day"), given.until.isoformat() if given.until else ""),
            (tr("Place"), given.place),
            (tr("Materials"), given.materials),
            (tr("Evaluation"), given.evaluation),
        )
        lines = [tr("{what}: {detail}").format(what=w, detail=d) for w, d in pairs if d]
        if row.void:
            lines.insert(0, tr("Written by mistake: it does not hold."))
        return given.title, breakable("\n".join([*lines, people]))


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:g}"


def _scores(each: Attendee) -> str:
    if each.before is None and each.after is None:
        return ""
    return f"{_score(each.before) or '–'} → {_score(each.after) or '–'}"


def _kind(row: TrainingLine) -> str:
    words = codes.label("training_type", row.given.type)
    return tr("{what} (mistake)").format(what=words) if row.void else words


def _tone(row: TrainingLine) -> theme.Tone | None:
    return "danger" if row.void else None
