"""The audit trail: who used power over people or their data, when, on what and why.

Rows are appended in the transaction of the act, by a function of the database that chains each to the one before; the
application's role can neither change nor delete them. What happens to a case is history (`core.events`), not audit;
the kinds of event in `AUDITED` are both.
"""

from datetime import datetime

from core import queries
from core.access.models import Actor
from core.blanking import blank
from core.database import Connection

#: Events that are also acts with power: over what holds for everybody, or over a rider's standing.
AUDITED = frozenset(
    {
        "application.approved",
        "application.declined",
        "appointment.renewed",
        "appointment.revoked",
        "category.looks_set",
        "category.set",
        "clock_rule.retired",
        "clock_rule.set",
        "duplicate_rules.replaced",
        "generation.activated",
        "generation.rolled_back",
        "point_rule.retired",
        "point_rule.set",
        "points.awarded",
        "points.objection_decided",
        "points.reversed",
        "rule.added",
        "rule.changed",
        "rule.moved",
        "rule.retired",
        "stations.imported",
    }
)
# What staff wrote about a person stays with the event, where it can be taken out; a row of the trail cannot be changed.
_WORDS = frozenset({"reason", "answer", "note"})


async def audit_event(
    conn: Connection,
    *,
    district_id: int,
    event_id: int,
    kind: str,
    subject: str,
    subject_id: int,
    actor: Actor | None,
    now: datetime,
    data: dict[str, object],
) -> None:
    """Write an event of a kind in `AUDITED` into the trail, with its id in place of the words it holds."""
    if kind in AUDITED:
        await record_act(
            conn,
            district_id=district_id,
            act=kind,
            actor=actor,
            now=now,
            subject=subject,
            subject_id=subject_id,
            data={key: value for key, value in data.items() if key not in _WORDS} | {"event": event_id},
        )


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
