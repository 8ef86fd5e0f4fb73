"""Starting and stopping the lead hospital's server."""

from __future__ import annotations

import contextlib
import errno
import gc
import ipaddress
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from app import __version__
from app.clock import SYSTEM_CLOCK, Clock
from app.errors import EnvironmentFault, InputError, TownshipCareError
from app.i18n import tr
from app.paths import resources
from app.server import logs
from app.server.database import Database
from app.server.directory import load_directory
from app.server.limits import Limits
from app.server.web import make_app

#: Requests under way may end; the whole stop takes less than ten seconds.
_GRACE_SECONDS = 7


def default_directory() -> Path:
    """The directory of organisations that the program brings along."""
    return resources() / "county" / "jinzhai.json"


def run(
    data_dir: Path,
    host: str,
    port: int,
    database_url: str | None = None,
    directory: Path | None = None,
    *,
    tls: tuple[Path, Path] | None = None,
    public_url: str | None = None,
    behind: str | None = None,
    updates: Path | None = None,
    limits: Limits | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Serve until SIGTERM or SIGINT; the exit code of the process.

    Prints the one line ``READY http://HOST:PORT`` when the server answers; ``port`` 0 takes
    any free one. What prevents the start is said in one sentence on standard error (code 1).
    ``tls``: files of the certificate (with its chain) and of its key, PEM. ``public_url``: the
    address that PCs know the server by; without it the server takes requests of its own machine
    only. ``behind``: the address of the reverse proxy whose word on client addresses and https
    is taken. ``updates``: the folder of update packages that PCs may fetch.
    """
    logs.set_up()
    try:
        if tls is not None:
            _check_certificate(*tls)
        if public_url is not None:
            public_url = _checked_public(public_url)
    except TownshipCareError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    try:
        listener = _listen(host, port)
    except OSError as error:
        print(_why_not(error, host, port), file=sys.stderr, flush=True)
        return 1
    with listener:
        try:
            if public_url is None and (behind is not None or not _is_own_machine(listener)):
                raise InputError(
                    tr(
                        "The server cannot start: other machines are to reach it. Give "
                        "--public-url, the address that PCs know it by (https://hospital:8443)."
                    )
                )
            database = _opened(data_dir, database_url, directory or default_directory(), clock)
        except TownshipCareError as error:
            print(error, file=sys.stderr, flush=True)
            return 1
        scheme = "http" if tls is None else "https"
        address = _address(scheme, host, listener.getsockname()[1])
        server = _Server(
            uvicorn.Config(
                make_app(database, __version__, limits, public_url, updates),
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                lifespan="on",
                # Devices keep one warm connection between two syncs.
                timeout_keep_alive=120,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                ssl_certfile=None if tls is None else tls[0],
                ssl_keyfile=None if tls is None else tls[1],
                proxy_headers=behind is not None,
                forwarded_allow_ips=behind or "",
            ),
            address,
        )
        # What is loaded by now stays: looking through it again would stall answers.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 100)
        server.run(sockets=[listener])
    return 0


def _opened(data_dir: Path, url: str | None, directory: Path, clock: Clock) -> Database:
    database = Database(data_dir, url, clock)
    try:
        load_directory(database, directory)
    except TownshipCareError:
        database.close()
        raise
    return database


class _Server(uvicorn.Server):
    """uvicorn that says when it answers, and ends with code 0 when asked to end."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            print(f"READY {self._address}", flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own version raises the signal again after a graceful stop, which would
        # make an orderly end look like a crash to whoever started the process.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = [signal.SIGTERM, signal.SIGINT]
        before = {one: signal.signal(one, self.handle_exit) for one in signals}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


def _is_own_machine(listener: socket.socket) -> bool:
    # Who names the server in the Host header chooses which sign-in assertions it takes for its
    # own: one that was signed for another server would do.
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def _why_not(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return tr("The server cannot start: this machine has no address {host}.").format(host=host)
    if error.errno == errno.EADDRINUSE:
        text = tr("The server cannot start: another program uses port {port} of {host}.")
    elif error.errno == errno.EACCES:
        text = tr("The server cannot start: port {port} of {host} needs more rights.")
    else:
        text = tr("The server cannot start: port {port} of {host} cannot be opened.")
    return text.format(port=port, host=host)


def _address(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _check_certificate(certificate: Path, key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            certificate, key, password=lambda: ""
        )
    except FileNotFoundError:
        raise EnvironmentFault(
            tr("The server cannot start: the certificate or its key is not there.")
        ) from None
    except OSError as error:  # SSLError, too
        if isinstance(error, ssl.SSLError):
            text = tr("The server cannot start: the certificate and the key do not fit together.")
        else:
            text = tr("The server cannot start: the certificate or its key cannot be read.")
        raise EnvironmentFault(text) from None


def _checked_public(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise InputError(tr("The public address must look like https://hospital:8443."))
    return url.rstrip("/").removesuffix("/fhir")
