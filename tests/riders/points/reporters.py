"""Reporters at work, for the tests of points: appointed, reporting, and their cases handled by real verbs."""

from dataclasses import replace
from datetime import datetime, timedelta

from community.acts import Act
from community.models import Case
from community.queries import find_case
from community.triage import carry_out
from community.verification.models import Answer
from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.database import Connection
from core.events import record_event
from core.queries import list_events
from geo.models import Datum, Locate, Received
from riders.models import Submission
from riders.points import queries
from riders.points.models import PointEntry
from riders.points.reactions import POINT_EVENTS, keep_points
from riders.reporters.queries import find_application, insert_application, insert_appointment
from riders.submit import submit
from riders.verification.answer import answer
from riders.verification.follow import FOLLOWED, follow_case
from riders.verification.models import Said, Willingness
from riders.verification.offers.willingness import set_willingness
from riders.verification.queries import list_tasks_of_case
from riders.verification.take import accept
from tests.conftest import DISTRICT, RING, START

NORTH_OF_HERE = 0.001  # degrees of latitude: 111 m


async def appoint(
    conn: Connection, rider: Actor, secretary: Actor, area_path: str, *, trust_level: int = 1, since: datetime = START
) -> int:
    """Make the rider a reporter of the area for a year; give the appointment's id."""
    assert rider.id is not None
    assert secretary.id is not None
    application_id = await insert_application(
        conn,
        ring=RING,
        district_id=DISTRICT,
        rider_id=rider.id,
        area_path=area_path,
        motivation="",
        id_number=None,
        now=since,
    )
    assert application_id is not None
    await conn.execute(
        "update application set status = 'approved', decided_at = $2, decided_by = $3 where id = $1",
        application_id,
        since,
        secretary.id,
    )
    application = await find_application(conn, ring=RING, district_id=DISTRICT, application_id=application_id)
    assert application is not None
    return await insert_appointment(
        conn,
        district_id=DISTRICT,
        application=application,
        area_path=area_path,
        trust_level=trust_level,
        ends_at=since + timedelta(days=365),
        appointed_by=secretary.id,
        now=since,
    )


class Reporting:
    """A rider who reports on a connection, and the secretary who handles what he reports."""

    def __init__(self, conn: Connection, rider: Actor, secretary: Actor, locate: Locate) -> None:
        self.conn, self.rider, self.secretary, self.locate = conn, rider, secretary, locate
        self.above = replace(secretary, grants=(Grant(Role.SUBDISTRICT, ""),))
        self._sent = 0

    async def report(
        self,
        *,
        category: str = "litter",
        steps_north: float | None = None,
        now: datetime = START,
    ) -> Case:
        """Report something; each at another spot unless told where, in steps of 111 m. Give its case."""
        self._sent += 1
        lat = 35.9 + NORTH_OF_HERE * (self._sent if steps_north is None else steps_north)
        body = Submission(category, received=Received(120.18, lat, Datum.WGS84))
        key = f"report-{self.rider.id}-{self._sent}"
        report = await submit(self.conn, actor=self.rider, submission=body, key=key, locate=self.locate, now=now)
        return await self.read(report.case_id)

    async def read(self, case_id: int) -> Case:
        """Give a case as it is stored now."""
        case = await find_case(self.conn, district_id=DISTRICT, case_id=case_id)
        assert case is not None
        return case

    async def do(self, case: Case, *verbs: Verb, now: datetime = START, note: str = "已查看") -> Case:
        """Let the secretary, or for voiding the level above her, do one verb after the other."""
        for verb in verbs:
            said = {
                Verb.FILE: Act(),
                Verb.ASK_VERIFICATION: Act(),
                Verb.VERIFY: Act(),
                Verb.CLOSE: Act(result="已清理"),
            }.get(verb, Act(note=note))
            actor = self.above if verb is Verb.VOID else self.secretary
            case = await carry_out(self.conn, case_id=case.id, verb=verb, act=said, actor=actor, now=now)
        return case

    async def finish(self, case: Case, now: datetime = START) -> Case:
        """Take a filed case to its end."""
        return await self.do(case, Verb.HANDLE, Verb.VERIFY, Verb.CLOSE, now=now)

    async def merge(self, case: Case, original: Case, now: datetime = START) -> Case:
        """Mark a case as a duplicate of another."""
        act = Act(duplicate_of=original.id)
        return await carry_out(
            self.conn, case_id=case.id, verb=Verb.MARK_DUPLICATE, act=act, actor=self.secretary, now=now
        )

    async def look_at(self, case: Case, *, asked_at: datetime = START, minutes: int = 5, by_hand: bool = True) -> None:
        """Let this rider, a reporter with enough trust, take the look the secretary or a rule asks for, and answer.

        He answers so many minutes after the look arose, and takes it a minute before.
        """
        willing = Willingness(may_be_asked=True, quiet_from=None, quiet_until=None)
        await set_willingness(self.conn, actor=self.rider, willingness=willing, now=asked_at)
        if by_hand:
            await self.do(case, Verb.ASK_VERIFICATION, now=asked_at)
        for event in await list_events(self.conn, district_id=DISTRICT, subject="case", subject_id=case.id):
            if event.kind in FOLLOWED:
                await follow_case(self.conn, event, asked_at)
        task = (await list_tasks_of_case(self.conn, district_id=DISTRICT, case_id=case.id))[-1]
        answered_at = asked_at + timedelta(minutes=minutes)
        await accept(self.conn, actor=self.rider, task_id=task.id, now=answered_at - timedelta(minutes=1))
        said = Said(Answer.PRESENT)
        await answer(self.conn, actor=self.rider, task_id=task.id, said=said, now=answered_at)

    async def happens(self, case: Case, kind: str, now: datetime = START, **data: object) -> None:
        """Record an event that another part of the service makes."""
        await record_event(
            self.conn,
            district_id=DISTRICT,
            kind=kind,
            subject="case",
            subject_id=case.id,
            actor=None,
            now=now,
            data=data,
        )

    async def work_off(self, *cases: Case, now: datetime = START) -> None:
        """Run the reaction on every event of these cases, from the first on: whatever it has seen, it sees again."""
        for case in cases:
            for event in await list_events(self.conn, district_id=DISTRICT, subject="case", subject_id=case.id):
                if event.kind in POINT_EVENTS:
                    await keep_points(self.conn, event, now)

    async def balance(self, rider: Actor | None = None) -> int:
        """Give a rider's balance."""
        return await queries.sum_points(self.conn, district_id=DISTRICT, rider_id=(rider or self.rider).id or 0)

    async def entries(self, rider: Actor | None = None) -> list[PointEntry]:
        """Give a rider's entries, oldest first."""
        found = await queries.list_entries_in(
            self.conn,
            district_id=DISTRICT,
            scopes=[""],
            rider_id=(rider or self.rider).id or 0,
            before=None,
            limit=1000,
        )
        return found[::-1]
