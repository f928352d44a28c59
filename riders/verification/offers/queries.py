"""SQL of offers: who may look at a task's case, who is told of it, what he may take."""

from collections.abc import Sequence
from datetime import datetime, time

import asyncpg

from community.verification.models import Purpose
from core.access.models import paths_above
from core.database import Connection
from core.errors import Text
from geo.models import Point
from riders.models import TrustLevel
from riders.verification.models import Offer, Task, Willingness
from riders.verification.offers.nearness import Box, coarse
from riders.verification.queries import SHOWN, WITH_CASE


def _may_look(rider: str, now: str) -> str:
    """Give the condition for a rider to look at a task's case: the one rule behind each offer and each acceptance.

    He is appointed for its area and may verify for others, wants to be asked, and neither reported the case himself
    nor a duplicate of it. `rider` must mean nothing inside: `$2`, or a column of a table under another name than here.
    """
    return f"""
        exists (
            select from appointment
            where appointment.district_id = verification_task.district_id and appointment.rider_id = {rider}
                and appointment.trust_level >= {TrustLevel.MAY_VERIFY_OTHERS.value}
                and appointment.revoked_at is null
                and appointment.starts_at <= {now} and {now} < appointment.ends_at
                and (
                    appointment.area_path in ('', verification_task.area_path)
                    or starts_with(verification_task.area_path, appointment.area_path || '/')
                )
        )
        and exists (
            select from rider_willingness as will
            where will.district_id = verification_task.district_id and will.rider_id = {rider} and will.may_be_asked
        )
        and not exists (
            select from community_case as reported
            where reported.district_id = verification_task.district_id
                and (
                    reported.id = verification_task.case_id or reported.duplicate_of = verification_task.case_id
                )
                and reported.reporter_kind = 'rider' and reported.reporter_id = {rider}
        )
    """  # noqa: S608 — placeholders and column names only


async def choose_riders(
    conn: Connection,
    *,
    district_id: int,
    task: Task,
    local_time: time,
    answered_since: datetime,
    limit: int,
    now: datetime,
) -> list[int]:
    """Give the riders to be told of a task: who answered least since then first, then by id; none in quiet hours."""
    rows = await conn.fetch(
        f"""
        select candidate.rider_id
        from (
            select distinct somewhere_above.rider_id
            from verification_task
            join appointment as somewhere_above
                on somewhere_above.district_id = verification_task.district_id
                and somewhere_above.area_path = any($3::text[])
            where verification_task.district_id = $1 and verification_task.id = $2
                and {_may_look("somewhere_above.rider_id", "$4")}
        ) as candidate
        join rider_willingness as will on will.district_id = $1 and will.rider_id = candidate.rider_id
        cross join lateral (
            select count(*) as answered from verification_task
            where district_id = $1 and rider_id = candidate.rider_id and answered_by_kind = 'rider'
                and answered_at > $6
        ) as lately
        where will.quiet_from is null or not case
            when will.quiet_from < will.quiet_until then $5 >= will.quiet_from and $5 < will.quiet_until
            else $5 >= will.quiet_from or $5 < will.quiet_until
        end
        order by lately.answered, candidate.rider_id limit $7
        """,  # noqa: S608
        *(district_id, task.id, ["", *paths_above(task.area_path)], now, local_time, answered_since, limit),
    )
    return [row["rider_id"] for row in rows]


async def list_scopes(conn: Connection, *, district_id: int, rider_id: int, now: datetime) -> list[str]:
    """List the area paths in which a rider may verify for others now."""
    rows = await conn.fetch(
        """
        select distinct area_path from appointment
        where district_id = $1 and rider_id = $2 and trust_level >= $4 and revoked_at is null
            and starts_at <= $3 and $3 < ends_at
        """,
        *(district_id, rider_id, now, TrustLevel.MAY_VERIFY_OTHERS.value),
    )
    return [row["area_path"] for row in rows]


async def list_offers(
    conn: Connection,
    *,
    district_id: int,
    rider_id: int,
    scopes: Sequence[str],
    box: Box | None,
    limit: int,
    now: datetime,
) -> list[Offer]:
    """List the open tasks that a rider may take within disjoint `scopes` and, if given, a box; the oldest first.

    A subtree is one range of the index ('0' follows '/' in the C collation); the rule decides exactly.
    """
    highs = [scope + "0" if scope else chr(0x10FFFF) for scope in scopes]
    rows = await conn.fetch(
        f"""
        select {SHOWN}, verification_task.asked_at, verification_task.expires_at
        from unnest($4::text[], $5::text[]) as scope (low, high)
        join verification_task
            on verification_task.district_id = $1 and verification_task.state = 'open'
            and verification_task.area_path >= scope.low and verification_task.area_path < scope.high
        {WITH_CASE}
        where verification_task.expires_at > $3 and {_may_look("$2", "$3")}
            and (
                $6::float8 is null
                or community_case.lon between $6 and $8 and community_case.lat between $7 and $9
            )
        order by verification_task.id limit $10
        """,  # noqa: S608
        *(district_id, rider_id, now, list(scopes), highs),
        *((None,) * 4 if box is None else (box.west, box.south, box.east, box.north)),
        limit,
    )
    return [_offer(row) for row in rows]


def _offer(row: asyncpg.Record) -> Offer:
    purpose = Purpose(row["purpose"])
    return Offer(
        id=row["id"],
        purpose=purpose,
        question=purpose.question,
        category_code=row["category_code"],
        category=Text(row["zh"], row["en"]),
        area_names=tuple(row["area_names"] or ()),
        near=coarse(Point(row["lon"], row["lat"])),
        distance_m=None,
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
    )


async def may_look(conn: Connection, *, district_id: int, task_id: int, rider_id: int, now: datetime) -> bool:
    """Tell whether a task, whatever its state, is one that a rider may be offered."""
    found = await conn.fetchval(
        f"select true from verification_task where district_id = $1 and id = $4 and {_may_look('$2', '$3')}",  # noqa: S608
        *(district_id, rider_id, now, task_id),
    )
    return found is not None


async def find_willingness(conn: Connection, *, district_id: int, rider_id: int) -> Willingness | None:
    row = await conn.fetchrow(
        "select may_be_asked, quiet_from, quiet_until from rider_willingness where district_id = $1 and rider_id = $2",
        district_id,
        rider_id,
    )
    return None if row is None else Willingness(**row)


async def upsert_willingness(
    conn: Connection, *, district_id: int, rider_id: int, willingness: Willingness, now: datetime
) -> None:
    await conn.execute(
        """
        insert into rider_willingness (district_id, rider_id, may_be_asked, quiet_from, quiet_until, changed_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (district_id, rider_id) do update set
            may_be_asked = excluded.may_be_asked, quiet_from = excluded.quiet_from,
            quiet_until = excluded.quiet_until, changed_at = excluded.changed_at
        """,
        *(district_id, rider_id, willingness.may_be_asked, willingness.quiet_from, willingness.quiet_until, now),
    )
