"""Behind ``python -m app connection``: how this PC reaches and enters its server, headless."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from app.keys import fingerprint
from app.models.store import Store
from app.sync import enrol, state
from app.sync.connection import change_settings, read_certificates, settings
from app.sync.device import device_keys


def public_keys(store: Store) -> int:
    """Print this PC's public keys (JWKS), for a server where somebody registers them by hand."""
    print(json.dumps(device_keys(store).public(), indent=1))
    return 0


def connection(
    store: Store,
    *,
    server: str | None = None,
    client_id: str | None = None,
    token_endpoint: str | None = None,
    scope: str | None = None,
    proxy: str | None = None,
    ca: Path | None = None,
    no_ca: bool = False,
) -> int:
    """Change what was given, then print how it stands. No secret is printed.

    ``server`` with ``client_id`` enters a SMART server that knows this PC's public keys;
    ``server`` alone is a new address of the server joined before.
    """
    if proxy is not None or ca is not None or no_ca:
        chosen = settings(store)
        if proxy is not None:
            chosen = replace(chosen, proxy=proxy)
        if no_ca:
            chosen = replace(chosen, ca=None, ca_name=None)
        elif ca is not None:
            text, name = read_certificates(ca)
            chosen = replace(chosen, ca=text, ca_name=name)
        change_settings(store, chosen)
    if server is not None and client_id is not None:
        enrol.register(store, server, client_id, token_endpoint, scope)
    elif server is not None:
        enrol.change_address(store, server)
    chosen = settings(store)
    with store.read() as session:
        account = state.account(session)
    way = "-"
    if account is not None:
        way = "token" if account.token else f"key, client id {account.client_id}"
    print(f"server: {account.base if account else '-'}")
    print(f"signs in by: {way}")
    print(f"keys: {fingerprint(device_keys(store).public())}")
    print(f"proxy: {_without_account(chosen.proxy)}")
    print(f"certificate authority: {chosen.ca_name or 'those of this machine'}")
    return 0


def _without_account(proxy: str) -> str:
    scheme, separator, rest = proxy.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else proxy
