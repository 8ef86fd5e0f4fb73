"""Export, import into another server, copy to another database, backup and restore."""

from __future__ import annotations

import gzip
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.errors import InputError, NetworkFault, StoreBusy, StoreDamaged, StoreFault
from app.server import moving
from app.server.database import FILE_NAME
from app.server.importing import Imported, import_file
from tests.server.postgres import Cluster
from tests.server.referrals import Referral
from tests.server.serving import (
    LEAD,
    NORTH,
    SOUTH,
    ServerProcess,
    count_of,
    make,
    new_id,
    observation,
    patient,
    reference,
)


class _Source:
    """A server of two organisations' records, and one export of them."""

    def __init__(self, folder: Path, directory: Path) -> None:
        self.server = ServerProcess(folder / "source", directory).start()
        self.north, self.lead = self.server.enrol(NORTH), self.server.enrol(LEAD)
        self.referral = Referral(self.north)
        for _ in range(3):
            someone = patient(NORTH, birthDate="1950-01-01")
            seen = [observation(NORTH, someone, note=[{"text": "血压 1.10"}]) for _ in range(30)]
            self.north.stored(someone, *seen)
        odd = observation(NORTH, self.referral.patient, id=new_id())
        text = json.dumps(odd).replace('"status"', '"valueQuantity":{"value":1.10},"status"')
        answer = self.north.request(
            "PUT", f"/Observation/{odd['id']}", data=text.encode(),
            headers={"Content-Type": "application/fhir+json"},
        )  # fmt: skip
        assert answer.status_code == 201
        self.north.put({**self.referral.patient, "gender": "female"})
        self.summary = make(
            "DocumentReference", LEAD, status="current", content=[{"attachment": {"title": "x"}}],
            subject=reference(self.referral.patient),
        )  # fmt: skip
        output = [{"type": {"text": "小结"}, "valueReference": reference(self.summary)}]
        answered = {**self.referral.task, "status": "completed", "output": output}
        self.lead.stored(self.summary, answered)
        self.file = folder / "records.ndjson"
        self.exported = moving.export(self.server.data_dir, self.file)

    def close(self) -> None:
        self.north.close()
        self.lead.close()
        if self.server.running:
            self.server.stop()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, directory_file: Path) -> Any:
    made = _Source(tmp_path_factory.mktemp("moving"), directory_file)
    yield made
    made.close()


def _resources(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in text.splitlines()]


def _content(path: Path) -> list[str]:
    """Every line without what the server gives: version and time."""
    lines = []
    for resource in _resources(path):
        del resource["meta"]["versionId"], resource["meta"]["lastUpdated"]
        lines.append(json.dumps(resource, sort_keys=True, ensure_ascii=False))
    return lines


def _import(source: _Source, target: ServerProcess, file: Path | None = None) -> Imported:
    tokens = {one: target.enrol(one).token for one in (NORTH, LEAD, SOUTH)}
    return import_file(
        file or source.file,
        f"{target.url}/fhir",
        tokens,
        leave_out=("Organization",),
        wait=lambda _seconds: None,
    )


def test_export_holds_everything_parents_first_and_no_key(source: _Source) -> None:
    resources = _resources(source.file)
    assert source.exported.total == len(resources) == 3 + 3 * 31 + 1 + _size(source.referral) + 1
    assert {one["meta"]["tag"][0]["code"] for one in resources} == {LEAD, NORTH, SOUTH}
    place = {f"{one['resourceType']}/{one['id']}": at for at, one in enumerate(resources)}
    for at, one in enumerate(resources):
        subject = one.get("subject", {}).get("reference")
        assert subject is None or place[subject] < at
    text = source.file.read_text("utf-8")
    assert '"value":1.10' in text  # spelt as it was sent
    for secret in (source.north.token, source.lead.token, source.north.device_id):
        assert secret not in text
    assert stat.S_IMODE(os.stat(source.file).st_mode) == 0o600
    assert not source.file.with_name(source.file.name + ".part").exists()


def _size(referral: Referral) -> int:
    return sum(isinstance(one, dict) for one in vars(referral).values())


def test_export_of_the_same_records_is_the_same_file(source: _Source, tmp_path: Path) -> None:
    for name in ("a.ndjson", "b.ndjson"):
        moving.export(source.server.data_dir, tmp_path / name)
        assert (tmp_path / name).read_bytes() == source.file.read_bytes()
    for name in ("a.ndjson.gz", "b.ndjson.gz"):
        moving.export(source.server.data_dir, tmp_path / name)
    packed = (tmp_path / "a.ndjson.gz").read_bytes()
    assert packed == (tmp_path / "b.ndjson.gz").read_bytes()
    assert gzip.decompress(packed) == source.file.read_bytes()


