"""Form fields made from the definition of the health check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget

from app.care.health_check.definition import FieldDefinition
from app.care.limits import LIMITS
from app.care.parsing import clean_text
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.health_check.rows_field import LinesField, RowsField
from app.ui.residents.answers import below, line_edit
from app.ui.style import dress
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.values import NumberField

LAST_SHOWN = 16


class FindingField(ChoiceField):
    """One or several codes, with a line of words under those that want them."""

    def __init__(self, made_of: FieldDefinition, **common: Any) -> None:
        super().__init__(
            made_of.key,
            common.pop("label"),
            [(each.code, each.label) for each in codes.entries(made_of.code_list)],
            multiple=made_of.kind == "several",
            exclusive=made_of.exclusive,
            required=made_of.required,
            **common,
        )
        self._made_of = made_of
        self.words = line_edit(tr("Write what it is"))
        self.words.setAccessibleName(tr("{field}: in words").format(field=made_of.label))
        if made_of.words_for:
            below(self, self.words)
        self.words.hide()
        self.words.textEdited.connect(self._edited)
        self.words.installEventFilter(self)
        self.changed.connect(self._sync_words)

    def chosen(self) -> tuple[str, ...]:
        """The chosen codes."""
        value = super().value()
        return value if isinstance(value, tuple) else (value,) if value else ()

    def words_value(self) -> str:
        """The words beside the choice, empty where none are asked."""
        return clean_text(self.words.text()) if self._wants_words() else ""

    def raw(self) -> Any:
        return {"codes": list(self.chosen()), "words": self.words.text()}

    def restore(self, raw: Any) -> None:
        kept = raw if isinstance(raw, dict) else {}
        self.words.setText(str(kept.get("words", "")))
        self.set_value([str(code) for code in kept.get("codes", ())])

    def is_blank(self) -> bool:
        return not self.chosen()

    def clear(self) -> None:
        self.words.clear()
        super().clear()

    def problem(self) -> str | None:
        if self._wants_words() and not self._made_of.words_optional and not self.words_value():
            return tr("Write what it is.")
        return super().problem()

    def show_problem(self, message: str, tone: theme.Tone = "danger") -> None:
        super().show_problem(message, tone)
        dress(self.words, state=tone)

    def clear_problem(self) -> None:
        super().clear_problem()
        if hasattr(self, "words"):
            dress(self.words, state="")

    def _wants_words(self) -> bool:
        return bool(set(self.chosen()) & set(self._made_of.words_for))

    def _sync_words(self) -> None:
        self.words.setVisible(self._wants_words())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is getattr(self, "words", None) and event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        return super().eventFilter(watched, event)


class ScaleField(Field):
    """The result of a scale, shown and led to; nothing is typed here."""

    def __init__(
        self, made_of: FieldDefinition, wanted: Callable[[str], object], **common: Any
    ) -> None:
        super().__init__(made_of.key, common.pop("label"), **common)
        from app.ui.widgets.buttons import LinkButton

        self.button = LinkButton(
            tr("Assess"), lambda: wanted(made_of.scales[0]), icon_name="survey-line"
        )
        self.button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._name = made_of.label
        self._set_editor(self.button, stretch=False)
        self.show_result("", old=False)

    def show_result(self, text: str, *, old: bool) -> None:
        """The words of the result; one of an earlier year does not belong to this check."""
        self._unit.setText("" if old else text or tr("not yet assessed this year"))
        self._unit.setVisible(bool(self._unit.text()))
        self.set_last(text if old else "")
        self.button.setAccessibleName(tr("{field}: assess").format(field=self._name))

    def value(self) -> Any:
        return None

    def set_value(self, value: Any) -> None:
        """Results are not set here."""

    def raw(self) -> Any:
        return None

    def restore(self, raw: Any) -> None:
        """Nothing was typed."""


class DerivedField(Field):
    """A number that follows from others; it cannot be typed."""

    def __init__(self, made_of: FieldDefinition, **common: Any) -> None:
        super().__init__(made_of.key, common.pop("label"), **common)
        from app.ui.widgets.cards import label

        self._number = label("—", "strong")
        self._number.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._set_editor(self._number, stretch=False)
        self.set_unit(made_of.unit)

    def show_number(self, value: float | None) -> None:
        """The calculated value, a dash while it cannot be known."""
        self._number.setText("—" if value is None else f"{value:g}")

    def value(self) -> Any:
        return None

    def set_value(self, value: Any) -> None:
        """Calculated, never set."""

    def raw(self) -> Any:
        return None

    def restore(self, raw: Any) -> None:
        """Nothing was typed."""


def make_field(
    made_of: FieldDefinition, today: date, assess: Callable[[str], object], **common: Any
) -> Field:
    """The field of a definition. ``label`` in ``common`` replaces its heading."""
    common.setdefault("label", made_of.label)
    match made_of.kind:
        case "number":
            return _number(made_of, **common)
        case "choice" | "several":
            return FindingField(made_of, **common)
        case "rows":
            return RowsField(made_of, today, **common)
        case "lines":
            return LinesField(made_of, **common)
        case "assessment":
            return ScaleField(made_of, assess, **common)
        case "derived":
            return DerivedField(made_of, **common)
    label = common.pop("label")
    return TextField(made_of.key, label, limit=200, **common)


def _number(made_of: FieldDefinition, **common: Any) -> NumberField:
    soft = None
    limit = LIMITS.get(made_of.limit)
    if limit is not None and (limit.soft_low is not None or limit.soft_high is not None):
        soft = (
            limit.hard_low if limit.soft_low is None else limit.soft_low,
            limit.hard_high if limit.soft_high is None else limit.soft_high,
        )
    return NumberField(
        made_of.key,
        common.pop("label"),
        unit=made_of.unit,
        decimals=made_of.decimals,
        hard=made_of.hard,
        soft=soft,
        measured=bool(made_of.limit),
        width=theme.NUMBER_WIDTH_SMALL,
        **common,
    )


def last_words(made_of: FieldDefinition, answers: Mapping[str, Any]) -> str:
    """Last time's value in words, short."""
    value = answers.get(made_of.key)
    if value in (None, "", ()):
        return ""
    if made_of.code_list:
        chosen = value if isinstance(value, list | tuple) else (value,)
        words = tr(", ").join(codes.label(made_of.code_list, str(code)) for code in chosen)
    elif isinstance(value, int | float):
        words = f"{value:g}"
    elif isinstance(value, tuple):
        return tr("{count} lines").format(count=len(value))
    else:
        words = str(value)
    return words if len(words) <= LAST_SHOWN else words[: LAST_SHOWN - 1] + "…"


def stop_after(widget: QWidget) -> QWidget | None:
    """The next stop of the Tab key behind a whole field, buttons passed over."""
    from PySide6.QtWidgets import QPushButton

    last = widget
    following = widget.nextInFocusChain()
    while following is not widget:
        if widget.isAncestorOf(following):
            last = following
        following = following.nextInFocusChain()
    following = last.nextInFocusChain()
    while following is not last:
        if (
            not widget.isAncestorOf(following)
            and following.focusPolicy() & Qt.FocusPolicy.TabFocus
            and following.isVisible()
            and following.isEnabled()
            and following.focusProxy() is None
            and not isinstance(following, QPushButton)
        ):
            return following
        following = following.nextInFocusChain()
    return None
