"""The link between a PC and the server: requests stop here, and faults happen to them.

A courier runs in a greenlet of its own. Each of its requests switches to the simulator, which
decides when it leaves, what becomes of it, and what comes back. All else of the transport is real:
the session, gzip, the sorting of answers.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError

from app.sync.transport import Transport
from tests.simulation.hospital import BASE, Request, Response

PASS = "pass"
NO_LINK = "no link"
CUT_BEFORE = "cut before"
LOSE_ANSWER = "lose answer"
TRUNCATE = "truncate"
PORTAL = "portal"
TOO_MANY = "429"
BROKEN = "500"
BUSY = "503"
TWICE = "twice"
TWICE_FIRST = "twice, first answer"
DELAY = "delay"
STALE = "stale answer"
FAULTS = (
    PASS,
    LOSE_ANSWER,
    CUT_BEFORE,
    NO_LINK,
    TRUNCATE,
    PORTAL,
    BUSY,
    TOO_MANY,
    BROKEN,
    TWICE,
    TWICE_FIRST,
    DELAY,
    STALE,
)

_PAGE = b"<html><head><title>Sign in</title></head><body>Welcome to this network</body></html>"


@dataclass(frozen=True, slots=True)
class Broken:
    """What the PC sees of a link that fails: ``reset``, ``refused`` or ``timeout``."""

    how: str


@dataclass(frozen=True, slots=True)
class Torn:
    """An answer of which only the first bytes come."""

    response: Response


Outcome = Response | Broken | Torn


def portal() -> Response:
    return Response(200, (("content-type", "text/html"),), _PAGE)


def trouble(status: int, date: str) -> Response:
    """An answer of a proxy before the server."""
    headers = [("content-type", "text/plain"), ("date", date)]
    if status in (429, 503):
        headers.append(("retry-after", "20"))
    return Response(status, tuple(headers), b"try again later")


class Carries(Protocol):
    """Takes a request and gives what the PC sees of its answer."""

    def __call__(self, request: Request) -> Outcome: ...


class _Adapter(HTTPAdapter):
    def __init__(self, carry: Carries) -> None:
        super().__init__()
        self._carry = carry

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **_: Any
    ) -> requests.Response:
        body = request.body or b""
        outcome = self._carry(
            Request(
                str(request.method),
                request.path_url,
                (*request.headers.items(), ("Host", "127.0.0.1:8000")),
                body if isinstance(body, bytes) else body.encode(),
            )
        )
        if isinstance(outcome, Broken):
            raise _fault(outcome, request)
        torn = isinstance(outcome, Torn)
        response = outcome.response if isinstance(outcome, Torn) else outcome
        stream = _Torn(response.body) if torn else io.BytesIO(response.body)
        raw = urllib3.HTTPResponse(
            body=stream,
            headers=dict(response.headers),
            status=response.status,
            reason="simulated",
            preload_content=False,
            decode_content=False,
        )
        return self.build_response(request, raw)


class _Torn(io.BytesIO):
    """Half of a body, then the connection is reset."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body[: len(body) // 2])

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        if not part:
            raise ProtocolError("connection broken")
        return part


def _fault(broken: Broken, request: requests.PreparedRequest) -> Exception:
    if broken.how == "refused":
        reason = NewConnectionError(None, "refused")  # type: ignore[arg-type]
        return requests.ConnectionError(reason, request=request)
    if broken.how == "timeout":
        return requests.ReadTimeout(
            ReadTimeoutError(None, None, "timed out"),  # type: ignore[arg-type]
            request=request,
        )
    return requests.ConnectionError(ProtocolError("connection broken"), request=request)


class SimulatedTransport(Transport):
    """The real transport over a link that the simulator holds in its hands."""

    carry: Carries

    def _open(self) -> requests.Session:
        session = super()._open()
        if not isinstance(session.adapters["http://"], _Adapter):
            session.mount("http://", _Adapter(self.carry))
        return session


def transport_through(carry: Carries) -> Callable[..., Transport]:
    """A stand-in for the class ``Transport`` whose requests go to ``carry``."""

    def make(base: str = BASE, *arguments: Any, **options: Any) -> Transport:
        transport = SimulatedTransport(base, *arguments, **options)
        transport.carry = carry
        return transport

    return make