def test_export_with_history_has_each_version_before_the_next(
    source: _Source, tmp_path: Path
) -> None:
    done = moving.export(source.server.data_dir, tmp_path / "h.ndjson", with_history=True)
    assert done.earlier == 2  # the patient, the task
    of_patient = [
        one
        for one in _resources(tmp_path / "h.ndjson")
        if one["id"] == source.referral.patient["id"]
    ]
    assert [count_of(one["meta"]["versionId"]) for one in of_patient] == [1, 2]
    assert [one.get("gender") for one in of_patient] == [None, "female"]


def test_import_into_another_server_gives_the_same_records(
    source: _Source, own_server: ServerProcess, tmp_path: Path
) -> None:
    done = _import(source, own_server)
    assert not done.refused
    assert (done.sent, done.created, done.skipped) == (source.exported.total - 3,) * 2 + (3,)
    back = tmp_path / "back.ndjson"
    moving.export(own_server.data_dir, back, own_server.database_url)
    assert _content(back) == _content(source.file)
    assert '"value":1.10' in back.read_text("utf-8")
    # Once more: nothing new, nothing changed.
    again = _import(source, own_server)
    assert (again.created, again.refused) == (0, [])
    before = back.read_bytes()
    moving.export(own_server.data_dir, back, own_server.database_url)
    assert back.read_bytes() == before


def test_history_is_played_in_its_order(
    source: _Source, own_server: ServerProcess, tmp_path: Path
) -> None:
    file = tmp_path / "h.ndjson.gz"
    moving.export(source.server.data_dir, file, with_history=True)
    assert not _import(source, own_server, file).refused
    reader = own_server.enrol(NORTH)
    held = reader.get(f"/Patient/{source.referral.patient['id']}")
    assert count_of(held.headers["ETag"]) == 2
    assert held.json()["gender"] == "female"
    reader.close()


def test_an_import_that_was_cut_goes_on_where_it_was(
    source: _Source, own_server: ServerProcess, tmp_path: Path
) -> None:
    file = tmp_path / "records.ndjson"
    file.write_bytes(source.file.read_bytes())
    tokens = {one: own_server.enrol(one).token for one in (NORTH, LEAD)}
    base = f"{own_server.url}/fhir"
    bundles = 0

    def stop_after_two(_lines: int) -> None:
        nonlocal bundles
        bundles += 1
        if bundles == 2:
            own_server.kill()

    waits: list[float] = []
    with pytest.raises(NetworkFault):
        import_file(
            file, base, tokens, leave_out=("Organization",), wait=waits.append,
            progress=stop_after_two,
        )  # fmt: skip
    assert len(waits) == 8
    assert waits == sorted(waits)
    own_server.start()
    done = import_file(file, base, tokens, leave_out=("Organization",), wait=waits.append)
    assert not done.refused
    assert done.skipped > 3
    assert done.sent == done.created > 0
    back = tmp_path / "back.ndjson"
    moving.export(own_server.data_dir, back, own_server.database_url)
    assert _content(back) == _content(source.file)
    assert not list(tmp_path.glob("*.progress"))


def test_refused_records_are_named_with_the_reason_and_stop_nothing(
    source: _Source, own_server: ServerProcess
) -> None:
    # With one organisation's token only, the other's records are not its to write.
    token = own_server.enrol(NORTH).token
    done = import_file(source.file, f"{own_server.url}/fhir", {"": token})
    lines = _resources(source.file)
    foreign = {
        (number, f"{one['resourceType']}/{one['id']}")
        for number, one in enumerate(lines, 1)
        if one["meta"]["tag"][0]["code"] != NORTH or one["resourceType"] == "Organization"
    }
    assert {(one.line, one.address) for one in done.refused} == foreign
    assert {one.status for one in done.refused} == {403}
    assert all(one.reason for one in done.refused)
    assert done.sent == len(lines) - len(foreign)


