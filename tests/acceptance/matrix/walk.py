"""Asks the whole table of everyone and says what is wrong: a status, a word that got out, a row that changed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from core.database import Connection
from tests.acceptance.matrix.described import beyond_description
from tests.acceptance.matrix.row import DUTY_DESK, Row
from tests.acceptance.matrix.table import TABLE
from tests.acceptance.matrix.world import DUTY_WORDS, FOREIGN_ID, PHONE, RIDER_PHONE, WORDS, Someone, World

_FOREIGN = re.compile(rf"\b{FOREIGN_ID // 1_000_000}\d{{6}}\b")
#: What is written about whoever knocks, also when he is refused.
_BOOKKEEPING = frozenset({"session", "sign_in_code", "stream_epoch", "audit_entry", "bulk_act"})
#: Who stands to the community so that its things lie within his area, whatever his role lets him do with them.
_INSIDE = frozenset({"whole", "parent", "own", "owner", "untrusted"})


@dataclass
class Outcome:
    """What a walk found. `leaks` and `changes` are judged also where one of the two walls is down."""

    cells: int = 0
    statuses: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)
    undescribed: list[str] = field(default_factory=list)
    _described: set[tuple[str, str]] = field(default_factory=set)

    @property
    def wrong(self) -> list[str]:
        """Give everything that is wrong."""
        return self.leaks + self.changes + self.statuses + self.not_found + self.undescribed


async def walk(world: World, *, rows: Iterable[Row] = TABLE, only_outside: bool = False) -> Outcome:
    """Ask each row as each person.

    `only_outside`: only about things of the community, as those in whose area they do not lie. This is what each wall
    must hold back alone; which role may do what within its own area is for the application only.
    """
    outcome = Outcome()
    for row in rows:
        before = {} if row.method == "GET" else await digest(world.owner)
        for who in world.people.values():
            if only_outside and not (row.is_placed and is_outside(who, row)):
                continue
            outcome.cells += 1
            await _ask(world, row, who, outcome, only_outside=only_outside)
        if row.method != "GET":
            after = await digest(world.owner)
            if changed := sorted(table for table in after if after[table] != before[table]):
                outcome.changes.append(f"{row.ask}: changed {changed} for someone who may not")
    return outcome


def is_outside(who: Someone, row: Row) -> bool:
    """Tell whether the community is none of his business at all."""
    place = (who.role, who.position)
    return who.position not in _INSIDE and place not in row.may | row.barred | row.readers


async def _ask(world: World, row: Row, who: Someone, outcome: Outcome, *, only_outside: bool) -> None:
    place = (who.role, who.position)
    path, said = world.fill(row.path), world.fill(row.said)
    is_allowed = place in row.gate and place in row.may
    if is_allowed and row.method != "GET" and not only_outside:
        async with world.rehearsal.taken_back():
            status, text = await who.ask(world.rehearsing, row.method, path, said)
    else:
        status, text = await who.ask(world.client, row.method, path, said)
    where = f"<{who.name}> {row.ask}: {status}"
    expected = _expected(row, place)
    if status not in expected:
        outcome.statuses.append(f"{where}, not {sorted(expected)}: {text[:300]}")
    if found := told(world, row, place, text, asked=f"{path} {said}"):
        outcome.leaks.append(f"{where} tells {found}: {text[:600]}")
    if is_allowed and place in row.readers and status < 300 and str(world.fill(row.finds)) not in text:
        outcome.not_found.append(f"{where} does not tell {row.finds}: {text[:300]}")
    if status < 300 and "'application/json'" in text and (row.ask, who.role) not in outcome._described:
        outcome._described.add((row.ask, who.role))  # one of each role is enough
        answer = orjson.loads(text.rpartition("\n")[0])
        outcome.undescribed += [f"{where} {wrong}" for wrong in beyond_description(row, status, answer)]


def _expected(row: Row, place: tuple[str, str]) -> frozenset[int]:
    if place not in row.gate:
        return frozenset({401 if place[0] == "anonymous" else 403})
    if place in row.may:
        return row.ok
    return row.barred_with if place in row.barred else row.otherwise


def told(world: World, row: Row, place: tuple[str, str], text: str, *, asked: str) -> list[str]:
    """List what an answer tells that this person may not read and did not say himself in what he `asked`."""
    words = [world.ids[name] for name in ("appeal_token", "open_appeal_token", "link")]
    words += [] if place in row.reveals else [RIDER_PHONE, PHONE, "暗名居民"]
    words += [] if place in DUTY_DESK else DUTY_WORDS
    found = []
    if place not in row.readers and place not in row.barred:
        words += [
            *(word for word in WORDS if word not in (PHONE, RIDER_PHONE)),
            *(str(world.fill(word)) for word in row.words),
        ]
        if row.is_placed:
            found = _FOREIGN.findall(text)
    return [word for word in [*words, *found] if word in text and word not in asked]


async def digest(conn: Connection, *, without: frozenset[str] = _BOOKKEEPING) -> dict[str, tuple[int, int]]:
    """Give for each table how many rows it has and a number that any change of any of them changes."""
    tables = await conn.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname"
    )
    parts = (
        f"select '{name}' as name, count(*) as n, coalesce(sum(hashtextextended(t::text, 0)), 0) as sum from {name} t"  # noqa: S608
        for (name,) in tables
        if name not in without
    )
    return {row["name"]: (row["n"], row["sum"]) for row in await conn.fetch(" union all ".join(parts))}


async def compare_effects(world: World, *, rows: Iterable[Row] = TABLE) -> tuple[int, list[str]]:
    """Do what is allowed behind the wall of the database and without it; say where it changed other tables.

    What a policy hides is not changed either, and no error says so: an act would be answered as done and be half done.
    One person of each role is enough.
    """
    wrong, asked = [], 0
    for row in rows:
        places = {place[0]: place for place in sorted(row.may & row.gate)} if row.method != "GET" else {}
        for role, position in places.values():
            who, asked = world.people[f"{role}/{position}"], asked + 1
            changed = [await _changed(world, row, who, is_walled=is_walled) for is_walled in (False, True)]
            if changed[0] != changed[1]:
                wrong.append(f"<{who.name}> {row.ask}: {changed[0]} without the wall, {changed[1]} behind it")
    return asked, wrong


async def _changed(world: World, row: Row, who: Someone, *, is_walled: bool) -> tuple[int, dict[str, int]]:
    """Give the status, and the tables that were changed with how many rows each has gained."""
    async with world.rehearsal.taken_back(is_walled=is_walled) as conn:
        before = await digest(conn, without=frozenset())
        status, _ = await who.ask(world.rehearsing, row.method, world.fill(row.path), world.fill(row.said))
        after = await digest(conn, without=frozenset())
    return status, {table: after[table][0] - before[table][0] for table in after if after[table] != before[table]}
