"""Finding a resident by what a person types.

Every resident has some ten *tokens*; a word that is typed finds those whose token begins
with it, over one index. Tokens: the name from each of its characters on (part of a Chinese
name), full pinyin and initials from each syllable on, with every reading of the surname,
the ID number and the phone number read backwards behind a ``~`` (so a tail is a beginning),
the whole numbers, the record number, and the village. Words are joined by "and".
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from app.models.local import SearchToken
from app.models.resident import Resident

# Readings of surnames that differ from the character's usual one. Both are kept.
SURNAME_READINGS: dict[str, str] = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "解": "xie", "查": "zha", "区": "ou", "任": "ren",
    "华": "hua", "朴": "piao", "盖": "ge", "尉": "wei", "缪": "miao", "繁": "po", "种": "chong",
    "乐": "yue", "员": "yun", "秘": "bi", "冼": "xian", "翟": "zhai", "折": "she", "黑": "he",
    "洗": "xian", "覃": "qin", "重": "chong", "长": "chang", "燕": "yan", "臧": "zang", "宓": "mi",
    "逄": "pang", "召": "shao", "晟": "cheng", "郗": "xi", "隗": "wei", "阚": "kan", "葛": "ge",
    "句": "gou", "能": "nai", "粘": "nian", "佴": "nai", "适": "kuo", "都": "du", "祭": "zhai",
    "乜": "nie", "莘": "shen", "牟": "mu", "郇": "huan", "於": "yu", "缐": "xian", "哈": "ha",
}  # fmt: skip
COMPOUND_SURNAMES: dict[str, tuple[str, ...]] = {
    "尉迟": ("yu", "chi"), "长孙": ("zhang", "sun"), "万俟": ("mo", "qi"), "澹台": ("tan", "tai"),
    "单于": ("chan", "yu"), "令狐": ("ling", "hu"), "亓官": ("qi", "guan"),
    "乐正": ("yue", "zheng"), "皇甫": ("huang", "fu"), "毌丘": ("guan", "qiu"),
}  # fmt: skip
_MOST_READINGS = 12
# Signs that stand between the parts of a name or number and are typed or left out at will.
# Half a character (a broken input method) is left out, too: no text of a store can hold it.
_MARKS = str.maketrans("", "", "·•‧・∙.,'’-‐–—()~" + "".join(map(chr, range(0xD800, 0xE000))))


def normalise(text: str) -> str:
    """Full-width to half-width, lower case, no dots, dashes or brackets inside a word."""
    return unicodedata.normalize("NFKC", text).translate(_MARKS).strip().lower()


def _solid(text: str | None) -> str:
    """A name or number as a token holds it: normalised, without any blank."""
    return "".join(normalise(text or "").split())


def _words(text: str) -> list[str]:
    """The words of what was typed; a number typed in groups (``138 1234 5678``) is one."""
    words = normalise(text).split()
    whole = "".join(words)
    if len(words) > 1 and len(whole) >= 7 and whole[:-1].isdigit() and whole[-1] in "0123456789x":
        return [whole]
    return words


@lru_cache(maxsize=20000)
def _character_readings(character: str, surname: bool) -> tuple[str, ...]:
    # Single characters are all that is asked: without its book of phrases pypinyin takes 11 MB
    # instead of 55, and gives the same readings.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")
    from pypinyin import Style, pinyin

    readings = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    found = list(readings[0]) if readings else [character.lower()]
    # ü is typed as v or u.
    found = [reading.replace("ü", "v") for reading in found]
    found += [reading.replace("v", "u") for reading in found if "v" in reading]
    if surname and character in SURNAME_READINGS:
        found.insert(0, SURNAME_READINGS[character])
    return tuple(dict.fromkeys(found))


def _is_han(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK")


def name_readings(name: str) -> list[list[str]]:
    """Up to twelve readings of a name, each a list of syllables; the surname's own first."""
    characters = list(_solid(name))
    if not characters or not any(_is_han(c) for c in characters):
        return []
    compound = COMPOUND_SURNAMES.get("".join(characters[:2]))
    options: list[tuple[str, ...]] = []
    for index, character in enumerate(characters[:12]):
        usual = _character_readings(character, index == 0)
        if compound and index < 2:
            usual = tuple(dict.fromkeys((compound[index], *usual)))
        # The surname keeps three readings (its own first), other characters two.
        options.append(usual[:3] if index == 0 else usual[:2])
    return [list(r) for r in itertools.islice(itertools.product(*options), _MOST_READINGS)]


