"""Rules of clocks and the working calendar over HTTP: who may edit them, what follows, what is refused."""

from datetime import timedelta

import pytest

from community.clocks.queries import count_open_by_weekday, list_deadlines
from community.clocks.recounting import recount_open_clocks
from community.models import Case, Clock
from core.access.models import Role
from core.calendar_edits import set_days
from core.database import Connection, Pool, pool_transaction
from core.models import HolidayRow
from tests.community.district import COMMUNITY, NEIGHBOUR, add_areas, hire, located, open_report
from tests.conftest import DISTRICT, START, Client
from tests.sessions import open_long_session

DAY = timedelta(days=1)
RULE = {"clock": "handle", "category": "litter", "amount": 2, "unit": "working_hour"}


@pytest.fixture
async def admin(client: Client, pool: Pool) -> dict[str, str]:
    return await signed_in(pool, Role.DISTRICT_ADMIN, "")


async def signed_in(pool: Pool, role: Role, area_path: str) -> dict[str, str]:
    async with pool_transaction(pool) as conn:
        who = await hire(conn, f"{role} {area_path}", role, area_path)
        assert who.id is not None
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
    return {"Authorization": f"Bearer {token}"}


async def due_of(conn: Connection, case: Case, clock: Clock) -> timedelta:
    """Give how long after the start the newest round of a clock is due."""
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    return [row for row in rows if row.clock is clock][-1].due_at - START


async def test_a_new_rule_holds_for_clocks_that_start_from_then_on(
    client: Client, pool: Pool, admin: dict[str, str]
) -> None:
    async with pool_transaction(pool) as conn:
        old = await open_report(conn, 1, at=located(), trusted=True)
    rule = await (await client.put("/api/v1/clock-rules", json=RULE, headers=admin)).json()
    assert 2 == rule["version"]
    async with pool_transaction(pool) as conn:
        new = await open_report(conn, 2, at=located(), trusted=True)
        assert timedelta(hours=5.5) == await due_of(conn, old, Clock.HANDLE)
        assert timedelta(hours=2) == await due_of(conn, new, Clock.HANDLE)


async def test_the_category_comes_before_the_area_and_the_deepest_area_wins(
    client: Client, pool: Pool, admin: dict[str, str]
) -> None:
    async with pool_transaction(pool) as conn:
        await add_areas(conn, COMMUNITY, NEIGHBOUR)
    for area, hours in [("37", 1), (COMMUNITY, 3)]:
        answer = await client.put("/api/v1/clock-rules", json=RULE | {"area": area, "amount": hours}, headers=admin)
        assert 200 == answer.status
    any_category = RULE | {"category": None, "area": COMMUNITY, "amount": 1, "unit": "minute"}
    await client.put("/api/v1/clock-rules", json=any_category, headers=admin)
    async with pool_transaction(pool) as conn:
        here = await open_report(conn, 1, at=located(), trusted=True)
        there = await open_report(conn, 2, at=located(NEIGHBOUR), trusted=True)
        nowhere = await open_report(conn, 3, trusted=True)
        other = await open_report(conn, 4, at=located(), trusted=True, category_code="rubble")
        # Tuesday 10:00: three working hours end at 14:30, one at 11:00, four at 15:30.
        dues = [await due_of(conn, case, Clock.HANDLE) for case in (here, there, nowhere)]
        assert [timedelta(hours=4.5), timedelta(hours=1), timedelta(hours=5.5)] == dues
        # A general rule for one area does not outrank the category's own.
        assert timedelta(days=2, hours=7.5) == await due_of(conn, other, Clock.HANDLE)


async def test_a_retired_override_gives_way_to_the_general_rule(
    client: Client, pool: Pool, admin: dict[str, str]
) -> None:
    rules = (await (await client.get("/api/v1/clock-rules", headers=admin)).json())["rules"]
    (of_litter,) = [rule for rule in rules if rule["category_code"] == "litter" and rule["clock"] == "handle"]
    assert 204 == (await client.delete(f"/api/v1/clock-rules/{of_litter['id']}", headers=admin)).status
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located(), trusted=True)
        assert timedelta(days=7, hours=7.5) == await due_of(conn, case, Clock.HANDLE)
    again = await client.delete(f"/api/v1/clock-rules/{of_litter['id']}", headers=admin)
    assert (404, "/docs/problems#clock-rule-not-found") == (again.status, (await again.json())["type"])


