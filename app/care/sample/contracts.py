"""Invented teams and contracts of the sample residents, with the shipped packages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from app.care.age import SENIOR_AGE, age_on
from app.care.contracts.packages import Package, shipped_packages
from app.care.contracts.terms import (
    RENEWED,
    RULE_VERSION,
    SIGNED,
    TERMINATED,
    anniversary,
    last_day,
)
from app.care.resident_record.population import TagFacts, computed_tags
from app.care.sample.people import VILLAGES, SampleMaker
from app.models import codes

Row = dict[str, Any]
# Of those of 65 and over, and of the younger.
_SIGNED, _SIGNED_YOUNGER = 0.74, 0.35
_ENDED_EARLY = 0.03
_NAMES = ("第一签约团队", "第二签约团队")


class ContractSample:
    """Two teams, half of the villages each, and who signed with them."""

    def __init__(
        self,
        maker: SampleMaker,
        organisation_id: str,
        doctor: tuple[str, str],
        nurse: tuple[str, str],
    ) -> None:
        self._maker, self._doctor = maker, doctor
        self._packages = {each.code: each for each in shipped_packages()}
        half = len(VILLAGES) // 2
        since = maker.instant(maker.today - timedelta(days=1500) - maker.earlier, 8)
        self.teams: list[Row] = [
            {
                **maker.stamp(since, organisation_id, doctor[0]),
                "name": name,
                "leader_id": doctor[0],
                "leader_name": doctor[1],
                "members": [
                    {"staff_id": doctor[0], "name": doctor[1], "role": "doctor", "phone": ""},
                    {"staff_id": nurse[0], "name": nurse[1], "role": "nurse", "phone": ""},
                ],
                "villages": list(villages),
                "active": True,
            }
            for name, villages in zip(_NAMES, (VILLAGES[:half], VILLAGES[half:]), strict=True)
        ]
        self._team_of = {place: team for team in self.teams for place in team["villages"]}

    def contracts_of(self, resident: Row, conditions: Iterable[Row]) -> list[Row]:
        """A chain of yearly contracts, the newest in force or just over; none for some.

        Whoever lives in a ward has an integrated-care contract besides. The doctor of the
        newest one is the resident's responsible doctor.
        """
        maker, born = self._maker, date.fromisoformat(resident["birth_date"])
        share = _SIGNED if age_on(born, maker.today) >= SENIOR_AGE else _SIGNED_YOUNGER
        if maker.chance.random() >= share:
            return []
        facts = TagFacts(
            age=0,
            diagnoses=frozenset((c["code"], c["disease"] or "") for c in conditions),
            past=frozenset(each["code"] for each in resident["past_disease"]),
            in_institution=bool(resident["residences"]),
        )
        # Some ran out within the last weeks and wait to be renewed.
        newest = maker.days_ago(1, 385)
        years = maker.earlier.days // 365
        made: list[Row] = []
        for ago in range(years, -1, -1):
            starts = anniversary(newest, -ago)
            flags = _flags(replace(facts, age=age_on(born, starts)))
            before = made[-1]["id"] if made else None
            made.append(self._contract(resident, starts, flags, "family_doctor", before))
        if maker.chance.random() < _ENDED_EARLY:
            self._end(made[-1])
        else:
            resident["responsible_doctor_id"] = self._doctor[0]
        if resident["residences"]:
            starts = date.fromisoformat(resident["residences"][0]["admit_date"])
            made.append(self._contract(resident, starts, flags, "integrated_care", None))
        return made

    def services_of(self, contracts: Iterable[Row]) -> list[Row]:
        """Lessons that were noted by hand."""
        maker, made = self._maker, []
        for contract in contracts:
            if contract["category"] != "family_doctor":
                continue
            for days in (maker.chance.randint(10, 170), maker.chance.randint(190, 350)):
                day = date.fromisoformat(contract["starts_on"]) + timedelta(days=days)
                last = contract["terminated_on"] or maker.today.isoformat()
                if day.isoformat() >= last or maker.chance.random() < 0.4:
                    continue
                made.append(
                    {
                        **maker.stamp(
                            maker.instant(day), contract["organisation_id"], self._doctor[0]
                        ),
                        "contract_id": contract["id"],
                        "resident_id": contract["resident_id"],
                        "service": "education",
                        "service_name": codes.label("package_service", "education"),
                        "served_on": day.isoformat(),
                        "performer_id": self._doctor[0],
                        "performer_name": self._doctor[1],
                        "status": "final",
                        "form_version": RULE_VERSION,
                    }
                )
        return made

    def _contract(
        self,
        resident: Row,
        starts: date,
        flags: tuple[str, ...],
        category: str,
        renewed_from: str | None,
    ) -> Row:
        maker = self._maker
        chosen = ["integrated"] if category == "integrated_care" else ["basic"]
        if category == "family_doctor" and maker.chance.random() < 0.15:
            chosen.append("personalised")
        team = self._team_of[resident["village"]]
        stamp = maker.stamp(maker.instant(starts), resident["organisation_id"], self._doctor[0])
        return {
            **stamp,
            "resident_id": resident["id"],
            "contract_no": f"QY-{starts:%Y%m%d}-{stamp['id'][-6:].upper()}",
            "category": category,
            "population_flags": list(flags),
            "team_id": team["id"],
            "team_name": team["name"],
            "doctor_id": self._doctor[0],
            "doctor_name": self._doctor[1],
            "signed_on": starts.isoformat(),
            "starts_on": starts.isoformat(),
            "ends_on": last_day(starts, 1).isoformat(),
            "term_years": 1,
            "status": RENEWED if renewed_from else SIGNED,
            "source": maker.chance.choice(("clinic", "home", "check_up")),
            "packages": [_agreed(self._packages[code], flags) for code in chosen],
            "charged": False,
            "payers": {"insurance": 0.0, "public_health": 0.0, "personal": 0.0},
            "read_to_resident": True,
            "signer_name": resident["name"],
            "signer_relation": "self",
            "renewed_from_id": renewed_from,
            "terminated_on": None,
            "form_version": RULE_VERSION,
        }

    def _end(self, contract: Row) -> None:
        first = date.fromisoformat(contract["starts_on"])
        last = min(self._maker.today, date.fromisoformat(contract["ends_on"]))
        day = first + timedelta(days=self._maker.chance.randint(0, (last - first).days))
        contract |= {
            "status": TERMINATED,
            "terminated_on": day.isoformat(),
            "termination_reason": "04",
        }


@lru_cache(maxsize=4096)
def _flags(facts: TagFacts) -> tuple[str, ...]:
    tags = computed_tags(facts).all
    return tuple(each.code for each in codes.entries("population_flag") if each.code in tags)


@lru_cache(maxsize=1024)
def _agreed(package: Package, flags: tuple[str, ...]) -> dict[str, Any]:
    return package.agreed(flags)
