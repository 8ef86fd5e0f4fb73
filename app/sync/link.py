"""The link's faults, told apart: no connection, no permission, busy, or not our server at all.

Every fault carries a plain sentence for the person who reads the sync page. None of them
says anything about a record: a record's fate is only ever told by the server's own answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.errors import InputError, NetworkFault
from app.i18n import tr

Json = dict[str, Any]

_HOST = re.compile(r"[\w.:-]+\Z")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class LinkFault(NetworkFault):
    """The server could not be used. ``retry_after`` is the wait it asked for, in seconds.

    ``untouched``: what was being sent was certainly not taken in — it never left, or whoever
    got it did not let this PC in.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.untouched = False


class Offline(LinkFault):
    """No connection, or it broke: what was being sent may or may not have arrived.

    ``connected`` tells a connection that broke from one that never came about.
    """

    def __init__(self, message: str, *, connected: bool = True) -> None:
        super().__init__(message)
        self.connected = connected
        self.untouched = not connected


class Refused(LinkFault):
    """The server knows us and says no: the access of this PC was withdrawn or expired."""


class Withdrawn(Refused):
    """The server does not know this PC's key, or its access was taken away."""


class Expired(Refused):
    """The token that this PC was given is not, or no longer, good."""


class Busy(LinkFault):
    """The server is there but asks us to come later. ``broken`` tells a 500 from a 503."""

    def __init__(
        self, message: str, retry_after: float | None = None, *, broken: bool = False
    ) -> None:
        super().__init__(message, retry_after)
        self.broken = broken


class Garbage(LinkFault):
    """Something answered that is not a FHIR server: a sign-in page, a proxy, another program."""


class Captive(Garbage):
    """A web page where a FHIR answer was due: the network wants a sign-in first."""


class ProxyTrouble(Offline):
    """The proxy between this PC and the server does not let it through."""


class CertificateTrouble(Offline):
    """The server's certificate does not prove that it is the county hospital's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the server: ``resource`` is its FHIR resource, or None without a body.

    ``server_time`` is the server's clock (header Date, whole seconds), None where it has none.
    """

    status: int
    resource: Json | None
    etag: str | None = None
    server_time: datetime | None = None
    last_modified: str | None = None

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300


def offline(error: BaseException | None = None, *, connected: bool = True) -> Offline:
    """No connection, or a broken one."""
    if _is_timeout(error):
        return Offline(
            tr(
                "The county hospital did not answer in time. What was being sent is checked at "
                "the next try; nothing is lost."
            ),
            connected=connected,
        )
    return Offline(
        tr(
            "The county hospital cannot be reached. Records are kept on this PC and are sent by "
            "themselves when the connection is back."
        ),
        connected=connected,
    )


def _is_timeout(error: BaseException | None) -> bool:
    return error is not None and "timeout" in type(error).__name__.lower()


def refused() -> Refused:
    """The server knows this PC and does not let it read or write at all."""
    return Refused(
        tr(
            "The county hospital does not accept this PC: its access has expired or was "
            "withdrawn. Records are kept on this PC. Ask the county hospital for a new "
            "enrolment code."
        )
    )


def expired() -> Expired:
    """401 to a token that cannot be renewed by this PC itself."""
    return Expired(
        tr(
            "The county hospital no longer accepts the access token of this PC: it has expired "
            "or was withdrawn. Records are kept on this PC and nothing is lost. Ask the county "
            "hospital for a new token or enrolment code."
        )
    )


def withdrawn() -> Withdrawn:
    """The sign-in with this PC's key was refused."""
    return Withdrawn(
        tr(
            "The county hospital has withdrawn the access of this PC, or does not know it. "
            "Records are kept on this PC, work goes on, and nothing is lost. Ask the county "
            "hospital for a new enrolment code."
        )
    )


def no_login() -> Refused:
    """The server offers no sign-in with a key."""
    return Refused(
        tr(
            "The server at this address offers no sign-in for PCs. Records are kept on this PC. "
            "Ask the county hospital for an access token, or check the server's address."
        )
    )


