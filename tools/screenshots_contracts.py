"""Pictures of the contracts room for the user guide: a team, the form, a contract with its
services, the list, the packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, County

#: The guide's picture ← the picture taken here (of the same name).
CHOSEN = ("contracts", "contract", "contract-form", "contract-team", "contract-packages")


def contract_pages(county: County, pictures: Path) -> None:
    """All of them, large, into ``pictures``."""
    from app.care.accounts import list_accounts
    from app.care.contracts.completion import note_service
    from app.care.contracts.teams import TeamInput, TeamMember, save_team
    from app.care.contracts.teams import villages as villages_of
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    context = hands.frame.context
    store, actor = context.store, context.actor
    villages = villages_of(store, actor)
    nurse = next(each for each in list_accounts(store) if each.name == "李护士")
    save_team(
        store,
        actor,
        TeamInput(
            "第一家庭医生团队",
            actor.name,
            (
                TeamMember(actor.name, "doctor", actor.staff_id),
                TeamMember(nurse.name, "nurse", nurse.staff_id),
                TeamMember("老周", "village_doctor"),
                TeamMember("周主任", "specialist"),
            ),
            villages[:3],
            area="东片",
            phone="0564-0000001",
        ),
    )
    room: Any = hands.room("contracts")
    room.show_teams()
    wait(lambda: room.teams.model.rowCount() > 0, "the team")
    hands.picture("contract-team")
    room.open(scope="unsigned")
    room.list.village.setCurrentIndex(room.list.village.findData(villages[0]))
    wait(lambda: room.list.people_model.row(9) is not None, "who has no contract")
    ids = [room.list.people_model.row(at).resident_id for at in range(10)]
    room.show_form(ids[:1])
    wait(lambda: room.form.known is not None, "the form")
    page = room.form
    team = page.known.teams[0]
    page.form["team_id"].set_value(team.id)
    page.form["source"].set_value("home")
    page.form["read_to_resident"].set_value("1")
    hands.picture("contract-form")
    page.save_button.click()
    wait(lambda: room.detail.view is not None, "the contract")
    note_service(store, actor, room.detail.view.id, "education", context.clock.today(), "低盐饮食")
    context.tell_changed("contract_service")
    wait(lambda: len(room.detail.view.notes) == 1, "the noted service")
    hands.picture("contract")
    room.show_form(ids[1:])
    wait(lambda: len(room.form.known.people) == 9, "the form of the village")
    room.form.form["team_id"].set_value(team.id)
    room.form.form["read_to_resident"].set_value("1")
    room.form.save_button.click()
    wait(room.list.isVisible, "the lists")
    room.list.show_scope("in_force")
    wait(room.list.table.isVisible, "the list of contracts")
    wait(lambda: room.list.model.rowCount() >= 10, "the contracts in force")
    wait(lambda: room.list.model.row(9) is not None, "their names")
    hands.picture("contracts")
    room.show_packages()
    wait(lambda: room.packages.package is not None, "the packages")
    hands.picture("contract-packages")
    hands.close()
