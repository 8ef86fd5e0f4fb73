"""``python -m tools.windows``: everything; with a word, one step of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from tools.windows.places import Failed, say


def _system() -> None:
    from tools.windows import system

    system.prepare()


def _freeze() -> None:
    from tools.windows import freezing, interpreter

    interpreter.prepare()
    freezing.freeze()


def _pack() -> None:
    from tools.windows import next_version, packing

    packing.pack()
    packing.pack(next_version.FROZEN, next_version.number(), quick=True)


def _trial() -> None:
    from tools.windows import trial

    trial.run()


_STEPS: dict[str, tuple[Callable[[], None], ...]] = {
    "system": (_system,),
    "freeze": (_system, _freeze),
    "installer": (_system, _pack),
    "trial": (_system, _trial),
    "all": (_system, _freeze, _pack, _trial),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.windows", description=__doc__)
    parser.add_argument("step", nargs="?", choices=tuple(_STEPS), default="all")
    options = parser.parse_args(arguments)
    try:
        for step in _STEPS[options.step]:
            step()
    except Failed as failure:
        say(f"FAILED: {failure}")
        return 1
    say("PASSED")
    return 0


if __name__ == "__main__":
    sys.exit(main())
