"""Figures from the database: a world counted by hand, any world against the oracle, who may ask what."""

import contextlib
import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community.acts import Act
from community.cases import NOWHERE
from community.clocks.sweep import sweep_deadlines
from community.errors import UnknownArea, UnknownCategory, UnknownDepartment
from community.figures import queries
from community.figures.ask import answer, question_for
from community.figures.cells import add_up
from community.figures.definitions import Rate, Span
from community.figures.errors import FiguresNotShown
from community.figures.models import By, FigureRow, Figures, Question
from community.figures.sweep import sweep_figures
from community.models import Case, Channel, Kind, Satisfaction
from community.queries import find_case
from community.triage import carry_out
from community.workflow import Verb, allowed_transitions
from core.access.models import Actor, Grant, Role
from core.database import Connection
from core.errors import InvalidInput, Refusal
from tests.community.district import (
    COMMUNITY,
    NEIGHBOUR,
    STREET,
    add_areas,
    found,
    hire,
    located,
    open_report,
)
from tests.community.figures import figure_oracle as oracle
from tests.conftest import DISTRICT, START

ADMIN = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))
GRID = f"{COMMUNITY}/001"
ELSEWHERE = "37/011/12"
MARCH = (date(2026, 3, 1), date(2026, 4, 1))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def sweep_all(conn: Connection, now: datetime) -> None:
    """Mark what is late, then count everything."""
    while await sweep_deadlines(conn, district_id=DISTRICT, now=now):
        pass
    while await sweep_figures(conn, district_id=DISTRICT, now=now):
        pass


async def ask(
    conn: Connection,
    now: datetime,
    *,
    area: str = "",
    period: tuple[date, date] = MARCH,
    category: str | None = None,
    department: int | None = None,
    by: By | None = None,
    actor: Actor = ADMIN,
) -> Figures:
    question = Question(area, *period, category, department, by)
    return await answer(conn, actor=actor, question=question, now=now)


async def act(conn: Connection, case: Case, verb: Verb, actor: Actor, now: datetime, **said: object) -> None:
    fields = {"note": "说明"} | said
    await carry_out(conn, case_id=case.id, verb=verb, act=Act(**fields), actor=actor, now=now)  # type: ignore[arg-type]


def shares(row: FigureRow) -> dict[Rate, tuple[int | None, int | None]]:
    return {rate: (figure.numerator, figure.denominator) for rate, figure in row.rates.items()}


async def make_small_world(conn: Connection) -> datetime:
    """Five cases; give the moment to ask: a day after START, which is Tuesday 10:00. Litter has four working hours.

    A in COMMUNITY: filed after 10 minutes, handled at 12:00, closed at 14:00, all in time.
    B in COMMUNITY: filed after 20 minutes, 5 too late; handled at 16:00, due at 15:50; nobody has looked at it yet.
    C in NEIGHBOUR: rejected after 5 minutes. D in NEIGHBOUR: nobody has done anything,
    and four working hours to file it were over at 15:30. E in COMMUNITY: comes in only now.
    """
    await add_areas(conn, GRID, NEIGHBOUR, ELSEWHERE)
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    a, b = [await open_report(conn, name, at=located()) for name in "AB"]
    c, _ = [await open_report(conn, name, at=located(NEIGHBOUR)) for name in "CD"]
    await act(conn, a, Verb.FILE, admin, START + 10 * MINUTE)
    await act(conn, a, Verb.HANDLE, admin, START + 2 * HOUR)
    await act(conn, a, Verb.VERIFY, admin, START + 3 * HOUR)
    await act(conn, a, Verb.CLOSE, admin, START + 4 * HOUR, result="已清理")
    await act(conn, b, Verb.FILE, admin, START + 20 * MINUTE)
    await act(conn, b, Verb.HANDLE, admin, START + 6 * HOUR)
    await act(conn, c, Verb.REJECT, admin, START + 5 * MINUTE)
    now = START + DAY
    await open_report(conn, "E", at=located(), now=now)
    await sweep_all(conn, now)
    return now


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


