"""Devices and what lets them in: one-time codes, public keys, tokens, revocation.

A code or token is kept only as SHA-256: whoever reads the database cannot sign in with it.
Codes are 60 random bits, tokens 160 and more, so a plain digest needs no salt.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from app.clock import SYSTEM_CLOCK, Clock
from app.errors import InputError, NotFound
from app.i18n import N_, tr
from app.keys import check_jwks
from app.server.database import Database
from app.server.keys import keep_device_jwks, server_keys
from app.server.outcome import Refusal
from app.server.smart import PREFIX, SCOPE, digest
from app.server.tables import access_token, device, device_key, enrolment, organisation

CODE_HOURS = 24
# Crockford's base 32: no I, L, O, U, which are misread or misheard on the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")
_HOUR = 3_600_000_000
_CLOCK_SLACK = 300_000_000
_BY_TOKEN = select(device.c.id, device.c.organisation, device.c.revoked).where(
    device.c.token_digest == bindparam("digest")
)
_BY_ACCESS_TOKEN = (
    select(
        device.c.id,
        device.c.organisation,
        device.c.revoked,
        access_token.c.issued,
        access_token.c.expires,
    )
    .join(device, device.c.id == access_token.c.device)
    .where(access_token.c.digest == bindparam("digest"))
)
_DEVICES = select(
    device.c.id,
    device.c.name,
    device.c.organisation,
    device.c.enrolled,
    device.c.revoked,
    device_key.c.device.is_not(None),
).outerjoin(device_key, device_key.c.device == device.c.id)


@dataclass(frozen=True, slots=True)
class Device:
    """A PC that may use the server. Times are microseconds since 1970, UTC.

    ``by_key`` tells a device that signs in with its key from one with a static token.
    """

    id: str
    name: str
    organisation_id: str
    enrolled: int
    revoked: int | None
    by_key: bool = False


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A bearer token without end, shown once, and the device it stands for."""

    token: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of this server's directory, and how many devices may use the server."""

    id: str
    name: str
    type: str
    devices: int


def enrol_code(
    data_dir: Path,
    organisation_id: str,
    clock: Clock = SYSTEM_CLOCK,
    database_url: str | None = None,
) -> str:
    """A new one-time code, good for 24 hours, with which one PC joins the organisation.

    Raises InputError where the directory of this server has no such organisation.
    """
    with opened(data_dir, clock, database_url) as database, database.write() as connection:
        return issue_code(connection, organisation_id, database.now())


def issue_token(
    data_dir: Path,
    organisation_id: str,
    name: str = "static token",
    clock: Clock = SYSTEM_CLOCK,
    database_url: str | None = None,
) -> StaticToken:
    """A bearer token for a program that cannot sign in with a key; good until it is revoked.

    Raises InputError where the directory of this server has no such organisation.
    """
    with opened(data_dir, clock, database_url) as database, database.write() as connection:
        _organisation_entry(connection, organisation_id)
        token = secrets.token_urlsafe(32)
        now = database.now()
        device_id = _add_device(connection, organisation_id, name, digest(token), now)
        return StaticToken(token, device_id)


def list_devices(data_dir: Path, database_url: str | None = None) -> list[Device]:
    """Every device that was ever enrolled, oldest first."""
    with opened(data_dir, url=database_url) as database, database.read() as connection:
        rows = connection.execute(_DEVICES.order_by(device.c.enrolled, device.c.id))
        return [Device(*row) for row in rows]


def list_organisations(data_dir: Path, database_url: str | None = None) -> list[Organisation]:
    """The directory of this server, by id."""
    counted = (
        select(func.count())
        .where(device.c.organisation == organisation.c.id, device.c.revoked.is_(None))
        .scalar_subquery()
    )
    with opened(data_dir, url=database_url) as database, database.read() as connection:
        rows = connection.execute(
            select(organisation.c.id, organisation.c.entry, counted).order_by(organisation.c.id)
        )
        return [
            Organisation(id_, entry["name"], entry["type"], devices)
            for id_, entry, devices in ((row[0], json.loads(row[1]), row[2]) for row in rows)
        ]


def revoke_device(data_dir: Path, device_id: str, database_url: str | None = None) -> None:
    """Refuse the device from its next request on; NotFound if there is none of that id."""
    with opened(data_dir, url=database_url) as database, database.write() as connection:
        changed = connection.execute(
            update(device)
            .where(device.c.id == device_id, device.c.revoked.is_(None))
            .values(revoked=database.now())
        )
        if not changed.rowcount and find_device(connection, device_id) is None:
            raise NotFound(tr("No device of that id was ever enrolled here."))


def find_device(connection: Connection, device_id: str) -> Device | None:
    """The device of that id, revoked or not."""
    row = connection.execute(_DEVICES.where(device.c.id == device_id)).first()
    return None if row is None else Device(*row)


def issue_code(connection: Connection, organisation_id: str, now: int) -> str:
    """As ``enrol_code``, in an open write transaction."""
    _organisation_entry(connection, organisation_id)
    plain = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    connection.execute(
        insert(enrolment).values(
            code_digest=digest(plain),
            organisation=organisation_id,
            expires=now + CODE_HOURS * _HOUR,
        )
    )
    return f"{plain[:4]}-{plain[4:8]}-{plain[8:]}"


