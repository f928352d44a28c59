"""Keeping posts and their rota: opening and closing a post, planning and cancelling shifts, reading who is on duty.

The post's row is locked while its rota changes, so whoever comes second sees what the first planned; the database
itself refuses two people at one post (`shift_no_overlap`) if a path ever forgets the lock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from community.routing.choose import DUTY_ROLES
from community.routing.errors import (
    NotFitForPost,
    PeriodTooLong,
    PostInUse,
    PostNotFound,
    PostNotYours,
    ShiftBegun,
    ShiftNotFound,
    ShiftsOverlap,
)
from community.routing.rota import queries
from community.routing.rota.models import FitPerson, Planned, Post, PostLine, Rota, Shift, Span, uncovered
from community.routing.rules import check_area
from core.access.models import Actor, Role, is_within
from core.database import Connection
from core.events import record_event

#: Who opens posts and plans shifts in his area.
KEEPERS = (Role.DISTRICT_ADMIN, Role.SUBDISTRICT, Role.SECRETARY)
#: Who sees the posts of his area and those above it.
READERS = (*DUTY_ROLES, Role.AUDITOR)
LONGEST_PERIOD_DAYS = 92


async def open_post(
    conn: Connection,
    *,
    district_id: int,
    name: str,
    area_path: str,
    is_default: bool,
    actor: Actor | None,
    now: datetime,
) -> Post:
    """Open a post for an area; `actor` None is the shell.

    Raises `PostNotYours`, `UnknownArea`; one too many breaks `post_name_unique` or `post_default_unique`.
    """
    if actor is not None and not actor.reaches(area_path, *KEEPERS):
        raise PostNotYours(pointer="/area_path")
    await check_area(conn, district_id=district_id, path=area_path, pointer="/area_path")
    post = await queries.insert_post(
        conn, district_id=district_id, name=name, area_path=area_path, is_default=is_default
    )
    await tell(conn, district_id, "post.opened", post.id, actor, now, name=name, area_path=area_path)
    return post


async def close_post(conn: Connection, *, post_id: int, actor: Actor, now: datetime) -> None:
    """Let nobody be on duty at a post any more; its rota stays on record. Raises `PostInUse` while a rule names it."""
    post = await keep(conn, district_id=actor.district_id, post_id=post_id, actor=actor)
    naming = await queries.list_rules_naming(conn, district_id=actor.district_id, post_id=post.id)
    if naming:
        raise PostInUse(rule_ids="、".join(map(str, naming)))
    await queries.close_post(conn, district_id=actor.district_id, post_id=post.id)
    await tell(conn, actor.district_id, "post.closed", post.id, actor, now)


async def plan_shifts(
    conn: Connection,
    *,
    district_id: int,
    post_id: int,
    planned: Sequence[Planned],
    actor: Actor | None,
    now: datetime,
) -> list[Shift]:
    """Put shifts on the rota, all or none. Raises `ShiftsOverlap`, `NotFitForPost` pointing at the first such one."""
    post = await keep(conn, district_id=district_id, post_id=post_id, actor=actor)
    await check_fit(conn, district_id=district_id, post=post, staff_ids=[each.staff_id for each in planned])
    await _check_free(conn, district_id, post, planned)
    shifts = [
        await queries.insert_shift(conn, district_id=district_id, post_id=post.id, planned=each) for each in planned
    ]
    for shift in shifts:
        await tell(conn, district_id, "shift.planned", post.id, actor, now, **_said(shift))
    return shifts


async def cancel_shift(conn: Connection, *, post_id: int, shift_id: int, actor: Actor, now: datetime) -> None:
    """Take a shift that has not begun off the rota. Raises `ShiftNotFound`, `ShiftBegun`."""
    post = await keep(conn, district_id=actor.district_id, post_id=post_id, actor=actor)
    shift = await queries.find_shift(conn, district_id=actor.district_id, post_id=post.id, shift_id=shift_id)
    if shift is None:
        raise ShiftNotFound()
    if shift.starts_at <= now:
        raise ShiftBegun()
    await queries.delete_shift(conn, district_id=actor.district_id, shift_id=shift.id)
    await tell(conn, actor.district_id, "shift.cancelled", post.id, actor, now, **_said(shift))


async def list_seen_posts(conn: Connection, *, actor: Actor, now: datetime) -> list[PostLine]:
    """List the open posts of the actor's areas and above them."""
    posts = await queries.list_posts(conn, district_id=actor.district_id)
    shifts = await queries.list_shifts_at(conn, district_id=actor.district_id, at=now)
    return [PostLine(post, shifts.get(post.id)) for post in posts if _sees(actor, post)]


