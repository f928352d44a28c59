"""What is told of a clock and when: the warning, the breach, each escalation up the tree, all once."""

from datetime import timedelta

from community.clocks.models import Firing, Stage
from community.clocks.queries import list_deadlines
from community.clocks.sweep import sweep_deadlines
from community.models import Case, Clock
from community.notices.notify import notify
from community.notices.queries import list_notices
from core.access.models import Actor, Role
from core.database import Connection
from core.queries import list_events
from tests.community.district import COMMUNITY, DISTRICT_PATH, STREET, hire, located, open_report
from tests.conftest import DISTRICT, START

MINUTE = timedelta(minutes=1)


async def sweep(conn: Connection, minutes: float) -> list[tuple[Stage, int]]:
    """Sweep so many minutes after the start, and give what was told of the first answer."""
    told = await sweep_deadlines(conn, district_id=DISTRICT, now=START + minutes * MINUTE)
    return [(firing.stage, firing.level) for firing in told if firing.clock is Clock.RESPOND]


async def test_each_stage_is_told_when_its_time_has_come(conn: Connection) -> None:
    await open_report(conn, 1, at=located())
    assert [] == await sweep(conn, 11)
    assert [(Stage.WARNED, 0)] == await sweep(conn, 11.25)
    assert [] == await sweep(conn, 14.9)
    assert [(Stage.BREACHED, 0), (Stage.ESCALATED, 1)] == await sweep(conn, 15)
    assert [] == await sweep(conn, 74.9)
    assert [(Stage.ESCALATED, 2)] == await sweep(conn, 75)
    assert [(Stage.ESCALATED, 3)] == await sweep(conn, 255)
    assert [] == await sweep(conn, 10_000)


async def test_after_a_standstill_all_is_told_once_in_order_and_marked_late(conn: Connection) -> None:
    await open_report(conn, 1, at=located())
    told = await sweep_deadlines(conn, district_id=DISTRICT, now=START + 80 * MINUTE)
    of_answer = [firing for firing in told if firing.clock is Clock.RESPOND]
    stages = [Stage.WARNED, Stage.BREACHED, Stage.ESCALATED, Stage.ESCALATED]
    assert stages == [firing.stage for firing in of_answer]
    assert [68.75 * 60, 65 * 60, 65 * 60, 5 * 60] == [firing.late_s for firing in of_answer]


async def test_what_was_told_stands_in_the_history(conn: Connection) -> None:
    case = await open_report(conn, 1, at=located())
    await sweep(conn, 15)
    events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert ["case.opened", "deadline.warned", "deadline.breached", "deadline.escalated"] == [e.kind for e in events]
    assert (1, "respond") == (events[-1].data["level"], events[-1].data["clock"])


async def test_an_answered_clock_is_silent_for_ever(conn: Connection) -> None:
    case = await open_report(conn, 1, at=located())
    await sweep(conn, 15)
    await conn.execute("update deadline set met_at = now(), fires_at = null where case_id = $1", case.id)
    assert [] == await sweep(conn, 10_000)


async def inbox(conn: Connection, who: Actor) -> list[str]:
    assert who.id is not None
    rows = await list_notices(
        conn, district_id=DISTRICT, recipient_kind="staff", recipient_id=who.id, before_id=None, limit=50
    )
    return [row.kind for row in reversed(rows)]


async def work_off(conn: Connection, case: Case) -> None:
    for event in await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id):
        await notify(conn, event, START)


async def test_escalation_climbs_one_level_that_has_anyone_at_a_time(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN, DISTRICT_PATH)
    case = await open_report(conn, 1, at=located())
    await sweep(conn, 15)
    await work_off(conn, case)
    assert ["case.opened", "deadline.warned", "deadline.breached"] == await inbox(conn, secretary)
    assert (["deadline.escalated"], []) == (await inbox(conn, centre), await inbox(conn, admin))
    await sweep(conn, 300)
    await work_off(conn, case)
    assert (1, 1) == (len(await inbox(conn, centre)), len(await inbox(conn, admin)))


async def test_the_person_it_is_assigned_to_and_the_department_are_warned_too(conn: Connection) -> None:
    await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    worker = await hire(conn, "worker", Role.SUBDISTRICT, STREET)  # who as such is not at the desk
    case = await open_report(conn, 1, at=located())
    await conn.execute("update community_case set assignee_id = $2 where id = $1", case.id, worker.id)
    await sweep(conn, 12)
    await work_off(conn, case)
    assert ["case.opened", "deadline.warned"] == await inbox(conn, worker)


async def test_a_firing_names_the_round(conn: Connection) -> None:
    await open_report(conn, 1, at=located())
    told: list[Firing] = await sweep_deadlines(conn, district_id=DISTRICT, now=START + 12 * MINUTE)
    assert [(1, START + 15 * MINUTE)] == [(firing.round, firing.due_at) for firing in told]


async def test_the_rows_remember_what_was_told(conn: Connection) -> None:
    case = await open_report(conn, 1, at=located())
    await sweep(conn, 80)
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    (row,) = [row for row in rows if row.clock is Clock.RESPOND]
    now = START + 80 * MINUTE
    assert (now, now, 2, START + 255 * MINUTE) == (row.warned_at, row.breached_at, row.escalated, row.fires_at)
