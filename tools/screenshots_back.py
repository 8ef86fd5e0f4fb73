"""The guide's pictures of a return: the patient taken back, the work on Today, the first visit, the
time limits. ``python -m tools.screenshots_back`` takes these alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, County
from tools.screenshots_alone import take_alone
from tools.screenshots_returns import _KINDS, _letters, _plan, _shown, _summary, _treat

#: Names of the guide's pictures that ``back_pages`` takes.
CHOSEN = ("back-page", "back-today", "back-visit", "referral-limits")
_BACK = ("referral_task", "referral_event", "referral_reply", "return_plan")


def back_pages(county: County, pictures: Path) -> None:
    """The hospital hands a patient back; the township takes them, and writes the first visit."""
    from app.care.referral_return.answer import hand_back
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    rows, ids = _letters(hands)
    hands.close()
    hands = Hands(county.lead, pictures)
    hands.sign_in("sample", PASSWORD)
    context = hands.frame.context
    _put(context, rows)
    _treat(context, ids[1])
    hand_back(context.store, context.actor, ids[1], _summary(context), _plan(context))
    rows = _rows(context, ids[1])
    hands.close()
    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    context = hands.frame.context
    _put(context, rows)
    context.navigate("referrals", referral_id=ids[1])
    room: Any = hands.room("referrals")
    wait(lambda: _shown(room) == (ids[1], "handed_back"), "the offered patient")
    hands.picture("back-page")
    back = next(b for b in room.detail.move_buttons() if b.keys)
    back.click()
    wait(lambda: _shown(room) == (ids[1], "received_back"), "the patient taken back")
    context.navigate("today")
    today: Any = hands.room("today")
    today.families.setCurrentIndex(3)
    wait(lambda: today.week.list.rows.rowCount() == 1, "the work after the return")
    hands.picture("back-today")
    context.navigate("referrals", referral_id=ids[1])
    room.visits.write(ids[1])
    wait(lambda: room.visits.form is not None, "the form of the visit")
    form = room.visits.form
    form.fields["mode"].set_value("home")
    form.fields["findings"].set_value("血压平稳，无头晕，能独立步行。按时服药，饮食偏咸，已指导。")
    form.fields["sbp"].set_value(138)
    form.fields["dbp"].set_value(84)
    form.fields["done_steps"].set_value(("1",))
    form.fields["findings"].setFocus()
    hands.picture("back-visit")
    form._throw_away()
    context.navigate("settings", section="referral_limits")
    hands.picture("referral-limits")
    hands.close()


def _put(context: Any, rows: dict[str, list[Any]]) -> None:
    from app.models import records

    with context.store.apply_remote() as session:
        for kind, values in rows.items():
            records.put(session, kind, values)
    context.tell_changed(*_KINDS, *_BACK)


def _rows(context: Any, referral_id: str) -> dict[str, list[Any]]:
    """What the hospital wrote of a letter, as a pull brings it."""
    from sqlalchemy import select

    from app.models import records

    found: dict[str, list[Any]] = {}
    with context.store.read() as session:
        for kind in _BACK:
            table = records.KINDS[kind].table
            ids = session.scalars(select(table.c.id).where(table.c.referral_id == referral_id))
            found[kind] = list(records.fetch(session, kind, ids.all()).values())
    return found


if __name__ == "__main__":
    raise SystemExit(take_alone("back", back_pages, CHOSEN))
