"""What a case costs beside a bare row: opening, each verb, and the sweep, every one committed to disk.

Run: `python -m bench.cases`. The peer is one durable insert of a row of about the same size, in the same run.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.postgres import running
from community.acts import Act
from community.clocks.sweep import sweep_deadlines
from community.models import Channel
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Role
from core.database import Connection, connected
from core.migration import migrate
from tests.community.district import COMMUNITY, found, hire, located, open_report

TIMES = 300
START = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


async def _time(conn: Connection, each: Callable[[int], Awaitable[object]]) -> float:
    """Give the median milliseconds of doing it in a transaction of its own."""
    taken = []
    for number in range(TIMES):
        begun = time.perf_counter()
        async with conn.transaction():
            await each(number)
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


async def main() -> None:
    """Print the median of each, and its ratio to the bare row."""
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as server, connected(server.sweeper_dsn) as conn:
            async with connected(server.owner_dsn) as owner:
                await migrate(owner)
                await owner.execute("create table bare (id bigint generated always as identity, words text)")
            secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
            department_id = await found(conn)
            cases: list[int] = []

            async def bare(_number: int) -> None:
                await conn.execute("insert into bare (words) values ($1)", "x" * 600)

            async def opened(number: int) -> None:
                cases.append((await open_report(conn, number, at=located())).id)

            def verb(verb: Verb, **said: object) -> Callable[[int], Awaitable[object]]:
                async def do(number: int) -> None:
                    act = Act(**said)  # type: ignore[arg-type]
                    await carry_out(conn, case_id=cases[number], verb=verb, act=act, actor=secretary, now=START)

                return do

            peer = await _time(conn, bare)
            print(f"{'a bare row':24}{peer:8.2f} ms")
            for name, each in (
                ("open", opened),
                ("contact", verb(Verb.CONTACT, note="已联系", channel=Channel.PHONE)),
                ("file", verb(Verb.FILE)),
                ("dispatch", verb(Verb.DISPATCH, department_id=department_id)),
                ("handle", verb(Verb.HANDLE, note="好了")),
                ("verify", verb(Verb.VERIFY)),
                ("close", verb(Verb.CLOSE, result="已清理")),
            ):
                median = await _time(conn, each)
                print(f"{name:24}{median:8.2f} ms  {median / peer:5.1f} × a bare row")
            for number in range(TIMES):
                await open_report(conn, f"late {number}", at=located())
            begun = time.perf_counter()
            async with conn.transaction():
                told = await sweep_deadlines(conn, district_id=1, now=START + timedelta(minutes=16))
            each_ms = (time.perf_counter() - begun) * 1000 / len(told)
            print(
                f"{'tell of a clock':24}{each_ms:8.2f} ms  {each_ms / peer:5.1f} × a bare row ({len(told)} in a sweep)"
            )


if __name__ == "__main__":
    asyncio.run(main())
