"""A hospital's own system reads and answers referrals with plain HTTP, as docs/referral.md says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.care import referral
from app.care.referral_return.returns import load_returns
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.clock import format_instant
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, letter_for
from tests.server.serving import Client, ServerProcess, new_id
from tests.sync.conftest import Clinic

X = "urn:township-care:x:"
STATE = "urn:township-care:code:referral_state"
ORGANISATION = "urn:township-care:organisation"


def entries(his: Client, path: str) -> list[dict[str, Any]]:
    answer = his.get(path)
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", [])]


def move(his: Client, task: dict[str, Any], status: str, state: str, *outputs: Any) -> None:
    """The newest Task with another state, against the version that was read."""
    newest = his.get(f"/Task/{task['id']}").json()
    version = newest["meta"]["versionId"]
    newest["status"] = status
    newest["businessStatus"] = {"coding": [{"system": STATE, "code": state}]}
    newest["output"] = [*newest.get("output", ()), *outputs]
    answer = his.put(newest, headers={"If-Match": f'W/"{version}"'})
    assert answer.status_code == 200, answer.text


def output(code: str, **value: Any) -> dict[str, Any]:
    system = "urn:township-care:code:referral_output"
    return {"type": {"coding": [{"system": system, "code": code}]}, **value}


def test_a_hospital_reads_books_and_replies_from_its_own_system(
    township: Clinic, make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    store, actor = township.store, township.actor
    resident_id = add_resident(store, actor)
    written = referral.send(store, actor, letter_for(resident_id))
    with store.write(actor) as session:  # the person was saved without a queue row by the helper
        from app.models.resident import Resident

        session.get_one(Resident, resident_id).note = "随行家属：女儿"
    assert township.sync().outcome == "done"
    his = server.enrol(LEAD_ID, "hospital information system")

    # What waits: letters are Tasks of code "letter" that the hospital owns.
    tasks = entries(his, f"/Task?owner=Organization/{LEAD_ID}&_count=50")
    (task,) = [t for t in tasks if any(c.get("code") == "letter" for c in t["code"]["coding"])]
    assert task["status"] == "requested"
    letter = his.get(f"/{task['focus']['reference']}").json()
    person = his.get(f"/{task['for']['reference']}").json()
    assert letter["requisition"]["value"] == written.referral_no
    assert "【初步印象】高血压 3 级，2 型糖尿病" in [note["text"] for note in letter["note"]]
    assert person["name"][0]["text"] == "徐桂兰"

    # Accepted and booked; the patient came.
    move(
        his,
        task,
        "accepted",
        "accepted",
        output("department", valueString="心血管内科"),
        output("doctor", valueString="李主任"),
        output("scheduled_at", valueDateTime="2026-03-03T01:00:00.000Z"),
    )
    assert township.sync().outcome == "done"
    view = open_referral(store, actor, written.referral_id)
    assert view.state is State.ACCEPTED
    assert view.booking.department == "心血管内科"
    move(his, task, "in-progress", "in_care")

    # The reply: one document with the parts of the return form, then the Task that names it.
    parts = {
        "diagnosis": "高血压 3 级 很高危",
        "exam_results": "动态血压：24 小时平均 158/92 mmHg",
        "treatment_given": "调整为氨氯地平联合缬沙坦",
        "next_plan": "两周后复诊",
        "rehab_advice": "低盐饮食，每日步行 30 分钟",
    }
    reply = {
        "resourceType": "DocumentReference",
        "id": new_id(),
        "meta": {"tag": [{"system": ORGANISATION, "code": LEAD_ID}]},
        "extension": [
            *({"url": X + name, "valueString": text} for name, text in parts.items()),
            {
                "url": X + "to_organisation_id",
                "valueReference": {"reference": f"Organization/{TOWNSHIP_ID}"},
            },
        ],
        "status": "current",
        "type": {
            "coding": [
                {"system": "urn:township-care:document-kind", "code": "referral_reply"},
                {"system": "http://loinc.org", "code": "18842-5"},
            ]
        },
        "subject": task["for"],
        "date": format_instant(store.clock.now()),
        "author": [{"reference": f"Practitioner/{new_id()}", "display": "李主任"}],
        "context": {"related": [{"reference": task["focus"]["reference"]}]},
        "content": [{"attachment": {"contentType": "text/plain"}}],
    }
    assert his.put(reply).status_code == 201
    document = {"reference": f"DocumentReference/{reply['id']}"}
    move(his, task, "completed", "replied", output("reply", valueReference=document))

    report = township.sync()
    assert (report.outcome, report.counts.rejected) == ("done", 0)
    view = open_referral(store, actor, written.referral_id)
    assert view.state is State.REPLIED
    found = load_returns(store, actor, written.referral_id)
    (arrived,) = found.replies
    assert arrived.current
    assert arrived.doctor_name == "李主任"
    assert arrived.input.visit_kind == "inpatient"
    assert {name: getattr(arrived.input, name) for name in parts} == parts

    # A change against an old version is refused, so nobody's move is overwritten.
    stale = his.put(task, headers={"If-Match": f'W/"{task["meta"]["versionId"]}"'})
    assert stale.status_code in (409, 412)
    his.close()
