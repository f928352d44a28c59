"""Taking a resident's appeal exactly once, and letting him see by his token how far it has come."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import orjson

from community.appeals import queries
from community.cases import NOWHERE, open_case
from community.errors import AppealNotFound
from community.models import Appeal, Contact, Origin, Place
from community.progress import Progress, get_progress
from core.access.models import Actor
from core.database import Connection
from core.idempotency import HEADER, IdempotencyKeyReused, check_key
from geo.models import Locate


@dataclass(frozen=True, slots=True)
class AppealDraft:
    """What the resident sends."""

    category_code: str
    text: str
    contact: Contact
    place: Place | None


async def submit_appeal(
    conn: Connection, *, key: str, draft: AppealDraft, locate: Locate, actor: Actor, now: datetime
) -> Appeal:
    """Store the appeal and open its case in the caller's transaction; a repetition gives the first one again.

    `key` is the client's Idempotency-Key. Raises `IdempotencyKeyNotValid`, `IdempotencyKeyReused` when it was used for
    another appeal, and `UnknownCategory`.
    """
    check_key(key)
    body_hash = hashlib.sha256(orjson.dumps(draft)).digest()
    # The token is kept readable: it opens only this appeal, and a repeated sending must get the same one.
    appeal = await queries.insert_appeal(
        conn,
        district_id=actor.district_id,
        key=key,
        body_hash=body_hash,
        token=secrets.token_urlsafe(24),
        contact=draft.contact,
        submitted_at=now,
    )
    if appeal is None:
        first = await queries.get_appeal_by_key(conn, district_id=actor.district_id, key=key)
        if first.body_hash != body_hash:
            raise IdempotencyKeyReused(pointer=f"/header/{HEADER}")
        return first
    await open_case(
        conn,
        district_id=actor.district_id,
        origin=Origin.APPEAL,
        origin_ref=str(appeal.id),
        category_code=draft.category_code,
        description=draft.text,
        located=NOWHERE if draft.place is None else locate(draft.place.point),
        place=draft.place,
        trusted=False,
        actor=actor,
        now=now,
        contact_owed=draft.contact.phone is not None,
    )
    return appeal


async def get_appeal_progress(conn: Connection, *, district_id: int, token: str) -> Progress:
    """Tell how far the appeal of this token has come. Raises `AppealNotFound`."""
    case_id = await queries.find_case_id(conn, district_id=district_id, token=token)
    if case_id is None:
        raise AppealNotFound()
    return await get_progress(conn, district_id=district_id, case_id=case_id)
