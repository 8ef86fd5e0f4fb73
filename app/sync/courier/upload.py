"""The lead hospital's PC hands a township's file to the own server and saves the reply."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.courier_drive import written
from app.courier_refusals import CourierRefused, drive_fault
from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store
from app.sync import link, state
from app.sync.answers import reason_of
from app.sync.connection import connect
from app.sync.courier import HandedIn, Progress, keeping
from app.sync.link import Answer
from app.sync.transport import Timeouts, Transport

_PART = 1_000_000
#: How often a part is sent again, and the longest wait in between, in seconds.
_TRIES = 4
_LONGEST_WAIT = 30.0
_wait = time.sleep
_MOST_CHUNKS = 200_000


def hand_in(
    store: Store, actor: Actor, path: Path, reply_path: Path, progress: Progress
) -> HandedIn:
    """See ``courier.hand_in``."""
    with store.read() as session:
        account = state.account(session)
    if account is None:
        raise CourierRefused(
            "not_joined",
            tr(
                "This PC has not joined the county hospital's server, which takes courier files "
                "in. Nothing was changed. Join it first with an enrolment code."
            ),
        )
    # A large file takes the server a while; it goes on even if this PC loses patience.
    transport = connect(store, account, Timeouts(connect=10, silence=900, whole=3600))
    try:
        told = _send(transport, path, progress)
        reply = f"/courier/{_part(told, 'device')}/{_part(told, 'line')}"
        with written(reply_path) as out:
            for number, line in enumerate(_reply(transport, reply)):
                out.line(line)
                progress("fetching", number + 1, 0)
    finally:
        transport.close()
    with store.apply_remote() as session:
        numbers = {"number": int(told.get("number", 0)), "records": int(told.get("taken", 0))}
        keeping.audit(session, actor, store.clock.now(), "courier_hand_in", **numbers)
    return HandedIn(
        str(told.get("organisation", "")),
        int(told.get("number", 0)),
        int(told.get("taken", 0)),
        int(told.get("differing", 0)),
        int(told.get("refused", 0)),
        int(told.get("held_back", 0)),
        told.get("duplicate") is True,
        out.size,
    )


def _send(transport: Transport, path: Path, progress: Progress) -> dict[str, Any]:
    """Send the file, from where the server has it; a part that fails is sent again."""
    tries = 0
    try:
        size = path.stat().st_size
        with path.open("rb") as source:
            upload = hashlib.file_digest(source, "sha256").hexdigest()
            offset: int | None = None
            while True:
                try:
                    if offset is None:
                        offset = _received(transport, upload, size)
                    source.seek(offset)
                    part = source.read(_PART)
                    last = offset + len(part) >= size
                    where = f"/courier?upload={upload}&offset={offset}&last={int(last)}"
                    answer = transport.beside(where, part)
                except (link.Offline, link.Busy) as fault:
                    tries += 1
                    if tries > _TRIES:
                        raise
                    _wait(min(fault.retry_after or 2.0**tries, _LONGEST_WAIT))
                    offset = None
                    continue
                if answer.status == 409 and tries < _TRIES:
                    # The server has another share of it than we thought.
                    tries, offset = tries + 1, None
                    continue
                told = _values(answer)
                tries = 0
                offset += len(part)
                progress("sending", offset, size)
                if last:
                    return told
    except OSError as error:
        raise drive_fault(error) from error


def _received(transport: Transport, upload: str, size: int) -> int:
    """How much of the file the server has from an earlier try."""
    received = _values(transport.beside(f"/courier?upload={upload}")).get("received")
    if not isinstance(received, int) or not 0 <= received <= size:
        raise link.garbage()
    return received


def _part(told: dict[str, Any], name: str) -> str:
    """A value as a part of an address."""
    return quote(str(told.get(name, "")), safe="")


def _reply(transport: Transport, where: str) -> Iterator[str]:
    for number in range(_MOST_CHUNKS):
        answer = transport.beside(f"{where}/{number}")
        if answer.status == 404 and number:
            return
        line = _values(answer).get("line")
        if not isinstance(line, str):
            raise link.garbage()
        yield line


def _values(answer: Answer) -> dict[str, Any]:
    """The values of a Parameters resource; a refusal becomes the same refusal here."""
    resource = answer.resource or {}
    if answer.status == 403:
        raise CourierRefused(
            "unexpected",
            tr(
                "Only a PC of the lead hospital can hand in courier files. Nothing was changed. "
                "Take the stick to the lead hospital."
            ),
        )
    if not answer.fine:
        issues = resource.get("issue")
        issue = issues[0] if isinstance(issues, list) and issues else {}
        places = issue.get("expression") if isinstance(issue, dict) else None
        why = str(places[0]) if isinstance(places, list) and places else ""
        if answer.status == 422 and why.startswith("courier:"):
            raise CourierRefused(why.removeprefix("courier:"), reason_of(resource))
        if answer.status in (404, 405):
            raise CourierRefused(
                "unexpected",
                tr(
                    "The server of this PC takes no courier files. Nothing was changed. Let the "
                    "file be taken in on the server itself."
                ),
            )
        raise link.garbage()
    found = {}
    parameters = resource.get("parameter")
    for one in parameters if isinstance(parameters, list) else ():
        if isinstance(one, dict):
            value = next((v for name, v in one.items() if name.startswith("value")), None)
            found[str(one.get("name"))] = value
    return found
