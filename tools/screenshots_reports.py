"""Pictures of the reports room for the user guide: the indicators, and who is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, County

#: The guide's picture ← the picture taken here (of the same name).
CHOSEN = ("reports", "report-people")


def report_pages(county: County, pictures: Path) -> None:
    """Both, large, into ``pictures``."""
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    room: Any = hands.room("reports")
    page = room.overview
    wait(lambda: page.model.rowCount() > 0, "the indicators")
    codes = [page.model.row(at).indicator.code for at in range(page.model.rowCount())]
    page.table.choose(codes.index("E1"))
    wait(lambda: page.plot.canvas.series, "the course of the year")
    hands.picture("reports")
    page.missing_button.click()
    wait(lambda: room.people.model.rowCount() > 0, "who is missing")
    hands.picture("report-people")
    hands.close()
