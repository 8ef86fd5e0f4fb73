"""Runs the Alembic migrations on an open connection, inside its transaction."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def script_directory() -> ScriptDirectory:
    """The scripts ``versions/NNNN_*.py`` beside this file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def upgrade(connection: Connection, target: str = "head") -> None:
    """Bring the store to ``target``; all of it or nothing, as the caller's transaction ends."""
    scripts = script_directory()

    def steps(revision: object, _context: object) -> object:
        return scripts._upgrade_revs(target, revision)  # type: ignore[arg-type]

    context = MigrationContext.configure(
        connection, opts={"fn": steps, "transactional_ddl": False, "render_as_batch": True}
    )
    with Operations.context(context):
        context.run_migrations()
