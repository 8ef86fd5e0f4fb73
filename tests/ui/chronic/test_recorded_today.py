"""The list of what was recorded today says whole where each visit is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.care.chronic_list import RecordedRow
from app.models.outbox import Delivery
from app.ui.chronic.due_page import DuePage
from app.ui.context import UiContext


@pytest.mark.parametrize("urgent", [False, True])
def test_the_time_of_receipt_is_not_cut(context: UiContext, shown: Any, urgent: bool) -> None:
    page: DuePage = shown(DuePage(context))
    now = context.clock.now()
    row = RecordedRow(
        follow_up_id="1",
        resident_id="2",
        name="欧阳桂英",
        diseases=("hypertension",),
        classes=("1",),
        urgent=urgent,
        refer=urgent,
        next_visit=context.clock.today() + timedelta(days=360),
        recorded_at=now,
        doctor_name="王医生",
        delivery=Delivery("held", now),
    )
    page._recorded([row])
    table, model = page.recorded, page.recorded_model
    for at in range(model.columnCount()):
        index = model.index(0, at)
        assert table.sizeHintForIndex(index).width() <= table.columnWidth(at), index.data()
    way = model.index(0, 2)
    assert way.data() == "已收到 09:30"
    assert way.data(Qt.ItemDataRole.ToolTipRole) == "县级医院已收到，09:30"
