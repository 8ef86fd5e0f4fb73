"""Search: a query string read strictly, one SQL statement, one page of a searchset.

A parameter that is not understood is refused (400), never ignored: an ignored filter would
hand out more than was asked for. Pages continue from the time of the last row seen, which is
unique, so a ``next`` link needs no state on the server and skips nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Connection

from app.i18n import N_
from app.server import selecting, wire
from app.server.database import microseconds
from app.server.outcome import Refusal
from app.server.prepare import ORGANISATION_TAG
from app.server.profile import DIRECTORY_TYPES, PROFILES
from app.server.selecting import Shape

DEFAULT_COUNT = 50
MAX_COUNT = 500
MAX_VALUES = 1000

_PAGE = "_page"
_SUBSETTED = (
    '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}'
)
_INSTANT = re.compile(
    r"(eq|ge|gt|le|lt|sa|eb)?(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
    r"(Z|[+-]\d\d:\d\d)?)?)?)?\Z"
)


@dataclass(slots=True)
class Query:
    """A search that was understood. ``after`` is where the page before it ended.

    ``where`` are the conditions (see ``selecting``) and ``values`` what they compare with.
    ``narrow``: a condition names few rows, which should be looked up one by one.
    """

    type: str
    where: list[Shape] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    descending: bool = False
    count: int = DEFAULT_COUNT
    counting: bool = False
    versions_only: bool = False
    narrow: bool = False
    after: int | None = None
    given: list[tuple[str, str]] = field(default_factory=list)

    def named(self, value: Any) -> str:
        """The name under which a condition finds ``value``."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return name


def parse_parameters(text: str) -> list[tuple[str, str]]:
    """Name and value pairs of a query string or form body."""
    try:
        if "%00" in text or "\x00" in text:
            raise ValueError
        return parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=64,
        )
    except (ValueError, UnicodeError):
        raise Refusal(400, "value", N_("The search parameters cannot be read.")) from None


def parse_query(type_: str, parameters: Sequence[tuple[str, str]]) -> Query:
    """Understand the parameters of a search for ``type_``, or refuse with 400."""
    profile = PROFILES.get(type_)
    if profile is None:
        raise Refusal(404, "not-supported", N_("This server keeps no resources of that type."))
    query = Query(type_)
    once: set[str] = set()
    for name, value in parameters:
        if name not in ("_lastUpdated", "_tag", "_id", "identifier"):
            if name in once:
                raise Refusal(400, "value", N_("{name} may be given only once."), name=_shown(name))
            once.add(name)
        if name != _PAGE:
            query.given.append((name, value))
        if name == "_lastUpdated":
            _updated(query, value)
        elif name == "_id":
            query.where.append(("in", "id", query.named(_values(name, value))))
            query.narrow = True
        elif name == "_tag":
            ways = [way for one in _values(name, value) for way in _tagged(query, one)]
            query.where.append(("tagged", *ways))
        elif name == "_sort":
            if value not in ("_lastUpdated", "-_lastUpdated"):
                raise Refusal(400, "not-supported", N_("Only _lastUpdated can be sorted by."))
            query.descending = value.startswith("-")
        elif name == "_count":
            _set_count(query, value)
        elif name == "_summary":
            if value not in ("count", "false"):
                raise Refusal(400, "not-supported", N_("_summary can only be count or false."))
            query.counting = query.counting or value == "count"
        elif name == "_elements":
            if not {one.strip() for one in value.split(",")} <= {"id", "meta"}:
                raise Refusal(400, "not-supported", N_("_elements can only be id and meta."))
            query.versions_only = True
        elif name == "_format":
            if value not in ("json", "application/json", "application/fhir+json"):
                raise Refusal(400, "not-supported", N_("This server speaks JSON only."))
        elif name == _PAGE:
            query.after = _read_page(value)
        elif name in profile.params:
            _parameter(query, name, value)
            query.narrow = query.narrow or name == "identifier" or "," in value
        else:
            raise Refusal(
                400,
                "not-supported",
                N_("The search parameter {name} is not supported for {type}."),
                name=_shown(name),
                type=type_,
            )
    return query


