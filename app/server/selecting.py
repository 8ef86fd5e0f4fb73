"""Searches as SQL, built once for each shape and used again with other values.

A *shape* says which conditions a search has and how each is spelt, with the names of its
values but without the values. Every PC asks the same dozen questions all day; building a
statement takes SQLAlchemy ten times as long as the database needs to answer it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.sql import ColumnElement

from app.server.engines import holds, listed, one_of
from app.server.tables import identifier, resource, share

#: A condition: its kind, then whatever tells it from others of its kind.
Shape = tuple[Any, ...]

#: The condition that organisation ``reader`` may read a row of ``resource`` outside of the
#: directory.
VISIBLE = or_(
    resource.c.organisation == bindparam("reader"),
    exists().where(share.c.organisation == bindparam("reader"), share.c.key == resource.c.key),
)


#: Longer ones are asked once; keeping thousands of them would be a way to fill the memory.
_KEPT_LENGTH = 32


def counted(shapes: tuple[Shape, ...], narrow: bool, in_directory: bool) -> Select[Any]:
    """How many rows of type ``of_type`` meet the conditions and may be seen by ``reader``."""
    make = _counted if _length(shapes) <= _KEPT_LENGTH else _counted.__wrapped__
    return make(shapes, narrow, in_directory)


def page(
    shapes: tuple[Shape, ...],
    narrow: bool,
    in_directory: bool,
    versions_only: bool,
    descending: bool,
) -> Select[Any]:
    """The first ``at_most`` of these rows in the order of their time: id, version, time, and
    the content or, for versions alone, the organisation."""
    make = _page if _length(shapes) <= _KEPT_LENGTH else _page.__wrapped__
    return make(shapes, narrow, in_directory, versions_only, descending)


def _length(shapes: tuple[Shape, ...]) -> int:
    return sum(map(len, shapes))


@lru_cache(maxsize=256)
def _counted(shapes: tuple[Shape, ...], narrow: bool, in_directory: bool) -> Select[Any]:
    return _within(select(func.count()).select_from(resource), shapes, narrow, in_directory)


@lru_cache(maxsize=256)
def _page(
    shapes: tuple[Shape, ...],
    narrow: bool,
    in_directory: bool,
    versions_only: bool,
    descending: bool,
) -> Select[Any]:
    what = resource.c.organisation if versions_only else resource.c.content
    statement: Select[Any] = select(resource.c.id, resource.c.version, resource.c.updated, what)
    order: ColumnElement[Any] = resource.c.updated + 0 if narrow else resource.c.updated
    statement = statement.order_by(order.desc() if descending else order)
    return _within(statement, shapes, narrow, in_directory).limit(bindparam("at_most"))


def _within(
    statement: Select[Any], shapes: tuple[Shape, ...], narrow: bool, in_directory: bool
) -> Select[Any]:
    # ``+ 0`` above and the empty text here hide these columns from the planner, which would
    # otherwise walk a whole type in its order to find the few rows that were named.
    type_: ColumnElement[Any] = resource.c.type.concat("") if narrow else resource.c.type
    statement = statement.where(type_ == bindparam("of_type"), *map(_condition, shapes))
    return statement if in_directory else statement.where(VISIBLE)


def _condition(shape: Shape) -> ColumnElement[bool]:
    kind, *rest = shape
    return _KINDS[kind](*rest)


def since(name: str) -> ColumnElement[bool]:
    """That a row of ``resource`` was written at or after the time ``name``."""
    return resource.c.updated >= bindparam(name)


def _before(name: str) -> ColumnElement[bool]:
    return resource.c.updated < bindparam(name)


def _after(name: str) -> ColumnElement[bool]:
    return resource.c.updated > bindparam(name)


def _equal(column: str, name: str) -> ColumnElement[bool]:
    # Written as equality where it is one: an index in the order of the page then serves it.
    return resource.c[column] == bindparam(name)


def _in(column: str, name: str) -> ColumnElement[bool]:
    return one_of(resource.c[column], listed(name))


def _tagged(*ways: tuple[str, str]) -> ColumnElement[bool]:
    """One of several tags: an author (``author``, name) or another one (``other``, name)."""
    return or_(
        *(
            resource.c.organisation == bindparam(name)
            if way == "author"
            else holds(resource.c.tags, bindparam(name))
            for way, name in ways
        )
    )


def _identified(*ways: tuple[str | None, str | None]) -> ColumnElement[bool]:
    """One of several identifiers, each by the names of its system and its value."""
    return or_(
        *(
            resource.c.key.in_(
                select(identifier.c.key).where(
                    and_(
                        *([] if system is None else [identifier.c.system == bindparam(system)]),
                        *([] if value is None else [identifier.c.value == bindparam(value)]),
                    )
                )
            )
            for system, value in ways
        )
    )


_KINDS: dict[str, Callable[..., ColumnElement[bool]]] = {
    "since": since,
    "before": _before,
    "after": _after,
    "equal": _equal,
    "in": _in,
    "tagged": _tagged,
    "identified": _identified,
}
