"""A served application with a quick stream, and a case in it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import Settings
from community.models import Case
from community.stream.api import LIVE_CASES
from community.stream.live import LiveCases
from community.stream.models import Limits
from core.access.models import Role
from core.database import Pool, pool_transaction
from tests.community.district import COMMUNITY, hire, located, open_report
from tests.community.stream.listening import Reader, serving, sign_in
from tests.conftest import Client, Database, FakeClock

QUICK = Limits(per_person=3, heartbeat_s=0.3)


@dataclass(frozen=True)
class House:
    """The application, its database, and one case in the community."""

    client: Client
    pool: Pool
    case: Case

    @property
    def live(self) -> LiveCases:
        """Give the stream of the process."""
        return self.client.app[LIVE_CASES]

    async def reader(self, role: Role, area_path: str = "", department_id: int | None = None) -> Reader:
        """Hire someone and give what he listens with."""
        async with pool_transaction(self.pool) as conn:
            who = await hire(conn, f"{role} {area_path} {department_id}", role, area_path, department_id)
        return Reader(self.client, await sign_in(self.pool, who))


@pytest.fixture
def limits() -> Limits:
    return QUICK


@pytest_asyncio.fixture
async def house(
    database: Database, pool: Pool, clock: FakeClock, tmp_path: Path, limits: Limits
) -> AsyncIterator[House]:
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located(COMMUNITY))
    async with serving(Settings(data_dir=tmp_path), database, clock, limits) as client:
        yield House(client, pool, case)
