"""Invented residents: names, numbers and villages that belong to nobody.

ID numbers use the unassigned region 341599, phone numbers the unassigned beginning 19900.
Every record is marked as sample.
"""

from __future__ import annotations

import random
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app.care.identity_card import check_character
from app.clock import CLINIC_ZONE, format_instant

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶"
    "程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾"
    "毛郝龚邵万钱严武戴莫孔向汤单仇解查区"
)
COMPOUND_SURNAMES = ("欧阳", "司马", "上官", "尉迟", "诸葛")
MALE_NAMES = "国建明志德金永文华军成生林春海福荣根发贵祥宝山东平兴富忠义长庆来水"
FEMALE_NAMES = "秀兰英桂芳珍凤玉梅莲云香美红霞菊花翠巧月素琴淑贞喜荷琼彩娥珠"
VILLAGES = (
    "街道居委会", "白塔村", "龙井村", "桥湾村", "长冲村", "茶园村", "梅岭村", "石坪村",
    "柳河村", "东山村", "双井村", "竹园村",
)  # fmt: skip


class SampleMaker:
    """A source of chance that gives the same people for the same seed and day."""

    def __init__(self, seed: int, today: date, place: str = "", years: int = 1) -> None:
        # Two organisations of one county never make the same people, nor the same ids.
        self.chance = random.Random(f"{seed} {place}")
        self.today = today
        #: Days before the last year that the sample reaches back.
        self.earlier = timedelta(days=365 * (years - 1))

    def new_id(self, when: datetime) -> str:
        """A UUIDv7 of a past instant, drawn from the seed instead of the system."""
        milliseconds = int(when.timestamp() * 1000)
        value = (milliseconds << 80) | self.chance.getrandbits(80)
        value &= ~(0xF << 76) & ((1 << 128) - 1)
        value |= 0x7 << 76
        value &= ~(0x3 << 62)
        value |= 0x2 << 62
        return str(uuid.UUID(int=value))

    def instant(self, day: date, hour: int = 9) -> datetime:
        """Some minute of an hour at the clinic on a day."""
        local = datetime.combine(day, time(hour, self.chance.randrange(60)), CLINIC_ZONE)
        return local.astimezone(UTC)

    def days_ago(self, least: int, most: int) -> date:
        return self.today - timedelta(days=self.chance.randint(least, most))

    def stamp(self, when: datetime, organisation_id: str, author_id: str) -> dict[str, Any]:
        """The columns that every syncable record has."""
        text = format_instant(when)
        record_id = self.new_id(when)
        return {
            "id": record_id,
            "organisation_id": organisation_id,
            "author_id": author_id,
            "updated_by": author_id,
            "created_at": text,
            "updated_at": text,
            "change_id": record_id,
            "is_sample": True,
        }

    def name(self, sex: str) -> str:
        chance = self.chance
        surname = (
            chance.choice(COMPOUND_SURNAMES) if chance.random() < 0.01 else chance.choice(SURNAMES)
        )
        given = MALE_NAMES if sex == "1" else FEMALE_NAMES
        return surname + "".join(chance.choice(given) for _ in range(chance.choice((1, 2, 2, 2))))

    def birth_date(self) -> date:
        """Mostly 65 to 90, some from 40 on: chronic care serves them too."""
        age = self.chance.choice(range(40, 65)) if self.chance.random() < 0.15 else (
            int(self.chance.triangular(65, 96, 70))
        )  # fmt: skip
        return self.today - timedelta(days=age * 365 + age // 4 + self.chance.randrange(1, 365))

    def id_number(self, birth: date, sex: str) -> str:
        sequence = self.chance.randrange(1, 499) * 2 + (1 if sex == "1" else 0)
        body = f"341599{birth:%Y%m%d}{sequence:03d}"
        return body + check_character(body)

    def resident(
        self, organisation: dict[str, Any], author_id: str, number: int, bed: int | None
    ) -> dict[str, Any]:
        """One resident's record; ``bed`` gives a bed in the organisation's ward."""
        chance = self.chance
        sex = chance.choice("12")
        birth = self.birth_date()
        registered = self.instant(self.days_ago(400, 1500))
        village = chance.choice(VILLAGES)
        past: list[dict[str, Any]] = []
        if chance.random() < 0.58:
            past.append({"code": "2", "confirmed": f"{self.today.year - chance.randint(1, 20)}-05"})
        if chance.random() < 0.24:
            past.append({"code": "3", "confirmed": f"{self.today.year - chance.randint(1, 15)}-09"})
        if chance.random() < 0.12 or (bed is not None and chance.random() < 0.5):
            past.append({"code": "7", "confirmed": f"{self.today.year - chance.randint(1, 6)}-03"})
        allergy = {"code": chance.choice("23"), "text": None} if chance.random() < 0.08 else {
            "code": "1", "text": None,
        }  # fmt: skip
        record = {
            **self.stamp(registered, organisation["id"], author_id),
            "name": self.name(sex),
            "sex": sex,
            "birth_date": birth.isoformat(),
            "id_type": "id_card",
            "id_no": self.id_number(birth, sex),
            "record_no": f"341599100{101 + VILLAGES.index(village):03d}{number % 100000:05d}",
            "phone": f"19900{chance.randrange(1000000):06d}",
            "contacts": [
                {
                    "name": self.name(chance.choice("12")),
                    "phone": f"19900{chance.randrange(1000000):06d}",
                    "relation": chance.choice(("20", "30", "10")),
                }
            ],
            "residency": "1",
            "ethnicity": "01",
            "abo": chance.choice("12345"),
            "rh": "2",
            "education": chance.choice(("7", "8", "8", "9")),
            "occupation": "4",
            "marital": chance.choice(("2", "2", "3")),
            "payment": [{"code": "3", "text": None}],
            "drug_allergy": [allergy],
            "past_disease": past or [{"code": "1"}],
            "township": "白塔畈镇",
            "village": village,
            "village_group": f"{chance.randint(1, 12)}组",
            "address": f"{village}{chance.randint(1, 12)}组{chance.randint(1, 99)}号",
            "care_status": "home" if bed is None else "residential",
            "residences": [],
        }
        if bed is not None:
            record["residences"] = [
                {
                    "id": self.new_id(registered),
                    "org_id": organisation["id"],
                    "building": "康复楼",
                    "room": f"{201 + (bed - 1) // 3}",
                    "bed": str((bed - 1) % 3 + 1),
                    "admit_date": self.days_ago(10, 60).isoformat(),
                }
            ]
        return record
