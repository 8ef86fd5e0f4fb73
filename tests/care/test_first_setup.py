"""First set-up: nothing is written before the recovery key is kept; bad input by field."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.care.accounts import sign_in
from app.care.first_setup import FirstSetUp, confirms, directory, prepare, set_up
from app.clock import FixedClock
from app.errors import InputError, StoreReadOnly
from app.models import keyring
from app.models.organisation import Organisation
from app.models.outbox import Outbox

GOOD = FirstSetUp(
    organisation_id=None,
    organisation_name="试点卫生院",
    organisation_type="TOWNSHIP_CENTER",
    name="王建国",
    login="Ｗang",
    password="secret1",
    password_again="secret1",
)


def test_the_directory_offers_the_members_of_both_consortia():
    found = directory()
    assert {entry.type for entry in found} == {
        "LEAD_HOSPITAL",
        "TOWNSHIP_CENTER",
        "CARE_INSTITUTION",
    }
    assert "白塔畈镇中心卫生院" in {entry.name for entry in found}
    assert {entry.consortium for entry in found} == {"A", "B"}


def test_a_typed_organisation_is_set_up_and_its_administrator_signs_in(
    tmp_path: Path, clock: FixedClock
):
    prepared = prepare(tmp_path, GOOD)
    assert list(tmp_path.iterdir()) == [], "nothing is written before the key is confirmed"
    done = set_up(prepared, clock)
    assert done.actor.has_role("administrator")
    with done.store.read() as session:
        own = session.get(Organisation, done.store.organisation_id)
        assert own is not None
        assert own.name == "试点卫生院"
        assert [row.kind for row in session.query(Outbox)] == ["staff"], (
            "the directory is read only"
        )
    done.store.close()
    again = sign_in(tmp_path, "wang", "secret1", clock)
    assert again.actor == done.actor
    assert again.organisation_name == "试点卫生院"
    again.store.close()


def test_an_organisation_of_the_directory_keeps_its_id(tmp_path: Path, clock: FixedClock):
    entry = next(e for e in directory() if e.type == "LEAD_HOSPITAL")
    setup = replace(
        GOOD,
        organisation_id=entry.id,
        organisation_name=entry.name,
        organisation_type=entry.type,
    )
    done = set_up(prepare(tmp_path, setup), clock)
    assert done.store.organisation_id == entry.id
    done.store.close()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"organisation_name": "　"}, "organisation"),
        ({"organisation_name": "院" * 101}, "organisation"),
        ({"organisation_type": "COMMITTEE"}, "organisation_type"),
        ({"name": ""}, "name"),
        ({"name": "王" * 200}, "name"),
        ({"name": "王😀"}, "name"),
        ({"login": "two words"}, "login"),
        ({"login": ""}, "login"),
        ({"login": "a" * 31}, "login"),
        ({"password": "short", "password_again": "short"}, "password"),
        ({"password_again": "other12"}, "password_again"),
    ],
)
def test_bad_input_is_told_by_field_and_writes_nothing(tmp_path: Path, change, field):
    with pytest.raises(InputError) as caught:
        prepare(tmp_path, replace(GOOD, **change))
    assert list(caught.value.problems) == [field]
    assert list(tmp_path.iterdir()) == []


def test_a_second_set_up_of_the_same_folder_is_refused(tmp_path: Path, clock: FixedClock):
    set_up(prepare(tmp_path, GOOD), clock).store.close()
    with pytest.raises(InputError):
        prepare(tmp_path, GOOD)


def test_a_store_without_its_accounts_is_put_aside_never_overwritten(
    tmp_path: Path, clock: FixedClock
):
    set_up(prepare(tmp_path, GOOD), clock).store.close()
    before = (tmp_path / "store.db").read_bytes()
    (tmp_path / keyring.ACCOUNTS_FILE).rename(tmp_path / "lost.json")
    set_up(prepare(tmp_path, GOOD), clock).store.close()
    kept = list(tmp_path.glob("without-keys-*-store.db"))
    assert len(kept) == 1
    assert kept[0].read_bytes() == before


def test_the_last_group_confirms_look_alikes_count(tmp_path: Path):
    prepared = prepare(tmp_path, GOOD)
    last = prepared.recovery_key.rsplit("-", 1)[-1]
    assert confirms(prepared, f" {last.lower()} ")
    assert confirms(prepared, last.replace("0", "O").replace("1", "l"))
    assert not confirms(prepared, "")
    assert not confirms(prepared, prepared.recovery_key.split("-")[0][::-1] + "Z")


@pytest.mark.skipif(os.name == "nt", reason="folder rights work otherwise on Windows")
def test_a_folder_that_cannot_be_written_is_a_plain_sentence(tmp_path: Path, monkeypatch):
    prepared = prepare(tmp_path / "no", GOOD)

    def refuse(*_args, **_named):
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreReadOnly) as caught:
        set_up(prepared)
    assert "权限" in str(caught.value) or "不能写入" in str(caught.value)
    assert not keyring.exists(tmp_path / "no")
