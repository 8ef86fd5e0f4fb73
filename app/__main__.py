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
from typing import TYPE_CHECKING, Any

from app import __version__, courier_commands

if TYPE_CHECKING:
    from app.errors import TownshipCareError
    from app.models.actor import Actor
    from app.models.store import Store


def gui(options: argparse.Namespace) -> int:
    """The desktop program."""
    from app.ui.application import run

    return run(_data(options), options.language, trial=options.until_shown)


def serve(options: argparse.Namespace) -> int:
    """The lead hospital's server, in the foreground until it is told to stop."""
    from app.errors import InputError

    try:
        from app.server.main import run
    except ModuleNotFoundError as missing:
        raise _no_server() from missing
    if (options.tls_cert is None) != (options.tls_key is None):
        raise InputError("--tls-cert and --tls-key belong together: give both.")
    return run(
        _data(options),
        options.host,
        options.port,
        database_url=options.database,
        directory=options.directory,
        tls=None if options.tls_cert is None else (options.tls_cert, options.tls_key),
        public_url=options.public_url,
        behind=options.behind_proxy,
    )


def server(options: argparse.Namespace) -> int:
    """Administration of the server."""
    try:
        from app.server import commands
    except ModuleNotFoundError as missing:
        raise _no_server() from missing
    name: str = options.admin
    if name in _MOVING:
        return server_moving(options)
    data, database = _data(options), options.database
    if name == "enrol":
        return commands.enrol(data, database, options.organisation)
    if name == "token":
        return commands.token(data, database, options.organisation, options.name)
    if name == "organisations":
        return commands.organisations(data, database, as_json=options.json)
    if name == "devices":
        return commands.devices(data, database, as_json=options.json)
    if name == "revoke":
        return commands.revoke(data, database, options.device)
    if name == "seed":
        return courier_commands.server_seed(data, database, options)
    return commands.audit(data, database, options.since, options.limit, as_json=options.json)


_MOVING = ("export", "import", "copy", "backup", "restore")


def server_moving(options: argparse.Namespace) -> int:
    """Records of the server that go elsewhere, or come back."""
    from app.server import moving_commands

    if options.admin == "import":
        return moving_commands.import_(options)
    work = getattr(moving_commands, options.admin)
    result: int = work(options, _data(options))
    return result


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


def _no_server() -> TownshipCareError:
    """The frozen desktop program comes without the server, and so does a plain installation."""
    from app.errors import EnvironmentFault

    return EnvironmentFault(
        "The server is not part of this program. Nothing was started. "
        "Run it on the lead hospital's PC, from an installation with the extra 'server'."
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

    made = command("serve", serve)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    made.add_argument("--directory", type=Path, help="county directory (JSON)")
    made.add_argument("--tls-cert", type=Path, help="certificate with its chain (PEM)")
    made.add_argument("--tls-key", type=Path, help="the certificate's private key (PEM)")
    made.add_argument("--public-url", help="address that PCs know the server by, behind a proxy")
    made.add_argument("--behind-proxy", metavar="ADDRESS", help="address of the reverse proxy")
    _add_database(made)

    admin = commands.add_parser("server", help=server.__doc__, description=server.__doc__)
    _add_admin(admin.add_subparsers(title="commands", metavar="COMMAND", required=True), common)

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
    courier_commands.add(commands, [common, account], _data, _open, _add_database)

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


def _add_database(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--database",
        default=os.environ.get("TOWNSHIP_CARE_DATABASE"),
        help="URL of another database than the data folder's file (default: "
        "TOWNSHIP_CARE_DATABASE, which keeps a password out of the list of processes)",
    )


def _add_admin(admin: Any, common: argparse.ArgumentParser) -> None:
    def command(name: str, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = admin.add_parser(
            name, help=text, description=text, parents=[common]
        )
        made.set_defaults(run=server, admin=name)
        _add_database(made)
        return made

    made = command("organisations", "The server's directory of organisations.")
    made.add_argument("--json", action="store_true")
    made = command("enrol", "Prints a one-time enrolment code for a PC of an organisation.")
    made.add_argument("--organisation", required=True, help="id of the organisation")
    made = command("devices", "The PCs and programs that have, or had, access.")
    made.add_argument("--json", action="store_true")
    made = command("revoke", "Withdraws a device's access from its next request on.")
    made.add_argument("device", help="id of the device, from 'server devices'")
    made = command("seed", "Makes the seed file (courier) for a new PC, and enrols that PC.")
    made.add_argument("--organisation", required=True, help="id of the PC's organisation")
    made.add_argument("--request", type=Path, required=True, help="what the new PC wrote")
    made.add_argument("--address", help="address of this server, if the PC will ever reach it")
    made.add_argument("file", type=Path, metavar="OUT")
    made = command("token", "Prints a bearer token for a program that cannot sign in with a key.")
    made.add_argument("--organisation", required=True, help="id of the organisation")
    made.add_argument("--name", default="static token", help="what it is for, in 'server devices'")
    made = command("audit", "Who read or wrote what, oldest first.")
    made.add_argument("--since", help="date (2026-03-01) or time with zone")
    made.add_argument("--limit", type=int, default=1000, help="at most the newest so many")
    made.add_argument("--json", action="store_true")
    made = command("export", "Writes all records of all organisations into one NDJSON file.")
    made.add_argument("file", type=Path, help="OUT.ndjson or OUT.ndjson.gz")
    made.add_argument("--history", action="store_true", help="earlier versions, too")
    made = command("import", "Sends an exported file to another FHIR server.")
    made.add_argument("file", type=Path)
    made.add_argument("--server", required=True, help="FHIR base of the other server")
    made.add_argument(
        "--token",
        action="append",
        default=[],
        help="TOKEN, or ORGANISATION=TOKEN for one organisation's records; repeatable "
        "(default: TOWNSHIP_CARE_TOKEN)",
    )
    made.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="TYPE",
        help="a type that the other server keeps by itself (Organization); repeatable",
    )
    made = command("copy", "Copies the database, devices and keys included, into an empty one.")
    made.add_argument("--to", required=True, metavar="URL", help="postgresql://USER@HOST/NAME")
    made = command("backup", "Makes a checked snapshot of the database file, while it serves.")
    made.add_argument("file", type=Path)
    made = command("restore", "Puts a snapshot in the place of the database file (server stopped).")
    made.add_argument("file", type=Path)


def _date(text: str) -> object:
    from datetime import date

    return date.fromisoformat(text)


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; the result is the process's exit code."""
    from app.errors import TownshipCareError

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
