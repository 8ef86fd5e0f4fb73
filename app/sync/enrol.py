"""Joining a lead hospital: a one-time code becomes the token of this PC."""

from __future__ import annotations

import platform

from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models.store import Store
from app.sync import answers, link, state
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts, Transport


def enrol(store: Store, server: str, code: str, device: str | None = None) -> ServerAccount:
    """Exchange a one-time enrolment code for a token, which is kept in the encrypted store.

    ``server`` is what a person types (``https://hospital:8443``); ``device`` names this PC in
    the hospital's list. Raises InputError for an address or code that is not good, LinkFault
    where the server cannot be reached. Nothing is kept unless the code opens the server for
    the organisation of this store.
    """
    base = link.fhir_base(server)
    if not code.strip():
        raise InputError({"code": tr("Type the enrolment code from the county hospital.")})
    root = base.rsplit("/", 1)[0] if base.endswith("/fhir") else base
    transport = Transport(base, None, timeouts=Timeouts(connect=10, silence=20, whole=40))
    try:
        status, answer = transport.post_json(
            f"{root}/enrol", {"code": code.strip(), "device": device or _device_name()}
        )
    finally:
        transport.close()
    if status in (400, 403, 422):
        reason = answers.reason_of(answer)
        raise InputError(
            {
                "code": tr("The county hospital did not accept the code: {reason}").format(
                    reason=reason or status
                )
            }
        )
    token = answer.get("token")
    organisation = answer.get("organisation")
    if status not in (200, 201) or not isinstance(token, str) or not token:
        raise link.garbage()
    organisation_id = organisation.get("id") if isinstance(organisation, dict) else None
    if organisation_id != store.organisation_id:
        raise NotAllowed(
            {
                "code": tr(
                    "This code belongs to another organisation. Ask the county hospital for a "
                    "code of your own organisation. Nothing was changed."
                )
            }
        )
    device_id = answer.get("device_id")
    account = ServerAccount(
        base, token, device_id if isinstance(device_id, str) else None, organisation_id
    )
    with store.apply_remote() as session:
        state.set_account(session, account)
    return account


def use_token(store: Store, server: str, token: str) -> ServerAccount:
    """Use a bearer token that was made elsewhere, for servers without enrolment."""
    account = ServerAccount(link.fhir_base(server), token, None, store.organisation_id)
    with store.apply_remote() as session:
        state.set_account(session, account)
    return account


def enrolled_at(store: Store) -> str | None:
    """The base address of the server this PC is enrolled at, or None."""
    with store.read() as session:
        found = state.account(session)
    return None if found is None else found.base


def _device_name() -> str:
    return (platform.node() or "PC")[:200]
