"""The migrations make exactly the tables that the models describe."""

from __future__ import annotations

import re

from sqlalchemy import Connection, create_engine, text
from sqlcipher3 import dbapi2

from app.models.migrations.revisions import HEAD, REVISIONS
from app.models.migrations.run import script_directory, upgrade
from app.models.schema import Base


def _shape(connection: Connection) -> dict[str, object]:
    """Every table and index as SQLite keeps it; the order of columns and constraints is free."""
    found: dict[str, object] = {}
    for name, sql in connection.execute(text("SELECT name, sql FROM sqlite_master")):
        if sql is None or name.startswith(("alembic_", "sqlite_")):
            continue
        flat = re.sub(r"\s+", " ", sql.replace('"', ""))
        head, _, rest = flat.partition("(")
        inside, _, tail = rest.rpartition(")")
        found[name] = (head.strip(), sorted(p.strip() for p in inside.split(", ")), tail.strip())
    return found


def test_an_upgraded_store_has_the_shape_of_the_models() -> None:
    # The driver that opens stores: its SQLite is newer than Python's own may be.
    migrated, described = (create_engine("sqlite://", module=dbapi2) for _ in range(2))
    with migrated.begin() as ours, described.begin() as theirs:
        upgrade(ours)
        Base.metadata.create_all(theirs)
        assert _shape(ours) == _shape(theirs)
    migrated.dispose()
    described.dispose()


def test_the_list_of_revisions_is_the_scripts() -> None:
    scripts = script_directory()
    assert scripts.get_heads() == [HEAD]
    assert [s.revision for s in reversed(list(scripts.walk_revisions()))] == list(REVISIONS)
