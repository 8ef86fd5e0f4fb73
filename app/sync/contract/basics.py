"""What the server says of itself, who may talk to it, its clock, its errors, its packing."""

from __future__ import annotations

import uuid
from datetime import timedelta

from app.fhir.bundle import transaction
from app.i18n import N_, tr
from app.sync.contract.clauses import Bench, Clause, Untested, fails, search
from app.sync.contract.http import Json, Reply
from app.sync.contract.kinds import written_types
from app.sync.state import instant

_CLOCK_SLACK = timedelta(seconds=10)  # Date has whole seconds, and a busy server is late with it


def encryption(bench: Bench) -> str:
    if bench.server.is_encrypted:
        return ""
    return tr("Not encrypted, which is allowed on this very machine only.")


def says_r4(bench: Bench) -> str:
    version = str(_metadata(bench).get("fhirVersion", ""))
    if not version.startswith("4.0"):
        fails(N_("/metadata says FHIR version {version}, not 4.0."), version=version or "–")
    return ""


def says_update_create(bench: Bench) -> str:
    found: dict[str, Json] = {}
    for rest in _listed(_metadata(bench), "rest"):
        found.update((str(one.get("type")), one) for one in _listed(rest, "resource"))
    lacking = []
    for type_ in written_types():
        said = found.get(type_, {})
        can = {str(one.get("code")) for one in _listed(said, "interaction")}
        if said.get("updateCreate") is not True or not {"read", "update", "search-type"} <= can:
            lacking.append(type_)
    if lacking:
        fails(
            N_("/metadata does not say read, update, search-type and updateCreate for: {types}."),
            types=", ".join(lacking),
        )
    return ""


def wants_a_token(bench: Bench) -> str:
    for token in (None, str(uuid.uuid4())):
        stranger = bench.server.with_token(token)
        try:
            for reply in (stranger.get("Patient?_count=1"), stranger.put(bench.patient())):
                if reply.status != 401:
                    fails(
                        N_("A request without a token, or with a made-up one, got {answer}."),
                        answer=reply.told,
                    )
        finally:
            stranger.close()
    if bench.server.token is None:
        raise Untested(tr("No token was given (TOWNSHIP_CARE_TOKEN)."))
    return ""


def keeps_a_clock(bench: Bench) -> str:
    last = None
    for _ in range(4):
        patient = bench.patient()
        reply = bench.put(patient)
        if not reply.fine:
            raise Untested(
                tr("The server did not store the record that this clause needs ({answer}).").format(
                    answer=reply.told
                )
            )
        held = bench.server.get(f"Patient/{patient['id']}")
        meta = (held.body or {}).get("meta")
        at = instant(meta.get("lastUpdated")) if isinstance(meta, dict) else None
        if at is None:
            fails(N_("A record came back without a readable meta.lastUpdated."))
        before, after = reply.date, held.date
        if before is None or after is None:
            fails(N_("The answers carry no readable header Date."))
        if not before - _CLOCK_SLACK <= at <= after + _CLOCK_SLACK:
            fails(
                N_("meta.lastUpdated {at} and the header Date {date} show two different clocks."),
                at=at.isoformat(),
                date=before.isoformat(),
            )
        if last is not None and at < last:
            fails(N_("meta.lastUpdated went backwards from one write to the next."))
        last = at
    return ""


def explains_errors(bench: Bench) -> str:
    patient = bench.patient()
    missing = bench.server.get(f"Patient/{patient['id']}")
    if missing.status not in (404, 410):
        fails(N_("Reading a record that does not exist got {answer}."), answer=missing.told)
    # Under an address that is not its own: what no server may store.
    wrong = bench.server.put_at(f"Patient/{bench.patient()['id']}", patient)
    if wrong.fine or wrong.status >= 500:
        fails(N_("A record under another record's address got {answer}."), answer=wrong.told)
    for reply in (missing, wrong):
        if not reply.is_outcome:
            fails(
                N_("An error (HTTP {status}) came without an OperationOutcome."),
                status=reply.status,
            )
    return ""


def reads_gzip(bench: Bench) -> str:
    patient = bench.patient()
    reply = bench.post(transaction([(patient, None)]), gzip=True)
    if not reply.fine:
        fails(N_("A gzipped bundle got {answer}."), answer=reply.told)
    return ""


