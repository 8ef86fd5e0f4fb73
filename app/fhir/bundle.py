"""Transaction bundles out, their answers in. The answers come from any server, or from a
captive portal: whatever they hold, the result is a list of answers or one FormatError."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.fhir.faults import FormatError

Json = dict[str, Any]

_STATUS = re.compile(r"\s*([1-5]\d\d)\b")
_ETAG = re.compile(r'\s*(?:W/)?"?([^"\s]+)"?\s*\Z')


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """What the server says of one entry.

    ``status``: HTTP status. ``etag``: the bare version id of the record now held.
    ``last_modified``: the server's time as it wrote it. ``outcome_text``: its reason.
    """

    status: int
    etag: str | None = None
    last_modified: str | None = None
    outcome_text: str | None = None


def transaction(entries: Iterable[tuple[Json, str | None]]) -> Json:
    """A transaction that PUTs resources under their own ids.

    Each entry is (resource, version that must still stand or None). ``fullUrl`` is left out:
    all references are ``Type/id`` with ids that the client made.
    """
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [_entry(resource, if_match) for resource, if_match in entries],
    }


def _entry(resource: Json, if_match: str | None) -> Json:
    # The request stands first: its id is then close to the resource's own and packs well.
    request = {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
    if if_match is not None:
        request["ifMatch"] = etag_of(if_match)
    return {"request": request, "resource": resource}


def etag_of(version: str) -> str:
    """The weak ETag of a version id; an ETag stays as it is."""
    return version if '"' in version else f'W/"{version}"'


def version_of(etag: Any) -> str | None:
    """The version id in an ETag (``W/"3"`` → ``3``); None if there is none."""
    if not isinstance(etag, str):
        return None
    found = _ETAG.match(etag)
    return found[1] if found else None


def parse_answers(bundle: Any) -> list[EntryAnswer]:
    """The answers of a transaction-response, in the order of the request.

    FormatError if it is not one, or if an entry has no readable status: then nothing is known
    and everything counts as unanswered.
    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise FormatError("Bundle")
    if bundle.get("type") not in ("transaction-response", "batch-response"):
        raise FormatError("Bundle.type")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise FormatError("Bundle.entry")
    return [_answer(entry) for entry in entries]


def _answer(entry: Any) -> EntryAnswer:
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(response, dict):
        raise FormatError("Bundle.entry.response")
    status = response.get("status")
    found = _STATUS.match(status) if isinstance(status, str) else None
    if found is None:
        raise FormatError("Bundle.entry.response.status")
    last_modified = response.get("lastModified")
    return EntryAnswer(
        status=int(found[1]),
        etag=version_of(response.get("etag")),
        last_modified=last_modified if isinstance(last_modified, str) else None,
        outcome_text=outcome_text(response.get("outcome")),
    )


def outcome_text(outcome: Any) -> str | None:
    """The readable reason in an OperationOutcome; None if it gives none."""
    if not isinstance(outcome, dict):
        return None
    issues = outcome.get("issue")
    texts: list[str] = []
    for issue in issues if isinstance(issues, list) else ():
        if not isinstance(issue, dict):
            continue
        details = issue.get("details")
        candidates = (
            issue.get("diagnostics"),
            details.get("text") if isinstance(details, dict) else None,
            issue.get("code"),
        )
        text = next((c for c in candidates if isinstance(c, str) and c.strip()), None)
        if text:
            texts.append(text.strip())
    return "; ".join(dict.fromkeys(texts)) or None
