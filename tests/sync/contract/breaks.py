"""Ways to break one clause each, and only that one."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

from tests.sync.contract.spoiler import Answered, Asked, Forward, Spoil

Json = dict[str, Any]
_OUTCOME = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing"}]}'
_EMPTY = {"resourceType": "Bundle", "type": "searchset", "entry": []}
_FHIR = {"content-type": "application/fhir+json"}


def refused(status: int) -> Answered:
    return Answered(status, dict(_FHIR), _OUTCOME)


def document(asked: Asked) -> Json:
    body = asked.body
    if asked.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    found: Json = json.loads(body or b"{}")
    return found


def answer_with(change: Callable[[Asked, Json], Json | None]) -> Spoil:
    """Change the JSON of fine answers; None leaves it alone."""

    def spoil(forward: Forward, asked: Asked) -> Answered:
        answer = forward(asked)
        if not 200 <= answer.status < 300:
            return answer
        packed = answer.headers.get("content-encoding") == "gzip"
        plain = gzip.decompress(answer.body) if packed else answer.body
        changed = change(asked, json.loads(plain or b"{}"))
        if changed is None:
            return answer
        body = json.dumps(changed).encode()
        return answer.but(body=gzip.compress(body) if packed else body)

    return spoil


def ask_with(change: Callable[[Asked], Asked]) -> Spoil:
    """Change requests before the server sees them."""
    return lambda forward, asked: forward(change(asked))


def refuse(status: int, when: Callable[[Asked], bool]) -> Spoil:
    return lambda forward, asked: refused(status) if when(asked) else forward(asked)


def stored_but_refused(forward: Forward, asked: Asked) -> Answered:
    answer = forward(asked)
    return refused(405) if asked.method == "PUT" and answer.status < 300 else answer


class TurnsBack:
    """Repeats an earlier state in the place of a refusal."""

    def __init__(self) -> None:
        self._newest: dict[str, str] = {}

    def __call__(self, forward: Forward, asked: Asked) -> Answered:
        answer = forward(asked)
        if asked.method != "PUT":
            return answer
        if answer.status < 300:
            self._newest[asked.path] = answer.headers["etag"]
        elif answer.status == 412 and "if-match" not in asked.headers:
            match = {**asked.headers, "if-match": self._newest[asked.path]}
            body = asked.body.replace(b'"gender":"unknown"', b'"gender":"other"')
            return forward(asked.but(headers=match, body=body))
        return answer


def drop_header(*names: str) -> Spoil:
    return lambda forward, asked: forward(asked).without(*names)


def drop_parameter(name: str, value: str = "[^&]*") -> Spoil:
    """A server that ignores a search parameter."""
    pattern = re.compile(rf"(?<=[?&]){name}={value}&?")
    return ask_with(lambda asked: asked.but(path=pattern.sub("", asked.path).rstrip("&?")))


def finds_nothing(part: str) -> Spoil:
    return answer_with(lambda asked, body: _EMPTY if part in asked.path else None)


def is_metadata(asked: Asked) -> bool:
    return asked.path.endswith("/metadata")


def is_bundle(asked: Asked, type_: str) -> bool:
    return asked.method == "POST" and document(asked).get("type") == type_


def old_version(asked: Asked, body: Json) -> Json | None:
    return {**body, "fhirVersion": "5.0.0"} if is_metadata(asked) else None


def no_update_create(asked: Asked, body: Json) -> Json | None:
    if not is_metadata(asked):
        return None
    for one in body["rest"][0]["resource"]:
        if one["type"] == "Task":
            one["updateCreate"] = False
    return body


def other_clock(forward: Forward, asked: Asked) -> Answered:
    answer = forward(asked)
    return answer.but(headers={**answer.headers, "date": "Mon, 02 Mar 2020 01:30:00 GMT"})


def pages_for_errors(forward: Forward, asked: Asked) -> Answered:
    answer = forward(asked)
    if answer.status < 400:
        return answer
    return Answered(answer.status, {"content-type": "text/html"}, b"<html>Sorry</html>")


class NeverTwice:
    """Refuses what it has seen before."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, bytes]] = set()

    def __call__(self, forward: Forward, asked: Asked) -> Answered:
        if asked.method == "PUT":
            if (asked.path, asked.body) in self._seen:
                return refused(409)
            self._seen.add((asked.path, asked.body))
        return forward(asked)


