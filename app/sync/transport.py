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
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from app.sync import link, octets
from app.sync.link import Answer, Json

if TYPE_CHECKING:
    import requests

    from app.sync.login import Login

FHIR_JSON = "application/fhir+json"
_JSON_TYPES = frozenset({FHIR_JSON, "application/json", "application/json+fhir"})
_BYTES = "application/octet-stream"
_UNDATED_SECONDS = 6 * 3600.0


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
    """Requests to one FHIR base address with one bearer token, or one that ``login`` gets.

    ``gzip_up`` starts as what is remembered of this server; None means not tried yet.
    ``proxy`` and ``ca`` are as in ``connection.LinkSettings``; ``earliest`` is the latest time
    the server told in earlier runs, before which none of its certificates may have ended.
    """

    login: Login | None = None
    proxy: str = "system"
    ca: str | None = None
    earliest: datetime | None = None

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
        self.level = 9
        self.meter = octets.Meter()
        self._token = token
        self._timeouts = timeouts or Timeouts()
        self._session: requests.Session | None = None
        #: How many connections were opened so far: a new one may lead to a changed server.
        self.connections = 0
        self._opening = Lock()
        self._told: tuple[datetime, float] | None = None
        # Until when (monotonic) certificates count although this PC's clock denies their dates.
        self._undated_until = 0.0

    def server_now(self) -> datetime | None:
        """The server's time by its last answer; None before the first."""
        if self._told is None:
            return None
        told, at = self._told
        return told + timedelta(seconds=time.monotonic() - at)

    def close(self) -> None:
        """Drop the warm connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def get(self, url: str, *, unless: str | None = None) -> Answer:
        """GET an address relative to the base (``Patient?_id=…``) or a link of the server.

        ``unless``: the ETag of an answer that is known; 304 says that it is still the same.
        """
        return self._send("GET", self._absolute(url), None, unless=unless)

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
        plain = octets.encode(document)
        brief = document.get("type") == "transaction"
        if self.gzip_up is False:
            return Packed(plain, plain, False, brief)
        packer = zlib.compressobj(self.level, zlib.DEFLATED, octets.GZIP)
        return Packed(plain, packer.compress(plain) + packer.flush(), True, brief)

    def post_json(self, url: str, document: Json) -> tuple[int, Json]:
        """POST plain JSON to an address outside FHIR (enrolment); status and answer."""
        body = json.dumps(document, ensure_ascii=False).encode("utf-8")
        packed = Packed(body, body, False)
        answer = self._send("POST", url, packed, media="application/json", fhir=False)
        return answer.status, answer.resource or {}

    def post_form(self, url: str, values: dict[str, str]) -> Answer:
        """POST a form to an address outside FHIR (the token endpoint)."""
        body = urlencode(values).encode("ascii")
        media = "application/x-www-form-urlencoded"
        return self._send("POST", url, Packed(body, body, False), media=media, fhir=False)

    def get_json(self, url: str) -> Answer:
        """GET a JSON document outside FHIR, without a token."""
        return self._send("GET", url, None, media="application/json", fhir=False)

    def beside(self, path: str, body: bytes | None = None, *, raw: bool = False) -> Answer:
        """GET from, or POST bytes to, an address beside the FHIR base, with the token.

        ``raw``: bytes are asked for; they come as the ``data`` of a Binary.
        """
        url = self.base.removesuffix("/fhir") + path
        if body is None:
            media = f"{_BYTES}, {FHIR_JSON}" if raw else FHIR_JSON
            return self._send("GET", url, None, media=media)
        packed = Packed(body, body, False)
        return self._send("POST", url, packed, media=_BYTES)

    def _absolute(self, url: str) -> str:
        absolute = urljoin(self.base + "/", url)
        if not link.within(self.base, absolute):
            # The token goes to our own server only, whatever a link says.
            raise link.garbage()
        return absolute

    def _open(self) -> requests.Session:
        with self._opening:
            return self._opened()

    def _opened(self) -> requests.Session:
        if self._session is None:
            import requests
            from urllib3.util import SKIP_HEADER

            # Its warnings quote what came over the wire; every fault is told by us.
            logging.getLogger("urllib3").setLevel(logging.ERROR)
            session = requests.Session()
            # Read once here: looking for proxies and .netrc costs a millisecond a request.
            settings = session.merge_environment_settings(self.base, {}, None, None, None)
            session.proxies = self._proxies(settings["proxies"])
            if self.base.startswith("https:"):
                session.mount("https://", self._adapter(settings["verify"]))
            session.trust_env = False
            session.headers.clear()
            session.headers.update({"Accept-Encoding": "gzip", "User-Agent": SKIP_HEADER})
            if self._token:
                session.headers["Authorization"] = f"Bearer {self._token}"
            for adapter in session.adapters.values():
                octets.count_connections(adapter, self._count)
            self._session = session
        return self._session

    def _count(self) -> None:
        self.connections += 1

    def _proxies(self, of_system: Any) -> dict[str, str]:
        if self.proxy == "none" or link.is_loopback(urlsplit(self.base).hostname or ""):
            return {}
        if self.proxy == "system":
            return dict(of_system)
        return {"http": self.proxy, "https": self.proxy}

    def _adapter(self, verify: Any) -> Any:
        from app.sync import tls

        bundle = verify if isinstance(verify, str) else None
        dates = time.monotonic() >= self._undated_until
        return tls.Adapter(tls.make_context(self.ca, bundle, dates=dates))

    def _send(
        self,
        method: str,
        url: str,
        packed: Packed | None,
        *,
        media: str = FHIR_JSON,
        fhir: bool = True,
        unless: str | None = None,
    ) -> Answer:
        login = self.login if fhir else None
        if login is None:
            return self._once(method, url, packed, media, fhir=fhir, unless=unless)
        try:
            token = login.token(self)
        except link.LinkFault as fault:
            fault.untouched = True
            raise
        try:
            return self._once(method, url, packed, media, token, unless=unless)
        except link.Refused:
            # Withdrawn meanwhile, or the server was set up anew: a new sign-in tells which.
            try:
                token = login.renew(self, token)
            except link.LinkFault as fault:
                fault.untouched = True
                raise
            return self._once(method, url, packed, media, token, unless=unless)

    def _once(
        self,
        method: str,
        url: str,
        packed: Packed | None,
        media: str,
        token: str | None = None,
        *,
        fhir: bool = True,
        unless: str | None = None,
    ) -> Answer:
        import requests
        import urllib3

        session = self._open()
        asks = packed is None or (media == FHIR_JSON and not packed.brief)
        headers = {"Accept": media} if packed is None else {"Content-Type": media}
        headers |= {"Cache-Control": "no-cache"} if asks else {}
        if packed is not None and packed.brief:
            headers["Prefer"] = "return=minimal"
        if packed is not None and packed.gzip:
            headers["Content-Encoding"] = "gzip"
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if unless is not None:
            headers["If-None-Match"] = unless
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
                self.meter.add(
                    up=octets.size_up(response.request), down=octets.size_of_head(response)
                )
                body = self._read(response, deadline)
                raw = packed is None and media.startswith(_BYTES)
                return self._sort(response, body, fhir, unless is not None, raw)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if packed is not None:
                self.meter.add(up=packed.size)
            # A proxy or server that cut one connection has spoilt the pool, too.
            self.close()
            fault = self._fault(error)
            if fault is None:
                return self._once(method, url, packed, media, token, fhir=fhir, unless=unless)
            raise fault from error

    def _fault(self, error: Exception) -> link.Offline | None:
        """What an error of the connection means; None where another try will do better."""
        import requests

        from app.sync import tls

        trouble = tls.trouble_of(error)
        if trouble == "time" and self._undated_until == 0.0 and self._good_by_its_own_time():
            return None
        if trouble is not None:
            return link.certificate_trouble(trouble)
        if isinstance(error, requests.exceptions.ProxyError):
            return link.proxy_trouble(sign_in="407" in str(error))
        return link.offline(error, connected=not octets.never_connected(error))

    def _good_by_its_own_time(self) -> bool:
        """Whether a certificate that this PC's clock denies is good at the server's own time."""
        from app.sync import tls

        self._undated_until = time.monotonic() + _UNDATED_SECONDS
        try:
            with self._open().get(
                f"{self.base}/metadata",
                headers={"Accept": FHIR_JSON, "Authorization": None},
                timeout=(self._timeouts.connect, self._timeouts.silence),
                allow_redirects=False,
                stream=True,
            ) as response:
                self.meter.add(requests=1, up=octets.size_up(response.request))
                self.meter.add(down=octets.size_of_head(response))
                told = octets.date_of(response.headers.get("Date"))
                certificate = tls.certificate_of(response)
        except (OSError, ValueError):  # requests' own errors are OSErrors
            told, certificate = None, None
        self.close()
        if told is None or certificate is None or not tls.counts(certificate, told, self.earliest):
            self._undated_until = 0.0
            return False
        self._told = (told, time.monotonic())
        return True

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        while part := response.raw.read(65536, decode_content=False):
            self.meter.add(down=len(part))
            parts.append(part)
            size += len(part)
            if size > octets.LARGEST_ANSWER:
                raise link.garbage()
            if time.monotonic() > deadline:
                raise link.offline(TimeoutError())
        body = b"".join(parts)
        if response.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
            body = octets.unpack(body)
        return body

    def _sort(
        self, response: requests.Response, body: bytes, fhir: bool, unchanged: bool, raw: bool
    ) -> Answer:
        """The answer. ``unchanged``: 304 is one, and no page of the network's own. ``raw``: bytes
        are, too."""
        status = response.status_code
        retry_after = octets.retry_after(response.headers)
        if status == 407:
            raise link.proxy_trouble(sign_in=True)
        if status == 511 or (300 <= status < 400 and not (status == 304 and unchanged)):
            raise link.captive()
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        resource = octets.parse(body) if kind in _JSON_TYPES else None
        if raw and kind == _BYTES:
            resource = {"resourceType": "Binary", "data": body}
        if status == 401 and fhir:
            page = b"<html" in body[:2000].lower() and not response.headers.get("WWW-Authenticate")
            fault = link.captive() if page else link.expired()
            fault.untouched = not page
            raise fault
        if status == 429 or (status >= 500 and status != 501):
            raise link.busy(retry_after, broken=status == 500)
        if body and resource is None and status != 413:
            raise link.captive() if b"<html" in body[:2000].lower() else link.garbage()
        if fhir and resource is not None and not isinstance(resource.get("resourceType"), str):
            raise link.garbage()
        if fhir and 200 <= status < 300 and resource is None:
            # Only an answer that says what it did is an answer.
            raise link.garbage()
        told = octets.date_of(response.headers.get("Date"))
        if told is not None:
            self._told = (told, time.monotonic())
        return Answer(
            status,
            resource,
            response.headers.get("ETag"),
            told,
            response.headers.get("Last-Modified"),
        )
