"""Reading the stream from the database: where a listener begins, and what comes after a position.

Ids become visible out of order, so events are ordered by transaction and read only below the oldest one still running.
A position is always that of an event. It may not be that bound itself: after a crash PostgreSQL gives out again the
numbers of transactions that had written nothing to disk, and what they then record would lie behind the reader.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from community.models import Case
from community.queries import list_cases_by_id
from community.sight import roles_on
from community.stream import frames, queries
from community.stream.models import Change, Epoch, Position, ResetReason, Start
from community.stream.queries import EventRow
from core.access.models import Actor
from core.database import Connection


class EpochEnded(Exception):
    """Positions given before mean nothing in the database as it is now."""


async def find_start(
    conn: Connection, *, district_id: int, last_event_id: str | None, most_behind: int, now: datetime
) -> Start:
    """Tell where to begin: after the last event the listener has, or else at the present with the reason why."""
    epoch = await _present_epoch(conn, district_id, now)
    reason = None
    if last_event_id:
        position = Position.parse(last_event_id)
        if position is None or not await _is_known(conn, district_id, epoch, position):
            reason = ResetReason.UNKNOWN_POSITION
        elif await queries.has_more_events_than(
            conn, district_id=district_id, epoch=epoch, after=position, count=most_behind
        ):
            reason = ResetReason.TOO_FAR_BEHIND
        else:
            return Start(position, is_resumed=True, reset=None)
    last = await queries.find_last_event(conn, district_id=district_id, epoch=epoch)
    return Start(last or epoch.beginning, is_resumed=False, reset=reason)


async def _present_epoch(conn: Connection, district_id: int, now: datetime) -> Epoch:
    epoch = await queries.find_epoch(conn, district_id=district_id)
    if epoch is None:
        await queries.insert_epoch(conn, district_id=district_id, now=now)
        epoch = await queries.find_epoch(conn, district_id=district_id)
    assert epoch is not None  # noqa: S101 — it has just been written
    return epoch


async def _is_known(conn: Connection, district_id: int, epoch: Epoch, position: Position) -> bool:
    """Believe a position only where there is such an event: a copy of the data folder put back is no new epoch."""
    if position.epoch != epoch.fingerprint:
        return False
    return position == epoch.beginning or await queries.has_event_at(
        conn, district_id=district_id, epoch=epoch, position=position
    )


async def read_changes(conn: Connection, *, district_id: int, after: Position, limit: int) -> list[Change]:
    """Read what happened to cases after a position, with the cases as they are now. Raises `EpochEnded`."""
    epoch = await queries.find_epoch(conn, district_id=district_id)
    if epoch is None or epoch.fingerprint != after.epoch:
        raise EpochEnded()
    events = await queries.list_case_events(conn, district_id=district_id, epoch=epoch, after=after, limit=limit)
    if not events:
        return []
    cases = await list_cases_by_id(conn, district_id=district_id, case_ids=list({event.case_id for event in events}))
    return [_change(event, cases[event.case_id], epoch) for event in events]


def _change(event: EventRow, case: Case, epoch: Epoch) -> Change:
    position = Position(epoch.fingerprint, event.xid, event.id)
    return Change(
        position,
        case,
        _before(case, event.data),
        frames.case_changed(event.kind, case, at=event.occurred_at, position=position),
        frames.case_left(event.kind, case, at=event.occurred_at, position=position),
    )


def _before(case: Case, data: dict[str, Any]) -> Case:
    """Put the case back where the event took it from."""
    if "from_area_path" in data:
        case = replace(case, area_path=data["from_area_path"])
    if "from_department_ids" in data:
        case = replace(case, department_ids=tuple(data["from_department_ids"]))
    return case


def telling(change: Change, actor: Actor) -> bytes | None:
    """Give what `actor` is told of a change: the case as it is, that it has left his sight, or nothing."""
    if roles_on(actor, change.case):
        return change.whole
    if change.before is not change.case and roles_on(actor, change.before):
        return change.left
    return None
