"""What the staff do with referrals, each step through its own use-case; and what they ask each
other beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from app.care import referral
from app.care.outreach import consultations
from app.care.referral_back.visit import VisitInput, begin_visit, record_visit
from app.care.referral_desk import Booking, ServiceAnswer, accept, answer_service
from app.care.referral_letter import LetterInput
from app.care.referral_moves import Reason, load_rows
from app.care.referral_return.answer import amend_reply, hand_back, write_reply
from app.care.referral_return.down import down_of_letter, refer_down, resend_down
from app.care.referral_return.inputs import Admission, DischargeInput, DownInput, PlanInput
from app.care.referral_return.stay import admit, arrive, begin_care, discharge, no_show, redirect
from app.care.referral_states import ServiceState, Side, State, Urgency, legal_moves
from app.care.referral_view import letter_of
from app.models.actor import Actor
from app.models.records import Record
from app.models.store import Store
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.referral_returns import plan_for, reply_for, summary_for
from tests.referral_support import letter_for
from tests.simulation.clinic import Pc
from tests.simulation.views import StoreView

_REASONS = {State.CANCELLED: "patient_withdraw", State.CLOSED: "completed"}
_PATIENT_HERE = ("arrived", "in_care")


@dataclass
class Letters:
    """``fresh`` gives a number that was never given before; ``which`` chooses among what there is.
    Whoever finds nothing to act on does nothing."""

    pc: Pc
    view: StoreView
    fresh: Callable[[], int]

    def _all(self, kind: str) -> list[Record]:
        found = [record for (name, _), record in self.view.records.items() if name == kind]
        return sorted(found, key=lambda record: record["id"])

    def _own(self, kind: str, which: int) -> Record | None:
        own = self.pc.organisation_id
        found = [record for record in self._all(kind) if record["organisation_id"] == own]
        return found[which % len(found)] if found else None

    @property
    def _here(self) -> tuple[Store, Actor]:
        return self.pc.store, self.pc.actor

    def _letter(self, which: int, *states: str, side: Side | None = None) -> Record | None:
        """The task of a letter in one of the states (any), in which this house has that part."""
        own = self.pc.organisation_id
        party = {Side.SENDER: "requester_organisation_id", Side.RECEIVER: "owner_organisation_id"}
        found = [
            task
            for task in self._all("referral_task")
            if task["service"] == "letter"
            and (not states or task["state"] in states)
            and (side is None or task[party[side]] == own)
        ]
        return found[which % len(found)] if found else None

    # --- letters ------------------------------------------------------------------------------

    def refer(self, which: int) -> None:
        record = self._own("resident", which // 3)
        if record is None:
            return
        urgency = ("routine", "emergency", "priority")[which % 3]
        letter = letter_for(record["id"], urgency=urgency, impression=f"印象 {self.fresh()}")
        referral.send(*self._here, letter)

    def refer_down(self, which: int) -> None:
        """With a summary and a plan: the hospital to a member, a member to another one."""
        record = self._own("resident", which // 2)
        if record is None:
            return
        houses = [TOWNSHIP_ID, CARE_HOME_ID]
        if self.pc.organisation_id != LEAD_ID:
            houses.remove(self.pc.organisation_id)
        down = DownInput(record["id"], houses[which % len(houses)], consent="given")
        refer_down(*self._here, down, self._summary(), self._plan())

    def move(self, which: int) -> None:
        """Any legal step of a referral, by whichever side this PC is on."""
        tasks = [t for t in self._all("referral_task") if t["service"] == "letter"]
        if not tasks:
            return
        task = tasks[which % len(tasks)]
        choice = which // len(tasks)
        sender = task["requester_organisation_id"] == self.pc.organisation_id
        side = Side.SENDER if sender else Side.RECEIVER
        state = State(task["state"])
        rules = [
            rule
            for rule in legal_moves(state, side, urgency=Urgency(task["urgency"]))
            if not rule.phone and rule.target is not State.EXPIRED
        ]
        if not rules:
            return
        self._make(task, side, state, rules[choice % len(rules)].target)

    def _make(self, task: Record, side: Side, state: State, target: State) -> None:
        id_ = task["referral_id"]
        steps: dict[tuple[State, State], Callable[[], Any]] = {
            (State.RETURNED, State.SENT): lambda: self._send_again(task),
            (State.SENT, State.ACCEPTED): lambda: accept(*self._here, id_, self._booking()),
            (State.ACCEPTED, State.ACCEPTED): lambda: accept(*self._here, id_, self._booking()),
            (State.ACCEPTED, State.ARRIVED): lambda: arrive(*self._here, id_),
            (State.ACCEPTED, State.NO_SHOW): lambda: no_show(*self._here, id_),
            (State.ARRIVED, State.IN_CARE): lambda: begin_care(*self._here, id_),
            (State.ARRIVED, State.REPLIED): lambda: self._reply(task),
            (State.IN_CARE, State.REPLIED): lambda: self._reply(task),
            (State.REPLIED, State.HANDED_BACK): lambda: self._hand_back(task),
        }
        if (state, target) in steps:
            steps[state, target]()
            return
        code = _REASONS.get(target, "other")
        referral.advance(*self._here, id_, target, Reason(code, f"说明 {self.fresh()}"))

    def _send_again(self, task: Record) -> None:
        letter = replace(self._letter_of(task), impression=f"印象 {self.fresh()}")
        if task["reply_id"]:
            down = down_of_letter(letter)
            resend_down(*self._here, task["referral_id"], down, self._summary(), self._plan())
        else:
            referral.resend(*self._here, task["referral_id"], letter)

    def _letter_of(self, task: Record) -> LetterInput:
        with self.pc.store.read() as session:
            rows = load_rows(session, self.pc.actor, task["referral_id"])
            wishes = tuple((s.service, s.request, s.wanted_on) for s, _ in rows.services)
            return letter_of(rows.letter, wishes)

    def _booking(self) -> Booking:
        number = self.fresh()
        come = self.pc.store.clock.now() + timedelta(days=2)
        return Booking("心内科", f"医生{number}", scheduled_at=come, bed=f"{number} 床")

    def answer(self, which: int) -> None:
        """Answer one of the three priorities."""
        open_ = [
            task
            for task in self._all("referral_task")
            if task["service"] != "letter"
            and task["owner_organisation_id"] == self.pc.organisation_id
        ]
        if not open_:
            return
        task = open_[which % len(open_)]
        if which // len(open_) % 2:
            answer = ServiceAnswer(task["id"], ServiceState.ARRANGED, self._booking())
        else:
            answer = ServiceAnswer(
                task["id"], ServiceState.REFUSED, reason=Reason("other", f"说明 {self.fresh()}")
            )
        answer_service(*self._here, task["referral_id"], answer)

    def receive(self, which: int) -> None:
        """The patient comes while the letter is taken in: both steps at the same PC."""
        task = self._letter(which, "sent", "accepted", side=Side.RECEIVER)
        if task is None:
            return
        if task["state"] == "sent":
            accept(*self._here, task["referral_id"], self._booking())
        arrive(*self._here, task["referral_id"])

    # --- what goes back -------------------------------------------------------------------------

    def _summary(self) -> DischargeInput:
        today = self.pc.store.clock.today()
        return summary_for(admitted_on=today, discharged_on=today, next_plan=f"方案 {self.fresh()}")

    def _plan(self) -> PlanInput:
        day = self.pc.store.clock.today() + timedelta(days=self.fresh() % 20)
        return plan_for(day, precautions=f"注意 {self.fresh()}")

    def _reply(self, task: Record) -> None:
        reply = reply_for(next_plan=f"方案 {self.fresh()}")
        plan = None if task["plan_id"] else self._plan()
        write_reply(*self._here, task["referral_id"], reply, plan)

    def _hand_back(self, task: Record) -> None:
        hand_back(*self._here, task["referral_id"], self._summary(), self._plan())

    def reply(self, which: int) -> None:
        """The patient's treating side answers, or hands the patient back at once."""
        task = self._letter(which // 2, *_PATIENT_HERE, side=Side.RECEIVER)
        if task is not None:
            (self._hand_back if which % 2 else self._reply)(task)

    def amend(self, which: int) -> None:
        """Correct the own reply or summary, with its plan or without."""
        own = {record["id"]: record for record in self._all("referral_reply")}
        tasks = [
            task
            for task in self._all("referral_task")
            if task["reply_id"] in own
            and own[task["reply_id"]]["organisation_id"] == self.pc.organisation_id
        ]
        if not tasks:
            return
        task = tasks[which // 2 % len(tasks)]
        plan = self._plan() if which % 2 else None
        if own[task["reply_id"]]["phase"]:
            amend_reply(*self._here, task["referral_id"], self._summary(), plan)
        else:
            reply = reply_for(next_plan=f"方案 {self.fresh()}")
            amend_reply(*self._here, task["referral_id"], reply, plan)

    def stay(self, which: int) -> None:
        """Handed on to another department, admitted, or discharged."""
        states = ("sent", "accepted", *_PATIENT_HERE)
        task = self._letter(which // 3, *states, side=Side.RECEIVER)
        if task is None:
            return
        id_, number = task["referral_id"], self.fresh()
        if which % 3 == 0:
            redirect(*self._here, id_, f"科室{number}")
        elif which % 3 == 1:
            bed = Admission(department="心内科", bed=f"{number} 床", inpatient_no=f"ZY{number}")
            admit(*self._here, id_, bed)
        else:
            discharge(*self._here, id_)

    def visit(self, which: int) -> None:
        """The first visit after the return, a further one, or one that was written down wrongly."""
        task = self._letter(which // 2, "received_back", "arrived", "in_care", "replied")
        if task is None:
            return
        begun = begin_visit(*self._here, task["referral_id"])
        seen = VisitInput(
            mode="home",
            visited_on=self.pc.store.clock.today(),
            findings=f"情况 {self.fresh()}",
            done_steps=tuple(step.id for step in begun.steps[:1]),
        )
        wrong = begun.last_id if which % 2 else ""
        record_visit(*self._here, task["referral_id"], seen, replaces_id=wrong)

    # --- consultations ----------------------------------------------------------------------------

    def consult(self, which: int) -> None:
        """Ask the hospital, or answer, decline, withdraw, conclude what was asked."""
        asked = self._all("consultation")
        if not asked or which % 3 == 0:
            self._ask(which // 3)
            return
        id_ = asked[which // 3 % len(asked)]["id"]
        words = f"意见 {self.fresh()}"
        if which % 3 == 1:
            consultations.cancel(*self._here, id_, words)
        elif which // 3 % 2:
            consultations.answer(*self._here, id_, consultations.AnswerInput(words, "陈主任"))
        else:
            consultations.decline(*self._here, id_, words)

    def _ask(self, which: int) -> None:
        record = self._own("resident", which)
        if record is not None and self.pc.organisation_id != LEAD_ID:
            question = consultations.ConsultationInput(
                resident_id=record["id"],
                to_organisation_id=LEAD_ID,
                kind="remote",
                department="心内科",
                urgency="routine",
                summary="高血压",
                question=f"问题 {self.fresh()}",
            )
            consultations.ask(*self._here, question)
