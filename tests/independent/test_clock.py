"""G9, G12: versions that are no numbers, on a server whose clock is set back by five minutes.

What is written there afterwards bears an earlier time than what it was made from. It is
nobody's older copy: no value of anybody is overwritten without a person's word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.models.outbox import Conflict, ServerCopy
from app.models.resident import Resident
from tests.independent.conftest import started
from tests.independent.serving import IndependentServer
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save

#: Before the server starts: its clock is wrong by as many seconds as a file says.
_SHIFT = """
const fs = require('node:fs');
const Real = Date;
const now = () => Real.now() + 1000 * Number(fs.readFileSync(FILE, 'utf8') || '0');
globalThis.Date = class extends Real {
  constructor(...given) { given.length ? super(...given) : super(now()); }
  static now() { return now(); }
};
"""
_FIVE_MINUTES = -300.0


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``shift(seconds)``: from now on the server's clock is wrong by so many seconds."""
    told, code = tmp_path / "shift", tmp_path / "shift.cjs"
    code.write_text(f"const FILE = {str(told)!r};\n{_SHIFT}")

    def tell(seconds: float) -> None:
        fresh = told.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(told)

    tell(0)
    monkeypatch.setenv("NODE_OPTIONS", f"--require={code}")
    return tell


@pytest.fixture
def shifted(shift: Callable[[float], None]) -> Iterator[IndependentServer]:
    server = started()
    yield server
    server.stop()


def _edit(pc: Clinic, id_: str, **values: str) -> None:
    with pc.store.write(pc.actor) as session:
        row = session.get(Resident, id_)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def _phone(pc: Clinic, id_: str) -> str | None:
    with pc.store.read() as session:
        row = session.get(Resident, id_)
        assert row is not None
        return row.phone


def _clashes(pc: Clinic) -> dict[str, tuple[str, str]]:
    with pc.store.read() as session:
        rows = session.query(Conflict).filter(Conflict.resolved_at.is_(None)).all()
        return {
            name: (values["mine"], values["theirs"])
            for row in rows
            for name, values in row.fields.items()
        }


def _phone_there(server: IndependentServer, id_: str) -> str:
    found = server.get(f"Patient/{id_}")
    return next(one["value"] for one in found["telecom"] if one["system"] == "phone")


def test_g09_two_edits_of_one_field_across_a_clock_set_back_are_shown_to_a_person(
    make_pc: Callable[..., Clinic], shifted: IndependentServer, shift: Callable[[float], None]
) -> None:
    first, second = make_pc(url=shifted.url), make_pc(url=shifted.url)
    resident = a_resident()
    save(first.store, first.actor, resident)
    assert first.sync().outcome == "done"
    assert second.sync().outcome == "done"
    with first.store.read() as session:
        copy = session.get(ServerCopy, ("Patient", resident.id))
        assert copy is not None
        assert not copy.version.isdigit(), "the versions say nothing of their order"
        before = copy.last_updated

    shift(_FIVE_MINUTES)
    _edit(second, resident.id, phone="13800000002")
    second.sync()
    theirs = shifted.get(f"Patient/{resident.id}")["meta"]["lastUpdated"]
    assert theirs < before, "written later, stamped earlier"
    _edit(first, resident.id, phone="13800000001")
    for _ in range(3):
        first.sync()

    assert _phone_there(shifted, resident.id) == "13800000002", "not overwritten"
    assert _phone(first, resident.id) == "13800000001", "here neither"
    assert _clashes(first) == {"phone": ("13800000001", "13800000002")}


def test_g12_an_edit_with_an_earlier_time_is_not_overwritten_by_who_edited_nothing(
    make_pc: Callable[..., Clinic], shifted: IndependentServer, shift: Callable[[float], None]
) -> None:
    first, second = make_pc(url=shifted.url), make_pc(url=shifted.url)
    resident = a_resident()
    save(first.store, first.actor, resident)
    assert first.sync().outcome == "done"
    assert second.sync().outcome == "done"

    shift(_FIVE_MINUTES)
    _edit(second, resident.id, phone="13800000002")
    second.sync()
    # The clock is right again before this PC has met it wrong.
    shift(0)
    for _ in range(2):
        first.sync(compare=True)

    assert _phone_there(shifted, resident.id) == "13800000002", "not sent back"
    seen = _phone(first, resident.id), _clashes(first)
    assert seen in (
        ("13800000002", {}),
        ("13800001234", {"phone": ("13800001234", "13800000002")}),
    )
