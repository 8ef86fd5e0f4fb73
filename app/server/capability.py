"""GET /fhir/metadata: what this server really does, made from the same tables that do it."""

from __future__ import annotations

from typing import Any

from app.server.profile import COMMON_PARAMS, FHIR_VERSION, PARAM_TYPES, PROFILES

#: Day this description last changed (FHIR ``CapabilityStatement.date``).
_DATE = "2025-11-22"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def statement(base: str, version: str, token_url: str) -> dict[str, Any]:
    """The CapabilityStatement of the server at ``base``, whose devices sign in at ``token_url``."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "Township Care server", "version": version},
        "implementation": {"description": "Records of a care consortium", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "extension": [
                        {
                            "url": _OAUTH_URIS,
                            "extension": [{"url": "token", "valueUri": token_url}],
                        }
                    ],
                    "cors": False,
                    "service": [
                        {"coding": [{"system": _SECURITY_SERVICE, "code": "SMART-on-FHIR"}]}
                    ],
                    "description": "SMART Backend Services (private_key_jwt, ES384) for enrolled "
                    "devices. An organisation reads its own records, the directory, and what is "
                    "shared with it through Tasks.",
                },
                "resource": [_resource(type_) for type_ in sorted(PROFILES)],
                "interaction": [
                    {"code": "transaction"},
                    {"code": "batch"},
                    {"code": "search-system"},
                ],
            }
        ],
    }


def _resource(type_: str) -> dict[str, Any]:
    params = COMMON_PARAMS | {name: PARAM_TYPES[name] for name in PROFILES[type_].params}
    writes = [] if type_ == "Organization" else [{"code": "update"}]
    return {
        "type": type_,
        "interaction": [{"code": "read"}, {"code": "vread"}, *writes, {"code": "search-type"}],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": bool(writes),
        "conditionalCreate": False,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [{"name": name, "type": kind} for name, kind in sorted(params.items())],
    }
