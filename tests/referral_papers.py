"""Referrals to be printed, for tests: whole, with long texts, and with nothing but what must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.care.attachments.files import FileView
from app.care.paper.referral_papers import ReferralPapers
from app.care.referral_letter import LetterInput
from app.care.referral_limits import Waiting
from app.care.referral_return.inputs import DischargeInput, ReplyInput
from app.care.referral_return.returns import PlanView, ReplyView, Returns, Stay
from app.care.referral_states import Direction, ServiceState, Side, State, Urgency
from app.care.referral_view import BookingView, Patient, ReferralView, ServiceView
from app.models.outbox import Delivery
from tests.referral_returns import plan_for, summary_for
from tests.referral_support import letter_for

SENT_ON = date(2026, 3, 2)
LONGEST_NAME = "买买提·阿不都热合曼·依明江·托合提·努尔艾力·吐尔逊"
LONG_PLACE = "安徽省六安市金寨县白塔畈镇大畈社区居民委员会幸福家园东区十二号楼二单元一千二百零一室"
LONG_HOUSE = "金寨县人民医院医疗共同体牵头医院暨金寨县医养结合双向转诊中心（南院区）"
LONG_TEXT = "患者于一周前无诱因出现头晕、乏力，活动后加重，休息后可缓解，无恶心呕吐，无胸闷胸痛。"

_AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_HERE = Delivery("held", _AT)


def view_for(letter: LetterInput | None = None, **values: Any) -> ReferralView:
    """A routine letter as its writer sees it; the clinic is arranged, the bed refused."""
    letter = letter or letter_for("resident", to_department="心血管内科", to_doctor="李主任")
    fields: dict[str, Any] = {
        "referral_id": "0199a5c0-0000-7000-8000-000000000001",
        "referral_no": "白塔畈-20260302-01",
        "direction": Direction.UP,
        "urgency": Urgency(letter.urgency),
        "state": State.ACCEPTED,
        "side": Side.SENDER,
        "patient": Patient(
            resident_id="resident",
            name="徐桂兰",
            sex="2",
            age=77,
            birth_date=date(1948, 6, 15),
            id_no="341524194806150028",
            record_no="34152410200100017",
            address="白塔畈镇项冲村新塘组 12 号",
            phone="13812345678",
        ),
        "from_name": "白塔畈镇中心卫生院",
        "to_name": "金寨县人民医院",
        "to_green_channel": "0564-7356120",
        "doctor_name": "王建国",
        "doctor_phone": "13955501234",
        "written_on": SENT_ON,
        "sent_at": _AT,
        "letter": letter,
        "booking": BookingView(
            "心血管内科", "李主任", "13900000001", _AT + timedelta(days=1), "门诊楼 3 楼 12 诊室"
        ),
        "phone_confirmed_by": "",
        "phone_number": "",
        "reason_code": "",
        "reason_text": "",
        "services": (
            _service("clinic", "心血管内科专家门诊", ServiceState.ARRANGED),
            _service("examination", "24 小时动态血压、心脏彩超", ServiceState.REQUESTED),
            _service("bed", "", ServiceState.REFUSED),
        ),
        "events": (),
        "since": _AT,
        "waiting": Waiting(timedelta(), None),
        "moves": (),
        "to_complete": (),
        "complete_by": None,
        "letter_delivery": _HERE,
        "delivery": _HERE,
    }
    fields.update(values)
    return ReferralView(**fields)


def _service(service: str, request: str, state: ServiceState) -> ServiceView:
    booking = BookingView()
    if state is ServiceState.ARRANGED:
        booking = BookingView("心血管内科", "李主任", "", _AT + timedelta(days=1))
    return ServiceView(service, service, request, None, state, booking, "", "", ())


def reply_view(given: ReplyInput | None = None, **values: Any) -> ReplyView:
    """The hospital's summary after a stay."""
    reply = given or summary_for(attention_points="出院后两周内避免用力。")
    if not isinstance(reply, DischargeInput):
        reply = DischargeInput(**{name: getattr(reply, name) for name in reply.__slots__})
    fields: dict[str, Any] = {
        "id": "reply",
        "purpose": "discharge",
        "input": reply,
        "doctor_name": "李志强",
        "doctor_phone": "13900000001",
        "written_on": date(2026, 3, 9),
        "organisation_name": "金寨县人民医院",
        "to_name": "白塔畈镇中心卫生院",
        "replaces_id": "",
        "current": True,
        "own": True,
    }
    fields.update(values)
    return ReplyView(**fields)


