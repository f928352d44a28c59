"""Who shares something with an area, and whom it reaches."""

from community import queries
from community.desk.errors import SharingNotYours
from community.errors import UnknownArea
from core.access.models import Actor, Role, paths_above
from core.database import Connection

#: Roles that keep what their area shares.
KEEPERS = (Role.SECRETARY, Role.SUBDISTRICT, Role.DISTRICT_ADMIN)


def shared_with(area_path: str | None) -> list[str]:
    """List the areas whose shared things reach an area (None the duty desk): itself and all above, to the district."""
    return ["", *paths_above(area_path)]


def reached_by(actor: Actor) -> list[str]:
    """List the areas whose shared things reach `actor`: those of his grants and above."""
    return sorted({path for scope in actor.scopes() for path in shared_with(scope)})


def check_keeper(actor: Actor, area_path: str) -> None:
    """Raise `SharingNotYours` unless `actor` keeps what is shared at `area_path`."""
    if not actor.reaches(area_path, *KEEPERS):
        raise SharingNotYours(pointer="/area", area=area_path)


async def check_shareable(conn: Connection, *, actor: Actor, area_path: str) -> None:
    """Raise `SharingNotYours`, or `UnknownArea` where the active generation has no such area."""
    check_keeper(actor, area_path)
    if area_path == "":
        return
    code = area_path.rpartition("/")[2]
    area = await queries.find_area(conn, district_id=actor.district_id, generation_id=None, code=code)
    if area is None or area.path != area_path:
        raise UnknownArea(pointer="/area", code=area_path)
