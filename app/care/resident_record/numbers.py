"""Health-record numbers (居民健康档案编号), given out of blocks that belong to one PC each.

Source: county rules §2.2: 17 digits — 6 county (GB/T 2260), 3 township (GB/T 10114), 3 village
(committee of residents 001-099, of a village 101-199, other 901-999), 5 serial. A serial is never
given twice. No county office hands blocks out: an administrator reserves for the PC a run of
serials of a village, an overlap with any block or number that this PC knows of is refused, and
the blocks travel to the organisation's other PCs. Of two blocks that were reserved at the same
time by PCs that did not see each other, the one with the smaller id keeps the serials of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.care import parsing
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.epoch import RESTORED
from app.models.identity import new_id
from app.models.resident import Resident
from app.models.resident_record import NumberBlock, NumberCounter
from app.models.settings import get_setting, set_setting
from app.models.store import Store

__all__ = [
    "LOW_WATER",
    "Block",
    "BlockInput",
    "blocks",
    "close_block",
    "issue_number",
    "low_block_warning",
    "printed_number",
    "propose",
    "reserve",
]

LOW_WATER = 50
"""So few serials left in a block are warned about."""

LEAP = 100
"""After a backup was put back, so many serials are passed over: they may be on paper already."""

MOST_SERIAL = 99_999
USUAL_SIZE = 1_000
_VILLAGES = ((1, 99), (101, 199), (901, 999))
_PC = "numbering_pc"
_TEXT_LIMIT = 50


@dataclass(frozen=True, slots=True)
class BlockInput:
    """A block to reserve for this PC. `area`: the village as the residents' records write it;
    empty for all residents whose village has no block of its own."""

    prefix: str
    first: int | None
    last: int | None
    area: str = ""
    pc_name: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A block to show. `left`: serials still to give out (None: another PC's, not known here);
    `overlaps`: it shares serials with another PC's block, which keeps them."""

    id: str
    prefix: str
    area: str
    first: int
    last: int
    pc_name: str
    here: bool
    closed: bool
    left: int | None
    overlaps: bool


def printed_number(record_no: str) -> str:
    """The last eight digits as printed forms show them, e.g. `101-00001`; else empty."""
    return f"{record_no[-8:-5]}-{record_no[-5:]}" if re.fullmatch(r"\d{17}", record_no) else ""


def reserve(store: Store, actor: Actor, typed: BlockInput) -> str:
    """Reserve a block for this PC; gives its id. Administrators only.

    Raises InputError (a prefix that is not 12 digits, serials outside 1-99999, an overlap with
    a known block or with numbers that residents bear), NotAllowed.
    """
    _require_administrator(actor)
    problems: dict[str, str] = {}
    prefix = parsing.half_width(typed.prefix).replace(" ", "").replace("-", "")
    if not re.fullmatch(r"\d{12}", prefix, re.ASCII):
        problems["prefix"] = tr("The first part has 12 digits: county 6, township 3, village 3.")
    elif not any(low <= int(prefix[9:]) <= high for low, high in _VILLAGES):
        problems["prefix"] = tr(
            "The last 3 of the 12 digits are 001-099 (residents' committee), 101-199 (village) or "
            "901-999 (other)."
        )
    first, last = typed.first, typed.last
    if first is None or not 1 <= first <= MOST_SERIAL:
        problems["first"] = tr("A serial lies between 1 and 99999.")
    if last is None or not 1 <= last <= MOST_SERIAL:
        problems["last"] = tr("A serial lies between 1 and 99999.")
    elif first is not None and last < first:
        problems["last"] = tr("The last serial is smaller than the first.")
    texts = {name: parsing.clean_text(getattr(typed, name)) for name in ("area", "pc_name")}
    for name, words in texts.items():
        if len(words) > _TEXT_LIMIT:
            problems[name] = tr("At most {count} characters fit here. Shorten the text.").format(
                count=_TEXT_LIMIT
            )
    if not texts["pc_name"]:
        problems["pc_name"] = tr("Write the name of this PC, as it stands on its case.")
    if problems or first is None or last is None:
        raise InputError(problems)
    with store.write(actor) as session:
        for other in _of_prefix(session, prefix):
            if other.first <= last and first <= other.last:
                raise InputError(
                    {
                        "first": tr(
                            "Serials {first}-{last} belong to {pc} already. Nothing was reserved. "
                            "Choose serials after them."
                        ).format(first=_five(other.first), last=_five(other.last), pc=other.pc_name)
                    }
                )
        taken = _highest(session, prefix, first, last)
        if taken is not None:
            raise InputError(
                {
                    "first": tr(
                        "A resident bears serial {serial} already. Nothing was reserved. Choose "
                        "serials after it."
                    ).format(serial=_five(taken))
                }
            )
        block = NumberBlock(
            prefix=prefix,
            area=texts["area"] or None,
            first=first,
            last=last,
            pc_id=_pc_id(session),
            pc_name=texts["pc_name"],
        )
        session.add(block)
        session.flush()
        return block.id


