"""Values between a record and FHIR: one plain value to one ``value[x]``, and nested ones.

A record's JSON values (lists, dicts, texts, numbers) become nested extensions and come back
exactly; no JSON text is ever put inside a string. Texts that FHIR cannot hold (only blanks,
control characters) travel as base64.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from math import isfinite
from typing import Any
from urllib.parse import quote, unquote

from app.fhir.faults import FormatError
from app.fhir.uris import CODE, LIST_SYSTEMS, list_system
from app.models import codes

Json = dict[str, Any]

#: A FHIR id, and a code that FHIR allows (no blanks at the ends, none doubled).
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_CODE_TEXT = re.compile(r"[^\s]+( [^\s]+)*\Z")
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

#: Values that FHIR has no way to write, as codes.
_MARKS: dict[str, Any] = {"null": None, "empty": "", "list": [], "dict": {}}
_ITEM = "*"

_SYSTEM_LISTS = {system: name for name, system in LIST_SYSTEMS.items()}


def fit(text: str) -> bool:
    """Whether FHIR can hold the text as a string."""
    if text.isprintable():  # the quick way: nearly every text
        return bool(text) and not text.isspace()
    return bool(text) and not _UNFIT.search(text) and not text.isspace()


def fit_code(text: str) -> bool:
    """Whether FHIR can hold the text as a code."""
    return fit(text) and _CODE_TEXT.match(text) is not None


def coding(code_list: str, code: str) -> Json | None:
    """The coding of a known code, with its Chinese text; None if the list has no such code."""
    entry = codes.entry(code_list, code)
    if entry is None or not fit_code(code):
        return None
    return {"system": list_system(code_list), "code": code, "display": entry.zh}


def concept(code_list: str, code: str) -> Json | None:
    """A CodeableConcept of one known code."""
    found = coding(code_list, code)
    return None if found is None else {"coding": [found]}


def code_in(concept_value: Json | None, system: str) -> str | None:
    """The code of ``system`` in a CodeableConcept."""
    if not concept_value:
        return None
    for item in concept_value.get("coding", ()):
        if item.get("system") == system:
            code = item.get("code")
            return code if isinstance(code, str) else None
    return None


def value_of(value: Any, code_list: str | None = None) -> tuple[str, Any]:
    """The ``value[x]`` element of a plain value; lists and dicts are not plain."""
    if isinstance(value, str):
        if code_list is not None:
            found = coding(code_list, value)
            if found is not None:
                return "valueCoding", found
        if fit(value):
            return "valueString", value
        if not value:
            return "valueCode", "empty"
        data = value.encode("utf-8", "surrogatepass")
        return "valueBase64Binary", base64.b64encode(data).decode("ascii")
    if isinstance(value, bool):
        return "valueBoolean", value
    if isinstance(value, int) and -(2**31) <= value < 2**31:
        return "valueInteger", value
    if isinstance(value, int | float):
        return "valueDecimal", value
    for mark, meaning in _MARKS.items():
        if value == meaning and type(value) is type(meaning):
            return "valueCode", mark
    raise TypeError(f"{type(value).__name__} has no place in a record")


@lru_cache(maxsize=4096)
def name_to_url(name: str) -> str:
    """The URL of a member's extension: its name, with what a URL may not hold escaped."""
    return quote(name) or "%"


@lru_cache(maxsize=4096)
def url_to_name(url: str) -> str:
    """The member's name; the inverse of :func:`name_to_url`."""
    return "" if url == "%" else unquote(url)


def extension(url: str, value: Any, code_list: str | None = None) -> Json:
    """``value`` as an extension; ``code_list`` says what bare texts and ``code`` members are."""
    if isinstance(value, list) and value:
        return {"url": url, "extension": [extension(_ITEM, item, code_list) for item in value]}
    if isinstance(value, dict) and value:
        return {
            "url": url,
            "extension": [
                extension(
                    name_to_url(key),
                    item,
                    code_list if key == "code" or isinstance(item, list | dict) else None,
                )
                for key, item in value.items()
            ],
        }
    name, content = value_of(value, code_list)
    return {"url": url, name: content}


def plain(element: Json) -> Any:
    """The value of an extension or answer made by :func:`extension` or by someone else."""
    inner = element.get("extension")
    if inner is not None:
        if inner and all(item["url"] == _ITEM for item in inner):
            return [plain(item) for item in inner]
        return {url_to_name(item["url"]): plain(item) for item in inner}
    for name, content in element.items():
        if name.startswith("value"):
            return plain_value(name, content)
    raise FormatError("extension")


def plain_value(name: str, content: Any) -> Any:
    """The plain value of one ``value[x]``."""
    if name in ("valueString", "valueDate", "valueDateTime", "valueInstant", "valueUri"):
        return _text(content)
    if name == "valueInteger":
        if isinstance(content, bool) or not isinstance(content, int):
            raise FormatError(name)
        return content
    if name == "valueDecimal":
        if isinstance(content, bool) or not isinstance(content, int | float):
            raise FormatError(name)
        if not isfinite(content):
            raise FormatError(name)
        return content
    if name == "valueBoolean":
        if not isinstance(content, bool):
            raise FormatError(name)
        return content
    if name == "valueCoding":
        return _text(content["code"])
    if name == "valueReference":
        return id_of(content)
    if name == "valueBase64Binary":
        return base64.b64decode(_text(content), validate=True).decode("utf-8")
    if name == "valueCode":
        mark = _text(content)
        if mark in _MARKS:
            value = _MARKS[mark]
            return value.copy() if isinstance(value, list | dict) else value
        return mark
    raise FormatError(name)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FormatError("value")
    if not value.isascii():
        value.encode("utf-8")  # half a character cannot be stored
    return value


def reference(type_: str, id_: str, display: str | None = None) -> Json:
    """A literal reference; ``display`` is left out where there is nothing to show."""
    if display and fit(display):
        return {"reference": f"{type_}/{id_}", "display": display}
    return {"reference": f"{type_}/{id_}"}


def target_of(value: Any) -> tuple[str, str] | None:
    """(type, id) of a reference, relative, absolute or versioned; None if it has none."""
    head, slash, tail = value["reference"].rpartition("/")
    if slash and "/" not in head:  # the quick way: nearly every reference
        return (head, tail) if ID.match(tail) else None
    text = value["reference"].split("/_history/")[0]
    parts = text.rsplit("/", 2)
    if len(parts) < 2 or not ID.match(parts[-1]):
        return None
    return parts[-2], parts[-1]


def id_of(value: Any, type_: str | None = None) -> str:
    """The id that a reference names; FormatError if it names none, or another type."""
    found = target_of(value)
    if found is None or (type_ is not None and found[0] != type_):
        raise FormatError("reference")
    return found[1]


def system_list(system: str) -> str:
    """The code list of a system URI; the inverse of :func:`list_system`."""
    return _SYSTEM_LISTS.get(system) or system.removeprefix(CODE)
