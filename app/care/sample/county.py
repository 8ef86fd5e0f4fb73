"""Makes a whole sample store of one organisation: ``python -m app seed``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.sample.care_records import check_in_of, conditions_of, follow_ups_of, plan_of
from app.care.sample.contracts import ContractSample
from app.care.sample.copd import CopdSample
from app.care.sample.elders import ElderSample
from app.care.sample.people import SampleMaker
from app.care.sample.screenings import ScreeningSample
from app.clock import SYSTEM_CLOCK, parse_instant
from app.errors import InputError, NotFound
from app.i18n import tr
from app.models import keyring, records
from app.models.organisation import Organisation
from app.models.outbox import Outbox
from app.models.store import STORE_FILE, Store, create_store
from app.paths import resources

STAFF = (
    ("sample", "示例管理员", "王医生", ("doctor", "referral_coordinator", "administrator")),
    ("nurse", "示例护士", "李护士", ("nurse", "rehab_worker")),
)
_CHUNK = 2000
_WARD_BEDS = 24


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """What to make. The same request gives the same records, ids included.

    ``pending_check_ins`` are left in the queue; with ``queue_everything`` all records are.
    ``on`` is the day that the sample looks back from (default: today at the clinic), ``years``
    how many years of visits there are (1 to 20).
    """

    residents: int = 300
    seed: int = 1
    organisation_id: str | None = None
    pending_check_ins: int = 0
    queue_everything: bool = False
    on: date | None = None
    years: int = 1


@dataclass(frozen=True, slots=True)
class SampleResult:
    """How much was made."""

    residents: int
    follow_ups: int
    check_ins: int
    queued: int


def directory() -> list[dict[str, Any]]:
    """The organisations of the sample county."""
    path = resources() / "county" / "jinzhai.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["organisations"]
    return found


def make_sample_store(folder: Path, request: SampleRequest, password: str) -> SampleResult:
    """A new store with sample staff (accounts ``sample`` and ``nurse``) and sample records.

    Raises ``InputError`` where the folder already holds a store: samples never mix with
    real records.
    """
    if request.residents < 0 or request.pending_check_ins < 0:
        raise InputError(tr("The number of residents or check-ins cannot be negative."))
    if not 1 <= request.years <= 20:
        raise InputError(tr("A sample reaches back 1 to 20 years."))
    if keyring.exists(folder) or (folder / STORE_FILE).exists():
        raise InputError(
            tr("This data folder already holds records. Choose an empty folder for a sample.")
        )
    organisation = _organisation(request.organisation_id)
    folder.mkdir(parents=True, exist_ok=True)
    today = request.on or SYSTEM_CLOCK.today()
    maker = SampleMaker(request.seed, today, organisation["id"], request.years)
    first_day = maker.instant(today - timedelta(days=1600) - maker.earlier, 8)
    staff = [
        {
            **maker.stamp(first_day, organisation["id"], ""),
            "name": name, "login": login, "org_id": organisation["id"], "roles": list(roles),
            "active": True,
        }
        for login, _, name, roles in STAFF
    ]  # fmt: skip
    for person in staff:
        person["author_id"] = person["updated_by"] = staff[0]["id"]
    ring, data_key, _ = keyring.create(
        folder, organisation["id"], organisation["name"], maker.new_id(first_day)
    )
    store = create_store(folder, data_key, organisation["id"])
    try:
        result = _fill(store, maker, organisation, staff, request)
    finally:
        store.close()
    # The key file comes last: a store that was cut half-way is never offered for sign-in.
    for person in staff:
        account = keyring.Account(
            person["id"], person["login"], person["name"], tuple(person["roles"])
        )
        ring = keyring.add_account(ring, data_key, account, password)
    return result


def _organisation(organisation_id: str | None) -> dict[str, Any]:
    for organisation in directory():
        if organisation_id in (None, organisation["id"]) and (
            organisation_id or organisation["type"] == "TOWNSHIP_CENTER"
        ):
            return organisation
    raise NotFound(tr("The county's directory has no organisation with this id."))


class _Writer:
    """Writes records of all kinds in bulk and queues those that are to wait."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.queued = 0

    def write(self, kind: str, rows: list[dict[str, Any]], queue: bool) -> None:
        records.put(self.session, kind, rows)
        if queue and rows:
            self.session.execute(insert(Outbox), [_queue_row(kind, row) for row in rows])
            self.queued += len(rows)


