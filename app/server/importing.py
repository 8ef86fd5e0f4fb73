"""Bringing an exported file into another FHIR server: PUTs in transactions of 50.

It depends on nothing but FHIR R4: update-create, transactions, an OperationOutcome where a
record is refused. A PUT of what is there already changes nothing, so a file can be sent
again; a note beside the file says how far it came, so that it need not be.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import urlsplit

from app.errors import EnvironmentFault, InputError, NetworkFault
from app.i18n import tr
from app.server.outcome import Refusal
from app.server.prepare import ORGANISATION_TAG
from app.server.wire import dump, parse

if TYPE_CHECKING:
    import requests

MAX_ENTRIES = 50
MAX_BYTES = 700_000
_TRIES = 8
_LONGEST_WAIT = 120.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that the server did not take: its line, its address, the server's reason."""

    line: int
    address: str
    status: int
    reason: str


@dataclass(slots=True)
class Imported:
    """What became of a file. ``skipped`` lines were brought by an earlier run."""

    sent: int = 0
    created: int = 0
    skipped: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    type: str
    id: str
    organisation: str
    text: str

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}"


def import_file(
    path: Path,
    server: str,
    tokens: Mapping[str, str],
    *,
    leave_out: Sequence[str] = (),
    wait: Callable[[float], None] = time.sleep,
    progress: Callable[[int], None] = lambda _lines: None,
) -> Imported:
    """Send the file's records to the FHIR base ``server``.

    ``tokens``: bearer tokens by organisation id, for a server that lets an organisation write
    its own records only; the token under "" is for all others. ``leave_out``: types that the
    server keeps by itself. What is refused is tried once more at the end, when everything it
    may refer to is there, and is reported then.
    Raises InputError for an unfit file or address, NetworkFault where the server cannot be
    reached for long; the same call goes on from there.
    """
    note = path.with_name(path.name + ".progress")
    with _Sender(server, tokens, wait) as sender:
        mark = _mark(path, sender.base)
        done = _done(note, mark)
        result = Imported()
        again: list[_Line] = []
        for bundle in _bundles(_lines(path), leave_out, done, result):
            again += [line for line, _, _ in sender.deliver(bundle, result)]
            # Refused lines are looked at again by a later run too: the note stays before them.
            if not again:
                _keep(note, mark, bundle[-1].number)
            progress(bundle[-1].number)
        for line in again:
            for refused, status, reason in sender.deliver([line], result):
                result.refused.append(Refused(refused.number, refused.address, status, reason))
    note.unlink(missing_ok=True)
    return result


class _Sender:
    """One warm connection to the server, with patience."""

    def __init__(
        self, server: str, tokens: Mapping[str, str], wait: Callable[[float], None]
    ) -> None:
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(tr("The address of the server is not a web address."))
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise InputError(tr("Records leave this machine over https only."))
        import requests

        self.base = server.rstrip("/")
        self._tokens = tokens
        self._wait = wait
        self._session = requests.Session()
        self._session.headers["Content-Type"] = "application/fhir+json"
        self._session.headers["Accept"] = "application/fhir+json"
        self._session.headers["Prefer"] = "return=minimal"

    def __enter__(self) -> _Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def deliver(self, lines: Sequence[_Line], result: Imported) -> list[tuple[_Line, int, str]]:
        """Send a transaction; where it is refused, its halves, down to the single record."""
        answer = self._post(lines)
        if answer.status_code < 300:
            result.sent += len(lines)
            result.created += _created(answer)
            return []
        if answer.status_code in (401, 407):
            raise InputError(tr("The server does not accept the token. The rest was not sent."))
        if len(lines) == 1:
            return [(lines[0], answer.status_code, _reason(answer))]
        middle = len(lines) // 2
        return self.deliver(lines[:middle], result) + self.deliver(lines[middle:], result)

    def _post(self, lines: Sequence[_Line]) -> requests.Response:
        import requests

        body = gzip.compress(_bundle(lines).encode(), 6)
        headers = {"Content-Encoding": "gzip"}
        token = self._tokens.get(lines[0].organisation, self._tokens.get(""))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        for attempt in range(_TRIES):
            pause = min(2.0**attempt, _LONGEST_WAIT)
            try:
                answer = self._session.post(
                    self.base, data=body, headers=headers, timeout=(10, 120), allow_redirects=False
                )
            except requests.exceptions.SSLError as error:
                raise EnvironmentFault(
                    tr("The server's certificate is not trusted. Nothing more was sent.")
                ) from error
            except requests.RequestException:
                self._wait(pause)
                continue
            if answer.status_code == 415 and "Content-Encoding" in headers:
                # FHIR does not ask a server to read gzip.
                del headers["Content-Encoding"]
                body = _bundle(lines).encode()
                continue
            if answer.status_code in (429, 502, 503, 504):
                self._wait(_pause(answer, pause))
                continue
            if answer.status_code < 300 and not _is_bundle(answer):
                raise NetworkFault(tr("What answers at that address is no FHIR server."))
            return answer
        raise NetworkFault(
            tr("The server cannot be reached. Start the same command again to go on from here.")
        )


