"""One row of the grid while it is being filled: typed values, unreadable texts, the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Literal

from app.care.check_in_history import CheckInView
from app.care.check_in_rules import (
    POST_FIELDS,
    VITAL_FIELDS,
    Assessment,
    CheckInInput,
    ItemDone,
    assess,
)
from app.care.referral_prefill import ReferralPrefill
from app.care.referral_up.session import session_prefill
from app.care.rehab_plan import reason_text
from app.care.rehab_rules import RehabThresholds, Vitals
from app.care.rehab_ward import WardRow
from app.clock import CLINIC_ZONE
from app.i18n import tr
from app.models.identity import new_id
from app.ui.rehab import cells

Mode = Literal["open", "saving", "saved", "paused", "no_plan"]


@dataclass(frozen=True, slots=True)
class Times:
    """When the ward trained; a row may have times of its own. Local times of the day."""

    day: date
    start: time | None = None
    end: time | None = None

    def instant(self, at: time | None) -> datetime | None:
        return None if at is None else datetime.combine(self.day, at, CLINIC_ZONE)


@dataclass(slots=True)
class GridRow:
    """A resident's row. ``values`` by field name; ``texts``: cells whose text is unreadable."""

    ward: WardRow
    times: Times
    thresholds: RehabThresholds
    id: str = field(default_factory=new_id)
    values: dict[str, Any] = field(default_factory=dict)
    not_measured: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    start: time | None = None
    end: time | None = None
    saved: CheckInView | None = None
    saving: bool = False
    asked: bool = False  # the unusual values were shown once; the next save confirms them
    judged: Assessment = field(default_factory=lambda: Assessment("empty"))
    warned: tuple[str, ...] = ()  # the rules that have already spoken

    @property
    def mode(self) -> Mode:
        if self.saved is not None:
            return "saved"
        if self.saving:
            return "saving"
        if self.ward.plan is None:
            return "no_plan"
        return "open" if self.ward.plan.status == "active" else "paused"

    @property
    def held(self) -> bool:
        return bool(self.judged.holds) if self.saved is None else self.saved.outcome == "held"

    @property
    def stopped(self) -> bool:
        return bool(self.judged.stops) if self.saved is None else bool(self.saved.stops)

    @property
    def touched(self) -> bool:
        return self.judged.state != "empty" or bool(self.texts)

    def event_list(self) -> str:
        """The event column asks for events, or, of a session not done, for its reason."""
        if self.values.get("completion") == "not_done":
            return "rehab_not_done_reason"
        return "rehab_adverse"

    def can_edit(self, column: cells.GridColumn) -> bool:
        """A held resident has no values of a session; info cells are never typed in."""
        if self.mode != "open" or column.kind == "info":
            return False
        return not (self.judged.holds and cells.INDEX[column.key] >= cells.INDEX["borg"]) or any(
            self.values.get(name) not in (None, (), []) for name in column.fields
        )

    # -- typing -----------------------------------------------------------------------------

    def type_text(self, column: cells.GridColumn, text: str) -> None:
        """Take what was typed into a measurement; unreadable text stays and is marked."""
        if column.key == "completion":
            self._type_percent(column, text)
            return
        try:
            values, marks = cells.read(column, text)
        except cells.Unreadable:
            self.texts[column.key] = text
            values, marks = dict.fromkeys(column.fields), {}
        else:
            self.texts.pop(column.key, None)
        self._set(values)
        for name in column.fields:
            self.not_measured.pop(name, None)
        self.not_measured.update(marks)
        self.judge()

    def _type_percent(self, column: cells.GridColumn, text: str) -> None:
        digits = cells.clean(text).rstrip("%").strip()
        if not digits:
            self.texts.pop(column.key, None)
            self._set({"completion_percent": None})
        elif not (digits.isascii() and digits.isdigit()) or len(digits) > 3:
            self.texts[column.key] = text
            self._set({"completion_percent": None})
        else:
            self.texts.pop(column.key, None)
            self._set({"completion_percent": int(digits)})
        self.judge()

    def choose(self, column: cells.GridColumn, code: str) -> None:
        """Take a choice; the same again takes it back, in lists of several too."""
        self.texts.pop(column.key, None)
        if column.key == "event" and self.event_list() == "rehab_not_done_reason":
            self._toggle("reason_not_done", code)
        elif column.kind == "choices":
            (name,) = column.fields
            now = list(self.values.get(name) or ())
            now.remove(code) if code in now else now.append(code)
            self._set({name: now or None})
        else:
            self._toggle(column.fields[0], code)
            if column.key == "completion":
                self._set({"completion_percent": None})
                if self.values.get("completion") == "not_done":
                    self._set({"adverse": None})
                else:
                    self._set({"reason_not_done": None})
        self.judge()

    def _toggle(self, name: str, code: str) -> None:
        self._set({name: None if self.values.get(name) == code else code})

    def chosen(self, column: cells.GridColumn) -> tuple[str, ...]:
        """The codes chosen in a choice cell."""
        if column.key == "event" and self.event_list() == "rehab_not_done_reason":
            reason = self.values.get("reason_not_done")
            return (reason,) if reason else ()
        value = self.values.get(column.fields[0])
        return (value,) if isinstance(value, str) else tuple(value or ())

    def clear(self, column: cells.GridColumn) -> None:
        """Empty a cell."""
        self.texts.pop(column.key, None)
        for name in column.fields:
            self.not_measured.pop(name, None)
        self._set(dict.fromkeys(column.fields))
        if column.key == "event":
            self._set({"reason_not_done": None})
        self.judge()

    def clear_all(self) -> None:
        """Empty the whole row; it begins anew."""
        self.values.clear()
        self.texts.clear()
        self.not_measured.clear()
        self.start = self.end = None
        self.asked = False
        self.id = new_id()
        self.judge()

    def set_details(self, values: dict[str, Any], start: time | None, end: time | None) -> None:
        """Take what the dialog of the row holds."""
        self._set(values)
        self.start, self.end = start, end
        self.judge()

    def complete(self) -> bool:
        """Mark as done whole, if the row has begun, nothing speaks against it, none is chosen."""
        fit = (
            self.mode == "open"
            and self.touched
            and self.values.get("completion") is None
            and not self.judged.holds
            and not self.judged.stops
            and not self.values.get("adverse")
        )
        if fit:
            self._set({"completion": "complete"})
            self.judge()
        return fit

    def _set(self, values: dict[str, Any]) -> None:
        self.asked = False
        for name, value in values.items():
            if value in (None, "", [], ()):
                self.values.pop(name, None)
            else:
                self.values[name] = value

    # -- judging ----------------------------------------------------------------------------

    def judge(self) -> None:
        """Let the rules judge the row as it stands."""
        if self.mode in ("open", "saving"):
            self.judged = assess(self.to_input(), self.ward.facts, self.thresholds)

    def prefill(self) -> ReferralPrefill:
        """A referral letter begun with what the row says now; the row stays as it is."""
        return session_prefill(self.to_input(), self.judged, self.ward.plan, self.times.day)

    def to_input(self) -> CheckInInput:
        get = self.values.get
        assert self.ward.plan is not None
        return CheckInInput(
            id=self.id,
            resident_id=self.ward.resident_id,
            plan_id=self.ward.plan.id,
            started_at=self.times.instant(self.start or self.times.start),
            ended_at=self.times.instant(self.end or self.times.end),
            place=get("place"),
            pre=Vitals(**{name: get(f"pre_{name}") for name in VITAL_FIELDS}),
            pre_symptoms=tuple(get("pre_symptoms") or ()),
            ate_within_2h=get("ate_within_2h"),
            pre_note=get("pre_note") or "",
            post=Vitals(**{name: get(f"post_{name}") for name in POST_FIELDS}),
            borg=get("borg"),
            completion=get("completion"),
            completion_percent=get("completion_percent"),
            reason_not_done=get("reason_not_done"),
            items=self.items(),
            adverse=tuple(get("adverse") or ()),
            adverse_text=get("adverse_text") or "",
            action=get("action"),
            recovered=get("recovered"),
            resident_confirmed=bool(get("resident_confirmed")),
            not_measured=dict(self.not_measured),
            confirmed=self.asked,
        )

    def items(self) -> tuple[ItemDone, ...]:
        done = self.values.get("items") or {}
        return tuple(
            replace(
                item,
                done=bool(done.get(item.exercise, {}).get("done")),
                minutes=done.get(item.exercise, {}).get("minutes"),
            )
            for item in self.ward.planned_items()
        )

    def problems(self) -> dict[str, str]:
        """Why the row cannot be saved, by column key (or ``time``, ``details``)."""
        found: dict[str, str] = {}
        for name, message in self.judged.problems.items():
            key = cells.FIELD_COLUMN.get(name)
            if key is None:
                key = "time" if name in ("started_at", "ended_at") else "details"
            found.setdefault(key, message)
        for key, text in self.texts.items():
            found[key] = tr("Type the percent done, 1 to 99.")
            if key != "completion":
                try:
                    cells.read(cells.COLUMNS[cells.INDEX[key]], text)
                except cells.Unreadable as error:
                    found[key] = str(error)
        return found

    def wrong(self) -> set[str]:
        """The columns whose content is wrong, not only missing."""
        return set(self.texts) | {
            cells.FIELD_COLUMN[name] for name in self.judged.invalid if name in cells.FIELD_COLUMN
        }

    def questions(self) -> dict[str, str]:
        """Unusual values by column key."""
        return {
            cells.FIELD_COLUMN[name]: message
            for name, message in self.judged.questions.items()
            if name in cells.FIELD_COLUMN
        }

    def is_ready(self) -> bool:
        """Whether the row could be saved (perhaps after confirming unusual values)."""
        return (
            self.mode == "open"
            and self.judged.state in ("ready", "held", "skipped")
            and not self.texts
        )

    def pause_text(self) -> str:
        """Why nothing can be typed for a resident without a plan under way."""
        plan = self.ward.plan
        if plan is None:
            return tr("No rehab plan under way. Press F6 to write one.")
        return tr("Plan paused: {reason}. {prescriber} must go on with it first.").format(
            reason=reason_text(plan.status_reason), prescriber=plan.prescriber_name
        )

    # -- draft ------------------------------------------------------------------------------

    def raw(self) -> dict[str, Any] | None:
        """The row as plain data for the draft; None while nothing was typed."""
        if self.mode not in ("open", "saving") or not (
            self.touched or self.values or self.start or self.end
        ):
            return None
        return {
            "id": self.id,
            "plan": self.ward.plan.id if self.ward.plan else None,
            "values": self.values,
            "texts": self.texts,
            "not_measured": self.not_measured,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
        }

    def restore(self, raw: dict[str, Any]) -> None:
        """Put a draft back; one made against another plan is passed over."""
        if self.ward.plan is None or raw.get("plan") != self.ward.plan.id:
            return
        self.id = str(raw["id"])
        self.values = dict(raw.get("values") or {})
        self.texts = dict(raw.get("texts") or {})
        self.not_measured = dict(raw.get("not_measured") or {})
        self.start = time.fromisoformat(raw["start"]) if raw.get("start") else None
        self.end = time.fromisoformat(raw["end"]) if raw.get("end") else None
        self.judge()
