"""An independent FHIR R4 server in a process of its own: Medplum's, from the npm registry.

``make setup`` fetches it into ``tests/independent/medplum/node_modules`` (not in git). Without
Node.js, or where it was not fetched, the tests that need it are skipped and say so;
``INDEPENDENT=no`` skips them on purpose, ``INDEPENDENT=required`` fails instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

FOLDER = Path(__file__).resolve().parent / "medplum"
TOKENS = ("token-of-one", "token-of-another")


def reason_to_skip() -> str | None:
    """Why the independent server cannot run here; None where it can."""
    if os.environ.get("INDEPENDENT") == "no":
        return "switched off (INDEPENDENT=no)"
    if shutil.which("node") is None:
        return "Node.js is not installed (make system)"
    if not (FOLDER / "node_modules" / "@medplum" / "fhir-router").is_dir():
        return "Medplum's FHIR router was not fetched (make setup)"
    return None


class IndependentServer:
    """``node server.mjs`` on a port of the loopback (0: a free one). It keeps its records in
    memory: one that is stopped and started again has forgotten everything."""

    def __init__(self, port: int = 0) -> None:
        reason = reason_to_skip()
        if reason is not None:
            if os.environ.get("INDEPENDENT") == "required":
                raise AssertionError(reason)
            pytest.skip(reason)
        self._process = subprocess.Popen(
            ["node", "server.mjs", *TOKENS],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PORT": str(port)},
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line.startswith("READY "):
            _, said = self._process.communicate(timeout=20)
            raise AssertionError(f"the independent server did not start: {said[-2000:]}")
        self.url = line.split()[1]
        self.port = int(self.url.rsplit(":", 1)[1].partition("/")[0])

    def stop(self) -> None:
        self._process.terminate()
        _, said = self._process.communicate(timeout=20)
        assert not said.strip(), said[-2000:]

    def put(self, resource: dict[str, Any]) -> None:
        """What the server's own engineer loads: the directory."""
        answer = requests.put(
            f"{self.url}/{resource['resourceType']}/{resource['id']}",
            json=resource,
            headers={
                "Authorization": f"Bearer {TOKENS[0]}",
                "Content-Type": "application/fhir+json",
            },
            timeout=20,
        )
        assert answer.status_code in (200, 201), answer.text

    def get(self, path: str) -> dict[str, Any]:
        answer = requests.get(
            f"{self.url}/{path}", headers={"Authorization": f"Bearer {TOKENS[0]}"}, timeout=20
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
