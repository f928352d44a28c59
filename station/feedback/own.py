"""A rider's own taps, for the copy of his data: found by working out what stands for him at each station."""

from collections.abc import Sequence

from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.sealing.ring import KeyRing
from station.feedback import queries
from station.feedback.tell import tellers_of
from station.models import OwnTap


async def list_own_taps(conn: Connection, ring: KeyRing, actor: Actor) -> Sequence[OwnTap]:
    """Give the taps of a rider who was signed in, as long as they are kept, the newest first."""
    async with acting(conn, Work.PUBLIC):
        own = {
            teller: station_id
            for station_id in await queries.list_stations_with_taps(conn, district_id=actor.district_id)
            for teller in tellers_of(ring, actor, "", station_id)
        }
        return await queries.list_taps(conn, district_id=actor.district_id, stations_by_teller=own)
