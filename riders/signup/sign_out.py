"""Ending all sessions of a rider who has lost his phone and cannot do it himself."""

from datetime import datetime

from core.access.models import Actor
from core.access.sessions import end_sessions, require_recent_sign_in
from core.access.wall import Work, acting
from core.audit import record_act
from core.database import Connection
from core.errors import NotFound
from riders.reporters.appointments import REVIEWERS
from riders.signup import queries


async def sign_out_rider(conn: Connection, *, actor: Actor, rider_id: int, reason: str, now: datetime) -> None:
    """End every session of a rider whom the actor knows: appointed in his areas at any time, or reporting there.

    Each rider signs in anew by a message that is paid for, so it needs a proof of the last minutes. Raises
    `RecentSignInNeeded`, `NotFound`.
    """
    require_recent_sign_in(actor, now)
    areas = await queries.list_areas_of_rider(conn, district_id=actor.district_id, rider_id=rider_id)
    if not any(actor.reaches(area_path, *REVIEWERS) for area_path in areas):
        raise NotFound()
    async with acting(conn, Work.AUTHENTICATE):
        ended = await end_sessions(conn, district_id=actor.district_id, kind="rider", subject_id=rider_id, now=now)
    await record_act(
        conn,
        district_id=actor.district_id,
        act="rider.signed_out",
        actor=actor,
        now=now,
        subject="rider",
        subject_id=rider_id,
        reason=reason,
        data={"sessions": ended},
    )
