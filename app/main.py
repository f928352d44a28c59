"""The composition root: builds the application out of settings, and is the seam that tests use."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiohttp import web

from app.constraints import CONSTRAINTS as MEANINGS
from app.docs_page import DOCS_ROUTES, OPENAPI, openapi_document
from app.routes import ROUTES
from app.schedule import run_schedule
from app.settings import Settings
from core.database import open_pool
from core.http.endpoint import JSON_BODY_LIMIT, add_routes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import CLOCK, DISTRICT_ID, POOL, Clock


def utc_now() -> datetime:
    """Read the machine's clock."""
    return datetime.now(UTC)


def create_app(settings: Settings, *, dsn: str, clock: Clock = utc_now) -> web.Application:
    """Build the application on a migrated database at `dsn` (the application's own role).

    `clock` is replaced in tests.
    """
    app = web.Application(middlewares=[answer_problems], client_max_size=JSON_BODY_LIMIT)
    app[CLOCK] = clock
    app[DISTRICT_ID] = settings.district
    app[CONSTRAINTS] = MEANINGS
    app[OPENAPI] = openapi_document()
    add_routes(app, ROUTES + DOCS_ROUTES)

    async def database(app: web.Application) -> AsyncIterator[None]:
        app[POOL] = await open_pool(dsn, size=settings.pool_size)
        yield
        await app[POOL].close()

    app.cleanup_ctx.extend([database, run_schedule])
    return app
