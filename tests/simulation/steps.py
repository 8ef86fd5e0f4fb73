"""Lists of steps drawn from a seed, run, and shortened to what still fails."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.simulation.county import County, leave_alone
from tests.simulation.quiet import settle
from tests.simulation.world import World, begin

Step = tuple[str, int, int]

#: How often each kind of step comes up.
WEIGHTS: Mapping[str, float] = {
    "register": 4,
    "edit_resident": 9,
    "plan": 3,
    "edit_plan": 4,
    "pause": 0.5,
    "check_in": 5,
    "void_check_in": 1.5,
    "follow_up": 3,
    "correct_follow_up": 1,
    "refer": 4,
    "move": 7,
    "answer": 3,
    "refer_down": 2,
    "receive": 3,
    "reply": 3,
    "amend": 2,
    "stay": 3,
    "visit": 1.5,
    "consult": 1.5,
    "user": 1,
    "sync": 10,
    "start": 5,
    "step": 14,
    "reach": 3,
    "twice": 1,
    "replay": 1,
    "land": 1.5,
    "clock": 2,
    "server_clock": 1,
    "time": 3,
    "kill": 3,
    "kill_server": 2,
    "disk": 1,
    "server_disk": 0.7,
    "back_up": 1,
    "restore": 0.7,
    "back_up_server": 0.6,
    "restore_server": 0.4,
    "revoke": 0.3,
    "rejoin": 0.7,
    "poison": 0.5,
    "decide": 2,
    "stick_out": 2,
    "stick_in": 2,
    "stick_back": 2,
    "damage": 0.5,
}
#: The kinds of trouble of which a seed leaves out some: rare ones meet more often that way.
_TROUBLES = tuple(name for name in WEIGHTS if name in {
    "step", "reach", "replay", "land", "clock", "server_clock", "kill", "kill_server", "disk",
    "stick_out", "server_disk", "restore", "restore_server", "revoke", "poison",
})  # fmt: skip
_WORK = {
    "register": 3.0,
    "edit_resident": 9.0,
    "plan": 2.0,
    "edit_plan": 4.0,
    "check_in": 4.0,
    "void_check_in": 1.5,
    "follow_up": 2.0,
    "correct_follow_up": 1.0,
    "user": 1.0,
    "sync": 10.0,
}
_LINK = {"start": 8.0, "step": 20.0, "reach": 5.0, "twice": 2.0, "replay": 1.0, "land": 2.0}
_LETTERS = {
    "refer": 5.0,
    "refer_down": 3.0,
    "receive": 6.0,
    "move": 14.0,
    "answer": 5.0,
    "reply": 5.0,
    "amend": 4.0,
    "stay": 4.0,
    "visit": 3.0,
    "consult": 1.0,
    "sync": 16.0,
    "edit_resident": 2.0,
}
#: What a seed is about, in turn: everything at once, or one thing often.
PROFILES: tuple[Mapping[str, float] | None, ...] = (
    None,
    {**_WORK, **_LINK},
    {**_LETTERS, **_LINK},
    {**_WORK, "start": 5, "step": 8, "kill": 12, "kill_server": 5, "disk": 4, "server_disk": 3},
    {**_WORK, "start": 3, "step": 5, "back_up": 4, "restore": 3, "time": 2},
    {**_WORK, "refer": 2, "move": 4, "back_up_server": 4, "restore_server": 3, "time": 2},
    {**_WORK, **_LETTERS, "stick_out": 8, "stick_in": 8, "stick_back": 8, "start": 3, "step": 5},
    {**_WORK, **_LINK, "clock": 5, "server_clock": 4, "time": 6},
    {**_WORK, "decide": 6, "poison": 3, "revoke": 1, "rejoin": 2, "start": 3, "step": 4},
    {**_LETTERS, "back_up": 2, "restore": 2, "stick_out": 3, "stick_in": 3, "stick_back": 3},
)
#: So that a run begins with something to lose.
PRELUDE: tuple[Step, ...] = (
    ("register", 0, 0),
    ("plan", 0, 0),
    ("check_in", 0, 0),
    ("refer", 0, 0),
    ("register", 2, 0),
    ("sync", 0, 0),
    ("sync", 3, 0),
    ("sync", 1, 0),
)
LENGTH = 40


def program(
    seed: int, weights: Mapping[str, float] | None = None, length: int = LENGTH, pcs: int = 4
) -> tuple[Step, ...]:
    """The steps of a seed; the same for ever as long as the weights stay.

    Without ``weights`` the seed has its profile; where that is everything, some troubles are
    left out.
    ``pcs``: how many of the PCs take part.
    """
    random = Random(seed)
    chosen = dict(weights or PROFILES[seed % len(PROFILES)] or {})
    if not chosen:
        chosen = {
            name: share
            for name, share in WEIGHTS.items()
            if name not in _TROUBLES or random.random() > 0.4
        }
    names, shares = list(chosen), list(chosen.values())
    drawn = random.choices(names, shares, k=length)
    return PRELUDE + tuple((name, random.randrange(pcs), random.randrange(64)) for name in drawn)


@dataclass(frozen=True)
class Begun:
    """A county where the prelude has happened: seeds go on from here, each on its own copy.

    ``county`` is the one before it, for lists of steps that begin otherwise.
    """

    county: County
    after: County
    known: bytes


def begun(county: County, folder: Path) -> Begun:
    """Play the prelude once; its files stay in ``folder``."""
    with begin(county, folder) as world:
        for step in PRELUDE:
            world.do(*step)
        known = world.known()
    leave_alone(folder)
    return Begun(county, County(folder, county.people), known)


def run(start: County | Begun, folder: Path, steps: Sequence[Step]) -> World:
    """Make the steps, let the county come to rest, check. Raises what breaks."""
    known = None
    if isinstance(start, County):
        county = start
    elif tuple(steps[: len(PRELUDE)]) == PRELUDE:
        county, known, steps = start.after, start.known, steps[len(PRELUDE) :]
    else:
        county = start.county
    try:
        with begin(county, folder) as world:
            if known is not None:
                world.go_on(known)
            for step in steps:
                world.do(*step)
            settle(world)
            return world
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def failure(start: County | Begun, folder: Path, steps: Sequence[Step]) -> BaseException | None:
    """What breaks when the steps are made, or None."""
    try:
        run(start, folder, steps)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 — whatever it is, it is the finding
        return error
    return None


def kind_of(error: BaseException) -> str:
    """Errors of one kind are taken for one finding."""
    return f"{type(error).__name__} {getattr(error, 'promise', '')}".strip()


def shorten(
    start: County | Begun,
    folder: Path,
    steps: Sequence[Step],
    kind: str,
    told: Callable[[str], None] = lambda line: None,
) -> list[Step]:
    """The steps without those that the failure does not need (delta debugging)."""
    best = list(steps)
    size = max(1, len(best) // 2)
    while True:
        place, removed = 0, False
        while place < len(best):
            shorter = best[:place] + best[place + size :]
            error = failure(start, folder, shorter)
            if error is not None and kind_of(error) == kind:
                best, removed = shorter, True
                told(f"{len(best)} steps: {error}")
            else:
                place += size
        if size == 1 and not removed:
            return best
        size = max(1, size // 2)
