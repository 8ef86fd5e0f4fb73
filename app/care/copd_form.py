"""The items of the COPD form: read from their definition, so that a county can add its own.

The definition is ``resources/forms/copd.json`` (``LOCAL-2025``; domain reference §5.4). Which
of its items an organisation shows is a clinical setting. Answers are kept by the item's key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.i18n import language, tr
from app.paths import resources

VERSION_KEY = "form"
"""Under this key the answers keep the version of the definition they were typed on."""

MAX_TEXT = 200
CAT_RANGE = (0, 40)
#: Litres; a guard against typing errors only.
LUNG_RANGE = (0.1, 10)


@dataclass(frozen=True, slots=True)
class CopdItem:
    """One item: ``kind`` is choice, several, number or text; ``options`` are (code, words)."""

    key: str
    label: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    exclusive: str = ""
    low: float = 0
    high: float = 0
    decimals: int = 0
    unit: str = ""

    def problem(self, answer: Any) -> str | None:
        """Why an answer cannot be saved; None when it can."""
        known = {code for code, _ in self.options}
        if self.kind == "choice" and answer not in known:
            return tr("This choice is not in the list. Choose again.")
        if self.kind == "several":
            if not isinstance(answer, tuple | list) or not set(answer) <= known:
                return tr("This choice is not in the list. Choose again.")
            if self.exclusive in answer and len(answer) > 1:
                return tr("“None” and another answer cannot both be chosen.")
        if self.kind == "number" and (
            isinstance(answer, bool)
            or not isinstance(answer, int | float)
            or not self.low <= answer <= self.high
        ):
            return tr("{name}: 0 to {most} is accepted. Type it again.").format(
                name=self.label, most=f"{self.high:g}"
            )
        if self.kind == "text" and (not isinstance(answer, str) or len(answer) > MAX_TEXT):
            return tr("At most {count} characters fit here. Shorten the text.").format(
                count=MAX_TEXT
            )
        return None


def form_version() -> str:
    """The version of the definition, kept with every answer."""
    return str(_definition()["version"])


def copd_items() -> tuple[CopdItem, ...]:
    """All items in paper order, in the language of the screen."""
    return _items(language())


def headings() -> dict[str, str]:
    """The heading of each item on the Chinese form, for readers elsewhere."""
    return {item["key"]: item["zh"] for item in _definition()["items"]}


def problems_of_answers(answers: Mapping[str, Any]) -> dict[str, str]:
    """What must be mended: ``copd.<item>`` → sentence. Keys of other definitions are kept."""
    known = {item.key: item for item in copd_items()}
    return {
        f"copd.{key}": problem
        for key, answer in answers.items()
        if key in known and (problem := known[key].problem(answer)) is not None
    }


def kept_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as the visit's row keeps them; blank ones are left out."""
    found = {
        key: list(answer) if isinstance(answer, tuple) else answer
        for key, answer in answers.items()
        if answer not in (None, "", (), []) and key != VERSION_KEY
    }
    return {VERSION_KEY: form_version(), **found} if found else {}


def typed_answers(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, from what ``kept_answers`` gave."""
    return {
        key: tuple(answer) if isinstance(answer, list) else answer
        for key, answer in kept.items()
        if key != VERSION_KEY
    }


def ratio(fev1: float | None, fvc: float | None) -> float | None:
    """FEV1/FVC in %, one decimal; None while one of them (litres) is missing."""
    return round(100 * fev1 / fvc, 1) if fev1 and fvc else None


@cache
def _definition() -> dict[str, Any]:
    path = resources() / "forms" / "copd.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def _items(tongue: str) -> tuple[CopdItem, ...]:
    chinese = tongue.startswith("zh")
    own, place = ("zh", 1) if chinese else ("en", 2)
    return tuple(
        CopdItem(
            key=item["key"],
            label=item[own],
            kind=item["kind"],
            options=tuple((option[0], option[place]) for option in item.get("options", ())),
            exclusive=item.get("exclusive", ""),
            low=item.get("low", 0),
            high=item.get("high", 0),
            decimals=item.get("decimals", 0),
            unit=item.get(f"unit_{own}", ""),
        )
        for item in _definition()["items"]
    )
