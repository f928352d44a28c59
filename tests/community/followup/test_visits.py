"""The visits that staff owe: in order of their clock, within the area, with contact only for those who need it."""

from datetime import timedelta

import pytest

from community.errors import UnknownCursor
from community.followup.visits import list_visits
from community.models import Case, Contact, Satisfaction
from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.database import Connection
from tests.community.district import COMMUNITY, ELSEWHERE, NEIGHBOUR, STREET, found, hire
from tests.community.followup.story import CONTACT, SOON, appeal, close, do
from tests.conftest import DISTRICT, RING

ADMIN = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))


async def owed(conn: Connection, number: int, secretary: Actor, *, path: str = COMMUNITY, days: int = 0) -> Case:
    """Close an appeal in the area at `path`, so that a visit is owed."""
    _, case = await appeal(conn, key=f"a-key-of-appeal-{number}")
    case = await close(conn, case, secretary, now=SOON + timedelta(days=days))
    await conn.execute("update community_case set area_path = $2, desk_path = $2 where id = $1", case.id, path)
    return case


async def visits(conn: Connection, actor: Actor, cursor: str | None = None, limit: int = 50) -> list[int]:
    return [
        visit.case_id for visit in (await list_visits(conn, ring=RING, actor=actor, cursor=cursor, limit=limit)).visits
    ]


async def test_the_visit_due_next_stands_first_and_a_made_one_is_gone(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    late, early = await owed(conn, 1, secretary, days=1), await owed(conn, 2, secretary)
    page = await list_visits(conn, ring=RING, actor=secretary, cursor=None, limit=50)
    assert [early.id, late.id] == [visit.case_id for visit in page.visits]
    assert ([early.next_due_at, late.next_due_at], None) == ([each.due_at for each in page.visits], page.next_cursor)
    assert (early.number, "help", "孩子上学的事", "已办妥", SOON, CONTACT.masked()) == (
        page.visits[0].number,
        page.visits[0].category_code,
        page.visits[0].description,
        page.visits[0].result,
        page.visits[0].closed_at,
        page.visits[0].contact,
    )
    await do(conn, early, Verb.FOLLOW_UP, secretary, note="已回访", satisfaction=Satisfaction.SATISFIED)
    await do(conn, late, Verb.REOPEN, secretary, note="再处理")
    assert [] == await visits(conn, secretary)


async def test_what_owes_no_visit_is_not_listed(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    _, case = await appeal(conn, contact=Contact(None, None))
    await close(conn, case, secretary)
    await appeal(conn, key="still-open")
    assert [] == await visits(conn, secretary)


async def test_everyone_sees_the_visits_of_his_area_alone(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    paths = [COMMUNITY, NEIGHBOUR, f"{COMMUNITY}/001", ELSEWHERE, f"{COMMUNITY}9"]
    own, next_door, grid, elsewhere, alike = [
        (await owed(conn, number, secretary, path=path)).id for number, path in enumerate(paths)
    ]
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    assert [own, grid] == await visits(conn, secretary)
    assert [own, next_door, grid, alike] == await visits(conn, centre)
    assert [own, next_door, grid, elsewhere, alike] == await visits(conn, ADMIN)


async def test_a_department_has_no_visits_to_make(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case, department_id = await owed(conn, 1, secretary), await found(conn)
    await conn.execute(
        "update community_case set department_id = $2, department_ids = array[$2::bigint] where id = $1",
        case.id,
        department_id,
    )
    assert [] == await visits(conn, await hire(conn, "worker", Role.DEPARTMENT, COMMUNITY, department_id))


async def test_what_lies_at_the_duty_desk_is_the_centres_to_visit(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    case = await close(conn, (await appeal(conn, place=None))[1], centre)
    assert ([case.id], []) == (await visits(conn, centre), await visits(conn, secretary))
    page = await list_visits(conn, ring=RING, actor=centre, cursor=None, limit=1)
    assert CONTACT.masked() == page.visits[0].contact


async def test_the_list_shows_that_there_is_somebody_to_reach_and_not_how(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    await owed(conn, 1, secretary)
    page = await list_visits(conn, ring=RING, actor=secretary, cursor=None, limit=50)
    assert [Contact("演*", "199****0001")] == [visit.contact for visit in page.visits]


async def test_pages_neither_repeat_nor_skip_also_where_many_are_due_at_once(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    every = [(await owed(conn, number, secretary, days=number // 3)).id for number in range(7)]
    seen: list[int] = []
    cursor, count = None, 0
    while count == 0 or cursor is not None:
        page = await list_visits(conn, ring=RING, actor=secretary, cursor=cursor, limit=2)
        seen += [visit.case_id for visit in page.visits]
        cursor, count = page.next_cursor, count + 1
    assert (every, 4) == (seen, count)


@pytest.mark.parametrize("cursor", ["zz", "ZHVlfGluZmluaXR5fDE=", "dmlzaXRzfDE="])
async def test_a_cursor_of_another_list_is_refused(conn: Connection, cursor: str) -> None:
    with pytest.raises(UnknownCursor):
        await list_visits(conn, ring=RING, actor=ADMIN, cursor=cursor, limit=50)
