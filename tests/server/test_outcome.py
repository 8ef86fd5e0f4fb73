"""What the server says can be read by an engineer and by the person who mends the record."""

from __future__ import annotations

import pytest

from app import i18n
from app.server.outcome import Refusal
from tests.server.serving import NORTH, Client, issue, observation, patient
from tools.translations import marked_strings, source_strings


def _sentences() -> list[str]:
    strings = {**source_strings(), **marked_strings()}
    return sorted(
        text
        for text, places in strings.items()
        if any(place.startswith("app/server/") for place in places)
    )


@pytest.mark.parametrize("sentence", _sentences())
def test_every_sentence_is_said_in_chinese(sentence: str) -> None:
    chinese = i18n.tr(sentence)
    assert chinese != sentence
    assert any("\u4e00" <= character <= "\u9fff" for character in chinese)


def test_both_languages_in_one_outcome() -> None:
    refusal = Refusal(422, "required", "{type} needs the element {field}.", type="Task", field="x")
    (found,) = refusal.at("Bundle.entry[3]").outcome()["issue"]
    assert found["diagnostics"] == "Task needs the element x."
    assert found["details"]["text"] == "Task 缺少必填项 x。"
    assert found["expression"] == ["Bundle.entry[3]"]


def test_a_refusal_never_repeats_what_was_sent(north: Client) -> None:
    number = "341524194901010012"
    for record in (
        patient(NORTH, identifier=[{"system": number, "value": [number]}]),
        observation(NORTH, patient(NORTH), status=number),
        {**observation(NORTH, patient(NORTH)), "subject": {"reference": number}},
        {**patient(NORTH), number: 1},
    ):
        answer = north.put(record)
        assert answer.status_code in (400, 422)
        issue(answer)
        assert number not in answer.text
