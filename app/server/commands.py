"""``python -m app server …``: what an administrator does beside the running server.

Everything works on the database itself, so it needs the rights of the server's own account
and no password; a running server follows at its next request.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.clock import parse_instant
from app.errors import InputError
from app.server import access_log, enrolment
from app.server.database import microseconds


def enrol(data: Path, database: str | None, organisation: str) -> int:
    """Print a one-time enrolment code."""
    print(enrolment.enrol_code(data, organisation, database_url=database))
    return 0


def token(data: Path, database: str | None, organisation: str, name: str) -> int:
    """Print a bearer token without end, for a program that cannot sign in with a key."""
    print(enrolment.issue_token(data, organisation, name, database_url=database).token)
    return 0


def organisations(data: Path, database: str | None, *, as_json: bool) -> int:
    """Print the directory: id, kind, devices with access, name."""
    found = enrolment.list_organisations(data, database)
    if as_json:
        return _json([asdict(one) for one in found])
    for one in found:
        print(f"{one.id}\t{one.type}\t{one.devices}\t{one.name}")
    return 0


def devices(data: Path, database: str | None, *, as_json: bool) -> int:
    """Print the devices: id, organisation, how it signs in, since when, state, name."""
    found = enrolment.list_devices(data, database)
    if as_json:
        return _json(
            [
                {**asdict(one), "enrolled": _time(one.enrolled), "revoked": _time(one.revoked)}
                for one in found
            ]
        )
    for one in found:
        way = "key" if one.by_key else "token"
        state = "active" if one.revoked is None else f"revoked {_time(one.revoked)}"
        row = (one.id, one.organisation_id, way, _time(one.enrolled), state, one.name)
        print("\t".join(str(part) for part in row))
    return 0


def revoke(data: Path, database: str | None, device: str) -> int:
    """Withdraw a device's access from its next request on."""
    enrolment.revoke_device(data, device, database)
    print(f"revoked {device}")
    return 0


def audit(data: Path, database: str | None, since: str | None, limit: int, *, as_json: bool) -> int:
    """Print the access log from a time on, oldest first."""
    begin = 0 if since is None else microseconds(_instant(since))
    with enrolment.opened(data, url=database) as opened:
        rows = access_log.entries(opened, begin, limit)
    if as_json:
        return _json([{**asdict(row), "at": _time(row.at)} for row in rows])
    for row in rows:
        parts = (
            _time(row.at),
            row.device or "-",
            row.organisation or "-",
            row.action,
            row.type or "-",
            row.record or "-",
            f"count={row.count}",
            f"status={row.status}",
            f"times={row.times}",
        )
        print("\t".join(str(part) for part in parts))
    return 0


def prune(data: Path, database: str | None, before: str) -> int:
    """Delete the rows of the access log before a time."""
    end = microseconds(_instant(before))
    with enrolment.opened(data, url=database) as opened:
        print(f"{access_log.prune(opened, end)} rows deleted")
    return 0


def _json(rows: list[dict[str, Any]]) -> int:
    print(json.dumps(rows, ensure_ascii=False, indent=1))
    return 0


def _time(value: int | None) -> str | None:
    if value is None:
        return None
    return datetime.fromtimestamp(value / 1_000_000, UTC).isoformat(timespec="seconds")


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text if "T" in text else f"{text}T00:00:00+08:00")
    except ValueError:
        raise InputError(
            "The time is not one. Examples: 2026-03-01, 2026-03-01T08:00:00+08:00"
        ) from None
