"""Search: filters, order, pages, and refusal of everything else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import event

from app.server import search
from app.server.database import Database
from tests.server.serving import (
    LEAD,
    NORTH,
    TAG,
    Client,
    ServerProcess,
    issue,
    letter,
    make,
    new_id,
    observation,
    patient,
    reference,
    task,
)


@pytest.fixture
def series(north: Client) -> tuple[str, list[dict[str, Any]]]:
    """A patient's id and seven stored observations, as the server returns them, oldest first."""
    who = patient(NORTH)
    records = [observation(NORTH, who) for _ in range(7)]
    north.stored(who, *records)
    return who["id"], [north.get(f"/Observation/{r['id']}").json() for r in records]


def test_pages_hold_everything_once_and_in_order(
    north: Client, series: tuple[str, list[dict[str, Any]]]
) -> None:
    who, records = series
    for order, expected in (("", records), ("-", records[::-1])):
        url: str | None = f"/Observation?patient={who}&_sort={order}_lastUpdated&_count=3"
        found = []
        pages = 0
        while url:
            body = north.get(url).json()
            links = {link["relation"]: link["url"] for link in body["link"]}
            assert links["self"].startswith(f"{north.url}/fhir/Observation?")
            found += [entry["resource"] for entry in body["entry"]]
            url = links.get("next")
            assert url is None or url.startswith(f"{north.url}/fhir/Observation?")
            pages += 1
        assert found == expected
        assert pages == 3


def test_next_link_survives_a_restart(own_server: ServerProcess) -> None:
    client = own_server.enrol(NORTH)
    who = patient(NORTH)
    client.stored(who, *(observation(NORTH, who) for _ in range(4)))
    links = client.get("/Observation?_count=3").json()["link"]
    url = next(link["url"] for link in links if link["relation"] == "next")
    assert own_server.stop() == 0
    own_server.start()
    assert len(client.get(url).json()["entry"]) == 1
    client.close()


def test_last_updated(north: Client, series: tuple[str, list[dict[str, Any]]]) -> None:
    who, records = series
    times = [record["meta"]["lastUpdated"] for record in records]
    ids = [record["id"] for record in records]

    def found(*conditions: str) -> list[str]:
        query = "".join(f"&_lastUpdated={quote(one)}" for one in conditions)
        return north.ids(f"/Observation?subject=Patient/{who}{query}")

    assert found(f"ge{times[3]}") == ids[3:]
    assert found(f"gt{times[3]}") == ids[4:]
    assert found(f"le{times[3]}") == ids[:4]
    assert found(f"lt{times[3]}") == ids[:3]
    assert found(times[3]) == [ids[3]]
    assert found(f"ge{times[1]}", f"lt{times[4]}") == ids[1:4]
    # A coarser value stands for all of its second, day, month or year.
    second = times[0][:19]
    day = times[0][:10]
    assert found(f"ge{second}Z", f"le{times[-1][:19]}Z") == ids
    assert found(f"gt{times[-1][:19]}Z") == []
    assert found(f"ge{day}") == found(f"ge{day[:7]}") == found(f"ge{day[:4]}") == ids
    assert found(f"lt{day}") == found(f"gt{day[:4]}") == []
    # The same instant by another zone's clock.
    local = datetime.fromisoformat(times[3]) + timedelta(hours=8)
    assert found(f"ge{local:%Y-%m-%dT%H:%M:%S.%f}+08:00") == ids[3:]


def test_by_id_and_tag(north: Client, series: tuple[str, list[dict[str, Any]]]) -> None:
    _, records = series
    some = [records[4]["id"], records[1]["id"]]
    assert north.ids(f"/Observation?_id={','.join(some)},{new_id()}") == some[::-1]
    own = f"_tag={quote(f'{TAG}|{NORTH}')}"
    assert set(some) <= set(north.ids(f"/Observation?{own}&_count=500&_id={','.join(some)}"))
    other = f"_tag={quote(f'{TAG}|{LEAD}')}"
    assert north.ids(f"/Observation?{other}&_id={','.join(some)}") == []
    both = f"_tag={quote(f'{TAG}|{LEAD},{TAG}|{NORTH}')}"
    assert north.ids(f"/Observation?{both}&_id={some[0]}") == [some[0]]


