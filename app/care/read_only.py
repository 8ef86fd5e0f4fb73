"""Which saved records are opened only to be read, and what the page says then.

A visit, an assessment or a check is corrected by the organisation that made it, while it stands.
Whoever opens another one is told so before anything is typed, not when it is saved. What the
record was judged as is said with it, as it was kept: the form would judge by this house's rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.care.assessments.results import level_text
from app.care.corrections import ENTERED_IN_ERROR
from app.care.ownership import is_own
from app.care.rivals import reason_words
from app.errors import NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.organisation import Organisation
from app.models.records import KINDS
from app.models.rivals import is_echo, is_marked
from app.models.store import Store

__all__ = ["why_read_only"]


def why_read_only(store: Store, actor: Actor, kind: str, record_id: str) -> str:
    """Why a saved record can only be read, in sentences; empty where it may be corrected.

    ``kind``: follow_up, assessment or health_check. Raises NotFound.
    """
    with store.read() as session:
        row: Any = session.get(KINDS[kind].model, record_id)
        if row is None:
            raise NotFound(tr("The record is not on this PC. Open the list again."))
        if is_echo(row.status_reason):
            why = tr(
                "Two people chose the same correction of this record; the other entry counts, "
                "this one does not count again. It is shown to be read."
            )
        elif is_marked(row.status_reason):
            why = tr(
                "There are two corrections of this record; this one counts nowhere until a "
                "person chooses at the conflict desk of the Sync room. It is shown to be read."
            )
        elif row.status == ENTERED_IN_ERROR:
            why = tr(
                "This version was taken back or replaced and counts nowhere: {reason}. "
                "It is shown to be read; the newest version is in the resident's history."
            ).format(reason=reason_words(row.status_reason) or tr("no reason was noted"))
        elif not is_own(actor, row):
            house = session.get(Organisation, row.organisation_id)
            name = (house.short_name or house.name) if house else tr("another organisation")
            why = tr(
                "This record was made by {house}. It is shown to be read; only {house} can "
                "correct it or take it back."
            ).format(house=name)
        else:
            return ""
        judged = _JUDGED[kind](row)
        return f"{why} {judged}" if judged else why


def _visit(row: Any) -> str:
    parts = [
        tr("{disease}: {outcome}.").format(
            disease=codes.label("chronic_disease", part.disease),
            outcome=codes.label("visit_class", part.control_class),
        )
        for part in row.diseases
        if part.control_class
    ]
    return tr("Judged then: {words}").format(words=" ".join(parts)) if parts else ""


def _assessment(row: Any) -> str:
    words = [f"{row.total:g}"] if row.total is not None else []
    if row.level:
        words.append(level_text(row.scale, row.level))
    return tr("Judged then: {words}").format(words=" · ".join(words)) if words else ""


def _check(row: Any) -> str:
    found = [str(each["text"]) for each in row.findings if each.get("text")]
    return tr("Marked then: {words}").format(words=tr("; ").join(found)) if found else ""


_JUDGED: dict[str, Callable[[Any], str]] = {
    "follow_up": _visit,
    "assessment": _assessment,
    "health_check": _check,
}
