"""The county under Hypothesis: any steps in any order, shrunk to the few that matter.

Promises 1, 2, 8, 9, 10, 14 and 20 are checked after every step; 3, 5, 7, 8, 11 once all is quiet.
The long run of the same world is ``make soak``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.simulation.county import County, build, scratch
from tests.simulation.link import FAULTS
from tests.simulation.quiet import settle
from tests.simulation.steps import PRELUDE
from tests.simulation.work import ACTIONS
from tests.simulation.world import begin

EXAMPLES = 10
STEPS = 25

who = st.integers(0, 3)
choice = st.integers(0, 63)


class CountyMachine(RuleBasedStateMachine):
    """Every rule is one step of :class:`tests.simulation.world.World`."""

    county: ClassVar[County]
    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._run = self.folder / "run"
        self._stack.callback(shutil.rmtree, self._run, ignore_errors=True)
        self.world = self._stack.enter_context(begin(self.county, self._run))
        self._broken = False

    def _do(self, step: str, pc: int = 0, what: int = 0) -> None:
        try:
            self.world.do(step, pc, what)
        except BaseException:
            self._broken = True
            raise

    @initialize()
    def begin_work(self) -> None:
        for step in PRELUDE:
            self._do(*step)

    @rule(pc=who, action=st.sampled_from(ACTIONS), what=choice)
    def somebody_works(self, pc: int, action: str, what: int) -> None:
        self._do(action, pc, what)

    @rule(pc=who, what=choice)
    def somebody_corrects(self, pc: int, what: int) -> None:
        self._do("edit_resident", pc, what)

    @rule(pc=who)
    def another_person_signs_in(self, pc: int) -> None:
        self._do("user", pc)

    @rule(pc=who, what=choice)
    def sync(self, pc: int, what: int) -> None:
        self._do("sync", pc, what)

    @rule(pc=who, what=choice)
    def a_run_begins(self, pc: int, what: int) -> None:
        self._do("start", pc, what)

    @rule(pc=who, fault=st.integers(0, len(FAULTS) - 1))
    def one_request(self, pc: int, fault: int) -> None:
        self._do("step", pc, fault)

    @rule(pc=who)
    def a_request_arrives(self, pc: int) -> None:
        self._do("reach", pc)

    @rule(what=choice)
    def an_old_request_comes_again(self, what: int) -> None:
        self._do("replay", 0, what)

    @rule(what=choice)
    def a_late_request_arrives(self, what: int) -> None:
        self._do("land", 0, what)

    @rule(pc=who, what=st.integers(0, 7))
    def a_clock_jumps(self, pc: int, what: int) -> None:
        self._do("clock", pc, what)

    @rule(what=st.integers(0, 7))
    def the_servers_clock_jumps(self, what: int) -> None:
        self._do("server_clock", 0, what)

    @rule(what=st.integers(0, 6))
    def time_passes(self, what: int) -> None:
        self._do("time", 0, what)

    @rule(pc=who, what=st.integers(0, 9))
    def a_pc_dies(self, pc: int, what: int) -> None:
        self._do("kill", pc, what)

    @rule(what=st.integers(0, 15))
    def the_server_dies(self, what: int) -> None:
        self._do("kill_server", 0, what)

    @rule(pc=who, what=st.integers(0, 40))
    def a_disk_fills_up(self, pc: int, what: int) -> None:
        self._do("disk", pc, what)

    @rule(what=st.integers(0, 20))
    def the_servers_disk_fills_up(self, what: int) -> None:
        self._do("server_disk", 0, what)

    @rule(pc=who)
    def a_backup(self, pc: int) -> None:
        self._do("back_up", pc)

    @rule(pc=who, what=st.integers(0, 3))
    def a_pc_is_restored(self, pc: int, what: int) -> None:
        self._do("restore", pc, what)

    @rule(what=st.integers(0, 3), restore=st.booleans())
    def the_server_is_backed_up_or_restored(self, what: int, restore: bool) -> None:
        self._do("restore_server" if restore else "back_up_server", 0, what)

    @rule(pc=who, back=st.booleans())
    def access_is_withdrawn_or_given_again(self, pc: int, back: bool) -> None:
        self._do("rejoin" if back else "revoke", pc)

    @rule(pc=who)
    def a_stick_is_filled(self, pc: int) -> None:
        self._do("stick_out", pc)

    @rule(what=choice)
    def the_hospital_reads_the_stick(self, what: int) -> None:
        self._do("stick_in", 0, what)

    @rule(pc=who, what=choice)
    def the_stick_comes_back(self, pc: int, what: int) -> None:
        self._do("stick_back", pc, what)

    @rule(pc=who, what=choice)
    def the_stick_is_damaged(self, pc: int, what: int) -> None:
        self._do("damage", pc, what)

    @rule(pc=who, what=choice)
    def the_server_dislikes_a_record(self, pc: int, what: int) -> None:
        self._do("poison", pc, what)

    @rule(pc=who, what=choice)
    def a_person_decides(self, pc: int, what: int) -> None:
        self._do("decide", pc, what)

    def teardown(self) -> None:
        with self._stack:
            if not self._broken:
                settle(self.world)


@pytest.fixture(scope="module")
def county() -> Iterator[County]:
    with scratch() as folder:
        yield build(folder / "county")


@pytest.mark.timeout(600)
def test_every_promise_holds_whatever_happens(county: County) -> None:
    made: dict[str, Any] = {"county": county, "folder": county.folder.parent}
    machine = type("Machine", (CountyMachine,), made)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
