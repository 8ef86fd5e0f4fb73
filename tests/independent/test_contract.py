"""A FHIR R4 server that is not ours keeps the contract; what it leaves out is optional."""

from __future__ import annotations

import json

import pytest

from app.__main__ import main
from app.sync.contract.clauses import FAIL, NOT_TESTED
from tests.conftest import TOWNSHIP_ID
from tests.independent.serving import TOKENS, IndependentServer


def test_an_independent_server_keeps_every_required_clause(
    independent: IndependentServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TOWNSHIP_CARE_TOKEN", TOKENS[0])
    monkeypatch.delenv("TOWNSHIP_CARE_TOKEN_2", raising=False)

    code = main(["contract", "--server", independent.url, "--organisation", TOWNSHIP_ID, "--json"])

    report = json.loads(capsys.readouterr().out)
    required = [c for c in report["clauses"] if c["required"]]
    assert [(c["key"], c["why"]) for c in required if c["outcome"] == FAIL] == []
    assert code == 0
    untested = {c["key"] for c in report["clauses"] if c["outcome"] == NOT_TESTED}
    assert untested == {"access-read", "access-write", "access-shared", "access-answers"}
    # Its ways are its own, so these tests are worth something.
    optional = {c["key"] for c in report["clauses"] if c["outcome"] == FAIL}
    assert optional == {"late-replay", "search-elements", "smart"}


def test_it_tells_organisations_not_apart_and_the_contract_says_so(
    independent: IndependentServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TOWNSHIP_CARE_TOKEN", TOKENS[0])
    monkeypatch.setenv("TOWNSHIP_CARE_TOKEN_2", TOKENS[1])

    code = main(["contract", "--server", independent.url, "--organisation", TOWNSHIP_ID, "--json"])

    report = json.loads(capsys.readouterr().out)
    failed = {c["key"] for c in report["clauses"] if c["required"] and c["outcome"] == FAIL}
    assert failed == {"access-read", "access-write"}
    assert code == 1
