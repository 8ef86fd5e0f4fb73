"""The independent server with the sample county's directory, and PCs that sync with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import urlsplit

import pytest

from app.fhir import mapping
from app.fhir.fields import BOOLEAN, DICT, LIST, fields_of
from app.models.actor import Actor
from app.models.store import Store
from app.sync.engine import SyncEngine
from app.sync.enrol import use_token
from app.sync.policy import Policy
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts, Transport
from tests.conftest import TOWNSHIP_ID, organisations
from tests.independent.serving import TOKENS, IndependentServer
from tests.sync.conftest import Clinic
from tests.sync.proxy import Proxy


def started(port: int = 0) -> IndependentServer:
    """The server with the sample county's directory, which its engineer has loaded."""
    server = IndependentServer(port)
    fields = fields_of("organisation")
    empty = {LIST: list, DICT: dict, BOOLEAN: bool}
    for values in organisations():
        record = {
            name: values.get(name, empty[field.form]() if field.form in empty else field.default)
            for name, field in fields.items()
        }
        record |= {"active": True, "change_id": values["id"]}
        for resource in mapping.to_resources("organisation", record, mapping.WireContext()):
            server.put(resource)
    return server


@pytest.fixture(scope="module")
def independent() -> Iterator[IndependentServer]:
    server = started()
    yield server
    server.stop()


@pytest.fixture
def proxy(independent: IndependentServer) -> Iterator[Proxy]:
    """A link to the independent server that fails on demand."""
    made = Proxy(independent.url)
    yield made
    made.close()


@pytest.fixture
def make_pc(
    make_store: Callable[..., tuple[Store, Actor]], independent: IndependentServer
) -> Iterator[Callable[..., Clinic]]:
    """``make_pc(ORG_ID, link=proxy.url)``: a PC with a token for the independent server."""
    made: list[Clinic] = []

    def make(
        organisation_id: str = TOWNSHIP_ID, *, link: str | None = None, url: str | None = None
    ) -> Clinic:
        store, actor = make_store(organisation_id)
        base = url or independent.url
        if link is not None:
            base = link + urlsplit(base).path
        use_token(store, base, TOKENS[0])

        def connect(account: ServerAccount, gzip_up: bool | None) -> Transport:
            timeouts = Timeouts(connect=5, silence=20, whole=60)
            return Transport(account.base, account.token, timeouts=timeouts, gzip_up=gzip_up)

        pc = Clinic(store, actor, SyncEngine(store, Policy(Random(7)), connect=connect))
        made.append(pc)
        return pc

    yield make
    for pc in made:
        pc.engine.close()
