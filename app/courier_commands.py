"""``python -m app courier …`` and ``server seed``: the USB courier from the command line.

On a PC's data folder these need the account; on the server's folder they need none, as the
other server commands. Counts go to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import EnvironmentFault, InputError

if TYPE_CHECKING:
    from app.models.actor import Actor
    from app.models.store import Store

_SERVER_FILE, _STORE_FILE = "server.db", "store.db"

Open = Callable[[argparse.Namespace], "tuple[Store, Actor]"]
Data = Callable[[argparse.Namespace], Path]


def add(
    commands: Any,
    parents: list[argparse.ArgumentParser],
    data: Data,
    open_store: Open,
    add_database: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Add the command ``courier`` to the program's commands."""
    text = "The USB courier file: what the network would carry, encrypted and signed."
    courier = commands.add_parser("courier", help=text, description=text)
    inner = courier.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace, Data, Open], int]
    ) -> argparse.ArgumentParser:
        about = (run.__doc__ or "").strip()
        made: argparse.ArgumentParser = inner.add_parser(
            name, help=about.partition("\n")[0], description=about, parents=parents
        )
        made.add_argument("file", type=Path)
        made.set_defaults(run=lambda options: run(options, data, open_store))
        return made

    made = command("export", export)
    made.add_argument("--device", help="on the server: id of the PC whose reply is written again")
    add_database(made)
    made = command("import", import_)
    made.add_argument("--reply", type=Path, help="on the server: where to write the reply")
    add_database(made)
    made = command("request", request)
    made.add_argument("--name", help="name of this PC in the hospital's list")
    made = command("seed", seed)
    made.add_argument("--fingerprint", help="the hospital's, as its people tell it")


def export(options: argparse.Namespace, data: Data, open_store: Open) -> int:
    """PC: writes all that waits, and the question for news. Server: a reply once more."""
    if _is_server(options, data):
        return _reply_again(options, data)
    from app.sync import courier

    store, actor = open_store(options)
    try:
        done = courier.export_file(store, actor, options.file, _Shown())
    finally:
        store.close()
    print(
        f"courier file number {done.number}: {done.records} records "
        f"({done.emergency} emergencies first), {done.size} bytes"
    )
    if done.set_aside:
        print(f"{done.set_aside} records stay here: they wait for a decision or a refused record")
    print("The records count as waiting until the hospital's reply is imported.")
    return 0


def import_(options: argparse.Namespace, data: Data, open_store: Open) -> int:
    """Server: takes a PC's file in and writes the reply. PC: takes the hospital's reply in."""
    if _is_server(options, data):
        return _take_in(options, data)
    from app.sync import courier

    store, actor = open_store(options)
    try:
        if courier.look_into(store, options.file).kind == "request" and options.reply is not None:
            handed = courier.hand_in(store, actor, options.file, options.reply, _Shown())
            _print_taken(handed)
            print(f"reply: {handed.size} bytes")
            return 0
        told = courier.import_file(store, actor, options.file, _Shown())
    finally:
        store.close()
    print(
        f"reply number {told.number}: {told.confirmed} records confirmed as held, "
        f"{told.merged} merged and waiting, {told.conflicts} conflicts to decide, "
        f"{told.rejected} refused, {told.held_back} held back; {told.received} records received"
    )
    return 0


def request(options: argparse.Namespace, data: Data, open_store: Open) -> int:
    """New PC: writes a request for a seed file; it holds public keys and no secret."""
    from app.sync import courier

    store, actor = open_store(options)
    try:
        made = courier.make_request(store, actor, options.file, options.name)
    finally:
        store.close()
    print(f"request written; fingerprint of this PC: {made.fingerprint}")
    return 0


