"""The citizen identity number (公民身份号码): reading, checking, converting the legacy form.

Source: GB 11643-1999 (18 characters, ISO 7064 MOD 11-2 check), with the county rules §2.1:
upper-case X, spaces and full-width signs tolerated, impossible dates and future births refused,
unknown regions only warned about because regions are merged over time.
"""

import enum
import re
from dataclasses import dataclass
from datetime import date

from app.care.age import age_on
from app.care.parsing import half_width
from app.i18n import tr

__all__ = [
    "RULE_VERSION",
    "Card",
    "CardError",
    "CardFault",
    "check_character",
    "convert_legacy",
    "explain",
    "is_valid",
    "normalise",
    "read_card",
]

RULE_VERSION = "GB11643-1999"

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"

# Province-level prefixes of GB/T 2260, and 81-83 of the residence permits for Hong Kong, Macao and
# Taiwan. Numbers beginning with 9 are foreign permanent-resident cards (2023): region by nation.
_PROVINCES = frozenset(
    str(first)
    for block in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for first in range(block[0], block[1] + 1)
)

# Nobody has been documented to live longer than 122 years.
_OLDEST_AGE = 130


class CardFault(enum.Enum):
    """Why a number is not accepted."""

    LENGTH = "length"
    CHARACTERS = "characters"
    BIRTH_DATE = "birth_date"
    FUTURE_BIRTH = "future_birth"
    CHECK_CHARACTER = "check_character"
    LEGACY = "legacy"
    LEGACY_CENTURY = "legacy_century"


class CardError(ValueError):
    """A number that is not accepted. Holds only the reason, never the number."""

    def __init__(self, fault: CardFault) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def message(self) -> str:
        """The plain sentence for the screen, in the present language."""
        return explain(self.fault)


def explain(fault: CardFault) -> str:
    """The plain sentence for a fault: what is wrong and what to do."""
    match fault:
        case CardFault.LENGTH:
            return tr("The ID number must have 18 characters. Count them against the card.")
        case CardFault.CHARACTERS:
            return tr("The ID number is made of digits; only the last may be X. Check it again.")
        case CardFault.BIRTH_DATE:
            return tr("The birth date inside the ID number does not exist. Compare digits 7 to 14.")
        case CardFault.FUTURE_BIRTH:
            return tr("The birth date inside the ID number is in the future. Compare digits 7-14.")
        case CardFault.CHECK_CHARACTER:
            return tr(
                "The last character does not fit the other 17, so at least one is mistyped. "
                "Compare the number with the card."
            )
        case CardFault.LEGACY:
            return tr(
                "15-digit numbers are no longer valid. Type the 18-digit number of the new card."
            )
        case CardFault.LEGACY_CENTURY:
            return tr(
                "This 15-digit number was given to a person born before 1900 and cannot be "
                "converted. Ask for the 18-digit number."
            )


@dataclass(frozen=True, slots=True)
class Card:
    """What a valid number says.

    `sex` is GB/T 2261.1 (`1` male, `2` female); `region` the six digits of GB/T 2260;
    `region_known` False asks for a warning, never a refusal; `converted` is True when the number
    was made from a legacy 15-digit one.
    """

    number: str
    birth_date: date
    sex: str
    region: str
    region_known: bool
    converted: bool = False

    @property
    def warning(self) -> str | None:
        """A sentence to show beside the accepted number, or None."""
        if self.region_known:
            return None
        return tr("The region of this ID number is unknown. Compare the first 6 digits.")


def normalise(text: str) -> str:
    """The number without spaces, dashes, apostrophes (Excel) and full-width forms, X in capital."""
    return re.sub(r"[\s'’‘`·-]", "", half_width(text)).upper().replace("Ｘ", "X").replace("×", "X")


def check_character(first17: str) -> str:
    """The 18th character for the first 17 digits (GB 11643-1999 §5, MOD 11-2)."""
    if not re.fullmatch(r"\d{17}", first17, re.ASCII):
        raise CardError(CardFault.CHARACTERS)
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def convert_legacy(text: str) -> str:
    """The 18-character number of a legacy 15-digit one: for import only.

    Raises CardError LEGACY_CENTURY for sequences 996-999 (people born in the 1800s), LENGTH,
    CHARACTERS.
    """
    legacy = normalise(text)
    if len(legacy) != 15:
        raise CardError(CardFault.LENGTH)
    if not re.fullmatch(r"\d{15}", legacy, re.ASCII):
        raise CardError(CardFault.CHARACTERS)
    if legacy[12:] in ("996", "997", "998", "999"):
        raise CardError(CardFault.LEGACY_CENTURY)
    first17 = f"{legacy[:6]}19{legacy[6:]}"
    return first17 + check_character(first17)


def read_card(text: str, today: date, *, accept_legacy: bool = False) -> Card:
    """Read and check a number; `accept_legacy` (imports) converts a 15-digit one.

    Raises CardError with the first fault found, in the order in which a person would look:
    length, characters, birth date, future, check character.
    """
    number = normalise(text)
    converted = False
    if len(number) == 15 and number.isdigit():
        if not accept_legacy:
            raise CardError(CardFault.LEGACY)
        number = convert_legacy(number)
        converted = True
    if len(number) != 18:
        raise CardError(CardFault.LENGTH)
    if not re.fullmatch(r"\d{17}[\dX]", number, re.ASCII):
        raise CardError(CardFault.CHARACTERS)
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise CardError(CardFault.BIRTH_DATE) from None
    if birth > today:
        raise CardError(CardFault.FUTURE_BIRTH)
    if age_on(birth, today) > _OLDEST_AGE:
        raise CardError(CardFault.BIRTH_DATE)
    if check_character(number[:17]) != number[17]:
        raise CardError(CardFault.CHECK_CHARACTER)
    return Card(
        number=number,
        birth_date=birth,
        sex="1" if int(number[16]) % 2 else "2",
        region=number[:6],
        region_known=number[0] == "9" or number[:2] in _PROVINCES,
        converted=converted,
    )


def is_valid(text: str, today: date) -> bool:
    """True when `read_card` accepts the text as an 18-character number."""
    try:
        read_card(text, today)
    except CardError:
        return False
    return True
