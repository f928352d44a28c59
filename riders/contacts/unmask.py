"""Showing one person in the clear: for a reason, to those who have to reach him, and on the record.

The trail counts by itself how many people somebody has looked at: its rows are written one after the other, so of
parallel requests each sees those before it.
"""

from datetime import datetime, timedelta

from community.appeals.queries import find_contact
from community.errors import CaseNotFound
from community.models import Case, Origin
from community.queries import find_case
from community.sight import CONTACT_ROLES, roles_on
from core.access.models import Actor
from core.access.sessions import require_recent_sign_in
from core.audit import record_act
from core.database import Connection
from core.errors import NotAllowed
from core.sealing.ring import KeyRing
from riders.contacts import queries
from riders.contacts.errors import NobodyToReach, UnmaskedTooOften
from riders.contacts.models import Person
from riders.reporters.applications import get_for_review
from riders.signup.queries import get_rider

UNMASKED = "person.unmasked"
MOST_AN_HOUR = 60
_HOUR = timedelta(hours=1)
_TRY_AGAIN_S = 900


async def unmask_case(
    conn: Connection, *, ring: KeyRing, case_id: int, reason: str, actor: Actor, now: datetime
) -> Person:
    """Give whom to reach about a case: the resident who appealed, or the rider who reported.

    Raises `RecentSignInNeeded`, `CaseNotFound`, `NotAllowed` for who sees the case and need not reach anybody,
    `NobodyToReach`, `UnmaskedTooOften`.
    """
    require_recent_sign_in(actor, now)
    case = await find_case(conn, district_id=actor.district_id, case_id=case_id)
    roles = frozenset() if case is None else roles_on(actor, case)
    if case is None or not roles:
        raise CaseNotFound()
    if not roles & CONTACT_ROLES:
        raise NotAllowed()
    person = await _person_of(conn, ring, case)
    if person is None or person == Person(None, None):
        raise NobodyToReach()
    await _record(conn, actor=actor, subject="case", subject_id=case_id, reason=reason, now=now)
    return person


async def unmask_applicant(
    conn: Connection, *, ring: KeyRing, application_id: int, reason: str, actor: Actor, now: datetime
) -> Person:
    """Give who applies, with the number of his identity card if he left it, to those who decide on the application.

    Raises `RecentSignInNeeded`, `NotFound`, `UnmaskedTooOften`.
    """
    require_recent_sign_in(actor, now)
    application = await get_for_review(conn, ring, actor=actor, application_id=application_id)
    rider = await get_rider(conn, ring=ring, district_id=actor.district_id, rider_id=application.rider_id)
    await _record(conn, actor=actor, subject="application", subject_id=application_id, reason=reason, now=now)
    return Person(rider.name, rider.phone, application.id_number)


async def _person_of(conn: Connection, ring: KeyRing, case: Case) -> Person | None:
    if case.origin is Origin.APPEAL:
        appeal_id = int(case.origin_ref)
        contact = await find_contact(conn, ring=ring, district_id=case.district_id, appeal_id=appeal_id)
        return None if contact is None else Person(contact.name, contact.phone)
    if case.origin is Origin.REPORT and case.reporter_kind == "rider" and case.reporter_id is not None:
        rider = await get_rider(conn, ring=ring, district_id=case.district_id, rider_id=case.reporter_id)
        return Person(rider.name, rider.phone)
    return None


async def _record(conn: Connection, *, actor: Actor, subject: str, subject_id: int, reason: str, now: datetime) -> None:
    """Write the look into the trail, unless it is one too many. Raises `UnmaskedTooOften`."""
    await record_act(
        conn,
        district_id=actor.district_id,
        act=UNMASKED,
        actor=actor,
        now=now,
        subject=subject,
        subject_id=subject_id,
        reason=reason,
    )
    if await queries.count_acts(conn, actor=actor, act=UNMASKED, since=now - _HOUR) > MOST_AN_HOUR:
        raise UnmaskedTooOften(most=MOST_AN_HOUR, retry_after_s=_TRY_AGAIN_S)