class Cache:
    """Answers searches as it did the first time, whatever no-cache says."""

    def __init__(self, of: Callable[[Asked], bool]) -> None:
        self._kept: dict[tuple[str, str, bytes], Answered] = {}
        self._of = of

    def __call__(self, forward: Forward, asked: Asked) -> Answered:
        if not self._of(asked):
            return forward(asked)
        key = (asked.headers.get("authorization", ""), asked.path, asked.body)
        if key not in self._kept:
            self._kept[key] = forward(asked)
        return self._kept[key]


def masked_names(asked: Asked, body: Json) -> Json | None:
    if asked.method == "GET" and body.get("gender") == "unknown":
        return {**body, "name": [{"text": "***"}]}
    return None


def known_extensions_only(asked: Asked, body: Json) -> Json | None:
    if asked.method != "GET" or "urn:example" not in json.dumps(body):
        return None
    body.pop("extension", None)
    return body


def entries_of(body: Json) -> list[Json]:
    found: list[Json] = body.get("entry") or []
    return found


def fifty_without_etag(asked: Asked, body: Json) -> Json | None:
    if len(asked.body) > 200_000 or len(entries_of(body)) != 50:
        return None
    for entry in entries_of(body):
        entry["response"].pop("etag", None)
    return body


def fifty_out_of_order(asked: Asked, body: Json) -> Json | None:
    if body.get("type") != "transaction-response" or len(entries_of(body)) != 50:
        return None
    return {**body, "entry": entries_of(body)[::-1]}


def run_as_batch(forward: Forward, asked: Asked) -> Answered:
    if not is_bundle(asked, "transaction"):
        return forward(asked)
    bundle = document(asked)
    if [entry["resource"]["resourceType"] for entry in bundle["entry"]] != ["Patient"] * 3:
        return forward(asked)
    bundle["type"] = "batch"
    body = json.dumps(bundle, ensure_ascii=False).encode()
    return forward(asked.without("content-encoding").but(body=body))


def forget_if_match(forward: Forward, asked: Asked) -> Answered:
    if not is_bundle(asked, "transaction"):
        return forward(asked)
    bundle = document(asked)
    for entry in bundle["entry"]:
        entry["request"].pop("ifMatch", None)
    return forward(
        asked.without("content-encoding").but(body=json.dumps(bundle, ensure_ascii=False).encode())
    )


def batch_out_of_order(asked: Asked, body: Json) -> Json | None:
    if body.get("type") != "batch-response":
        return None
    return {**body, "entry": entries_of(body)[::-1]}


def entries_without_time(asked: Asked, body: Json) -> Json | None:
    if body.get("type") != "transaction-response":
        return None
    for entry in entries_of(body):
        entry["response"].pop("lastModified", None)
    return body


def whole_seconds(asked: Asked) -> Asked:
    if "_count=200" not in asked.path or "_lastUpdated=le" in asked.path:
        return asked
    return asked.but(path=re.sub(r"(_lastUpdated=ge[^.&]*)\.\d+Z", r"\1Z", asked.path))


def newest_first(asked: Asked, body: Json) -> Json | None:
    if "_sort=" not in asked.path or "_count=200" not in asked.path:
        return None
    return {**body, "entry": entries_of(body)[::-1]}


def no_next(asked: Asked, body: Json) -> Json | None:
    if body.get("type") != "searchset":
        return None
    return {**body, "link": [one for one in body.get("link", []) if one["relation"] != "next"]}


def next_leads_away(asked: Asked, body: Json) -> Json | None:
    for one in body.get("link", []):
        if one["relation"] == "next":
            one["url"] = "http://10.0.0.1:8080/fhir/Patient?page=2"
    return body


def ten_ids(asked: Asked) -> Asked:
    found = re.search(r"_id=([^&]*)", asked.path)
    if found is None:
        return asked
    return asked.but(path=asked.path.replace(found[1], ",".join(found[1].split(",")[:10])))


def forgets(
    type_: str,
    *,
    service: bool | None = None,
    having: str = "",
    lacking: str = "",
    named: str = "",
) -> Spoil:
    """A server that drops the extensions of one type when it is read.

    ``having``, ``lacking``: only of resources with, or without, this element; ``named``: only of
    those whose form, code, category or type says so.
    """

    def change(asked: Asked, body: Json) -> Json | None:
        if asked.method != "GET" or body.get("resourceType") != type_:
            return None
        if service is not None and service is not ("basedOn" in body):
            return None
        if (having and having not in body) or lacking in body:
            return None
        names = [body.get(name) for name in ("questionnaire", "code", "category", "type")]
        if named not in json.dumps(names):
            return None
        if "extension" not in body:
            return None
        kept = [e for e in body["extension"] if "township-care:x:" not in e["url"]]
        return {**body, "extension": kept}

    return answer_with(change)


