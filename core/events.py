"""Events: history, outbox and queue in one row, written in the transaction of what happened.

`record_event` is all that a room calls. `dispatch_due` runs what `app.schedule.REACTIONS` connects to each kind, at
least once: every reaction must be harmless when it runs again. Each event is worked off in one transaction together
with its reactions' writes; a failing event is tried again ever later and, after `MAX_ATTEMPTS`, given up visibly
(`/readyz`, `python -m app events`).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from core import queries
from core.access.models import Actor
from core.audit import audit_event
from core.database import Connection, Pool, pool_transaction
from core.models import Event

MAX_ATTEMPTS = 8
FIRST_RETRY_S = 2
MAX_EVENTS_PER_SWEEP = 500

Reaction = Callable[[Connection, Event, datetime], Awaitable[None]]

_log = logging.getLogger(__name__)


async def record_event(
    conn: Connection,
    *,
    district_id: int,
    kind: str,
    subject: str,
    subject_id: int,
    actor: Actor | None,
    now: datetime,
    data: dict[str, object],
) -> int:
    """Write what happened in the caller's transaction and give the event's id; `actor` None is the system itself.

    What is an act with power over people is written into the audit trail too, so record it last.
    """
    event_id = await queries.insert_event(
        conn,
        district_id=district_id,
        kind=kind,
        subject=subject,
        subject_id=subject_id,
        actor_kind="system" if actor is None else actor.kind,
        actor_id=None if actor is None else actor.id,
        occurred_at=now,
        data=data,
    )
    await audit_event(
        conn,
        district_id=district_id,
        event_id=event_id,
        kind=kind,
        subject=subject,
        subject_id=subject_id,
        actor=actor,
        now=now,
        data=data,
    )
    return event_id


async def record_events(
    conn: Connection,
    *,
    district_id: int,
    kind: str,
    subject: str,
    data_by_id: Mapping[int, dict[str, object]],
    actor: Actor | None,
    now: datetime,
) -> None:
    """Write the same kind of event for many subjects at once, in one statement; `data_by_id` says what of each."""
    await queries.insert_events(
        conn,
        district_id=district_id,
        kind=kind,
        subject=subject,
        data_by_id=data_by_id,
        actor_kind="system" if actor is None else actor.kind,
        actor_id=None if actor is None else actor.id,
        occurred_at=now,
    )


async def dispatch_due(
    pool: Pool, *, district_id: int, now: datetime, reactions: Mapping[str, Sequence[Reaction]]
) -> int:
    """Work off due events and give how many were tried; safe to run in several processes at once."""
    async with pool_transaction(pool) as conn:
        await queries.settle_events_without_reaction(
            conn, district_id=district_id, now=now, reacting_kinds=list(reactions)
        )
    tried = 0
    while tried < MAX_EVENTS_PER_SWEEP and await _dispatch_one(pool, district_id, now, reactions):
        tried += 1
    return tried


async def _dispatch_one(
    pool: Pool, district_id: int, now: datetime, reactions: Mapping[str, Sequence[Reaction]]
) -> bool:
    async with pool_transaction(pool) as conn:
        event = await queries.claim_event(conn, district_id=district_id, now=now)
        if event is None:
            return False
        try:
            async with conn.transaction():
                for react in reactions.get(event.kind, ()):
                    await react(conn, event, now)
        except Exception as error:
            await _put_off(conn, event, now, error)
        else:
            await queries.settle_event(conn, event)
        return True


async def _put_off(conn: Connection, event: Event, now: datetime, error: Exception) -> None:
    reason = f"{type(error).__name__}: {error}"[:500]
    if event.attempts + 1 >= MAX_ATTEMPTS:
        await queries.give_up_event(conn, event, now=now, error=reason)
        _log.error("event %s (%s) given up after %s attempts: %s", event.id, event.kind, MAX_ATTEMPTS, reason)
    else:
        wait = timedelta(seconds=FIRST_RETRY_S * 2**event.attempts)
        await queries.postpone_event(conn, event, next_attempt_at=now + wait, error=reason)
        _log.warning("event %s (%s) failed, next try in %s: %s", event.id, event.kind, wait, reason)
