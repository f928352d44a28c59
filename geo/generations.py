"""The life of a generation of areas: draft → active → retired, or discarded. One is active at a time."""

from datetime import datetime

from core.access.models import Actor
from core.audit import record_act
from core.changes import record_change
from core.database import Connection
from core.events import record_event
from geo import queries
from geo.checking import check_draft
from geo.drafts import get_draft
from geo.errors import DraftHasErrors, NothingToRollBack
from geo.models import Generation, GenerationStatus


async def activate(
    conn: Connection,
    *,
    district_id: int,
    actor_name: str,
    now: datetime,
    accept_datum: bool = False,
    actor: Actor | None = None,
) -> Generation:
    """Make the draft the active generation and retire the one before, in one transaction.

    `actor` None is a command's. `accept_datum` overrules the suspicion that the file stated the wrong datum.
    Raises `NoDraft`, or `DraftHasErrors` when a check fails; warnings do not hinder.
    """
    async with conn.transaction():
        draft = await get_draft(conn, district_id=district_id)
        report = await check_draft(conn, district_id=district_id, accept_datum=accept_datum)
        if report.errors:
            raise DraftHasErrors(count=len(report.errors), first=report.errors[0].text)
        active = await queries.find_active_generation(conn, district_id=district_id)
        return await _exchange(
            conn,
            district_id=district_id,
            old=active,
            new_id=draft.id,
            replaced_id=None if active is None else active.id,
            event="generation.activated",
            actor_name=actor_name,
            actor=actor,
            now=now,
        )


async def roll_back(conn: Connection, *, district_id: int, actor_name: str, now: datetime) -> Generation:
    """Make the generation that the active one replaced active again, in one transaction.

    A second call goes one further back. Raises `NothingToRollBack`.
    """
    async with conn.transaction():
        await queries.lock_generations(conn, district_id=district_id)
        active = await queries.find_active_generation(conn, district_id=district_id)
        if active is None or active.replaced_id is None:
            raise NothingToRollBack
        former = await queries.find_generation(conn, district_id=district_id, generation_id=active.replaced_id)
        return await _exchange(
            conn,
            district_id=district_id,
            old=active,
            new_id=active.replaced_id,
            replaced_id=None if former is None else former.replaced_id,
            event="generation.rolled_back",
            actor_name=actor_name,
            actor=None,
            now=now,
        )


async def discard(conn: Connection, *, district_id: int, now: datetime, actor: Actor | None = None) -> Generation:
    """Drop the areas of the draft generation; its row stays as history. Raises `NoDraft`.

    `actor` None is a command's.
    """
    async with conn.transaction():
        draft = await get_draft(conn, district_id=district_id)
        await queries.delete_areas(conn, district_id=district_id, generation_id=draft.id)
        await queries.set_status(
            conn, district_id=district_id, generation_id=draft.id, status=GenerationStatus.DISCARDED
        )
        await record_act(
            conn,
            district_id=district_id,
            act="generation.discarded",
            actor=actor,
            now=now,
            subject="generation",
            subject_id=draft.id,
        )
        return draft


async def _exchange(
    conn: Connection,
    *,
    district_id: int,
    old: Generation | None,
    new_id: int,
    replaced_id: int | None,
    event: str,
    actor_name: str,
    actor: Actor | None,
    now: datetime,
) -> Generation:
    """Retire `old`, activate `new_id`, and tell every process and the history of it."""
    if old is not None:
        await queries.set_status(conn, district_id=district_id, generation_id=old.id, status=GenerationStatus.RETIRED)
    generation = await queries.set_active(
        conn,
        district_id=district_id,
        generation_id=new_id,
        replaced_id=replaced_id,
        activated_at=now,
        activated_by=actor_name,
    )
    await record_change(conn, district_id=district_id, kind="areas", ref=str(new_id))
    await record_event(
        conn,
        district_id=district_id,
        kind=event,
        subject="generation",
        subject_id=new_id,
        actor=actor,
        now=now,
        data={"by": actor_name, "instead_of": None if old is None else old.id},
    )
    return generation
