"""What the staff do, through the program's own use-cases. Every value they write is a new one.

``which`` chooses among what the PC has; an action that finds nothing to act on does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.care import referral, residents
from app.care.basic_form import BasicForm
from app.care.check_in import save_check_in, void_check_in
from app.care.follow_up import correct_follow_up, load_visit, record_follow_up
from app.care.referral_desk import Booking, ServiceAnswer, accept, answer_service
from app.care.referral_moves import Reason, load_rows
from app.care.referral_states import ServiceState, Side, State, Urgency, legal_moves
from app.care.referral_view import letter_of
from app.care.rehab_plan import pause_plan, revise_plan, view_of
from app.care.rehab_plan_form import PlanInput
from app.models.records import Record
from app.models.rehab import RehabPlan
from tests.care.follow_up_samples import a_visit
from tests.care.rehab_ward import add_plan, done
from tests.referral_support import letter_for
from tests.simulation.clinic import Pc
from tests.simulation.views import StoreView

_REASONS = {
    State.CANCELLED: "patient_withdraw",
    State.CLOSED: "completed",
    State.REJECTED: "resource_limited",
    State.RETURNED: "insufficient_info",
}
_DIGITS = "甲乙丙丁戊己庚辛壬癸"
_EDITED = ("phone", "address", "village", "employer", "note", "registered_address")


@dataclass
class Staff:
    """The people before one PC. ``fresh`` gives a number that was never given before."""

    pc: Pc
    view: StoreView
    fresh: Callable[[], int]

    def _all(self, kind: str) -> list[Record]:
        found = [record for (name, _), record in self.view.records.items() if name == kind]
        return sorted(found, key=lambda record: record["id"])

    def _one(self, kind: str, which: int) -> Record | None:
        found = self._all(kind)
        return found[which % len(found)] if found else None

    def _own(self, kind: str, which: int) -> Record | None:
        own = self.pc.organisation_id
        found = [record for record in self._all(kind) if record["organisation_id"] == own]
        return found[which % len(found)] if found else None

    # --- residents --------------------------------------------------------------------------

    def register(self, _which: int) -> None:
        number = self.fresh()
        residents.register(
            self.pc.store,
            self.pc.actor,
            BasicForm(
                name="老" + "".join(_DIGITS[int(digit)] for digit in str(number)),
                sex=str(1 + number % 2),
                birth_date=date(1930 + number % 25, 1 + number % 12, 1 + number // 25 % 28),
                id_type="none",
                no_id_reason="not_brought",
                phone=self._phone(number),
                village=f"村{number}",
            ),
        )

    def edit_resident(self, which: int) -> None:
        record = self._own("resident", which // len(_EDITED))
        if record is None:
            return
        number = self.fresh()
        field = _EDITED[which % len(_EDITED)]
        held = residents.load_form(self.pc.store, self.pc.actor, record["id"])
        text = self._phone(number) if field == "phone" else f"{field} {number}"
        residents.update(
            self.pc.store,
            self.pc.actor,
            record["id"],
            replace(held.form, **{field: text}),
            held.change_id,
        )

    def _phone(self, number: int) -> str:
        return f"138{number:08d}"

    # --- rehabilitation ---------------------------------------------------------------------

    def plan(self, which: int) -> None:
        record = self._own("resident", which)
        if record is not None:
            goal = f"目标 {self.fresh()}"
            add_plan(self.pc.store, self.pc.actor, record["id"], goal_short=goal)

    def edit_plan(self, which: int) -> None:
        record = self._own("rehab_plan", which // 3)
        if record is None:
            return
        with self.pc.store.read() as session:
            plan = view_of(session.get_one(RehabPlan, record["id"]))
        form = PlanInput(
            **{
                name: getattr(plan, name)
                for name in PlanInput.__dataclass_fields__
                if hasattr(plan, name)
            }
        )
        field = ("goal_short", "precautions", "goal_long")[which % 3]
        changed = replace(form, **{field: f"{field} {self.fresh()}"})
        revise_plan(self.pc.store, self.pc.actor, plan.id, changed, plan.change_id)

    def pause(self, which: int) -> None:
        record = self._own("rehab_plan", which)
        if record is not None:
            pause_plan(self.pc.store, self.pc.actor, record["id"], f"原因 {self.fresh()}")

    def check_in(self, which: int) -> None:
        record = self._own("rehab_plan", which)
        if record is None:
            return
        with self.pc.store.read() as session:
            plan = view_of(session.get_one(RehabPlan, record["id"]))
        save_check_in(
            self.pc.store, self.pc.actor, done(self.pc.store, plan, pre_note=str(self.fresh()))
        )

    def void_check_in(self, which: int) -> None:
        record = self._own("check_in", which)
        if record is not None:
            void_check_in(self.pc.store, self.pc.actor, record["id"], f"错 {self.fresh()}")

    # --- chronic care -----------------------------------------------------------------------

    def follow_up(self, which: int) -> None:
        record = self._own("resident", which)
        if record is None:
            return
        number = self.fresh()
        visit = a_visit(
            record["id"],
            visit_date=self.pc.store.clock.today(),
            sbp=110 + number % 28,
            remark=str(number),
            enrol=("hypertension",),
        )
        record_follow_up(self.pc.store, self.pc.actor, visit)

    def correct_follow_up(self, which: int) -> None:
        record = self._own("follow_up", which)
        if record is None:
            return
        visit = load_visit(self.pc.store, self.pc.actor, record["id"])
        number = self.fresh()
        changed = replace(visit, remark=f"更正 {number}")
        correct_follow_up(self.pc.store, self.pc.actor, record["id"], changed, f"错 {number}")

    # --- referrals --------------------------------------------------------------------------

    def refer(self, which: int) -> None:
        record = self._own("resident", which // 3)
        if record is None:
            return
        urgency = ("routine", "emergency", "priority")[which % 3]
        letter = letter_for(record["id"], urgency=urgency, impression=f"印象 {self.fresh()}")
        referral.send(self.pc.store, self.pc.actor, letter)

    def move(self, which: int) -> None:
        """Any legal step of a referral, by whichever side this PC is on."""
        tasks = [t for t in self._all("referral_task") if t["service"] == "letter"]
        if not tasks:
            return
        task = tasks[which % len(tasks)]
        choice = which // len(tasks)
        sender = task["requester_organisation_id"] == self.pc.organisation_id
        side = Side.SENDER if sender else Side.RECEIVER
        rules = [
            rule
            for rule in legal_moves(State(task["state"]), side, urgency=Urgency(task["urgency"]))
            if not rule.phone and rule.target is not State.EXPIRED
        ]
        if not rules:
            return
        target = rules[choice % len(rules)].target
        if target is State.ACCEPTED:
            self._accept(task)
        elif target is State.SENT:
            with self.pc.store.read() as session:
                rows = load_rows(session, self.pc.actor, task["referral_id"])
                wishes = tuple((s.service, s.request, s.wanted_on) for s, _ in rows.services)
                letter = letter_of(rows.letter, wishes)
            letter = replace(letter, impression=f"印象 {self.fresh()}")
            referral.resend(self.pc.store, self.pc.actor, task["referral_id"], letter)
        else:
            reason = Reason(_REASONS.get(target, "other"), f"说明 {self.fresh()}")
            referral.advance(self.pc.store, self.pc.actor, task["referral_id"], target, reason)

    def _booking(self) -> Booking:
        number = self.fresh()
        come = self.pc.store.clock.now() + timedelta(days=2)
        return Booking("心内科", f"医生{number}", scheduled_at=come, bed=f"{number} 床")

    def _accept(self, task: Record) -> None:
        accept(self.pc.store, self.pc.actor, task["referral_id"], self._booking())

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
        answer_service(self.pc.store, self.pc.actor, task["referral_id"], answer)


ACTIONS = (
    "register",
    "edit_resident",
    "plan",
    "edit_plan",
    "pause",
    "check_in",
    "void_check_in",
    "follow_up",
    "correct_follow_up",
    "refer",
    "move",
    "answer",
)
