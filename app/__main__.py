"""``python -m app``: the desktop program, and one function for each other command.

Every command has ``--help``, says one clear line on an error and then ends with a code
other than zero. What a command needs is imported inside it: the window must come up before
the database, the network and the server are loaded.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app import __version__, courier_commands, server_commands, update_commands

if TYPE_CHECKING:
    from app.models.actor import Actor
    from app.models.store import Store


def gui(options: argparse.Namespace) -> int:
    """The desktop program."""
    data = _data(options)
    try:
        from app.ui.application import run

        return run(data, options.language, trial=options.until_shown)
    except Exception as error:  # noqa: BLE001 — the last boundary: nobody is shown a stack trace
        from app.last_words import cannot_start

        return cannot_start(data, error)


def seed(options: argparse.Namespace) -> int:
    """Makes a sample store."""
    from app.care.sample.county import SampleRequest, make_sample_store

    result = make_sample_store(
        _data(options),
        SampleRequest(
            residents=options.residents,
            seed=options.seed,
            organisation_id=options.organisation,
            pending_check_ins=options.pending,
            queue_everything=options.queue_all,
            on=options.on,
            years=options.years,
        ),
        _password(),
    )
    print(
        f"{result.residents} sample residents, {result.follow_ups} follow-ups, "
        f"{result.check_ins} check-ins, {result.queued} queued; account: sample"
    )
    return 0


def sync(options: argparse.Namespace) -> int:
    """One headless sync."""
    from app.sync.headless import sync_once

    store, actor = _open(options)
    try:
        return sync_once(
            store,
            actor,
            server=options.server,
            code=options.code,
            as_json=options.json,
            token=os.environ.get("TOWNSHIP_CARE_TOKEN"),
            day_check=options.day_check,
        )
    finally:
        store.close()


def status(options: argparse.Namespace) -> int:
    """What waits, without touching the network."""
    from app.sync.headless import print_status

    store, _ = _open(options)
    try:
        return print_status(store, as_json=options.json)
    finally:
        store.close()


def connection(options: argparse.Namespace) -> int:
    """How this PC reaches its server: address, keys, proxy, certificate authority."""
    from app.sync import commands

    store, _ = _open(options)
    try:
        if options.public_keys:
            return commands.public_keys(store)
        return commands.connection(
            store,
            server=options.server,
            client_id=options.client_id,
            token_endpoint=options.token_endpoint,
            scope=options.scope,
            proxy=options.proxy,
            ca=options.ca,
            no_ca=options.no_ca,
        )
    finally:
        store.close()


def backup(options: argparse.Namespace) -> int:
    """Makes a backup of the store: encrypted, checked, in one file."""
    from app.care.backup_commands import back_up

    return back_up(*_open(options), options.file)


def restore(options: argparse.Namespace) -> int:
    """Puts a backup in the place of the store, which is kept aside.

    TOWNSHIP_CARE_RECOVERY_KEY may hold the printed recovery key instead of a password.
    """
    from app.care.backup_commands import put_back

    return put_back(_data(options), options.file, options.user, _password)


def check(options: argparse.Namespace) -> int:
    """Whether the store's file is sound, and which backup is the newest."""
    from app.care.backup_commands import check as check_store

    return check_store(_open(options)[0])


def contract(options: argparse.Namespace) -> int:
    """Tests whether a FHIR R4 server keeps the contract that this program relies on.

    It writes test records (tag HTEST) to the server. Tokens come from TOWNSHIP_CARE_TOKEN and,
    for the clauses on access, TOWNSHIP_CARE_TOKEN_2 (a device of another organisation).
    """
    from app.i18n import set_language
    from app.sync.contract.command import run

    if options.language:
        set_language(options.language)
    return run(
        options.server,
        options.organisation,
        os.environ.get("TOWNSHIP_CARE_TOKEN"),
        token_2=os.environ.get("TOWNSHIP_CARE_TOKEN_2"),
        organisation_2=options.organisation_2,
        ca=options.ca,
        as_json=options.json,
    )


def _data(options: argparse.Namespace) -> Path:
    from app.paths import default_data_folder

    return Path(options.data) if options.data else default_data_folder()


def _password() -> str:
    from app.errors import InputError

    password = os.environ.get("TOWNSHIP_CARE_PASSWORD")
    if not password:
        raise InputError("Set TOWNSHIP_CARE_PASSWORD to the password of the account.")
    return password


