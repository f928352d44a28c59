"""New boundaries over HTTP: a file into the draft, what the draft would do, and its activation or its end.

For administrators of the whole district. Every step is stateless but the draft itself: a file is sent once to be looked
at and once to be taken in, and what lay on the disk meanwhile is gone with the answer.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, StringConstraints

from core.access.sessions import require_recent_sign_in
from core.database import Connection
from core.errors import Text
from core.http.endpoint import Input, read_upload, to_json
from core.http.problems import WrongMediaType
from core.http.wiring import actor, district_id, now, transaction
from geo import queries
from geo.boundaries.comparing import MOST_AREAS, Comparison, compare_draft, count
from geo.boundaries.reading import describe_uploaded, read_uploaded
from geo.boundary_file import FileNote
from geo.checking import Finding, check_draft
from geo.drafts import get_draft
from geo.errors import BoundaryFileUnreadable, DraftTooLarge, GenerationNotFound
from geo.generations import activate, discard
from geo.importing import ImportSource, plan_import, store_import
from geo.models import Datum, Generation, Level

#: Bytes of a boundary file.
LARGEST_FILE = 32 * 2**20
UPLOAD_TIMEOUT_S = 300.0

_SUFFIXES = {"application/geo+json": ".geojson", "application/zip": ".zip", "application/geopackage+sqlite3": ".gpkg"}
MEDIA_TYPES = tuple(_SUFFIXES)

FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
LevelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class FileQuery(Input):
    """Which layer of the file, and in which text encoding a Shapefile without `.cpg` is written."""

    layer: Annotated[str, StringConstraints(max_length=200)] | None = None
    encoding: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,20}$")] | None = None


class ImportQuery(FileQuery):
    """How to read the rows: what these areas are called, the fields of name and code, the datum, what they hang below.

    `parent` is the code of one area of the draft above all rows; `parent_field`, outermost first, are fields with the
    codes of their parents. Not both.
    """

    level: LevelName
    name_field: FieldName
    code_field: FieldName
    datum: Datum
    parent: Annotated[str, StringConstraints(max_length=40)] | None = None
    parent_field: tuple[FieldName, ...] = ()
    scheme: Annotated[str, StringConstraints(min_length=1, max_length=40)] = "local"
    year: int | None = Field(None, ge=1949, le=2200)


class CheckQuery(Input):
    """`accept_datum`: the datum is right although areas have moved as if it were not."""

    accept_datum: bool = False


class ActivationBody(Input):
    """Which draft was looked at: another that came in its place is not activated."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"generation_id": 7}]})

    generation_id: int
    accept_datum: bool = False


@dataclass(frozen=True, slots=True)
class DraftReport:
    """The draft, how many areas it has of each level, and what its check found; with errors it cannot be activated."""

    generation: Generation
    levels: list[Level]
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


async def describe_boundary_file(request: web.Request, query: FileQuery) -> FileNote:
    """Say what layers and fields a GeoJSON, a zipped Shapefile or a GeoPackage has. Nothing is stored."""
    async with _uploaded(request) as file:
        return await asyncio.to_thread(describe_uploaded, file, layer=query.layer, encoding=query.encoding)


async def import_boundary_file(request: web.Request, query: ImportQuery) -> web.Response:
    """Take the areas of a file into the draft, all of them or, with any error, none (422).

    The report names each row.
    """
    async with _uploaded(request) as file:
        source = ImportSource(
            file=file,
            level=query.level,
            name_field=query.name_field,
            code_field=query.code_field,
            datum=query.datum,
            parent_fields=query.parent_field if query.parent is None else (),
            parent=query.parent,
            scheme=query.scheme,
            year=query.year,
        )
        features = await asyncio.to_thread(read_uploaded, file, layer=query.layer, encoding=query.encoding)
        if len(features) > MOST_AREAS:
            raise _too_many(len(features))
        plan = await asyncio.to_thread(plan_import, features, source)
    who = actor(request)
    async with transaction(request) as conn:
        report = await store_import(
            conn, district_id=district_id(request), plan=plan, actor_name=who.name, now=now(request), actor=who
        )
    return web.Response(status=422 if report.errors else 200, body=to_json(report), content_type="application/json")


async def check_boundaries(request: web.Request, query: CheckQuery) -> DraftReport:
    """Check the draft: errors hinder its activation, warnings do not. The worst of each kind come first."""
    district = district_id(request)
    async with transaction(request) as conn:
        draft, levels = await _draft(conn, district)
        report = await check_draft(conn, district_id=district, accept_datum=query.accept_datum)
    return DraftReport(draft, levels, report.errors, report.warnings)


async def compare_boundaries(request: web.Request) -> Comparison:
    """Say which areas the draft adds, removes and changes, by code, and give their outlines for a map."""
    async with transaction(request) as conn:
        return await compare_draft(conn, district_id=district_id(request))


async def activate_boundaries(request: web.Request, body: ActivationBody) -> Generation:
    """Make the draft the active generation, for whoever has proved lately who he is; refused while it has errors.

    Stations move to their new areas, and reports from now on are located in them; open cases keep the area they have.
    """
    require_recent_sign_in(actor(request), now(request))
    district, who = district_id(request), actor(request)
    async with transaction(request) as conn:
        draft, _ = await _draft(conn, district)
        if draft.id != body.generation_id:
            raise GenerationNotFound(pointer="/generation_id", generation=body.generation_id)
        return await activate(
            conn,
            district_id=district,
            actor_name=who.name,
            now=now(request),
            accept_datum=body.accept_datum,
            actor=who,
        )


async def discard_boundaries(request: web.Request) -> Generation:
    """Drop the areas of the draft; that it was there stays in the list of generations."""
    async with transaction(request) as conn:
        await _draft(conn, district_id(request))
        return await discard(conn, district_id=district_id(request), now=now(request), actor=actor(request))


async def _draft(conn: Connection, district: int) -> tuple[Generation, list[Level]]:
    """Give the draft, locked, and its levels. Raises `NoDraft`, `DraftTooLarge`."""
    draft = await get_draft(conn, district_id=district)
    levels = await queries.list_levels(conn, district_id=district, generation_id=draft.id)
    if (areas := count(levels)) > MOST_AREAS:
        raise DraftTooLarge(count=areas, most=MOST_AREAS)
    return draft, levels


@asynccontextmanager
async def _uploaded(request: web.Request) -> AsyncIterator[Path]:
    """Lay the body into a file of a folder of its own, which is gone after the block."""
    suffix = _SUFFIXES.get(request.content_type)
    if suffix is None:
        raise WrongMediaType(expected=", ".join(MEDIA_TYPES))
    data = await read_upload(request, limit=LARGEST_FILE, timeout_s=UPLOAD_TIMEOUT_S)
    with tempfile.TemporaryDirectory(prefix="station-boundaries-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / f"upload{suffix}"
        await asyncio.to_thread(file.write_bytes, data)
        yield file


def _too_many(rows: int) -> BoundaryFileUnreadable:
    return BoundaryFileUnreadable(
        reason=Text(
            f"有 {rows} 行，网页最多导入 {MOST_AREAS} 行；更大的文件请由运维用命令 areas import 导入",
            f"it has {rows} rows and a page takes {MOST_AREAS}; import larger ones with the command areas import",
        )
    )
