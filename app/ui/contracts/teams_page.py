"""The teams of the organisation: the list left, one of them right."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.care.contracts.teams import (
    TEAM_ROLES,
    Colleague,
    Team,
    TeamInput,
    TeamMember,
    colleagues,
    load_teams,
    save_team,
    villages,
)
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.contracts.controller import ContractsController
from app.ui.contracts.row_editor import RowEditor
from app.ui.contracts.sign_page import entries
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable

_YES = "1"


class TeamsPage(Page):
    """``left``: back to the lists."""

    left = Signal()

    def __init__(self, controller: ContractsController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Teams"), parent=parent)
        self._controller = controller
        self._context = controller.context
        self.team: Team | None = None
        self._colleagues: dict[str, Colleague] = {}
        self._places: tuple[str, ...] = ()
        self.model = PagedModel(
            [
                Column(tr("Team"), lambda row: row.name, None, strong=True),
                Column(tr("Leader"), lambda row: row.leader_name, 76),
                Column(tr("State"), lambda row: tr("in use") if row.active else tr("given up"), 64),
            ]
        )
        self.table = RecordTable(self.model, tr("Teams"), plain=True)
        self.table.chosen.connect(self._fill)
        side = Card(tr("Teams of this organisation"))
        side.setFixedWidth(theme.SIDE_WIDTH)
        side.body.addWidget(self.table, 1)
        self.new_button = Button(tr("New team"), self.begin, icon_name="add-line")
        side.add_action(self.new_button)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(side)
        row.addWidget(self._editor(), 1)
        self.body.addLayout(row, 1)
        self.save_button = PrimaryButton(tr("Save"), self._save)
        self.add_footer(Button(tr("Go back"), self.left.emit), self.save_button)
        FormNavigator(self, last=self.save_button)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.left)

    def _editor(self) -> Card:
        self.form = FormFields(self)
        colleague = ListField(
            "colleague", tr("Of our staff"), [], stacked=True, width=theme.NAME_WIDTH
        )
        self.members = RowEditor(
            tr("Members"),
            (
                colleague,
                TextField("name", tr("Name"), required=True, limit=50, stacked=True,
                          width=theme.DATE_WIDTH),
                ListField("role", tr("Role"), entries("care_team_role"), required=True,
                          stacked=True, width=theme.DATE_WIDTH),
                TextField("phone", tr("Phone"), limit=30, stacked=True, width=theme.DATE_WIDTH),
            ),
            [
                Column(tr("Name"), lambda row: row.name, 110, strong=True),
                Column(tr("Role"), lambda row: codes.label("care_team_role", row.role), 120),
                Column(tr("Phone"), lambda row: row.phone, 140),
                Column(
                    tr("Of our staff"),
                    lambda row: tr("yes") if row.staff_id else tr("from outside"),
                    None,
                ),
            ],
            lambda v, old: TeamMember(
                v["name"] or "", v["role"] or "", v["colleague"] or "", v["phone"] or ""
            ),
            lambda row: {
                "colleague": row.staff_id or None,
                "name": row.name,
                "role": row.role,
                "phone": row.phone,
            },
        )  # fmt: skip
        colleague.changed.connect(self._colleague_chosen)
        self.form.add(
            TextField("name", tr("Name of the team"), required=True, limit=200),
            ListField("leader", tr("Leader"), [], required=True, width=theme.TILE_WIDTH),
            ChoiceField("villages", tr("Villages"), [], multiple=True),
            TextField("area", tr("Service area"), limit=200),
            TextField("phone", tr("Phone"), limit=30, width=theme.TILE_WIDTH),
            TextField("note", tr("Note"), limit=200),
            ChoiceField("active", tr("In use"), [("1", tr("yes")), ("2", tr("no"))]),
        )
        card = Card(tr("Team"))
        card.body.addWidget(self.form["name"])
        card.body.addWidget(self.members, 1)
        for key in ("leader", "villages", "area", "phone", "note", "active"):
            card.body.addWidget(self.form[key])
        self.members.changed.connect(self._offer_leaders)
        return card

    # -- showing --------------------------------------------------------------------------------

    def open(self) -> None:
        """Everything anew; the first team is shown, or an empty form."""
        read, oops = self._controller.read, self.strip.say_error
        self.strip.clear()
        read(colleagues, done=self._staff, failed=oops)
        read(villages, done=self._villages, failed=oops)
        self._reload("")
        self.form["name"].setFocus()

    def _reload(self, team_id: str) -> None:
        def show(found: tuple[Team, ...]) -> None:
            self.model.set_rows(found)
            at = next((n for n, each in enumerate(found) if each.id == team_id), 0)
            if found:
                self.table.choose(at)
                self._fill(found[at])
            else:
                self.begin()

        def load(store: Any, actor: Any) -> tuple[Team, ...]:
            return load_teams(store, actor, retired=True)

        self._controller.read(load, done=show, failed=self.strip.say_error)

    def begin(self) -> None:
        """An empty form for a new team."""
        self.team = None
        self.form.clear()
        self.members.set_rows(())
        self._offer_leaders()
        self._offer_villages(())
        self.form["active"].set_value(_YES)
        self._dress()
        self.form["name"].setFocus()

    def _fill(self, team: Team) -> None:
        self.team = team
        self.form.clear()
        self.members.set_rows(team.members)
        self._offer_leaders()
        self._offer_villages(team.villages)
        for key, value in (
            ("name", team.name),
            ("leader", team.leader_name),
            ("villages", team.villages),
            ("area", team.area),
            ("phone", team.phone),
            ("note", team.note),
            ("active", _YES if team.active else "2"),
        ):
            self.form[key].set_value(value)
        self._dress()

    def _dress(self) -> None:
        may = self._context.may(*TEAM_ROLES)
        self.save_button.setEnabled(may)
        self.new_button.setEnabled(may)
        self.set_note("" if may else tr("Only a doctor or the administrator changes teams."))

    def _staff(self, found: tuple[Colleague, ...]) -> None:
        self._colleagues = {each.staff_id: each for each in found}
        field: Any = self.members.form["colleague"]
        field.set_entries([(each.staff_id, each.name) for each in found])

    def _villages(self, found: tuple[str, ...]) -> None:
        self._places = found
        self._offer_villages(self.team.villages if self.team else ())

    def _offer_villages(self, kept: tuple[str, ...]) -> None:
        field: Any = self.form["villages"]
        names = dict.fromkeys((*self._places, *kept))
        field.set_entries([(name, name) for name in names])

    def _offer_leaders(self) -> None:
        field: Any = self.form["leader"]
        names = [each.name for each in self.members.rows]
        field.set_entries([(name, name) for name in names])
        if len(names) == 1:
            field.set_value(names[0])

    def _colleague_chosen(self) -> None:
        chosen = self._colleagues.get(self.members.form["colleague"].value() or "")
        if chosen is not None:
            self.members.form["name"].set_value(chosen.name)
            self.members.form["role"].set_value(chosen.role)
            self.members.form["phone"].set_value(chosen.phone)

    # -- saving ---------------------------------------------------------------------------------

    def _save(self) -> None:
        if not self.form.check():
            return
        v: dict[str, Any] = self.form.values()
        team = TeamInput(
            name=v["name"] or "",
            leader=v["leader"] or "",
            members=tuple(self.members.rows),
            villages=tuple(v["villages"]),
            area=v["area"] or "",
            phone=v["phone"] or "",
            note=v["note"] or "",
            active=v["active"] != "2",
        )
        known = self.team
        self._controller.write(
            ("care_team",), save_team, team, known.id if known else "",
            known.change_id if known else "", done=self._saved, failed=self._refused,
        )  # fmt: skip

    def _saved(self, team: Team) -> None:
        self.strip.clear()
        self._context.notify(tr("The team is saved."))
        self._reload(team.id)

    def _refused(self, error: Exception) -> None:
        if isinstance(error, InputError):
            self.strip.say_problems(self.form.show_problems(error.problems))
        else:
            self.strip.say_error(error)
