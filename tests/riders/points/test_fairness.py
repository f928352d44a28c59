"""Nobody is paid twice for one matter, nor without end in a day; the ledger says so with an entry of nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from community.models import Case
from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.database import Connection, Pool, pool_transaction
from geo.frame import metres_between
from geo.models import Locate
from riders.points.corrections import reverse
from riders.points.models import Ground, RuleTerms, Withheld
from riders.points.rules.setting import set_rule
from tests.conftest import START
from tests.riders.points.reporters import NORTH_OF_HERE, Reporting

AddRider = Callable[..., Awaitable[Actor]]
AddSecretary = Callable[..., Awaitable[Actor]]
SPOT_M = NORTH_OF_HERE * 110_946  # metres of a step, on the ellipsoid at 36°


async def withheld(work: Reporting) -> list[Withheld | None]:
    return [entry.withheld for entry in await work.entries()]


async def filed(work: Reporting, **where: object) -> Case:
    case = await work.do(await work.report(**where), Verb.FILE)  # type: ignore[arg-type]
    await work.work_off(case)
    return case


async def set_cap(conn: Connection, admin: Actor, cap: int, ground: Ground = Ground.FILED) -> None:
    await set_rule(conn, actor=admin, terms=RuleTerms(ground, None, 2, cap, "立案", "filed"), now=START)


@pytest.fixture
def admin(work: Reporting) -> Actor:
    return Actor("staff", work.secretary.id, 1, grants=(Grant(Role.DISTRICT_ADMIN, ""),))


async def test_beyond_the_days_cap_an_entry_gives_nothing_and_says_so(
    conn: Connection, work: Reporting, admin: Actor
) -> None:
    await set_cap(conn, admin, 2)
    for _ in range(3):
        await filed(work)
    assert [None, None, Withheld.DAILY_CAP] == await withheld(work)
    assert "当日该项已达上限" in (await work.entries())[-1].reason.zh


async def test_the_cap_holds_when_all_events_are_worked_off_at_once(
    pool: Pool, add_rider: AddRider, add_secretary: AddSecretary, locate: Locate, south: str
) -> None:
    async with pool_transaction(pool) as conn:
        work = Reporting(conn, await add_rider(conn), await add_secretary(conn, south), locate)
        await set_cap(conn, work.secretary, 3)
        cases = [await work.do(await work.report(), Verb.FILE) for _ in range(8)]

    async def work_off(case: Case) -> None:
        async with pool_transaction(pool) as conn:
            await Reporting(conn, work.rider, work.secretary, locate).work_off(case)

    await asyncio.gather(*(work_off(case) for case in cases))
    async with pool_transaction(pool) as conn:
        found = await withheld(Reporting(conn, work.rider, work.secretary, locate))
    assert (3, 5) == (found.count(None), found.count(Withheld.DAILY_CAP))


async def test_the_cap_is_each_days_and_a_day_is_a_local_one(conn: Connection, work: Reporting, admin: Actor) -> None:
    await set_cap(conn, admin, 1)
    before_midnight = START.replace(hour=15, minute=59)  # 23:59 in Qingdao
    for now in (before_midnight, before_midnight, before_midnight + timedelta(minutes=1)):
        case = await work.do(await work.report(now=now), Verb.FILE, now=now)
        await work.work_off(case, now=START + timedelta(days=9))
    assert [None, Withheld.DAILY_CAP, None] == await withheld(work)


async def test_a_new_version_of_a_rule_opens_no_second_cap(conn: Connection, work: Reporting, admin: Actor) -> None:
    await set_cap(conn, admin, 1)
    await filed(work)
    await set_rule(conn, actor=admin, terms=RuleTerms(Ground.FILED, None, 9, 1, "立案", "filed"), now=START)
    await filed(work)
    assert [None, Withheld.DAILY_CAP] == await withheld(work)


async def test_taking_an_entry_back_makes_no_room_for_another(conn: Connection, work: Reporting, admin: Actor) -> None:
    await set_cap(conn, admin, 1)
    await filed(work)
    (entry,) = await work.entries()
    await reverse(conn, actor=work.secretary, entry_id=entry.id, reason="误记", now=START)
    await filed(work)
    assert [None, None, Withheld.DAILY_CAP] == await withheld(work)


async def test_each_ground_has_its_own_cap(conn: Connection, work: Reporting, admin: Actor) -> None:
    await set_cap(conn, admin, 1)
    await work.work_off(await work.finish(await filed(work)))
    assert [None, None] == await withheld(work)


async def test_one_spot_and_category_pays_once_in_a_day(work: Reporting) -> None:
    for _ in range(3):
        await filed(work, steps_north=1)
    assert [None, Withheld.SAME_SPOT, Withheld.SAME_SPOT] == await withheld(work)


async def test_a_spot_that_did_not_pay_for_filing_does_not_pay_for_closing_either(work: Reporting) -> None:
    for case in [await filed(work, steps_north=1) for _ in range(2)]:
        await work.work_off(await work.finish(case))
    assert [None, Withheld.SAME_SPOT] * 2 == await withheld(work)


@pytest.mark.parametrize(
    ("steps", "category", "after", "expected"),
    [
        (1 + 49 / SPOT_M, "litter", timedelta(0), Withheld.SAME_SPOT),
        (1 + 51 / SPOT_M, "litter", timedelta(0), None),
        (1, "rubble", timedelta(0), None),
        (1, "litter", timedelta(hours=24, seconds=-1), Withheld.SAME_SPOT),
        (1, "litter", timedelta(hours=24), None),
    ],
)
async def test_another_spot_category_or_day_pays_again(
    work: Reporting, steps: float, category: str, after: timedelta, expected: Withheld | None
) -> None:
    await filed(work, steps_north=1)
    await filed(work, steps_north=steps, category=category, now=START + after)
    assert expected == (await work.entries())[-1].withheld


async def test_whichever_of_two_at_one_spot_is_filed_first_is_the_one_that_pays(work: Reporting) -> None:
    first, second = [await work.report(steps_north=1) for _ in range(2)]
    for case in (second, first):
        await work.work_off(await work.do(case, Verb.FILE))
    entries = await work.entries()
    assert [(second.id, None), (first.id, Withheld.SAME_SPOT)] == [(e.case_id, e.withheld) for e in entries]


async def test_a_report_that_was_rejected_does_not_bar_the_next_one_from_the_spot(work: Reporting) -> None:
    case = await filed(work, steps_north=1)
    await work.work_off(await work.do(case, Verb.REJECT))
    await filed(work, steps_north=1)
    assert [None, None, None] == await withheld(work)


async def test_two_riders_at_one_spot_are_both_paid(work: Reporting, other: Reporting) -> None:
    await filed(work, steps_north=1)
    await filed(other, steps_north=1)
    assert ([None], [None]) == (await withheld(work), await withheld(other))


async def test_reports_without_a_place_are_never_at_one_spot(conn: Connection, work: Reporting) -> None:
    await filed(work, steps_north=1)
    await conn.execute("update community_case set lon = null, lat = null")
    await filed(work, steps_north=1)
    assert [None, None] == await withheld(work)


def test_metres_are_those_of_the_ellipsoid() -> None:
    assert abs(metres_between(120.18, 35.9, 120.18, 35.901) - 110.95) < 0.1
    assert abs(metres_between(120.18, 35.9, 120.181, 35.9) - 90.26) < 0.1
