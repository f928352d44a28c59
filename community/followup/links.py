"""Links by which a reporter answers for himself: one for each closing of his case, void once the case is open again."""

from datetime import datetime

from community.followup import queries
from community.followup.models import LINK_LIFE, OwnLink
from community.followup.tokens import make_token
from community.models import Case, Origin, State
from core.database import Connection
from core.sealing.ring import KeyRing

#: States in which the latest link of a case is alive.
ANSWERABLE = frozenset({State.CLOSED, State.FOLLOWED_UP})


async def open_link(conn: Connection, *, case: Case, now: datetime) -> None:
    """Make the link of a closing in the closing's own transaction; a tap at a station's door is answered to nobody."""
    if case.origin in (Origin.REPORT, Origin.APPEAL):
        await queries.insert_link(
            conn, district_id=case.district_id, case_id=case.id, closed_at=now, expires_at=now + LINK_LIFE
        )


async def find_own_link(conn: Connection, *, ring: KeyRing, case: Case) -> OwnLink | None:
    """Give the live link of a case; the caller has checked that it is the asker's own, and that he is no staff."""
    if case.state not in ANSWERABLE:
        return None
    link = await queries.find_link(conn, district_id=case.district_id, case_id=case.id, of_round=None)
    if link is None:
        return None
    token = make_token(ring, district_id=case.district_id, case_id=case.id, round=link.round)
    return OwnLink(token, link.expires_at, link.answered_at)
