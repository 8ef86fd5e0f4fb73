"""The visits of each person and year, told in one line: kept by the store itself for indicators.

An indicator looks at every visit of two years. The store answers from here with a line a person,
disease and year instead of two rows a visit. Triggers write each line anew, in the transaction that
writes or voids a visit, whoever does it. Nothing else writes this table, and nothing of it travels.
"""

from __future__ import annotations

from sqlalchemy import DDL, String, event
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class VisitYear(Base):
    """What one person was seen for a disease in one year.

    ``visits``: a word for each visit that is not void, by day and then by the order of writing: the
    day (ISO) and a letter, as ``TOLD`` makes it.
    """

    __tablename__ = "visit_year"
    __table_args__ = {"sqlite_with_rowid": False}

    disease: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[str] = mapped_column(String(4), primary_key=True)
    resident_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    visits: Mapped[str]


#: All that an indicator asks of a visit, in one letter, small where it was not in person (modes 1
#: and 2). From ``INCOMPLETE`` on a value to classify is missing; a glucose that the form excuses as
#: not fasting is not, but a pressure is never excused by a meal. In steps of three: on target, not,
#: no value; then the routine next step, another one, none.
TOLD = """
    char(65 + 32 * (visit.mode NOT IN ('1', '2'))
        + 9 * (part.control_class IS NULL
            AND NOT (part.disease = 'type2_diabetes' AND visit.not_fasting_reason IS NOT NULL))
        + 3 * ifnull(part.uncontrolled != 0, 2)
        + CASE WHEN part.action = '1' THEN 0 WHEN part.action IS NULL THEN 2 ELSE 1 END)
"""
INCOMPLETE = "J"

# Of one line: the part of a visit that was written (new) or was there before (old).
_OF_PART = """
    part.resident_id = {row}.resident_id AND part.disease = {row}.disease
    AND part.visit_date BETWEEN substr({row}.visit_date, 1, 4) || '-01-01'
        AND substr({row}.visit_date, 1, 4) || '-12-31'
"""
# Of the lines of all diseases that one visit was for.
_LINES_OF_VISIT = """
    SELECT DISTINCT disease, substr(visit_date, 1, 4) AS year, resident_id
    FROM follow_up_disease WHERE follow_up_id = new.id
"""
_OF_VISIT = """
    part.id IN (
        SELECT beside.id FROM follow_up_disease AS own
        CROSS JOIN follow_up_disease AS beside ON beside.resident_id = own.resident_id
            AND beside.disease = own.disease
            AND beside.visit_date BETWEEN substr(own.visit_date, 1, 4) || '-01-01'
                AND substr(own.visit_date, 1, 4) || '-12-31'
        WHERE own.follow_up_id = new.id
    )
"""
#: Tells the lines of some visits' parts anew.
TELL = """
    INSERT INTO visit_year (disease, year, resident_id, visits)
    SELECT part.disease, substr(part.visit_date, 1, 4), part.resident_id, group_concat(
        part.visit_date || {told}, ',' ORDER BY part.visit_date, part.follow_up_id, part.id
    )
    FROM follow_up_disease AS part CROSS JOIN follow_up AS visit ON visit.id = part.follow_up_id
    WHERE {which} AND visit.status != 'entered_in_error'
    GROUP BY part.disease, substr(part.visit_date, 1, 4), part.resident_id;
"""


def _anew(row: str) -> str:
    forget = """
        DELETE FROM visit_year WHERE disease = {row}.disease
        AND year = substr({row}.visit_date, 1, 4) AND resident_id = {row}.resident_id;
    """
    return forget.format(row=row) + TELL.format(told=TOLD, which=_OF_PART.format(row=row))


_VISIT_ANEW = (
    f"DELETE FROM visit_year WHERE (disease, year, resident_id) IN ({_LINES_OF_VISIT});"  # noqa: S608
    + TELL.format(told=TOLD, which=_OF_VISIT)
)
#: The words of the triggers; a migration that makes one of their tables anew makes them anew.
TRIGGERS = (
    f"CREATE TRIGGER visit_part_written AFTER INSERT ON follow_up_disease BEGIN {_anew('new')} END",
    "CREATE TRIGGER visit_part_changed AFTER UPDATE OF follow_up_id, resident_id, visit_date,"
    " disease, control_class, uncontrolled, action ON follow_up_disease"
    f" BEGIN {_anew('old')} {_anew('new')} END",
    f"CREATE TRIGGER visit_part_removed AFTER DELETE ON follow_up_disease BEGIN {_anew('old')} END",
    "CREATE TRIGGER visit_changed AFTER UPDATE OF status, mode, not_fasting_reason ON follow_up"
    " WHEN old.status IS NOT new.status OR old.mode IS NOT new.mode"
    " OR old.not_fasting_reason IS NOT new.not_fasting_reason"
    f" BEGIN {_VISIT_ANEW} END",
)

for _words in TRIGGERS:
    # After all tables: a trigger names several of them.
    event.listen(Base.metadata, "after_create", DDL(_words))  # type: ignore[no-untyped-call]
