"""What still waits after a run that went well, in one sentence."""

from __future__ import annotations

from app.i18n import tr
from app.sync.counts import Counts


def remaining(counts: Counts) -> str:
    """Why not everything is held; empty where it is (or where what is not is kept here)."""
    if counts.conflicts:
        return tr(
            "Some records were changed by two people: they wait for a decision, or to be read"
            " where one change holds already."
        )
    if counts.rejected:
        return tr("Some records were refused by the county hospital and need a correction.")
    if counts.open:
        return tr("Some records wait for another record that was not accepted yet.")
    return ""
