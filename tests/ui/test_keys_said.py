"""F1 lists the keys of whatever page is in front."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLabel, QWidget

import app.ui
from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.health_check.view import CheckUpRoom
from app.ui.referrals.view import ReferralsRoom
from app.ui.shell.help import KeysDialog
from tests.care.follow_up_samples import managed_resident
from tests.referral_support import add_resident
from tests.ui.attachments.making import drawn
from tests.ui.attachments.test_waiting_files import add
from tests.ui.checks import check_page

#: Keys that mean the same on every page: they stand in the list of the whole program.
_EVERYWHERE = {"Esc", "Ctrl+N"}


def listed(page: QWidget) -> dict[str, str]:
    dialog = KeysDialog(page)
    dialog.open()
    check_page(dialog)
    texts = [each.text() for each in dialog.findChildren(QLabel)]
    dialog.close()
    return dict(itertools.pairwise(texts))


def test_no_page_takes_a_key_that_it_does_not_say() -> None:
    unsaid = []
    for file in sorted(Path(app.ui.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id != "on_key" or len(node.args) > 3:
                continue
            keys = node.args[1]
            if not (isinstance(keys, ast.Constant) and keys.value in _EVERYWHERE):
                unsaid.append(f"{file.name}:{node.lineno}")
    assert unsaid == []


def test_the_keys_of_the_check_up(
    store: Store, actor: Actor, context: UiContext, shown: Any
) -> None:
    room: CheckUpRoom = shown(CheckUpRoom(context))
    assert listed(room)["Ctrl+1"] == "左起第 1 个名单"
    room.open(resident_id=managed_resident(store, actor, "hypertension"))
    said = listed(room)
    assert said["F8"] == "光标所在行：未查、拒绝、无法测"
    assert said["F9"] == "采纳全部异常提示"
    assert {"F2", "F6", "PgDown", "PgUp"} <= set(said)
    assert "Ctrl+1" not in said


def test_the_keys_of_a_list_of_files(
    store: Store, actor: Actor, context: UiContext, shown: Any
) -> None:
    room: ReferralsRoom = shown(ReferralsRoom(context))
    room.open(resident_id=add_resident(store, actor))
    assert room.form is not None
    said = listed(room)
    assert said["Ctrl+V"] == "粘贴图片为附件"
    assert "Delete" not in said, "no file stands there yet"
    add(room.form.files, drawn(50, 50), title="心电图")
    assert listed(room)["Delete"] == "撤下所选附件"
    room.leave()
