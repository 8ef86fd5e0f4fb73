"""The month as a table: 40 referrals up, 25 down, 4 between members, each with its route.

A line, which may go on below: id, sender > receiver, urgency, first day, reasons, priorities
(c clinic, e examination, b bed, - none), and the steps. A step is ``[pause/]name[:detail]``: the
house whose step it is takes it in its first sitting in which it knows of the step before,
``pause`` days after it learnt of it. ``x||y``: two sides move without knowing of each other.
``<U01`` in place of the day: a letter in the place of that one, begun at its button. Houses: L the
lead hospital, A and B township health centres (B approves letters in its house), C a care
institution; H another lead hospital, which has no program here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_UP = """
U01 A>L routine   0    lack_examination            c   send reject:out_of_scope
U02 A>L routine   0    lack_treatment              e   send reject:insufficient_info
U03 C>L routine   1    specialist_needed           b   send reject:not_meet_admission
U04 C>L priority  1    surgery_intervention        ceb send reject:suggest_other_dept
U05 B>L routine   1    condition_deteriorating     c   submit approve reject:suggest_higher_level
U06 B>L priority  2    followup_or_postop_problem  -   submit approve reject:resource_limited
U07 C>L routine   2    admission_evaluation        -   send reject:other
U08 A>L routine   <U01 chronic_uncontrolled_twice  c   send accept:c+ use:c arrive reply
                                                       close:completed
U09 A>L routine   1    adverse_drug_reaction       ce  send return:insufficient_info resend
                                                       accept:c+,e-not_needed arrive reply
                                                       close:completed
U10 C>L routine   2    new_or_worse_complication   -   send return:missing_results cancel:form_error
U11 B>L routine   3    critical_signs              -   submit approve return:drugs_unclear resend
                                                       accept arrive begin close:patient_giveup
U12 C>L priority  2    patient_request             b   send return:contact_missing resend
                                                       accept:b-resource_limited 2/noshow
U13 A>L routine   3    other                       -   send return:consent_missing resend
                                                       return:other resend accept
                                                       cancel:condition_changed
U14 C>L routine   3    lack_examination            e   send accept:e-suggest_other_dept
                                                       withdraw:other
U15 A>L routine   4    lack_treatment              c   send cancel:patient_withdraw
U16 A>H routine   2    specialist_needed           -   send 5/expire
U17 B>L priority  2    chronic_uncontrolled_twice  c   submit approve 1/accept:c+ arrive 3/reply
                                                       close:completed
U18 A>L routine   4    surgery_intervention        b   send 2/accept:b+ 1/admit discharge 2/reply
                                                       hand receive 2/visit auto
U19 A>L priority  1    condition_deteriorating     ceb send accept:c+,e.,b. answer:e+ answer:b+
                                                       admit use:e discharge hand 1/receive visit
                                                       close_s:completed
U20 C>L routine   1    admission_evaluation        -   send accept 3/arrive begin reply hand
                                                       4/receive 9/visit auto
U21 B>L routine   2    patient_request             c   submit approve
                                                       accept:c-other_service_instead arrive hand
                                                       receive visit auto
U22 A>L routine   5    new_or_worse_complication   b   send accept:b. admit hand
                                                       decline:no_capability hand
                                                       decline:medication_shortage hand receive
                                                       visit close_s:completed
U23 A>L emergency 0    critical_signs              -   phone complete rebook admit discharge hand
                                                       receive auto
U24 A>L emergency 3    critical_signs              b   send 0.5/call rebook admit discharge reply
                                                       close:completed
U25 C>L emergency 2    condition_deteriorating     c   send accept:c+ complete admit close:death
U26 B>L routine   4    lack_examination            -   submit back_to_writer resubmit approve
                                                       accept cancel:other
U27 B>L routine   5    other                       -   submit back_to_writer throw
U28 B>L routine   3    specialist_needed           -   submit 2/back_to_writer throw
U29 B>L emergency <U28 critical_signs              -   send redirect accept admit discharge reply
                                                       close:completed
U30 C>L routine   4    lack_treatment              -   send accept arrive begin
                                                       close:patient_other_hospital
                                                       reopen:closed_by_mistake:in_care
                                                       close:condition_changed
                                                       reopen_s:further_treatment:in_care
                                                       close:need_higher_level
U31 A>L routine   6    followup_or_postop_problem  -   send accept admit discharge hand receive
                                                       visit close_s:completed
                                                       reopen_s:condition_changed:received_back
                                                       close_s:patient_giveup
                                                       reopen:other:received_back
                                                       close_s:completed
U32 A>L routine   5    lack_examination            -   send accept||cancel:patient_withdraw
U33 A>L priority  7    lack_examination            -   send accept||cancel:form_error
U34 C>L routine   6    specialist_needed           -   send accept||cancel:condition_changed
U35 B>L routine   7    specialist_needed           -   submit approve
                                                       accept||cancel:patient_withdraw
U36 A>L routine   8    surgery_intervention        -   send accept arrive||cancel:patient_withdraw
U37 C>L routine   8    adverse_drug_reaction       -   send redirect||cancel:form_error
U38 B>L priority  6    lack_treatment              ce  submit approve redirect
                                                       accept:c-patient_declined,e-other rebook
                                                       arrive admit reply amend close:completed
