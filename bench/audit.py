"""How fast the audit trail is verified, beside PostgreSQL merely counting the same rows.

Run: python -m bench.audit [ROWS]
"""

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

from app.postgres import running
from core.database import connected
from core.migration import migrate
from core.trail.verify import verify_trail

_FILL = """
    insert into audit_entry
    select 1, n, timestamptz '2026-03-10' + n * interval '1 second', 'staff', n % 50, 'rider.unmasked', 'rider',
        n::text, '核对身份', jsonb_build_object('case', n, 'fields', array['phone', 'name']), ''
    from generate_series(1, $1::int) as n
"""
_SEAL = """
    do $$ declare entry audit_entry; before bytea := ''; begin
        for entry in select * from audit_entry order by id loop
            before := audit_hash(before, entry);
            update audit_entry set hash = before where id = entry.id;
        end loop;
    end $$
"""


async def _measure(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
        async with running(Path(folder)) as server, connected(server.superuser_dsn) as conn:
            async with connected(server.owner_dsn) as owner:
                await migrate(owner)
            await conn.execute(_FILL, rows)
            await conn.execute(_SEAL)
            await conn.execute("vacuum analyze audit_entry")
            before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            begun = time.perf_counter()
            found = await verify_trail(conn, district_id=1, anchors=[])
            verified = time.perf_counter() - begun
            begun = time.perf_counter()
            await conn.fetchval("select count(hash) from audit_entry where reason <> ''")
            counted = time.perf_counter() - begun
            grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
            print(f"{found.rows} rows, {found.finding}: {rows / verified:,.0f} rows/s, {verified / counted:.0f} times")
            print(f"a plain count; memory grew by {grown_mb:.0f} MB")


if __name__ == "__main__":
    asyncio.run(_measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000))
