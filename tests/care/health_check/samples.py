"""Checks that the tests begin with."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.care.health_check.definition import versions
from app.care.health_check.form import HealthCheckInput, Person

TODAY = date(2026, 3, 2)
WOMAN = Person(birth_date=date(1950, 5, 1), sex="2")
MAN = Person(birth_date=date(1950, 5, 1), sex="1")
NEWEST = versions()[-1]


def a_check(resident_id: str = "r", answers: dict[str, Any] | None = None, **more: Any) -> Any:
    """A check of today with "no symptoms" and a conclusion; ``answers`` are added to it."""
    values = {"symptoms": ("1",), "conclusion": "1", **(answers or {})}
    return HealthCheckInput(
        **{
            "resident_id": resident_id,
            "check_date": TODAY,
            "form_version": NEWEST,
            "answers": {key: value for key, value in values.items() if value is not None},
            **more,
        }
    )
