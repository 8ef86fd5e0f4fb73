"""Where the work of a due kind is done: the room, and what its navigation is given."""

from __future__ import annotations

from app.models import codes


def room_of(kind: str) -> str:
    """The room of a due kind, as the code list says."""
    entry = codes.entry("due_kind", kind)
    if entry is not None:
        return entry.extra.get("room") or "residents"
    return "chronic" if kind.startswith("follow_up") else "residents"


def place_of(kind: str, resident_id: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The room and the arguments that open the work itself, already filled with who."""
    family, _, disease = kind.partition(":")
    arguments = [("resident_id", resident_id)]
    if family == "follow_up":
        arguments.append(("disease", disease))
    elif family == "assessment":
        arguments.append(("scale", disease))
    elif family == "bp_screening":
        arguments.append(("page", "screening"))
    elif family in ("plan_review", "plan_paused", "plan_draft"):
        arguments.append(("page", "plan"))
    elif family in ("return_visit", "return_step"):
        arguments.append(("page", "return"))
    return room_of(kind), tuple(arguments)