def run(
    connection: Connection, organisation: str, query: Query, base: str, *, in_bundle: bool = False
) -> str:
    """The searchset Bundle, as JSON text, of what ``organisation`` may see of ``query``.

    ``in_bundle`` leaves the link to itself out: a device that asks a dozen questions in one
    batch over a thin line knows what it asked, and nothing it asked is ever ignored.
    """
    values = {**query.values, "of_type": query.type, "reader": organisation}
    in_directory = query.type in DIRECTORY_TYPES
    link = [] if in_bundle else [("self", _url(base, query, None))]
    if query.counting:
        statement = selecting.counted(tuple(query.where), query.narrow, in_directory)
        total = connection.scalar(statement, values) or 0
        return _bundle(link, [], total)
    where = list(query.where)
    if query.after is not None:
        where.append(("before" if query.descending else "after", "past"))
        values["past"] = query.after
    statement = selecting.page(
        tuple(where), query.narrow, in_directory, query.versions_only, query.descending
    )
    rows = connection.execute(statement, {**values, "at_most": query.count + 1}).all()
    page = rows[: query.count]
    more = len(rows) > query.count
    if more:
        link.append(("next", _url(base, query, page[-1].updated)))
    if query.versions_only:
        entries = [
            f'{{"resource":{{"resourceType":"{query.type}","id":"{row.id}","meta":'
            f'{{"versionId":"{row.version}","lastUpdated":"{wire.instant(row.updated)}",'
            f'"tag":[{{"system":"{ORGANISATION_TAG}","code":{wire.dump(row.organisation)}}},'
            f"{_SUBSETTED}]}}}}}}"
            for row in page
        ]
    else:
        entries = [
            f'{{"resource":'
            f"{wire.whole(query.type, row.id, row.version, row.updated, row.content)}}}"
            for row in page
        ]
    whole = query.after is None and not more
    return _bundle(link, entries, len(page) if whole else None)


def _bundle(link: list[tuple[str, str]], entries: list[str], total: int | None) -> str:
    links = ",".join(f'{{"relation":"{name}","url":{wire.dump(url)}}}' for name, url in link)
    parts = [
        '"resourceType":"Bundle","type":"searchset"',
        "" if total is None else f'"total":{total}',
        f'"link":[{links}]' if links else "",
        f'"entry":[{",".join(entries)}]' if entries else "",
    ]
    return "{" + ",".join(part for part in parts if part) + "}"


def _url(base: str, query: Query, after: int | None) -> str:
    given = list(query.given)
    if after is not None:
        token = base64.urlsafe_b64encode(after.to_bytes(8, "big")).decode().rstrip("=")
        given.append((_PAGE, token))
    return f"{base}/{query.type}" + (f"?{urlencode(given, safe=',|:')}" if given else "")


def _read_page(value: str) -> int:
    try:
        raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 8 or raw[0] > 0x7F:
        raise Refusal(400, "value", N_("The page link was not made by this server."))
    return int.from_bytes(raw, "big")


def _set_count(query: Query, value: str) -> None:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise Refusal(400, "value", N_("_count is not a number."))
    # FHIR R4 §3.1.1.5.5: _count=0 asks for the number of matches alone.
    query.counting = query.counting or int(value) == 0
    query.count = min(int(value), MAX_COUNT)


