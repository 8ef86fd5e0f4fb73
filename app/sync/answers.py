"""The server's answers to a bundle, read with care, and its reasons in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.fhir import bundle
from app.i18n import tr
from app.models.records import KINDS
from app.sync import link
from app.sync.link import Answer, Json
from app.sync.queue import Confirmed
from app.sync.state import instant
from app.sync.wire import Parcel

_ENTRY = re.compile(r"Bundle\.entry\[(\d{1,3})\]")
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Told:
    """What the server holds now, what it refused (with its reason), and all entries' times."""

    held: list[Confirmed]
    refused: list[tuple[Parcel, str]]
    times: list[str | None]


def read_answers(answer: Answer, parcels: Sequence[Parcel], now: datetime) -> Told:
    """Which parcels the server holds now, and which it refused.

    A parcel counts as held only if every one of its entries was stored. Raises Garbage where
    the answers do not match what was asked: then nothing is known.
    """
    try:
        entries = bundle.parse_answers(answer.resource)
    except ValueError:
        raise link.garbage() from None
    if len(entries) != sum(parcel.entries for parcel in parcels):
        raise link.garbage()
    held: list[Confirmed] = []
    refused: list[tuple[Parcel, str]] = []
    start = 0
    for parcel in parcels:
        part = entries[start : start + parcel.entries]
        start += parcel.entries
        bad = next((entry for entry in part if not 200 <= entry.status < 300), None)
        if bad is not None:
            refused.append((parcel, bad.outcome_text or ""))
            continue
        first = part[0]
        at = instant(first.last_modified) or answer.server_time or now
        held.append(
            Confirmed(
                parcel.item,
                parcel.address[0],
                first.etag or "",
                first.last_modified or "",
                at,
                parcel.resources[0] if KINDS[parcel.item.kind].shared else None,
            )
        )
    return Told(held, refused, [entry.last_modified for entry in entries])


def reason_of(outcome: Json | None) -> str:
    """The reason in an OperationOutcome: the text for people before that for engineers."""
    texts: list[str] = []
    issues = (outcome or {}).get("issue")
    for issue in issues if isinstance(issues, list) else ():
        if isinstance(issue, dict):
            details = issue.get("details")
            text = details.get("text") if isinstance(details, dict) else None
            text = text or issue.get("diagnostics") or issue.get("code")
            if isinstance(text, str) and text.strip():
                texts.append(text.strip())
    return "; ".join(dict.fromkeys(texts))[:_LONGEST_REASON]


def entries_named(outcome: Json | None) -> set[int]:
    """The numbers of the bundle entries that an OperationOutcome points at."""
    found: set[int] = set()
    issues = (outcome or {}).get("issue")
    for issue in issues if isinstance(issues, list) else ():
        if not isinstance(issue, dict):
            continue
        for name in ("expression", "location"):
            places = issue.get(name)
            for place in places if isinstance(places, list) else ():
                match = _ENTRY.search(place) if isinstance(place, str) else None
                if match:
                    found.add(int(match[1]))
    return found


def refusal(reason: str) -> str:
    """What a person reads beside a refused record: what happened, what it means, what to do."""
    return tr(
        "The county hospital's server did not take this record: {reason}. It is kept on this "
        "PC. Correct the record and save it; it is then sent again."
    ).format(reason=reason.rstrip(".。 ") or tr("no reason given"))
