"""The guide's pictures of assessments: the scales with a history, and the form while it is typed.
``python -m tools.screenshots_assessments`` takes these alone."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, ROOT, TOWNSHIP, County, command, organisation_id

#: Names of the guide's pictures that ``assessment_pages`` takes.
CHOSEN = ("assessments", "assessment-form")

_HISTORY = ((250, "2223223333"), (160, "2212122233"), (70, "1212112222"))

#: Answers of the 33 questions that make one constitution; others do not know them.
_TIRED = {"q2": "4", "q3": "4", "q4": "3", "q14": "3"}


def assessment_pages(county: County, pictures: Path) -> None:
    """A resident with three Barthel indexes, and an ability assessment under way."""
    from sqlalchemy import select

    from app.care.assessments.form import AssessmentInput
    from app.care.assessments.questionnaire import questionnaire
    from app.care.assessments.record import record_assessment
    from app.models.resident import Resident
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    store, actor = hands.frame.context.store, hands.frame.context.actor
    today = store.clock.today()
    with store.read() as session:
        oldest = select(Resident.id).order_by(Resident.birth_date, Resident.id).limit(1)
        resident = str(session.scalar(oldest))
    form = questionnaire("barthel")
    for days, codes in _HISTORY:
        answers = {
            question.link_id: min(code, question.options[-1].code)
            for question, code in zip(form.questions, codes, strict=True)
        }
        day = today - timedelta(days=days)
        record_assessment(store, actor, AssessmentInput(resident, "barthel", day, answers))
    for scale, days in (("self_care", 380), ("morse", 5), ("braden", 5), ("tcm33", 20)):
        second = {
            question.link_id: question.options[min(1, len(question.options) - 1)].code
            for question in questionnaire(scale).questions
            if question.required
        }
        day = today - timedelta(days=days)
        record_assessment(store, actor, AssessmentInput(resident, scale, day, second | _TIRED))
    hands.frame.context.navigate("assessments", resident_id=resident)
    wait(lambda: hands.frame.here == "assessments", "the assessments")
    room: Any = hands.frame.room("assessments")
    wait(lambda: room.overview.known is not None, "the scales")
    room.overview.table.choose(2)
    wait(lambda: room.overview.lines.rowCount() == len(_HISTORY), "the history")
    hands.picture("assessments")
    room.open(resident_id=resident, scale="ability_2022")
    wait(lambda: room.form_page is not None, "the form")
    for key in ("reason", "dementia", "psychiatric", "coma"):
        room.form_page.fields[f"answer.{key}"].set_value("2" if key == "dementia" else "1")
    for question in room.form_page.form.questions:
        field = room.form_page.fields[f"answer.{question.link_id}"]
        if question.group == "E":
            field.set_value("0")
        elif question.scored:
            field.set_value("3" if len(question.options) > 4 else question.options[0].code)
    room.form_page.fields["answer.bladder"].setFocus()
    hands.picture("assessment-form")
    room.form_page.fields.clear()
    hands.close()


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small

    folder = ROOT / "build" / "screenshots-assessments"
    shutil.rmtree(folder, ignore_errors=True)
    county = County(folder / "county")
    county.township.parent.mkdir(parents=True)
    here = ("--data", str(county.township), "--organisation", organisation_id(TOWNSHIP))
    command("seed", *here, "--residents", "60", "--seed", "1")
    assessment_pages(county, folder)
    for name in CHOSEN:
        size = save_small(
            QImage(str(folder / f"{name}.png")),
            ROOT / "docs" / "guide" / "pictures" / f"{name}.png",
        )
        print(f"{name}.png {size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
