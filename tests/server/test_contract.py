"""The acceptance test for hospitals, on both kinds of database."""

from __future__ import annotations

from app.sync.contract import command
from app.sync.contract.clauses import PASS, Bench
from app.sync.contract.http import Server
from tests.server.serving import LEAD, NORTH, Client, ServerProcess


def test_the_contract_is_kept(server: ServerProcess, north: Client, lead: Client) -> None:
    asked = Server(server.url, north.token)
    other = asked.with_token(lead.token)
    try:
        findings = command.run_clauses(Bench(asked, NORTH, other, LEAD))
    finally:
        asked.close()
        other.close()

    assert [(f.key, f.outcome, f.why) for f in findings if f.outcome != PASS] == []
