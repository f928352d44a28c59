"""All SQL about generations and areas. Shapes go in and out as WKB in WGS-84."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import asyncpg

from core.database import Connection, escape_like
from geo.models import Area, AreaRef, Datum, Generation, GenerationStatus, Level, Place, PlaceKind, Point

_GENERATION = "id, status, note, created_at, created_by, activated_at, activated_by, replaced_id"
_AREA = "code, name, level, path, names, parent_code, code_scheme, code_year, is_leaf"
_SHAPE = f"{_AREA}, datum, geometry"
_PAGE = 20_000
_INSERTED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class LeafRow:
    """A leaf as an index takes it: no more than `AreaRef`, and the shape as WKB."""

    code: str
    name: str
    level: str
    path: str
    names: tuple[str, ...]
    geometry: bytes

    def ref(self) -> AreaRef:
        """Give what others keep of this area."""
        return AreaRef(self.code, self.name, self.level, self.path, self.names)


@dataclass(frozen=True, slots=True)
class ShapedArea(Area):
    """An area with its shape as WKB; `datum` is what the file stated, the shape itself is in WGS-84."""

    datum: Datum
    geometry: bytes


@dataclass(frozen=True, slots=True)
class MovedArea:
    """An area that two generations know by the same code: the middles of its two boxes, in degrees."""

    code: str
    datum: Datum
    old_lon: float
    old_lat: float
    lon: float
    lat: float


def _generation(row: asyncpg.Record) -> Generation:
    return Generation(**dict(row) | {"status": GenerationStatus(row["status"])})


def _area(row: asyncpg.Record) -> Area:
    return Area(**dict(row) | {"names": tuple(row["names"])})


def _shaped_area(row: asyncpg.Record) -> ShapedArea:
    return ShapedArea(**dict(row) | {"names": tuple(row["names"]), "datum": Datum(row["datum"])})


async def find_generation(conn: Connection, *, district_id: int, generation_id: int) -> Generation | None:
    row = await conn.fetchrow(
        f"select {_GENERATION} from generation where district_id = $1 and id = $2",  # noqa: S608
        district_id,
        generation_id,
    )
    return None if row is None else _generation(row)


async def find_active_generation(conn: Connection, *, district_id: int) -> Generation | None:
    return await _find_by_status(conn, district_id, GenerationStatus.ACTIVE)


async def find_draft_generation(conn: Connection, *, district_id: int) -> Generation | None:
    return await _find_by_status(conn, district_id, GenerationStatus.DRAFT)


async def _find_by_status(conn: Connection, district_id: int, status: GenerationStatus) -> Generation | None:
    row = await conn.fetchrow(
        f"select {_GENERATION} from generation where district_id = $1 and status = $2",  # noqa: S608
        district_id,
        status,
    )
    return None if row is None else _generation(row)


async def list_generations(conn: Connection, *, district_id: int) -> list[Generation]:
    """List every generation, the newest first."""
    rows = await conn.fetch(
        f"select {_GENERATION} from generation where district_id = $1 order by id desc",  # noqa: S608
        district_id,
    )
    return [_generation(row) for row in rows]


async def lock_generations(conn: Connection, *, district_id: int) -> None:
    """Let no other transaction change the draft or the active generation until this one ends."""
    await conn.execute(
        "select from generation where district_id = $1 and status in ('draft', 'active') order by id for update",
        district_id,
    )


async def insert_draft(conn: Connection, *, district_id: int, created_at: datetime, created_by: str) -> None:
    """Make the draft generation unless there is one, also when another transaction is making it."""
    await conn.execute(
        """
        insert into generation (district_id, created_at, created_by) values ($1, $2, $3)
        on conflict (district_id) where status = 'draft' do nothing
        """,
        district_id,
        created_at,
        created_by,
    )


async def set_status(conn: Connection, *, district_id: int, generation_id: int, status: GenerationStatus) -> None:
    await conn.execute(
        "update generation set status = $3 where district_id = $1 and id = $2", district_id, generation_id, status
    )


async def set_active(
    conn: Connection,
    *,
    district_id: int,
    generation_id: int,
    replaced_id: int | None,
    activated_at: datetime,
    activated_by: str,
) -> Generation:
    """Make a generation the active one; the one before must have been retired already."""
    (row,) = await conn.fetch(
        f"""
        update generation set status = 'active', replaced_id = $3, activated_at = $4, activated_by = $5
        where district_id = $1 and id = $2 returning {_GENERATION}
        """,  # noqa: S608
        district_id,
        generation_id,
        replaced_id,
        activated_at,
        activated_by,
    )
    return _generation(row)


async def insert_areas(
    conn: Connection,
    *,
    district_id: int,
    generation_id: int,
    areas: Sequence[ShapedArea],
    bounds: Sequence[tuple[float, float, float, float]],
) -> None:
    """Store areas in bulk; `bounds` are their west, south, east and north in the same order."""
    columns = f"district_id, generation_id, {_SHAPE}, min_lon, min_lat, max_lon, max_lat".split(", ")
    records = (
        (district_id, generation_id, *(getattr(area, column) for column in columns[2:-4]), *box)
        for area, box in zip(areas, bounds, strict=True)
    )
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    # Not COPY, which a table with row-level security refuses; in pieces, for each has the deadline of a command.
    while piece := list(islice(records, _INSERTED_AT_ONCE)):
        await conn.executemany(f"insert into area ({', '.join(columns)}) values ({places})", piece)  # noqa: S608


async def set_not_leaf(conn: Connection, *, district_id: int, generation_id: int, codes: Sequence[str]) -> None:
    await conn.execute(
        """
        update area set is_leaf = false
        where district_id = $1 and generation_id = $2 and code = any($3::text[]) and is_leaf
        """,
        district_id,
        generation_id,
        codes,
    )


async def delete_areas(conn: Connection, *, district_id: int, generation_id: int) -> None:
    await conn.execute("delete from area where district_id = $1 and generation_id = $2", district_id, generation_id)


async def find_area(conn: Connection, *, district_id: int, generation_id: int, code: str) -> Area | None:
    row = await conn.fetchrow(
        f"select {_AREA} from area where district_id = $1 and generation_id = $2 and code = $3",  # noqa: S608
        district_id,
        generation_id,
        code,
    )
    return None if row is None else _area(row)


async def list_areas(conn: Connection, *, district_id: int, generation_id: int, codes: Sequence[str]) -> list[Area]:
    """List those areas of a generation that have one of `codes`, by code."""
    rows = await conn.fetch(
        f"""
        select {_AREA} from area
        where district_id = $1 and generation_id = $2 and code = any($3::text[]) order by code
        """,  # noqa: S608
        district_id,
        generation_id,
        codes,
    )
    return [_area(row) for row in rows]


async def find_geometry(conn: Connection, *, district_id: int, generation_id: int, code: str) -> bytes | None:
    """Give the shape of an area as WKB."""
    geometry: bytes | None = await conn.fetchval(
        "select geometry from area where district_id = $1 and generation_id = $2 and code = $3",
        district_id,
        generation_id,
        code,
    )
    return geometry


async def list_children(
    conn: Connection, *, district_id: int, generation_id: int, parent_code: str | None, after: str, limit: int
) -> list[Area]:
    """List the areas directly below `parent_code` (None: the roots) by code, from behind `after` on."""
    rows = await conn.fetch(
        f"""
        select {_AREA} from area
        where district_id = $1 and generation_id = $2 and code > $4
            and (parent_code = $3 or ($3::text is null and parent_code is null))
        order by code limit $5
        """,  # noqa: S608
        district_id,
        generation_id,
        parent_code,
        after,
        limit,
    )
    return [_area(row) for row in rows]


async def list_leaves(
    conn: Connection, *, district_id: int, generation_id: int, after: str = "", limit: int = _PAGE
) -> list[LeafRow]:
    """List a page of leaves by code, from behind `after` on; a million at once would outlast the statement deadline."""
    rows = await conn.fetch(
        """
        select code, name, level, path, names, geometry from area
        where district_id = $1 and generation_id = $2 and is_leaf and code > $3
        order by code limit $4
        """,
        district_id,
        generation_id,
        after,
        limit,
    )
    return [LeafRow(**dict(row) | {"names": tuple(row["names"])}) for row in rows]


async def list_shaped_areas(conn: Connection, *, district_id: int, generation_id: int) -> list[ShapedArea]:
    """List all areas of a generation with their shapes, by code; read in pages."""
    areas: list[ShapedArea] = []
    page: list[Any] = [None] * _PAGE
    while len(page) == _PAGE:
        page = await conn.fetch(
            f"""
            select {_SHAPE} from area where district_id = $1 and generation_id = $2 and code > $3
            order by code limit $4
            """,  # noqa: S608
            district_id,
            generation_id,
            areas[-1].code if areas else "",
            _PAGE,
        )
        areas += map(_shaped_area, page)
    return areas


async def list_shapes_in(
    conn: Connection,
    *,
    district_id: int,
    generation_id: int,
    parent_code: str | None,
    is_leaf: bool,
    box: tuple[float, float, float, float],
    limit: int,
) -> tuple[int, list[ShapedArea]]:
    """Give how many areas touch a box (west, south, east, north), and the first of them by code.

    All leaves with `is_leaf`, else those directly beneath `parent_code` (None: the roots).
    """
    chosen = """
        district_id = $1 and generation_id = $2 and max_lon >= $5 and max_lat >= $6 and min_lon <= $7 and min_lat <= $8
        and case when $4 then is_leaf else parent_code is not distinct from $3 end
    """
    asked = (district_id, generation_id, parent_code, is_leaf, *box)
    total: int = await conn.fetchval(f"select count(*) from area where {chosen}", *asked)  # noqa: S608
    rows = await conn.fetch(f"select {_SHAPE} from area where {chosen} order by code limit $9", *asked, limit)  # noqa: S608
    return total, [_shaped_area(row) for row in rows]


async def list_levels(conn: Connection, *, district_id: int, generation_id: int) -> list[Level]:
    """List the levels of a generation with how many areas each has, from the roots down."""
    rows = await conn.fetch(
        """
        select level as name, cardinality(names) as depth, count(*) as areas from area
        where district_id = $1 and generation_id = $2 group by level, cardinality(names) order by depth, name
        """,
        district_id,
        generation_id,
    )
    return [Level(**row) for row in rows]


async def find_places(conn: Connection, *, district_id: int, text: str, limit: int) -> list[Place]:
    """Find areas of the active generation by code or by part of the name; the point is the middle of the area's box.

    A whole name or code comes first, then upper levels before lower ones.
    """
    pattern = escape_like(text)
    rows = await conn.fetch(
        """
        select area.code, area.names, (min_lon + max_lon) / 2 as lon, (min_lat + max_lat) / 2 as lat
        from area join generation
            on generation.district_id = area.district_id and generation.id = area.generation_id
        where area.district_id = $1 and generation.status = 'active' and (code = $2 or name ilike '%' || $3 || '%')
        order by code = $2 or name = $2 desc, cardinality(names), code limit $4
        """,
        district_id,
        text,
        pattern,
        limit,
    )
    return [Place(" ".join(row["names"]), PlaceKind.AREA, Point(row["lon"], row["lat"]), row["code"]) for row in rows]


async def find_middle(conn: Connection, *, district_id: int) -> Point | None:
    """Find the middle of the box around the active generation; None where there is none."""
    row = await conn.fetchrow(
        """
        select (min(min_lon) + max(max_lon)) / 2 as lon, (min(min_lat) + max(max_lat)) / 2 as lat
        from area join generation
            on generation.district_id = area.district_id and generation.id = area.generation_id
        where area.district_id = $1 and generation.status = 'active' and area.parent_code is null
        """,
        district_id,
    )
    return None if row is None or row["lon"] is None else Point(row["lon"], row["lat"])


async def list_moved_areas(
    conn: Connection, *, district_id: int, generation_id: int, other_id: int, limit: int
) -> list[MovedArea]:
    """List areas that both generations know by the same code; the old position is that in `other_id`."""
    rows = await conn.fetch(
        """
        select code, this.datum, (other.min_lon + other.max_lon) / 2 as old_lon,
            (other.min_lat + other.max_lat) / 2 as old_lat,
            (this.min_lon + this.max_lon) / 2 as lon, (this.min_lat + this.max_lat) / 2 as lat
        from area this join area other using (district_id, code)
        where district_id = $1 and this.generation_id = $2 and other.generation_id = $3
        order by code limit $4
        """,
        district_id,
        generation_id,
        other_id,
        limit,
    )
    return [MovedArea(**dict(row) | {"datum": Datum(row["datum"])}) for row in rows]


async def list_missing_scopes(conn: Connection, *, district_id: int, generation_id: int) -> list[str]:
    """List the area paths that staff are scoped to and that a generation does not have."""
    rows = await conn.fetch(
        """
        select distinct area_path from staff_grant
        where district_id = $1 and area_path <> '' and not exists (
            select from area
            where area.district_id = $1 and area.generation_id = $2 and area.path = staff_grant.area_path
        )
        order by area_path
        """,
        district_id,
        generation_id,
    )
    return [row["area_path"] for row in rows]
