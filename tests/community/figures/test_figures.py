"""Figures from the database: a world counted by hand, and any world against the oracle."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community.figures import queries
from community.figures.ask import answer
from community.figures.definitions import Rate, Span
from community.figures.models import By, Question
from community.figures.sweep import sweep_figures
from community.models import Channel
from community.workflow import Verb
from core.access.models import Role
from core.database import Connection
from tests.community.district import (
    COMMUNITY,
    NEIGHBOUR,
    STREET,
    add_areas,
    hire,
    located,
    open_report,
)
from tests.community.figures import figure_oracle as oracle
from tests.community.figures.figure_world import (
    ADMIN,
    DAY,
    HOUR,
    MARCH,
    MINUTE,
    World,
    act,
    ask,
    check_sums,
    make_small_world,
    shares,
    sweep_all,
)
from tests.conftest import DISTRICT, START


async def test_the_small_world_counts_as_by_hand(conn: Connection) -> None:
    now = await make_small_world(conn)
    (row,) = (await ask(conn, now)).rows
    assert (5, None) == (row.opened, row.key)
    expected = {
        Rate.RESPONSE: (1, 3),  # A in time; B late; D never; C is rejected, E not due
        Rate.SOLUTION: (1, 3),  # A closed; B and D missed a limit
        Rate.SATISFACTION: (0, 0),
        Rate.FULL_SATISFACTION: (0, 0),
        Rate.DISSATISFACTION: (0, 0),
        Rate.FILING: (2, 4),  # A and B filed, C rejected, D should have been; E is not due
        Rate.PUNCTUALITY: (1, 2),  # A; B late
        Rate.CLOSING: (1, 2),  # A; B should be
        Rate.REWORK: (0, 2),  # A and B were handled once
    }
    assert expected == shares(row)
    response = row.rates[Rate.RESPONSE]
    assert 0.3333 == response.rate
    assert response.excluded is not None
    assert (1, 0, 0, 1, 0) == tuple(getattr(response.excluded, name) for name in response.excluded.__slots__)
    assert row.rates[Rate.SATISFACTION].rate is None
    # Filed after 10 and 20 minutes: of two, the first is the median and the second the 90th percentile.
    filed, closed = row.spans[Span.FILED], row.spans[Span.CLOSED]
    assert (2, pytest.approx(600, rel=0.025), pytest.approx(1200, rel=0.025)) == (filed.n, filed.median_s, filed.p90_s)
    assert (1, pytest.approx(4 * 3600, rel=0.025)) == (closed.n, closed.median_s)


async def test_rows_by_area_add_up_to_the_whole(conn: Connection) -> None:
    now = await make_small_world(conn)
    rows = {row.key: row for row in (await ask(conn, now, area=STREET, by=By.AREA)).rows}
    assert {COMMUNITY: 3, NEIGHBOUR: 2} == {key: row.opened for key, row in rows.items()}
    assert [(1, 2), (0, 1)] == [shares(rows[key])[Rate.RESPONSE] for key in (COMMUNITY, NEIGHBOUR)]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (By.DAY, {"2026-03-10": 4, "2026-03-11": 1}),
        (By.WEEK, {"2026-03-09": 5}),
        (By.MONTH, {"2026-03-01": 5}),
        (By.CATEGORY, {"litter": 5}),
        (By.DEPARTMENT, {None: 5}),
        (By.AREA, {"37": 5}),
    ],
)
async def test_rows_stand_for_what_was_asked(conn: Connection, by: By, expected: dict[str | None, int]) -> None:
    now = await make_small_world(conn)
    assert expected == {row.key: row.opened for row in (await ask(conn, now, by=by)).rows}


async def test_a_day_is_the_districts_own(conn: Connection) -> None:
    """Opened at 23:30 and at 00:30 in Qingdao, an hour apart within one day of UTC."""
    await add_areas(conn, COMMUNITY)
    await open_report(conn, 1, now=datetime(2026, 3, 31, 23, 30, tzinfo=ZoneInfo("Asia/Shanghai")))
    await open_report(conn, 2, now=datetime(2026, 4, 1, 0, 30, tzinfo=ZoneInfo("Asia/Shanghai")))
    now = START + 40 * DAY
    await sweep_all(conn, now)
    assert [1, 1] == [
        row.opened for row in (await ask(conn, now, period=(MARCH[0], date(2026, 5, 1)), by=By.MONTH)).rows
    ]
    assert [1] == [row.opened for row in (await ask(conn, now)).rows]


async def test_nothing_at_all_is_a_row_of_noughts(conn: Connection) -> None:
    (row,) = (await ask(conn, START)).rows
    assert (0, (0, 0), None) == (row.opened, shares(row)[Rate.RESPONSE], row.spans[Span.FILED].median_s)


async def test_the_answer_says_up_to_when_it_is_complete(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    later = START + 10 * MINUTE
    assert START == (await ask(conn, later)).as_of  # nobody has counted the case yet
    await sweep_figures(conn, district_id=DISTRICT, now=later)
    assert later == (await ask(conn, later)).as_of
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    await act(conn, case, Verb.CONTACT, admin, later + MINUTE, channel=Channel.PHONE)
    assert later + MINUTE == (await ask(conn, later + HOUR)).as_of


async def test_a_limit_that_ran_out_unmarked_is_not_promised_to_be_counted(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    await open_report(conn, 1, at=located())
    await sweep_figures(conn, district_id=DISTRICT, now=START)
    due = START + 15 * MINUTE
    assert due == (await ask(conn, START + HOUR)).as_of
    await sweep_all(conn, START + HOUR)
    figures = await ask(conn, START + HOUR)
    assert (START + HOUR, (0, 1)) == (figures.as_of, shares(figures.rows[0])[Rate.RESPONSE])


async def test_every_way_of_changing_a_case_marks_it(conn: Connection) -> None:
    case = await open_report(conn, 1, at=located())
    await sweep_all(conn, START)
    for statement in (
        "update community_case set area_path = '37/01/03', area_code = '03', desk_path = '' where id = $1",
        "update community_case set category_code = 'rubble' where id = $1",
        "update deadline set due_at = due_at + interval '1 hour' where case_id = $1",
        "update deadline set breached_at = due_at where case_id = $1",
        "update deadline set met_at = due_at where case_id = $1",
    ):
        await conn.execute(statement, case.id)
        assert 0 < await sweep_figures(conn, district_id=DISTRICT, now=START), statement
    (tallied,) = await queries.list_tallied(conn, district_id=DISTRICT, case_ids=[case.id])
    assert (NEIGHBOUR, "rubble") == (tallied.area_path, tallied.category_code)


def group(each: oracle.Whole, question: Question) -> str | None:
    """Give the row that a case belongs to."""
    case, day = each.case, each.day
    path = case["area_path"] or ""
    match question.by:
        case None:
            return None
        case By.AREA:
            depth = len(question.area_path.split("/")) if question.area_path else 0
            return None if path == question.area_path else "/".join(path.split("/")[: depth + 1])
        case By.CATEGORY:
            return str(case["category_code"])
        case By.DEPARTMENT:
            return case["department_id"] and str(case["department_id"])
        case By.MONTH:
            return str(day.replace(day=1))
        case By.WEEK:
            return str(day - timedelta(days=day.weekday()))
        case By.DAY:
            return str(day)


def is_counted(each: oracle.Whole, question: Question) -> bool:
    case, area = each.case, question.area_path
    return (
        question.first <= each.day < question.before
        and (not area or f"{case['area_path'] or ''}/".startswith(f"{area}/"))
        and question.category_code in (None, case["category_code"])
        and question.department_id in (None, case["department_id"])
    )


async def check_against_oracle(world: World) -> None:
    await sweep_all(world.conn, world.now)
    await check_sums(world.conn)
    everything = await oracle.read_everything(world.conn)
    for _ in range(25):
        question = world.question()
        groups: dict[str | None, list[oracle.Whole]] = {} if question.by else {None: []}
        for each in everything:
            if is_counted(each, question):
                groups.setdefault(group(each, question), []).append(each)
        rows = {row.key: row for row in (await answer(world.conn, actor=ADMIN, question=question, now=world.now)).rows}
        assert {key: len(cases) for key, cases in groups.items()} == {key: row.opened for key, row in rows.items()}, (
            question
        )
        for key, cases in groups.items():
            assert oracle.rates(cases, world.now) == shares(rows[key]), (question, key)
            for span in set(Span) - {Span.ANSWERED}:
                times, shown = oracle.times(cases, span), rows[key].spans[span]
                assert len(times) == shown.n
                for percent, seconds in ((50, shown.median_s), (90, shown.p90_s)):
                    exact = oracle.nearest_rank(times, percent)
                    assert seconds == (exact if exact is None else pytest.approx(exact, rel=0.025, abs=1))


@pytest.mark.parametrize("seed", range(6))
async def test_any_world_counts_as_the_oracle_says(conn: Connection, seed: int) -> None:
    world = World(conn, seed)
    await world.settle()
    for _ in range(3):  # and again after everything has moved on
        await world.live(120)
        await check_against_oracle(world)


@pytest.mark.parametrize("seed", range(3))
async def test_counting_again_changes_nothing(conn: Connection, seed: int) -> None:
    world = World(conn, seed)
    await world.settle()
    await world.live(80)
    await sweep_all(conn, world.now)
    before = await conn.fetch("select * from figure_cell order by 1, 2, 3, 4, 5, 6, 7, 8")
    for _ in range(3):
        await conn.execute(
            "insert into figure_mark (district_id, changed_at, case_id) select 1, opened_at, id from community_case"
        )
        await sweep_all(conn, world.now)
    assert before == await conn.fetch("select * from figure_cell order by 1, 2, 3, 4, 5, 6, 7, 8")
