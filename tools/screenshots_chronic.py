"""The guide's pictures of chronic care: one form for three diseases, screening, the settings.
``python -m tools.screenshots_chronic`` takes these alone."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, ROOT, TOWNSHIP, County, command, organisation_id

#: Names of the guide's pictures that ``chronic_pages`` takes.
CHOSEN = ("chronic-combined", "screening", "screening-form", "settings-clinical")


def chronic_pages(county: County, pictures: Path) -> None:
    """A follow-up for three diseases while it is typed, the lists of screening, the settings."""
    from app.ui.chronic.screening_dialog import ScreeningDialog
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    store, actor = hands.frame.context.store, hands.frame.context.actor
    patient, risky = _people(store, actor)
    hands.frame.context.navigate("chronic", resident_id=patient)
    wait(lambda: hands.frame.here == "chronic", "chronic care")
    room: Any = hands.frame.room("chronic")
    wait(lambda: room.form_page.isVisible(), "the follow-up form")
    fields = room.form_page.fields
    for key, value in {
        "mode": "1",
        "hypertension.symptoms": ("1",),
        "type2_diabetes.symptoms": ("1",),
        "copd.symptoms": ("2",),
        "copd_control": "1",
        "respiration": 20,
        "spo2": 94,
        "mmrc": "2",
        "cat": 14,
        "fev1": 1.42,
        "fvc": 2.31,
        "sbp": 152,
        "dbp": 84,
        "heart_rate": 76,
        "fpg": 6.8,
    }.items():
        fields[key].set_value(value)
    hands.picture("chronic-combined")
    room.form_page.fields.touched = False
    room.form_page.leave()
    hands.frame.context.navigate("chronic", page="screening")
    page = room.screening_page
    wait(lambda: page.isVisible() and page.unmeasured.rowCount() > 0, "the lists of screening")
    page.scopes.setCurrentIndex(1)
    wait(lambda: page.waiting.row(0) is not None, "who is to be measured again")
    hands.picture("screening")
    page.measure(risky)
    wait(lambda: any(each.isVisible() for each in page.findChildren(ScreeningDialog)), "the form")
    dialog = next(each for each in page.findChildren(ScreeningDialog) if each.isVisible())
    wait(lambda: dialog._known is not None, "who it is")
    for key, text in {"sbp": "150", "dbp": "92", "height": "158", "weight": "66"}.items():
        dialog.fields[key].restore(text)
    dialog.source.set_value("1")
    dialog.risks.set_value(("salt",))
    # A window of its own: the picture of the main window would not show it.
    dialog.grab().save(str(pictures / "screening-form.png"))
    dialog.reject()
    hands.frame.context.navigate("settings", section="clinical")
    wait(lambda: hands.frame.here == "settings", "the settings")
    settings: Any = hands.frame.room("settings")
    section = settings.section("clinical")
    wait(lambda: section.standing.version > 0, "the clinical settings")
    hands.picture("settings-clinical")
    hands.close()


def _people(store: Any, actor: Any) -> tuple[str, str]:
    """Somebody with three diseases and a visit, and somebody with a raised pressure."""
    from sqlalchemy import select

    from app.care.clinical_settings import DEFAULTS, save_clinical_settings
    from app.care.follow_up import record_follow_up
    from app.care.follow_up_form import DiseasePart, FollowUpInput
    from app.care.screening.lists import unmeasured
    from app.care.screening.record import ScreeningInput, record_screening
    from app.models.resident import Condition

    today = store.clock.today()
    save_clinical_settings(
        store, actor, replace(DEFAULTS, keep_quarterly_plan=True), "县卫健委通知（示例）"
    )
    with store.read() as session:
        ids = session.scalars(
            select(Condition.resident_id)
            .where(Condition.disease == "type2_diabetes", Condition.managed)
            .order_by(Condition.resident_id)
        ).all()
    patient = str(ids[0])
    parts = tuple(
        DiseasePart(disease, symptoms=("1",))
        for disease in ("hypertension", "type2_diabetes", "copd")
    )
    record_follow_up(
        store,
        actor,
        FollowUpInput(
            resident_id=patient,
            visit_date=today - timedelta(days=1),
            mode="1",
            parts=parts,
            enrol=("hypertension", "copd"),
            sbp=146,
            dbp=82,
            heart_rate=72,
            fpg=6.6,
            dorsalis_pedis="1",
            hypoglycaemia="1",
            adherence="1",
            adverse_reaction="1",
            copd_control="1",
            respiration=20,
            spo2=95,
            mmrc="2",
            cat=12,
            fev1=1.45,
            fvc=2.3,
        ),
    )
    first, second, third = (row.resident_id for row in unmeasured(store, actor, limit=3))
    for who, days in ((first, (14, 7, 0)), (second, (9,)), (third, (12, 3))):
        for ago in days:
            record_screening(
                store,
                actor,
                ScreeningInput(
                    resident_id=who,
                    measured_on=today - timedelta(days=ago),
                    sbp=148 - ago % 5,
                    dbp=86,
                    bp_source="1",
                ),
            )
    return patient, second


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small

    folder = ROOT / "build" / "screenshots-chronic"
    shutil.rmtree(folder, ignore_errors=True)
    county = County(folder / "county")
    county.township.parent.mkdir(parents=True)
    here = ("--data", str(county.township), "--organisation", organisation_id(TOWNSHIP))
    command("seed", *here, "--residents", "60", "--seed", "1")
    chronic_pages(county, folder)
    for name in CHOSEN:
        size = save_small(
            QImage(str(folder / f"{name}.png")),
            ROOT / "docs" / "guide" / "pictures" / f"{name}.png",
        )
        print(f"{name}.png {size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
