"""How this PC reaches the county hospital: proxy and certificate authority, as settings.

Kept in the store (``link``), so that a backup brings them along. ``connect`` makes the
transport that uses them; nothing else of the courier knows about proxies and certificates.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.errors import EnvironmentFault, InputError
from app.i18n import tr
from app.models.store import Store
from app.sync import state
from app.sync.login import Login
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts, Transport

SYSTEM, NONE = "system", "none"
_LARGEST_CERTIFICATES = 1_000_000


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """``proxy``: ``system`` (the machine's own settings), ``none``, or the URL of a proxy.

    ``ca``: PEM text of the certificates that alone may vouch for the server; None means the
    authorities that this machine trusts. ``ca_name``: what a person is shown of them.
    """

    proxy: str = SYSTEM
    ca: str | None = None
    ca_name: str | None = None


def settings(store: Store) -> LinkSettings:
    """The settings of this store."""
    with store.read() as session:
        return settings_in(session)


def settings_in(session: Session) -> LinkSettings:
    """As ``settings``, in an open session."""
    value = state.load(session, state.LINK)
    return LinkSettings(value.get("proxy") or SYSTEM, value.get("ca"), value.get("ca_name"))


def change_settings(store: Store, new: LinkSettings) -> None:
    """Keep other settings; the next connection uses them. Raises InputError (field ``proxy``)."""
    proxy = _checked_proxy(new.proxy)
    with store.apply_remote() as session:
        state.save(session, state.LINK, {"proxy": proxy, "ca": new.ca, "ca_name": new.ca_name})


def prepared(proxy: str, certificate: Path | None) -> LinkSettings:
    """Settings as somebody prepared them for a PC; raises what the two checks raise."""
    ca, ca_name = read_certificates(certificate) if certificate else (None, None)
    return LinkSettings(_checked_proxy(proxy), ca, ca_name)


def read_certificates(path: Path) -> tuple[str, str]:
    """The certificates of a file (PEM, or one in DER) as PEM text, and a name to show.

    Raises InputError (field ``ca``) for a file without one, EnvironmentFault for one that
    cannot be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_CERTIFICATES + 1)
    except OSError as error:
        raise EnvironmentFault(
            tr("The certificate file cannot be read. Nothing was changed. Choose it again.")
        ) from error
    try:
        if b"-----BEGIN" in content:
            found = x509.load_pem_x509_certificates(content[:_LARGEST_CERTIFICATES])
        else:
            found = [x509.load_der_x509_certificate(content)]
    except ValueError:
        raise InputError(
            {
                "ca": tr(
                    "This file holds no certificate. Nothing was changed. Ask the county "
                    "hospital for its certificate file (ending in .pem, .crt or .cer)."
                )
            }
        ) from None
    text = b"".join(one.public_bytes(Encoding.PEM) for one in found).decode("ascii")
    return text, found[0].subject.rfc4514_string()


def connect(
    store: Store,
    server: ServerAccount | str,
    timeouts: Timeouts | None = None,
    gzip_up: bool | None = None,
) -> Transport:
    """A transport to a server (an account, or a bare base address) with this store's settings."""
    if isinstance(server, str):
        transport = Transport(server, None, timeouts=timeouts, gzip_up=gzip_up)
        return equip(transport, store, None)
    transport = Transport(server.base, server.token, timeouts=timeouts, gzip_up=gzip_up)
    return equip(transport, store, server)


def equip(transport: Transport, store: Store, account: ServerAccount | None) -> Transport:
    """Give a transport this store's settings, and the sign-in where the account needs one."""
    with store.read() as session:
        chosen = settings_in(session)
        transport.earliest = state.instant(state.load(session, state.CLOCK).get("seen"))
    transport.proxy = chosen.proxy
    transport.ca = chosen.ca
    if account is not None and account.token is None:
        transport.login = Login(store, account)
    return transport


def _checked_proxy(text: str) -> str:
    text = text.strip() or SYSTEM
    if text in (SYSTEM, NONE):
        return text
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        fits = False
    if not fits or parts.path not in ("", "/") or parts.query:
        raise InputError(
            {"proxy": tr("This is not the address of a proxy. Example: http://proxy:3128")}
        )
    return text.rstrip("/")
