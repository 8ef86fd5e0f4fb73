"""What a person does at the clinic's PC, with the keys that the program's help page lists."""

from __future__ import annotations

import itertools
import math
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tools.windows.clinic import LOGIN, PASSWORD
from tools.windows.person import PATIENCE, Person
from tools.windows.places import Failed

ELDER, INITIALS, ID_NUMBER = "单国华", "sgh", "34159919470815001X"
_GROUP = re.compile(r"[0-9A-Z]{5}")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MOST_GROUPS = 40
_ALIKE = ("0QDO", "5S", "8B3", "2Z7", "1TJ7", "VYW", "6GC", "JS", "MNHW", "KX", "EF", "PRA")


def set_up(person: Person, organisation: str) -> None:
    """The three pages of the first set-up; the organisation was prepared."""
    person.wait("首次设置", organisation)
    person.picture("set-up-organisation")
    person.key("Return")
    person.wait("登录名")
    person.fill("王建国", LOGIN, PASSWORD)
    person.type(PASSWORD)
    person.picture("set-up-administrator")
    person.key("Return")
    person.wait("恢复密钥", "打印")
    person.picture("set-up-recovery-key")
    for group in _last_group(person):
        person.key("ctrl+a")
        person.type(group)
        person.key("Return")
        person.wait_quiet()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if person.sees("今日工作"):
                person.picture("today")
                return
            if person.sees("这不是密钥的最后一组"):
                break
    raise Failed("the last group of the recovery key could not be read from the screen")


def _last_group(person: Person) -> list[str]:
    """The last group of the key as it is read, and with what is easily mistaken for another."""
    groups = [
        (line.middles[2], line.y, line.text)
        for line in person.lines("eng")
        if _GROUP.fullmatch(line.text)
    ]
    if not groups:
        raise Failed("the recovery key cannot be read from the screen")
    bottom = max(y for _, y, _ in groups)
    x, y, text = max(group for group in groups if bottom - group[1] < 8)
    picture = person.pictures.parent / "key.png"
    person.display.picture(picture)
    subprocess.run(
        ["convert", str(picture), "-crop", f"110x28+{x - 55}+{y - 14}", "+repage",
         "-colorspace", "Gray", "-resize", "400%", str(picture)],
        check=True,
    )  # fmt: skip
    return likely_groups([*(_read_group(picture, mode) for mode in (7, 6, 8, 13)), text])


