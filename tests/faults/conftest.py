"""The fault tests use the same server, proxy and clinics as the courier's own tests."""

from __future__ import annotations

from tests.sync.conftest import make_clinic, proxy, server, township

__all__ = ["make_clinic", "proxy", "server", "township"]
