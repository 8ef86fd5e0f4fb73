"""One month of a consortium through the widgets of four programs, and what is true at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.models.actor import Actor
from app.models.resident import Resident
from app.models.store import Store
from app.server.enrolment import enrol_code, issue_token
from app.sync.enrol import enrol
from app.ui.shell import frame
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID, organisation_named
from tests.month import coverage, figures, final
from tests.month.acts import Acts
from tests.month.hands import Hands
from tests.month.limits import CLOSE_AT_LATEST
from tests.month.month import HOUSES, Month
from tests.month.plan import table
from tests.month.program import Program, settle, sit_down, start
from tests.month.timeline import FIRST_DAY, MonthClock, ToldClock
from tests.month.truth import Truth
from tests.month.watch import Watch
from tests.server.serving import Client, ServerProcess
from tests.sync.proxy import Proxy

IDS = {
    "L": LEAD_ID,
    "A": TOWNSHIP_ID,
    "B": str(organisation_named("古碑镇中心卫生院")["id"]),
    "C": CARE_HOME_ID,
    "H": str(organisation_named("金寨县中医医院")["id"]),
}
NAMES = {
    "L": "金寨县人民医院",
    "A": "白塔畈镇中心卫生院",
    "B": "古碑镇中心卫生院",
    "C": "白塔畈镇医养康中心",
}
_SEED = 5


@pytest.fixture
def clock(tmp_path: Path) -> MonthClock:
    return MonthClock(tmp_path / "now", HOUSES)


@pytest.fixture
def server(tmp_path: Path, clock: MonthClock) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "server", clock=str(tmp_path / "now")).start()
    yield process
    process.stop()


@pytest.fixture
def programs(
    make_store: Callable[..., tuple[Store, Actor]],
    server: ServerProcess,
    clock: MonthClock,
    tmp_path: Path,
    look: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dict[str, Program]]:
    # Counted once a day, when the test looks.
    monkeypatch.setattr(frame, "_COUNT_PAUSE_MS", 10**8)
    made: dict[str, Program] = {}

    def connect(store: Store) -> None:
        code = enrol_code(server.data_dir, store.organisation_id, ToldClock(tmp_path / "now"))
        enrol(store, server.url, code, "PC")

    for house in HOUSES:
        store, actor = make_store(IDS[house], house, clock.of[house])
        proxy = Proxy(server.url)
        made[house] = start(house, store, actor, NAMES[house], proxy, clock, connect)
    yield made
    for program in made.values():
        program.close()


@pytest.fixture
def clients(server: ServerProcess, tmp_path: Path) -> Iterator[dict[str, Client]]:
    """Each house's own system, which reads at the server with plain requests."""
    told = ToldClock(tmp_path / "now")
    made = {}
    for house in HOUSES:
        given = issue_token(server.data_dir, IDS[house], "own system", told)
        made[house] = Client(server.url, IDS[house], given.token)
    yield made
    for client in made.values():
        client.close()


def _people(programs: dict[str, Program]) -> None:
    """Everybody of the plan is registered where their letter is written."""
    for planned in table().values():
        if planned.follows:
            continue
        program = programs[planned.sender]
        with program.store.write(program.actor) as session:
            session.add(
                Resident(
                    name=planned.person,
                    sex="2",
                    birth_date=date(1948, 6, 15),
                    village="项冲村",
                    is_sample=True,
                )
            )


@pytest.fixture
def head(programs: dict[str, Program]) -> Iterator[Program]:
    """The head of house B, at a PC of the same house: letters there are approved by a head."""
    b = programs["B"]
    person = replace(b.actor, name="陈院长", roles=frozenset({"head_of_department"}))
    made = sit_down("B", b.store, person, NAMES["B"])
    yield made
    made.close()


def _settings(program: Program, hands: Hands, set_it: Callable[[Any], None]) -> None:
    """The administrator of a house changes its limits, on the settings' page."""
    program.front()
    room: Any = program.frame.go("settings")
    room.go("referral_limits")
    section = room.section("referral_limits")
    settle()
    set_it(section)
    hands.type_in(section.reason, "院长要求")
    hands.press(section.save)
    settle()
    assert not section.reason.message()
    program.frame.go("referrals")


# Some minutes of a busy machine; nothing in it depends on how long it takes.
@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_a_month_of_the_consortium(
    programs: dict[str, Program],
    head: Program,
    clients: dict[str, Client],
    clock: MonthClock,
    qtbot: QtBot,
) -> None:
    truth, hands = Truth(table()), Hands(qtbot)
    _people(programs)
    _settings(programs["B"], hands, lambda page: hands.choose(page.fields["internal_review"], "on"))
    days = str(CLOSE_AT_LATEST["A"])
    _settings(
        programs["A"], hands, lambda page: hands.type_in(page.fields["close_at_latest_d"], days)
    )
    acts = Acts(hands, clock, truth, IDS, {"B": head})
    month = Month(programs, clock, truth, acts, _SEED)
    watch = Watch(programs, hands, truth, clock, clients)
    for _ in month.days():
        watch.after_the_day()
    final.all_over(truth)
    watch.after_the_day()
    final.houses_agree(truth, programs, NAMES)
    final.server_agrees(truth, clients, IDS, programs)
    first, last = FIRST_DAY.date() - timedelta(days=3), clock.now.date() + timedelta(days=3)
    for house in HOUSES:
        counted = figures.shown(programs[house], hands, first, last)
        for code, numbers in figures.true(truth, house).items():
            assert counted[code] == numbers, (house, code, counted[code], numbers)
    coverage.everything_occurred(truth, watch, acts)
    assert sum(report.outcome == "offline" for p in programs.values() for report in p.tried) > 100
