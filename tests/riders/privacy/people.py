"""A district full of cases, with one rider and one resident in it who can be told from everybody else."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.access.sessions import open_session
from core.database import Pool, connected, pool_transaction
from core.http.wiring import BACKGROUND, RECORDS
from tests.acceptance.matrix.world import PHONE, Builder
from tests.conftest import DISTRICT, Client, Database, FakeClock
from tests.riders.privacy.village import Caller, build

NAME, PLATFORM, RIDER_PHONE = "贺兰骑远", "飞毛腿外送", "13800000077"
SPACED = "138 0000-0077"
ID_NUMBER = "11010519491231002X"
#: Whatever leads to the rider. What his phone said of where he was, to the last digit, is of the same kind.
OF_THE_RIDER = (NAME, PLATFORM, RIDER_PHONE, SPACED, ID_NUMBER, "0043217")
OF_THE_RESIDENT = ("暗名居民", PHONE)


@dataclass(frozen=True)
class Town:
    """The running service, everybody in it and the ids of what there is, and a way to look for words in every table."""

    client: Client
    database: Database
    clock: FakeClock
    people: dict[str, Caller]
    ids: dict[str, Any]

    @property
    def pool(self) -> Pool:
        """Give connections that see every row."""
        return self.client.app[BACKGROUND]

    @property
    def photos(self) -> Path:
        """Give the folder in which the files of photos are kept."""
        return self.client.app[RECORDS].parent / "photos" / str(DISTRICT)

    def caller(self, name: str) -> Caller:
        """Let somebody of this name (role and position) call."""
        return self.people[name]

    @property
    def rider(self) -> Caller:
        return self.caller("rider/owner")

    @property
    def secretary(self) -> Caller:
        return self.caller("secretary/own")

    async def react(self) -> None:
        """Let everything be told that is to be told."""
        await Builder(self.client, self.pool, self.database, self.clock).react()

    async def sign_in_again(self, who: str = "rider/owner") -> Caller:
        """Sign somebody of the own community in this moment."""
        someone = self.people[who].who
        actor = someone.actor
        assert actor.id is not None
        async with pool_transaction(self.pool) as conn:
            tokens = await open_session(
                conn, district_id=DISTRICT, kind=actor.kind, subject_id=actor.id, now=self.clock()
            )
        return Caller(self.client, replace(someone, header={"Authorization": f"Bearer {tokens.access}"}))


async def settle(client: Client, database: Database, clock: FakeClock) -> Town:
    """Fill a running service, and let the rider and those about him write down who he is wherever words can stand."""
    builder = Builder(client, client.app[BACKGROUND], database, clock)
    people, ids = await build(builder)
    town = Town(client, database, clock, people, ids)
    rider, secretary = town.rider, town.secretary
    await rider.do("PATCH", "/riders/me", {"name": NAME, "platform": PLATFORM, "languages": ["zh", "ug"]})
    await secretary.do("POST", f"/riders/{rider.actor.id}/points", {"points": 5, "reason": f"{NAME}雨夜守井"})
    await secretary.do("POST", f"/cases/{ids['case_id']}/notes", {"text": f"问了{NAME}，电话 {SPACED}"})
    said = {
        "category": "missing_cover",
        "answers": {"guarded": "yes"},
        "point": {"lon": 120.0043217, "lat": 36.0065432, "datum": "wgs84", "accuracy_m": 8},
        "description": f"我是{NAME}，电话{RIDER_PHONE}，证件 {ID_NUMBER}，井盖没了",
        "observed_at": "2026-03-10T01:59:00Z",
    }
    report = await rider.do("POST", "/reports", said)
    await secretary.do("POST", f"/cases/{report['case_id']}/contact", {"channel": "phone", "note": f"已联系{NAME}"})
    entry = (await rider.do("GET", "/riders/me/points"))["entries"][0]
    await rider.do("POST", "/points/objections", {"entry_id": entry["id"], "words": f"请回电 {RIDER_PHONE}"})
    await builder.react()
    ids["cover_case_id"], ids["cover_report_id"] = report["case_id"], report["id"]
    return town


async def holding(dsn: str, words: tuple[str, ...]) -> set[str]:
    """Give the tables of a database in whose rows one of the words stands, each with the word."""
    found = set()
    async with connected(dsn) as conn:
        tables = await conn.fetch("select tablename from pg_tables where schemaname = 'public'")
        for table in sorted(row["tablename"] for row in tables):
            for word in words:
                sql = f"select exists (select from {table} as row where strpos(row::text, $1) > 0)"  # noqa: S608
                if await conn.fetchval(sql, word):
                    found.add(f"{table}: {word}")
    return found


async def rows(pool: Pool, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Read the database directly."""
    async with pool_transaction(pool) as conn:
        return [tuple(row) for row in await conn.fetch(sql, *values)]
