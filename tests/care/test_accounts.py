"""Accounts: sign in, switch, roles, passwords, leaving — and what is never allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.care.accounts import (
    NewAccount,
    change_password,
    change_roles,
    create_account,
    list_accounts,
    organisation_card,
    renew_recovery_key,
    reset_password,
    reset_with_recovery_key,
    set_active,
    sign_in,
    switch_user,
)
from app.errors import DiskFull, InputError, NotAllowed, NotFound, WrongPassword
from app.models import keyring
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.organisation import Staff
from app.models.outbox import Outbox
from app.models.store import Store
from tests.conftest import PASSWORD

LI = NewAccount("李敏", "LiMin", ("nurse",), "nurse-1", "nurse-1")


def _reopen(store: Store, login: str, password: str) -> Actor:
    again = sign_in(store.folder, login, password, store.clock)
    again.store.close()
    return again.actor


def test_a_new_nurse_signs_in_with_her_roles_and_is_queued(store: Store, actor: Actor):
    line = create_account(store, actor, LI)
    assert (line.login, line.roles, line.active) == ("limin", ("nurse",), True)
    found = _reopen(store, "limin", "nurse-1")
    assert found.roles == frozenset({"nurse"})
    assert found.staff_id == line.staff_id
    with store.read() as session:
        assert [row.record_id for row in session.query(Outbox)] == [line.staff_id]
        actions = [row.action for row in session.query(AuditEvent) if row.kind == "staff"]
        assert "sign_in" in actions


def test_the_roles_that_count_are_in_the_encrypted_store(store: Store, actor: Actor):
    create_account(store, actor, LI)
    path = store.folder / keyring.ACCOUNTS_FILE
    data = json.loads(path.read_text(encoding="utf-8"))
    for entry in data["accounts"]:
        entry["roles"] = ["administrator"]
    path.write_text(json.dumps(data), encoding="utf-8")
    assert _reopen(store, "limin", "nurse-1").roles == frozenset({"nurse"})


def test_wrong_password_and_switch(store: Store, actor: Actor):
    create_account(store, actor, LI)
    with pytest.raises(WrongPassword):
        sign_in(store.folder, "limin", "nurse-2")
    with pytest.raises(WrongPassword):
        switch_user(store, "limin", PASSWORD)
    assert switch_user(store, "limin", "nurse-1").name == "李敏"
    assert switch_user(store, "wang", PASSWORD) == actor


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewAccount("", "x", ("nurse",), "secret1", "secret1"), "name"),
        (NewAccount("李", "", ("nurse",), "secret1", "secret1"), "login"),
        (NewAccount("李", "wang", ("nurse",), "secret1", "secret1"), "login"),
        (NewAccount("李", "x", (), "secret1", "secret1"), "roles"),
        (NewAccount("李", "x", ("king",), "secret1", "secret1"), "roles"),
        (NewAccount("李", "x", ("nurse",), "12345", "12345"), "password"),
        (NewAccount("李", "x", ("nurse",), "secret1", "secret2"), "password_again"),
    ],
)
def test_bad_accounts_are_told_by_field(store: Store, actor: Actor, new, field):
    with pytest.raises(InputError) as caught:
        create_account(store, actor, new)
    assert list(caught.value.problems) == [field]
    assert len(list_accounts(store)) == 1


def test_six_characters_are_enough_five_are_not(store: Store, actor: Actor):
    with pytest.raises(InputError):
        reset_password(store, actor, actor.staff_id, "12345", "12345")
    reset_password(store, actor, actor.staff_id, "123456", "123456")
    assert _reopen(store, "wang", "123456") == actor


def test_only_administrators_change_accounts(store: Store, actor: Actor):
    nurse = Actor(actor.staff_id, actor.organisation_id, "李敏", frozenset({"nurse"}))
    for refused in (
        lambda: create_account(store, nurse, LI),
        lambda: change_roles(store, nurse, actor.staff_id, ("nurse",)),
        lambda: set_active(store, nurse, actor.staff_id, False),
        lambda: reset_password(store, nurse, actor.staff_id, "secret1", "secret1"),
        lambda: renew_recovery_key(store, nurse),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_one_administrator_always_remains(store: Store, actor: Actor):
    with pytest.raises(InputError):
        change_roles(store, actor, actor.staff_id, ("doctor",))
    with pytest.raises(InputError):
        set_active(store, actor, actor.staff_id, False)
    line = create_account(store, actor, LI)
    change_roles(store, actor, line.staff_id, ("nurse", "administrator"))
    changed = change_roles(store, actor, actor.staff_id, ("doctor",))
    assert changed.roles == ("doctor",)


def test_who_left_cannot_sign_in_and_her_login_is_never_given_again(store: Store, actor: Actor):
    line = create_account(store, actor, LI)
    set_active(store, actor, line.staff_id, False)
    assert "limin" not in {one.login for one in keyring.load(store.folder).accounts()}
    with pytest.raises(WrongPassword):
        sign_in(store.folder, "limin", "nurse-1")
    with pytest.raises(InputError):
        create_account(store, actor, LI)
    set_active(store, actor, line.staff_id, True)
    assert _reopen(store, "limin", "nurse-1").name == "李敏"


def test_an_account_closed_in_the_store_alone_is_closed(store: Store, actor: Actor):
    line = create_account(store, actor, LI)
    with store.write(actor) as session:
        row = session.get(Staff, line.staff_id)
        assert row is not None
        row.active = False
    with pytest.raises(NotAllowed):
        switch_user(store, "limin", "nurse-1")


def test_own_password_asks_for_the_old_one(store: Store, actor: Actor):
    with pytest.raises(WrongPassword) as caught:
        change_password(store, actor, "not-it", "secret1", "secret1")
    assert list(caught.value.problems) == ["old_password"]
    change_password(store, actor, PASSWORD, "secret1", "secret1")
    assert _reopen(store, "wang", "secret1") == actor
    with pytest.raises(WrongPassword):
        sign_in(store.folder, "wang", PASSWORD)


def test_the_recovery_key_gives_a_new_password(store: Store, actor: Actor):
    key = renew_recovery_key(store, actor)
    with pytest.raises(WrongPassword) as caught:
        reset_with_recovery_key(store.folder, "0" * 40, "wang", "secret1", "secret1")
    assert list(caught.value.problems) == ["recovery_key"]
    typed = key.lower().replace("-", " ")
    reset_with_recovery_key(store.folder, typed, "wang", "secret1", "secret1")
    assert _reopen(store, "wang", "secret1") == actor
    renew_recovery_key(store, actor)
    with pytest.raises(WrongPassword):
        reset_with_recovery_key(store.folder, key, "wang", "secret2", "secret2")


def test_an_account_whose_key_cannot_be_written_is_not_half_made(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
):
    def full(*_args: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr("app.models.keyring.os.replace", full)
    with pytest.raises(DiskFull):
        create_account(store, actor, LI)
    monkeypatch.undo()
    assert [line.login for line in list_accounts(store)] == ["wang"]
    assert not list(Path(store.folder).glob(".accounts-*"))


def test_unknown_staff_is_told(store: Store, actor: Actor):
    with pytest.raises(NotFound):
        change_roles(store, actor, "nobody", ("nurse",))


def test_the_card_of_the_organisation_names_its_lead(store: Store):
    card = organisation_card(store)
    assert card.name == "白塔畈镇中心卫生院"
    assert card.kind == "乡镇卫生院"
    assert card.lead == "金寨县人民医院"
