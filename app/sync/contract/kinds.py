"""A record of every kind goes to the server and comes back: profiles, code checks, losses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from app.fhir import mapping
from app.fhir.bundle import transaction
from app.fhir.faults import FormatError
from app.i18n import N_, tr
from app.models.records import Record
from app.sync.contract.clauses import RUN_TAG, Bench, Clause, Untested, fails
from app.sync.contract.http import Json
from app.sync.contract.samples import KINDS_SENT, SampleRecords

_NAMES = {
    "staff": N_("A member of staff (Practitioner) comes back whole"),
    "clinical_settings": N_("Clinical settings (Basic) come back whole"),
    "number_block": N_("A block of record numbers (Basic) comes back whole"),
    "resident": N_("A resident (Patient) comes back whole"),
    "condition": N_("A diagnosis (Condition) comes back whole"),
    "consent": N_("A consent (Consent) comes back whole"),
    "follow_up": N_("A follow-up visit (QuestionnaireResponse) comes back whole"),
    "bp_screening": N_("A blood-pressure screening (QuestionnaireResponse) comes back whole"),
    "health_check": N_("A health check (QuestionnaireResponse) comes back whole"),
    "assessment": N_("An assessment (QuestionnaireResponse) comes back whole"),
    "rehab_plan": N_("A rehabilitation plan (CarePlan) comes back whole"),
    "check_in": N_("A rehabilitation session (Procedure) comes back whole"),
    "care_team": N_("A contract team (CareTeam) comes back whole"),
    "service_package": N_("A service package (PlanDefinition) comes back whole"),
    "contract": N_("A contract (Contract) comes back whole"),
    "contract_service": N_("A service of a contract (Procedure) comes back whole"),
    "referral": N_("A referral letter (ServiceRequest) comes back whole"),
    "referral_service": N_("A requested service (ServiceRequest) comes back whole"),
    "referral_task": N_("The state of a referral (Task) comes back whole"),
    "referral_event": N_("A step of a referral (Provenance) comes back whole"),
    "referral_reply": N_("The reply of a referral (DocumentReference) comes back whole"),
    "return_plan": N_("The plan after a referral (CarePlan) comes back whole"),
    "referral_visit": N_("A visit after a referral (DocumentReference) comes back whole"),
    "consultation": N_("A consultation asked for (ServiceRequest) comes back whole"),
    "expert_visit": N_("A visit of an expert (Appointment) comes back whole"),
    "training": N_("A training (Basic) comes back whole"),
    "attachment": N_("A file's description (DocumentReference) comes back whole"),
    "attachment_part": N_("A part of a file (DocumentReference) comes back whole"),
    "shared_note": N_("A note to another organisation (Task) comes back whole"),
}
_SETTING = N_(
    "Accept what R4 itself allows: no profile beyond R4 on writing, extensions and code systems "
    "that the server does not know included, and references to records that come later. HAPI "
    "FHIR: validation.requests_enabled: false, enforce_referential_integrity_on_write: false."
)


def prepare(bench: Bench, records: SampleRecords) -> dict[str, tuple[Record, list[Json]]]:
    """Each kind's record with its resources, tagged as this run's."""
    made = {}
    context = context_of(records)
    for kind in KINDS_SENT:
        record = records.record(kind)
        resources = mapping.to_resources(kind, record, context)
        for resource in resources:
            resource["meta"]["tag"].append({"system": RUN_TAG, "code": bench.run_id})
        made[kind] = (record, resources)
    return made


def context_of(records: SampleRecords) -> mapping.WireContext:
    """What a reply and a plan name besides their own fields: the Task they belong to."""
    return mapping.WireContext(
        letter_tasks={records.id_of("referral"): records.id_of("referral_task")}
    )


@cache
def written_types() -> tuple[str, ...]:
    """All resource types that records become, companions included."""
    bench = Bench.__new__(Bench)
    bench.run_id = "none"
    made = prepare(bench, SampleRecords("none"))
    return tuple(sorted({r["resourceType"] for _, parts in made.values() for r in parts}))


def comes_back(kind: str) -> Callable[[Bench], str]:
    """The check of one kind: everything before it is sent first, then it alone."""

    def check(bench: Bench) -> str:
        made = prepare(bench, SampleRecords(bench.organisation))
        parents = [
            (resource, None)
            for parent in KINDS_SENT[: KINDS_SENT.index(kind)]
            for resource in made[parent][1]
        ]
        if parents:
            reply = bench.post(transaction(parents), minimal=True)
            if not reply.fine:
                raise Untested(
                    tr("A record that this one needs was refused ({answer}).").format(
                        answer=reply.told
                    )
                )
        record, resources = made[kind]
        reply = bench.post(transaction([(r, None) for r in resources]), minimal=True)
        if not reply.fine:
            fails(N_("It was refused: {answer}."), answer=reply.told)
        primary = resources[0]
        held = bench.server.get(f"{primary['resourceType']}/{primary['id']}")
        if held.status != 200 or held.body is None:
            fails(N_("It was accepted but cannot be read ({answer})."), answer=held.told)
        try:
            back = mapping.from_resource(held.body)
        except FormatError as error:
            fails(N_("It came back unreadable: {place}."), place=error)
        if back is None or back[0] != kind:
            fails(N_("It came back as another kind of record."))
        changed = sorted(
            name for name in record.keys() | back[1].keys() if record.get(name) != back[1].get(name)
        )
        if changed:
            fails(
                N_("These fields came back changed or not at all: {fields}."),
                fields=", ".join(changed),
            )
        return ""

    return check


CLAUSES = tuple(
    Clause(f"kind-{kind.replace('_', '-')}", _NAMES[kind], _SETTING, comes_back(kind))
    for kind in KINDS_SENT
)
