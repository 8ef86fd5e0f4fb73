"""Service packages: the shipped ones, and the versions that the administrator makes of them.

Source: domain reference §3.2 (contents N and S2; prices, counts and shares are local, C). A
version is never changed; a contract keeps a copy of the one that was agreed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.contracts.terms import FAMILY_DOCTOR, INTEGRATED_CARE
from app.care.kept import members, rows
from app.care.kept import number as number_of
from app.care.parsing import clean_text
from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.contract import ServicePackage
from app.models.store import Store
from app.paths import resources

PAYERS = ("insurance", "public_health", "personal")
MOST_TIMES = 366
MOST_PRICE = 100_000.0
#: The list of kinds of package that a contract of a category may hold.
CATEGORY_PACKAGES: Mapping[str, tuple[str, ...]] = {
    FAMILY_DOCTOR: ("basic", "personalised"),
    INTEGRATED_CARE: ("integrated", "personalised"),
}
_NAME_LIMIT = 50
_SHIPPED = uuid.UUID("6b6f3c0e-6a0b-5a3f-9a43-6f1f7b1f9d11")


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """One service of a package.

    ``service``: its key within the package; ``times``: a year, 0 means on request; ``counts``:
    code of ``service_count``, what shows that it was given; ``applies``: code of
    ``population_flag``, or empty for everybody.
    """

    service: str
    name: str
    times: int
    counts: str = "manual"
    applies: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ServiceItem:
        """An item as a record keeps it; what another version left out is usual."""
        times = values.get("times")
        return cls(
            service=str(values.get("service") or ""),
            name=str(values.get("name") or ""),
            times=min(times, MOST_TIMES) if isinstance(times, int) and times > 0 else 0,
            counts=str(values.get("counts") or "manual"),
            applies=str(values.get("applies") or ""),
        )


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a package. ``payers``: yuan a year by payer, together the price."""

    id: str
    code: str
    version: int
    name: str
    category: str
    services: tuple[ServiceItem, ...]
    price: float = 0.0
    payers: tuple[tuple[str, float], ...] = ()
    active: bool = True
    note: str = ""

    @property
    def shares(self) -> dict[str, float]:
        return dict(self.payers)

    def agreed(self, flags: Iterable[str]) -> dict[str, Any]:
        """What a contract keeps of it: only services that apply to a resident of these flags."""
        known = set(flags)
        return {
            "id": self.id,
            "code": self.code,
            "version": self.version,
            "name": self.name,
            "category": self.category,
            "price": self.price,
            "payers": self.shares,
            "services": [
                asdict(each) for each in self.services if not each.applies or each.applies in known
            ],
        }


@dataclass(frozen=True, slots=True)
class PackageInput:
    """A package as written by the administrator. ``code`` empty: a new package."""

    name: str
    category: str
    services: tuple[ServiceItem, ...]
    price: float = 0.0
    payers: tuple[tuple[str, float], ...] = ()
    code: str = ""
    note: str = ""


@cache
def shipped_packages() -> tuple[Package, ...]:
    """The three packages that come with the program, each as version 1."""
    path = resources() / "contracts" / "packages.json"
    listed = json.loads(path.read_text(encoding="utf-8"))["packages"]
    return tuple(
        Package(
            id=str(uuid.uuid5(_SHIPPED, f"{each['code']}|1")),
            code=each["code"],
            version=1,
            name=each["name"],
            category=each["category"],
            services=tuple(
                ServiceItem.from_dict({**item, "name": _name_of(item["service"])})
                for item in each["services"]
            ),
            payers=tuple((payer, 0.0) for payer in PAYERS),
        )
        for each in listed
    )


def _name_of(service: str) -> str:
    found = codes.entry("package_service", service)
    return found.zh if found else service


def current_packages(session: Session, organisation_id: str) -> tuple[Package, ...]:
    """The newest version of every package that is offered, the shipped ones first."""
    return tuple(each for each in newest_packages(session, organisation_id) if each.active)


def newest_packages(session: Session, organisation_id: str) -> tuple[Package, ...]:
    """The newest version of every package, retired ones included."""
    found = {each.code: each for each in shipped_packages()}
    rows = session.scalars(
        select(ServicePackage)
        .where(ServicePackage.organisation_id == organisation_id)
        .order_by(ServicePackage.version, ServicePackage.created_at, ServicePackage.id)
    )
    for row in rows:
        found[row.code] = package_of(row)
    return tuple(found.values())


def load_packages(store: Store, actor: Actor, *, retired: bool = False) -> tuple[Package, ...]:
    """The packages of the actor's organisation, for the pages."""
    with store.read() as session:
        listed = newest_packages(session, actor.organisation_id)
    return tuple(each for each in listed if retired or each.active)


def package_of(row: ServicePackage) -> Package:
    """The version of a row, detached from its session."""
    return Package(
        id=row.id,
        code=row.code,
        version=row.version,
        name=row.name,
        category=row.category,
        services=tuple(ServiceItem.from_dict(each) for each in rows(row.services)),
        price=row.price,
        payers=tuple((payer, number_of(members(row.payers).get(payer))) for payer in PAYERS),
        active=row.active,
        note=row.note or "",
    )


