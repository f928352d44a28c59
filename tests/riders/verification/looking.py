"""Riders who may look, cases to look at, and the reactions worked off, for the tests of looks on site."""

from datetime import datetime, time, timedelta

from community import queries as case_queries
from community.acts import Act
from community.models import Case, Place
from community.notices.notify import AUDIENCES, notify
from community.notices.queries import list_notices
from community.triage import carry_out
from community.verification.models import LookRule, Looks
from community.verification.queries import update_look_rule
from community.workflow import Verb
from core.access.models import Actor
from core.database import Connection
from core.models import Event
from core.queries import list_events
from geo.models import Datum, Point, Received
from riders.models import TrustLevel
from riders.reporters.queries import find_application, insert_application, insert_appointment
from riders.signup.consents import LOOK_LOCATION, PHOTO, REPORT_LOCATION, decide_consent
from riders.signup.queries import insert_rider
from riders.verification.follow import FOLLOWED, follow_case
from riders.verification.models import Task, Willingness
from riders.verification.offers.willingness import set_willingness
from riders.verification.queries import find_task, list_tasks_of_case
from tests.community.district import COMMUNITY, located, open_report
from tests.conftest import DISTRICT, RING, START
from tests.staff import insert_staff

MINUTE = timedelta(minutes=1)
#: Where the cases of these tests are.
SPOT = Point(120.181234, 35.961234)


async def add_reporter(
    conn: Connection,
    number: int = 1,
    *,
    area_path: str = COMMUNITY,
    trust_level: int = TrustLevel.MAY_VERIFY_OTHERS,
    may_be_asked: bool | None = True,
    quiet: tuple[time, time] | None = None,
    agrees: bool = True,
) -> Actor:
    """Make a rider appointed in an area, who wants to be asked and agreed to everything unless told otherwise."""
    rider_id = await insert_rider(conn, ring=RING, district_id=DISTRICT, phone=f"+8613800{number:06}", now=START)
    rider = Actor("rider", rider_id, DISTRICT)
    await appoint(conn, rider, area_path, trust_level=trust_level)
    if may_be_asked is not None:
        begins, ends = quiet or (None, None)
        await set_willingness(conn, actor=rider, willingness=Willingness(may_be_asked, begins, ends), now=START)
    for purpose in (REPORT_LOCATION, LOOK_LOCATION, PHOTO) if agrees else ():
        await decide_consent(conn, actor=rider, purpose=purpose, version=1, is_given=True, now=START)
    return rider


async def appoint(
    conn: Connection, rider: Actor, area_path: str, *, trust_level: int = TrustLevel.MAY_VERIFY_OTHERS
) -> int:
    """Appoint a rider for thirty days and give the appointment's id."""
    assert rider.id is not None
    application_id = await insert_application(
        conn,
        ring=RING,
        district_id=DISTRICT,
        rider_id=rider.id,
        area_path=area_path,
        motivation="",
        id_number=None,
        now=START,
    )
    assert application_id is not None
    application = await find_application(conn, ring=RING, district_id=DISTRICT, application_id=application_id)
    assert application is not None
    staff = await insert_staff(
        conn, district_id=DISTRICT, username=f"appoints {application_id}", name="聘任人", now=START
    )
    await conn.execute(
        "update application set status = 'approved', decided_at = $2, decided_by = $3 where id = $1",
        *(application_id, START, staff.id),
    )
    return await insert_appointment(
        conn,
        district_id=DISTRICT,
        application=application,
        area_path=area_path,
        trust_level=trust_level,
        ends_at=START + timedelta(days=30),
        appointed_by=staff.id,
        now=START - MINUTE,
    )


async def need_looks(conn: Connection, looks: Looks, *, offer_minutes: int = 30, expire_minutes: int = 1440) -> None:
    """Let the litter of these tests need a look."""
    rule = LookRule("litter", looks, offer_minutes, expire_minutes)
    await update_look_rule(conn, district_id=DISTRICT, rule=rule)


async def open_at_spot(
    conn: Connection, ref: object = 1, *, point: Point = SPOT, area_path: str = COMMUNITY, **more: object
) -> Case:
    """Open a case from a report at a point."""
    place = Place(point, Received(point.lon, point.lat, Datum.WGS84), None)
    return await open_report(conn, ref, at=located(area_path), place=place, **more)  # type: ignore[arg-type]


async def react(conn: Connection, case: Case, now: datetime = START) -> None:
    """Work off every event of a case as the program would; whatever was worked off before is worked off again."""
    seen: set[int] = set()
    while fresh := [event for event in await events_of(conn, case) if event.id not in seen]:
        for event in fresh:
            seen.add(event.id)
            if event.kind in AUDIENCES:
                await notify(conn, event, now)
            if event.kind in FOLLOWED:
                await follow_case(conn, event, now)


async def do(conn: Connection, case: Case, verb: Verb, actor: Actor, now: datetime = START, **said: object) -> Case:
    """Do a verb and work off what comes of it."""
    act = Act(**said)  # type: ignore[arg-type]
    changed = await carry_out(conn, case_id=case.id, verb=verb, act=act, actor=actor, now=now)
    await react(conn, case, now)
    return changed


async def begin_look(conn: Connection, *, now: datetime = START) -> Task:
    """Open a case that needs a look before filing, and give its task."""
    await need_looks(conn, Looks.BOTH)
    case = await open_at_spot(conn, f"look {now}", now=now)
    await react(conn, case, now)
    (task,) = await tasks_of(conn, case)
    return task


async def tasks_of(conn: Connection, case: Case) -> list[Task]:
    return await list_tasks_of_case(conn, district_id=DISTRICT, case_id=case.id)


async def reread(conn: Connection, task: Task) -> Task:
    stored = await find_task(conn, district_id=DISTRICT, task_id=task.id)
    assert stored is not None
    return stored


async def case_of(conn: Connection, task: Task) -> Case:
    case = await case_queries.find_case(conn, district_id=DISTRICT, case_id=task.case_id)
    assert case is not None
    return case


async def events_of(conn: Connection, case: Case) -> list[Event]:
    return await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)


async def told_of(conn: Connection, who: Actor) -> list[str]:
    """Give the kinds of event about looks that someone has been told of, oldest first."""
    assert who.id is not None
    found = await list_notices(
        conn, district_id=DISTRICT, recipient_kind=who.kind, recipient_id=who.id, before_id=None, limit=50
    )
    return [notice.kind.removeprefix("case.verification_") for notice in reversed(found) if "verif" in notice.kind]


async def happened(conn: Connection, case: Case) -> list[str]:
    """Give what happened to the looks of a case, oldest first."""
    kinds = [event.kind for event in await events_of(conn, case)]
    return [kind.removeprefix("case.verification_") for kind in kinds if kind.startswith("case.verification_")]
