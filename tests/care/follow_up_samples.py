"""Residents and visits that the tests of chronic care begin with."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.care.drugs import DrugLine
from app.care.due import refresh_due
from app.care.follow_up_form import DiseasePart, FollowUpInput
from app.models.actor import Actor
from app.models.resident import Condition, Resident
from app.models.store import Store

TODAY = date(2026, 3, 2)
HYPERTENSION = DiseasePart("hypertension", symptoms=("1",))
DIABETES = DiseasePart("type2_diabetes", symptoms=("1",))
AMLODIPINE = DrugLine(
    name="苯磺酸氨氯地平", code="amlodipine", strength="5 mg", frequency="qd", dose=1, unit="片"
)


def managed_resident(
    store: Store, actor: Actor, *diseases: str, managed: bool = True, **values: Any
) -> str:
    """Registers a resident, 70 years old, with diseases under management since last year."""
    with store.write(actor) as session:
        resident = Resident(
            **{
                "name": "赵德顺",
                "sex": "1",
                "birth_date": date(1955, 6, 1),
                "village": "光明村",
                "phone": "13800001234",
                **values,
            }
        )
        session.add(resident)
        session.flush()
        for disease in diseases:
            session.add(
                Condition(
                    resident_id=resident.id,
                    code="I10" if disease == "hypertension" else "E11.9",
                    display="原发性高血压" if disease == "hypertension" else "2型糖尿病",
                    disease=disease,
                    onset="2018",
                    managed=managed,
                    managed_since=date(2025, 1, 5) if managed else None,
                )
            )
        refresh_due(session, store.organisation_id, [resident.id])
        return resident.id


def a_visit(resident_id: str, **values: Any) -> FollowUpInput:
    """A whole hypertension visit of today with good values."""
    return FollowUpInput(
        **{
            "resident_id": resident_id,
            "visit_date": TODAY,
            "mode": "1",
            "parts": (HYPERTENSION,),
            "sbp": 128,
            "dbp": 76,
            "heart_rate": 72,
            "adherence": "1",
            "adverse_reaction": "1",
            **values,
        }
    )


def a_diabetes_visit(resident_id: str, **values: Any) -> FollowUpInput:
    return a_visit(
        resident_id,
        **{
            "parts": (DIABETES,),
            "fpg": 6.2,
            "hypoglycaemia": "1",
            "dorsalis_pedis": "1",
            **values,
        },
    )
