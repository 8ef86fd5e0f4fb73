"""What the staff do, through the program's own use-cases. Every value they write is a new one.

``which`` chooses among what the PC has; an action that finds nothing to act on does nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.care import residents
from app.care.basic_form import BasicForm
from app.care.check_in import save_check_in, void_check_in
from app.care.follow_up import correct_follow_up, load_visit, record_follow_up
from app.care.rehab_plan import pause_plan, revise_plan, view_of
from app.care.rehab_plan_form import PlanInput
from app.models.rehab import RehabPlan
from tests.care.follow_up_samples import a_visit
from tests.care.rehab_ward import add_plan, done
from tests.simulation.letters import Letters

_DIGITS = "甲乙丙丁戊己庚辛壬癸"
_EDITED = ("phone", "address", "village", "employer", "note", "registered_address")


class Staff(Letters):
    """The people before one PC."""

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
    "refer_down",
    "receive",
    "reply",
    "amend",
    "stay",
    "visit",
    "consult",
)
