"""``serve`` and ``server …``: the lead hospital's end of ``python -m app``.

The server is imported when one of these runs: the frozen desktop program comes without it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import courier_commands

if TYPE_CHECKING:
    from app.errors import TownshipCareError


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
        updates=options.updates,
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
    if options.prune_before:
        return commands.prune(data, database, options.prune_before)
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


def add_serve(made: argparse.ArgumentParser) -> None:
    """The arguments of ``serve``."""
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    made.add_argument("--directory", type=Path, help="county directory (JSON)")
    made.add_argument("--tls-cert", type=Path, help="certificate with its chain (PEM)")
    made.add_argument("--tls-key", type=Path, help="the certificate's private key (PEM)")
    made.add_argument(
        "--public-url",
        help="address that PCs know the server by (needed unless only this machine reaches it)",
    )
    made.add_argument("--behind-proxy", metavar="ADDRESS", help="address of the reverse proxy")
    updates = os.environ.get("TOWNSHIP_CARE_UPDATES")
    made.add_argument(
        "--updates",
        type=Path,
        default=Path(updates) if updates else None,
        help="folder with update packages for the PCs (default: TOWNSHIP_CARE_UPDATES)",
    )
    add_database(made)


def add_database(made: argparse.ArgumentParser) -> None:
    """The argument that names another database."""
    made.add_argument(
        "--database",
        action=_UrlWithoutPassword,
        default=os.environ.get("TOWNSHIP_CARE_DATABASE"),
        help="URL of another database than the data folder's file (default: "
        "TOWNSHIP_CARE_DATABASE; a password belongs there or in ~/.pgpass)",
    )


class _UrlWithoutPassword(argparse.Action):
    """A database URL; every user of the machine can read a password among the arguments."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keep the URL, or end with a sentence that does not repeat it."""
        if _holds_password(str(values)):
            raise argparse.ArgumentError(
                self,
                "The address holds a password, which others could read in the list of processes. "
                "Put it into ~/.pgpass, or the whole address into TOWNSHIP_CARE_DATABASE.",
            )
        setattr(namespace, self.dest, values)


def _holds_password(url: str) -> bool:
    # Not urlsplit: a password with a slash or bracket in it would be overlooked, or an error.
    _, _, rest = url.partition("://")
    before, at, _ = rest.rpartition("@")
    query = rest.partition("?")[2].lower()
    return bool(at and ":" in before) or "password" in query or "passwd" in query


def add_admin(admin: Any, common: argparse.ArgumentParser) -> None:
    """The commands below ``server``."""

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = admin.add_parser(
            name, help=text, description=text, parents=[common]
        )
        made.set_defaults(run=server, admin=name)
        add_database(made)
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
    made.add_argument(
        "--prune-before", metavar="DATE", help="delete older rows instead of showing any"
    )
    made.add_argument("--json", action="store_true")
    made = command("export", "Writes all records of all organisations into one NDJSON file.")
    made.add_argument("file", type=Path, help="OUT.ndjson or OUT.ndjson.gz")
    made.add_argument("--history", action="store_true", help="earlier versions, too")
    made = command("import", "Sends an exported file to another FHIR server.")
    made.add_argument("file", type=Path)
    made.add_argument("--server", required=True, help="FHIR base of the other server")
    made.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="a file that you alone can read: a line TOKEN, or ORGANISATION=TOKEN for one "
        "organisation's records (default: the token in TOWNSHIP_CARE_TOKEN)",
    )
    made.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="TYPE",
        help="a type that the other server keeps by itself (Organization); repeatable",
    )
    made = command("copy", "Copies the database, devices and keys included, into an empty one.")
    made.add_argument(
        "--to",
        required=True,
        action=_UrlWithoutPassword,
        metavar="URL",
        help="postgresql://USER@HOST/NAME; its password belongs in ~/.pgpass",
    )
    made = command("backup", "Makes a checked snapshot of the database file, while it serves.")
    made.add_argument("file", type=Path)
    made = command("restore", "Puts a snapshot in the place of the database file (server stopped).")
    made.add_argument("file", type=Path)


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
