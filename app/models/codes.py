"""Code lists: what a code of a form means, in Chinese and English.

Each list is a CSV file ``resources/codes/<list>.csv`` with the columns ``code,zh,en`` (and
others that a list needs). The code and the text of the form are data, not program words.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache

from app.i18n import language
from app.paths import resources


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One entry of a code list; ``extra`` holds the list's further columns."""

    code: str
    zh: str
    en: str
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The text in the language of the screen."""
        return self.en if language() == "en" else self.zh


@cache
def entries(code_list: str) -> tuple[CodeEntry, ...]:
    """All entries of a list in the order of the form. An unknown list is a defect."""
    path = resources() / "codes" / f"{code_list}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(
            CodeEntry(
                code=row["code"],
                zh=row["zh"],
                en=row["en"],
                extra={k: v for k, v in row.items() if k not in ("code", "zh", "en")},
            )
            for row in csv.DictReader(file)
        )


@cache
def _index(code_list: str) -> dict[str, CodeEntry]:
    return {entry.code: entry for entry in entries(code_list)}


def entry(code_list: str, code: str) -> CodeEntry | None:
    """The entry of a code, or None where the list does not have it."""
    return _index(code_list).get(code)


def is_known(code_list: str, code: str) -> bool:
    return code in _index(code_list)


def label(code_list: str, code: str | None) -> str:
    """The text of a code; an unknown code is shown as it is, never hidden."""
    if code is None:
        return ""
    found = _index(code_list).get(code)
    return found.label if found else code
