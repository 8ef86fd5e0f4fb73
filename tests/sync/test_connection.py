"""The way to the server: https with the county's own authority, proxies, and lying clocks."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from app.errors import EnvironmentFault, InputError
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync import link
from app.sync.commands import connection as connection_command
from app.sync.connection import (
    LinkSettings,
    change_settings,
    connect,
    read_certificates,
    settings,
)
from app.sync.engine import DONE, OFFLINE, SyncEngine
from app.sync.enrol import enrol
from app.sync.transport import Timeouts, Transport
from tests.authority import Authority
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.connect_proxy import ConnectProxy
from tests.sync.test_transport import FHIR, OUTCOME, Scripted

QUICK = Timeouts(3, 3, 6)
HOSPITAL = "hospital.test"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def _https(
    certificate: tuple[str, str], says: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Scripted]:
    """A small TLS server whose Date header is what ``says`` tells."""
    made = Scripted()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    made.server.socket = context.wrap_socket(made.server.socket, server_side=True)
    made.url = made.url.replace("http:", "https:")
    handler = made.server.RequestHandlerClass
    handler.date_time_string = (  # type: ignore[attr-defined]
        lambda _self, timestamp=None: format_datetime(says(), usegmt=True)
    )
    # A handshake that fails is the point of some tests, not a fault of this server.
    made.server.handle_error = lambda *_: None  # type: ignore[method-assign]
    try:
        yield made
    finally:
        made.close()


def _transport(url: str, ca: Path | None) -> Transport:
    transport = Transport(url, None, timeouts=QUICK)
    transport.ca = None if ca is None else ca.read_text("ascii")
    return transport


def test_the_countys_own_authority_end_to_end(
    make_store: Callable[..., tuple[Store, object]], tmp_path: Path, authority: Authority
) -> None:
    server = ServerProcess(tmp_path / "server", tls=authority.certificate()).start()
    store, _ = make_store(TOWNSHIP_ID)
    code = enrol_code(server.data_dir, TOWNSHIP_ID)
    with pytest.raises(link.CertificateTrouble) as caught:
        enrol(store, server.url, code)
    assert str(caught.value) == str(link.certificate_trouble("trust"))
    text, name = read_certificates(authority.path)
    assert name == "CN=County CA"
    change_settings(store, LinkSettings(ca=text, ca_name=name))
    enrol(store, server.url, code)
    engine = SyncEngine(store)
    assert engine.run_once().outcome == DONE
    # Another authority takes its place: nothing goes through, nothing is lost.
    other = Authority(tmp_path / "other")
    change_settings(store, LinkSettings(ca=read_certificates(other.path)[0]))
    engine.close()
    report = engine.run_once()
    assert report.outcome == OFFLINE
    assert report.reason == str(link.certificate_trouble("trust"))
    engine.close()
    server.stop()


@pytest.mark.parametrize(
    ("options", "kind"),
    [({"begins": -60, "ends": -30}, "time"), ({"name": "other.example"}, "name"), ({}, "trust")],
)
def test_certificates_that_prove_nothing_are_told_apart(
    tmp_path: Path, authority: Authority, options: dict[str, int], kind: str
) -> None:
    trusted = Authority(tmp_path / "other").path if kind == "trust" else authority.path
    with _https(authority.certificate(**options)) as server:  # type: ignore[arg-type]
        transport = _transport(server.url, trusted)
        with pytest.raises(link.CertificateTrouble) as caught:
            transport.get("metadata")
        assert str(caught.value) == str(link.certificate_trouble(kind))
        assert not caught.value.connected
        assert not any("authorization" in headers for _, headers, _ in server.requests)
        transport.close()


def test_an_authority_named_by_the_environment(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    with _https(authority.certificate()) as server:
        transport = _transport(server.url, None)
        assert transport.get("metadata").status == 200
        transport.close()


def test_the_servers_own_certificate_may_be_handed_out(authority: Authority) -> None:
    certificate = authority.certificate()
    with _https(certificate) as server:
        transport = _transport(server.url, Path(certificate[0]))
        assert transport.get("metadata").status == 200
        transport.close()


@pytest.mark.parametrize("years", [-10, 10])
def test_a_pc_clock_ten_years_off_does_not_spoil_a_good_certificate(
    authority: Authority, years: int
) -> None:
    # The same as a PC whose clock is wrong: certificate and server live in another year.
    there = timedelta(days=3287 * years // 10)
    days = there.days
    certificate = authority.certificate(begins=days - 30, ends=days + 30)
    with _https(certificate, lambda: datetime.now(UTC) + there) as server:
        transport = _transport(server.url, authority.path)
        assert transport.get("metadata").status == 200
        now = transport.server_now()
        assert now is not None
        assert abs(now - (datetime.now(UTC) + there)) < timedelta(minutes=1)
        assert transport.get("metadata").status == 200
        assert transport.meter.requests == 4, "the first try and one look at the server's time"
        transport.close()


def test_a_certificate_that_ended_before_the_last_good_connection_never_counts(
    authority: Authority,
) -> None:
    certificate = authority.certificate(begins=-60, ends=-30)
    # Whoever holds an old key may say any date.
    with _https(certificate, lambda: datetime.now(UTC) - timedelta(days=40)) as server:
        transport = _transport(server.url, authority.path)
        transport.earliest = datetime.now(UTC) - timedelta(days=2)
        with pytest.raises(link.CertificateTrouble):
            transport.get("metadata")
        transport.close()


def test_a_configured_proxy_and_the_systems(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _https(authority.certificate(name=HOSPITAL)) as server:
        proxy = ConnectProxy({HOSPITAL: server.server.server_address[1]})
        url = f"https://{HOSPITAL}:8443/fhir"
        transport = _transport(url, authority.path)
        transport.proxy = f"http://{proxy.address}"
        assert transport.get("metadata").status == 200
        assert transport.get("metadata").status == 200
        assert proxy.tunnels == [f"{HOSPITAL}:8443"], "one warm connection"
        transport.close()
        # The certificate is the server's, whatever the proxy is.
        astray = _transport("https://elsewhere.test:8443/fhir", authority.path)
        astray.proxy = f"http://{proxy.address}"
        with pytest.raises(link.ProxyTrouble) as caught:
            astray.get("metadata")
        assert str(caught.value) == str(link.proxy_trouble())
        astray.close()
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        by_system = _transport(url, authority.path)
        assert by_system.get("metadata").status == 200
        by_system.close()
        by_none = _transport(url, authority.path)
        by_none.proxy = "none"
        with pytest.raises(link.Offline) as offline:
            by_none.get("metadata")
        assert type(offline.value) is link.Offline
        by_none.close()
        assert len(proxy.tunnels) == 2
        proxy.close()


def test_a_proxy_that_wants_an_account_or_is_not_there(authority: Authority) -> None:
    with _https(authority.certificate(name=HOSPITAL)) as server:
        proxy = ConnectProxy({HOSPITAL: server.server.server_address[1]}, account="clinic:pass")
        url = f"https://{HOSPITAL}:8443/fhir"
        for given, sentence in (
            (f"http://{proxy.address}", link.proxy_trouble(sign_in=True)),
            (f"http://clinic:wrong@{proxy.address}", link.proxy_trouble(sign_in=True)),
            ("http://127.0.0.1:9", link.proxy_trouble()),
        ):
            transport = _transport(url, authority.path)
            transport.proxy = given
            with pytest.raises(link.ProxyTrouble) as caught:
                transport.get("metadata")
            assert str(caught.value) == str(sentence)
            assert "wrong" not in str(caught.value)
            transport.close()
        transport = _transport(url, authority.path)
        transport.proxy = f"http://clinic:pass@{proxy.address}"
        assert transport.get("metadata").status == 200
        transport.close()
        proxy.close()


def test_this_very_machine_is_never_asked_of_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    scripted = Scripted()
    scripted.reply = lambda *_: (200, FHIR, OUTCOME)
    transport = Transport(scripted.url, "t", timeouts=QUICK)
    assert transport.get("Patient?_id=1").status == 200
    transport.close()
    scripted.close()


def test_settings_are_kept_and_checked(
    store: Store, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings(store) == LinkSettings()
    change_settings(store, LinkSettings(proxy="proxy:3128"))
    assert settings(store).proxy == "http://proxy:3128"
    for bad in ("http://proxy", "ftp://proxy:1", "http://proxy:99999", "http://p:1/x", "http://:1"):
        with pytest.raises(InputError) as caught:
            change_settings(store, LinkSettings(proxy=bad))
        assert "proxy" in caught.value.problems
    connection_command(store, proxy="http://clinic:secret@proxy:3128", ca=authority.path)
    said = capsys.readouterr().out
    assert "http://proxy:3128" in said
    assert "secret" not in said
    assert "CN=County CA" in said
    transport = connect(store, "https://hospital.test/fhir")
    assert transport.ca == authority.path.read_text("ascii")
    assert transport.proxy == "http://clinic:secret@proxy:3128"
    connection_command(store, no_ca=True, proxy="none")
    assert settings(store) == LinkSettings(proxy="none")


def test_certificate_files(tmp_path: Path, authority: Authority) -> None:
    der = tmp_path / "ca.cer"
    der.write_bytes(authority.der)
    assert read_certificates(der) == read_certificates(authority.path)
    bad = tmp_path / "bad.pem"
    for content in (b"", b"hello", b"-----BEGIN CERTIFICATE-----\nx\n", b"\xff" * 100):
        bad.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_certificates(bad)
        assert "ca" in caught.value.problems
    with pytest.raises(EnvironmentFault):
        read_certificates(tmp_path / "none.pem")


def test_plain_http_only_to_this_machine(store: Store) -> None:
    for address in ("http://hospital.test:8000", "http://10.0.0.5/fhir"):
        with pytest.raises(InputError) as caught:
            enrol(store, address, "CODE")
        assert "https://" in caught.value.problems["server"]
    assert link.is_private("https://hospital.test/token")
    assert link.is_private("http://127.0.0.1:1/token")
    for address in ("http://hospital.test/token", "https://u:p@h/token", "x", "", "https://[::1"):
        assert not link.is_private(address)