async def check_sums(conn: Connection) -> None:
    """See that each sum is exactly that of the tallied cases."""
    ids = [row["case_id"] for row in await conn.fetch("select case_id from figure_case")]
    cases = await queries.list_tallied(conn, district_id=DISTRICT, case_ids=ids)
    kept = {
        tuple(row[1:8]): dict(zip(row["slots"], row["counts"], strict=True))
        for row in await conn.fetch("select * from figure_cell")
    }
    assert {tuple(key): dict(counts) for key, counts in add_up([], cases).items()} == kept


PATHS = (GRID, f"{COMMUNITY}/002", COMMUNITY, f"{NEIGHBOUR}/003", NEIGHBOUR, STREET, ELSEWHERE, None)
CATEGORIES = ("litter", "rubble", "fire_lane")


class World:
    """Cases that come in, move and run late at random, with sweeps in between."""

    def __init__(self, conn: Connection, seed: int) -> None:
        self.conn, self.dice = conn, random.Random(seed)
        self.now = START
        self.ids: list[int] = []

    async def settle(self) -> None:
        """Make areas, staff, a department and a case that others are duplicates of."""
        await add_areas(self.conn, *(path for path in PATHS if path))
        self.department_id = await found(self.conn)
        original = await open_report(self.conn, "the original", at=located(), now=START)
        self.original_id = original.id
        grants = (Grant(Role.DISTRICT_ADMIN, ""), Grant(Role.DEPARTMENT, "", self.department_id))
        self.actor = replace(await hire(self.conn, "admin", Role.DISTRICT_ADMIN), grants=grants)

    async def live(self, steps: int) -> None:
        for _ in range(steps):
            self.now += timedelta(hours=self.dice.expovariate(1 / 12))
            what = self.dice.random()
            if not self.ids or what < 0.25:
                await self.open()
            elif what < 0.32:
                await sweep_deadlines(self.conn, district_id=DISTRICT, now=self.now, limit=self.dice.choice([1, 500]))
            elif what < 0.4:
                limit = self.dice.choice([1, 3, 500])
                await sweep_figures(self.conn, district_id=DISTRICT, now=self.now, limit=limit)
            else:
                await self.act(self.dice.choice(self.ids[-12:]))

    async def open(self) -> None:
        path = self.dice.choice(PATHS)
        candidates = ("02", "03") if self.dice.random() < 0.5 else ()
        case = await open_report(
            self.conn,
            f"{len(self.ids)}",
            at=located(path, candidates=candidates) if path else NOWHERE,
            trusted=self.dice.random() < 0.3,
            category_code=self.dice.choice(CATEGORIES),
            now=self.now,
        )
        self.ids.append(case.id)

    async def act(self, case_id: int) -> None:
        case = await find_case(self.conn, district_id=DISTRICT, case_id=case_id)
        assert case is not None
        row = self.dice.choice(allowed_transitions(case.state, frozenset({Role.DISTRICT_ADMIN, Role.DEPARTMENT})))
        words: dict[str, object] = {
            "note": "说明",
            "result": "结果",
            "area_code": "03",
            "department_id": self.department_id,
            "duplicate_of": self.original_id,
            "channel": Channel.PHONE,
            "kind": Kind.COORDINATED,
            "assignee_id": self.actor.id,
            "until": self.now + DAY,
            "extend_by": 1,
            "satisfaction": self.dice.choice(list(Satisfaction)),
        }
        said = Act(**{field: words[field] for field in row.required})  # type: ignore[arg-type]
        with contextlib.suppress(Refusal):
            async with self.conn.transaction():
                await carry_out(self.conn, case_id=case_id, verb=row.verb, act=said, actor=self.actor, now=self.now)

    def question(self) -> Question:
        """Ask anything: often whole months, sometimes odd days, sometimes beyond today."""
        dice, today = self.dice, self.now.date()
        first = START.date().replace(day=1) + timedelta(days=dice.choice([0, 0, dice.randint(0, 40)]))
        before = dice.choice(
            [date(2026, 5, 1), today + timedelta(days=40), first + timedelta(days=dice.randint(1, 60))]
        )
        return Question(
            area_path=dice.choice(["", "37", STREET, COMMUNITY, GRID, NEIGHBOUR, ELSEWHERE]),
            first=first,
            before=before,
            category_code=dice.choice([None, None, *CATEGORIES]),
            department_id=dice.choice([None, None, self.department_id]),
            by=dice.choice([None, *By]),
        )


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


