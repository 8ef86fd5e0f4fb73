"""At the end: every house and the server tell of every referral what the plan made of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from app.care.referral_return.returns import load_returns
from app.care.referral_view import ReferralView, refresh_referral
from app.clock import format_instant
from tests.month.plan import Planned
from tests.month.program import Program
from tests.month.truth import Move, Referral, Truth
from tests.month.watch import letters_at, state_of
from tests.server.serving import Client

_PRIORITY = {"routine": "routine", "priority": "urgent", "emergency": "stat"}
_MOVE = "urn:township-care:code:referral_move"
_REASON = "urn:township-care:code:referral_task_reason"
_OUTPUT = "urn:township-care:code:referral_output"
_ORGANISATION = "urn:township-care:organisation"


def all_over(truth: Truth) -> None:
    """Every step of the plan was taken, and nothing waits anywhere."""
    for referral in truth.referrals.values():
        about = (referral.planned.id, referral.stage, [s.name for s in referral.steps])
        assert not referral.steps, about
        assert not any(referral.waiting.values()), about


def houses_agree(truth: Truth, programs: dict[str, Program], names: dict[str, str]) -> None:
    """State, priorities, numbers and the whole history of each referral at each of its ends."""
    house_of = {name: house for house, name in names.items()}
    for referral in truth.referrals.values():
        here = [each for each in referral.parties if each in programs and referral.visible(each)]
        assert here, referral.planned.id
        numbers = set()
        for house in here:
            program = programs[house]
            view = refresh_referral(program.store, program.actor, referral.id)
            numbers.add(view.referral_no)
            about = (house, referral.planned.id)
            assert view.state == referral.server.state(), about
            for service in view.services:
                assert service.state == referral.server.state(service.service), about
            _history(about, referral, view, house, house_of)
            _timeless(about, referral.planned, view)
            found = load_returns(program.store, program.actor, referral.id)
            written = (len(found.replies), len(found.plans), len(found.visits))
            assert written == (referral.replies, referral.plans, len(referral.visits)), about
        assert len(numbers) == 1, numbers


def _history(
    about: tuple[str, str],
    referral: Referral,
    view: ReferralView,
    house: str,
    house_of: dict[str, str],
) -> None:
    shown = defaultdict(list)
    lost = []
    for event in view.events:
        key = (
            house_of[event.organisation_name], event.service, event.move, event.from_state,
            event.to_state, event.reason_code, event.occurred_at,
        )  # fmt: skip
        if event.standing:
            shown[event.service].append(key)
        else:
            lost.append(key)
    true = defaultdict(list)
    for move in referral.server.moves:
        true[move.service].append(move.key)
    assert shown == true, (about, shown, true)
    # Who made a move that came too late can still read of it.
    late = [move.key for move in referral.crossed if move.house == house]
    assert sorted(lost, key=str) == sorted(late, key=str), (about, lost, late)


def _timeless(about: tuple[str, str], planned: Planned, view: ReferralView) -> None:
    assert (view.urgency, view.direction) == (planned.urgency, planned.direction), about
    assert view.letter.reason_codes == (planned.reason,), about
    if about[0] == planned.sender:
        assert bool(view.before) == bool(planned.follows), about
    asked = {"c": "clinic", "e": "examination", "b": "bed"}
    assert {s.service for s in view.services} == {asked[s] for s in planned.services}, about


# --- the server ------------------------------------------------------------------------------


def server_agrees(
    truth: Truth, clients: dict[str, Client], ids: dict[str, str], programs: dict[str, Program]
) -> None:
    """The same read with plain requests: Task, Provenance, ServiceRequest, documents, plans."""
    for house, client in clients.items():
        tasks = letters_at(client)
        moves = _all(client, "Provenance")
        letters = _all(client, "ServiceRequest")
        replies = _by_letter(_all(client, "DocumentReference"), "referral_reply")
        plans = _all(client, "CarePlan")
        for referral in truth.of(house):
            if not referral.visible(house):
                assert referral.id not in tasks
                continue
            task = tasks[referral.id]
            about = (house, referral.planned.id)
            assert state_of(task) == referral.server.state(), about
            assert task["priority"] == _PRIORITY[referral.planned.urgency], about
            assert _org(task["requester"]) == ids[referral.planned.sender], about
            # A letter that never left its writer's house is owned by it.
            left = any(move.target in ("sent", "accepted") for move in referral.server.letter)
            owner = referral.planned.receiver if left else referral.planned.sender
            assert _org(task["owner"]) == ids[owner], about
            told = [moves[_id(one)] for one in task["relevantHistory"]]
            assert len(told) == len(referral.server.letter), about
            for resource, move in zip(told, referral.server.letter, strict=True):
                _move(about, resource, move, ids)
            _letter(about, letters[referral.id], referral, programs)
            assert len(replies.get(referral.id, ())) == referral.replies, about
            outputs = {_output(one): one for one in task.get("output", ())}
            assert ("reply" in outputs) == bool(referral.replies), about
            assert ("plan" in outputs) == bool(referral.plans), about
            if "reply" in outputs:
                newest = _id(outputs["reply"]["valueReference"])
                assert newest == max(one["id"] for one in replies[referral.id]), about
            if "plan" in outputs:
                assert _id(outputs["plan"]["valueReference"]) in plans, about


def _all(client: Client, kind: str) -> dict[str, dict[str, Any]]:
    found = {}
    path = f"/{kind}?_count=200"
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        for entry in bundle.get("entry", ()):
            found[entry["resource"]["id"]] = entry["resource"]
        path = next((one["url"] for one in bundle.get("link", ()) if one["relation"] == "next"), "")
    return found


def _by_letter(documents: dict[str, dict[str, Any]], kind: str) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for document in documents.values():
        if any(each["code"] == kind for each in document["type"]["coding"]):
            letter, *_ = [
                _id(each)
                for each in document["context"]["related"]
                if each["reference"].startswith("ServiceRequest/")
            ]
            found[letter].append(document)
    return found


def _move(
    about: tuple[str, str], resource: dict[str, Any], move: Move, ids: dict[str, str]
) -> None:
    coded = {each["system"]: each["code"] for each in resource["activity"]["coding"]}
    assert coded[_MOVE] == move.name, about
    assert resource["activity"]["text"] == f"{move.source} → {move.target}", about
    assert resource["occurredDateTime"] == format_instant(move.at), about
    assert _org(resource["agent"][0]["onBehalfOf"]) == ids[move.house], about
    reasons = [
        each["code"]
        for reason in resource.get("reason", ())
        for each in reason.get("coding", ())
        if each["system"] == _REASON
    ]
    assert reasons == ([move.reason] if move.reason else []), about


def _letter(
    about: tuple[str, str],
    letter: dict[str, Any],
    referral: Referral,
    programs: dict[str, Program],
) -> None:
    program = programs[referral.planned.sender]
    view = refresh_referral(program.store, program.actor, referral.id)
    assert letter["requisition"]["value"] == view.referral_no, about
    assert letter["priority"] == _PRIORITY[referral.planned.urgency], about
    codes = {each["code"] for reason in letter["reasonCode"] for each in reason.get("coding", ())}
    assert referral.planned.reason in codes, about


def _id(reference: dict[str, str]) -> str:
    return reference["reference"].rpartition("/")[2]


def _org(reference: dict[str, str]) -> str:
    return _id(reference)


def _output(output: dict[str, Any]) -> str:
    return str(next(e["code"] for e in output["type"]["coding"] if e["system"] == _OUTPUT))
