"""Saved filters: kept, shared, counted within the sight of whoever looks."""

import asyncio
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from community.desk.filters.keep import MAX_FILTERS
from community.lists.models import BoundedCount, CaseFilter, Order
from community.lists.pages import MAX_COUNT, bounded, count_cases
from core.access.models import Role
from core.database import Pool, pool_transaction
from tests.community.desk.house import House, Json, pointers, slug
from tests.community.district import COMMUNITY, ELSEWHERE, NEIGHBOUR, STREET, hire, located, open_report
from tests.conftest import START

OVERDUE = {"name": "超时的垃圾", "query": {"category": ["litter"], "overdue": True}}


def names(listed: Json) -> list[str]:
    return [counted["filter"]["name"] for counted in listed["filters"]]


async def test_a_filter_is_saved_counted_and_opened_again(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    late = await house.open(1, at=located(), now=START - timedelta(hours=1))
    await house.open(2, at=located())
    await house.open(3, at=located(), category_code="rubble", now=START - timedelta(hours=1))
    saved = await secretary.post("/saved-filters", OVERDUE)
    assert OVERDUE["query"] == saved["query"]
    (counted,) = (await secretary.get("/saved-filters"))["filters"]
    assert ({"count": 1, "or_more": False}, True, False) == (
        counted["cases"],
        counted["is_own"],
        counted["is_outdated"],
    )
    opened = await secretary.get("/cases?" + urlencode(counted["filter"]["query"], doseq=True).lower())
    assert [late.id] == [line["id"] for line in opened["cases"]]


async def test_a_filter_is_renamed_replaced_and_deleted(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    await house.open(1, at=located())
    saved = await secretary.post("/saved-filters", OVERDUE)
    address = f"/saved-filters/{saved['id']}"
    status, renamed = await secretary.ask("PUT", address, {"name": "新的", "query": {"state": ["collected"]}})
    assert (200, "新的", {"state": ["collected"]}) == (status, renamed["name"], renamed["query"])
    (counted,) = (await secretary.get("/saved-filters"))["filters"]
    assert 1 == counted["cases"]["count"]
    assert 204 == (await secretary.ask("DELETE", address))[0]
    assert [] == (await secretary.get("/saved-filters"))["filters"]


async def test_a_shared_filter_is_used_by_those_of_the_area_and_changed_by_its_owner_alone(house: House) -> None:
    centre = await house.hire("centre", Role.SUBDISTRICT, STREET)
    own = await house.hire("own", Role.SECRETARY, COMMUNITY)
    neighbour = await house.hire("neighbour", Role.SECRETARY, NEIGHBOUR)
    beside = await house.hire("beside", Role.SECRETARY, ELSEWHERE)
    for number, path in enumerate([COMMUNITY, NEIGHBOUR, NEIGHBOUR]):
        await house.open(number, at=located(path))
    shared = await centre.post("/saved-filters", {"name": "全部", "query": {}, "area": STREET})
    await centre.post("/saved-filters", {"name": "自己的", "query": {}})
    for who, expected in [(centre, 3), (own, 1), (neighbour, 2)]:
        counted = (await who.get("/saved-filters"))["filters"][0]
        assert (expected, who is centre) == (counted["cases"]["count"], counted["is_own"])
    assert ["全部", "自己的"] == names(await centre.get("/saved-filters"))
    assert ["全部"] == names(await own.get("/saved-filters"))
    assert [] == (await beside.get("/saved-filters"))["filters"]
    for method, said in [("PUT", OVERDUE), ("DELETE", None)]:
        status, problem = await own.ask(method, f"/saved-filters/{shared['id']}", said)
        assert (404, "saved-filter-not-found") == (status, slug(problem))


async def test_a_filter_is_shared_only_with_an_area_that_one_keeps(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    worker = await house.hire("worker", Role.GRID_WORKER, COMMUNITY)
    for who, area in [(secretary, STREET), (secretary, NEIGHBOUR), (worker, COMMUNITY)]:
        status, problem = await who.ask("POST", "/saved-filters", OVERDUE | {"area": area})
        assert (403, "sharing-not-yours") == (status, slug(problem)), area
    saved = await secretary.post("/saved-filters", OVERDUE)
    status, problem = await secretary.ask("PUT", f"/saved-filters/{saved['id']}", OVERDUE | {"area": STREET})
    assert (403, "sharing-not-yours") == (status, slug(problem))


async def test_a_filter_finds_nothing_beyond_ones_sight(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    await house.open(1, at=located(NEIGHBOUR))
    await house.open(2)
    await secretary.post("/saved-filters", {"name": "邻居", "query": {"area": NEIGHBOUR}})
    await secretary.post("/saved-filters", {"name": "值守台", "query": {"duty_desk": True}})
    listed = await secretary.get("/saved-filters")
    assert [0, 0] == [counted["cases"]["count"] for counted in listed["filters"]]


async def test_many_that_are_saved_at_once_do_not_all_find_the_last_room(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    for number in range(MAX_FILTERS - 2):
        await secretary.post("/saved-filters", OVERDUE | {"name": f"filter {number}"})
    said = [OVERDUE | {"name": f"at once {number}"} for number in range(8)]
    answers = await asyncio.gather(*(secretary.ask("POST", "/saved-filters", each) for each in said))
    assert [201] * 2 + [409] * 6 == sorted(status for status, _ in answers)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": " "}, "/name"),
        ({"query": {"state": ["lost"]}}, "/query/state/0"),
        ({"query": {"opened_from": "2026-03-10T00:00:00"}}, "/query/opened_from"),
        ({"query": {"cursor": "abc"}}, "/query/cursor"),
        ({"query": {"colour": "red"}}, "/query/colour"),
        ({"area": "37/09"}, "/area"),
    ],
)
async def test_every_wrong_field_of_a_filter_is_named(house: House, change: dict[str, object], expected: str) -> None:
    admin = await house.hire("admin", Role.DISTRICT_ADMIN)
    status, problem = await admin.ask("POST", "/saved-filters", OVERDUE | change)
    assert (422, [expected]) == (status, pointers(problem))


async def test_a_name_is_given_once(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    await secretary.post("/saved-filters", OVERDUE)
    status, problem = await secretary.ask("POST", "/saved-filters", OVERDUE)
    assert (422, ["/name"]) == (status, pointers(problem))


async def test_nobody_keeps_more_filters_than_he_finds_his_way_in_and_they_come_in_pages(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    for number in range(MAX_FILTERS):
        await secretary.post("/saved-filters", OVERDUE | {"name": str(number)})
    status, problem = await secretary.ask("POST", "/saved-filters", OVERDUE)
    assert (409, "desk-full") == (status, slug(problem))
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = await secretary.get(f"/saved-filters?limit=20&counts=false&after={after}")
        seen += names(page)
        after = page["next_after"]
    assert [str(number) for number in range(MAX_FILTERS)] == seen


async def test_a_filter_that_an_earlier_release_saved_and_this_one_does_not_know_is_shown_as_outdated(
    house: House,
) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    await secretary.post("/saved-filters", OVERDUE)
    await house.execute('update saved_filter set query = \'{"mood": "bad"}\'')
    (counted,) = (await secretary.get("/saved-filters"))["filters"]
    assert (True, None) == (counted["is_outdated"], counted["cases"])


@pytest.mark.parametrize(
    ("found", "expected"),
    [(0, BoundedCount(0, False)), (MAX_COUNT, BoundedCount(1000, False)), (MAX_COUNT + 1, BoundedCount(1000, True))],
)
def test_counts_stop_at_a_thousand_and_say_so(found: int, expected: BoundedCount) -> None:
    assert expected == bounded(found)


async def test_a_count_that_takes_too_long_is_given_up_and_the_transaction_goes_on(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        await open_report(conn, 1, at=located())

    async def count() -> tuple[BoundedCount | None, str]:
        async with pool_transaction(pool) as conn:
            found = await count_cases(
                conn, actor=secretary, wanted=CaseFilter(), order=Order.DUE, now=START, timeout_ms=50
            )
            return found, await conn.fetchval("show statement_timeout")

    async with pool_transaction(pool) as conn:
        await conn.execute("lock table community_case in access exclusive mode")
        async with asyncio.timeout(3):
            assert (None, "5s") == await count()
    assert (BoundedCount(1, False), "5s") == await count()