@pytest.mark.parametrize(
    ("address", "error"),
    [("ftp://here", InputError), ("http://example.org/fhir", InputError), ("", InputError)],
)
def test_unfit_addresses(source: _Source, address: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        import_file(source.file, address, {"": "x"})


@pytest.mark.parametrize("content", [b"no json\n", b"[]\n", b'{"resourceType":"Patient"}\n'])
def test_unfit_files(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.ndjson"
    file.write_bytes(content)
    with pytest.raises(InputError, match="1"):
        import_file(file, "http://127.0.0.1:9/fhir", {})


def test_a_file_cut_short_says_so(tmp_path: Path, source: _Source, server: ServerProcess) -> None:
    file = tmp_path / "x.ndjson.gz"
    file.write_bytes(gzip.compress(source.file.read_bytes())[:-20])
    with pytest.raises(InputError):
        _import(source, server, file)


def test_copy_to_postgresql_keeps_versions_devices_and_who_may_read(
    tmp_path: Path, directory_file: Path, postgres: Callable[[], Cluster]
) -> None:
    url = postgres().new_database()
    made = _Source(tmp_path, directory_file)
    answered = made.lead.get(f"/Task/{made.referral.task['id']}").json()
    made.server.stop()
    rows = moving.copy(made.server.data_dir, url)
    assert rows["resource"] == made.exported.total
    assert rows["device"] == 2
    moving.export(made.server.data_dir, tmp_path / "after.ndjson", url)
    assert (tmp_path / "after.ndjson").read_bytes() == made.file.read_bytes()
    with pytest.raises(InputError):
        moving.copy(made.server.data_dir, url)
    made.server.database_url = url
    made.server.start()
    for client in (made.north, made.lead):  # the old tokens
        client.url = made.server.url
        assert client.get(f"/Task/{made.referral.task['id']}").json() == answered
    assert made.north.sees(made.summary)
    later = patient(NORTH)
    assert made.north.put(later).status_code == 201
    newest = made.north.ids("/Patient?_sort=-_lastUpdated&_count=1")
    assert newest == [later["id"]]
    made.close()


def test_a_restored_server_never_gives_a_version_a_second_meaning(
    tmp_path: Path, directory_file: Path
) -> None:
    server = ServerProcess(tmp_path / "server", directory_file).start()
    client = server.enrol(NORTH)
    record = patient(NORTH)
    first = client.put(record).headers["ETag"]
    snapshot = tmp_path / "snapshot.db"
    moving.backup(server.data_dir, snapshot)  # while it serves
    assert stat.S_IMODE(os.stat(snapshot).st_mode) == 0o600
    lost = client.put({**record, "gender": "male"})
    with pytest.raises(StoreBusy):
        moving.restore(server.data_dir, snapshot)
    assert client.get(f"/Patient/{record['id']}").headers["ETag"] == lost.headers["ETag"]
    server.stop()
    kept = moving.restore(server.data_dir, snapshot)
    assert kept is not None
    assert kept.exists()
    server.start()
    held = client.get(f"/Patient/{record['id']}")
    assert held.headers["ETag"] == first
    other = client.put({**record, "gender": "female"})
    assert count_of(other.headers["ETag"]) == count_of(lost.headers["ETag"]) == 2
    assert other.headers["ETag"] != lost.headers["ETag"]
    # A PC that saw the lost version is told so, instead of writing over the other content.
    stale = client.put({**record, "gender": "unknown"}, headers={"If-Match": lost.headers["ETag"]})
    assert stale.status_code == 412
    # Time went on from the later of the two files.
    assert other.json()["meta"]["lastUpdated"] > lost.json()["meta"]["lastUpdated"]
    client.close()
    server.stop()


def test_a_restore_changes_nothing_when_the_snapshot_is_unsound(
    tmp_path: Path, directory_file: Path
) -> None:
    server = ServerProcess(tmp_path / "server", directory_file).start()
    client = server.enrol(NORTH)
    client.stored(patient(NORTH))
    client.close()
    snapshot = tmp_path / "snapshot.db"
    moving.backup(server.data_dir, snapshot)
    server.stop()
    before = (server.data_dir / FILE_NAME).read_bytes()
    for content in (b"", b"no database", snapshot.read_bytes()[:9000]):
        snapshot.write_bytes(content)
        with pytest.raises(StoreDamaged):
            moving.restore(server.data_dir, snapshot)
    with pytest.raises(StoreFault):
        moving.restore(server.data_dir, tmp_path / "none")
    assert (server.data_dir / FILE_NAME).read_bytes() == before
    assert sorted(one.name for one in server.data_dir.iterdir()) == [FILE_NAME]


def test_no_database_no_export_and_no_empty_one_is_made(tmp_path: Path) -> None:
    for work in (moving.export, moving.backup):
        with pytest.raises(StoreFault):
            work(tmp_path, tmp_path / "out")
    assert not list(tmp_path.iterdir())
