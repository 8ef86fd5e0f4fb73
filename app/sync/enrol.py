"""Joining a lead hospital: with a one-time code this PC's public key is made known there."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import Any

from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.keys import check_jwks
from app.models.store import Store
from app.sync import answers, link, state
from app.sync.connection import connect
from app.sync.device import device_keys
from app.sync.link import Json
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts


def enrol(store: Store, server: str, code: str, device: str | None = None) -> ServerAccount:
    """Make this PC's public keys known to a server with a one-time enrolment code.

    From then on this PC signs in with its private key, which never leaves the encrypted store.

    ``server`` is what a person types (``https://hospital:8443``); ``device`` names this PC in
    the hospital's list. Raises InputError for an address or code that is not good, LinkFault
    where the server cannot be reached. Nothing is kept unless the code opens the server for
    the organisation of this store.
    """
    base = link.fhir_base(server)
    if not code.strip():
        raise InputError({"code": tr("Type the enrolment code from the county hospital.")})
    keys = device_keys(store)
    transport = connect(store, base, Timeouts(connect=10, silence=20, whole=40))
    try:
        status, answer = transport.post_json(
            f"{_root(base)}/enrol",
            {
                "code": code.strip(),
                "device": device or _device_name(),
                "jwks": keys.public(),
            },
        )
    finally:
        transport.close()
    if status in (400, 401, 403, 422):
        reason = answers.reason_of(answer)
        raise InputError(
            {
                "code": tr("The county hospital did not accept the code: {reason}").format(
                    reason=reason or status
                )
            }
        )
    if status not in (200, 201):
        raise link.garbage()
    account = join(store, base, answer)
    _try_key(store, account)
    return account


def join(store: Store, base: str, answer: Json, *, same_server: bool = False) -> ServerAccount:
    """Keep what a server told at enrolment, by network or in a seed file.

    ``base`` is the FHIR base address that this PC knows the server by; ``same_server`` says
    that its keys prove it to be the one joined before. Raises NotAllowed where the answer is
    for another organisation, LinkFault where it is none; nothing is kept then.
    """
    client_id, smart = answer.get("client_id"), answer.get("smart")
    token, device_id = answer.get("token"), answer.get("device_id")
    organisation = answer.get("organisation")
    organisation_id = organisation.get("id") if isinstance(organisation, dict) else None
    by_key = isinstance(client_id, str) and bool(client_id)
    if not by_key and not (isinstance(token, str) and token):
        raise link.garbage()
    if organisation_id != store.organisation_id:
        raise NotAllowed(
            {
                "code": tr(
                    "This code belongs to another organisation. Ask the county hospital for a "
                    "code of your own organisation. Nothing was changed."
                )
            }
        )
    account = ServerAccount(
        base,
        None if by_key else token,
        device_id if isinstance(device_id, str) else None,
        organisation_id,
        client_id if by_key else None,
        _endpoint(smart),
        smart.get("scope") if isinstance(smart, dict) else None,
    )
    try:
        keys: Json = check_jwks(answer.get("server_keys"))
    except ValueError:
        # A server that does not take courier files.
        keys = {}
    with store.apply_remote() as session:
        state.set_account(session, account, same_server=same_server)
        state.save(session, state.SERVER_KEYS, keys)
    return account


def use_token(store: Store, server: str, token: str) -> ServerAccount:
    """Use a bearer token that was made elsewhere, for servers without enrolment."""
    return _keep(store, ServerAccount(link.fhir_base(server), token, None, store.organisation_id))


def register(
    store: Store,
    server: str,
    client_id: str,
    token_endpoint: str | None = None,
    scope: str | None = None,
) -> ServerAccount:
    """Sign in with this PC's key at a SMART server where somebody registered its public keys.

    Without ``token_endpoint`` the server's ``.well-known/smart-configuration`` names it.
    Raises InputError for an address that is none.
    """
    base = link.fhir_base(server)
    if not client_id.strip():
        raise InputError({"client_id": tr("Type the client id that the server gave this PC.")})
    if token_endpoint is not None and not link.is_private(token_endpoint):
        raise InputError(
            {"token_endpoint": tr("The address to sign in at must begin with https://.")}
        )
    device_keys(store)
    account = ServerAccount(
        base, None, None, store.organisation_id, client_id.strip(), token_endpoint, scope
    )
    return _keep(store, account)


def change_address(store: Store, server: str) -> ServerAccount:
    """The same server under another address: nothing else changes, nothing is fetched anew.

    Raises InputError for an address that is none, or where no server was joined before.
    """
    base = link.fhir_base(server)
    with store.apply_remote() as session:
        known = state.account(session)
        if known is None:
            raise InputError({"server": tr("This PC has not joined a server yet.")})
        endpoint = known.token_endpoint
        if endpoint and endpoint.startswith(_root(known.base) + "/"):
            endpoint = _root(base) + endpoint[len(_root(known.base)) :]
        account = replace(known, base=base, token_endpoint=endpoint)
        state.move_account(session, account)
    return account


def enrolled_at(store: Store) -> str | None:
    """The base address of the server this PC is enrolled at, or None."""
    with store.read() as session:
        found = state.account(session)
    return None if found is None else found.base


def _try_key(store: Store, account: ServerAccount) -> None:
    """Sign in for the first time, so that the first sync begins with its records."""
    transport = connect(store, account, Timeouts(connect=10, silence=20, whole=40))
    try:
        if transport.login is not None:
            transport.login.token(transport)
    except link.LinkFault:
        # Enrolled is enrolled; the next sync signs in, or says why it cannot.
        pass
    finally:
        transport.close()


def _keep(store: Store, account: ServerAccount) -> ServerAccount:
    with store.apply_remote() as session:
        state.set_account(session, account)
        state.save(session, state.SERVER_KEYS, {})
    return account


def _endpoint(smart: Any) -> str | None:
    told = smart.get("token_endpoint") if isinstance(smart, dict) else None
    return told if isinstance(told, str) and link.is_private(told) else None


def _root(base: str) -> str:
    return base.removesuffix("/fhir")


def _device_name() -> str:
    return (platform.node() or "PC")[:200]
