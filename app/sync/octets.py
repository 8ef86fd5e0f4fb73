"""What stands in the bytes of HTTP: JSON, gzip, dates, sizes, and why a connection failed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from app.sync import link
from app.sync.link import Json

if TYPE_CHECKING:
    import requests

LARGEST_ANSWER = 64 * 1024 * 1024
GZIP = 16 + zlib.MAX_WBITS
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


def never_connected(error: BaseException) -> bool:
    """Whether no connection came about at all."""
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


def encode(document: Json) -> bytes:
    """The compact JSON text of a resource."""
    import orjson

    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        # A number or half a character that only the standard library writes.
        return json.dumps(document, separators=(",", ":")).encode("ascii")


def parse(body: bytes) -> Json | None:
    """The JSON object of a body; None for anything else."""
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


def unpack(body: bytes) -> bytes:
    """A gzip body unpacked; LinkFault for one cut off, unsound or without end."""
    unpacker = zlib.decompressobj(GZIP)
    try:
        plain = unpacker.decompress(body, LARGEST_ANSWER)
    except zlib.error:
        raise link.garbage() from None
    if not unpacker.eof:
        # Cut off in the middle, or made to fill our memory.
        raise link.offline() if not unpacker.unconsumed_tail else link.garbage()
    return plain


def date_of(text: str | None) -> datetime | None:
    """The instant of an HTTP date, in UTC; None for anything else."""
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for, at most an hour; None without one."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT)
    at, now = date_of(text), date_of(headers.get("Date"))
    if at is None or now is None:
        # Without the server's own clock beside it a date says nothing: ours may be wrong.
        return None
    return min(max((at - now).total_seconds(), 0.0), _LONGEST_WAIT)


def size_up(request: requests.PreparedRequest) -> int:
    """Bytes of a request with its head."""
    body = request.body
    head = len(request.method or "") + len(request.path_url) + len(" HTTP/1.1\r\n\r\n") + 1
    head += len("Host: \r\n") + len((request.url or "").split("/")[2])
    head += sum(len(name) + len(value) + 4 for name, value in request.headers.items())
    return head + (len(body) if isinstance(body, bytes) else 0)


def size_of_head(response: requests.Response) -> int:
    """Bytes of an answer's head."""
    head = len(f"HTTP/1.1 {response.status_code} {response.reason}\r\n\r\n")
    return head + sum(len(name) + len(value) + 4 for name, value in response.headers.items())


def count_connections(adapter: Any, opened: Callable[[], None]) -> None:
    """Call ``opened`` whenever an adapter of requests opens a connection (not through a proxy)."""
    manager = adapter.poolmanager
    manager.pool_classes_by_scheme = {
        scheme: _counting(pool, opened) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _counting(pool: Any, opened: Callable[[], None]) -> Any:
    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            opened()
            super().connect()

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})