def tokens(record: Mapping[str, Any]) -> set[str]:
    """All tokens of a resident: ``name``, ``id_no``, ``phone``, ``record_no``, ``village``."""
    found: set[str] = set()
    name = _solid(record.get("name"))[:50]
    for start in range(min(len(name), 12)):
        found.add(name[start:])
    for syllables in name_readings(record.get("name") or ""):
        for start in range(len(syllables)):
            found.add("".join(syllables[start:]))
            found.add("".join(s[0] for s in syllables[start:]))
    for number in (record.get("id_no"), record.get("phone"), record.get("record_no")):
        digits = "".join(c for c in _solid(number) if c.isalnum())
        if digits:
            found.add(digits)
            found.add("~" + digits[::-1])
    found.add(_solid(record.get("village"))[:50])
    found.discard("")
    return found


def rebuild_tokens(session: Session, records: Iterable[Mapping[str, Any]]) -> None:
    """Write the tokens of residents anew."""
    batch = list(records)
    ids = [record["id"] for record in batch]
    connection = session.connection()
    for start in range(0, len(ids), 500):
        connection.execute(
            delete(SearchToken).where(SearchToken.resident_id.in_(ids[start : start + 500]))
        )
    rows = [
        {"token": token, "resident_id": record["id"]}
        for record in batch
        for token in tokens(record)
    ]
    # In the order of the table: neighbouring pages are written together.
    rows.sort(key=lambda row: row["token"])
    if rows:
        connection.execute(insert(SearchToken), rows)


@dataclass(frozen=True, slots=True)
class Found:
    """A resident found, with what tells two people apart."""

    id: str
    name: str
    sex: str
    birth_date: date
    id_no: str | None
    phone: str | None
    village: str | None
    record_status: str


def _ranges(word: str) -> list[tuple[str, str]]:
    """The token ranges that a word may begin; a number may be a beginning or a tail.

    Tails come first: nearly every ID number of a county begins with the same digits.
    """
    ranges = [(word, word + "\U0010ffff")]
    # Three digits or more may be a tail: fewer match half the county.
    if len(word) >= 3 and word[:-1].isdigit() and (word[-1].isdigit() or word[-1] == "x"):
        tail = "~" + word[::-1]
        ranges.insert(0, (tail, tail + "\U0010ffff"))
    return ranges


# In the driver's own words, and built once: these run with every keystroke.
_BEGINNINGS = "SELECT t.resident_id FROM search_token t WHERE t.token >= ? AND t.token < ?"
_ALSO = (
    " AND EXISTS (SELECT 1 FROM search_token o WHERE o.resident_id = t.resident_id AND ({ranges}))"
)
_ORDER = " ORDER BY t.token, t.resident_id"
_RESIDENT = Resident.__table__.c
_PEOPLE = select(
    _RESIDENT.id, _RESIDENT.name, _RESIDENT.sex, _RESIDENT.birth_date, _RESIDENT.id_no,
    _RESIDENT.phone, _RESIDENT.village, _RESIDENT.record_status,
).where(_RESIDENT.id.in_(bindparam("ids", expanding=True)))  # fmt: skip


def find(session: Session, text: str, limit: int = 50) -> list[Found]:
    """Residents whose tokens begin with every word of ``text``; at most ``limit``.

    An empty text finds nobody. Ordered by token (so exact beginnings come together), then id;
    of numbers the tails come before the beginnings.
    """
    # A number narrows most, then the longest word; the others are tested against what it finds.
    words = sorted(_words(text), key=lambda word: (len(_ranges(word)), len(word)), reverse=True)
    if not words:
        return []
    first, rest = words[0], [_ranges(word) for word in words[1:]]
    query = _BEGINNINGS
    for ranges in rest:
        query += _ALSO.format(ranges=" OR ".join(["o.token >= ? AND o.token < ?"] * len(ranges)))
    tested = [bound for ranges in rest for both in ranges for bound in both]
    ids: dict[str, None] = {}
    for low, high in _ranges(first):
        # Several tokens of one resident may match, so rows are taken until enough are found; the
        # rows come in the order of the table, so that nothing is read further than that.
        with session.connection().exec_driver_sql(
            query + _ORDER, (low, high, *tested), execution_options={"yield_per": 100}
        ) as hits:
            for (resident_id,) in hits:
                ids.setdefault(resident_id)
                if len(ids) >= limit:
                    break
        if len(ids) >= limit:
            break
    if not ids:
        return []
    found = {row[0]: Found(*row) for row in session.execute(_PEOPLE, {"ids": list(ids)})}
    return [found[resident_id] for resident_id in ids if resident_id in found]
