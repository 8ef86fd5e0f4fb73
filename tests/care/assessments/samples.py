"""Answers for the tests: the best ones, and ones that add up to a total."""

from __future__ import annotations

from typing import Any

from app.care.assessments.questionnaire import NUMBER, questionnaire


def best(scale: str) -> dict[str, Any]:
    """All required questions answered with the least need of help and no bad event."""
    answers: dict[str, Any] = {}
    higher_is_better = scale in ("ability_2022", "barthel", "braden")
    for each in questionnaire(scale).questions:
        if not each.required:
            continue
        if each.kind == NUMBER:
            answers[each.link_id] = 100 if each.link_id == "adl" else 0
        elif each.scored and higher_is_better:
            answers[each.link_id] = max(each.options, key=lambda o: o.weight or 0).code
        else:
            answers[each.link_id] = each.options[0].code
    return answers


def answers_with_total(scale: str, total: float) -> dict[str, Any]:
    """Answers whose scores add up to ``total``; everything else as in ``best``."""
    scored = [each for each in questionnaire(scale).questions if each.scored]
    # Reachable sums, question by question: sum → the codes that give it.
    ways: dict[float, tuple[str, ...]] = {0.0: ()}
    for each in scored:
        ways = {
            before + (option.weight or 0): (*chosen, option.code)
            for before, chosen in ways.items()
            for option in each.options
        }
    chosen = ways[total]
    return best(scale) | {q.link_id: code for q, code in zip(scored, chosen, strict=True)}
