"""HTTP to the lead hospital: one warm connection, gzip, honest counting, sorted faults.

Every request may be repeated without harm, so a broken connection is never a question of
"did it arrive?" here: the caller asks the server. ``requests`` is loaded on the first use,
not when the program starts.
"""

from __future__ import annotations

import json
import logging
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from app.sync import link
from app.sync.link import Answer, Json

if TYPE_CHECKING:
    import requests

FHIR_JSON = "application/fhir+json"
_JSON_TYPES = frozenset({FHIR_JSON, "application/json", "application/json+fhir"})
_LARGEST_ANSWER = 64 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_LONGEST_WAIT = 3600.0


@dataclass(slots=True)
class Meter:
    """What went over the wire: requests, and bytes with their HTTP heads (without TLS)."""

    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def add(self, *, requests: int = 0, up: int = 0, down: int = 0) -> None:
        """Count; two requests may be under way at once."""
        with self._lock:
            self.requests += requests
            self.bytes_up += up
            self.bytes_down += down

    def copy(self) -> Meter:
        return Meter(self.requests, self.bytes_up, self.bytes_down)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two bytes, and for a whole answer."""

    connect: float = 10.0
    silence: float = 30.0
    whole: float = 180.0


@dataclass(frozen=True, slots=True)
class Packed:
    """A body ready for the wire. ``brief``: the answer need not repeat what was sent."""

    plain: bytes
    body: bytes
    gzip: bool
    brief: bool = False

    @property
    def size(self) -> int:
        return len(self.body)

    def unpacked(self) -> Packed:
        """The same without gzip."""
        return Packed(self.plain, self.plain, False, self.brief)


class Transport:
    """Requests to one FHIR base address with one bearer token.

    ``gzip_up`` starts as what is remembered of this server; None means not tried yet.
    """

    def __init__(
        self,
        base: str,
        token: str | None,
        *,
        timeouts: Timeouts | None = None,
        gzip_up: bool | None = None,
    ) -> None:
        self.base = link.fhir_base(base)
        self.gzip_up = gzip_up
        self.level = 6
        self.meter = Meter()
        self._token = token
        self._timeouts = timeouts or Timeouts()
        self._session: requests.Session | None = None

    def close(self) -> None:
        """Drop the warm connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def get(self, url: str) -> Answer:
        """GET an address relative to the base (``Patient?_id=…``) or a link of the server."""
        return self._send("GET", self._absolute(url), None)

    def post(self, packed: Packed) -> Answer:
        """POST a bundle to the base. A server that cannot read gzip gets it plain, for ever."""
        answer = self._send("POST", self.base, packed)
        if packed.gzip and self.gzip_up is None and answer.status in (400, 411, 415, 422):
            second = self._send("POST", self.base, packed.unpacked())
            if second.fine:
                self.gzip_up = False
                return second
        elif packed.gzip and answer.status == 415:
            self.gzip_up = False
            return self._send("POST", self.base, packed.unpacked())
        if packed.gzip and answer.fine:
            self.gzip_up = True
        return answer

    def pack(self, document: Json) -> Packed:
        """The compact JSON text of a resource, gzipped unless the server cannot read that."""
        plain = _encode(document)
        brief = document.get("type") == "transaction"
        if self.gzip_up is False:
            return Packed(plain, plain, False, brief)
        packer = zlib.compressobj(self.level, zlib.DEFLATED, _GZIP)
        return Packed(plain, packer.compress(plain) + packer.flush(), True, brief)

    def post_json(self, url: str, document: Json) -> tuple[int, Json]:
        """POST plain JSON to an address outside FHIR (enrolment); status and answer."""
        body = json.dumps(document, ensure_ascii=False).encode("utf-8")
        packed = Packed(body, body, False)
        answer = self._send("POST", url, packed, media="application/json", fhir=False)
        return answer.status, answer.resource or {}

    def _absolute(self, url: str) -> str:
        absolute = urljoin(self.base + "/", url)
        if not link.within(self.base, absolute):
            # The token goes to our own server only, whatever a link says.
            raise link.garbage()
        return absolute

    def _open(self) -> requests.Session:
        if self._session is None:
            import requests

            # Its warnings quote what came over the wire; every fault is told by us.
            logging.getLogger("urllib3").setLevel(logging.ERROR)
            session = requests.Session()
            # Read once here: looking for proxies and .netrc costs a millisecond a request.
            settings = session.merge_environment_settings(self.base, {}, None, None, None)
            session.proxies = settings["proxies"]
            session.verify = settings["verify"]
            session.trust_env = False
            session.headers.clear()
            session.headers["Accept-Encoding"] = "gzip"
            if self._token:
                session.headers["Authorization"] = f"Bearer {self._token}"
            self._session = session
        return self._session

    def _send(
        self,
        method: str,
        url: str,
        packed: Packed | None,
        *,
        media: str = FHIR_JSON,
        fhir: bool = True,
    ) -> Answer:
        import requests
        import urllib3

        session = self._open()
        headers = {"Accept": media, "Cache-Control": "no-cache"} if packed is None else {}
        if packed is not None:
            headers = {"Content-Type": media}
            if packed.brief:
                headers["Prefer"] = "return=minimal"
            if packed.gzip:
                headers["Content-Encoding"] = "gzip"
        timeouts = self._timeouts
        deadline = time.monotonic() + timeouts.whole
        self.meter.add(requests=1)
        try:
            with session.request(
                method,
                url,
                data=None if packed is None else packed.body,
                headers=headers,
                timeout=(timeouts.connect, timeouts.silence),
                allow_redirects=False,
                stream=True,
            ) as response:
                self.meter.add(up=_size_up(response.request), down=_size_of_head(response))
                body = self._read(response, deadline)
                return self._sort(response, body, fhir=fhir)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if packed is not None:
                self.meter.add(up=packed.size)
            # A proxy or server that cut one connection has spoilt the pool, too.
            self.close()
            raise link.offline(error, connected=not _never_connected(error)) from error

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        while part := response.raw.read(65536, decode_content=False):
            self.meter.add(down=len(part))
            parts.append(part)
            size += len(part)
            if size > _LARGEST_ANSWER:
                raise link.garbage()
            if time.monotonic() > deadline:
                raise link.offline(TimeoutError())
        body = b"".join(parts)
        if response.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
            body = _unpack(body)
        return body

    def _sort(self, response: requests.Response, body: bytes, *, fhir: bool) -> Answer:
        status = response.status_code
        retry_after = _retry_after(response.headers)
        if status in (407, 511) or 300 <= status < 400:
            raise link.captive()
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        resource = _parse(body) if kind in _JSON_TYPES else None
        if status == 401:
            raise link.refused()
        if status == 429 or status >= 500:
            raise link.busy(retry_after, broken=status == 500)
        if body and resource is None and status != 413:
            raise link.captive() if b"<html" in body[:2000].lower() else link.garbage()
        if fhir and resource is not None and not isinstance(resource.get("resourceType"), str):
            raise link.garbage()
        if fhir and 200 <= status < 300 and resource is None:
            # Only an answer that says what it did is an answer.
            raise link.garbage()
        return Answer(
            status,
            resource,
            response.headers.get("ETag"),
            _date(response.headers.get("Date")),
            response.headers.get("Last-Modified"),
        )


