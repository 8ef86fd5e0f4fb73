"""The history of a scale as lines of a plot, and one result in more words."""

from __future__ import annotations

from collections.abc import Sequence

from app.care.assessments import words
from app.care.assessments.history import HistoryLine
from app.care.assessments.levels import CutOffs
from app.care.assessments.questionnaire import questionnaire
from app.care.assessments.results import Result, level_text
from app.i18n import tr
from app.models import codes
from app.ui.widgets.trends import Series

#: The best total of the scales whose best band is shaded.
_BEST = {"self_care": 0, "morse": 0, "braden": 23, "gds30": 0, "gds15": 0}
_MOST_BIASED = 2


def series(scale: str, lines: Sequence[HistoryLine]) -> list[Series]:
    """Totals over time, oldest first; of the constitutions the balanced and the two highest."""
    ordered = [line.result for line in reversed(lines)]
    if scale == "tcm33":
        return _constitutions(ordered)
    if scale == "ability_2013":
        points = [
            (each.assessed_on, float(each.level))
            for each in ordered
            if each.level is not None and each.level.isdigit()
        ]
        return [Series(tr("level"), points)]
    return [
        Series(
            codes.label("assessment_scale", scale),
            [(each.assessed_on, each.total) for each in ordered if each.total is not None],
        )
    ]


def _constitutions(ordered: Sequence[Result]) -> list[Series]:
    if not ordered:
        return []
    newest = ordered[-1].details.get("subtotals", {})
    biased = sorted(
        (name for name in newest if name != "pinghe"), key=lambda name: -float(newest[name])
    )
    return [
        Series(
            codes.label("constitution", name),
            [
                (each.assessed_on, float(each.details["subtotals"][name]))
                for each in ordered
                if name in each.details.get("subtotals", {})
            ],
        )
        for name in ("pinghe", *biased[:_MOST_BIASED])
    ]


def target(scale: str, cut_offs: CutOffs) -> list[tuple[float, float]]:
    """The band that is wanted, shaded in the plot."""
    best = _BEST.get(scale)
    return [] if best is None else [words.band(scale, best, {}, cut_offs)]


def detail(result: Result) -> str:
    """What stands behind a result: the nine constitutions, the parts, what moved the level."""
    if result.scale == "tcm33":
        return tr("; ").join(
            tr("{name} {score}: {result}").format(
                name=codes.label("constitution", name),
                score=words.points(score),
                result=codes.label("constitution_result", found),
            )
            for name, score, found in words.all_constitutions(result.details)
        )
    parts = []
    groups = questionnaire(result.scale).groups
    subtotals = result.details.get("subtotals", {})
    if subtotals:
        parts.append(
            tr(", ").join(
                f"{groups[name]} {words.points(score)}"
                for name, score in subtotals.items()
                if name in groups
            )
        )
    moved = result.details.get("adjustments", [])
    if result.preliminary_level is not None and moved:
        parts.append(
            tr("preliminary {first}, final {last} ({why})").format(
                first=level_text(result.scale, result.preliminary_level),
                last=level_text(result.scale, result.level),
                why=tr(", ").join(codes.label("assessment_adjustment", each) for each in moved),
            )
        )
    return tr("; ").join(parts)
