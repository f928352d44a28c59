"""Taking an appeal exactly once."""

import secrets
from dataclasses import replace
from datetime import datetime

import orjson

from community.appeals import queries
from community.appeals.models import AppealDraft, Intake
from community.cases import NOWHERE, open_case
from community.models import NOBODY, Appeal, Case, Origin
from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.idempotency import HEADER, IdempotencyKeyReused, check_key
from core.sealing.models import Purpose
from core.sealing.ring import KeyRing
from geo.models import Locate, Located


async def submit_appeal(
    conn: Connection, *, ring: KeyRing, key: str, draft: AppealDraft, locate: Locate, actor: Actor, now: datetime
) -> Appeal:
    """Store the appeal and open its case in the caller's transaction; a repetition gives the first one again.

    `key` is the client's Idempotency-Key. Raises `IdempotencyKeyNotValid`, `IdempotencyKeyReused` when it was used for
    another appeal, and `UnknownCategory`.
    """
    async with acting(conn, Work.INTAKE):
        appeal, is_new = await keep_once(conn, ring=ring, key=key, draft=draft, intake=None, actor=actor, now=now)
        if is_new:
            located = NOWHERE if draft.place is None else locate(draft.place.point)
            await open_case_of(conn, appeal=appeal, draft=draft, located=located, actor=actor, now=now)
    return appeal


async def keep_once(
    conn: Connection,
    *,
    ring: KeyRing,
    key: str,
    draft: AppealDraft,
    intake: Intake | None,
    actor: Actor,
    now: datetime,
) -> tuple[Appeal, bool]:
    """Store an appeal unless its key is known, and tell whether it is new.

    The contact is compared with the stored one and not hashed; the rest is hashed with a key, for who has the database
    could try out a place or a few words on a hash without one. Raises
    `IdempotencyKeyNotValid`, `IdempotencyKeyReused`.
    """
    check_key(key)
    said = {"draft": replace(draft, contact=NOBODY), "intake": intake}
    hashes = ring.digests(Purpose.CODES, f"appeal|{actor.district_id}|{orjson.dumps(said).decode()}")
    # The token is kept sealed as long as the key is: a repeated sending must get the same one.
    appeal = await queries.insert_appeal(
        conn,
        ring=ring,
        district_id=actor.district_id,
        key=key,
        body_hash=hashes[0],
        token=secrets.token_urlsafe(24),
        contact=draft.contact,
        taken_by=None if intake is None else actor.id,
        channel=None if intake is None else intake.channel,
        submitted_at=now,
    )
    if appeal is not None:
        return appeal, True
    first = await queries.get_appeal_by_key(conn, ring=ring, district_id=actor.district_id, key=key)
    contact = await queries.find_contact(conn, ring=ring, district_id=actor.district_id, appeal_id=first.id)
    if first.body_hash not in hashes or contact != draft.contact:
        raise IdempotencyKeyReused(pointer=f"/header/{HEADER}")
    return first, False


async def open_case_of(
    conn: Connection, *, appeal: Appeal, draft: AppealDraft, located: Located, actor: Actor, now: datetime
) -> Case:
    """Open the case of a new appeal. Raises `UnknownCategory`."""
    return await open_case(
        conn,
        district_id=actor.district_id,
        origin=Origin.APPEAL,
        origin_ref=str(appeal.id),
        category_code=draft.category_code,
        description=draft.text,
        located=located,
        place=draft.place,
        trusted=False,
        actor=actor,
        now=now,
        contact_owed=draft.contact.phone is not None,
    )
