"""Staff accounts of this PC: signing in, new staff, roles, passwords, leaving.

An account is a row of the staff table and a key to the store in ``accounts.json``. The roles that
count are those of the encrypted store: the file of accounts lies open on the disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.first_setup import SignedIn, check_login, check_passwords
from app.care.parsing import ParseError, clean_name, clean_text
from app.clock import SYSTEM_CLOCK, Clock
from app.errors import InputError, NotAllowed, NotFound, StoreDamaged, WrongPassword
from app.i18n import tr
from app.models import codes, keyring, swap
from app.models.actor import Actor
from app.models.audit import record_access
from app.models.identity import new_id
from app.models.organisation import Organisation, Staff
from app.models.store import Store, note_damage, open_store

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is asked for a new member of staff."""

    name: str
    login: str
    roles: tuple[str, ...]
    password: str
    password_again: str
    title: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account in the list of the settings."""

    staff_id: str
    name: str
    login: str
    roles: tuple[str, ...]
    title: str
    active: bool


@dataclass(frozen=True, slots=True)
class OrganisationCard:
    """What the settings show of the own organisation."""

    name: str
    kind: str
    lead: str
    green_channel_phone: str


def warm_up() -> None:
    """Load what the first sign-in needs, while its password is still being typed."""
    import argon2.low_level  # noqa: F401
    import cryptography.hazmat.primitives.ciphers.aead  # noqa: F401
    import sqlcipher3.dbapi2  # noqa: F401
    from sqlalchemy.orm import configure_mappers

    import app.models.schema  # noqa: F401

    configure_mappers()


def sign_in(folder: Path, login: str, password: str, clock: Clock = SYSTEM_CLOCK) -> SignedIn:
    """Open the store as a person; a damaged one for reading only (``SignedIn.read_only``).

    Raises ``WrongPassword``; ``StoreFault`` where the store cannot be opened.
    """
    swap.finish(folder)
    ring = keyring.load(folder)
    account, data_key = keyring.unlock(ring, login, password)
    store = open_store(folder, data_key, ring.organisation_id, clock)
    try:
        actor = _actor(store, account.staff_id)
        _note_sign_in(store, actor)
        name = organisation_name(store) or ring.organisation_name
    except BaseException:
        store.close()
        raise
    return SignedIn(store, actor, name)


def _note_sign_in(store: Store, actor: Actor) -> None:
    """In the audit trail; a store that does not take even that is read-only from now on."""
    if store.read_only:
        return
    try:
        record_access(store, actor, "sign_in", "staff", actor.staff_id)
    except StoreDamaged:
        note_damage(store.folder)
        store.turn_read_only()


def switch_user(store: Store, login: str, password: str) -> Actor:
    """Another person (or the same after the lock) takes over the open store.

    Raises ``WrongPassword``. What the first person left unsent stays hers and is still sent.
    """
    account, data_key = keyring.unlock(keyring.load(store.folder), login, password)
    if data_key != store.wrap_key():
        raise WrongPassword(
            {"password": tr("This account belongs to another record store. Nothing was changed.")}
        )
    actor = _actor(store, account.staff_id)
    _note_sign_in(store, actor)
    return actor


def reset_with_recovery_key(
    folder: Path, recovery_key: str, login: str, password: str, password_again: str
) -> None:
    """Give an account a new password by the printed recovery key; the old one stops working.

    Raises ``InputError`` by field (``recovery_key``, ``password`` …).
    """
    problems: dict[str, str] = {}
    check_passwords(password, password_again, problems)
    if problems:
        raise InputError(problems)
    ring = keyring.load(folder)
    try:
        data_key = keyring.unlock_with_recovery_key(ring, recovery_key)
    except WrongPassword:
        raise WrongPassword(
            {
                "recovery_key": tr(
                    "This recovery key does not fit. Nothing was changed. "
                    "Compare it with the printed page, sign by sign."
                )
            }
        ) from None
    keyring.set_password(ring, data_key, login, password)


def list_accounts(store: Store) -> tuple[AccountLine, ...]:
    """The accounts of this organisation, active ones first, then by name."""
    with store.read() as session:
        rows = session.scalars(
            select(Staff)
            .where(Staff.org_id == store.organisation_id, Staff.login.is_not(None))
            .order_by(Staff.active.desc(), Staff.name, Staff.id)
        )
        return tuple(_line(row) for row in rows)


def create_account(store: Store, actor: Actor, new: NewAccount) -> AccountLine:
    """A new member of staff with an account on this PC. Only an administrator may.

    Raises ``InputError`` by field.
    """
    _need_administrator(actor)
    problems: dict[str, str] = {}
    name = new.name
    try:
        name = clean_name(new.name)
    except ParseError as error:
        problems["name"] = error.message
    login = check_login(new.login, problems)
    _check_roles(new.roles, problems)
    check_passwords(new.password, new.password_again, problems)
    ring = keyring.load(store.folder)
    # A login is never used again, not even one of somebody who has left: it names who wrote what.
    if any(entry["login"] == login for entry in ring.entries):
        problems.setdefault(
            "login", tr("This sign-in name is taken on this PC. Choose another one.")
        )
    if problems:
        raise InputError(problems)
    staff_id = new_id()
    with store.write(actor) as session:
        row = Staff(
            id=staff_id,
            name=name,
            login=login,
            org_id=store.organisation_id,
            roles=list(new.roles),
            title=clean_text(new.title) or None,
            phone=clean_text(new.phone) or None,
        )
        session.add(row)
        session.flush()
        # Inside the transaction: where the key file cannot be written, the row goes back too.
        account = keyring.Account(staff_id, login, name, tuple(new.roles))
        keyring.add_account(ring, store.wrap_key(), account, new.password)
        return _line(row)


def change_roles(store: Store, actor: Actor, staff_id: str, roles: Iterable[str]) -> AccountLine:
    """Give a member of staff other roles. One administrator always remains."""
    _need_administrator(actor)
    wanted = tuple(roles)
    problems: dict[str, str] = {}
    _check_roles(wanted, problems)
    if problems:
        raise InputError(problems)
    with store.write(actor) as session:
        row = _staff(session, store, staff_id)
        row.roles = list(wanted)
        session.flush()
        _keep_one_administrator(session, store)
        _update_key_file(store, row)
        return _line(row)


def set_active(store: Store, actor: Actor, staff_id: str, active: bool) -> AccountLine:
    """Close the account of somebody who left, or open it again. Records keep their author."""
    _need_administrator(actor)
    if staff_id == actor.staff_id:
        raise InputError(
            {"active": tr("You cannot close your own account. Ask another administrator.")}
        )
    with store.write(actor) as session:
        row = _staff(session, store, staff_id)
        row.active = active
        session.flush()
        _keep_one_administrator(session, store)
        _update_key_file(store, row)
        return _line(row)


def change_password(
    store: Store, actor: Actor, old: str, password: str, password_again: str
) -> None:
    """The person's own password; the old one is asked. Raises ``InputError`` by field."""
    problems: dict[str, str] = {}
    check_passwords(password, password_again, problems)
    if problems:
        raise InputError(problems)
    ring = keyring.load(store.folder)
    login = _login_of(store, actor.staff_id)
    try:
        keyring.unlock(ring, login, old)
    except WrongPassword as error:
        raise WrongPassword({"old_password": str(error)}) from None
    keyring.set_password(ring, store.wrap_key(), login, password)


