"""This PC's own keys, and the keys of the lead hospital's server it was enrolled at.

The private keys are made once, on this PC, and never leave the encrypted store. A backup of
the store holds them, too, as it holds everything else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.keys import KeyPairs, make_keys
from app.models.store import Store
from app.sync import state


def device_keys(store: Store) -> KeyPairs:
    """This PC's key pairs; made and kept on the first call."""
    with store.read() as session:
        found = kept_keys(session)
    if found is not None:
        return found
    with store.apply_remote() as session:
        return device_keys_in(session)


def device_keys_in(session: Session) -> KeyPairs:
    """As ``device_keys``, in an open write transaction."""
    found = kept_keys(session)
    if found is None:
        found = make_keys()
        state.save(session, state.DEVICE_KEYS, found.to_dict())
    return found


def kept_keys(session: Session) -> KeyPairs | None:
    """This PC's key pairs, or None where it has none yet."""
    value = state.load(session, state.DEVICE_KEYS)
    return KeyPairs.from_dict(value) if value else None


def server_keys(store: Store) -> dict[str, Any] | None:
    """The public keys (JWKS) of the server this PC is enrolled at; None where it told none."""
    with store.read() as session:
        return state.load(session, state.SERVER_KEYS) or None
