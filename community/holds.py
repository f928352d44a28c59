"""The sweep that ends holds: a held case runs on by itself when its time is over, so that none is forgotten."""

import logging
from datetime import datetime

from community import queries
from community.acts import Act, Deed
from community.models import State
from community.triage import perform
from community.workflow import Verb, find_transition
from core.database import TRANSIENT_ERRORS, Connection

_log = logging.getLogger(__name__)

MAX_HOLDS_PER_SWEEP = 50


async def sweep_holds(
    conn: Connection, *, district_id: int, now: datetime, limit: int = MAX_HOLDS_PER_SWEEP
) -> list[int]:
    """Resume the cases whose hold has run out and give their ids. Call again while some come back.

    A case that cannot be resumed is logged, stays an oversight, and holds up no other.
    """
    transition = find_transition(State.HELD, Verb.RESUME)
    assert transition is not None  # noqa: S101 — a row of the table
    case_ids = await queries.list_holds_over(conn, district_id=district_id, now=now, limit=limit)
    resumed = []
    for case in (await queries.lock_cases(conn, district_id=district_id, case_ids=case_ids)).values():
        try:
            async with conn.transaction():
                await perform(Deed(conn, case, transition, Act(note="挂起期满"), actor=None, now=now))
        except TRANSIENT_ERRORS:
            raise
        except Exception:
            _log.exception("案件 %s 挂起期满未能恢复 / the hold of case %s did not end", case.number, case.id)
        else:
            resumed.append(case.id)
    return resumed
