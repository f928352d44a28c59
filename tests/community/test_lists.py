"""Lists: who sees what, the filters, and pages that neither repeat nor skip while others write."""

import random
from datetime import timedelta
from itertools import product

import pytest

from community.errors import UnknownCursor
from community.lists.models import CaseFilter, Order
from community.lists.pages import list_cases
from community.models import Case, Origin, State
from community.sight import roles_on
from core.access.models import Actor, Grant, Role
from core.database import Connection
from tests.community.district import (
    COMMUNITY,
    ELSEWHERE,
    NEIGHBOUR,
    STREET,
    found,
    located,
    open_report,
    put_in_state,
    read,
)
from tests.conftest import DISTRICT, START

PATHS = (COMMUNITY, f"{COMMUNITY}/001", f"{COMMUNITY}-a", NEIGHBOUR, ELSEWHERE, None)
ADMIN = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))


async def listed(
    conn: Connection,
    actor: Actor = ADMIN,
    wanted: CaseFilter | None = None,
    order: Order = Order.NEWEST,
    limit: int = 200,
) -> list[int]:
    """Give the ids on the first page."""
    page = await list_cases(
        conn, actor=actor, wanted=wanted or CaseFilter(), order=order, cursor=None, limit=limit, now=START
    )
    return [line.id for line in page.cases]


async def open_everywhere(conn: Connection, department_id: int) -> list[Case]:
    cases = []
    for number, (path, dispatched) in enumerate(product(PATHS, [False, True])):
        case = await open_report(conn, number, at=located(path)) if path else await open_report(conn, number)
        if dispatched:
            case = await put_in_state(conn, case, State.DISPATCHED, department_id=department_id)
        cases.append(case)
    return cases


@pytest.mark.parametrize("seed", range(40))
async def test_a_list_shows_exactly_the_cases_one_stands_before(conn: Connection, seed: int) -> None:
    dice = random.Random(seed)
    department_id = await found(conn)
    cases = await open_everywhere(conn, department_id)
    scopes = ["", "37", STREET, COMMUNITY, f"{COMMUNITY}/001", NEIGHBOUR, "37/011"]
    grants = tuple(
        Grant(dice.choice(list(Role)), dice.choice(scopes), dice.choice([None, department_id]))
        for _ in range(dice.randint(0, 3))
    )
    actor = Actor("staff", 1, DISTRICT, "", grants)
    seen = [case.id for case in cases if roles_on(actor, case)]
    assert seen == sorted(await listed(conn, actor))


async def test_another_communitys_secretary_sees_nothing_of_it(conn: Connection) -> None:
    await open_report(conn, 1, at=located(COMMUNITY))
    assert [] == await listed(conn, Actor("staff", 1, DISTRICT, "", (Grant(Role.SECRETARY, NEIGHBOUR),)))


@pytest.mark.parametrize(("scope", "expected"), [("37/01", 4), (COMMUNITY, 2), ("", 5), ("37/0", 0), ("37/01/02/0", 0)])
async def test_the_area_filter_is_a_subtree_not_a_prefix(conn: Connection, scope: str, expected: int) -> None:
    for number, path in enumerate(PATHS):
        await (open_report(conn, number, at=located(path)) if path else open_report(conn, number))
    assert expected == len(await listed(conn, wanted=CaseFilter(area_path=scope)))


async def test_filters_narrow_together(conn: Connection) -> None:
    department_id = await found(conn)
    old = await open_report(conn, 1, at=located(), now=START - timedelta(days=2))
    door = await open_report(conn, 2, origin=Origin.STATION_FAULT, category_code="station_locked")
    sent = await put_in_state(conn, await open_report(conn, 3), State.DISPATCHED, department_id=department_id)
    everything = [sent.id, door.id, old.id]
    for wanted, expected in [
        (CaseFilter(), everything),
        (CaseFilter(states=[State.COLLECTED]), [door.id, old.id]),
        (CaseFilter(states=[State.COLLECTED], category_codes=["litter"]), [old.id]),
        (CaseFilter(origin=Origin.STATION_FAULT), [door.id]),
        (CaseFilter(department_id=department_id), [sent.id]),
        (CaseFilter(duty_desk=True), [sent.id, door.id]),
        (CaseFilter(overdue=True), [old.id]),
        (CaseFilter(number=door.number), [door.id]),
        (CaseFilter(number=f"1999-{door.id:06d}"), []),
        (CaseFilter(number="nonsense"), []),
        (CaseFilter(opened_from=START), [sent.id, door.id]),
        (CaseFilter(opened_before=START), [old.id]),
    ]:
        assert expected == await listed(conn, wanted=wanted), wanted


