"""Files on the referral's page, as a person does it: add, see it go, look, copy, take back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care import referral
from app.care.attachments import attaching, files
from app.care.referral_desk import Booking, accept
from app.care.referral_moves import Reason
from app.care.referral_return.answer import write_reply
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.models import records
from app.models.attachment import AttachmentPart
from app.models.local import AuditEvent
from app.models.outbox import LANE_FILES, Outbox, Receipt
from app.models.store import Store
from app.ui.attachments import choosing
from app.ui.attachments.card import FilesCard
from app.ui.attachments.dialogs import AddDialog, SureDialog
from app.ui.attachments.words import progress
from tests.conftest import NOW
from tests.referral_returns import reply_for
from tests.referral_rooms import House, Keys, back, bring
from tests.referral_support import add_resident, carry, letter_for
from tests.ui.attachments.making import PDF, drawn, photo
from tests.ui.checks import check_page

CTRL = Qt.KeyboardModifier.ControlModifier


def sent(house: House) -> str:
    letter = letter_for(add_resident(house.store, house.actor))
    referral_id = referral.send(house.store, house.actor, letter).referral_id
    house.room.open(referral_id=referral_id)
    return referral_id


def card_of(house: House) -> FilesCard:
    card = house.room.files
    assert isinstance(card, FilesCard)
    return card


def add_dialog(house: House) -> AddDialog:
    dialog = card_of(house).dialog
    assert isinstance(dialog, AddDialog)
    return dialog


def attach(house: House, source: Path | QImage, category: str = "ecg", title: str = "") -> None:
    card_of(house).add([source])
    dialog = add_dialog(house)
    dialog.category.set_value(category)
    dialog.title.set_value(title or None)
    dialog.done_button.click()


def shown(house: House) -> list[tuple[str, str]]:
    """Title and progress of each file on the strip."""
    return [(each.view.title, progress(each.view)[0]) for each in card_of(house).files]


def carry_files(source: Store, target: Store, parts: int = 1000) -> None:
    """Descriptions and the first so many parts, as a pull brings them."""
    for kind in ("attachment", "attachment_part"):
        table = records.KINDS[kind].table
        with source.read() as session:
            query = select(table.c.id)
            if kind == "attachment_part":
                query = query.order_by(table.c.number).limit(parts)
            rows = records.fetch(session, kind, session.scalars(query).all())
        with target.apply_remote() as session:
            records.put(session, kind, rows.values())


def bring_files(source: House, target: House, parts: int = 1000) -> None:
    """What a pull brings: letter, replies, files."""
    carry(source.store, target.store)
    carry_files(source.store, target.store, parts)
    target.context.tell_changed("referral", "referral_task", "attachment", "attachment_part")


def test_the_whole_way_of_a_photo_by_keyboard(
    township: House,
    desk: House,
    keys: Keys,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Open the letter, choose a photo, say what it is, attach; queued; the hospital sees it."""
    referral_id = sent(township)
    path = tmp_path / "IMG_0042.JPG"
    path.write_bytes(photo(3000, 4000))
    monkeypatch.setattr(choosing, "choose_files", lambda _parent: [path])
    card = card_of(township)
    assert not card.strip.isVisible()
    back(township, qtbot)
    card.add_button.setFocus()
    keys.key(Qt.Key.Key_Return)
    dialog = add_dialog(township)
    bring(dialog, qtbot)
    keys.save()
    assert dialog.category.message(), "nobody said what it shows"
    keys.text("2")
    keys.to(dialog.title.editor)
    keys.text("心电图 V1–V6")
    keys.save()
    assert shown(township) == [("心电图 V1–V6", "等待发送")]
    assert township.said[-1].startswith("已添加 1 个附件")
    with township.store.read() as session:
        lanes = {row.kind: row.lane for row in session.scalars(select(Outbox))}
        assert lanes["attachment_part"] == LANE_FILES
        assert {"attachment", "shared_note"} <= lanes.keys()
        assert session.query(AttachmentPart).count() >= 5

    bring_files(township, desk, parts=2)
    desk.room.open(referral_id=referral_id)
    ((title, words),) = shown(desk)
    assert title == "心电图 V1–V6"
    assert words.startswith("已收到 2/")
    assert card_of(desk).files[0].picture is not None, "the small picture is there already"
    card_of(desk).open_file()
    viewer = card_of(desk).viewer
    assert viewer is not None
    assert viewer.pages.currentWidget() is viewer.words
    assert not viewer.save.isEnabled()
    viewer.reject()
    bring_files(township, desk)
    assert shown(desk) == [("心电图 V1–V6", "已收齐")]
    card_of(desk).open_file()
    viewer = card_of(desk).viewer
    assert viewer is not None
    assert viewer.pages.currentWidget() is viewer.picture
    assert viewer.picture.sceneRect().size().toSize().toTuple() == (1500, 2000)
    viewer.reject()
    with desk.store.read() as session:
        looks = select(AuditEvent.action).where(AuditEvent.kind == "attachment")
        assert session.scalars(looks).all() == ["read"]


