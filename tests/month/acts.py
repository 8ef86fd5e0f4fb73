"""The steps of a route at the screen, each noted in the truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from app.clock import clinic_date
from tests.month import words
from tests.month.desk import Desk
from tests.month.limits import FIRST_VISIT, PAPER
from tests.month.plan import Step
from tests.month.program import Program, settle
from tests.month.truth import Referral


class Acts(Desk):
    """``do`` takes one step of the plan at a program."""

    def do(self, program: Program, referral: Referral, step: Step) -> None:
        """Take the step on the screen and note it."""
        if step.name in ("send", "submit"):
            self.writing.letter(program, referral)
        elif step.name == "phone":
            self.writing.letter(program, referral, phone=True)
        else:
            act: Callable[[Program, Referral, Step], None] = getattr(self, f"_{step.name}")
            act(program, referral, step)
        if step.name != "auto":
            self.truth.took(referral, step)
        self._see(program, referral)

    # -- review in the own house ----------------------------------------------------------------

    def _approve(self, program: Program, referral: Referral, _: Step) -> None:
        head = self.heads[program.house]
        self._plain_at(head, referral, "审核通过", "sent")
        program.context.tell_changed("referral_task")
        self._open(program, referral)

    def _plain_at(self, head: Program, referral: Referral, word: str, target: str) -> None:
        head.context.tell_changed("referral_task")
        room = self._open(head, referral)
        self.hands.move(room, word)
        settle()
        self._wrote(head, referral, target)

    def _back_to_writer(self, program: Program, referral: Referral, _: Step) -> None:
        head = self.heads[program.house]
        head.context.tell_changed("referral_task")
        room = self._open(head, referral)
        self.hands.move(room, "退回书写人")
        self.hands.dialog(room, lambda d: self.hands.type_in(d.text, "请补充既往史"))
        self._wrote(head, referral, "draft")
        program.context.tell_changed("referral_task")
        self._open(program, referral)

    def _resubmit(self, program: Program, referral: Referral, _: Step) -> None:
        self._mend(program, referral, "修改后重新提交", "internal_review")

    def _resend(self, program: Program, referral: Referral, _: Step) -> None:
        if referral.planned.direction != "down":
            self._mend(program, referral, "修改并重发", "sent")
            return
        room = self._open(program, referral)
        self.hands.move(room, "修改并重发")
        settle()
        form = room.answers.form
        self.hands.type_in(form.fields["next_plan"], "缬沙坦 80 mg 每日一次，两周后复查")
        self.writing.send_form(program, room, form)
        referral.replies += 1
        referral.plans += 1
        self._wrote(program, referral, "sent")

    def _mend(self, program: Program, referral: Referral, word: str, target: str) -> None:
        room = self._open(program, referral)
        self.hands.move(room, word)
        settle()
        form = room.form
        self.hands.type_in(form.parts.fields["past_history"], "高血压 10 年，脑梗死 2 年")
        self.hands.press(form.send_button)
        settle()
        self._wrote(program, referral, target)

    def _throw(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "作废")
        self.hands.dialog(room, lambda d: d.done_button.setFocus())
        self._wrote(program, referral, "deleted")

    # -- the sender -------------------------------------------------------------------------------

    def _call(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.press(room.detail.emergency.button)
        self.hands.dialog(room, lambda d: self.hands.type_in(d.answered_by, "急诊科 李护士"))
        self._wrote(program, referral, "accepted")

    def _complete(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        shown = room.controller.view
        # Asked for within a day of the sending, however late it is.
        assert shown.complete_by == shown.sent_at + PAPER
        assert shown.sent_at == referral.view(program.house).letter[0].at
        self.hands.press(room.detail.notice.action_button)
        settle()
        form = room.form
        self.hands.fill(form.parts.fields, words.LETTER)
        self.hands.choose(form.parts.fields["consent"], "given")
        self.hands.press(form.send_button)
        settle()
        self._wrote(program, referral, referral.view(program.house).state(), name="completed")

    def _cancel(self, program: Program, referral: Referral, step: Step) -> None:
        self._reason(program, referral, step, "撤销转诊", "cancelled")

    def _withdraw(self, program: Program, referral: Referral, step: Step) -> None:
        self._reason(program, referral, step, "撤销转诊", "cancelled")

    def _expire(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "标记超时")
        self.hands.dialog(room, lambda d: d.text.editor.setFocus())
        self._wrote(program, referral, "expired")

    def _receive(self, program: Program, referral: Referral, _: Step) -> None:
        self._plain(program, referral, "患者已接回", "received_back")

    def _decline(self, program: Program, referral: Referral, step: Step) -> None:
        self._reason(program, referral, step, "无法接回", "replied")

    # -- the house that has the patient ---------------------------------------------------------

    def _visit(self, program: Program, referral: Referral, _: Step) -> None:
        room = self._open(program, referral)
        self.hands.move(room, "记录随访")
        settle()
        form = room.visits.form
        self._first_visit(program, referral, form.start.due_on)
        self.hands.choose(form.fields["mode"], words.turn(words.MODES, referral.planned))
        self.hands.type_in(form.fields["findings"], "血压平稳，能独立步行")
        self.hands.press(form.save_button)
        settle()
        assert room.pages.currentWidget() is room.desk, form.strip.text()
        referral.visits.append((program.house, self.time.at(program.house)))
        if referral.view(program.house).state() == "arrived":
            self._wrote(program, referral, "in_care")

    def _first_visit(self, program: Program, referral: Referral, due: date | None) -> None:
        """By when the form says that the patient was to be seen first."""
        view = referral.view(program.house)
        came = view.last("received_back") or view.last("arrived")
        assert came is not None
        days = FIRST_VISIT[referral.planned.urgency]
        assert due == clinic_date(came.at) + timedelta(days=days), referral.planned.id
        today = clinic_date(self.time.at(program.house))
        self.first_visits.add((referral.planned.urgency, today > due))

    def _close(self, program: Program, referral: Referral, step: Step) -> None:
        self._reason(program, referral, step, "结案", "closed")

    def _reopen(self, program: Program, referral: Referral, step: Step) -> None:
        target = step.detail.split(":")[1]
        word = {"in_care": "诊治中", "received_back": "已接回"}[target]
        self._reason(program, referral, step, f"重新打开：{word}", target)

    def _auto(self, program: Program, referral: Referral, _: Step) -> None:
        """Nobody presses anything: the program closes it by itself (see ``month``)."""
