"""Reading one cell of a roster: what Excel does to numbers, dates and texts, undone or explained.

Nothing is guessed. Digits that Excel lost cannot be made up; a month without its day is no birth
date. Source: domain rules §12 (roster pitfalls) and §2.1 (GB 11643-1999), version LOCAL-2025.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time

from app.care import identity_card, parsing
from app.care.identity_card import Card, CardError
from app.care.parsing import ParseError
from app.care.roster.table_file import Raw
from app.i18n import tr

__all__ = ["Birth", "CellError", "CellRead", "read_birth", "read_id", "read_phones", "text_of"]

_MISTAKES = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d+")
_APOSTROPHES = "'’‘`＇"
# Serial numbers of days: 1900-01-01 to 2118-12-31, in the calendar of 1900.
_LAST_SERIAL = 80_000
_YEARS = (1850, 2199)


class CellError(ValueError):
    """A cell that cannot be read; its text is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class CellRead:
    """An identity number as it was read. ``question``: a person should look before it is taken."""

    card: Card | None = None
    number: str = ""
    notes: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth date as far as the cell tells it: the day, or only the year and perhaps the month.

    ``months`` holds more than one where Excel cut the zero of October (1950.10 became 1950.1).
    """

    day: date | None = None
    year: int = 0
    months: frozenset[int] = field(default_factory=frozenset)
    notes: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        return self.day is None and not self.year

    def fits(self, day: date) -> bool:
        """Whether a day is not against what the cell tells."""
        if self.day is not None:
            return day == self.day
        return not self.year or (
            day.year == self.year and (not self.months or day.month in self.months)
        )


def text_of(value: Raw) -> str:
    """The text of a cell: whole numbers without ``.0``, no apostrophe in front, single blanks.

    Raises CellError for an error of Excel (``#N/A``).
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return tr("Yes") if value else tr("No")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    text = parsing.clean_text(str(value))
    if text in _MISTAKES:
        raise CellError(
            tr("The cell holds an error of Excel ({error}), not a value.").format(error=text)
        )
    return text.lstrip(_APOSTROPHES).strip() if text[:1] in _APOSTROPHES else text


def read_id(value: Raw, today: date) -> CellRead:
    """An identity card number, as a text or as the number that Excel made of it.

    Excel keeps 15 digits of a number: an 18-digit one kept as a number has lost its end. Raises
    CellError with what is wrong and what to do.
    """
    if isinstance(value, date | datetime | time | bool):
        raise CellError(tr("There is a date in this column, not an ID number."))
    if isinstance(value, int | float):
        if isinstance(value, float) and not value.is_integer():
            raise CellError(identity_card.explain(identity_card.CardFault.CHARACTERS))
        number = str(int(value))
        if len(number) > 15:
            raise CellError(_lost())
    else:
        number = text_of(value)
        if _SCIENTIFIC.fullmatch(number):
            raise CellError(_lost())
    if not number:
        return CellRead()
    notes: list[str] = []
    plain = identity_card.normalise(number)
    if isinstance(value, str) and plain != value.upper():
        notes.append(tr("Blanks, apostrophes or full-width digits were taken away."))
    try:
        card = identity_card.read_card(plain, today, accept_legacy=True)
    except CardError as error:
        if len(plain) == 18 and plain.endswith("000"):
            raise CellError(_lost()) from None
        raise CellError(error.message) from None
    if card.converted:
        notes.append(tr("The 15-digit number was turned into the 18-digit one."))
    if card.warning:
        notes.append(card.warning)
    question = ""
    if plain.endswith("000"):
        question = tr(
            "The ID number ends with 000, as numbers do that Excel has cut. Compare it with the "
            "card before you tick this row."
        )
    return CellRead(card, card.number, tuple(notes), question)


def _lost() -> str:
    return tr(
        "Excel kept the ID number as a number and lost its last digits (it ends with 000). They "
        "cannot be found again here. Set the column to Text in Excel and type the number anew."
    )


def read_birth(value: Raw, today: date, *, from_1904: bool = False) -> Birth:
    """A birth date: a date of Excel, its serial number, ``19500101``, ``1950.1.5`` or ``1950.01``.

    Raises CellError for what is no date, or has no year.
    """
    if value is None or value == "":
        return Birth()
    if isinstance(value, datetime):
        return Birth(value.date())
    if isinstance(value, date):
        return Birth(value)
    if isinstance(value, bool | time):
        raise CellError(parsing.explain(parsing.ParseFault.NOT_A_DATE))
    if isinstance(value, int | float):
        return _birth_of_number(value, from_1904)
    text = re.sub(r"\s+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$", "", parsing.half_width(text_of(value)))
    if not text:
        return Birth()
    if re.fullmatch(r"\d{5}", text, re.ASCII) or re.fullmatch(r"\d{4}", text, re.ASCII):
        return _birth_of_number(int(text), from_1904)
    try:
        found = parsing.parse_year_month(text, today)
        return Birth(year=found.year, months=frozenset([found.month] if found.month else []))
    except ParseError as error:
        if error.fault is not parsing.ParseFault.NOT_A_YEAR_MONTH:
            raise CellError(error.message) from None
    if not re.search(r"\d{4}", text, re.ASCII):
        raise CellError(tr("The year of the birth date is missing. Write it like 1950-01-05."))
    try:
        return Birth(parsing.parse_date(text, today))
    except ParseError as error:
        raise CellError(error.message) from None


def _birth_of_number(value: int | float, from_1904: bool) -> Birth:
    whole = int(value)
    if value < 0:
        raise CellError(parsing.explain(parsing.ParseFault.NOT_A_DATE))
    if _YEARS[0] <= whole <= _YEARS[1]:
        # 1950.1 is January, or October whose zero Excel has cut.
        fraction = f"{value:.2f}".partition(".")[2] if value != whole else ""
        if not fraction:
            return Birth(year=whole)
        month = int(fraction)
        months = {1, 10} if month == 10 else {month // 10 if month % 10 == 0 else month}
        if not all(1 <= each <= 12 for each in months):
            raise CellError(parsing.explain(parsing.ParseFault.IMPOSSIBLE_DATE))
        return Birth(year=whole, months=frozenset(months))
    if value == whole and 18_500_101 <= whole <= 21_991_231:
        try:
            return Birth(date(whole // 10_000, whole // 100 % 100, whole % 100))
        except ValueError:
            raise CellError(parsing.explain(parsing.ParseFault.IMPOSSIBLE_DATE)) from None
    if value == whole and 185_001 <= whole <= 219_912 and 1 <= whole % 100 <= 12:
        return Birth(year=whole // 100, months=frozenset([whole % 100]))
    if 1 <= whole <= _LAST_SERIAL:
        return _birth_of_serial(whole, from_1904)
    raise CellError(parsing.explain(parsing.ParseFault.NOT_A_DATE))


def _birth_of_serial(number: int, from_1904: bool) -> Birth:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

    found = from_excel(number, CALENDAR_MAC_1904 if from_1904 else CALENDAR_WINDOWS_1900)
    day = found.date() if isinstance(found, datetime) else found
    if not isinstance(day, date):
        raise CellError(parsing.explain(parsing.ParseFault.NOT_A_DATE))
    note = tr("The day number {number} of Excel was read as {date}.").format(
        number=number, date=day.isoformat()
    )
    return Birth(day, notes=(note,))


def read_phones(value: Raw) -> tuple[str, str]:
    """The first phone of a cell, and the others as a text. Raises CellError where none is one."""
    text = text_of(value)
    if not text:
        return "", ""
    parts = [part for part in re.split(r"[/,，、;；|]+", parsing.half_width(text)) if part.strip()]
    if len(parts) == 1:
        parts = [part for part in re.split(r"\s{1,}(?=1[3-9]\d{9}$)", parts[0]) if part]
    try:
        first = parsing.parse_phone(parts[0]) if parts else ""
    except ParseError as error:
        raise CellError(error.message) from None
    return first, "、".join(part.strip() for part in parts[1:])