async def test_what_is_due_next_stands_on_top_and_what_has_no_clock_last(conn: Connection) -> None:
    unhurried = await put_in_state(conn, await open_report(conn, 1), State.HANDLED)
    await conn.execute("update community_case set next_due_at = null where id = $1", unhurried.id)
    later = await open_report(conn, 2, now=START + timedelta(minutes=1))
    urgent = await open_report(conn, 3)
    ended = await open_report(conn, 4)
    await conn.execute("update community_case set closed_at = opened_at, state = 'closed' where id = $1", ended.id)
    assert [urgent.id, later.id, unhurried.id] == await listed(conn, order=Order.DUE)


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-5, 1), (2, 2), (10**9, 3)])
async def test_the_page_size_is_clamped(conn: Connection, asked: int, given: int) -> None:
    for number in range(3):
        await open_report(conn, number)
    assert given == len(await listed(conn, limit=asked))


@pytest.mark.parametrize("order", Order)
async def test_pages_neither_repeat_nor_skip_while_others_write(conn: Connection, order: Order) -> None:
    """Between pages cases arrive, close and change their due time; those left alone appear exactly once."""
    dice = random.Random(7)
    cases = [await open_report(conn, n, now=START + timedelta(minutes=n % 5)) for n in range(60)]
    untimed = {case.id for case in cases[::6]}
    await conn.execute("update community_case set next_due_at = null where id = any($1::bigint[])", untimed)
    touched = {case.id for case in dice.sample(cases, 15)}
    unread, seen, cursor = set(touched), [], None
    while True:
        page = await list_cases(conn, actor=ADMIN, wanted=CaseFilter(), order=order, cursor=cursor, limit=7, now=START)
        seen += [line.id for line in page.cases]
        if (cursor := page.next_cursor) is None:
            break
        await open_report(conn, f"new {len(seen)}", now=START + timedelta(minutes=dice.randint(-60, 60)))
        moved = unread.pop()
        await conn.execute(
            """
            update community_case set closed_at = case when $2 then opened_at end, next_due_at = $3 where id = $1
            """,
            moved,
            dice.random() < 0.5,
            START + timedelta(minutes=dice.randint(-60, 60)),
        )
    steady = [case.id for case in cases if case.id not in touched]
    assert steady == sorted(case_id for case_id in seen if case_id in steady)
    if order is Order.NEWEST:
        assert len(set(seen)) == len(seen)


async def test_a_page_follows_the_order_of_the_one_before(conn: Connection) -> None:
    for number in range(9):
        await open_report(conn, number, now=START + timedelta(minutes=number % 3))
    whole = await listed(conn, order=Order.DUE)
    seen, cursor = [], None
    for _ in range(5):
        page = await list_cases(
            conn, actor=ADMIN, wanted=CaseFilter(), order=Order.DUE, cursor=cursor, limit=2, now=START
        )
        seen += [line.id for line in page.cases]
        cursor = page.next_cursor
    assert (whole, None) == (seen, cursor)


@pytest.mark.parametrize(
    "cursor", ["", "no", "bmV3ZXN0fHg=", "bmV3ZXN0fHh8MQ==", "ZHVlfGluZmluaXR5fDE=", "ä", "a" * 99]
)
async def test_a_made_up_or_foreign_cursor_is_refused(conn: Connection, cursor: str) -> None:
    with pytest.raises(UnknownCursor):
        await list_cases(conn, actor=ADMIN, wanted=CaseFilter(), order=Order.NEWEST, cursor=cursor, limit=2, now=START)


async def test_a_line_shows_the_case(conn: Connection) -> None:
    case = await read(conn, await open_report(conn, 1, at=located()))
    page = await list_cases(conn, actor=ADMIN, wanted=CaseFilter(), order=Order.DUE, cursor=None, limit=1, now=START)
    (line,) = page.cases
    assert (case.number, case.state, case.area_names, case.next_due_at) == (
        line.number,
        line.state,
        line.area_names,
        line.next_due_at,
    )
