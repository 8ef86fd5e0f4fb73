"""The guide's pictures of a referral's papers as they are printed: transfer-out form, return form,
consent sheet, plan for the family. ``python -m tools.screenshots_referral_prints`` takes these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, County
from tools.screenshots_alone import take_alone
from tools.screenshots_returns import _KINDS, _letters, _plan, _summary, _treat

#: Names of the guide's pictures that ``print_pages`` takes.
CHOSEN = ("print-preview", "print-out", "print-back", "print-consent", "print-family")
#: Points an inch at which a whole page is shown.
_DPI = 80.0


def print_pages(county: County, pictures: Path) -> None:
    """A letter and its consent at the township, the answer and the plan at the hospital."""
    from app.care.paper.referral_papers import Paper
    from app.care.referral_return.answer import hand_back
    from app.models import records
    from tools.demo.hands import Hands

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    rows, ids = _letters(hands)
    _print(hands, ids[1], Paper.OUT, pictures / "print-out.png")
    _print(hands, ids[0], Paper.CONSENT, pictures / "print-consent.png")
    hands.close()
    hands = Hands(county.lead, pictures)
    hands.sign_in("sample", PASSWORD)
    context = hands.frame.context
    with context.store.apply_remote() as session:
        for kind, values in rows.items():
            records.put(session, kind, values)
    context.tell_changed(*_KINDS)
    _treat(context, ids[1])
    hand_back(context.store, context.actor, ids[1], _summary(context), _plan(context))
    context.tell_changed(*_KINDS, "referral_reply", "return_plan")
    _print(hands, ids[1], Paper.BACK, pictures / "print-back.png")
    _print(hands, ids[1], Paper.FAMILY, pictures / "print-family.png")
    hands.close()


def _print(hands: Any, referral_id: str, paper: Any, path: Path) -> None:
    """Open the referral and take the first page of one of its papers."""
    from tools.demo.hands import wait

    hands.frame.context.navigate("referrals", referral_id=referral_id)
    room: Any = hands.frame.room("referrals")
    wait(
        lambda: (
            room.controller.view is not None and room.controller.view.referral_id == referral_id
        ),
        "the referral",
    )
    room.printer.preview = None
    room.printer.open(paper, room.window())
    wait(lambda: room.printer.preview is not None, "the preview")
    preview: Any = room.printer.preview
    wait(preview.isVisible, "the preview on the screen")
    wait(lambda: preview.sheet.pixmap().width() > preview.area.width() - 60, "the page in its size")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.stem == "print-out":
        preview.grab().save(str(path.with_name("print-preview.png")))
    preview.pages.image(0, _DPI).save(str(path))
    preview.reject()
    hands.front()


if __name__ == "__main__":
    raise SystemExit(take_alone("referral-prints", print_pages, CHOSEN, 30))
