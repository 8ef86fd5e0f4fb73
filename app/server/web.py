"""The server's HTTP face: routes, sign-in, and one answer for everything that goes wrong."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import N_
from app.server import bodies, bundles, capability, enrolment, logs, reading, search, wire
from app.server.database import Database
from app.server.outcome import Refusal
from app.server.prepare import prepare
from app.server.profile import PROFILES
from app.server.storing import Put, Written, put_all

_T = TypeVar("_T")
_PACK_FROM = 300  # bytes; below, gzip's frame costs more than it saves
_PACK_APART_FROM = 32_768  # bytes; above, other requests would wait for the packing
_FHIR_JSON = "application/fhir+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Caller:
    """The device that asks, and whose it is."""

    device: str
    organisation: str


@dataclass(slots=True)
class Answer:
    """What goes back: status, JSON text, headers."""

    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Service:
    """The endpoints over one database.

    Work on the database runs in a few threads, never on the event loop: a commit waits for
    the disk. Each request is one job, so a bundle is parsed while another one is committed.
    """

    def __init__(self, database: Database, version: str) -> None:
        self._database = database
        self._version = version
        self._threads = ThreadPoolExecutor(max_workers=6, thread_name_prefix="records")

    def close(self) -> None:
        """Let running jobs end, then close the database."""
        self._threads.shutdown()
        self._database.close()

    async def job(self, work: Callable[..., _T], *args: Any) -> _T:
        """Run ``work`` in one of the database threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *args)

    async def health(self, _request: Request) -> Answer:
        def ask() -> None:
            with self._database.read() as connection:
                connection.exec_driver_sql("SELECT 1 FROM state")

        await self.job(ask)
        return Answer(200, '{"status":"ok"}', {"Content-Type": "application/json"})

    async def metadata(self, request: Request) -> Answer:
        return Answer(200, json.dumps(capability.statement(_base(request), self._version)))

    async def enrol(self, request: Request) -> Answer:
        bodies.check_media_type(request.headers, ("application/json",))
        body = await bodies.read_body(request)

        def work() -> dict[str, Any]:
            document = _document(request, body)
            with self._database.write() as connection:
                return enrolment.enrol(
                    connection, document.get("code"), document.get("device"), self._database.now()
                )

        answer = await self.job(work)
        return Answer(
            201,
            json.dumps(answer, ensure_ascii=False),
            {"Content-Type": "application/json", "Cache-Control": "no-store"},
        )

    async def bundle(self, request: Request) -> Answer:
        token = _token(request)
        bodies.check_media_type(request.headers, bodies.JSON_TYPES)
        body = await bodies.read_body(request)
        with_bodies = _preference(request) == "representation"
        base = _base(request)

        def work() -> str:
            caller = self._signed_in(request, token)
            posted = bundles.parse_bundle(_document(request, body))
            request.state.entries = len(posted.entries)
            writes = bundles.has_writes(posted)
            with self._database.write() if writes else self._database.read() as connection:
                return bundles.run(
                    connection,
                    self._database.now(),
                    caller.organisation,
                    posted,
                    base,
                    with_bodies=with_bodies,
                )

        return Answer(200, await self.job(work))

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
        base = _base(request)

        def work() -> str:
            with self._database.read() as connection:
                caller = _admit(connection, request, token)
                parameters = search.parse_parameters(text)
                if form:
                    parameters += search.parse_parameters(_text(request, form))
                query = search.parse_query(type_, parameters)
                return search.run(connection, caller.organisation, query, base)

        return Answer(200, await self.job(work))

    async def _read(self, request: Request, version: str | None) -> Answer:
        token = _token(request)
        type_, id_ = request.path_params["type"], request.path_params["id"]
        if request.url.query not in ("", "_format=json"):
            raise Refusal(400, "not-supported", N_("A read takes no parameters here."))

        def work() -> reading.Found:
            with self._database.read() as connection:
                caller = _admit(connection, request, token)
                if version is None:
                    return reading.read(connection, caller.organisation, type_, id_)
                return reading.read_version(connection, caller.organisation, type_, id_, version)

        found = await self.job(work)
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

        def work() -> tuple[Written, str]:
            caller = self._signed_in(request, token)
            version = None if if_match is None else bundles.parse_if_match(if_match)
            put = Put(prepare(_document(request, body), type_, id_), version)
            with self._database.write() as connection:
                (result,) = put_all(connection, self._database.now(), caller.organisation, [put])
            if isinstance(result, Refusal):
                raise result
            content = put.prepared.content
            return result, wire.whole(type_, id_, result.version, result.updated, content)

        result, text = await self.job(work)
        headers = _version_headers(result.version, result.updated)
        headers["Location"] = f"{_base(request)}/{type_}/{id_}/_history/{result.version}"
        return Answer(result.status, "" if _preference(request) == "minimal" else text, headers)

    def _signed_in(self, request: Request, token: str) -> Caller:
        # Before the body is looked at: a stranger gets no work out of the server.
        with self._database.read() as connection:
            return _admit(connection, request, token)


