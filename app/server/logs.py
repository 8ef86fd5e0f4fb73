"""Log lines as JSON on standard error: what happened, how long, for which organisation.

No identity may get in: no address with its query, no body, no record id, no text of an
exception (which may quote a value) — only its type and the lines of code it passed.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from typing import Any

_logger = logging.getLogger("township_care.server")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line.update(getattr(record, "facts", {}))
        if record.exc_info and record.exc_info[1]:
            line.update(describe(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def set_up() -> None:
    """Send the server's and uvicorn's log lines to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    for name, level in (("township_care", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


def info(event: str, **facts: Any) -> None:
    """One line about something ordinary."""
    _logger.info(event, extra={"facts": facts})


def fault(event: str, error: BaseException, **facts: Any) -> None:
    """One line about a fault of the server, without the exception's text."""
    _logger.error(event, extra={"facts": {**facts, **describe(error)}})


def describe(error: BaseException) -> dict[str, Any]:
    """Type of an exception and the places it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "at": [f"{frame.name}:{frame.lineno}" for frame in frames[-8:]],
    }
