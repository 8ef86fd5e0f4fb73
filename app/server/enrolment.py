"""Devices and their keys to the server: one-time codes, tokens, revocation.

A code or token is kept only as SHA-256: whoever reads the database cannot sign in with it.
Codes are 60 random bits, tokens 256, so a plain digest needs no salt.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from app.clock import SYSTEM_CLOCK, Clock
from app.errors import InputError, NotFound
from app.i18n import N_, tr
from app.server.database import Database
from app.server.outcome import Refusal
from app.server.tables import device, enrolment, organisation

CODE_HOURS = 24
# Crockford's base 32: no I, L, O, U, which are misread or misheard on the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")
_HOUR = 3_600_000_000
_BY_TOKEN = select(device.c.id, device.c.organisation, device.c.revoked).where(
    device.c.token_digest == bindparam("digest")
)


@dataclass(frozen=True, slots=True)
class Device:
    """A PC that may use the server. Times are microseconds since 1970, UTC."""

    id: str
    name: str
    organisation_id: str
    enrolled: int
    revoked: int | None


def enrol_code(data_dir: Path, organisation_id: str, clock: Clock = SYSTEM_CLOCK) -> str:
    """A new one-time code, good for 24 hours, with which one PC joins the organisation.

    Raises InputError where the directory of this server has no such organisation.
    """
    with _opened(data_dir, clock) as database, database.write() as connection:
        return issue_code(connection, organisation_id, database.now())


def list_devices(data_dir: Path) -> list[Device]:
    """Every device that was ever enrolled, oldest first."""
    with _opened(data_dir) as database, database.read() as connection:
        rows = connection.execute(
            select(
                device.c.id,
                device.c.name,
                device.c.organisation,
                device.c.enrolled,
                device.c.revoked,
            ).order_by(device.c.enrolled, device.c.id)
        )
        return [Device(*row) for row in rows]


def revoke_device(data_dir: Path, device_id: str) -> None:
    """Refuse the device from its next request on; NotFound if there is none of that id."""
    with _opened(data_dir) as database, database.write() as connection:
        changed = connection.execute(
            update(device)
            .where(device.c.id == device_id, device.c.revoked.is_(None))
            .values(revoked=database.now())
        )
        if changed.rowcount:
            return
        if connection.scalar(select(device.c.id).where(device.c.id == device_id)) is None:
            raise NotFound(tr("No device of that id was ever enrolled here."))


def issue_code(connection: Connection, organisation_id: str, now: int) -> str:
    """As ``enrol_code``, in an open write transaction."""
    known = connection.scalar(select(organisation.c.id).where(organisation.c.id == organisation_id))
    if known is None:
        raise InputError({"organisation": tr("This server's directory has no such organisation.")})
    plain = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    connection.execute(
        insert(enrolment).values(
            code_digest=_digest(plain),
            organisation=organisation_id,
            expires=now + CODE_HOURS * _HOUR,
        )
    )
    return f"{plain[:4]}-{plain[4:8]}-{plain[8:]}"


def enrol(connection: Connection, code: Any, name: Any, now: int) -> dict[str, Any]:
    """Use up a code: the answer with token, device id and organisation. Refusal if unfit."""
    if not isinstance(code, str) or not isinstance(name, str):
        raise Refusal(400, "structure", N_("Enrolment needs the texts code and device."))
    name = name.strip()
    if not name or len(name) > 200:
        raise Refusal(400, "value", N_("The device needs a name of at most 200 characters."))
    plain = "".join(code.upper().translate(_MISREAD).split()).replace("-", "")
    row = connection.execute(
        select(enrolment.c.organisation, enrolment.c.expires, enrolment.c.used).where(
            enrolment.c.code_digest == _digest(plain)
        )
    ).first()
    if row is None or row.used is not None or row.expires <= now:
        raise Refusal(
            403, "login", N_("The code is wrong, was used before, or is older than 24 hours.")
        )
    connection.execute(
        update(enrolment).where(enrolment.c.code_digest == _digest(plain)).values(used=now)
    )
    token = secrets.token_urlsafe(32)
    device_id = str(uuid.uuid4())
    connection.execute(
        insert(device).values(
            id=device_id,
            name=name,
            organisation=row.organisation,
            token_digest=_digest(token),
            enrolled=now,
        )
    )
    entry = connection.scalar(
        select(organisation.c.entry).where(organisation.c.id == row.organisation)
    )
    return {"token": token, "device_id": device_id, "organisation": json.loads(entry or "{}")}


def authenticate(connection: Connection, token: str) -> tuple[str, str]:
    """Device id and organisation id of a bearer token; Refusal 401 if it opens nothing."""
    row = connection.execute(_BY_TOKEN, {"digest": _digest(token)}).first()
    if row is None:
        raise unauthenticated(N_("The access token is not known here. Enrol this device again."))
    if row.revoked is not None:
        raise unauthenticated(N_("This device's access was withdrawn by the lead hospital."))
    return row.id, row.organisation


def unauthenticated(message: str) -> Refusal:
    refusal = Refusal(401, "login", message)
    refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def _opened(data_dir: Path, clock: Clock = SYSTEM_CLOCK) -> Iterator[Database]:
    database = Database(data_dir, wall_clock=clock)
    try:
        yield database
    finally:
        database.close()
