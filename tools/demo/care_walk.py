"""The walk's part of elder health: a contract, an annual check, a scale, the indicators.

The new elder of the walk is signed up, checked and assessed by keyboard; then the reports show
the check among the year's figures. ``tools/demo/walk.py`` calls it before the network comes up,
so that these records, too, are sent by themselves.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tools.demo.hands import Hands, expect, wait

CTRL = Qt.KeyboardModifier.ControlModifier


def contract(hands: Hands, resident_id: str) -> None:
    """Ctrl+6 on the resident's page: the agreement of the first team, read out and signed."""
    _page(hands, resident_id)
    hands.key(Qt.Key.Key_6, CTRL)
    wait(lambda: hands.frame.here == "contracts", "the contracts")
    room = _room(hands, "contracts")
    wait(lambda: room.form is not None and room.form.isVisible(), "the form of the contract")
    form = room.form.form
    wait(lambda: QApplication.focusWidget() is form["category"].editor, "its first field")
    for key in ("team_id", "doctor"):
        hands.to(form[key].editor)
        if not form[key].value():
            hands.key(Qt.Key.Key_Down)
    hands.fill(form["read_to_resident"].editor, "1")
    hands.save()
    wait(lambda: room.detail is not None and room.detail.isVisible(), "the contract signed")
    wait(lambda: room.detail.view is not None, "its services")
    hands.picture("20-contract")


def annual_check(hands: Hands, resident_id: str) -> None:
    """Ctrl+5: the form in paper order; a raised pressure is marked while it is typed."""
    _page(hands, resident_id)
    hands.key(Qt.Key.Key_5, CTRL)
    wait(lambda: hands.frame.here == "check_ups", "the annual check")
    room = _room(hands, "check_ups")
    wait(lambda: room.front is not None and room.front.isVisible(), "its form")
    page = room.front
    wait(lambda: QApplication.focusWidget() is page.fields["symptoms"].editor, "its first field")
    for key, text in (
        ("symptoms", "1"),
        ("temperature", "36.5"),
        ("pulse", "78"),
        ("respiration", "18"),
        ("sbp_left", "156"),
        ("dbp_left", "92"),
        ("height", "165"),
        ("weight", "70"),
    ):
        hands.fill(page.fields[key].editor, text)
    hands.enter()
    wait(lambda: page.proposals.texts(), "the abnormal pressure marked")
    expect("156" in " ".join(page.proposals.texts()), "the left arm's pressure is named")
    hands.picture("21-annual-check")
    hands.save()
    wait(lambda: not page.isVisible(), "the check saved")


def scale(hands: Hands, resident_id: str) -> None:
    """Ctrl+4: the five questions of self-care, a digit each."""
    _page(hands, resident_id)
    hands.key(Qt.Key.Key_4, CTRL)
    wait(lambda: hands.frame.here == "assessments", "the scales")
    room = _room(hands, "assessments")
    overview = room.overview
    wait(lambda: overview.known is not None and overview.table.hasFocus(), "the list of scales")
    hands.enter()
    wait(lambda: room.form_page is not None and room.form_page.isVisible(), "the form")
    questions = room.form_page.form.questions
    first = room.form_page.fields[f"answer.{questions[0].link_id}"]
    wait(lambda: first.isAncestorOf(hands.focused()) or first is hands.focused(), "the first one")
    hands.text("1" * len(questions))
    hands.picture("22-scale")
    hands.save()
    wait(lambda: overview.isVisible() and overview.lines.rowCount() == 1, "the result in its list")


def indicators(hands: Hands) -> None:
    """The year's figures, and the people who are behind one of them."""
    room: Any = hands.room("reports")
    page = room.overview
    wait(lambda: page.model.rowCount() > 0, "the indicators")
    hands.picture("23-indicators")
    hands.key(Qt.Key.Key_Return)
    wait(lambda: room.people.isVisible() and room.people.model.rowCount() > 0, "who is missing")
    hands.key(Qt.Key.Key_Escape)
    wait(page.isVisible, "the indicators again")


def _page(hands: Hands, resident_id: str) -> None:
    hands.frame.context.navigate("residents", resident_id=resident_id)
    page = _room(hands, "residents").page
    wait(lambda: hands.frame.here == "residents" and page.isVisible(), "the resident's page")
    wait(
        lambda: QApplication.focusWidget() is page.head.follow_up_button,
        "the keyboard on the resident's page",
    )


def _room(hands: Hands, name: str) -> Any:
    wait(lambda: hands.frame.room(name) is not None, f"the room {name}")
    return hands.frame.room(name)
