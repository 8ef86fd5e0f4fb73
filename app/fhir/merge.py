"""Keep what we do not know: what a newer program or another system wrote goes back unharmed.

A PUT replaces the whole resource, so everything of the server's copy that this program does
not write itself is put back: unknown elements, extensions of other URLs (and of columns that a
newer version added), identifiers, contact points, outputs, codings and tags of other systems.
What this program does write is its own: a value that was cleared here stays cleared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.fhir import expert_visit
from app.fhir.codec import Json
from app.fhir.faults import FormatError
from app.fhir.fields import fields_of
from app.fhir.known import ELEMENTS, MEMBERS, OTHER_MEMBERS, OWN_EXTENSIONS, OWN_SYSTEMS
from app.fhir.uris import CODE, X
from app.models.records import KINDS


def merge_unknown(ours: Json, theirs: Json | None) -> Json:
    """``ours`` with everything of the server's copy that this program does not know.

    Neither argument is changed. ``theirs`` of another type, or None, adds nothing.
    FormatError if ``theirs`` is nested beyond reason.
    """
    if not theirs or theirs.get("resourceType") != ours.get("resourceType"):
        return ours
    known = ELEMENTS.get(ours["resourceType"], frozenset(ours))
    try:
        merged = _merge_object(ours, theirs, known)
    except RecursionError:
        raise FormatError("nesting") from None
    if ours["resourceType"] == expert_visit.TYPE and _means_the_same(ours, theirs):
        # Another program says more exactly how far a visit is, and it is still true.
        merged["status"] = theirs["status"]
    meta = merged.get("meta")
    if isinstance(meta, dict):
        # The server's own; a client that sends them back only confuses it.
        merged["meta"] = {k: v for k, v in meta.items() if k not in _SERVER_META}
    return merged


def _means_the_same(ours: Json, theirs: Json) -> bool:
    status = theirs.get("status")
    meaning = expert_visit.MEANING.get(status) if isinstance(status, str) else None
    return meaning is not None and meaning == expert_visit.MEANING.get(ours["status"])


_SERVER_META = frozenset({"versionId", "lastUpdated"})


def _merge_object(ours: Json, theirs: Json, known: frozenset[str]) -> Json:
    merged: Json = {}
    for name, value in ours.items():
        merged[name] = _merge(name, value, theirs[name]) if name in theirs else value
    if "reference" in ours and ours["reference"] == theirs.get("reference"):
        merged.setdefault("display", theirs.get("display"))
        if merged["display"] is None:
            del merged["display"]
    has_choice = any(name.startswith("value") for name in ours)
    for name, value in theirs.items():
        if name in merged or (has_choice and name.startswith("value")):
            continue
        if name.startswith("_"):
            # A primitive's extensions belong to its value: they stay while it stays.
            if ours.get(name[1:]) == theirs.get(name[1:]):
                merged[name] = value
        elif name == "extension" or name in known:
            kept = _merge_list(name, [], value) if isinstance(value, list) else None
            if kept:
                merged[name] = kept
        else:
            merged[name] = value
    return merged


def _merge(name: str, ours: Any, theirs: Any) -> Any:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _merge_object(ours, theirs, MEMBERS.get(name, OTHER_MEMBERS))
    if isinstance(ours, list) and isinstance(theirs, list):
        return _merge_list(name, ours, theirs)
    return ours


def _merge_list(name: str, ours: list[Any], theirs: list[Any]) -> list[Any]:
    if name == "extension":
        return ours + [item for item in theirs if _foreign(name, item)]
    if name == "coding" and not _codings(theirs) >= _codings(ours):
        # The code changed here: another system's word for the old one is no longer true.
        return ours
    rest = [item for item in theirs if isinstance(item, dict)]
    merged = []
    for item in ours:
        partner = _partner(name, item, rest) if isinstance(item, dict) else None
        if partner is not None:
            rest.remove(partner)
            item = _merge(name, item, partner)
        merged.append(item)
    return merged + [item for item in rest if _foreign(name, item)]


def _codings(items: list[Any]) -> set[tuple[Any, Any]]:
    return {
        (str(item.get("system")), str(item.get("code"))) for item in items if isinstance(item, dict)
    }


def _partner(name: str, item: Json, candidates: list[Json]) -> Json | None:
    """The server's version of an item of a list: the same key, or equal in what we know."""
    key = _KEYS.get(name)
    for candidate in candidates:
        if key is not None:
            if key(candidate) == key(item):
                return candidate
        elif _known_part(name, candidate) == item:
            return candidate
    return None


