"""The residents of one population group: chosen in the list, counted, taken out to Excel."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtWidgets import QDialog

from app.care import residents
from app.care.basic_form import Answer
from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.residents.list_page import ListPage
from app.ui.roster import export_dialog
from tests.care.test_residents import FORM
from tests.ui.checks import check_page


def test_choose_count_and_export(
    store: Store,
    actor: Actor,
    context: UiContext,
    shown: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = replace(FORM, population_flags=(Answer("low_income"),))
    residents.register(store, actor, form)
    other = replace(
        FORM,
        name="钱二",
        id_no="",
        id_type="none",
        no_id_reason="not_brought",
        sex="1",
        birth_date=date(1950, 1, 1),
        phone="",
        population_flags=(),
    )
    residents.register(store, actor, other)
    page = shown(ListPage(context))
    page.begin()
    assert page.model.rowCount() == 2
    page.tag.setCurrentIndex(page.tag.findText("低保"))
    assert page.model.rowCount() == 1
    assert page.model.row(0).name == FORM.name
    page.scopes["temporary"].click()
    assert page.model.rowCount() == 0
    page.scopes["active"].click()
    check_page(page)
    target = tmp_path / "低保.xlsx"

    def agree(dialog: export_dialog.ExportDialog) -> Any:
        dialog.numbers.set_value("masked")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(export_dialog.ExportDialog, "exec", agree)
    monkeypatch.setattr(export_dialog, "ask_where_to_save", lambda *_: target)
    page.export_button.click()
    head, *rows = openpyxl.load_workbook(target).worksheets[0].values
    assert [row[head.index("姓名")] for row in rows] == [FORM.name]
    # What is typed looks among everybody.
    page.find_line.setText(other.name)
    page._load()
    assert not page.tag.isEnabled()
    assert page.model.row(0).name == other.name
