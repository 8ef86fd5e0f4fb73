"""Whatever comes over the wire: a record that the store can hold, or one clear error."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import NetworkFault
from app.fhir import bundle, mapping
from app.fhir.common import WireContext
from app.fhir.faults import FormatError
from app.models.records import KINDS, row_values
from tests.fhir.samples import sample

CONTEXT = WireContext()

JUNK: list[Any] = [
    None,
    0,
    -1,
    1e308,
    float("nan"),
    float("inf"),
    2**70,
    "half a character \ud800",
    "140 80 E nan 1e999 x",
    True,
    "",
    "x",
    "2026-13-45",
    "2026-03",
    "+012026-03-02T00:00:00Z",
    "0000-00-00T25:61:61Z",
    "Patient/",
    "Patient/../..",
    "javascript:alert(1)",
    "𝟙" * 3,
    [],
    {},
    [None],
    [[]],
    ["x"],
    [{}],
    {"coding": 5},
    {"reference": 5},
    {"extension": {"url": 1}},
    [{"url": 7, "valueString": []}],
    [{"url": "urn:township-care:x:created_at", "valueInstant": "later"}],
]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, item in inner:
        found.extend(_paths(item, (*path, key)))
    return found


def spoil(resource: dict[str, Any], path: tuple[Any, ...], junk: Any, how: str) -> Any:
    spoilt = copy.deepcopy(resource)
    parent: Any = spoilt
    for key in path[:-1]:
        parent = parent[key]
    if how == "remove":
        del parent[path[-1]]
    elif how == "wrap":
        parent[path[-1]] = [parent[path[-1]]]
    else:
        parent[path[-1]] = copy.deepcopy(junk)
    return spoilt


@st.composite
def spoilt_resources(draw: Any, kind: str) -> Any:
    resource = mapping.to_resources(kind, sample(kind), CONTEXT)[0]
    for _ in range(draw(st.integers(1, 2))):
        paths = _paths(resource)
        if not paths:
            break
        resource = spoil(
            resource,
            draw(st.sampled_from(paths)),
            draw(st.sampled_from(JUNK)),
            draw(st.sampled_from(["remove", "wrap", "replace", "replace"])),
        )
        if not isinstance(resource, dict):
            break
    return resource


def assert_read_or_refused(resource: Any) -> None:
    said = ""
    found = None
    try:
        found = mapping.from_resource(resource)
    except FormatError as error:
        said = str(error)
    assert not any(s in said for s in ("张桂兰", "341599194802290027", "13900000002"))
    if found is not None:
        kind, record = found
        values = row_values(KINDS[kind].table, record)  # parses every date and instant
        nullable = {c.name for c in KINDS[kind].table.columns if c.nullable}
        assert all(v is not None for name, v in values.items() if name not in nullable)
        for name, value in record.items():
            text = json.dumps(value, ensure_ascii=False)
            text.encode("utf-8")
            if not isinstance(value, list | dict):
                assert text not in ("NaN", "Infinity"), name
            if isinstance(value, int):
                assert -(2**63) <= value < 2**63


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=80)
@given(data=st.data())
def test_spoilt_resources_are_read_or_refused(kind: str, data: st.DataObject) -> None:
    spoilt = data.draw(spoilt_resources(kind))
    assert_read_or_refused(spoilt)
    mapping.references_of(spoilt)
    mapping.write_id(spoilt)
    mapping.kind_of(spoilt)
    ours = mapping.to_resources(kind, sample(kind), CONTEXT)[0]
    assert mapping.merge_unknown(ours, spoilt)["id"] == sample(kind)["id"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_element_missing_in_turn(kind: str) -> None:
    resource = mapping.to_resources(kind, sample(kind), CONTEXT)[0]
    for path in _paths(resource):
        assert_read_or_refused(spoil(resource, path, None, "remove"))


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(anything=json_values)
def test_anything_is_refused_or_passed_over(anything: Any) -> None:
    if not isinstance(anything, dict):
        with pytest.raises(FormatError):
            mapping.from_resource(anything)
        return
    assert mapping.from_resource(anything) is None
    for type_ in mapping.pulled_types:
        assert_read_or_refused({**anything, "resourceType": type_, "id": "a"})


def test_unknown_types_and_companions_are_passed_over() -> None:
    assert mapping.from_resource({"resourceType": "Basic", "id": "a"}) is None
    assert mapping.from_resource({"resourceType": "Observation"}) is None
    assert mapping.from_resource({"resourceType": ["Patient"]}) is None


def test_nesting_beyond_reason_is_refused() -> None:
    deep: dict[str, Any] = {"url": "*", "valueString": "x"}
    for _ in range(5000):
        deep = {"url": "*", "extension": [deep]}
    resource = mapping.to_resources("resident", sample("resident"), CONTEXT)[0]
    spoilt = resource | {"extension": [{**deep, "url": "urn:township-care:x:guardian"}]}
    with pytest.raises(FormatError):
        mapping.from_resource(spoilt)
    assert mapping.references_of(spoilt)


def test_the_error_names_the_place_and_no_content() -> None:
    resource = mapping.to_resources("resident", sample("resident"), CONTEXT)[0]
    with pytest.raises(FormatError) as caught:
        mapping.from_resource(resource | {"birthDate": "张桂兰"})
    assert isinstance(caught.value, NetworkFault)
    assert "Patient" in str(caught.value)
    assert "张桂兰" not in str(caught.value)


# Bundles


def test_a_transaction_puts_under_the_clients_ids() -> None:
    made = bundle.transaction(
        [({"resourceType": "Patient", "id": "a"}, "3"), ({"resourceType": "Task", "id": "b"}, None)]
    )
    assert made["type"] == "transaction"
    assert [entry["request"] for entry in made["entry"]] == [
        {"method": "PUT", "url": "Patient/a", "ifMatch": 'W/"3"'},
        {"method": "PUT", "url": "Task/b"},
    ]
    assert (
        bundle.transaction([({"resourceType": "Task", "id": "b"}, '"7"')])["entry"][0]["request"][
            "ifMatch"
        ]
        == '"7"'
    )


def test_answers_are_read_in_order() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "invalid", "diagnostics": "birthDate is in the future"},
            {"severity": "error", "code": "required", "details": {"text": "status is missing"}},
            {"severity": "error", "code": "value"},
            "garbage",
        ],
    }
    answers = bundle.parse_answers(
        {
            "resourceType": "Bundle",
            "type": "transaction-response",
            "entry": [
                {
                    "response": {
                        "status": "201 Created",
                        "etag": 'W/"1"',
                        "lastModified": "2026-03-02T01:30:00.000Z",
                    }
                },
                {"response": {"status": "412", "outcome": outcome}},
                {"response": {"status": "200 OK", "etag": 5, "lastModified": [], "outcome": 3}},
            ],
        }
    )
    assert answers == [
        bundle.EntryAnswer(201, "1", "2026-03-02T01:30:00.000Z"),
        bundle.EntryAnswer(412, None, None, "birthDate is in the future; status is missing; value"),
        bundle.EntryAnswer(200),
    ]


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        [],
        "<html>Please sign in</html>",
        {},
        {"resourceType": "OperationOutcome"},
        {"resourceType": "Bundle", "type": "searchset"},
        {"resourceType": "Bundle", "type": "transaction-response", "entry": {}},
        {"resourceType": "Bundle", "type": "transaction-response", "entry": [None]},
        {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": 1}]},
        {
            "resourceType": "Bundle",
            "type": "transaction-response",
            "entry": [{"response": {"status": "created"}}],
        },
        {
            "resourceType": "Bundle",
            "type": "transaction-response",
            "entry": [{"response": {"status": 201}}],
        },
    ],
)
def test_garbage_instead_of_answers_is_one_error(garbage: Any) -> None:
    with pytest.raises(FormatError):
        bundle.parse_answers(garbage)


@given(anything=json_values)
def test_any_answer_is_read_or_refused(anything: Any) -> None:
    wrapped = {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [{"response": anything}],
    }
    for candidate in (anything, wrapped):
        try:
            bundle.parse_answers(candidate)
        except FormatError:
            pass
    bundle.outcome_text(anything)
