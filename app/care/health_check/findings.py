"""What of a health check is marked abnormal, and the lines proposed for its conclusion.

Ranges are data of the form's definition, each with its source (national specification 2017, or
the domain reference's own limits); what the form itself calls normal is told by the codes of
its lists. A laboratory value without a national range is marked only by the laboratory's own
range. Nothing here concludes: the doctor accepts each line or leaves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.care.health_check.definition import FieldDefinition, FormDefinition
from app.care.health_check.form import Person, asked_groups, derived
from app.care.health_check.lab_ranges import LabRanges
from app.care.limits import shown
from app.i18n import tr
from app.models import codes

URGENT, MARKED = "urgent", "abnormal"
MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One marked value: its field and section, ``urgent`` or ``abnormal``, the words, why.

    ``short``: only the judgement of a number, for the mark below its field.
    """

    field: str
    section: str
    level: str
    text: str
    source: str
    short: str = ""

    def as_dict(self) -> dict[str, str]:
        """What is kept with the record."""
        return {"field": self.field, "level": self.level, "text": self.text, "source": self.source}


def findings_of(
    form: FormDefinition,
    answers: Mapping[str, Any],
    person: Person,
    lab_ranges: LabRanges | None = None,
    levels: Mapping[str, tuple[str, str]] | None = None,
) -> tuple[Finding, ...]:
    """Everything abnormal on a check, in paper order.

    ``levels``: field of a scale → (level, words) of the assessment it refers to.
    """
    whole = {**answers, **derived(answers)}
    asked = {group.key for group in asked_groups(form, person.sex)}
    found: list[Finding] = []
    for section in form.sections:
        if section.judged:
            continue
        for group in section.groups:
            if group.key not in asked:
                continue
            for each in group.fields:
                heading = each.label if len(group.fields) == 1 else _heading(group.label, each)
                if each.kind in ("number", "derived"):
                    marks = _of_number(form, each, whole, person, lab_ranges, heading)
                elif each.kind == "assessment":
                    marks = _of_scale(each, levels or {}, heading)
                else:
                    marks = _of_choice(each, whole, heading)
                found.extend(
                    Finding(each.key, section.key, level, text, source, short)
                    for level, text, source, short in marks
                )
    return tuple(found)


def proposed_lines(form: FormDefinition, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """At most four lines for the conclusion: the urgent first, then one a block of the paper.

    Blocks beyond the fourth line share the last one, so that nothing is left out.
    """
    lines: list[str] = []
    urgent = [each.text for each in findings if each.level == URGENT]
    if urgent:
        lines.append(tr("; ").join(urgent))
    for section in form.sections:
        texts = [f.text for f in findings if f.section == section.key and f.level != URGENT]
        if texts:
            lines.append(tr("; ").join(texts))
    if len(lines) > MOST_LINES:
        lines[MOST_LINES - 1 :] = [tr("; ").join(lines[MOST_LINES - 1 :])]
    return tuple(lines)


_Mark = tuple[str, str, str, str]


def _heading(row: str, each: FieldDefinition) -> str:
    return each.label if each.label.startswith(row) else f"{row} {each.label}"


def _of_number(
    form: FormDefinition,
    each: FieldDefinition,
    answers: Mapping[str, Any],
    person: Person,
    lab_ranges: LabRanges | None,
    heading: str,
) -> Iterator[_Mark]:
    value = answers.get(each.key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    said = f"{heading} {shown(value, each.decimals)} {each.unit}".rstrip()
    for bounds in form.ranges:
        if bounds.field != each.key or (bounds.sex and bounds.sex != person.sex):
            continue
        if bounds.holds(value):
            yield bounds.level, f"{said} {bounds.label}", bounds.source, bounds.label
            return
    own = lab_ranges.of(each.key, person.sex) if lab_ranges and each.lab_range else None
    if own is None:
        return
    low, high = own
    if low is not None and value < low:
        words = tr("low (laboratory: from {low})").format(low=f"{low:g}")
    elif high is not None and value > high:
        words = tr("high (laboratory: up to {high})").format(high=f"{high:g}")
    else:
        return
    yield MARKED, f"{said} {words}", tr("the laboratory's own range"), words


def _of_choice(each: FieldDefinition, answers: Mapping[str, Any], heading: str) -> Iterator[_Mark]:
    value = answers.get(each.key)
    if not value or not each.normal:
        return
    chosen = value if isinstance(value, list | tuple) else (value,)
    abnormal = [str(code) for code in chosen if code not in each.normal]
    if not abnormal:
        return
    words = tr(", ").join(codes.label(each.code_list, code) for code in abnormal)
    text = str(answers.get(each.text_key) or "")
    if text:
        words = tr("{what} ({words})").format(what=words, words=text)
    yield MARKED, f"{heading} {words}", tr("the form's own words"), ""


def _of_scale(
    each: FieldDefinition, levels: Mapping[str, tuple[str, str]], heading: str
) -> Iterator[_Mark]:
    level, words = levels.get(each.key, ("", ""))
    if level in each.abnormal_levels:
        yield MARKED, f"{heading} {words}", tr("the scale's own level"), ""
