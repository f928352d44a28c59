"""A rider's own page: name, platform, languages."""

from collections.abc import Sequence
from dataclasses import replace

from core.access.models import Actor
from core.database import Connection
from core.masking import mask_phone
from core.sealing.ring import KeyRing
from riders.models import Rider, rider_id_of
from riders.signup import queries


async def get_profile(conn: Connection, *, ring: KeyRing, actor: Actor) -> Rider:
    """Give the rider's own profile: his name whole, his phone masked, for he knows it and others may look on."""
    rider = await queries.get_rider(conn, ring=ring, district_id=actor.district_id, rider_id=rider_id_of(actor))
    return replace(rider, phone=mask_phone(rider.phone))


async def update_profile(
    conn: Connection,
    *,
    ring: KeyRing,
    actor: Actor,
    name: str | None = None,
    platform: str | None = None,
    languages: Sequence[str] | None = None,
) -> Rider:
    """Change what is given and leave the rest; an empty name or platform removes it."""
    await queries.update_rider(
        conn,
        ring=ring,
        district_id=actor.district_id,
        rider_id=rider_id_of(actor),
        name=name,
        platform=platform,
        languages=None if languages is None else list(languages),
    )
    return await get_profile(conn, ring=ring, actor=actor)
