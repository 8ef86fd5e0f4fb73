"""Writing letters through the form: up, down, between members, on the phone, mended, completed."""

from __future__ import annotations

from typing import Any

from app.ui.referrals.returns.form import ReturnForm
from tests.month import words
from tests.month.hands import Hands, shown_problems
from tests.month.plan import Planned
from tests.month.program import Program, settle
from tests.month.timeline import MonthClock
from tests.month.truth import Referral, Truth

_WISHES = {"c": (0, "心血管内科专家门诊"), "e": (1, "24 小时动态血压"), "b": (2, "心内科床位")}
_NAMES = {"c": "clinic", "e": "examination", "b": "bed"}


class Writing:
    """What senders write. Every method does it on the screen and notes it in the truth."""

    def __init__(
        self, hands: Hands, time: MonthClock, truth: Truth, houses: dict[str, str]
    ) -> None:
        self.hands, self.time, self.truth = hands, time, truth
        self.houses = houses

    def letter(self, program: Program, referral: Referral, *, phone: bool = False) -> None:
        """A new letter: found by name, or begun at the button of the one that ended."""
        planned = referral.planned
        if planned.direction == "down":
            self._down(program, referral)
            return
        room = self._begin(program, planned)
        form = room.form
        self._fill(form, planned)
        if phone:
            self.hands.press(form.phone_button)
            dialog = form.dialog
            self.hands.in_dialog(
                dialog, lambda d: self.hands.type_in(d.answered_by, "急诊科 李护士")
            )
        else:
            program.front()
            self.hands.press(form.send_button)
        settle()
        assert room.pages.currentWidget() is room.desk, shown_problems(form, form.parts.fields)
        self._written(program, referral, room)

    def _begin(self, program: Program, planned: Planned) -> Any:
        if not planned.follows:
            return self.hands.person(program, planned.person)
        before = self.truth.referrals[planned.follows]
        state = before.view(program.house).state()
        room = self.hands.open(program, before.side(program.house), before.id, state)
        if state == "internal_review":
            # Worse meanwhile: the approval is not waited for.
            self.hands.press(room.detail.notice.action_button)
        else:
            self.hands.move(room, "据此新建转诊" if planned.direction == "up" else "改转他处")
        settle()
        return room

    def _fill(self, form: Any, planned: Planned) -> None:
        hands, fields = self.hands, form.parts.fields
        if form.parts.urgency.value() != planned.urgency:
            hands.choose(form.parts.urgency, planned.urgency)
        if form.parts.receiver.value() != self.houses[planned.receiver]:
            hands.choose(form.parts.receiver, self.houses[planned.receiver])
        emergency = planned.urgency == "emergency"
        if emergency:
            hands.choose(fields["red_flags"], *self._flags(planned))
        else:
            hands.fill(fields, words.LETTER)
        hands.choose(fields["reason_codes"], planned.reason)
        if planned.reason == "other":
            hands.type_in(fields["reason_text"], words.with_words("other"))
        if not emergency:
            hands.fill(fields, {"sbp": "152", "dbp": "94"})
            hands.choose(fields["consent"], "given")
        for letter in planned.services:
            place, what = _WISHES[letter]
            hands.type_in(form.parts.wishes[place].request, what)

    def _flags(self, planned: Planned) -> tuple[str, ...]:
        """The emergencies of the month have every red flag between them."""
        same = [p for p in self._plans() if p.urgency == "emergency"]
        place = [p.id for p in same].index(planned.id)
        return words.RED_FLAGS[place :: len(same)]

    def _plans(self) -> list[Planned]:
        return [each.planned for each in self.truth.referrals.values()]

    def _written(self, program: Program, referral: Referral, room: Any) -> None:
        view = room.controller.view
        assert view is not None
        referral.id = view.referral_id
        at = self.time.at(program.house)
        target = str(view.state)
        first = referral.planned.route[0][0].name
        assert target == {
            "send": "sent", "submit": "internal_review", "phone": "accepted",
        }[first]  # fmt: skip
        self.truth.write(referral, "S", target, at)
        assert {s.service for s in view.services} == {_NAMES[s] for s in referral.planned.services}
        lines = {one.referral_id for one in self.hands.show_list(program, "S", ended=False)}
        assert referral.id in lines

    # -- down -----------------------------------------------------------------------------------

    def _down(self, program: Program, referral: Referral) -> None:
        planned = referral.planned
        if planned.follows:
            room = self._begin(program, planned)
        else:
            room = self.hands.person(program, planned.person)
        form = room.answers.form
        hands, fields = self.hands, form.fields
        hands.choose(fields["to_organisation_id"], self.houses[planned.receiver])
        hands.choose(fields["urgency"], planned.urgency)
        hands.choose(fields["consent"], "given")
        self.reply(form, planned, inpatient=True)
        self.hand_over(form, planned)
        self.plan(form, planned)
        self.send_form(program, room, form)
        referral.replies += 1
        referral.plans += 1
        self._written(program, referral, room)

    def send_form(self, program: Program, room: Any, form: ReturnForm) -> None:
        """Ctrl+S on a page of an answer; it must close."""
        program.front()
        form.send_button.setFocus()
        self.hands.save()
        assert room.pages.currentWidget() is room.desk, shown_problems(form, form.fields)

    def reply(self, form: ReturnForm, planned: Planned, *, inpatient: bool) -> None:
        """The parts of the return form."""
        hands, fields = self.hands, form.fields
        hands.choose(fields["visit_kind"], "inpatient" if inpatient else "outpatient")
        if inpatient:
            today = self.time.now.date()
            for key in ("admitted_on", "discharged_on"):
                if fields[key].is_blank():
                    hands.type_in(fields[key], today.isoformat())
            if fields["inpatient_no"].is_blank():
                hands.type_in(fields["inpatient_no"], f"ZY{planned.id}")
        hands.fill(fields, words.REPLY)

    def hand_over(self, form: ReturnForm, planned: Planned) -> None:
        """Phase, reasons and the checklist; one point of it may be "no" with words."""
        hands, fields = self.hands, form.fields
        hands.choose(fields["phase"], words.turn(words.PHASES, planned))
        down = planned.direction == "down"
        reason = planned.reason if down else "acute_treatment_completed"
        hands.choose(fields["reason_codes"], reason)
        if reason == "other":
            hands.type_in(fields["reason_text"], words.with_words("other"))
        no = words.CHECKLIST[words.number(planned) % len(words.CHECKLIST)]
        if no == "vitals_stable" or not down:
            no = ""
        for code in words.CHECKLIST:
            hands.choose(fields[f"checklist.{code}"], "no" if code == no else "yes")
        if no:
            hands.type_in(fields["attention_points"], "请提前联系家属")

    def plan(self, form: ReturnForm, planned: Planned) -> None:
        """One dated step, with the goal of rehabilitation where it is one."""
        hands = self.hands
        kind = words.turn(words.STEPS, planned)
        lines = form.plan_card.lines()
        line = lines[0]
        if line.kind.value() is None:
            hands.choose(line.kind, kind)
            day = self.time.now.date().toordinal() + 5
            hands.type_in(line.due, type(self.time.now.date()).fromordinal(day).isoformat())
            hands.type_in(line.what, "按方案执行")
        if line.kind.value() == "rehab":
            hands.type_in(form.fields["plan.goal_short"], "独立步行 200 米")
            hands.type_in(form.fields["plan.rehab_precautions"], "血压高于 180/110 时停止")