def save_package(store: Store, actor: Actor, new: PackageInput, based_on: str = "") -> Package:
    """Put a new version of a package in force, or a new package; contracts keep theirs.

    ``based_on``: id of the version that was shown. Raises NotAllowed unless an administrator
    asks, InputError with a sentence a field, also when another version came in between.
    """
    _require_administrator(actor)
    kept = checked(new)
    with store.write(actor) as session:
        standing = _standing(session, actor, kept.code, based_on)
        row = ServicePackage(
            code=kept.code or f"own-{uuid.uuid4().hex[:8]}",
            version=standing.version + 1 if standing else 1,
            name=kept.name,
            category=kept.category,
            services=[asdict(each) for each in kept.services],
            price=kept.price,
            payers=dict(kept.payers),
            active=True,
            note=kept.note or None,
        )
        session.add(row)
        session.flush()
        return package_of(row)


def retire_package(store: Store, actor: Actor, package: Package) -> Package:
    """Offer a package no longer: a last version that is not active."""
    _require_administrator(actor)
    with store.write(actor) as session:
        standing = _standing(session, actor, package.code, package.id)
        assert standing is not None
        row = ServicePackage(
            code=standing.code,
            version=standing.version + 1,
            name=standing.name,
            category=standing.category,
            services=[asdict(each) for each in standing.services],
            price=standing.price,
            payers=standing.shares,
            active=False,
            note=standing.note or None,
        )
        session.add(row)
        session.flush()
        return package_of(row)


def checked(new: PackageInput) -> PackageInput:
    """The package with tidy texts and unique keys; InputError for what is missing or wrong."""
    problems: dict[str, str] = {}
    name = clean_text(new.name)
    if not name:
        problems["name"] = tr("What is the package called?")
    elif len(name) > _NAME_LIMIT:
        problems["name"] = tr("This text is too long: at most {count} characters.").format(
            count=_NAME_LIMIT
        )
    if not codes.is_known("package_category", new.category):
        problems["category"] = tr("Choose the kind of package.")
    items = tuple(_tidy(each) for each in new.services)
    if not items:
        problems["services"] = tr("A package needs at least one service.")
    names: set[str] = set()
    for number, item in enumerate(items):
        if problem := _item_problem(item, names):
            problems[f"services.{number}"] = problem
        names.add(item.name)
    shares = dict(new.payers)
    if not 0 <= new.price <= MOST_PRICE:
        problems["price"] = tr("A price lies between 0 and {most} yuan.").format(most=100_000)
    elif any(amount < 0 for amount in shares.values()):
        problems["payers"] = tr("A share cannot be negative.")
    elif abs(sum(shares.values()) - new.price) >= 0.005:
        problems["payers"] = tr("The shares of the payers must together be the price.")
    if problems:
        raise InputError(problems)
    return PackageInput(
        name=name,
        category=new.category,
        services=_keyed(items),
        price=float(new.price),
        payers=tuple((payer, float(shares.get(payer, 0.0))) for payer in PAYERS),
        code=new.code,
        note=clean_text(new.note),
    )


def _tidy(item: ServiceItem) -> ServiceItem:
    return ServiceItem(
        item.service, clean_text(item.name), item.times, item.counts or "manual", item.applies
    )


def _item_problem(item: ServiceItem, names: set[str]) -> str:
    if not item.name:
        return tr("What is the service called?")
    if len(item.name) > _NAME_LIMIT:
        return tr("This text is too long: at most {count} characters.").format(count=_NAME_LIMIT)
    if item.name in names:
        return tr("This service stands twice in the package.")
    if not 0 <= item.times <= MOST_TIMES:
        return tr("Times a year: 0 (on request) to {most}.").format(most=MOST_TIMES)
    if not codes.is_known("service_count", item.counts):
        return tr("Choose what shows that the service was given.")
    if item.applies and not codes.is_known("population_flag", item.applies):
        return tr("This choice is not in the list. Choose again.")
    return ""


def _keyed(items: tuple[ServiceItem, ...]) -> tuple[ServiceItem, ...]:
    """Every item with a key of its own, under which services by hand are noted."""
    taken: set[str] = set()
    found = []
    for item in items:
        key = item.service
        if not key or key in taken:
            key = f"own-{uuid.uuid4().hex[:8]}"
        taken.add(key)
        found.append(ServiceItem(key, item.name, item.times, item.counts, item.applies))
    return tuple(found)


def _standing(session: Session, actor: Actor, code: str, based_on: str) -> Package | None:
    listed = {each.code: each for each in newest_packages(session, actor.organisation_id)}
    standing = listed.get(code) if code else None
    if code and (standing is None or standing.id != based_on):
        raise InputError(
            tr(
                "This package was changed elsewhere in the meantime. Nothing was saved. "
                "Open this page again and make your change on the newest version."
            )
        )
    return standing


def _require_administrator(actor: Actor) -> None:
    if not actor.has_role("administrator"):
        raise NotAllowed(
            tr(
                "Only an administrator may change the packages. Nothing was saved. "
                "Ask the administrator of your organisation."
            )
        )
