"""Signing in with this PC's key: when needed, ahead of time, by the server's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import FixedClock
from app.errors import InputError
from app.keys import check_jwks, fingerprint, make_keys
from app.models.outbox import Outbox, SyncState
from app.models.store import Store
from app.server.enrolment import enrol_code, issue_token, revoke_device
from app.sync import enrol as joining
from app.sync import link, state
from app.sync.connection import connect
from app.sync.device import device_keys, server_keys
from app.sync.engine import DONE, REFUSED, SyncEngine
from app.sync.login import AccessToken, Login
from app.sync.transport import Timeouts, Transport
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save
from tests.sync.proxy import PASS, REPLAY, Proxy, Seen
from tests.sync.test_transport import FHIR, OUTCOME, Scripted

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.close()


def _login_of(store: Store) -> dict[str, object]:
    with store.read() as session:
        return state.load(session, state.LOGIN)


def _set_login(store: Store, **changes: object) -> None:
    with store.apply_remote() as session:
        state.save(session, state.LOGIN, {**state.load(session, state.LOGIN), **changes})


def _fresh_engine(clinic: Clinic) -> SyncEngine:
    """As after a restart of the program: nothing is remembered but what the store holds."""
    clinic.engine.close()
    return SyncEngine(clinic.store)


def test_enrolment_brings_keys_and_no_token(township: Clinic, server: ServerProcess) -> None:
    with township.store.read() as session:
        account = state.account(session)
    assert account is not None
    assert account.token is None
    assert account.client_id == account.device_id
    assert account.token_endpoint == f"{server.url}/token"
    assert check_jwks(server_keys(township.store))
    keys = device_keys(township.store)
    assert keys == device_keys(township.store), "made once"
    assert fingerprint(keys.public()) == fingerprint(device_keys(township.store).public())
    assert keys.signing["d"] not in repr(keys)


def test_nothing_new_is_one_request_also_after_a_restart(township: Clinic) -> None:
    assert township.sync().outcome == DONE
    assert township.sync().requests == 1
    engine = _fresh_engine(township)
    report = engine.run_once()
    assert (report.outcome, report.requests) == (DONE, 1)
    engine.close()


def test_a_token_is_renewed_before_it_ends_by_the_servers_clock(township: Clinic) -> None:
    assert township.sync().outcome == DONE
    before = _login_of(township.store)
    given = datetime.now(UTC) - timedelta(seconds=float(str(before["life"])) - 30)
    # The PC's clock stands still: only the server's answers tell how late it is.
    _set_login(township.store, given_at=given.isoformat())
    engine = _fresh_engine(township)
    first = engine.run_once()
    second = engine.run_once()
    assert (first.outcome, second.outcome) == (DONE, DONE)
    assert (first.requests, second.requests) == (1, 2), "renewed as soon as the time was known"
    assert _login_of(township.store)["token"] != before["token"]
    engine.close()


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_wrong_by_ten_years_signs_in(
    make_store: Callable[..., tuple[Store, object]], server: ServerProcess, years: int
) -> None:
    clock = FixedClock(datetime.now(UTC) + timedelta(days=3653 * years // 10))
    store, _ = make_store(TOWNSHIP_ID, f"clock{years}", clock)
    joining.enrol(store, server.url, enrol_code(server.data_dir, TOWNSHIP_ID), "PC")
    engine = SyncEngine(store)
    assert engine.run_once().outcome == DONE
    assert _login_of(store)["token"]
    # And when the clock is put right, or wrong, in between.
    clock.advance(days=-3653 * years // 10)
    engine.close()
    engine = SyncEngine(store)
    assert engine.run_once().outcome == DONE
    clock.advance(days=3653 * years // 10)
    _set_login(store, token="k.no-longer-known")
    engine.close()
    engine = SyncEngine(store)
    report = engine.run_once()
    assert report.outcome == DONE
    engine.close()


def test_a_lost_token_costs_one_sign_in_and_nothing_else(township: Clinic) -> None:
    assert township.sync().outcome == DONE
    save(township.store, township.actor, a_resident())
    _set_login(township.store, token="k.no-longer-known")
    engine = _fresh_engine(township)
    report = engine.run_once()
    assert (report.outcome, report.sent) == (DONE, 1)
    engine.close()


def test_a_sign_in_that_the_link_delivers_twice_is_no_withdrawal(
    make_clinic: Callable[..., Clinic], server: ServerProcess, proxy: Proxy
) -> None:
    """A box on the way repeats the request: the second one's assertion was used before."""
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    _set_login(clinic.store, token="k.no-longer-known")
    twice: list[str] = []

    def choose(seen: Seen) -> str:
        if seen.path == "/token" and not twice:
            twice.append(seen.path)
            return REPLAY
        return PASS

    proxy.choose = choose
    report = clinic.sync()
    assert twice
    assert (report.outcome, report.reason) == (DONE, "")


