"""One incoming resource: checked against the profile and taken apart for the index.

Pure functions; they run before the write lock is taken, so that only SQL runs under it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.i18n import N_
from app.server.outcome import Refusal
from app.server.profile import DIRECTORY_TYPES, PROFILES
from app.server.wire import Json, content_and_digest, dump

ORGANISATION_TAG = "urn:township-care:organisation"

#: Longer texts are not worth remembering, and thousands of them would fill the memory.
_KEPT_LENGTH = 500

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_REFERENCE_TEXT = re.compile(r'"reference":"([^"\\]*(?:\\.[^"\\]*)*)"')
_LOCAL = re.compile(
    r"(?:https?://[^\s]+/)?([A-Z][A-Za-z]{1,39})/([A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z"
)
_OTHER = re.compile(r"(?:#[A-Za-z0-9\-.]{0,64}|https?://[^\s]+|urn:(?:uuid|oid):[0-9A-Fa-f.\-]+)\Z")


# Not frozen, here and in ``storing``: making a frozen one costs three times as much, and one
# of each is made for every record.
@dataclass(slots=True)
class Prepared:
    """A resource ready to be stored.

    ``content`` is the text that is kept, ``digest`` its digest (see ``wire``);
    ``organisation`` the author's tag or None where it names none; ``tags`` are all other tags
    (see ``tags_text``), ``identifiers`` pairs of system and value; ``targets`` the (type, id)
    of every record it refers to, but for the directory; ``fixed`` is what only the author of a
    Task may change.
    """

    type: str
    id: str
    content: str
    digest: str
    organisation: str | None
    tags: str | None
    identifiers: frozenset[tuple[str, str]]
    targets: frozenset[tuple[str, str]]
    patient: str | None
    owner: str | None
    requester: str | None
    fixed: tuple[str | None, ...]


def prepare(resource: Json, type_: str, id_: str) -> Prepared:
    """Check ``resource`` as the new state of ``type_/id_``; Refusal 400 or 422 if unfit."""
    profile = PROFILES.get(type_)
    if profile is None:
        raise unknown_type()
    if not ID.match(id_):
        raise Refusal(400, "value", N_("The id in the address is not a FHIR id."))
    if resource.get("resourceType") != type_:
        raise Refusal(400, "invalid", N_("The resourceType is not the type in the address."))
    if resource.get("id") != id_:
        raise Refusal(400, "invalid", N_("The id of the resource is not the id in the address."))
    if not all(map(str.isidentifier, resource)):
        raise Refusal(400, "structure", N_("A name in the resource is not a FHIR element."))
    organisation, tags = _tags(resource.get("meta"))
    for name in profile.required:
        if not _present(resource, name):
            raise Refusal(
                422, "required", N_("{type} needs the element {field}."), type=type_, field=name
            )
    if profile.status:
        field, codes = profile.status
        code = resource.get(field)
        if code is not None and (not isinstance(code, str) or code not in codes):
            raise Refusal(
                422,
                "code-invalid",
                N_("{field} of {type} holds a code that FHIR does not know."),
                field=field,
                type=type_,
            )
    patient = None
    if profile.subject and profile.subject in resource:
        subject = _reference_of(resource, profile.subject)
        if subject and subject[0] == "Patient":
            patient = subject[1]
    content, digest = content_and_digest(resource)
    if "null" in content and _has_null(resource):
        raise Refusal(400, "structure", N_("The resource holds an empty (null) value."))
    owner = requester = None
    fixed: tuple[str | None, ...] = ()
    if type_ == "Task":
        owner = _organisation_of(resource, "owner")
        requester = _organisation_of(resource, "requester")
        fixed = fixed_of(resource)
    return Prepared(
        type_,
        id_,
        content,
        digest,
        organisation,
        tags,
        frozenset(_identifiers(resource.get("identifier"))),
        references(content),
        patient,
        owner,
        requester,
        fixed,
    )


def fixed_of(task: Json) -> tuple[str | None, ...]:
    """Whom and what a Task is about (``for``, ``focus``): its author's to say."""
    return tuple(_as_text(_reference_of(task, name)) for name in ("for", "focus"))


def unknown_type() -> Refusal:
    return Refusal(404, "not-supported", N_("This server keeps no resources of that type."))


def references(content: str) -> frozenset[tuple[str, str]]:
    """(type, id) of every ``Reference.reference`` anywhere in the text of a resource.

    Every spelling of one target (absolute, versioned) gives the same pair. The text is
    compact JSON, in which a string can hold these quotes only escaped: nothing is missed.
    """
    found = {
        (_parse_reference if len(text) <= _KEPT_LENGTH else _parse_reference.__wrapped__)(text)
        for text in _REFERENCE_TEXT.findall(content)
    }
    return frozenset([one for one in found if one and one[0] not in DIRECTORY_TYPES])


