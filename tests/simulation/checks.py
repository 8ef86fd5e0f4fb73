"""The promises that hold at every moment, checked after every step against the model.

Nothing here asks the courier what it thinks: stores and the server are read directly.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.fhir import mapping
from app.models.outbox import deliveries
from app.models.records import Record
from tests.simulation.clinic import Pc
from tests.simulation.model import BY_MOVES, Model
from tests.simulation.views import Address, Fields, ServerView, StoreView, Version

#: Which column names the record that a record stands on, and its kind.
PARENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "condition": (("resident_id", "resident"),),
    "follow_up": (("resident_id", "resident"),),
    "rehab_plan": (("resident_id", "resident"),),
    "check_in": (("plan_id", "rehab_plan"), ("resident_id", "resident")),
    "referral": (("resident_id", "resident"),),
    "referral_service": (("referral_id", "referral"),),
    "referral_task": (("referral_id", "referral"),),
    "referral_event": (("referral_id", "referral"),),
    "referral_reply": (("referral_id", "referral"),),
    "return_plan": (("referral_id", "referral"),),
    "referral_visit": (("referral_id", "referral"),),
    "consultation": (("resident_id", "resident"),),
}
#: Who works here is known from the first day; those rows are not the simulator's.
NOT_FOLLOWED = frozenset({"staff", "organisation"})


class PromiseBroken(AssertionError):
    """A promise of the sync module (its number in design §5) does not hold."""

    def __init__(self, promise: int, what: str) -> None:
        super().__init__(f"promise {promise}: {what}")
        self.promise = promise


def name_of(address: Address) -> str:
    return f"{address[0]} {address[1][-8:]}"


def check_store(pc: Pc, view: StoreView, server: ServerView, model: Model) -> None:
    """One PC after something was written there."""
    for address in view.gone:
        if address[0] not in NOT_FOLLOWED:
            raise PromiseBroken(14, f"{pc.name}: {name_of(address)} is gone from the store")
    for clash in view.clashes.values():
        model.clash_seen(clash)
    followed = {a for a in view.changed if a[0] not in NOT_FOLLOWED}
    for address in followed:
        record = view.records[address]
        check_author(model, address, record, f"in the store of {pc.name}")
        check_known_values(model, address, view.fields[address], f"in the store of {pc.name}")
    for address, queued in view.outbox.items():
        write = model.by_change.get(queued.change_id)
        if write is not None and queued.author_id != write.staff_id:
            raise PromiseBroken(20, f"{pc.name}: {name_of(address)} waits under another author")
    check_delivery(pc, view, server, followed | view.requeued)


def check_author(model: Model, address: Address, record: Record, where: str) -> None:
    """Who wrote a record first and who wrote it last never changes on the way (promise 20)."""
    writes = model.writes.get(address)
    if not writes:
        raise PromiseBroken(7, f"{name_of(address)} {where} was never saved by anybody")
    first = writes[0].record
    for field in ("author_id", "organisation_id", "created_at"):
        if record[field] != first[field]:
            raise PromiseBroken(20, f"{name_of(address)} {where} has another {field}")
    write = model.by_change.get(record["change_id"])
    if write is None:
        raise PromiseBroken(20, f"{name_of(address)} {where} names a change nobody made")
    if record["updated_by"] != write.staff_id:
        raise PromiseBroken(20, f"{name_of(address)} {where} names another last writer")


def check_known_values(model: Model, address: Address, fields: Fields, where: str) -> None:
    """No value comes out of nothing (promise 9)."""
    kind, id_ = address
    if kind in BY_MOVES:
        return
    for name, text in fields.items():
        if text not in model.values.get((kind, id_, name), {}):
            raise PromiseBroken(9, f"{name_of(address)}.{name} {where} was never saved: {text}")


def check_delivery(
    pc: Pc, view: StoreView, server: ServerView, addresses: Iterable[Address]
) -> None:
    """‘Held’ is only said of a state that the server holds or held (promises 2 and 10)."""
    of_kind: dict[str, list[str]] = {}
    for kind, id_ in addresses:
        if kind not in NOT_FOLLOWED and (kind, id_) in view.records:
            of_kind.setdefault(kind, []).append(id_)
    if not of_kind:
        return
    with pc.store.read() as session:
        for kind, ids in of_kind.items():
            for id_, delivery in deliveries(session, kind, ids).items():
                if delivery.state != "held":
                    continue
                mine = view.fields[kind, id_]
                held = server.ever((kind, id_))
                if not any(v.kind == kind and v.fields == mine for v in held):
                    # Another state of it came across: it was edited meanwhile.
                    raise PromiseBroken(
                        2 if held else 10,
                        f"{pc.name}: {name_of((kind, id_))} is called held in a state that the "
                        "server never held",
                    )


def check_server(
    server: ServerView, model: Model, companions: dict[Address, set[tuple[str, str]]]
) -> None:
    """The server after something was written there."""
    for version in server.fresh:
        if version.type == "Organization" or version.kind in NOT_FOLLOWED:
            continue
        if version.record is None:
            continue
        address = version.address
        check_author(model, address, version.record, "on the server")
        check_known_values(model, address, version.fields, "on the server")
        model.reached_server(address, version.fields)
        check_parents(server, version)
        versions = server.versions(address)
        place = versions.index(version)
        if place:
            check_no_silent_overwrite(model, versions[place - 1], version)
        for type_, id_ in companions.get(address, ()):
            if (type_, id_) not in server.resources:
                raise PromiseBroken(8, f"{name_of(address)} is on the server without its {type_}")


def check_parents(server: ServerView, version: Version) -> None:
    """A parent is on the server before its child (promise 8)."""
    assert version.record is not None
    for column, kind in PARENTS.get(version.kind or "", ()):
        parent = version.record.get(column)
        if not parent:
            continue
        key = (mapping.primary_type(kind), parent)
        if key in server.past:
            continue  # It was there; a server that was put back lost it, until all is quiet.
        found = server.resources.get(key)
        if not found or found[0].updated > version.updated:
            raise PromiseBroken(
                8, f"{name_of(version.address)} reached the server before its {kind}"
            )


def check_no_silent_overwrite(model: Model, old: Version, new: Version) -> None:
    """A value is replaced only by somebody who had seen it, or before a person's eyes (9)."""
    if old.record is None or new.record is None or new.kind in BY_MOVES:
        return
    assert new.kind is not None
    before, after = old.fields, new.fields
    for name, text in after.items():
        if before.get(name, text) == text:
            continue
        cell = (new.kind, new.id, name)
        seen = model.ancestors(cell, text)
        if before[name] in seen or model.was_shown(cell, before[name], text):
            continue
        raise PromiseBroken(
            9,
            f"{name_of(new.address)}.{name}: {before[name]} was overwritten on the server by "
            f"{text}, whose writer never saw it",
        )


def check_nothing_lost(views: dict[str, StoreView], model: Model) -> None:
    """What was saved and has not reached the server yet still waits where it was saved (14)."""
    for (cell, text), write in model.pending.items():
        kind, id_, name = cell
        if kind in BY_MOVES or (cell, text) in model.forgiven or kind in NOT_FOLLOWED:
            continue
        address = (kind, id_)
        view = views[write.pc]
        record = view.records.get(address)
        if record is None:
            raise PromiseBroken(14, f"{write.pc}: {name_of(address)} was saved and is not there")
        if model.kept_in_conflict(cell, text):
            continue
        if view.fields[address].get(name) != text:
            raise PromiseBroken(
                9, f"{write.pc}: {name_of(address)}.{name} = {text} was saved and is nowhere now"
            )
        if address not in view.outbox:
            raise PromiseBroken(
                14, f"{write.pc}: {name_of(address)} was saved, never arrived, and waits no more"
            )
