"""Signing in at the lead hospital by SMART Backend Services: this PC's key instead of a password.

The PC signs a statement of who it is (``private_key_jwt``, ES384, RFC 7523) and gets an
access token for some minutes, which is kept in the encrypted store: the next start needs no
new one. The statement is stamped by the *server's* clock — this PC's may be wrong by years —
which is learnt from the Date header of its answers.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING, Any

from app.clock import format_instant, parse_instant
from app.keys import SIGNING_ALGORITHM, Jwk
from app.models.store import Store
from app.sync import device, link, state
from app.sync.link import Json
from app.sync.state import ServerAccount

if TYPE_CHECKING:
    from app.sync.transport import Transport

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "system/*.crus"
_ASSERTION_SECONDS = 240
_MARGIN = timedelta(seconds=60)
#: A statement stamped further off than this was refused for its time, perhaps: once more.
_CLOCK_OFF = timedelta(seconds=20)
_USUAL_LIFE, _LONGEST_LIFE = 300, 24 * 3600


@dataclass(frozen=True, slots=True, repr=False)
class AccessToken:
    """A token and until when it is good.

    ``given_at`` and ``life`` are by the server's clock, ``here_at`` is what this PC's clock
    said then. Never printed: ``text`` is a secret.
    """

    text: str
    given_at: datetime
    here_at: datetime
    life: timedelta

    def fresh(self, server_now: datetime | None, here_now: datetime) -> bool:
        """Whether it can still be used; by the server's clock where that is known."""
        margin = min(_MARGIN, self.life / 4)
        if server_now is not None:
            return server_now < self.given_at + self.life - margin
        # How long ago it was, by this PC's clock alone. Was that put back, it is not known.
        return timedelta(0) <= here_now - self.here_at < self.life - margin


class Login:
    """The access of one PC to one server. May be used from several threads."""

    def __init__(self, store: Store, account: ServerAccount) -> None:
        self._store = store
        self._account = account
        self._lock = RLock()
        self._token: AccessToken | None = None
        self._loaded = False

    def token(self, transport: Transport) -> str:
        """A token that is good now; signs in where there is none.

        Raises Withdrawn where the server no longer knows this PC, and the link's faults.
        """
        with self._lock:
            if not self._loaded:
                self._token = self._kept()
                self._loaded = True
            known = self._token
            if known and known.fresh(transport.server_now(), self._store.clock.now()):
                return known.text
            return self._sign_in(transport).text

    def renew(self, transport: Transport, refused: str) -> str:
        """A new token in the place of one that the server did not accept."""
        with self._lock:
            if self._token is not None and self._token.text != refused:
                return self._token.text
            return self._sign_in(transport).text

    def _sign_in(self, transport: Transport) -> AccessToken:
        with self._store.read() as session:
            keys = device.kept_keys(session)
        if keys is None or not self._account.client_id:
            raise link.withdrawn()
        endpoint = self._account.token_endpoint or self._discover(transport)
        server_now = transport.server_now() or self._guess()
        answer = self._ask(transport, endpoint, keys.signing, server_now)
        told = answer.server_time
        if answer.status in (400, 401) and told and abs(told - server_now) > _CLOCK_OFF:
            answer = self._ask(transport, endpoint, keys.signing, told)
        elif answer.status in (400, 401):
            # Was the request delivered twice on the way, the first one has used the assertion up:
            # a fresh one tells that from a PC which is no longer known.
            answer = self._ask(transport, endpoint, keys.signing, told or server_now)
        elif answer.status == 404 and self._account.token_endpoint:
            # The server has moved its token endpoint since this PC was enrolled.
            endpoint = self._discover(transport)
            answer = self._ask(transport, endpoint, keys.signing, told or server_now)
        self._token = self._keep(answer, server_now)
        return self._token

    def _ask(
        self, transport: Transport, endpoint: str, key: Jwk, server_now: datetime
    ) -> link.Answer:
        return transport.post_form(
            endpoint,
            {
                "grant_type": "client_credentials",
                "scope": self._account.scope or SCOPE,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion(
                    key, self._account.client_id or "", endpoint, server_now
                ),
            },
        )

    def _keep(self, answer: link.Answer, guessed: datetime) -> AccessToken:
        if answer.status in (400, 401, 403):
            raise link.withdrawn()
        value = answer.resource or {}
        text = value.get("access_token")
        if not answer.fine or not _fit(text):
            raise link.garbage()
        seconds = value.get("expires_in")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
            seconds = _USUAL_LIFE
        life = timedelta(seconds=min(seconds, _LONGEST_LIFE))
        token = AccessToken(str(text), answer.server_time or guessed, self._store.clock.now(), life)
        with self._store.apply_remote() as session:
            # The account may have been changed meanwhile: its token is not this one.
            if state.account(session) == self._account:
                state.save(session, state.LOGIN, _to_dict(token))
        return token

    def _kept(self) -> AccessToken | None:
        with self._store.read() as session:
            value = state.load(session, state.LOGIN)
        try:
            return AccessToken(
                value["token"],
                parse_instant(value["given_at"]),
                parse_instant(value["here_at"]),
                timedelta(seconds=value["life"]),
            )
        except (KeyError, TypeError, ValueError):
            return None

    def _guess(self) -> datetime:
        """The server's time by this PC's clock and how far that was off when last compared."""
        here = self._store.clock.now()
        known = self._token
        try:
            return here if known is None else here + (known.given_at - known.here_at)
        except OverflowError:
            return here

    def _discover(self, transport: Transport) -> str:
        answer = transport.get_json(f"{transport.base}/.well-known/smart-configuration")
        endpoint = (answer.resource or {}).get("token_endpoint")
        if not answer.fine or not isinstance(endpoint, str) or not link.is_private(endpoint):
            raise link.no_login()
        return endpoint


def assertion(key: Jwk, client_id: str, endpoint: str, server_now: datetime) -> str:
    """The signed statement that asks ``endpoint`` for a token; good for four minutes, once."""
    from joserfc import jwt
    from joserfc.jwk import ECKey

    issued = int(server_now.timestamp())
    claims: Json = {
        "iss": client_id,
        "sub": client_id,
        "aud": endpoint,
        "iat": issued,
        "exp": issued + _ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(24),
    }
    header = {"alg": SIGNING_ALGORITHM, "kid": key["kid"], "typ": "JWT"}
    return jwt.encode(header, claims, ECKey.import_key(key), algorithms=[SIGNING_ALGORITHM])


def _fit(text: Any) -> bool:
    """Whether this can stand in a header: a stranger's server must not add lines to it."""
    return isinstance(text, str) and 0 < len(text) <= 8192 and text.isascii() and text.isprintable()


def _to_dict(token: AccessToken) -> dict[str, Any]:
    return {
        "token": token.text,
        "given_at": format_instant(token.given_at),
        "here_at": format_instant(token.here_at),
        "life": token.life.total_seconds(),
    }