def _open(options: argparse.Namespace) -> tuple[Store, Actor]:
    from app.care.accounts import sign_in

    signed_in = sign_in(_data(options), options.user, _password())
    return signed_in.store, signed_in.actor


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="township-care",
        description="Township Care (医养通): records, follow-up and referral, online or not.",
    )
    parser.add_argument("--version", action="version", version=f"Township Care {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--data", help="data folder (default: TOWNSHIP_CARE_DATA or the usual place)"
    )
    account = argparse.ArgumentParser(add_help=False)
    account.add_argument(
        "--user", default="sample", help="account (password: TOWNSHIP_CARE_PASSWORD)"
    )
    parser.set_defaults(run=gui, data=None, language=None, until_shown=False)

    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(
        name: str, run: object, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        text = (getattr(run, "__doc__", "") or "").strip()
        made = commands.add_parser(name, help=text, description=text, parents=[common, *parents])
        made.set_defaults(run=run)
        return made

    desktop = command("gui", gui)
    desktop.add_argument("--language", choices=("zh_CN", "en"), help="language of the screen")
    # For the check of a frozen program: see app/ui/trial.py.
    desktop.add_argument("--until-shown", action="store_true", help=argparse.SUPPRESS)

    server_commands.add_serve(command("serve", server_commands.serve))
    run = server_commands.server
    admin = commands.add_parser("server", help=run.__doc__, description=run.__doc__)
    actions = admin.add_subparsers(title="commands", metavar="COMMAND", required=True)
    server_commands.add_admin(actions, common)

    made = command("seed", seed)
    made.add_argument("--residents", type=int, default=300)
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--organisation", help="id of the organisation (default: the first township)")
    made.add_argument(
        "--pending", type=int, default=0, help="check-ins left waiting for the server"
    )
    made.add_argument(
        "--queue-all", action="store_true", help="everything waits, as if it was entered here"
    )
    made.add_argument("--on", type=_date, help="the day that the sample looks back from")
    made.add_argument("--years", type=int, default=1, help="years of visits (default: 1)")

    made = command("sync", sync, account)
    made.add_argument("--server", help="URL of the server (default: the one of the last enrolment)")
    made.add_argument("--code", help="one-time enrolment code, needed once for a PC")
    made.add_argument("--once", action="store_true", required=True, help="one sync, then stop")
    made.add_argument(
        "--day-check",
        action="store_true",
        help="then compare everything with the server; 0 only if it holds all of it",
    )
    made.add_argument("--json", action="store_true", help="counts as JSON")

    made = command("connection", connection, account)
    made.add_argument("--public-keys", action="store_true", help="print this PC's public JWKS")
    made.add_argument("--server", help="new address; with --client-id, a SMART server to enter")
    made.add_argument("--client-id", help="what that server calls this PC")
    made.add_argument("--token-endpoint", help="where to sign in (default: the server tells)")
    made.add_argument("--scope", help="scope to ask for (default: system/*.crus)")
    made.add_argument("--proxy", help="system, none, or http://HOST:PORT")
    made.add_argument("--ca", type=Path, help="certificate (PEM) of the hospital's own authority")
    made.add_argument("--no-ca", action="store_true", help="trust what this machine trusts")

    made = command("status", status, account)
    made.add_argument("--json", action="store_true", help="counts as JSON")

    made = command("backup", backup, account)
    made.add_argument("file", type=Path, metavar="FILE", help="file to make, or a folder for it")

    made = command("restore", restore, account)
    made.add_argument("file", type=Path, metavar="FILE", help="the backup")

    command("check", check, account)
    update_commands.add(commands, [common, account], _open)
    courier_commands.add(commands, [common, account], _data, _open, server_commands.add_database)

    made = command("contract", contract)
    made.add_argument("--server", required=True, help="FHIR base address, https://…")
    made.add_argument(
        "--organisation",
        default="contract-test",
        help="id of the first token's organisation (default: one that is in no directory)",
    )
    made.add_argument("--organisation-2", help="id of the second token's organisation")
    made.add_argument("--ca", type=Path, help="certificate (PEM) of the hospital's own authority")
    made.add_argument("--json", action="store_true", help="findings as JSON")
    made.add_argument("--language", choices=("zh_CN", "en"), help="language of the findings")
    return parser


def _date(text: str) -> object:
    from datetime import date

    return date.fromisoformat(text)


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; the result is the process's exit code."""
    from app import starter
    from app.errors import TownshipCareError

    ended = starter.take_over(sys.argv[1:] if arguments is None else arguments)
    if ended is not None:
        return ended
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
    except TownshipCareError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return result


if __name__ == "__main__":
    raise SystemExit(main())