def _queue_row(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    column = records.KINDS[kind].resident_column
    return {
        "kind": kind,
        "record_id": row["id"],
        "change_id": row["change_id"],
        "author_id": row["author_id"],
        "organisation_id": row["organisation_id"],
        "resident_id": row[column] if column else None,
        "lane": records.lane_of(kind, row),
        "created_at": parse_instant(row["updated_at"]),
    }


def _fill(
    store: Store,
    maker: SampleMaker,
    organisation: dict[str, Any],
    staff: list[dict[str, Any]],
    request: SampleRequest,
) -> SampleResult:
    doctor = (staff[0]["id"], staff[0]["name"])
    nurse = (staff[1]["id"], staff[1]["name"])
    everything = request.queue_everything
    follow_ups = check_ins = queued = 0
    columns = set(Organisation.__table__.columns.keys())
    with store.apply_remote() as session:
        for values in directory():
            known = {key: value for key, value in values.items() if key in columns}
            session.add(Organisation(**known, is_sample=True))
        writer = _Writer(session)
        writer.write("staff", staff, everything)
        queued += writer.queued
    # A source of chance of its own: people and visits stay those of earlier releases.
    other = SampleMaker(request.seed, maker.today, f"{organisation['id']} elders", request.years)
    elders = ElderSample(other, doctor, nurse)
    signing = ContractSample(other, organisation["id"], doctor, nurse)
    screening = ScreeningSample(
        SampleMaker(request.seed, maker.today, f"{organisation['id']} screening", request.years),
        nurse,
    )
    lungs = CopdSample(
        SampleMaker(request.seed, maker.today, f"{organisation['id']} copd", request.years), doctor
    )
    with store.apply_remote() as session:
        writer = _Writer(session)
        writer.write("care_team", signing.teams if request.residents else [], everything)
        queued += writer.queued
    plans: list[dict[str, Any]] = []
    for chunk in _chunks(request.residents):
        with store.apply_remote() as session:
            writer = _Writer(session)
            made = _residents(maker, organisation, doctor, chunk)
            for each in made:
                lungs.add_to(*each)
            visits = [v for _, _, own in made for v in own]
            contracts = [
                c for resident, own, _ in made for c in signing.contracts_of(resident, own)
            ]
            writer.write("resident", [resident for resident, _, _ in made], everything)
            writer.write("condition", [c for _, own, _ in made for c in own], everything)
            writer.write("follow_up", visits, everything)
            for kind, rows in _elder_health(elders, made).items():
                writer.write(kind, rows, everything)
            writer.write("bp_screening", _screenings(screening, made), everything)
            writer.write("contract", contracts, everything)
            writer.write("contract_service", signing.services_of(contracts), everything)
            new_plans = [
                plan_of(maker, resident, nurse) for resident, _, _ in made if resident["residences"]
            ]
            writer.write("rehab_plan", new_plans, everything)
            plans += new_plans
            sessions = [
                check_in_of(maker, plan, maker.today - timedelta(days=age), 6 - age, nurse)
                for plan in new_plans
                for age in range(5, 0, -1)
            ]
            writer.write("check_in", sessions, everything)
            refresh_due(session, organisation["id"], [r["id"] for r, _, _ in made])
            follow_ups += len(visits)
            check_ins += len(sessions)
            queued += writer.queued
    pending = _pending(store, maker, plans, nurse, request.pending_check_ins)
    return SampleResult(request.residents, follow_ups, check_ins + pending, queued + pending)


def _chunks(count: int) -> Iterable[range]:
    for start in range(0, count, _CHUNK):
        yield range(start, min(count, start + _CHUNK))


Made = tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]


def _residents(
    maker: SampleMaker, organisation: dict[str, Any], doctor: tuple[str, str], numbers: range
) -> list[Made]:
    made: list[Made] = []
    for number in numbers:
        bed = number + 1 if number < _WARD_BEDS else None
        resident = maker.resident(organisation, doctor[0], number + 1, bed)
        conditions = conditions_of(maker, resident, doctor[0])
        diseases = sorted({c["disease"] for c in conditions if c["disease"]})
        visits = follow_ups_of(maker, resident, diseases, doctor) if diseases else []
        made.append((resident, conditions, visits))
    return made


def _elder_health(elders: ElderSample, made: list[Made]) -> dict[str, list[dict[str, Any]]]:
    """Rows by kind."""
    found: dict[str, list[dict[str, Any]]] = {"consent": [], "health_check": [], "assessment": []}
    for resident, conditions, _ in made:
        found["consent"] += elders.consents_of(resident)
        diseases = [c["disease"] for c in conditions if c["disease"]]
        found["health_check"] += elders.checks_of(resident, diseases)
        found["assessment"] += elders.assessments_of(resident)
    return found


def _screenings(screening: ScreeningSample, made: list[Made]) -> list[dict[str, Any]]:
    return [
        row
        for resident, conditions, _ in made
        for row in screening.screenings_of(resident, (c["disease"] or "" for c in conditions))
    ]


def _pending(
    store: Store,
    maker: SampleMaker,
    plans: list[dict[str, Any]],
    nurse: tuple[str, str],
    count: int,
) -> int:
    """Check-ins of today and the days before that still wait for the server."""
    if count and not plans:
        raise InputError(tr("Check-ins need residents: ask for at least one resident."))
    for chunk in _chunks(count):
        with store.apply_remote() as session:
            rows = [
                check_in_of(
                    maker,
                    plans[number % len(plans)],
                    maker.today - timedelta(days=number // len(plans) % 300),
                    6 + number // len(plans),
                    nurse,
                )
                for number in chunk
            ]
            _Writer(session).write("check_in", rows, True)
    return count