def _read_group(picture: Path, mode: int) -> str:
    return subprocess.run(
        ["tesseract", str(picture), "-", "-l", "eng", "--psm", str(mode), "-c",
         f"tessedit_char_whitelist={_ALPHABET}"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def likely_groups(readings: list[str]) -> list[str]:
    """What the group may be, the likeliest first: at each place what most readings have, then
    what others have, then what is easily mistaken for one of these."""
    usable = [text for text in readings if _GROUP.fullmatch(text)]
    if not usable:
        return []
    places: list[Counter[str]] = []
    for at in range(5):
        read = Counter(text[at] for text in usable)
        places.append(Counter({one: 10 * times for one, times in read.items()}))
        for one, other in itertools.product(read, _ALPHABET):
            if other not in read and any(one in alike and other in alike for alike in _ALIKE):
                places[at][other] = 1
    weighed = [
        (math.prod(place[one] for place, one in zip(places, group, strict=True)), "".join(group))
        for group in itertools.product(*places)
        if set(group) <= set(_ALPHABET)
    ]
    weighed.sort(key=lambda pair: (-pair[0], pair[1]))
    return [group for _, group in weighed[:_MOST_GROUPS]]


def sign_in(person: Person) -> None:
    person.wait("请选择登录的人")
    person.type(PASSWORD)
    person.key("Return")
    person.wait("今日工作", "F3找人")


def register(person: Person) -> None:
    person.key("alt+2")
    person.wait("可能重复建档")
    person.key("ctrl+n")
    person.wait("必填资料")
    person.fill(ID_NUMBER)
    person.wait("号码正确")
    person.fill(ELDER, "13812345678", "", "", "单小华", "13912345678", "")
    person.type("2")
    person.key("Return")
    person.type("2")
    person.picture("new-resident")
    person.key("ctrl+s")
    person.wait("健康记录", ELDER)
    person.picture("resident")


def _open_elder(person: Person) -> None:
    # From a page that does not show her number: then only the list below the box does.
    person.key("alt+1")
    person.wait_quiet()
    person.key("F3")
    person.type(INITIALS)
    # The list below the box is small print: its digits are read more surely than the name.
    person.wait(ID_NUMBER[:6])
    person.key("Return")
    person.wait("健康记录")
    person.wait_quiet()


def look_at(person: Person, picture: str) -> None:
    """The elder's page with everything that was recorded."""
    _open_elder(person)
    person.wait("康复打卡", "康复计划")
    person.picture(picture)


def follow_up_and_refer(person: Person) -> None:
    _open_elder(person)
    person.key("ctrl+1")
    person.wait("服药依从")
    # A digit answers and goes on to the next question by itself; F2 goes to the next required one.
    person.type("1")
    person.type("2")
    for answer in ("192", "112", "1"):
        person.key("F2")
        person.type(answer)
    person.type("1")
    person.picture("follow-up")
    person.key("F9")
    person.wait("新建上转", "急救120")
    person.picture("emergency-letter")
    person.key("ctrl+s")
    person.wait("待受理")
    person.picture("letter-waiting")


def ward(person: Person) -> None:
    _open_elder(person)
    person.click("入住")
    person.wait_window("办理入住")
    person.wait_quiet()
    person.fill("", "1", "101", "2")
    person.picture("admission")
    # White words on a button are not read from the picture: Enter goes there from field to field.
    person.key(*["Return"] * 6)
    person.wait_window_gone("办理入住")
    person.wait_quiet()
    person.picture("in-bed")
    person.key("ctrl+2")
    person.wait("训练前后")
    person.key("F6")
    person.wait("训练项目", "近期目标")
    person.fill("脑梗死恢复期")
    person.type("独立站立5分钟")
    person.key("ctrl+Return", "ctrl+Return")
    person.type("防跌倒")
    person.click("添加训练")
    person.type("bx")
    # The list of exercises opens, closes, and only then the new line has the focus.
    person.wait_quiet()
    person.key("Return")
    person.wait_quiet()
    person.fill("5", "2", "10", "20", "11")
    person.picture("rehabilitation-plan")
    person.key("ctrl+s")
    person.wait("病区打卡")
    person.wait_quiet()
    person.type("12070709701213072849" + "62")
    person.key("F8", "ctrl+s")
    # The program asks for the times and goes there.
    person.wait_quiet()
    began, ended = _half_an_hour()
    person.fill(began, ended)
    person.key("ctrl+s")
    person.wait("已保存")
    person.picture("check-in")


def _half_an_hour() -> tuple[str, str]:
    """Two times of this day at the clinic that are over."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    today = now.hour * 60 + now.minute
    ended = now - timedelta(minutes=min(10, today))
    began = ended - timedelta(minutes=min(20, ended.hour * 60 + ended.minute))
    return f"{began:%H%M}", f"{ended:%H%M}"


def begin_something(person: Person) -> None:
    """A form is open and half filled when the power goes."""
    _open_elder(person)
    person.key("ctrl+1")
    person.wait("服药依从")
    person.type("1")
    person.wait("草稿已保存")
    person.picture("before-power-cut")


def enrol(person: Person, code: str) -> None:
    """Settings, the county hospital; the address was prepared."""
    person.key("alt+9")
    person.wait("我的密码")
    person.click("县级医院")
    # What stands in the field with the focus is hardly read from its frame.
    person.wait("服务器地址", "一次性接入码")
    person.wait_quiet()
    person.key("Return")
    person.type(code)
    person.picture("enrolment")
    # The first Enter leaves the field for the button, the second presses it.
    person.key("Return", "Return")
    person.wait("县级医院已登记本机")
    person.picture("enrolled")


def find_it_again(person: Person) -> None:
    """What was begun before the power went stands in the form again."""
    _open_elder(person)
    person.key("ctrl+1")
    person.wait("未保存完的内容")
    person.picture("draft-after-power-cut")


def close(person: Person, processes: Callable[[], list[int]]) -> None:
    """The window is closed by its key; the program ends by itself."""
    person.key("alt+F4")
    end = time.monotonic() + PATIENCE
    while processes():
        if time.monotonic() > end:
            raise Failed("the program does not end after its window was closed")
        time.sleep(0.5)
