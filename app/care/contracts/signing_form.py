"""The form of a contract: its fields and what is wrong with them (domain reference §3.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.care.contracts.packages import CATEGORY_PACKAGES, PAYERS, Package, current_packages
from app.care.contracts.terms import TERMS
from app.care.parsing import clean_text
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.contract import CareTeam
from app.models.organisation import Staff

_TEXT = 200
_NOTE = 1000


@dataclass(frozen=True, slots=True)
class ContractInput:
    """A contract as written. ``package_ids``: the versions that were shown.

    ``term_years`` 1-3. ``payers``: yuan a year by payer; empty takes those of the packages.
    ``contract_no`` empty: one is given. ``doctor_id`` empty for a doctor without an account.
    """

    team_id: str
    doctor_name: str
    signed_on: date | None
    starts_on: date | None
    package_ids: tuple[str, ...]
    category: str = "family_doctor"
    doctor_id: str = ""
    term_years: int | None = 1
    source: str = ""
    charged: bool = False
    payers: tuple[tuple[str, float], ...] = ()
    read_to_resident: bool = False
    signer_name: str = ""
    signer_relation: str = "self"
    contract_no: str = ""
    note: str = ""


Checked = tuple[ContractInput, CareTeam, tuple[Package, ...]]


def checked_form(
    session: Session, actor: Actor, form: ContractInput, today: date, name: str = "-"
) -> Checked:
    """The form with tidy texts, its team and packages; InputError for what is wrong."""
    problems: dict[str, str] = {}
    offered = {each.id: each for each in current_packages(session, actor.organisation_id)}
    packages = tuple(offered[each] for each in form.package_ids if each in offered)
    if not codes.is_known("contract_category", form.category):
        problems["category"] = tr("Choose the kind of contract.")
    elif not packages or len(packages) < len(form.package_ids):
        problems["package_ids"] = tr("Choose at least one package of the list.")
    elif any(each.category not in CATEGORY_PACKAGES[form.category] for each in packages):
        problems["package_ids"] = tr("This package does not belong to this kind of contract.")
    team = session.get(CareTeam, form.team_id) if form.team_id else None
    if team is None or not team.active or team.organisation_id != actor.organisation_id:
        problems["team_id"] = tr("Choose the team.")
    if form.doctor_id and session.get(Staff, form.doctor_id) is None:
        problems["doctor_name"] = tr("Choose the doctor.")
    texts: dict[str, Any] = {
        key: clean_text(getattr(form, key))
        for key in ("doctor_name", "signer_name", "contract_no", "note")
    }
    texts["signer_name"] = texts["signer_name"] or (
        clean_text(name) if form.signer_relation == "self" else ""
    )
    for key, message in (
        ("doctor_name", tr("Choose the doctor.")),
        ("signer_name", tr("Who signed?")),
    ):
        if not texts[key]:
            problems.setdefault(key, message)
    for key, text in texts.items():
        most = _NOTE if key == "note" else _TEXT
        if len(text) > most:
            problems[key] = tr("This text is too long: at most {count} characters.").format(
                count=most
            )
    if not codes.is_known("signer_relation", form.signer_relation):
        problems["signer_relation"] = tr("How is the signer related to the resident?")
    if form.source and not codes.is_known("contract_source", form.source):
        problems["source"] = tr("This choice is not in the list. Choose again.")
    if form.term_years not in TERMS:
        problems["term_years"] = tr("A contract runs for one, two or three years.")
    problems.update(_wrong_days(form, today))
    if any(payer not in PAYERS or amount < 0 for payer, amount in form.payers):
        problems["payers"] = tr("A share cannot be negative.")
    if problems:
        raise InputError(problems)
    assert team is not None
    return replace(form, **texts), team, packages


def _wrong_days(form: ContractInput, today: date) -> dict[str, str]:
    if form.signed_on is None:
        return {"signed_on": tr("When was it signed?")}
    if form.signed_on > today:
        return {"signed_on": tr("The day of signing cannot lie ahead.")}
    if form.starts_on is None:
        return {"starts_on": tr("When does the contract begin?")}
    if form.starts_on < form.signed_on:
        return {"starts_on": tr("A contract cannot begin before it was signed.")}
    return {}
