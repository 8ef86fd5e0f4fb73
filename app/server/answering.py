"""From an endpoint to an HTTP answer: what all of them share, and one face for every failure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import N_
from app.server import access_log, bodies, logs, wire
from app.server.access_log import AccessLog
from app.server.database import Database
from app.server.engines import is_passing
from app.server.limits import Limiter, Limits, address_key
from app.server.outcome import Refusal
from app.server.profile import PROFILES

_T = TypeVar("_T")
_PACK_FROM = 300  # bytes; below, gzip's frame costs more than it saves
_PACK_APART_FROM = 32_768  # bytes; above, other requests would wait for the packing
_FHIR_JSON = "application/fhir+json"
_USUAL = {"Content-Type": f"{_FHIR_JSON}; charset=utf-8", "Cache-Control": "no-cache"}
#: Of a POST, the only request that a PC with nothing new makes, every byte counts. Its answer is
#: kept by no cache unless it names a lifetime and a place (RFC 9111 §3, RFC 9110 §9.3.3), so it
#: need not forbid that nor say what it varies by; of charsets the media type knows UTF-8 only.
_USUAL_OF_POST = {"Content-Type": _FHIR_JSON}
JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Caller:
    """The device that asks, and whose it is."""

    device: str
    organisation: str


@dataclass(slots=True)
class Answer:
    """What goes back: status, JSON text, headers. ``raw``: bytes instead of text, sent as is."""

    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass(slots=True)
class Noted:
    """What the access log is to say of a request; filled in while it is carried out.

    ``done``: the row was committed together with what was written.
    """

    type: str | None = None
    record: str | None = None
    count: int = 0
    done: bool = False


class Site:
    """One server: its database, threads, limits and access log.

    Work on the database runs in a few threads, never on the event loop: a commit waits for
    the disk. Each request is one job, so a bundle is parsed while another one is committed.
    """

    def __init__(
        self, database: Database, version: str, limits: Limits, public_url: str | None
    ) -> None:
        self.database = database
        self.version = version
        self.devices = Limiter(limits.device)
        self.strangers = Limiter(limits.stranger)
        self.visitors = Limiter(limits.visitor)
        self.log = AccessLog(database)
        self._public_url = public_url
        self._threads = ThreadPoolExecutor(max_workers=6, thread_name_prefix="records")

    def close(self) -> None:
        """Let running jobs end, write what the access log gathered, close the database."""
        self._threads.shutdown()
        self.log.close()
        self.database.close()

    async def job(self, work: Callable[..., _T], *args: Any) -> _T:
        """Run ``work`` in one of the database threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *args)

    def base(self, request: Request) -> str:
        """The FHIR base address, as the asker knows it."""
        if self._public_url is not None:
            return f"{self._public_url}/fhir"
        return f"{request.url.scheme}://{request.url.netloc}/fhir"


Endpoint = Callable[[Request], Awaitable[Answer]]


def address(request: Request) -> str:
    """What the asker's address is counted under."""
    return address_key(request.client.host if request.client else None)


def document(request: Request, body: bytes) -> wire.Json:
    """The JSON object of a body."""
    return wire.parse(bodies.unpack(body, request.headers.get("content-encoding", "")))


def text_of(request: Request, body: bytes) -> str:
    """The text of a body."""
    try:
        return bodies.unpack(body, request.headers.get("content-encoding", "")).decode()
    except UnicodeDecodeError:
        raise Refusal(400, "structure", N_("The body is not UTF-8 text.")) from None


def route(site: Site, path: str, endpoint: Endpoint, *methods: str, action: str = "") -> Route:
    """A route to the endpoint; ``action`` is its name in the access log, if it is in it."""
    name = endpoint.__name__
    return Route(path, _guarded(site, endpoint, action), methods=list(methods), name=name)


def _guarded(site: Site, endpoint: Endpoint, action: str) -> Callable[[Request], Any]:
    """The endpoint with one log line, and every failure turned into an OperationOutcome."""
    name = endpoint.__name__

    async def call(request: Request) -> Response:
        began = time.perf_counter()
        request.state.noted = noted = Noted()
        try:
            answer = await endpoint(request)
        except Refusal as refusal:
            answer = _refused(_counted(site, request, refusal))
        except Exception as error:  # noqa: BLE001 — the boundary: nothing may leak out
            answer = _refused(_fault(error))
        response = await _response(request, answer)
        caller: Caller | None = getattr(request.state, "caller", None)
        if action and not noted.done and answer.status != 429:
            site.log.add(_entry(request, action, caller, noted, answer.status))
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


def _counted(site: Site, request: Request, refusal: Refusal) -> Refusal:
    """A refusal of somebody unknown uses up what his address may do."""
    if refusal.who is not None:
        request.state.caller = Caller(*refusal.who)
    if refusal.status == 401 and not getattr(request.state, "stranger", False):
        try:
            site.strangers.take(address(request))
        except Refusal as too_many:
            return too_many
    return refusal


def _entry(
    request: Request, action: str, caller: Caller | None, noted: Noted, status: int
) -> access_log.Entry:
    """The access log's row. Ids are the caller's own words until the server knows them."""
    if request.method == "PUT":
        action = "update"
    type_ = noted.type or request.path_params.get("type")
    if type_ is not None and noted.type is None and type_ not in PROFILES:
        type_ = "?"
    return access_log.Entry(
        None if caller is None else caller.device,
        None if caller is None else caller.organisation,
        action,
        type_,
        noted.record,
        noted.count if status < 400 else 0,
        status,
    )


def _fault(error: Exception) -> Refusal:
    logs.fault("failed", error)
    if is_passing(error):
        # Full disk, lock held too long, database server gone: the sender keeps its records and
        # comes again.
        refusal = Refusal(503, "transient", N_("The server cannot store records just now."))
        refusal.headers["Retry-After"] = "30"
        return refusal
    return Refusal(500, "exception", N_("The server made a mistake. Nothing was stored."))


async def http_error(request: Request, error: Exception) -> Response:
    """The answer where no route or method fits."""
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
    is_post = request.method == "POST"
    headers = {**(_USUAL_OF_POST if is_post else _USUAL), **answer.headers}
    if answer.raw is not None:
        return Response(answer.raw, answer.status, headers)
    body = answer.text.encode()
    if not body:
        del headers["Content-Type"]
    elif len(body) >= _PACK_FROM:
        if not is_post:
            headers["Vary"] = "Accept-Encoding"
        if bodies.accepts_gzip(request.headers.get("accept-encoding", "")):
            if len(body) > _PACK_APART_FROM:
                body = await asyncio.to_thread(bodies.pack, body)
            else:
                body = bodies.pack(body)
            headers["Content-Encoding"] = "gzip"
    return Response(body, answer.status, headers)
