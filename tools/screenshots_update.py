"""The page of the program's updates for the user guide, with one found on a stick.
``python -m tools.screenshots_update`` takes it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, County
from tools.screenshots_alone import take_alone

CHOSEN = ("program-update",)


def update_pages(county: County, pictures: Path) -> None:
    """The page, large, into ``pictures``."""
    from app.care.updates import Offer, UpdateState
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    room: Any = hands.room("settings")
    room.go("update")
    section = room.section("update")
    wait(lambda: bool(section.version.text()), "the version in use")
    # As an installed program shows it, with a stick in drive E.
    section.strip.clear()
    section._show(UpdateState("0.1.0", "", (), possible=True))
    stick = Path("E:/TownshipCare-0.2.0-win-amd64.tcupdate")
    section._found((Offer(stick, "0.2.0", 46_200_000, "转诊回复可以直接打印；随访提醒更准。"),))
    hands.picture("program-update")
    hands.close()


if __name__ == "__main__":
    raise SystemExit(take_alone("update", update_pages, CHOSEN, 30))
