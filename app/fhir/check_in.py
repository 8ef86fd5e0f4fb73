"""Rehabilitation check-in <-> Procedure (with an AdverseEvent when one happened).

The commonest record of all, sent by the ten thousand over slow links: written out by hand,
nothing sent that a reader can tell without it. See ``docs/wire.md``.
"""

from __future__ import annotations

from typing import Any

from app.fhir.codec import Json, code_in, concept, extension, fit, id_of, plain, reference
from app.fhir.common import WireContext, listed, tags, unframe
from app.fhir.fields import (
    BOOLEAN,
    DECIMAL,
    INSTANT,
    INTEGER,
    LIST,
    complete,
    decode,
    encode,
    fields_of,
)
from app.fhir.uris import CODE, SNOMED, WRITE_ID, X
from app.models.identity import companion_id
from app.models.records import Record

KIND = "check_in"
TYPE = "Procedure"

#: What was measured before and after the session, as two points of a SampledData: a number
#: for each of these, ``E`` where it was not measured. Fixed for ever; a new measurement
#: column travels as an extension of its own. mmHg, mmHg, /min, %, 0-10, degrees C, mmol/L.
VITALS = X + "vitals"
MEASURES = ("sbp", "dbp", "heart_rate", "spo2", "pain", "temperature", "glucose")
_NOT_MEASURED = "E"

#: One exercise: ``name``, ``planned``, then ``minutes`` and ``done`` where not as usual.
EXERCISE = X + "exercise"
_USUAL = {"minutes": None, "done": True}

_CODE = {"coding": [{"system": SNOMED, "code": "52052004"}], "text": "康复训练"}
_STATUS = {
    ("final", "complete"): "completed",
    ("final", "partial"): "stopped",
    ("final", "not_done"): "not-done",
}
#: What a percentage must be where none is sent.
_PERCENT = {"complete": 100, "not_done": 0}
_MEANING = {status: pair for pair, status in _STATUS.items()}

#: What a missing extension means. Fixed for ever, whatever a later form's default is.
_UNSAID = {
    "borg_scale": "6-20",
    "form_version": "LOCAL-2025",
    "rule_version": "LOCAL-2025",
    "resident_confirmed": False,
    "screen": "pass",
}
_PLACED = frozenset(
    (
        *("id", "organisation_id", "is_sample", "change_id", "author_id", "updated_by"),
        *("created_at", "updated_at", "plan_id", "resident_id", "started_at", "ended_at"),
        *("performer_id", "performer_name", "status", "completion"),
        *("reason_not_done", "adverse", "action", "items", "completion_percent"),
    )
)
_NOT_DONE = CODE + "rehab_not_done_reason"
_ADVERSE = CODE + "rehab_adverse"
_ACTION = CODE + "rehab_action"

_KEY = {INTEGER: "valueInteger", DECIMAL: "valueDecimal", BOOLEAN: "valueBoolean"}
_VALUE_OF = {**_KEY, INSTANT: "valueInstant"}


