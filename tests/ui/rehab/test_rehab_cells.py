"""How what is typed in a cell is read, and when the cursor may move on."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models import codes
from app.ui.rehab import cells
from app.ui.rehab.cells import COLUMNS, INDEX, Unreadable


def column(key: str) -> cells.GridColumn:
    return COLUMNS[INDEX[key]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("13278", (132, 78)), ("132/78", (132, 78)), ("132 78", (132, 78)), ("132.78", (132, 78)),
        ("132-78", (132, 78)), ("132+78", (132, 78)), ("9860", (98, 60)), ("98/60", (98, 60)),
        ("182104", (182, 104)), ("98105", (98, 105)), ("１３２７８", (132, 78)),
        ("132、78", (132, 78)), ("132。78", (132, 78)),
    ],
)  # fmt: skip
def test_pressures(text: str, values: tuple[int, int]) -> None:
    assert cells.read(column("pre_bp"), text) == (
        dict(zip(("pre_sbp", "pre_dbp"), values, strict=True)), {},
    )  # fmt: skip


@pytest.mark.parametrize("text", ["132", "13", "abc", "132/", "1327899", "132/78/90", "13 2/78"])
def test_no_pressures(text: str) -> None:
    with pytest.raises(Unreadable):
        cells.read(column("pre_bp"), text)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("pre_hr", "72", 72), ("pre_spo2", "97", 97), ("pre_pain", "0", 0), ("borg", "12", 12),
        ("pre_temperature", "365", 36.5), ("pre_temperature", "36.5", 36.5),
        ("pre_temperature", "37", 37.0), ("pre_glucose", "7.8", 7.8), ("pre_glucose", "12", 12.0),
        ("pre_glucose", "７。８", 7.8),
    ],
)  # fmt: skip
def test_numbers(key: str, text: str, value: float) -> None:
    (read,) = cells.read(column(key), text)[0].values()
    assert read == value


@pytest.mark.parametrize(
    ("key", "text"),
    [("pre_hr", "7x"), ("pre_hr", "72.5"), ("pre_hr", "1234"), ("pre_glucose", "7.85"),
     ("pre_temperature", "36.55"), ("borg", "-1"), ("pre_pain", "😀")],
)  # fmt: skip
def test_unreadable_numbers(key: str, text: str) -> None:
    with pytest.raises(Unreadable):
        cells.read(column(key), text)


@pytest.mark.parametrize(("key", "code"), [("/", "1"), ("*", "2"), ("-", "3"), ("×", "2")])
def test_marks_of_what_was_not_measured(key: str, code: str) -> None:
    values, marks = cells.read(column("pre_bp"), key)
    assert values == {"pre_sbp": None, "pre_dbp": None}
    assert marks == {"pre_sbp": code, "pre_dbp": code}
    assert cells.shown(column("pre_bp"), values, marks) == codes.label("not_measured", code)


@pytest.mark.parametrize(
    ("key", "text", "complete"),
    [
        ("pre_bp", "1327", False), ("pre_bp", "13278", True), ("pre_bp", "13210", False),
        ("pre_bp", "132104", True), ("pre_bp", "9860", True), ("pre_bp", "132/7", False),
        ("pre_bp", "132/78", True), ("pre_bp", "98/60", True), ("pre_bp", "98/10", False),
        ("pre_hr", "7", False), ("pre_hr", "72", True), ("pre_hr", "10", False),
        ("pre_hr", "104", True), ("pre_hr", "20", False), ("pre_spo2", "9", False),
        ("pre_spo2", "97", True), ("pre_spo2", "10", False), ("pre_spo2", "100", True),
        ("pre_pain", "0", True), ("pre_pain", "1", False), ("pre_pain", "10", True),
        ("pre_pain", "7", True), ("borg", "1", False), ("borg", "12", True), ("borg", "9", True),
        ("borg", "2", False), ("borg", "20", True), ("pre_glucose", "7", False),
        ("pre_glucose", "7.8", True), ("pre_glucose", "12", False),
        ("pre_temperature", "36", False), ("pre_temperature", "365", True),
        ("pre_temperature", "36.5", True), ("completion", "6", False), ("completion", "60", True),
        ("post_hr", "/", True),
    ],
)  # fmt: skip
def test_when_a_cell_is_complete(key: str, text: str, complete: bool) -> None:
    assert cells.is_complete(column(key), text) is complete


@given(st.integers(50, 300), st.integers(20, 200))
def test_every_pressure_is_read_back_as_shown(sbp: int, dbp: int) -> None:
    where = column("post_bp")
    values, _ = cells.read(where, f"{sbp}/{dbp}")
    assert cells.read(where, cells.shown(where, values, {}))[0] == values


@given(st.text(max_size=8))
def test_any_text_is_read_or_refused(text: str) -> None:
    for what in COLUMNS:
        if what.kind in ("number", "pressure"):
            try:
                values, marks = cells.read(what, text)
            except Unreadable:
                continue
            assert set(values) == set(what.fields)
            assert set(marks) <= set(what.fields)


@given(st.sampled_from([c for c in COLUMNS if c.kind in ("number", "pressure")]),
       st.text("0123456789./", max_size=7))  # fmt: skip
def test_a_complete_cell_can_be_read(what: cells.GridColumn, text: str) -> None:
    if cells.is_complete(what, text):
        cells.read(what, text)


@pytest.mark.parametrize(
    ("text", "at"),
    [("900", time(9)), ("0900", time(9)), ("9:05", time(9, 5)), ("9.05", time(9, 5)),
     ("9", time(9)), ("15:30", time(15, 30)), ("９：３０", time(9, 30)), ("9点", time(9)),
     ("", None)],
)  # fmt: skip
def test_times(text: str, at: time | None) -> None:
    assert cells.read_time(text) == at


@pytest.mark.parametrize("text", ["25:00", "9:60", "abc", "12345", "9:5:3"])
def test_no_times(text: str) -> None:
    with pytest.raises(Unreadable):
        cells.read_time(text)


@pytest.mark.parametrize("code_list", ["rehab_completion", "rehab_adverse", "rehab_action",
                                       "rehab_pre_symptom", "rehab_not_done_reason"])  # fmt: skip
def test_every_choice_has_its_own_key(code_list: str) -> None:
    entries = codes.entries(code_list)
    assert len(entries) <= len(cells.CHOICE_KEYS)
    for key, entry in zip(cells.CHOICE_KEYS, entries, strict=False):
        assert cells.choice_of_key(code_list, key) == entry.code
    assert cells.choice_of_key(code_list, "x") is None


def test_every_field_that_a_rule_asks_for_has_a_cell() -> None:
    from app.care.check_in_rules import POST_FIELDS, VITAL_FIELDS

    asked = {f"pre_{name}" for name in VITAL_FIELDS} | {f"post_{name}" for name in POST_FIELDS}
    asked |= {"borg", "completion", "completion_percent", "reason_not_done", "adverse", "action"}
    assert asked <= set(cells.FIELD_COLUMN)


def test_the_grid_fits_the_clinic_screen() -> None:
    from app.ui import theme
    from app.ui.rehab.grid import _STATE_WIDTH

    fixed = sum(what.width or _STATE_WIDTH for what in COLUMNS)
    room = theme.SCREEN_WIDTH - theme.RAIL_WIDTH - 2 * theme.GAP_CARD
    assert fixed <= room - 12  # scroll bar and frame
