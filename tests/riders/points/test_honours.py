"""A month's honours are awarded once, for cases that ended in it; what falls later is marked, not rewritten."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community.models import Case
from community.verification.models import LookRule, Looks
from community.verification.queries import update_look_rule
from community.workflow import Verb
from core.access.models import Actor
from core.database import Connection, Pool, pool_transaction
from core.errors import NotFound
from geo.models import Locate
from riders.points.corrections import reverse
from riders.points.honours.award import (
    list_honours,
    list_own_records,
    list_records,
    month_before,
    sweep_honours,
)
from riders.points.honours.models import HonourRecord
from riders.points.models import Ground
from riders.signup.profile import update_profile
from tests.conftest import DISTRICT, RING, START
from tests.riders.points.reporters import Reporting, appoint

AddRider = Callable[..., Awaitable[Actor]]
AddSecretary = Callable[[Connection, str], Awaitable[Actor]]
MARCH = date(2026, 3, 1)
IN_APRIL = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)  # midnight in Qingdao


async def month_of(
    work: Reporting, *, closed: int = 0, rejected: int = 0, now: datetime = START, category: str = "litter"
) -> list[Case]:
    """Let a rider's reports end: so many closed, so many rejected."""
    cases = []
    for number in range(closed + rejected):
        case = await work.report(category=category, now=now)
        if number < closed:
            case = await work.finish(await work.do(case, Verb.FILE, now=now), now=now)
        else:
            case = await work.do(case, Verb.REJECT, now=now)
        await work.work_off(case, now=now)
        cases.append(case)
    return cases


async def records(work: Reporting, area_path: str, month: date = MARCH) -> list[HonourRecord]:
    return await list_records(work.conn, actor=work.secretary, month=month, area_path=area_path)


async def sweep(conn: Connection, now: datetime = IN_APRIL) -> int:
    return len(await sweep_honours(conn, district_id=DISTRICT, now=now))


@pytest.fixture
async def second(conn: Connection, work: Reporting, other: Reporting, south: str) -> Reporting:
    """Give a second reporter of the southern community."""
    await appoint(conn, other.rider, work.secretary, south)
    return other


async def test_the_better_quality_comes_first_though_the_other_did_far_more(
    conn: Connection, work: Reporting, second: Reporting, south: str
) -> None:
    await month_of(work, closed=5)
    await month_of(second, closed=18, rejected=2)
    await sweep(conn)
    first, behind = await records(work, south)
    assert (work.rider.id, second.rider.id) == (first.rider_id, behind.rider_id)
    assert (1, 2) == (first.place, behind.place)
    assert (5, 5, 1.0) == (first.figures["decided"], first.figures["stood"], first.figures["quality"])
    assert 0.9 == behind.figures["quality"]


async def test_sweeping_again_changes_nothing_whatever_has_happened_since(
    conn: Connection, work: Reporting, second: Reporting, south: str
) -> None:
    cases = await month_of(work, closed=5)
    assert 1 == await sweep(conn)
    once = await records(work, south)
    await conn.execute("update community_case set state = 'rejected' where id = $1", cases[0].id)
    await month_of(second, closed=9)
    assert [0, 0] == [await sweep(conn), await sweep(conn, IN_APRIL + timedelta(days=20))]
    assert once == await records(work, south)
    assert 1 == await conn.fetchval("select count(*) from event where kind = 'honour.awarded'")


async def test_two_sweeps_at_once_award_once(
    pool: Pool, add_rider: AddRider, add_secretary: AddSecretary, locate: Locate, south: str
) -> None:
    async with pool_transaction(pool) as conn:
        work = Reporting(conn, await add_rider(conn), await add_secretary(conn, south), locate)
        await appoint(conn, work.rider, work.secretary, south)
        await month_of(work, closed=5)

    async def sweep_in_a_transaction_of_its_own() -> int:
        async with pool_transaction(pool) as conn:
            return await sweep(conn)

    async with pool_transaction(pool) as one:
        assert 1 == await sweep(one)
        two = asyncio.create_task(sweep_in_a_transaction_of_its_own())
        await asyncio.sleep(0.2)  # it has found the area not yet done, and waits for its claim
        assert not two.done()
    assert 1 == await two
    async with pool_transaction(pool) as late:
        assert 1 == await late.fetchval("select count(*) from honour")


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), 0),
        (datetime(2026, 2, 28, 16, 0, tzinfo=UTC), 1),
        (IN_APRIL - timedelta(minutes=1), 1),
        (IN_APRIL, 0),
    ],
)
async def test_a_month_is_a_local_one(
    conn: Connection, work: Reporting, south: str, ended: datetime, expected: int
) -> None:
    await conn.execute("update appointment set starts_at = $1", START - timedelta(days=60))
    await month_of(work, closed=5, now=ended)
    await sweep(conn, IN_APRIL + timedelta(hours=1))
    assert expected == len(await records(work, south))


