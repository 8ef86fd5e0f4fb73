"""A real server in its own process, and the hand-written resources that tests send to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from app.server.enrolment import issue_token

TAG = "urn:township-care:organisation"
LEAD, NORTH, SOUTH = "lead-hospital", "north-centre", "south-centre"

_START = """
import json, sys
from pathlib import Path
from app.server.limits import Limits, Rate
from app.server.main import run
data, port, directory, database, options = sys.argv[1:]
options = json.loads(options)
if "tls" in options:
    options["tls"] = tuple(Path(one) for one in options["tls"])
if "limits" in options:
    options["limits"] = Limits(**{name: Rate(*rate) for name, rate in options["limits"].items()})
if "clock" in options:
    from tests.month.timeline import ToldClock
    options["clock"] = ToldClock(Path(options["clock"]))
sys.exit(run(Path(data), "127.0.0.1", int(port), database_url=database or None,
             directory=Path(directory) if directory else None, **options))
"""


class ServerProcess:
    """``app.server.main.run`` in a process of its own, on a free port of the loopback."""

    def __init__(
        self,
        data_dir: Path,
        directory: Path | None = None,
        port: int = 0,
        database_url: str | None = None,
        **options: Any,
    ) -> None:
        # Dozens of tests that knock wrongly share a server: only the tests of limits have some.
        many = [1_000, 100_000]
        self.options = {"limits": {"stranger": many, "visitor": many}, **options}
        self.data_dir = data_dir
        self.database_url = database_url
        self.directory = directory
        self.port = port
        self.url = ""
        self.log: deque[str] = deque(maxlen=2000)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> ServerProcess:
        """Start and wait until the server has said that it answers."""
        process = self.spawn()
        assert process.stdout
        line = process.stdout.readline()
        if not line.startswith("READY "):
            process.wait(20)
            raise AssertionError(f"the server did not start: {line!r} {list(self.log)}")
        self.url = line.split()[1]
        # A restart answers where the first start did, as a real server would.
        self.port = int(self.url.rsplit(":", 1)[1])
        return self

    def spawn(self) -> subprocess.Popen[str]:
        """Start without waiting."""
        arguments = [str(self.data_dir), str(self.port), str(self.directory or "")]
        arguments += [self.database_url or "", json.dumps(self.options)]
        self._process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-c", _START, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._reader = threading.Thread(target=self._read_log, args=(self._process,), daemon=True)
        self._reader.start()
        return self._process

    def _read_log(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr
        for line in process.stderr:
            self.log.append(line.rstrip("\n"))

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process
        self._process.terminate()
        return self._ended()

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        assert self._process
        self._process.kill()
        self._ended()

    def _ended(self) -> int:
        assert self._process
        assert self._reader
        code = self._process.wait(20)
        self._reader.join(20)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream
            stream.close()
        self._process = None
        return code

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @contextmanager
    def small_files(self, room: int) -> Iterator[None]:
        """Inside the block no file of the server grows past ``room`` bytes: a full disk."""
        assert self._process
        process = psutil.Process(self._process.pid)
        before = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (room, before[1]))
        try:
            yield
        finally:
            process.rlimit(psutil.RLIMIT_FSIZE, before)

    def memory(self) -> int:
        """Resident bytes of the process."""
        assert self._process
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def enrol(self, organisation: str, name: str = "test PC") -> Client:
        """A new device of ``organisation`` with a token that stays good until it is revoked."""
        made = issue_token(self.data_dir, organisation, name, database_url=self.database_url)
        return Client(self.url, organisation, made.token, made.device_id)


@dataclass
class Client:
    """One device: HTTP with its token, and shorthands for what tests do most."""

    url: str
    organisation: str
    token: str
    device_id: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        url = path if path.startswith("http") else f"{self.url}/fhir{path}"
        return self.session.request(method, url, headers=headers, timeout=20, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def put(self, resource: dict[str, Any], **options: Any) -> requests.Response:
        path = f"/{resource['resourceType']}/{resource['id']}"
        return self.request("PUT", path, json=resource, **options)

    def post(self, kind: str, *resources: dict[str, Any], **options: Any) -> requests.Response:
        bundle = {
            "resourceType": "Bundle",
            "type": kind,
            "entry": [put_entry(resource) for resource in resources],
        }
        return self.request("POST", "", json=bundle, **options)

    def stored(self, *resources: dict[str, Any]) -> None:
        """Put all of them in one transaction, which must succeed."""
        answer = self.post("transaction", *resources)
        assert answer.status_code == 200, answer.text

    def sees(self, resource: dict[str, Any]) -> bool:
        """Whether a read finds it; a search must agree."""
        type_, id_ = resource["resourceType"], resource["id"]
        status = self.get(f"/{type_}/{id_}").status_code
        assert status in (200, 404)
        assert bool(self.ids(f"/{type_}?_id={id_}")) == (status == 200)
        return status == 200

    def ids(self, path: str) -> list[str]:
        """Ids of one page of a search, in its order."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return [entry["resource"]["id"] for entry in answer.json().get("entry", [])]

    def close(self) -> None:
        self.session.close()


