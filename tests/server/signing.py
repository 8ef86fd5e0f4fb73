"""A device that signs in with its key, written without the program's own client."""

from __future__ import annotations

import secrets
import time
from typing import Any

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from app.keys import KeyPairs, make_keys
from app.server.enrolment import enrol_code
from tests.server.serving import ServerProcess

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Device:
    """An enrolled device: its keys, its id, and its token requests."""

    def __init__(self, server: ServerProcess, organisation: str) -> None:
        self.server = server
        self.keys: KeyPairs = make_keys()
        code = enrol_code(server.data_dir, organisation, database_url=server.database_url)
        answer = requests.post(
            f"{server.url}/enrol",
            json={"code": code, "device": "signing PC", "jwks": self.keys.public()},
            timeout=10,
        )
        assert answer.status_code == 201, answer.text
        self.answer = answer.json()
        self.id = self.answer["client_id"]
        self.endpoint = self.answer["smart"]["token_endpoint"]

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims of a good assertion, with changes; a value of None leaves the claim out."""
        now = int(time.time())
        claims = {
            "iss": self.id,
            "sub": self.id,
            "aud": self.endpoint,
            "exp": now + 240,
            "jti": secrets.token_urlsafe(16),
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(
        self,
        claims: dict[str, Any],
        key: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
    ) -> str:
        key = key or self.keys.signing
        made = ECKey.import_key({name: key[name] for name in ("kty", "crv", "x", "y", "d")})
        header = {"alg": "ES384", "kid": key["kid"], **(header or {})}
        return jwt.encode(header, claims, made, algorithms=["ES384"])

    def ask(self, assertion: str | None = None, **changes: Any) -> requests.Response:
        """POST to the token endpoint; a value of None leaves the parameter out."""
        form = {
            "grant_type": "client_credentials",
            "scope": "system/*.crus",
            "client_assertion_type": TYPE,
            "client_assertion": assertion or self.sign(self.claims()),
            **changes,
        }
        form = {name: value for name, value in form.items() if value is not None}
        return requests.post(self.endpoint, data=form, timeout=10)

    def token(self) -> str:
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def get(self, path: str, token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.server.url}/fhir{path}", headers=headers, timeout=10)
