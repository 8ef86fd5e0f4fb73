"""The keys of a store: one random data key, wrapped once for each account.

The data key encrypts the store (SQLCipher) and is never kept in the clear. For every staff
account, and for the printed recovery key, ``accounts.json`` beside the store holds the data
key wrapped by AES-256-GCM under a key that Argon2id derives from the password. The file
also holds the name on each sign-in tile, because the tiles are shown before anything is
open; it holds no resident and no password.

Nothing here imports SQLAlchemy, and what only making keys needs is imported there: the sign-in
screen must come up at once.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.errors import InputError, NotFound, StoreDamaged, WrongPassword
from app.i18n import tr

ACCOUNTS_FILE = "accounts.json"
MINIMUM_PASSWORD_LENGTH = 6

# RFC 9106's second recommended setting, with one lane for the slow PCs of a clinic.
_TIME_COST, _MEMORY_KIB, _LANES = 3, 65536, 1
# Crockford's base 32: no letter that can be mistaken on paper.
_RECOVERY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECOVERY_GROUPS, _RECOVERY_GROUP_LENGTH = 8, 5


@dataclass(frozen=True, slots=True)
class Account:
    """A sign-in tile: who may open this store. ``label`` is what the tile shows."""

    staff_id: str
    login: str
    label: str
    roles: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True)
class Keyring:
    """The content of ``accounts.json``."""

    folder: Path
    store_id: str
    organisation_id: str
    organisation_name: str
    entries: tuple[dict[str, Any], ...]
    recovery: dict[str, Any]

    def accounts(self) -> list[Account]:
        """The accounts that may sign in, in the order in which they were made."""
        return [_account(entry) for entry in self.entries if entry.get("active", True)]


def exists(folder: Path) -> bool:
    """Whether a store was set up in this data folder."""
    return (folder / ACCOUNTS_FILE).exists()


def load(folder: Path) -> Keyring:
    """Read the key file.

    Raises ``NotFound`` where no store was set up, ``StoreDamaged`` where the file cannot be
    understood.
    """
    if not exists(folder):
        raise NotFound(
            tr(
                "There is no record store in this data folder yet. Nothing was changed. Start "
                "the program once to set it up, or name another data folder."
            )
        )
    try:
        data = json.loads((folder / ACCOUNTS_FILE).read_text(encoding="utf-8"))
        entries = tuple(data["accounts"])
        texts = [data["store_id"], data["organisation_id"], data.get("organisation_name", "")]
        for entry in entries:
            account = _account(entry)
            texts += [account.staff_id, account.login, account.label, *account.roles]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("a text was expected")
        return Keyring(folder, texts[0], texts[1], texts[2], entries, data["recovery"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable() from error


def create(
    folder: Path, organisation_id: str, organisation_name: str, store_id: str
) -> tuple[Keyring, bytes, str]:
    """Make the key file of a new store; returns it, the data key and the recovery key.

    Nothing is written until the first account is added by ``add_account``.
    """
    import secrets

    data_key = secrets.token_bytes(32)
    recovery_key = _new_recovery_key()
    ring = Keyring(
        folder,
        store_id,
        organisation_id,
        organisation_name,
        (),
        _wrap(data_key, normalise_recovery_key(recovery_key)),
    )
    return ring, data_key, recovery_key


def add_account(ring: Keyring, data_key: bytes, account: Account, password: str) -> Keyring:
    """Give an account a key to the store and keep the file. A login is there only once."""
    check_password(password)
    login = account.login.strip()
    if not login:
        raise InputError({"login": tr("A sign-in name is needed.")})
    if any(entry["login"] == login for entry in ring.entries if entry.get("active", True)):
        raise InputError(
            {"login": tr("This sign-in name is taken on this PC. Choose another one.")}
        )
    entry = {
        "staff_id": account.staff_id,
        "login": login,
        "label": account.label,
        "roles": list(account.roles),
        "active": True,
        "key": _wrap(data_key, password),
    }
    return _save(replace(ring, entries=(*ring.entries, entry)))


def unlock(ring: Keyring, login: str, password: str) -> tuple[Account, bytes]:
    """The account and the data key, or ``WrongPassword``. Takes about 0.1 s on purpose."""
    for entry in ring.entries:
        if entry["login"] == login and entry.get("active", True):
            return _account(entry), _unwrap(entry.get("key"), password)
    raise _wrong_password()


def unlock_with_recovery_key(ring: Keyring, recovery_key: str) -> bytes:
    """The data key by the printed recovery key, or ``WrongPassword``."""
    return _unwrap(ring.recovery, normalise_recovery_key(recovery_key))


def set_password(ring: Keyring, data_key: bytes, login: str, password: str) -> Keyring:
    """Give an account another password; the old one stops working at once."""
    check_password(password)
    return _change(ring, login, {"key": _wrap(data_key, password)})


def update_account(ring: Keyring, account: Account) -> Keyring:
    """Keep a changed label, roles or activity of an account."""
    return _change(
        ring,
        account.login,
        {"label": account.label, "roles": list(account.roles), "active": account.active},
    )


def renew_recovery_key(ring: Keyring, data_key: bytes) -> tuple[Keyring, str]:
    """A new recovery key; the old one stops working at once."""
    recovery_key = _new_recovery_key()
    wrapped = _wrap(data_key, normalise_recovery_key(recovery_key))
    return _save(replace(ring, recovery=wrapped)), recovery_key


def join(current: Keyring | None, older: Keyring | None, folder: Path) -> Keyring | None:
    """The key file for a store put back from a backup, written into ``folder``.

    The accounts of today stand as they are (who has left stays out); those that only the backup
    knows come along. None where neither has a key.
    """
    ring = current or older
    if ring is None:
        return None
    known = {entry["login"] for entry in ring.entries}
    more = tuple(entry for entry in (older or ring).entries if entry["login"] not in known)
    return _save(replace(ring, folder=folder, entries=(*ring.entries, *more)))


def check_password(password: str) -> None:
    """Raises ``InputError`` where a password is too weak to guard a store."""
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        raise InputError(
            {
                "password": tr("The password needs at least {count} characters.").format(
                    count=MINIMUM_PASSWORD_LENGTH
                )
            }
        )


def normalise_recovery_key(text: str) -> str:
    """What a person typed of the printed key: case, blanks and look-alikes do not matter."""
    upper = text.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    return "".join(c for c in upper if c in _RECOVERY_ALPHABET)


def _new_recovery_key() -> str:
    import secrets

    groups = (
        "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_GROUP_LENGTH))
        for _ in range(_RECOVERY_GROUPS)
    )
    return "-".join(groups)


def _account(entry: dict[str, Any]) -> Account:
    return Account(
        entry["staff_id"],
        entry["login"],
        entry["label"],
        tuple(entry.get("roles", ())),
        entry.get("active", True),
    )


def _change(ring: Keyring, login: str, changes: dict[str, Any]) -> Keyring:
    if all(entry["login"] != login for entry in ring.entries):
        raise InputError({"login": tr("There is no such account on this PC.")})
    entries = tuple(
        {**entry, **changes} if entry["login"] == login else entry for entry in ring.entries
    )
    return _save(replace(ring, entries=entries))


def _derive(secret: str, salt: bytes, parameters: dict[str, Any]) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        secret.encode("utf-8"),
        salt,
        time_cost=parameters["time"],
        memory_cost=parameters["memory_kib"],
        parallelism=parameters["lanes"],
        hash_len=32,
        type=Type.ID,
    )


def _wrap(data_key: bytes, secret: str) -> dict[str, Any]:
    import secrets

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    parameters = {"time": _TIME_COST, "memory_kib": _MEMORY_KIB, "lanes": _LANES}
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    wrapped = AESGCM(_derive(secret, salt, parameters)).encrypt(nonce, data_key, None)
    return {
        "kdf": "argon2id",
        **parameters,
        "salt": base64.b64encode(salt).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "wrapped": base64.b64encode(wrapped).decode(),
    }


def _unwrap(entry: Any, secret: str) -> bytes:
    from argon2.exceptions import HashingError
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        key = _derive(secret, base64.b64decode(entry["salt"]), entry)
        return AESGCM(key).decrypt(
            base64.b64decode(entry["nonce"]), base64.b64decode(entry["wrapped"]), None
        )
    except InvalidTag:
        raise _wrong_password() from None
    except (HashingError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise _unreadable() from error


def _unreadable() -> StoreDamaged:
    return StoreDamaged(
        tr(
            "The list of accounts of this PC cannot be read. The records are still there, "
            "encrypted. Restore the file accounts.json from a backup."
        )
    )


def _wrong_password() -> WrongPassword:
    return WrongPassword(
        {"password": tr("This password does not fit. Nothing was changed. Type it again.")}
    )


def _save(ring: Keyring) -> Keyring:
    """Write the file whole or not at all: a torn key file would lose every record."""
    content = json.dumps(
        {
            "version": 1,
            "store_id": ring.store_id,
            "organisation_id": ring.organisation_id,
            "organisation_name": ring.organisation_name,
            "accounts": list(ring.entries),
            "recovery": ring.recovery,
        },
        ensure_ascii=False,
        indent=1,
    )
    import tempfile

    from app.models.faults import environment_faults

    with environment_faults():
        descriptor, name = tempfile.mkstemp(prefix=".accounts-", dir=ring.folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, ring.folder / ACCOUNTS_FILE)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    return ring
