"""Opening a case: where it goes, what runs on it, what is kept."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from community import queries
from community.clocks.models import Deadline
from community.clocks.queries import list_deadlines
from community.errors import UnknownCategory
from community.models import Case, Clock, Origin, Place, State
from community.routing.models import RuleTerms
from community.routing.queries import insert_routing_rule, set_default_department
from core.access.models import Actor
from core.calendar_edits import set_days
from core.database import Connection
from core.models import HolidayRow
from core.queries import list_events
from geo.models import Datum, Point, Received
from tests.community.district import COMMUNITY, STREET, found, located, open_report
from tests.conftest import DISTRICT, START

RIDER = Actor("rider", 5, DISTRICT)


async def test_a_case_keeps_the_area_and_generation_it_was_routed_by(conn: Connection) -> None:
    case = await open_report(conn, 1, at=located(COMMUNITY, candidates=("02", "03")))
    kept = (case.area_code, case.area_path, case.generation_id, case.candidates, case.metres_to_line)
    assert ("02", COMMUNITY, 1, ("02", "03"), 0.2) == kept
    assert case.needs_confirmation


async def test_a_number_can_be_quoted_and_begins_with_the_local_year(conn: Connection) -> None:
    new_year_in_qingdao = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    case = await open_report(conn, 1, now=new_year_in_qingdao)
    assert f"2027-{case.id:06d}" == case.number


async def test_without_a_rule_the_located_area_answers(conn: Connection) -> None:
    assert COMMUNITY == (await open_report(conn, 1, at=located())).desk_path


async def test_what_has_no_area_goes_to_the_duty_desk(conn: Connection) -> None:
    case = await open_report(conn, 1)
    assert (None, "") == (case.area_path, case.desk_path)


async def test_the_first_rule_that_fits_decides(conn: Connection) -> None:
    department_id = await found(conn)
    await insert_routing_rule(conn, district_id=DISTRICT, position=1, terms=RuleTerms(area_path="37/09", desk_depth=1))
    await insert_routing_rule(
        conn,
        district_id=DISTRICT,
        position=2,
        terms=RuleTerms(category_code="litter", desk_depth=2, department_ids=(department_id,)),
    )
    await insert_routing_rule(conn, district_id=DISTRICT, position=3, terms=RuleTerms(desk_depth=1))
    case = await open_report(conn, 1, at=located())
    assert (STREET, department_id) == (case.desk_path, case.suggested_department_id)


async def test_without_a_rule_the_categorys_own_department_is_suggested(conn: Connection) -> None:
    department_id = await found(conn)
    await set_default_department(conn, district_id=DISTRICT, category_code="litter", department_id=department_id)
    assert department_id == (await open_report(conn, 1, at=located())).suggested_department_id
    assert (await open_report(conn, 2, at=located(), category_code="rubble")).suggested_department_id is None


async def test_a_suggested_department_has_not_been_dispatched_to(conn: Connection) -> None:
    await insert_routing_rule(
        conn, district_id=DISTRICT, position=1, terms=RuleTerms(department_ids=(await found(conn),))
    )
    assert (await open_report(conn, 1, at=located())).department_id is None


async def test_a_rule_of_a_subtree_leaves_the_duty_desk_alone(conn: Connection) -> None:
    await insert_routing_rule(
        conn, district_id=DISTRICT, position=1, terms=RuleTerms(area_path="37", department_ids=(await found(conn),))
    )
    assert (await open_report(conn, 1)).suggested_department_id is None


async def test_opening_starts_fifteen_minutes_to_respond(conn: Connection) -> None:
    case = await open_report(conn, 1)
    assert State.COLLECTED is case.state
    deadlines = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    expected = [(Clock.RESPOND, START + timedelta(minutes=15)), (Clock.FILE, START + timedelta(hours=5.5))]
    assert expected == [(row.clock, row.due_at) for row in deadlines]
    assert START + timedelta(minutes=15) == case.next_due_at


async def test_a_trusted_report_is_filed_at_once_and_still_owed_an_answer(conn: Connection) -> None:
    case = await open_report(conn, 1, trusted=True)  # Tuesday 10:00, four working hours: 15:30 after lunch
    assert State.FILED is case.state
    deadlines = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    expected = {
        Clock.RESPOND: START + timedelta(minutes=15),
        Clock.DISPATCH: START + timedelta(hours=2),
        Clock.HANDLE: START + timedelta(hours=5.5),
    }
    assert expected == {row.clock: row.due_at for row in deadlines}


async def test_a_holiday_in_the_rows_moves_the_limit(conn: Connection) -> None:
    day_off = HolidayRow(START.date(), is_workday=False, name="休", source="test", version=9)
    version = await set_days(conn, district_id=DISTRICT, days=[day_off], source="test", staff_id=None, now=START)
    case = await open_report(conn, 1, trusted=True)
    handle = await deadline_of(conn, case, Clock.HANDLE)
    assert (2, START + timedelta(days=1, hours=4), version) == (version, handle.due_at, handle.calendar_version)


async def deadline_of(conn: Connection, case: Case, clock: Clock) -> Deadline:
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    return next(row for row in rows if row.clock is clock)


async def test_a_year_without_a_calendar_opens_the_case_and_marks_the_deadline(conn: Connection) -> None:
    case = await open_report(conn, 1, trusted=True, now=datetime(2039, 3, 10, 2, 0, tzinfo=UTC))
    assert not (await deadline_of(conn, case, Clock.HANDLE)).calendar_known


async def test_opening_is_an_event_of_the_same_transaction(conn: Connection) -> None:
    case = await open_report(conn, 1, at=located(), actor=RIDER)
    (event,) = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert ("case.opened", "rider", 5) == (event.kind, event.actor_kind, event.actor_id)
    assert "collected" == event.data["to"]


async def test_one_report_never_has_two_cases(conn: Connection) -> None:
    await open_report(conn, 1)
    with pytest.raises(asyncpg.UniqueViolationError, match="community_case_origin_unique"):
        await open_report(conn, 1)


async def test_a_report_and_an_appeal_may_bear_the_same_number(conn: Connection) -> None:
    first = await open_report(conn, 1)
    assert first.id != (await open_report(conn, 1, origin=Origin.APPEAL)).id


@pytest.mark.parametrize("code", ["no_such", "retired"])
async def test_an_unknown_or_retired_category_is_refused_by_name(conn: Connection, code: str) -> None:
    await conn.execute(
        """
        insert into category (district_id, code, zh, en, is_active) values (1, 'retired', '旧', 'Old', false)
        """
    )
    with pytest.raises(UnknownCategory, match=code):
        await open_report(conn, 1, category_code=code)


async def test_the_place_is_kept_as_received_and_as_wgs84(conn: Connection) -> None:
    place = Place(Point(120.18, 35.96), Received(120.185, 35.962, Datum.GCJ02), 12.5)
    case = await open_report(conn, 1, at=located(), place=place)
    assert (120.18, 35.96, 120.185, 35.962, "gcj02", 12.5) == (
        case.lon,
        case.lat,
        case.received_lon,
        case.received_lat,
        case.received_datum,
        case.accuracy_m,
    )


async def test_the_starter_vocabulary_reads_back_with_its_questions(conn: Connection) -> None:
    categories = {row.code: row for row in await queries.list_categories(conn, district_id=DISTRICT)}
    assert {"station_locked", "station_amenity"} <= categories.keys()
    (question,) = categories["missing_cover"].questions
    assert (True, ["yes", "no"]) == (question.required, [choice.key for choice in question.values])
