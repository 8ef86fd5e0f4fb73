"""What is said of a file: where it is on its way, and by which picture it is known."""

from __future__ import annotations

from app.care.attachments.files import FileView
from app.i18n import tr
from app.models import codes
from app.models.outbox import CONFLICT, HELD, KEPT, REJECTED
from app.ui.theme import Tone

PDF = "application/pdf"
#: Where a file is whose letter is still being written.
UNWRITTEN = "unwritten"


def progress(view: FileView) -> tuple[str, Tone]:
    """Where the file is: of our own what the county hospital confirmed, of others what is here."""
    if view.entered_in_error:
        return tr("Taken back"), "neutral"
    if not view.sound:
        return tr("Not readable; ask for it again"), "danger"
    if not view.own:
        if view.complete:
            return tr("All parts are here"), "neutral"
        counts = {"here": view.here, "all": view.parts}
        return tr("{here} of {all} parts have come").format(**counts), "attention"
    if view.delivery.state == UNWRITTEN:
        return tr("Goes along when it is sent"), "neutral"
    if view.delivery.state in (REJECTED, CONFLICT, KEPT):
        return tr("Not taken; see Sync"), "danger"
    if view.delivery.state != HELD:
        return tr("Waits to be sent"), "attention"
    if view.sent < view.parts:
        counts = {"sent": view.sent, "all": view.parts}
        return tr("{sent} of {all} parts at the hospital").format(**counts), "attention"
    return tr("At the county hospital"), "confirmed"


def file_icon(view: FileView) -> str:
    """The icon of a file that has no small picture."""
    if not view.sound:
        return "file-damage-line"
    return "file-pdf-line" if view.media_type == PDF else "image-line"


def described(view: FileView) -> str:
    """The file in one line, for readers and tips."""
    kind = codes.label("attachment_category", view.category)
    words = dict.fromkeys((view.title, kind, size_words(view.size), progress(view)[0]))
    return "  ·  ".join(word for word in words if word)


def size_words(size: int) -> str:
    """A size as people read it."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:.1f} MB"
