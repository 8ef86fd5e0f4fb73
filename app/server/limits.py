"""How often somebody may ask: a bucket for each device, and one for each unknown address.

A device that syncs is far below its limit; the limit stops a program gone wild before it
takes the server from the others. Attempts to enrol or sign in have a small bucket for each
address; what succeeds is given back, so that any number of PCs behind one address may sign
in, and only failures are counted.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.i18n import N_
from app.server.outcome import Refusal

_MOST_BUCKETS = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second in the long run, and how many may come at once."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server.

    ``device``: requests of one enrolled device. ``stranger``: failed attempts to enrol or sign
    in, by address. ``visitor``: looks at what anybody may see (metadata, readiness), by address.
    """

    device: Rate = Rate(200, 6000)
    stranger: Rate = Rate(1, 120)
    visitor: Rate = Rate(20, 400)


class Limiter:
    """Buckets by key. Times are of a monotonic clock, so a wrong wall clock limits nobody."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> None:
        """Count one request; Refusal 429 with Retry-After where the bucket is empty."""
        now = self._monotonic()
        with self._lock:
            left = self._left(key, now)
            if left >= 1:
                self._buckets[key] = (left - 1, now)
                if len(self._buckets) > _MOST_BUCKETS:
                    self._forget_idle(now)
                return
        refusal = Refusal(429, "throttled", N_("Too many requests. Come again later."))
        refusal.headers["Retry-After"] = str(math.ceil((1 - left) / self._rate.per_second))
        raise refusal

    def give_back(self, key: str) -> None:
        """Uncount one request."""
        now = self._monotonic()
        with self._lock:
            self._buckets[key] = (min(self._left(key, now) + 1, self._rate.burst), now)

    def _left(self, key: str, now: float) -> float:
        left, at = self._buckets.get(key, (float(self._rate.burst), now))
        return min(left + (now - at) * self._rate.per_second, float(self._rate.burst))

    def _forget_idle(self, now: float) -> None:
        # A full bucket says nothing; where all are in use, the oldest are let go.
        kept = {k: v for k, v in self._buckets.items() if self._left(k, now) < self._rate.burst}
        if len(kept) > _MOST_BUCKETS // 2:
            newest = sorted(kept, key=lambda key: kept[key][1])[-_MOST_BUCKETS // 2 :]
            kept = {key: kept[key] for key in newest}
        self._buckets = kept


def address_key(host: str | None) -> str:
    """What an address is counted under: one IPv4 address, or the /64 network of an IPv6 one."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return "?"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
