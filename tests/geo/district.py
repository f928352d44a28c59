"""Two communities side by side under one district, taken in and activated as an operator would."""

import shapely

from core.database import Connection, Pool, pool_transaction
from geo.generations import activate
from tests.conftest import DISTRICT, START
from tests.geo.boundaries import SIDE, SOUTH, WEST, area, draft_of, square

#: The middle of the western community, the line between the two, the middle of the eastern.
LAT = SOUTH + SIDE / 2
IN_WEST, ON_LINE, IN_EAST = WEST + SIDE / 2, WEST + SIDE, WEST + SIDE * 1.5
#: Too far from everything.
FAR = WEST + 1.0


async def activate_two(pool: Pool, *, west: str = "3701", east: str = "3702") -> int:
    """Make a generation with a root and two leaves active; give its number."""
    async with pool_transaction(pool) as conn:
        return await _activate(conn, west, east)


async def _activate(conn: Connection, west: str, east: str) -> int:
    root = shapely.union_all([square(0, 0), square(1, 0)])
    await draft_of(
        conn,
        (area("37", is_leaf=False), root),
        (area(west, "37"), square(0, 0)),
        (area(east, "37"), square(1, 0)),
    )
    generation = await activate(conn, district_id=DISTRICT, actor_name="test", now=START, accept_datum=True)
    return generation.id
