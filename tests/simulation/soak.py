"""``python -m tests.simulation.soak``: thousands of seeds, and one of them again.

Seeds are run in parallel, the ones that are done are kept under ``build/soak`` so that a soak
goes on where it was stopped; ``--again``, or any change of the program, begins anew. Exit code 1
where a seed failed.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tests.simulation.county import build, scratch
from tests.simulation.steps import begun, failure, kind_of, program, shorten

FOLDER = Path("build") / "soak"
_CHUNK = 25


def _prepare() -> None:
    # Cycles are many and short-lived here; looking for them less often saves a tenth.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def run_chunk(first: int, count: int, show: bool = False) -> list[tuple[int, str, str]]:
    """Seeds from ``first`` on, in a county of their own: (seed, kind, text) of each failure."""
    failed = []
    with scratch() as folder:
        start = begun(build(folder / "county"), folder / "begun")
        _prepare()
        for seed in range(first, first + count):
            error = failure(start, folder / f"seed-{seed}", program(seed))
            if error is not None:
                failed.append((seed, kind_of(error), str(error)))
            if show:
                print(seed, error or "fine", flush=True)
    return failed


def _program() -> str:
    """A digest of everything that a run depends on: seeds of another program prove nothing."""
    digest = hashlib.sha256()
    for folder in ("app", "resources", "tests"):
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in (".py", ".json", ".csv"):
                digest.update(path.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _chunks(seeds: int, first: int, done: set[int]) -> Iterator[tuple[int, int]]:
    for start in range(first, first + seeds, _CHUNK):
        if start not in done:
            yield start, min(_CHUNK, first + seeds - start)


def soak(seeds: int, first: int, jobs: int, again: bool) -> int:
    """Run the seeds that are not done yet; how many failed in all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    memory = FOLDER / "done.json"
    state: dict[str, Any] = {"program": _program(), "done": [], "failed": []}
    if memory.exists() and not again:
        known = json.loads(memory.read_text("utf-8"))
        state = known if known.get("program") == state["program"] else state
    done = set(state["done"])
    chunks = list(_chunks(seeds, first, done))
    left = sum(count for _, count in chunks)
    print(f"{seeds} seeds from {first} on, {seeds - left} of them done before; {jobs} at a time")
    began, count_done = time.monotonic(), 0
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(run_chunk, *chunk): chunk for chunk in chunks}
        for number, future in enumerate(as_completed(waiting), 1):
            start, count = waiting[future]
            found = future.result()
            state["done"].append(start)
            state["failed"] += [list(one) for one in found]
            memory.write_text(json.dumps(state), "utf-8")
            for seed, _, text in found:
                print(f"seed {seed} failed: {text}", flush=True)
            count_done += count
            if number % 5 == 0 or count_done == left:
                rate = count_done / (time.monotonic() - began) * 60
                print(
                    f"{count_done}/{left} seeds, {len(state['failed'])} failed, "
                    f"{rate:.0f} a minute",
                    flush=True,
                )
    failed = sorted(seed for seed, _, _ in state["failed"])
    (FOLDER / "failed.txt").write_text("".join(f"{seed}\n" for seed in failed), "utf-8")
    if failed:
        print(f"Failed: {failed}. One of them again, with its steps: make soak SEED={failed[0]}")
    else:
        print("Every seed ran clean.")
    return len(failed)


def once(seed: int) -> int:
    """One seed again; where it fails, the fewest steps that fail in the same way."""
    steps = program(seed)
    with scratch() as folder:
        start = begun(build(folder / "county"), folder / "begun")
        error = failure(start, folder / "seed", steps)
        if error is None:
            print(f"seed {seed} ran clean")
            return 0
        print(f"seed {seed}: {error}")
        best = shorten(start, folder / "seed", steps, kind_of(error), print)
        print(f"\nThe fewest steps ({len(best)}):")
        for step in best:
            print(f"    {step!r},")
        print(f"{failure(start, folder / 'seed', best)}")
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--again", action="store_true", help="forget which seeds are done")
    parser.add_argument("--seed", type=int, help="only this one, with its fewest failing steps")
    options = parser.parse_args()
    if options.seed is not None:
        return once(options.seed)
    return 1 if soak(options.seeds, options.first, options.jobs, options.again) else 0


if __name__ == "__main__":
    sys.exit(main())
