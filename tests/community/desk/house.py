"""The whole routes page behind a server, and people to walk in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from app.schedule import REACTIONS
from community.models import Case
from core.access.models import Actor, Role
from core.database import Pool, pool_transaction
from core.events import dispatch_due
from tests.community.district import hire, open_report
from tests.conftest import DISTRICT, START, FakeClock
from tests.sessions import open_long_session

Json = dict[str, Any]


@dataclass(frozen=True)
class Visitor:
    """Someone who has signed in."""

    client: TestClient[Request, Application]
    actor: Actor
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, said: object = None, *, key: str | None = None) -> tuple[int, Json]:
        """Ask and give the status and what was answered."""
        headers = self.headers | ({} if key is None else {"Idempotency-Key": key})
        answer = await self.client.request(method, f"/api/v1{path}", json=said, headers=headers)
        return answer.status, await answer.json() if answer.status != 204 else {}

    async def get(self, path: str) -> Json:
        """Read what must be there to read."""
        status, body = await self.ask("GET", path)
        assert 200 == status, body
        return body

    async def post(self, path: str, said: object, *, expected: int = 201) -> Json:
        """Send what must be taken."""
        status, body = await self.ask("POST", path, said)
        assert expected == status, body
        return body


@dataclass(frozen=True)
class House:
    """The service with its database and clock."""

    client: TestClient[Request, Application]
    pool: Pool
    clock: FakeClock

    async def hire(
        self, name: str, role: Role, area_path: str = "", department_id: int | None = None, *, language: str = "zh"
    ) -> Visitor:
        """Give someone a role and sign him in."""
        async with pool_transaction(self.pool) as conn:
            actor = await hire(conn, name, role, area_path, department_id)
            assert actor.id is not None
            token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=actor.id, now=START)
        return Visitor(self.client, actor, {"Authorization": f"Bearer {token}", "Accept-Language": language})

    async def open(self, ref: object, **how: Any) -> Case:
        """Open a case."""
        async with pool_transaction(self.pool) as conn:
            return await open_report(conn, ref, **how)

    async def execute(self, statement: str, *values: object) -> None:
        """Change something behind the back of the service."""
        async with pool_transaction(self.pool) as conn:
            await conn.execute(statement, *values)

    async def react(self) -> None:
        """Let everything that is due be told."""
        await dispatch_due(self.pool, district_id=DISTRICT, now=self.clock(), reactions=REACTIONS)


def pointers(problem: Json) -> list[str]:
    """Give the fields that a problem names."""
    return [error["pointer"] for error in problem["errors"]]


def slug(problem: Json) -> str:
    """Give what kind of problem it is."""
    return str(problem["type"].partition("#")[2])


def ids(things: Sequence[Json]) -> list[int]:
    return [thing["id"] for thing in things]
