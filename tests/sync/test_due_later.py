"""Due work of what comes in many pages: made once, and made even if the program ends before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.models.identity import new_id
from app.models.local import DueItem
from app.models.outbox import SyncState
from app.models.rehab import CheckIn
from app.models.store import Store
from app.sync import due_later
from app.sync.changes import Changes
from app.sync.enrol import change_address
from tests.conftest import TOWNSHIP_ID
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_plan, a_resident, queue_many, save


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


def test_an_emergency_that_is_written_meanwhile_goes_first(
    township: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a line, too: the work goes on in the next run, whose emergency waits for the link."""
    resident = a_resident()
    save(township.store, township.actor, resident)
    many = [new_id() for _ in range(3 * due_later.AT_ONCE)]
    with township.store.apply_remote() as session:
        due_later.note(session, many)
    change_address(township.store, "http://127.0.0.1:9")
    real = due_later.refresh_due
    portions: list[int] = []

    def written_meanwhile(session: object, organisation: str, residents: list[str]) -> None:
        real(session, organisation, residents)  # type: ignore[arg-type]
        portions.append(len(residents))

    class Writing(Changes):
        """The doctor saves while the program is busy."""

        def tell(self, *, at_once: bool = False) -> None:
            if len(portions) == 1 and not written:
                letter = a_letter(resident, township.actor, urgency="emergency")
                save(township.store, township.actor, *letter)
                written.append(True)
            super().tell(at_once=at_once)

    written: list[bool] = []
    monkeypatch.setattr(due_later, "refresh_due", written_meanwhile)
    monkeypatch.setattr(township.engine, "_changes", Writing(None))
    assert township.sync().outcome == "offline"
    assert portions == [due_later.AT_ONCE]
    assert _noted(township.store) == 2 * due_later.AT_ONCE

    assert township.sync().outcome == "offline"
    assert _noted(township.store) == 0
