"""A small world counted by hand, and worlds that live at random, for the tests of figures."""

import contextlib
import random
from dataclasses import replace
from datetime import date, datetime, timedelta

from community.acts import Act
from community.cases import NOWHERE
from community.clocks.sweep import sweep_deadlines
from community.figures import queries
from community.figures.ask import answer
from community.figures.cells import add_up
from community.figures.definitions import Rate
from community.figures.models import By, FigureRow, Figures, Question
from community.figures.sweep import sweep_figures
from community.models import Case, Channel, Kind, Satisfaction
from community.queries import find_case
from community.triage import carry_out
from community.workflow import Verb, allowed_transitions
from core.access.models import Actor, Grant, Role
from core.database import Connection
from core.errors import Refusal
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


async def check_sums(conn: Connection) -> None:
    """See that every case is tallied once it is swept, and each sum is exactly that of the tallied cases."""
    ids = [row["id"] for row in await conn.fetch("select id from community_case order by id")]
    cases = await queries.list_tallied(conn, district_id=DISTRICT, case_ids=ids)
    assert ids == sorted(case.case_id for case in cases)
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
