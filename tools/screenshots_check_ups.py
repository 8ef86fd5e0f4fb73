"""Pictures of the annual check for the user guide: the list of the year, the page, its
conclusion. ``python -m tools.screenshots_check_ups`` takes these alone."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, ROOT, County, command, organisation_id
from tools.demo.county import TOWNSHIP as NAME

#: The guide's picture ← the picture taken here (of the same name).
CHOSEN = ("check-ups", "check-up", "check-up-conclusion")


def check_up_pages(county: County, pictures: Path) -> None:
    """All of them, large, into ``pictures``."""
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    hands.frame.context.navigate("check_ups")
    room: Any = hands.frame.room("check_ups")
    wait(lambda: room.year_page.model.rowCount() > 0, "the list of the year")
    hands.picture("check-ups")
    row = room.year_page.table.current()
    room.open(resident_id=row.resident_id)
    wait(lambda: room.front is not None, "the page of the check")
    page = room.front
    fields = page.fields
    for key, value in (
        ("symptoms", ("3",)),
        ("temperature", 36.5),
        ("pulse", 78),
        ("respiration", 18),
        ("sbp_left", 156),
        ("dbp_left", 88),
        ("sbp_right", 152),
        ("dbp_right", 86),
        ("height", 160.0),
        ("weight", 66.5),
        ("waist", 92.0),
        ("lips", "1"),
        ("ecg", "2"),
        ("fpg", 7.4),
    ):
        fields[key].set_value(value)
    fields["ecg"].words.setText("窦性心动过缓")
    fields.rows["respiration"].mark.set_code("")
    wait(lambda: len(page.proposals.texts()) > 0, "the marked values")
    hands.picture("check-up")
    page.to_section("conclusion")
    page.proposals.take_all()
    fields["guidance"].set_value(("2",))
    wait(lambda: not fields["abnormal"].is_blank(), "the lines of the conclusion")
    bar = page.scroll_area.verticalScrollBar()
    bar.setValue(bar.maximum())
    hands.picture("check-up-conclusion")
    hands.close()


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small
    from tools.screenshots import GUIDE

    work = ROOT / "build" / "screenshots-check-ups"
    shutil.rmtree(work, ignore_errors=True)
    county = County(work / "county")
    seeded = ("--residents", "60", "--organisation", organisation_id(NAME))
    command("seed", "--data", str(county.township), *seeded)
    check_up_pages(county, work)
    for name in CHOSEN:
        image = QImage(str(work / f"{name}.png"))
        if image.isNull():
            print(f"the picture {name} was not taken", file=sys.stderr)
            return 1
        print(f"{name}.png {save_small(image, GUIDE / f'{name}.png') / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
