"""What was printed, when and by whom: noted before the paper leaves the printer."""

from __future__ import annotations

from typing import Literal

from app.care.paper.document import PrintDocument
from app.care.paper.rounds import ROUND
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.paper import PaperRound
from app.models.store import Store

Way = Literal["paper", "pdf"]


def note_print(store: Store, actor: Actor, document: PrintDocument, way: Way, pages: int) -> None:
    """Note that a document with identities goes to paper or into a file; a round counts as
    printed from now on. A form that names nobody is not noted."""
    about = document.about
    if not about.persons:
        return
    with store.write(actor) as session:
        note_access(
            session,
            store.clock,
            actor,
            "print",
            about.kind,
            about.record_id,
            {
                "way": way,
                "pages": pages,
                "persons": about.persons,
                "whole_ids": about.whole_ids,
            },
        )
        if about.kind == ROUND:
            made = session.get(PaperRound, about.record_id)
            if made is not None and made.printed_at is None:
                made.printed_at = store.clock.now()
