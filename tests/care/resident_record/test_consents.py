"""Consents: given, refused, withdrawn; the newest stands; a mistake is marked, never erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from app.care import residents
from app.care.resident_record import consents
from app.care.resident_record.consents import ConsentInput, consents_of, list_consents
from app.care.timeline import timeline
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.resident_record import Consent
from app.models.store import Store
from tests.care.resident_record.test_merging import TWIN, merge
from tests.care.test_residents import FORM

DAY = date(2026, 2, 1)


@pytest.fixture
def typed(store: Store, actor: Actor) -> ConsentInput:
    resident_id = residents.register(store, actor, FORM).resident_id
    return ConsentInput(resident_id, "sharing", "given", DAY, "单国华", evidence="paper")


def standing(store: Store, resident_id: str) -> dict[str, str]:
    with store.read() as session:
        return consents_of(session, resident_id)


def test_the_newest_of_a_type_stands(store: Store, actor: Actor, typed: ConsentInput) -> None:
    who = typed.resident_id
    consents.record_consent(store, actor, typed)
    consents.record_consent(store, actor, replace(typed, type="photo", decision="refused"))
    assert standing(store, who) == {"sharing": "given", "photo": "refused"}
    later = replace(typed, decision="withdrawn", signed_on=date(2026, 3, 2), signer="单小华",
                    signer_relation="20", evidence_place="档案柜 3", note="电话告知")  # fmt: skip
    taken_back = consents.record_consent(store, actor, later)
    # One found in an old folder changes nothing today.
    consents.record_consent(store, actor, replace(typed, signed_on=date(2020, 1, 1)))
    assert standing(store, who)["sharing"] == "withdrawn"
    listed = list_consents(store, actor, who)
    assert [each.stands for each in listed if each.type == "sharing"] == [True, False, False]
    assert (listed[0].signer, listed[0].signer_relation, listed[0].evidence_place) == (
        "单小华",
        "20",
        "档案柜 3",
    )
    assert "consent" in {each.kind for each in timeline(store, actor, who)}
    consents.void_consent(store, actor, taken_back, "录错人")
    assert standing(store, who)["sharing"] == "given"
    kept = {each.id: each for each in list_consents(store, actor, who)}
    assert kept[taken_back].voided
    with pytest.raises(InputError):
        consents.void_consent(store, actor, taken_back, "录错人")
    with store.read() as session:
        queued = session.scalars(select(Outbox.kind)).all()
        row = session.get_one(Consent, taken_back)
        assert (row.decision, row.status, row.status_reason) == (
            "withdrawn",
            "entered_in_error",
            "录错人",
        )
    assert queued.count("consent") == 4


def test_of_one_day_the_last_written_stands(
    store: Store, actor: Actor, typed: ConsentInput
) -> None:
    consents.record_consent(store, actor, typed)
    consents.record_consent(store, actor, replace(typed, decision="refused"))
    assert standing(store, typed.resident_id) == {"sharing": "refused"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": ""}, "type"),
        ({"type": "anything"}, "type"),
        ({"decision": ""}, "decision"),
        ({"decision": "maybe"}, "decision"),
        ({"evidence": ""}, "evidence"),
        ({"evidence": "rumour"}, "evidence"),
        ({"signer": "  "}, "signer"),
        ({"signer": "王" * 51}, "signer"),
        ({"signer_relation": "77"}, "signer_relation"),
        ({"signed_on": None}, "signed_on"),
        ({"signed_on": date(2026, 3, 3)}, "signed_on"),
        ({"signed_on": date(1947, 8, 14)}, "signed_on"),
        ({"note": "长" * 201}, "note"),
    ],
)
def test_what_is_refused(
    store: Store, actor: Actor, typed: ConsentInput, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        consents.record_consent(store, actor, replace(typed, **changes))  # type: ignore[arg-type]
    assert set(caught.value.problems) == {field}
    assert list_consents(store, actor, typed.resident_id) == ()


def test_who_may_and_whose(store: Store, actor: Actor, typed: ConsentInput) -> None:
    viewer = Actor(actor.staff_id, actor.organisation_id, "看", frozenset({"viewer"}))
    with pytest.raises(NotAllowed):
        consents.record_consent(store, viewer, typed)
    with pytest.raises(NotFound):
        consents.record_consent(store, actor, replace(typed, resident_id="0" * 36))
    with pytest.raises(NotFound):
        consents.void_consent(store, actor, "0" * 36, "录错")
    kept = consents.record_consent(store, actor, typed)
    with pytest.raises(InputError):
        consents.void_consent(store, actor, kept, " ")


def test_consents_of_the_first_release_are_still_shown(
    store: Store, actor: Actor, typed: ConsentInput
) -> None:
    who = typed.resident_id
    with store.write(actor) as session:
        session.get_one(Resident, who).consents = [
            {"type": "record", "decision": "given", "date": "2025-01-05", "signer": "单国华"},
            {"type": "sharing", "decision": "refused", "date": "2025-01-05", "signer": ""},
        ]
    assert standing(store, who) == {"record": "given", "sharing": "refused"}
    consents.record_consent(store, actor, typed)
    assert standing(store, who) == {"record": "given", "sharing": "given"}


def test_consents_of_a_merged_record_count(store: Store, actor: Actor, typed: ConsentInput) -> None:
    second = residents.register(store, actor, TWIN, distinct_from=[typed.resident_id]).resident_id
    consents.record_consent(store, actor, replace(typed, resident_id=second))
    assert standing(store, typed.resident_id) == {}
    merge(store, actor, second, typed.resident_id)
    assert standing(store, typed.resident_id) == {"sharing": "given"}
