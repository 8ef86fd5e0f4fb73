"""Lenient reading of what people type: full-width digits, dates, year and month, phones, names.

Pure functions without a store. Nothing here guesses: text that can be read in two ways is refused
with a plain sentence, because a wrong date in a health record is worse than a second keystroke.
"""

import enum
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from app.i18n import tr

__all__ = [
    "NearestYear",
    "ParseError",
    "ParseFault",
    "YearMonth",
    "clean_name",
    "clean_text",
    "explain",
    "half_width",
    "parse_date",
    "parse_decimal",
    "parse_partial_date",
    "parse_phone",
    "parse_year_month",
]

NearestYear = Literal["past", "future"]

# Typed with a Chinese input method on, "2025.1.5" arrives as "2025。1。5" and "-" as a long dash.
_TYPED_MARKS = str.maketrans(dict.fromkeys("。．、", ".") | dict.fromkeys("—–－−", "-"))

_RELATIVE_DAYS = {"今天": 0, "今日": 0, "昨天": -1, "昨日": -1, "前天": -2, "明天": 1, "明日": 1}

# The earliest year any living person or present record can carry.
_FIRST_YEAR = 1850
_LAST_YEAR = 2199


class ParseFault(enum.Enum):
    """Why a typed text could not be read."""

    NOT_A_DATE = "not_a_date"
    IMPOSSIBLE_DATE = "impossible_date"
    NOT_A_YEAR_MONTH = "not_a_year_month"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_PHONE = "not_a_phone"
    MOBILE_LENGTH = "mobile_length"
    NAME_EMPTY = "name_empty"
    NAME_TOO_LONG = "name_too_long"
    NAME_CHARACTERS = "name_characters"


class ParseError(ValueError):
    """A typed text that cannot be read. Holds only the reason, never the text (it may identify)."""

    def __init__(self, fault: ParseFault) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def message(self) -> str:
        """The plain sentence for the screen, in the present language."""
        return explain(self.fault)


def explain(fault: ParseFault) -> str:
    """The plain sentence for a fault: what is wrong and what to type instead."""
    match fault:
        case ParseFault.NOT_A_DATE:
            return tr("This is not a date. Type it like 20250105, 2025.1.5 or 1-5.")
        case ParseFault.IMPOSSIBLE_DATE:
            return tr("This day does not exist in the calendar. Check the month and the day.")
        case ParseFault.NOT_A_YEAR_MONTH:
            return tr("This is not a month. Type it like 2019.5 or 201905, or only the year.")
        case ParseFault.NOT_A_NUMBER:
            return tr("This is not a number. Type digits only.")
        case ParseFault.NOT_A_PHONE:
            return tr(
                "This is not a phone number. Type an 11-digit mobile number, "
                "or a landline with its area code."
            )
        case ParseFault.MOBILE_LENGTH:
            return tr("A mobile number has 11 digits. Count the digits again.")
        case ParseFault.NAME_EMPTY:
            return tr("The name is missing. Type the name as on the identity card.")
        case ParseFault.NAME_TOO_LONG:
            return tr("The name is longer than 50 characters. Type only the name here.")
        case ParseFault.NAME_CHARACTERS:
            return tr(
                "The name holds signs that no name has (digits, emoji or symbols). "
                "Type it as on the identity card."
            )


def half_width(text: str) -> str:
    """Full-width ASCII forms and the ideographic space as their plain twins; all else unchanged."""
    if text.isascii():
        return text
    return "".join(
        " "
        if char == "\u3000"
        else chr(ord(char) - 0xFEE0)
        if "\uff01" <= char <= "\uff5e"
        else char
        for char in text
    )


def clean_text(text: str) -> str:
    """Free text as it is kept: composed form (NFC), no control signs, single spaces, no ends."""
    composed = unicodedata.normalize("NFC", text)
    if composed.isprintable():  # none of the signs below, and no space but the plain one
        return " ".join(composed.split())
    visible = "".join(
        " " if char.isspace() else char
        for char in composed
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn")
    )
    return " ".join(visible.split())


