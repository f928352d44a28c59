"""All SQL about keys and about re-sealing rows. Names of tables and columns come from `SealedTable` values in code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.database import Connection
from core.sealing.models import Indexes, Key, Purpose, RegisteredKey, SealedTable


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row's id and its sealed values in the order of the table's columns."""

    id: int
    values: tuple[bytes | None, ...]


async def list_keys(conn: Connection, *, district_id: int) -> list[RegisteredKey]:
    sql = """
        select purpose, number, algorithm, fingerprint, made_at, retired_at from sealing_key
        where district_id = $1 order by purpose, number
    """
    rows = await conn.fetch(sql, district_id)
    return [RegisteredKey(**dict(row) | {"purpose": Purpose(row["purpose"])}) for row in rows]


async def insert_keys(conn: Connection, *, district_id: int, keys: Sequence[Key], now: datetime) -> None:
    """Note keys that are new to the database."""
    await conn.executemany(
        """
        insert into sealing_key (district_id, purpose, number, algorithm, fingerprint, made_at)
        values ($1, $2, $3, $4, $5, $6) on conflict do nothing
        """,
        [(district_id, key.purpose, key.number, key.algorithm, key.fingerprint, now) for key in keys],
    )


async def retire_key(conn: Connection, *, district_id: int, purpose: Purpose, number: int, now: datetime) -> None:
    await conn.execute(
        "update sealing_key set retired_at = $4 where district_id = $1 and purpose = $2 and number = $3",
        district_id,
        purpose,
        number,
        now,
    )


async def lock_keys(conn: Connection, *, district_id: int) -> None:
    """Let nobody else make or retire keys until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('sealing_key'), $1)", district_id)


async def lock_rows_sealed_before(
    conn: Connection, *, table: SealedTable, district_id: int, number: int, at_least: int, limit: int
) -> list[SealedRow]:
    """Hold some rows with a value sealed by a key from `at_least` up to below `number`; those held elsewhere wait."""
    sql = f"""
        select id, {", ".join(table.columns)} from {table.name}
        where district_id = $1 and sealed_with < $2 and sealed_with >= $3
        limit $4 for no key update skip locked
    """  # noqa: S608
    rows = await conn.fetch(sql, district_id, number, at_least, limit)
    return [SealedRow(row["id"], tuple(row)[1:]) for row in rows]


async def lock_rows_indexed_before(
    conn: Connection, *, table: SealedTable, district_id: int, number: int, limit: int
) -> list[SealedRow]:
    """Hold some sealed rows that have no index under the key `number` yet, and give only what is indexed."""
    sql = f"""
        select id, {table.indexed} from {table.name}
        where district_id = $1 and indexed_with < $2 and sealed_with > 0
        limit $3 for no key update skip locked
    """  # noqa: S608
    rows = await conn.fetch(sql, district_id, number, limit)
    return [SealedRow(row["id"], tuple(row)[1:]) for row in rows]


async def update_sealed(conn: Connection, *, table: SealedTable, district_id: int, rows: Sequence[SealedRow]) -> None:
    """Write values sealed anew."""
    numbered = range(3, 3 + len(table.columns))
    sql = f"""
        update {table.name} as old
        set {", ".join(f"{column} = new.{column}" for column in table.columns)}
        from unnest($2::bigint[], {", ".join(f"${n}::bytea[]" for n in numbered)})
            as new (id, {", ".join(table.columns)})
        where old.district_id = $1 and old.id = new.id
    """  # noqa: S608
    columns = [list(values) for values in zip(*(row.values for row in rows), strict=True)]
    await conn.execute(sql, district_id, [row.id for row in rows], *columns)


async def update_indexes(
    conn: Connection, *, table: SealedTable, district_id: int, indexes: Sequence[tuple[int, Indexes]]
) -> None:
    """Write the indexes of rows; where one is None, what stands there stays."""
    sql = f"""
        update {table.name} as old
        set {table.indexed}_index_odd = coalesce(new.odd, {table.indexed}_index_odd),
            {table.indexed}_index_even = coalesce(new.even, {table.indexed}_index_even)
        from unnest($2::bigint[], $3::bytea[], $4::bytea[]) as new (id, odd, even)
        where old.district_id = $1 and old.id = new.id
    """  # noqa: S608
    ids, odd, even = zip(*((row_id, each.odd, each.even) for row_id, each in indexes), strict=True)
    await conn.execute(sql, district_id, list(ids), list(odd), list(even))


async def clear_indexes(
    conn: Connection, *, table: SealedTable, district_id: int, is_odd: bool, below: int, limit: int
) -> int:
    """Take the index of a retired key, whose number is `below` that one, out of some rows; give out of how many."""
    column = f"{table.indexed}_index_{'odd' if is_odd else 'even'}"
    sql = f"""
        with stale as (
            select id from {table.name} where district_id = $1 and {column} is not null and key_number({column}) < $2
            limit $3 for no key update skip locked
        ), cleared as (
            update {table.name} as old set {column} = null from stale
            where old.district_id = $1 and old.id = stale.id returning 1
        )
        select count(*) from cleared
    """  # noqa: S608
    cleared: int = await conn.fetchval(sql, district_id, below, limit)
    return cleared


async def count_sealed_before(conn: Connection, *, table: SealedTable, district_id: int, number: int, most: int) -> int:
    """Count the rows with a value sealed by a key below `number`, up to `most`."""
    return await _count(conn, table, "sealed_with", district_id, number, most)


async def count_indexed_before(
    conn: Connection, *, table: SealedTable, district_id: int, number: int, most: int
) -> int:
    """Count the rows without an index under a key of at least `number`, up to `most`."""
    return await _count(conn, table, "indexed_with", district_id, number, most)


async def _count(conn: Connection, table: SealedTable, with_key: str, district_id: int, number: int, most: int) -> int:
    sql = f"""
        select count(*) from (
            select from {table.name} where district_id = $1 and {with_key} < $2 limit $3
        ) as waiting
    """  # noqa: S608
    count: int = await conn.fetchval(sql, district_id, number, most)
    return count
