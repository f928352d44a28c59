"""All SQL of clocks: rules, rounds, their changes, and what the sweep tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from community.clocks.models import ClockRule, Deadline, Extension, Pause
from community.models import Clock, Limit, Unit
from core.database import Connection

_RULE = """
    clock_rule.id, clock_rule.clock, category_code, area_path, amount, unit, warn_percent, escalate_minutes,
    most_extensions, most_hold_days, version, valid_from, superseded_at
"""
_DEADLINE = """
    clock, round, rule_id, started_at, fixed_at, fixed_since, due_at, warn_at, warned_at, breached_at, escalated,
    fires_at, paused_at, met_at, cancelled_at, calendar_version, calendar_known
"""


def _rule(row: asyncpg.Record) -> ClockRule:
    return ClockRule(
        id=row["id"],
        clock=Clock(row["clock"]),
        category_code=row["category_code"],
        area_path=row["area_path"],
        limit=Limit(row["amount"], Unit(row["unit"])),
        warn_percent=row["warn_percent"],
        escalate_minutes=tuple(row["escalate_minutes"]),
        most_extensions=row["most_extensions"],
        most_hold_days=row["most_hold_days"],
        version=row["version"],
        valid_from=row["valid_from"],
        superseded_at=row["superseded_at"],
    )


def _deadline(row: asyncpg.Record) -> Deadline:
    return Deadline(**dict(row) | {"clock": Clock(row["clock"])})


async def choose_rules(
    conn: Connection, *, district_id: int, clocks: Sequence[Clock], category_code: str, area_paths: Sequence[str]
) -> dict[Clock, ClockRule]:
    """Give the rule in force for each clock: the category's before the general one, then that of the deepest area."""
    rows = await conn.fetch(
        f"""
        select distinct on (clock) {_RULE} from clock_rule
        where district_id = $1 and superseded_at is null and clock = any($2::text[])
            and (category_code = $3 or category_code is null) and area_path = any($4::text[])
        order by clock, category_code nulls last, length(area_path) desc
        """,  # noqa: S608
        district_id,
        [clock.value for clock in clocks],
        category_code,
        area_paths,
    )
    return {Clock(row["clock"]): _rule(row) for row in rows}


async def list_rules(conn: Connection, *, district_id: int) -> list[ClockRule]:
    """List the rules in force."""
    rows = await conn.fetch(
        f"""
        select {_RULE} from clock_rule where district_id = $1 and superseded_at is null
        order by category_code nulls first, area_path, id
        """,  # noqa: S608
        district_id,
    )
    return [_rule(row) for row in rows]


async def get_rules(conn: Connection, *, district_id: int, rule_ids: Sequence[int]) -> dict[int, ClockRule]:
    rows = await conn.fetch(
        f"select {_RULE} from clock_rule where district_id = $1 and id = any($2::bigint[])",  # noqa: S608
        district_id,
        rule_ids,
    )
    return {row["id"]: _rule(row) for row in rows}


async def supersede_rule(
    conn: Connection, *, district_id: int, clock: Clock, category_code: str | None, area_path: str, now: datetime
) -> int:
    """End the rule in force for exactly this and give its version; 0 where there is none."""
    version: int | None = await conn.fetchval(
        """
        update clock_rule set superseded_at = $5
        where district_id = $1 and clock = $2 and category_code is not distinct from $3 and area_path = $4
            and superseded_at is null
        returning version
        """,
        district_id,
        clock.value,
        category_code,
        area_path,
        now,
    )
    return version or 0


async def insert_rule(
    conn: Connection, *, district_id: int, rule: ClockRule, staff_id: int | None, now: datetime
) -> ClockRule:
    """Write the next version; its id and times are given by the database and `now`."""
    row = await conn.fetchrow(
        f"""
        insert into clock_rule (
            district_id, clock, category_code, area_path, amount, unit, warn_percent, escalate_minutes, most_extensions,
            most_hold_days, version, valid_from, changed_by
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        returning {_RULE}
        """,  # noqa: S608
        *(district_id, rule.clock.value, rule.category_code, rule.area_path, rule.limit.amount, rule.limit.unit.value),
        *(rule.warn_percent, rule.escalate_minutes, rule.most_extensions, rule.most_hold_days, rule.version, now),
        staff_id,
    )
    assert row is not None  # noqa: S101 — INSERT … RETURNING of one row gives one row
    return _rule(row)


