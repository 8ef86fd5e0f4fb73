"""One part of the guide's pictures taken alone: a fresh county, its pages, the chosen ones kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.demo.county import LEAD, ROOT, TOWNSHIP, County, command, organisation_id


def take_alone(
    part: str, pages: Callable[[County, Path], None], chosen: Iterable[str], residents: int = 60
) -> int:
    """Seed a township with so many residents and a lead hospital, let ``pages`` walk through them,
    and put the ``chosen`` pictures into the guide. Exit code 0."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QImage

    from tools.pictures import save_small

    folder = ROOT / "build" / f"screenshots-{part}"
    shutil.rmtree(folder, ignore_errors=True)
    county = County(folder / "county")
    county.folder.mkdir(parents=True)
    for place, name, count in ((county.township, TOWNSHIP, residents), (county.lead, LEAD, 0)):
        here = ("--data", str(place), "--organisation", organisation_id(name))
        command("seed", *here, "--residents", str(count), "--seed", "1")
    pages(county, folder)
    for name in chosen:
        picture = ROOT / "docs" / "guide" / "pictures" / f"{name}.png"
        size = save_small(QImage(str(folder / f"{name}.png")), picture)
        print(f"{picture.name} {size / 1000:.0f} kB")
    return 0
