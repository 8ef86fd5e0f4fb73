"""Which states a record was ever in: one digest for each, so that none is read again.

A PUT has to be told apart from a replay of what is held now, and from a late replay of an
earlier state. Comparing contents would parse every earlier version, however large and many,
while all other writers wait. A record that was written once has no row yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, or_, select, text

from app.server import wire
from app.server.engines import listed, one_of
from app.server.tables import history, known_state, resource

#: (key of a record, digest of a state it was in, version of it that had this state last)
Row = tuple[int, str, str]

_ROWS = 200
_KNOWN = select(known_state.c.key, known_state.c.digest, known_state.c.version).where(
    one_of(known_state.c.key, listed("keys", "number")),
    or_(
        one_of(known_state.c.digest, listed("digests")),
        one_of(known_state.c.version, listed("versions")),
    ),
)
# Both systems understand the same words; SQLAlchemy has them for each apart only.
_KEEP = text(
    "INSERT INTO known_state (key, digest, version) VALUES (:key, :digest, :version)"
    " ON CONFLICT (key, digest) DO UPDATE SET version = excluded.version"
)


class Known:
    """What is known of some records' states."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._versions: dict[tuple[int, str], str] = {}
        self._digests: dict[tuple[int, str], str] = {}
        for key, digest, version in rows:
            self._versions[key, digest] = version
            self._digests[key, version] = digest

    def digest(self, key: int, version: str, content: str) -> str:
        """The digest of the version that is held; worked out from its text once at most."""
        found = self._digests.get((key, version))
        if found is None:
            found = self._digests[key, version] = wire.digest(content)
        return found

    def was(self, key: int, digest: str) -> bool:
        """Whether the record was in this state before."""
        return (key, digest) in self._versions


def known(connection: Connection, held: Sequence[tuple[int, str]], digests: Sequence[str]) -> Known:
    """What is known of the records ``held`` (key and version) that come as ``digests``."""
    if not held:
        return Known(())
    keys, versions = zip(*held, strict=True)
    rows = connection.execute(_KNOWN, {"keys": keys, "versions": versions, "digests": digests})
    return Known((row.key, row.digest, row.version) for row in rows)


def keep(connection: Connection, rows: Iterable[Row]) -> None:
    """Note states; a state that comes again is noted under its newest version."""
    values = [{"key": key, "digest": digest, "version": version} for key, digest, version in rows]
    if values:
        connection.execute(_KEEP, values)


def fill(connection: Connection) -> None:
    """Note the states of all records that a program without this table wrote more than once."""
    earlier = select(history.c.key, history.c.version, history.c.content)
    # What is held now comes last: a state that came back is known under its newest version.
    newest = select(resource.c.key, resource.c.version, resource.c.content).where(
        select(history.c.key).where(history.c.key == resource.c.key).exists()
    )
    for statement in (earlier, newest):
        found = connection.execute(statement, execution_options={"yield_per": _ROWS})
        for part in found.partitions():
            # A file written before versions had a generation holds plain numbers.
            keep(
                connection,
                [(key, wire.digest(content), str(version)) for key, version, content in part],
            )
