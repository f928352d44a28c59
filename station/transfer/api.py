"""Whole lists over HTTP: a file as the raw body, and the register as a file."""

import asyncio
from datetime import datetime

from aiohttp import hdrs, web

from core.access.sessions import require_recent_sign_in
from core.http.endpoint import Input, read_upload, to_json
from core.http.problems import WrongMediaType
from core.http.wiring import actor, now, transaction
from geo.api import LOCATE
from geo.models import Datum
from station.transfer.files import LARGEST_FILE, Format, read_table
from station.transfer.lists import export_stations, import_stations

UPLOAD_TIMEOUT_S = 120.0
MEDIA_TYPES = tuple(form.media_type for form in Format)


class ImportQuery(Input):
    """`datum` of positions whose row or header states none; `dry_run` only reports."""

    datum: Datum | None = None
    dry_run: bool = False


class ExportQuery(Input):
    """The form of the list."""

    format: Format = Format.CSV


async def import_station_list(request: web.Request, query: ImportQuery) -> web.Response:
    """Enter or update the stations of a CSV, xlsx or GeoJSON file, all of them or, with any error, none (422).

    The report names each wrong cell in both languages.
    """
    form = next((form for form in Format if form.media_type == request.content_type), None)
    if form is None:
        raise WrongMediaType(expected=", ".join(MEDIA_TYPES))
    table = await asyncio.to_thread(
        read_table, await read_upload(request, limit=LARGEST_FILE, timeout_s=UPLOAD_TIMEOUT_S), form
    )
    async with transaction(request) as conn:
        report = await import_stations(
            conn,
            actor=actor(request),
            table=table,
            datum=query.datum,
            mapping={},
            locate=request.app[LOCATE],
            now=now(request),
            dry_run=query.dry_run,
        )
    return web.Response(status=422 if report.errors else 200, body=to_json(report), content_type="application/json")


async def export_station_list(request: web.Request, query: ExportQuery) -> web.Response:
    """Give the stations of the caller's areas as a file, to whoever has proved lately who he is."""
    require_recent_sign_in(actor(request), now(request))
    async with transaction(request) as conn:
        body = await export_stations(conn, actor=actor(request), form=query.format, now=now(request))
    return web.Response(
        body=body,
        content_type=query.format.media_type,
        headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="{_file_name(query.format, now(request))}"'},
    )


def _file_name(form: Format, moment: datetime) -> str:
    return f"stations-{moment:%Y%m%d}.{form}"
