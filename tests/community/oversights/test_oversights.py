"""Each promise is broken on purpose, and is found; kept again, it is not."""

from datetime import timedelta

import pytest

from community.acts import Act
from community.clocks.sweep import sweep_deadlines
from community.models import Case
from community.oversights.find import find_oversights
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Role
from core.database import Connection, Pool, pool_transaction
from core.queries import list_events
from tests.community.district import COMMUNITY, STREET, found, hire, located, open_report
from tests.conftest import DISTRICT, START, Client

LATER = START + timedelta(minutes=10)


async def codes(conn: Connection, *, now: object = LATER) -> dict[str, tuple[int, ...]]:
    return {each.code: each.case_ids for each in await find_oversights(conn, district_id=DISTRICT, now=now)}  # type: ignore[arg-type]


@pytest.fixture
async def case(conn: Connection) -> Case:
    await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    return await open_report(conn, 1, at=located())


async def test_a_case_that_is_looked_after_is_no_oversight(conn: Connection, case: Case) -> None:
    assert {} == await codes(conn)


async def test_an_open_case_without_a_clock_is_found(conn: Connection, case: Case) -> None:
    await conn.execute("update community_case set next_due_at = null where id = $1", case.id)
    assert {"no-clock": (case.id,)} == await codes(conn)
    await conn.execute("update community_case set closed_at = now(), state = 'rejected' where id = $1", case.id)
    assert {} == await codes(conn)


async def test_a_desk_without_anyone_is_found_and_a_centre_above_is_enough(conn: Connection, case: Case) -> None:
    await conn.execute("update staff set disabled_at = now()")
    assert {"nobody-at-desk": (case.id,)} == await codes(conn)
    await hire(conn, "foreign", Role.SUBDISTRICT, "37/011")
    assert {"nobody-at-desk": (case.id,)} == await codes(conn)
    await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    assert {} == await codes(conn)


async def test_a_clock_that_the_sweep_passed_over_is_found_until_it_is_told(conn: Connection, case: Case) -> None:
    late = START + timedelta(minutes=21)
    assert {"clock-untold": (case.id,)} == await codes(conn, now=late)
    await sweep_deadlines(conn, district_id=DISTRICT, now=late)
    assert {} == await codes(conn, now=late)


async def test_an_order_that_nobody_accepts_is_found(conn: Connection, case: Case) -> None:
    secretary = await hire(conn, "other", Role.SECRETARY, COMMUNITY)
    department_id = await found(conn)
    for verb, act in [(Verb.FILE, Act()), (Verb.DISPATCH, Act(department_id=department_id))]:
        await carry_out(conn, case_id=case.id, verb=verb, act=act, actor=secretary, now=START)
    await sweep_deadlines(conn, district_id=DISTRICT, now=START + timedelta(days=2, minutes=1))
    assert {"order-unaccepted": (case.id,)} == await codes(conn, now=START + timedelta(days=2, minutes=1))


async def test_a_hold_that_did_not_end_is_found(conn: Connection, case: Case) -> None:
    until = START + timedelta(minutes=1)
    secretary = await hire(conn, "other", Role.SECRETARY, COMMUNITY)
    await carry_out(conn, case_id=case.id, verb=Verb.FILE, act=Act(), actor=secretary, now=START)
    act = Act(note="等", until=until)
    await carry_out(conn, case_id=case.id, verb=Verb.HOLD, act=act, actor=secretary, now=START)
    assert {"hold-over": (case.id,)} == await codes(conn)


async def test_a_duplicate_is_answered_with_its_original_whichever_came_first(conn: Connection, case: Case) -> None:
    secretary = await hire(conn, "other", Role.SECRETARY, COMMUNITY)
    for verb, act in [
        (Verb.FILE, Act()),
        (Verb.HANDLE, Act(note="好了")),
        (Verb.VERIFY, Act()),
        (Verb.CLOSE, Act(result="已清理")),
    ]:
        await carry_out(conn, case_id=case.id, verb=verb, act=act, actor=secretary, now=START)
    late = await open_report(conn, 2, at=located())
    act = Act(duplicate_of=case.id)
    merged = await carry_out(conn, case_id=late.id, verb=Verb.MARK_DUPLICATE, act=act, actor=secretary, now=START)
    assert ("已清理", {}) == (merged.result, await codes(conn))
    events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=late.id)
    assert {"case.opened", "case.settled", "case.merged"} == {event.kind for event in events}
    await conn.execute("update community_case set result = null where id = $1", late.id)
    assert {"duplicate-unanswered": (late.id,)} == await codes(conn)


async def test_operators_are_warned(client: Client, pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await open_report(conn, 1, at=located(), now=START - timedelta(minutes=6))
        await conn.execute("update deadline set fires_at = null")
    ready = await (await client.get("/readyz")).json()
    assert any("nobody at it" in warning for warning in ready["warnings"])


async def test_a_duplicate_of_a_case_that_came_to_nothing_is_found_until_it_is_split_off(
    conn: Connection, case: Case
) -> None:
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    other = await open_report(conn, 2, at=located())
    act = Act(duplicate_of=case.id)
    await carry_out(conn, case_id=other.id, verb=Verb.MARK_DUPLICATE, act=act, actor=centre, now=START)
    assert {} == await codes(conn)
    await carry_out(conn, case_id=case.id, verb=Verb.VOID, act=Act(note="居民撤回"), actor=centre, now=START)
    assert {"duplicate-unanswered": (other.id,)} == await codes(conn)
    await carry_out(conn, case_id=other.id, verb=Verb.SPLIT, act=Act(note="另行办理"), actor=centre, now=START)
    assert {} == await codes(conn)
