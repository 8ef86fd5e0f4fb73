"""Who may write what: the rules that each record of a bundle is held against."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from app.i18n import N_
from app.server import wire
from app.server.engines import listed, one_of
from app.server.outcome import Refusal
from app.server.prepare import Prepared, fixed_of
from app.server.states import Known
from app.server.tables import edge

#: The references that are stored of the records ``keys``.
EDGES = select(edge).where(one_of(edge.c.source, listed("keys", "number")))
#: The extension by which a client names each of its changes (docs/wire.md).
_WRITE_ID = '"urn:township-care:x:write-id"'
#: The coding that makes a Task a note; one of a referral has none (docs/wire.md).
_NOTE = '"urn:township-care:code:note_move"'


@dataclass(slots=True)
class Stored:
    """What is held of a record that is written again; times in microseconds since 1970."""

    key: int
    version: str
    updated: int
    organisation: str
    owner: str | None
    requester: str | None
    tags: str | None
    content: str


def check(
    connection: Connection,
    organisation: str,
    new: Prepared,
    if_match: str | None,
    old: Stored | None,
) -> None:
    """Raise the refusal that ``organisation`` deserves for writing ``new`` over ``old``, if any.

    ``if_match`` is the version that it means to replace.
    """
    if old is None:
        _check_create(organisation, new, if_match)
        return
    author = old.organisation == organisation
    takes_part = new.type == "Task" and organisation in (old.owner, old.requester)
    # A note is its writer's word; who gets it answers with a note of his own.
    takes_part = takes_part and _NOTE not in old.content
    if not author and not takes_part:
        raise Refusal(403, "forbidden", N_("This record belongs to another organisation."))
    if if_match is not None and if_match != old.version:
        raise _changed_meanwhile(old)
    if new.organisation != old.organisation or new.tags != old.tags:
        raise Refusal(
            422, "business-rule", N_("The tags of a record cannot change after it was created.")
        )
    if new.type == "Task":
        _check_task_change(connection, organisation, new, old)


def refuse_late_replay(known: Known, new: Prepared, old: Stored) -> None:
    """An earlier state that comes again, perhaps from a proxy that held it up, changes nothing.

    Only where a write id tells each change apart: another client may mean what it repeats.
    """
    has_write_id = _WRITE_ID in old.content or _WRITE_ID in new.content
    if has_write_id and known.was(old.key, new.digest):
        raise _changed_meanwhile(old)


def _changed_meanwhile(old: Stored) -> Refusal:
    return Refusal(
        412,
        "conflict",
        N_("The record was changed meanwhile: version {version} is held here."),
        version=old.version,
    )


def _check_create(organisation: str, new: Prepared, if_match: str | None) -> None:
    if if_match is not None:
        raise Refusal(412, "conflict", N_("There is no version of this record to replace."))
    if new.organisation is None:
        raise Refusal(422, "required", N_("The record does not name its organisation in meta.tag."))
    if new.organisation != organisation:
        raise Refusal(
            403, "forbidden", N_("A device may create records of its own organisation only.")
        )
    _check_participation(organisation, new)


def _check_participation(author: str, task: Prepared) -> None:
    if task.type == "Task" and author not in (task.owner, task.requester):
        raise Refusal(
            422,
            "business-rule",
            N_("A Task must name the organisation that wrote it as requester or owner."),
        )


def _check_task_change(
    connection: Connection, organisation: str, new: Prepared, old: Stored
) -> None:
    moved = (new.owner, new.requester) != (old.owner, old.requester)
    if organisation != old.organisation:
        before = fixed_of(wire.parse_content(old.content))
        if moved or before != new.fixed:
            raise Refusal(
                403,
                "forbidden",
                N_("Only the organisation that wrote a Task may change whom and what it is about."),
            )
        return
    _check_participation(organisation, new)
    # Records that a participant attached were meant for the participants of that time.
    if moved and any(
        row.organisation != organisation
        for row in connection.execute(EDGES, {"keys": [old.key]}).all()
    ):
        raise Refusal(
            422,
            "business-rule",
            N_("The other side already answered this Task; write a new one for another receiver."),
        )
