"""The form of a contract, in the order of the paper: one resident, a village, or a renewal."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.care.contracts.opening import FormContext, Person
from app.care.contracts.packages import CATEGORY_PACKAGES, PAYERS, Package
from app.care.contracts.signing import BatchSigned, Signed, renew, sign, sign_batch
from app.care.contracts.signing_form import ContractInput
from app.care.contracts.terms import TERMS, last_day
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.contracts.controller import ContractsController
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card, Chip, label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.values import DateField, NumberField

FORM = "contract"
KINDS = ("contract", "resident")
_YES, _NO = "1", "2"
_NAMES_SHOWN = 40
_LINES = (
    ("category",), ("package_ids",), ("team_id", "doctor"), ("signed_on", "starts_on"),
    ("term_years",), ("source",), ("read_to_resident", "charged"),
    ("signer_relation", "signer_name"),
)  # fmt: skip
_FORM_SHARE, _SIDE_SHARE = 17, 8


def entries(code_list: str) -> list[tuple[str, str]]:
    """A code list as choices."""
    return [(entry.code, entry.label) for entry in codes.entries(code_list)]


class SignPage(Page):
    """``signed(result)``: Signed or BatchSigned; ``left``: back without saving (draft kept)."""

    signed = Signal(object)
    left = Signal()

    def __init__(self, controller: ContractsController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Sign a contract"), scroll=True, parent=parent)
        self._controller = controller
        self._context = controller.context
        self.known: FormContext | None = None
        self._saving = False
        self.form = FormFields(self)
        self._build_form()
        self.save_button = PrimaryButton(tr("Sign"), self._save, icon_name="quill-pen-line")
        self.add_footer(Button(tr("Go back"), self.leave_page), self.save_button)
        FormNavigator(self, last=self.save_button)
        self._keeper = DraftKeeper(self._context, FORM, self.form, parent=self)
        self._keeper.failed.connect(lambda text: self.strip.say(text, "attention"))
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.leave_page)

    # -- building -------------------------------------------------------------------------------

    def _build_form(self) -> None:
        today = self._context.clock.today()
        yes_no = [(_YES, tr("yes")), (_NO, tr("no"))]
        left: tuple[Any, ...] = (
            ChoiceField("category", tr("Kind"), entries("contract_category"), required=True),
            ChoiceField("package_ids", tr("Packages"), [], multiple=True, required=True),
            ListField("team_id", tr("Team"), [], required=True),
            ListField("doctor", tr("Doctor"), [], required=True),
            DateField("signed_on", tr("Date of signing"), required=True, latest=today, today=today),
            DateField("starts_on", tr("Starts on"), required=True, nearest="future", today=today),
            ChoiceField(
                "term_years", tr("Term"),
                [(str(years), tr("{count} years").format(count=years)) for years in TERMS],
                required=True, digits=False,
            ),
            ChoiceField("source", tr("Signed at"), entries("contract_source")),
            ChoiceField("read_to_resident", tr("Read to the resident"), yes_no, required=True),
            ChoiceField("charged", tr("Charged"), yes_no),
            ListField("signer_relation", tr("Signer"), entries("signer_relation"), required=True),
            TextField("signer_name", tr("Name of signer"), limit=50, width=theme.NAME_WIDTH),
        )  # fmt: skip
        money = [
            NumberField(
                payer, codes.label("package_payer", payer), unit=tr("yuan"), decimals=2,
                hard=(0, 100_000),
            )
            for payer in PAYERS
        ]  # fmt: skip
        last = (
            TextField(
                "contract_no", tr("Number"), limit=50, width=theme.TILE_WIDTH,
                placeholder=tr("blank: given by itself"),
            ),
            TextField("note", tr("Note"), limit=1000),
        )  # fmt: skip
        self.form.add(*left, *money, *last)
        card = Card(tr("What was agreed"))
        for line in _LINES:
            pair = QHBoxLayout()
            pair.setSpacing(theme.GAP_FIELD)
            for key in line:
                pair.addWidget(self.form[key], 1, Qt.AlignmentFlag.AlignTop)
            card.body.addLayout(pair)
        shares = QHBoxLayout()
        shares.setSpacing(theme.GAP_FIELD)
        for field in money:
            shares.addWidget(field)
        shares.addStretch(1)
        card.body.addLayout(shares)
        for field in last:
            card.body.addWidget(field)
        self.state = Chip()
        self.who = label("", wrap=True)
        self.span = label("", "strong", wrap=True)
        self.services = label("", "secondary", wrap=True)
        side = Card(tr("With whom, and what is agreed"))
        for widget in (self.who, self.state, self.span, self.services):
            side.body.addWidget(widget)
        side.body.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(card, _FORM_SHARE)
        row.addWidget(side, _SIDE_SHARE)
        self.body.addLayout(row, 1)
        for key, react in (
            ("category", self._category_changed),
            ("package_ids", self._packages_changed),
            ("team_id", self._team_changed),
            ("signer_relation", self._relation_changed),
        ):
            self.form[key].changed.connect(react)
        self.form.changed.connect(self._say)

    # -- opening --------------------------------------------------------------------------------

    def begin(self, known: FormContext) -> None:
        """Show the form for the people of ``known``."""
        self.known = known
        old, people = known.old, known.people
        alone = people[0] if len(people) == 1 else None
        if old is not None:
            self.set_title(tr("Renew a contract"), _about(people[0]))
        elif alone is not None:
            self.set_title(tr("Sign a contract"), _about(alone))
        else:
            self.set_title(tr("Sign a contract"), tr("{count} residents").format(count=len(people)))
        self.save_button.setText(tr("Renew") if old is not None else tr("Sign"))
        self.strip.clear()
        subject = f"renew:{old.id}" if old else alone.id if alone else "batch"
        self._keeper.start(subject)
        self.form.clear()
        self.form["team_id"].set_entries([(team.id, team.name) for team in known.teams])  # type: ignore[attr-defined]
        self._propose()
        for key in ("signer_relation", "signer_name", "contract_no"):
            self.form[key].setVisible(alone is not None)
        if self._keeper.restore(drop_blank=True) is None:
            self.form.touched = False
        self._show_people()
        self._say()
        if not known.teams:
            self.strip.say(
                tr("There is no team yet, so nothing can be signed. Make one under “Teams”."),
                "attention",
            )
        self.form["category"].setFocus()

    def _propose(self) -> None:
        """What is nearly always so; nothing that has to be asked of the resident."""
        known = self.known
        assert known is not None
        old = known.old
        self.form["category"].set_value(old.category if old else "family_doctor")
        codes_wanted = old.package_codes if old else ("basic",)
        self.form["package_ids"].set_value(
            [each.id for each in self._offered() if each.code in codes_wanted]
        )
        places = {person.village for person in known.people}
        serving = [team for team in known.teams if places & set(team.villages)]
        teams = [team for team in known.teams if old and team.id == old.team_id]
        teams = teams or (serving if len(serving) == 1 else [])
        if not teams and len(known.teams) == 1:
            teams = list(known.teams)
        if teams:
            self.form["team_id"].set_value(teams[0].id)
            self._team_changed()
        if old:
            self.form["doctor"].set_value(f"{old.doctor_id}|{old.doctor_name}")
        self.form["signed_on"].set_value(self._context.clock.today())
        self.form["starts_on"].set_value(known.starts_on)
        self.form["term_years"].set_value(str(old.term_years if old else known.term_years))
        self.form["signer_relation"].set_value("self")

    def _show_people(self) -> None:
        assert self.known is not None
        people = self.known.people
        if len(people) == 1:
            self.who.setText(_about(people[0]))
            state = people[0].state
            self.state.set(codes.label("contract_state", state),
                           "attention" if state in ("ending", "ended") else "neutral")  # fmt: skip
            self.state.show()
        else:
            names = tr(", ").join(person.name for person in people[:_NAMES_SHOWN])
            more = len(people) - _NAMES_SHOWN
            if more > 0:
                names = tr("{names} and {count} more").format(names=names, count=more)
            self.who.setText(names)
            self.state.hide()

    # -- reactions ------------------------------------------------------------------------------

    def _offered(self) -> list[Package]:
        category = self.form["category"].value()
        if self.known is None or category is None:
            return []
        kinds = CATEGORY_PACKAGES[category]
        return [each for each in self.known.packages if each.category in kinds]

    def _chosen(self) -> list[Package]:
        wanted = set(self.form["package_ids"].value() or ())
        return [each for each in self._offered() if each.id in wanted]

    def _category_changed(self) -> None:
        field: Any = self.form["package_ids"]
        offered = [(each.id, each.name) for each in self._offered()]
        if offered != getattr(field, "_entries", None):
            field.set_entries(offered)
            if len(offered) == 1:
                field.set_value([offered[0][0]])

    def _packages_changed(self) -> None:
        """The shares are those of the packages until somebody writes others."""
        chosen = self._chosen()
        for payer in PAYERS:
            total = sum(each.shares.get(payer, 0.0) for each in chosen)
            self.form[payer].set_value(total if chosen else None)

    def _team_changed(self) -> None:
        field: Any = self.form["doctor"]
        known = self.known
        team = next(
            (t for t in known.teams if t.id == self.form["team_id"].value()) if known else (), None
        )
        doctors = team.doctors() if team else ()
        field.set_entries([(f"{each.staff_id}|{each.name}", each.name) for each in doctors])
        if doctors and field.value() is None:
            own = [d for d in doctors if d.staff_id == self._context.actor.staff_id]
            first = own[0] if own else doctors[0]
            field.set_value(f"{first.staff_id}|{first.name}")

    def _relation_changed(self) -> None:
        known = self.known
        if known is None or len(known.people) != 1:
            return
        own = known.people[0].name
        relation, name = self.form["signer_relation"].value(), self.form["signer_name"]
        if relation == "self":
            name.set_value(own)
        elif name.value() == own:
            name.set_value(None)

    def _say(self) -> None:
        """What is agreed, in words, as far as it is filled in."""
        starts_on, years = self.form["starts_on"].value(), self.form["term_years"].value()
        if starts_on is not None and years is not None:
            ends_on = last_day(starts_on, int(years))
            self.span.setText(
                tr("From {start} to {end}").format(start=starts_on, end=ends_on.isoformat())
            )
        else:
            self.span.setText("")
        lines = []
        for package in self._chosen():
            lines.append(
                tr("{name}, version {version}, {price} yuan a year").format(
                    name=package.name, version=package.version, price=f"{package.price:g}"
                )
            )
            for item in package.services:
                times = (
                    tr("{count} a year").format(count=item.times)
                    if item.times
                    else tr("on request")
                )
                for_whom = codes.label("population_flag", item.applies) if item.applies else ""
                lines.append(
                    f"· {item.name} {times}"
                    + (tr(" ({whom})").format(whom=for_whom) if for_whom else "")
                )
        self.services.setText("\n".join(lines))

    # -- saving ---------------------------------------------------------------------------------

    def typed(self) -> ContractInput:
        """The form as it stands."""
        v: dict[str, Any] = self.form.values()
        doctor_id, _, doctor_name = (v["doctor"] or "|").partition("|")
        return ContractInput(
            team_id=v["team_id"] or "",
            doctor_id=doctor_id,
            doctor_name=doctor_name,
            signed_on=v["signed_on"],
            starts_on=v["starts_on"],
            package_ids=tuple(v["package_ids"]),
            category=v["category"] or "",
            term_years=int(v["term_years"]) if v["term_years"] else None,
            source=v["source"] or "",
            charged=v["charged"] == _YES,
            payers=tuple((payer, float(v[payer] or 0)) for payer in PAYERS),
            read_to_resident=v["read_to_resident"] == _YES,
            signer_name=v["signer_name"] or "",
            signer_relation=v["signer_relation"] or "",
            contract_no=v["contract_no"] or "",
            note=v["note"] or "",
        )

    def _save(self) -> None:
        known = self.known
        if known is None or self._saving or not self.form.check():
            return
        self._saving = True
        self.strip.clear()
        write = partial(self._controller.write, KINDS, done=self._saved, failed=self._refused)
        form = self.typed()
        if known.old is not None:
            write(renew, known.old.id, form)
        elif len(known.people) == 1:
            write(sign, known.people[0].id, form)
        else:
            write(sign_batch, [person.id for person in known.people], form)

    def _saved(self, result: Signed | BatchSigned) -> None:
        self._saving = False
        self._keeper.discard()
        self.form.touched = False
        self.signed.emit(result)

    def _refused(self, error: Exception) -> None:
        self._saving = False
        if not isinstance(error, InputError):
            self.strip.say_error(error)
            return
        names = {"doctor_name": "doctor", "payers": PAYERS[0]}
        self.strip.say_problems(
            self.form.show_problems(
                {names.get(key, key): text for key, text in error.problems.items()}
            )
        )

    def keep_draft(self) -> None:
        """Another page comes to the front: what was typed is kept."""
        if self.known is not None and self.form.touched:
            self._keeper.save_now()

    def leave_page(self) -> None:
        """Back; the draft stays."""
        self.keep_draft()
        self.left.emit()


def _about(person: Person) -> str:
    parts = (
        person.name,
        codes.label("sex", person.sex),
        tr("{age} years").format(age=person.age),
        person.village,
    )
    return " · ".join(part for part in parts if part)