def staff(role: Role, area_path: str, department_id: int | None = None) -> Actor:
    return Actor("staff", 1, DISTRICT, "", (Grant(role, area_path, department_id),))


SECRETARY = staff(Role.SECRETARY, COMMUNITY)


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.GRID_WORKER, Role.AUDITOR, Role.SUBDISTRICT])
async def test_ones_own_area_is_shown_in_full(conn: Connection, role: Role) -> None:
    now = await make_small_world(conn)
    figures = await ask(conn, now, area=COMMUNITY, actor=staff(role, COMMUNITY))
    assert (False, 3, (1, 2)) == (figures.outside, figures.rows[0].opened, shares(figures.rows[0])[Rate.RESPONSE])


async def test_a_neighbours_small_counts_are_not_shown(conn: Connection) -> None:
    await make_small_world(conn)
    await add_child(conn, NEIGHBOUR)
    figures = await ask(conn, START + 30 * DAY, area=NEIGHBOUR, actor=SECRETARY)
    (row,) = figures.rows
    assert (True, None, {None}) == (figures.outside, row.opened, {figure.median_s for figure in row.spans.values()})
    response = row.rates[Rate.RESPONSE]
    assert (True, None, None, None, None) == (
        response.suppressed,
        response.numerator,
        response.denominator,
        response.rate,
        response.excluded,
    )
    assert not row.rates[Rate.SATISFACTION].suppressed  # there is none: nothing to hide


async def add_child(conn: Connection, path: str) -> None:
    """Put a grid beneath an area of the active generation."""
    await conn.execute(
        """
        insert into area (district_id, generation_id, code, parent_code, level, code_scheme, path, name, names,
            is_leaf, datum, geometry, min_lon, min_lat, max_lon, max_lat)
        values ($1, 1, $2 || '-1', $2, 'any', 'test', $3 || '/' || $2 || '-1', $2, '{}', true, 'wgs84', '', 0, 0, 0, 0)
        """,
        DISTRICT,
        path.rpartition("/")[2],
        path,
    )


async def test_a_secretary_compares_with_the_neighbours_and_cannot_subtract(conn: Connection) -> None:
    """Beneath the street: his own with 3 late, a neighbour with 2, others with 8 and 9, all unanswered.

    The 2 and, so that nothing tells it, the 8 are hidden; his own 3 is his to see.
    """
    counts = {COMMUNITY: 3, NEIGHBOUR: 2, f"{STREET}/04": 8, f"{STREET}/05": 9}
    await add_areas(conn, *counts)
    for path, count in counts.items():
        await add_child(conn, path)
        for number in range(count):
            await open_report(conn, f"{path} {number}", at=located(path))
    now = START + 30 * DAY
    await sweep_all(conn, now)
    rows = (await ask(conn, now, area=STREET, by=By.AREA, actor=SECRETARY)).rows
    assert {COMMUNITY: 3, NEIGHBOUR: None, f"{STREET}/04": None, f"{STREET}/05": 9} == {
        row.key: row.rates[Rate.RESPONSE].denominator for row in rows
    }
    (street,) = (await ask(conn, now, area=STREET, actor=SECRETARY)).rows
    assert (0, 22) == shares(street)[Rate.RESPONSE]
    (alone,) = (await ask(conn, now, area=f"{STREET}/04", actor=SECRETARY)).rows
    assert alone.rates[Rate.RESPONSE].suppressed  # asked by itself it is as hidden as among others


