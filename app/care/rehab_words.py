"""The words of the rehab rules: a finding as a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.care.rehab_rules import Finding
from app.i18n import tr
from app.models import codes

_CALL_AT_ONCE = frozenset(
    {"chest_pain", "dyspnoea", "neuro", "dvt", "fracture", "confusion", "fall", "not_recovered"}
)
"""Findings that need a doctor now, not after a rest."""


def number(value: float) -> str:
    """A measurement as staff write it: ``184``, ``37.5``."""
    return f"{value:g}"


def hold_text(finding: Finding) -> str:
    """A reason to hold, with its numbers: ``收缩压过高 184 ≥ 180``."""
    return _with_numbers(codes.label("rehab_hold_reason", finding.code), finding)


def stop_text(finding: Finding) -> str:
    """A reason to stop, with its numbers; a change carries its direction."""
    return _with_numbers(codes.label("rehab_stop_reason", finding.code), finding)


def _with_numbers(words: str, finding: Finding) -> str:
    if finding.value is None or finding.limit is None:
        return words
    return f"{words} {number(finding.value)} {finding.sign} {number(finding.limit)}"


def hold_line(findings: Iterable[Finding]) -> str:
    """All reasons of a held row in one line."""
    return tr("; ").join(hold_text(finding) for finding in findings)


def stop_line(findings: Iterable[Finding]) -> str:
    """All stop criteria of a row in one line."""
    return tr("; ").join(stop_text(finding) for finding in findings)


def hold_advice(findings: Sequence[Finding]) -> str:
    """What to do with a resident who must not train now."""
    found = {finding.code for finding in findings}
    if found & _CALL_AT_ONCE:
        return tr("No training. Call the doctor now and stay with the resident.")
    if "hypotension" in found or "sbp_low" in found:
        return tr("No training. Lay the resident down, measure again, tell the doctor.")
    if "glucose_low" in found:
        return tr(
            "No training. Give 15 g of sugar, measure glucose again in 15 minutes, tell the doctor."
        )
    if found == {"not_screened"}:
        return tr("No training: without these values nobody can say that it is safe.")
    return tr("No training now. Rest 15 minutes and measure again; if it stays, tell the doctor.")


def stop_advice(findings: Sequence[Finding]) -> str:
    """What to do when a stop criterion is met."""
    found = {finding.code for finding in findings}
    if found & _CALL_AT_ONCE:
        return tr("Stop. Call the doctor now, stay with the resident, choose the action.")
    if "hypoglycaemia" in found:
        return tr("Stop. Give 15 g of sugar, measure glucose in 15 minutes, choose the action.")
    if found & {"sbp_fall", "dizziness", "pallor", "cold_sweat"}:
        return tr("Stop. Lay the resident down, measure again, choose the action.")
    return tr(
        "Stop. Sit and rest; if the values are not near the resting ones in 10 minutes, "
        "call the doctor. Choose the action."
    )


def must_call_doctor(findings: Iterable[Finding]) -> bool:
    """Whether resting alone is no sufficient action for these findings."""
    return any(finding.code in _CALL_AT_ONCE for finding in findings)
