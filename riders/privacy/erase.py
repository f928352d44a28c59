"""Erasing a rider: the person goes at once, his cases and what was done about them stay.

What remains is a row without phone, name, platform or session; reports, points and events name its number. What he
typed stays with the case, without phone and ID numbers and without his own name.
"""

import asyncio
from datetime import datetime
from pathlib import Path

from community.privacy.blank import blank_cases
from community.privacy.queries import delete_notices_of
from core.access.models import Actor
from core.audit import record_act
from core.blanking import blank_in, pattern_of
from core.database import Connection
from core.errors import NotFound
from core.events import record_event
from core.partials import folder_of, forget_all_of
from core.privacy.erasures import Erasure, list_erasure
from core.privacy.words import blank_events, own_words
from core.sealing.ring import KeyRing
from riders.privacy import queries
from riders.privacy.queries import Identity, Traces
from riders.verification.queries import find_task
from riders.verification.take import release


async def erase_rider(
    conn: Connection,
    *,
    ring: KeyRing,
    district_id: int,
    rider_id: int,
    actor: Actor | None,
    reason: str,
    records: Path,
    uploads: Path,
    now: datetime,
) -> None:
    """Erase a rider and put it on the list outside the database, which is the last step before the commit.

    `actor` is himself, or None for a written request carried out by command; in `uploads` wait photos that did not
    arrive whole. Raises `NotFound` where there is nobody to erase.
    """
    identity = await _sever(
        conn, ring=ring, district_id=district_id, rider_id=rider_id, actor=actor, uploads=uploads, now=now
    )
    await record_act(
        conn,
        district_id=district_id,
        act="rider.erased",
        actor=actor,
        now=now,
        subject="rider",
        subject_id=rider_id,
        reason=reason,
    )
    erasure = Erasure("rider", rider_id, identity.signed_up_at)
    await list_erasure(records, erasure, district_id=district_id, now=now)


async def erase_rider_again(
    conn: Connection, *, ring: KeyRing, district_id: int, rider_id: int, uploads: Path, now: datetime
) -> None:
    """Erase a rider who is on the list already, because a backup brought him back."""
    await _sever(conn, ring=ring, district_id=district_id, rider_id=rider_id, actor=None, uploads=uploads, now=now)
    await record_act(
        conn,
        district_id=district_id,
        act="rider.erased_again",
        actor=None,
        now=now,
        subject="rider",
        subject_id=rider_id,
    )


async def _sever(
    conn: Connection,
    *,
    ring: KeyRing,
    district_id: int,
    rider_id: int,
    actor: Actor | None,
    uploads: Path,
    now: datetime,
) -> Identity:
    identity = await queries.lock_identity(conn, ring=ring, district_id=district_id, rider_id=rider_id)
    if identity is None or identity.erased_at is not None:
        raise NotFound()
    own = pattern_of(phone=identity.phone, name=identity.name)
    await _give_looks_back(conn, district_id, rider_id, now)
    traces = await queries.get_traces(conn, district_id=district_id, rider_id=rider_id)
    await queries.sever_rider(conn, district_id=district_id, rider_id=rider_id, now=now)
    await delete_notices_of(conn, district_id=district_id, rider_id=rider_id)
    await queries.blank_words_about(conn, district_id=district_id, rider_id=rider_id, own=own, own_words=own_words(own))
    await _blank_answers(conn, district_id, rider_id, own_words(own))
    await blank_cases(conn, district_id=district_id, case_ids=traces.cases, own=own)
    await _blank_events(conn, district_id, rider_id, traces, own)
    await record_event(
        conn,
        district_id=district_id,
        kind="rider.erased",
        subject="rider",
        subject_id=rider_id,
        actor=actor,
        now=now,
        data={},
    )
    await asyncio.to_thread(forget_all_of, folder_of(uploads, "rider", rider_id))
    return identity


async def _give_looks_back(conn: Connection, district_id: int, rider_id: int, now: datetime) -> None:
    for task_id in await queries.list_held_tasks(conn, district_id=district_id, rider_id=rider_id):
        task = await find_task(conn, district_id=district_id, task_id=task_id, lock=True)
        if task is not None and task.rider_id == rider_id:
            await release(conn, district_id=district_id, task=task, actor=None, now=now)


async def _blank_answers(conn: Connection, district_id: int, rider_id: int, pattern: str) -> None:
    answers = await queries.list_answers(conn, district_id=district_id, rider_id=rider_id, pattern=pattern)
    if answers:
        blanked = {report_id: blank_in(each, pattern) for report_id, each in answers.items()}
        await queries.set_answers(conn, district_id=district_id, answers_by_id=blanked)


async def _blank_events(conn: Connection, district_id: int, rider_id: int, traces: Traces, own: str | None) -> None:
    for subject, ids in (
        ("rider", [rider_id]),
        ("case", traces.looked_at),
        ("report", traces.reports),
        ("point_entry", traces.entries),
        ("point_objection", traces.objections),
        ("application", traces.applications),
        ("appointment", traces.appointments),
    ):
        await blank_events(conn, district_id=district_id, subject=subject, subject_ids=ids, own=own)
