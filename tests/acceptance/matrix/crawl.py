"""What one person was given ids of, asked for by another: each id, wherever an address or a body takes one."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from tests.acceptance.matrix.row import ANYONE, Row
from tests.acceptance.matrix.table import TABLE
from tests.acceptance.matrix.walk import Outcome, digest, told
from tests.acceptance.matrix.world import FOREIGN_ID, Someone, World

_PLACE = re.compile(r"\{(\w+)\}")


async def harvest(world: World, names: Iterable[str]) -> set[int]:
    """Collect the ids of the community that these people are given in everything they may read: some of each kind."""
    found: set[int] = set()
    for name in names:
        who = world.people[name]
        for row in TABLE:
            if row.method == "GET" and (who.role, who.position) in row.may:
                _, text = await who.ask(world.client, row.method, world.fill(row.path))
                found.update(_ids(text.rpartition("\n")[0]))
    kinds: dict[int, list[int]] = {}
    for each in sorted(found):
        kinds.setdefault(each // 1000, []).append(each)
    return {each for kind in kinds.values() for each in (*kind[:2], kind[-1])}


def _ids(body: str) -> Iterator[int]:
    try:
        yield from _ids_in(orjson.loads(body))
    except orjson.JSONDecodeError:
        return


def _ids_in(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _ids_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids_in(each)
    elif isinstance(value, int) and FOREIGN_ID <= value < FOREIGN_ID + 1_000_000:
        yield value


async def swap(world: World, ids: Iterable[int], names: Iterable[str]) -> Outcome:
    """Ask for each id, as each of these people, wherever the table has a place for one."""
    outcome = Outcome()
    before = await digest(world.owner)
    for row in TABLE:
        if not row.is_placed or row.may == ANYONE or not _PLACE.search(row.ask + str(row.said)):
            continue
        for who in (world.people[name] for name in names):
            for swapped in ids if (who.role, who.position) in row.gate else ():
                outcome.cells += 1
                await _ask(world, row, who, swapped, outcome)
    after = await digest(world.owner)
    outcome.changes += [f"changed {table}" for table in after if after[table] != before[table]]
    return outcome


async def _ask(world: World, row: Row, who: Someone, swapped: int, outcome: Outcome) -> None:
    path, said = _put(row.path, swapped, world), _put(row.said, swapped, world)
    status, text = await who.ask(world.client, row.method, path, said)
    if found := told(world, row, (who.role, who.position), text, asked=f"{path} {said}"):
        outcome.leaks.append(f"<{who.name}> {row.method} {path} {said}: {status} tells {found}: {text[:300]}")
    if status == 500 or (status < 300 and row.method != "GET" and row.may != row.gate):
        outcome.statuses.append(f"<{who.name}> {row.method} {path} {said}: {status}: {text[:300]}")


def _put(said: Any, swapped: int, world: World) -> Any:
    """Put the id wherever an id of the community belongs, and what else there is in its own place."""
    if isinstance(said, dict):
        return {key: _put(value, swapped, world) for key, value in said.items()}
    if isinstance(said, list):
        return [_put(value, swapped, world) for value in said]
    if not isinstance(said, str):
        return said
    is_foreign = {name for name, value in world.ids.items() if isinstance(value, int) and value >= FOREIGN_ID}
    alone = _PLACE.fullmatch(said)
    if alone:
        return swapped if alone[1] in is_foreign else world.ids[alone[1]]
    return _PLACE.sub(lambda place: str(swapped if place[1] in is_foreign else world.ids[place[1]]), said)
