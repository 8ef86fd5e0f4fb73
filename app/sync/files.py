"""Contents of other organisations' files: the parts that are still missing are asked for last.

What is missing is read off the store, so that a cut, a restart or a part that the sender has not
sent yet need no memory: the next run goes on with whatever is not here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import func, select

from app.care.attachments.files import MOST_PARTS
from app.fhir import mapping
from app.models.attachment import Attachment, AttachmentPart
from app.models.store import Store
from app.sync.place import Placer
from app.sync.searches import Asker

#: Parts of one request: about 65 KB, eight seconds of the worst line that is planned for.
PARTS_AT_ONCE = 4
#: Files may take this long of one run; records come first again after it.
MOST_SECONDS = 20.0
_TYPE = mapping.primary_type("attachment_part")


def missing_parts(store: Store) -> list[list[str]]:
    """For each file of another house that is not whole: ids of its missing parts, in order."""
    count = (
        select(func.count())
        .where(AttachmentPart.attachment_id == Attachment.id)
        .correlate(Attachment)
        .scalar_subquery()
    )
    with store.read() as session:
        rows = session.execute(
            select(Attachment.part_ids)
            .where(
                Attachment.organisation_id != store.organisation_id,
                Attachment.status != "entered_in_error",
                count < func.json_array_length(Attachment.part_ids),
                # Another house may say anything; nobody's file has more.
                func.json_array_length(Attachment.part_ids) <= MOST_PARTS,
            )
            .order_by(Attachment.id)
        ).all()
        found = []
        for (part_ids,) in rows:
            named = [part for part in part_ids if isinstance(part, str)]
            # Also what came as a part of another file: asking again would bring the same.
            here = set(
                session.scalars(select(AttachmentPart.id).where(AttachmentPart.id.in_(named)))
            )
            wanted = [part for part in dict.fromkeys(named) if part not in here]
            if wanted:
                found.append(wanted)
    return found


def missing_refs(store: Store, most: int) -> list[list[str]]:
    """Type and id of missing parts, at most so many: what a courier file asks for."""
    missing = (part for parts in missing_parts(store) for part in parts)
    return [[_TYPE, part] for part, _ in zip(missing, range(max(most, 0)), strict=False)]


def fetch(
    store: Store,
    asker: Asker,
    placer: Placer,
    breathe: Callable[[], None],
    *,
    most_seconds: float = MOST_SECONDS,
) -> int:
    """Ask for missing parts, file by file; ``breathe`` is called between requests. How many came.

    Raises LinkFault where the link gives out; what was placed stays placed.
    """
    began = time.monotonic()
    came = 0
    for wanted in missing_parts(store):
        for start in range(0, len(wanted), PARTS_AT_ONCE):
            if time.monotonic() - began >= most_seconds:
                return came
            part = wanted[start : start + PARTS_AT_ONCE]
            answers = asker.by_id([(_TYPE, id_) for id_ in part])
            placer.place(answers.values())
            came += len(answers)
            breathe()
            if not answers:
                break  # the sender has not sent them yet
    return came
