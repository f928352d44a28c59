"""SQL of figures: the marks, the truth of a case, the tallied cases and their sums, and adding up an answer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

from community.figures.cells import ITSELF, KEPT_DEPTH, NO_DEPARTMENT, CellKey, child_of
from community.figures.models import By, Question, Record, Round, Step, Tallied
from community.figures.period import Piece
from community.models import Clock, Satisfaction, State
from core.database import Connection

# One number for the sweepers of a district; any constant does.
_SWEEP_LOCK = 7_140_322


async def try_lock_sweep(conn: Connection, *, district_id: int) -> bool:
    """Be the only one to sweep this district until the transaction ends; False where another one is."""
    got: bool = await conn.fetchval("select pg_try_advisory_xact_lock($1, $2)", _SWEEP_LOCK, district_id)
    return got


async def take_marks(conn: Connection, *, district_id: int, limit: int) -> tuple[int, list[int]]:
    """Remove the oldest marks; give how many they were and the cases they name."""
    rows = await conn.fetch(
        """
        delete from figure_mark where (district_id, changed_at, id) in (
            select district_id, changed_at, id from figure_mark where district_id = $1 order by changed_at, id limit $2
        )
        returning case_id
        """,
        district_id,
        limit,
    )
    return len(rows), sorted({row["case_id"] for row in rows})


async def get_complete_until(conn: Connection, *, district_id: int, now: datetime) -> datetime:
    """Give the moment up to which every change is counted: `now`, or that of the oldest one that is not.

    A limit that has run out and that the sweep of deadlines has not marked yet is such a change.
    """
    until: datetime = await conn.fetchval(
        """
        select least(
            $2::timestamptz,
            (select min(changed_at) from figure_mark where district_id = $1),
            (
                select min(due_at) from deadline
                where district_id = $1 and fires_at <= $2 and due_at <= $2 and breached_at is null
            )
        )
        """,
        district_id,
        now,
    )
    return until


async def list_records(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> list[Record]:
    """Read these cases with their clocks and the states they entered; what does not exist is left out."""
    cases = await conn.fetch(
        """
        select id, opened_at, state, area_path, category_code, department_id, satisfaction from community_case
        where district_id = $1 and id = any($2::bigint[])
        """,
        district_id,
        case_ids,
    )
    rounds = await _list_rounds(conn, district_id=district_id, case_ids=case_ids)
    steps = await _list_steps(conn, district_id=district_id, case_ids=case_ids)
    return [
        Record(
            case_id=row["id"],
            opened_at=row["opened_at"],
            state=State(row["state"]),
            area_path=row["area_path"],
            category_code=row["category_code"],
            department_id=row["department_id"],
            satisfaction=Satisfaction(row["satisfaction"]) if row["satisfaction"] else None,
            rounds=rounds.get(row["id"], ()),
            steps=steps.get(row["id"], ()),
        )
        for row in cases
    ]


async def _list_rounds(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> dict[int, tuple[Round, ...]]:
    rows = await conn.fetch(
        """
        select case_id, clock, round, due_at, met_at, breached_at, cancelled_at, paused_at
        from deadline where district_id = $1 and case_id = any($2::bigint[]) order by case_id
        """,
        district_id,
        case_ids,
    )
    return {
        case_id: tuple(Round(Clock(row[1]), *row[2:]) for row in group)
        for case_id, group in groupby(rows, itemgetter("case_id"))
    }


async def _list_steps(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> dict[int, tuple[Step, ...]]:
    rows = await conn.fetch(
        """
        select subject_id, data ->> 'from' as came_from, data ->> 'to' as entered, occurred_at from event
        where district_id = $1 and subject = 'case' and subject_id = any($2::bigint[])
            and data ->> 'to' is distinct from data ->> 'from' and data ->> 'to' is not null
        order by subject_id
        """,
        district_id,
        case_ids,
    )
    return {
        case_id: tuple(
            Step(State(row["came_from"]) if row["came_from"] else None, State(row["entered"]), row["occurred_at"])
            for row in group
        )
        for case_id, group in groupby(rows, itemgetter("subject_id"))
    }


async def list_tallied(conn: Connection, *, district_id: int, case_ids: Sequence[int]) -> list[Tallied]:
    """Read what these cases count for so far."""
    rows = await conn.fetch(
        """
        select case_id, opened_on, area_path, category_code, department_id, slots from figure_case
        where district_id = $1 and case_id = any($2::bigint[])
        """,
        district_id,
        case_ids,
    )
    return [Tallied(**dict(row) | {"slots": tuple(row["slots"])}) for row in rows]


async def replace_tallied(
    conn: Connection, *, district_id: int, gone: Sequence[Tallied], come: Sequence[Tallied]
) -> None:
    """Write what these cases count for now."""
    await conn.execute(
        "delete from figure_case where district_id = $1 and case_id = any($2::bigint[])",
        district_id,
        [case.case_id for case in gone],
    )
    await conn.executemany(
        """
        insert into figure_case (district_id, case_id, opened_on, area_path, category_code, department_id, slots)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
            (
                district_id,
                case.case_id,
                case.opened_on,
                case.area_path,
                case.category_code,
                case.department_id,
                case.slots,
            )
            for case in come
        ],
    )