def test_by_other_tags(north: Client) -> None:
    record = patient(NORTH)
    code = new_id()
    record["meta"]["tag"].append({"system": "urn:test|%_", "code": code})
    north.put(record)
    north.put(patient(NORTH))
    for value in (code, f"urn:test\\|%_|{code}"):
        assert north.ids(f"/Patient?_tag={quote(value)}") == [record["id"]]
    for value in (code[:-1], f"urn:test|{code}", "%", f"|{code}"):
        assert north.ids(f"/Patient?_tag={quote(value)}") == []


def test_by_identifier(north: Client) -> None:
    number = f"3415{new_id()}"
    system = "urn:oid:2.16.156.10011.1.3"
    record = patient(NORTH, identifier=[{"system": system, "value": number}, {"value": "x,y|z"}])
    north.put(record)
    for value in (f"{system}|{number}", number, f"x\\,y\\|z,{number}"):
        assert north.ids(f"/Patient?identifier={quote(value)}") == [record["id"]], value
    for value in (f"urn:other|{number}", f"|{number}", number[:-1]):
        assert north.ids(f"/Patient?identifier={quote(value)}") == []
    assert record["id"] in north.ids(f"/Patient?identifier={system}|&_sort=-_lastUpdated")
    record["identifier"] = [{"system": system, "value": number + "0"}]
    north.put(record)
    assert north.ids(f"/Patient?identifier={number}") == []
    assert north.ids(f"/Patient?identifier={number}0") == [record["id"]]


def test_tasks_by_owner_and_requester(north: Client, lead: Client) -> None:
    who = patient(NORTH)
    asked = letter(NORTH, who)
    sent = task(NORTH, LEAD, asked, **{"for": reference(who)})
    north.stored(who, asked, sent)
    for client in (north, lead):
        for query in (
            f"owner=Organization/{LEAD}&requester={NORTH}",
            f"owner={LEAD}",
            f"requester=Organization/{NORTH}",
            f"patient={who['id']}",
            f"subject=Patient/{who['id']}",
        ):
            newest_first = f"/Task?{query}&_sort=-_lastUpdated&_count=500"
            assert sent["id"] in client.ids(newest_first), query
        assert sent["id"] not in client.ids(f"/Task?owner={NORTH}&_count=500")


def test_post_search_gives_the_same(
    north: Client, series: tuple[str, list[dict[str, Any]]]
) -> None:
    who, records = series
    form = {"patient": who, "_count": "2", "_sort": "-_lastUpdated"}
    answer = north.request("POST", "/Observation/_search", data=form)
    assert answer.status_code == 200
    found = [entry["resource"] for entry in answer.json()["entry"]]
    assert found == records[:-3:-1]
    mixed = north.request("POST", "/Observation/_search?_count=1", data={"patient": who})
    assert len(mixed.json()["entry"]) == 1
    empty = north.request(
        "POST",
        "/Observation/_search",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert empty.status_code == 200


def test_counts_and_versions_only(north: Client, series: tuple[str, list[dict[str, Any]]]) -> None:
    who, records = series
    for query in ("_summary=count", "_count=0"):
        body = north.get(f"/Observation?patient={who}&{query}").json()
        assert body["total"] == 7
        assert "entry" not in body
    body = north.get(f"/Observation?patient={who}&_elements=id,meta").json()
    for entry, record in zip(body["entry"], records, strict=True):
        resource = entry["resource"]
        assert set(resource) == {"resourceType", "id", "meta"}
        assert resource["id"] == record["id"]
        for field in ("versionId", "lastUpdated"):
            assert resource["meta"][field] == record["meta"][field]
        assert {"system": TAG, "code": NORTH} in resource["meta"]["tag"]
        assert "SUBSETTED" in [tag["code"] for tag in resource["meta"]["tag"]]


def test_default_and_largest_page(own_server: ServerProcess) -> None:
    client = own_server.enrol(NORTH)
    for _ in range(11):
        client.stored(*(patient(NORTH) for _ in range(50)))
    assert len(client.ids("/Patient")) == 50
    assert len(client.ids("/Patient?_count=100000")) == 500
    body = client.get("/Patient?_count=500").json()
    assert "total" not in body
    assert client.get("/Patient?_id=x").json()["total"] == 0
    client.close()


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "name=x",
        "subject=Patient/x",
        "identifier:exact=x",
        "_id:not=x",
        "_sort=name",
        "_sort=_id",
        "_count=-1",
        "_count=many",
        "_count=٣",
        "_count=1&_count=2",
        "_summary=true",
        "_elements=name",
        "_format=xml",
        "_include=Patient:organization",
        "_lastUpdated=ne2024",
        "_lastUpdated=yesterday",
        "_lastUpdated=ge2024-13-01",
        "_lastUpdated=ge2024-02-30T00:00:00Z",
        "_lastUpdated=",
        "_id=",
        "_id=,",
        "_tag=",
        "identifier=",
        "identifier=|",
        "_page=zzz",
        "_page=%00",
        "_page=__________8",
        "x",
        "=1",
        "%ff=1",
        "_id=%ff",
        "_id=" + ",".join("x" * 1001),
    ],
)
def test_strict_refusal(north: Client, query: str) -> None:
    answer = north.get(f"/Patient?{query}")
    assert answer.status_code == 400, answer.text
    issue(answer)


