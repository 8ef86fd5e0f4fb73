"""JSON text of resources: read strictly, kept exactly, put together cheaply.

A stored body is the resource's compact JSON text *without* its beginning. The beginning
(type, id, version, time) is known from columns, so a read joins two strings instead of
parsing a document, and a new version of the same content compares equal as text.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from typing import Any

import orjson

from app.i18n import N_
from app.server.outcome import Refusal

Json = dict[str, Any]

#: An impossible beginning of a FHIR string marks a decimal whose exact spelling must stay.
_MARK = "\x00#"
#: The escape of NUL; behind an even number of backslashes it is only somebody's text.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_MARKED = re.compile(r'"\\u0000#([^"\\]*)"')


def _number(text: str) -> float | int | str:
    """A number as Python's where writing that gives the same text back, else marked.

    FHIR R4 §2.24.0.1: the precision of a decimal is part of its value (1.10 is not 1.1).
    """
    try:
        value = orjson.loads(text)
    except ValueError:
        return _MARK + text
    return value if orjson.dumps(value).decode() == text else _MARK + text


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_decoder = json.JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=_no_constant)
_encode_sorted = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False
).encode


def parse(data: bytes) -> Json:
    """The JSON object in ``data``; anything else is refused with 400."""
    if b"\\u0000" in data and _NUL.search(data):
        raise Refusal(400, "structure", N_("The body holds a control character."))
    try:
        value = orjson.loads(data)
        # The same bytes again: no number in it is spelt in a way that would be lost.
        exact = orjson.dumps(value) == data
    except (ValueError, TypeError):
        exact = False
    if not exact:
        value = _parse_slowly(data)
    if not isinstance(value, dict):
        raise Refusal(400, "structure", N_("The body is not a JSON object."))
    return value


def _parse_slowly(data: bytes) -> Any:
    try:
        return _decoder.decode(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise Refusal(400, "structure", N_("The body is not UTF-8 text.")) from None
    except (ValueError, RecursionError):
        raise Refusal(400, "structure", N_("The body is not well-formed JSON.")) from None


def dump(value: Any) -> str:
    """Compact JSON text; numbers keep the spelling they came with."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError as error:
        if "recursion" in str(error).lower():
            raise Refusal(400, "structure", N_("The body is nested too deeply.")) from None
        raise Refusal(400, "structure", N_("The body holds half a character.")) from None
    return _MARKED.sub(r"\1", text) if '"\\u0000#' in text else text


def content_of(resource: Json) -> str:
    """What is stored of a resource: all of it but type, id, version and time, as text."""
    return _content(_kept(resource))


def content_and_digest(resource: Json) -> tuple[str, str]:
    """``content_of`` and its ``digest``, without reading the text again."""
    kept = _kept(resource)
    return _content(kept), _digest(kept)


def _kept(resource: Json) -> Json:
    rest = dict(resource)
    del rest["resourceType"], rest["id"]
    meta = dict(rest.pop("meta", None) or {})
    meta.pop("versionId", None)
    meta.pop("lastUpdated", None)
    return {"meta": meta, **rest}


def _content(kept: Json) -> str:
    text = dump(kept)
    # '{"meta":{' is known when it is read again; what follows it goes on from the time.
    return "," + text[9:] if kept["meta"] else text[9:]


def digest(content: str) -> str:
    """What two stored contents have in common exactly if they say the same (``same_content``)."""
    data = ('{"meta":{"versionId":"0"' + content).encode()
    resource: Json = parse(data)
    del resource["meta"]["versionId"]
    return _digest(resource)


def _digest(kept: Json) -> str:
    # In the order of names; numbers as they were spelt, which ``parse`` sees to.
    data = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def whole(type_: str, id_: str, version: str, updated: int, content: str) -> str:
    """The complete resource as JSON text, from its columns."""
    return (
        f'{{"resourceType":"{type_}","id":"{id_}","meta":{{"versionId":"{version}",'
        f'"lastUpdated":"{instant(updated)}"{content}'
    )


def parse_content(content: str) -> Json:
    """The members of a stored content, ``meta`` without version and time."""
    resource: Json = _decoder.decode('{"meta":{"versionId":"0"' + content)
    del resource["meta"]["versionId"]
    return resource


def same_content(one: str, other: str) -> bool:
    """Whether two stored contents say the same, whatever the order of their members."""
    if one == other:
        return True
    # Sorted text, not ==: in Python 1 equals true, in a record it does not.
    try:
        return _sorted_text(one) == _sorted_text(other)
    except RecursionError:
        return False


def _sorted_text(content: str) -> str:
    return _encode_sorted(parse_content(content))


_second: tuple[int, str] = (-1, "")


def instant(microseconds: int) -> str:
    """FHIR ``instant`` of a count of microseconds since 1970, always UTC and six digits."""
    global _second
    seconds, rest = divmod(microseconds, 1_000_000)
    known = _second
    if known[0] != seconds:
        known = (seconds, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)))
        _second = known
    return f"{known[1]}.{rest:06d}Z"
