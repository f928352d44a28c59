"""The sweep that lets nothing be kept longer than the table says: in batches, each a transaction of its own.

A statement takes what is due and not locked, so the sweep is right when it never runs twice, runs ten times, or runs
late, and in several processes at once.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from app.photo_store import list_unnamed_files
from community.desk.bulk.queries import delete_bulk_acts_before
from community.privacy import queries as cases
from core.access.tokens.queries import delete_sessions_ended_before
from core.database import pool_transaction
from core.http.photos import PHOTO_STORE
from core.http.wiring import BACKGROUND, CLOCK, DISTRICT_ID
from core.privacy.queries import claim_removals
from core.privacy.retention import get_spans
from riders.privacy import queries as riders
from riders.privacy.retention import forget_photos
from station.feedback.queries import delete_taps

BATCH = 500

#: Purpose → what is taken out: `(conn, district_id, before, limit)`, giving how many were found; none ends it.
SWEPT: dict[str, tuple[Callable[..., Awaitable[int]], ...]] = {
    "submission_keys": (riders.forget_report_keys, cases.forget_appeal_keys),
    "notices": (cases.delete_notices_before,),
    "phone_positions": (riders.forget_report_positions, cases.forget_received_positions),
    "case_positions": (cases.coarsen_positions,),
    "looks": (riders.forget_looks,),
    "contacts": (cases.forget_contacts,),
    "identity_numbers": (riders.forget_id_numbers,),
    "taps": (delete_taps,),
    "photos": (forget_photos,),
}


async def sweep_retention(app: web.Application) -> None:
    """Take out whatever is older than it may be."""
    district_id, now = app[DISTRICT_ID], app[CLOCK]()
    async with pool_transaction(app[BACKGROUND]) as conn:
        spans = await get_spans(conn, district_id=district_id)
        await delete_bulk_acts_before(conn, district_id=district_id, before=now - spans["bulk_answers"])
        await delete_sessions_ended_before(conn, district_id=district_id, before=now - spans["sessions"])
    for purpose, forgets in SWEPT.items():
        for forget in forgets:
            found = None
            while found != 0:
                async with pool_transaction(app[BACKGROUND]) as conn:
                    found = await forget(conn, district_id=district_id, before=now - spans[purpose], limit=BATCH)
    await _remove_files(app, district_id)


async def _remove_files(app: web.Application, district_id: int) -> None:
    """Remove the files of deleted photos, except those that another photo names; listed until they are gone."""
    claimed = [""]
    while claimed:
        async with pool_transaction(app[BACKGROUND]) as conn:
            claimed = await claim_removals(conn, district_id=district_id, limit=BATCH)
            for sha256 in await list_unnamed_files(conn, district_id=district_id, hashes=claimed):
                await app[PHOTO_STORE].delete(sha256)
