"""A referral's papers as pages: like the stored pictures, all within the paper, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QTextLayout

from app.care.paper.document import About, Cell, Form, PageSize, PrintDocument, Row, Run
from app.care.paper.referral_papers import Paper, sheets, transfer_out
from app.i18n import set_language
from app.ui.printing.layout import content_frame, lay_out, mm
from app.ui.printing.painter import Pages, Shift
from tests import referral_papers as sample
from tests.ui.printing.referral_pictures import (
    CASES,
    DPI,
    FACE,
    FOLDER,
    alike,
    difference,
    greys,
    has_face,
    pages_of,
    rendered,
)

NOBODY = About("paper_form")


@pytest.fixture
def face(qapp: object) -> None:
    if not has_face():
        pytest.skip(f"the type face of the stored pictures is not installed: {FACE}")


@pytest.mark.usefixtures("face")
@pytest.mark.parametrize("case", CASES)
def test_pages_are_like_the_stored_pictures(case: str) -> None:
    made = dict(rendered(case))
    kept = {path.name for path in FOLDER.glob("*.png") if path.stem.rpartition("-")[0] == case}
    assert set(made) == kept
    for name, image in made.items():
        stored = QImage(str(FOLDER / name))
        assert stored.size() == image.size()
        assert alike(image, stored), (name, difference(image, stored))


@pytest.mark.usefixtures("face")
def test_a_page_that_is_off_or_lacks_a_word_is_not_like_its_picture() -> None:
    stored = QImage(str(FOLDER / "out-a4-1.png"))
    papers = sample.whole()
    assert alike(Pages(transfer_out(papers)).image(0, DPI), stored)
    assert not alike(Pages(transfer_out(papers), Shift(1.0, 0.0)).image(0, DPI), stored)
    nobody = replace(papers.view.patient, phone="")
    without = replace(papers, view=replace(papers.view, patient=nobody))
    assert not alike(Pages(transfer_out(without)).image(0, DPI), stored)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("case", CASES)
def test_everything_stands_within_the_margins_and_every_word_in_its_cell(case: str) -> None:
    pages = pages_of(case)
    frame = content_frame(pages.document)
    for page in pages.laid:
        for form in page.forms:
            for row in form.rows:
                assert frame.adjusted(-1, -1, 1, 1).contains(row.frame.translated(form.origin)), (
                    row.row
                )
                for cell in row.cells:
                    if cell.text is not None:
                        words = cell.text.boundingRect().translated(cell.at)
                        # What is too long for pre-printed paper is said by the preview.
                        assert row.overfull or _within(cell.frame, words), cell.text.text()


def _within(frame: QRectF, words: QRectF) -> bool:
    return frame.adjusted(-1, -1, 1, 1).contains(words)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("page", ["A4", "A5"])
@pytest.mark.parametrize("paper", Paper)
def test_no_word_is_lost_between_pages(paper: Paper, page: str) -> None:
    document = sheets(sample.long(), paper).make(page, False)
    pages = lay_out(document)
    assert len(pages) >= 2
    laid: dict[int, str] = {}
    for each in pages:
        for row in each.forms[0].rows:
            if row.row.heading and row.row.cells and row.frame.top() == 0 and each is not pages[0]:
                continue  # the repeated heading of a table
            for at, cell in enumerate(row.row.cells):
                laid[at] = laid.get(at, "") + cell.text
    for at, words in laid.items():
        wanted = "".join(
            row.cells[at].text for row in document.forms[0].rows if len(row.cells) > at
        )
        assert words.replace("\n", "") == wanted.replace("\n", "")


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("page", ["A4", "A5"])
@pytest.mark.parametrize("paper", [Paper.OUT, Paper.BACK, Paper.CONSENT])
def test_english_words_stay_whole_and_the_captions_of_the_form_in_one_line(
    paper: Paper, page: PageSize
) -> None:
    set_language("en")
    for laid in Pages(sheets(sample.whole(), paper).make(page, False)).laid:
        for row in laid.forms[0].rows:
            for cell in row.cells:
                if cell.text is None:
                    continue
                words = cell.text.text()
                ends = _line_ends(cell.text)
                broken = [words[:at] for at in ends if words[at - 1 : at + 1].isascii()
                          and words[at - 1 : at + 1].isalnum()]  # fmt: skip
                assert not broken, words
                caption = not cell.filled and not row.row.ruled and not row.row.flows
                if paper != Paper.CONSENT and caption:
                    assert not ends, words


def _line_ends(text: QTextLayout) -> list[int]:
    """The places where a line goes on below, those that the words ask for left out."""
    lines = [text.lineAt(number) for number in range(text.lineCount())]
    ends = [line.textStart() + line.textLength() for line in lines[:-1]]
    return [end for end in ends if text.text()[end - 1] not in "\n\u2028"]


@pytest.mark.usefixtures("qapp")
def test_on_pre_printed_paper_what_fills_in_stands_where_it_stood() -> None:
    """Long words are made smaller in their place; nothing below them moves."""
    short, longer = sample.whole(), sample.whole()
    letter = replace(longer.view.letter, past_history="高血压 10 年。" * 24)
    longer = replace(longer, view=replace(longer.view, letter=letter))
    one, other = (Pages(transfer_out(p, preprinted=True)) for p in (short, longer))
    assert not other.overfull
    assert len(one) == len(other) == 1
    tops = [[row.frame.top() for row in pages.laid[0].forms[0].rows] for pages in (one, other)]
    assert tops[0] == tops[1]
    far = replace(letter, past_history=sample.LONG_TEXT * 12)
    assert Pages(
        transfer_out(replace(short, view=replace(short.view, letter=far)), preprinted=True)
    ).overfull


@pytest.mark.usefixtures("qapp")
def test_on_pre_printed_paper_there_is_no_line_and_no_heading() -> None:
    plain = Pages(transfer_out(sample.whole()))
    filled = Pages(transfer_out(sample.whole(), preprinted=True))
    assert _dark(filled) < _dark(plain) / 3
    empty = replace(
        filled.document,
        forms=tuple(
            Form(
                tuple(
                    replace(
                        row,
                        cells=tuple(replace(c, runs=()) if c.filled else c for c in row.cells),
                    )
                    for row in form.rows
                )
            )
            for form in filled.document.forms
        ),
    )
    assert _dark(Pages(empty)) == 0


def _dark(pages: Pages) -> int:
    return sum(value < 160 for value in greys(pages.image(0, 50)))


def _words(text: str, **values: bool) -> Row:
    return Row((Cell((Run(text),)),), **values)


@pytest.mark.usefixtures("qapp")
def test_a_heading_stays_with_the_words_below_it() -> None:
    room = 297 - 12 - 14 - 5
    rows = (
        Row((Cell(),), height=room - 12),
        _words("标题", keep=True),
        _words("字" * 400, flows=True),
    )
    document = PrintDocument(title="x", forms=(Form(rows),), about=NOBODY)
    first, second = lay_out(document)
    assert len(first.forms[0].rows) == 1
    assert [row.row.cells[0].text[:2] for row in second.forms[0].rows] == ["标题", "字字"]


@pytest.mark.usefixtures("qapp")
def test_words_that_flow_fill_the_page_and_go_on() -> None:
    document = PrintDocument(
        title="x", forms=(Form((_words("字" * 9000, flows=True),)),), about=NOBODY
    )
    pages = lay_out(document)
    assert len(pages) == 4
    assert "".join(p.forms[0].rows[0].row.cells[0].text for p in pages) == "字" * 9000
    for page in pages[:-1]:
        assert page.forms[0].rows[0].frame.height() > mm(297 - 12 - 14 - 5 - 6)


@pytest.mark.usefixtures("qapp")
def test_a_row_taller_than_a_page_is_divided_under_its_heading() -> None:
    heading = Row((Cell((Run("名称"),)),), ruled=True, heading=True)
    tall = Row((Cell((Run("字" * 6000),)),), ruled=True)
    document = PrintDocument(title="x", forms=(Form((heading, tall)),), about=NOBODY)
    pages = lay_out(document)
    assert len(pages) == 3
    assert all(page.forms[0].rows[0].row.heading for page in pages)
