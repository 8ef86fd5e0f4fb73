"""Pictures of bringing in a roster for the user guide: the columns, the rows, the imports so far.
``python -m tools.screenshots_roster`` takes these alone."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, ROOT, County, command, organisation_id
from tools.demo.county import TOWNSHIP as NAME

#: The guide's picture ← the picture taken here (of the same name).
CHOSEN = ("roster-columns", "roster-rows", "roster-imports")

_HEADINGS = (
    "序号", "姓名", "性别", "身份证号", "出生日期", "联系电话", "村", "人群类型", "血型",
)  # fmt: skip


def roster_pages(county: County, pictures: Path) -> None:
    """All of them, large, into ``pictures``."""
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    room: Any = hands.room("residents")
    path = _roster(pictures / "白塔村老年人花名册.xlsx")
    room.show_roster()
    page = room.roster
    page.file.path.set_value(str(path))
    page.next()
    wait(lambda: page.step == 1 and not page.controller.busy, "the columns")
    hands.picture("roster-columns")
    page.next()
    wait(lambda: page.step == 2 and not page.controller.busy, "the rows")
    page.rows.show_only("")
    hands.picture("roster-rows")
    page.next()
    wait(lambda: page.step == 3 and not page.controller.busy, "the end of the import")
    page.show_history()
    hands.picture("roster-imports")
    hands.close()
    path.unlink()


def _roster(path: Path) -> Path:
    """Invented people, with what usually is wrong in a roster."""
    from app.care.sample.people import VILLAGES, SampleMaker
    from app.care.spreadsheet import Cell, Sheet, SheetColumn, workbook_bytes

    maker = SampleMaker(23, date(2026, 3, 2), "roster")
    rows: list[list[Cell]] = []
    for at in range(24):
        sex, birth = "12"[at % 2], maker.birth_date()
        rows.append(
            [
                at + 1, maker.name(sex), "男女"[at % 2], maker.id_number(birth, sex),
                birth.strftime("%Y.%m.%d"), f"199000{at:05d}", VILLAGES[1], "高血压、低保", "A",
            ]
        )  # fmt: skip
    rows[2][3] = int(str(rows[2][3])[:15] + "000") if str(rows[2][3])[:17].isdigit() else 0
    rows[4][2] = "女" if rows[4][2] == "男" else "男"
    rows[6][3] = rows[5][3]
    rows[8][3] = f"'{rows[8][3]} "
    rows[9][5] = "1990000"
    columns = tuple(SheetColumn(title) for title in _HEADINGS)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(workbook_bytes([Sheet("花名册", columns, rows)])[0])
    return path


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small
    from tools.screenshots import GUIDE

    work = ROOT / "build" / "screenshots-roster"
    shutil.rmtree(work, ignore_errors=True)
    county = County(work / "county")
    seeded = ("--residents", "60", "--organisation", organisation_id(NAME))
    command("seed", "--data", str(county.township), *seeded)
    roster_pages(county, work)
    for name in CHOSEN:
        image = QImage(str(work / f"{name}.png"))
        if image.isNull():
            print(f"the picture {name} was not taken", file=sys.stderr)
            return 1
        print(f"{name}.png {save_small(image, GUIDE / f'{name}.png') / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