async def get_rota(conn: Connection, *, post_id: int, period: Span, actor: Actor, now: datetime) -> Rota:
    """Show the shifts of a period of up to 92 days and what they leave open. Raises `PostNotFound`, `PeriodTooLong`."""
    check_period(period, pointer="/query/before")
    post = await _seen(conn, actor=actor, post_id=post_id)
    shifts = await queries.list_shifts(
        conn,
        district_id=actor.district_id,
        post_id=post.id,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
    )
    on_duty = await queries.find_shift_at(conn, district_id=actor.district_id, post_id=post.id, at=now)
    return Rota(post, on_duty, tuple(shifts), uncovered(shifts, period))


async def list_fit(conn: Connection, *, post_id: int, actor: Actor) -> list[FitPerson]:
    """List who may be put on duty at a post. Raises `PostNotFound`."""
    post = await _seen(conn, actor=actor, post_id=post_id)
    return await queries.list_fit_staff(conn, district_id=actor.district_id, area_path=post.area_path, roles=DUTY_ROLES)


async def _seen(conn: Connection, *, actor: Actor, post_id: int) -> Post:
    post = await queries.find_post(conn, district_id=actor.district_id, post_id=post_id)
    if post is None or not _sees(actor, post):
        raise PostNotFound()
    return post


def check_period(period: Span, *, pointer: str) -> None:
    """Refuse a period that is empty or too long to be read at once. Raises `PeriodTooLong`."""
    if not timedelta(0) < period.ends_at - period.starts_at <= timedelta(days=LONGEST_PERIOD_DAYS):
        raise PeriodTooLong(pointer=pointer, days=LONGEST_PERIOD_DAYS)


async def keep(conn: Connection, *, district_id: int, post_id: int, actor: Actor | None) -> Post:
    """Lock a post whose rota the actor keeps. Raises `PostNotFound` (also out of sight), `PostNotYours`."""
    post = await queries.find_post(conn, district_id=district_id, post_id=post_id, lock=True)
    if post is None:  # or seen and not his to change, so that no row is locked
        post = await queries.find_post(conn, district_id=district_id, post_id=post_id)
    if post is None:
        raise PostNotFound()
    if actor is not None:
        check_keeper(actor, post)
    return post


def check_keeper(actor: Actor, post: Post) -> None:
    """Refuse who does not keep the post. Raises `PostNotFound` where he does not even see it, else `PostNotYours`."""
    if not _sees(actor, post):
        raise PostNotFound()
    if not actor.reaches(post.area_path, *KEEPERS):
        raise PostNotYours()


async def check_fit(
    conn: Connection, *, district_id: int, post: Post, staff_ids: Sequence[int], pointer: str = ""
) -> None:
    """Refuse people who could not act on the cases of the post. Raises `NotFitForPost`."""
    unfit = await queries.list_unfit_staff(
        conn, district_id=district_id, area_path=post.area_path, staff_ids=staff_ids, roles=DUTY_ROLES
    )
    for n, staff_id in enumerate(staff_ids):
        if staff_id in unfit:
            raise NotFitForPost(pointer=pointer or f"/shifts/{n}/staff_id", staff_id=staff_id)


async def _check_free(conn: Connection, district_id: int, post: Post, planned: Sequence[Planned]) -> None:
    in_order = sorted(range(len(planned)), key=lambda n: planned[n].starts_at)
    for first, second in pairwise(in_order):
        if planned[second].starts_at < planned[first].ends_at:
            raise ShiftsOverlap(pointer=f"/shifts/{second}")
    for n, each in enumerate(planned):
        if await queries.list_shifts(
            conn, district_id=district_id, post_id=post.id, starts_at=each.starts_at, ends_at=each.ends_at
        ):
            raise ShiftsOverlap(pointer=f"/shifts/{n}")


def _sees(actor: Actor, post: Post) -> bool:
    scopes = actor.scopes(*READERS)
    return any(is_within(post.area_path, scope) or is_within(scope, post.area_path) for scope in scopes)


def _said(shift: Shift) -> dict[str, object]:
    return {
        "shift_id": shift.id,
        "staff_id": shift.staff_id,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
    }


async def tell(
    conn: Connection, district_id: int, kind: str, post_id: int, actor: Actor | None, now: datetime, **data: object
) -> None:
    """Record what happened to a post."""
    await record_event(
        conn,
        district_id=district_id,
        kind=kind,
        subject="post",
        subject_id=post_id,
        actor=actor,
        now=now,
        data=data,
    )
