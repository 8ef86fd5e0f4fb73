"""Finding a resident by whatever a person types."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models import search
from app.models.actor import Actor
from app.models.local import SearchToken
from app.models.resident import Resident
from app.models.store import Store


def add(store: Store, actor: Actor, name: str, **columns: object) -> str:
    with store.write(actor) as session:
        values = {"sex": "2", "birth_date": date(1948, 2, 29), **columns}
        row = Resident(name=name, **values)
        session.add(row)
        session.flush()
        return row.id


def names(store: Store, text: str, limit: int = 50) -> list[str]:
    with store.read() as session:
        return [found.name for found in search.find(session, text, limit)]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("单国华", "shanguohua dan chan sgh dgh guohua gh hua shan"),
        ("仇秀英", "qiuxiuying chou qxy cxy xiuying"),
        ("曾桂兰", "zeng ceng zengguilan zgl cgl"),
        ("解放", "xie jie xiefang jiefang xf jf"),
        ("查良玉", "zha cha zhaliangyu zly cly"),
        ("区德海", "ou qu oudehai odh qdh"),
        ("尉迟恭", "yuchi weichi yuchigong ycg wcg gong chigong"),
        ("长孙无忌", "zhangsun changsun zhangsunwuji zswj wuji"),
        ("万俟雪", "moqi moqixue mqx"),
        ("澹台明", "tantai tantaiming ttm"),
        ("单于春", "chanyu chanyuchun cyc shanyu"),
        ("任宁", "ren renning rn"),
        ("华永福", "hua huayongfu hyf"),
        ("朴正男", "piao pu piaozhengnan pzn"),
        ("盖玉珍", "ge gai geyuzhen gyz"),
        ("缪凤", "miao miaofeng mf"),
        ("乐和", "yue le yuehe leh lh yh"),
        ("员中原", "yun yuan yunzhongyuan yzy"),
        ("翟长生", "zhai di zhaichangsheng zhaizhangsheng zcs"),
        ("覃重阳", "qin tan qinchongyang qinzhongyang qcy qzy"),
        ("吕绿萍", "lv lu lvlvping lulvping llp"),
        ("诸葛明", "zhuge zhugeming zgm gm"),
        ("买买提·吐尔逊", "maimaiti mmt tuerxun mmttex"),
    ],
)
def test_pinyin_in_every_reading_of_the_surname(
    store: Store, actor: Actor, name: str, typed: str
) -> None:
    add(store, actor, name)
    add(store, actor, "欧阳靖")
    missed = [word for word in typed.split() if name not in names(store, word)]
    assert missed == []
    assert names(store, "kkk") == []


def test_parts_of_a_name(store: Store, actor: Actor) -> None:
    add(store, actor, "欧阳建国")
    add(store, actor, "李建")
    assert sorted(names(store, "建国")) == ["欧阳建国"]
    assert sorted(names(store, "欧阳")) == ["欧阳建国"]
    assert sorted(names(store, "阳建")) == ["欧阳建国"]
    assert sorted(names(store, "建")) == ["李建", "欧阳建国"]
    assert names(store, "国建") == []
    assert names(store, " 欧阳　建国 ") == ["欧阳建国"]


def test_marks_inside_a_name_may_be_left_out(store: Store, actor: Actor) -> None:
    add(store, actor, "买买提·吐尔逊")
    add(store, actor, "Mary-Ann O'Brien")
    for typed in ("买买提吐尔逊", "买买提·吐尔逊", "买买提.吐尔逊", "买买提•吐", "吐尔逊"):
        assert names(store, typed) == ["买买提·吐尔逊"], typed
    for typed in ("mary", "MARYANN", "o'brien", "ＯＢＲＩＥＮ", "mary o'b"):
        assert names(store, typed) == ["Mary-Ann O'Brien"], typed


def test_tails_of_id_and_phone(store: Store, actor: Actor) -> None:
    add(store, actor, "张三", id_no="34159919380930022X", phone="13812345678")
    add(store, actor, "李四", id_no="341599195001010018", phone="0564-7356120")
    for typed in ("22X", "22x", "022X", "30022x", "０２２Ｘ", "34159919380930022X", "22ｘ"):
        assert names(store, typed) == ["张三"], typed
    for typed in (
        "678",
        "5678",
        "１２３４５６７８",
        "138",
        "13812345678",
        "138 1234 5678",
        "138-1234",
    ):
        assert names(store, typed) == ["张三"], typed
    for typed in ("018", "0018", "010018", "120", "7356120", "0564-7356120", "05647356120"):
        assert names(store, typed) == ["李四"], typed
    assert names(store, "341599 19500101 0018") == ["李四"]


def test_a_tail_needs_three_digits(store: Store, actor: Actor) -> None:
    add(store, actor, "张三", phone="13812345678")
    assert names(store, "78") == []
    assert names(store, "678") == ["张三"]
    assert names(store, "8x") == []


def test_the_inside_of_a_number_is_not_a_tail(store: Store, actor: Actor) -> None:
    add(store, actor, "张三", id_no="341599195001010018", phone="13812345678")
    assert names(store, "1950") == []
    assert names(store, "4567") == []


def test_tails_come_before_beginnings(store: Store, actor: Actor) -> None:
    for number in range(6):
        add(store, actor, f"同乡{'甲乙丙丁戊己'[number]}", id_no=f"34159919500101{number:04d}")
    add(store, actor, "末尾", phone="13900003415")
    assert names(store, "3415", limit=3)[0] == "末尾"
    assert len(names(store, "3415")) == 7


def test_record_number_and_village(store: Store, actor: Actor) -> None:
    add(store, actor, "张三", record_no="34159900100100042", village="大湾村")
    add(store, actor, "张四", record_no="34159900100100043", village="响洪甸村")
    assert names(store, "001-00042") == ["张三"]
    assert names(store, "34159900100100043") == ["张四"]
    assert names(store, "大湾") == ["张三"]
    assert names(store, "张 响洪甸") == ["张四"]


def test_words_are_joined_by_and(store: Store, actor: Actor) -> None:
    add(store, actor, "张三", id_no="341599195001010018", phone="13812345678")
    add(store, actor, "张三", id_no="34159919380930022X", phone="13912345678")
    assert len(names(store, "张三")) == 2
    with store.read() as session:
        both = search.find(session, "zs 0018")
    assert [found.id_no for found in both] == ["341599195001010018"]
    assert names(store, "张三 139") == ["张三"]
    assert names(store, "张三 9999") == []
    assert len(names(store, "张三 5678")) == 2


@pytest.mark.parametrize(
    "typed", ["", "   ", "　", "·", "%", "_", "'", '"', "*", "~", "😀", "\x00"]
)
def test_texts_that_find_nobody(store: Store, actor: Actor, typed: str) -> None:
    add(store, actor, "张三", id_no="341599195001010018")
    assert names(store, typed) == []


def test_names_on_the_edge(store: Store, actor: Actor) -> None:
    add(store, actor, "王" * 200)
    add(store, actor, "𠮷田一郎")
    add(store, actor, "张〇")
    assert names(store, "王王王") == ["王" * 200]
    assert names(store, "𠮷田") == ["𠮷田一郎"]
    assert names(store, "张〇") == ["张〇"]
    assert names(store, "zl") == ["张〇"]
    with store.read() as session:
        assert session.query(SearchToken).count() < 400


def test_a_correction_moves_the_tokens(store: Store, actor: Actor) -> None:
    resident_id = add(store, actor, "张三", phone="13812345678")
    with store.write(actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        row.name, row.phone, row.village = "章珊", "13900001111", "大湾村"
    assert names(store, "张三") == []
    assert names(store, "5678") == []
    assert names(store, "章珊") == names(store, "zs") == names(store, "1111") == ["章珊"]
    assert names(store, "大湾村") == ["章珊"]


def test_the_limit_counts_people_not_tokens(store: Store, actor: Actor) -> None:
    for last in "甲乙丙丁戊己庚辛":
        add(store, actor, f"张铮铮{last}")
    assert len(names(store, "z", limit=5)) == 5
    assert len(names(store, "z", limit=50)) == 8


HAN = "王李张刘陈单仇曾解查区任华盖缪翟覃长重乐行朝"


@given(st.text(HAN, min_size=2, max_size=4))
def test_every_start_of_every_kept_reading_is_a_token(name: str) -> None:
    found = search.tokens({"name": name})
    readings = search.name_readings(name)
    assert readings
    for syllables in readings:
        for start in range(len(syllables)):
            assert "".join(syllables[start:]) in found
            assert "".join(each[0] for each in syllables[start:]) in found
    for start in range(len(name)):
        assert name[start:] in found
    assert "" not in found


@given(st.text(max_size=60), st.text(max_size=40), st.text(max_size=40))
def test_any_text_gives_tokens(name: str, number: str, village: str) -> None:
    found = search.tokens(
        {"name": name, "id_no": number, "phone": number, "record_no": None, "village": village}
    )
    assert "" not in found
    assert all(len(token) < 400 for token in found)