U39 A>L routine   9    lack_examination            c   send return:other||cancel:condition_changed
U40 C>L routine   7    lack_examination            e   send accept:e+ 4/noshow
"""
_DOWN = """
D01 L>A routine   0    acute_treatment_completed   -   send reject:no_capability
D02 L>B routine   0    post_surgery                -   send reject:medication_shortage
D03 L>C routine   1    critical_stable             -   send reject:equipment_shortage
D04 L>C priority  1    chronic_management          -   send reject:bed_full
D05 L>B routine   2    wound_care                  -   send reject:out_of_service_area
D06 L>A routine   1    rehabilitation_training     -   send reject:other
D07 L>B routine   <D06 palliative_care             -   send accept arrive visit close:completed
D08 L>C routine   2    patient_preference          -   send accept arrive begin 1/visit auto
D09 L>C routine   3    other                       -   send 4/accept 6/arrive visit close:completed
D10 L>A routine   3    acute_treatment_completed   -   send cancel:form_error
D11 L>B routine   2    post_surgery                -   send 6/expire
D12 L>C routine   <D11 post_surgery                -   send accept 4/noshow
D13 L>A routine   4    wound_care                  -   send accept 2/noshow
D14 L>B routine   4    chronic_management          -   send accept cancel:condition_changed
D15 L>C routine   4    chronic_management          -   send accept withdraw:other
D16 L>A routine   5    rehabilitation_training     -   send accept arrive begin close:patient_giveup
D17 L>B priority  5    palliative_care             -   send accept arrive visit close:death
D18 L>C routine   5    critical_stable             -   send accept||cancel:patient_withdraw
D19 L>A routine   6    critical_stable             -   send accept||cancel:form_error
D20 L>B routine   6    wound_care                  -   send reject:bed_full||cancel:other
D21 L>C priority  6    acute_treatment_completed   -   send accept arrive 5/visit auto
D22 L>A routine   7    rehabilitation_training     -   send accept arrive begin visit
                                                       close:completed
                                                       reopen:further_treatment:in_care
                                                       close:completed
D23 L>B routine   7    post_surgery                -   send accept admit visit close:completed
D24 L>C routine   8    chronic_management          -   send return:drugs_unclear resend amend accept
                                                       arrive visit close:completed
D25 L>A priority  8    patient_preference          -   send accept arrive begin visit
                                                       close:completed
"""
_ACROSS = """
X01 A>C routine   2    rehabilitation_training     -   send accept arrive reply close:completed
X02 C>A priority  3    condition_deteriorating     -   send accept arrive begin hand receive visit
                                                       close_s:completed
X03 A>C routine   5    patient_preference          -   send reject:bed_full
X04 C>A routine   4    lack_examination            -   send return:missing_results resend accept
                                                       cancel:patient_withdraw
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a route: who takes it (S sender, R receiver), after how many days of rest."""

    name: str
    side: str
    detail: str = ""
    pause: float = 0

    @property
    def reason(self) -> str:
        """The code of the move's reason."""
        return self.detail.split(":")[0]


@dataclass(frozen=True, slots=True)
class Planned:
    """One referral of the plan. ``route``: stages in turn; a stage of two steps is a crossing."""

    id: str
    sender: str
    receiver: str
    urgency: str
    day: int
    follows: str
    reason: str
    services: str
    route: tuple[tuple[Step, ...], ...]
    person: str

    @property
    def direction(self) -> str:
        return {"U": "up", "D": "down", "X": "across"}[self.id[0]]


_OF_SENDER: Final = frozenset(
    (
        "send", "submit", "phone", "approve", "back_to_writer", "resubmit", "throw", "call",
        "resend", "cancel", "expire", "receive", "decline", "complete", "close_s", "reopen_s",
    )
)  # fmt: skip
_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = ("桂兰", "大山", "秀英", "建国", "玉珍", "德福", "淑芬", "长庚", "月娥")


def _read(line: str, number: int) -> Planned:
    id_, way, urgency, day, reason, services, *steps = line.split()
    sender, receiver = way.split(">")
    holder = "R" if id_[0] == "D" else "S"
    stages = tuple(
        tuple(_step(one, holder, id_[0]) for one in stage.split("||")) for stage in steps
    )
    return Planned(
        id=id_,
        sender=sender,
        receiver=receiver,
        urgency=urgency,
        day=0 if day.startswith("<") else int(day),
        follows=day[1:] if day.startswith("<") else "",
        reason=reason,
        services="" if services == "-" else services,
        route=stages,
        person=_FAMILY[number % len(_FAMILY)] + _GIVEN[number % len(_GIVEN)],
    )


def _step(text: str, holder: str, kind: str) -> Step:
    pause, _, rest = text.rpartition("/")
    name, _, detail = rest.partition(":")
    side = "S" if name in _OF_SENDER else "R"
    if name in ("visit", "auto"):
        side = holder
    if name == "amend" and kind == "D":
        side = "S"
    return Step(name.removesuffix("_s"), side, detail, float(pause or 0))


def table() -> dict[str, Planned]:
    """All of the plan, by id."""
    lines: list[str] = []
    for line in "".join((_UP, _DOWN, _ACROSS)).split("\n"):
        if line.startswith(" "):
            lines[-1] += line  # the route goes on
        elif line:
            lines.append(line)
    return {planned.id: planned for planned in (_read(line, n) for n, line in enumerate(lines))}
