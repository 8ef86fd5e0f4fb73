"""Contract teams: who belongs to them, which villages they serve (domain reference §3.1)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.ownership import require_own
from app.care.parsing import clean_text
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.contract import CareTeam
from app.models.organisation import Staff
from app.models.resident import Resident
from app.models.store import Store

TEAM_ROLES = ("administrator", "head_of_department", "president", "doctor", "public_health")
"""Roles that make and change teams."""

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class TeamMember:
    """One member. ``role``: code of ``care_team_role``; ``staff_id`` empty for one from outside."""

    name: str
    role: str
    staff_id: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class TeamInput:
    """A team as written. Required: name, leader (one of the members), at least one member."""

    name: str
    leader: str
    members: tuple[TeamMember, ...]
    villages: tuple[str, ...] = ()
    area: str = ""
    phone: str = ""
    note: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Team:
    """A team as kept. ``change_id`` is given back when it is changed."""

    id: str
    name: str
    leader_id: str
    leader_name: str
    members: tuple[TeamMember, ...]
    villages: tuple[str, ...]
    area: str
    phone: str
    note: str
    active: bool
    change_id: str

    def doctors(self) -> tuple[TeamMember, ...]:
        """The members who may be a contract's doctor, the leader first."""
        able = [m for m in self.members if m.role in ("doctor", "tcm", "village_doctor")]
        able.sort(key=lambda member: member.name != self.leader_name)
        return tuple(able)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff who can be taken into a team."""

    staff_id: str
    name: str
    role: str
    phone: str


def load_teams(store: Store, actor: Actor, *, retired: bool = False) -> tuple[Team, ...]:
    """The teams of the actor's organisation by name; ``retired``: also those given up."""
    with store.read() as session:
        return teams(session, actor.organisation_id, retired=retired)


def teams(session: Session, organisation_id: str, *, retired: bool = False) -> tuple[Team, ...]:
    """The same within a transaction."""
    query = select(CareTeam).where(CareTeam.organisation_id == organisation_id)
    if not retired:
        query = query.where(CareTeam.active)
    return tuple(
        team_of(row) for row in session.scalars(query.order_by(CareTeam.name, CareTeam.id))
    )


def team_of(row: CareTeam) -> Team:
    """The team of a row, detached from its session."""
    return Team(
        id=row.id,
        name=row.name,
        leader_id=row.leader_id or "",
        leader_name=row.leader_name,
        members=tuple(
            TeamMember(
                name=str(each.get("name") or ""),
                role=str(each.get("role") or ""),
                staff_id=str(each.get("staff_id") or ""),
                phone=str(each.get("phone") or ""),
            )
            for each in row.members
            if isinstance(each, dict)
        ),
        villages=tuple(str(each) for each in row.villages),
        area=row.area or "",
        phone=row.phone or "",
        note=row.note or "",
        active=row.active,
        change_id=row.change_id,
    )


_OF_STAFF = {
    "doctor": "doctor",
    "specialist": "specialist",
    "nurse": "nurse",
    "rehab_worker": "rehab_worker",
    "public_health": "public_health",
    "carer": "carer",
}


def colleagues(store: Store, actor: Actor) -> tuple[Colleague, ...]:
    """The working staff of the organisation, with the role they would have in a team."""
    with store.read() as session:
        rows = session.scalars(
            select(Staff)
            .where(Staff.org_id == actor.organisation_id, Staff.active)
            .order_by(Staff.name, Staff.id)
        )
        return tuple(
            Colleague(
                row.id,
                row.name,
                next((_OF_STAFF[role] for role in _OF_STAFF if role in row.roles), "doctor"),
                row.phone or "",
            )
            for row in rows
        )


def villages(store: Store, actor: Actor) -> tuple[str, ...]:
    """The villages in which residents of the organisation live."""
    with store.read() as session:
        found = session.scalars(
            select(Resident.village)
            .distinct()
            .where(Resident.organisation_id == actor.organisation_id, Resident.village.is_not(None))
            .order_by(Resident.village)
        )
        return tuple(name for name in found if name)


def save_team(
    store: Store, actor: Actor, team: TeamInput, team_id: str = "", change_id: str = ""
) -> Team:
    """Make a team, or change one. Raises InputError, NotAllowed, NotFound, StaleRecord."""
    if not actor.has_role(*TEAM_ROLES):
        raise NotAllowed(
            tr(
                "Your role may not change teams. Nothing was saved. "
                "Ask a doctor or the administrator."
            )
        )
    kept = _checked(team)
    leader = next(each for each in kept.members if each.name == kept.leader)
    with store.write(actor) as session:
        _refuse_same_name(session, actor, kept.name, team_id)
        if team_id:
            row = session.get(CareTeam, team_id)
            if row is None:
                raise NotFound(tr("This team is not on this computer."))
            require_own(actor, row)
            if row.change_id != change_id:
                raise StaleRecord(
                    tr(
                        "Somebody else changed this team in the meantime. Nothing was "
                        "overwritten. Open the team again and repeat your change."
                    )
                )
        else:
            row = CareTeam(name=kept.name, leader_name=leader.name)
            session.add(row)
        row.name = kept.name
        row.leader_id = leader.staff_id or None
        row.leader_name = leader.name
        row.members = [asdict(each) for each in kept.members]
        row.villages = list(kept.villages)
        row.area = kept.area or None
        row.phone = kept.phone or None
        row.note = kept.note or None
        row.active = kept.active
        session.flush()
        return team_of(row)


def _checked(team: TeamInput) -> TeamInput:
    problems: dict[str, str] = {}
    name = clean_text(team.name)
    if not name:
        problems["name"] = tr("What is the team called?")
    members = tuple(
        TeamMember(clean_text(each.name), each.role, each.staff_id, clean_text(each.phone))
        for each in team.members
    )
    if not members:
        problems["members"] = tr("A team needs at least one member.")
    elif any(not each.name for each in members):
        problems["members"] = tr("A member has no name.")
    elif any(not codes.is_known("care_team_role", each.role) for each in members):
        problems["members"] = tr("Choose the role of every member.")
    elif len({each.name for each in members}) < len(members):
        problems["members"] = tr("A member stands twice in the team.")
    leader = clean_text(team.leader)
    if members and leader not in {each.name for each in members}:
        problems["leader"] = tr("Choose the leader among the members.")
    texts = {key: clean_text(getattr(team, key)) for key in ("area", "phone", "note")}
    for key, text in {"name": name, **texts}.items():
        if len(text) > _LONGEST:
            problems[key] = tr("This text is too long: at most {count} characters.").format(
                count=_LONGEST
            )
    if problems:
        raise InputError(problems)
    places = tuple(dict.fromkeys(v for v in map(clean_text, team.villages) if v))
    return TeamInput(name, leader, members, places, active=team.active, **texts)


def _refuse_same_name(session: Session, actor: Actor, name: str, own_id: str) -> None:
    same = session.scalars(
        select(CareTeam.id).where(
            CareTeam.organisation_id == actor.organisation_id, CareTeam.name == name
        )
    )
    if any(each != own_id for each in same):
        raise InputError({"name": tr("Another team has this name already.")})
