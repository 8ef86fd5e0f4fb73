"""Fields of a form as QuestionnaireResponse items, and back, exactly.

One item a field (``linkId`` = the field's name, ``text`` = its heading on the form). A list
of plain answers is one item with several answers; lists of rows repeat the item, with the
row's members as nested items ``field.member``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from app.fhir.codec import Json, coding, name_to_url, plain_value, url_to_name, value_of
from app.fhir.faults import FormatError
from app.fhir.fields import DATE, INSTANT, LIST, Field, code_list_of, omitted
from app.fhir.uris import X
from app.models import codes

#: Answers that FHIR has no type for: null, empty text, empty list, empty row.
_MARK = X + "value"
_ITEM = "*"
_PLAIN_TEXT = "text/plain;charset=utf-8"


def heading(name: str) -> str | None:
    """The heading of a field on the printed form."""
    found = codes.entry("follow_up_item", name)
    return found.zh if found else None


def items_of(
    field: Field, value: Any, code_list: str | None = None, prefix: str = ""
) -> list[Json]:
    """The items of one field; none where nothing was answered."""
    if omitted(field, value):
        return []
    link = prefix + field.name
    code_list = code_list or code_list_of(field.name)
    if field.form == LIST and isinstance(value, list):
        if any(isinstance(each, list | dict) for each in value):
            found = [_item(link, each, code_list) for each in value]
        else:
            found = [{"linkId": link, "answer": [_answer(each, code_list) for each in value]}]
    elif field.form == DATE and isinstance(value, str):
        found = [{"linkId": link, "answer": [{"valueDate": value}]}]
    elif field.form == INSTANT and isinstance(value, str):
        found = [{"linkId": link, "answer": [{"valueDateTime": value}]}]
    else:
        found = [_item(link, value, code_list)]
    text = heading(field.name)
    return [{"linkId": link, "text": text} | item for item in found] if text else found


def group(link: str, items: Iterable[Json], text: str | None) -> Json:
    """A group of items, one row of a repeated part of the form."""
    found: Json = {"linkId": link}
    if text:
        found["text"] = text
    found["item"] = list(items)
    return found


def _item(link: str, value: Any, code_list: str | None) -> Json:
    if isinstance(value, dict) and value:
        return {
            "linkId": link,
            "item": [
                _item(f"{link}.{name_to_url(key)}", each, code_list if key == "code" else None)
                for key, each in value.items()
            ],
        }
    if isinstance(value, list) and value:
        return {"linkId": link, "item": [_item(f"{link}.{_ITEM}", each, None) for each in value]}
    return {"linkId": link, "answer": [_answer(value, code_list)]}


def _answer(value: Any, code_list: str | None) -> Json:
    if isinstance(value, str) and code_list is not None:
        known = coding(code_list, value)
        if known is not None:
            return {"valueCoding": known}
    name, content = value_of(value)
    if name == "valueCode":
        return {"valueCoding": {"system": _MARK, "code": content}}
    if name == "valueBase64Binary":
        return {"valueAttachment": {"contentType": _PLAIN_TEXT, "data": content}}
    return {name: content}


def by_link(items: Iterable[Json]) -> dict[str, list[Json]]:
    """Items grouped by link id, in order."""
    found: dict[str, list[Json]] = {}
    for item in items:
        found.setdefault(item["linkId"], []).append(item)
    return found


def value_in(field: Field, items: list[Json]) -> Any:
    """The value of a field from all items that have its link id."""
    if field.form != LIST:
        return _read(items[-1])
    found: list[Any] = []
    for item in items:
        if "item" in item:
            found.append(_read(item))
        else:
            found.extend(_read_answer(answer) for answer in item["answer"])
    return found


def _read(item: Json) -> Any:
    inner = item.get("item")
    if inner is None:
        return _read_answer(item["answer"][-1])
    start = len(item["linkId"]) + 1
    names = [each["linkId"][start:] for each in inner]
    if names and all(name == _ITEM for name in names):
        return [_read(each) for each in inner]
    return {url_to_name(name): _read(each) for name, each in zip(names, inner, strict=True)}


def _read_answer(answer: Json) -> Any:
    for name, content in answer.items():
        if name == "valueCoding" and content.get("system") == _MARK:
            return plain_value("valueCode", content["code"])
        if name == "valueAttachment":
            return base64.b64decode(content["data"], validate=True).decode("utf-8")
        if name.startswith("value"):
            return plain_value(name, content)
    raise FormatError("answer")
