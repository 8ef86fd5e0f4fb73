"""G13: a store put back from an older copy is noticed, and nothing is lost or overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from app.care import backups
from app.care.accounts import sign_in
from app.models import epoch
from app.models.epoch import RESTORED
from app.models.outbox import Conflict, Outbox, delivery_state
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.models.settings import get_setting
from app.models.store import Store, open_store
from app.sync import restored
from app.sync.status import read_status
from tests.conftest import PASSWORD, TOWNSHIP_ID
from tests.faults.copies import content, content_there, copy_store, put_store_back, reopen
from tests.server.serving import ServerProcess
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.making import a_plan, a_resident, check_ins, save
from tests.sync.proxy import Proxy


def change(clinic: Clinic, model: type, id_: str, **values: object) -> None:
    with clinic.store.write(clinic.actor) as session:
        row = session.get(model, id_)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def value(store: Store, model: type, id_: str, name: str) -> object:
    with store.read() as session:
        return getattr(session.get(model, id_), name)


def is_pending(store: Store) -> bool:
    with store.read() as session:
        return restored.pending(session)


def a_visit(clinic: Clinic) -> tuple[Resident, CheckIn]:
    resident = a_resident()
    plan = a_plan(resident, clinic.actor)
    (visit,) = check_ins(plan, clinic.actor, 1)
    save(clinic.store, clinic.actor, resident, plan, visit)
    return resident, visit


def test_g13_a_store_copied_back_by_hand_fetches_what_it_lost(
    township: Clinic, server: ServerProcess
) -> None:
    resident, _ = a_visit(township)
    assert township.sync().outcome == "done"
    copy = copy_store(township)
    change(township, Resident, resident.id, phone="13911112222")
    _, lost = a_visit(township)
    assert township.sync().outcome == "done"
    everything = content(township.store)

    store = put_store_back(township, copy)
    assert is_pending(store), "noticed by itself"
    assert "副本" in " ".join(read_status(store).notices)
    assert value(store, Resident, resident.id, "phone") == "13800001234"
    _, later = a_visit(township)  # the work goes on before there is a connection
    assert township.sync().outcome == "done"

    assert not is_pending(store)
    assert read_status(store).notices == ()
    now = content(store)
    assert {key: now[key] for key in everything} == everything
    assert ("check_in", later.id) in now
    assert now == content_there(server.enrol(TOWNSHIP_ID))
    with store.read() as session:
        assert session.query(Conflict).count() == 0
        assert delivery_state(session, "check_in", lost.id).state == "held"


def test_g13_every_way_of_copying_is_noticed_and_a_plain_start_is_not(township: Clinic) -> None:
    folder = township.store.folder
    for _ in range(3):
        assert not is_pending(reopen(township)), "a restart is no restore"

    whole = folder.parent / "whole-folder"
    township.store.close()
    shutil.copytree(folder, whole)
    assert not is_pending(reopen(township))
    township.store.close()
    shutil.rmtree(folder)
    shutil.copytree(whole, folder)
    assert is_pending(reopen(township)), "the whole folder copied back"

    with township.store.apply_remote() as session:
        restored.finish(session, township.store.clock.now())
    snapshot = folder.parent / "snapshot.db"
    township.store.snapshot(snapshot)
    put_store_back(township, snapshot)
    assert is_pending(township.store), "a snapshot of this very run"
    with township.store.read() as session:
        assert get_setting(session, RESTORED)["why"] == "by hand"


def test_g13_what_waited_in_the_copy_and_was_sent_since_is_not_sent_over_a_later_edit(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    one, two = make_clinic(), make_clinic()
    _, visit = a_visit(one)
    copy = copy_store(one)  # the visit waits in it, in its first state
    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"
    change(two, CheckIn, visit.id, borg=15, screen_note="改")
    assert two.sync().outcome == "done"

    put_store_back(one, copy)
    assert one.sync().outcome == "done"
    assert value(one.store, CheckIn, visit.id, "borg") == 15
    there = content_there(server.enrol(TOWNSHIP_ID))
    assert there["check_in", visit.id]["borg"] == 15
    assert content(one.store) == content(two.store) == there


def test_g13_an_edit_after_the_restore_meets_a_later_amendment_and_overwrites_nothing(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    one, two = make_clinic(), make_clinic()
    _, visit = a_visit(one)
    copy = copy_store(one)
    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"
    change(two, CheckIn, visit.id, borg=15)
    assert two.sync().outcome == "done"

    put_store_back(one, copy)
    change(one, CheckIn, visit.id, pre_sbp=199)
    report = one.sync()
    assert report.outcome == "partial"
    there = content_there(server.enrol(TOWNSHIP_ID))["check_in", visit.id]
    assert there["borg"] == 15, "the amendment stands"
    assert there["pre_sbp"] != 199
    with one.store.read() as session:
        (conflict,) = session.query(Conflict).all()
        assert conflict.fields["pre_sbp"]["mine"] == 199, "and ours is kept for a person"
        assert conflict.fields["borg"]["theirs"] == 15
    assert value(one.store, CheckIn, visit.id, "pre_sbp") == 199


def test_g13_an_answer_lost_then_an_edit_here_and_an_amendment_there(
    make_clinic: Callable[..., Clinic], server: ServerProcess, proxy: Proxy
) -> None:
    """No restore at all: the same hole, by a cut at the wrong moment."""
    one, two = make_clinic(link=proxy.url), make_clinic()
    resident = a_resident()
    plan = a_plan(resident, one.actor)
    save(one.store, one.actor, resident, plan)
    assert one.sync().outcome == "done"
    (visit,) = check_ins(plan, one.actor, 1)
    save(one.store, one.actor, visit)
    proxy.choose = lambda seen: faults.LOSE_ANSWER
    assert one.sync().outcome == "offline"
    proxy.choose = lambda seen: faults.PASS
    assert two.sync().outcome == "done"
    change(two, CheckIn, visit.id, borg=15)
    assert two.sync().outcome == "done"
    change(one, CheckIn, visit.id, pre_sbp=199)
    one.sync()
    assert content_there(server.enrol(TOWNSHIP_ID))["check_in", visit.id]["borg"] == 15
    with one.store.read() as session:
        (conflict,) = session.query(Conflict).all()
        assert conflict.fields["pre_sbp"]["mine"] == 199


def test_g13_an_answer_lost_then_an_edit_here_alone_is_simply_sent(
    make_clinic: Callable[..., Clinic], server: ServerProcess, proxy: Proxy
) -> None:
    one = make_clinic(link=proxy.url)
    resident = a_resident()
    plan = a_plan(resident, one.actor)
    save(one.store, one.actor, resident, plan)
    assert one.sync().outcome == "done"
    (visit,) = check_ins(plan, one.actor, 1)
    save(one.store, one.actor, visit)
    proxy.choose = lambda seen: faults.LOSE_ANSWER
    assert one.sync().outcome == "offline"
    proxy.choose = lambda seen: faults.PASS
    change(one, CheckIn, visit.id, pre_sbp=199)
    assert one.sync().outcome == "done"
    assert content_there(server.enrol(TOWNSHIP_ID))["check_in", visit.id]["pre_sbp"] == 199


def test_g13_different_fields_of_a_shared_record_are_merged_after_a_restore(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    one, two = make_clinic(), make_clinic()
    resident, _ = a_visit(one)
    assert one.sync().outcome == "done"
    copy = copy_store(one)
    change(one, Resident, resident.id, phone="13911112222")
    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"
    change(two, Resident, resident.id, address="新址 5 号")
    assert two.sync().outcome == "done"

    put_store_back(one, copy)
    change(one, Resident, resident.id, village="新村")
    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"
    there = content_there(server.enrol(TOWNSHIP_ID))
    record = there["resident", resident.id]
    assert (record["phone"], record["address"], record["village"]) == (
        "13911112222",
        "新址 5 号",
        "新村",
    )
    assert content(one.store) == content(two.store) == there


def test_g07_g13_one_of_two_pcs_is_restored_from_the_program(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    one, two = make_clinic(), make_clinic()
    resident, _ = a_visit(one)
    assert one.sync().outcome == "done"
    line = backups.make_backup(one.store, one.actor)
    change(one, Resident, resident.id, phone="13911112222")
    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"
    _, theirs = a_visit(two)
    assert two.sync().outcome == "done"
    _, unsent = a_visit(one)  # never reached the hospital
    change(one, Resident, resident.id, village="未发送")
    one.engine.close()
    one.store.close()

    done = backups.restore(one.store.folder, line.path, login="wang", password=PASSWORD)
    assert (done.readable, done.lost) == (True, 0)
    assert done.carried == 4
    opened = sign_in(one.store.folder, "wang", PASSWORD, one.store.clock)
    opened.store.close()
    reopen(one)
    assert one.sync().outcome == "done"
    assert two.sync().outcome == "done"
    there = content_there(server.enrol(TOWNSHIP_ID))
    assert ("check_in", unsent.id) in there
    assert ("check_in", theirs.id) in there
    assert there["resident", resident.id]["phone"] == "13911112222"
    assert there["resident", resident.id]["village"] == "未发送"
    assert content(one.store) == content(two.store) == there
    with one.store.read() as session:
        assert session.query(Conflict).count() == 0
        assert session.query(Outbox).count() == 0


def test_g13_a_restore_that_is_cut_from_the_server_compares_at_the_next_chance(
    make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    one = make_clinic(link=proxy.url)
    a_visit(one)
    assert one.sync().outcome == "done"
    copy = copy_store(one)
    _, lost = a_visit(one)
    assert one.sync().outcome == "done"
    put_store_back(one, copy)
    first = len(proxy.seen)
    proxy.choose = lambda seen: faults.PASS if seen.number == first else faults.CUT_BEFORE
    assert one.sync().outcome == "offline"
    assert is_pending(one.store), "not mended before the whole was compared"
    proxy.choose = lambda seen: faults.PASS
    assert one.sync().outcome == "done"
    assert not is_pending(one.store)
    assert ("check_in", lost.id) in content(one.store)


def test_g13_a_crash_while_the_marks_are_drawn_is_at_most_a_false_alarm(
    township: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    township.store.close()

    def cut(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(epoch, "_save", cut)
        with pytest.raises(KeyboardInterrupt):
            open_store(
                township.store.folder,
                township.store.wrap_key(),
                TOWNSHIP_ID,
                township.store.clock,
            )
    assert is_pending(reopen(township))
    assert township.sync().outcome == "done"
    assert not is_pending(reopen(township))
