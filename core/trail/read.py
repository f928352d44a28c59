"""Pages of the audit trail, each act with its words."""

from core.database import Connection
from core.trail import queries
from core.trail.acts import text_of
from core.trail.models import AuditEntry


async def list_entries(
    conn: Connection,
    *,
    district_id: int,
    actor_kind: str | None = None,
    actor_id: int | None = None,
    act: str | None = None,
    subject: str | None = None,
    subject_id: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[AuditEntry]:
    """Give entries, newest first, with numbers under `before`; what is None may be anything."""
    rows = await queries.list_entries(
        conn,
        district_id=district_id,
        actor_kind=actor_kind,
        actor_id=actor_id,
        act=act,
        subject=subject,
        subject_id=subject_id,
        before=before,
        limit=limit,
    )
    return [AuditEntry(**row, act_text=text_of(str(row["act"]))) for row in rows]  # type: ignore[arg-type]
