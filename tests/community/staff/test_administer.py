"""Who administers whom: every role against every other, within its area and out of it; and what each act does."""

import asyncio

import pytest

from community.errors import UnknownArea
from community.routing.queries import insert_department
from community.staff import administer
from community.staff.errors import (
    AccountNotYours,
    DepartmentElsewhere,
    GrantNotHeld,
    LastAdministrator,
    OwnAccountRefused,
    RoleNotYours,
)
from community.staff.granting import GIVES
from community.staff.models import WantedGrant
from core.access.models import Actor, Grant, Role
from core.access.queries import find_staff, list_grants
from core.access.sessions import find_actor, open_session
from core.database import Connection, Pool, pool_transaction
from core.errors import InvalidInput, NotFound
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, add_areas, hire
from tests.conftest import DISTRICT, START

ELSEWHERE = "37/011/09"
BELOW = {Role.SECRETARY, Role.GRID_WORKER, Role.STATION_HOST, Role.DEPARTMENT}


@pytest.fixture(autouse=True)
async def areas(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR, ELSEWHERE)


async def add(conn: Connection, actor: Actor | None, username: str, *wanted: object) -> int:
    return await administer.add(
        conn,
        district_id=DISTRICT,
        actor=actor,
        username=username,
        name="示例",
        wanted=WantedGrant(*wanted),  # type: ignore[arg-type]
        password_hash="-",
        now=START,
    )


async def act(conn: Connection, verb: str, actor: Actor | None, staff_id: int, **more: object) -> None:
    if verb.startswith("reset"):
        more["password_hash"] = "new"
    await getattr(administer, verb)(conn, district_id=DISTRICT, actor=actor, staff_id=staff_id, now=START, **more)


@pytest.mark.parametrize("giver", list(Role))
@pytest.mark.parametrize("given", list(Role))
async def test_each_role_gives_only_what_is_below_it_within_its_area(
    conn: Connection, giver: Role, given: Role
) -> None:
    await insert_department(conn, district_id=DISTRICT, code="street", name="街道", phone=None, area_path=STREET)
    actor = await hire(conn, "giver", giver, STREET)
    department = "street" if given is Role.DEPARTMENT else None
    may = giver is Role.DISTRICT_ADMIN or (giver is Role.SUBDISTRICT and given in BELOW)
    if may:
        assert await add(conn, actor, "new", given, COMMUNITY, department)
    else:
        with pytest.raises(RoleNotYours):
            await add(conn, actor, "new", given, COMMUNITY, department)


@pytest.mark.parametrize("giver", list(GIVES))
@pytest.mark.parametrize("area", [ELSEWHERE, "37"])
async def test_nobody_gives_beside_or_above_his_area(conn: Connection, giver: Role, area: str) -> None:
    with pytest.raises(RoleNotYours):
        await add(conn, await hire(conn, "giver", giver, STREET), "new", Role.SECRETARY, area)


async def test_the_department_of_the_whole_district_is_not_for_a_street_to_give(conn: Connection) -> None:
    await insert_department(conn, district_id=DISTRICT, code="water", name="水务", phone=None)
    with pytest.raises(RoleNotYours):  # he would see the water cases of the whole district
        await add(conn, await hire(conn, "giver", Role.SUBDISTRICT, STREET), "new", Role.DEPARTMENT, COMMUNITY, "water")


@pytest.mark.parametrize(("area", "fits"), [("", False), ("37", False), (STREET, True), (COMMUNITY, True)])
async def test_a_department_is_given_where_it_works(conn: Connection, area: str, fits: bool) -> None:
    await insert_department(conn, district_id=DISTRICT, code="street", name="街道", phone=None, area_path=STREET)
    if fits:
        assert await add(conn, None, "new", Role.DEPARTMENT, area, "street")
    else:
        with pytest.raises(DepartmentElsewhere):
            await add(conn, None, "new", Role.DEPARTMENT, area, "street")


async def test_a_role_on_areas_needs_one_that_exists(conn: Connection) -> None:
    with pytest.raises(InvalidInput):
        await add(conn, None, "new", Role.SECRETARY, "")
    with pytest.raises(UnknownArea):
        await add(conn, None, "new", Role.SECRETARY, "37/99")


VERBS = ("disable", "enable", "grant", "revoke_grant", "reset_password", "reset_second_factor")
MORE = {
    "grant": {"wanted": WantedGrant(Role.GRID_WORKER, COMMUNITY)},
    "revoke_grant": {"taken": Grant(Role.SECRETARY, COMMUNITY)},
}


@pytest.mark.parametrize("verb", VERBS)
async def test_every_act_ends_the_sessions_and_leaves_a_row(conn: Connection, verb: str) -> None:
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    wang = await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    assert wang.id is not None
    tokens = await open_session(conn, district_id=DISTRICT, kind="staff", subject_id=wang.id, now=START)
    await act(conn, verb, centre, wang.id, **MORE.get(verb, {}))
    if verb != "enable":
        assert await find_actor(conn, district_id=DISTRICT, token=tokens.access, now=START) is None
    row = await conn.fetchrow("select act, actor_id, subject, subject_id from audit_entry order by id desc limit 1")
    assert row is not None
    assert (True, centre.id, "staff", str(wang.id)) == (row["act"].startswith("staff."), *list(row)[1:])


@pytest.mark.parametrize("verb", VERBS)
async def test_what_is_out_of_sight_does_not_exist(conn: Connection, verb: str) -> None:
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    stranger = await hire(conn, "stranger", Role.SECRETARY, ELSEWHERE)
    for staff_id in (stranger.id, 999_999):
        with pytest.raises(NotFound):
            await act(conn, verb, centre, staff_id or 0, **MORE.get(verb, {}))