def test_revoked_is_told_apart_and_keeps_what_waits(
    township: Clinic, server: ServerProcess
) -> None:
    assert township.sync().outcome == DONE
    save(township.store, township.actor, a_resident())
    with township.store.read() as session:
        account = state.account(session)
    assert account is not None
    assert account.device_id
    revoke_device(server.data_dir, account.device_id)
    report = township.sync()
    assert report.outcome == REFUSED
    assert report.reason == str(link.withdrawn())
    assert report.requests == 3, "one question, one sign-in, once more to be sure, no hot loop"
    with township.store.read() as session:
        assert session.query(Outbox).count() == 1
    # A new code lets the same PC in again, and what waited leaves.
    joining.enrol(township.store, server.url, enrol_code(server.data_dir, TOWNSHIP_ID), "PC")
    report = township.sync()
    assert (report.outcome, report.sent) == (DONE, 1)


def test_a_static_token_that_ended_is_told_apart(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    clinic = make_clinic(join=False)
    made = issue_token(server.data_dir, TOWNSHIP_ID)
    joining.use_token(clinic.store, server.url, made.token)
    assert clinic.sync().outcome == DONE
    revoke_device(server.data_dir, made.device_id)
    report = clinic.sync()
    assert (report.outcome, report.reason) == (REFUSED, str(link.expired()))


def test_a_server_that_knows_another_key(township: Clinic) -> None:
    with township.store.apply_remote() as session:
        state.save(session, state.DEVICE_KEYS, make_keys().to_dict())
        session.query(SyncState).filter(SyncState.key == state.LOGIN).delete()
    report = township.sync()
    assert (report.outcome, report.reason) == (REFUSED, str(link.withdrawn()))


def test_an_account_without_its_keys(township: Clinic) -> None:
    with township.store.apply_remote() as session:
        for key in (state.DEVICE_KEYS, state.LOGIN):
            session.query(SyncState).filter(SyncState.key == key).delete()
    assert township.sync().outcome == REFUSED


def test_registration_by_hand_at_a_smart_server(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    from app.server import enrolment

    clinic = make_clinic(join=False)
    public = device_keys(clinic.store).public()
    with enrolment.opened(server.data_dir) as database, database.write() as connection:
        client_id = enrolment.admit(connection, TOWNSHIP_ID, "by hand", public, database.now())
    # Without the endpoint, the server's own configuration names it.
    joining.register(clinic.store, server.url, client_id)
    assert clinic.sync().outcome == DONE
    joining.register(clinic.store, server.url, client_id, f"{server.url}/moved")
    assert clinic.sync().outcome == DONE, "an endpoint that moved is looked up anew"
    joining.register(clinic.store, server.url, "nobody-of-that-id")
    assert clinic.sync().outcome == REFUSED


@pytest.mark.parametrize("endpoint", ["http://hospital.example/token", "ftp://x", "javascript:1"])
def test_keys_are_used_towards_safe_addresses_only(store: Store, endpoint: str) -> None:
    with pytest.raises(InputError):
        joining.register(store, "https://hospital.example", "id", endpoint)
    with pytest.raises(InputError):
        joining.register(store, "https://hospital.example", " ")


def _smart(scripted: Scripted, store: Store) -> Transport:
    joining.register(store, scripted.url, "pc-1", f"{scripted.url}/token")
    with store.read() as session:
        account = state.account(session)
    assert account is not None
    return connect(store, account, Timeouts(2, 2, 4))


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), link.Captive),
        ((302, {"Location": "http://portal.example/"}, b""), link.Captive),
        ((511, {"Content-Type": "text/html"}, b"<html>"), link.Captive),
        ((200, JSON, b'{"access_token":"a\\nb"}'), link.Garbage),
        ((200, JSON, b'{"access_token":5}'), link.Garbage),
        ((200, JSON, b"[]"), link.Garbage),
        ((200, JSON, b"{}"), link.Garbage),
        ((400, JSON, b'{"error":"invalid_client"}'), link.Withdrawn),
        ((401, JSON, b'{"error":"invalid_client"}'), link.Withdrawn),
        ((403, JSON, b"{}"), link.Withdrawn),
        ((429, {**JSON, "Retry-After": "7"}, b"{}"), link.Busy),
        ((503, {}, b""), link.Busy),
    ],
)
def test_what_a_token_endpoint_may_answer(
    scripted: Scripted, store: Store, reply: object, fault: type[link.LinkFault]
) -> None:
    transport = _smart(scripted, store)
    scripted.reply = lambda *_: reply  # type: ignore[assignment]
    with pytest.raises(fault) as caught:
        transport.get("Patient?_id=1")
    assert type(caught.value) is fault
    assert str(caught.value)
    transport.close()