def test_the_month_before_january_is_december() -> None:
    month = month_before(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
    assert date(2025, 12, 1) == month.first_day
    assert datetime(2025, 11, 30, 16, 0, tzinfo=UTC) == month.begins_at
    assert datetime(2025, 12, 31, 16, 0, tzinfo=UTC) == month.ends_at


async def test_four_reports_are_too_few_and_the_month_is_still_done(
    conn: Connection, work: Reporting, south: str
) -> None:
    await month_of(work, closed=4)
    assert 1 == await sweep(conn)
    assert [] == await records(work, south)
    await month_of(work, closed=1)
    assert 0 == await sweep(conn)


async def test_reports_outside_the_area_and_duplicates_of_ones_own_do_not_count(
    conn: Connection, work: Reporting, north: str, south: str
) -> None:
    cases = await month_of(work, closed=5)
    for case in await month_of(work, closed=5):
        await conn.execute("update community_case set area_path = $2, desk_path = $2 where id = $1", case.id, north)
    await work.merge(await work.report(), cases[0])
    await sweep(conn)
    (honour,) = await records(work, south)
    assert (5, 5, 0) == (honour.figures["decided"], honour.figures["stood"], honour.figures["merged"])


async def test_anothers_matter_counts_as_merged(
    conn: Connection, work: Reporting, second: Reporting, south: str
) -> None:
    await month_of(work, closed=5)
    await work.merge(await work.report(), (await month_of(second, closed=1))[0])
    await sweep(conn)
    (honour,) = await records(work, south)
    assert (5, 1) == (honour.figures["decided"], honour.figures["merged"])
    assert round((1 + 5 / 6) / 2, 4) == honour.figures["quality"]


async def test_a_case_that_staff_took_points_back_for_does_not_stand(
    conn: Connection, work: Reporting, south: str
) -> None:
    await month_of(work, closed=6)
    entry = (await work.entries())[0]
    await reverse(conn, actor=work.secretary, entry_id=entry.id, reason="摆拍", now=START)
    await sweep(conn)
    (honour,) = await records(work, south)
    assert (6, 5) == (honour.figures["decided"], honour.figures["stood"])


async def test_breadth_counts_different_categories_and_grids(conn: Connection, work: Reporting, south: str) -> None:
    await month_of(work, closed=3)
    await month_of(work, closed=2, category="rubble")
    await month_of(work, rejected=1, category="greenery")
    await sweep(conn)
    (honour,) = await records(work, south)
    assert (2, 1) == (honour.figures["categories"], honour.figures["grids"])


@pytest.mark.parametrize("by_hand", [True, False])
async def test_an_answer_is_prompt_within_half_an_hour_of_when_the_look_arose(
    conn: Connection, work: Reporting, other: Reporting, south: str, *, by_hand: bool
) -> None:
    await month_of(work, closed=5)
    await conn.execute("update appointment set trust_level = 3")
    if not by_hand:
        await update_look_rule(conn, district_id=DISTRICT, rule=LookRule("rubble", Looks.BEFORE_FILING, 60, 1440))
    for minutes in (10, 30, 31):
        await work.look_at(await other.report(category="rubble"), minutes=minutes, by_hand=by_hand)
    await sweep(conn)
    (honour,) = await records(work, south)
    assert (3, 2) == (honour.figures["answers"], honour.figures["prompt"])


async def test_only_the_answers_of_the_month_count(
    conn: Connection, work: Reporting, other: Reporting, south: str
) -> None:
    await month_of(work, closed=5)
    await conn.execute("update appointment set trust_level = 3")
    for asked_at in (START, IN_APRIL):
        await work.look_at(await other.report(now=asked_at), asked_at=asked_at)
    await sweep(conn)
    (honour,) = await records(work, south)
    assert 1 == honour.figures["answers"]


async def test_who_is_no_reporter_any_more_is_not_honoured(
    conn: Connection, work: Reporting, second: Reporting, south: str
) -> None:
    await month_of(work, closed=5)
    await month_of(second, closed=5)
    await conn.execute(
        "update appointment set revoked_at = $1, revoked_by = $2, revoke_reason = '虚报' where rider_id = $3",
        IN_APRIL,
        work.secretary.id,
        second.rider.id,
    )
    await sweep(conn)
    assert [work.rider.id] == [honour.rider_id for honour in await records(work, south)]


async def test_a_late_reversal_revokes_the_honour_with_its_reason_and_leaves_it_on_record(
    conn: Connection, work: Reporting, second: Reporting, south: str
) -> None:
    await month_of(work, closed=5)
    await month_of(second, closed=5, rejected=1)
    await sweep(conn)
    entry = next(one for one in await work.entries() if one.ground is Ground.CLOSED)
    taken = await reverse(conn, actor=work.secretary, entry_id=entry.id, reason="摆拍", now=IN_APRIL)
    first, behind = await records(work, south)
    assert (1, IN_APRIL) == (first.place, first.revoked_at)
    assert first.revoke_reason is not None
    assert "撤销：摆拍" == first.revoke_reason.zh
    assert (2, None) == (behind.place, behind.revoked_at)
    shown = await list_honours(conn, ring=RING, actor=work.secretary, month=MARCH, area_path=south)
    assert [2] == [line.place for line in shown]
    await reverse(conn, actor=work.secretary, entry_id=taken.id, reason="看错了", now=IN_APRIL)
    assert [None, None] == [honour.revoked_at for honour in await records(work, south)]
    kinds = await conn.fetch("select kind from event where subject = 'honour' order by id")
    assert ["awarded", "awarded", "revoked", "reinstated"] == [row["kind"].split(".")[1] for row in kinds]


async def test_a_reversal_revoked_again_revokes_again(conn: Connection, work: Reporting, south: str) -> None:
    await month_of(work, closed=5)
    await sweep(conn)
    last = next(one for one in await work.entries() if one.ground is Ground.CLOSED)
    standing = []
    for _ in range(3):
        last = await reverse(conn, actor=work.secretary, entry_id=last.id, reason="复核", now=IN_APRIL)
        standing.append((await records(work, south))[0].revoked_at is None)
    assert [False, True, False] == standing


async def test_a_reversal_in_another_month_leaves_the_honour(conn: Connection, work: Reporting, south: str) -> None:
    await month_of(work, closed=5)
    await sweep(conn)
    case = (await month_of(work, closed=1, now=IN_APRIL))[0]
    entry = next(e for e in await work.entries() if e.case_id == case.id and e.ground is Ground.CLOSED)
    await reverse(conn, actor=work.secretary, entry_id=entry.id, reason="摆拍", now=IN_APRIL)
    assert [None] == [honour.revoked_at for honour in await records(work, south)]


@pytest.mark.parametrize(("name", "shown"), [("王小海", "王*"), ("海", "海*"), (None, "骑手")])
async def test_of_a_name_only_its_first_sign_is_shown(
    conn: Connection, work: Reporting, south: str, name: str | None, shown: str
) -> None:
    await update_profile(conn, ring=RING, actor=work.rider, name=name)
    await month_of(work, closed=5)
    await sweep(conn)
    (line,) = await list_honours(conn, ring=RING, actor=work.secretary, month=MARCH, area_path=south)
    assert shown == line.name
    assert "13800000001" not in repr(line)


@pytest.mark.parametrize(("reporters", "shown"), [(1, 0), (4, 0), (5, 1)])
async def test_where_few_reporters_are_at_work_others_are_not_told_who_won(
    conn: Connection,
    work: Reporting,
    second: Reporting,
    add_secretary: AddSecretary,
    north: str,
    south: str,
    reporters: int,
    shown: int,
) -> None:
    await month_of(work, closed=5)
    await sweep(conn)
    await conn.execute("update honour_run set reporters = $1 where area_path = $2", reporters, south)
    seen = [
        len(await list_honours(conn, ring=RING, actor=who, month=MARCH, area_path=south))
        for who in (work.secretary, await add_secretary(conn, north), second.rider)
    ]
    assert [1, shown, shown] == seen


async def test_figures_are_for_the_rider_and_the_staff_over_the_area(
    conn: Connection, work: Reporting, second: Reporting, add_secretary: AddSecretary, north: str, south: str
) -> None:
    await month_of(work, closed=5)
    await sweep(conn)
    own = await list_own_records(conn, actor=work.rider, before=None, limit=10)
    assert await records(work, south) == own
    assert [] == await list_own_records(conn, actor=second.rider, before=None, limit=10)
    with pytest.raises(NotFound):
        await list_records(conn, actor=await add_secretary(conn, north), month=MARCH, area_path=south)