_fields = fields_of(KIND)
_before = tuple(f"pre_{name}" for name in MEASURES)
_after = tuple(name if name in _fields else None for name in (f"post_{n}" for n in MEASURES))
#: The other fields: (column, URL, ``value[x]`` where it is a plain number, field)
_other = [
    (name, X + name, _KEY.get(field.form), field)
    for name, field in _fields.items()
    if name not in _PLACED and name not in _before and name not in _after
]


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Procedure, then the AdverseEvent if the session had one."""
    procedure = _procedure(record, context)
    if record.get("adverse"):
        return [procedure, _adverse_event(record, context)]
    return [procedure]


def _procedure(record: Record, context: WireContext) -> Json:
    get = record.get
    performer, name = record["performer_id"], record["performer_name"]
    extensions = _extensions(record)
    start, end = record["started_at"], get("ended_at")
    period = {"start": start}
    if end is not None:
        if end >= start:
            period["end"] = end
        else:  # FHIR forbids it; the clock may have been set back meanwhile
            extensions.append({"url": X + "ended_at", "valueInstant": end})
    status, completion = record["status"], record["completion"]
    wire_status = _STATUS.get((status, completion))
    if wire_status is None:
        extensions += (extension(X + "status", status), extension(X + "completion", completion))
        wire_status = (
            "entered-in-error"
            if status == "entered_in_error"
            else _STATUS.get(("final", completion), "unknown")
        )
    if not fit(name):
        extensions.extend(encode(_fields["performer_name"], name))
        name = None
    procedure: Json = {
        "resourceType": TYPE,
        "id": record["id"],
        "meta": {"tag": tags(record)},
        "extension": extensions,
        "basedOn": [{"reference": "CarePlan/" + record["plan_id"]}],
        "status": wire_status,
        "code": _CODE,
        "subject": {"reference": "Patient/" + record["resident_id"]},
        "performedPeriod": period,
        "performer": [{"actor": reference("Practitioner", performer, name)}],
    }
    if record["author_id"] != performer:
        procedure["recorder"] = context.person(record["author_id"])
    reason = get("reason_not_done")
    if reason is not None:
        _place(procedure, "statusReason", concept("rehab_not_done_reason", reason), reason)
    action = get("action")
    if action is not None:
        found = concept("rehab_action", action)
        _place(procedure, "followUp", [found] if found else None, action)
    adverse = get("adverse")
    if adverse:
        concepts = listed("rehab_adverse", adverse)
        whole = len(concepts) == len(adverse)
        _place(procedure, "complication", concepts if whole else None, adverse)
    return procedure


def _extensions(record: Record) -> list[Json]:
    """What a Procedure has no element for; what goes without saying is not said."""
    get = record.get
    created = record["created_at"]
    extensions: list[Json] = []
    add = extensions.append
    if record["change_id"] != record["id"]:
        add({"url": WRITE_ID, "valueString": record["change_id"]})
    add({"url": X + "created_at", "valueInstant": created})
    if record["updated_at"] != created:
        add({"url": X + "updated_at", "valueInstant": record["updated_at"]})
    if record["updated_by"] != record["author_id"]:
        extensions.extend(encode(_fields["updated_by"], record["updated_by"]))
    vitals = _vitals(record)
    if vitals is not None:
        add(vitals)
    items = get("items")
    if items:
        exercises = [found for found in map(_exercise, items) if found is not None]
        # A list that is not what this form writes goes as it stands.
        whole = len(exercises) == len(items)
        extensions.extend(exercises if whole else encode(_fields["items"], items))
    percent = get("completion_percent")
    if percent != _PERCENT.get(record["completion"]):
        extensions.extend(encode(_fields["completion_percent"], percent))
    for column, url, key, field in _other:
        value = get(column)
        if value is None or value == [] or value == {} or _UNSAID.get(column) == value:
            continue
        if key is not None:
            add({"url": url, key: value})
        else:
            extensions.extend(encode(field, value))
    return extensions


def _vitals(record: Record) -> Json | None:
    get = record.get
    before = [get(name) for name in _before]
    after = [get(name) if name else None for name in _after]
    if before == _NOTHING and after == _NOTHING:
        return None
    points = before if after == _NOTHING else before + after
    data = " ".join([_NOT_MEASURED if value is None else str(value) for value in points])
    sampled = {"origin": {"value": 0}, "period": 0, "dimensions": len(MEASURES), "data": data}
    return {"url": VITALS, "valueSampledData": sampled}


_NOTHING = [None] * len(MEASURES)


#: What each number of the data is, and what reads it; None: of a newer program.
_numbers = [
    (name, (int if _fields[name].form == INTEGER else float) if name else None)
    for name in (*_before, *_after)
]


def _read_vitals(record: Record, data: str) -> None:
    for (name, read), text in zip(_numbers, data.split(" "), strict=False):
        if text != _NOT_MEASURED and name is not None and read is not None:
            record[name] = read(text)


def _exercise(item: Any) -> Json | None:
    """One exercise of the session; None if it is not what the form writes."""
    if type(item) is not dict or item.keys() not in _ITEM_KEYS:
        return None
    name, minutes, done = item["exercise"], item["minutes"], item["done"]
    if type(name) is not str or type(done) is not bool:
        return None
    parts: list[Json] = [{"url": "name", "valueString": name}]
    if "planned" in item:
        planned = item["planned"]
        if type(planned) is not str or not (fit(planned) or planned == ""):
            return None
        parts.append(extension("planned", planned))
    if minutes is not None:
        if type(minutes) is not int or not -(2**31) <= minutes < 2**31:
            return None
        parts.append({"url": "minutes", "valueInteger": minutes})
    if not done:
        parts.append({"url": "done", "valueBoolean": False})
    return {"url": EXERCISE, "extension": parts} if fit(name) else None


_ITEM_KEYS = (
    {"exercise", "planned", "done", "minutes"},
    {"exercise", "done", "minutes"},
)


_FIELD_OF = {"statusReason": "reason_not_done", "followUp": "action", "complication": "adverse"}


def _place(procedure: Json, element: str, content: Any, value: Any) -> None:
    """A coded answer in its element, or as an extension where the code is not of the list."""
    if content:
        procedure[element] = content
    else:
        url = X + _FIELD_OF[element]
        items = value if isinstance(value, list) else [value]
        procedure["extension"].extend(extension(url, item) for item in items)


def _adverse_event(record: Record, context: WireContext) -> Json:
    event: Json = {
        "resourceType": "AdverseEvent",
        "id": companion_id(record["id"], "adverse-event"),
        "meta": {"tag": tags(record)},
        "actuality": "actual",
        "subject": {"reference": "Patient/" + record["resident_id"]},
        "date": record["started_at"],
        "recordedDate": record["created_at"],
        "recorder": context.person(record["author_id"]),
        "suspectEntity": [{"instance": {"reference": f"{TYPE}/{record['id']}"}}],
    }
    codings = [item["coding"][0] for item in listed("rehab_adverse", record["adverse"])]
    text = record.get("adverse_text")
    what: Json = {}
    if codings:
        what["coding"] = codings
    if text and fit(text):
        what["text"] = text
    if what:
        event["event"] = what
    return event


def from_resource(resource: Json) -> Record:
    """The whole check-in from its Procedure."""
    record = unframe(resource)
    record["change_id"] = record["id"]
    record["resident_id"] = id_of(resource["subject"], "Patient")
    record["plan_id"] = id_of(resource["basedOn"][0], "CarePlan")
    actor = resource["performer"][0]["actor"]
    record["performer_id"] = record["author_id"] = id_of(actor, "Practitioner")
    if "display" in actor:
        record["performer_name"] = actor["display"]
    if "recorder" in resource:
        record["author_id"] = id_of(resource["recorder"], "Practitioner")
    period = resource["performedPeriod"]
    record["started_at"] = period["start"]
    if "end" in period:
        record["ended_at"] = period["end"]
    meaning = _MEANING.get(resource["status"])
    if meaning is not None:
        record["status"], record["completion"] = meaning
    record["reason_not_done"] = code_in(resource.get("statusReason"), _NOT_DONE)
    for item in resource.get("followUp", ()):
        record["action"] = code_in(item, _ACTION)
    if "complication" in resource:
        record["adverse"] = [code_in(item, _ADVERSE) for item in resource["complication"]]
    record.update(_UNSAID)
    _read_extensions(record, resource["extension"])
    if "completion_percent" not in record:
        record["completion_percent"] = _PERCENT.get(record.get("completion", ""))
    record.setdefault("updated_by", record["author_id"])
    record.setdefault("updated_at", record["created_at"])
    return complete(_fields, record)


#: Fields that come in one extension each: URL to (column, ``value[x]`` as we write it).
_plain_fields = {
    X + name: (name, _VALUE_OF.get(field.form, "valueString"))
    for name, field in _fields.items()
    if field.form != LIST
}


def _read_part(part: Json) -> Any:
    """A member of an exercise."""
    text = part.get("valueString") if len(part) == 2 else None
    return text if type(text) is str and text.isascii() else plain(part)


def _read_extensions(record: Record, extensions: list[Json]) -> None:
    repeated: dict[str, list[Json]] = {}
    exercises: list[dict[str, Any]] = []
    for item in extensions:
        url = item["url"]
        known = _plain_fields.get(url)
        if known is not None and len(item) == 2 and known[1] in item:
            # As we write it ourselves; ``complete`` looks at the value.
            record[known[0]] = item[known[1]]
        elif url == VITALS:
            _read_vitals(record, item["valueSampledData"]["data"])
        elif url == EXERCISE:
            said = {part["url"]: _read_part(part) for part in item["extension"]}
            exercises.append({"exercise": said.pop("name"), **_USUAL, **said})
        elif url == WRITE_ID:
            record["change_id"] = item["valueString"]
        elif url.startswith(X):
            name = url[len(X) :]
            field = _fields.get(name)
            if field is None:
                continue
            if field.form == LIST:
                repeated.setdefault(name, []).append(item)
            else:
                record[name] = plain(item)
    if exercises:
        record["items"] = exercises
    for name, items in repeated.items():
        record[name] = decode(_fields[name], items)
