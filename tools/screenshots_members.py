"""The guide's pictures of what goes along with a letter and of letters inside and between houses:
files beside the form and on the page, the internal review, a letter to a care institution.
``python -m tools.screenshots_members`` takes these alone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, County, organisation_id
from tools.screenshots_alone import take_alone
from tools.screenshots_returns import _shown

#: Names of the guide's pictures that ``member_pages`` takes.
CHOSEN = ("letter-files", "files", "file-viewer", "member-letter", "review-page")
CARE_HOME = "白塔畈镇医养康中心"
_REPORT = (
    "检验报告单（样例）",
    "项目          结果          参考范围",
    "肌钙蛋白 I    0.02 ng/mL    < 0.04",
    "肌酸激酶      126 U/L       50–310",
    "肌酸激酶同工酶    14 U/L    0–24",
    "钾            4.2 mmol/L    3.5–5.3",
)


def member_pages(county: County, pictures: Path) -> None:
    """A letter with an ECG and a report, one to a care institution, and one in review."""
    from tools.demo.hands import Hands

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    people = _people(hands)
    _with_files(hands, people[0], pictures)
    _to_a_member(hands, people[1])
    _in_review(hands, people[2])
    hands.close()


def _people(hands: Any) -> list[str]:
    from sqlalchemy import select

    from app.models.resident import Resident

    with hands.frame.context.store.read() as session:
        return list(
            session.scalars(
                select(Resident.id)
                .where(Resident.record_status == "active", Resident.sex == "1")
                .order_by(Resident.birth_date)
                .limit(3)
            )
        )


def _letter(resident_id: str) -> Any:
    from app.care.referral_letter import LetterInput, ServiceWish
    from app.care.referral_red_flags import Vitals

    return LetterInput(
        resident_id,
        urgency="priority",
        reason_codes=("chronic_uncontrolled_twice",),
        impression="冠心病？高血压 3 级",
        present_history="活动后胸闷 2 周，休息可缓解，昨日发作 2 次。",
        past_history="高血压 10 年。",
        treatment_given="阿司匹林 100 mg 每日一次，症状未完全缓解。",
        vitals=Vitals(sbp=168, dbp=96, heart_rate=88),
        consent="given",
        services=(ServiceWish("clinic", "心血管内科"), ServiceWish("examination", "冠脉 CT")),
    )


def _with_files(hands: Any, resident_id: str, folder: Path) -> None:
    from tools.demo.hands import wait

    room: Any = hands.room("referrals")
    context = hands.frame.context
    context.navigate("referrals", resident_id=resident_id, prefill=_letter(resident_id))
    wait(lambda: room.form is not None and room.form.parts.isVisible(), "the form of a letter")
    form = room.form
    for number, (category, title) in enumerate((("ecg", "心电图"), ("laboratory", "心肌酶"))):
        _add(hands, form.files, _sheet(number), category, title)
    document = folder / "report.pdf"
    document.write_bytes(b"%PDF-1.4\n" + b"0" * 40_000)
    _add(hands, form.files, document, "other", "上次出院小结")
    form.scroll_area.ensureWidgetVisible(form.files)
    hands.picture("letter-files")
    form.send_button.click()
    wait(lambda: _shown(room)[1] == "sent", "the letter sent")
    wait(lambda: len(room.files.files) == 3, "its files")
    room.detail._scroll.ensureWidgetVisible(room.files)
    hands.picture("files")
    room.files.strip.setCurrentRow(0)
    room.files.open_file()
    viewer = room.files.viewer
    wait(lambda: viewer.pages.currentWidget() is viewer.picture, "the picture large")
    hands.picture_of(viewer, "file-viewer")
    viewer.reject()
    hands.front()


def _add(hands: Any, card: Any, source: Any, category: str, title: str) -> None:
    from tools.demo.hands import wait

    card.dialog = None
    before = len(card.files)
    card.add([source])
    wait(lambda: card.dialog is not None, "what the file is")
    card.dialog.category.set_value(category)
    card.dialog.title.set_value(title)
    card.dialog.done_button.click()
    wait(lambda: len(card.files) == before + 1, "the file beside the form")
    hands.front()


def _sheet(number: int) -> Any:
    """A sample sheet as a phone takes it: an ECG's trace, or lines of a laboratory's report."""
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

    image = QImage(1600, 1100, QImage.Format.Format_RGB32)
    image.fill(QColor("#FFF4F0" if number == 0 else "white"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = painter.font()
    font.setPixelSize(44)
    painter.setFont(font)
    if number == 0:
        for step in range(0, 1600, 125):
            painter.setPen(QPen(QColor("#F0B8A8"), 2))
            painter.drawLine(step, 0, step, 1100)
            painter.drawLine(0, step, 1600, step)
        painter.setPen(QPen(Qt.GlobalColor.black, 4))
        for lead in range(4):
            base = 220 + lead * 250
            painter.drawText(30, base - 110, ("I", "II", "V3", "V5")[lead])
            painter.drawPolyline(
                QPolygonF([QPointF(x, base - _beat(x % 400, lead)) for x in range(0, 1600, 4)])
            )
    else:
        painter.setPen(QPen(Qt.GlobalColor.black, 3))
        for at, words in enumerate(_REPORT):
            painter.drawText(120, 160 + at * 130, words)
            painter.drawLine(110, 190 + at * 130, 1490, 190 + at * 130)
    painter.end()
    return image


def _beat(at: int, lead: int) -> float:
    """The height of one heart beat's trace, in points."""
    waves = ((90, 18, 20), (160, -25, 8), (180, 150 + 20 * lead, 10), (200, -45, 9), (290, 35, 28))
    return sum(high * math.exp(-(((at - place) / wide) ** 2)) for place, high, wide in waves)


def _to_a_member(hands: Any, resident_id: str) -> None:
    from tools.demo.hands import wait

    room: Any = hands.room("referrals")
    hands.frame.context.navigate("referrals", resident_id=resident_id)
    wait(lambda: room.form is not None and room.form.parts.isVisible(), "the form of a letter")
    parts = room.form.parts
    parts.receiver.set_value(organisation_id(CARE_HOME))
    for key, text in (
        ("impression", "脑梗死恢复期"),
        ("present_history", "左侧肢体无力 3 月，病情平稳，需住院康复与照护。"),
        ("past_history", "高血压 10 年。"),
        ("treatment_given", "抗血小板、降压治疗，床旁康复 2 周。"),
    ):
        parts.fields[key].set_value(text)
    parts.fields["reason_codes"].set_value(("rehabilitation_training",))
    parts.fields["impression"].setFocus()
    room.form.scroll_area.verticalScrollBar().setValue(0)
    hands.picture("member-letter")
    room.form._throw_away()


def _in_review(hands: Any, resident_id: str) -> None:
    from app.care.referral_limits import SETTING, Limits
    from app.care.referral_review import submit
    from app.models.settings import set_setting
    from tools.demo.hands import wait

    context = hands.frame.context
    with context.store.write(context.actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())
    written = submit(context.store, context.actor, _letter(resident_id))
    context.tell_changed("referral", "referral_task", "referral_event")
    room: Any = hands.room("referrals")
    context.navigate("referrals", referral_id=written.referral_id)
    wait(lambda: _shown(room) == (written.referral_id, "internal_review"), "the letter in review")
    hands.picture("review-page")


if __name__ == "__main__":
    raise SystemExit(take_alone("members", member_pages, CHOSEN))
