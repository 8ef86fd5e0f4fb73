"""Plain HTTP for the acceptance test: every answer as it came, nothing interpreted.

The courier's own transport turns answers into faults; here the answer itself is looked at.
"""

from __future__ import annotations

import gzip as packing
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from app.errors import InputError, NetworkFault
from app.fhir.bundle import etag_of, outcome_text, version_of
from app.i18n import tr
from app.sync import link

if TYPE_CHECKING:
    import requests

Json = dict[str, Any]


class Broken(NetworkFault):
    """The connection broke before the answer was there."""


class Unreachable(NetworkFault):
    """No connection came about."""


class BadCertificate(NetworkFault):
    """The server's certificate is not one that a PC would trust."""


_FHIR_JSON = "application/fhir+json"
_TIMEOUT = (10.0, 60.0)
_LARGEST_ANSWER = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``packed``: it came gzipped. ``body`` is its JSON object, if it is one."""

    status: int
    headers: Mapping[str, str]
    body: Json | None
    packed: bool = False

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300

    @property
    def told(self) -> str:
        """Status and reason, for a sentence."""
        reason = outcome_text(self.body) if self.is_outcome else None
        return f"HTTP {self.status}" + (f": {reason[:200]}" if reason else "")

    @property
    def is_outcome(self) -> bool:
        return (self.body or {}).get("resourceType") == "OperationOutcome"

    @property
    def version(self) -> str | None:
        """The version id in the ETag."""
        return version_of(self.headers.get("ETag"))

    @property
    def date(self) -> datetime | None:
        """The server's clock, whole seconds."""
        return http_date(self.headers.get("Date"))


def http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Server:
    """A FHIR base address with one bearer token (or none).

    ``ca``: a file with the certificate of the authority that the hospital signs with.
    Raises InputError for an address that is none.
    """

    def __init__(self, url: str, token: str | None, ca: Path | None = None) -> None:
        self.base = _base(url)
        self.token = token
        self._ca = ca
        self._session: requests.Session | None = None
        if ca is not None and not ca.is_file():
            raise InputError(tr("There is no certificate file at {path}.").format(path=ca))

    @property
    def is_encrypted(self) -> bool:
        return urlsplit(self.base).scheme == "https"

    @property
    def is_here(self) -> bool:
        """Whether it runs on this very machine, where nobody can listen in."""
        return urlsplit(self.base).hostname in ("127.0.0.1", "localhost", "::1")

    def with_token(self, token: str | None) -> Server:
        """The same server asked with another token."""
        return Server(self.base, token, self._ca)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """GET below the base (``Patient/1``), or a link that the server gave."""
        own = {"Accept": _FHIR_JSON, "Cache-Control": "no-cache", **(headers or {})}
        return self._send("GET", self.address(path), None, own)

    def put(self, resource: Json, if_match: str | None = None) -> Reply:
        return self.put_at(f"{resource['resourceType']}/{resource['id']}", resource, if_match)

    def put_at(self, path: str, resource: Json, if_match: str | None = None) -> Reply:
        headers = {"Content-Type": _FHIR_JSON, "Accept": _FHIR_JSON}
        if if_match is not None:
            headers["If-Match"] = etag_of(if_match)
        return self._send("PUT", self.address(path), _text(resource), headers)

    def post(self, bundle: Json, *, gzip: bool = False, minimal: bool = False) -> Reply:
        """POST a bundle to the base, as the courier does."""
        headers = {"Content-Type": _FHIR_JSON, "Accept": _FHIR_JSON}
        if minimal:
            headers["Prefer"] = "return=minimal"
        body = _text(bundle)
        if gzip:
            headers["Content-Encoding"] = "gzip"
            body = packing.compress(body, 6)
        return self._send("POST", self.base, body, headers)

    def address(self, path: str) -> str:
        return urljoin(self.base + "/", path)

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        import requests
        import urllib3

        session = self._open()
        try:
            with session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                timeout=_TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as response:
                raw = response.raw.read(_LARGEST_ANSWER, decode_content=False)
                encoding = response.headers.get("Content-Encoding", "").strip().lower()
                packed = encoding in ("gzip", "x-gzip")
                return Reply(
                    response.status_code,
                    response.headers,
                    _object(_unpacked(raw) if packed else raw),
                    packed,
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self.close()
            raise _fault(error) from error

    def _open(self) -> requests.Session:
        if self._session is None:
            import requests

            session = requests.Session()
            settings = session.merge_environment_settings(self.base, {}, None, None, None)
            session.proxies = settings["proxies"]
            session.verify = settings["verify"] if self._ca is None else str(self._ca)
            # No .netrc: this run's own token is the only one that is ever sent.
            session.trust_env = False
            session.headers.clear()
            session.headers["Accept-Encoding"] = "gzip"
            if self.token:
                session.headers["Authorization"] = f"Bearer {self.token}"
            self._session = session
        return self._session


def _fault(error: Exception) -> NetworkFault:
    import requests
    import urllib3

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
            return BadCertificate(
                tr("The certificate is not trusted: {reason}.").format(reason=_reason(cause))
            )
        if isinstance(cause, urllib3.exceptions.NewConnectionError | requests.ConnectTimeout):
            return Unreachable(tr("The server cannot be reached at this address."))
        inner = getattr(cause, "reason", None)
        nested = next((one for one in cause.args if isinstance(one, BaseException)), None)
        cause = inner if isinstance(inner, BaseException) else nested
    return Broken(tr("The connection broke before the answer was there."))


def _reason(error: BaseException) -> str:
    """What OpenSSL says, without the wrapping."""
    text = str(error).rpartition("certificate verify failed: ")[2]
    return text.partition(" (_ssl")[0].rstrip(".)")[:200]


def _base(url: str) -> str:
    text = url.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.scheme == "http" and parts.hostname and not parts.username and not parts.query:
        # The clause on encryption judges it; the courier itself would not even try.
        return f"{parts.scheme}://{parts.netloc}{parts.path or '/fhir'}"
    return link.fhir_base(text)


def _text(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _unpacked(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(raw, _LARGEST_ANSWER)
    except zlib.error:
        return b""


def _object(raw: bytes) -> Json | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
