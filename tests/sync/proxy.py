"""Byte-level proxies between a client and the server, with faults on demand.

They forward real bytes over real sockets. :class:`Proxy` chooses a *fault* for each HTTP request
as it passes; requests are told apart by their heads only. :class:`Line` knows nothing of HTTP: it
is a line of so many kbit/s each way and so much latency, whose connections may be cut.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
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
Rewriter = Callable[[Seen, bytes, bytes], bytes]

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
        #: What the client gets instead of the server's answer: (seen, request, answer).
        self.rewrite: Rewriter = lambda seen, request, answer: answer
        self.seen: list[Seen] = []
        self._stalled = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Stalled requests are dropped, now and from now on."""
        self._stalled.set()

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
                answer = self.rewrite(seen, request, answer)
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


@dataclass(frozen=True)
class Shape:
    """A line: kbit/s from the client (``up``) and to it (``down``), seconds of a round trip.

    ``cut``: every connection is cut after so many seconds, at random between the two.
    """

    up: float
    down: float
    round_trip: float
    cut: tuple[float, float] | None = None


_BUFFER = 4096


class _Direction:
    """One way of the line, shared by all connections; bytes pass one after another."""

    def __init__(self, kbit: float) -> None:
        self._seconds_each = 8 / (kbit * 1000)
        self._free_at = 0.0

    def book(self, now: float, size: int) -> float:
        """When the last of ``size`` bytes has passed, if they are handed over now."""
        self._free_at = max(self._free_at, now) + size * self._seconds_each
        return self._free_at


class Line:
    """A line to ``upstream``; ``url`` is its near end. A thread of its own runs it.

    A connection costs one round trip before its first byte, as TCP does. ``die`` ends the line:
    every connection breaks and new ones break at once, until ``revive``.
    """

    _PART = 1400

    def __init__(self, upstream: str, shape: Shape, random: Random | None = None) -> None:
        parts = urlsplit(upstream)
        assert parts.hostname
        assert parts.port
        self._upstream = (parts.hostname, parts.port)
        self.shape = shape
        self.cuts = self.connections = 0
        self.bytes_up = self.bytes_down = 0
        self._random = random or Random(5)
        self._dead = False
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._up, self._down = _Direction(shape.up), _Direction(shape.down)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def die(self) -> None:
        """From now on nothing passes any more."""
        self._dead = True
        self._loop.call_soon_threadsafe(self._cut_all)

    def revive(self) -> None:
        self._dead = False

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_BUFFER)
        )
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        started.set()
        self._loop.run_forever()
        self._server.close()
        self._cut_all()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _cut_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._dead:
            writer.transport.abort()
            return
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection(*self._upstream, limit=_BUFFER)
        for one in (writer, far_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(one)
        cutting = None
        if self.shape.cut is not None:
            after = self._random.uniform(*self.shape.cut)
            cutting = self._loop.call_later(after, self._cut, writer, far_writer)
        try:
            await asyncio.gather(
                self._pump(reader, far_writer, self._up, self.shape.round_trip),
                self._pump(far_reader, writer, self._down, 0.0),
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            if cutting is not None:
                cutting.cancel()
            for one in (writer, far_writer):
                self._open.discard(one)
                one.transport.abort()

    def _cut(self, *writers: asyncio.StreamWriter) -> None:
        self.cuts += 1
        for writer in writers:
            writer.transport.abort()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        way: _Direction,
        at_first: float,
    ) -> None:
        """Bytes go on once they have passed the line, half a round trip later."""
        if at_first:
            await asyncio.sleep(at_first)
        last = 0.0
        while part := await source.read(self._PART):
            passed = way.book(self._loop.time(), len(part))
            if way is self._up:
                self.bytes_up += len(part)
            else:
                self.bytes_down += len(part)
            last = max(last, passed + self.shape.round_trip / 2)
            self._loop.call_at(last, _write, target, part)
            # The line takes no more than it can carry.
            await asyncio.sleep(max(0.0, passed - self._loop.time()))
        await asyncio.sleep(max(0.0, last - self._loop.time()) + 0.001)
        # The other way breaks with this one: HTTP ends a connection whole.
        raise ConnectionResetError


def _write(target: asyncio.StreamWriter, part: bytes) -> None:
    if not target.transport.is_closing():
        target.write(part)
