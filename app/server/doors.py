"""Endpoints that need no access token: health, metadata, enrolment, signing in.

What a stranger may cost the server is limited by address; what succeeds is given back.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.routing import Route

from app.i18n import N_
from app.server import bodies, capability, enrolment, smart
from app.server.answering import JSON, Answer, Caller, Site, address, document, route, text_of
from app.server.keys import server_keys
from app.server.outcome import Refusal
from app.server.tables import organisation, state

_SMALL = 32_768  # bytes of a body from somebody unknown
_READY_SECONDS = 5.0
#: The row of ``state`` that is written to see whether the disk takes records.
_TRIAL, _TRIAL_BYTES = "trial", 49_152


class Doors:
    """The endpoints in front of the access check."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asking: asyncio.Future[None] | None = None

    def routes(self) -> list[Route]:
        """Their routes."""
        site = self._site
        return [
            route(site, "/health", self.health, "GET"),
            route(site, "/healthz", self.health, "GET"),
            route(site, "/ready", self.ready, "GET"),
            route(site, "/enrol", self.enrol, "POST", action="enrol"),
            route(site, "/token", self.token, "POST", action="token"),
            route(site, "/fhir/metadata", self.metadata, "GET"),
            route(site, "/fhir/.well-known/smart-configuration", self.configuration, "GET"),
        ]

    async def health(self, _request: Request) -> Answer:
        """The process answers."""
        return Answer(200, '{"status":"ok"}', JSON)

    async def ready(self, request: Request) -> Answer:
        """A bundle finds room in the database, and the directory is loaded, within five seconds."""
        self._site.visitors.take(address(request))
        # One probe at a time, shared: many monitors must not keep the writers waiting.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._site.job(self._probe))
        try:
            await asyncio.wait_for(asyncio.shield(self._asking), _READY_SECONDS)
        except TimeoutError:
            raise _not_ready(N_("The server's database is busy.")) from None
        except SQLAlchemyError:
            raise _not_ready(N_("The server's database does not take writes.")) from None
        return Answer(200, '{"status":"ready"}', JSON)

    async def metadata(self, request: Request) -> Answer:
        """The CapabilityStatement."""
        self._site.visitors.take(address(request))
        base = self._site.base(request)
        url = enrolment.token_url(base)
        return Answer(200, json.dumps(capability.statement(base, self._site.version, url)))

    async def configuration(self, request: Request) -> Answer:
        """Where and how to sign in."""
        self._site.visitors.take(address(request))
        url = enrolment.token_url(self._site.base(request))
        return Answer(200, json.dumps(smart.configuration(url)), JSON)

    async def enrol(self, request: Request) -> Answer:
        """A one-time code and public keys become a device."""
        with _Counted(self._site, request) as counted:
            bodies.check_media_type(request.headers, ("application/json",))
            body = await bodies.read_body(request, _SMALL)
            base = self._site.base(request)

            def work() -> dict[str, Any]:
                sent = document(request, body)
                database = self._site.database
                with database.write() as connection:
                    device_id = enrolment.enrol(
                        connection,
                        sent.get("code"),
                        sent.get("device"),
                        sent.get("jwks"),
                        database.now(),
                    )
                    return enrolment.answer(connection, device_id, base)

            answer = await self._site.job(work)
            request.state.caller = Caller(answer["device_id"], answer["organisation"]["id"])
            counted.fine()
        return Answer(201, json.dumps(answer, ensure_ascii=False), JSON)

    async def token(self, request: Request) -> Answer:
        """A signed assertion becomes a short-lived access token."""
        with _Counted(self._site, request) as counted:
            bodies.check_media_type(request.headers, (bodies.FORM_TYPE,))
            body = await bodies.read_body(request, _SMALL)
            url = enrolment.token_url(self._site.base(request))

            def work() -> tuple[smart.Verified, dict[str, Any]]:
                form = _form(text_of(request, body))
                database = self._site.database
                # The signature is checked before the writers' line is joined.
                with database.read() as connection:
                    verified = smart.verify(connection, form, url, database.now())
                with database.write() as connection:
                    return verified, smart.grant(connection, verified, database.now())

            verified, answer = await self._site.job(work)
            request.state.caller = Caller(verified.device, verified.organisation)
            counted.fine()
        return Answer(200, json.dumps(answer), {**JSON, "Pragma": "no-cache"})

    def _probe(self) -> None:
        # As much as a bundle of records takes, and new bytes each time: a row of some bytes
        # still finds room on a disk that takes no bundle any more.
        trial = secrets.token_urlsafe(_TRIAL_BYTES)
        with self._site.database.write() as connection:
            kept = connection.execute(
                update(state).where(state.c.name == _TRIAL).values(value=trial)
            )
            if not kept.rowcount:
                connection.execute(insert(state).values(name=_TRIAL, value=trial))
            server_keys(connection)
            if connection.scalar(select(organisation.c.id).limit(1)) is None:
                raise _not_ready(N_("The server's directory of organisations is empty."))


class _Counted:
    """Counts a request of somebody unknown against his address, unless it was ``fine``."""

    def __init__(self, site: Site, request: Request) -> None:
        self._site = site
        self._key = address(request)
        self._request = request

    def __enter__(self) -> _Counted:
        self._request.state.stranger = True
        self._site.strangers.take(self._key)
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def fine(self) -> None:
        """It succeeded: any number of honest PCs may stand behind one address."""
        self._site.strangers.give_back(self._key)


def _form(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=20)
    except ValueError:
        raise smart.TokenRefusal(
            400, "invalid_request", N_("The body is not a form of parameters.")
        ) from None


def _not_ready(message: str) -> Refusal:
    refusal = Refusal(503, "transient", message)
    refusal.headers["Retry-After"] = "10"
    return refusal
