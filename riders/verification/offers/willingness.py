"""Whether a rider wants to be asked for looks, and when he is not to be disturbed. Without a word from him: no."""

from datetime import datetime

from core.access.models import Actor
from core.database import Connection
from core.events import record_event
from riders.models import rider_id_of
from riders.verification.errors import QuietHoursNotValid
from riders.verification.models import Willingness
from riders.verification.offers import queries

_UNSAID = Willingness(may_be_asked=False, quiet_from=None, quiet_until=None)


async def get_willingness(conn: Connection, *, actor: Actor) -> Willingness:
    """Give what a rider last said."""
    said = await queries.find_willingness(conn, district_id=actor.district_id, rider_id=rider_id_of(actor))
    return said or _UNSAID


async def set_willingness(conn: Connection, *, actor: Actor, willingness: Willingness, now: datetime) -> Willingness:
    """Keep what a rider says; what he holds stays his. Raises `QuietHoursNotValid`."""
    begins, ends = willingness.quiet_from, willingness.quiet_until
    if (begins is None) != (ends is None) or (begins is not None and begins == ends):
        raise QuietHoursNotValid(pointer="/quiet_from" if begins is None else "/quiet_until")
    rider_id = rider_id_of(actor)
    await queries.upsert_willingness(
        conn, district_id=actor.district_id, rider_id=rider_id, willingness=willingness, now=now
    )
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="rider.willingness_set",
        subject="rider",
        subject_id=rider_id,
        actor=actor,
        now=now,
        data={"may_be_asked": willingness.may_be_asked},
    )
    return willingness
