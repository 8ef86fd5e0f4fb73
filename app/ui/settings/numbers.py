"""Record numbers: which serials this PC gives out, reserved by an administrator."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.parsing import half_width
from app.care.resident_record.numbers import (
    LOW_WATER,
    Block,
    BlockInput,
    blocks,
    close_block,
    propose,
    reserve,
)
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.settings.sections import FormSection
from app.ui.widgets.buttons import Button
from app.ui.widgets.fields import TextField
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.values import NumberField


class NumbersSection(QWidget):
    """The blocks that this PC knows of, and a form to reserve the next one for it."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self.context = context
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.form = _ReserveForm(context, self)
        columns: list[Column[Block]] = [
            Column(tr("First 12 digits"), lambda block: _grouped(block.prefix), 152, strong=True),
            Column(tr("For the village"), lambda block: block.area or tr("all others"), 120),
            Column(
                tr("Serials"),
                lambda block: f"{block.first:05d}-{block.last:05d}",
                128,
            ),
            Column(
                tr("PC"),
                lambda block: (
                    tr("{name} (this one)").format(name=block.pc_name)
                    if block.here
                    else block.pc_name
                ),
            ),
            Column(
                tr("Left"),
                lambda block: "" if block.left is None else str(block.left),
                64,
                align="right",
            ),
            Column(
                tr("State"),
                _state,
                176,
                tone=lambda block: "attention" if _state(block) else None,
                icon_name=lambda block: "alert-line" if _state(block) else "",
                tip=_state,
            ),
        ]
        self.model: PagedModel[Block] = PagedModel(columns, parent=self)
        self.table = RecordTable(self.model, tr("Blocks of record numbers"))
        self.table.setFixedHeight(theme.ROW_HEIGHT * 6 + 2)
        self.table.chosen.connect(self._chosen)
        self.close_button = Button(tr("Give no more out of it"), self._close)
        self.close_button.setEnabled(False)
        row = QHBoxLayout()
        row.addWidget(self.close_button)
        row.addStretch(1)
        column.addWidget(self.table)
        column.addLayout(row)
        column.addWidget(self.form, 1)
        self.setFocusProxy(self.form)
        self.reload()

    def reload(self) -> None:
        """Ask anew."""
        store, actor = self.context.store, self.context.actor
        self.context.tasks.run(
            lambda: blocks(store, actor),
            done=self._show,
            failed=self.form.strip.say_error,
            owner=self,
        )

    def _show(self, found: tuple[Block, ...]) -> None:
        self.model.set_rows(found)
        self.close_button.setEnabled(False)
        if found:
            self.table.choose(0)
        names = [block.pc_name for block in found if block.here]
        if names and self.form.fields["pc_name"].is_blank():
            self.form.fields["pc_name"].set_value(names[0])

    def _chosen(self, block: Block) -> None:
        self.close_button.setEnabled(block.here and not block.closed)

    def _close(self) -> None:
        block = self.table.current()
        if block is None:
            return
        store, actor = self.context.store, self.context.actor
        self.context.tasks.run(
            lambda: close_block(store, actor, block.id),
            done=lambda _: self.reload(),
            failed=self.form.strip.say_error,
            owner=self,
        )


class _ReserveForm(FormSection):
    """A block for this PC; the next free thousand is proposed once the village is named."""

    def __init__(self, context: UiContext, section: NumbersSection) -> None:
        super().__init__(
            context,
            tr("Reserve serials for this PC"),
            tr(
                "No office hands out serials: each PC gets a run of its own for every village. "
                "PCs that do not see each other should take different ten-thousands, such as "
                "00001 and 10001. An overlap is refused."
            ),
            tr("Reserve"),
        )
        self._section = section
        self.add(
            TextField(
                "prefix",
                tr("First 12 digits"),
                limit=20,
                required=True,
                placeholder=tr("county 6, township 3, village 3"),
            ),
            TextField(
                "area",
                tr("For the village"),
                limit=50,
                placeholder=tr("as in the records; empty: all villages without a block"),
            ),
            NumberField("first", tr("First serial"), hard=(1, 99999), required=True),
            NumberField("last", tr("Last serial"), hard=(1, 99999), required=True),
            TextField("pc_name", tr("Name of this PC"), limit=50, required=True),
        )
        self.fields["prefix"].left.connect(self._propose)

    def _propose(self) -> None:
        prefix = re.sub(r"[\s-]", "", half_width(self.fields["prefix"].value() or ""))
        blank = self.fields["first"].is_blank() and self.fields["last"].is_blank()
        if len(prefix) != 12 or not blank:
            return
        store, actor = self.context.store, self.context.actor

        def show(found: tuple[int, int]) -> None:
            for name, serial in zip(("first", "last"), found, strict=True):
                self.fields[name].set_value(serial)

        def failed(error: Exception) -> None:
            if isinstance(error, InputError):
                self.fields.show_problems(error.problems)
            else:
                self.strip.say_error(error)

        self.context.tasks.run(
            lambda: propose(store, actor, prefix), done=show, failed=failed, owner=self
        )

    def submit(self) -> None:
        """Reserve what stands in the fields."""
        if not self.fields.check():
            return
        values = self.fields.values()
        typed = BlockInput(
            prefix=values["prefix"] or "",
            area=values["area"] or "",
            first=_whole(values["first"]),
            last=_whole(values["last"]),
            pc_name=values["pc_name"] or "",
        )

        def done(_: object) -> None:
            name = typed.pc_name
            self.fields.clear()
            self.fields["pc_name"].set_value(name)
            self.context.tell_changed("number_block")
            self.context.notify(tr("The serials are reserved for this PC."))
            self._section.reload()

        self.run(reserve, self.context.store, self.context.actor, typed, done=done)


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _grouped(prefix: str) -> str:
    return f"{prefix[:6]} {prefix[6:9]} {prefix[9:]}"


def _state(block: Block) -> str:
    if block.overlaps:
        return tr("shares serials with another PC, which keeps them")
    if block.closed:
        return tr("gives nothing more out")
    if block.left is not None and block.left <= LOW_WATER:
        return tr("nearly used up")
    return ""
