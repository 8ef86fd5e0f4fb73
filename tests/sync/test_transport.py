"""HTTP faults are told apart, on real sockets with a server that answers as it is told."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.errors import InputError
from app.sync.link import (
    Busy,
    Captive,
    Expired,
    Garbage,
    LinkFault,
    Offline,
    ProxyTrouble,
    fhir_base,
    within,
)
from app.sync.transport import Timeouts, Transport

Reply = tuple[int, dict[str, str], bytes]
FHIR = {"Content-Type": "application/fhir+json"}
OUTCOME = json.dumps({"resourceType": "OperationOutcome"}).encode()


class Scripted:
    """Answers every request with what ``reply`` returns for (method, headers, body)."""

    def __init__(self) -> None:
        self.reply: Callable[[str, dict[str, str], bytes], Reply] = lambda *_: (200, FHIR, OUTCOME)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {k.lower(): v for k, v in self.headers.items()}
                outer.requests.append((self.command, headers, body))
                status, extra, answer = outer.reply(self.command, headers, body)
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = _answer

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/fhir"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(10)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.close()


@pytest.fixture
def transport(scripted: Scripted) -> Iterator[Transport]:
    made = Transport(scripted.url, "secret", timeouts=Timeouts(2, 2, 4))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), Captive),
        ((200, {"Content-Type": "text/html"}, OUTCOME), Garbage),
        ((200, FHIR, b"not json"), Garbage),
        ((200, FHIR, b"[]"), Garbage),
        ((200, FHIR, b'{"hello":1}'), Garbage),
        ((200, FHIR, b""), Garbage),
        ((302, {"Location": "http://portal.example/"}, b""), Captive),
        ((511, {"Content-Type": "text/html"}, b"<html>"), Captive),
        ((404, {"Content-Type": "text/html"}, b"<html>nginx</html>"), Captive),
        ((401, FHIR, OUTCOME), Expired),
        ((401, {"Content-Type": "text/html"}, b"<html>"), Captive),
        (
            (401, {"Content-Type": "text/html", "WWW-Authenticate": "Bearer"}, b"<html>"),
            Expired,
        ),
        ((407, {}, b""), ProxyTrouble),
        ((429, FHIR, OUTCOME), Busy),
        ((500, FHIR, OUTCOME), Busy),
        ((502, {"Content-Type": "text/html"}, b"<html>"), Busy),
        ((503, {}, b""), Busy),
        ((200, {**FHIR, "Content-Encoding": "gzip"}, b"no gzip"), Garbage),
        ((200, {**FHIR, "Content-Encoding": "gzip"}, gzip.compress(OUTCOME)[:-9]), Offline),
    ],
)
def test_what_is_no_answer_of_a_fhir_server(
    scripted: Scripted, transport: Transport, reply: Reply, fault: type[LinkFault]
) -> None:
    scripted.reply = lambda *_: reply
    with pytest.raises(fault) as caught:
        transport.get("Patient?_id=1")
    assert type(caught.value) is fault
    assert str(caught.value)


def test_answers_about_a_record_are_answers(scripted: Scripted, transport: Transport) -> None:
    for status in (200, 400, 403, 404, 409, 412, 413, 422):
        scripted.reply = lambda *_, status=status: (status, FHIR, OUTCOME)
        answer = transport.get("Patient?_id=1")
        assert (answer.status, answer.fine) == (status, status == 200)
        assert answer.server_time is not None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("999999", 3600.0), ("soon", None), ("", None)],
)
def test_retry_after_is_honoured_within_reason(
    scripted: Scripted, transport: Transport, value: str, seconds: float | None
) -> None:
    scripted.reply = lambda *_: (503, {**FHIR, "Retry-After": value}, OUTCOME)
    with pytest.raises(Busy) as caught:
        transport.get("Patient?_id=1")
    assert caught.value.retry_after == seconds


def test_a_server_that_cannot_read_gzip_is_remembered(
    scripted: Scripted, transport: Transport
) -> None:
    scripted.reply = lambda method, headers, body: (
        (415 if "content-encoding" in headers else 200),
        FHIR,
        OUTCOME,
    )
    document = {"resourceType": "Bundle", "type": "batch"}
    assert transport.post(transport.pack(document)).fine
    assert transport.gzip_up is False
    count = len(scripted.requests)
    assert transport.post(transport.pack(document)).fine
    assert len(scripted.requests) == count + 1
    assert json.loads(scripted.requests[-1][2]) == document


def test_gzip_that_worked_once_is_not_doubted_by_a_refused_record(
    scripted: Scripted, transport: Transport
) -> None:
    document = {"resourceType": "Bundle", "type": "transaction"}
    assert transport.post(transport.pack(document)).fine
    assert (
        gzip.decompress(scripted.requests[0][2])
        == json.dumps(document, separators=(",", ":")).encode()
    )
    scripted.reply = lambda *_: (422, FHIR, OUTCOME)
    assert transport.post(transport.pack(document)).status == 422
    assert len(scripted.requests) == 2
    assert transport.gzip_up is True


def test_bytes_are_counted_and_the_token_is_sent(scripted: Scripted, transport: Transport) -> None:
    transport.get("Patient?_id=1")
    assert scripted.requests[0][1]["authorization"] == "Bearer secret"
    assert transport.meter.requests == 1
    assert 100 < transport.meter.bytes_up < 400
    assert transport.meter.bytes_down > len(OUTCOME)


def test_nobody_there_is_told_from_a_connection_that_broke(scripted: Scripted) -> None:
    nobody = Transport("http://127.0.0.1:9/fhir", None, timeouts=Timeouts(2, 2, 4))
    with pytest.raises(Offline) as caught:
        nobody.get("metadata")
    assert caught.value.connected is False


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("https://h", "https://h/fhir"),
        ("hospital.example:8443", "https://hospital.example:8443/fhir"),
        ("https://h/api/r4/", "https://h/api/r4"),
        ("http://localhost:8000", "http://localhost:8000/fhir"),
        ("http://[::1]:8000/fhir", "http://[::1]:8000/fhir"),
    ],
)
def test_addresses(typed: str, base: str) -> None:
    assert fhir_base(typed) == base


@pytest.mark.parametrize(
    "url",
    [
        "https://h.evil/fhir/Patient",
        "http://h/fhir/Patient",
        "https://h:444/fhir/Patient",
        "https://h/other/Patient",
        "https://h/fhirx/Patient",
        "https://u@h/fhir/Patient",
        "https://h/fhir/../admin",
        "https://h:x/fhir",
    ],
)
def test_links_that_lead_elsewhere(url: str) -> None:
    assert not within("https://h/fhir", url)
    assert within("https://h/fhir", "https://h:443/fhir/Patient?_page=2")


def test_a_plain_http_address_beyond_this_machine_is_refused() -> None:
    for address in ("http://192.168.1.5:8000", "http://127.0.0.1.example", "http://localhost.x"):
        with pytest.raises(InputError):
            fhir_base(address)


def test_a_batch_that_only_asks_wants_no_stored_answer_a_write_says_nothing_of_it(
    scripted: Scripted,
) -> None:
    transport = Transport(scripted.url, "token")
    try:
        for type_ in ("batch", "transaction"):
            bundle = {"resourceType": "Bundle", "type": type_, "entry": []}
            transport.post(transport.pack(bundle))
        transport.get("Patient?_id=x")
        transport.post_json(scripted.url.removesuffix("/fhir") + "/enrol", {})
    finally:
        transport.close()
    asked, wrote, got, joined = (headers for _, headers, _ in scripted.requests)
    assert asked["cache-control"] == got["cache-control"] == "no-cache"
    assert "prefer" not in asked
    assert wrote["prefer"] == "return=minimal"
    assert "cache-control" not in wrote
    assert "cache-control" not in joined
