"""The USB stick: files that leave a PC, are taken in at the hospital, and come back as replies.

Files may come twice, late, in the wrong order, to the wrong PC, cut short or changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import StoreFault, TownshipCareError
from app.server import courier as hospital_courier
from app.sync import courier
from tests.simulation.clinic import Pc
from tests.simulation.hospital import Hospital

_MOST_FILES = 6


@dataclass
class Stick:
    """What lies on the stick. ``refused`` counts what either end would not take, by its reason."""

    folder: Path
    files: list[Path] = field(default_factory=list)
    replies: list[Path] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    made: int = 0

    def _path(self, name: str) -> Path:
        self.folder.mkdir(exist_ok=True)
        self.made += 1
        return self.folder / f"{self.made:03d}-{name}.courier"

    def export(self, pc: Pc) -> None:
        """A PC writes what waits."""
        path = self._path(pc.name)
        if self._try(lambda: courier.export_file(pc.store, pc.actor, path)) and path.exists():
            self.files = [*self.files, path][-_MOST_FILES:]

    def take_in(self, hospital: Hospital, which: int) -> bool:
        """The hospital takes a file in and writes the reply; whether it did."""
        if not self.files:
            return False
        source = self.files[which % len(self.files)]
        reply = self._path("reply")

        def work() -> None:
            taken = hospital_courier.take_in(hospital.database, source)
            hospital_courier.write_reply(hospital.database, taken, reply)

        done = self._try(work)
        if done:
            self.replies = [*self.replies, reply][-_MOST_FILES:]
        return done

    def bring_back(self, pc: Pc, which: int) -> bool:
        """A PC reads a reply, whosever it is; whether it took it."""
        if not self.replies:
            return False
        path = self.replies[which % len(self.replies)]
        return self._try(lambda: courier.import_file(pc.store, pc.actor, path))

    def damaged(self, which: int) -> bool:
        """Put a damaged copy of a file or reply on the stick; False where there is none."""
        lists = [files for files in (self.files, self.replies) if files]
        if not lists:
            return False
        files = lists[which % len(lists)]
        copy = self._path("damaged")
        shutil.copyfile(files[-1], copy)
        content = copy.read_bytes()
        place = len(content) * (1 + which % 7) // 8
        if which % 2:
            content = content[:place]
        else:
            other = b"A" if content[place : place + 1] != b"A" else b"B"
            content = content[:place] + other + content[place + 1 :]
        copy.write_bytes(content)
        files.append(copy)
        return True

    def _try(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except courier.CourierRefused as refusal:
            self.refused[refusal.why] = self.refused.get(refusal.why, 0) + 1
            return False
        except (StoreFault, TownshipCareError):
            return False
        return True