def refuses_type(type_: str) -> Spoil:
    quoted = f'"resourceType":"{type_}"'
    return refuse(
        422,
        lambda asked: (
            is_bundle(asked, "transaction")
            and quoted in json.dumps(document(asked), separators=(",", ":"))
        ),
    )


WRITING: list[tuple[str, Spoil]] = [
    ("fhir-r4", answer_with(old_version)),
    ("update-create", answer_with(no_update_create)),
    ("clock", other_clock),
    ("errors", pages_for_errors),
    ("directory", finds_nothing("Organization?")),
    ("gzip-request", refuse(415, lambda asked: "content-encoding" in asked.headers)),
    ("gzip-answer", ask_with(lambda asked: asked.without("accept-encoding"))),
    ("smart", refuse(404, lambda asked: ".well-known" in asked.path)),
    ("put-creates", stored_but_refused),
    ("replay", NeverTwice()),
    ("read", answer_with(masked_names)),
    ("version", drop_header("etag")),
    ("if-match", ask_with(lambda asked: asked.without("if-match"))),
    ("late-replay", TurnsBack()),
    ("unknown-kept", answer_with(known_extensions_only)),
    ("last-modified", drop_header("last-modified")),
    ("transaction-50", answer_with(fifty_without_etag)),
    ("transaction-50", answer_with(fifty_out_of_order)),
    ("transaction-1mb", refuse(413, lambda asked: len(asked.body) > 500_000)),
    ("atomic", run_as_batch),
    ("if-match-entry", forget_if_match),
    ("batch-50", answer_with(batch_out_of_order)),
    ("entry-last-modified", answer_with(entries_without_time)),
]

READING: list[tuple[str, Spoil]] = [
    ("search-last-updated", ask_with(whole_seconds)),
    ("search-sort", answer_with(newest_first)),
    ("search-pages", answer_with(no_next)),
    ("search-pages", answer_with(next_leads_away)),
    ("search-ids", ask_with(ten_ids)),
    ("search-tag", finds_nothing("_tag=")),
    ("search-identifier", finds_nothing("identifier=")),
    ("search-subject", finds_nothing("subject=")),
    ("search-task", drop_parameter("owner")),
    ("read-your-write", Cache(lambda asked: asked.method == "GET" and "?" in asked.path)),
    ("read-your-write", Cache(lambda asked: is_bundle(asked, "batch"))),
    ("search-until", drop_parameter("_lastUpdated", "le[^&]*")),
    ("search-elements", drop_parameter("_elements")),
    ("kind-staff", forgets("Practitioner")),
    ("kind-resident", forgets("Patient")),
    ("kind-condition", forgets("Condition")),
    ("kind-follow-up", forgets("QuestionnaireResponse", named="form:follow-up")),
    ("kind-health-check", forgets("QuestionnaireResponse", named="form:health-check")),
    ("kind-bp-screening", forgets("QuestionnaireResponse", named="form:bp-screening")),
    ("kind-assessment", forgets("QuestionnaireResponse", named="care:questionnaire:")),
    ("kind-consent", forgets("Consent")),
    ("kind-clinical-settings", forgets("Basic", named="clinical_settings")),
    ("kind-number-block", forgets("Basic", named="number_block")),
    ("kind-rehab-plan", forgets("CarePlan", named="52052004")),
    ("kind-check-in", forgets("Procedure", lacking="category")),
    ("kind-check-in", refuses_type("AdverseEvent")),
    ("kind-care-team", forgets("CareTeam")),
    ("kind-service-package", forgets("PlanDefinition")),
    ("kind-contract", forgets("Contract")),
    ("kind-contract-service", forgets("Procedure", having="category")),
    ("kind-referral", forgets("ServiceRequest", service=False, named="3457005")),
    ("kind-referral-service", forgets("ServiceRequest", named="code:referral_service")),
    ("kind-referral-task", forgets("Task", named="fulfill")),
    ("kind-referral-event", forgets("Provenance")),
    ("kind-referral-reply", forgets("DocumentReference", named='"referral_reply"')),
    ("kind-return-plan", forgets("CarePlan", named='"return_plan"')),
    ("kind-referral-visit", forgets("DocumentReference", named='"referral_visit"')),
    ("kind-consultation", forgets("ServiceRequest", named="consultation_kind")),
    ("kind-expert-visit", forgets("Appointment")),
    ("kind-training", forgets("Basic", named='"training"')),
    ("kind-attachment", forgets("DocumentReference", named='"attachment"')),
    ("kind-attachment-part", forgets("DocumentReference", named='"attachment_part"')),
    ("kind-shared-note", forgets("Task", named="note_move")),
]