def test_reference_parameters_are_checked(north: Client) -> None:
    for path in ("/Task?owner=Patient/x", "/Task?owner=a/b", "/Observation?patient=Group/x"):
        assert north.get(path).status_code == 400
    assert north.get("/Provenance?patient=x").status_code == 400
    assert north.get("/Spaceship?_id=x").status_code == 404


def test_an_identity_in_a_parameter_is_not_said_again(north: Client) -> None:
    answer = north.get("/Patient?" + quote("张三340000194901010000") + "=1")
    assert answer.status_code == 400
    assert "3400001949" not in answer.text


def test_directory_can_be_searched_by_all(north: Client, lead: Client) -> None:
    doctor = make("Practitioner", NORTH, name=[{"text": "王医生"}])
    north.put(doctor)
    for client in (north, lead):
        assert client.ids("/Organization") == ["lead-hospital", "north-centre", "south-centre"]
        assert doctor["id"] in client.ids("/Practitioner?_count=500")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (f"Patient?_tag={TAG}|{NORTH}&_lastUpdated=ge2024&_sort=_lastUpdated", "resource_author"),
        (f"Patient?_tag={TAG}|{NORTH}&_elements=id,meta", "resource_author"),
        (f"Task?owner={NORTH}&_lastUpdated=ge2024&_sort=-_lastUpdated", "resource_owner"),
        (f"Task?requester=Organization/{NORTH}&_lastUpdated=ge2024", "resource_requester"),
        ("Observation?patient=x&_lastUpdated=ge2024", "resource_patient"),
        ("Observation?subject=x,y", "resource_patient"),
        ("Patient?_id=x", "resource_id"),
        ("Patient?_id=x,y,z&_sort=_lastUpdated", "resource_id"),
        ("Practitioner?_id=x,y&_summary=count", "resource_id"),
        ("Patient?identifier=urn:x|y", "identifier_value"),
        ("Patient?identifier=y", "identifier_value"),
        ("Patient?_lastUpdated=ge2024", "resource_type"),
    ],
)
def test_every_usual_search_has_its_index(tmp_path: Path, query: str, index: str) -> None:
    statements: list[tuple[str, Any]] = []
    database = Database(tmp_path)
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _c, _cursor, text, values, _context, _many: statements.append((text, values)),
    )
    type_, _, parameters = query.partition("?")
    with database.read() as connection:
        understood = search.parse_query(type_, search.parse_parameters(parameters))
        search.run(connection, NORTH, understood, "http://x/fhir")
        text, values = statements[-1]
        plan = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text, values)]
    database.close()
    assert any(f"INDEX {index} " in step for step in plan), plan
    # The list of values itself is walked, nothing else.
    scans = [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
    assert not scans, plan
    if index != "resource_type":
        assert not any("resource_type" in step for step in plan), plan
