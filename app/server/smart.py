"""Signing in by SMART Backend Services: a signed assertion becomes a short-lived token.

HL7 SMART App Launch 2.2, "Backend Services", and RFC 7523: the device signs a JWT with its
private key (ES384) that names itself, this server's token address and a time of expiry at
most five minutes ahead, and carries an id that is good once. The access token is a random
text whose SHA-256 is looked up at each request, so that a revocation counts at once.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from app.i18n import N_
from app.keys import SIGNING_ALGORITHM
from app.server.keys import device_jwks
from app.server.outcome import Refusal
from app.server.tables import access_token, assertion, device

TOKEN_SECONDS = 1800
LONGEST_ASSERTION_SECONDS = 300
SCOPE = "system/*.crus"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: Static tokens never hold a dot; the two kinds are told apart without a look-up.
PREFIX = "k."
_SECOND = 1_000_000
_LEEWAY = 30 * _SECOND  # the Date header that a device goes by is whole seconds
_LONGEST = 8192  # characters of an assertion


class TokenRefusal(Refusal):
    """A refusal of the token endpoint: an OAuth error (RFC 6749 §5.2) instead of an outcome."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(status, "login", message)
        self.error = error
        self.headers |= {"Content-Type": "application/json", "Cache-Control": "no-store"}

    def body(self) -> str:
        return json.dumps({"error": self.error, "error_description": self.message})


@dataclass(frozen=True, slots=True)
class Verified:
    """An assertion that proved who signed it. ``expires`` in microseconds since 1970."""

    device: str
    organisation: str
    jti_digest: str
    expires: int


def configuration(token_url: str) -> dict[str, Any]:
    """``/.well-known/smart-configuration`` of a server whose token endpoint is ``token_url``."""
    return {
        "token_endpoint": token_url,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": [SIGNING_ALGORITHM],
        "scopes_supported": [SCOPE],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        "code_challenge_methods_supported": ["S256"],
    }


def verify(
    connection: Connection, form: list[tuple[str, str]], token_url: str, now: int
) -> Verified:
    """Check a token request; TokenRefusal if it proves nothing. ``now`` in microseconds."""
    values = dict(form)
    if len(values) != len(form):
        raise TokenRefusal(400, "invalid_request", N_("A parameter stands twice."))
    if values.get("grant_type") != "client_credentials":
        raise TokenRefusal(
            400, "unsupported_grant_type", N_("The only grant type is client_credentials.")
        )
    if values.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenRefusal(
            400, "invalid_request", N_("A client assertion of type jwt-bearer is needed.")
        )
    asked = values.get("scope", SCOPE).split()
    if not any(scope.startswith("system/") for scope in asked):
        raise TokenRefusal(400, "invalid_scope", N_("Only scopes of system/ are given here."))
    text = values.get("client_assertion", "")
    client_id = _claimed_client(text)
    row = connection.execute(
        select(device.c.organisation, device.c.revoked).where(device.c.id == client_id)
    ).first()
    jwks = device_jwks(connection, client_id)
    if row is None or jwks is None:
        raise _invalid(N_("No device of that id signs in with a key here."))
    claims = _signed_claims(text, jwks)
    if row.revoked is not None:
        # Only the device itself, which proved to be it, is told.
        refusal = _invalid(N_("This device's access was withdrawn by the lead hospital."))
        refusal.who = (client_id, row.organisation)
        raise refusal
    return _checked(claims, client_id, row.organisation, token_url, now)


