"""Behind ``python -m app contract``: runs the clauses and prints what was found."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from app.errors import NetworkFault
from app.i18n import N_, tr
from app.sync.contract import access, basics, bundles, kinds, searching, writing
from app.sync.contract.clauses import (
    FAIL,
    NOT_TESTED,
    PASS,
    Bench,
    Clause,
    Fails,
    Finding,
    Untested,
)
from app.sync.contract.http import BadCertificate, Server, Unreachable

CLAUSES: tuple[Clause, ...] = (
    *basics.CLAUSES,
    *writing.CLAUSES,
    *bundles.CLAUSES,
    *searching.CLAUSES,
    *kinds.CLAUSES,
    *access.CLAUSES,
)

_WORDS = {PASS: N_("pass"), FAIL: N_("FAIL"), NOT_TESTED: N_("not tested")}


def run_clauses(
    bench: Bench,
    clauses: Iterable[Clause] = CLAUSES,
    told: Callable[[Finding], None] = lambda finding: None,
) -> list[Finding]:
    """Tries the clauses in order; ``told`` hears each finding as it is made.

    Nothing is sent to another machine unencrypted: then all clauses but that one stay untested.
    """
    findings = []
    obstacle, outcome = _obstacle(bench)
    for clause in clauses:
        if not obstacle:
            finding = _try(clause, bench)
        elif clause.key == "encryption":
            finding = _finding(clause, outcome, obstacle, True, 0.0)
        else:
            finding = _finding(clause, NOT_TESTED, obstacle, True, 0.0)
        told(finding)
        findings.append(finding)
    return findings


def _obstacle(bench: Bench) -> tuple[str, str]:
    """Why nothing can be tried at all, and what that means for the clause on encryption."""
    if not bench.server.is_encrypted and not bench.server.is_here:
        why = tr("The address begins with http://: records would travel readable. Nothing is sent.")
        return why, FAIL
    try:
        bench.server.get("metadata")
    except BadCertificate as fault:
        return str(fault), FAIL
    except Unreachable as fault:
        return str(fault), NOT_TESTED
    except NetworkFault:
        pass  # the clauses tell which requests the server breaks off
    return "", PASS


def _try(clause: Clause, bench: Bench) -> Finding:
    began = time.perf_counter()
    blocked = True
    try:
        outcome, why = PASS, clause.check(bench)
    except Fails as failure:
        outcome, why = FAIL, str(failure)
    except Untested as untested:
        outcome, why, blocked = NOT_TESTED, str(untested), untested.blocked
    except NetworkFault as fault:
        # A server that drops the connection on a request has not kept the clause.
        outcome, why = FAIL, str(fault)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # Whatever shape came back, it was not the one that was asked for.
        why = tr("The answer has a shape that cannot be read ({error}).")
        outcome, why = FAIL, why.format(error=type(error).__name__)
    return _finding(clause, outcome, why, blocked, time.perf_counter() - began)


def _finding(clause: Clause, outcome: str, why: str, blocked: bool, seconds: float) -> Finding:
    bad = outcome == FAIL or (outcome == NOT_TESTED and blocked)
    return Finding(
        key=clause.key,
        title=tr(clause.title),
        outcome=outcome,
        why=why,
        setting=tr(clause.setting) if outcome == FAIL else "",
        required=clause.required,
        blocking=clause.required and bad,
        seconds=round(seconds, 3),
    )


def run(
    url: str,
    organisation: str,
    token: str | None,
    *,
    token_2: str | None = None,
    organisation_2: str | None = None,
    ca: Path | None = None,
    as_json: bool = False,
) -> int:
    """Prints one line for each clause; 0 only if every required clause is kept.

    Raises InputError for an address or a certificate file that is none.
    """
    server = Server(url, token, ca)
    other = server.with_token(token_2) if token_2 else None
    bench = Bench(server, organisation, other, organisation_2)
    try:
        findings = run_clauses(bench, told=lambda _: None if as_json else _print(_))
    finally:
        server.close()
        if other is not None:
            other.close()
    kept = not any(finding.blocking for finding in findings)
    if as_json:
        print(_as_json(bench, findings, kept))
    else:
        print(_summary(bench, findings, kept))
    return 0 if kept else 1


def _print(finding: Finding) -> None:
    word = tr(_WORDS[finding.outcome])
    kind = "" if finding.required else " " + tr("(optional)")
    print(f"[{word}] {finding.title}{kind}  <{finding.key}>", flush=True)
    if finding.why:
        print(f"    {finding.why}")
    if finding.setting:
        print("    " + tr("To change: {setting}").format(setting=finding.setting))


def _summary(bench: Bench, findings: list[Finding], kept: bool) -> str:
    count = {outcome: sum(f.outcome == outcome for f in findings) for outcome in _WORDS}
    lines = [
        "",
        tr("{passed} passed, {failed} failed, {untested} not tested.").format(
            passed=count[PASS], failed=count[FAIL], untested=count[NOT_TESTED]
        ),
        tr(
            "{count} test records were written (tag HTEST, and {tag}|{run}); delete them at will."
        ).format(count=bench.written, tag="urn:township-care:contract", run=bench.run_id),
    ]
    if any(f.outcome == NOT_TESTED and f.key.startswith("access-") for f in findings):
        lines.append(tr("That organisations are kept apart is not proven by this run."))
    lines.append(
        tr("The server keeps the contract: every required clause passed.")
        if kept
        else tr("The server does NOT keep the contract yet.")
    )
    return "\n".join(lines)


def _as_json(bench: Bench, findings: list[Finding], kept: bool) -> str:
    return json.dumps(
        {
            "server": bench.server.base,
            "organisation": bench.organisation,
            "run": bench.run_id,
            "written": bench.written,
            "kept": kept,
            "clauses": [asdict(finding) for finding in findings],
        },
        ensure_ascii=False,
    )