@pytest.mark.parametrize("verb", VERBS)
async def test_nobody_does_any_of_it_to_himself(conn: Connection, verb: str) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    with pytest.raises(OwnAccountRefused):
        await act(conn, verb, admin, admin.id or 0, **MORE.get(verb, {}))


@pytest.mark.parametrize("verb", ["disable", "enable", "reset_password", "reset_second_factor"])
@pytest.mark.parametrize(
    ("role", "area"), [(Role.SUBDISTRICT, STREET), (Role.AUDITOR, COMMUNITY), (Role.SECRETARY, ELSEWHERE)]
)
async def test_who_holds_a_role_above_or_beside_too_is_not_locked_out_from_below(
    conn: Connection, verb: str, role: Role, area: str
) -> None:
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    wang = await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    await act(conn, "grant", None, wang.id or 0, wanted=WantedGrant(role, area))
    with pytest.raises(AccountNotYours):
        await act(conn, verb, centre, wang.id or 0)
    await act(conn, "revoke_grant", centre, wang.id or 0, taken=Grant(Role.SECRETARY, COMMUNITY))  # that one is his


async def test_a_role_of_others_is_neither_taken_nor_told(conn: Connection) -> None:
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    wang = await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    await act(conn, "grant", None, wang.id or 0, wanted=WantedGrant(Role.SECRETARY, ELSEWHERE))
    for taken in (Grant(Role.SECRETARY, ELSEWHERE), Grant(Role.GRID_WORKER, COMMUNITY)):
        with pytest.raises(GrantNotHeld):
            await act(conn, "revoke_grant", centre, wang.id or 0, taken=taken)
    (seen,) = [each for each in await administer.list_colleagues(conn, actor=centre) if each.username == "wang"]
    assert (Grant(Role.SECRETARY, COMMUNITY),) == administer.seen_roles(centre, seen)


async def test_an_auditor_sees_the_staff_of_his_area_and_changes_nothing(conn: Connection) -> None:
    auditor = await hire(conn, "auditor", Role.AUDITOR, STREET)
    await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    await hire(conn, "stranger", Role.SECRETARY, ELSEWHERE)
    seen = await administer.list_colleagues(conn, actor=auditor)
    assert ["auditor", "wang"] == [each.username for each in seen]
    assert not any(administer.may_administer(auditor, each) for each in seen)


async def test_the_list_goes_on_where_it_ended(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = await hire(conn, "a", Role.DISTRICT_ADMIN)
    for name in "bcd":
        await hire(conn, name, Role.AUDITOR)
    monkeypatch.setattr(administer, "PAGE", 2)
    first = await administer.list_colleagues(conn, actor=admin)
    second = await administer.list_colleagues(conn, actor=admin, after=first[-1].username)
    assert ["a", "b", "c", "d"] == [each.username for each in first + second]


@pytest.mark.parametrize("by_the_operator", [True, False])
async def test_the_last_administrator_stays(conn: Connection, by_the_operator: bool) -> None:
    first = await hire(conn, "first", Role.DISTRICT_ADMIN)
    second = await hire(conn, "second", Role.DISTRICT_ADMIN)
    actor = None if by_the_operator else first
    await act(conn, "disable", actor, second.id or 0)
    whole = Grant(Role.DISTRICT_ADMIN, "")
    partly = await hire(conn, "partly", Role.DISTRICT_ADMIN, "37")
    for verb, more in (("disable", {}), ("revoke_grant", {"taken": whole})):
        with pytest.raises(LastAdministrator):
            await act(conn, verb, None, first.id or 0, **more)
    await act(conn, "disable", None, partly.id or 0)
    await act(conn, "revoke_grant", None, second.id or 0, taken=whole)
    assert (whole,) == await list_grants(conn, district_id=DISTRICT, staff_id=first.id or 0)


async def test_two_administrators_who_remove_each_other_at_once_leave_one(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        first, second = await hire(conn, "first", Role.DISTRICT_ADMIN), await hire(conn, "second", Role.DISTRICT_ADMIN)

    async def remove(actor: Actor, subject: Actor) -> None:
        async with pool_transaction(pool) as conn:
            await act(conn, "disable", actor, subject.id or 0)
            await asyncio.sleep(0.1)

    done = await asyncio.gather(remove(first, second), remove(second, first), return_exceptions=True)
    assert {type(None), LastAdministrator} == {type(each) for each in done}


async def test_taking_the_second_factor_takes_the_password_too(conn: Connection) -> None:
    wang = await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    await act(conn, "reset_second_factor", None, wang.id or 0)
    row = await conn.fetchrow("select password_hash, totp_secret, one_time_until from staff where id = $1", wang.id)
    assert row is not None
    assert ("new", None, True) == (row["password_hash"], row["totp_secret"], row["one_time_until"] is not None)


async def test_a_new_account_owes_its_password_and_second_factor(conn: Connection) -> None:
    staff_id = await add(conn, None, "new", Role.AUDITOR)
    tokens = await open_session(conn, district_id=DISTRICT, kind="staff", subject_id=staff_id, now=START)
    found = await find_actor(conn, district_id=DISTRICT, token=tokens.access, now=START)
    assert found is not None
    assert (("password", "second_factor"), ()) == (found.owes, found.grants)
    assert await find_staff(conn, district_id=DISTRICT, username="new") is not None