@dataclass(frozen=True, slots=True)
class Round:
    """A round about to begin."""

    rule_id: int
    fixed_at: datetime | None
    due_at: datetime
    warn_at: datetime
    calendar_known: bool


async def insert_deadlines(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    rounds: Mapping[Clock, Round],
    started_at: datetime,
    calendar_version: int,
) -> None:
    """Start the next round of each of these clocks; the first thing to be told of each is the warning."""
    await conn.execute(
        """
        insert into deadline (
            district_id, case_id, clock, round, rule_id, fixed_at, fixed_since, due_at, warn_at, fires_at, started_at,
            calendar_version, calendar_known
        )
        select $1, $2, begun.clock, 1 + (
            select count(*) from deadline where district_id = $1 and case_id = $2 and clock = begun.clock
        ), begun.rule_id, begun.fixed_at, case when begun.fixed_at is not null then $9::timestamptz end,
            begun.due_at, begun.warn_at, begun.warn_at, $9, $10, begun.known
        from unnest(
            $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::boolean[]
        ) as begun (clock, rule_id, fixed_at, due_at, warn_at, known)
        """,
        district_id,
        case_id,
        [clock.value for clock in rounds],
        [each.rule_id for each in rounds.values()],
        [each.fixed_at for each in rounds.values()],
        [each.due_at for each in rounds.values()],
        [each.warn_at for each in rounds.values()],
        [each.calendar_known for each in rounds.values()],
        started_at,
        calendar_version,
    )


async def stop_deadlines(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    met: Sequence[Clock],
    cancelled: Sequence[Clock],
    now: datetime,
) -> None:
    """End the running rounds of these clocks as met or as cancelled; a breach stays on record."""
    await conn.execute(
        """
        update deadline set
            met_at = case when clock = any($3::text[]) then $5::timestamptz end,
            cancelled_at = case when clock = any($4::text[]) then $5::timestamptz end,
            fires_at = null
        where district_id = $1 and case_id = $2 and clock = any($3::text[] || $4::text[])
            and met_at is null and cancelled_at is null
        """,
        district_id,
        case_id,
        [clock.value for clock in met],
        [clock.value for clock in cancelled],
        now,
    )


async def lock_running(conn: Connection, *, district_id: int, case_id: int, clocks: Sequence[Clock]) -> list[Deadline]:
    """Hold the running rounds of these clocks against the sweep until the transaction ends."""
    rows = await conn.fetch(
        f"""
        select {_DEADLINE} from deadline
        where district_id = $1 and case_id = $2 and clock = any($3::text[]) and met_at is null and cancelled_at is null
        order by clock for update
        """,  # noqa: S608
        district_id,
        case_id,
        [clock.value for clock in clocks],
    )
    return [_deadline(row) for row in rows]


async def list_deadlines(conn: Connection, *, district_id: int, case_id: int) -> list[Deadline]:
    rows = await conn.fetch(
        f"""
        select {_DEADLINE} from deadline where district_id = $1 and case_id = $2 order by started_at, clock desc, round
        """,  # noqa: S608
        district_id,
        case_id,
    )
    return [_deadline(row) for row in rows]


async def update_deadline(conn: Connection, *, district_id: int, case_id: int, deadline: Deadline) -> None:
    """Write what a pause, an extension, a promise or the sweep changes of a round that the caller has locked."""
    await conn.execute(
        """
        update deadline set fixed_at = $5, fixed_since = $6, due_at = $7, warn_at = $8, warned_at = $9,
            breached_at = $10, escalated = $11, fires_at = $12, paused_at = $13, calendar_version = $14,
            calendar_known = $15
        where district_id = $1 and case_id = $2 and clock = $3 and round = $4
        """,
        *(district_id, case_id, deadline.clock.value, deadline.round, deadline.fixed_at, deadline.fixed_since),
        *(
            deadline.due_at,
            deadline.warn_at,
            deadline.warned_at,
            deadline.breached_at,
            deadline.escalated,
            deadline.fires_at,
        ),
        *(deadline.paused_at, deadline.calendar_version, deadline.calendar_known),
    )


