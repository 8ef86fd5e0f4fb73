"""Saving a check-in: with its queue row, encrypted and synced to disk; and by the use-case."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from app.care.accounts import sign_in
from app.care.check_in import save_check_in
from app.care.check_in_rules import CheckInInput
from app.care.rehab_rules import Vitals
from app.care.sample.county import SampleRequest, make_sample_store
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.rehab import CheckIn, RehabPlan
from app.models.store import Store
from bench.figures import Figure, milliseconds, pair

PASSWORD = "bench-password"


def _floor(folder: Path) -> list[float]:
    """A raw sqlite3 row and a queue row in one durable transaction, not encrypted."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE check_in (id TEXT PRIMARY KEY, body TEXT)")
    connection.execute("CREATE TABLE queue (seq INTEGER PRIMARY KEY, id TEXT)")
    body = "x" * 600

    def save(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO check_in VALUES (?, ?)", (f"id-{number}", body))
        connection.execute("INSERT INTO queue (id) VALUES (?)", (f"id-{number}",))
        connection.execute("COMMIT")

    taken = milliseconds(save, 1000)
    connection.close()
    return taken


def run(folder: Path) -> list[Figure]:
    make_sample_store(folder / "store", SampleRequest(residents=300), PASSWORD)
    signed_in = sign_in(folder / "store", "nurse", PASSWORD)
    store, actor = signed_in.store, signed_in.actor
    with store.read() as session:
        plans = [(plan.id, plan.resident_id) for plan in session.query(RehabPlan).limit(20)]

    def row(number: int) -> None:
        plan_id, resident_id = plans[number % len(plans)]
        with store.write(actor) as session:
            session.add(
                CheckIn(
                    plan_id=plan_id, resident_id=resident_id, started_at=store.clock.now(),
                    pre_sbp=132, pre_dbp=78, pre_heart_rate=74, pre_pain=0, screen="pass",
                    completion="complete", borg=12, post_sbp=138, post_dbp=80,
                    post_heart_rate=86, post_pain=1, performer_id=actor.staff_id,
                    performer_name=actor.name,
                )
            )  # fmt: skip

    floor = _floor(folder)
    figures = pair(
        "save a check-in with queue and audit rows, encrypted, FULL",
        milliseconds(row, 1000), floor, "≤ 1 ms", "≤ 3 ms",
    )  # fmt: skip
    figures += pair(
        "save a check-in through the whole use-case",
        milliseconds(_use_case(store, actor, plans), 300), floor, "≤ 3 ms", "≤ 8 ms",
    )  # fmt: skip
    store.close()
    return figures


def _use_case(store: Store, actor: Actor, plans: list[tuple[str, str]]) -> Callable[[int], object]:
    now = store.clock.now()

    def save(number: int) -> None:
        plan_id, resident_id = plans[number % len(plans)]
        save_check_in(
            store,
            actor,
            CheckInInput(
                id=new_id(),
                resident_id=resident_id,
                plan_id=plan_id,
                started_at=now - timedelta(minutes=40),
                ended_at=now - timedelta(minutes=5),
                pre=Vitals(sbp=132, dbp=78, heart_rate=74, pain=0, spo2=97, glucose=6.4),
                post=Vitals(sbp=138, dbp=80, heart_rate=86, pain=1, spo2=97),
                ate_within_2h=True,
                borg=12,
                completion="complete",
            ),
        )

    return save
