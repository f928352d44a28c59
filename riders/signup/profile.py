"""A rider's own page: name, platform, languages."""

from collections.abc import Sequence

from core.access.models import Actor
from core.database import Connection
from riders.models import Rider, rider_id_of
from riders.signup import queries


async def get_profile(conn: Connection, *, actor: Actor) -> Rider:
    """Give the rider's own profile."""
    return await queries.get_rider(conn, district_id=actor.district_id, rider_id=rider_id_of(actor))


async def update_profile(
    conn: Connection,
    *,
    actor: Actor,
    name: str | None = None,
    platform: str | None = None,
    languages: Sequence[str] | None = None,
) -> Rider:
    """Change what is given and leave the rest; an empty name or platform removes it."""
    await queries.update_rider(
        conn,
        district_id=actor.district_id,
        rider_id=rider_id_of(actor),
        name=name,
        platform=platform,
        languages=None if languages is None else list(languages),
    )
    return await get_profile(conn, actor=actor)
