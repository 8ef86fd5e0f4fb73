"""The steps of a receiving desk at the screen: answers, stays, replies, handing back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.clock import CLINIC_ZONE, clinic_date, clinic_time
from tests.month import words
from tests.month.acting import Acting
from tests.month.plan import Step
from tests.month.program import Program, settle
from tests.month.truth import Referral

_SERVICES = {"c": "clinic", "e": "examination", "b": "bed"}
_LATER = ("noshow", "arrive")


class Desk(Acting):
    """Each method is a step of the plan by its name."""

    def _reject(self, program: Program, referral: Referral, step: Step) -> None:
        self._reason(program, referral, step, "不予接收", "rejected")

    def _return(self, program: Program, referral: Referral, step: Step) -> None:
        self._reason(program, referral, step, "退回补充", "returned")

    def _redirect(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "转交科室")
        self.hands.dialog(room, lambda d: self.hands.type_in(d.department, "老年医学科"))
        self._wrote(program, referral, referral.view(program.house).state(), name="redirected")

    def _booking(self, referral: Referral) -> datetime:
        """The evening of the day; the next morning for one who will not come, or comes late."""
        today = clinic_time(self.time.now).date()
        rest = referral.planned.route[referral.stage + 1 :]
        coming = next((s for stage in rest for s in stage if s.name in _LATER), None)
        if coming is not None and coming.pause:
            return datetime.combine(
                today + timedelta(days=1), datetime.min.time(), CLINIC_ZONE
            ).replace(hour=9)
        return datetime.combine(today, datetime.min.time(), CLINIC_ZONE).replace(hour=18)

    def _accept(self, program: Program, referral: Referral, step: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "受理")
        answers = {one[0]: one[1:] for one in step.detail.split(",") if one}
        booked = self._booking(referral)

        def fill(dialog: Any) -> None:
            fields = dialog.booking_fields
            self.hands.type_in(fields.department, "心血管内科")
            self.hands.type_in(fields.doctor, "李主任")
            self.hands.moment(fields.moment, booked)
            for line in dialog.answers:
                letter = next(k for k, v in _SERVICES.items() if v == line.service.service)
                self._answer_line(line, answers.get(letter, "."))

        self.hands.dialog(room, fill)
        self._wrote(program, referral, "accepted", booked=booked)
        for letter, answer in answers.items():
            self._answered(program, referral, letter, answer)

    def _answer_line(self, line: Any, answer: str) -> None:
        if answer == ".":
            self.hands.choose(line.choice, "later")
        elif answer == "+":
            self.hands.choose(line.choice, "arranged")
        else:
            self.hands.choose(line.choice, "refused")
            self.hands.choose(line.reason, answer[1:])
            if text := words.with_words(answer[1:]):
                self.hands.type_in(line.reason_text, text)

    def _answered(self, program: Program, referral: Referral, letter: str, answer: str) -> None:
        if answer == ".":
            return
        self._wrote(
            program,
            referral,
            "arranged" if answer == "+" else "refused",
            reason=answer[1:],
            service=_SERVICES[letter],
        )

    def _rebook(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "调整安排")
        booked = self._booking(referral)

        def fill(dialog: Any) -> None:
            self.hands.type_in(dialog.booking_fields.department, "急诊科")
            self.hands.moment(dialog.booking_fields.moment, booked)

        self.hands.dialog(room, fill)
        self._wrote(program, referral, "accepted", name="rebooked", booked=booked)

    def _line(self, room: Any, letter: str) -> Any:
        return room.detail.services.line(_SERVICES[letter])

    def _service_button(self, room: Any, letter: str, word: str) -> None:
        found = [b for b in self._line(room, letter).buttons() if b.text() == word]
        assert found
        self.hands.press(found[0])

    def _answer(self, program: Program, referral: Referral, step: Step) -> None:
        room = self._open(program, referral)
        self._service_button(room, step.detail[0], "安排")
        at = self.time.now + timedelta(days=1)
        self.hands.dialog(room, lambda d: self.hands.moment(d.line.moment, at))
        self._answered(program, referral, step.detail[0], "+")

    def _use(self, program: Program, referral: Referral, step: Step) -> None:
        room = self._open(program, referral)
        self._service_button(room, step.detail, "已使用")
        settle()
        self._wrote(program, referral, "used", service=_SERVICES[step.detail])

    def _noshow(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "未到诊")
        self.hands.dialog(room, lambda d: d.text.editor.setFocus())
        self._wrote(program, referral, "no_show")

    def _arrive(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "患者已到")
        booked = referral.view(program.house).booked()
        if booked and clinic_date(booked) != clinic_date(self.time.at(program.house)):
            # Not the booked day: the page asks first.
            self.hands.dialog(room, lambda dialog: None)
        settle()
        self._wrote(program, referral, "arrived")

    def _begin(self, program: Program, referral: Referral, _: Step) -> None:
        self._plain(program, referral, "开始诊治", "in_care")

    def _admit(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "收治入院")

        def fill(dialog: Any) -> None:
            self.hands.type_in(dialog.department, "心血管内科")
            self.hands.type_in(dialog.ward, "五病区")
            self.hands.type_in(dialog.number, f"ZY{referral.planned.id}")

        self.hands.dialog(room, fill)
        if referral.view(program.house).state() == "accepted":
            self._wrote(program, referral, "arrived")
        self._wrote(program, referral, "in_care")
        if "b" in referral.planned.services:
            if referral.view(program.house).state("bed") != "arranged":
                self._wrote(program, referral, "arranged", service="bed")
            self._wrote(program, referral, "used", service="bed")

    def _discharge(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "已出院")
        self.hands.dialog(room, lambda d: d.day.editor.setFocus())
        self._wrote(program, referral, "in_care", name="discharged")

    def _reply(self, program: Program, referral: Referral, step: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "写回转单")
        settle()
        form = room.answers.form
        admitted = referral.view(program.house).last("discharged") is not None
        self.writing.reply(form, referral.planned, inpatient=admitted)
        self.writing.send_form(program, room, form)
        referral.replies += 1
        self._wrote(program, referral, "replied")

    def _amend(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "更正回转单")
        settle()
        form = room.answers.form
        self.hands.type_in(form.fields["rehab_advice"], "每日步行 15 分钟，家属陪同")
        self.writing.send_form(program, room, form)
        referral.replies += 1
        self._wrote(program, referral, referral.view(program.house).state(), name="amended")

    def _hand(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "转回基层")
        settle()
        form = room.answers.form
        self.writing.reply(form, referral.planned, inpatient=True)
        self.writing.hand_over(form, referral.planned)
        self.writing.plan(form, referral.planned)
        self.writing.send_form(program, room, form)
        referral.replies += 1
        referral.plans += 1
        if referral.view(program.house).state() != "replied":
            self._wrote(program, referral, "replied")
        self._wrote(program, referral, "handed_back")
