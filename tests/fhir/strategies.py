"""Records as the store could hold them, generated from the tables' own columns."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from app.clock import format_instant
from app.fhir.fields import (
    BOOLEAN,
    DATE,
    DECIMAL,
    DICT,
    INSTANT,
    INTEGER,
    LIST,
    REFERENCES,
    Field,
    child_fields,
    code_list_of,
    fields_of,
)
from app.models import codes
from app.models.records import KINDS

ids = st.builds(lambda n: str(uuid.UUID(int=n)), st.integers(min_value=1, max_value=2**128 - 1))

#: Texts as people type and paste them; a few that FHIR cannot hold.
texts = st.one_of(
    st.sampled_from(
        [
            "张桂兰",
            "欧阳 建国",
            "头晕三天，加重一天。\n否认胸痛；血压 168/96 mmHg",
            "👵🏻 每日步行 30 分钟 👍",
            "金寨县白塔畈镇\u3000光明村 3 组",
            'O\'Brien <b>&amp;</b> "quoted" \\ back',
            "0",
            "null",
            "true",
            " 前后空格 ",
            "",
            "  ",
            "\u3000",
            "a\x00b",
            "tab\tand\r\nline",
        ]
    ),
    st.text(max_size=40),
)
plain_codes = st.from_regex(r"[a-z0-9][a-z0-9_]{0,15}", fullmatch=True)
dates = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)
instants = st.integers(0, 4_102_444_800_000).map(
    lambda ms: format_instant(datetime.fromtimestamp(ms / 1000, UTC))
)
decimals = st.one_of(
    st.integers(0, 3000).map(lambda n: n / 10),
    st.floats(-1e6, 1e6, allow_nan=False),
)
integers = st.one_of(st.integers(0, 300), st.integers(-(2**31), 2**31 - 1))

json_leaves = st.one_of(
    st.none(), st.booleans(), integers, st.integers(2**31, 2**60), decimals, texts, dates
)
json_values = st.recursive(
    json_leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(plain_codes, st.text(max_size=8)), inner, max_size=3),
    ),
    max_leaves=8,
)

#: Items of JSON columns as the use-cases write them.
_items: dict[str, st.SearchStrategy[Any]] = {
    "contacts": st.fixed_dictionaries(
        {"name": texts, "phone": texts, "relation": st.sampled_from(["", "10", "20", "邻居"])}
    ),
    "items": st.fixed_dictionaries(
        {"exercise": st.sampled_from(["walking", "rom_active", "自编操"]), "done": st.booleans()},
        optional={
            "planned": st.integers(0, 60),
            "minutes": st.none() | st.integers(0, 60),
            "per_week": st.none() | st.integers(1, 14) | st.just(2.5),
            "sets": st.integers(1, 5),
            "intensity": texts,
            "assistance": st.sampled_from(["independent", ""]),
        },
    ),
    "drugs": st.fixed_dictionaries(
        {"name": texts},
        optional={
            "code": st.sampled_from(["metformin", "", "unknown-drug"]),
            "times_per_day": st.none() | st.integers(1, 6) | st.just("qd") | st.just(0.5),
            "dose": st.none() | decimals | texts,
            "unit": st.sampled_from(["tablet", "mg", "片", ""]),
        },
    ),
    "diagnoses": st.fixed_dictionaries(
        {"code": st.sampled_from(["I10", "E11.900", "I10.x00x002", "", None]), "display": texts}
    ),
}
_items["current_drugs"] = _items["drugs"]
_objects: dict[str, st.SearchStrategy[Any]] = {
    "guardian": st.fixed_dictionaries(
        {"name": texts, "relation": texts, "phone": texts, "scope": texts}
    ),
    "not_measured": st.dictionaries(
        st.sampled_from(["sbp", "dbp", "weight", "fpg", "heart_rate"]),
        st.sampled_from(["1", "2", "3"]),
        max_size=3,
    ),
}


def _text_of(name: str) -> st.SearchStrategy[str]:
    code_list = code_list_of(name)
    known = (
        st.sampled_from([entry.code for entry in codes.entries(code_list)])
        if code_list
        else st.nothing()
    )
    return st.one_of(known, known, plain_codes, texts)


def value_of(field: Field) -> st.SearchStrategy[Any]:
    """Values that the column could hold."""
    name, form = field.name, field.form
    if name in ("id", "organisation_id", "change_id") or name in REFERENCES:
        value: st.SearchStrategy[Any] = ids
    elif name.endswith("_id") or name == "event_ids":
        value = st.lists(ids, max_size=4) if form == LIST else ids
    elif form == INTEGER:
        value = integers
    elif form == DECIMAL:
        value = decimals
    elif form == BOOLEAN:
        value = st.booleans()
    elif form == DATE:
        value = dates
    elif form == INSTANT:
        value = instants
    elif form == LIST:
        value = st.lists(
            st.one_of(_items.get(name, st.nothing()), _text_of(name), json_values), max_size=4
        )
    elif form == DICT:
        value = st.one_of(
            _objects.get(name, st.nothing()),
            st.dictionaries(st.one_of(plain_codes, st.text(max_size=8)), json_values, max_size=4),
        )
    else:
        value = _text_of(name)
    return st.none() | value if field.nullable else value


def _rows(fields: dict[str, Field]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: value_of(field) for name, field in fields.items()})


def _plausible(record: dict[str, Any], draw: Any) -> dict[str, Any]:
    """Often what a use-case would write: one author, one instant, the id as first change."""
    if draw(st.booleans()) and "created_at" in record:
        record["updated_at"] = record["created_at"]
        record["updated_by"] = record["author_id"]
        record["change_id"] = record["id"]
        if "performer_id" in record:
            record["performer_id"] = record["author_id"]
    return record


@st.composite
def records(draw: Any, kind: str) -> dict[str, Any]:
    """Whole records of a kind, children included, sorted by id as the store gives them."""
    record: dict[str, Any] = _plausible(draw(_rows(fields_of(kind))), draw)
    for child in KINDS[kind].children:
        rows = draw(st.lists(_rows(child_fields(kind, child.name)), max_size=3))
        record[child.name] = sorted(rows, key=lambda row: row["id"])
    return record