def test_progress_counts_the_parts_that_the_hospital_confirmed(
    township: House, tmp_path: Path
) -> None:
    sent(township)
    path = tmp_path / "ecg.pdf"
    path.write_bytes(PDF)
    attach(township, path)
    view = card_of(township).files[0].view
    assert (view.parts, progress(view)[0]) == (3, "等待发送")

    def confirm(kind: str, count: int) -> None:
        with township.store.apply_remote() as session:
            rows = session.scalars(
                select(Outbox).where(Outbox.kind == kind).order_by(Outbox.seq).limit(count)
            ).all()
            for row in rows:
                session.add(
                    Receipt(
                        kind=kind,
                        record_id=row.record_id,
                        change_id=row.change_id,
                        server_time=NOW,
                        received_at=NOW,
                        via="network",
                    )
                )
                session.delete(row)
        township.context.tell_changed(kind)

    confirm("attachment", 1)
    assert shown(township) == [("心电图", "0/3 段已到县医院")]
    confirm("attachment_part", 2)
    assert shown(township) == [("心电图", "2/3 段已到县医院")]
    confirm("attachment_part", 1)
    assert shown(township) == [("心电图", "已到县医院")]


def test_a_screenshot_is_pasted_and_files_are_dropped(
    township: House, keys: Keys, tmp_path: Path
) -> None:
    sent(township)
    card = card_of(township)
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("no picture")
    township.room.detail._scroll.setFocus()
    keys.key(Qt.Key.Key_V, CTRL)
    assert "剪贴板里没有图片" in card.notice.text()
    clipboard.setImage(drawn(700, 500))
    keys.key(Qt.Key.Key_V, CTRL)
    dialog = add_dialog(township)
    dialog.category.set_value("laboratory")
    dialog.done_button.click()
    assert [title for title, _ in shown(township)] == ["化验单"]
    clipboard.clear()

    (tmp_path / "a.jpg").write_bytes(photo(300, 200))
    (tmp_path / "b.exe").write_bytes(b"MZ")
    (tmp_path / "c.pdf").write_bytes(PDF)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.jpg", "b.exe", "c.pdf")])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), copy, data, left, none)
    QApplication.sendEvent(card, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(card, QDropEvent(QPointF(9, 9), copy, data, left, none))
    dialog = add_dialog(township)
    assert "只能添加照片" in dialog.strip.text()
    dialog.category.set_value("report_photo")
    dialog.title.set_value("出院小结")
    dialog.done_button.click()
    assert [title for title, _ in shown(township)] == ["化验单", "出院小结 1", "出院小结 2"]


def test_what_nobody_can_read_is_refused_with_a_reason(township: House, tmp_path: Path) -> None:
    sent(township)
    path = tmp_path / "bad.jpg"
    path.write_bytes(b"\xff\xd8\xff" + bytes(300))
    card_of(township).add([path])
    assert card_of(township).dialog is None
    assert "图片已损坏" in card_of(township).notice.text()
    assert shown(township) == []


def test_looking_from_one_to_the_next_and_closer(
    township: House, keys: Keys, qtbot: QtBot, tmp_path: Path
) -> None:
    sent(township)
    path = tmp_path / "ecg.pdf"
    path.write_bytes(PDF)
    attach(township, drawn(800, 600), title="第一张")
    attach(township, path, title="报告")
    attach(township, drawn(600, 800), title="第三张")
    card = card_of(township)
    card.strip.setFocus()
    card.strip.setCurrentRow(0)
    keys.key(Qt.Key.Key_Return)
    viewer = card.viewer
    assert viewer is not None
    bring(viewer, qtbot)
    assert "第一张" in viewer.title.text()
    keys.text("+")
    keys.text("+")
    assert viewer.picture.zoom == pytest.approx(1.5625)
    keys.text("-")
    assert viewer.picture.zoom == pytest.approx(1.25)
    keys.text("0")
    assert viewer.picture.zoom == 1.0
    keys.key(Qt.Key.Key_Right)
    assert "报告" in viewer.title.text()
    assert viewer.pages.currentWidget() is viewer.words
    assert viewer.save.isEnabled()
    keys.key(Qt.Key.Key_Right)
    keys.key(Qt.Key.Key_Right)
    assert "第三张" in viewer.title.text()
    assert viewer.pages.currentWidget() is viewer.picture
    assert not viewer.after.isEnabled()
    check_page(viewer)
    keys.key(Qt.Key.Key_PageUp)
    assert "报告" in viewer.title.text()
    keys.key(Qt.Key.Key_Escape)
    assert not viewer.isVisible()


def test_a_copy_leaves_only_after_a_plain_warning(
    township: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(township)
    path = tmp_path / "ecg.pdf"
    path.write_bytes(PDF)
    attach(township, path)
    asked: list[str] = []
    target = tmp_path / "chosen" / "ecg-copy.pdf"
    target.parent.mkdir()

    def choose(_parent: object, name: str) -> Path:
        asked.append(name)
        return target

    monkeypatch.setattr(choosing, "choose_place", choose)
    card = card_of(township)
    card.save_button.click()
    dialog = card.dialog
    assert isinstance(dialog, SureDialog)
    check_page(dialog)
    assert asked == [], "the warning comes first"
    dialog.reject()
    assert list(target.parent.iterdir()) == []
    card.save_button.click()
    card.dialog.done_button.click()  # type: ignore[union-attr]
    assert asked == ["心电图.pdf"], "the name tells nobody whose it is"
    assert [each.name for each in target.parent.iterdir()] == ["ecg-copy.pdf"]
    assert target.read_bytes() == PDF
    assert "未加密" in township.said[-1]
    with township.store.read() as session:
        notes = select(AuditEvent).where(AuditEvent.action == "export")
        (note,) = session.scalars(notes).all()
        assert (note.kind, note.staff_id) == ("attachment", township.actor.staff_id)
    target = tmp_path / "gone" / "copy.pdf"
    card.save_button.click()
    card.dialog.done_button.click()  # type: ignore[union-attr]
    assert "文件夹" in card.dialog.strip.text()  # type: ignore[union-attr]
    card.dialog.reject()  # type: ignore[union-attr]


def test_a_file_taken_back_is_struck_out_on_both_sides(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    referral_id = sent(township)
    attach(township, drawn(400, 300), title="拍错了")
    bring_files(township, desk)
    desk.room.open(referral_id=referral_id)
    assert not card_of(desk).back_button.isVisible()
    card_of(desk).ask_to_take_back()
    assert card_of(desk).dialog is None, "only the house that attached it takes it back"
    card = card_of(township)
    back(township, qtbot)
    card.strip.setFocus()
    keys.key(Qt.Key.Key_Delete)
    dialog = card.dialog
    assert isinstance(dialog, SureDialog)
    dialog.reject()
    assert shown(township) == [("拍错了", "等待发送")]
    card.back_button.click()
    card.dialog.done_button.click()  # type: ignore[union-attr]
    assert shown(township) == [("拍错了", "已撤回")]
    assert not card.back_button.isEnabled()
    assert not card.save_button.isEnabled()
    bring_files(township, desk)
    assert shown(desk) == [("拍错了", "已撤回")]
    assert not card_of(desk).save_button.isEnabled()


def test_files_of_the_reply_are_seen_beside_those_of_the_letter(
    township: House, desk: House
) -> None:
    referral_id = sent(township)
    attach(township, drawn(400, 300), title="心电图")
    bring_files(township, desk)
    accept(desk.store, desk.actor, referral_id, Booking("心内科", "李主任", "13900000001", NOW))
    arrive(desk.store, desk.actor, referral_id)
    write_reply(desk.store, desk.actor, referral_id, reply_for())
    desk.room.open(referral_id=referral_id)
    attach(desk, drawn(300, 400), "imaging", "冠脉造影")
    assert [(each.of, each.view.title) for each in card_of(desk).files] == [
        ("", "心电图"),
        ("回转单", "冠脉造影"),
    ]
    bring_files(desk, township)
    township.room.open(referral_id=referral_id)
    assert [title for title, _ in shown(township)] == ["心电图", "冠脉造影"]


def test_an_ended_letter_takes_none_and_a_full_one_says_so(
    township: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    referral_id = sent(township)
    monkeypatch.setattr(attaching, "MOST_FILES", 2)
    card_of(township).add([drawn(50, 50), drawn(60, 60)])
    add_dialog(township).category.set_value("other")
    add_dialog(township).done_button.click()
    attach(township, drawn(70, 70))
    assert "已有 2 个附件" in card_of(township).notice.text()
    assert len(shown(township)) == 2
    store, actor = township.store, township.actor
    referral.advance(store, actor, referral_id, State.CANCELLED, Reason("patient_withdraw"))
    township.room.open(referral_id=referral_id)
    card = card_of(township)
    assert not card.add_button.isVisible()
    assert not card.acceptDrops()
    card.paste()
    card.add([drawn(80, 80)])
    assert len(files.list_files(store, "referral", referral_id)) == 2
