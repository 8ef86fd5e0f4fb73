"""From a print template to rows: styles, blanks, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.paper.document import BODY_PT, Run
from app.care.paper.markup import BIG_PT, LARGE_PT, SMALL_PT, TITLE_PT, forms_of
from app.care.paper.templates import boxes, fill
from app.errors import Defect


def test_a_section_is_a_form_of_rows() -> None:
    (form,) = forms_of(
        """<section>
        <h1>走访名单</h1>
        <p class="right small">第 1 页</p>
        <table><thead><tr h="8"><td w="2" class="label b">姓名</td>
        <td class="center">年龄</td></tr></thead>
        <tr><td w="2">张桂兰<br>三组</td><td>76</td></tr></table>
        <hr>
        <table class="plain"><tr><td>签名</td></tr></table>
        </section>"""
    )
    title, page, head, person, cut, sign = form.rows
    assert title.cells[0].runs == (Run("走访名单", True, False, TITLE_PT),)
    assert title.cells[0].align == "center"
    assert (page.cells[0].align, page.cells[0].runs[0].points) == ("right", SMALL_PT)
    assert (head.height, head.heading, head.ruled) == (8.0, True, True)
    assert (head.cells[0].share, head.cells[0].shaded, head.cells[1].share) == (2.0, True, 1.0)
    assert (person.heading, person.ruled) == (False, True)
    assert person.cells[0].text == "张桂兰\n三组"
    assert cut.cut
    assert not sign.ruled
    assert form.text.splitlines()[0] == "走访名单"


def test_blanks_what_fills_them_in_and_where_pages_may_break() -> None:
    (form,) = forms_of(
        """<section><p class="b keep" h="6">既往史：</p>
        <table class="plain"><tr h="12" class="flow"><td class="fill">高血压</td></tr>
        <tr><td>姓名</td><td class="line fill big">徐桂兰</td></tr></table></section>"""
    )
    heading, words, name = form.rows
    assert (heading.keep, heading.flows, heading.height) == (True, False, 6.0)
    assert (words.keep, words.flows, words.height, words.ruled) == (False, True, 12.0, False)
    assert (words.cells[0].filled, words.cells[0].lined) == (True, False)
    label, blank = name.cells
    assert (label.filled, label.lined) == (False, False)
    assert (blank.filled, blank.lined, blank.runs[0].points) == (True, True, BIG_PT)
    assert (name.keep, name.flows) == (False, False)


def test_words_in_bold_and_underlined() -> None:
    (form,) = forms_of("<section><p>致 <u>金寨县<b>人民医院</b></u> ：</p></section>")
    assert form.rows[0].cells[0].runs == (
        Run("致 ", False, False, BODY_PT),
        Run("金寨县", False, True, BODY_PT),
        Run("人民医院", True, True, BODY_PT),
        Run(" ：", False, False, BODY_PT),
    )


def test_blanks_of_the_template_are_not_printed() -> None:
    (form,) = forms_of('<section><p class="large">  甲\n   乙 <br>  丙 \n</p></section>')
    (cell,) = form.rows[0].cells
    assert cell.text == "甲 乙\n丙"
    assert cell.runs[0].points == LARGE_PT


@pytest.mark.parametrize(
    "html",
    [
        "<section><script>1</script></section>",
        "<section><p>甲</b></p></section>",
        "<section>甲</section>",
        "<section><p>甲</p>",
        "<p>甲</p>",
        "<section><b>甲</b></section>",
    ],
)
def test_what_is_not_part_of_the_language_is_a_defect(html: str) -> None:
    with pytest.raises(Defect):
        forms_of(html)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40))
def test_any_name_is_printed_as_it_is(name: str) -> None:
    """What people write is escaped: it never becomes a tag, and only blanks are tidied."""
    from html import escape

    (form,) = forms_of(f"<section><p>{escape(name)}</p></section>")
    assert "".join(form.rows[0].cells[0].text.split()) == "".join(name.split())


def test_boxes_carry_the_codes_of_the_form() -> None:
    words = boxes("symptom_hypertension").replace("\u00a0", " ")
    assert words.startswith("□1 无症状  □2 头痛头晕")
    assert "□0 其他" in words


def test_a_value_that_a_template_lacks_is_a_defect_not_a_gap() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        fill("visit_list", people=[])


def test_jinja_is_not_loaded_before_the_first_print() -> None:
    import subprocess
    import sys

    look = "import sys, app.ui.today.view, app.care.paper.rounds; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
