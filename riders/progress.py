"""What became of a report: where it stands, its photos, and each step in words for the rider who sent it."""

from collections.abc import Iterable
from dataclasses import dataclass

from community.models import State
from community.queries import find_case
from core.access.models import Actor
from core.database import Connection
from core.errors import NotFound, Text
from core.models import Event
from core.queries import list_events
from riders import queries
from riders.models import Photo, Progress, Report, ReportLine, Step, rider_id_of


@dataclass(frozen=True, slots=True)
class _Words:
    """How a kind of event is told, and the field of it that is meant for the rider's eyes (None: none is)."""

    text: Text
    shown: str | None = None


# Notes between the community and its departments stay inside; what a rider is told is what ends or reopens his case.
_STEPS = {
    "case.opened": _Words(Text("已收到，等待社区处理", "Received; the community looks at it next")),
    "case.filed": _Words(Text("社区已立案", "Taken up by the community")),
    "case.contacted": _Words(Text("社区已联系", "The community got in touch"), "note"),
    "case.dispatched": _Words(Text("已派给处置部门", "Sent to the department that handles it")),
    "case.fed_back": _Words(Text("处置有新进展", "Work on it goes on")),
    "case.handled": _Words(Text("已处置，等待核查", "Handled; to be checked on site")),
    "case.verified": _Words(Text("已核查", "Checked on site")),
    "case.closed": _Words(Text("已结案", "Closed"), "result"),
    "case.followed_up": _Words(Text("已回访", "Followed up"), "note"),
    "case.returned": _Words(Text("退回重新处理", "Sent back to be done again")),
    "case.reopened": _Words(Text("已重新办理", "Opened again"), "note"),
    "case.rejected": _Words(Text("不予立案", "Not taken up"), "note"),
    "case.merged": _Words(Text("与已有案件合并办理", "Joined with a case already open"), "note"),
    "case.handed_over": _Words(Text("已移交所在社区", "Handed over to the community it belongs to")),
}


async def get_progress(conn: Connection, *, actor: Actor, report_id: int) -> Progress:
    """Give a report to the rider who sent it and to staff who may see its case; to anyone else raise `NotFound`."""
    report = await get_visible_report(conn, actor=actor, report_id=report_id)
    case = await find_case(conn, district_id=actor.district_id, case_id=report.case_id)
    if case is None:
        raise NotFound()
    events = await list_events(conn, district_id=actor.district_id, subject="case", subject_id=report.case_id)
    return Progress(
        report=report,
        state=case.state.value,
        state_zh=case.state.text.zh,
        state_en=case.state.text.en,
        photos=await queries.list_photos(conn, district_id=actor.district_id, report_id=report_id),
        history=tell_steps(events),
    )


async def list_own_reports(conn: Connection, *, actor: Actor, before: int | None, limit: int) -> list[ReportLine]:
    """Give the rider's own reports, newest first, with ids under `before`."""
    return await queries.list_own_reports(
        conn, district_id=actor.district_id, rider_id=rider_id_of(actor), before=before, limit=limit
    )


async def get_stored_photo(conn: Connection, *, actor: Actor, report_id: int, sha256: str) -> Photo:
    """Give a photo that has arrived, to those who may see its report; else raise `NotFound`."""
    await get_visible_report(conn, actor=actor, report_id=report_id)
    for photo in await queries.list_photos(conn, district_id=actor.district_id, report_id=report_id):
        if photo.sha256 == sha256 and photo.stored_at is not None:
            return photo
    raise NotFound()


def tell_steps(events: Iterable[Event]) -> list[Step]:
    """Put events of a case into words; kinds that mean nothing to a rider are left out."""
    return [_tell(event, _STEPS[event.kind]) for event in events if event.kind in _STEPS]


def _tell(event: Event, words: _Words) -> Step:
    text = words.text
    if event.kind == "case.opened" and event.data.get("to") == State.FILED:
        text = Text("已收到并立案", "Received and taken up")
    shown = event.data.get(words.shown) if words.shown is not None else None
    return Step(event.kind, text.zh, text.en, event.occurred_at, None if shown is None else str(shown))