def _values(name: str, text: str) -> list[str]:
    values = [value for value in _split(text, ",") if value]
    if not values:
        raise Refusal(400, "value", N_("{name} has no value."), name=name)
    if len(values) > MAX_VALUES:
        raise Refusal(
            400,
            "too-costly",
            N_("{name} has more than {count} values."),
            name=name,
            count=MAX_VALUES,
        )
    return [re.sub(r"\\([,|$\\])", r"\1", value) for value in values] if name == "_id" else values


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that no backslash escapes (FHIR R4 §3.1.1.4.0)."""
    return re.findall(rf"((?:[^\\{separator}]|\\.)+)", text)


def _token(text: str) -> tuple[str | None, str]:
    """System (None: any) and code of a token ``system|code``, ``|code`` or ``code``."""
    parts = re.split(r"(?<!\\)\|", text, maxsplit=1)
    plain = [re.sub(r"\\([,|$\\])", r"\1", part) for part in parts]
    return (None, plain[0]) if len(plain) == 1 else (plain[0], plain[1])


def _tagged(query: Query, text: str) -> Iterator[tuple[str, str]]:
    system, code = _token(text)
    if system in (None, ORGANISATION_TAG):
        yield "author", query.named(code)
    if system != ORGANISATION_TAG:
        begin = "\x1e" if system is None else f"\x1f{system}\x1e"
        yield "other", query.named(f"{begin}{code}\x1f")


def _parameter(query: Query, name: str, text: str) -> None:
    values = _values(name, text)
    if name == "identifier":
        query.where.append(("identified", *(_identified(query, value) for value in values)))
        return
    if name in ("patient", "subject"):
        column, ids = "patient", [_referred(name, value, "Patient") for value in values]
    else:
        column, ids = name, [_referred(name, value, "Organization") for value in values]
    if len(ids) == 1:
        query.where.append(("equal", column, query.named(ids[0])))
    else:
        query.where.append(("in", column, query.named(ids)))


def _identified(query: Query, text: str) -> tuple[str | None, str | None]:
    system, value = _token(text)
    if not value and not system:
        raise Refusal(400, "value", N_("identifier has no value."))
    return (
        None if system is None else query.named(system),
        query.named(value) if value else None,
    )


def _referred(name: str, text: str, type_: str) -> str:
    match = re.fullmatch(rf"(?:(?:https?://\S+/)?{type_}/)?([A-Za-z0-9\-.]{{1,64}})", text)
    if not match:
        raise Refusal(
            400, "value", N_("{name} is not a reference to a {type}."), name=name, type=type_
        )
    return match[1]


def instant_of(text: str) -> int:
    """The first microsecond that a value of _lastUpdated stands for."""
    query = Query("")
    _updated(query, text)
    return int(query.values["v0"])


def _updated(query: Query, text: str) -> None:
    """Conditions on lastUpdated; a value means its whole second, day … (R4 §3.1.1.4.6)."""
    match = _INSTANT.match(text)
    if not match:
        raise Refusal(400, "value", N_("_lastUpdated is not a date or time."))
    try:
        low, high = _span(match)
    except (ValueError, OverflowError):
        raise Refusal(400, "value", N_("_lastUpdated is not a date or time.")) from None
    prefix = match[1] or "eq"
    if prefix in ("ge", "eq"):
        query.where.append(("since", query.named(low)))
    elif prefix in ("gt", "sa"):
        query.where.append(("since", query.named(high)))
    if prefix in ("le", "eq"):
        query.where.append(("before", query.named(high)))
    elif prefix in ("lt", "eb"):
        query.where.append(("before", query.named(low)))


def _span(match: re.Match[str]) -> tuple[int, int]:
    """First microsecond of what the text stands for, and the first after it."""
    _, year, month, day, hour, minute, second, fraction, zone = match.groups()
    offset = timedelta()
    if zone and zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        if zone[0] == "-":
            offset = -offset
    start = datetime(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        min(int(second or 0), 59),
        tzinfo=UTC,
    )
    if day is None:
        months = 12 if month is None else 1
        total = start.year * 12 + start.month - 1 + months
        end = start.replace(year=total // 12, month=total % 12 + 1)
        return microseconds(start), microseconds(end)
    if hour is None:
        return microseconds(start), microseconds(start + timedelta(days=1))
    start -= offset
    if second is None:
        return microseconds(start), microseconds(start + timedelta(minutes=1))
    low = microseconds(start)
    if fraction is None:
        return low, low + 1_000_000
    digits = fraction[:6]
    low += int(digits.ljust(6, "0"))
    return low, low + 10 ** (6 - len(digits))


def _shown(name: str) -> str:
    """A parameter's name fit to be repeated: unknown names may hold anything."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z_:\-]{0,40}", name) else "?"