def proxy_trouble(*, sign_in: bool = False) -> ProxyTrouble:
    """The proxy cannot be reached, or refuses."""
    if sign_in:
        return ProxyTrouble(
            tr(
                "The proxy of this network wants a sign-in. Records are kept on this PC. Enter "
                "the proxy with its account under Settings, or ask who looks after the network."
            ),
            connected=False,
        )
    return ProxyTrouble(
        tr(
            "The proxy of this network does not lead to the county hospital. Records are kept "
            "on this PC. Check the proxy under Settings, or ask who looks after the network."
        ),
        connected=False,
    )


def certificate_trouble(kind: str) -> CertificateTrouble:
    """``kind``: ``time`` (expired or not yet valid), ``name`` (another server's) or ``trust``."""
    if kind == "time":
        text = tr(
            "The certificate of the county hospital's server has expired. Nothing was sent; "
            "records are kept on this PC. Tell the county hospital that its server needs a new "
            "certificate."
        )
    elif kind == "name":
        text = tr(
            "The server that answers has the certificate of another name. Nothing was sent; "
            "records are kept on this PC. Check the server's address, and whether this network "
            "wants a sign-in first."
        )
    else:
        text = tr(
            "The server's certificate is not from an authority that this PC trusts. Nothing was "
            "sent; records are kept on this PC. Choose the county's certificate under Settings; "
            "if it was chosen before, this network may want a sign-in first."
        )
    return CertificateTrouble(text, connected=False)


def busy(retry_after: float | None, *, broken: bool = False) -> Busy:
    """429 and 5xx."""
    return Busy(
        tr(
            "The county hospital's server is busy or being serviced. Records are kept on this "
            "PC and are sent by themselves later."
        ),
        retry_after,
        broken=broken,
    )


def captive() -> Captive:
    """A web page where a FHIR answer was due."""
    return Captive(
        tr(
            "A web page answered instead of the county hospital: the network may want a sign-in "
            "first. Open the browser and sign in to the network; records are kept on this PC."
        )
    )


def garbage() -> Garbage:
    """An answer that is no FHIR."""
    return Garbage(
        tr(
            "The answer that came back is not one of a hospital's record server. Records are "
            "kept on this PC. Check the server's address."
        )
    )


def fhir_base(url: str) -> str:
    """The FHIR base address of what a person typed, without a slash at the end.

    An address without a path means the path ``/fhir``. Raises InputError for an address
    that is none, and for plain HTTP to anything but this very machine.
    """
    text = url.strip().rstrip("/")
    if text and "://" not in text:
        text = "https://" + text
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if (
        not host
        or not _HOST.match(host)
        or parts.scheme not in ("http", "https")
        or parts.username
        or parts.query
    ):
        raise InputError(
            {"server": tr("This is not the address of a server. Example: https://hospital:8443")}
        )
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InputError(
            {
                "server": tr(
                    "Records travel encrypted only: the address must begin with https://. "
                    "Nothing was sent."
                )
            }
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path or '/fhir'}"


def is_private(url: str) -> bool:
    """Whether an address is one that secrets may be sent to: https, or this very machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return (
        bool(host)
        and parts.username is None
        and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host or "")))
    )


def is_loopback(host: str) -> bool:
    """Whether a host name means this very machine."""
    return host in _LOOPBACK


def within(base: str, url: str) -> bool:
    """Whether an absolute address lies on our own base, port and all."""
    mine, other = urlsplit(base), urlsplit(url)
    try:
        ports = (_port(mine.scheme, mine.port), _port(other.scheme, other.port))
    except ValueError:
        return False
    path = other.path
    return (
        mine.scheme == other.scheme
        and mine.hostname == other.hostname
        and ports[0] == ports[1]
        and other.username is None
        and (path == mine.path or path.startswith(mine.path + "/"))
        and "/../" not in path
    )


def _port(scheme: str, port: int | None) -> int:
    return port if port is not None else (443 if scheme == "https" else 80)
