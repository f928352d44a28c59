"""A case brought to its end, its link, and who has been told."""

from datetime import datetime, timedelta

from community.acts import Act
from community.appeals.models import AppealDraft
from community.appeals.queries import find_case_id
from community.appeals.submit import submit_appeal
from community.followup.links import find_own_link
from community.models import Appeal, Case, Channel, Contact, Place
from community.notices.notify import AUDIENCES, notify
from community.notices.queries import list_notices
from community.queries import find_case
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor
from core.access.sessions import anonymous
from core.database import Connection
from core.models import Event
from core.queries import list_events
from geo.models import Datum, Located, Point, Received
from tests.community.district import located, read
from tests.conftest import DISTRICT, RING, START

RIDER = Actor("rider", 5, DISTRICT)
SOON = START + timedelta(minutes=5)
DAY = timedelta(days=1)
PLACE = Place(Point(120.18, 35.96), Received(120.18, 35.96, Datum.WGS84), None)
CONTACT = Contact("演示居民", "199 0000 0001")


def locate(_: Point) -> Located:
    return located()


async def do(
    conn: Connection, case: Case, verb: Verb, actor: Actor, /, *, now: datetime = SOON, **said: object
) -> Case:
    return await carry_out(conn, case_id=case.id, verb=verb, act=Act(**said), actor=actor, now=now)  # type: ignore[arg-type]


async def appeal(
    conn: Connection,
    *,
    key: str = "a-key-of-appeal-1",
    contact: Contact = CONTACT,
    place: Place | None = PLACE,
    now: datetime = START,
) -> tuple[Appeal, Case]:
    """Send in an appeal, with a place in the community unless told otherwise."""
    draft = AppealDraft("help", "孩子上学的事", contact, place)
    sent = await submit_appeal(conn, ring=RING, key=key, draft=draft, locate=locate, actor=anonymous(DISTRICT), now=now)
    return sent, await case_of(conn, sent)


async def case_of(conn: Connection, sent: Appeal) -> Case:
    case_id = await find_case_id(conn, district_id=DISTRICT, appeal_id=sent.id)
    case = await find_case(conn, district_id=DISTRICT, case_id=case_id or 0)
    assert case is not None
    return case


async def close(conn: Connection, case: Case, secretary: Actor, *, now: datetime = SOON) -> Case:
    """Lead a case to its closing; one who can be reached is reached first."""
    case = await read(conn, case)
    if case.contact_owed and case.assignee_id is None:
        await do(conn, case, Verb.CONTACT, secretary, note="已通话", channel=Channel.PHONE, now=now)
    if case.state == "collected":
        await do(conn, case, Verb.FILE, secretary, now=now)
    await do(conn, case, Verb.HANDLE, secretary, note="好了", now=now)
    await do(conn, case, Verb.VERIFY, secretary, now=now)
    return await do(conn, case, Verb.CLOSE, secretary, result="已办妥", now=now)


async def token_of(conn: Connection, case: Case) -> str:
    link = await find_own_link(conn, case=await read(conn, case), ring=RING)
    assert link is not None
    return link.token


async def events_of(conn: Connection, case: Case) -> list[Event]:
    return await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)


async def kinds_of(conn: Connection, case: Case) -> list[str]:
    return [event.kind for event in await events_of(conn, case)]


async def told(conn: Connection, case: Case, who: Actor) -> list[str]:
    """Work off the events of a case and give what someone was told of them, oldest first."""
    for event in await events_of(conn, case):
        if event.kind in AUDIENCES:
            await notify(conn, event, SOON)
    notices = await list_notices(
        conn, district_id=DISTRICT, recipient_kind=who.kind, recipient_id=who.id or 0, before_id=None, limit=50
    )
    return [notice.kind for notice in reversed(notices)]
