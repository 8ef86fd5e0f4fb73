"""Printing for a village round: the list of people, a slip for each, check sheets.

Everybody on a printed list has a short number, ``12-07``: the seventh of list 12 of this PC. It
stands on the list and on the slip, and finds the person when the pile is typed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.care.copd_form import CopdItem, copd_items
from app.care.follow_up_form import DISEASES
from app.care.health_check.definition import definition, version_for, versions
from app.care.paper.check_sheet import blocks_of
from app.care.paper.document import About, PrintDocument
from app.care.paper.people import PersonOnPaper, people_on_paper
from app.care.paper.templates import fill, line
from app.care.residents import require_editor
from app.clock import clinic_date
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.organisation import Organisation
from app.models.paper import PaperRound, PaperSlip
from app.models.store import Store

Paper = Literal["list", "slips", "checks"]
SlipSize = Literal["two", "one", "a5"]
"""Follow-up slips: two on an A4 page, one on an A4 page (larger), one on an A5 page."""

MOST_PEOPLE = 300
BLANK_FORMS = 2
ROUND = "paper_round"
FOLLOW_UP = "follow_up"
HEALTH_CHECK = "health_check"
_FORMS: dict[Paper, str] = {"list": "", "slips": FOLLOW_UP, "checks": HEALTH_CHECK}


@dataclass(frozen=True, slots=True)
class RoundRequest:
    """What is to be printed for whom. ``resident_ids`` in the order of the paper.

    ``title`` names the list (the village, the doctor). ``last_time``: class and drugs of the last
    visit are printed for comparison; measurements never are.
    """

    paper: Paper
    resident_ids: tuple[str, ...] = ()
    title: str = ""
    whole_ids: bool = False
    last_time: bool = True
    slips: SlipSize = "two"


def prepare_round(store: Store, actor: Actor, request: RoundRequest) -> PrintDocument:
    """The document of a round, its people numbered; nothing counts as printed yet.

    The same people in the same order on the same day keep their numbers, so that the list and
    the slips of one round fit together. Raises InputError for an empty or a too long list,
    NotAllowed for roles that see numbers only.
    """
    require_editor(actor)
    if not request.resident_ids:
        raise InputError(tr("Nobody is chosen, so there is nothing to print. Choose people first."))
    if len(request.resident_ids) > MOST_PEOPLE:
        raise InputError(
            tr(
                "A round holds at most {most} people; these are {count}. Nothing was printed. "
                "Choose one village or fewer kinds of work."
            ).format(most=MOST_PEOPLE, count=len(request.resident_ids))
        )
    today = store.clock.today()
    with store.write(actor) as session:
        people = people_on_paper(
            session,
            actor.organisation_id,
            request.resident_ids,
            today,
            whole_ids=request.whole_ids,
        )
        if request.paper == "slips" and not any(person.diseases for person in people):
            raise InputError(
                tr(
                    "None of these people is under management of a chronic disease, so there is "
                    "no slip to print. Print the list, or choose other people."
                )
            )
        made = _round(session, store, actor, request, people)
        about = About(ROUND, made.id, len(people), request.whole_ids)
        organisation = session.get(Organisation, actor.organisation_id)
        place = organisation.name if organisation is not None else ""
        due = _due_words(session, actor, [person.resident_id for person in people])
        return _document(request, made.number, people, due, about, place, today)


def blank_forms(paper: Paper, slips: SlipSize = "two") -> PrintDocument:
    """Forms that name nobody, to be filled in by hand."""
    about = About("paper_form")
    request = RoundRequest(paper, slips=slips)
    count = BLANK_FORMS if paper == "slips" and slips == "two" else 1
    return _document(request, 0, (None,) * count, {}, about, "", None)


def short_number(number: int, position: int) -> str:
    """``12-07``."""
    return f"{number}-{position:02d}"


def _document(
    request: RoundRequest,
    number: int,
    people: Sequence[PersonOnPaper | None],
    due: dict[str, str],
    about: About,
    place: str,
    today: date | None,
) -> PrintDocument:
    numbered = [
        (short_number(number, at) if number else "", person)
        for at, person in enumerate(people, start=1)
    ]
    shared = {"place": place, "today": today, "title": request.title}
    if request.paper == "list":
        title = tr("Visit list {title}").format(title=request.title).strip()
        return PrintDocument(
            title=title,
            forms=fill("visit_list", people=numbered, due=due, number=number, **shared),
            about=about,
            landscape=True,
            footer=" · ".join(part for part in (place, title) if part),
        )
    if request.paper == "checks":
        title = tr("Annual check sheets {title}").format(title=request.title).strip()
        form = definition(version_for(today) if today is not None else versions()[-1])
        return PrintDocument(
            title=title,
            forms=fill(
                "health_check",
                form_title=tr("Annual health check"),
                sheets=[
                    (no, person, blocks_of(form, person.sex if person is not None else ""))
                    for no, person in numbered
                ],
            ),
            about=about,
            margins=(10.0, 9.0, 10.0, 11.0),
            footer=" · ".join(part for part in (place, form.label) if part),
        )
    title = tr("Follow-up slips {title}").format(title=request.title).strip()
    slips = fill(
        "follow_up_slip",
        # Who is only on the list for something else keeps the number, but needs no slip.
        people=[
            (no, person, person.diseases if person is not None else DISEASES)
            for no, person in numbered
            if person is None or person.diseases
        ],
        last_time=request.last_time,
        copd_items=[_item_words(item) for item in copd_items()],
        **shared,
    )
    if request.slips == "a5":
        return PrintDocument(
            title=title,
            forms=slips,
            about=about,
            page="A5",
            landscape=True,
            margins=(8.0, 7.0, 8.0, 7.0),
            down=1,
        )
    down = 2 if request.slips == "two" else 1
    return PrintDocument(
        title=title, forms=slips, about=about, margins=(10.0, 8.0, 10.0, 8.0), down=down
    )


def _item_words(item: CopdItem) -> str:
    """An item of the COPD form as it is asked on paper."""
    if item.options:
        asked = "  ".join(f"□{code}\u00a0{words}" for code, words in item.options)
        return f"{item.label} {asked}"
    return f"{item.label} {line(5)} {item.unit}".rstrip()


def _round(
    session: Session,
    store: Store,
    actor: Actor,
    request: RoundRequest,
    people: Sequence[PersonOnPaper],
) -> PaperRound:
    """The open round of today with the same people in the same order, or a new one."""
    ids = [person.resident_id for person in people]
    form = _FORMS[request.paper]
    open_ones = session.scalars(
        select(PaperRound)
        .where(PaperRound.organisation_id == actor.organisation_id, PaperRound.closed_at.is_(None))
        .order_by(PaperRound.number.desc())
        .limit(20)
    )
    for known in open_ones:
        same_day = clinic_date(known.made_at) == store.clock.today()
        fits = not form or known.form in ("", form)
        if same_day and fits and [slip.resident_id for slip in known.slips] == ids:
            known.form = form or known.form
            return known
    _forget_unprinted(session, actor)
    newest = session.scalar(select(func.max(PaperRound.number))) or 0
    made = PaperRound(
        number=newest + 1,
        organisation_id=actor.organisation_id,
        staff_id=actor.staff_id,
        title=request.title,
        form=form,
        made_at=store.clock.now(),
        slips=[
            PaperSlip(position=at, resident_id=person.resident_id, diseases=list(person.diseases))
            for at, person in enumerate(people, start=1)
        ],
    )
    session.add(made)
    session.flush()
    return made


def _forget_unprinted(session: Session, actor: Actor) -> None:
    """Lists that were only looked at."""
    mine = (
        select(PaperRound.id)
        .where(PaperRound.staff_id == actor.staff_id, PaperRound.printed_at.is_(None))
        .scalar_subquery()
    )
    session.execute(delete(PaperSlip).where(PaperSlip.round_id.in_(mine)))
    session.execute(delete(PaperRound).where(PaperRound.id.in_(mine)))


def _due_words(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, str]:
    """What is due for each person, as one line each for the list."""
    found: dict[str, list[str]] = {}
    for item in session.scalars(
        select(DueItem)
        .where(DueItem.resident_id.in_(ids), DueItem.organisation_id == actor.organisation_id)
        .order_by(DueItem.resident_id, DueItem.due_on, DueItem.kind)
    ):
        words = f"{codes.label('due_kind', item.kind)} {item.due_on:%m-%d}"
        found.setdefault(item.resident_id, []).append(words)
    return {each: "\n".join(lines) for each, lines in found.items()}
