"""The fault tests use the same server, proxy and clinics as the courier's own tests."""

from __future__ import annotations

from tests.sync.conftest import make_clinic, proxy, server, township
from tests.sync.courier.conftest import hospital, make_pc

__all__ = ["hospital", "make_clinic", "make_pc", "proxy", "server", "township"]