def seed(options: argparse.Namespace, data: Data, open_store: Open) -> int:
    """New PC: takes in the seed file that the hospital made for it."""
    from app.sync import courier

    store, actor = open_store(options)
    try:
        info = courier.read_seed(store, options.file)
        if not options.fingerprint:
            raise InputError(
                f"A seed file of {info.records} records. Nothing was changed. Ask the hospital "
                f"for its fingerprint by telephone and repeat with --fingerprint."
            )
        done = courier.import_seed(store, actor, options.file, options.fingerprint, _Shown())
    finally:
        store.close()
    print(f"{done.records} records taken in" + (" (continued)" if done.resumed else ""))
    print("This PC has joined its county hospital; from now on only changes travel.")
    return 0


def server_seed(data_dir: Path, database_url: str | None, options: argparse.Namespace) -> int:
    """Behind ``server seed``: makes the seed file for a new PC, and enrols it."""
    from app.server.courier_seed import make_seed
    from app.server.enrolment import opened

    with opened(data_dir, url=database_url) as database:
        made = make_seed(
            database,
            options.organisation,
            options.request,
            options.file,
            _base(options.address),
            _Shown(),
        )
    print(f"seed file for device {made.device}: {made.records} records, {made.size} bytes")
    print(f"fingerprint of the new PC, to compare before handing it out: {made.request}")
    print(f"fingerprint of this hospital, to tell the new PC's people: {made.fingerprint}")
    return 0


def _take_in(options: argparse.Namespace, data: Data) -> int:
    try:
        from app.server.courier import take_in, write_reply
        from app.server.enrolment import opened
    except ModuleNotFoundError as missing:
        raise _no_server() from missing

    with opened(data(options), url=options.database) as database:
        taken = take_in(database, options.file, _Shown())
        _print_taken(taken)
        if options.reply is not None:
            print(f"reply: {write_reply(database, taken, options.reply)} bytes")
        else:
            print("The PC learns of it by a reply: repeat with --reply FILE to write one.")
    if taken.duplicate and options.reply is None:
        raise InputError(
            "This courier file was taken in before. Nothing was changed, and nothing is missing."
        )
    return 0


def _reply_again(options: argparse.Namespace, data: Data) -> int:
    try:
        from app.server.courier import last_taken, write_reply
        from app.server.enrolment import opened
    except ModuleNotFoundError as missing:
        raise _no_server() from missing

    if not options.device:
        raise InputError(
            "A server has no waiting records to export. To write the newest reply to a PC once "
            "more, name the PC with --device (see 'server devices')."
        )
    with opened(data(options), url=options.database) as database:
        taken = last_taken(database, options.device)
        print(f"reply number {taken.number}: {write_reply(database, taken, options.file)} bytes")
    return 0


def _no_server() -> EnvironmentFault:
    return EnvironmentFault(
        "The server is not part of this program. Nothing was changed. Take the file in on the "
        "lead hospital's server, or name a PC's data folder."
    )


def _print_taken(taken: Any) -> None:
    if taken.duplicate:
        print("This file was taken in before; nothing was changed. What it did then:")
    print(
        f"courier file number {taken.number}: {taken.taken} records taken in, "
        f"{taken.differing} held here in another state, {taken.refused} refused, "
        f"{taken.held_back} held back"
    )


def _is_server(options: argparse.Namespace, data: Data) -> bool:
    folder = data(options)
    if options.database is not None and not (folder / _STORE_FILE).exists():
        return True
    server, pc = (folder / _SERVER_FILE).exists(), (folder / _STORE_FILE).exists()
    if not (server or pc):
        raise InputError(
            "There is neither a server nor a PC's store in this data folder. Nothing was done. "
            "Name the folder with --data."
        )
    return server and not pc


def _base(address: str | None) -> str:
    if not address:
        return ""
    from app.sync.link import fhir_base

    return fhir_base(address)


class _Shown:
    """Progress as lines on standard error, at most one a second and stage."""

    def __init__(self) -> None:
        self._stage = ""
        self._at = 0.0

    def __call__(self, stage: str, done: int, of: int) -> None:
        now = time.monotonic()
        if stage == self._stage and now - self._at < 1.0 and (not of or done < of):
            return
        if stage == self._stage and now - self._at < 0.05:
            return
        self._stage, self._at = stage, now
        print(f"{stage} {done} of {of}" if of else f"{stage} {done}", file=sys.stderr)
