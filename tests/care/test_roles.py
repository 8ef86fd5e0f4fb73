"""Every role that a use-case or a page asks for is one that an account can have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import app
from app.care import residents
from app.care.follow_up import record_follow_up
from app.errors import NotAllowed
from app.models import codes
from app.models.actor import Actor
from app.models.store import Store
from tests.care.follow_up_samples import a_visit, managed_resident

ROOT = Path(app.__file__).parent
# Names of parts of a payment, not of people.
_OTHER = frozenset({"insurance", "personal"})


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _asked_for() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            texts: list[str] = []
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name)
                and target.id.endswith(("ROLES", "READERS", "VIEWERS", "_EDITORS"))
                for target in node.targets
            ):
                texts = [] if isinstance(node.value, ast.Dict) else list(_texts(node.value))
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("has_role", "may")
            ):
                texts = [text for argument in node.args for text in _texts(argument)]
            for text in texts:
                found.setdefault(text, set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_every_role_is_in_the_list_of_roles() -> None:
    asked = _asked_for()
    assert len(asked) > 8
    unknown = {
        role: places for role, places in asked.items() if not codes.is_known("staff_role", role)
    }
    assert {role: places for role, places in unknown.items() if role not in _OTHER} == {}


@pytest.mark.parametrize(("role", "may"), [("public_health", True), ("viewer", False)])
def test_public_health_workers_record_follow_ups_and_keep_records(
    store: Store, actor: Actor, role: str, may: bool
) -> None:
    resident = managed_resident(store, actor, "hypertension")
    person = replace(actor, roles=frozenset({role}))
    if may:
        record_follow_up(store, person, a_visit(resident))
        residents.require_editor(person)
        return
    with pytest.raises(NotAllowed):
        record_follow_up(store, person, a_visit(resident))
    with pytest.raises(NotAllowed):
        residents.require_editor(person)