def put_entry(resource: dict[str, Any], if_match: str | None = None) -> dict[str, Any]:
    url = f"{resource['resourceType']}/{resource['id']}"
    request = {"method": "PUT", "url": url}
    if if_match:
        request["ifMatch"] = if_match
    return {"resource": resource, "request": request}


def count_of(version: str) -> int:
    """How often a record was written, from a version text or an ETag of this server."""
    return int(version.removeprefix('W/"').partition("-")[0])


def new_id() -> str:
    return str(uuid.uuid4())


def reference(target: dict[str, Any]) -> dict[str, str]:
    return {"reference": f"{target['resourceType']}/{target['id']}"}


def make(type_: str, author: str, **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": type_,
        "id": new_id(),
        "meta": {"tag": [{"system": TAG, "code": author}]},
        **elements,
    }


def patient(author: str, **elements: Any) -> dict[str, Any]:
    return make("Patient", author, **{"name": [{"text": "测试老人"}], **elements})


def observation(author: str, subject: dict[str, Any], **elements: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    base = {"status": "final", "code": code, "subject": reference(subject)}
    return make("Observation", author, **base | elements)


def letter(author: str, subject: dict[str, Any], **elements: Any) -> dict[str, Any]:
    base = {"status": "active", "intent": "order", "subject": reference(subject)}
    return make("ServiceRequest", author, **base | elements)


def task(
    author: str, owner: str, focus: dict[str, Any] | None = None, **elements: Any
) -> dict[str, Any]:
    base: dict[str, Any] = {
        "status": "requested",
        "intent": "order",
        "requester": {"reference": f"Organization/{author}"},
        "owner": {"reference": f"Organization/{owner}"},
    }
    if focus:
        base["focus"] = reference(focus)
    return make("Task", author, **base | elements)


def issue(answer: requests.Response) -> dict[str, Any]:
    """The one issue of an OperationOutcome, which the answer must be."""
    assert answer.headers["Content-Type"].startswith("application/fhir+json"), answer.headers
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome", body
    (found,) = body["issue"]
    assert found["severity"] == "error"
    assert found["diagnostics"]
    assert found["details"]["text"]
    return dict(found)


def write_directory(path: Path) -> Path:
    """A small county: one lead hospital, two township centres."""
    kinds = {LEAD: "LEAD_HOSPITAL", NORTH: "TOWNSHIP_CENTER", SOUTH: "TOWNSHIP_CENTER"}
    entries = [
        {
            "id": id_,
            "name": id_.replace("-", " ").title(),
            "short_name": id_.split("-", maxsplit=1)[0],
            "type": kind,
            "consortium_id": "A",
            "lead_id": LEAD,
            "region_code": "341524",
            "green_channel_phone": "0564-0000120" if kind == "LEAD_HOSPITAL" else None,
        }
        for id_, kind in kinds.items()
    ]
    path.write_text(json.dumps({"organisations": entries, "sample": True}), encoding="utf-8")
    return path
