"""Pictures of the Sync page's own work for the user guide: end-of-day check, conflict desk, refused
records, USB stick, backups. ``python -m tools.screenshots_sync`` takes these alone."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.demo.county import PASSWORD, ROOT, County, prepare, served

#: The guide's picture ← the picture taken here (of the same name).
CHOSEN = ("day-check", "needs-a-person", "conflict-desk", "usb-stick", "backups")


def sync_pages(county: County, address: str, pictures: Path) -> None:
    """All of them, large, into ``pictures``."""
    with served(county, urlsplit(address).port or 0):
        _day_check(county, pictures)
    _trouble(county.township)
    _desk(county, pictures)


def _day_check(county: County, pictures: Path) -> None:
    from PySide6.QtCore import Qt

    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    room: Any = hands.room("sync")
    wait(lambda: room.page.day.check_button.isEnabled(), "the check")
    hands.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: room.page.day.property("tone") == "confirmed", "a green day", 60)
    hands.picture("day-check")
    hands.close()


def _trouble(folder: Path) -> None:
    """One resident changed in two places, one visit refused, one check-in kept here."""
    from app.care.accounts import sign_in
    from app.models.chronic import FollowUp
    from app.models.identity import new_id
    from app.models.outbox import KEPT, REJECTED, Conflict, Outbox
    from app.models.rehab import CheckIn
    from app.models.resident import Resident

    opened = sign_in(folder, "sample", PASSWORD)
    store, actor = opened.store, opened.actor
    now = store.clock.now()
    with store.write(actor) as session:
        resident = session.query(Resident).order_by(Resident.id).first()
        visit = session.query(FollowUp).order_by(FollowUp.id).first()
        session_ = session.query(CheckIn).order_by(CheckIn.id).first()
        assert resident is not None
        assert visit is not None
        assert session_ is not None
        before = resident.phone
        resident.phone, visit.remark, session_.adverse_text = "13800000002", "示例", "示例"
        resident.marital = "3"
        resident_id = resident.id
    with store.apply_remote() as session:
        for kind, state, reason in (
            ("resident", REJECTED, "示例"),
            ("follow_up", REJECTED, "县级医院服务器没有接收这条记录：随访日期早于建档日期。"),
            ("check_in", KEPT, "示例：外县居民，县医院不收"),
        ):
            session.query(Outbox).filter_by(kind=kind).update(
                {"state": state, "reason": reason, "sent_at": now}
            )
        session.add(
            Conflict(
                id=new_id(),
                kind="resident",
                record_id=resident_id,
                resident_id=resident_id,
                fields={
                    "phone": {"base": before, "mine": "13800000002", "theirs": "13800000001"},
                    "marital": {"base": "2", "mine": resident.marital, "theirs": "4"},
                },
                created_at=now,
                mine_by=actor.staff_id,
                mine_at=now,
                theirs_by=actor.staff_id,
                theirs_organisation_id=store.organisation_id,
                theirs_at=now,
            )
        )
    store.close()


def _desk(county: County, pictures: Path) -> None:
    from PySide6.QtCore import Qt

    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    room: Any = hands.room("sync")
    troubles = room.page.troubles
    wait(lambda: troubles.model.rowCount() == 3, "three records that need a person")
    troubles.table.choose(1)
    hands.picture("needs-a-person")
    troubles.table.choose(0)
    troubles.table.setFocus()
    hands.key(Qt.Key.Key_Return)
    wait(lambda: room._desk is not None and len(room.desk.rows) == 2, "the desk")
    hands.key(Qt.Key.Key_2)
    hands.picture("conflict-desk")
    hands.key(Qt.Key.Key_Escape)
    hands.key(Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: room._stick is not None and room.stick._standing.text() != "", "the stick")
    hands.picture("usb-stick")
    settings: Any = hands.room("settings")
    settings.go("backups")
    section = settings.section("backups")
    section.now_button.click()
    wait(lambda: section.model.rowCount() > 0, "a backup")
    wait(lambda: section.now_button.isEnabled(), "its check")
    hands.picture("backups")
    hands.close()


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small
    from tools.screenshots import GUIDE

    work = ROOT / "build" / "screenshots-sync"
    if work.exists():
        shutil.rmtree(work)
    county = County(work / "county")
    sync_pages(county, prepare(county, 60), work / "pictures")
    for name in CHOSEN:
        image = QImage(str(work / "pictures" / f"{name}.png"))
        if image.isNull():
            print(f"the picture {name} was not taken", file=sys.stderr)
            return 1
        save_small(image, GUIDE / f"{name}.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
