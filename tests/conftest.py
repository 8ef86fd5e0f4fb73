"""What all tests share: a real encrypted store, a clock that stands, a quiet log."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from app.clock import Clock, FixedClock
from app.models import epoch, keyring
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.local import Setting
from app.models.organisation import Organisation, Staff
from app.models.store import STORE_FILE, Store, create_store, open_store
from app.paths import resources

settings.register_profile(
    "suite",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("suite")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones begin first: at the end of a run the other processes would wait for them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


PASSWORD = "sample-password"
NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # Monday, 09:30 at the clinic


def organisations() -> list[dict[str, object]]:
    """The sample county's directory."""
    path = resources() / "county" / "jinzhai.json"
    found: list[dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))["organisations"]
    return found


def organisation_named(name: str) -> dict[str, object]:
    return next(o for o in organisations() if o["name"] == name)


TOWNSHIP_ID = str(organisation_named("白塔畈镇中心卫生院")["id"])
LEAD_ID = str(organisation_named("金寨县人民医院")["id"])
CARE_HOME_ID = str(organisation_named("白塔畈镇医养康中心")["id"])

ALL_ROLES = ("doctor", "nurse", "rehab_worker", "referral_coordinator", "administrator")


class _Template:
    """A store of an organisation with one account, made once and copied for each test."""

    def __init__(self, folder: Path, organisation_id: str) -> None:
        self.folder = folder
        self.organisation_id = organisation_id
        self.staff_id = new_id()
        name = next(str(o["name"]) for o in organisations() if o["id"] == organisation_id)
        folder.mkdir(parents=True)
        ring, self.data_key, self.recovery_key = keyring.create(
            folder, organisation_id, name, new_id()
        )
        account = keyring.Account(self.staff_id, "wang", "王医生", ALL_ROLES)
        keyring.add_account(ring, self.data_key, account, PASSWORD)
        store = create_store(folder, self.data_key, organisation_id, FixedClock(NOW))
        with store.write(self.actor) as session:
            columns = set(Organisation.__table__.columns.keys())
            for values in organisations():
                session.add(Organisation(**{k: v for k, v in values.items() if k in columns}))
            session.add(
                Staff(
                    id=self.staff_id,
                    name="王建国",
                    login="wang",
                    org_id=organisation_id,
                    roles=list(ALL_ROLES),
                )
            )
        with store.write(self.actor) as session:
            # The account itself is not what a test looks for in the queue.
            from app.models.outbox import Outbox

            session.query(Outbox).delete()
            # Nor does a copy of the template count as a store put back from a backup.
            session.query(Setting).filter_by(key=epoch.EPOCH).delete()
        store.snapshot(folder / "template.db", as_copy=False)
        store.close()
        for extra in (*folder.glob(STORE_FILE + "*"), *folder.glob(epoch.RUN_FILES)):
            extra.unlink()
        (folder / "template.db").rename(folder / STORE_FILE)

    @property
    def actor(self) -> Actor:
        return Actor(self.staff_id, self.organisation_id, "王建国", frozenset(ALL_ROLES))


@pytest.fixture(scope="session")
def store_templates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], _Template]:
    made: dict[str, _Template] = {}

    def template(organisation_id: str) -> _Template:
        if organisation_id not in made:
            folder = tmp_path_factory.mktemp("templates") / organisation_id
            made[organisation_id] = _Template(folder, organisation_id)
        return made[organisation_id]

    return template


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def make_store(
    tmp_path: Path, store_templates: Callable[[str], _Template], clock: FixedClock
) -> Iterator[Callable[..., tuple[Store, Actor]]]:
    """Makes a real encrypted store with one signed-in person: ``make_store(TOWNSHIP_ID)``."""
    opened: list[Store] = []

    def make(
        organisation_id: str = TOWNSHIP_ID, name: str = "", a_clock: Clock | None = None
    ) -> tuple[Store, Actor]:
        template = store_templates(organisation_id)
        folder = tmp_path / (name or f"store-{len(opened)}")
        shutil.copytree(template.folder, folder)
        store = open_store(folder, template.data_key, organisation_id, a_clock or clock)
        opened.append(store)
        return store, template.actor

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: Callable[..., tuple[Store, Actor]]) -> Store:
    """A township health centre's empty store."""
    return make_store(TOWNSHIP_ID)[0]


@pytest.fixture
def actor(store_templates: Callable[[str], _Template]) -> Actor:
    """The person signed in at the township health centre, with every role."""
    return store_templates(TOWNSHIP_ID).actor


@pytest.fixture(autouse=True)
def _no_unexpected_log_lines(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A warning or error in the log that a test did not ask for fails the test.

    A test that expects such lines calls ``caplog.clear()`` after looking at them.
    """
    caplog.set_level(logging.WARNING)
    yield
    unexpected = [
        f"{record.name}: {record.getMessage()}"
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING
    ]
    assert not unexpected, f"unexpected log lines: {unexpected}"


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    from app import i18n

    i18n.set_language("zh_CN")
    yield
    i18n.set_language("zh_CN")
