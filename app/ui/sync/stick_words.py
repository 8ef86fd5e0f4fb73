"""What came of a courier file, in plain words: numbers, what they mean, what to do next."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from app.i18n import tr
from app.ui.theme import Tone
from app.ui.widgets.delivery import moment

if TYPE_CHECKING:
    from app.sync.courier import Exported, HandedIn, Imported, Seeded, Standing


def size_words(count: int) -> str:
    """Bytes in the unit that people read them in: ``12 KB``, ``3.4 MB``, ``71.5 GB``."""
    if count < 1_000_000:
        return f"{-(-count // 1000)} KB"
    if count < 1_000_000_000:
        return f"{count / 1_000_000:.1f} MB"
    return f"{count / 1_000_000_000:.1f} GB"


def stage_words(stage: str, done: int, of: int) -> str:
    """What is being done, and how far it is where that is known."""
    words = {
        "checking": tr("Checking the file"),
        "packing": tr("Packing records"),
        "placing": tr("Taking records in"),
        "sending": tr("Handing records in"),
        "fetching": tr("Fetching the reply"),
    }.get(stage, tr("At work"))
    if of:
        return tr("{what}: {done} of {of}").format(what=words, done=done, of=of)
    return tr("{what}: {done}").format(what=words, done=done) if done else f"{words}…"


def standing_words(found: Standing, today: date) -> str:
    """How this PC stands with the courier."""
    if not found.ready:
        return found.why_not
    parts = []
    if found.exported_at is not None:
        parts.append(
            tr("File {number} of {time}: {count} records, {still} without a reply yet.").format(
                number=found.number,
                time=moment(found.exported_at, today),
                count=found.records,
                still=found.still_open,
            )
        )
    if found.replied_at is not None:
        parts.append(tr("Last reply: {time}.").format(time=moment(found.replied_at, today)))
    return " ".join(parts) or tr("No file has been written on this PC yet.")


def exported_words(found: Exported) -> tuple[Tone, str]:
    """A file was written."""
    text = tr(
        "File {name} is written: {count} records ({urgent} of emergencies), {size}. They still "
        "wait until the reply is back. Take the stick out safely and bring it to the hospital."
    ).format(
        name=found.path.name,
        count=found.records,
        urgent=found.emergency,
        size=size_words(found.size),
    )
    if found.set_aside:
        text += " " + tr("{count} wait for a record that was refused before.").format(
            count=found.set_aside
        )
    return "confirmed", text


def imported_words(found: Imported) -> tuple[Tone, str]:
    """A reply was taken in."""
    parts = [
        tr("The reply to file {number} is in: {count} records are held by the hospital.").format(
            number=found.number, count=found.confirmed
        )
    ]
    if found.received:
        parts.append(tr("New from the hospital: {count}.").format(count=found.received))
    if found.merged:
        parts.append(tr("Put together with others' changes: {count}.").format(count=found.merged))
    if found.held_back:
        parts.append(tr("Waiting for a refused record: {count}.").format(count=found.held_back))
    trouble = found.rejected + found.conflicts
    if trouble:
        parts.append(tr("Needs a person: {count}. See the list.").format(count=trouble))
    return ("attention" if trouble else "confirmed"), " ".join(parts)


def handed_words(found: HandedIn, reply: str) -> tuple[Tone, str]:
    """A township's file was handed in."""
    if found.duplicate:
        text = tr(
            "This file of {organisation} was handed in before. Nothing was done twice; the reply "
            "{reply} is saved on the stick again."
        )
    else:
        text = tr(
            "File {number} of {organisation}: {taken} records taken, {left} not taken. The reply "
            "{reply} is saved on the stick and says why; it goes back with it."
        )
    # What was refused, what stands on it, and what two people changed: none of it is held.
    left = found.refused + found.held_back + found.differing
    said = text.format(
        organisation=found.organisation,
        number=found.number,
        taken=found.taken,
        left=left,
        reply=reply,
    )
    return ("attention" if left else "confirmed"), said


def seeded_words(found: Seeded) -> tuple[Tone, str]:
    """A seed file was taken in."""
    text = tr("This PC holds {count} records of the county hospital now and has joined it.")
    return "confirmed", text.format(count=found.records)
