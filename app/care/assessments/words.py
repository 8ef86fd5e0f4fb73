"""The result of an assessment in words, with the reason: for the strip, lists and the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.care.assessments import ability, levels
from app.care.assessments.constitution import BIASED, NO
from app.care.assessments.levels import DEFAULT_CUT_OFFS, CutOffs
from app.care.assessments.outcome import Outcome
from app.care.assessments.questionnaire import Questionnaire, Words
from app.care.assessments.results import Result, level_text
from app.i18n import tr
from app.models import codes

#: The lowest and the highest total of each scale that has one.
_RANGES = {
    "self_care": (0, 37),
    "ability_2022": (0, 90),
    "barthel": (0, 100),
    "morse": (0, 125),
    "braden": (6, 23),
    "nrs_pain": (0, 10),
    "mmse": (0, 30),
    "gds30": (0, 30),
    "gds15": (0, 15),
}
_SEVERITY = ("danger", "attention")


def points(value: float) -> str:
    """A score without an idle decimal."""
    return f"{value:g}"


def band(
    scale: str, total: int, answers: Mapping[str, Any], cut_offs: CutOffs = DEFAULT_CUT_OFFS
) -> tuple[int, int]:
    """The lowest and the highest total that mean the same level as this one."""
    least, most = _RANGES[scale]

    def level(value: int) -> str:
        return _level_of(scale, value, answers, cut_offs)

    low = high = total
    while low > least and level(low - 1) == level(total):
        low -= 1
    while high < most and level(high + 1) == level(total):
        high += 1
    return low, high


def _level_of(scale: str, total: int, answers: Mapping[str, Any], cut_offs: CutOffs) -> str:
    match scale:
        case "self_care":
            return levels.self_care_level(total)
        case "ability_2022":
            return str(ability.preliminary_2022(total))
        case "barthel":
            return levels.barthel_level(total, cut_offs)
        case "morse":
            return levels.fall_risk(total, cut_offs)
        case "braden":
            return levels.pressure_risk(total)
        case "nrs_pain":
            return levels.pain_level(total)
        case "mmse":
            return levels.cognition_level(total, str(answers["education"]), cut_offs)
        case "gds30":
            return levels.mood_level_30(total, cut_offs)
        case _:
            return levels.mood_level_15(total, cut_offs)


def reason(
    form: Questionnaire,
    found: Outcome,
    answers: Mapping[str, Any],
    cut_offs: CutOffs = DEFAULT_CUT_OFFS,
) -> str:
    """Why the finished form comes to its level; what is missing on an unfinished one."""
    if not found.complete:
        return _unfinished(form, found)
    if form.scale == "tcm33":
        return _constitutions(found)
    parts = [_first_step(form, found, answers, cut_offs)]
    if found.adjustments:
        why = tr(", ").join(
            codes.label("assessment_adjustment", each) for each in found.adjustments
        )
        final = level_text(form.scale, found.level)
        if ability.COMA in found.adjustments:
            parts.append(tr("{why}: directly {level}").format(why=why, level=final))
        elif found.level == found.preliminary:
            parts.append(tr("{why}: already the highest level").format(why=why))
        else:
            parts.append(tr("{why}: one level up → {level}").format(why=why, level=final))
    if found.ask:
        parts.append(tr("the published rules leave this case open: the assessors decide"))
    return tr("; ").join(parts)


def _unfinished(form: Questionnaire, found: Outcome) -> str:
    if found.answered == 0:
        return tr("The score appears here while you answer.")
    missing = [form.question(each) for each in found.missing[:3]]
    names = tr(", ").join(str(each.words) for each in missing if each is not None)
    more = "…" if len(found.missing) > 3 else ""
    return tr("Missing: {names}").format(names=names + more)


def _first_step(
    form: Questionnaire, found: Outcome, answers: Mapping[str, Any], cut_offs: CutOffs
) -> str:
    first = level_text(form.scale, found.preliminary)
    if found.total is None:
        parts = tr(", ").join(
            tr("{part} {level}").format(part=form.groups[group], level=points(level))
            for group, level in found.subtotals.items()
        )
        return f"{parts} → {first}"
    low, high = band(form.scale, int(found.total), answers, cut_offs)
    span = points(low) if low == high else f"{low}–{high}"
    said = tr("{total} points ({band}) → {level}").format(
        total=points(found.total), band=span, level=first
    )
    if form.scale == "mmse":
        cut = levels.mmse_cut_off(str(answers["education"]), cut_offs)
        question = form.question("education")
        option = question.option(answers["education"]) if question is not None else None
        said += tr(" (cut-off for {education}: {cut})").format(
            education=option.words if option is not None else Words("", ""), cut=cut
        )
    return said


def _constitutions(found: Outcome) -> str:
    said = [
        tr("{name} {score}: {result}").format(
            name=codes.label("constitution", name),
            score=points(found.subtotals[name]),
            result=codes.label("constitution_result", result),
        )
        for name, result in found.results.items()
        if result != NO
    ]
    if found.level is None:
        return tr("No constitution stands out: repeat in two weeks.")
    if found.ask:
        said.append(tr("a tie or a contradiction: ask a doctor of TCM"))
    return tr("; ").join(said)


def all_constitutions(details: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """The nine of a saved result in the order of the form: code, score, result."""
    scores, results = details.get("subtotals", {}), details.get("results", {})
    order = (*BIASED, "pinghe")
    return [(name, scores[name], results[name]) for name in order if name in results]


def tone(scale: str, level: str | None) -> str:
    """``danger``, ``attention`` or ``neutral``: how grave a level is."""
    listed = levels.LEVEL_LISTS.get(scale)
    entry = codes.entry(listed, level) if listed and level is not None else None
    found = entry.extra.get("tone", "") if entry is not None else ""
    return found if found in _SEVERITY else "neutral"


def short(result: Result) -> str:
    """``60 分 中度依赖``: a result in a list."""
    parts = []
    if result.total is not None:
        parts.append(tr("{points} points").format(points=points(result.total)))
    if result.level_text:
        parts.append(result.level_text)
    elif result.scale == "tcm33":
        parts.append(tr("none stands out"))
    return " ".join(parts)
