"""The shared fields: lenient reading, limits, digits, the way of the Enter key, drafts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.errors import DiskFull, InputError, StaleRecord
from app.models.drafts import count_drafts, load_draft
from app.models.outbox import Delivery
from app.ui.tasks import TaskRunner
from app.ui.widgets.buttons import PrimaryButton
from app.ui.widgets.cards import Chip, EmptyState, PlainLabel
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.delivery import delivery_mark
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import TextArea, TextField, stack
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.trends import Series, TrendPlot, day_marks, nice_step
from app.ui.widgets.values import DateField, NumberField
from tests.ui.checks import check_clipping, check_names, check_page, type_text

TODAY = date(2026, 3, 2)
SYMPTOMS = [(str(n), f"症状{n}") for n in range(1, 13)]


def stack_of(*fields):
    page = QWidget()
    page.setLayout(stack(*fields))
    return page


def enter(qtbot, widget):
    qtbot.keyClick(widget, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("20250105", date(2025, 1, 5)),
        ("2025.1.5", date(2025, 1, 5)),
        ("2025-1-5", date(2025, 1, 5)),
        ("１-５", date(2026, 1, 5)),
        ("３-５", date(2025, 3, 5)),
        ("２０２５。１。５", date(2025, 1, 5)),
    ],
)
def test_dates_are_read_as_people_type_them(qtbot, shown, typed, meant):
    field = shown(DateField("d", "日期", today=TODAY))
    field.line.setText(typed)
    assert field.value() == meant
    field._tidy()
    assert field.line.text() == meant.isoformat()
    assert field.problem() is None


def test_a_date_that_does_not_exist_is_said_and_kept_as_typed(shown):
    field = shown(DateField("d", "日期", today=TODAY))
    field.line.setText("2025-2-30")
    field._tidy()
    assert field.value() is None
    assert "日历" in field.message()
    assert field.line.text() == "2025-2-30"


def test_a_sentence_of_several_lines_is_whole_in_a_dialog_as_wide_as_its_fields(shown, qtbot):
    dialog = QDialog()
    row = QHBoxLayout()
    day = DateField("d", "就诊时间", today=TODAY)
    for field in (day, TextField("t", "", width=80)):
        row.addWidget(field)
    column = QVBoxLayout(dialog)
    column.addLayout(row)
    column.addWidget(TextField("p", "地点"))
    dialog.setFixedWidth(460)
    shown(dialog)
    said = "无法识别为日期，请按 20250105、2025.1.5 或 1-5 的样子录入。"
    for message in (said * 3, said, "此项必填。"):
        day.show_problem(message)
        lines = day._message
        qtbot.waitUntil(lambda of=lines: of.height() >= of.heightForWidth(of.width()))
        check_clipping(dialog)
        day.clear_problem()
    qtbot.waitUntil(lambda: day.height() <= day.editor.height() + 2)


def test_dates_before_and_after_the_limits(shown):
    field = shown(DateField("d", "日期", today=TODAY, earliest=date(2026, 1, 1), latest=TODAY))
    for typed, good in (("20251231", False), ("20260101", True), ("20260302", True)):
        field.line.setText(typed)
        assert (field.problem() is None) is good
    field.line.setText("20260303")
    assert "2026-03-02" in (field.problem() or "")


def test_the_calendar_puts_the_day_into_the_field(qtbot, shown):
    field = shown(DateField("d", "日期", today=TODAY))
    field.open_calendar()
    from PySide6.QtCore import QDate
    from PySide6.QtWidgets import QCalendarWidget

    calendar = field.findChild(QCalendarWidget)
    calendar.activated.emit(QDate(2026, 2, 27))
    assert field.value() == date(2026, 2, 27)


@pytest.mark.parametrize(
    ("typed", "good"), [("49", False), ("50", True), ("300", True), ("301", False)]
)
def test_hard_limits_block_at_below_and_above(shown, typed, good):
    field = shown(NumberField("sbp", "收缩压", unit="mmHg", hard=(50, 300)))
    field.line.setText(typed)
    assert (field.problem() is None) is good


@pytest.mark.parametrize(
    ("typed", "asks"), [("79", True), ("80", False), ("200", False), ("201", True)]
)
def test_soft_limits_ask_at_below_and_above(shown, typed, asks):
    field = shown(NumberField("sbp", "收缩压", hard=(50, 300), soft=(80, 200)))
    field.line.setText(typed)
    assert field.needs_confirmation() is asks


def test_an_unusual_value_is_confirmed_by_a_second_enter(qtbot, shown):
    page = QWidget()
    column = QVBoxLayout(page)
    form = FormFields()
    sbp = form.add(NumberField("sbp", "收缩压", hard=(50, 300), soft=(80, 200)))
    dbp = form.add(NumberField("dbp", "舒张压"))
    column.addWidget(sbp)
    column.addWidget(dbp)
    FormNavigator(page)
    shown(page)
    sbp.setFocus()
    type_text(sbp.line, "２１０")
    enter(qtbot, sbp.line)
    assert sbp.line.hasFocus()
    assert "80" in sbp.message()
    enter(qtbot, sbp.line)
    assert dbp.line.hasFocus()
    assert not sbp.needs_confirmation()
    assert sbp.value() == 210
    assert form.check()
    sbp.setFocus()
    sbp.line.setText("215")
    assert sbp.needs_confirmation(), "another unusual value is asked for again"


def test_numbers_full_width_decimals_and_whole(shown):
    weight = shown(NumberField("w", "体重", decimals=1))
    weight.line.setText("６５。５")
    assert weight.value() == 65.5
    weight.line.setText("65.55")
    assert weight.value() is None
    assert weight.problem()
    whole = NumberField("n", "次数")
    whole.line.setText("12.0")
    assert whole.value() == 12
    whole.line.setText("12.5")
    assert whole.problem()
    whole.line.setText("-3")
    assert whole.problem()


def test_the_last_value_stands_beside_the_field_never_in_it(shown):
    field = shown(NumberField("sbp", "收缩压", last="142"))
    assert field.line.text() == ""
    assert field.value() is None
    assert "142" in field._last.text()
    assert "142" in field.line.accessibleDescription()


def test_what_a_field_says_later_stands_in_its_place(shown):
    """Unit, last value and sentence are made with their first text, also on a shown page."""
    field = NumberField("sbp", "收缩压")
    page = shown(stack_of(field, TextField("t", "备注")))
    assert not page.findChildren(PlainLabel)
    field.set_last("142")
    field.set_unit("mmHg")
    field.show_problem("请填写。")
    page.layout().activate()
    unit, last, message = field._unit, field._last, field._message
    assert all(part.isVisible() for part in (unit, last, message))
    assert field.line.geometry().right() < unit.x() < last.x()
    assert message.y() > field.line.y()
    assert (field.message(), field.editor.accessibleName()) == ("请填写。", "收缩压 (mmHg)")
    field.clear_problem()
    field.set_last("")
    assert not message.isVisible()
    assert not last.isVisible()
    assert field.message() == ""
    field.show_problem("请填写。")
    assert message.isVisible()


def test_digits_choose_and_exclusive_codes_shut_others_out(qtbot, shown):
    field = shown(ChoiceField("s", "症状", SYMPTOMS, multiple=True, exclusive=("1",)))
    field.setFocus()
    qtbot.keyClicks(field.options, "23")
    assert field.value() == ("2", "3")
    qtbot.keyClick(field.options, Qt.Key.Key_3)
    assert field.value() == ("2",)


def test_a_code_of_two_digits_takes_back_the_first(qtbot, shown):
    field = shown(ChoiceField("s", "症状", SYMPTOMS, multiple=True, exclusive=("1",)))
    field.setFocus()
    qtbot.keyClicks(field.options, "5")
    field.options._since.invalidate()
    qtbot.keyClicks(field.options, "12")
    assert "12" in field.value()
    assert "1" not in field.value()


def test_single_choice_by_arrow_and_space_and_taking_back(qtbot, shown):
    field = shown(ChoiceField("m", "方式", [("1", "门诊"), ("2", "家庭"), ("3", "电话")]))
    field.setFocus()
    qtbot.keyClick(field.options, Qt.Key.Key_Right)
    qtbot.keyClick(field.options, Qt.Key.Key_Space)
    assert field.value() == "2"
    qtbot.mouseClick(field.options.button("3"), Qt.MouseButton.LeftButton)
    assert field.value() == "3"
    qtbot.keyClick(field.options, Qt.Key.Key_3)
    assert field.value() is None


def test_long_lists_grow_downward_not_sideways(shown):
    page = QWidget()
    QVBoxLayout(page).addWidget(ChoiceField("s", "症状", SYMPTOMS, multiple=True))
    shown(page, (420, 300))
    check_clipping(page)
    assert page.minimumSizeHint().width() <= 420


def test_enter_goes_through_the_form_in_paper_order_and_ends_at_save(qtbot, shown):
    page = QWidget()
    column = QVBoxLayout(page)
    form = FormFields()
    fields = [
        form.add(DateField("d", "日期", today=TODAY)),
        form.add(ChoiceField("m", "方式", [("1", "门诊")])),
        form.add(NumberField("n", "数")),
        form.add(ListField("l", "依从性", [("1", "规律")])),
        form.add(TextArea("t", "备注")),
        form.add(TextField("x", "医生")),
    ]
    for field in fields:
        column.addWidget(field)
    saved = []
    save = PrimaryButton("保存", lambda: saved.append(True))
    column.addWidget(save)
    navigator = FormNavigator(page, last=save)
    shown(page)
    check_names(page)
    fields[0].setFocus()
    for field in fields[:4]:
        assert field.editor.hasFocus()
        enter(qtbot, field.editor)
    assert fields[4].editor.hasFocus()
    enter(qtbot, fields[4].editor)
    assert fields[4].editor.hasFocus(), "Enter makes a new line in a box of text"
    qtbot.keyClick(fields[4].editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert fields[5].editor.hasFocus()
    qtbot.keyClick(fields[5].editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert fields[4].editor.hasFocus()
    fields[5].setFocus()
    with qtbot.waitSignal(navigator.finished):
        enter(qtbot, fields[5].editor)
    assert save.hasFocus()
    assert not saved, "Enter on the last field does not save by itself"
    enter(qtbot, save)
    assert saved == [True]


def test_check_shows_every_problem_and_goes_to_the_first(shown):
    page = QWidget()
    column = QVBoxLayout(page)
    form = FormFields()
    name = form.add(TextField("name", "姓名", required=True))
    number = form.add(NumberField("n", "数", hard=(1, 9)))
    column.addWidget(name)
    column.addWidget(number)
    shown(page)
    number.line.setText("10")
    assert not form.check()
    assert name.line.hasFocus()
    assert name.message()
    assert number.message()
    assert form.show_problems({"name": "此名不可", "other": "别的"}) == {"other": "别的"}
    name.line.setText("王")
    number.line.setText("9")
    assert form.check()


def test_text_limits_and_clean_value(shown):
    field = shown(TextField("t", "文字", limit=5))
    field.line.setText("  a　b  ")
    assert field.value() == "a b"
    field.line.setText("abcdef")
    assert "5" in (field.problem() or "")
    field.line.setText("好" * 5)
    assert field.problem() is None


def test_a_label_never_shows_markup(shown):
    label = shown(PlainLabel("<b>王</b>"))
    label.setText("<h1>x</h1>")
    assert label.textFormat() == Qt.TextFormat.PlainText


def test_the_strip_says_expected_errors_and_raises_defects(qtbot, shown):
    strip = shown(ErrorStrip())
    strip.say_error(DiskFull("磁盘已满。"))
    assert strip.text() == "磁盘已满。"
    strip.say_error(StaleRecord(""))
    assert "草稿" in strip.text()
    strip.say_error(InputError({"x": "不行。"}))
    assert strip.text() == "不行。"
    with pytest.raises(ZeroDivisionError):
        strip.say_error(ZeroDivisionError())
    pressed = []
    strip.say("危险", "danger", action="立即转诊", pressed=lambda: pressed.append(1))
    qtbot.mouseClick(strip.action_button, Qt.MouseButton.LeftButton)
    assert pressed == [1]
    strip.clear()
    assert strip.isHidden()


class _Loader:
    def __init__(self, total):
        self.total = total
        self.calls = []

    def load(self, offset, limit):
        self.calls.append(offset)
        return [f"row {n}" for n in range(offset, min(offset + limit, self.total))]


def test_the_paged_model_is_a_sound_model_and_loads_only_what_is_seen(qtbot, shown):
    loader = _Loader(100_000)
    model = PagedModel([Column("甲", str), Column("乙", str, 80, "right")])
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_source(loader.load, lambda: loader.total)
    table = shown(RecordTable(model, "人"))
    loader.calls.clear()
    model.reload()
    table.viewport().repaint()
    assert len(loader.calls) <= 2
    table.scrollToBottom()
    table.viewport().repaint()
    assert model.row(99_999) == "row 99999"
    assert len(loader.calls) <= 6
    assert model.rowCount() == 100_000


def test_enter_opens_the_row_and_arrows_move(qtbot, shown):
    model = PagedModel([Column("甲", str)])
    model.set_rows(["a", "b", "c"])
    table = shown(RecordTable(model, "人"))
    opened, chosen = [], []
    table.opened.connect(opened.append)
    table.chosen.connect(chosen.append)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Down)
    enter(qtbot, table)
    assert opened == ["b"]
    assert chosen[-1] == "b"
    check_page(table)


def test_pages_that_come_late_land_only_in_their_own_list(qtbot):
    waiting = []

    class Later:
        def run(self, work, *arguments, done=None, owner=None, **_):
            waiting.append((work, arguments, done))

    model = PagedModel([Column("甲", str)], tasks=Later())
    old = _Loader(10)
    model.set_source(old.load, lambda: 10)
    assert model.row(0) is None
    model.set_source(lambda o, n: ["new"], lambda: 1)
    model.row(0)
    for work, arguments, done in waiting:
        done(work(*arguments))
    assert model.row(0) == "new"


def test_a_task_error_comes_back_to_the_gui_thread(qtbot):
    runner = TaskRunner()
    got = []
    runner.run(lambda: 1 / 0, failed=got.append)
    qtbot.waitUntil(lambda: bool(got))
    assert isinstance(got[0], ZeroDivisionError)
    runner.run(lambda a, b: a + b, 2, b=3, done=got.append)
    qtbot.waitUntil(lambda: 5 in got)
    assert runner.wait()


def test_the_result_for_a_closed_page_is_dropped(qtbot):
    from shiboken6 import delete

    runner = TaskRunner()
    page = QWidget()
    got, after = [], []
    runner.run(lambda: 1, done=got.append, owner=page)
    delete(page)
    runner.run(lambda: 2, done=after.append)
    qtbot.waitUntil(lambda: bool(after))
    assert got == []


def test_drafts_are_kept_restored_and_discarded(qtbot, context, shown):
    form = FormFields()
    field = shown(form.add(TextField("t", "文字")))
    keeper = DraftKeeper(context, "follow_up", form, subject_id="r1", extra=lambda: [1, 2])
    type_text(field.line, "头晕")
    with qtbot.waitSignal(keeper.saved):
        pass
    assert load_draft(context.store, context.actor, "follow_up", "r1") is not None

    again = FormFields()
    other = shown(again.add(TextField("t", "文字")))
    second = DraftKeeper(context, "follow_up", again, subject_id="r1")
    data = second.restore()
    assert other.value() == "头晕"
    assert data is not None
    assert data["extra"] == [1, 2]
    qtbot.keyClicks(other.line, "x")
    second.discard()
    assert count_drafts(context.store, context.actor) == 0
    second.save_now()
    assert count_drafts(context.store, context.actor) == 0, "nothing revives it"


def test_a_draft_that_was_wiped_out_again_is_none(context, shown):
    form = FormFields()
    field = shown(form.add(TextField("t", "文字")))
    field.set_value("本来的")
    keeper = DraftKeeper(context, "form", form, subject_id="r1", extra=lambda: {"marks": {}})
    assert keeper.restore(drop_blank=True) is None
    field.set_value("头晕")
    keeper.save_now()
    assert count_drafts(context.store, context.actor) == 1
    field.set_value("本来的")
    keeper.save_now()
    assert count_drafts(context.store, context.actor) == 0

    field.set_value("头晕")
    keeper.save_now()
    field.set_value("本来的")
    assert keeper.restore(drop_blank=True) is not None
    assert field.value() == "头晕"
    keeper.save_now()
    assert count_drafts(context.store, context.actor) == 1, "what came back is still a draft"

    # What stands beside the fields is worth keeping, too.
    field.set_value("本来的")
    marks: dict[str, int] = {"of": 0}
    more = DraftKeeper(context, "form", form, subject_id="r2", extra=lambda: {"marks": {**marks}})
    assert more.restore(drop_blank=True) is None
    more.save_now()
    assert count_drafts(context.store, context.actor) == 1, "only looked at: the first one's alone"
    marks["t"] = 1
    more.save_now()
    assert count_drafts(context.store, context.actor) == 2
    del marks["t"]
    kept = more.restore(drop_blank=True)
    assert kept is not None
    assert kept["extra"] == {"marks": {"of": 0, "t": 1}}


def test_leaving_a_field_keeps_the_draft_at_once(qtbot, context, shown):
    page = QWidget()
    column = QVBoxLayout(page)
    form = FormFields()
    first = form.add(TextField("a", "甲"))
    second = form.add(TextField("b", "乙"))
    column.addWidget(first)
    column.addWidget(second)
    DraftKeeper(context, "form", form, parent=page)
    shown(page)
    first.setFocus()
    type_text(first.line, "半句")
    second.setFocus()
    kept = load_draft(context.store, context.actor, "form", "")
    assert kept is not None
    assert kept.data["fields"]["a"] == "半句"


def test_delivery_words_are_never_better_than_the_truth(clock):
    today = clock.today()
    held = delivery_mark(Delivery("held", held_at=clock.now()), today)
    assert held.tone == "confirmed"
    assert "09:30" in held.text
    for state in ("waiting", "unknown", "rejected", "local"):
        assert delivery_mark(Delivery(state), today).tone != "confirmed"


def test_a_trend_shows_its_series_and_speaks_its_last_values(qtbot, shown):
    plot = shown(TrendPlot("血压", "mmHg"), (500, 200))
    assert "没有" in plot.accessibleDescription() or plot.accessibleDescription() == ""
    plot.set_data(
        [Series("收缩压", [(date(2026, 1, 5), 150), (date(2026, 3, 1), 142)]), Series("空", [])],
        bands=[(90, 140)],
    )
    assert "142" in plot.accessibleDescription()
    canvas = plot.canvas
    assert canvas.isVisible()
    assert [one.name for one in canvas.series] == ["收缩压"]
    room = canvas.room()
    first = canvas.place(room, date(2026, 1, 5), 150)
    last = canvas.place(room, date(2026, 3, 1), 142)
    assert room.contains(first)
    assert room.contains(last)
    assert first.x() < last.x()
    assert first.y() < last.y(), "the higher value lies higher"
    assert "142" in canvas.said_at(last)
    assert "2026-03-01" in canvas.said_at(last)
    assert canvas.said_at(room.topLeft()) == ""
    plot.set_data([])
    assert not canvas.isVisible()


@pytest.mark.parametrize(
    ("span", "step"), [(1, 0.2), (8, 2), (50, 10), (60, 10), (100, 20), (220, 50), (0.3, 0.05)]
)
def test_value_marks_are_round(span, step):
    assert nice_step(span) == pytest.approx(step)


@pytest.mark.parametrize("days", [0, 1, 6, 30, 200, 900, 4000, 30_000])
def test_day_marks_fit_whatever_the_span(days):
    first = date(1950, 3, 7)
    last = first + timedelta(days=days)
    marks = day_marks(first, last, 7)
    assert 1 <= len(marks) <= 9
    assert all(first <= day <= last for day, _ in marks)
    assert len({text for _, text in marks}) == len(marks)


def test_one_point_and_flat_lines_are_drawn(shown):
    plot = shown(TrendPlot("血糖", "mmol/L"), (400, 160))
    for points in ([(date(2026, 1, 5), 6.5)], [(date(2026, 1, n), 0.0) for n in range(1, 5)]):
        plot.set_data([Series("空腹", points)], bands=[(3.9, 7.0)])
        plot.grab()
        assert plot.canvas.room().contains(plot.canvas.place(plot.canvas.room(), *points[0]))


def test_chips_and_empty_states_speak(shown):
    chip = shown(Chip("青霉素过敏", "danger"))
    assert chip.accessibleName() == "青霉素过敏"
    assert not chip._icon.isHidden(), "colour is never the only sign"
    empty = shown(EmptyState("没有记录", "新建后出现在这里"))
    check_clipping(empty)
