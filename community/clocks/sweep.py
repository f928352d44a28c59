"""The sweep that tells of clocks: the warning before, the breach, each escalation, all exactly once.

No timer anywhere: `sweep_deadlines` may run never twice, ten times at once, or hours late. What was missed is told in
order and says how late it is.
"""

from dataclasses import replace
from datetime import datetime

from community.clocks import queries
from community.clocks.models import Deadline, Firing, Stage
from community.clocks.turning import next_firing
from core.database import Connection
from core.events import record_event

MAX_DEADLINES_PER_SWEEP = 500


async def sweep_deadlines(
    conn: Connection, *, district_id: int, now: datetime, limit: int = MAX_DEADLINES_PER_SWEEP
) -> list[Firing]:
    """Tell everything that is due of at most `limit` clocks, record an event for each, and give them in order of time.

    Mark and event stand or fall together in the caller's transaction. Call again while something comes back.
    """
    told: list[tuple[datetime, Firing]] = []
    for case_id, deadline, spans in await queries.claim_firing(conn, district_id=district_id, now=now, limit=limit):
        left = deadline
        while left.fires_at is not None and left.fires_at <= now:
            firing, fired_at = _fire(case_id, left, now), left.fires_at
            left = _advance(left, firing.stage, now)
            left = replace(left, fires_at=next_firing(left, spans))
            told.append((fired_at, firing))
        await queries.update_deadline(conn, district_id=district_id, case_id=case_id, deadline=left)
    told.sort(key=lambda each: each[0])
    for _, firing in told:
        await _record(conn, district_id, firing, now)
    return [firing for _, firing in told]


def _fire(case_id: int, deadline: Deadline, now: datetime) -> Firing:
    stage = Stage.ESCALATED if deadline.breached_at else Stage.BREACHED if deadline.warned_at else Stage.WARNED
    assert deadline.fires_at is not None  # noqa: S101 — the caller has just asked
    return Firing(
        case_id=case_id,
        clock=deadline.clock,
        round=deadline.round,
        stage=stage,
        level=deadline.escalated + 1 if stage is Stage.ESCALATED else 0,
        due_at=deadline.due_at,
        late_s=(now - deadline.fires_at).total_seconds(),
    )


def _advance(deadline: Deadline, stage: Stage, now: datetime) -> Deadline:
    if stage is Stage.WARNED:
        return replace(deadline, warned_at=now)
    if stage is Stage.BREACHED:
        return replace(deadline, breached_at=now)
    return replace(deadline, escalated=deadline.escalated + 1)


async def _record(conn: Connection, district_id: int, firing: Firing, now: datetime) -> None:
    level: dict[str, object] = {"level": firing.level} if firing.stage is Stage.ESCALATED else {}
    await record_event(
        conn,
        district_id=district_id,
        kind=firing.stage.event,
        subject="case",
        subject_id=firing.case_id,
        actor=None,
        now=now,
        data={
            "clock": firing.clock,
            "round": firing.round,
            "due_at": firing.due_at,
            "late_s": firing.late_s,
            **level,
        },
    )
