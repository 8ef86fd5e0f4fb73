"""The paper of a scale: its questions and answers to tick, from the same questionnaire that the
screen asks. Blank, or with the identity of one person; nothing is ticked and no score filled in.
"""

from __future__ import annotations

import re

from app.care.assessments.questionnaire import (
    CHOICE,
    MULTIPLE,
    NUMBER,
    Question,
    Questionnaire,
    questionnaire,
)
from app.care.paper.document import About, PrintDocument
from app.care.paper.people import people_on_paper
from app.care.paper.templates import fill, line
from app.care.resident_record.people import survivor_of
from app.errors import NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.store import Store

_NUMBERED = re.compile(r"[（(](\d+)[）)]\s*")

Block = tuple[str, list[tuple[str, str, str]]]


def blank_scale(scale: str) -> PrintDocument:
    """The sheet of a scale that names nobody."""
    return _sheet(scale, None, About("paper_form"))


def scale_for(
    store: Store, actor: Actor, scale: str, resident_id: str, *, whole_id: bool = False
) -> PrintDocument:
    """The sheet of a scale for a person; of a merged record the one that goes on.

    ``whole_id``: the identity number is printed whole. Raises NotFound.
    """
    with store.read() as session:
        found = people_on_paper(
            session,
            actor.organisation_id,
            [survivor_of(session, resident_id)],
            store.clock.today(),
            whole_ids=whole_id,
        )
    if not found:
        raise NotFound(tr("This resident is not in the records of this PC."))
    (person,) = found
    return _sheet(scale, person, About("resident", person.resident_id, 1, whole_id))


def blocks_of(form: Questionnaire) -> list[Block]:
    """The parts of the paper, each with its questions, numbered through."""
    found: list[Block] = []
    for number, question in enumerate(form.questions, start=1):
        title = str(form.groups[question.group]) if question.group else ""
        if not found or found[-1][0] != title:
            found.append((title, []))
        words = str(question.words)
        if str(question.help):
            words = f"{words}\n{question.help}"
        # The official print of some forms has the number in the question itself.
        own = _NUMBERED.match(words)
        counted = own.group(1) if own else str(number)
        found[-1][1].append((counted, words[own.end() :] if own else words, _answers(question)))
    return found


def _answers(question: Question) -> str:
    if question.kind in (CHOICE, MULTIPLE):
        # A blank that does not break keeps the box with its word.
        return "  ".join(
            "□" + f"{each.words}{_points(each.weight)}".replace(" ", "\u00a0")
            for each in question.options
        )
    if question.kind == NUMBER:
        limits = "" if question.high is None else f" ({question.low or 0}–{question.high})"
        return f"{line(6)}{limits}"
    return line(20)


def _points(weight: float | None) -> str:
    return "" if weight is None else f" ({weight:g})"


def _sheet(scale: str, person: object, about: About) -> PrintDocument:
    form = questionnaire(scale)
    title = codes.label("assessment_scale", scale)
    return PrintDocument(
        title=tr("Sheet of a scale: {title}").format(title=title),
        forms=fill(
            "scale_sheet", form_title=str(form.title), person=person, blocks=blocks_of(form)
        ),
        about=about,
        margins=(10.0, 9.0, 10.0, 11.0),
        footer=f"{title} {form.version}",
    )