async def test_the_general_rule_of_a_clock_stays(client: Client, admin: dict[str, str]) -> None:
    rules = (await (await client.get("/api/v1/clock-rules", headers=admin)).json())["rules"]
    general = next(rule for rule in rules if rule["category_code"] is None)
    refused = await client.delete(f"/api/v1/clock-rules/{general['id']}", headers=admin)
    assert (409, "/docs/problems#last-clock-rule") == (refused.status, (await refused.json())["type"])


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [({"category": "no_such"}, "/category"), ({"area": "37/99"}, "/area"), ({"amount": 0}, "/amount")],
)
async def test_a_wrong_field_of_a_rule_is_named(
    client: Client, admin: dict[str, str], wrong: dict[str, object], pointer: str
) -> None:
    refused = await client.put("/api/v1/clock-rules", json=RULE | wrong, headers=admin)
    assert (422, [pointer]) == (refused.status, [error["pointer"] for error in (await refused.json())["errors"]])


async def test_only_the_district_edits_rules_and_calendar(client: Client, pool: Pool) -> None:
    centre = await signed_in(pool, Role.SUBDISTRICT, "37")
    assert 403 == (await client.put("/api/v1/clock-rules", json=RULE, headers=centre)).status
    assert 403 == (await client.put("/api/v1/calendar/week", json={"source": "x", "spans": []}, headers=centre)).status
    assert 200 == (await client.get("/api/v1/calendar?year=2026", headers=centre)).status


def day_off(day: str, *, is_workday: bool = False) -> dict[str, object]:
    return {"source": "通知", "days": [{"day": day, "is_workday": is_workday, "name": "放假"}]}


async def test_a_day_off_moves_open_clocks_and_says_which(client: Client, pool: Pool, admin: dict[str, str]) -> None:
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located(), trusted=True)
    moved = await (await client.put("/api/v1/calendar/days", json=day_off("2026-03-10"), headers=admin)).json()
    assert (2, 2, [case.number] * 2) == (moved["version"], moved["moved_count"], [m["number"] for m in moved["moved"]])
    assert {"dispatch", "handle"} == {m["clock"] for m in moved["moved"]}
    async with pool_transaction(pool) as conn:
        assert DAY + timedelta(hours=4) == await due_of(conn, case, Clock.HANDLE)
        versions = {row.calendar_version for row in await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)}
        assert {2} == versions
        events = await conn.fetch("select data from event where kind = 'deadline.moved'")
        assert {"dispatch", "handle"} == {row["data"]["clock"] for row in events}


async def test_taking_the_day_off_back_moves_them_back(client: Client, pool: Pool, admin: dict[str, str]) -> None:
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located(), trusted=True)
    await client.put("/api/v1/calendar/days", json=day_off("2026-03-10"), headers=admin)
    back = await (await client.delete("/api/v1/calendar/days/2026-03-10?source=更正", headers=admin)).json()
    assert 2 == back["moved_count"]
    async with pool_transaction(pool) as conn:
        assert timedelta(hours=5.5) == await due_of(conn, case, Clock.HANDLE)
    assert 404 == (await client.delete("/api/v1/calendar/days/2026-03-10?source=更正", headers=admin)).status


async def test_a_breach_that_was_told_is_not_taken_back(client: Client, pool: Pool, admin: dict[str, str]) -> None:
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located(), trusted=True)
        await conn.execute("update deadline set warned_at = due_at, breached_at = due_at where clock = 'handle'")
    await client.put("/api/v1/calendar/days", json=day_off("2026-03-10"), headers=admin)
    async with pool_transaction(pool) as conn:
        assert timedelta(hours=5.5) == await due_of(conn, case, Clock.HANDLE)


