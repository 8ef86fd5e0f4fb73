"""Courier files on their way in, part by part, as they came: encrypted, and each PC has one."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.i18n import N_
from app.server.outcome import Refusal

_MOST_FILE = 512 * 1024 * 1024
_MOST_OPEN = 8
#: Seconds without a part after which a file counts as given up.
_IDLE = 1800.0


class Uploads:
    """The files that are coming in. ``upload`` is the sender's name for one, the same again
    when it goes on after a break. ``ticking`` gives seconds that never step back.

    Safe to use from several threads.
    """

    def __init__(self, ticking: Callable[[], float] = time.monotonic) -> None:
        self._ticking = ticking
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._touched: dict[str, float] = {}
        self._busy: set[str] = set()

    def received(self, device: str, upload: str) -> int:
        """How many bytes of a file are here; 0 for one that is not known."""
        with self._lock:
            name = _name(device, upload)
            if name not in self._touched:
                return 0
            self._touched[name] = self._ticking()
            return self._size(name)

    def add(self, device: str, upload: str, offset: int, body: bytes) -> int:
        """Put a part behind what is here and give the size; what came before is passed over.

        Refuses a part that leaves a gap (409), a file that is too large (413), and a file
        more than the server holds at once (503).
        """
        with self._lock:
            name = _name(device, upload)
            self._make_room(device, name)
            known = self._size(name) if name in self._touched else 0
            if offset > known:
                raise Refusal(409, "conflict", N_("The part does not follow what came before."))
            if offset + len(body) > _MOST_FILE:
                raise Refusal(
                    413, "too-long", N_("The courier file is too large to be handed in here.")
                )
            self._touched[name] = self._ticking()
            if name not in self._busy:
                with self._path(name).open("ab") as file:
                    file.write(body[known - offset :])
            return max(known, offset + len(body))

    @contextmanager
    def taking(self, device: str, upload: str) -> Iterator[Path]:
        """The file, which nobody changes or removes meanwhile. It stays afterwards.

        Refuses where it is being taken in already (503), or is no longer here (409).
        """
        with self._lock:
            name = _name(device, upload)
            if name in self._busy:
                raise _later(N_("The courier file is being taken in."))
            if name not in self._touched:
                raise Refusal(409, "conflict", N_("The part does not follow what came before."))
            self._busy.add(name)
        try:
            yield self._path(name)
        finally:
            with self._lock:
                self._busy.discard(name)
                self._touched[name] = self._ticking()

    def drop(self, device: str, upload: str) -> None:
        """Forget a file."""
        with self._lock:
            self._remove(_name(device, upload))

    def close(self) -> None:
        """Remove what was not taken in."""
        if self._folder is not None:
            self._folder.cleanup()

    def _make_room(self, device: str, name: str) -> None:
        now = self._ticking()
        for other, touched in list(self._touched.items()):
            if other == name or other in self._busy:
                continue
            # One file at a time for each PC; a broken one makes room for the next.
            if other.startswith(f"{device}-") or now - touched > _IDLE:
                self._remove(other)
        if name not in self._touched and len(self._touched) >= _MOST_OPEN:
            raise _later(N_("Too many courier files at once."))

    def _remove(self, name: str) -> None:
        if self._touched.pop(name, None) is not None:
            self._path(name).unlink(missing_ok=True)

    def _size(self, name: str) -> int:
        path = self._path(name)
        return path.stat().st_size if path.exists() else 0

    def _path(self, name: str) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="township-courier-")
        return Path(self._folder.name) / name


def _name(device: str, upload: str) -> str:
    return f"{device}-{upload}"


def _later(diagnostics: str) -> Refusal:
    refusal = Refusal(503, "transient", diagnostics)
    refusal.headers["Retry-After"] = "30"
    return refusal
