"""Pages as they are printed: everything inside the paper, lines straight and even, a PDF."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from app.care.paper.document import About, Cell, Form, PrintDocument, Row, Run
from app.care.paper.log import note_print
from app.care.paper.rounds import RoundRequest, SlipSize, blank_forms, prepare_round
from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.printing.layout import content_frame, lay_out, mm
from app.ui.printing.painter import Pages, Shift
from app.ui.printing.preview import PrintPreview
from tests.care.rounds.people import village, villager

NOBODY = About("paper_form")


def _row(*texts: str, height: float = 0.0, heading: bool = False) -> Row:
    cells = tuple(Cell((Run(text),) if text else ()) for text in texts)
    return Row(cells, height, ruled=True, heading=heading)


def _table(rows: int) -> PrintDocument:
    lines = [_row("姓名", "结果", height=8, heading=True)]
    lines += [_row(f"第{at}人", "", height=10) for at in range(rows)]
    return PrintDocument(title="名单", forms=(Form(tuple(lines)),), about=NOBODY)


def _inside(document: PrintDocument) -> None:
    """Every cell within the margins, every word within its cell."""
    frame = content_frame(document)
    for page in lay_out(document):
        assert page.forms
        for form in page.forms:
            for row in form.rows:
                placed = QRectF(
                    form.origin.x() + row.frame.x() * form.scale,
                    form.origin.y() + row.frame.y() * form.scale,
                    row.frame.width() * form.scale,
                    row.frame.height() * form.scale,
                )
                assert frame.adjusted(-1, -1, 1, 1).contains(placed)
                for cell in row.cells:
                    if cell.text is not None:
                        words = cell.text.boundingRect().translated(cell.at)
                        assert cell.frame.adjusted(-1, -1, 1, 1).contains(words)


@pytest.mark.parametrize("slips", ["two", "one", "a5"])
def test_blank_slips_of_all_diseases_fit_their_paper(slips: SlipSize) -> None:
    document = blank_forms("slips", slips)
    _inside(document)
    scale = min(form.scale for page in lay_out(document) for form in page.forms)
    # Handwriting needs room: the largest paper prints at full size, none below two thirds.
    assert scale == 1.0 if slips == "one" else scale > 0.66


def test_blank_check_sheets_flow_over_their_pages() -> None:
    document = blank_forms("checks")
    _inside(document)
    pages = lay_out(document)
    assert 2 <= len(pages) <= 4
    # Who it is stands at the head of every page.
    for page in pages:
        assert any(row.row.heading for row in page.forms[0].rows)


def test_slips_of_people_with_long_names_still_fit(store: Store, actor: Actor) -> None:
    resident = villager(
        store,
        actor,
        "买买提·阿不都热合曼·依明江·托合提",
        "hypertension",
        "type2_diabetes",
        "copd",
        village="大畈社区居民委员会第十七网格",
        address="大畈社区居民委员会第十七网格幸福家园三期东区十二号楼二单元一千二百零一室",
    )
    for slips in ("two", "one", "a5"):
        request = RoundRequest("slips", (resident,), "大畈社区", slips=slips)
        _inside(prepare_round(store, actor, request))
    _inside(prepare_round(store, actor, RoundRequest("list", (resident,), "大畈社区")))


def test_a_long_table_goes_on_under_its_heading() -> None:
    document = _table(60)
    _inside(document)
    pages = lay_out(document)
    assert len(pages) == 3
    for page in pages:
        assert page.forms[0].rows[0].row.heading
    people = [r for page in pages for r in page.forms[0].rows if not r.row.heading]
    assert [r.row.cells[0].text for r in people] == [f"第{at}人" for at in range(60)]


def test_a_row_grows_with_its_words() -> None:
    long = "高血压随访、糖尿病随访、" * 12
    document = PrintDocument(
        title="x", forms=(Form((_row(long, "短", height=6), _row("甲", "乙"))),), about=NOBODY
    )
    first, second = lay_out(document)[0].forms[0].rows
    assert first.frame.height() > 3 * second.frame.height()
    assert second.frame.top() == first.frame.bottom()
    _inside(document)


def test_several_forms_a_page_between_cutting_lines() -> None:
    one = Form((_row("甲", height=20),))
    document = PrintDocument(title="x", forms=(one,) * 5, about=NOBODY, across=2, down=2)
    pages = lay_out(document)
    assert [len(page.forms) for page in pages] == [4, 1]
    assert len(pages[0].cuts) == 2
    corners = {(round(f.origin.x()), round(f.origin.y())) for f in pages[0].forms}
    assert len(corners) == 4
    _inside(document)


def _dark(image: QImage, x: int, y: int) -> bool:
    return image.pixelColor(x, y).lightness() < 128


def test_lines_are_even_and_closed_at_the_corners() -> None:
    """A 3 × 2 table at 300 dpi: each line equally thick, no gap where lines meet."""
    rows = tuple(_row("", "", height=20) for _ in range(3))
    document = replace(_table(0), forms=(Form(rows),), margins=(10, 10, 10, 10))
    image = Pages(document).image(0, 300)

    def at(length: float) -> int:
        return round(length * 300 / 25.4)

    def runs(values: list[bool]) -> list[int]:
        found, length = [], 0
        for dark in [*values, False]:
            if dark:
                length += 1
            elif length:
                found.append(length)
                length = 0
        return found

    across = runs([_dark(image, x, at(20)) for x in range(image.width())])
    down = runs([_dark(image, at(30), y) for y in range(at(75))])
    assert len(across) == 3
    assert len(down) == 4
    assert max(across + down) - min(across + down) <= 1
    assert 1 <= min(across + down) <= 4
    for x in (10.0, 105.0, 200.0):
        for y in (10.0, 30.0, 50.0, 70.0):
            assert _dark(image, at(x), at(y)), (x, y)


def test_the_page_is_moved_for_pre_printed_paper() -> None:
    document = _table(1)

    def first_dark(pages: Pages) -> tuple[int, int]:
        image = pages.image(0, 150)
        dark = [
            (x, y)
            for y in range(image.height() // 3)
            for x in range(image.width() // 2)
            if _dark(image, x, y)
        ]
        return min(x for x, _ in dark), min(y for _, y in dark)

    x, y = first_dark(Pages(document))
    moved_x, moved_y = first_dark(Pages(document, Shift(5.0, -4.0)))
    assert abs((moved_x - x) - mm(5) * 150 / 600) <= 1
    assert abs((moved_y - y) + mm(4) * 150 / 600) <= 1


@pytest.mark.parametrize(
    ("page", "landscape", "points"),
    [("A4", False, (595, 842)), ("A4", True, (842, 595)), ("A5", True, (595, 420))],
)
def test_a_pdf_has_the_pages_at_their_size(
    tmp_path: Path, page: str, landscape: bool, points: tuple[int, int]
) -> None:
    document = replace(_table(60), page=page, landscape=landscape)
    pages = Pages(document)
    path = tmp_path / "名单.pdf"
    pages.write_pdf(path)
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert data.count(b"/Type /Page\n") == len(pages)
    width, height = points
    boxes = {part.split(b"]")[0] for part in data.split(b"/MediaBox [")[1:]}
    for box in boxes:
        _, _, right, top = (round(float(each)) for each in box.split())
        assert abs(right - width) <= 1
        assert abs(top - height) <= 1


def test_a_pdf_that_cannot_be_written_is_said(
    context: UiContext, store: Store, qtbot: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = PrintPreview(context, blank_forms("slips"))
    qtbot.addWidget(window)  # type: ignore[attr-defined]
    monkeypatch.setattr(PrintPreview, "choose_file", lambda self: tmp_path / "no" / "x.pdf")
    window.save_pdf()
    assert "没有保存" in window.strip.text()


def test_the_preview_turns_pages_and_keeps_the_shift(
    context: UiContext,
    store: Store,
    actor: Actor,
    qtbot: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = village(store, actor)
    document = prepare_round(store, actor, RoundRequest("slips", tuple(ids), "光荣村"))
    note_print(store, actor, document, "paper", 3)
    made: list[str] = []
    window = PrintPreview(context, document, printed=made.append)
    qtbot.addWidget(window)  # type: ignore[attr-defined]
    assert window.turn.text() == "第1页，共3页"
    assert not window.back.isEnabled()
    window.forward.click()
    window.forward.click()
    assert window.turn.text() == "第3页，共3页"
    assert not window.forward.isEnabled()
    window.right.setValue(2.5)
    assert window.pages.shift == Shift(2.5, 0.0)
    monkeypatch.setattr(PrintPreview, "choose_file", lambda self: tmp_path / "x.pdf")
    window.pdf_button.click()
    assert made == ["pdf"]
    again = PrintPreview(context, document)
    qtbot.addWidget(again)  # type: ignore[attr-defined]
    assert again.right.value() == 2.5


def test_without_a_printer_the_person_is_told_what_to_do(
    context: UiContext, qtbot: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtPrintSupport import QPrinterInfo

    monkeypatch.setattr(QPrinterInfo, "availablePrinterNames", lambda: [])
    window = PrintPreview(context, blank_forms("checks"))
    qtbot.addWidget(window)  # type: ignore[attr-defined]
    window.print_button.click()
    assert "没有打印机" in window.strip.text()
    assert "PDF" in window.strip.text()


def test_on_paper_through_a_printer(
    context: UiContext, qtbot: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The printer's own way, with a printer that writes into a file."""
    from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

    path = tmp_path / "printed.pdf"

    def printer(self: PrintPreview) -> QPrinter:
        made = QPrinter(QPrinter.PrinterMode.HighResolution)
        made.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        made.setOutputFileName(str(path))
        made.setPageLayout(self.pages.page_layout())
        made.setFullPage(True)
        return made

    monkeypatch.setattr(QPrinterInfo, "availablePrinterNames", lambda: ["sample"])
    monkeypatch.setattr(PrintPreview, "choose_printer", printer)
    window = PrintPreview(context, blank_forms("checks"))
    qtbot.addWidget(window)  # type: ignore[attr-defined]
    window.print_button.click()
    assert path.read_bytes().count(b"/Type /Page\n") == len(window.pages)
