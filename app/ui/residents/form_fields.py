"""The fields of the basic information form, in the order of the paper, required ones first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject

from app.care.basic_form import (
    BasicForm,
    Guardian,
    LunarBirthday,
)
from app.care.basic_form_check import TEXT_LIMITS
from app.care.identity_card import CardError, read_card
from app.care.parsing import ParseError, clean_name, parse_phone
from app.care.resident_record.population import BY_RULE_ONLY
from app.clock import Clock
from app.i18n import tr
from app.models import codes
from app.ui.residents.answers import AnswersField, EventsField, WordsField, entries
from app.ui.residents.contacts import ContactsField
from app.ui.residents.diseases import DiseasesField
from app.ui.residents.two_columns import TwoColumns
from app.ui.residents.village_field import VillageField
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import Field, TextArea, TextField
from app.ui.widgets.forms import FormFields
from app.ui.widgets.values import DateField

FAMILY = ("father", "mother", "siblings", "children")
# Fields that hold one text, code or day, and those that hold several answers.
_SEVERAL = (
    *("contacts", "payment", "drug_allergy", "exposure", "past_disease", "surgeries", "traumas"),
    *("transfusions", "disability", "population_flags", "communication"),
)
_GATHERED = ("family", "genetic_disease", "guardian", "lunar_birthday", "consents", "care_status")
_PLAIN = tuple(
    each.name
    for each in dataclasses.fields(BasicForm)
    if each.name not in (*_SEVERAL, *_GATHERED, "responsible_doctor_id")
)


class BasicFormFields(FormFields):
    """All fields of the form and the cards that show them; gives and takes a ``BasicForm``."""

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._kept = BasicForm()
        self.cards = [
            self._required(),
            self._person(),
            self._history(),
            self._home(),
            self._care(),
        ]

    # -- values -------------------------------------------------------------------------------

    def form(self) -> BasicForm:
        """What was typed, for the use-case to check."""
        texts: dict[str, Any] = {name: self[name].value() for name in _PLAIN}
        for name in _PLAIN:
            if name != "birth_date" and texts[name] is None:
                texts[name] = ""
        if texts["id_type"] == "none":
            texts["id_no"] = ""
        tuples: dict[str, Any] = {name: self[name].value() for name in _SEVERAL}
        month, day = self["lunar.month"].value(), self["lunar.day"].value()
        return BasicForm(
            **texts,
            **tuples,
            family={
                member: answers
                for member in FAMILY
                if (answers := self[f"family.{member}"].value())
            },
            genetic_disease=self["genetic_disease"].value() or "",
            guardian=Guardian(
                **{
                    name: self[f"guardian.{name}"].value() or ""
                    for name in ("name", "relation", "phone", "scope")
                }
            ),
            lunar_birthday=LunarBirthday(int(month), int(day), self["lunar.leap"].value() == "leap")
            if month and day
            else None,
            consents=self._kept.consents,
            care_status=self["care_status"].value() or self._kept.care_status,
            responsible_doctor_id=self._kept.responsible_doctor_id,
        )

    def show(self, form: BasicForm) -> None:
        """Put a kept form into the fields."""
        birth = self["birth_date"]
        assert isinstance(birth, DateField)
        birth.latest = self._clock.today()  # the form outlives midnight
        self._kept = form
        for name in (*_PLAIN, *_SEVERAL, "genetic_disease", "care_status"):
            self[name].set_value(getattr(form, name) or None)
        for member in FAMILY:
            self[f"family.{member}"].set_value(form.family.get(member, ()))
        for name in ("name", "relation", "phone", "scope"):
            self[f"guardian.{name}"].set_value(getattr(form.guardian, name) or None)
        lunar = form.lunar_birthday
        self["lunar.month"].set_value(str(lunar.month) if lunar else None)
        self["lunar.day"].set_value(str(lunar.day) if lunar else None)
        self["lunar.leap"].set_value("leap" if lunar and lunar.leap else None)
        self.touched = False

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Each sentence at its field, also where the field has lines of its own."""
        here: dict[str, str] = {}
        inside: list[tuple[Field, str, str]] = []
        for key, text in problems.items():
            base, _, rest = key.partition(".")
            if key in self:
                here[key] = text
            elif base in self:
                inside.append((self[base], rest, text))
            else:
                here[key] = text
        left = super().show_problems(here)
        for field, rest, text in inside:
            index, _, part = rest.partition(".")
            if isinstance(field, ContactsField):
                field.show_part(int(index), part, text)
            elif isinstance(field, DiseasesField | EventsField):
                field.show_part(int(index), text)
            else:
                field.show_problem(text)
            if not here:
                field.setFocus()
        return left

    def _check_number(self, text: str) -> str | None:
        if self["id_type"].value() != "id_card":
            return None
        try:
            read_card(text, self._clock.today())
        except CardError as error:
            return error.message
        return None

    # -- the cards ----------------------------------------------------------------------------

    def _text(self, key: str, label_text: str, **more: Any) -> TextField:
        limit = TEXT_LIMITS.get(key.rpartition(".")[2], 100)
        field: TextField = self.add(TextField(key, label_text, limit=limit, **more))
        return field

    def _choice(self, key: str, label_text: str, code_list: str, **more: Any) -> ChoiceField:
        field: ChoiceField = self.add(ChoiceField(key, label_text, entries(code_list), **more))
        return field

    def _list(self, key: str, label_text: str, code_list: str, **more: Any) -> ListField:
        field: ListField = self.add(ListField(key, label_text, entries(code_list), **more))
        return field

    def _answers(self, key: str, label_text: str, code_list: str, **more: Any) -> AnswersField:
        field: AnswersField = self.add(AnswersField(key, label_text, code_list, **more))
        return field

    def _required(self) -> Card:
        grid = TwoColumns(tr("Required"))
        grid.pair(
            self._choice("id_type", tr("Paper"), "id_type", digits=False, required=True),
            self._text(
                "id_no",
                tr("ID number"),
                required=True,
                placeholder=tr("scan or type"),
                check=self._check_number,
            ),
        )
        grid.pair(
            self.add(TextField("name", tr("Name"), limit=1000, required=True, check=_name)),
            self._choice("sex", tr("Sex"), "sex", required=True),
        )
        grid.pair(
            self.add(
                DateField(
                    "birth_date",
                    tr("Birth date"),
                    required=True,
                    latest=self._clock.today(),
                )
            ),
            self._text("phone", tr("Own phone"), check=_phone),
        )
        grid.pair(
            self._list("no_id_reason", tr("Why no card"), "no_card_reason", required=True),
            self._text("no_id_text", tr("In words")),
        )
        grid.pair(
            self._choice("residency", tr("Residency"), "residency", required=True),
            self._list("ethnicity", tr("Ethnicity"), "ethnicity", required=True),
        )
        grid.wide(self.add(ContactsField("contacts", tr("Whom to call"), required=True)))
        grid.wide(
            self._answers(
                "drug_allergy", tr("Drug allergies"), "drug_allergy", words_for="5", required=True
            )
        )
        grid.wide(self.add(DiseasesField("past_disease", tr("Past diseases"), required=True)))
        return grid.card

    def _person(self) -> Card:
        grid = TwoColumns(tr("Address and person"))
        grid.pair(
            self._text("township", tr("Township")),
            self.add(VillageField("village", tr("Village"), limit=TEXT_LIMITS["village"])),
        )
        grid.pair(
            self._text("village_group", tr("Village group")),
            self._text(
                "record_no", tr("Record number"), placeholder=tr("17 digits; empty: the next one")
            ),
        )
        grid.pair(
            self._text("address", tr("Address")),
            self._text("registered_address", tr("Registered at")),
        )
        grid.pair(
            self._text("employer", tr("Employer")),
            self._choice("marital", tr("Marriage"), "marital"),
        )
        grid.pair(
            self._choice("abo", tr("Blood group"), "blood_abo"),
            self._choice("rh", tr("Rh"), "blood_rh"),
        )
        grid.pair(
            self._list("education", tr("Education"), "education"),
            self._list("occupation", tr("Occupation"), "occupation"),
        )
        grid.wide(self._answers("payment", tr("Who pays"), "payment", words_for="8", exclusive=()))
        return grid.card

    def name_insurance(self, code: str) -> None:
        """Say at a code of ``payment`` that it stands for the residents' insurance of today.

        The form of 2017 knows two insurances that are one now (domain rules §2.3).
        """
        field = self["payment"]
        assert isinstance(field, ChoiceField)
        field.set_entries(
            [
                (
                    each,
                    tr("{insurance} (residents' insurance)").format(insurance=label_text)
                    if each == code
                    else label_text,
                )
                for each, label_text in entries("payment")
            ]
        )

    def _history(self) -> Card:
        grid = TwoColumns(tr("Health history"))
        grid.wide(self._answers("exposure", tr("Exposure"), "exposure"))
        for key, name, what in (
            ("surgeries", tr("Operations"), tr("which operation")),
            ("traumas", tr("Injuries"), tr("which injury")),
            ("transfusions", tr("Transfusions"), tr("why")),
        ):
            grid.wide(self.add(EventsField(key, name, what)))
        for each in codes.entries("family_member"):
            grid.wide(
                self._answers(
                    f"family.{each.code}",
                    tr("Diseases of {who}").format(who=each.label),
                    "family_disease",
                    words_for="12",
                )
            )
        grid.wide(
            self.add(WordsField("genetic_disease", tr("Genetic disease"), tr("which disease")))
        )
        grid.wide(self._answers("disability", tr("Disability"), "disability", words_for="8"))
        grid.pair(
            self._text("disability_cert_no", tr("Certificate no.")),
            self._choice("disability_grade", tr("Grade"), "disability_grade"),
        )
        return grid.card

    def _home(self) -> Card:
        grid = TwoColumns(tr("Living surroundings"))
        for key, name, code_list in (
            ("kitchen_vent", tr("Kitchen vent"), "kitchen_vent"),
            ("fuel", tr("Fuel"), "fuel"),
            ("water", tr("Water"), "water"),
            ("toilet", tr("Toilet"), "toilet"),
            ("livestock", tr("Livestock pen"), "livestock"),
        ):
            grid.wide(self._choice(key, name, code_list))
        return grid.card

    def _care(self) -> Card:
        grid = TwoColumns(tr("Care and communication"))
        grid.wide(
            self._answers(
                "population_flags",
                tr("Groups"),
                "population_flag",
                exclusive=(),
                digits=False,
                but=BY_RULE_ONLY,
            )
        )
        grid.pair(
            self._list("care_status", tr("Care"), "care_status"),
            self._answers(
                "communication",
                tr("Talking"),
                "communication",
                words_for="dialect",
                exclusive=(),
                digits=False,
            ),
        )
        grid.pair(
            self._text("guardian.name", tr("Guardian"), check=_name),
            self._list("guardian.relation", tr("Relation"), "relation"),
        )
        grid.pair(
            self._text("guardian.phone", tr("Guardian phone"), check=_phone),
            self._list("guardian.scope", tr("Decides on"), "guardian_scope"),
        )
        months = [(str(number), str(number)) for number in range(1, 13)]
        days = [(str(number), str(number)) for number in range(1, 31)]
        leap = [("leap", tr("leap month"))]
        grid.pair(
            self.add(ListField("lunar.month", tr("Lunar month"), months)),
            self.add(ListField("lunar.day", tr("Lunar day"), days)),
        )
        grid.pair(
            self.add(ChoiceField("lunar.leap", tr("Lunar leap"), leap, digits=False)),
            label("", "hint"),
        )
        grid.wide(self.add(TextArea("note", tr("Note"), limit=TEXT_LIMITS["note"])))
        return grid.card


def _sentence(reader: Callable[[str], object]) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        try:
            reader(text)
        except ParseError as error:
            return error.message
        return None

    return check


_name = _sentence(clean_name)
_phone = _sentence(parse_phone)
