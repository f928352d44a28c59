"""Every route counts as something; who asks too much is told when to come back, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from app import traffic
from app.docs_page import DOCS_ROUTES
from app.main import create_app
from app.routes import ROUTES
from app.settings import Settings
from core.access.models import Grant, Role
from core.access.queries import insert_grant
from core.database import Pool, pool_transaction
from core.http.endpoint import Route
from core.http.traffic import KEEPER, READ, Keeper, Traffic
from core.limits.models import LANES, Lane
from tests.conftest import DISTRICT, START, Client, Database, FakeClock
from tests.sessions import open_long_session
from tests.staff import insert_staff

LIMITED = tuple(kind for kind in traffic.ALL if kind.address is not None)
OFFICE = {"X-Forwarded-For": "203.0.113.7"}
APPEAL = {"category": "help", "text": "想咨询孩子入学的手续"}
SPOT = {"place": {"lon": 120.18, "lat": 35.96, "datum": "wgs84"}}


class Seconds:
    """The keeper's clock, which stands still."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest_asyncio.fixture
async def limited(database: Database, clock: FakeClock, tmp_path: Path, seconds: Seconds) -> AsyncIterator[Client]:
    """Run the whole application behind a proxy on this machine."""
    settings = Settings(data_dir=tmp_path, trusted_proxies="127.0.0.1")
    keeper = Keeper(connections=settings.pool_size, clock=seconds)
    app = create_app(settings, dsn=database.app_dsn, sweeper_dsn=database.sweeper_dsn, clock=clock, keeper=keeper)
    async with TestClient(TestServer(app)) as client:
        yield client


@asynccontextmanager
async def exposed(database: Database, clock: FakeClock, folder: Path, seconds: Seconds) -> AsyncIterator[Client]:
    """Run it without any proxy named."""
    app = create_app(
        Settings(data_dir=folder),
        dsn=database.app_dsn,
        sweeper_dsn=database.sweeper_dsn,
        clock=clock,
        keeper=Keeper(connections=20, clock=seconds),
    )
    async with TestClient(TestServer(app)) as client:
        yield client


async def sign_in(pool: Pool, username: str) -> dict[str, str]:
    async with pool_transaction(pool) as conn:
        staff = await insert_staff(conn, district_id=DISTRICT, username=username, name="书记", now=START)
        grant = Grant(Role.DISTRICT_ADMIN, "")
        await insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=staff.id, now=START)
    return {"Authorization": f"Bearer {token}"}


async def statuses(client: Client, count: int, path: str, **headers: str) -> list[int]:
    return [(await client.get(path, headers=headers)).status for _ in range(count)]


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES + DOCS_ROUTES, ids=name_of)
def test_only_health_is_without_a_limit(route: Route) -> None:
    kind = route.counts_as()
    assert kind in traffic.ALL
    assert (kind is traffic.HEALTH) == (kind.address is None)
    assert (route.path in ("/livez", "/readyz")) == (kind is traffic.HEALTH)


@pytest.mark.parametrize("route", [route for route in ROUTES if "anonymous" in route.policy.kinds], ids=name_of)
def test_strangers_write_only_within_narrow_limits(route: Route) -> None:
    if route.method != "GET":
        assert route.counts_as() in (traffic.SIGN_IN, traffic.RENEWAL, traffic.APPEAL, traffic.TAP, traffic.BULK)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_the_staff_have_a_lane_of_their_own(route: Route) -> None:
    if route.policy.kinds == {"staff"} and route.traffic is None:
        assert route.lane() is Lane.STAFF
    else:
        assert route.lane() is not Lane.STAFF


def test_kinds_of_traffic_are_told_apart_by_name() -> None:
    assert len(traffic.ALL) == len({kind.name for kind in traffic.ALL})


@pytest.mark.parametrize("kind", LIMITED, ids=lambda kind: kind.name)
def test_operators_can_read_every_limit(kind: Traffic) -> None:
    page = (Path(__file__).resolve().parent.parent.parent / "docs/operations.md").read_text()
    rates = (kind.address, kind.person, kind.area)
    cells = ["–" if rate is None else f"{rate.burst:,} / {rate.a_minute:,.0f}" for rate in rates]
    assert " | ".join([f"| `{kind.name}`", *cells]) + " |" in page


@pytest.mark.parametrize("kind", [READ, traffic.SEARCH], ids=lambda kind: kind.name)
def test_a_campus_behind_one_address_may_read(kind: Traffic) -> None:
    assert kind.address is not None
    assert kind.address.burst >= 500
    assert kind.address.a_minute >= 6_000


async def test_who_asks_too_much_is_told_when_to_come_back(limited: Client, seconds: Seconds) -> None:
    assert traffic.SIGN_IN.address is not None
    told = await statuses(limited, traffic.SIGN_IN.address.burst + 1, "/api/v1/riders/challenge", **OFFICE)
    assert [200] * traffic.SIGN_IN.address.burst + [429] == told
    answer = await limited.get("/api/v1/riders/challenge", headers=OFFICE)
    assert (429, "1", "application/problem+json") == (
        answer.status,
        answer.headers["Retry-After"],
        answer.content_type,
    )
    assert (await answer.json())["type"].endswith("too-many-requests")
    elsewhere = {"X-Forwarded-For": "203.0.113.8"}
    assert [200] == await statuses(limited, 1, "/api/v1/riders/challenge", **elsewhere)
    assert [200] == await statuses(limited, 1, "/api/v1/amenities", **OFFICE)
    seconds.now += 1
    assert [200] == await statuses(limited, 1, "/api/v1/riders/challenge", **OFFICE)


