"""All records of the embedded server move to a FHIR server that is not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.__main__ import main
from tests.independent.serving import TOKENS, IndependentServer
from tests.server.referrals import Referral
from tests.server.serving import NORTH, ServerProcess, observation, patient, write_directory


def test_an_export_is_taken_in_by_another_server(
    tmp_path: Path,
    independent: IndependentServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = ServerProcess(tmp_path / "server", write_directory(tmp_path / "county.json")).start()
    try:
        north = server.enrol(NORTH)
        somebody = patient(NORTH, birthDate="1948-02-29")
        readings = [observation(NORTH, somebody) for _ in range(60)]
        north.stored(somebody, *readings[:40])
        north.stored(*readings[40:])
        referral = Referral(north)
        north.close()
    finally:
        server.stop()
    file = tmp_path / "records.ndjson"
    assert main(["server", "export", "--data", str(tmp_path / "server"), str(file)]) == 0
    monkeypatch.setenv("TOWNSHIP_CARE_TOKEN", TOKENS[0])

    code = main(["server", "import", str(file), "--server", independent.url])

    printed = capsys.readouterr()
    assert code == 0, printed.err
    held = independent.get(f"Patient/{somebody['id']}")
    assert held["birthDate"] == "1948-02-29"
    assert held["meta"]["tag"] == somebody["meta"]["tag"]
    found = independent.get(f"Observation?subject=Patient/{somebody['id']}&_count=100")
    assert {e["resource"]["id"] for e in found["entry"]} == {one["id"] for one in readings}
    assert independent.get(f"Task/{referral.task['id']}")["owner"] == referral.task["owner"]
