"""A proxy before a sound server that spoils one thing at a time: what a county's proxy, cache,
validator or misconfigured server would do. Real HTTP on both sides."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass(frozen=True)
class Asked:
    """A request on its way to the server; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def but(self, **changes: Any) -> Asked:
        return replace(self, **changes)

    def without(self, *names: str) -> Asked:
        return self.but(headers={n: v for n, v in self.headers.items() if n not in names})


@dataclass(frozen=True)
class Answered:
    """An answer on its way back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def but(self, **changes: Any) -> Answered:
        return replace(self, **changes)

    def without(self, *names: str) -> Answered:
        return self.but(headers={n: v for n, v in self.headers.items() if n not in names})


Forward = Callable[[Asked], Answered]
Spoil = Callable[[Forward, Asked], Answered]


def nothing(forward: Forward, asked: Asked) -> Answered:
    return forward(asked)


@dataclass
class Spoiler:
    """Listens on a free port; every request goes through ``spoil``. Addresses in bodies that
    name the server name the proxy instead, as a well-made reverse proxy has it."""

    upstream: str
    spoil: Spoil = nothing
    url: str = ""

    def start(self) -> Spoiler:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                parts = urlsplit(outer.upstream)
                self._server = http.client.HTTPConnection(
                    parts.hostname or "", parts.port, timeout=30
                )

            def finish(self) -> None:
                self._server.close()
                super().finish()

            def _any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {n.lower(): v for n, v in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.rfile.read(length))
                answer = outer.spoil(self._forward, asked)
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def _forward(self, asked: Asked) -> Answered:
                headers = {n: v for n, v in asked.headers.items() if n not in _HOP}
                # The server names itself by the address that was asked for.
                headers["host"] = urlsplit(outer.url).netloc
                self._server.request(asked.method, asked.path, asked.body or None, headers)
                reply = self._server.getresponse()
                body = reply.read()
                kept = {n.lower(): v for n, v in reply.getheaders() if n.lower() not in _HOP}
                return Answered(reply.status, kept, body)

            do_GET = do_PUT = do_POST = _any

            def log_message(self, format: str, *args: Any) -> None:
                """Tests stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
