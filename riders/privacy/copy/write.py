"""Writes a rider's copy of his data: page by page, each a short transaction, so that a long copy holds nothing up."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from community.notices.queries import list_notices
from core.access.models import Actor
from core.access.wall import transaction_for
from core.audit import record_act
from core.database import Connection, Pool
from core.sealing.ring import KeyRing
from riders.models import rider_id_of
from riders.points.honours.award import list_own_records
from riders.points.objections.contest import list_objections
from riders.points.statement import get_own_statement
from riders.privacy.copy import queries
from riders.privacy.copy.fields import FIELDS, FILES, explain
from riders.privacy.copy.models import SentPhoto
from riders.privacy.copy.pack import Packer
from riders.progress import get_report_progress
from riders.reporters.applications import list_applications
from riders.reporters.appointments import list_appointments
from riders.verification.offers.queries import find_willingness
from riders.verification.queries import list_own_tasks

PAGE = 50

#: Gives a stored photo by the hash of its file; raises `FileNotFoundError`.
ReadPhoto = Callable[[str], Awaitable[bytes]]
#: Gives what a room beside this one keeps of the rider: the connection, the ring, the actor.
ListOwn = Callable[[Connection, KeyRing, Actor], Awaitable[Sequence[object]]]
#: Gives a page of rows with numbers under the second argument (None: from the newest on).
_Page = Callable[[Connection, int | None], Awaitable[Sequence[Any]]]


async def write_copy(
    pool: Pool, *, ring: KeyRing, actor: Actor, read_photo: ReadPhoto, list_taps: ListOwn, now: datetime
) -> AsyncIterator[bytes]:
    """Give the bytes of a ZIP with all that is kept of a rider, piece by piece; the audit trail says that he asked."""
    async with transaction_for(pool, actor) as conn:
        await record_act(
            conn,
            district_id=actor.district_id,
            act="rider.exported",
            actor=actor,
            now=now,
            subject="rider",
            subject_id=rider_id_of(actor),
        )
    packer = Packer(now)
    for data in packer.add("README.txt", explain(FILES, FIELDS).encode("utf-8-sig")):
        yield data
    for name, page in _pages(ring, actor, list_taps, now).items():
        async for data in packer.add_json(name, _rows(pool, actor, page)):
            yield data
    async for sent in _photos(pool, actor):
        try:
            photo = await read_photo(sent.stored_sha256)
        except FileNotFoundError:
            continue  # its time was over a moment ago
        for data in packer.add(f"photos/{sent.sha256}.{sent.media_type.partition('/')[2]}", photo, is_packed=True):
            yield data
    for data in packer.close():
        yield data


def _pages(ring: KeyRing, actor: Actor, list_taps: ListOwn, now: datetime) -> dict[str, _Page]:
    """Give how each file is read."""
    own = {"district_id": actor.district_id, "rider_id": rider_id_of(actor)}

    async def profile(conn: Connection, before: int | None) -> Sequence[Any]:
        return [await queries.get_profile(conn, ring=ring, **own)] if before is None else []

    async def willingness(conn: Connection, _before: int | None) -> Sequence[Any]:
        found = await find_willingness(conn, **own)
        return [] if found is None else [found]

    async def sessions(conn: Connection, _before: int | None) -> Sequence[Any]:
        return await queries.list_sessions(conn, **own)

    async def wechat(conn: Connection, _before: int | None) -> Sequence[Any]:
        return await queries.list_wechat(conn, **own)

    async def taps(conn: Connection, _before: int | None) -> Sequence[Any]:
        return await list_taps(conn, ring, actor)

    async def points(conn: Connection, before: int | None) -> Sequence[Any]:
        return (await get_own_statement(conn, actor=actor, before=before, limit=PAGE)).entries

    async def notices(conn: Connection, before: int | None) -> Sequence[Any]:
        return await list_notices(
            conn,
            district_id=actor.district_id,
            recipient_kind="rider",
            recipient_id=rider_id_of(actor),
            before_id=before,
            limit=PAGE,
        )

    return {
        "profile.json": profile,
        "consents.json": _by_id(queries.list_consent_decisions, **own),
        "reports.json": partial(_reports, ring, actor),
        "points.json": points,
        "objections.json": _by_id(list_objections, actor=actor, status=None),
        "honours.json": _by_id(list_own_records, actor=actor),
        "applications.json": _by_id(list_applications, ring=ring, actor=actor, status=None),
        "appointments.json": _by_id(list_appointments, actor=actor, now=now, only_counting=False),
        "willingness.json": willingness,
        "looks.json": _by_id(list_own_tasks, **own),
        "notices.json": notices,
        "sessions.json": sessions,
        "wechat.json": wechat,
        "taps.json": taps,
    }


def _by_id(list_page: Callable[..., Awaitable[Sequence[Any]]], **more: object) -> _Page:
    """Read page after page of a list that goes down by id."""

    async def page(conn: Connection, before: int | None) -> Sequence[Any]:
        return await list_page(conn, before=before, limit=PAGE, **more)

    return page


async def _reports(ring: KeyRing, actor: Actor, conn: Connection, before: int | None) -> Sequence[Any]:
    """Give a page of reports as they were sent, each with its receipt and what became of it."""
    found = []
    for sent in await queries.list_sent_reports(
        conn, district_id=actor.district_id, rider_id=rider_id_of(actor), before=before, limit=PAGE
    ):
        told = await get_report_progress(conn, actor=actor, report_id=sent.id, ring=ring)
        photos = [photo.sha256 for photo in told.photos]
        found.append(asdict(told.report) | asdict(sent) | {"photos": photos, "progress": told.progress})
    return found


async def _rows(pool: Pool, actor: Actor, list_page: _Page) -> AsyncIterator[object]:
    """Give row after row; a page that is not full, or whose rows have no numbers, is the last one."""
    before: int | None = None
    while True:
        async with transaction_for(pool, actor) as conn:
            page = await list_page(conn, before)
        for row in page:
            yield row
        last = page[-1] if len(page) == PAGE else None
        before = last["id"] if isinstance(last, dict) else getattr(last, "id", None)
        if before is None:
            return


async def _photos(pool: Pool, actor: Actor) -> AsyncIterator[SentPhoto]:
    last: str | None = ""
    while last is not None:
        async with transaction_for(pool, actor) as conn:
            page = await queries.list_photos(
                conn, district_id=actor.district_id, rider_id=rider_id_of(actor), after=last, limit=PAGE
            )
        for photo in page:
            yield photo
        last = page[-1].sha256 if len(page) == PAGE else None