def writes_gzip(bench: Bench) -> str:
    if not bench.server.get("metadata").packed:
        fails(N_("/metadata came unpacked although gzip was offered."))
    return ""


def offers_smart(bench: Bench) -> str:
    reply = bench.server.get(".well-known/smart-configuration", {"Accept": "application/json"})
    if reply.status != 200 or reply.body is None:
        fails(N_("There is no SMART configuration ({answer})."), answer=reply.told)
    methods = reply.body.get("token_endpoint_auth_methods_supported") or []
    algorithms = reply.body.get("token_endpoint_auth_signing_alg_values_supported") or []
    if not isinstance(reply.body.get("token_endpoint"), str):
        fails(N_("The SMART configuration names no token endpoint."))
    if "private_key_jwt" not in methods or "ES384" not in algorithms:
        fails(N_("The SMART configuration does not offer private_key_jwt with ES384."))
    return ""


def knows_the_directory(bench: Bench) -> str:
    reply = search(bench.server, f"Organization?_id={bench.organisation}")
    if not (reply.body or {}).get("entry"):
        fails(N_("Organization/{id} is not on the server."), id=bench.organisation)
    return ""


def _metadata(bench: Bench) -> Json:
    reply: Reply = bench.server.get("metadata")
    if reply.status != 200 or (reply.body or {}).get("resourceType") != "CapabilityStatement":
        fails(N_("/metadata got {answer} and no CapabilityStatement."), answer=reply.told)
    return reply.body or {}


def _listed(holder: Json, name: str) -> list[Json]:
    found = holder.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


CLAUSES = (
    Clause(
        "encryption",
        N_("Records travel encrypted (TLS)"),
        N_(
            "Put a certificate on the server or on the reverse proxy and use https://. One of the "
            "county's own authority is fine: name its root certificate with --ca."
        ),
        encryption,
    ),
    Clause(
        "fhir-r4",
        N_("/metadata says FHIR R4"),
        N_("Run the server for FHIR version R4 (4.0.1). HAPI FHIR: fhir_version: R4."),
        says_r4,
    ),
    Clause(
        "update-create",
        N_("/metadata says that PUT may create, for every type that is written"),
        N_(
            "Allow update-create for all types named. HAPI FHIR: all of them in "
            "supported_resource_types, if that list is used at all."
        ),
        says_update_create,
    ),
    Clause(
        "token",
        N_("Nobody reads or writes without a good token (401)"),
        N_(
            "Demand a bearer token on every address below the base except /metadata and "
            "/.well-known. HAPI FHIR: an authorization interceptor, or the reverse proxy."
        ),
        wants_a_token,
    ),
    Clause(
        "clock",
        N_("meta.lastUpdated never goes backwards and follows the clock of the header Date"),
        N_(
            "Keep the server's clock by NTP, let the server (not the proxy's cache) set Date, and "
            "run the nodes of one server on one clock."
        ),
        keeps_a_clock,
    ),
    Clause(
        "errors",
        N_("Errors are OperationOutcomes with a 4xx status"),
        N_(
            "Let the server's own error answers through the proxy (nginx: "
            "proxy_intercept_errors off)."
        ),
        explains_errors,
    ),
    Clause(
        "directory",
        N_("The organisation stands in the server's directory (Organization by id)"),
        N_(
            "Load the consortium's organisations, each under its own id, before the first PC joins."
        ),
        knows_the_directory,
    ),
    Clause(
        "gzip-request",
        N_("Gzipped bundles are read"),
        N_(
            "Without it bundles go unpacked: eight times the bytes. HAPI FHIR reads gzip by itself."
        ),
        reads_gzip,
        required=False,
    ),
    Clause(
        "gzip-answer",
        N_("Answers come gzipped where that is offered"),
        N_("Switch compression on, also for application/fhir+json (nginx: gzip_types)."),
        writes_gzip,
        required=False,
    ),
    Clause(
        "smart",
        N_("SMART Backend Services login is offered (private_key_jwt, ES384)"),
        N_(
            "Without it each PC gets a fixed bearer token, which an engineer must renew and revoke."
        ),
        offers_smart,
        required=False,
    ),
)