async def test_a_forged_address_has_no_effect(
    database: Database, clock: FakeClock, tmp_path: Path, seconds: Seconds
) -> None:
    assert traffic.SIGN_IN.address is not None
    async with exposed(database, clock, tmp_path, seconds) as client:
        told = [
            (await client.get("/api/v1/riders/challenge", headers={"X-Forwarded-For": f"198.51.100.{number}"})).status
            for number in range(traffic.SIGN_IN.address.burst + 1)
        ]
    assert 429 == told[-1]
    assert {200} == set(told[:-1])


async def test_a_forged_address_before_the_proxys_has_no_effect(limited: Client) -> None:
    assert traffic.SIGN_IN.address is not None
    told = [
        (
            await limited.get(
                "/api/v1/riders/challenge", headers={"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.7"}
            )
        ).status
        for number in range(traffic.SIGN_IN.address.burst + 1)
    ]
    assert 429 == told[-1]


async def test_one_person_is_limited_over_all_addresses_and_the_next_desk_is_not(limited: Client, pool: Pool) -> None:
    assert traffic.BULK.person is not None
    first, second = await sign_in(pool, "wang"), await sign_in(pool, "li")
    told = [
        (await limited.get("/api/v1/stations/export", headers=first | {"X-Forwarded-For": f"10.0.0.{number}"})).status
        for number in range(traffic.BULK.person.burst + 1)
    ]
    assert [200] * traffic.BULK.person.burst + [429] == told
    assert 200 == (await limited.get("/api/v1/stations/export", headers=second | OFFICE)).status


async def test_strangers_cannot_flood_an_area_and_other_areas_do_not_notice(limited: Client, seconds: Seconds) -> None:
    assert traffic.APPEAL.area is not None

    async def appeal(number: int, body: dict[str, object]) -> int:
        headers = {"Idempotency-Key": f"0b6ad8f4-6f6e-4f1c-9d0c-{number:012d}", "X-Forwarded-For": f"10.0.{number}.1"}
        answer = await limited.post("/api/v1/appeals", json=body, headers=headers)
        if answer.status == 429:
            assert "1" == answer.headers["Retry-After"]
            assert (await answer.json())["type"].endswith("area-flooded")
        return answer.status

    told = [await appeal(number, dict(APPEAL)) for number in range(traffic.APPEAL.area.burst + 1)]
    assert [201] * traffic.APPEAL.area.burst + [429] == told
    seconds.now += 1
    assert 201 == await appeal(99, dict(APPEAL))


async def test_a_flood_of_reading_leaves_writing_as_it_is(limited: Client) -> None:
    assert READ.address is not None
    told = await statuses(limited, READ.address.burst + 1, "/docs/problems", **OFFICE)
    assert 429 == told[-1]
    headers = OFFICE | {"Idempotency-Key": "0b6ad8f4-6f6e-4f1c-9d0c-0c9d3a1f2b77"}
    assert 201 == (await limited.post("/api/v1/appeals", json=APPEAL, headers=headers)).status


async def test_when_the_public_is_too_much_it_is_sent_away_and_appeals_staff_and_health_are_not(
    limited: Client, pool: Pool
) -> None:
    keeper, secretary = limited.app[KEEPER], await sign_in(pool, "wang")
    async with AsyncExitStack() as public:
        for _ in range(int(LANES[Lane.PUBLIC].share * 20)):
            await public.enter_async_context(keeper.enter(Lane.PUBLIC))
        answer = await limited.get("/api/v1/amenities", headers=OFFICE)
        assert (503, True) == (answer.status, answer.headers["Retry-After"] in "12345")
        assert (await answer.json())["type"].endswith("overloaded")
        headers = OFFICE | {"Idempotency-Key": "0b6ad8f4-6f6e-4f1c-9d0c-0c9d3a1f2b77"}
        assert 201 == (await limited.post("/api/v1/appeals", json=APPEAL, headers=headers)).status
        assert 200 == (await limited.get("/api/v1/cases", headers=OFFICE | secretary)).status
        assert 200 == (await limited.get("/livez")).status
    assert 200 == (await limited.get("/api/v1/amenities", headers=OFFICE)).status


async def test_a_body_that_trickles_in_holds_no_place(limited: Client) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    headers = OFFICE | {"Content-Type": "application/json"}
    slow = [asyncio.create_task(limited.post("/api/v1/appeals", data=trickle(), headers=headers)) for _ in range(20)]
    await asyncio.sleep(0.3)
    headers = {"X-Forwarded-For": "10.0.0.1", "Idempotency-Key": "0b6ad8f4-6f6e-4f1c-9d0c-0c9d3a1f2b77"}
    async with asyncio.timeout(5):
        assert 201 == (await limited.post("/api/v1/appeals", json=APPEAL, headers=headers)).status
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
