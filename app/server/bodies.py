"""Bodies in and out: limits, media types, gzip."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request

from app.i18n import N_
from app.server.outcome import Refusal

MAX_BYTES = 1_048_576  # of a body as sent, and again once unpacked
_DRAIN_BYTES = 16 * MAX_BYTES
_STALL_SECONDS = 60.0
_GZIP = 16 + zlib.MAX_WBITS
JSON_TYPES = ("application/fhir+json", "application/json")
FORM_TYPE = "application/x-www-form-urlencoded"


def check_media_type(headers: Mapping[str, str], allowed: tuple[str, ...]) -> None:
    """415 unless the body's media type is one of ``allowed`` and its charset UTF-8."""
    kind, _, rest = headers.get("content-type", "").partition(";")
    if kind.strip().lower() not in allowed:
        raise Refusal(
            415, "not-supported", N_("The body must be {types}."), types=" or ".join(allowed)
        )
    charset = rest.strip().lower().replace('"', "").replace(" ", "")
    if charset.startswith("charset=") and charset[8:] not in ("utf-8", "utf8"):
        raise Refusal(415, "not-supported", N_("The body must be UTF-8 text."))


async def read_body(request: Request, limit: int = MAX_BYTES) -> bytes:
    """The body as sent, at most ``limit`` bytes; 413 for more, 408 if it stops coming."""
    chunks: list[bytes] = []
    size = 0
    stream = request.stream().__aiter__()
    declared = request.headers.get("content-length", "")
    too_large = declared.isdigit() and int(declared) > limit
    while True:
        try:
            chunk = await asyncio.wait_for(anext(stream), _STALL_SECONDS)
        except StopAsyncIteration:
            break
        except ClientDisconnect:
            raise Refusal(400, "incomplete", N_("The connection ended inside the body.")) from None
        except TimeoutError:
            raise _closing(Refusal(408, "timeout", N_("The body stopped coming."))) from None
        size += len(chunk)
        too_large = too_large or size > limit
        if not too_large:
            chunks.append(chunk)
            continue
        # Read on for a while, dropping it: a sender that is cut off would not see the answer.
        chunks.clear()
        if size > _DRAIN_BYTES:
            break
    if too_large:
        raise _closing(_too_large(limit))
    return b"".join(chunks)


def unpack(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding; never holds more than ``MAX_BYTES`` unpacked."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(415, "not-supported", N_("The only content encoding understood is gzip."))
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        raise Refusal(400, "structure", N_("The body is not sound gzip.")) from None
    if len(plain) > MAX_BYTES:
        raise _too_large()
    if not unpacker.eof or unpacker.unused_data:
        raise Refusal(400, "structure", N_("The body is not sound gzip."))
    return plain


def pack(body: bytes) -> bytes:
    """gzip of an answer."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for item in header.lower().split(","):
        name, _, rest = item.partition(";")
        if name.strip() in ("gzip", "x-gzip", "*"):
            return rest.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def accepts_json(header: str) -> bool:
    """Whether an Accept header allows FHIR JSON; a missing header allows everything."""
    if not header:
        return True
    kinds = {item.partition(";")[0].strip().lower() for item in header.split(",")}
    return bool(kinds & {"*/*", "application/*", *JSON_TYPES, "text/json"})


def _too_large(limit: int = MAX_BYTES) -> Refusal:
    return Refusal(413, "too-long", N_("The body is larger than {count} bytes."), count=limit)


def _closing(refusal: Refusal) -> Refusal:
    refusal.headers["Connection"] = "close"
    return refusal
