"""Two corrections of one record side by side: what differs, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.record_words import field_label, words
from app.care.rivals import reason_words
from app.i18n import tr
from app.models.outbox import RIVALS, Conflict
from app.models.records import KINDS, Record, fetch
from app.models.rivals import is_echo, is_marked

FIELD = "rivals"
_UNSAID = frozenset(
    {
        *("id", "organisation_id", "author_id", "updated_by", "created_at", "updated_at"),
        *("change_id", "is_sample", "supersedes_id", "status", "resident_id", "status_reason"),
    }
)


def both(session: Session, row: Conflict, names: Mapping[str, str]) -> dict[str, Any]:
    """The one field of such a conflict, as the desk shows it."""
    kind, told = row.kind.removeprefix(RIVALS), row.fields[FIELD]
    ids = [id_ for id_ in (told["base"], told["mine"], told["theirs"]) if id_]
    found = fetch(session, kind, ids)
    first, mine, theirs = (found.get(told[side]) for side in ("base", "mine", "theirs"))
    said = {"name": FIELD, "label": tr("Which correction of the record counts?")}
    differing = _differing(kind, mine or {}, theirs or first or {})
    said["base"] = _say(kind, first, differing, names)
    said["mine"] = _say(kind, mine, differing, names, counts=True)
    said["theirs"] = (
        _say(kind, theirs, differing, names)
        if told["theirs"]
        else tr("Taken back: {reason}").format(
            reason=reason_words((first or {}).get("status_reason"))
        )
    )
    return {**said, "choice": told.get("choice", ""), "chosen": ""}


def counting_rivals(session: Session, ids: list[str]) -> frozenset[str]:
    """Those of these records that count beside another correction, until a person chooses."""
    asked = session.scalars(
        select(Conflict.fields).where(
            Conflict.resolved_at.is_(None), Conflict.kind.startswith(RIVALS, autoescape=True)
        )
    )
    return frozenset({fields[FIELD]["mine"] for fields in asked} & set(ids))


def rival_words(row: Any, counting: frozenset[str]) -> str:
    """What a line of the history says of a correction that is not the only one; else empty."""
    reason = getattr(row, "status_reason", None)
    if is_echo(reason):
        return tr("Two people chose the same; this entry of the choice does not count again.")
    if is_marked(reason):
        return tr("Two corrections of one record: this one counts nowhere until a person chooses.")
    if row.id in counting:
        return tr("Corrected in two places: this one counts until a person chooses.")
    return ""


def _differing(kind: str, one: Record, other: Record) -> list[str]:
    return [
        name
        for name in (*KINDS[kind].table.columns.keys(), *(c.name for c in KINDS[kind].children))
        if name not in _UNSAID and _plain(one.get(name)) != _plain(other.get(name))
    ]


def _plain(value: Any) -> Any:
    """A value without the ids of its rows."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if name != "id"}
    return value


def _say(
    kind: str,
    record: Record | None,
    names_of: list[str],
    names: Mapping[str, str],
    *,
    counts: bool = False,
) -> str:
    if record is None:
        return tr("(not on this PC)")
    lines = [tr("Counts until a person chooses")] if counts else []
    if record.get("status_reason"):
        lines.append(tr("Reason: {reason}").format(reason=reason_words(record["status_reason"])))
    lines.extend(
        tr("{name}: {value}").format(
            name=field_label(kind, name), value=words(kind, name, record.get(name), names, record)
        )
        for name in names_of
    )
    return "\n".join(lines)
