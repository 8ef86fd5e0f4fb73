"""A township and its lead hospital, each with its own store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.models.actor import Actor
from app.models.store import Store
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID


@dataclass(frozen=True)
class House:
    """One organisation's store and person."""

    store: Store
    actor: Actor


@pytest.fixture
def township(make_store: Callable[..., tuple[Store, Actor]]) -> House:
    return House(*make_store(TOWNSHIP_ID))


@pytest.fixture
def lead(make_store: Callable[..., tuple[Store, Actor]]) -> House:
    return House(*make_store(LEAD_ID))


@pytest.fixture
def care_home(make_store: Callable[..., tuple[Store, Actor]]) -> House:
    return House(*make_store(CARE_HOME_ID))
