"""A bundle that is ready, one that is on its way, and an errand beside the courier's thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Generic, TypeVar

from app.fhir import bundle
from app.sync.link import Answer
from app.sync.plan import Unit, stands_on_others
from app.sync.queue import Item
from app.sync.transport import Packed, Transport
from app.sync.wire import Parcel


@dataclass(slots=True)
class Ready:
    """A bundle that was prepared: its units, and its text where nothing has to be asked first.

    ``alone``: it must not be on the way together with another one.
    """

    units: list[Unit]
    packed: Packed | None
    parcels: list[Parcel] = field(init=False)
    items: list[Item] = field(init=False)
    entries: int = field(init=False)
    residents: frozenset[str | None] = field(init=False)
    alone: bool = field(init=False)

    def __post_init__(self) -> None:
        self.parcels = [parcel for unit in self.units for parcel in unit]
        self.items = [parcel.item for parcel in self.parcels]
        self.entries = sum(len(parcel.resources) for parcel in self.parcels)
        self.residents = frozenset(item.resident_id for item in self.items)
        self.alone = self.packed is None or any(map(stands_on_others, self.parcels))


class Flight:
    """A bundle on its way over ``transport``, on a thread of its own unless it is ``brief``.

    The thread is a daemon: a link that stalls must not keep the program from ending.
    """

    def __init__(self, ready: Ready, transport: Transport, *, brief: bool) -> None:
        assert ready.packed is not None
        self.ready = ready
        self.brief = brief
        self.seconds = 0.0
        self._packed = ready.packed
        self._transport = transport
        self._outcome: Future[Answer] = Future()
        self._thread: Thread | None = None
        if not brief:
            self._thread = Thread(target=self._send, name="courier-wire", daemon=True)
            self._thread.start()

    @property
    def done(self) -> bool:
        """Whether waiting for the answer takes no time any more."""
        return self._outcome.done()

    @property
    def size(self) -> int:
        return self._packed.size

    def land(self) -> Answer:
        """Wait for the answer; raises what the transport raised."""
        if self._thread is not None:
            self._thread.join()
        elif not self.done:
            self._send()
        return self._outcome.result()

    def _send(self) -> None:
        began = time.monotonic()
        try:
            answer = self._transport.post(self._packed)
        except BaseException as error:  # noqa: BLE001 — raised again in the courier's thread
            self.seconds = time.monotonic() - began
            self._outcome.set_exception(error)
        else:
            self.seconds = time.monotonic() - began
            self._outcome.set_result(answer)


_Found = TypeVar("_Found")


class Errand(Generic[_Found]):
    """A question asked on a thread of its own while the courier does something else."""

    def __init__(self, ask: Callable[[], _Found]) -> None:
        self._ask = ask
        self._outcome: Future[_Found] = Future()
        self._thread = Thread(target=self._run, name="courier-wire", daemon=True)
        self._thread.start()

    def wait(self, meanwhile: Callable[[], None] = lambda: None) -> _Found:
        """The answer, or what the question raised; ``meanwhile`` is called four times a second."""
        try:
            while not self._outcome.done():
                self._thread.join(0.25)
                if not self._outcome.done():
                    meanwhile()
        finally:
            self._thread.join()
        return self._outcome.result()

    def _run(self) -> None:
        try:
            found = self._ask()
        except BaseException as error:  # noqa: BLE001 — raised again in the courier's thread
            self._outcome.set_exception(error)
        else:
            self._outcome.set_result(found)


def may_join(ready: Ready, flights: Iterable[Flight]) -> bool:
    """Whether a bundle may be on the way beside others: no resident's records may overtake."""
    return not any(
        ready.alone or flight.ready.alone or ready.residents & flight.ready.residents
        for flight in flights
    )


def pack(transport: Transport, parcels: Iterable[Parcel]) -> Packed:
    """One transaction of all parcels' resources, each primary with the version it replaces."""
    entries = [
        (resource, parcel.version if number == 0 else None)
        for parcel in parcels
        for number, resource in enumerate(parcel.resources)
    ]
    return transport.pack(bundle.transaction(entries))
