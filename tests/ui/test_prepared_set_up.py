"""A PC that the county prepared: the first set-up proposes, the settings know the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app import preset
from app.sync import connection
from app.ui.context import UiContext
from app.ui.settings.server import ServerSection
from app.ui.sign_in.setup import SetUpPage
from app.ui.tasks import SynchronousRunner

TOWNSHIP = "白塔畈镇中心卫生院"


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """``prepared(text)``: the file that lies in the program's folder."""
    monkeypatch.setenv(preset.PLACE, str(tmp_path))

    def write(text: str) -> None:
        (tmp_path / preset.FILE).write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def page(qtbot, empty_folder: Path):
    def build() -> SetUpPage:
        made = SetUpPage(empty_folder, SynchronousRunner())
        qtbot.addWidget(made)
        return made

    return build


def test_an_organisation_of_the_directory_is_chosen_and_the_network_set(qtbot, page, prepared):
    prepared(
        f"[organisation]\nname = {TOWNSHIP}\n[server]\naddress = https://hospital:8443\n"
        "proxy = http://proxy:3128\n"
    )
    made = page()
    assert TOWNSHIP in made.organisation.combo.currentText()
    qtbot.mouseClick(made.next, Qt.MouseButton.LeftButton)
    for field, text in (
        (made.name, "王建国"),
        (made.login, "wang"),
        (made.password, "secret1"),
        (made.again, "secret1"),
    ):
        field.set_value(text)
    qtbot.mouseClick(made.next, Qt.MouseButton.LeftButton)
    key = made._prepared.recovery_key
    made._recovery.confirmation.set_value(key.rsplit("-", 1)[-1])
    with qtbot.waitSignal(made.finished) as finished:
        qtbot.mouseClick(made.next, Qt.MouseButton.LeftButton)
    signed_in = finished.args[0]
    store = signed_in.store
    try:
        assert signed_in.organisation_name == TOWNSHIP
        assert connection.settings(store).proxy == "http://proxy:3128"
        context = UiContext(store, signed_in.actor, SynchronousRunner(), None)
        section = ServerSection(context)
        qtbot.addWidget(section)
        assert section.url.value() == "https://hospital:8443"
    finally:
        store.close()


def test_an_organisation_that_is_not_listed_stands_in_the_fields(page, prepared):
    prepared("[organisation]\nname = 新建卫生院\nkind = CARE_INSTITUTION\n")
    made = page()
    assert made.typed.value() == "新建卫生院"
    assert not made.typed.isHidden()
    assert made.kind.value() == "CARE_INSTITUTION"


@pytest.mark.parametrize(
    ("text", "said"),
    [("[organisation]\nnmae = x\n", "nmae"), ("[server]\nproxy = ftp://x\n", "代理")],
)
def test_a_file_that_cannot_be_used_is_told_and_nothing_of_it_used(page, prepared, text, said):
    prepared(text)
    made = page()
    assert said in made.strip.text()
    assert made.organisation.value() is None