def test_whatever_life_a_token_is_said_to_have(scripted: Scripted, store: Store) -> None:
    life = b""

    def reply(method: str, *_: object) -> tuple[int, dict[str, str], bytes]:
        given = b'{"access_token":"t","token_type":"bearer","expires_in":' + life + b"}"
        return (200, JSON, given) if method == "POST" else (200, FHIR, OUTCOME)

    scripted.reply = reply
    for life in (b"null", b"-5", b'"x"', b"1e300", b"true", b"NaN", b"0.001", b"[]"):
        transport = _smart(scripted, store)
        assert transport.get("Patient?_id=1").status == 200, life
        assert transport.get("Patient?_id=1").status == 200, life
        transport.close()


def test_a_server_without_sign_in_says_so(scripted: Scripted, store: Store) -> None:
    joining.register(store, scripted.url, "pc-1")
    with store.read() as session:
        account = state.account(session)
    assert account is not None
    transport = connect(store, account, Timeouts(2, 2, 4))
    scripted.reply = lambda *_: (404, FHIR, OUTCOME)
    with pytest.raises(link.Refused) as caught:
        transport.get("Patient?_id=1")
    assert str(caught.value) == str(link.no_login())
    body = b'{"token_endpoint":"http://evil.example/token"}'
    scripted.reply = lambda *_: (200, JSON, body)
    with pytest.raises(link.Refused):
        transport.get("Patient?_id=1")
    transport.close()


def test_another_server_gets_neither_token_nor_cursor(
    township: Clinic, server: ServerProcess
) -> None:
    assert township.sync().outcome == DONE
    joining.use_token(township.store, "https://other.example", "t")
    assert _login_of(township.store) == {}
    with township.store.read() as session:
        assert not state.load_many(session, "cursor:")
        assert state.load(session, state.DEVICE_KEYS), "the PC's keys are its own"
    assert server.running


def test_a_moved_server_keeps_everything(township: Clinic, server: ServerProcess) -> None:
    assert township.sync().outcome == DONE
    before = _login_of(township.store)
    moved = server.url.replace("127.0.0.1", "localhost")
    account = joining.change_address(township.store, moved)
    assert account.token_endpoint == f"{moved}/token"
    assert _login_of(township.store) == before
    with township.store.read() as session:
        assert state.load_many(session, "cursor:")
    assert township.sync().outcome == DONE
    _set_login(township.store, token="k.gone")
    engine = _fresh_engine(township)
    assert engine.run_once().outcome == DONE
    engine.close()


def test_a_seed_of_another_organisation_is_not_kept(store: Store, server: ServerProcess) -> None:
    answer = {"client_id": "x", "device_id": "x", "organisation": {"id": LEAD_ID}}
    with pytest.raises(InputError):
        joining.join(store, f"{server.url}/fhir", answer)
    assert joining.enrolled_at(store) is None


def test_a_token_is_fresh_by_whichever_clock_is_known() -> None:
    server_time = datetime(2026, 3, 1, 8, tzinfo=UTC)
    here = datetime(2016, 1, 1, tzinfo=UTC)
    token = AccessToken("t", server_time, here, timedelta(minutes=30))
    minute = timedelta(minutes=1)
    assert token.fresh(server_time + 28 * minute, here)
    assert not token.fresh(server_time + 29 * minute, here)
    assert token.fresh(None, here + 28 * minute)
    assert not token.fresh(None, here + 29 * minute)
    assert not token.fresh(None, here - minute), "a clock put back tells nothing"
    assert "secret-text" not in repr(AccessToken("secret-text", server_time, here, minute))


def test_two_requests_at_once_sign_in_once(township: Clinic, server: ServerProcess) -> None:
    import threading

    with township.store.read() as session:
        account = state.account(session)
    assert account is not None
    with township.store.apply_remote() as session:
        session.query(SyncState).filter(SyncState.key == state.LOGIN).delete()
    transport = connect(township.store, account, Timeouts(5, 5, 10))
    tokens: list[str] = []
    login = transport.login
    assert isinstance(login, Login)
    threads = [
        threading.Thread(target=lambda: tokens.append(login.token(transport))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(tokens)) == 1
    assert transport.meter.requests <= 2, "one sign-in, and once more for this PC's clock"
    transport.close()
    assert server.running
