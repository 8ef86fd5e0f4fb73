"""Results of scales that a health check refers to: self-care, MMSE, depression, constitution.

The result stays where it was made; the check keeps only which assessment it means.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.assessments.results import level_text
from app.care.health_check.definition import FormDefinition
from app.i18n import tr
from app.models.assessment import Assessment

_STANDING = ("final", "amended")


@dataclass(frozen=True, slots=True)
class ScaleResult:
    """One assessment beside its field. ``level``: code of the scale's list, empty for none."""

    assessment_id: str
    scale: str
    assessed_on: date
    total: float | None
    level: str

    @property
    def text(self) -> str:
        """Day, total and level in words."""
        parts = [self.assessed_on.isoformat()]
        if self.total is not None:
            parts.append(tr("{points} points").format(points=f"{self.total:g}"))
        if self.level:
            parts.append(level_text(self.scale, self.level))
        return " ".join(parts)


def scale_results(
    session: Session, resident_ids: Iterable[str], form: FormDefinition
) -> dict[str, ScaleResult]:
    """The newest standing assessment for each scale field of the form."""
    fields = [each for each in form.fields() if each.kind == "assessment"]
    scales = [scale for each in fields for scale in each.scales]
    rows = session.scalars(
        select(Assessment)
        .where(
            Assessment.resident_id.in_(list(resident_ids)),
            Assessment.scale.in_(scales),
            Assessment.status.in_(_STANDING),
        )
        .order_by(Assessment.assessed_on, Assessment.id)
    ).all()
    found: dict[str, ScaleResult] = {}
    for each in fields:
        for row in rows:
            if row.scale in each.scales:
                found[each.key] = ScaleResult(
                    row.id, row.scale, row.assessed_on, row.total, row.level or ""
                )
    return found


def of_this_year(results: dict[str, ScaleResult], day: date) -> dict[str, ScaleResult]:
    """Those made in the year of the check: only they belong to it."""
    return {key: each for key, each in results.items() if each.assessed_on.year == day.year}
