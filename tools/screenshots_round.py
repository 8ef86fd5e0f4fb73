"""The guide's pictures of a village round: the lists, the printed slips, the pile being typed in.
``python -m tools.screenshots_round`` takes these alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, ROOT, TOWNSHIP, County, command, organisation_id

#: Names of the guide's pictures that ``round_pages`` takes.
CHOSEN = ("round", "round-print", "round-pile", "round-slip")


def round_pages(county: County, pictures: Path) -> None:
    """The work of one village, its slips as they are printed, and the second slip of the pile."""
    from app.care.paper.log import note_print
    from app.care.paper.pile import record_slip, set_slip_aside
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    store, actor = hands.frame.context.store, hands.frame.context.actor
    room: Any = hands.frame.room("today")
    room.views.setCurrentIndex(1)
    view = room.lists.view
    wait(lambda: view.groups_model.rowCount() > 1, "the villages")
    view.scopes.setCurrentIndex(3)
    rows = [view.groups_model.row(at) for at in range(1, view.groups_model.rowCount())]
    busiest = max(range(len(rows)), key=lambda at: rows[at].counts.month)
    view.groups.choose(busiest + 1)
    wait(lambda: view.group() is not None and view.model.rowCount() > 0, "the village's people")
    wait(lambda: view.model.rowCount() == view.group().counts.month, "the whole village")
    wait(lambda: view.model.row(0) is not None, "the first page")
    # What is due by today: fewer people, and a smaller picture.
    view.scopes.setCurrentIndex(1)
    wait(lambda: 0 < view.model.rowCount() < view.group().counts.month, "who is due by today")
    wait(lambda: view.model.row(0) is not None, "their first page")
    hands.picture("round")
    view.scopes.setCurrentIndex(3)
    wait(lambda: view.model.rowCount() == view.group().counts.month, "the whole village again")
    view.kind.setCurrentIndex(max(view.kind.findData("follow_up:hypertension"), 0))
    wait(lambda: view.filter().kind != "" and view.model.row(0) is not None, "hypertension")
    view.print_button.click()
    dialog = room.lists.printer.dialog
    dialog.paper_field.set_value("slips")
    dialog.go.click()
    wait(lambda: room.lists.printer.preview is not None, "the preview")
    preview: Any = room.lists.printer.preview
    wait(preview.isVisible, "the preview on the screen")
    pictures.mkdir(parents=True, exist_ok=True)
    wait(lambda: preview.sheet.pixmap().width() > preview.area.width() - 60, "the page in its size")
    preview.grab().save(str(pictures / "round-print.png"))
    document = preview.document
    note_print(store, actor, document, "paper", len(preview.pages))
    preview.reject()
    hands.front()
    room.to_pile()
    page = room.pile.page
    wait(lambda: page.pile is not None, "the pile")
    page.day.set_value(store.clock.today())
    page.mode.set_value("2")
    page.day.left.emit()
    first, second, third, *_ = page.pile.slips
    record_slip(store, actor, first.slip_id, _visit(first, store.clock.today()))
    set_slip_aside(store, actor, second.slip_id, "家中无人")
    round_id = page.pile.round_id
    page.begin(round_id)
    wait(lambda: page.model.row(1).state == "aside", "the slips")
    # What was typed above may have been read back before it was kept.
    page.day.set_value(store.clock.today())
    page.mode.set_value("2")
    page.day.left.emit()
    hands.picture("round-pile")
    page.open_slip(third)
    wait(lambda: room.pile.form.isVisible(), "the slip")
    form = room.pile.form
    wait(lambda: form.fields["hypertension.symptoms"].options.hasFocus(), "the first question")
    hands.text("1")
    form.fields.sbp.set_value(152)
    form.fields.dbp.set_value(94)
    hands.picture("round-slip")
    hands.close()


def _visit(slip: Any, day: Any) -> Any:
    from app.care.follow_up_form import DiseasePart, FollowUpInput

    return FollowUpInput(
        resident_id=slip.resident_id,
        visit_date=day,
        mode="2",
        parts=(DiseasePart("hypertension", ("1",)),),
        sbp=132,
        dbp=80,
        adherence="1",
        adverse_reaction="1",
    )


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small

    folder = ROOT / "build" / "screenshots-round"
    shutil.rmtree(folder, ignore_errors=True)
    county = County(folder / "county")
    county.township.parent.mkdir(parents=True)
    here = ("--data", str(county.township), "--organisation", organisation_id(TOWNSHIP))
    command("seed", *here, "--residents", "300", "--seed", "1")
    round_pages(county, folder)
    for name in CHOSEN:
        size = save_small(
            QImage(str(folder / f"{name}.png")),
            ROOT / "docs" / "guide" / "pictures" / f"{name}.png",
        )
        print(f"{name}.png {size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
