"""One row of a roster becomes the form of a resident, or plain sentences why it cannot.

Only what the row says is taken: what a roster does not hold (allergies, past diseases, consents)
stays unasked and has to be asked when the record is first completed. Domain rules §12, LOCAL-2025.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.care import parsing
from app.care.basic_form import Answer, BasicForm, Contact
from app.care.basic_form_check import TEXT_LIMITS, check_form
from app.care.parsing import ParseError
from app.care.roster import cells
from app.care.roster.cells import Birth, CellError, CellRead
from app.care.roster.columns import label_of
from app.care.roster.table_file import Raw, RawRow
from app.care.roster.words import (
    FLAG_WORDS,
    LONG_TERM_CARE,
    MERGED_INSURANCE,
    PAYMENT_WORDS,
    code_of,
)
from app.errors import InputError
from app.i18n import tr

__all__ = ["CheckedRow", "RowReader"]

_TEXTS = ("township", "village", "village_group", "address", "registered_address", "employer")
_CODED = {
    "ethnicity": "ethnicity",
    "residency": "residency",
    "education": "education",
    "marital": "marital",
}
# A total or a signature under the table is no person.
_NO_PERSON = re.compile(
    r"^(合\s*计|总\s*计|小\s*计|共\s*计|填表|制表|填报|审核|负责人|单位负责人|注\s*[:：])"
)
_GAP = re.compile(r"[、,，;；/|+\s]+")


@dataclass(slots=True)
class CheckedRow:
    """What a row gave. ``form`` None: it cannot be imported, ``errors`` say why.

    ``questions``: a person should look first; ``notes``: what was put right by itself.
    """

    number: int
    form: BasicForm | None = None
    errors: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    name: str = ""
    is_person: bool = True


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads rows: ``columns`` maps a column from 0 to its field.

    ``doctors`` maps the names of staff to their ids. ``merged_insurance``: the code of list
    ``payment`` that stands for the merged residents' insurance. ``without_id``: code of list
    ``no_card_reason`` for rows without a number, which then become temporary records; "" leaves
    them out. ``merged``: columns (from 0) with merged cells of several rows, by row number;
    ``filled`` the value of such a cell for the rows under it.
    """

    columns: Mapping[int, str]
    today: date
    doctors: Mapping[str, str] = field(default_factory=dict)
    without_id: str = ""
    merged_insurance: str = "3"
    from_1904: bool = False
    merged: Mapping[tuple[int, int], Raw] = field(default_factory=dict)

    def read(self, row: RawRow) -> CheckedRow:
        """Everything that a row says, all its problems at once."""
        done = CheckedRow(row.number)
        values = self._values(row, done)
        if not self._is_person(row, values):
            done.is_person = False
            done.errors.append(tr("This row names nobody (a total, a signature or a remark)."))
            return done
        texts = _Texts(values, done)
        done.name = texts.name()
        card = texts.guarded("id_no", lambda value: self._identity(value, values), CellRead())
        done.notes.extend(_said("id_no", each) for each in card.notes)
        if card.question:
            done.questions.append(card.question)
        birth = texts.guarded(
            "birth_date",
            lambda value: cells.read_birth(value, self.today, from_1904=self.from_1904),
            Birth(),
        )
        changes: dict[str, Any] = {"name": done.name}
        self._paper(changes, card, done)
        self._facts(changes, card, birth, texts, done)
        self._rest(changes, texts, done)
        if done.errors:
            return done
        required = ("name", "sex", "birth_date")
        try:
            done.form = check_form(BasicForm(**changes), self.today, required)
        except InputError as error:
            done.errors.extend(
                _said(key.split(".")[0], sentence) for key, sentence in error.problems.items()
            )
        return done

    def _values(self, row: RawRow, done: CheckedRow) -> dict[str, Raw]:
        values: dict[str, Raw] = {}
        for at, key in self.columns.items():
            value = row.values[at] if at < len(row.values) else None
            place = (row.number, at)
            if place in self.merged and (value is None or value == ""):
                if key in ("name", "id_no", "birth_date", "sex"):
                    done.errors.append(
                        _said(
                            key,
                            tr(
                                "The cell is merged with the one above, so it is not known whose "
                                "it is. Undo the merging in Excel and fill each row."
                            ),
                        )
                    )
                elif key in ("township", "village", "village_group", "doctor"):
                    value = self.merged[place]
            values[key] = value
        return values

    def _is_person(self, row: RawRow, values: Mapping[str, Raw]) -> bool:
        if values.get("id_no") not in (None, ""):
            return True
        first = next((v for v in row.values if v not in (None, "")), None)
        if isinstance(first, str) and _NO_PERSON.match(first.strip()):
            return False
        name = values.get("name")
        if isinstance(name, str) and _NO_PERSON.match(name.strip()):
            return False
        return any(
            values.get(key) not in (None, "") for key in ("name", "birth_date", "phone", "address")
        )

    def _identity(self, value: Raw, values: Mapping[str, Raw]) -> CellRead:
        kind = cells.text_of(values.get("id_type"))
        if kind and not any(word in kind for word in ("身份证", "居住证", "户口", "Identity")):
            number = parsing.half_width(cells.text_of(value)).upper().replace(" ", "")
            return CellRead(None, number)
        return cells.read_id(value, self.today)

    def _paper(self, changes: dict[str, Any], card: CellRead, done: CheckedRow) -> None:
        if card.card is not None:
            changes |= {"id_type": "id_card", "id_no": card.number}
        elif card.number:
            changes |= {"id_type": "other", "id_no": card.number}
        elif self.without_id:
            changes |= {"id_type": "none", "no_id_reason": self.without_id}
            done.notes.append(tr("No ID number: this becomes a temporary record."))
        elif not any(problem.startswith(label_of("id_no")) for problem in done.errors):
            done.errors.append(
                _said(
                    "id_no",
                    tr(
                        "The number is missing. Write it into the file, or choose in the step "
                        "before that rows without a number become temporary records."
                    ),
                )
            )

    def _facts(
        self,
        changes: dict[str, Any],
        read: CellRead,
        birth: Birth,
        texts: _Texts,
        done: CheckedRow,
    ) -> None:
        """Sex and birth date: from the card where there is one, compared with what is written."""
        card = read.card
        sex = texts.coded("sex", "sex")
        if card is not None:
            changes |= {"birth_date": card.birth_date, "sex": card.sex}
            if not birth.fits(card.birth_date):
                done.questions.append(
                    tr(
                        "The birth date in the file is not the one in the ID number ({date}). If "
                        "you tick this row, that of the ID number is taken."
                    ).format(date=card.birth_date.isoformat())
                )
            if sex in ("1", "2") and sex != card.sex:
                done.questions.append(
                    tr(
                        "The sex in the file is not the one in the ID number. If you tick this "
                        "row, that of the ID number is taken."
                    )
                )
            return
        changes |= {"sex": sex, "birth_date": birth.day}
        done.notes.extend(_said("birth_date", note) for note in birth.notes)
        if birth.day is None and birth.year:
            done.errors.append(
                _said(
                    "birth_date",
                    tr(
                        "Only the year and month are given. Without an ID number the whole birth "
                        "date is needed, like 1950-01-05."
                    ),
                )
            )

    def _rest(self, changes: dict[str, Any], texts: _Texts, done: CheckedRow) -> None:
        for name in _TEXTS:
            changes[name] = texts.text(name, TEXT_LIMITS[name])
        for name, code_list in _CODED.items():
            changes[name] = texts.coded(name, code_list)
        extra: list[str] = []
        changes["phone"] = texts.phone("phone", extra)
        changes["record_no"] = re.sub(r"[\s-]", "", texts.text("record_no", 30))
        if changes["record_no"] and not re.fullmatch(r"\d{17}", changes["record_no"], re.ASCII):
            done.questions.append(
                _said(
                    "record_no", tr("A health-record number has 17 digits; this one is left out.")
                )
            )
            changes["record_no"] = ""
        contact = Contact(
            texts.person("contact_name"),
            texts.phone("contact_phone", extra),
            texts.coded("contact_relation", "relation"),
        )
        if contact.name:
            changes["contacts"] = (contact,)
        elif contact.phone:
            extra.append(f"{label_of('contact_phone')} {contact.phone}")
        changes["population_flags"] = self._flags(texts, extra)
        changes["payment"] = self._payment(texts)
        doctor = texts.text("doctor", 50)
        if doctor:
            changes["responsible_doctor_id"] = self.doctors.get(doctor, "")
            if not changes["responsible_doctor_id"]:
                extra.append(f"{label_of('doctor')} {doctor}")
                done.notes.append(
                    _said("doctor", tr("Nobody of this name works here; kept in the remarks."))
                )
        note = texts.text("note", TEXT_LIMITS["note"])
        changes["note"] = "；".join([*([note] if note else []), *extra])[: TEXT_LIMITS["note"]]

    def _flags(self, texts: _Texts, extra: list[str]) -> tuple[Answer, ...]:
        found: dict[str, Answer] = {}
        unknown: list[str] = []
        for word in _GAP.split(parsing.half_width(texts.text("flags", 500))):
            code = FLAG_WORDS.get(word) if word else ""
            if code:
                found[code] = Answer(code)
            elif word:
                unknown.append(word)
        if unknown:
            extra.append(f"{label_of('flags')} {'、'.join(unknown)}")
            texts.done.notes.append(
                _said("flags", tr("Not in the list of groups; kept in the remarks."))
            )
        return tuple(found.values())

    def _payment(self, texts: _Texts) -> tuple[Answer, ...]:
        """Who pays, under the codes of the form; what it does not know is "other" with its word."""
        found: dict[str, Answer] = {}
        others: list[str] = []
        for word in _GAP.split(parsing.half_width(texts.text("payment", 100))):
            if word in MERGED_INSURANCE:
                found[self.merged_insurance] = Answer(self.merged_insurance)
            elif code := PAYMENT_WORDS.get(word, "") or code_of("payment", word):
                found[code] = Answer(code)
            elif word:
                others.append("长护险" if word in LONG_TERM_CARE else word)
                if word not in LONG_TERM_CARE:
                    texts.done.notes.append(
                        _said("payment", tr("Not in the list of the form; kept as “other”."))
                    )
        if others:
            found["8"] = Answer("8", "、".join(dict.fromkeys(others)))
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Texts:
    """The cells of a row, and where to tell what is wrong with them."""

    values: Mapping[str, Raw]
    done: CheckedRow

    def guarded(self, key: str, read: Callable[[Raw], Any], otherwise: Any) -> Any:
        try:
            return read(self.values.get(key))
        except CellError as error:
            self.done.errors.append(_said(key, str(error)))
            return otherwise

    def name(self) -> str:
        text: str = self.guarded("name", cells.text_of, "")
        try:
            return parsing.clean_name(text)
        except ParseError as error:
            if not any(each.startswith(label_of("name")) for each in self.done.errors):
                self.done.errors.append(_said("name", error.message))
            return text[:20]

    def text(self, key: str, limit: int) -> str:
        try:
            text = cells.text_of(self.values.get(key))
        except CellError as error:
            self.done.questions.append(_left_out(key, str(error)))
            return ""
        if len(text) > limit:
            self.done.questions.append(
                _said(key, tr("Longer than {count} characters; it is cut.").format(count=limit))
            )
        return text[:limit]

    def person(self, key: str) -> str:
        text = self.text(key, 50)
        if not text:
            return ""
        try:
            return parsing.clean_name(text)
        except ParseError as error:
            self.done.questions.append(_left_out(key, error.message))
            return ""

    def phone(self, key: str, extra: list[str]) -> str:
        try:
            first, others = cells.read_phones(self.values.get(key))
        except CellError as error:
            self.done.questions.append(_left_out(key, str(error)))
            return ""
        if others:
            extra.append(f"{label_of(key)} {others}")
            self.done.notes.append(
                _said(key, tr("The first number is taken; the others are kept in the remarks."))
            )
        return first

    def coded(self, key: str, code_list: str) -> str:
        text = self.text(key, 50)
        code = code_of(code_list, text)
        if text and not code:
            self.done.notes.append(_said(key, tr("Not in the list of the form; left empty.")))
        return code


def _said(key: str, sentence: str) -> str:
    return tr("{column}: {sentence}").format(column=label_of(key), sentence=sentence)


def _left_out(key: str, sentence: str) -> str:
    return _said(key, sentence + " " + tr("If you tick this row, the cell is left out."))
