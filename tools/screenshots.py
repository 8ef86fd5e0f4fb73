"""``make screenshots``: the pictures of the user guide, from the real program on sample data.

Walks the main job of the demonstration, visits the pages that the walk does not (first set-up,
settings, English), and saves what the guide shows, small, under ``docs/guide/pictures``.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, ROOT, County, prepare
from tools.screenshots_assessments import CHOSEN as ASSESSMENT_PAGES
from tools.screenshots_assessments import assessment_pages
from tools.screenshots_back import CHOSEN as BACK_PAGES
from tools.screenshots_back import back_pages
from tools.screenshots_check_ups import CHOSEN as CHECK_UP_PAGES
from tools.screenshots_check_ups import check_up_pages
from tools.screenshots_chronic import CHOSEN as CHRONIC_PAGES
from tools.screenshots_chronic import chronic_pages
from tools.screenshots_contracts import CHOSEN as CONTRACT_PAGES
from tools.screenshots_contracts import contract_pages
from tools.screenshots_members import CHOSEN as MEMBER_PAGES
from tools.screenshots_members import member_pages
from tools.screenshots_outreach import CHOSEN as OUTREACH_PAGES
from tools.screenshots_outreach import outreach_pages
from tools.screenshots_record import CHOSEN as RECORD_PAGES
from tools.screenshots_record import record_pages
from tools.screenshots_referral_prints import CHOSEN as REFERRAL_PRINTS
from tools.screenshots_referral_prints import print_pages
from tools.screenshots_reports import CHOSEN as REPORT_PAGES
from tools.screenshots_reports import report_pages
from tools.screenshots_returns import CHOSEN as RETURN_PAGES
from tools.screenshots_returns import return_pages
from tools.screenshots_roster import CHOSEN as ROSTER_PAGES
from tools.screenshots_roster import roster_pages
from tools.screenshots_round import CHOSEN as ROUND_PAGES
from tools.screenshots_round import round_pages
from tools.screenshots_sync import CHOSEN as SYNC_PAGES
from tools.screenshots_sync import sync_pages
from tools.screenshots_update import CHOSEN as UPDATE_PAGES
from tools.screenshots_update import update_pages

WORK = ROOT / "build" / "screenshots"
GUIDE = ROOT / "docs" / "guide" / "pictures"

#: The guide's picture ← the picture of the walk or of ``_more``.
CHOSEN = {
    "set-up-organisation": "set-up-1",
    "set-up-administrator": "set-up-2",
    "recovery-key": "set-up-3",
    "sign-in": "01-sign-in",
    "today": "02-today",
    "new-resident": "03-new-resident",
    "find": "04-find",
    "follow-up": "05-follow-up",
    "urgent": "06-urgent",
    "letter": "07-letter",
    "ward": "09-ward",
    "offline": "11-waiting",
    "resident": "13-held",
    "desk": "14-desk",
    "accept": "15-accept",
    "accepted": "17-township-sees",
    "connected": "18-sync",
    "settings": "settings",
    "server": "settings-server",
    "en-resident": "en-resident",
    "en-ward": "en-ward",
    **{name: name for name in CHECK_UP_PAGES},
    **{name: name for name in RECORD_PAGES},
    **{name: name for name in ROSTER_PAGES},
    **{name: name for name in CONTRACT_PAGES},
    **{name: name for name in CHRONIC_PAGES},
    **{name: name for name in SYNC_PAGES},
    **{name: name for name in ROUND_PAGES},
    **{name: name for name in REPORT_PAGES},
    **{name: name for name in RETURN_PAGES},
    **{name: name for name in OUTREACH_PAGES},
    **{name: name for name in REFERRAL_PRINTS},
    **{name: name for name in BACK_PAGES},
    **{name: name for name in MEMBER_PAGES},
    **{name: name for name in UPDATE_PAGES},
    **{name: name for name in ASSESSMENT_PAGES},
}


def take(folder: Path) -> None:
    """All pictures, large, into ``folder/pictures``."""
    from tools.demo.walk import walk

    county = County(folder / "county")
    address = prepare(county, 300)
    pictures = folder / "pictures"
    _set_up(folder / "new", pictures)
    walk(county, address, pictures, say=lambda text: print("  " + text, flush=True))
    check_up_pages(county, pictures)
    contract_pages(county, pictures)
    _settings(county, pictures)
    chronic_pages(county, pictures)
    round_pages(county, pictures)
    assessment_pages(county, pictures)
    report_pages(county, pictures)
    record_pages(county, pictures)
    _english(county, pictures)
    sync_pages(county, address, pictures)
    roster_pages(county, pictures)
    return_pages(county, pictures)
    outreach_pages(county, pictures)
    print_pages(county, pictures)
    back_pages(county, pictures)
    member_pages(county, pictures)
    update_pages(county, pictures)


def _set_up(folder: Path, pictures: Path) -> None:
    """The three steps of a new PC, up to the recovery key; nothing is written."""
    from tools.demo.hands import Hands, wait

    folder.mkdir(parents=True)
    hands = Hands(folder, pictures)
    page: Any = hands.window.gate
    wait(lambda: page.organisation.combo.count() > 1, "the county's organisations")
    page.organisation.combo.setCurrentIndex(3)
    hands.picture("set-up-1")
    page.next.click()
    for field, text in (
        (page.name, "示例管理员"),
        (page.login, "guanliyuan"),
        (page.password, PASSWORD),
        (page.again, PASSWORD),
    ):
        hands.to(field.editor)
        hands.text(text)
    hands.picture("set-up-2")
    page.next.click()
    wait(lambda: page.pages.currentIndex() == 2, "the recovery key")
    hands.picture("set-up-3")
    hands.close()


def _settings(county: County, pictures: Path) -> None:
    from tools.demo.hands import Hands

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    room: Any = hands.room("settings")
    hands.picture("settings")
    room.go("server")
    room.pages.currentWidget().url.set_value("https://hospital.example/fhir")
    hands.picture("settings-server")
    hands.close()


def _english(county: County, pictures: Path) -> None:
    from app.ui import preferences
    from tools.demo.hands import Hands, wait

    chosen = preferences.load(county.township)
    preferences.save(county.township, replace(chosen, language="en"))
    from app.i18n import set_language

    set_language("en")
    hands = Hands(county.township, pictures)
    try:
        hands.sign_in("sample", PASSWORD)
        residents: Any = hands.room("residents")
        hands.frame.context.navigate("residents", resident_id=_first_resident(hands))
        wait(lambda: residents.page.isVisible(), "the resident's page")
        wait(lambda: residents.page.model.rowCount() > 0, "the timeline")
        hands.picture("en-resident")
        ward: Any = hands.room("rehab")
        wait(lambda: len(ward.ward.model.rows) > 0, "the ward")
        hands.picture("en-ward")
    finally:
        hands.close()
        set_language("zh_CN")


def _first_resident(hands: Any) -> str:
    """A resident with much to show: one with both diseases and many visits."""
    from app.models.chronic import FollowUp

    with hands.window.store.read() as session:
        ids: list[str] = [row for (row,) in session.query(FollowUp.resident_id)]
    return max(set(ids), key=lambda one: (ids.count(one), one))


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small

    if WORK.exists():
        shutil.rmtree(WORK)
    take(WORK)
    GUIDE.mkdir(parents=True, exist_ok=True)
    for name, source in CHOSEN.items():
        image = QImage(str(WORK / "pictures" / f"{source}.png"))
        if image.isNull():
            print(f"the picture {source} was not taken", file=sys.stderr)
            return 1
        size = save_small(image, GUIDE / f"{name}.png")
        print(f"{name}.png {image.width()}×{image.height()} {size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
