"""The embedded server keeps every clause, and the command says so."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from app.__main__ import main
from app.errors import InputError
from app.fhir import mapping
from app.models.records import KINDS
from app.server.enrolment import issue_token
from app.sync.contract import basics, command
from app.sync.contract.clauses import FAIL, NOT_TESTED, PASS, Bench
from app.sync.contract.http import Server
from app.sync.contract.kinds import prepare, written_types
from app.sync.contract.samples import KINDS_SENT, SampleRecords
from tests.authority import Authority
from tests.server.serving import LEAD, NORTH, Client, ServerProcess, write_directory


def test_every_clause_passes(server: ServerProcess, bench_at: Callable[[str], Bench]) -> None:
    bench = bench_at(server.url)

    findings = command.run_clauses(bench)

    assert [(f.key, f.outcome, f.why) for f in findings if f.outcome != PASS] == []
    assert len(findings) == len({f.key for f in findings}) >= 45
    # What it wrote is marked, all of it, so that it can be found and is never counted.
    found = bench.server.get(f"Patient?_tag=urn:township-care:contract|{bench.run_id}&_count=1")
    (entry,) = (found.body or {})["entry"]
    assert ("v3-ActReason", "HTEST") in {
        (str(tag["system"]).rsplit("/", 1)[-1], tag["code"])
        for tag in entry["resource"]["meta"]["tag"]
    }


def test_the_command_says_so_in_words_and_in_json(
    server: ServerProcess,
    north: Client,
    lead: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TOWNSHIP_CARE_TOKEN", north.token)
    monkeypatch.delenv("TOWNSHIP_CARE_TOKEN_2", raising=False)
    arguments = ["contract", "--server", server.url, "--organisation", NORTH]

    assert main(arguments) == 0

    printed = capsys.readouterr().out
    assert "该服务器符合契约" in printed
    # Without a second token nobody may believe that organisations are kept apart.
    assert "没有证明各机构的数据相互隔离" in printed
    assert north.token not in printed

    monkeypatch.setenv("TOWNSHIP_CARE_TOKEN_2", lead.token)
    assert main([*arguments, "--organisation-2", LEAD, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kept"] is True
    assert {clause["outcome"] for clause in report["clauses"]} == {PASS}


def test_a_wrong_token_fails_and_says_what_else_could_not_be_tried(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOWNSHIP_CARE_TOKEN", "made-up")

    assert main(["contract", "--server", server.url, "--organisation", NORTH, "--json"]) == 1

    report = json.loads(capsys.readouterr().out)
    outcomes = {clause["key"]: clause["outcome"] for clause in report["clauses"]}
    assert outcomes["token"] == PASS
    assert outcomes["put-creates"] == FAIL
    assert outcomes["search-sort"] == NOT_TESTED
    assert report["kept"] is False


def test_nothing_is_sent_unencrypted_to_another_machine() -> None:
    findings = command.run_clauses(Bench(Server("http://hospital.invalid/fhir", "secret"), NORTH))

    assert [f.key for f in findings if f.outcome == FAIL] == ["encryption"]
    assert {f.outcome for f in findings[1:]} == {NOT_TESTED}
    assert all(f.blocking for f in findings if f.required)


def test_over_tls_with_the_countys_own_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    server = ServerProcess(
        tmp_path / "server",
        write_directory(tmp_path / "directory.json"),
        tls=authority.certificate(),
    ).start()
    try:
        token = issue_token(server.data_dir, NORTH, "contract").token
        doors = basics.CLAUSES
        trusted = Bench(Server(server.url, token, authority.path), NORTH)
        findings = command.run_clauses(trusted, doors)
        assert [f.key for f in findings if f.outcome != PASS] == []
        assert not findings[0].why

        stranger = Authority(tmp_path / "other", "Other CA")
        untrusted = Bench(Server(server.url, token, stranger.path), NORTH)
        findings = command.run_clauses(untrusted, doors)
        assert (findings[0].key, findings[0].outcome) == ("encryption", FAIL)
        assert "证书不受信任" in findings[0].why
        assert {f.outcome for f in findings[1:]} == {NOT_TESTED}
        trusted.server.close()
    finally:
        server.stop()


def test_a_server_that_is_not_there_is_one_plain_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    findings = command.run_clauses(Bench(Server(f"http://127.0.0.1:{port}", None), NORTH))

    assert {(f.outcome, f.why) for f in findings} == {(NOT_TESTED, "此地址连接不上服务器。")}
    assert any(f.blocking for f in findings)


def test_an_address_that_is_none_and_a_missing_certificate_are_said_plainly() -> None:
    with pytest.raises(InputError):
        Server("ftp://hospital", None)
    with pytest.raises(InputError, match=r"nowhere\.pem"):
        Server("https://hospital", None, Path("nowhere.pem"))


def test_every_kind_that_travels_has_a_test_record_that_survives_the_mapping() -> None:
    assert set(KINDS_SENT) == {name for name, kind in KINDS.items() if kind.travels}
    bench = Bench(Server("http://localhost", None), NORTH)
    for kind, (record, resources) in prepare(bench, SampleRecords(NORTH)).items():
        assert mapping.from_resource(resources[0]) == (kind, record)
    assert "Patient" in written_types()
    assert "Organization" not in written_types()