def reset_password(
    store: Store, actor: Actor, staff_id: str, password: str, password_again: str
) -> None:
    """An administrator gives somebody who forgot the password a new one."""
    _need_administrator(actor)
    problems: dict[str, str] = {}
    check_passwords(password, password_again, problems)
    if problems:
        raise InputError(problems)
    login = _login_of(store, staff_id)
    keyring.set_password(keyring.load(store.folder), store.wrap_key(), login, password)
    record_access(store, actor, "password_reset", "staff", staff_id)


def renew_recovery_key(store: Store, actor: Actor) -> str:
    """A new recovery key to print; the old page is worthless at once. Administrators only."""
    _need_administrator(actor)
    _, recovery_key = keyring.renew_recovery_key(keyring.load(store.folder), store.wrap_key())
    record_access(store, actor, "recovery_key_renewed", "staff", actor.staff_id)
    return recovery_key


def organisation_name(store: Store) -> str:
    """The name of the organisation that this PC belongs to."""
    with store.read() as session:
        row = session.get(Organisation, store.organisation_id)
        return row.name if row is not None else ""


def organisation_card(store: Store) -> OrganisationCard:
    """The own organisation and its lead hospital."""
    with store.read() as session:
        row = session.get(Organisation, store.organisation_id)
        if row is None:
            raise NotFound(tr("The organisation of this PC is not in its records."))
        lead = session.get(Organisation, row.lead_id) if row.lead_id else None
        other = lead is not None and lead.id != row.id
        return OrganisationCard(
            name=row.name,
            kind=codes.label("organisation_type", row.type),
            lead=lead.name if lead is not None and other else "",
            green_channel_phone=(lead or row).green_channel_phone or "",
        )


def _actor(store: Store, staff_id: str) -> Actor:
    with store.read() as session:
        row = session.get(Staff, staff_id)
        if row is None or not row.active:
            raise NotAllowed(
                {
                    "password": tr(
                        "This account is closed. Nothing was changed. Ask your administrator."
                    )
                }
            )
        return Actor(row.id, store.organisation_id, row.name, frozenset(row.roles))


def _staff(session: Session, store: Store, staff_id: str) -> Staff:
    row = session.get(Staff, staff_id)
    if row is None or row.org_id != store.organisation_id or row.login is None:
        raise NotFound(tr("There is no such account on this PC."))
    return row


def _login_of(store: Store, staff_id: str) -> str:
    with store.read() as session:
        return _staff(session, store, staff_id).login or ""


def _update_key_file(store: Store, row: Staff) -> None:
    account = keyring.Account(row.id, row.login or "", row.name, tuple(row.roles), row.active)
    keyring.update_account(keyring.load(store.folder), account)


def _keep_one_administrator(session: Session, store: Store) -> None:
    rows = session.scalars(
        select(Staff).where(
            Staff.org_id == store.organisation_id, Staff.active, Staff.login.is_not(None)
        )
    )
    if not any(ADMINISTRATOR in row.roles for row in rows):
        raise InputError(
            {
                "roles": tr(
                    "One administrator must remain. Nothing was changed. "
                    "Make somebody else administrator first."
                )
            }
        )


def _need_administrator(actor: Actor) -> None:
    if not actor.has_role(ADMINISTRATOR):
        raise NotAllowed(tr("Only an administrator may change accounts. Nothing was changed."))


def _check_roles(roles: Iterable[str], problems: dict[str, str]) -> None:
    wanted = tuple(roles)
    if not wanted or not all(codes.is_known("staff_role", role) for role in wanted):
        problems["roles"] = tr("Choose at least one role.")


def _line(row: Staff) -> AccountLine:
    return AccountLine(
        row.id, row.name, row.login or "", tuple(row.roles), row.title or "", row.active
    )