async def test_other_hours_move_open_clocks(client: Client, pool: Pool, admin: dict[str, str]) -> None:
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located(), trusted=True)
    spans = [{"weekday": day, "opens": "08:00", "closes": "20:00"} for day in range(1, 8)]
    answer = await client.put("/api/v1/calendar/week", json={"source": "夏令", "spans": spans}, headers=admin)
    moved = (await answer.json())["moved"]
    assert ["handle"] == [each["clock"] for each in moved]  # the order of two hours was due at noon before, too
    async with pool_transaction(pool) as conn:
        assert timedelta(hours=4) == await due_of(conn, case, Clock.HANDLE)


@pytest.mark.parametrize(
    ("spans", "pointer"),
    [
        ([], "/spans"),
        ([{"weekday": 1, "opens": "12:00", "closes": "12:00"}], "/spans/0"),
        (
            [
                {"weekday": 1, "opens": "08:00", "closes": "12:00"},
                {"weekday": 1, "opens": "11:00", "closes": "13:00"},
            ],
            "/spans/1",
        ),
    ],
)
async def test_hours_that_make_no_sense_are_named(
    client: Client, admin: dict[str, str], spans: list[object], pointer: str
) -> None:
    refused = await client.put("/api/v1/calendar/week", json={"source": "x", "spans": spans}, headers=admin)
    assert (422, [pointer]) == (refused.status, [error["pointer"] for error in (await refused.json())["errors"]])


async def test_what_an_interrupted_recount_left_the_next_one_finishes(conn: Connection) -> None:
    cases = [await open_report(conn, number, at=located(), trusted=True) for number in range(5)]
    day = HolidayRow(START.date(), is_workday=False, name="休", source="test", version=1)
    await set_days(conn, district_id=DISTRICT, days=[day], source="test", staff_id=None, now=START)
    counts = [await recount_open_clocks(conn, district_id=DISTRICT, now=START, limit=2) for _ in range(4)]
    assert [2, 2, 1, 0] == [count for count, _ in counts]
    assert [case.id for case in cases] == sorted({moved.case_id for _, some in counts for moved in some})


async def test_a_missing_year_is_counted_by_weekday_and_can_be_seen(client: Client, pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        assert 0 == await count_open_by_weekday(conn, district_id=DISTRICT)
        await open_report(conn, 1, at=located(), trusted=True, now=START + 365 * 13 * DAY)
        assert 2 == await count_open_by_weekday(conn, district_id=DISTRICT)
    ready = await (await client.get("/readyz")).json()
    assert any("calendar" in warning for warning in ready["warnings"])


async def test_the_administrator_of_a_part_sets_no_rule_for_the_whole(
    client: Client, pool: Pool, admin: dict[str, str]
) -> None:
    async with pool_transaction(pool) as conn:
        await add_areas(conn, "37/01/02", "37/011")
    of_part = await signed_in(pool, Role.DISTRICT_ADMIN, "37/01")
    whole = await (await client.put("/api/v1/clock-rules", json=RULE, headers=admin)).json()
    for area, expected in {"37/01/02": 200, "37/011": 403, "37": 403, "": 403}.items():
        answer = await client.put("/api/v1/clock-rules", json=RULE | {"area": area}, headers=of_part)
        assert (area, expected) == (area, answer.status)
    assert 403 == (await client.delete(f"/api/v1/clock-rules/{whole['id']}", headers=of_part)).status
    for method, path, said in (
        ("PUT", "/calendar/week", {"source": "x", "spans": []}),
        ("DELETE", "/calendar/days/2026-05-01?source=x", None),
        ("PUT", "/categories/litter", {"zh": "垃圾", "en": "Litter"}),
        ("PUT", "/look-rules/litter", {"looks": "none"}),
        ("PUT", "/duplicate-rules", {"default": {"radius_m": 0, "within_days": 1}}),
        ("DELETE", "/points/rules/1", None),
    ):
        refused = await client.request(method, f"/api/v1{path}", json=said, headers=of_part)
        assert (path, 403) == (path, refused.status)