def _token(request: Request) -> str:
    """The bearer token of a request that can be answered at all; Refusal 401 or 406."""
    if not bodies.accepts_json(request.headers.get("accept", "")):
        raise Refusal(406, "not-supported", N_("This server speaks JSON only."))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise enrolment.unauthenticated(N_("An access token is needed."))
    return token


def _admit(connection: Connection, request: Request, token: str) -> Caller:
    caller = Caller(*enrolment.authenticate(connection, token))
    request.state.caller = caller
    return caller


def _document(request: Request, body: bytes) -> wire.Json:
    return wire.parse(bodies.unpack(body, request.headers.get("content-encoding", "")))


def _text(request: Request, body: bytes) -> str:
    try:
        return bodies.unpack(body, request.headers.get("content-encoding", "")).decode()
    except UnicodeDecodeError:
        raise Refusal(400, "structure", N_("The body is not UTF-8 text.")) from None


Endpoint = Callable[[Request], Awaitable[Answer]]


def make_app(database: Database, version: str) -> Starlette:
    """The ASGI application over an open database, which it closes at the end."""
    service = Service(database, version)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        service.close()

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        name = endpoint.__name__
        return Route(path, _guarded(endpoint), methods=list(methods), name=name)

    routes = [
        route("/healthz", service.health, "GET"),
        route("/enrol", service.enrol, "POST"),
        route("/fhir", service.bundle, "POST"),
        route("/fhir/", service.bundle, "POST"),
        route("/fhir/metadata", service.metadata, "GET"),
        route("/fhir/{type}", service.search, "GET"),
        route("/fhir/{type}/_search", service.search, "POST"),
        route("/fhir/{type}/{id}", service.instance, "GET", "PUT"),
        route("/fhir/{type}/{id}/_history/{version}", service.version, "GET"),
    ]
    app = Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _http_error}
    )
    app.router.redirect_slashes = False
    return app


def _guarded(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint with one log line, and every failure turned into an OperationOutcome."""
    name = endpoint.__name__

    async def call(request: Request) -> Response:
        began = time.perf_counter()
        try:
            answer = await endpoint(request)
        except Refusal as refusal:
            answer = _refused(refusal)
        except Exception as error:  # noqa: BLE001 — the boundary: nothing may leak out
            answer = _refused(_fault(error))
        response = await _response(request, answer)
        caller = getattr(request.state, "caller", None)
        facts: dict[str, Any] = {
            "status": answer.status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }
        type_ = request.path_params.get("type")
        if type_:
            facts["type"] = type_ if type_ in PROFILES else "?"
        if hasattr(request.state, "entries"):
            facts["entries"] = request.state.entries
        if caller:
            facts |= {"organisation": caller.organisation, "device": caller.device}
        logs.info(f"{request.method} {name}", **facts)
        return response

    return call


def _fault(error: Exception) -> Refusal:
    logs.fault("failed", error)
    if isinstance(error, OperationalError):
        # Full disk, lock held too long: the sender keeps its records and comes again.
        refusal = Refusal(503, "transient", N_("The server cannot store records just now."))
        refusal.headers["Retry-After"] = "30"
        return refusal
    return Refusal(500, "exception", N_("The server made a mistake. Nothing was stored."))


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        refusal = Refusal(405, "not-supported", N_("This address does not understand that method."))
    elif status == 404:
        refusal = Refusal(404, "not-found", N_("There is nothing at this address."))
    else:
        refusal = Refusal(status, "processing", N_("The request cannot be carried out."))
    refusal.headers |= dict(getattr(error, "headers", None) or {})
    return await _response(request, _refused(refusal))


def _refused(refusal: Refusal) -> Answer:
    return Answer(refusal.status, refusal.body(), dict(refusal.headers))


async def _response(request: Request, answer: Answer) -> Response:
    headers = {"Content-Type": _FHIR_JSON, "Cache-Control": "no-cache", **answer.headers}
    body = answer.text.encode()
    if not body:
        del headers["Content-Type"]
    elif len(body) >= _PACK_FROM:
        headers["Vary"] = "Accept-Encoding"
        if bodies.accepts_gzip(request.headers.get("accept-encoding", "")):
            if len(body) > _PACK_APART_FROM:
                body = await asyncio.to_thread(bodies.pack, body)
            else:
                body = bodies.pack(body)
            headers["Content-Encoding"] = "gzip"
    return Response(body, answer.status, headers)


def _version_headers(version: int, updated: int) -> dict[str, str]:
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


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/fhir"
