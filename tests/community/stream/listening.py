"""A reader of the stream as a browser reads it: it keeps the last id and goes on from there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import AppRunner

from app.main import create_app
from app.serve import make_runner
from app.settings import Settings
from community.models import Case
from community.stream.api import LIVE_CASES
from community.stream.live import LiveCases
from community.stream.models import Limits
from core.access.models import Actor
from core.database import Connection, Pool, pool_transaction
from core.events import record_event
from tests.conftest import DISTRICT, START, Client, Database, FakeClock, patient_keeper
from tests.sessions import open_long_session

STREAM = "/api/v1/cases/stream"
SOON_S = 10.0


class AsServed(TestServer):
    """The program's own server: that of aiohttp's tests cancels the handler of one who has gone, ours does not."""

    async def _make_runner(self, **_kwargs: Any) -> AppRunner:
        return make_runner(self.app)


@asynccontextmanager
async def serving(settings: Settings, database: Database, clock: FakeClock, limits: Limits) -> AsyncIterator[Client]:
    """Run the whole application with these limits of the stream."""
    app = create_app(
        settings, dsn=database.app_dsn, sweeper_dsn=database.sweeper_dsn, clock=clock, keeper=patient_keeper()
    )
    app[LIVE_CASES] = LiveCases(district_id=DISTRICT, limits=limits)
    async with TestClient(AsServed(app)) as client:
        yield client


@dataclass(frozen=True)
class Told:
    """One event as it arrived."""

    name: str
    data: dict[str, Any]
    id: str


@dataclass
class Reader:
    """One who listens, over as many connections as it takes; `last_id` outlives each of them."""

    client: Client | ClientSession
    headers: dict[str, str]
    last_id: str = ""
    heartbeats: int = 0
    retry: str = ""
    _response: ClientResponse | None = field(default=None, repr=False)

    async def open(self) -> ClientResponse:
        """Connect, from `last_id` if there is one."""
        headers = self.headers | ({"Last-Event-ID": self.last_id} if self.last_id else {})
        self._response = await self.client.get(STREAM, headers=headers)
        return self._response

    async def connect(self) -> Told:
        """Connect and give the `hello`."""
        response = await self.open()
        assert (200, "text/event-stream") == (response.status, response.content_type)
        hello = await self.next()
        assert "hello" == hello.name
        return hello

    async def next(self, *, within_s: float = SOON_S) -> Told:
        """Give the next event; raises `EOFError` at the end of the stream, `TimeoutError` when none comes."""
        async with asyncio.timeout(within_s):
            while True:
                told = self._take(await self._block())
                if told is not None:
                    return told

    async def cases(self, count: int) -> list[dict[str, Any]]:
        """Give what the next `count` events say, which must all be of cases."""
        told = [await self.next() for _ in range(count)]
        assert {"case"} >= {event.name for event in told}
        return [event.data for event in told]

    async def is_silent(self, for_s: float = 1.3) -> bool:
        """Tell whether no event comes for more than two turns of the poller."""
        try:
            await self.next(within_s=for_s)
        except TimeoutError:
            return True
        return False

    async def has_ended(self) -> bool:
        """Tell whether the stream ends, after whatever still comes."""
        try:
            while True:
                await self.next()
        except EOFError:
            return True

    def close(self) -> None:
        """Drop the connection without a word."""
        if self._response is not None:
            self._response.close()
            self._response = None

    async def _block(self) -> list[str]:
        if self._response is None:
            raise EOFError
        lines: list[str] = []
        while True:
            try:
                raw = await self._response.content.readline()
            except (ClientError, ConnectionError):
                raise EOFError from None
            if not raw.endswith(b"\n"):
                raise EOFError
            if raw == b"\n":
                return lines
            lines.append(raw.decode().removesuffix("\n"))

    def _take(self, lines: list[str]) -> Told | None:
        fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        self.heartbeats += ": heartbeat" in lines
        self.retry = fields.get("retry", self.retry)
        self.last_id = fields.get("id", self.last_id)
        if "data" not in fields:
            return None
        return Told(fields["event"], orjson.loads(fields["data"]), self.last_id)


async def sign_in(pool: Pool, who: Actor) -> dict[str, str]:
    """Open a session and give its header."""
    assert who.id is not None
    async with pool_transaction(pool) as conn:
        token = await open_long_session(conn, district_id=DISTRICT, kind=who.kind, subject_id=who.id, now=START)
    return {"Authorization": f"Bearer {token}"}


async def note(conn: Connection, case: Case, kind: str = "test.happened", **data: object) -> int:
    """Record an event of a case in this transaction and give its id."""
    return await record_event(
        conn,
        district_id=DISTRICT,
        kind=kind,
        subject="case",
        subject_id=case.id,
        actor=None,
        now=START,
        data=data,
    )


async def note_many(conn: Connection, case: Case, count: int) -> list[int]:
    """Record so many events of a case at once and give their ids."""
    rows = await conn.fetch(
        """
        insert into event
            (district_id, kind, subject, subject_id, actor_kind, occurred_at, data, next_attempt_at, pending)
        select $1, 'test.happened', 'case', $2, 'system', now(), '{}', now(), false from generate_series(1, $3)
        returning id
        """,
        DISTRICT,
        case.id,
        count,
    )
    return [row["id"] for row in rows]


def event_id(told: Told) -> int:
    """Give the number of the event that a position is of."""
    return int(told.id.rsplit("-", 1)[1])


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    for _ in range(int(SOON_S / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError
