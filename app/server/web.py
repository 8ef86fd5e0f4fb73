"""The server's HTTP face: the FHIR endpoints, each behind the access check."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.i18n import N_
from app.server import access_log, bodies, bundles, enrolment, newest, reading, search, wire
from app.server.access_log import Entry
from app.server.answering import (
    Answer,
    Caller,
    Site,
    document,
    http_error,
    route,
    text_of,
)
from app.server.courier_desk import CourierDesk
from app.server.database import Database
from app.server.doors import Doors
from app.server.keys import server_keys
from app.server.limits import Limits
from app.server.outcome import Refusal
from app.server.prepare import prepare
from app.server.storing import Put, Written, put_all
from app.server.updates import UpdateShelf


class Service:
    """The FHIR endpoints of one server."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def bundle(self, request: Request) -> Answer:
        token = _token(request)
        bodies.check_media_type(request.headers, bodies.JSON_TYPES)
        body = await bodies.read_body(request)
        with_bodies = _preference(request) == "representation"
        base = self._site.base(request)
        database = self._site.database
        noted = request.state.noted

        def work() -> str:
            caller = self._signed_in(request, token)
            posted = bundles.parse_bundle(document(request, body))
            request.state.entries = len(posted.entries)
            puts = [entry.prepared.type for entry in posted.entries if isinstance(entry, Put)]
            noted.type = access_log.types_text(puts) or None
            with database.write() if puts else database.read() as connection:
                now = database.now()
                text = bundles.run(
                    connection, now, caller.organisation, posted, base, with_bodies=with_bodies
                )
                count = access_log.carried_out if puts else access_log.handed_out
                noted.count = count(text)
                if puts:
                    action = "transaction" if posted.transaction else "batch"
                    row = Entry(
                        caller.device, caller.organisation, action, noted.type, count=noted.count
                    )
                    access_log.record(connection, row, now)
            noted.done = bool(puts)
            return text

        return Answer(200, await self._site.job(work))

    async def instance(self, request: Request) -> Answer:
        if request.method == "PUT":
            return await self._put(request)
        return await self._read(request, None)

    async def version(self, request: Request) -> Answer:
        return await self._read(request, request.path_params["version"])

    async def search(self, request: Request) -> Answer:
        token = _token(request)
        text = request.url.query
        form = b""
        if request.method == "POST":
            bodies.check_media_type(request.headers, (bodies.FORM_TYPE,))
            form = await bodies.read_body(request)
        type_ = request.path_params["type"]
        base = self._site.base(request)

        def work() -> str:
            with self._site.database.read() as connection:
                caller = self._admit(connection, request, token)
                parameters = search.parse_parameters(text)
                if form:
                    parameters += search.parse_parameters(text_of(request, form))
                query = search.parse_query(type_, parameters)
                return search.run(connection, caller.organisation, query, base)

        found = await self._site.job(work)
        request.state.noted.count = access_log.handed_out(found)
        return Answer(200, found)

    async def newest(self, request: Request) -> Answer:
        token = _token(request)

        def work() -> tuple[str, str]:
            with self._site.database.read() as connection:
                caller = self._admit(connection, request, token)
                since = newest.parse(request.url.query)
                return newest.changed(connection, caller.organisation, since)

        text, etag = await self._site.job(work)
        if request.headers.get("if-none-match") == etag:
            return Answer(304, "", {"ETag": etag})
        return Answer(200, text, {"ETag": etag})

    async def _read(self, request: Request, version: str | None) -> Answer:
        token = _token(request)
        type_, id_ = request.path_params["type"], request.path_params["id"]
        if request.url.query not in ("", "_format=json"):
            raise Refusal(400, "not-supported", N_("A read takes no parameters here."))

        def work() -> reading.Found:
            with self._site.database.read() as connection:
                caller = self._admit(connection, request, token)
                if version is None:
                    return reading.read(connection, caller.organisation, type_, id_)
                return reading.read_version(connection, caller.organisation, type_, id_, version)

        found = await self._site.job(work)
        request.state.noted.record, request.state.noted.count = id_, 1
        headers = _version_headers(found.version, found.updated)
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Answer(304, "", headers)
        return Answer(200, found.text, headers)

    async def _put(self, request: Request) -> Answer:
        token = _token(request)
        type_, id_ = request.path_params["type"], request.path_params["id"]
        if request.url.query or "if-none-match" in request.headers:
            raise Refusal(400, "not-supported", N_("Conditional requests are not supported here."))
        bodies.check_media_type(request.headers, bodies.JSON_TYPES)
        body = await bodies.read_body(request)
        if_match = request.headers.get("if-match")
        database = self._site.database

        def work() -> tuple[Written, str]:
            caller = self._signed_in(request, token)
            version = None if if_match is None else bundles.parse_if_match(if_match)
            put = Put(prepare(document(request, body), type_, id_), version)
            with database.write() as connection:
                now = database.now()
                (result,) = put_all(connection, now, caller.organisation, [put])
                if isinstance(result, Refusal):
                    raise result
                row = Entry(
                    caller.device, caller.organisation, "update", type_, id_, 1, result.status
                )
                access_log.record(connection, row, now)
            request.state.noted.done = True
            content = put.prepared.content
            return result, wire.whole(type_, id_, result.version, result.updated, content)

        result, text = await self._site.job(work)
        headers = _version_headers(result.version, result.updated)
        headers["Location"] = f"{self._site.base(request)}/{type_}/{id_}/_history/{result.version}"
        return Answer(result.status, "" if _preference(request) == "minimal" else text, headers)

    def caller(self, request: Request) -> Caller:
        """Who asks; Refusal 401 where that is nobody known."""
        return self._signed_in(request, _token(request))

    def _signed_in(self, request: Request, token: str) -> Caller:
        # Before the body is looked at: a stranger gets no work out of the server.
        with self._site.database.read() as connection:
            return self._admit(connection, request, token)

    def _admit(self, connection: Connection, request: Request, token: str) -> Caller:
        now = self._site.database.now()
        caller = Caller(*enrolment.authenticate(connection, token, now))
        request.state.caller = caller
        self._site.devices.take(caller.device)
        return caller