def _system(item: Json) -> Any:
    return item.get("system")


def _output_code(item: Json) -> Any:
    codings = _list(_dict(item.get("type")).get("coding"))
    return [_dict(coding).get("code") for coding in codings]


_KEYS: dict[str, Callable[[Json], Any]] = {
    "identifier": _system,
    "tag": _system,
    "coding": _system,
    "contained": lambda item: item.get("id"),
    "output": _output_code,
}


def _known_part(name: str, value: Any) -> Any:
    """What of a value this program could have written."""
    if isinstance(value, dict):
        known = MEMBERS.get(name, OTHER_MEMBERS)
        found = {}
        for key, inner in value.items():
            if key in known or key == "extension" or key.startswith("value"):
                part = _known_part(key, inner)
                if part not in ([], {}):
                    found[key] = part
        return found
    if isinstance(value, list):
        return [_known_part(name, item) for item in value if not _foreign(name, item)]
    return value


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _foreign(name: str, item: Any) -> bool:
    """Whether an item of a list is surely not of this program's making."""
    if not isinstance(item, dict):
        return False
    if name == "extension":
        return not _own_extension(item.get("url"))
    if name in ("identifier", "tag", "coding"):
        return not _own_system(item.get("system"))
    if name == "telecom":
        return item.get("system") != "phone"
    if name == "name":
        return item.get("use") not in (None, "official")
    if name == "address":
        own = any(_own_extension(_dict(e).get("url")) for e in _list(item.get("extension")))
        return item.get("use", "home") != "home" and not own
    if name in _FOREIGN:
        return _FOREIGN[name](item)
    codings = _list(item.get("coding"))
    return bool(codings) and all(not _own_system(_dict(c).get("system")) for c in codings)


def _own_extension(url: Any) -> bool:
    return isinstance(url, str) and (
        url in OWN_EXTENSIONS or (url.startswith(X) and url[len(X) :] in _columns())
    )


def _own_system(system: Any) -> bool:
    return isinstance(system, str) and (system in OWN_SYSTEMS or system.startswith(CODE))


_SUPPORT = frozenset(
    {"QuestionnaireResponse", "Procedure", "CarePlan", "Condition", "ServiceRequest", "CareTeam"}
)
_FOREIGN: dict[str, Callable[[Json], bool]] = {
    "contained": lambda item: item.get("id") not in ("short", "long", "diagnosis"),
    "output": lambda item: all(
        not _own_system(_dict(c).get("system"))
        for c in _list(_dict(item.get("type")).get("coding"))
    ),
    # Ours says in an extension what it is; a bare one is taken for ours and compared whole.
    "note": lambda item: bool(item.get("authorString") or item.get("authorReference")),
    "supportingInfo": lambda item: str(item.get("reference")).split("/")[0] not in _SUPPORT,
    # Of a visit ours are said by name alone; a CareTeam's have a member, not an actor.
    "participant": lambda item: bool(_dict(item.get("actor")).get("reference")),
    "generalPractitioner": lambda item: "Practitioner/" not in str(item.get("reference")),
}
_column_names: set[str] = set()


def _columns() -> set[str]:
    """The columns of all kinds: their extensions are ours even where we send none."""
    if not _column_names:
        for kind in KINDS:
            _column_names.update(fields_of(kind))
    return _column_names
