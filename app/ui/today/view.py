"""Today: what waits for a person, in three columns by urgency, or as lists by village and by
doctor. Enter opens the work itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QHBoxLayout,
    QStackedLayout,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.care.work_due import FAMILIES
from app.care.work_list import LIST_LIMIT, Family, TodayWork, WorkItem, today_work
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.referrals.back.closing import close_behind
from app.ui.widgets.cards import Card, Chip, EmptyState, label
from app.ui.widgets.pages import Page
from app.ui.widgets.said_keys import say_key
from app.ui.widgets.strips import sentence
from app.ui.widgets.two_lines import TwoLineList, TwoLines

if TYPE_CHECKING:
    from app.ui.today.pile_room import PileRoom
    from app.ui.today.round_lists import RoundLists

_KINDS = {
    "resident",
    "condition",
    "follow_up",
    "rehab_plan",
    "check_in",
    "referral",
    "referral_task",
    "referral_event",
    "referral_visit",
    "return_plan",
    "consultation",
    "expert_visit",
    "shared_note",
}
_ICONS = {
    "follow_up": "heart-pulse-line",
    "check_in": "walk-line",
    "plan_review": "clipboard-line",
    "plan_paused": "pause-circle-line",
    "plan_draft": "draft-line",
    "return_visit": "home-heart-line",
    "return_step": "calendar-todo-line",
    "contact": "user-search-line",
    "referral": "arrow-left-right-line",
    "consultation": "question-answer-line",
    "expert_visit": "quill-pen-line",
    "rejected": "error-warning-line",
    "conflict": "git-merge-line",
}


class _Column(Card):
    """One column: its name, how many there are, the list or what will appear there."""

    def __init__(self, title: str, empty: str, hint: str, tone: theme.Tone) -> None:
        super().__init__(title)
        self.late = Chip("", "attention")
        self.late.hide()
        self.add_action(self.late)
        self.count = Chip("…", "neutral")
        self.add_action(self.count)
        self._tone = tone
        self.list = TwoLineList(title, say)
        self._empty = EmptyState(empty, hint, icon_name="checkbox-circle-line")
        self._more = label("", "hint")
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        self.body.addWidget(holder, 1)
        self.body.addWidget(self._more)
        self._more.hide()
        margins = self.layout().contentsMargins()
        self.layout().setContentsMargins(0, margins.top(), 0, theme.GAP_INSIDE)
        self.header.setContentsMargins(theme.GAP_FIELD, 0, theme.GAP_FIELD, 0)
        self._more.setContentsMargins(theme.GAP_FIELD, 0, theme.GAP_FIELD, 0)
        self.body.setSpacing(0)

    def fill(self, items: tuple[WorkItem, ...], total: int, overdue: int = 0) -> None:
        kept = self.list.current()
        had_focus = self.list.hasFocus()
        self.list.rows.set_rows(items)
        self._stack.setCurrentWidget(self.list if items else self._empty)
        self.list.setEnabled(bool(items))
        words = tr("{count} in all").format(count=total)
        self.count.set(words, self._tone if total else "neutral")
        self.late.setVisible(overdue > 0)
        self.late.set(tr("overdue {count}").format(count=overdue), "attention")
        hidden = total - len(items)
        self._more.setVisible(hidden > 0)
        self._more.setText(tr("{count} more: see By village").format(count=hidden))
        if had_focus and items:
            self.list.setFocus()
            self.list.choose(items.index(kept) if kept in items else 0)


def say(item: WorkItem) -> TwoLines:
    """A line of work in words."""
    about = ""
    if item.name:
        about = codes.label("sex", item.sex)
        if item.age is not None:
            about = tr("{sex}, {age} years").format(sex=about, age=item.age)
    family = item.kind.partition(":")[0]
    tone: theme.Tone = "neutral"
    if item.urgent or item.kind in ("rejected", "conflict"):
        tone = "danger"
    elif item.column == "now":
        tone = "attention"
    return TwoLines(
        title=item.name or item.what,
        beside=about,
        right=item.village,
        lower=item.what if item.name else tr("Open the Sync page"),
        lower_right=when(item),
        lower_tone=tone,
        right_tone="attention" if item.days_late > 0 and item.column != "week" else "neutral",
        icon_name=_ICONS.get(family, "calendar-todo-line"),
    )


def when(item: WorkItem) -> str:
    """Since when, or on which day."""
    if item.on is None:
        return ""
    if item.kind.startswith(("referral", "consultation", "expert_visit")):
        days = item.days_late
        return tr("{count} days waiting").format(count=days) if days else tr("since today")
    if item.kind == "health_check":
        # How long a yearly check is overdue says little; when it was last done says it all.
        if item.last is None:
            return tr("never checked")
        return tr("last check {year}-{month}").format(
            year=item.last.year, month=f"{item.last.month:02d}"
        )
    if item.days_late > 0:
        return tr("{count} days overdue").format(count=item.days_late)
    if item.days_late == 0:
        return tr("due today")
    return f"{item.on:%m-%d}"


class TodayRoom(QWidget):
    """The home page."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._loading = False
        self._again = False
        #: The cursor is still to come to the work; where it rests until there is any.
        self._arriving = False
        self._rests: QWidget | None = None
        self._whole = QStackedLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self.page = Page(tr("Today"))
        self._whole.addWidget(self.page)
        self._pile: PileRoom | None = None
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        self.now = _Column(
            tr("Now"),
            tr("Nothing urgent"),
            tr("Urgent referrals, danger values and refused records will appear here."),
            "danger",
        )
        self.today = _Column(
            tr("Due"),
            tr("Nothing due"),
            tr("Follow-ups and check-ins appear here on their day, overdue ones first."),
            "attention",
        )
        self.week = _Column(
            tr("Next 7 days"),
            tr("Nothing planned"),
            tr("The next visit of every follow-up appears here."),
            "accent",
        )
        self._columns = (self.now, self.today, self.week)
        columns = QWidget()
        whole = QVBoxLayout(columns)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_INSIDE)
        self.families = QTabBar()
        self.families.setDrawBase(False)
        self.families.setExpanding(False)
        self.families.setAccessibleName(tr("Kind of work"))
        for _ in FAMILIES:
            self.families.addTab("")
        self._say_families({})
        self.families.currentChanged.connect(lambda _: self._family_chosen())
        whole.addWidget(self.families)
        whole.addLayout(row, 1)
        self.views = QTabBar()
        self.views.setDrawBase(False)
        self.views.setExpanding(False)
        self.views.setAccessibleName(tr("How the work is listed"))
        for words in (tr("All"), tr("By village"), tr("By doctor")):
            self.views.addTab(words)
        self.page.add_action(self.views)
        self.stack = QStackedWidget()
        self.stack.addWidget(columns)
        self._lists: RoundLists | None = None
        for at, column in enumerate(self._columns):
            row.addWidget(column, 1)
            column.list.opened.connect(self._open)
            say_key(column.list, "← →", tr("Column beside"))
            column.list.aside.connect(lambda step, here=at: self._aside(here, step))
        self.page.body.addWidget(self.stack, 1)
        self.views.currentChanged.connect(lambda _: self._view_chosen())
        context.records_changed.connect(self._on_changed)
        self.refresh()

    @property
    def lists(self) -> RoundLists:
        """The lists by village and by doctor, built when they are first wanted."""
        if self._lists is None:
            from app.ui.today.round_lists import RoundLists

            self._lists = RoundLists(self._context, self.page.strip)
            self._lists.pile_wanted.connect(self.to_pile)
            self.stack.addWidget(self._lists)
        return self._lists

    @property
    def pile(self) -> PileRoom:
        """The entry of printed forms, built when it is first wanted."""
        if self._pile is None:
            from app.ui.today.pile_room import PileRoom

            self._pile = PileRoom(self._context)
            self._pile.left.connect(self.to_page)
            self._whole.addWidget(self._pile)
        return self._pile

    def to_pile(self) -> None:
        """Enter forms that were printed and filled in by hand."""
        self._whole.setCurrentWidget(self.pile)
        self.pile.begin()

    def to_page(self) -> None:
        """Back from the pile."""
        self._whole.setCurrentWidget(self.page)
        self.refresh()

    def open(self, **where: Any) -> None:
        """Nothing to choose here; the cursor goes to the first line of work."""
        close_behind(self._context, self)
        if self._whole.currentWidget() is not self.page or self.stack.currentIndex():
            self.refresh()
            return
        self._rests = None
        came = self._focus_first()
        self._arriving = self._loading or not came

    def refresh(self) -> None:
        """Ask anew; a second wish while one is under way is kept for after it."""
        if self._whole.currentWidget() is not self.page:
            # A slip that is being typed in is left alone, the list of slips is not.
            self.pile.refresh()
            return
        if self.stack.currentIndex():
            self.lists.reload()
            return
        if self._loading:
            self._again = True
            return
        self._loading = True
        today = self._context.clock.today()
        self.page.set_title(tr("Today"), day_words(today))
        family = self.family()
        self._context.tasks.run(
            today_work,
            self._context.store,
            self._context.actor,
            LIST_LIMIT,
            family,
            done=lambda work: self._show(work, family),
            failed=self._on_failed,
            owner=self,
        )

    def family(self) -> Family:
        """The kind of work that the columns show."""
        return FAMILIES[max(self.families.currentIndex(), 0)]

    def _show(self, work: TodayWork, family: Family) -> None:
        self._loading = False
        self.page.strip.clear()
        self._say_families(work.families)
        self.week.set_title(tr("This year") if family == "checks" else tr("Next 7 days"))
        self.now.fill(work.now, work.totals["now"])
        self.today.fill(work.today, work.totals["today"], work.overdue)
        self.week.fill(work.week, work.totals["week"])
        focused = QApplication.focusWidget()
        # The cursor comes to the work unless the person has already gone elsewhere with it.
        waiting = isinstance(focused, QAbstractButton) and self._rests in (None, focused)
        free = focused is None or not focused.isEnabled() or (self._arriving and waiting)
        if self.isVisible():
            came = free and self._focus_first()
            self._arriving = self._arriving and free and not came
            self._rests = focused if self._arriving else None
        if self._again:
            self._again = False
            self.refresh()

    def _say_families(self, counts: dict[Family, int]) -> None:
        """The kinds of work, each with how many people it waits for."""
        words = (
            tr("Work of the day"),
            tr("Follow-ups {count}"),
            tr("Rehab {count}"),
            tr("Taken back {count}"),
            tr("Pressure again {count}"),
            tr("Assessments {count}"),
            tr("Lost for now {count}"),
            tr("Contracts {count}"),
            tr("No check this year {count}"),
        )
        for at, (family, text) in enumerate(zip(FAMILIES, words, strict=True)):
            self.families.setTabText(at, text.format(count=counts.get(family, "…")))

    def _family_chosen(self) -> None:
        self.refresh()

    def leave(self) -> None:
        """Another room comes to the front: what was typed is kept."""
        self._arriving = False
        if self._pile is not None:
            self._pile.keep_draft()

    def _view_chosen(self) -> None:
        """All, by village, by doctor."""
        at = self.views.currentIndex()
        self.page.strip.clear()
        if at == 0:
            self.stack.setCurrentIndex(0)
            self.refresh()
            return
        self.stack.setCurrentWidget(self.lists)
        self.lists.show_by("village" if at == 1 else "doctor")

    def _on_failed(self, error: Exception) -> None:
        self._loading = False
        self.page.strip.say(sentence(error))

    def _on_changed(self, kinds: set[str]) -> None:
        if self.isVisible() and not _KINDS.isdisjoint(kinds):
            self.refresh()

    def _open(self, item: WorkItem) -> None:
        self._context.navigate(item.room, **dict(item.arguments))

    def _aside(self, here: int, step: int) -> None:
        wanted = here + step
        while 0 <= wanted < len(self._columns):
            if self._columns[wanted].list.isEnabled():
                self._columns[wanted].list.setFocus()
                return
            wanted += step

    def _focus_first(self) -> bool:
        """The cursor to the first line of work; whether there is one."""
        for column in self._columns:
            if column.list.isEnabled() and column.list.rows.rowCount():
                column.list.setFocus()
                return True
        return False


def day_words(day: Any) -> str:
    """``2026年3月2日 星期一``"""
    names = (
        tr("Monday"),
        tr("Tuesday"),
        tr("Wednesday"),
        tr("Thursday"),
        tr("Friday"),
        tr("Saturday"),
        tr("Sunday"),
    )
    text = tr("{weekday}, {year}-{month}-{day}")
    return text.format(weekday=names[day.weekday()], year=day.year, month=day.month, day=day.day)
