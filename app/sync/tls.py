"""The certificates that may vouch for the server, and certificates when this PC's clock lies.

A certificate's dates are judged by a clock. Where this PC's clock makes a certificate look
expired or not yet valid, the server is asked once for its own time — its key and name are
proved as always, only the dates are left open, and nothing secret is sent. The certificate
counts if that time lies within its dates and is not before the latest time the server told
earlier: a certificate that ran out before the last good connection never counts again.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

from requests.adapters import HTTPAdapter

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL
_NOT_YET_VALID, _EXPIRED = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, …_HAS_EXPIRED
_NAMES = frozenset({62, 63, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, EMAIL, IP_ADDRESS
_SLACK = timedelta(days=1)


def make_context(ca: str | None, bundle: str | None = None, *, dates: bool = True) -> Any:
    """A context that trusts ``ca`` (PEM text) alone, or else what this machine trusts.

    ``bundle``: a file of authorities that the environment names (``REQUESTS_CA_BUNDLE``).
    ``dates`` False leaves the certificates' dates open.
    """
    if ca is not None:
        context = ssl.create_default_context(cadata=ca)
        # The county may hand out the server's own certificate instead of its authority's.
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    else:
        import certifi

        context = ssl.create_default_context()
        context.load_verify_locations(cafile=bundle or certifi.where())
    if not dates:
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    return context


class Adapter(HTTPAdapter):
    """Connections under one context, through proxies too."""

    def __init__(self, context: Any) -> None:
        self._context = context
        super().__init__(pool_connections=2, pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, **options, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # The context says whom to trust; requests would add its own list to it.
        conn.cert_reqs = "CERT_REQUIRED"


def trouble_of(error: BaseException) -> str | None:
    """``time``, ``name`` or ``trust`` where a certificate was the reason, else None."""
    cause: BaseException | None = error
    seen = 0
    while cause is not None and seen < 10:
        if isinstance(cause, ssl.SSLCertVerificationError):
            code = cause.verify_code
            if code in (_NOT_YET_VALID, _EXPIRED):
                return "time"
            return "name" if code in _NAMES else "trust"
        inner = getattr(cause, "reason", None)
        nested = next((a for a in cause.args if isinstance(a, BaseException)), None)
        cause = inner if isinstance(inner, BaseException) else nested or cause.__cause__
        seen += 1
    return None


def certificate_of(response: Any) -> dict[str, Any] | None:
    """The certificate of the server that gives this answer, before its body is read."""
    connection = getattr(response.raw, "connection", None)
    sock = getattr(connection, "sock", None)
    return sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None


def counts(certificate: dict[str, Any], told: datetime, earliest: datetime | None) -> bool:
    """Whether a certificate (``SSLSocket.getpeercert``) is good at the server's own time."""
    if earliest is not None and told < earliest - _SLACK:
        return False
    begins, ends = certificate.get("notBefore"), certificate.get("notAfter")
    if not isinstance(begins, str) or not isinstance(ends, str):
        return False
    return _instant(begins) <= told <= _instant(ends)


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
