"""Another generation of areas becomes active: stations follow it as soon as this process knows it."""

from datetime import timedelta

import pytest
from aiohttp.web import Application

from app import schedule
from app.schedule import SCHEDULE
from core.database import pool_transaction
from core.http.wiring import BACKGROUND
from geo.generations import roll_back
from geo.live import nowhere_known
from tests.conftest import DISTRICT, START, Client, FakeClock
from tests.geo.district import IN_WEST, LAT, activate_two
from tests.station.district import draft, enter

_SWEEPS = {scheduled.name: scheduled.sweep for scheduled in SCHEDULE}

pytestmark = pytest.mark.usefixtures("nothing_wakes")


@pytest.fixture
def nothing_wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave it to the test when a sweep runs."""
    monkeypatch.setattr(schedule, "SCHEDULE", ())


async def _enter_station(app: Application) -> int:
    async with pool_transaction(app[BACKGROUND]) as conn:
        return (await enter(conn, nowhere_known, draft(lon=IN_WEST, lat=LAT))).id


async def _area_of(app: Application, station_id: int) -> str:
    async with pool_transaction(app[BACKGROUND]) as conn:
        path: str = await conn.fetchval("select area_path from station where id = $1", station_id)
    return path


async def test_stations_get_the_areas_of_the_generation_that_became_active(client: Client) -> None:
    station_id = await _enter_station(client.app)
    await activate_two(client.app[BACKGROUND])
    await _SWEEPS["follow areas"](client.app)
    await _SWEEPS["dispatch events"](client.app)
    assert "37/3701" == await _area_of(client.app, station_id)


async def test_a_process_that_has_not_heard_of_it_yet_tries_again(client: Client, clock: FakeClock) -> None:
    await activate_two(client.app[BACKGROUND], west="old", east="3702")
    await _SWEEPS["follow areas"](client.app)
    station_id = await _enter_station(client.app)
    await activate_two(client.app[BACKGROUND])
    await _SWEEPS["dispatch events"](client.app)
    assert "37/3701" != await _area_of(client.app, station_id)
    await _SWEEPS["follow areas"](client.app)
    clock.advance(timedelta(seconds=5))
    await _SWEEPS["dispatch events"](client.app)
    assert "37/3701" == await _area_of(client.app, station_id)


async def test_stations_go_back_with_the_generation(client: Client) -> None:
    station_id = await _enter_station(client.app)
    for west in ("3701", "new"):
        await activate_two(client.app[BACKGROUND], west=west)
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        await roll_back(conn, district_id=DISTRICT, actor_name="test", now=START)
    await _SWEEPS["follow areas"](client.app)
    await _SWEEPS["dispatch events"](client.app)
    assert "37/3701" == await _area_of(client.app, station_id)
