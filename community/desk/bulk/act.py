"""Doing one verb to many cases: one transaction, a savepoint for each case, one key for the whole.

What a rule refuses is refused for that case alone. Trouble with the database fails the whole before anything is kept,
so that the same request may be sent again; sent again after it was answered, it gives that answer and does nothing.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg
import orjson

from community.desk.bulk import queries
from community.desk.bulk.models import BulkAct, Outcome
from community.triage import carry_out, lock_for
from core.access.models import Actor
from core.database import Connection
from core.errors import Refusal, Unavailable
from core.idempotency import HEADER, IdempotencyKeyReused, check_key

MAX_CASES = 100


async def act_in_bulk(
    conn: Connection,
    *,
    key: str,
    asked: BulkAct,
    write: Callable[[Sequence[Outcome]], str],
    actor: Actor,
    now: datetime,
) -> str:
    """Do a verb to each case in the order asked and give what `write` makes of the outcomes; that is what is kept.

    Raises `IdempotencyKeyNotValid`, and `IdempotencyKeyReused` where the caller used the key for another request.
    """
    check_key(key)
    staff_id = actor.id or 0
    body_hash = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)).digest()
    if not await queries.claim_key(
        conn, district_id=actor.district_id, staff_id=staff_id, key=key, body_hash=body_hash, now=now
    ):
        first = await queries.get_bulk_act(conn, district_id=actor.district_id, staff_id=staff_id, key=key)
        if first.body_hash != body_hash:
            raise IdempotencyKeyReused(pointer=f"/header/{HEADER}")
        return first.answer
    # All at once and in order of id, or two bulk acts on the same cases could wait for each other.
    await lock_for(conn, district_id=actor.district_id, case_ids=asked.case_ids, verb=asked.verb, act=asked.act)
    outcomes = [await _act(conn, case_id, asked, actor, now) for case_id in asked.case_ids]
    answer = write(outcomes)
    await queries.write_answer(conn, district_id=actor.district_id, staff_id=staff_id, key=key, answer=answer)
    return answer


async def _act(conn: Connection, case_id: int, asked: BulkAct, actor: Actor, now: datetime) -> Outcome:
    act = replace(asked.act, version=asked.versions.get(case_id))
    try:
        async with conn.transaction():
            case = await carry_out(conn, case_id=case_id, verb=asked.verb, act=act, actor=actor, now=now)
    except Unavailable:
        raise
    except (Refusal, asyncpg.IntegrityConstraintViolationError) as refused:
        return Outcome(case_id, None, refused)
    return Outcome(case_id, case, None)
