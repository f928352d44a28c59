"""What became of a report: its receipt, its photos, and the way its case has come."""

from community.progress import get_progress
from community.queries import find_case
from community.sight import roles_on
from core.access.models import Actor
from core.database import Connection
from core.errors import NotFound
from core.sealing.ring import KeyRing
from riders import queries
from riders.models import Photo, Report, ReportLine, ReportProgress, rider_id_of


async def get_report_progress(conn: Connection, *, actor: Actor, report_id: int, ring: KeyRing) -> ReportProgress:
    """Give a report to the rider who sent it and to staff who see its case; for anyone else raise `NotFound`.

    Only the rider is given the link, made with `ring`, by which he answers how it was closed.
    """
    report = await _get_visible(conn, actor=actor, report_id=report_id)
    return ReportProgress(
        report=report,
        photos=await queries.list_photos(conn, district_id=actor.district_id, report_id=report_id),
        progress=await get_progress(
            conn,
            district_id=actor.district_id,
            case_id=report.case_id,
            link_ring=ring if actor.kind == "rider" else None,
        ),
    )


async def list_own_reports(conn: Connection, *, actor: Actor, before: int | None, limit: int) -> list[ReportLine]:
    """Give the rider's own reports, newest first, with ids under `before`."""
    return await queries.list_own_reports(
        conn, district_id=actor.district_id, rider_id=rider_id_of(actor), before=before, limit=limit
    )


async def get_stored_photo(conn: Connection, *, actor: Actor, report_id: int, sha256: str) -> Photo:
    """Give a photo that has arrived, to those who may see its report; else raise `NotFound`."""
    await _get_visible(conn, actor=actor, report_id=report_id)
    for photo in await queries.list_photos(conn, district_id=actor.district_id, report_id=report_id):
        if photo.sha256 == sha256 and photo.stored_at is not None:
            return photo
    raise NotFound()


async def _get_visible(conn: Connection, *, actor: Actor, report_id: int) -> Report:
    report = await queries.find_report(conn, district_id=actor.district_id, report_id=report_id)
    if report is None:
        raise NotFound()
    if actor.kind == "rider" and actor.id == report.rider_id:
        return report
    case = await find_case(conn, district_id=actor.district_id, case_id=report.case_id)
    if case is None or not roles_on(actor, case):
        raise NotFound()
    return report
