"""First set-up of a PC: its organisation, the administrator's account, the recovery key.

``prepare`` makes the keys in memory and checks everything that was typed; the recovery key is
shown and confirmed before ``set_up`` writes anything. The file of accounts is written last, so a
set-up that is cut off leaves nothing that could be mistaken for a finished one.
"""

from __future__ import annotations

import json
import shutil
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from app.care.parsing import ParseError, clean_name, clean_text, half_width
from app.clock import SYSTEM_CLOCK, Clock
from app.errors import InputError
from app.i18n import tr
from app.models import keyring
from app.models.actor import Actor
from app.models.faults import environment_faults
from app.models.identity import new_id
from app.models.keyring import Keyring
from app.models.store import STORE_FILE, Store, create_store
from app.paths import resources

MEMBER_TYPES = ("LEAD_HOSPITAL", "TOWNSHIP_CENTER", "CARE_INSTITUTION")

# Whoever sets a PC up works there too; the administrator gives finer roles later.
_FIRST_ROLES = {
    "LEAD_HOSPITAL": ("administrator", "specialist", "referral_coordinator"),
    "TOWNSHIP_CENTER": ("administrator", "doctor"),
    "CARE_INSTITUTION": ("administrator", "nurse"),
}


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """An organisation of the county's directory that a PC can be set up for."""

    id: str
    name: str
    type: str
    consortium: str


@dataclass(frozen=True, slots=True)
class FirstSetUp:
    """What the set-up asks. ``organisation_id`` None: the organisation was typed by hand."""

    organisation_id: str | None
    organisation_name: str
    organisation_type: str
    name: str
    login: str
    password: str
    password_again: str


@dataclass(frozen=True, slots=True)
class PreparedSetUp:
    """Checked input and fresh keys; nothing is on the disk yet."""

    folder: Path
    setup: FirstSetUp
    organisation_id: str
    ring: Keyring
    data_key: bytes
    recovery_key: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An open store and the person working in it."""

    store: Store
    actor: Actor
    organisation_name: str

    @property
    def read_only(self) -> bool:
        """The store is damaged: it can be read, and a backup should be put back."""
        return self.store.read_only


def directory() -> tuple[DirectoryEntry, ...]:
    """The members of the county's consortia, in the order of the directory."""
    found = []
    for values in _directory_rows():
        if values.get("type") in MEMBER_TYPES:
            found.append(
                DirectoryEntry(
                    id=str(values["id"]),
                    name=str(values["name"]),
                    type=str(values["type"]),
                    consortium=str(values.get("consortium_id") or ""),
                )
            )
    return tuple(found)


def prepare(folder: Path, setup: FirstSetUp) -> PreparedSetUp:
    """Check what was typed and make the keys. Raises ``InputError`` by field; writes nothing."""
    problems: dict[str, str] = {}
    if keyring.exists(folder):
        raise InputError(tr("This PC is already set up. Close the program and start it again."))
    organisation = clean_text(setup.organisation_name)
    if not organisation:
        problems["organisation"] = tr("Choose the organisation of this PC, or type its name.")
    elif len(organisation) > 100:
        problems["organisation"] = tr("The name of an organisation has at most 100 characters.")
    if setup.organisation_type not in MEMBER_TYPES:
        problems["organisation_type"] = tr("Choose the kind of the organisation.")
    name = setup.name
    try:
        name = clean_name(setup.name)
    except ParseError as error:
        problems["name"] = error.message
    login = check_login(setup.login, problems)
    check_passwords(setup.password, setup.password_again, problems)
    if problems:
        raise InputError(problems)
    organisation_id = setup.organisation_id or new_id()
    ring, data_key, recovery_key = keyring.create(folder, organisation_id, organisation, new_id())
    clean = replace(setup, organisation_name=organisation, name=name, login=login)
    return PreparedSetUp(folder, clean, organisation_id, ring, data_key, recovery_key)


def set_up(prepared: PreparedSetUp, clock: Clock = SYSTEM_CLOCK) -> SignedIn:
    """Make the store, the directory and the administrator; returns the open store.

    Raises ``StoreFault`` where the folder cannot be written; then the PC is not set up.
    """
    from app.models.organisation import Organisation, Staff

    setup, folder = prepared.setup, prepared.folder
    with environment_faults():
        folder.mkdir(parents=True, exist_ok=True)
        _put_aside(folder, clock)
    store = create_store(folder, prepared.data_key, prepared.organisation_id, clock)
    staff_id = new_id()
    roles = _FIRST_ROLES[setup.organisation_type]
    actor = Actor(staff_id, prepared.organisation_id, setup.name, frozenset(roles))
    try:
        with store.write(actor) as session:
            columns = set(Organisation.__table__.columns.keys())
            rows = _directory_rows()
            for values in rows:
                session.add(Organisation(**{k: v for k, v in values.items() if k in columns}))
            if all(values["id"] != prepared.organisation_id for values in rows):
                session.add(
                    Organisation(
                        id=prepared.organisation_id,
                        name=setup.organisation_name,
                        type=setup.organisation_type,
                    )
                )
            session.add(
                Staff(
                    id=staff_id,
                    name=setup.name,
                    login=setup.login,
                    org_id=prepared.organisation_id,
                    roles=list(roles),
                )
            )
        account = keyring.Account(staff_id, setup.login, setup.name, roles)
        keyring.add_account(prepared.ring, prepared.data_key, account, setup.password)
    except BaseException:
        store.close()
        raise
    return SignedIn(store, actor, setup.organisation_name)


def check_login(text: str, problems: dict[str, str]) -> str:
    """The sign-in name in its kept form: lower case, no blanks, at most 30 letters or digits."""
    login = half_width(clean_text(text)).lower()
    if not login:
        problems["login"] = tr("A sign-in name is needed, for example the pinyin of the name.")
    elif len(login) > 30 or not all(_login_sign(char) for char in login):
        problems["login"] = tr("A sign-in name has at most 30 letters or digits and no blanks.")
    return login


def check_passwords(password: str, again: str, problems: dict[str, str]) -> None:
    """Both typed passwords the same and long enough."""
    try:
        keyring.check_password(password)
    except InputError as error:
        problems.update(error.problems)
        return
    if password != again:
        problems["password_again"] = tr("The two passwords are not the same. Type them again.")


def confirms(prepared: PreparedSetUp, typed: str) -> bool:
    """Whether the last group of the recovery key was typed as it is printed."""
    wanted = prepared.recovery_key.rsplit("-", 1)[-1]
    return keyring.normalise_recovery_key(half_width(typed)) == wanted


def _login_sign(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN" or char in "._-"


def _directory_rows() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for path in sorted((resources() / "county").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        sample = bool(data.get("sample"))
        rows += [{**values, "is_sample": sample} for values in data["organisations"]]
    return rows


def _put_aside(folder: Path, clock: Clock) -> None:
    """A store without its file of accounts may hold records whose keys come back from a backup:
    it is kept under another name, never overwritten."""
    stamp = f"{clock.now():%Y%m%d%H%M%S}"
    for path in sorted(folder.glob(STORE_FILE + "*")):
        shutil.move(path, folder / f"without-keys-{stamp}-{path.name}")
