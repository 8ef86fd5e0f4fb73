"""What the server says when it refuses: one exception, one OperationOutcome.

A sentence names the field, the type and the rule, never a value that was sent: a refusal
travels into logs and onto screens of other people. ``diagnostics`` is English for the
engineer who reads the wire, ``details.text`` the same sentence in the server's language for
the person who has to mend the record.
"""

from __future__ import annotations

import json
from typing import Any

from app.i18n import tr


class Refusal(Exception):
    """A request, or one entry of a bundle, that the server does not carry out.

    ``status`` is the HTTP status, ``code`` an issue type of FHIR R4 (value set issue-type),
    ``message`` an English sentence whose ``{placeholders}`` are filled from ``values``.
    """

    def __init__(self, status: int, code: str, message: str, **values: str | int) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.values = values
        self.expression: str | None = None
        self.headers: dict[str, str] = {}
        #: Device and organisation, where a known one was refused.
        self.who: tuple[str, str] | None = None

    def at(self, expression: str) -> Refusal:
        """The same refusal, pointing at the place in the bundle that caused it."""
        self.expression = expression
        return self

    def outcome(self) -> dict[str, Any]:
        """The OperationOutcome resource to answer with."""
        issue: dict[str, Any] = {
            "severity": "error",
            "code": self.code,
            "details": {"text": tr(self.message).format(**self.values)},
            "diagnostics": self.message.format(**self.values),
        }
        if self.expression:
            issue["expression"] = [self.expression]
        return {"resourceType": "OperationOutcome", "issue": [issue]}

    def body(self) -> str:
        """The OperationOutcome as compact JSON text."""
        return json.dumps(self.outcome(), ensure_ascii=False, separators=(",", ":"))
