"""The hospital's reply is taken in: receipts, refusals, and the news since the PC's cursors.

Every chunk may be taken in twice without harm, and may be older than what the network brought
meanwhile: nothing is put back to an earlier state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app import courier_file as container
from app import courier_refusals
from app.clock import format_instant
from app.courier_file import REPLY, SEED, Checked, Head
from app.courier_refusals import CourierRefused
from app.i18n import tr
from app.keys import Jwk, public_key
from app.models.actor import Actor
from app.models.store import Store
from app.sync import state
from app.sync.changes import Changed, Changes
from app.sync.courier import Imported, Progress, keeping
from app.sync.courier.answers import Answers
from app.sync.courier.keeping import Kept
from app.sync.courier.news import News


def import_file(
    store: Store,
    actor: Actor,
    path: Path,
    progress: Progress,
    on_change: Callable[[Changed], None] | None = None,
) -> Imported:
    """See ``courier.import_file``."""
    ends = keeping.ends(store)

    def find_key(head: Head, _items: object) -> Jwk:
        key = public_key(ends.server, "sig")
        if head.get("from") != key["kid"]:
            raise not_our_hospital()
        return key

    checked = container.check(
        path, ends.own, find_key, progress=lambda done, of: progress("checking", done, of)
    )
    kept = keeping.load(store)
    _demand_fit(store, checked, kept)
    number = int(checked.head["counter"])
    changes = Changes(on_change)
    made_at = state.instant(checked.cover.get("made_at"))
    answers = Answers(store, changes, number, made_at)
    news = News(store, changes)
    begun = kept.done if kept.taking == checked.digest else 0
    for at, chunk in enumerate(container.read_chunks(path, ends.own, find_key)):
        checked.demand_same(chunk)
        items = list(chunk.items())
        if at < begun:
            news.remember(items)
        else:
            answers.take_in(items)
            news.take_in(items)
            _note_progress(store, checked.digest, at + 1)
        progress("placing", at + 1, checked.chunks)
    news.end()
    told = answers.told
    with store.apply_remote() as session:
        kept = keeping.read(session)
        kept.replied = max(kept.replied, number)
        kept.replied_digest = checked.digest
        kept.replied_at = format_instant(store.clock.now())
        kept.taking, kept.done = "", 0
        keeping.save(session, kept)
        numbers = {"number": number, "confirmed": told.confirmed, "received": news.received}
        keeping.audit(session, actor, store.clock.now(), "courier_import", **numbers)
    changes.tell(at_once=True)
    return replace(told, number=number, made_at=made_at, received=news.received)


def not_our_hospital() -> CourierRefused:
    """The file was signed by somebody else than the hospital this PC has joined."""
    return CourierRefused(
        "unknown_sender",
        tr(
            "This courier file was not made by the hospital that this PC has joined. Nothing "
            "was changed. Ask the hospital for the reply to this PC's newest file."
        ),
    )


def _note_progress(store: Store, digest: str, done: int) -> None:
    with store.apply_remote() as session:
        kept = keeping.read(session)
        kept.taking, kept.done = digest, done
        keeping.save(session, kept)


def _demand_fit(store: Store, checked: Checked, kept: Kept) -> None:
    """Refuse what is no reply to this store, and a reply older than the last one."""
    kind = checked.head.get("kind")
    if kind == SEED:
        raise CourierRefused(
            "unexpected",
            tr(
                "This is a seed file for a new PC, not a reply. Nothing was changed. Use "
                "“Fill a new PC from a seed file” for it."
            ),
        )
    if kind != REPLY:
        raise CourierRefused(
            "unexpected",
            tr(
                "This courier file is not a reply of the hospital. Nothing was changed. Choose "
                "the reply file."
            ),
        )
    if checked.cover.get("organisation") != store.organisation_id:
        raise courier_refusals.misaddressed()
    number: Any = checked.head.get("counter")
    if not isinstance(number, int):
        raise courier_refusals.tampered()
    if checked.head.get("line") != kept.line or number > kept.counter:
        raise CourierRefused(
            "stale",
            tr(
                "This reply answers a file that this store did not make, or made before it was "
                "restored from a backup. Nothing was changed. Export a new courier file."
            ),
        )
    if number == kept.replied and checked.digest == kept.replied_digest:
        raise CourierRefused(
            "duplicate",
            tr(
                "This reply (number {number}) was taken in before. Nothing was changed, and "
                "nothing is missing."
            ).format(number=number),
        )
    if number < kept.replied:
        raise CourierRefused(
            "stale",
            tr(
                "This reply (number {number}) is older than the one that was taken in last "
                "(number {known}). Nothing was changed. Use the newest reply."
            ).format(number=number, known=kept.replied),
        )
