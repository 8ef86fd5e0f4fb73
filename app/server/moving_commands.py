"""The administration's commands that move records: what they print and how they end."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from app.errors import InputError
from app.i18n import tr
from app.server import importing, moving


def export(options: argparse.Namespace, data_dir: Path) -> int:
    """Writes all records of all organisations into one NDJSON file."""
    done = moving.export(data_dir, options.file, options.database, with_history=options.history)
    for type_, count in done.lines.items():
        print(f"{type_}\t{count}")
    print(f"{done.total} lines, {done.earlier} of them earlier versions: {options.file}")
    print(tr("The file holds readable records: keep it locked away."), file=sys.stderr)
    return 0


def import_(options: argparse.Namespace) -> int:
    """Sends an exported file to another FHIR server."""
    done = importing.import_file(
        options.file, options.server, _tokens(options.token_file), leave_out=options.leave_out
    )
    for one in done.refused:
        print(f"line {one.line}\t{one.address}\t{one.status}\t{one.reason}", file=sys.stderr)
    print(
        f"{done.sent} sent ({done.created} new there), {done.skipped} left out, "
        f"{len(done.refused)} refused"
    )
    return 1 if done.refused else 0


def copy(options: argparse.Namespace, data_dir: Path) -> int:
    """Copies the whole database, devices and keys included, into an empty one."""
    for table, rows in moving.copy(data_dir, options.to, options.database).items():
        print(f"{table}\t{rows}")
    return 0


def backup(options: argparse.Namespace, data_dir: Path) -> int:
    """Makes a checked snapshot of the database file."""
    moving.backup(data_dir, options.file)
    print(options.file)
    return 0


def restore(options: argparse.Namespace, data_dir: Path) -> int:
    """Puts a snapshot in the place of the database file."""
    kept = moving.restore(data_dir, options.file)
    if kept:
        print(f"the replaced file is kept as {kept}")
    return 0


def _tokens(path: Path | None) -> dict[str, str]:
    """A line ``TOKEN`` for everything, ``ORGANISATION=TOKEN`` for one organisation's records.

    Never from the arguments, which every user of the machine can read.
    """
    try:
        given = [] if path is None else path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(tr("The file of tokens cannot be read.")) from error
    tokens: dict[str, str] = {}
    if common := os.environ.get("TOWNSHIP_CARE_TOKEN"):
        tokens[""] = common
    for one in filter(None, map(str.strip, given)):
        organisation, separator, token = one.partition("=")
        if separator and token.strip("="):
            tokens[organisation] = token
        elif separator and not token:
            raise InputError(tr("A token is empty."))
        else:
            tokens[""] = one
    return tokens
