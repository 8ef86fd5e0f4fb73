"""The one door of this floor: records to resources and back, whatever their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from app.fhir import (
    assessment,
    attachment,
    attachment_part,
    bp_screening,
    care_team,
    check_in,
    clinical_settings,
    condition,
    consent,
    consultation,
    contract,
    contract_service,
    document,
    expert_visit,
    follow_up,
    health_check,
    number_block,
    organisation,
    referral,
    referral_event,
    referral_reply,
    referral_service,
    referral_task,
    referral_visit,
    rehab_plan,
    resident,
    return_plan,
    service_package,
    shared_note,
    staff,
    training,
)
from app.fhir.codec import Json, code_in, target_of
from app.fhir.common import WireContext, write_id
from app.fhir.faults import FormatError
from app.fhir.merge import merge_unknown
from app.fhir.uris import RECORD
from app.models.records import Record

__all__ = [
    "WireContext",
    "apart_of",
    "from_resource",
    "kind_of",
    "merge_unknown",
    "primary_type",
    "pulled_types",
    "references_of",
    "to_resources",
    "write_id",
]

# Parents before their children: the order in which they are pulled and written.
_MODULES: tuple[ModuleType, ...] = (
    organisation,
    staff,
    clinical_settings,
    number_block,
    resident,
    condition,
    consent,
    follow_up,
    bp_screening,
    health_check,
    assessment,
    rehab_plan,
    check_in,
    care_team,
    service_package,
    contract,
    contract_service,
    referral,
    referral_service,
    referral_reply,
    return_plan,
    referral_task,
    referral_event,
    referral_visit,
    consultation,
    expert_visit,
    training,
    attachment,
    attachment_part,
    shared_note,
)
_BY_KIND = {module.KIND: module for module in _MODULES}

#: Types of primary resources, parents first. Companions need not be pulled.
pulled_types: tuple[str, ...] = tuple(dict.fromkeys(module.TYPE for module in _MODULES))

_KIND_OF_TYPE = {module.TYPE: module.KIND for module in reversed(_MODULES)}

# Several kinds are filled-in forms; the canonical of the form tells them apart.
_KIND_OF_FORM: dict[str, str] = {
    module.FORM: module.KIND for module in _MODULES if hasattr(module, "FORM")
}

# Kinds without a FHIR type of their own are Basics, told apart by their code.
_KIND_OF_BASIC: dict[str, str] = {
    module.CODE: module.KIND for module in _MODULES if module.TYPE == "Basic"
}

# Documents of ours are told apart by their type.
_KINDS_OF_DOCUMENTS = frozenset(m.KIND for m in _MODULES if m.TYPE == document.TYPE)


def primary_type(kind: str) -> str:
    """The type of the resource that has a record's own id and holds it whole."""
    type_: str = _BY_KIND[kind].TYPE
    return type_


def to_resources(kind: str, record: Record, context: WireContext) -> list[Json]:
    """The resources of a record: the primary (same id) first, then its companions."""
    build: Callable[[Record, WireContext], list[Json]] = _BY_KIND[kind].to_resources
    return build(record, context)


def kind_of(resource: Json) -> str | None:
    """The kind whose primary a resource is; None for companions and unknown types."""
    type_ = resource.get("resourceType") if isinstance(resource, dict) else None
    kind = _KIND_OF_TYPE.get(type_) if isinstance(type_, str) else None
    if type_ == referral.TYPE:
        return _kind_of_request(resource)
    if type_ == document.TYPE:
        return _kind_of_document(resource)
    if kind == rehab_plan.KIND and return_plan.is_return_plan(resource):
        return return_plan.KIND
    if kind == referral_task.KIND and shared_note.is_note(resource):
        return shared_note.KIND
    if kind == check_in.KIND and contract_service.is_service(resource):
        return contract_service.KIND
    if kind == expert_visit.KIND and not expert_visit.is_visit(resource):
        return None
    if type_ == "Basic":
        return _kind_of_basic(resource)
    return _kind_of_answers(resource) if kind == follow_up.KIND else kind


def _kind_of_basic(basic: Json) -> str | None:
    """The kind of a Basic, by its code; another program's Basic may hold anything."""
    try:
        return _KIND_OF_BASIC.get(code_in(basic.get("code"), RECORD) or "")
    except (TypeError, AttributeError):
        return None


def _kind_of_answers(response: Json) -> str | None:
    """The kind of a QuestionnaireResponse, by ``questionnaire``: ``FORM[:part][|version]``.

    A form without a canonical is a follow-up, which leaves it out where its version cannot be
    part of one. Forms that this program does not know are nobody's record here.
    """
    canonical = response.get("questionnaire")
    if canonical is None:
        return follow_up.KIND
    form = canonical.partition("|")[0] if isinstance(canonical, str) else ""
    while form:
        if form in _KIND_OF_FORM:
            return _KIND_OF_FORM[form]
        form = form.rpartition(":")[0]
    return None


def _kind_of_document(resource: Json) -> str | None:
    """The kind of a DocumentReference, by its type; another program's is nobody's record here."""
    try:
        code = document.kind_code(resource)
    except (TypeError, AttributeError):
        return None
    return code if code in _KINDS_OF_DOCUMENTS else None


def _kind_of_request(request: Json) -> str:
    """A letter, one of its services, or a consultation."""
    if consultation.is_consultation(request):
        return consultation.KIND
    return referral_service.KIND if _is_service(request) else referral.KIND


def _is_service(request: Json) -> bool:
    """Whether a ServiceRequest asks for one of the three priorities; else it is a letter."""
    try:
        return code_in(request.get("code"), referral_service.SERVICE) is not None
    except (TypeError, AttributeError):
        return False  # from_resource says what is wrong with it


def from_resource(resource: Json) -> tuple[str, Record] | None:
    """The kind and the whole record of a primary; None for companions and unknown types.

    FormatError if the resource is not one that this program could have written.
    """
    if not isinstance(resource, dict):
        raise FormatError("resource")
    kind = kind_of(resource)
    if kind is None:
        return None
    read: Callable[[Json], Record] = _BY_KIND[kind].from_resource
    try:
        return kind, read(resource)
    except FormatError as error:
        raise FormatError(f"{resource['resourceType']}.{error.where}") from None
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # Any shape may come over the wire; only its place is told, never its content.
        raise FormatError(f"{resource['resourceType']}: {type(error).__name__}") from None


def apart_of(resource: Json) -> list[tuple[str, str]]:
    """(type, id) of what a resource names although neither side waits for it: a file's parts."""
    return attachment.parts_of(resource) if resource.get("resourceType") == document.TYPE else []


def references_of(resource: Json) -> list[tuple[str, str]]:
    """(type, id) of every resource that ``resource`` refers to, in order, each once."""
    return list(dict.fromkeys(_references(resource)))


def _references(resource: Json) -> Iterator[tuple[str, str]]:
    waiting: list[Any] = [resource]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, dict):
            text = value.get("reference")
            if isinstance(text, str) and not text.startswith(("#", "urn:")):
                found = target_of(value)
                if found is not None:
                    yield found
            waiting.extend(reversed(value.values()))
