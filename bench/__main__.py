"""``make bench``: one table of figures, each beside its floor of the same run.

``python -m bench saving searching`` runs some of them.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
BENCHMARKS = (
    "starting",
    "today",
    "pages",
    "saving",
    "rosters",
    "searching",
    "pushing",
    "pulling",
    "links",
    "courier",
)


def main(names: list[str]) -> int:
    from bench.figures import head

    print(head(), flush=True)
    for name in names or BENCHMARKS:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="township-bench-") as folder:
            for figure in importlib.import_module(f"bench.{name}").run(Path(folder)):
                print(figure.line(), flush=True)
        print(f"  ({name}: {time.perf_counter() - start:.0f} s)", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
