"""What every mapper does: the frame of a resource, its extensions, exactness.

``frame`` starts a resource; ``finish`` adds as extensions every field that the mapper did not
place, **and every placed field whose element would not give the same value back** — so a
round trip is exact by construction, and a stranger still reads real FHIR elements.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.fhir.codec import ID, Json, coding, fit, fit_code, plain, reference
from app.fhir.faults import FormatError
from app.fhir.fields import Field, complete, decode, encode, fields_of, omitted
from app.fhir.uris import ORGANISATION_TAG, SAMPLE_CODE, SAMPLE_SYSTEM, WRITE_ID, X
from app.models.records import KINDS, Record


@dataclass(frozen=True, slots=True)
class WireContext:
    """Names to show beside references: id → name of organisations and staff.

    ``referral_numbers`` (referral id → number) lets a referral's services and tasks carry the
    number of their letter, ``letter_tasks`` (referral id → id of the letter's Task) its answers say
    what they belong to.
    """

    organisations: Mapping[str, str] = field(default_factory=dict)
    staff: Mapping[str, str] = field(default_factory=dict)
    referral_numbers: Mapping[str, str] = field(default_factory=dict)
    letter_tasks: Mapping[str, str] = field(default_factory=dict)

    def organisation(self, id_: str) -> Json:
        """A reference to an organisation."""
        return reference("Organization", id_, self.organisations.get(id_))

    def person(self, id_: str, name: str | None = None) -> Json:
        """A reference to a member of staff; ``name`` wins over the context's."""
        return reference("Practitioner", id_, name or self.staff.get(id_))


NO_NAMES = WireContext()

_SAMPLE_TAG = {"system": SAMPLE_SYSTEM, "code": SAMPLE_CODE}

#: Written by every mapper's frame, never as extensions.
_FRAME = frozenset({"id", "organisation_id", "is_sample", "change_id"})


def tags(record: Record) -> list[Json]:
    """``meta.tag``: the author organisation; sample data is marked as such."""
    found: list[Json] = [{"system": ORGANISATION_TAG, "code": record["organisation_id"]}]
    if record.get("is_sample"):
        found.append(_SAMPLE_TAG)
    return found


def frame(type_: str, record: Record) -> Json:
    """A resource with id, tags and write id. The order of members is kept on the wire."""
    return {
        "resourceType": type_,
        "id": record["id"],
        "meta": {"tag": tags(record)},
        "extension": [{"url": WRITE_ID, "valueString": record["change_id"]}],
    }


def unframe(resource: Json) -> Record:
    """The fields that :func:`frame` wrote."""
    id_ = resource["id"]
    if not ID.match(id_):
        raise FormatError("id")
    record: Record = {"id": id_, "is_sample": False}
    for tag in (resource.get("meta") or {}).get("tag") or ():
        if tag.get("system") == ORGANISATION_TAG:
            record["organisation_id"] = tag["code"]
        elif tag.get("code") == SAMPLE_CODE and tag.get("system") == SAMPLE_SYSTEM:
            record["is_sample"] = True
    return record


def extensions_by_url(resource: Json) -> dict[str, list[Json]]:
    """The extensions of an element, grouped by URL."""
    found: dict[str, list[Json]] = {}
    for item in resource.get("extension") or ():
        found.setdefault(item["url"], []).append(item)
    return found


def write_id(resource: Json) -> str | None:
    """The write id that a resource carries, or None.

    A Procedure without one is in its first state, whose write id is the record's own id.
    """
    extensions = resource.get("extension")
    value: Any = resource.get("id") if resource.get("resourceType") == "Procedure" else None
    for item in extensions if isinstance(extensions, list) else ():
        if isinstance(item, dict) and item.get("url") == WRITE_ID:
            value = item.get("valueString")
    return value if isinstance(value, str) else None


def finish(
    kind: str,
    record: Record,
    resource: Json,
    placed: Callable[[Json], Record],
    skipped: Iterable[str] = (),
) -> Json:
    """Add the extensions of all fields that ``placed(resource)`` does not give back exactly."""
    back = placed(resource)
    extensions: list[Json] = resource["extension"]
    skip = frozenset(skipped)
    for name, description in fields_of(kind).items():
        if name in _FRAME or name in skip:
            continue
        value = record.get(name)
        if name in back:
            if same(back[name], value):
                continue
        elif omitted(description, value) or _implied(name, value, record):
            continue
        extensions.extend(encode(description, value))
    return resource


def _implied(name: str, value: Any, record: Record) -> bool:
    """A record nobody edited was last changed by its author when it was made."""
    return (name == "updated_by" and value == record.get("author_id")) or (
        name == "updated_at" and value == record.get("created_at")
    )


def restore(kind: str, resource: Json, placed: Callable[[Json], Record]) -> Record:
    """The whole record: elements first, then what extensions say better."""
    record = placed(resource)
    record.update(unframe(resource))
    fields = fields_of(kind)
    found = extensions_by_url(resource)
    for url, items in found.items():
        description = fields.get(url.removeprefix(X)) if url.startswith(X) else None
        if description is not None:
            record[description.name] = decode(description, items)
    if WRITE_ID in found:
        record["change_id"] = plain(found[WRITE_ID][-1])
    # A record that another program wrote names no author of ours and carries no write id.
    meta = resource.get("meta") or {}
    for name, stand_in in (
        ("author_id", record.get("organisation_id")),
        ("created_at", meta.get("lastUpdated")),
        ("change_id", record["id"]),
    ):
        if name not in record and stand_in is not None:
            record[name] = stand_in
    record.setdefault("updated_by", record.get("author_id"))
    record.setdefault("updated_at", record.get("created_at"))
    whole = complete(fields, {name: record[name] for name in fields if name in record})
    for child in KINDS[kind].children:
        whole[child.name] = record[child.name]
    try:
        orjson.dumps(whole)  # no half characters at any depth
    except TypeError:
        # Also said of numbers that only the standard library writes.
        json.dumps(whole, ensure_ascii=False).encode("utf-8")
    return whole


def same(one: Any, other: Any) -> bool:
    """Equal, with 1, 1.0 and True held apart, at every depth."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    return bool(one == other)


def child_extension(
    url: str, fields: Mapping[str, Field], values: Record, implied: Mapping[str, Any]
) -> Json:
    """A child row as one extension; members that ``implied`` already says are left out."""
    parts: list[Json] = []
    for name, description in fields.items():
        value = values.get(name)
        if name in implied and same(implied[name], value):
            continue
        if omitted(description, value):
            continue
        parts.extend(encode(description, value))
    return {"url": url, "extension": parts}


def child_record(fields: Mapping[str, Field], item: Json, implied: Mapping[str, Any]) -> Record:
    """The child row of :func:`child_extension`."""
    record: Record = dict(implied)
    for url, items in extensions_by_url(item).items():
        description = fields.get(url.removeprefix(X))
        if description is not None:
            record[description.name] = decode(description, items)
    return complete(fields, record)


def codeable(system: str, code: str | None, text: str | None = None) -> Json | None:
    """A CodeableConcept of a free code and text; None if neither can be said in FHIR."""
    found: Json = {}
    if code is not None and fit_code(code):
        found["coding"] = [{"system": system, "code": code}]
        if text is not None and fit(text):
            found["coding"][0]["display"] = text
    if text is not None and fit(text):
        found["text"] = text
    return found or None


def listed(code_list: str, values: Iterable[Any]) -> list[Json]:
    """CodeableConcepts of the known codes among ``values``."""
    found = (coding(code_list, v) for v in values if isinstance(v, str))
    return [{"coding": [item]} for item in found if item is not None]


def put_if(resource: Json, name: str, value: Any) -> None:
    """Set an element that has something to say."""
    if value:
        resource[name] = value


def text_or_none(value: Any) -> str | None:
    """A text that FHIR can hold, else None."""
    return value if isinstance(value, str) and fit(value) else None


def reference_or_none(type_: str, id_: Any, display: str | None = None) -> Json | None:
    """A reference to a record whose id FHIR can hold, else None."""
    return reference(type_, id_, display) if isinstance(id_, str) and ID.match(id_) else None
