"""The independent judge: the FHIR R4B models of ``fhir.resources``."""

from __future__ import annotations

import json
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError


def problems(resource: dict[str, Any]) -> list[str]:
    """What the validator has against a resource, and what it would not give back."""
    model = get_fhir_model_class(resource["resourceType"])
    try:
        parsed = model.model_validate(resource)
    except ValidationError as error:
        return [f"{item['loc']}: {item['msg']} ({item['input']!r})" for item in error.errors()]
    back = json.loads(parsed.model_dump_json(exclude_none=True))
    return [f"{name} is lost" for name in resource if name not in back]
