"""Negative controls: a server that breaks one clause fails exactly that clause.

What it says of itself, its writes, its bundles and access; the searches are next door.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.sync.contract import command
from app.sync.contract.clauses import Bench
from tests.server.serving import Client
from tests.sync.contract.breaks import READING, WRITING, ask_with, refuse
from tests.sync.contract.conftest import failed
from tests.sync.contract.spoiler import Asked, Spoil, Spoiler


@pytest.mark.parametrize(("key", "spoil"), WRITING, ids=[key for key, _ in WRITING])
def test_exactly_the_broken_clause_fails(
    key: str, spoil: Spoil, spoiler: Spoiler, bench_at: Callable[[str], Bench]
) -> None:
    spoiler.spoil = spoil

    assert failed(bench_at(spoiler.url), key) == {key}


def test_a_server_that_takes_anybody_fails_the_token(
    spoiler: Spoiler, bench_at: Callable[[str], Bench], north: Client, lead: Client
) -> None:
    good = {f"Bearer {north.token}", f"Bearer {lead.token}"}

    def let_in(asked: Asked) -> Asked:
        if asked.headers.get("authorization") in good:
            return asked
        return asked.but(headers={**asked.headers, "authorization": f"Bearer {north.token}"})

    spoiler.spoil = ask_with(let_in)

    assert failed(bench_at(spoiler.url), "token") == {"token"}


@pytest.mark.parametrize(("key", "method"), [("access-read", "GET"), ("access-write", "PUT")])
def test_a_server_that_does_not_tell_organisations_apart_fails_access(
    key: str,
    method: str,
    spoiler: Spoiler,
    bench_at: Callable[[str], Bench],
    north: Client,
    lead: Client,
) -> None:
    def as_one(asked: Asked) -> Asked:
        if asked.method != method or asked.headers.get("authorization") != f"Bearer {lead.token}":
            return asked
        return asked.but(headers={**asked.headers, "authorization": f"Bearer {north.token}"})

    spoiler.spoil = ask_with(as_one)

    assert failed(bench_at(spoiler.url), key) == {key}


def test_a_server_that_shares_nothing_fails_the_receiver(
    spoiler: Spoiler, bench_at: Callable[[str], Bench], lead: Client
) -> None:
    spoiler.spoil = refuse(
        404,
        lambda asked: (
            asked.headers.get("authorization") == f"Bearer {lead.token}"
            and "/Patient/" in asked.path
        ),
    )

    assert failed(bench_at(spoiler.url), "access-shared") == {"access-shared"}


def test_a_server_that_shares_by_who_wrote_the_reference_alone_fails_the_answers(
    spoiler: Spoiler, bench_at: Callable[[str], Bench], north: Client
) -> None:
    spoiler.spoil = refuse(
        404,
        lambda asked: (
            asked.method == "GET"
            and asked.headers.get("authorization") == f"Bearer {north.token}"
            and "/DocumentReference/" in asked.path
        ),
    )

    assert failed(bench_at(spoiler.url), "access-answers") == {"access-answers"}


def test_every_clause_but_the_encryption_has_a_negative_control() -> None:
    with_control = {key for key, _ in (*WRITING, *READING)}
    with_control |= {"token", "access-read", "access-write", "access-shared", "access-answers"}
    with_control |= {"encryption"}
    assert {clause.key for clause in command.CLAUSES} == with_control
