"""The guide's pictures of a whole record: one person or two, consents, blocks of numbers.
``python -m tools.screenshots_record`` takes these alone."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, ROOT, TOWNSHIP, County, command, organisation_id

#: Names of the guide's pictures that ``record_pages`` takes.
CHOSEN = ("suspects", "compare", "consents", "record-numbers")


def record_pages(county: County, pictures: Path) -> None:
    """Records that may be of one person, two of them side by side, consents, the blocks."""
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    store, actor = hands.frame.context.store, hands.frame.context.actor
    patient = _people(store, actor)
    room: Any = hands.room("residents")
    room.open(suspects=True)
    page = room.suspects
    wait(lambda: page.model.rowCount() > 0, "the suspects")
    hands.picture("suspects")
    page.compare_button.click()
    wait(lambda: page.dialog is not None and page.dialog.merge_button.isEnabled(), "both records")
    # Windows of their own: the picture of the main window would not show them.
    page.dialog.grab().save(str(pictures / "compare.png"))
    page.dialog.reject()
    room.open(resident_id=patient)
    wait(lambda: room.page._summary is not None, "the resident's page")
    room.page.head.consents.emit()
    dialog = room.page.dialog
    wait(lambda: dialog.model.rowCount() > 0, "the consents")
    dialog.grab().save(str(pictures / "consents.png"))
    dialog.reject()
    hands.frame.context.navigate("settings", section="numbers")
    settings: Any = hands.frame.room("settings")
    section = settings.section("numbers")
    wait(lambda: section.model.rowCount() > 0, "the blocks")
    hands.picture("record-numbers")
    hands.close()


def _people(store: Any, actor: Any) -> str:
    """Somebody registered twice, a few consents, two blocks; gives whose consents they are."""
    from sqlalchemy import select

    from app.care import residents
    from app.care.basic_form import BasicForm
    from app.care.resident_record.consents import ConsentInput, record_consent
    from app.care.resident_record.numbers import BlockInput, reserve
    from app.models.resident import Resident

    with store.read() as session:
        row = session.scalars(
            select(Resident).where(Resident.record_status == "active").order_by(Resident.id)
        ).first()
        assert row is not None
        who, village = row.id, row.village or ""
        twin = BasicForm(
            name=row.name,
            sex=row.sex,
            birth_date=row.birth_date,
            id_type="none",
            no_id_reason="not_brought",
            township=row.township or "",
            village=village,
        )
    again = residents.register(store, actor, twin, distinct_from=[who]).resident_id
    with store.write(actor) as session:
        session.get_one(Resident, again).distinct_from = []
    today = store.clock.today()
    for kind, decision, days in (
        ("record", "given", 400),
        ("sharing", "given", 90),
        ("photo", "refused", 90),
    ):
        record_consent(
            store,
            actor,
            ConsentInput(
                who, kind, decision, today - timedelta(days=days), "本人", "", "paper", "档案柜 3"
            ),
        )
    reserve(store, actor, BlockInput("341524105101", 1, 1000, village, "门诊一号机"))
    reserve(store, actor, BlockInput("341524105901", 1, 1000, "", "门诊一号机"))
    return str(who)


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small

    folder = ROOT / "build" / "screenshots-record"
    shutil.rmtree(folder, ignore_errors=True)
    county = County(folder / "county")
    county.township.parent.mkdir(parents=True)
    here = ("--data", str(county.township), "--organisation", organisation_id(TOWNSHIP))
    command("seed", *here, "--residents", "60", "--seed", "1")
    record_pages(county, folder)
    for name in CHOSEN:
        size = save_small(
            QImage(str(folder / f"{name}.png")),
            ROOT / "docs" / "guide" / "pictures" / f"{name}.png",
        )
        print(f"{name}.png {size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
