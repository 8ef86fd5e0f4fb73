"""Taking a roster in, and taking it back: whole or not at all, nobody else's work touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.care.backups import list_backups
from app.care.resident_list import find
from app.care.resident_record.numbers import BlockInput, reserve
from app.care.roster import importing
from app.care.roster.history import count_imports, list_imports, plan_undoing, undo_import
from app.care.roster.importing import Imported, export_left_out, import_roster
from app.care.roster.preview import ASK, KNOWN, READY, Preview, check_roster, open_roster
from app.care.roster.progress import SAVING, Progress, Stopped
from app.clock import FixedClock
from app.errors import DiskFull, InputError, NotAllowed
from app.models.actor import Actor
from app.models.drafts import save_draft
from app.models.local import AuditEvent, DueItem, SearchToken
from app.models.outbox import Outbox
from app.models.resident import Condition, Resident
from app.models.roster import RosterImport, RosterRow
from app.models.store import Store
from tests.care.roster.files import FEMALE, LEAP, MALE, OTHER, person, workbook

Look = Callable[..., Preview]

PEOPLE = [
    person(1, "张三", MALE, 村="白塔村"),
    person(2, "李四", FEMALE, 村="龙井村", 联系电话="13812345678"),
    person(3, "王五", LEAP, "男"),
    person(4, "赵六", "341599195001010019"),
]
"""Two right ones, one to be asked about, one that cannot be imported (rows 2 to 5 of Excel)."""


@pytest.fixture
def look(store: Store, actor: Actor, tmp_path: Path) -> Look:
    def look(rows: Sequence[Sequence[Any]] = PEOPLE, **how: Any) -> Preview:
        source = open_roster(store, actor, workbook(tmp_path / "名单.xlsx", rows))
        return check_roster(store, actor, source, source.columns, **how)

    return look


@pytest.fixture
def taken(store: Store, actor: Actor, look: Look) -> Imported:
    """The two right ones, taken in."""
    preview = look()
    return import_roster(store, actor, preview, preview.numbers(READY))


def _rows(store: Store) -> dict[str, Resident]:
    with store.read() as session:
        found = {row.name: row for row in session.query(Resident)}
        session.expunge_all()
        return found


def _count(store: Store, *models: type) -> list[int]:
    with store.read() as session:
        return [session.query(model).count() for model in models]


EVERYTHING = (Resident, Outbox, RosterImport, RosterRow, SearchToken, DueItem)


def test_the_chosen_rows_become_residents(
    store: Store, actor: Actor, taken: Imported, clock: FixedClock
) -> None:
    assert (taken.imported, taken.left_out, taken.too_late) == (2, (4, 5), ())
    rows = _rows(store)
    assert set(rows) == {"张三", "李四"}
    zhang = rows["张三"]
    assert (zhang.id_no, zhang.village, zhang.record_status) == (MALE, "白塔村", "active")
    assert (zhang.author_id, zhang.organisation_id) == (actor.staff_id, actor.organisation_id)
    with store.read() as session:
        assert {(o.kind, o.record_id, o.state) for o in session.query(Outbox)} == {
            ("resident", row.id, "waiting") for row in rows.values()
        }
        event = session.query(AuditEvent).filter_by(action="import").one()
        assert (event.kind, event.record_id, event.detail) == (
            "roster",
            taken.import_id,
            {"imported": 2},
        )
    assert [line.name for line in find(store, actor, "zs")] == ["张三"]


def test_a_question_is_only_taken_when_it_is_ticked(store: Store, actor: Actor, look: Look) -> None:
    preview = look()
    assert [row.verdict for row in preview.rows] == [READY, READY, ASK, "error"]
    done = import_roster(store, actor, preview, [2, 4, 5])
    assert (done.imported, done.left_out) == (2, (3, 5))
    assert _rows(store)["王五"].sex == "2"


def test_nothing_ticked(store: Store, actor: Actor, look: Look) -> None:
    with pytest.raises(InputError):
        import_roster(store, actor, look(), [5])
    assert list_backups(store.folder) == ()


def test_a_backup_is_made_before(store: Store, taken: Imported) -> None:
    backup = list_backups(store.folder)[0]
    assert (backup.reason, backup.path.name, backup.sound) == ("import", taken.backup, True)


def test_without_room_for_the_backup_nothing_is_taken_in(
    store: Store, actor: Actor, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Store) -> None:
        raise DiskFull("full")

    monkeypatch.setattr(importing, "before_import", full)
    preview = look()
    with pytest.raises(DiskFull):
        import_roster(store, actor, preview, preview.numbers(READY))
    assert _count(store, Resident, RosterImport) == [0, 0]


def test_stopping_at_any_moment_leaves_nothing(
    store: Store, actor: Actor, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH", 1)
    preview = look()
    before = _count(store, *EVERYTHING)
    steps: list[tuple[str, int, int]] = []
    for last in range(1, 20):
        steps.clear()
        progress = Progress(lambda *step: steps.append(step), lambda at=last: len(steps) >= at)
        try:
            import_roster(store, actor, preview, preview.numbers(READY), progress)
        except Stopped:
            assert _count(store, *EVERYTHING) == before
        else:
            break
    assert steps[-1] == (SAVING, 2, 2)
    assert [done for stage, done, _ in steps if stage == SAVING] == [0, 1, 2, 2]
    assert _count(store, Resident, RosterRow) == [2, 2]


def test_a_fault_in_the_middle_leaves_nothing(
    store: Store, actor: Actor, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = look()
    before = _count(store, *EVERYTHING)

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "refresh_due", broken)
    with pytest.raises(DiskFull):
        import_roster(store, actor, preview, preview.numbers(READY))
    assert _count(store, *EVERYTHING) == before


def test_who_was_registered_meanwhile_is_left_as_he_is(
    store: Store, actor: Actor, look: Look
) -> None:
    preview = look()
    with store.write(actor) as session:
        session.add(
            Resident(name="张三丰", sex="1", birth_date=preview.rows[0].birth_date, id_no=MALE)
        )
    done = import_roster(store, actor, preview, preview.numbers(READY))
    assert (done.imported, done.too_late) == (1, (2,))
    assert set(_rows(store)) == {"张三丰", "李四"}
    with pytest.raises(InputError):
        import_roster(store, actor, preview, [2])


def test_the_same_file_again_says_so_and_knows_everybody(
    store: Store, actor: Actor, taken: Imported, tmp_path: Path
) -> None:
    source = open_roster(store, actor, tmp_path / "名单.xlsx")
    again = check_roster(store, actor, source, source.columns)
    assert again.imported_before == 1
    assert [row.verdict for row in again.rows] == [KNOWN, KNOWN, ASK, "error"]


def test_what_the_columns_are_is_remembered(store: Store, actor: Actor, tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["谁", "号"], ["张三", MALE]], headings=None)
    source = open_roster(store, actor, path, heading_rows=(1, 1))
    assert (source.columns, source.was_remembered) == ({}, False)
    preview = check_roster(store, actor, source, {0: "name", 1: "id_no"})
    import_roster(store, actor, preview, preview.numbers(READY))
    again = open_roster(store, actor, path, heading_rows=(1, 1))
    assert (again.columns, again.was_remembered) == ({0: "name", 1: "id_no"}, True)


def test_record_numbers_come_from_the_block_of_this_pc(
    store: Store, actor: Actor, look: Look
) -> None:
    reserve(store, actor, BlockInput("341599100101", 1, 10, pc_name="前台"))
    rows = [*PEOPLE[:2], person(9, "钱七", None, "男", "1951-01-01")]
    preview = look(rows, without_id="not_brought")
    import_roster(store, actor, preview, preview.numbers(READY))
    numbers = {name: row.record_no for name, row in _rows(store).items()}
    assert numbers == {
        "张三": "34159910010100001",
        "李四": "34159910010100002",
        "钱七": None,  # a temporary record gets one when the card is there
    }


# -- what was left out ------------------------------------------------------------------------


def test_what_was_left_out_goes_to_excel_with_the_reasons(
    store: Store, actor: Actor, look: Look, taken: Imported, tmp_path: Path
) -> None:
    preview = look()
    done = export_left_out(store, actor, preview, taken.left_out, tmp_path / "未导入")
    assert done.rows == 2
    sheet = openpyxl.load_workbook(done.path).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:5] == ["原行号", "未导入原因", "序号", "姓名", "性别"]
    assert [row[0] for row in rows[1:]] == [4, 5]
    assert "性别" in rows[1][1]
    assert "校验位" in rows[2][1]
    assert rows[2][3:6] == ["赵六", None, "341599195001010019"]


def test_the_left_out_rows_put_right_are_imported_again(
    store: Store, actor: Actor, look: Look, taken: Imported, tmp_path: Path
) -> None:
    path = export_left_out(store, actor, look(), taken.left_out, tmp_path / "a.xlsx").path
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["F3"] = OTHER
    book.save(path)
    source = open_roster(store, actor, path)
    preview = check_roster(store, actor, source, source.columns)
    assert [row.verdict for row in preview.rows] == [ASK, READY]


# -- taking it back ---------------------------------------------------------------------------


def test_an_import_is_listed(store: Store, actor: Actor, taken: Imported) -> None:
    (line,) = list_imports(store, actor)
    assert (line.id, line.file_name, line.staff_name) == (taken.import_id, "名单.xlsx", "王建国")
    assert (line.rows, line.imported, line.left_out, line.may_undo) == (4, 2, 2, True)
    assert (line.undone_at, line.withdrawn, line.backup) == (None, 0, taken.backup)
    assert count_imports(store, actor) == 1


def test_a_whole_import_is_taken_back(
    store: Store, actor: Actor, taken: Imported, clock: FixedClock
) -> None:
    assert plan_undoing(store, actor, taken.import_id).closed == 2
    done = undo_import(store, actor, taken.import_id)
    assert (done.closed, done.kept) == (2, ())
    rows = _rows(store)
    assert {row.record_status for row in rows.values()} == {"cancelled"}
    assert {row.record_status_on for row in rows.values()} == {clock.today()}
    with store.read() as session:
        # Nothing is deleted: the closing travels like any other change.
        queued = {o.record_id: o.change_id for o in session.query(Outbox)}
        assert queued == {row.id: row.change_id for row in rows.values()}
        assert session.query(AuditEvent).filter_by(action="undo_import").one().detail == {
            "closed": 2
        }
    (line,) = list_imports(store, actor)
    assert (line.withdrawn, line.undone_name, line.may_undo) == (2, "王建国", False)
    assert line.undone_at is not None
    assert [each.reason for each in list_backups(store.folder)] == ["import", "import"]
    with pytest.raises(InputError):
        undo_import(store, actor, taken.import_id)


def _touch_by_change(store: Store, actor: Actor, resident: Resident) -> None:
    with store.write(actor) as session:
        session.get_one(Resident, resident.id).phone = "13912345678"


def _touch_by_diagnosis(store: Store, actor: Actor, resident: Resident) -> None:
    with store.write(actor) as session:
        session.add(Condition(resident_id=resident.id, display="高血压", disease="hypertension"))


def _touch_by_draft(store: Store, actor: Actor, resident: Resident) -> None:
    save_draft(store, actor, "resident", resident.id, {"phone": "1"})


def _touch_by_closing(store: Store, actor: Actor, resident: Resident) -> None:
    with store.write(actor) as session:
        session.get_one(Resident, resident.id).record_status = "deceased"


@pytest.mark.parametrize(
    ("touch", "words"),
    [
        (_touch_by_change, "已被修改"),
        (_touch_by_diagnosis, "诊断"),
        (_touch_by_draft, "正在填写"),
        (_touch_by_closing, "死亡"),
    ],
)
def test_a_touched_record_stays_and_says_why(
    store: Store,
    actor: Actor,
    taken: Imported,
    touch: Callable[[Store, Actor, Resident], None],
    words: str,
) -> None:
    li = _rows(store)["李四"]
    touch(store, actor, li)
    status = _rows(store)["李四"].record_status
    done = undo_import(store, actor, taken.import_id)
    assert done.closed == 1
    (kept,) = done.kept
    assert (kept.resident_id, kept.row_number, kept.name, kept.village) == (
        li.id,
        3,
        "李四",
        "龙井村",
    )
    assert words in kept.reason
    assert _rows(store)["李四"].record_status == status
    assert _rows(store)["张三"].record_status == "cancelled"


def test_when_everybody_is_touched_nothing_changes(
    store: Store, actor: Actor, taken: Imported
) -> None:
    for row in _rows(store).values():
        _touch_by_change(store, actor, row)
    with pytest.raises(InputError):
        undo_import(store, actor, taken.import_id)
    assert list_imports(store, actor)[0].undone_at is None


def test_undoing_stopped_in_the_middle_changes_nothing(
    store: Store, actor: Actor, taken: Imported
) -> None:
    steps: list[object] = []
    progress = Progress(lambda *step: steps.append(step), lambda: len(steps) >= 3)
    with pytest.raises(Stopped):
        undo_import(store, actor, taken.import_id, progress)
    assert {row.record_status for row in _rows(store).values()} == {"active"}
    assert list_imports(store, actor)[0].undone_at is None


def test_only_its_person_or_an_administrator_takes_it_back(
    store: Store, actor: Actor, taken: Imported
) -> None:
    other = Actor("0" * 36, actor.organisation_id, "别人", frozenset({"doctor"}))
    assert not list_imports(store, other)[0].may_undo
    with pytest.raises(NotAllowed):
        undo_import(store, other, taken.import_id)
    chief = Actor("0" * 36, actor.organisation_id, "管理", frozenset({"doctor", "administrator"}))
    assert list_imports(store, chief)[0].may_undo
    assert undo_import(store, chief, taken.import_id).closed == 2


def test_after_an_undoing_the_same_people_are_imported_into_their_records(
    store: Store, actor: Actor, look: Look, taken: Imported, clock: FixedClock
) -> None:
    before = {name: row.id for name, row in _rows(store).items()}
    undo_import(store, actor, taken.import_id)
    clock.advance(hours=1)
    right = [person(1, "张三", MALE, 村="梅岭村"), person(2, "李思", FEMALE)]
    preview = look(right)
    assert [row.verdict for row in preview.rows] == [READY, READY]
    assert "重新启用" in preview.rows[0].messages[-1]
    second = import_roster(store, actor, preview, preview.numbers(READY))
    rows = _rows(store)
    assert {name: row.id for name, row in rows.items()} == {
        "张三": before["张三"],
        "李思": before["李四"],
    }
    assert {row.record_status for row in rows.values()} == {"active"}
    assert rows["张三"].village == "梅岭村"
    assert rows["张三"].record_status_on is None
    assert [line.imported for line in list_imports(store, actor)] == [2, 2]
    assert undo_import(store, actor, second.import_id).closed == 2


def test_a_record_closed_by_hand_is_not_opened_by_an_import(
    store: Store, actor: Actor, look: Look, taken: Imported
) -> None:
    with store.write(actor) as session:
        session.query(Resident).filter_by(name="张三").one().record_status = "cancelled"
    row = look().rows[0]
    assert row.verdict == KNOWN
    assert "注销" in row.messages[0]
