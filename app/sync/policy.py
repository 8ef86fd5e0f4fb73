"""How long to wait, and how much to send at once.

Both learn from the link alone. The PC's clock is not asked: waits are counted in seconds of
a monotonic clock, and the chance that spreads many PCs over time is given from outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

MOST_ENTRIES = 50
MOST_BYTES = 64 * 1024
MOST_PAGE = 200
#: What a link that has shown its speed may be asked for at once.
_LARGEST_PAGE = 500
_LEAST_PAGE = 10
_LEAST_PORTION = 100
#: Until the link is known: what crosses even a slow one in two seconds.
_FIRST_BYTES = 16 * 1024
_STRETCH_SECONDS = 0.25
#: Bytes a second from which harder packing gains nothing.
_FAST = 100_000.0


@dataclass(slots=True)
class Policy:
    """Waits between tries, in seconds.

    ``poll`` is the rest between two looks for news while all is well. After a failure the
    wait doubles from ``first`` up to ``longest``; half of it is chance, so that a county's
    PCs do not all come back in the same second. A cut after something has crossed is no failure
    of that kind: on a line that lives some seconds, waiting would be most of the time.
    """

    random: Random = field(default_factory=Random)
    poll: float = 30.0
    first: float = 2.0
    longest: float = 300.0
    refused: float = 900.0

    def rest(self) -> float:
        """The wait after a try that went well."""
        return self.poll * self.random.uniform(0.8, 1.2)

    def after_failure(self, failures: int, retry_after: float | None = None) -> float:
        """The wait after the ``failures``-th failure in a row (1 for the first)."""
        step = min(self.longest, self.first * 2.0 ** min(max(failures - 1, 0), 30))
        wait = step * self.random.uniform(0.5, 1.0)
        # What the server asked for is the least; a little chance on top keeps PCs apart.
        return wait if retry_after is None else retry_after + wait * 0.25

    def after_cut(self) -> float:
        """The wait after a cut on a line that brought something over before it."""
        return self.random.uniform(0.1, 0.4)

    def after_refusal(self) -> float:
        """The wait while the server does not let this PC in: a person has to act."""
        return self.refused * self.random.uniform(0.8, 1.2)


@dataclass(slots=True)
class Pace:
    """The size of the next bundle, in seconds of this link.

    A bundle that cannot cross between two cuts would begin for ever, so a cut halves the
    next one; each that crosses lets it grow again. ``seconds`` is how long one bundle may
    take; ``rate`` is bytes a second as last seen, both ways and the server's work included.
    """

    seconds: float = 4.0
    entries: int = MOST_ENTRIES
    rate: float | None = None
    entry_bytes: float = 300.0

    def room(self) -> int:
        """How many entries the next bundle may hold (1 to 50)."""
        allowed = self.entries
        if self.rate is not None:
            allowed = min(allowed, int(self.bytes_allowed() / self.entry_bytes))
        return max(1, min(allowed, MOST_ENTRIES))

    def bytes_allowed(self) -> int:
        """How many bytes (gzipped) the next bundle may hold, at most 64 KB."""
        if self.rate is None:
            return _FIRST_BYTES
        return max(1, min(MOST_BYTES, int(self.rate * self.seconds)))

    def at_once(self, size: int) -> int:
        """How many bundles of ``size`` bytes may be on the way at once (1 or 2).

        A second one fills the time in which the first waits for its answer, as long as both
        together stay within ``seconds``.
        """
        allowed = _FIRST_BYTES if self.rate is None else self.rate * self.seconds
        return 2 if 2 * size <= allowed else 1

    def level(self) -> int:
        """How hard to pack: where bytes cost more time than packing them, as hard as it goes."""
        return 9 if self.rate is None or self.rate < _FAST else 6

    def stretch(self) -> int:
        """How many bundles are marked together as sent (1 to 8): about a quarter of a second's.

        A transaction for each would cost a fast link more than the sending.
        """
        if self.rate is None or self.entries < MOST_ENTRIES:
            return 1
        each = max(self.room() * self.entry_bytes, 1.0)
        return max(1, min(8, int(self.rate * _STRETCH_SECONDS / each)))

    def crossed(self, entries: int, size: int, seconds: float) -> None:
        """A bundle of ``entries`` and ``size`` bytes was answered after ``seconds``."""
        if entries > 0:
            self.entry_bytes += 0.3 * (size / entries - self.entry_bytes)
        if size >= 500:
            rate = size / max(seconds, 0.001)
            self.rate = rate if self.rate is None else self.rate + 0.3 * (rate - self.rate)
        if self.entries < MOST_ENTRIES:
            self.entries = min(MOST_ENTRIES, self.entries + max(1, self.entries // 4))

    def cut(self, entries: int) -> None:
        """A bundle of ``entries`` was lost on the way."""
        self.entries = max(1, min(self.entries, entries) // 2)


@dataclass(slots=True)
class Reach:
    """How many records a page of news may hold, in seconds of this link.

    A page that cannot cross between two cuts would begin for ever: a cut halves the next one.
    """

    seconds: float = 4.0
    most: int = MOST_PAGE

    def page(self) -> int:
        """Records on the next page (10 to 500; 200 until the link has shown its speed)."""
        return self.most

    def share(self, lists: int) -> int:
        """Records on each first page where so many lists are read for the first time at once."""
        return max(_LEAST_PAGE, min(self.most, MOST_PAGE) // max(lists, 1))

    def crossed(self, records: int, seconds: float) -> None:
        """A page of so many records came after ``seconds``."""
        if records == 0:
            return
        fits = int(records * self.seconds / max(seconds, 0.001))
        self.most = max(_LEAST_PAGE, min(_LARGEST_PAGE, fits, 2 * self.most))

    def cut(self) -> None:
        """A page was lost on the way."""
        self.most = max(_LEAST_PAGE, self.most // 2)


@dataclass(slots=True)
class Portion:
    """How many rows that were fetched one transaction writes.

    A save at the screen waits for one transaction at most: ``seconds`` is what it may take.
    """

    seconds: float = 0.05
    rows: int = 200
    most: int = 500

    def took(self, rows: int, seconds: float) -> None:
        """A transaction of so many rows took so long."""
        if seconds > self.seconds:
            self.rows = max(_LEAST_PORTION, self.rows // 2)
        elif rows >= self.rows and seconds < self.seconds / 3:
            self.rows = min(self.most, self.rows * 2)