def grant(connection: Connection, verified: Verified, now: int) -> dict[str, Any]:
    """Use the assertion up and give a token; TokenRefusal if it was used before."""
    connection.execute(delete(assertion).where(assertion.c.expires < now - 2 * _LEEWAY))
    connection.execute(delete(access_token).where(access_token.c.expires < now))
    used = connection.scalar(
        select(assertion.c.expires).where(
            assertion.c.device == verified.device, assertion.c.jti_digest == verified.jti_digest
        )
    )
    if used is not None:
        raise _invalid(N_("The assertion was used before."))
    try:
        connection.execute(
            insert(assertion).values(
                device=verified.device, jti_digest=verified.jti_digest, expires=verified.expires
            )
        )
    except IntegrityError:
        raise _invalid(N_("The assertion was used before.")) from None
    token = PREFIX + secrets.token_urlsafe(20)
    connection.execute(
        insert(access_token).values(
            digest=digest(token),
            device=verified.device,
            issued=now,
            expires=now + TOKEN_SECONDS * _SECOND,
        )
    )
    return {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": SCOPE,
    }


def digest(text: str) -> str:
    """SHA-256 of a secret, in hexadecimal: what the database keeps of it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _claimed_client(text: str) -> str:
    """Who the assertion says it is from, before anything is proved."""
    from joserfc.util import urlsafe_b64decode

    parts = text.split(".")
    if len(parts) != 3 or len(text) > _LONGEST or not text.isascii():
        raise _invalid(N_("The client assertion is not a signed JWT."))
    try:
        claims = json.loads(urlsafe_b64decode(parts[1].encode()))
    except (ValueError, RecursionError):
        raise _invalid(N_("The client assertion is not a signed JWT.")) from None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    if not isinstance(issuer, str) or not 0 < len(issuer) <= 64 or "\0" in issuer:
        raise _invalid(N_("The client assertion does not name its issuer."))
    return issuer


def _signed_claims(text: str, jwks: dict[str, Any]) -> dict[str, Any]:
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    keys = [ECKey.import_key(key) for key in jwks["keys"] if key["use"] == "sig"]
    for key in keys:
        try:
            signed = jws.deserialize_compact(text, key, algorithms=[SIGNING_ALGORITHM])
            header, claims = signed.headers(), json.loads(signed.payload)
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
        if isinstance(claims, dict) and header.get("kid", key.kid) == key.kid:
            return claims
    raise _invalid(N_("The signature is not of a key this device enrolled with."))


def _checked(
    claims: dict[str, Any], client_id: str, organisation: str, token_url: str, now: int
) -> Verified:
    audience = claims.get("aud")
    if claims.get("sub") != client_id or claims.get("iss") != client_id:
        raise _invalid(N_("The client assertion speaks for somebody else."))
    # SMART Backend Services: "aud" is the token URL. RFC 7523 would let others stand beside it;
    # but then whoever else is named could sign in here with what was signed for both.
    if audience not in (token_url, [token_url]):
        raise _invalid(N_("The client assertion is meant for another server."))
    jti, expires = claims.get("jti"), claims.get("exp")
    if not isinstance(jti, str) or not 0 < len(jti) <= 255:
        raise _invalid(N_("The client assertion has no id of its own."))
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise _invalid(N_("The client assertion has no time of expiry."))
    # By comparison first: a number from outside may be too large to calculate with.
    if not 0 < expires < 10**11:
        raise _invalid(N_("The client assertion has expired."))
    until = int(expires * _SECOND)
    if until <= now - _LEEWAY:
        raise _invalid(N_("The client assertion has expired."))
    begins = claims.get("nbf", 0)
    if isinstance(begins, bool) or not isinstance(begins, int | float):
        raise _invalid(N_("The client assertion is not valid yet."))
    # RFC 7519 §4.1.5; by comparison first, as above.
    if not begins < 10**11 or begins * _SECOND > now + _LEEWAY:
        raise _invalid(N_("The client assertion is not valid yet."))
    if until > now + LONGEST_ASSERTION_SECONDS * _SECOND + _LEEWAY:
        raise _invalid(N_("The client assertion is valid for more than five minutes."))
    return Verified(client_id, organisation, digest(jti), until)


def _invalid(message: str) -> TokenRefusal:
    return TokenRefusal(401, "invalid_client", message)
