"""After quiet: all links good, everybody syncs until nothing changes, and then all is the same.

What a server refuses and what a person has not decided stays where it is, and holds up nothing
but what stands on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.fhir import mapping
from tests.simulation.checks import NOT_FOLLOWED, PARENTS, PromiseBroken, name_of
from tests.simulation.clinic import Pc
from tests.simulation.views import Address, Version
from tests.simulation.world import World

_ROUNDS = 14
_DECIDED_ELSEWHERE = frozenset({"rejected", "kept"})
#: What a Task brings along to the house that it names.
_GO_ALONG = frozenset(
    {
        "resident",
        "referral",
        "referral_service",
        "referral_event",
        "referral_reply",
        "return_plan",
        "referral_visit",
        "consultation",
    }
)


def settle(world: World) -> None:
    """Mend everything and let everybody sync until nothing changes any more; then check."""
    _mend(world)
    changed = True
    at_rest: dict[str, object] = {}
    for number in range(_ROUNDS):
        changed = False
        world.timeline.advance(660)
        for pc in world.pcs:
            world.act_quietly(pc)
            before = _standing(world)
            if at_rest.get(pc.name) == (before[0], _own(world, pc)):
                continue  # It compared everything in this very state, and nothing was to be done.
            world._start(pc, 15 if number == 1 else 0)
            world.finish(pc)
            world.check()
            if before != _standing(world):
                changed = True
            elif number > 0:
                at_rest[pc.name] = (before[0], _own(world, pc))
        if not changed and number > 0:
            break
    if changed:
        raise PromiseBroken(7, "the county never comes to rest")
    check(world)


def _standing(world: World) -> tuple[object, ...]:
    return (
        sum(len(versions) for versions in world.server.resources.values()),
        *(
            (frozenset((a, q.state) for a, q in view.outbox.items()), view.generation)
            for view in world.views.values()
        ),
    )


def _own(world: World, pc: Pc) -> object:
    """What decides what the next run of a PC does, as far as the PC goes."""
    view = world.view(pc)
    clashes = frozenset((clash.id, clash.resolved) for clash in view.clashes.values())
    return view.generation, dict(view.outbox), dict(view.receipts), clashes


def _mend(world: World) -> None:
    for request in world.in_the_air[: len(world.in_the_air) // 2]:
        world.serve(request)
    world.in_the_air.clear()
    world._undisturbed()
    for pc in world.pcs:
        pc.fate.full_in = pc.fate.kill_in = 0
        pc.fate.full = False
        world.finish(pc)
        world._rejoin(pc, 0)
    world.check()


def check(world: World) -> None:
    """The promises that hold after quiet."""
    held_back = {pc.name: _held_back(world, pc) for pc in world.pcs}
    for pc in world.pcs:
        _check_queue(world, pc, held_back[pc.name])
        _check_has_all(world, pc, held_back[pc.name])
        _check_server_has_all(world, pc, held_back[pc.name])
    _check_one_effect(world)
    _check_whole(world)
    _check_moves(world, set().union(*held_back.values()))


def _held_back(world: World, pc: Pc) -> set[Address]:
    """What waits for a person: refused, kept, undecided — and what stands on such a record."""
    view = world.view(pc)
    found = {a for a, queued in view.outbox.items() if queued.state in _DECIDED_ELSEWHERE}
    found |= {
        (clash.kind, clash.record_id)
        for clash in view.clashes.values()
        if not clash.resolved and "event_ids" not in clash.fields
    }
    while True:
        more = {
            address
            for address in view.outbox.keys() - found
            if any(
                (kind, view.records[address].get(column)) in found
                for column, kind in PARENTS.get(address[0], ())
                if address in view.records
            )
        }
        # A referral leaves whole: what refers to a refused record waits with it.
        more |= {
            address
            for address in view.outbox.keys() - found
            if address in view.records and _refers_to(world, pc, address, found)
        }
        if not more:
            return found
        found |= more


def _refers_to(world: World, pc: Pc, address: Address, held: set[Address]) -> bool:
    record = world.view(pc).records[address]
    resources = mapping.to_resources(address[0], record, mapping.WireContext({}, {}))
    names = {(mapping.primary_type(kind), id_) for kind, id_ in held}
    return any(not names.isdisjoint(mapping.references_of(resource)) for resource in resources)


def _check_queue(world: World, pc: Pc, held_back: set[Address]) -> None:
    for address, queued in world.view(pc).outbox.items():
        if queued.state == "rejected" and not queued.reason:
            raise PromiseBroken(11, f"{pc.name}: {name_of(address)} was refused without a reason")
        if address in held_back or address[0] in NOT_FOLLOWED:
            continue
        raise PromiseBroken(
            11, f"{pc.name}: {name_of(address)} is still {queued.state} though nothing holds it up"
        )


def _check_has_all(world: World, pc: Pc, held_back: set[Address]) -> None:
    """The PC holds what the server holds for its organisation."""
    view = world.view(pc)
    for version in _shared_with(world, pc.organisation_id):
        address = version.address
        record = view.records.get(address)
        if record is None:
            raise PromiseBroken(5, f"{pc.name} never got {name_of(address)}")
        if address in held_back:
            continue
        if view.fields[address] != version.fields:
            different = sorted(
                name
                for name, text in version.fields.items()
                if view.fields[address].get(name) != text
            )
            raise PromiseBroken(
                7, f"{pc.name} and the server differ in {name_of(address)}: {different}"
            )


def _shared_with(world: World, organisation_id: str) -> Iterator[Version]:
    """The newest versions of what an organisation wrote, or takes part in by a referral or a note
    from one house to another."""
    newest = {key: versions[-1] for key, versions in world.server.resources.items()}
    wanted: set[tuple[str, str]] = set()
    waiting: list[tuple[str, str]] = []
    for key, version in newest.items():
        record = version.record
        if record is None or version.kind in NOT_FOLLOWED or version.kind is None:
            continue
        own = record["organisation_id"] == organisation_id
        party = version.kind in ("referral_task", "shared_note") and organisation_id in (
            record["owner_organisation_id"],
            record["requester_organisation_id"],
        )
        if own or party:
            wanted.add(key)
            if party:
                waiting.append(key)
    while waiting:
        for target in mapping.references_of(newest[waiting.pop()].resource):
            found = newest.get(target)
            if found is None or target in wanted or found.record is None:
                continue
            if found.kind in _GO_ALONG:
                wanted.add(target)
                waiting.append(target)
    for key in sorted(wanted):
        yield newest[key]


def _check_server_has_all(world: World, pc: Pc, held_back: set[Address]) -> None:
    for address in world.view(pc).records:
        if address[0] in NOT_FOLLOWED or address in held_back:
            continue
        if world.server.newest(address) is None:
            raise PromiseBroken(14, f"{pc.name} has {name_of(address)}, the server never got it")


def _check_one_effect(world: World) -> None:
    """As many versions as saves, and no record that nobody saved."""
    unsure = world.server_restores or world.restored_pcs
    for versions in world.server.resources.values():
        newest = versions[-1]
        if newest.record is None or newest.kind in NOT_FOLLOWED:
            continue
        writes = world.model.writes[newest.address]
        most = 1 if len(writes) == 1 and not unsure else 2 * len(writes) + 2
        if len(versions) > most:
            raise PromiseBroken(
                3,
                f"{name_of(newest.address)} was saved {len(writes)} times and has "
                f"{len(versions)} versions",
            )


def _check_whole(world: World) -> None:
    for address, names in world.companions.items():
        if world.server.newest(address) is not None:
            for name in names:
                if name not in world.server.resources:
                    raise PromiseBroken(8, f"{name_of(address)} lacks its {name[0]}")

    for versions in world.server.resources.values():
        newest = versions[-1]
        for column, kind in PARENTS.get(newest.kind or "", ()):
            parent = (newest.record or {}).get(column)
            if parent and world.server.newest((kind, parent)) is None:
                raise PromiseBroken(8, f"{name_of(newest.address)} is there without its {kind}")


def _check_moves(world: World, held_back: set[Address]) -> None:
    """Every move of a referral stands in its task, or a person was told (promise 9)."""
    for (kind, id_), writes in world.model.writes.items():
        if kind != "referral_event":
            continue
        task = ("referral_task", str(writes[0].record["task_id"]))
        if (kind, id_) in held_back or task in held_back or id_ in world.model.told:
            continue
        version = world.server.newest(task)
        if version is None or version.record is None:
            continue
        if id_ in version.record["event_ids"]:
            continue
        if writes[0].record["to_state"] == version.record["state"]:
            continue  # It came to the same: nothing is to be told.
        if world.restored_pcs or world.server_restores:
            continue
        raise PromiseBroken(9, f"the move {id_[-8:]} to {writes[0].record['to_state']} is lost")