def _token(request: Request) -> str:
    """The bearer token of a request that can be answered at all; Refusal 401 or 406."""
    if not bodies.accepts_json(request.headers.get("accept", "")):
        raise Refusal(406, "not-supported", N_("This server speaks JSON only."))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise enrolment.unauthenticated(N_("An access token is needed."))
    return token


def make_app(
    database: Database,
    version: str,
    limits: Limits | None = None,
    public_url: str | None = None,
    updates: Path | None = None,
) -> Starlette:
    """The ASGI application over an open database, which it closes at the end.

    ``public_url`` is the one address (scheme, host, port) that devices know the server by;
    without it the address of each request counts, which ``main`` allows on one machine only.
    ``updates``: the folder that packages of the program are handed out from.
    """
    with database.write() as connection:
        server_keys(connection)
    site = Site(database, version, limits or Limits(), public_url)
    service = Service(site)
    desk = CourierDesk(site, service.caller)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        desk.close()
        site.close()

    routes = [
        *Doors(site).routes(),
        *desk.routes(),
        *UpdateShelf(site, service.caller, updates).routes(),
        route(site, "/fhir", service.bundle, "POST", action="batch"),
        route(site, "/fhir/", service.bundle, "POST", action="batch"),
        route(site, "/fhir", service.newest, "GET", action="search"),
        route(site, "/fhir/{type}", service.search, "GET", action="search"),
        route(site, "/fhir/{type}/_search", service.search, "POST", action="search"),
        route(site, "/fhir/{type}/{id}", service.instance, "GET", "PUT", action="read"),
        route(
            site,
            "/fhir/{type}/{id}/_history/{version}",
            service.version,
            "GET",
            action="version",
        ),
    ]
    handlers = {HTTPException: http_error}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


def _version_headers(version: str, updated: int) -> dict[str, str]:
    return {
        "ETag": f'W/"{version}"',
        "Last-Modified": formatdate(updated // 1_000_000, usegmt=True),
    }


def _preference(request: Request) -> str:
    """The value of ``return=`` in a Prefer header (RFC 7240), else nothing."""
    for item in request.headers.get("prefer", "").split(","):
        name, _, value = item.strip().partition("=")
        if name == "return":
            return value.strip('" ')
    return ""