async def add_to_cells(conn: Connection, *, district_id: int, sums: Mapping[CellKey, Counter[int]]) -> None:
    """Add to each cell; one that holds nothing more is removed. The caller alone writes cells (`try_lock_sweep`)."""
    keys = list(sums)
    added = [(number, slot, n) for number, key in enumerate(keys, start=1) for slot, n in sums[key].items()]
    await conn.execute(
        """
        with touched as (
            select * from unnest(
                $2::text[], $3::text[], $4::int[], $5::text[], $6::date[], $7::text[], $8::bigint[]
            ) with ordinality as key (grain, cut, depth, area_path, starts_on, category_code, department_id, number)
        ), former as (
            delete from figure_cell cell using touched
            where cell.district_id = $1 and cell.grain = touched.grain and cell.cut = touched.cut
                and cell.depth = touched.depth and cell.area_path = touched.area_path
                and cell.starts_on = touched.starts_on and cell.category_code = touched.category_code
                and cell.department_id = touched.department_id
            returning number, slots, counts
        ), part as (
            select number, slot, n from unnest($9::bigint[], $10::smallint[], $11::int[]) as part (number, slot, n)
            union all
            select number, slot, n from former cross join lateral unnest(slots, counts) as part (slot, n)
        ), summed as (
            select number, slot, sum(n)::int as n from part group by number, slot having sum(n) <> 0
        ), held as (
            select number, array_agg(slot order by slot) as slots, array_agg(n order by slot) as counts
            from summed group by number
        )
        insert into figure_cell
        select $1, grain, cut, depth, area_path, starts_on, category_code, department_id, slots, counts
        from held join touched using (number)
        """,
        district_id,
        *(list(column) for column in (zip(*keys, strict=True) if keys else [()] * 7)),
        *(list(column) for column in (zip(*added, strict=True) if added else [()] * 3)),
    )


_CELL_KEYS = {
    None: "''",
    By.AREA: "area_path",
    By.CATEGORY: "category_code",
    By.DEPARTMENT: "department_id::text",
    By.MONTH: "date_trunc('month', starts_on)::date::text",
    By.WEEK: "date_trunc('week', starts_on)::date::text",
    By.DAY: "starts_on::text",
}


class _Parts:
    """Selects of `key, slot, n` that an answer is added up from, and their numbered values."""

    def __init__(self, district_id: int, question: Question) -> None:
        self.values: list[object] = [district_id]
        self.selects: list[str] = []
        self._asked = question
        self._children = question.by is By.AREA

    def _value(self, value: object, type_: str = "text") -> str:
        self.values.append(value)
        return f"${len(self.values)}::{type_}"

    def add_cells(self, piece: Piece) -> None:
        """Add the ready sums of a piece of the period."""
        asked = self._asked
        conditions = [
            f"grain = {self._value(piece.grain)}",
            f"cut = {self._value(asked.cut)}",
            f"depth = {self._value(asked.depth, 'int')}",
            *self._filters("starts_on", piece),
        ]
        if not self._children:
            conditions.append(f"area_path = {self._value(asked.area_path)}")
        elif asked.area_path:
            path = self._value(asked.area_path)
            conditions.append(f"area_path > {path} || '/' and area_path < {path} || '0'")
        self._add(
            f"{_CELL_KEYS[asked.by]} as key, slot, n::bigint as n",
            "figure_cell",
            conditions,
            "unnest(slots, counts) as part (slot, n)",
        )

    def add_cases(self, piece: Piece) -> None:
        """Add the tallied cases of a piece of the period, one by one."""
        asked = self._asked
        conditions = self._filters("opened_on", piece)
        if asked.area_path:  # '0' follows '/' in the C collation; then exactly
            path = self._value(asked.area_path)
            conditions.append(
                f"area_path >= {path} and area_path < {path} || '0'"
                f" and (area_path = {path} or starts_with(area_path, {path} || '/'))"
            )
        key = _CELL_KEYS[asked.by].replace("starts_on", "opened_on")
        if asked.by is By.DEPARTMENT:
            key = f"coalesce(department_id, {NO_DEPARTMENT})::text"
        elif self._children:
            path, depth = self._value(asked.area_path), self._value(asked.depth, "int")
            itself = self._value(child_of(asked.area_path, ITSELF))
            key = f"""case when coalesce(area_path, '') = {path} then {itself}
                else array_to_string((string_to_array(area_path, '/'))[:{depth}], '/') end"""
        self._add(f"{key} as key, slot, 1 as n", "figure_case", conditions, "unnest(slots) as part (slot)")

    def _filters(self, day: str, piece: Piece) -> list[str]:
        asked = self._asked
        conditions = [f"{day} >= {self._value(piece.first, 'date')}", f"{day} < {self._value(piece.before, 'date')}"]
        if asked.category_code is not None:
            conditions.append(f"category_code = {self._value(asked.category_code)}")
        if asked.department_id is not None:
            conditions.append(f"department_id = {self._value(asked.department_id, 'bigint')}")
        return conditions

    def _add(self, columns: str, table: str, conditions: Sequence[str], parts: str) -> None:
        self.selects.append(
            f"select {columns} from {table} cross join lateral {parts} "  # noqa: S608 — every value is numbered
            f"where district_id = $1 and {' and '.join(conditions)}"
        )


