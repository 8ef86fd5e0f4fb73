"""Due work of what comes in many pages: made once, and made even if the program ends before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.models.local import DueItem
from app.models.outbox import SyncState
from app.models.rehab import CheckIn
from app.models.store import Store
from app.sync import due_later
from app.sync.enrol import change_address
from tests.conftest import TOWNSHIP_ID
from tests.sync.conftest import Clinic
from tests.sync.making import a_plan, a_resident, queue_many, save


def _due(store: Store) -> set[tuple[str, str]]:
    with store.read() as session:
        return {(row.resident_id, row.kind) for row in session.query(DueItem)}


def _noted(store: Store) -> int:
    with store.read() as session:
        return session.query(SyncState).filter(SyncState.key.startswith("due:")).count()


@pytest.fixture
def filled(township: Clinic) -> str:
    """A resident with a plan and more check-ins than a page holds, at the hospital."""
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan)
    queue_many(township.store, township.actor, plan, 700)
    assert township.sync().outcome == "done"
    return resident.id


def test_a_first_load_makes_the_work_of_each_resident_once(
    filled: str, make_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = make_clinic(TOWNSHIP_ID)
    made: list[list[str]] = []
    real = due_later.refresh_due

    def counting(session: object, organisation: str, residents: list[str]) -> None:
        made.append(list(residents))
        real(session, organisation, residents)  # type: ignore[arg-type]

    monkeypatch.setattr(due_later, "refresh_due", counting)
    assert clinic.sync().outcome == "done"
    assert made == [[filled]]
    assert {resident for resident, _ in _due(clinic.store)} == {filled}
    assert _noted(clinic.store) == 0


def test_work_that_was_only_noted_is_made_by_the_next_run_even_without_a_line(
    filled: str, make_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = make_clinic(TOWNSHIP_ID)

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(due_later, "refresh_due", ended)
        with pytest.raises(KeyboardInterrupt):
            clinic.sync()
    with clinic.store.read() as session:
        assert session.query(CheckIn).count() == 700
    assert _noted(clinic.store) == 1
    assert not _due(clinic.store)

    change_address(clinic.store, "http://127.0.0.1:9")
    assert clinic.sync().outcome == "offline"
    assert _due(clinic.store)
    assert _noted(clinic.store) == 0
