"""Behind ``python -m app sync --once`` and ``status``: counts on standard output.

No identity is ever printed: a rejected record is named by kind and id.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from typing import Any

from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store
from app.sync import enrol
from app.sync.day_check import DayCheck, unreached
from app.sync.day_check import day_check as check_day
from app.sync.engine import DONE, PARTIAL, SyncEngine, SyncReport
from app.sync.link import LinkFault, fhir_base
from app.sync.status import SyncStatus, read_status

_NUMBERS = re.compile(r"\d{6,}")


def sync_once(
    store: Store,
    actor: Actor,
    *,
    server: str | None = None,
    code: str | None = None,
    as_json: bool = False,
    token: str | None = None,
    day_check: bool = False,
) -> int:
    """One sync; 0 only if nothing is left waiting, and with ``day_check`` only if the server then
    holds every record of this organisation in the version known here.

    ``code`` enrols this PC at ``server`` first; ``token`` is used where the server has no
    enrolment. ``actor`` is whoever signed in; records keep their own authors.
    """
    del actor
    if code:
        enrol.enrol(store, server or enrol.enrolled_at(store) or "", code)
    elif token and server:
        if enrol.enrolled_at(store) != fhir_base(server) or not _has_token(store, token):
            enrol.use_token(store, server, token)
    elif server and enrol.enrolled_at(store) != fhir_base(server):
        print(
            tr("This PC has not joined the server {server}. Give an enrolment code.").format(
                server=server
            ),
            file=sys.stderr,
        )
        return 1
    engine = SyncEngine(store)
    checked = None
    try:
        report = engine.run_once()
        if day_check:
            checked = _check_day(store, engine, report)
    finally:
        engine.close()
    status = read_status(store)
    values: dict[str, Any] = {
        "outcome": report.outcome,
        "sent": report.sent,
        "received": report.received,
        **_counts(status),
        "bytes_up": report.bytes_up,
        "bytes_down": report.bytes_down,
        "requests": report.requests,
        "reason": report.reason,
    }
    if checked is not None:
        values["day_check"] = {**asdict(checked), "at": checked.at.isoformat()}
        values["day_check"]["green"] = checked.green
    _print(values, status, as_json=as_json)
    if checked is not None and not checked.green:
        return 1
    # What is kept here by decision waits for nobody; it is counted apart.
    return 0 if report.outcome == DONE else 1


def _check_day(store: Store, engine: SyncEngine, report: SyncReport) -> DayCheck:
    asker = engine.asker()
    if asker is None or report.outcome not in (DONE, PARTIAL):
        return unreached(store, report.reason)
    try:
        return check_day(store, asker)
    except LinkFault as fault:
        return unreached(store, str(fault))


def print_status(store: Store, *, as_json: bool = False) -> int:
    """The same counts without touching the network; 0 if nothing waits."""
    status = read_status(store)
    values: dict[str, Any] = {
        "sent": 0,
        "received": 0,
        **_counts(status),
        "bytes_up": 0,
        "bytes_down": 0,
        "requests": 0,
        "emergency": status.waiting_emergency,
        "oldest_waiting_at": status.oldest_waiting_at and status.oldest_waiting_at.isoformat(),
        "last_success_at": status.last_success_at and status.last_success_at.isoformat(),
        "enrolled_at": enrol.enrolled_at(store),
    }
    _print(values, status, as_json=as_json)
    return 0


def _has_token(store: Store, token: str) -> bool:
    from app.sync import state

    with store.read() as session:
        account = state.account(session)
    return account is not None and account.token == token


def _counts(status: SyncStatus) -> dict[str, int]:
    return {
        "waiting": status.waiting,
        "unknown": status.unknown,
        "rejected": status.rejected,
        "conflicts": status.conflicts,
        "kept": status.kept,
    }


def _print(values: dict[str, Any], status: SyncStatus, *, as_json: bool) -> None:
    refused = [
        {
            "kind": record.kind,
            "id": record.record_id,
            # A stranger's server may repeat what it was sent.
            "reason": _NUMBERS.sub("…", record.reason),
        }
        for record in status.rejected_records
    ]
    if as_json:
        print(json.dumps({**values, "rejected_records": refused}, ensure_ascii=False))
        return
    for name, value in values.items():
        print(f"{name}: {'' if value is None else value}")
    for row in refused:
        print(f"rejected {row['kind']} {row['id']}: {row['reason']}")
