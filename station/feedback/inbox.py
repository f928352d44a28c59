"""What riders tapped at the stations of one's areas and no staff member has answered yet.

A door found locked is answered when somebody has seen the station since, suspends it, or a later tap found it open; a
broken amenity when staff have said how it stands. Of who tapped nothing is told but how many they were.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.access.models import Actor
from core.database import Connection
from station.feedback import queries
from station.models import OpenFeedback
from station.registry import READERS

#: What nobody answered in this time says nothing any more.
KEPT_OPEN = timedelta(days=30)
LARGEST_INBOX = 200


@dataclass(frozen=True, slots=True)
class Inbox:
    """Unanswered feedback, the latest first; `is_cut` says that there is more."""

    items: tuple[OpenFeedback, ...]
    is_cut: bool


async def list_open(conn: Connection, *, actor: Actor, now: datetime) -> Inbox:
    """List the unanswered feedback of the stations that `actor` sees in the register."""
    items = await queries.list_open_feedback(
        conn,
        district_id=actor.district_id,
        scopes=actor.scopes(*READERS),
        since=now - KEPT_OPEN,
        limit=LARGEST_INBOX + 1,
    )
    return Inbox(tuple(items[:LARGEST_INBOX]), len(items) > LARGEST_INBOX)
