"""Records of one moment, more than a page holds, and cut off among them: none is passed over."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

import pytest

from app.models.rehab import CheckIn
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.contract.spoiler import Answered, Asked, Forward, Spoiler
from tests.sync.making import a_plan, a_resident, queue_many, save

MANY = 900
MOMENT = "2026-11-01T00:00:00.000000Z"
_SINCE = re.compile(r"_lastUpdated=ge([0-9T:.Z-]+)")
_BUSY = Answered(503, {"content-type": "application/fhir+json"}, b"{}")


def _of_one_moment(forward: Forward, asked: Asked) -> Answered:
    """Another maker's server, which stamps whatever came in one transaction alike, and finds it by
    that time. (Ours gives every record a time of its own.)"""

    def later(since: re.Match[str]) -> str:
        return since[0] if since[1] <= MOMENT else "_lastUpdated=ge2999-01-01"

    body = asked.body
    if asked.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    answer = forward(
        asked.without("accept-encoding", "content-encoding").but(
            path=_SINCE.sub(later, asked.path), body=_SINCE.sub(later, body.decode()).encode()
        )
    )
    stamped = re.sub(
        rb'"lastUpdated":\s*"[^"]*"', b'"lastUpdated":"' + MOMENT.encode() + b'"', answer.body
    )
    return answer.but(body=stamped)


@pytest.mark.parametrize("pages", [0, 1])
def test_a_page_may_end_within_a_moment(
    township: Clinic, make_clinic: Callable[..., Clinic], server: ServerProcess, pages: int
) -> None:
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan)
    queue_many(township.store, township.actor, plan, MANY)
    assert township.sync().outcome == "done"
    spoiler = Spoiler(server.url).start()
    try:
        here = make_clinic(TOWNSHIP_ID, link=spoiler.url)
        passed: list[str] = []

        def cut(forward: Forward, asked: Asked) -> Answered:
            if asked.path.startswith("/fhir/Procedure?"):
                if len(passed) >= pages:
                    return _BUSY
                passed.append(asked.path)
            return _of_one_moment(forward, asked)

        spoiler.spoil = cut
        assert here.sync().outcome == "failed"
        with here.store.read() as session:
            before = session.query(CheckIn).count()
        assert 0 < before < MANY
        spoiler.spoil = _of_one_moment
        assert here.sync().outcome == "done"
        with here.store.read() as session:
            assert session.query(CheckIn).count() == MANY
    finally:
        spoiler.stop()
