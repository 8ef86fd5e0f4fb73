"""The laboratory's own reference ranges, as its report prints them.

The national specification has no ranges for most laboratory tests, and laboratories differ:
without an entry here a value is not marked. Set by an administrator; kept with the clinical
settings, so that every change is a version and reaches the other PCs of the organisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.care.clinical_settings import keep_beside, kept_beside
from app.care.health_check.definition import FieldDefinition, definition, versions
from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.settings import get_setting
from app.models.store import Store

NAME = "lab_ranges"
# Where earlier versions of the program kept them: on one PC.
_ON_THIS_PC = "health_check.lab_ranges"
WOMEN = "2"
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class LabRanges:
    """Field → (lowest, highest normal value); either may be None. ``women``: where they differ."""

    ranges: Mapping[str, Bounds] = field(default_factory=dict)
    women: Mapping[str, Bounds] = field(default_factory=dict)

    def of(self, key: str, sex: str) -> Bounds | None:
        """The range for a person, or None where the laboratory's is not known."""
        if sex == WOMEN and key in self.women:
            return self.women[key]
        return self.ranges.get(key)


def lab_fields() -> tuple[FieldDefinition, ...]:
    """The tests that may have a laboratory range, in paper order."""
    return tuple(each for each in definition(versions()[-1]).fields() if each.lab_range)


def load_lab_ranges(session: Session) -> LabRanges:
    """The ranges that were entered; none at first."""
    kept = kept_beside(session, NAME)
    if not isinstance(kept, dict):
        kept = get_setting(session, _ON_THIS_PC, {})
    return LabRanges(_bounds(kept.get("ranges")), _bounds(kept.get("women")))


def lab_ranges(store: Store, actor: Actor) -> LabRanges:
    """The ranges, for the screen."""
    with store.read() as session:
        return load_lab_ranges(session)


def save_lab_ranges(store: Store, actor: Actor, found: LabRanges) -> None:
    """Keep the ranges as a new version of the clinical settings, noted in the audit trail.

    Raises NotAllowed for others than administrators, InputError for an upside-down range.
    """
    if not actor.has_role("administrator"):
        raise NotAllowed(
            tr(
                "Only an administrator may set the laboratory's ranges. Nothing was changed. "
                "Ask the administrator of your organisation."
            )
        )
    problems: dict[str, str] = {}
    known = {each.key for each in lab_fields()}
    for part in (found.ranges, found.women):
        for key, (low, high) in part.items():
            if key not in known or (low is not None and high is not None and low > high):
                problems[key] = tr("The lower value must not be above the upper one.")
    if problems:
        raise InputError(problems)
    kept = {
        "ranges": {key: list(bounds) for key, bounds in found.ranges.items()},
        "women": {key: list(bounds) for key, bounds in found.women.items()},
    }
    with store.write(actor) as session:
        keep_beside(session, actor, NAME, kept, tr("Laboratory reference ranges"))
        note_access(session, store.clock, actor, "change", "setting", NAME)


def _bounds(kept: Any) -> dict[str, Bounds]:
    """What was kept, or came from another PC; what this program cannot read is left out."""
    found: dict[str, Bounds] = {}
    for key, bounds in kept.items() if isinstance(kept, dict) else ():
        if isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_bound, bounds)):
            found[key] = (bounds[0], bounds[1])
    return found


def _is_bound(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
