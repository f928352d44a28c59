"""SQL about looks at people in the clear: read from the audit trail, which only `core.audit` writes."""

from datetime import datetime

from core.access.models import Actor
from core.database import Connection


async def count_acts(conn: Connection, *, actor: Actor, act: str, since: datetime) -> int:
    """Count what an actor did of one kind of act since a moment."""
    sql = """
        select count(*) from audit_entry
        where district_id = $1 and actor_kind = $2 and actor_id = $3 and act = $4 and happened_at > $5
    """
    count: int = await conn.fetchval(sql, actor.district_id, actor.kind, actor.id, act, since)
    return count