def write_sum(district_id: int, question: Question, pieces: Sequence[Piece]) -> tuple[str, list[object]]:
    """Write the statement that adds up an answer, and its values."""
    parts = _Parts(district_id, question)
    for piece in pieces:
        (parts.add_cells if piece.from_cells else parts.add_cases)(piece)
    statement = f"""
        select key, array_agg(slot order by slot), array_agg(n order by slot) from (
            select key, slot, sum(n) as n from ({" union all ".join(parts.selects)}) as part group by key, slot
        ) as summed
        group by key order by key
        """  # noqa: S608 — every value is numbered
    return statement, parts.values


async def sum_up(
    conn: Connection, *, district_id: int, question: Question, pieces: Sequence[Piece]
) -> dict[str, dict[int, int]]:
    """Give what the rows of an answer count: key → slot → number. Needs a transaction."""
    statement, values = write_sum(district_id, question, pieces)
    # One plan for any area reads too much for most (docs/adr/0004).
    await conn.execute("set local plan_cache_mode = force_custom_plan")
    rows = await conn.fetch(statement, *values)
    return {key: dict(zip(slots, map(int, counts), strict=True)) for key, slots, counts in rows}


async def sum_up_tree(conn: Connection, *, district_id: int, month: date, below_slot: int) -> dict[str, dict[int, int]]:
    """Give what each area down to the kept depth counts in a month, of the slots below `below_slot`."""
    rows = await conn.fetch(
        """
        select area_path, array_agg(slot), array_agg(n)
        from figure_cell cross join lateral unnest(slots, counts) as part (slot, n)
        where district_id = $1 and grain = 'month' and cut = 'all' and depth between 1 and $2 and starts_on = $3
            and slot < $4
        group by area_path
        """,
        district_id,
        KEPT_DEPTH,
        month,
        below_slot,
    )
    return {path: dict(zip(slots, counts, strict=True)) for path, slots, counts in rows}


async def list_areas_above_leaves(conn: Connection, *, district_id: int, deepest: int) -> list[str]:
    """List the paths of the active areas that have areas beneath them, down to `deepest` codes."""
    rows = await conn.fetch(
        """
        select parent.path from area parent join generation
            on generation.district_id = parent.district_id and generation.id = parent.generation_id
        where parent.district_id = $1 and generation.status = 'active'
            and cardinality(string_to_array(parent.path, '/')) <= $2
            and exists (
                select from area where district_id = $1 and generation_id = parent.generation_id
                    and parent_code = parent.code
            )
        order by parent.path
        """,
        district_id,
        deepest,
    )
    return [row["path"] for row in rows]


async def has_area(conn: Connection, *, district_id: int, path: str) -> bool:
    """Tell whether any generation has an area at `path`."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from generation join area on area.district_id = $1 and area.generation_id = generation.id
            where generation.district_id = $1 and area.path = $2
        )
        """,
        district_id,
        path,
    )
    return found


async def name_keys(conn: Connection, *, district_id: int, keys: Sequence[str], by: By | None) -> dict[str, str]:
    """Give the names of what rows stand for; a day stands for itself. Areas are those of the active generation."""
    select = (
        {
            By.AREA: """
            select path as key, name from area where district_id = $1 and path = any($2::text[]) and generation_id =
                (select id from generation where district_id = $1 and status = 'active')
            """,
            By.CATEGORY: """
            select code as key, zh as name from category where district_id = $1 and code = any($2::text[])
            """,
            By.DEPARTMENT: """
            select id::text as key, name from department where district_id = $1 and id::text = any($2::text[])
            """,
        }.get(by)
        if by
        else None
    )
    if select is None:
        return {}
    return {row["key"]: row["name"] for row in await conn.fetch(select, district_id, keys)}
