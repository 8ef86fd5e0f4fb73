"""Taking the list of residents out to Excel: with whole or masked ID numbers, and where to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout

from app.care.spreadsheet import Exported, suggested_name
from app.clock import clinic_date
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.forms import FormFields
from app.ui.widgets.pages import Page
from app.ui.widgets.save_file import ask_where_to_save


class ExportDialog(QDialog):
    """How the numbers are written; the showing of whole ones is noted with the export."""

    def __init__(self, words: str, parent: Page | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export to Excel"))
        self.setModal(True)
        self.setMinimumWidth(theme.FORM_WIDTH)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_FIELD)
        whole.addWidget(label(words, "section", wrap=True))
        whole.addWidget(
            label(
                tr(
                    "The file leaves this program's protection: keep it only where it is needed. "
                    "Who exported how many residents is noted."
                ),
                "secondary",
                wrap=True,
            )
        )
        self.numbers = ChoiceField(
            "numbers",
            tr("ID and phone"),
            [("masked", tr("masked")), ("whole", tr("whole"))],
            required=True,
        )
        whole.addWidget(self.numbers)
        self.fields = FormFields(self)
        self.fields.add(self.numbers)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(Button(tr("Cancel"), self.reject))
        self.save_button = PrimaryButton(tr("Save as…"), self._save)
        row.addWidget(self.save_button)
        whole.addLayout(row)
        self.numbers.options.setFocus()

    def _save(self) -> None:
        if self.fields.check():
            self.accept()


def export_list(
    page: Page,
    context: UiContext,
    scope: str,
    words: str,
    ids: Sequence[str] | None = None,
    tag: str = "",
) -> None:
    """Ask how and where, then write the list; the page says what became of it.

    ``scope``: one of LIST_SCOPES, or the residents of ``ids``; ``tag``: of one population group
    alone; ``words`` names the list.
    """
    dialog = ExportDialog(tr("Export the list “{name}”").format(name=words), page)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return
    today = clinic_date(context.clock.now())
    path = ask_where_to_save(page, suggested_name(tr("Residents"), words, f"{today:%Y%m%d}"))
    if path is None:
        return
    from app.care.resident_export import export_residents

    def done(result: Exported) -> None:
        page.strip.say(
            tr("{count} residents are saved: {name}").format(
                count=result.rows, name=result.path.name
            ),
            "confirmed",
        )

    page.strip.say(tr("The list is being written…"), "accent", closable=False)
    context.tasks.run(
        export_residents,
        context.store,
        context.actor,
        path,
        scope=scope,
        tag=tag,
        ids=ids,
        whole=dialog.numbers.value() == "whole",
        done=done,
        failed=page.strip.say_error,
        owner=page,
    )
