"""What the papers of a referral say: every field of the national forms (domain reference §6.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.care import referral
from app.care.paper.document import PageSize, PrintDocument
from app.care.paper.referral_papers import (
    Paper,
    ReferralPapers,
    consent_sheet,
    family_plan,
    load_papers,
    paper_words,
    sheets,
    transfer_back,
    transfer_out,
)
from app.care.paper.referral_rows import in_rows
from app.care.paper.settings import (
    FormSettings,
    form_settings,
    print_settings,
    save_form_settings,
    save_print_settings,
)
from app.care.referral_return.returns import Returns
from app.care.referral_view import EventView
from app.errors import NotFound
from app.i18n import set_language
from app.models.actor import Actor
from app.models.store import Store
from tests import referral_papers as sample
from tests.referral_support import add_resident, letter_for

PAGES: tuple[PageSize, ...] = ("A4", "A5")


def filled(document: PrintDocument) -> list[str]:
    """What fills in the blanks of the form, in the order of the paper."""
    cells = (c for form in document.forms for row in form.rows for c in row.cells)
    return [cell.text for cell in cells if cell.filled and cell.text]


def parts(document: PrintDocument) -> tuple[str, str]:
    """The words above the tear line, and those below."""
    (form,) = document.forms
    cut = next(at for at, row in enumerate(form.rows) if row.cut)
    above, below = replace(form, rows=form.rows[:cut]), replace(form, rows=form.rows[cut + 1 :])
    return above.text, below.text


def in_order(text: str, words: Iterable[str]) -> None:
    at = 0
    for each in words:
        found = text.find(each, at)
        assert found >= 0, (each, text[at : at + 80])
        at = found + len(each)


@pytest.mark.parametrize("page", PAGES)
def test_the_transfer_out_form_has_every_field_of_2017(page: PageSize) -> None:
    stub, letter = parts(transfer_out(sample.whole(), page))
    in_order(
        stub,
        (
            "存根", "编号 白塔畈-20260302-01",
            "姓名", "徐桂兰", "性别", "女", "年龄", "77", "档案编号", "34152410200100017",
            "家庭住址", "白塔畈镇项冲村新塘组 12 号", "联系电话", "13812345678",
            "于", "2026年3月2日", "因病情需要，转入", "金寨县人民医院", "单位",
            "心血管内科", "科室", "李主任", "接诊医生",
            "转诊医生（签字）：", "王建国", "2026年3月2日",
        ),
    )  # fmt: skip
    in_order(
        letter,
        (
            "双向转诊（转出）单", "金寨县人民医院", "（机构名称）：",
            "现有患者", "徐桂兰", "性别", "女", "年龄", "77",
            "因病情需要，需转入贵单位，请予以接诊。",
            "初步印象：", "高血压 3 级，2 型糖尿病",
            "主要现病史（转出原因）：", "头晕 1 周，连续两次随访血压控制不满意。",
            "主要既往史：", "高血压 10 年，2 型糖尿病 8 年。",
            "治疗经过：", "氨氯地平加量至 10 mg，每日一次，两周未达标。",
            "转诊医生（签字）：", "王建国", "联系电话：", "13955501234",
            "（公章）", "白塔畈镇中心卫生院", "（机构名称）", "2026年3月2日",
        ),
    )  # fmt: skip


def test_what_goes_along_in_the_county_is_below_the_form() -> None:
    _, letter = parts(transfer_out(sample.whole()))
    in_order(
        letter,
        (
            "随单信息", "紧急程度", "常规", "知情同意", "已同意", "行动能力", "步行", "转运方式",
            "自行前往",
            "过敏史", "青霉素", "转诊原因", "慢病连续两次控制不满意", "生命体征",
            "血压 172/98 mmHg",
            "目前用药", "苯磺酸氨氯地平 10 mg 每日一次", "三项优先", "[已安排] 2026年3月3日 09:00",
            "[待安排]", "[未能安排]", "接诊安排", "门诊楼 3 楼 12 诊室", "附件",
            "心电图：入院前心电图；化验单：血常规",
            "医保编号", "院方审批意见", "患者须知", "120",
        ),
    )  # fmt: skip
    assert "拿错的照片" not in letter


@pytest.mark.parametrize("page", PAGES)
def test_the_return_form_has_every_field_of_2017(page: PageSize) -> None:
    stub, letter = parts(transfer_back(sample.whole(), page))
    in_order(
        stub,
        (
            "存根", "姓名", "徐桂兰", "性别", "女", "年龄", "77", "病案号", "ZY20260301007",
            "家庭住址", "白塔畈镇项冲村新塘组 12 号", "联系电话", "13812345678",
            "于", "2026年3月9日", "因病情需要，转回", "白塔畈镇中心卫生院", "单位", "王建国",
            "接诊医生",
            "转诊医生（签字）：", "李志强", "2026年3月9日",
        ),
    )  # fmt: skip
    assert "档案编号" not in stub
    in_order(
        letter,
        (
            "双向转诊（回转）单", "白塔畈镇中心卫生院", "（机构名称）：",
            "现有患者", "徐桂兰", "因病情需要，现转回贵单位，", "请予以接诊。",
            "诊断结果", "高血压 3 级 很高危；2 型糖尿病", "住院病案号", "ZY20260301007",
            "主要检查结果：", "24 小时动态血压平均 148/90 mmHg",
            "治疗经过、下一步治疗方案及康复建议：",
            "治疗经过：加用缬沙坦 80 mg 每日一次。", "下一步治疗方案：氨氯地平 5 mg",
            "康复建议：低盐饮食",
            "转诊医生（签字）：", "李志强", "联系电话：", "13900000001",
            "（公章）", "金寨县人民医院", "（机构名称）", "2026年3月9日",
        ),
    )  # fmt: skip
    in_order(
        letter,
        (
            "急性病恢复期", "2026年3月1日", "急性期治疗结束", "√ 生命体征稳定",
            "苯磺酸氨氯地平 5 mg 每日一次", "出院后两周内避免用力。",
            "2026年3月12日", "2026年3月16日", "2026年4月6日", "附件", "出院小结",
        ),
    )  # fmt: skip


def test_the_stub_stays_with_the_writer() -> None:
    papers = sample.received()
    for document in (transfer_out(papers), transfer_back(papers)):
        assert "存根" not in document.text
        assert not any(row.cut for row in document.forms[0].rows)
        assert "编号 白塔畈-20260302-01" in document.text


def test_a_letter_down_says_its_reasons_as_the_cause() -> None:
    _, letter = parts(transfer_out(sample.down()))
    in_order(
        letter,
        ("主要现病史（转出原因）：", "急性期治疗结束", "主要既往史：", "治疗经过：", "加用缬沙坦"),
    )
    assert "已同意：徐桂兰" in letter
    stub, back = parts(transfer_back(sample.down()))
    assert "白塔畈镇中心卫生院" in stub
    assert "急性病恢复期" in back


def test_pre_printed_paper_gets_the_words_alone_at_the_same_places() -> None:
    for make in (transfer_out, transfer_back):
        plain, words = make(sample.whole()), make(sample.whole(), preprinted=True)
        assert words.preprinted
        assert filled(words) == filled(plain)
        assert not any("：" in text and text.endswith("：") for text in filled(words))
        assert "随单信息" not in words.text
    assert "存根" not in filled(transfer_out(sample.whole(), preprinted=True))


def test_the_consent_is_decided_and_signed_by_hand() -> None:
    text = consent_sheet(sample.whole()).text
    in_order(
        text,
        (
            "双向转诊知情同意书", "徐桂兰", "女", "77", "34152410200100017", "13812345678",
            "白塔畈镇项冲村", "转出机构", "白塔畈镇中心卫生院", "转入机构", "金寨县人民医院",
            "心血管内科",
            "诊断", "转诊原因", "医生已说明", "1.", "5.", "□ 同意转诊。", "□ 不同意转诊。",
            "系统中登记：已同意", "患者或代理人（签字）：", "与患者关系：", "联系电话：", "日期：",
            "转诊医生（签字）：", "王建国", "（公章）",
        ),
    )  # fmt: skip
    assert "补签" not in text


def test_in_an_emergency_the_consent_is_signed_afterwards() -> None:
    papers = replace(sample.bare(), consent_hours=12)
    text = consent_sheet(papers).text
    in_order(
        text, ("紧急转诊：抢救先行，事后补签", "12 小时内补签", "补签人（签字）：", "补签时间：")
    )
    later = letter_for("resident", consent="later")
    whole = sample.whole()
    put_off = replace(whole, view=replace(whole.view, letter=later))
    assert "补签人（签字）：" in consent_sheet(put_off).text


def test_the_plan_for_the_family_has_days_medicines_warnings_and_a_number() -> None:
    document = family_plan(sample.whole())
    in_order(
        document.text,
        (
            "回家以后怎么做", "徐桂兰", "77 岁", "病情：", "高血压 3 级",
            "2026年3月12日\n星期四", "康复训练\n步行训练", "□",
            "2026年3月16日\n星期一", "随访：高血压", "家庭医生", "2026年4月6日\n星期一", "回院复诊",
            "每天要用的药", "1. 苯磺酸氨氯地平 5 mg 每日一次", "2. 缬沙坦", "先问医生",
            "在家锻炼：", "每周 5 次", "每次 20 分钟", "独立步行 200 米", "康复建议：", "注意：",
            "避免空腹运动",
            "马上拨打 120", "剧烈头痛", "突然胸痛", "有问题打电话", "13900000001",
            "金寨县人民医院 李志强",
        ),
    )  # fmt: skip
    sizes = [
        run.points
        for row in document.forms[0].rows
        for cell in row.cells
        for run in cell.runs
        if run.text.strip()
    ]
    assert min(sizes) >= 12
    assert sum(size >= 15 for size in sizes) > len(sizes) / 2


def test_a_step_that_is_done_is_ticked_and_120_stands_even_without_warnings() -> None:
    papers = sample.bare()
    assert "马上拨打 120" in family_plan(papers).text
    plan = papers.returns.plan
    assert plan is not None
    returns = replace(papers.returns, visits=(_visit("1"),), done=frozenset({"1"}))
    text = family_plan(replace(papers, returns=returns)).text
    assert text.count("√") == 1
    assert text.count("□") == len(plan.input.steps) - 1


def _visit(*done: str) -> Any:
    from app.care.referral_return.returns import VisitView

    day = sample.SENT_ON
    return VisitView("v", "after_return", "home", day, "", "", "稳定", "", done, None, None, "")


@pytest.mark.parametrize("name", ["whole", "long", "bare", "received", "down"])
@pytest.mark.parametrize("page", PAGES)
def test_no_paper_shows_a_code_or_an_empty_value(name: str, page: PageSize) -> None:
    papers: ReferralPapers = getattr(sample, name)()
    for paper in papers.kinds():
        text = sheets(papers, paper).make(page, False).text
        for wrong in ("None", "_", "{", "<", "&"):
            assert wrong not in text, (paper, wrong)


def test_words_of_a_person_are_words_and_no_markup() -> None:
    papers = sample.whole()
    hostile = "<b>急</b> & <script>1</script> {{ p.name }} 第一行\n第二行"
    letter = replace(papers.view.letter, impression=hostile, current_drugs=(hostile,))
    out = transfer_out(replace(papers, view=replace(papers.view, letter=letter)))
    assert out.text.count("<b>急</b> & <script>1</script> {{ p.name }} 第一行\n第二行") == 2


def test_an_approval_in_the_house_is_printed() -> None:
    papers = sample.whole()
    event = EventView(
        "letter", "sent", "internal_review", "sent", datetime(2026, 3, 2, 2, 0, tzinfo=UTC),
        "赵院长", "", "", "", {},
    )  # fmt: skip
    text = transfer_out(replace(papers, view=replace(papers.view, events=(event,)))).text
    assert "同意转诊。赵院长，2026年3月2日" in text
    assert "紧急转诊，免院内审批" in transfer_out(sample.bare()).text


def test_what_is_not_written_cannot_be_printed() -> None:
    papers = replace(sample.whole(), returns=Returns())
    assert papers.kinds() == (Paper.OUT, Paper.CONSENT)
    for paper in (Paper.BACK, Paper.FAMILY):
        with pytest.raises(NotFound):
            sheets(papers, paper)
    for make in (transfer_back, family_plan):
        with pytest.raises(NotFound):
            make(papers)
    assert sample.received().kinds() == (Paper.OUT, Paper.BACK, Paper.FAMILY)


def test_the_name_of_the_print_job_names_nobody() -> None:
    papers = sample.whole()
    for paper in papers.kinds():
        document = sheets(papers, paper).make("A4", False)
        assert document.title == f"{paper_words(paper)} 白塔畈-20260302-01"
        assert "徐桂兰" not in document.footer
        assert (document.about.kind, document.about.persons) == ("referral", 1)
        assert document.about.record_id == papers.view.referral_id


def test_the_papers_speak_english_too() -> None:
    set_language("en")
    try:
        text = transfer_out(sample.whole()).text
        assert "Two-way referral form (transfer out)" in text
        assert "2026-3-2" in text
    finally:
        set_language("zh_CN")


def test_short_neighbours_share_a_row() -> None:
    pairs = [
        ("甲", "短"),
        ("乙", "短"),
        ("丙", "长" * 19),
        ("丁", "短"),
        ("戊", "两\n行"),
        ("己", ""),
    ]
    rows = [[name for name, _ in row] for row in in_rows(pairs, 18)]
    assert rows == [["甲", "乙"], ["丙"], ["丁"], ["戊"], ["己"]]


def test_the_papers_of_a_stored_letter(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor)
    sent = referral.send(store, actor, letter_for(resident_id))
    papers = load_papers(store, actor, sent.referral_id)
    assert papers.kinds() == (Paper.OUT, Paper.CONSENT)
    assert papers.consent_hours == 24
    stub, letter = parts(transfer_out(papers))
    assert "徐桂兰" in stub
    assert "头晕 1 周" in letter
    with pytest.raises(NotFound):
        load_papers(store, actor, "0199a5c0-0000-7000-8000-0000000000ff")


def test_each_form_keeps_its_own_paper_and_shift(store: Store, actor: Actor) -> None:
    assert form_settings(store, Paper.OUT) == FormSettings()
    wanted = FormSettings("A5", 2.5, -1.0, preprinted=True)
    save_form_settings(store, actor, Paper.OUT, wanted)
    save_form_settings(store, actor, Paper.BACK, FormSettings("A4", 0.5))
    assert form_settings(store, Paper.OUT) == wanted
    assert form_settings(store, Paper.BACK) == FormSettings("A4", 0.5)
    assert form_settings(store, Paper.FAMILY) == FormSettings()
    # The lists and slips of a round keep theirs.
    save_print_settings(store, actor, replace(print_settings(store), shift_right=9.0))
    assert form_settings(store, Paper.OUT) == wanted
    assert print_settings(store).shift_right == 9.0
