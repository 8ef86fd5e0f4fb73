"""A next version of the program, with a migration of the store: what the trial upgrades to.

The sources as they are, with a higher version number and one more revision of the store: a table
that nobody uses. It is made for the trial only and never leaves the build folder.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from app import __version__
from app.models.migrations.revisions import HEAD
from tools.windows.places import ROOT, WORK

SOURCE = WORK / "next" / "source"
FROZEN = WORK / "next" / "dist" / "TownshipCare"
#: The table that the migration makes.
TABLE = "made_by_the_next_version"
_MIGRATIONS = Path("app") / "models" / "migrations"


def number() -> str:
    """The version after this one."""
    major, minor, _ = __version__.split(".")
    return f"{major}.{int(minor) + 1}.0"


def revision() -> str:
    """The revision of the store after the present one."""
    return f"{int(HEAD) + 1:04d}"


def make_source(target: Path = SOURCE) -> None:
    """Write the sources of the next version."""
    shutil.rmtree(target, ignore_errors=True)
    for name in ("app", "resources"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "build.spec", target)
    _replace(
        target / "app" / "__init__.py",
        f'__version__ = "{__version__}"',
        f'__version__ = "{number()}"',
    )
    revisions = target / _MIGRATIONS / "revisions.py"
    _replace(revisions, f'"{HEAD}")', f'"{HEAD}", "{revision()}")')
    script = target / _MIGRATIONS / "versions" / f"{revision()}_next_version.py"
    script.write_text(
        f'''"""A table that shows that this migration ran."""

import sqlalchemy as sa
from alembic import op

revision = "{revision()}"
down_revision = "{HEAD}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("{TABLE}", sa.Column("id", sa.String(36), primary_key=True))
''',
        encoding="utf-8",
    )


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    changed, times = re.subn(re.escape(old), new, text)
    if times != 1:
        raise ValueError(f"{old} stands {times} times in {file.name}")
    file.write_text(changed, encoding="utf-8")
