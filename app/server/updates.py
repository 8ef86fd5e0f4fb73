"""GET /updates: update packages for PCs that have joined, out of one folder of the server.

The list names the packages with their SHA-256; a package is handed out in parts of at most
256 KB (``from``, and ``most`` for fewer bytes), so that a bad line costs one part. The server does
not judge them: every PC checks the signature by itself. Without a folder (``serve --updates``)
there is nothing here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from app.i18n import N_
from app.server.answering import Answer, Caller, Site, route
from app.server.outcome import Refusal

MEDIA = "application/octet-stream"
PART = 256 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.tcupdate\Z", re.ASCII)
_MOST = 50

SignIn = Callable[[Request], Caller]


class UpdateShelf:
    """The endpoints. ``sign_in`` runs in a database thread, as for every record."""

    def __init__(self, site: Site, sign_in: SignIn, folder: Path | None) -> None:
        self._site = site
        self._sign_in = sign_in
        self._folder = folder
        self._known: dict[Path, tuple[tuple[int, int, int], str]] = {}
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        """Their routes."""
        return [
            route(self._site, "/updates", self.listed, "GET", action="updates"),
            route(self._site, "/updates/{name}", self.part, "GET"),
        ]

    async def listed(self, request: Request) -> Answer:
        """Which packages there are, as FHIR Parameters."""

        def work() -> list[dict[str, Any]]:
            self._sign_in(request)
            return [self._facts(path) for path in self._packages()]

        found = await self._site.job(work)
        request.state.noted.count = len(found)
        document = {"resourceType": "Parameters", "parameter": found}
        return Answer(200, json.dumps(document))

    async def part(self, request: Request) -> Answer:
        """Bytes of one package from ``from`` on; ``of``: the SHA-256 that the list named."""
        name = request.path_params["name"]
        text = request.query_params.get("from", "0")
        of = request.query_params.get("of", "")
        most = request.query_params.get("most", str(PART))

        def work() -> bytes:
            self._sign_in(request)
            if not (_is_number(text) and _is_number(most) and int(most)):
                raise Refusal(400, "value", N_("The part does not say where it begins."))
            path = self._path(name)
            if self._digest(path) != of:
                raise Refusal(409, "conflict", N_("This update was replaced by another file."))
            with path.open("rb") as file:
                file.seek(int(text))
                return file.read(min(int(most), PART))

        return Answer(200, headers={"Content-Type": MEDIA}, raw=await self._site.job(work))

    def _packages(self) -> list[Path]:
        if self._folder is None:
            return []
        try:
            found = [Path(entry.path) for entry in os.scandir(self._folder) if _fits(entry)]
        except OSError:
            return []
        return sorted(found)[:_MOST]

    def _path(self, name: str) -> Path:
        for path in self._packages():
            if path.name == name:
                return path
        raise Refusal(404, "not-found", N_("There is no such update here."))

    def _facts(self, path: Path) -> dict[str, Any]:
        return {
            "name": "update",
            "part": [
                {"name": "name", "valueString": path.name},
                {"name": "size", "valueInteger": path.stat().st_size},
                {"name": "sha256", "valueString": self._digest(path)},
            ],
        }

    def _digest(self, path: Path) -> str:
        """The file's SHA-256, counted once for as long as the file is the same."""
        seen = path.stat()
        mark = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
        with self._lock:
            known = self._known.get(path)
            if known is None or known[0] != mark:
                with path.open("rb") as file:
                    known = (mark, hashlib.file_digest(file, "sha256").hexdigest())
                self._known[path] = known
            return known[1]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12


def _fits(entry: os.DirEntry[str]) -> bool:
    return bool(_NAME.match(entry.name)) and entry.is_file(follow_symlinks=False)
