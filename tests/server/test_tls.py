"""TLS by certificate files, what prevents it, and an orderly stop with requests under way."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest
import requests

from tests.authority import Authority
from tests.server.serving import NORTH, ServerProcess, patient


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


def test_serves_https_only(tmp_path: Path, directory_file: Path, authority: Authority) -> None:
    server = ServerProcess(tmp_path / "data", directory_file, tls=authority.certificate()).start()
    assert server.url.startswith("https://127.0.0.1:")
    client = server.enrol(NORTH)
    record = patient(NORTH)
    answer = client.put(record, verify=str(authority.path))
    assert answer.status_code == 201
    assert answer.headers["Location"].startswith(f"{server.url}/fhir/Patient/")
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{server.url}/health", timeout=10)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{server.url.replace('https', 'http')}/health", timeout=10)
    client.close()
    assert server.stop() == 0
    assert "Traceback" not in "\n".join(server.log)


def test_old_tls_is_refused(tmp_path: Path, directory_file: Path, authority: Authority) -> None:
    server = ServerProcess(tmp_path / "data", directory_file, tls=authority.certificate()).start()
    context = ssl.create_default_context(cafile=str(authority.path))
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        assert secured.version() in ("TLSv1.2", "TLSv1.3")
    server.stop()


@pytest.mark.parametrize("what", ["missing", "other key", "no certificate"])
def test_what_prevents_tls_is_one_sentence(
    tmp_path: Path, directory_file: Path, authority: Authority, what: str
) -> None:
    certificate, key = authority.certificate()
    if what == "missing":
        key = str(tmp_path / "none.key")
    elif what == "other key":
        _, key = authority.certificate(name="other.example")
    else:
        certificate = key
    server = ServerProcess(tmp_path / "data", directory_file, tls=(certificate, key))
    process = server.spawn()
    assert process.wait(20) == 1
    server._ended()
    (line,) = server.log
    assert "Traceback" not in line
    assert line


def test_a_stop_waits_for_nobody_longer_than_ten_seconds(
    tmp_path: Path, directory_file: Path
) -> None:
    server = ServerProcess(tmp_path / "data", directory_file).start()
    client = server.enrol(NORTH)
    head = (
        f"POST /fhir HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {client.token}\r\n"
        "Content-Type: application/fhir+json\r\nContent-Length: 100000\r\n\r\n{"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as stalled:
        stalled.sendall(head.encode())
        # The request has been taken up before the stop begins.
        assert requests.get(f"{server.url}/health", timeout=10).status_code == 200
        assert server._process
        began = time.monotonic()
        assert server.stop() == 0
        took = time.monotonic() - began
    # Not a figure of speed but the promise of the stop itself; uvicorn alone would wait for ever.
    assert took < 20
    client.close()
