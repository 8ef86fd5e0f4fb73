"""The values of a record as a person reads them: words of codes, dates, names, lists line by line.

Names and code lists of fields are data (``resources/codes/record_field.csv``): ``kind.field`` or
``parent.field`` before the bare ``field``. What is not in the list is shown as it is, never hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.clock import clinic_time, parse_instant
from app.i18n import tr
from app.models import codes

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: Keys of a listed answer that need no name beside their value.
_PLAIN = ("code", "text", "name", "display", "exercise", "type", "decision")
_UNSAID = frozenset({"id", "resident_id", "follow_up_id", "visit_date"})
_REASONS = (
    "referral_reject_reason",
    "referral_cancel_reason",
    "referral_return_reason",
    "referral_close_reason",
    "referral_reopen_reason",
    "referral_decline_reason",
    "referral_service_refusal",
)


def field_label(kind: str, field: str, parent: str = "") -> str:
    """The name of a field on the forms."""
    entry = _entry(kind, field, parent)
    return entry.label if entry is not None else field


def code_list_of(kind: str, field: str, parent: str = "") -> str:
    """The code list of a field, or an empty text."""
    entry = _entry(kind, field, parent)
    return entry.extra.get("list", "") if entry is not None else ""


def words(
    kind: str,
    field: str,
    value: Any,
    names: Mapping[str, str] | None = None,
    record: Mapping[str, Any] | None = None,
) -> str:
    """A value in words, lists one item a line.

    ``names``: names of organisations and staff by id. ``record``: where the field stands, for
    codes that depend on another field.
    """
    if _empty(value):
        return tr("(empty)")
    if kind == "referral_task" and field == "state" and (record or {}).get("service") != "letter":
        return codes.label("referral_service_state", str(value))
    if field == "reason_code":
        known = (each for each in _REASONS if codes.is_known(each, str(value)))
        return codes.label(next(known, "referral_reason"), str(value))
    return _say(kind, field, "", value, names or {})


def _say(kind: str, field: str, parent: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, list):
        items = [_say(kind, field, parent, item, names) for item in value if not _empty(item)]
        lines = any(isinstance(item, dict) for item in value)
        return ("\n" if lines else tr(", ")).join(items)
    if isinstance(value, dict):
        return _say_parts(kind, field, value, names)
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    if text in names:
        return names[text]
    if _ID.fullmatch(text):
        # A record's id tells a person nothing; its end is enough to see that two differ.
        return tr("record …{tail}").format(tail=text[-6:])
    if _INSTANT.match(text):
        try:
            return f"{clinic_time(parse_instant(text)):%Y-%m-%d %H:%M}"
        except ValueError:
            return text
    listed = code_list_of(kind, field, parent)
    return codes.label(listed, text) if listed else text


def _say_parts(kind: str, field: str, value: Mapping[str, Any], names: Mapping[str, str]) -> str:
    parts = []
    for name, inner in value.items():
        if name in _UNSAID or _empty(inner) or inner is False:
            continue
        # The code of an answer is a code of the list of its own field.
        own = name == "code" and code_list_of(kind, field)
        if own:
            parts.append(codes.label(code_list_of(kind, field), str(inner)))
            continue
        listed = code_list_of(kind, field)
        if field == "not_measured":
            said = codes.label(listed, str(inner))
        elif field == "family":
            answers = [_say_parts(kind, "family", each, names) for each in inner]
            said = tr(", ").join(answers)
        else:
            said = _say(kind, name, field, inner, names)
        if name in _PLAIN:
            parts.append(said)
        else:
            parts.append(
                tr("{name}: {value}").format(name=field_label(kind, name, field), value=said)
            )
    return tr("; ").join(parts) or tr("(empty)")


def _entry(kind: str, field: str, parent: str) -> codes.CodeEntry | None:
    for code in (f"{parent or kind}.{field}", f"{kind}.{field}", field):
        found = codes.entry("record_field", code)
        if found is not None:
            return found
    return None


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}
