"""A small real HTTP proxy: CONNECT only, with names of its own and, if wished, an account."""

from __future__ import annotations

import base64
import socket
import threading


class ConnectProxy:
    """Tunnels to ``names[host]`` (a port of the loopback); any other host is refused."""

    def __init__(self, names: dict[str, int], account: str | None = None) -> None:
        self._names = names
        self._wanted = None if account is None else b"Basic " + base64.b64encode(account.encode())
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.tunnels: list[str] = []
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(10)
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            thread = threading.Thread(target=self._serve, args=[client], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(4096)
                if not part:
                    return
                head += part
            lines = head.split(b"\r\n")
            method, target, _ = lines[0].decode().split()
            headers = dict(line.split(b": ", 1) for line in lines[1:] if b": " in line)
            account = headers.get(b"Proxy-Authorization")
            if self._wanted is not None and account != self._wanted:
                client.sendall(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                    b"Proxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
                )
            elif method != "CONNECT" or target.rsplit(":", 1)[0] not in self._names:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            else:
                self._tunnel(client, target)
        except OSError:
            pass
        finally:
            client.close()

    def _tunnel(self, client: socket.socket, target: str) -> None:
        port = self._names[target.rsplit(":", 1)[0]]
        with socket.create_connection(("127.0.0.1", port), timeout=10) as upstream:
            upstream.settimeout(None)
            self.tunnels.append(target)
            self._sockets.append(upstream)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=[upstream, client], daemon=True)
            back.start()
            _copy(client, upstream)
            back.join(10)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while part := source.recv(65536):
            sink.sendall(part)
    except OSError:
        pass
    for one in (source, sink):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
