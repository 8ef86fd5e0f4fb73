"""What the simulator knows by itself: every value ever saved, by whom, and after what.

The model never asks the courier. It learns of a save by comparing the store before and after a
person's action, and of the server by reading its database.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.models.records import Record
from tests.simulation.views import Address, Clash, Fields, text_of

Cell = tuple[str, str, str]
"""Kind, id and field of one value."""

#: Fields of a referral's task are settled by the rules of moves, not field by field.
BY_MOVES = frozenset({"referral_task"})


@dataclass(frozen=True, slots=True)
class Write:
    """One save of one record, as it stood afterwards."""

    number: int
    pc: str
    staff_id: str
    change_id: str
    record: Record
    changed: frozenset[str]


@dataclass
class Value:
    """One value that a field has had. ``after``: the values that its writer had seen before."""

    after: set[str] = field(default_factory=set)
    saved_on: set[str] = field(default_factory=set)


@dataclass
class Model:
    """The record of what was saved."""

    writes: dict[Address, list[Write]] = field(default_factory=dict)
    by_change: dict[str, Write] = field(default_factory=dict)
    values: dict[Cell, dict[str, Value]] = field(default_factory=dict)
    #: Values that a person saved and that the server was not seen to hold yet.
    pending: dict[tuple[Cell, str], Write] = field(default_factory=dict)
    #: What conflicts were ever kept: the values that stood in one of them together.
    shown: dict[Cell, list[set[str]]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    #: Values that a restored backup took from the only PC that had them.
    forgiven: set[tuple[Cell, str]] = field(default_factory=set)
    count: int = 0

    def saved(
        self,
        pc: str,
        staff_id: str,
        address: Address,
        record: Record,
        old: Fields,
        new: Fields,
        seen: list[Clash],
    ) -> Write:
        """A person on ``pc`` saved a record; ``seen`` are the conflicts that were before them."""
        kind, id_ = address
        changed = frozenset(name for name in new if old.get(name) != new[name])
        self.count += 1
        write = Write(self.count, pc, staff_id, record["change_id"], record, changed)
        self.writes.setdefault(address, []).append(write)
        self.by_change[write.change_id] = write
        for name, text in new.items():
            cell = (kind, id_, name)
            value = self.values.setdefault(cell, {}).setdefault(text, Value())
            if name in changed:
                value.saved_on.add(pc)
                if name in old:
                    value.after.add(old[name])
                    # Knowingly replaced on the same PC: the older value need not travel.
                    self._replaced(cell, old[name], pc)
                self.pending[(cell, text)] = write
            for clash in seen:
                if name in clash.fields:
                    value.after |= {text_of(v) for v in clash.fields[name].values()}
        return write

    def _replaced(self, cell: Cell, text: str, pc: str) -> None:
        waiting = self.pending.get((cell, text))
        if waiting is not None and waiting.pc == pc:
            del self.pending[(cell, text)]

    def reached_server(self, address: Address, fields: Fields) -> None:
        """The server was seen to hold this state."""
        kind, id_ = address
        for name, text in fields.items():
            self.pending.pop(((kind, id_, name), text), None)

    def ancestors(self, cell: Cell, text: str) -> set[str]:
        """All values that whoever wrote this one had seen, step by step."""
        known = self.values.get(cell, {})
        found: set[str] = set()
        waiting = [text]
        while waiting:
            value = known.get(waiting.pop())
            for older in value.after if value else ():
                if older not in found:
                    found.add(older)
                    waiting.append(older)
        return found

    def clash_seen(self, clash: Clash) -> None:
        """A kept conflict stands in a store."""
        if "event_ids" in clash.fields:
            self.told.update(clash.fields["event_ids"].get("mine") or ())
        for name, values in clash.fields.items():
            cell = (clash.kind, clash.record_id, name)
            texts = {text_of(value) for value in values.values()}
            shown = self.shown.setdefault(cell, [])
            if texts not in shown:
                shown.append(texts)

    def was_shown(self, cell: Cell, one: str, other: str) -> bool:
        """Whether the two values stood side by side before a person."""
        return any({one, other} <= texts for texts in self.shown.get(cell, ()))

    def kept_in_conflict(self, cell: Cell, text: str) -> bool:
        return any(text in texts for texts in self.shown.get(cell, ()))