def _never_connected(error: BaseException) -> bool:
    import requests
    import urllib3

    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, urllib3.exceptions.NewConnectionError | ConnectionRefusedError):
            return True
        inner = getattr(cause, "reason", None)
        nested = next((a for a in cause.args if isinstance(a, BaseException)), None)
        cause = inner if isinstance(inner, BaseException) else nested
    return False


def _encode(document: Json) -> bytes:
    import orjson

    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        # A number or half a character that only the standard library writes.
        return json.dumps(document, separators=(",", ":")).encode("ascii")


def _parse(body: bytes) -> Json | None:
    import orjson

    value: Any
    try:
        value = orjson.loads(body)
    except ValueError:
        # One record with half a character must not keep all others out.
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _unpack(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(body, _LARGEST_ANSWER)
    except zlib.error:
        raise link.garbage() from None
    if not unpacker.eof:
        # Cut off in the middle, or made to fill our memory.
        raise link.offline() if not unpacker.unconsumed_tail else link.garbage()
    return plain


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT)
    at, now = _date(text), _date(headers.get("Date"))
    if at is None or now is None:
        # Without the server's own clock beside it a date says nothing: ours may be wrong.
        return None
    return min(max((at - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _size_up(request: requests.PreparedRequest) -> int:
    body = request.body
    head = len(request.method or "") + len(request.path_url) + len(" HTTP/1.1\r\n\r\n") + 1
    head += len("Host: \r\n") + len((request.url or "").split("/")[2])
    head += sum(len(name) + len(value) + 4 for name, value in request.headers.items())
    return head + (len(body) if isinstance(body, bytes) else 0)


def _size_of_head(response: requests.Response) -> int:
    head = len(f"HTTP/1.1 {response.status_code} {response.reason}\r\n\r\n")
    return head + sum(len(name) + len(value) + 4 for name, value in response.headers.items())