def plan_view(**values: Any) -> PlanView:
    """The dated plan that goes with the summary."""
    given = plan_for(date(2026, 3, 9), contact_phone="13900000001", **values)
    steps = tuple(replace(step, id=str(at)) for at, step in enumerate(given.steps, start=1))
    return PlanView(
        id="plan",
        input=replace(given, steps=steps),
        doctor_name="李志强",
        organisation_name="金寨县人民医院",
        replaces_id="",
        current=True,
        own=False,
    )


def file_view(title: str, category: str, *, taken_back: bool = False) -> FileView:
    return FileView(
        attachment_id=title,
        title=title,
        category=category,
        media_type="application/pdf",
        size=48_000,
        thumbnail=b"",
        organisation_id="",
        own=True,
        parts=3,
        here=3,
        sent=3,
        delivery=_HERE,
        entered_in_error=taken_back,
    )


def whole() -> ReferralPapers:
    """Everything filled in, of usual length."""
    returns = Returns(
        stay=Stay(inpatient_no="ZY20260301007", phase="acute_recovery"),
        replies=(reply_view(),),
        plans=(plan_view(),),
    )
    files = (
        file_view("入院前心电图", "ecg"),
        file_view("血常规", "laboratory"),
        file_view("拿错的照片", "report_photo", taken_back=True),
    )
    return ReferralPapers(view_for(), returns, files, (file_view("出院小结", "other"),))


def long() -> ReferralPapers:
    """Every text as long as it comes, the longest names."""
    letter = letter_for(
        "resident",
        urgency="emergency",
        consent="later",
        to_department="心血管内科重症监护与介入治疗中心",
        to_doctor=LONGEST_NAME,
        impression=LONG_TEXT * 2,
        present_history=LONG_TEXT * 16,
        past_history=LONG_TEXT * 8,
        treatment_given=LONG_TEXT * 8,
        last_results=LONG_TEXT * 4,
        red_flags=("unconsciousness",),
    )
    view = view_for(letter, from_name=LONG_HOUSE, to_name=LONG_HOUSE, doctor_name=LONGEST_NAME)
    patient = replace(view.patient, name=LONGEST_NAME, address=LONG_PLACE)
    summary = summary_for(
        diagnosis="高血压 3 级 很高危；2 型糖尿病；冠状动脉粥样硬化性心脏病；心功能 Ⅲ 级",
        exam_results=LONG_TEXT * 12,
        treatment_given=LONG_TEXT * 10,
        next_plan=LONG_TEXT * 6,
        rehab_advice=LONG_TEXT * 3,
    )
    reply = reply_view(
        summary, organisation_name=LONG_HOUSE, to_name=LONG_HOUSE, doctor_name=LONGEST_NAME
    )
    plan = plan_view(warning_signs=LONG_TEXT * 2, precautions=LONG_TEXT * 3)
    returns = Returns(replies=(reply,), plans=(plan,))
    return ReferralPapers(replace(view, patient=patient), returns)


def bare() -> ReferralPapers:
    """An emergency letter on which nothing is written yet, and the shortest reply and plan."""
    letter = LetterInput("resident", urgency="emergency", consent="later")
    nobody = Patient("resident", "徐桂兰", "2", None, date(1948, 6, 15), "", "", "", "")
    view = view_for(
        letter, patient=nobody, doctor_phone="", services=(), booking=BookingView(), referral_no=""
    )
    reply = reply_view(
        ReplyInput("outpatient", "高血压", "血压 148/90", "加药", "两周复查", "步行"),
        purpose="reply",
        doctor_phone="",
    )
    plan = plan_view(rehab=None, precautions="", warning_signs="")
    plan = replace(plan, input=replace(plan.input, contact_phone=""))
    return ReferralPapers(view, Returns(replies=(reply,), plans=(plan,)))


def received() -> ReferralPapers:
    """The same letter as its receiver prints it: without the stub."""
    papers = whole()
    reply = papers.returns.reply
    assert reply is not None
    returns = replace(papers.returns, replies=(replace(reply, own=False),))
    return replace(papers, view=replace(papers.view, side=Side.RECEIVER), returns=returns)


def down() -> ReferralPapers:
    """A letter of the hospital to a township: it says why in its reasons, the rest in its reply."""
    letter = LetterInput(
        "resident",
        urgency="priority",
        reason_codes=("acute_treatment_completed",),
        impression="高血压 3 级 很高危；2 型糖尿病",
        treatment_given="加用缬沙坦 80 mg 每日一次。",
        consent="given",
        consent_signer="徐桂兰",
        isolation_risk="none",
    )
    view = view_for(
        letter,
        direction=Direction.DOWN,
        state=State.SENT,
        from_name="金寨县人民医院",
        to_name="白塔畈镇中心卫生院",
        doctor_name="李志强",
        services=(),
        booking=BookingView(),
    )
    returns = Returns(replies=(reply_view(),), plans=(plan_view(),))
    return ReferralPapers(view, returns)