@pytest.mark.parametrize("area", [GRID, ""])
async def test_a_grid_and_the_whole_district_are_not_compared(conn: Connection, area: str) -> None:
    await make_small_world(conn)
    with pytest.raises(FiguresNotShown):
        await ask(conn, START + 30 * DAY, area=area, actor=staff(Role.SECRETARY, NEIGHBOUR))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"period": (date(2026, 3, 1), date(2026, 3, 20))}, "/query/to"),
        ({"period": (date(2026, 2, 1), date(2026, 4, 1))}, "/query/to"),
        ({"period": (date(2026, 4, 1), date(2026, 5, 1))}, "/query/to"),  # not over yet
        ({"category": "litter"}, "/query/category"),
        ({"by": By.DAY}, "/query/by"),
        ({"by": By.CATEGORY}, "/query/by"),
    ],
)
async def test_outside_only_whole_ended_months_by_area_are_shown(
    conn: Connection, asked: dict[str, object], expected: str
) -> None:
    await make_small_world(conn)
    with pytest.raises(InvalidInput) as refused:
        await ask(conn, START + 30 * DAY, area=STREET, actor=SECRETARY, **asked)  # type: ignore[arg-type]
    assert [expected] == [error.pointer for error in refused.value.errors]


async def test_a_department_sees_its_own_cases_everywhere_and_no_others(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    mine, other = await found(conn), await found(conn, "other")
    for number, department_id in enumerate([mine, mine, other, None]):
        case = await open_report(conn, number, at=located())
        await conn.execute(
            "update community_case set department_id = $2, department_ids = $3 where id = $1",
            case.id,
            department_id,
            [department_id] if department_id else [],
        )
    now = START + HOUR
    await sweep_all(conn, now)
    handler = staff(Role.DEPARTMENT, "", mine)
    question = question_for(
        handler, area_path=None, first=MARCH[0], before=MARCH[1], category_code=None, department_id=None, by=None
    )
    assert 2 == (await answer(conn, actor=handler, question=question, now=now)).rows[0].opened
    with pytest.raises(InvalidInput):
        await ask(conn, now, area=STREET, department=other, actor=handler)


async def test_without_an_area_ones_own_is_meant(conn: Connection) -> None:
    left_open = {"first": MARCH[0], "before": MARCH[1], "category_code": None, "department_id": None, "by": None}
    assert COMMUNITY == question_for(SECRETARY, area_path=None, **left_open).area_path  # type: ignore[arg-type]
    assert "" == question_for(ADMIN, area_path=None, **left_open).area_path  # type: ignore[arg-type]
    two = Actor("staff", 1, DISTRICT, "", tuple(Grant(Role.SECRETARY, path) for path in (COMMUNITY, NEIGHBOUR)))
    with pytest.raises(InvalidInput) as refused:
        question_for(two, area_path=None, **left_open)  # type: ignore[arg-type]
    assert ["/query/area"] == [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"area": "37/99"}, UnknownArea),
        ({"category": "none_such"}, UnknownCategory),
        ({"department": 999}, UnknownDepartment),
    ],
)
async def test_what_does_not_exist_is_named(conn: Connection, asked: dict[str, object], expected: type) -> None:
    await add_areas(conn, COMMUNITY)
    with pytest.raises(expected) as refused:
        await ask(conn, START, **asked)  # type: ignore[arg-type]
    assert f"/query/{next(iter(asked))}" == refused.value.pointer


@pytest.mark.parametrize(
    ("period", "by", "expected"),
    [
        ((date(2026, 3, 1), date(2026, 3, 1)), None, "/query/to"),
        ((date(2026, 3, 2), date(2026, 3, 1)), None, "/query/to"),
        ((date(2000, 1, 1), date(2026, 3, 1)), None, "/query/to"),
        ((date(2025, 1, 1), date(2026, 3, 1)), By.DAY, "/query/by"),
    ],
)
async def test_a_bad_period_is_named(conn: Connection, period: tuple[date, date], by: By | None, expected: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await ask(conn, START, period=period, by=by)
    assert [expected] == [error.pointer for error in refused.value.errors]
