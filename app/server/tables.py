"""Tables of the server's database.

``resource.key`` is the time of the first write in microseconds, which is unique because
times are strictly increasing; it needs no sequence and never changes. ``version`` is
``count-generation`` (``storing.next_version``). ``resource.tags`` are
all tags but the author's, in the form of ``prepare.tags_text``. Every index here is paid for
by every record pushed: a new one needs a search that cannot do without it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

#: Number of this layout, kept in ``state``. It rises with every new table; a database of a lower
#: number gets the tables it lacks at the next start, one of a higher number is left alone.
#: 3 added ``known_state``, which is filled from ``history`` then.
#: Tables are only ever added whole: whatever an older program wrote stays readable.
SCHEMA = 3

metadata = MetaData()

#: One row of facts about this database: schema number.
state = Table(
    "state",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

#: One row: the last time that was given to a write, in microseconds.
clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

resource = Table(
    "resource",
    metadata,
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("type", String(40), nullable=False),
    Column("id", String(64), nullable=False),
    Column("version", String(24), nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("organisation", String(64), nullable=False),
    Column("patient", String(64)),
    Column("owner", String(64)),
    Column("requester", String(64)),
    Column("tags", Text),
    Column("content", Text, nullable=False),
)
Index("resource_id", resource.c.id, resource.c.type, unique=True)
Index("resource_type", resource.c.type, resource.c.updated)
Index("resource_author", resource.c.organisation, resource.c.type, resource.c.updated)
for _column in (resource.c.patient, resource.c.owner, resource.c.requester):
    Index(
        f"resource_{_column.name}",
        _column,
        resource.c.type,
        resource.c.updated,
        sqlite_where=_column.is_not(None),
        postgresql_where=_column.is_not(None),
    )

#: Earlier versions, kept because a medical record is never lost by an edit.
history = Table(
    "history",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("version", String(24), primary_key=True),
    Column("updated", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: Every state that a record was in, once it was written a second time (``states``).
known_state = Table(
    "known_state",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("digest", String(32), primary_key=True),
    Column("version", String(24), nullable=False),
    sqlite_with_rowid=False,
)

identifier = Table(
    "identifier",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("system", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    sqlite_with_rowid=False,
)
Index("identifier_value", identifier.c.value, identifier.c.system)

#: A reference from one record to another, kept for Tasks and for what is shared (``sharing``).
#: ``organisation`` is who wrote it first, for ever; ``present`` says whether the newest
#: version still holds it.
edge = Table(
    "edge",
    metadata,
    Column("source", BigInteger, primary_key=True),
    Column("target_type", String(40), primary_key=True),
    Column("target_id", String(64), primary_key=True),
    Column("organisation", String(64), nullable=False),
    Column("present", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
Index("edge_target", edge.c.target_id, edge.c.target_type)

#: What an organisation may read beyond its own records and the directory (see ``sharing``).
share = Table(
    "share",
    metadata,
    Column("organisation", String(64), primary_key=True),
    Column("key", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
Index("share_key", share.c.key)

#: The newest courier file of each device, by ``line`` (a PC that was restored begins a new
#: one): its number and digest, how far it was taken in, and how the reply goes on.
courier_file = Table(
    "courier_file",
    metadata,
    Column("device", String(36), primary_key=True),
    Column("line", String(36), primary_key=True),
    Column("counter", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("reply", String(36), nullable=False),
    Column("done", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("before", String(64), nullable=False),
    Column("failed", Text, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("differing", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("held_back", Integer, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("finished", BigInteger),
)

#: The reply to it, signed and encrypted to the device: handed out again whenever it is asked for.
courier_chunk = Table(
    "courier_chunk",
    metadata,
    Column("device", String(36), primary_key=True),
    Column("line", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("entry", Text, nullable=False),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("code_digest", String(64), primary_key=True),
    Column("organisation", ForeignKey(organisation.c.id), nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
)

device = Table(
    "device",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("organisation", ForeignKey(organisation.c.id), nullable=False),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("enrolled", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

#: Public keys (JWKS) that a device enrolled with: it signs in with them, and a courier file for
#: it is encrypted to them. A device without a row signs in with the static token of ``device``.
device_key = Table(
    "device_key",
    metadata,
    Column("device", ForeignKey(device.c.id), primary_key=True),
    Column("jwks", Text, nullable=False),
)

#: Short-lived tokens of devices that signed in with their key; SHA-256, never the token.
access_token = Table(
    "access_token",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("device", ForeignKey(device.c.id), nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

#: Sign-in assertions that were used (``jti``), kept until they have expired: once each.
assertion = Table(
    "assertion",
    metadata,
    Column("device", String(36), primary_key=True),
    Column("jti_digest", String(64), primary_key=True),
    Column("expires", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: The server's own private keys (JWK), by use.
server_key = Table(
    "server_key",
    metadata,
    Column("use", String(10), primary_key=True),
    Column("jwk", Text, nullable=False),
)

#: Who did what, and when (``access_log``). ``at`` is microseconds since 1970.
access = Table(
    "access",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("device", String(36)),
    Column("organisation", String(64)),
    Column("action", String(20), nullable=False),
    Column("type", String(200)),
    Column("record", String(64)),
    Column("count", Integer, nullable=False),
    Column("status", Integer, nullable=False),
    Column("times", Integer, nullable=False),
)
