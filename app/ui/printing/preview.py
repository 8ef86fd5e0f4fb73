"""The print preview: the pages as they will be, the page's shift, paper or PDF.

What names people is noted in the audit trail before it leaves: where the note cannot be written,
nothing is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.care.paper.document import PrintDocument, Sheets
from app.care.paper.log import Way, note_print
from app.care.paper.settings import (
    MOST_SHIFT_MM,
    FormSettings,
    PrintSettings,
    form_settings,
    print_settings,
    save_form_settings,
    save_print_settings,
)
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.printing.options import PaperOptions
from app.ui.printing.painter import Pages, Shift
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.strips import ErrorStrip

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

# A page is shown as wide as there is room, but never larger than paper on a good screen.
_MOST_DPI = 120.0


class PrintPreview(QDialog):
    """Shows a document page by page. PgUp and PgDn turn pages, Ctrl+P prints, Ctrl+S makes a PDF.

    ``printed(way)`` is called after the paper or the PDF was made. Of ``Sheets`` the paper can be
    chosen, and this PC keeps paper and shift for that form.
    """

    def __init__(
        self,
        context: UiContext,
        document: PrintDocument | Sheets,
        parent: QWidget | None = None,
        *,
        printed: Callable[[Way], object] | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings: PrintSettings | FormSettings
        self._sheets: Sheets | None = None
        if isinstance(document, Sheets):
            self._sheets = document
            self._settings = form_settings(context.store, document.form)
            document = self._made()
        else:
            self._settings = print_settings(context.store)
        self.setWindowTitle(tr("Print: {title}").format(title=document.title))
        self.resize(
            theme.SCREEN_WIDTH - theme.RAIL_WIDTH, theme.SCREEN_HEIGHT - 2 * theme.BAR_HEIGHT
        )
        self._context = context
        self._printed = printed
        self.document = document
        self.pages = self._laid()
        self._number = 0
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_FIELD)
        self.sheet = QLabel()
        self.sheet.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.area.setAccessibleName(tr("The page as it will be printed"))
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.area.setWidget(self.sheet)
        side = QVBoxLayout()
        side.setSpacing(theme.GAP_FIELD)
        self.turn = label("", "strong")
        self.back = Button(tr("Page before"), lambda: self._turn(-1), shortcut="PgUp")
        self.forward = Button(tr("Next page"), lambda: self._turn(1), shortcut="PgDown")
        self.right = self._shift_box(tr("Move right, mm"), self._settings.shift_right)
        self.down = self._shift_box(tr("Move down, mm"), self._settings.shift_down)
        turning = QHBoxLayout()
        turning.addWidget(self.back)
        turning.addWidget(self.forward)
        side.addWidget(label(document.title, "section", wrap=True))
        side.addWidget(self.turn)
        side.addLayout(turning)
        side.addSpacing(theme.GAP_FIELD)
        self.options: PaperOptions | None = None
        if self._sheets is not None and isinstance(self._settings, FormSettings):
            self.options = PaperOptions(self._sheets, self._settings, self._paper_chosen)
            side.addWidget(self.options)
            side.addSpacing(theme.GAP_FIELD)
        side.addWidget(label(tr("Where it stands on the paper"), "strong"))
        for words, box in ((tr("Move right, mm"), self.right), (tr("Move down, mm"), self.down)):
            line = QHBoxLayout()
            line.addWidget(label(words), 1)
            line.addWidget(box)
            side.addLayout(line)
        side.addWidget(
            label(
                tr("For pre-printed paper: measure how far it is off and type it here once."),
                "hint",
                wrap=True,
            )
        )
        side.addStretch(1)
        self.note = label(self._note(), "hint", wrap=True)
        side.addWidget(self.note)
        panel = QWidget()
        panel.setFixedWidth(theme.NAME_WIDTH + theme.DATE_WIDTH)
        panel.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        middle = QHBoxLayout()
        middle.setSpacing(theme.GAP_CARD)
        middle.addWidget(self.area, 1)
        middle.addWidget(panel)
        whole.addLayout(middle, 1)
        self.strip = ErrorStrip()
        whole.addWidget(self.strip)
        self.print_button = PrimaryButton(
            tr("Print…"), self.print_it, icon_name="printer-line", shortcut="Ctrl+P"
        )
        self.pdf_button = Button(
            tr("Save as PDF…"), self.save_pdf, icon_name="file-pdf-line", shortcut="Ctrl+S"
        )
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button(tr("Close"), self.reject))
        buttons.addWidget(self.pdf_button)
        buttons.addWidget(self.print_button)
        whole.addLayout(buttons)
        self.print_button.setFocus()
        self._warn()
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The page follows the width of the window."""
        super().resizeEvent(event)
        # Once the layout has passed the new width on.
        QTimer.singleShot(0, self, self._show)

    # -- the pages ------------------------------------------------------------------------------

    def _laid(self) -> Pages:
        shift = Shift(self._settings.shift_right, self._settings.shift_down)
        return Pages(self.document, shift)

    def _shift_box(self, name: str, value: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(-MOST_SHIFT_MM, MOST_SHIFT_MM)
        box.setDecimals(1)
        box.setSingleStep(0.5)
        box.setValue(value)
        box.setAccessibleName(name)
        box.valueChanged.connect(lambda _: self._shifted())
        return box

    def _shifted(self) -> None:
        self._settings = replace(
            self._settings, shift_right=self.right.value(), shift_down=self.down.value()
        )
        self.pages.shift = Shift(self._settings.shift_right, self._settings.shift_down)
        self._show()

    def _made(self) -> PrintDocument:
        """The document for the paper that was chosen."""
        assert self._sheets is not None
        assert isinstance(self._settings, FormSettings)
        preprinted = self._settings.preprinted and self._sheets.can_be_preprinted
        return self._sheets.make(self._settings.page, preprinted)

    def _paper_chosen(self) -> None:
        if self.options is None or not isinstance(self._settings, FormSettings):
            return
        preprinted = self.options.preprinted.isChecked()
        self._settings = replace(self._settings, page=self.options.page, preprinted=preprinted)
        self.document = self._made()
        self.pages = self._laid()
        self._number = min(self._number, len(self.pages) - 1)
        self._warn()
        self._show()

    def _warn(self) -> None:
        self.strip.clear()
        if self.document.preprinted and self.pages.overfull:
            self.strip.say(
                tr(
                    "Some words are longer than their place on the pre-printed form and would be "
                    "printed over the next line. Nothing is lost. Print this one on plain paper."
                ),
                "attention",
            )

    def _turn(self, step: int) -> None:
        self._number = min(max(self._number + step, 0), len(self.pages) - 1)
        self._show()

    def _show(self) -> None:
        ratio = self.devicePixelRatioF()
        room = self.area.viewport().width() - theme.GAP_INSIDE
        dpi = min(max(room, theme.LIST_WIDTH) / self.document.size[0] * 25.4, _MOST_DPI)
        image = self.pages.image(self._number, dpi * ratio)
        image.setDevicePixelRatio(ratio)
        self.sheet.setPixmap(QPixmap.fromImage(image))
        total = len(self.pages)
        self.turn.setText(
            tr("Page {number} of {total}").format(number=self._number + 1, total=total)
        )
        self.back.setEnabled(self._number > 0)
        self.forward.setEnabled(self._number + 1 < total)

    def _note(self) -> str:
        about = self.document.about
        if about.kind == "expert_poster":
            return tr("A poster to hang up: it names no resident.")
        if not about.persons:
            return tr("A blank form: it names nobody.")
        words = tr("Names {count} people. Who printed it is noted in the log.")
        said = words.format(count=about.persons)
        if about.whole_ids:
            said += tr(" ID numbers are printed whole: keep the paper locked away.")
        return said

    # -- out ------------------------------------------------------------------------------------

    def print_it(self) -> None:
        """Ask for the printer and print."""
        from PySide6.QtPrintSupport import QPrinterInfo

        if not QPrinterInfo.availablePrinterNames():
            self.strip.say(
                tr(
                    "This PC has no printer. Nothing was printed. Save a PDF and print it on "
                    "another PC, or let a printer be installed."
                ),
                "attention",
            )
            return
        printer = self.choose_printer()
        if printer is not None:
            self._out("paper", lambda: self._paint(printer))

    def choose_printer(self) -> QPrinter | None:
        """The printer that the person chose, set up for these pages; None when they did not."""
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self.document.title)
        printer.setPageLayout(self.pages.page_layout())
        printer.setFullPage(True)
        dialog = QPrintDialog(printer, self)
        dialog.setMinMax(1, len(self.pages))
        return printer if dialog.exec() else None

    def save_pdf(self) -> None:
        """Ask for a place and write the PDF there."""
        path = self.choose_file()
        if path is not None:
            self._out("pdf", lambda: self.pages.write_pdf(path))

    def choose_file(self) -> Path | None:
        """Where the PDF goes; None when the person turned back."""
        name = "".join("_" if char in '\\/:*?"<>|' else char for char in self.document.title)
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Save as PDF"), f"{name}.pdf", tr("PDF file (*.pdf)")
        )
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix.lower() == ".pdf" else path.with_name(path.name + ".pdf")

    def _out(self, way: Way, make: Callable[[], object]) -> None:
        c = self._context
        document, settings, pages = self.document, self._settings, len(self.pages)
        sheets = self._sheets

        def note() -> None:
            note_print(c.store, c.actor, document, way, pages)
            if isinstance(settings, PrintSettings):
                save_print_settings(c.store, c.actor, settings)
            elif sheets is not None:
                save_form_settings(c.store, c.actor, sheets.form, settings)

        def noted(_: object) -> None:
            self._make(way, make)

        c.tasks.run(note, done=noted, failed=self.strip.say_error, owner=self)

    def _make(self, way: Way, make: Callable[[], object]) -> None:
        try:
            make()
        except OSError:
            self.strip.say(
                tr(
                    "The file could not be written. Nothing was saved. Close it in other "
                    "programs or choose another folder."
                )
            )
            return
        self._context.notify(
            tr("Sent to the printer: {title}").format(title=self.document.title)
            if way == "paper"
            else tr("The PDF was saved: {title}").format(title=self.document.title)
        )
        if self._printed is not None:
            self._printed(way)
        self.accept()

    def _paint(self, printer: QPrinter) -> None:
        from PySide6.QtGui import QPainter

        first = max(printer.fromPage() - 1, 0)
        last = printer.toPage() or len(self.pages)
        painter = QPainter(printer)
        if not painter.isActive():
            raise OSError("printer")
        for number in range(first, min(last, len(self.pages))):
            if number > first:
                printer.newPage()
            self.pages.paint(painter, number, printer.resolution())
        painter.end()


def preview(
    context: UiContext,
    document: PrintDocument | Sheets,
    parent: QWidget,
    printed: Callable[[Way], object] | None = None,
) -> PrintPreview:
    """Open the preview over a page; it returns at once."""
    window = PrintPreview(context, document, parent, printed=printed)
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.open()
    return window
