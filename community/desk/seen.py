"""A case that someone may look at, or none at all."""

from community import queries
from community.errors import CaseNotFound
from community.models import Case
from community.sight import roles_on
from core.access.models import Actor
from core.database import Connection


async def get_seen_case(conn: Connection, *, case_id: int, actor: Actor) -> Case:
    """Give a case in the sight of `actor`. Raises `CaseNotFound` for any other."""
    case = await queries.find_case(conn, district_id=actor.district_id, case_id=case_id)
    if case is None or not roles_on(actor, case):
        raise CaseNotFound()
    return case
