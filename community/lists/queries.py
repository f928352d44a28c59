"""SQL of case lists: only the conditions that are asked for, so that each list finds its index."""

from datetime import datetime

from community.lists.models import After, CaseFilter
from community.models import ENDED, CaseLine, Origin, State
from community.sight import Sight
from core.database import Connection

# Both orders break ties by id; a case without a running clock comes last.
DUE_KEY = "coalesce(next_due_at, 'infinity')"


class Conditions:
    """Conditions joined by AND, and their numbered values."""

    def __init__(self, district_id: int) -> None:
        self.values: list[object] = [district_id]
        self._parts = ["district_id = $1"]

    def value(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, condition: str) -> None:
        self._parts.append(condition)

    def within(self, area_path: str) -> str:
        """Give the condition for a subtree: an index range ('0' follows '/' in the C collation), then exactly."""
        if area_path == "":
            return "area_path is not null"
        scope = self.value(area_path)
        return (
            f"(area_path >= {scope}::text and area_path < {scope}::text || '0'"
            f" and (area_path = {scope}::text or starts_with(area_path, {scope}::text || '/')))"
        )

    def text(self) -> str:
        return " and ".join(self._parts)


async def list_case_lines(
    conn: Connection,
    *,
    district_id: int,
    sight: Sight,
    wanted: CaseFilter,
    by_due: bool,
    after: After | None,
    limit: int,
    now: datetime,
) -> list[CaseLine]:
    """List what lies in sight: by due time (open cases only), or newest first. Needs a transaction."""
    where = _listed(district_id, sight, wanted, by_due=by_due, now=now)
    await plan_for_values(conn)
    if after is not None and by_due:
        where.add(f"({DUE_KEY}, id) > ({where.value(after.due_at)}::text::timestamptz, {where.value(after.case_id)})")
    elif after is not None:
        where.add(f"id < {where.value(after.case_id)}")
    rows = await conn.fetch(
        f"""
        select id, number, origin, category_code, state, description, lon, lat, area_path, area_names,
            needs_confirmation, department_id, assignee_id, opened_at, closed_at, next_due_at, version
        from community_case where {where.text()}
        order by {f"{DUE_KEY}, id" if by_due else "id desc"} limit {where.value(limit)}
        """,  # noqa: S608 — every value is numbered
        *where.values,
    )
    return [
        CaseLine(
            **dict(row)
            | {
                "origin": Origin(row["origin"]),
                "state": State(row["state"]),
                "area_names": None if row["area_names"] is None else tuple(row["area_names"]),
            }
        )
        for row in rows
    ]


async def count_case_lines(
    conn: Connection,
    *,
    district_id: int,
    sight: Sight,
    wanted: CaseFilter,
    by_due: bool,
    most: int,
    now: datetime,
    timeout_ms: int,
) -> int:
    """Count up to `most` of what the list would give. Raises `asyncpg.QueryCanceledError` after `timeout_ms`."""
    where = _listed(district_id, sight, wanted, by_due=by_due, now=now)
    await plan_for_values(conn)
    await conn.execute("select set_config('statement_timeout', $1, true)", str(timeout_ms))
    # The newest in order: a condition without an index ends at the bound instead of reading the whole table.
    count: int = await conn.fetchval(
        f"""
        select count(*) from (
            select from community_case where {where.text()}
            {"" if by_due else "order by id desc"} limit {where.value(most)}
        ) as listed
        """,  # noqa: S608 — every value is numbered
        *where.values,
    )
    return count


async def plan_for_values(conn: Connection) -> None:
    """Let the rest of the transaction be planned for the values asked with."""
    # A plan for any area is a bad plan for most: 20 ms instead of 1 for a subdistrict (docs/adr/0004).
    await conn.execute("set local plan_cache_mode = force_custom_plan")


def _listed(district_id: int, sight: Sight, wanted: CaseFilter, *, by_due: bool, now: datetime) -> Conditions:
    """Give the conditions of a list as a whole, whatever page of it is shown."""
    where = Conditions(district_id)
    add_sight(where, sight)
    _add_filter(where, wanted, now)
    if by_due:
        where.add("closed_at is null")
    return where


def add_sight(where: Conditions, sight: Sight) -> None:
    """Let only the cases in sight pass."""
    if "" in sight.area_paths:
        return
    seen = [where.within(path) for path in sight.area_paths]
    if sight.duty_desk:
        seen.append("area_path is null")
    if sight.department_ids:
        seen.append(at_work(f"{where.value(sight.department_ids)}::bigint[]"))
    where.add(f"({' or '.join(seen)})" if seen else "false")


def at_work(departments: str) -> str:
    """Give the condition that any of these is at work; the second part says nothing new and opens the small index."""
    return f"(department_ids && {departments} and department_ids <> '{{}}')"


def _add_filter(where: Conditions, wanted: CaseFilter, now: datetime) -> None:
    if wanted.states:
        where.add(f"state = any({where.value(list(wanted.states))}::text[])")
        if ENDED.isdisjoint(wanted.states):
            where.add("closed_at is null")  # says nothing new, and opens the way to the small index of open cases
    if wanted.category_codes:
        where.add(f"category_code = any({where.value(list(wanted.category_codes))}::text[])")
    if wanted.origin is not None:
        where.add(f"origin = {where.value(wanted.origin.value)}")
    if wanted.department_id is not None:
        where.add(at_work(f"array[{where.value(wanted.department_id)}::bigint]"))
    if wanted.assignee_id is not None:
        where.add(f"assignee_id = {where.value(wanted.assignee_id)}")
    if wanted.area_path is not None:
        where.add(where.within(wanted.area_path))
    if wanted.duty_desk:
        where.add("area_path is null")
    if wanted.overdue:
        where.add(f"{DUE_KEY} <= {where.value(now)} and closed_at is null")
    if wanted.number is not None:
        where.add(f"id = {where.value(_id_of(wanted.number))} and number = {where.value(wanted.number)}")
    if wanted.opened_from is not None:
        where.add(f"opened_at >= {where.value(wanted.opened_from)}")
    if wanted.opened_before is not None:
        where.add(f"opened_at < {where.value(wanted.opened_before)}")


def _id_of(number: str) -> int:
    """Give the id that a case number ends with, so that looking one up needs no index of its own; 0 if none."""
    _, _, tail = number.partition("-")
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) <= 18 else 0
