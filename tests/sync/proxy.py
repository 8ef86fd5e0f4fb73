"""A byte-level proxy between a client and the server, with faults on demand.

It forwards real bytes over real sockets. A *fault* is chosen for each HTTP request as it
passes; the default is none. Requests are told apart by their heads only.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

#: What may happen to a request.
PASS = "pass"
CUT_BEFORE = "cut before"  # the connection breaks before the server has the whole request
LOSE_ANSWER = "lose answer"  # the server did its work, the answer never comes back
TRUNCATE = "truncate"  # the answer breaks off in the middle
STALL = "stall"  # the answer never comes, the connection stays open
PORTAL = "portal"  # a sign-in page answers instead
REPLAY = "replay"  # the request reaches the server twice


@dataclass(frozen=True)
class Seen:
    """One request as it passed: its number (from 0), method, path and body size."""

    number: int
    method: str
    path: str
    size: int


Chooser = Callable[[Seen], str]

_PORTAL_PAGE = b"<!doctype html><html><body>Sign in to the network</body></html>"


class Proxy:
    """Listens on a free port of the loopback; ``choose`` decides about each request."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        assert parts.hostname
        assert parts.port
        self._upstream = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.choose: Chooser = lambda seen: PASS
        #: Called with each request after it was answered (or lost).
        self.after: Callable[[Seen], None] = lambda seen: None
        self.seen: list[Seen] = []
        self._stalled = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End everything; stalled requests are dropped."""
        self._stalled.set()
        # shutdown wakes the thread that waits in accept, close alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._sockets:
                _shut(one)
        self._thread.join(10)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        with self._lock:
            self._sockets.add(client)
        try:
            while True:
                request = _read_message(client)
                if request is None:
                    return
                seen = self._note(request)
                fault = self.choose(seen)
                if fault == CUT_BEFORE:
                    return
                if fault == PORTAL:
                    client.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
                        + str(len(_PORTAL_PAGE)).encode()
                        + b"\r\n\r\n"
                        + _PORTAL_PAGE
                    )
                    self.after(seen)
                    continue
                if server is None:
                    server = socket.create_connection(self._upstream, timeout=30)
                    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    with self._lock:
                        self._sockets.add(server)
                for _ in range(2 if fault == REPLAY else 1):
                    server.sendall(request)
                    answer = _read_message(server)
                if answer is None:
                    return
                if fault == LOSE_ANSWER:
                    self.after(seen)
                    return
                if fault == TRUNCATE:
                    client.sendall(answer[: len(answer) // 2])
                    self.after(seen)
                    return
                if fault == STALL:
                    self._stalled.wait(60)
                    return
                client.sendall(answer)
                self.after(seen)
        except OSError:
            return
        finally:
            for one in (client, server):
                if one is not None:
                    _shut(one)
                    one.close()
                    with self._lock:
                        self._sockets.discard(one)

    def _note(self, request: bytes) -> Seen:
        line = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        body = len(request) - request.index(b"\r\n\r\n") - 4
        with self._lock:
            seen = Seen(len(self.seen), line[0], line[1], body)
            self.seen.append(seen)
        return seen


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def _read_message(source: socket.socket) -> bytes | None:
    """One HTTP message with a Content-Length; None where the connection ended."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = source.recv(65536)
        if not part:
            return None
        data += part
    end = data.index(b"\r\n\r\n") + 4
    length = 0
    for line in data[:end].lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":", 1)[1])
    while len(data) < end + length:
        part = source.recv(65536)
        if not part:
            return None
        data += part
    return data
