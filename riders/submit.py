"""Submitting a report: once, however often it is sent, and with its case or not at all.

Everything is one transaction of the caller: the key, the report, where it lies, the case it opens, the events. The
unique key decides between parallel and repeated requests; a process that dies before the commit leaves nothing, one
that dies after it leaves what the repetition will be answered with.
"""

import hashlib
from datetime import datetime

import orjson

from community.cases import NOWHERE, get_category, open_case
from community.models import Case, Origin, Place
from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.errors import InvalidInput, NotFound
from core.events import record_event
from core.idempotency import HEADER, IdempotencyKeyReused, check_key
from geo.datum import point_from
from geo.models import Locate
from riders import queries
from riders.answers import check_answers
from riders.models import Report, Submission, rider_id_of
from riders.reporters.appointments import is_trusted
from riders.signup.consents import PHOTO, REPORT_LOCATION, require_consents


async def submit(
    conn: Connection, *, actor: Actor, submission: Submission, key: str, locate: Locate, now: datetime
) -> Report:
    """Store a rider's report and open its case, or give the report that this key already made.

    Without a position, or at 0,0, the case goes to the duty desk. Where an appointment with enough trust covers the
    place, the case is filed at once. `key` is made by the client: a UUID, or 8 to 64 letters, digits, `-`, `_`, `.`.
    Raises `IdempotencyKeyNotValid`, `IdempotencyKeyReused` for another body under a used key, `ConsentNeeded`,
    `UnknownCategory`, `InvalidInput`; then nothing is stored and the key stays free.
    """
    check_key(key)
    rider_id = rider_id_of(actor)
    body_hash = hash_submission(submission)
    report_id = await queries.insert_report(
        conn,
        district_id=actor.district_id,
        rider_id=rider_id,
        key=key,
        body_hash=body_hash,
        submission=submission,
        now=now,
    )
    if report_id is None:
        return await _repeat(conn, actor=actor, rider_id=rider_id, key=key, body_hash=body_hash)
    await _check(conn, actor=actor, submission=submission)
    async with acting(conn, Work.INTAKE):
        case = await _open_case(
            conn, actor=actor, rider_id=rider_id, report_id=report_id, submission=submission, locate=locate, now=now
        )
    await queries.announce_photos(conn, district_id=actor.district_id, report_id=report_id, photos=submission.photos)
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="report.submitted",
        subject="report",
        subject_id=report_id,
        actor=actor,
        now=now,
        data={"case_id": case.id, "category": submission.category, "photos": len(submission.photos)},
    )
    return await _get_report(conn, actor=actor, report_id=report_id)


def hash_submission(submission: Submission) -> bytes:
    """Give the SHA-256 of what was said. Fields left empty do not count, so that a later release may add some."""
    said = {name: value for name in submission.__slots__ if (value := getattr(submission, name))}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()


async def _repeat(conn: Connection, *, actor: Actor, rider_id: int, key: str, body_hash: bytes) -> Report:
    owner = await queries.get_key_owner(conn, district_id=actor.district_id, rider_id=rider_id, key=key)
    if owner.body_hash != body_hash:
        raise IdempotencyKeyReused(pointer=f"/header/{HEADER}")
    return await _get_report(conn, actor=actor, report_id=owner.report_id)


async def _get_report(conn: Connection, *, actor: Actor, report_id: int) -> Report:
    report = await queries.find_report(conn, district_id=actor.district_id, report_id=report_id)
    if report is None:
        raise NotFound()
    return report


async def _check(conn: Connection, *, actor: Actor, submission: Submission) -> None:
    category = await get_category(conn, district_id=actor.district_id, code=submission.category)
    errors = check_answers(category.questions, submission.answers)
    if errors:
        raise InvalidInput(errors)
    needed = []
    if submission.received is not None:
        needed.append((REPORT_LOCATION, "/point"))
    if submission.photos:
        needed.append((PHOTO, "/photos"))
    await require_consents(conn, actor=actor, needed=needed)


async def _open_case(
    conn: Connection,
    *,
    actor: Actor,
    rider_id: int,
    report_id: int,
    submission: Submission,
    locate: Locate,
    now: datetime,
) -> Case:
    place = _place_of(submission)
    located = NOWHERE if place is None else locate(place.point)
    trusted = located.area is not None and await is_trusted(
        conn, district_id=actor.district_id, rider_id=rider_id, area_path=located.area.path, now=now
    )
    case = await open_case(
        conn,
        district_id=actor.district_id,
        origin=Origin.REPORT,
        origin_ref=str(report_id),
        category_code=submission.category,
        description=submission.description,
        located=located,
        place=place,
        trusted=trusted,
        actor=actor,
        now=now,
    )
    await queries.complete_report(
        conn,
        district_id=actor.district_id,
        report_id=report_id,
        case_id=case.id,
        area=located.area,
        needs_confirmation=located.needs_confirmation,
        is_trusted=trusted,
    )
    return case


def _place_of(submission: Submission) -> Place | None:
    received = submission.received
    # 0,0 is what a phone without a fix says, not a place off Africa.
    if received is None or (received.lon == 0 and received.lat == 0):
        return None
    return Place(point_from(received), received, submission.accuracy_m)
