"""No secret among the arguments of a command: every user of the machine can read those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from app.errors import InputError
from app.server import moving_commands
from app.server.importing import Imported


def _ended(*arguments: str) -> int:
    try:
        return main(list(arguments))
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://care:s3cret@db.example/care",
        "postgresql://care:s3cret/@[x@db.example/care",
        "postgresql://care@db.example/care?password=s3cret",
        "postgresql+psycopg://care@/care?host=/run&sslpassword=s3cret",
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ["serve", "--port", "0", "--database"],
        ["server", "organisations", "--database"],
        ["server", "copy", "--to"],
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(
    command: list[str], url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ended(*command, url, "--data", str(tmp_path / "data")) == 2
    said = capsys.readouterr()
    assert "s3cret" not in said.err + said.out
    assert "TOWNSHIP_CARE_DATABASE" in said.err
    assert not (tmp_path / "data").exists()


def test_an_address_without_a_password_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    assert _ended("server", "organisations", "--data", str(tmp_path), "--database", url) == 0
    assert (tmp_path / "other.db").exists()


def test_the_environment_may_hold_the_whole_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # SQLite takes the place of a database server here: the argument's rule looks at the text.
    url = f"sqlite:///{tmp_path / 'a:b@c.db'}"
    monkeypatch.setenv("TOWNSHIP_CARE_DATABASE", url)
    assert _ended("server", "organisations", "--data", str(tmp_path)) == 0
    assert (tmp_path / "a:b@c.db").exists()
    assert _ended("server", "organisations", "--data", str(tmp_path), "--database", url) == 2


def test_tokens_come_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[Any] = []

    def import_file(path: Path, server: str, tokens: dict[str, str], **_: Any) -> Imported:
        taken.append(tokens)
        return Imported()

    monkeypatch.setattr(moving_commands.importing, "import_file", import_file)
    file, records = tmp_path / "tokens", tmp_path / "records.ndjson"
    file.write_text("common-token==\n\n north-centre=abc= \r\n", "utf-8-sig")
    command = ["server", "import", str(records), "--server", "https://fhir.example/fhir"]
    assert _ended(*command, "--token-file", str(file)) == 0
    monkeypatch.setenv("TOWNSHIP_CARE_TOKEN", "from-environment")
    assert _ended(*command) == 0
    assert taken == [
        {"": "common-token==", "north-centre": "abc="},
        {"": "from-environment"},
    ]
    # A token is taken for the name of a file, and is not repeated.
    assert _ended(*command, "--token", "s3cret") == 1
    assert "s3cret" not in capsys.readouterr().err


@pytest.mark.parametrize("text", [None, "north-centre=", b"\xff\xfe\x00"])
def test_a_file_of_tokens_that_is_none(tmp_path: Path, text: str | bytes | None) -> None:
    file = tmp_path / "tokens"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError):
        moving_commands._tokens(file)