def _bundle(lines: Sequence[_Line]) -> str:
    entries = ",".join(
        f'{{"resource":{line.text},"request":{{"method":"PUT","url":"{line.address}"}}}}'
        for line in lines
    )
    return f'{{"resourceType":"Bundle","type":"transaction","entry":[{entries}]}}'


def _bundles(
    lines: Iterator[_Line], leave_out: Sequence[str], done: int, result: Imported
) -> Iterator[list[_Line]]:
    """Groups of lines: no address twice, one organisation, and within the usual limits."""
    waiting: list[_Line] = []
    size = 0
    for line in lines:
        if line.number <= done or line.type in leave_out:
            result.skipped += 1
            continue
        apart = waiting and (
            len(waiting) == MAX_ENTRIES
            or size + len(line.text) > MAX_BYTES
            or line.organisation != waiting[0].organisation
            or any(line.address == other.address for other in waiting)
        )
        if apart:
            yield waiting
            waiting, size = [], 0
        waiting.append(line)
        size += len(line.text)
    if waiting:
        yield waiting


def _lines(path: Path) -> Iterator[_Line]:
    try:
        with _opened(path) as file:
            for number, raw in enumerate(file, 1):
                if raw.strip():
                    yield _line(number, raw)
    except (OSError, EOFError) as error:
        raise InputError(tr("The file cannot be read to its end.")) from error


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _line(number: int, raw: bytes) -> _Line:
    try:
        resource = parse(raw)
        type_, id_ = str(resource["resourceType"]), str(resource["id"])
    except (Refusal, KeyError) as error:
        raise InputError(
            tr("Line {number} of the file is not a FHIR resource.").format(number=number)
        ) from error
    meta = resource.get("meta")
    organisation = ""
    if isinstance(meta, dict):
        # The other server gives versions and times of its own.
        meta.pop("versionId", None)
        meta.pop("lastUpdated", None)
        for tag in meta.get("tag") or ():
            if tag.get("system") == ORGANISATION_TAG:
                organisation = str(tag.get("code"))
        if not meta:
            del resource["meta"]
    return _Line(number, type_, id_, organisation, dump(resource))


def _is_bundle(answer: requests.Response) -> bool:
    try:
        return dict(answer.json()).get("resourceType") == "Bundle"
    except (ValueError, TypeError):
        return False


def _created(answer: requests.Response) -> int:
    entries = answer.json().get("entry") or ()
    return sum(
        1 for entry in entries if str(entry.get("response", {}).get("status", "")).startswith("201")
    )


def _reason(answer: requests.Response) -> str:
    """The server's words, which name no value of ours where it is a good server."""
    try:
        issues = answer.json()["issue"]
        text = issues[0].get("diagnostics") or issues[0]["details"]["text"]
    except (ValueError, TypeError, KeyError, IndexError):
        text = ""
    return " ".join(str(text).split())[:300]


def _pause(answer: requests.Response, otherwise: float) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_WAIT) if text.isdigit() else otherwise


def _mark(path: Path, base: str) -> str:
    """What tells this file and server from others: size and beginning of the file."""
    try:
        with path.open("rb") as file:
            beginning = file.read(65_536)
        size = path.stat().st_size
    except OSError as error:
        raise InputError(tr("There is no file of that name.")) from error
    return hashlib.sha256(b"%d\n%s\n" % (size, base.encode()) + beginning).hexdigest()


def _done(note: Path, mark: str) -> int:
    try:
        kept = json.loads(note.read_text("utf-8"))
        return int(kept["lines"]) if kept["mark"] == mark else 0
    except (OSError, ValueError, TypeError, KeyError):
        return 0


def _keep(note: Path, mark: str, lines: int) -> None:
    part = note.with_name(note.name + ".part")
    part.write_text(json.dumps({"mark": mark, "lines": lines}), "utf-8")
    os.replace(part, note)