def enrol(connection: Connection, code: Any, name: Any, jwks: Any, now: int) -> str:
    """Use up a code for a device with these public keys; the device's id. Refusal if unfit."""
    if not isinstance(code, str) or not isinstance(name, str):
        raise Refusal(400, "structure", N_("Enrolment needs the texts code and device."))
    name = name.strip()
    if not name or len(name) > 200:
        raise Refusal(400, "value", N_("The device needs a name of at most 200 characters."))
    try:
        keys = check_jwks(jwks)
    except ValueError:
        raise Refusal(
            400,
            "value",
            N_("Enrolment needs the device's public keys (jwks): one to sign, one to encrypt."),
        ) from None
    plain = "".join(code.upper().translate(_MISREAD).split()).replace("-", "")
    row = connection.execute(
        select(enrolment.c.organisation, enrolment.c.expires, enrolment.c.used).where(
            enrolment.c.code_digest == digest(plain)
        )
    ).first()
    if row is None or row.used is not None or row.expires <= now:
        raise Refusal(
            403, "login", N_("The code is wrong, was used before, or is older than 24 hours.")
        )
    connection.execute(
        update(enrolment).where(enrolment.c.code_digest == digest(plain)).values(used=now)
    )
    return _add_keyed_device(connection, row.organisation, name, keys, now)


def admit(
    connection: Connection, organisation_id: str, name: str, jwks: dict[str, Any], now: int
) -> str:
    """Enrol a device without a code, by somebody at the hospital itself; the device's id.

    Raises InputError for keys that are none, or an organisation the directory does not have.
    """
    _organisation_entry(connection, organisation_id)
    try:
        keys = check_jwks(jwks)
    except ValueError:
        raise InputError({"keys": tr("The device's keys cannot be read.")}) from None
    name = (name.strip() or "PC")[:200]
    return _add_keyed_device(connection, organisation_id, name, keys, now)


def answer(connection: Connection, device_id: str, fhir_base: str) -> dict[str, Any]:
    """What a newly enrolled device is told: who it is, where to sign in, the server's keys.

    Needs a write transaction the first time (the server's keys are made). NotFound for a
    device that was never enrolled.
    """
    found = find_device(connection, device_id)
    if found is None:
        raise NotFound(tr("No device of that id was ever enrolled here."))
    return {
        "device_id": device_id,
        "client_id": device_id,
        "organisation": _organisation_entry(connection, found.organisation_id),
        "fhir_base": fhir_base,
        "smart": {"token_endpoint": token_url(fhir_base), "scope": SCOPE},
        "server_keys": server_keys(connection).public(),
    }


def token_url(fhir_base: str) -> str:
    """The token endpoint beside a FHIR base address."""
    return f"{fhir_base.removesuffix('/fhir')}/token"


def authenticate(connection: Connection, token: str, now: int) -> tuple[str, str]:
    """Device id and organisation id of a bearer token; Refusal 401 if it opens nothing."""
    by_key = token.startswith(PREFIX)
    statement: Select[Any] = _BY_ACCESS_TOKEN if by_key else _BY_TOKEN
    row = connection.execute(statement, {"digest": digest(token)}).first()
    if by_key:
        # A token from the future was given before the clock stepped back: how old is it?
        if row is None or not row.issued - _CLOCK_SLACK <= now < row.expires:
            raise unauthenticated(N_("The access token has expired. Sign in again."))
    elif row is None:
        raise unauthenticated(N_("The access token is not known here. Enrol this device again."))
    if row.revoked is not None:
        refusal = unauthenticated(N_("This device's access was withdrawn by the lead hospital."))
        refusal.who = (row.id, row.organisation)
        raise refusal
    return row.id, row.organisation


def unauthenticated(message: str) -> Refusal:
    """A 401 with this English sentence."""
    refusal = Refusal(401, "login", message)
    refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal


def _add_keyed_device(
    connection: Connection, organisation_id: str, name: str, keys: dict[str, Any], now: int
) -> str:
    device_id = _add_device(connection, organisation_id, name, None, now)
    keep_device_jwks(connection, device_id, keys)
    return device_id


def _add_device(
    connection: Connection, organisation_id: str, name: str, token_digest: str | None, now: int
) -> str:
    device_id = str(uuid.uuid4())
    connection.execute(
        insert(device).values(
            id=device_id,
            name=name,
            organisation=organisation_id,
            # No text has this digest: the device has no static token.
            token_digest=token_digest or f"none:{device_id}",
            enrolled=now,
        )
    )
    return device_id


def _organisation_entry(connection: Connection, organisation_id: str) -> dict[str, Any]:
    text = connection.scalar(
        select(organisation.c.entry).where(organisation.c.id == organisation_id)
    )
    if text is None:
        raise InputError({"organisation": tr("This server's directory has no such organisation.")})
    return dict(json.loads(text))


@contextmanager
def opened(
    data_dir: Path, clock: Clock = SYSTEM_CLOCK, url: str | None = None
) -> Iterator[Database]:
    """The database of a server, for one command beside the running server."""
    database = Database(data_dir, url, clock)
    try:
        yield database
    finally:
        database.close()
