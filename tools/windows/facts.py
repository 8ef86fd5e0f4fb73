"""What the lead hospital's server holds, asked over HTTP as any FHIR program asks it."""

from __future__ import annotations

import json
import urllib.request
from typing import Any


class Hospital:
    """A server on this machine and a token of the township's organisation."""

    def __init__(self, address: str, token: str) -> None:
        self._base, self._token = f"{address}/fhir", token

    def all_of(self, kind: str) -> list[dict[str, Any]]:
        """The resources of one type."""
        request = urllib.request.Request(
            f"{self._base}/{kind}?_count=200", headers={"Authorization": f"Bearer {self._token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            bundle = json.load(answer)
        return [entry["resource"] for entry in bundle.get("entry", [])]

    def names(self) -> list[str]:
        """Of the people it knows."""
        return [name.get("text", "") for p in self.all_of("Patient") for name in p.get("name", [])]