def propose(store: Store, actor: Actor, prefix: str, size: int = USUAL_SIZE) -> tuple[int, int]:
    """The next free run of serials of a village that this PC knows of, a whole thousand if it
    can be. Raises InputError where none is free."""
    with store.read() as session:
        ends = [block.last for block in _of_prefix(session, prefix)]
        ends.append(_highest(session, prefix, 1, MOST_SERIAL) or 0)
    start = -(-max(ends) // size) * size + 1
    if start > MOST_SERIAL:
        start = max(ends) + 1
    if start > MOST_SERIAL:
        raise InputError({"prefix": tr("All serials of this village are reserved.")})
    return start, min(start + size - 1, MOST_SERIAL)


def close_block(store: Store, actor: Actor, block_id: str) -> None:
    """Give nothing more out of a block. Its serials stay reserved for ever.

    Raises NotFound, NotAllowed.
    """
    _require_administrator(actor)
    with store.write(actor) as session:
        block = session.get(NumberBlock, block_id)
        if block is None:
            raise NotFound(tr("This block is not on this PC."))
        block.closed = True


def blocks(store: Store, actor: Actor) -> tuple[Block, ...]:
    """All blocks of the organisation that this PC knows of, this PC's own first."""
    with store.read() as session:
        pc = get_setting(session, _PC)
        rows = session.scalars(
            select(NumberBlock)
            .where(NumberBlock.organisation_id == actor.organisation_id)
            .order_by(NumberBlock.prefix, NumberBlock.first, NumberBlock.id)
        ).all()
        shown = []
        for row in rows:
            rivals = _rivals(session, row)
            shown.append(
                Block(
                    id=row.id,
                    prefix=row.prefix,
                    area=row.area or "",
                    first=row.first,
                    last=row.last,
                    pc_name=row.pc_name,
                    here=row.pc_id == pc,
                    closed=row.closed,
                    left=_left(session, row) if row.pc_id == pc else None,
                    overlaps=bool(rivals),
                )
            )
        return tuple(sorted(shown, key=lambda block: not block.here))


def issue_number(session: Session, resident: Resident) -> str | None:
    """The next number for a resident, out of this PC's blocks; None where no block fits.

    Runs in the transaction that saves the resident, so that a number is given out exactly with
    the record that bears it.
    """
    issuer = Issuer(session)
    number = issuer.issue(resident.village or "")
    issuer.keep(session)
    return number


class Issuer:
    """Gives numbers in a row out of this PC's blocks; each block is read once.

    ``keep`` notes how far it came: in the transaction that saves the residents.
    """

    def __init__(self, session: Session) -> None:
        pc = get_setting(session, _PC)
        query = select(NumberBlock).where(NumberBlock.pc_id == pc, NumberBlock.closed.is_(False))
        order = query.order_by(NumberBlock.first, NumberBlock.id)
        blocks = [] if pc is None else list(session.scalars(order))
        # Plain values: the session may end, or forget its rows, before the last number is given.
        self._own = [(each.id, each.area or "", each.prefix) for each in blocks]
        self._left = {block.id: _free_serials(session, block) for block in blocks}
        self._next: dict[str, int] = {}

    def issue(self, village: str) -> str | None:
        """The next number for somebody of a village; None where no block fits."""
        fitting = [block for block in self._own if block[1] and block[1] == village]
        for block_id, _, prefix in fitting or [block for block in self._own if not block[1]]:
            serial = next(self._left[block_id], None)
            if serial is not None:
                self._next[block_id] = serial + 1
                return f"{prefix}{serial:05d}"
        return None

    def keep(self, session: Session) -> None:
        """Note up to where the blocks are used."""
        restored = _restored_at(session)
        for block_id, serial in self._next.items():
            counter = session.get(NumberCounter, block_id)
            if counter is None:
                counter = NumberCounter(block_id=block_id, next_serial=serial)
                session.add(counter)
            counter.next_serial = serial
            counter.restored_at = restored


def _free_serials(session: Session, block: NumberBlock) -> Iterator[int]:
    """All serials that may still be given out of a block, in order."""
    first = _next(session, block)
    if first is None:
        return iter(())
    rivals = [(each.first, each.last) for each in _rivals(session, block)]
    borne = _borne(session, block, first)
    return (
        serial
        for serial in range(first, block.last + 1)
        if serial not in borne and not any(low <= serial <= high for low, high in rivals)
    )


def low_block_warning(session: Session, record_no: str) -> str | None:
    """A sentence when the block that a number came from runs low."""
    pc = get_setting(session, _PC)
    for block in _of_prefix(session, record_no[:12]):
        if block.pc_id == pc and block.first <= int(record_no[12:]) <= block.last:
            left = sum(
                _left(session, each) or 0
                for each in _of_prefix(session, block.prefix)
                if each.pc_id == pc and not each.closed and each.area == block.area
            )
            if left <= LOW_WATER:
                return tr(
                    "Only {count} record numbers are left on this PC for {area}. Ask the "
                    "administrator for another block."
                ).format(count=left, area=block.area or tr("all villages"))
    return None


def _next(session: Session, block: NumberBlock) -> int | None:
    """The next serial that may be given out of a block, or None at its end."""
    counter = session.get(NumberCounter, block.id)
    serial = counter.next_serial if counter is not None else block.first
    restored = _restored_at(session)
    if restored is not None and (counter is None or counter.restored_at != restored):
        serial += LEAP
    rivals = _rivals(session, block)
    borne = _borne(session, block, serial)
    while serial <= block.last:
        over = next((r for r in rivals if r.first <= serial <= r.last), None)
        if over is not None:
            serial = over.last + 1
        elif serial in borne:
            serial += 1
        else:
            return serial
    return None


def _left(session: Session, block: NumberBlock) -> int:
    serial = _next(session, block)
    if serial is None:
        return 0
    rivals = _rivals(session, block)
    borne = _borne(session, block, serial)
    return sum(
        each not in borne and not any(r.first <= each <= r.last for r in rivals)
        for each in range(serial, block.last + 1)
    )


def _rivals(session: Session, block: NumberBlock) -> list[NumberBlock]:
    """Blocks that share serials with this one and keep them: every PC names the same."""
    return [
        other
        for other in _of_prefix(session, block.prefix)
        if other.id < block.id and other.first <= block.last and block.first <= other.last
    ]


def _borne(session: Session, block: NumberBlock, serial: int) -> set[int]:
    """Serials from one on that residents here bear already, whoever gave them."""
    if serial > block.last:
        return set()
    found = session.scalars(
        select(Resident.record_no).where(
            Resident.record_no.between(
                f"{block.prefix}{serial:05d}", f"{block.prefix}{block.last:05d}"
            ),
            func.length(Resident.record_no) == 17,
        )
    )
    return {int(number[12:]) for number in found if number}


def _of_prefix(session: Session, prefix: str) -> Sequence[NumberBlock]:
    return session.scalars(
        select(NumberBlock).where(NumberBlock.prefix == prefix).order_by(NumberBlock.first)
    ).all()


def _highest(session: Session, prefix: str, first: int, last: int) -> int | None:
    """The highest serial between two that a resident here bears."""
    found = session.scalar(
        select(func.max(Resident.record_no)).where(
            Resident.record_no.between(f"{prefix}{first:05d}", f"{prefix}{last:05d}"),
            func.length(Resident.record_no) == 17,
        )
    )
    return int(found[12:]) if found else None


def _restored_at(session: Session) -> str | None:
    note = get_setting(session, RESTORED)
    return note.get("at") if isinstance(note, dict) else None


def _pc_id(session: Session) -> str:
    """The mark of this PC's store among those that give numbers out."""
    found: str | None = get_setting(session, _PC)
    if found is None:
        found = new_id()
        set_setting(session, _PC, found)
    return found


def _five(serial: int) -> str:
    return f"{serial:05d}"


def _require_administrator(actor: Actor) -> None:
    if not actor.has_role("administrator"):
        raise NotAllowed(
            tr(
                "Only an administrator may hand out record numbers. Nothing was changed. Ask the "
                "administrator of your organisation."
            )
        )
