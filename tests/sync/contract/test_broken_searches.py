"""Negative controls: a server whose searches or records break one clause fails exactly that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.sync.contract.clauses import Bench
from tests.sync.contract.breaks import READING
from tests.sync.contract.conftest import failed
from tests.sync.contract.spoiler import Spoil, Spoiler


@pytest.mark.parametrize(("key", "spoil"), READING, ids=[key for key, _ in READING])
def test_exactly_the_broken_clause_fails(
    key: str, spoil: Spoil, spoiler: Spoiler, bench_at: Callable[[str], Bench]
) -> None:
    spoiler.spoil = spoil

    assert failed(bench_at(spoiler.url), key) == {key}
