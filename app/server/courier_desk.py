"""POST /courier: a PC of the lead hospital hands in a township's courier file, part by part.

A file comes in parts of at most 1 MB (``upload``, ``offset``), so that a bad line costs one
part: GET /courier tells how much is here, and the sender goes on there. It is kept encrypted
as it came until it is taken in. The reply is fetched chunk by chunk. Answers are FHIR
Parameters, refusals OperationOutcomes whose ``expression`` names the kind (``courier:stale``).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import select
from starlette.requests import Request
from starlette.routing import Route

from app.courier_refusals import CourierRefused
from app.errors import InputError, StoreFault
from app.i18n import N_
from app.server import access_log, bodies
from app.server.access_log import Entry
from app.server.answering import Answer, Caller, Site, route
from app.server.courier import Taken, chunk_text, last_taken, take_in
from app.server.courier_uploads import Uploads
from app.server.outcome import Refusal
from app.server.tables import organisation

MEDIA = "application/octet-stream"
LEAD = "LEAD_HOSPITAL"
#: The SHA-256 of the file: the same again when its sender goes on after a break.
_UPLOAD = re.compile(r"[0-9a-f]{64}\Z")

#: Signs the caller of a request in; a Refusal where that fails.
SignIn = Callable[[Request], Caller]


class CourierDesk:
    """The endpoints for courier files. ``sign_in`` runs in a database thread."""

    def __init__(self, site: Site, sign_in: SignIn) -> None:
        self._site = site
        self._sign_in = sign_in
        self._uploads = Uploads()
        # A large file keeps a thread busy for minutes: never one that the records need.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="courier")

    def routes(self) -> list[Route]:
        """Their routes."""
        return [
            route(self._site, "/courier", self.hand_in, "POST", action="courier"),
            route(self._site, "/courier", self.received, "GET"),
            route(
                self._site, "/courier/{device}/{line}/{number}", self.reply, "GET", action="courier"
            ),
        ]

    def close(self) -> None:
        """Let a running import end, remove what was not taken in. Before the database closes."""
        self._thread.shutdown(cancel_futures=True)
        self._uploads.close()

    async def hand_in(self, request: Request) -> Answer:
        """One part of a file; with ``last`` the file is taken in."""
        bodies.check_media_type(request.headers, (MEDIA,))
        caller = await self._site.job(self._admitted, request)
        upload = request.query_params.get("upload", "")
        offset = _number(request.query_params.get("offset", ""))
        last = request.query_params.get("last") == "1"
        if not _UPLOAD.match(upload) or offset is None:
            raise _homeless()
        body = await bodies.read_body(request)
        size = await self._site.job(self._uploads.add, caller.device, upload, offset, body)
        if not last:
            return _parameters(received=size)
        taken = await self.taken(caller.device, upload)
        await self._site.job(self._note, caller, taken)
        request.state.noted.done = True
        return _parameters(
            device=taken.device,
            line=taken.line,
            organisation=self._name(taken.organisation),
            number=taken.number,
            taken=taken.taken,
            differing=taken.differing,
            refused=taken.refused,
            held_back=taken.held_back,
            duplicate=taken.duplicate,
        )

    async def received(self, request: Request) -> Answer:
        """How much of a file is here, for a sender that goes on after a break."""
        caller = await self._site.job(self._admitted, request)
        upload = request.query_params.get("upload", "")
        if not _UPLOAD.match(upload):
            raise _homeless()
        return _parameters(received=self._uploads.received(caller.device, upload))

    async def taken(self, device: str, upload: str) -> Taken:
        """Take in a file that is here, one after the other: the network goes first."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._take_in, device, upload)

    async def reply(self, request: Request) -> Answer:
        """One chunk of the newest reply to a device; 404 behind the last, and where a file of
        another line took its place."""
        device, line, number = (request.path_params[one] for one in ("device", "line", "number"))

        def work() -> str | None:
            self._admitted(request)
            taken = self._last(device)
            place = _number(number)
            if taken.line != line or place is None:
                return None
            return chunk_text(self._site.database, taken, place)

        text = await self._site.job(work)
        if text is None:
            raise Refusal(404, "not-found", N_("The reply has no more chunks."))
        return _parameters(line=text)

    def _note(self, caller: Caller, taken: Taken) -> None:
        """Who handed it in, beside what is noted of the file under its own device."""
        entry = Entry(
            caller.device,
            caller.organisation,
            "courier hand-in",
            record=taken.device,
            count=taken.taken,
        )
        with self._site.database.write() as connection:
            access_log.record(connection, entry, self._site.database.now())

    def _last(self, device: str) -> Taken:
        try:
            return last_taken(self._site.database, device)
        except InputError:
            raise Refusal(404, "not-found", N_("No courier file was taken in.")) from None

    def _admitted(self, request: Request) -> Caller:
        caller = self._sign_in(request)
        if json.loads(self._entry(caller.organisation)).get("type") != LEAD:
            raise Refusal(403, "forbidden", N_("Courier files are handed in by the lead hospital."))
        return caller

    def _entry(self, organisation_id: str) -> str:
        with self._site.database.read() as connection:
            text = connection.scalar(
                select(organisation.c.entry).where(organisation.c.id == organisation_id)
            )
        return text or "{}"

    def _name(self, organisation_id: str) -> str:
        return str(json.loads(self._entry(organisation_id)).get("name", ""))

    def _take_in(self, device: str, upload: str) -> Taken:
        with self._uploads.taking(device, upload) as path:
            fault: Refusal | None = None
            try:
                taken = take_in(self._site.database, path)
            except CourierRefused as refused:
                fault = _refusal(422, refused.why, str(refused))
            except StoreFault as later:
                # The file stays: the next try goes on where this one stopped.
                raise _refusal(503, "later", str(later)) from None
        self._uploads.drop(device, upload)
        if fault is not None:
            raise fault
        return taken


def _refusal(status: int, why: str, text: str) -> Refusal:
    return Refusal(status, "business-rule", "{reason}", reason=text).at(f"courier:{why}")


def _homeless() -> Refusal:
    return Refusal(400, "value", N_("The part does not say where it belongs."))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _parameters(**values: Any) -> Answer:
    parameters = []
    for name, value in values.items():
        if isinstance(value, bool):
            parameters.append({"name": name, "valueBoolean": value})
        elif isinstance(value, int):
            parameters.append({"name": name, "valueInteger": value})
        else:
            parameters.append({"name": name, "valueString": value})
    document = {"resourceType": "Parameters", "parameter": parameters}
    return Answer(200, json.dumps(document, ensure_ascii=False))


__all__ = ["LEAD", "MEDIA", "CourierDesk"]
