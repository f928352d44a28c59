"""The audit trail: who used power over people or their data, when, on what and why.

Rows are appended in the transaction of the act, by a function of the database that chains each to the one before; the
application's role can neither change nor delete them. What happens to a case is history (`core.events`), not audit.
"""

from datetime import datetime

from core import queries
from core.access.models import Actor
from core.blanking import blank
from core.database import Connection


async def record_act(
    conn: Connection,
    *,
    district_id: int,
    act: str,
    actor: Actor | None,
    now: datetime,
    subject: str = "",
    subject_id: int | str = "",
    reason: str = "",
    data: dict[str, object] | None = None,
) -> None:
    """Write an act (`staff.signed_in`, `rider.unmasked` …) into the trail; `actor` None is the system itself.

    `data` holds what the act changed, never a secret, a phone number, a name or an ID number; phone and ID numbers
    typed into `reason` are blanked. The act stands in the list of `core.trail.acts`. Holds the trail's lock
    until the transaction ends, so call it last.
    """
    await queries.append_audit(
        conn,
        district_id=district_id,
        now=now,
        actor_kind="system" if actor is None else actor.kind,
        actor_id=None if actor is None else actor.id,
        act=act,
        subject=subject,
        subject_id=str(subject_id),
        reason=blank(reason),
        data=data or {},
    )
