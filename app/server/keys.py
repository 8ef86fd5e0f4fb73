"""The server's own key pairs, and the public keys of devices."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, insert, select

from app.keys import KeyPairs, make_keys
from app.server.tables import device_key, server_key

_SIGNING, _ENCRYPTION = "sig", "enc"


def server_keys(connection: Connection) -> KeyPairs:
    """The server's private keys; made on the first call, which needs a write transaction."""
    rows = connection.execute(select(server_key.c.use, server_key.c.jwk)).all()
    found = {row.use: json.loads(row.jwk) for row in rows}
    if _SIGNING in found and _ENCRYPTION in found:
        return KeyPairs(found[_SIGNING], found[_ENCRYPTION])
    pairs = make_keys()
    connection.execute(
        insert(server_key),
        [
            {"use": _SIGNING, "jwk": json.dumps(pairs.signing)},
            {"use": _ENCRYPTION, "jwk": json.dumps(pairs.encryption)},
        ],
    )
    return pairs


def device_jwks(connection: Connection, device_id: str) -> dict[str, Any] | None:
    """The public keys a device enrolled with; None for a device with a static token."""
    text = connection.scalar(select(device_key.c.jwks).where(device_key.c.device == device_id))
    return None if text is None else json.loads(text)


def keep_device_jwks(connection: Connection, device_id: str, jwks: dict[str, Any]) -> None:
    """Remember the checked public keys of a new device."""
    connection.execute(insert(device_key).values(device=device_id, jwks=json.dumps(jwks)))