# "·" joins the parts of many minority names. It is typed in several look-alike ways.
_NAME_DOTS = str.maketrans(dict.fromkeys("•‧∙・･．.", "·"))


def clean_name(text: str, limit: int = 50) -> str:
    """A person's name as it is kept. Chinese names lose all inner spaces, Latin names keep one.

    Letters of any script (rare characters of the supplementary planes too), the middle dot,
    hyphen and apostrophe are names; digits, emoji and symbols are not.

    Raises ParseError: NAME_EMPTY, NAME_TOO_LONG (over `limit` characters), NAME_CHARACTERS.
    Source: basic information form, National Basic Public Health Services, 3rd ed. 2017 (text ≤ 50).
    """
    name = clean_text(half_width(text))
    if any(char >= "\u2e80" for char in name):
        name = name.replace(" ", "").translate(_NAME_DOTS)
    if not name:
        raise ParseError(ParseFault.NAME_EMPTY)
    if len(name) > limit:
        raise ParseError(ParseFault.NAME_TOO_LONG)
    for char in name:
        if unicodedata.category(char)[0] not in "LM" and char not in "·-'’. ○〇":
            raise ParseError(ParseFault.NAME_CHARACTERS)
    if not any(unicodedata.category(char)[0] == "L" for char in name):
        raise ParseError(ParseFault.NAME_CHARACTERS)
    return name


def parse_date(text: str, today: date, nearest: NearestYear = "past") -> date:
    """A date as typed: `20250105`, `2025.1.5`, `2025-1-5`, `2025年1月5日`, `1-5`, `0105`, `今天`.

    Without a year (`1-5`, `1月5日`, `0105`) the year is chosen so that the day is the latest one
    not after `today` (`nearest="past"`, for visits), or the first one not before it (`"future"`,
    for plans).
    Six digits are refused: `250105` could be a day or a month.

    Raises ParseError: NOT_A_DATE for an unreadable text, IMPOSSIBLE_DATE for 30 February and alike.
    """
    typed = half_width(text).translate(_TYPED_MARKS).strip()
    if typed in _RELATIVE_DAYS:
        return today + timedelta(days=_RELATIVE_DAYS[typed])
    if compact := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", typed, re.ASCII):
        return _real_date(*(int(part) for part in compact.groups()))
    marked = re.sub(r"\s*[年月./-]\s*|\s+", "-", re.sub(r"\s*[日号]$", "", typed))
    if full := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", marked, re.ASCII):
        return _real_date(*(int(part) for part in full.groups()))
    # Four digits that begin with no month are a year that wants its month and day.
    bare = re.fullmatch(r"(0[1-9]|1[0-2])(\d{2})", typed, re.ASCII)
    if short := bare or re.fullmatch(r"(\d{1,2})-(\d{1,2})", marked, re.ASCII):
        return _nearest_day(int(short[1]), int(short[2]), today, nearest)
    raise ParseError(ParseFault.NOT_A_DATE)


def _real_date(year: int, month: int, day: int) -> date:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ParseError(ParseFault.IMPOSSIBLE_DATE)
    try:
        return date(year, month, day)
    except ValueError:
        raise ParseError(ParseFault.IMPOSSIBLE_DATE) from None


def _nearest_day(month: int, day: int, today: date, nearest: NearestYear) -> date:
    # 29 February may need up to eight years (1896 → 1904); any other day is found in the first two.
    step = -1 if nearest == "past" else 1
    for distance in range(9):
        try:
            found = date(today.year + step * distance, month, day)
        except ValueError:
            continue
        if (found - today).days * step >= 0:
            return found
    raise ParseError(ParseFault.IMPOSSIBLE_DATE)


@dataclass(frozen=True, slots=True, order=True)
class YearMonth:
    """When a disease was confirmed: a year 1850–2199 and, if known, a month 1–12 (else 0)."""

    year: int
    month: int = 0

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}" if self.month else f"{self.year:04d}"

    @classmethod
    def of(cls, kept: str) -> "YearMonth":
        """From the kept form `YYYY-MM` or `YYYY`."""
        year, _, month = kept.partition("-")
        return cls(int(year), int(month or 0))