@lru_cache(maxsize=4096)
def _parse_reference(text: str) -> tuple[str, str] | None:
    local = _LOCAL.match(text)
    if local:
        return local[1], local[2]
    if text.startswith("urn:uuid:"):
        raise Refusal(
            422,
            "value",
            N_("A reference names a bundle entry; this server needs Type/id with the client's id."),
        )
    if not _OTHER.match(text):
        raise Refusal(422, "value", N_("A reference is not written as Type/id."))
    return None


def _reference_of(resource: Json, name: str) -> tuple[str, str] | None:
    value = resource.get(name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]  # Contract.subject is a list; a contract of ours is one person's
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Refusal(400, "structure", N_("{field} is not a reference."), field=name)
    text = value.get("reference")
    if text is None:
        return None
    if not isinstance(text, str):
        raise Refusal(400, "structure", N_("{field} is not a reference."), field=name)
    return _parse_reference(text)


def _organisation_of(resource: Json, name: str) -> str | None:
    target = _reference_of(resource, name)
    return target[1] if target and target[0] == "Organization" else None


def _as_text(target: tuple[str, str] | None) -> str | None:
    return "/".join(target) if target else None


def _present(resource: Json, name: str) -> bool:
    if name.endswith("[x]"):
        stem = name[:-3]
        return any(
            key.startswith(stem) and len(key) > len(stem) and value not in (None, "", [], {})
            for key, value in resource.items()
        )
    return resource.get(name) not in (None, "", [], {})


def tags_text(tags: set[tuple[str, str]]) -> str | None:
    """Tags in the one form they are stored and searched in; None for no tags.

    Each as ``\\x1fsystem\\x1ecode`` with a closing ``\\x1f``, in order.
    """
    if not tags:
        return None
    return "".join(f"\x1f{system}\x1e{code}" for system, code in sorted(tags)) + "\x1f"


def _tags(meta: Any) -> tuple[str | None, str | None]:
    """The author organisation and all other tags of ``meta``."""
    if meta is None:
        return None, None
    if not isinstance(meta, dict):
        raise Refusal(400, "structure", N_("meta is not an object."))
    tags = meta.get("tag")
    if tags is None:
        return None, None
    # A device writes the same few tags all day: they are looked through once.
    text = dump(tags)
    return (_read_tags if len(text) <= _KEPT_LENGTH else _read_tags.__wrapped__)(text)


@lru_cache(maxsize=1024)
def _read_tags(text: str) -> tuple[str | None, str | None]:
    tags = json.loads(text)
    if not isinstance(tags, list):
        raise Refusal(400, "structure", N_("meta.tag is not a list."))
    organisations = set()
    others = set()
    for tag in tags:
        if not isinstance(tag, dict):
            raise Refusal(400, "structure", N_("meta.tag holds something that is not a coding."))
        system, code = tag.get("system", ""), tag.get("code")
        if not isinstance(system, str) or not isinstance(code, str) or not code:
            raise Refusal(400, "structure", N_("meta.tag holds something that is not a coding."))
        _check_length(system, code)
        if not (system.isprintable() and code.isprintable()):
            raise Refusal(422, "value", N_("A tag holds a control character."))
        if system == ORGANISATION_TAG:
            organisations.add(code)
        else:
            others.add((system, code))
    if len(organisations) > 1:
        raise Refusal(422, "business-rule", N_("The record names more than one organisation."))
    return (organisations.pop() if organisations else None), tags_text(others)


def _identifiers(value: Any) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            raise Refusal(400, "structure", N_("identifier holds something that is not one."))
        system, code = item.get("system", ""), item.get("value")
        if not isinstance(system, str) or not (code is None or isinstance(code, str)):
            raise Refusal(400, "structure", N_("identifier holds something that is not one."))
        if code:
            _check_length(system, code)
            yield system, code


def _check_length(*values: str) -> None:
    if any(len(value) > 255 for value in values):
        raise Refusal(422, "too-long", N_("A tag or identifier is longer than 255 characters."))


def _has_null(value: Any) -> bool:
    """Whether a member is null, or a list holds null outside a list of primitive extensions."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, dict):
            for key, inner in item.items():
                if inner is None:
                    return True
                waiting.append((key, inner))
        elif isinstance(item, list):
            # FHIR JSON pads "_given": [null, {...}] and its twin with null, nowhere else.
            for inner in item:
                if isinstance(inner, dict | list):
                    waiting.append((name, inner))
    return False
