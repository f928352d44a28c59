"""The composition root: builds the application out of settings, and is the seam that tests use."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from app.base_map import BASE_MAP, base_map
from app.constraints import CONSTRAINTS as MEANINGS
from app.docs_page import DOCS_ROUTES, OPENAPI, openapi_document
from app.erasures import erase_again
from app.keys import seal_what_is_plain
from app.photo_store import open_photo_store
from app.places import place_search
from app.routes import ROUTES
from app.schedule import CLOCK_GUARD, DATABASE_CLOCK, TRAIL_WATCH, TrailWatch, run_schedule
from app.settings import Settings
from app.web_pages import FILES, PAGE_ROUTES, find_files
from app.wechat import WECHAT_URL, wechat
from community.stream.api import LIVE_CASES, end_streams
from community.stream.live import LiveCases
from core.clock_guard import ClockGuard
from core.database import Connection, open_pool, pool_transaction
from core.http.callers import PROXIES, Proxies, read_networks
from core.http.endpoint import JSON_BODY_LIMIT, add_routes
from core.http.photos import set_up_photos
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.traffic import Keeper
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID, POOL, PUBLIC_URL, RECORDS, RING, Clock
from core.queries import get_database_time
from core.sealing.register import open_keys
from geo.api import AREAS, LOCATE, SEARCH_PLACES, keep_areas_live
from geo.geocode import OutsideGeocoder, choose_geocoder
from geo.live import Areas
from riders.privacy.api import EXPORTING, LIST_TAPS
from riders.signup.api import CODE_DESK
from riders.signup.codes.send import Desk
from riders.signup.sms import NoGateway, SmsSender
from station.api import keep_stations_live
from station.feedback.own import list_own_taps

#: For what runs by itself, beside `STATION_POOL_SIZE` for requests: sweeps are few and short.
BACKGROUND_CONNECTIONS = 6


def utc_now() -> datetime:
    """Read the machine's clock."""
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    *,
    dsn: str,
    sweeper_dsn: str,
    clock: Clock = utc_now,
    sms: SmsSender | None = None,
    keeper: Keeper | None = None,
    wechat_url: str = WECHAT_URL,
) -> web.Application:
    """Build the application on a migrated database: `dsn` by the application's role, `sweeper_dsn` by the sweepers'.

    `clock`, `sms`, `keeper`, which keeps the limits, and `wechat_url` are replaced in tests; without an `sms` sender
    no code can be sent.
    """
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[CLOCK] = clock
    app[CLOCK_GUARD] = ClockGuard(clock)
    app[DATABASE_CLOCK] = get_database_time if clock is utc_now else _as_if_of_the_database(clock)
    app[DISTRICT_ID] = settings.district
    app[PUBLIC_URL] = settings.public_url
    app[CONSTRAINTS] = MEANINGS
    app[PROXIES] = Proxies(read_networks(settings.trusted_proxies))
    app[OPENAPI] = openapi_document()
    app[BASE_MAP], app[FILES] = base_map(settings), find_files()
    app[AREAS] = areas = Areas(district_id=settings.district, nearest_limit_m=settings.nearest_limit_m)
    app[LOCATE] = areas.locate
    set_up_photos(app, store=open_photo_store(settings), partials=settings.uploads)
    app[RECORDS], app[TRAIL_WATCH] = settings.records, TrailWatch()
    app[EXPORTING], app[LIST_TAPS] = set(), list_own_taps
    app[SEARCH_PLACES] = place_search(app, _geocoder(settings))
    app[LIVE_CASES] = LiveCases(district_id=settings.district)
    app.on_shutdown.append(end_streams)
    keeper = keeper or Keeper(connections=settings.pool_size)
    add_routes(app, ROUTES + DOCS_ROUTES + PAGE_ROUTES, keeper)

    database = _database(settings, dsn=dsn, sweeper_dsn=sweeper_dsn, clock=clock, sms=sms or NoGateway())
    app.cleanup_ctx.extend([keeper.watch, wechat(settings, base_url=wechat_url), database])
    app.cleanup_ctx.extend([erase_again, keep_areas_live, keep_stations_live, run_schedule])
    return app


def _database(
    settings: Settings, *, dsn: str, sweeper_dsn: str, clock: Clock, sms: SmsSender
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Give the step that opens the two pools, the keys and what needs them, and seals what a migration left plain."""

    async def opened(app: web.Application) -> AsyncIterator[None]:
        app[POOL] = await open_pool(dsn, size=settings.pool_size)
        app[BACKGROUND] = await open_pool(sweeper_dsn, size=BACKGROUND_CONNECTIONS)
        async with pool_transaction(app[BACKGROUND]) as conn:
            app[RING] = await open_keys(conn, folder=settings.keys_folder, district_id=settings.district, now=clock())
        app[CODE_DESK] = Desk(app[RING], sms, a_day=settings.sms_a_day)
        await seal_what_is_plain(app)
        yield
        await app[BACKGROUND].close()
        await app[POOL].close()

    return opened


def _as_if_of_the_database(clock: Clock) -> Callable[[Connection], Awaitable[datetime]]:
    """Let a clock that was put in stand for the database's too, or deadlines would never fire by it."""

    async def read(_conn: Connection) -> datetime:
        return clock()

    return read


def _geocoder(settings: Settings) -> OutsideGeocoder | None:
    return choose_geocoder(
        nominatim_url=settings.nominatim_url, amap_key=settings.amap_key, baidu_key=settings.baidu_key
    )