def parse_year_month(text: str, today: date) -> YearMonth:
    """A month as typed: `2019.5`, `2019-05`, `201905`, `2019年5月`; the year alone is allowed.

    Raises ParseError NOT_A_YEAR_MONTH; IMPOSSIBLE_DATE for a month 13 or one after `today`.
    """
    typed = half_width(text).translate(_TYPED_MARKS).strip().removesuffix("月").removesuffix("年")
    found = re.fullmatch(r"(\d{4})(?:(\d{2})|\s*[年./-]\s*(\d{1,2}))?", typed.strip(), re.ASCII)
    if not found:
        raise ParseError(ParseFault.NOT_A_YEAR_MONTH)
    month_text = found[2] or found[3]
    year, month = int(found[1]), int(month_text or 0)
    if not _FIRST_YEAR <= year <= _LAST_YEAR or (month_text and not 1 <= month <= 12):
        raise ParseError(ParseFault.IMPOSSIBLE_DATE)
    if (year, month) > (today.year, today.month if month else 12):
        raise ParseError(ParseFault.IMPOSSIBLE_DATE)
    return YearMonth(year, month)


def parse_decimal(text: str) -> Decimal:
    """A measured number as typed, full-width digits and `。` for the point tolerated.

    Raises ParseError NOT_A_NUMBER, also for signs, exponents and thousands separators.
    """
    typed = half_width(text).replace("。", ".").strip()
    if not re.fullmatch(r"\d{1,9}(\.\d{0,6})?|\.\d{1,6}", typed, re.ASCII):
        raise ParseError(ParseFault.NOT_A_NUMBER)
    try:
        return Decimal(typed)
    except InvalidOperation:  # unreachable by the pattern above, kept as the documented error
        raise ParseError(ParseFault.NOT_A_NUMBER) from None


def parse_phone(text: str) -> str:
    """A phone as it is kept: an 11-digit mobile, or a landline as `0564-7356120` (`-12` extension).

    Spaces, dashes, brackets, full-width digits and a leading +86 are tolerated.

    Raises ParseError MOBILE_LENGTH when it starts like a mobile but has not 11 digits, else
    NOT_A_PHONE. Source: basic information form 2017 (mobile `^1[3-9]\\d{9}$` or landline).
    """
    typed = re.sub(r"[()\s]", "", half_width(text).translate(_TYPED_MARKS))
    typed = re.sub(r"^(?:\+|00)86-?", "", typed)
    digits = typed.replace("-", "")
    if re.fullmatch(r"1[3-9]\d{9}", digits, re.ASCII):
        return digits
    # Written without a dash the area code is found by its length: 010 and 02x have three digits.
    landline = re.fullmatch(r"(0(?:10|2\d)|0[3-9]\d{2})-?(\d{7,8})(?:-(\d{1,6}))?", typed, re.ASCII)
    if landline:
        return "-".join(part for part in landline.groups() if part)
    if re.fullmatch(r"[2-8]\d{6,7}", typed, re.ASCII):
        return typed
    if re.fullmatch(r"1[3-9]\d+", digits, re.ASCII):
        raise ParseError(ParseFault.MOBILE_LENGTH)
    raise ParseError(ParseFault.NOT_A_PHONE)


def parse_partial_date(text: str, today: date) -> str:
    """When something of long ago happened, as far as known: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.

    Takes whatever `parse_date` (with a year) or `parse_year_month` takes. Raises ParseError
    NOT_A_DATE, IMPOSSIBLE_DATE (also for days after `today`).
    """
    try:
        return str(parse_year_month(text, today))
    except ParseError as error:
        if error.fault is ParseFault.IMPOSSIBLE_DATE:
            raise
    day = parse_date(text, today)
    if day > today:
        raise ParseError(ParseFault.IMPOSSIBLE_DATE)
    return day.isoformat()