async def insert_change(
    conn: Connection,
    *,
    district_id: int,
    case_id: int,
    deadline: Deadline,
    change: Pause | Extension,
    reason: str,
    now: datetime,
) -> None:
    await conn.execute(
        """
        insert into deadline_change (district_id, case_id, clock, round, kind, began_at, amount, reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        district_id,
        case_id,
        deadline.clock.value,
        deadline.round,
        "extension" if isinstance(change, Extension) else "pause",
        now,
        change.amount if isinstance(change, Extension) else None,
        reason,
    )


async def end_pause(conn: Connection, *, district_id: int, case_id: int, deadline: Deadline, now: datetime) -> None:
    await conn.execute(
        """
        update deadline_change set ended_at = $5
        where district_id = $1 and case_id = $2 and clock = $3 and round = $4 and kind = 'pause' and ended_at is null
        """,
        district_id,
        case_id,
        deadline.clock.value,
        deadline.round,
        now,
    )


async def list_changes(
    conn: Connection, *, district_id: int, case_ids: Sequence[int]
) -> dict[tuple[int, Clock, int], list[Pause | Extension]]:
    """Give (case, clock, round) → its pauses and extensions in the order in which they were made."""
    rows = await conn.fetch(
        """
        select case_id, clock, round, began_at, ended_at, amount from deadline_change
        where district_id = $1 and case_id = any($2::bigint[]) order by id
        """,
        district_id,
        case_ids,
    )
    found: dict[tuple[int, Clock, int], list[Pause | Extension]] = {}
    for row in rows:
        change = (
            Pause(row["began_at"], row["ended_at"])
            if row["amount"] is None
            else Extension(row["amount"], row["began_at"])
        )
        found.setdefault((row["case_id"], Clock(row["clock"]), row["round"]), []).append(change)
    return found


async def claim_firing(
    conn: Connection, *, district_id: int, now: datetime, limit: int
) -> list[tuple[int, Deadline, tuple[int, ...]]]:
    """Lock rounds of which something is to be told: the case, the round, its rule's spans of escalation.

    Rows that another sweeper or a person's act has locked are left for the next sweep.
    """
    rows = await conn.fetch(
        """
        select case_id, deadline.clock, round, rule_id, started_at, fixed_at, fixed_since, due_at, warn_at, warned_at,
            breached_at, escalated, fires_at, paused_at, met_at, cancelled_at, calendar_version, calendar_known,
            escalate_minutes
        from deadline join clock_rule
            on clock_rule.district_id = deadline.district_id and clock_rule.id = deadline.rule_id
        where deadline.district_id = $1 and fires_at <= $2
        order by fires_at limit $3 for update of deadline skip locked
        """,
        district_id,
        now,
        limit,
    )
    claimed = []
    for row in rows:
        values = dict(row)
        case_id, spans = values.pop("case_id"), values.pop("escalate_minutes")
        claimed.append((case_id, Deadline(**values | {"clock": Clock(values["clock"])}), tuple(spans)))
    return claimed


async def list_cases_counted_before(
    conn: Connection, *, district_id: int, version: int, limit: int
) -> list[tuple[int, str]]:
    """Lock some cases with open clocks counted by an older calendar, in order of id, and give id and number."""
    rows = await conn.fetch(
        """
        select id, number from community_case
        where district_id = $1 and id = any(array(
            select distinct case_id from deadline
            where district_id = $1 and calendar_version < $2 and met_at is null and cancelled_at is null
            order by case_id limit $3
        ))
        order by id for no key update
        """,
        district_id,
        version,
        limit,
    )
    return [(row["id"], row["number"]) for row in rows]


async def lock_open_deadlines(
    conn: Connection, *, district_id: int, case_ids: Sequence[int]
) -> list[tuple[int, Deadline]]:
    rows = await conn.fetch(
        f"""
        select case_id, {_DEADLINE} from deadline
        where district_id = $1 and case_id = any($2::bigint[]) and met_at is null and cancelled_at is null
        order by case_id, clock for update
        """,  # noqa: S608
        district_id,
        case_ids,
    )
    return [
        (
            row["case_id"],
            Deadline(
                **{name: value for name, value in row.items() if name != "case_id"} | {"clock": Clock(row["clock"])}
            ),
        )
        for row in rows
    ]


async def count_open_by_weekday(conn: Connection, *, district_id: int) -> int:
    """Count open clocks that were counted by weekday for want of calendar rows."""
    count: int = await conn.fetchval(
        """
        select count(*) from deadline
        where district_id = $1 and not calendar_known and met_at is null and cancelled_at is null
        """,
        district_id,
    )
    return count
