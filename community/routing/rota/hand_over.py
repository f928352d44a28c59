"""Handing a shift over (交班): one person's time at a post ends and another's begins, with the open cases if asked."""

from datetime import datetime

from community.routing.choose import DUTY_ROLES
from community.routing.errors import AlreadyOnDuty, NobodyOnDuty, PostNotFound
from community.routing.rota import queries
from community.routing.rota.models import HandedOver, Planned, Post, Shift
from community.routing.rota.posts import check_fit, check_keeper, tell
from core.access.models import Actor
from core.access.wall import Work, acting
from core.database import Connection
from core.events import record_events


async def hand_over_shift(
    conn: Connection,
    *,
    post_id: int,
    to_id: int,
    reason: str,
    with_cases: bool,
    actor: Actor,
    now: datetime,
) -> HandedOver:
    """End the shift that holds now in favour of `to_id`, who stands until it would have ended.

    `with_cases` gives him the open cases that the one before leads by this post; the others stay whose they are. The
    person on duty may do it, and who keeps the post. Raises `PostNotFound`, `PostNotYours`, `NobodyOnDuty`,
    `AlreadyOnDuty`, `NotFitForPost`.
    """
    post, shift = await _lock(conn, post_id, actor, now)
    if shift.staff_id == to_id:
        raise AlreadyOnDuty(pointer="/staff_id", name=shift.staff_name)
    await check_fit(conn, district_id=actor.district_id, post=post, staff_ids=[to_id], pointer="/staff_id")
    await queries.end_shift(conn, district_id=actor.district_id, shift_id=shift.id, ends_at=now)
    begun = await queries.insert_shift(
        conn,
        district_id=actor.district_id,
        post_id=post.id,
        planned=Planned(to_id, now, shift.ends_at),
        handed_over_from=shift.id,
        handed_over_at=now,
        handed_over_reason=reason,
    )
    cases = 0
    if with_cases:
        async with acting(conn, Work.CONSEQUENCE):
            cases = await _hand_cases(conn, post, shift, begun, reason, actor, now)
    said = {"from_id": shift.staff_id, "to_id": to_id, "shift_id": begun.id, "reason": reason, "cases": cases}
    await tell(conn, actor.district_id, "shift.handed_over", post.id, actor, now, **said)
    return HandedOver(begun, cases)


async def _lock(conn: Connection, post_id: int, actor: Actor, now: datetime) -> tuple[Post, Shift]:
    """Lock the post and give it with the shift that holds, if the actor is the one on duty or keeps the post."""
    post = await queries.find_post(conn, district_id=actor.district_id, post_id=post_id, lock=True)
    if post is None:  # or seen and not his to change, so that no row is locked
        post = await queries.find_post(conn, district_id=actor.district_id, post_id=post_id)
    if post is None:
        raise PostNotFound()
    shift = await queries.find_shift_at(conn, district_id=actor.district_id, post_id=post.id, at=now)
    is_on_duty = shift is not None and shift.staff_id == actor.id and actor.reaches(post.area_path, *DUTY_ROLES)
    if not is_on_duty:
        check_keeper(actor, post)
    if shift is None:
        raise NobodyOnDuty()
    return post, shift


async def _hand_cases(
    conn: Connection, post: Post, ended: Shift, begun: Shift, reason: str, actor: Actor, now: datetime
) -> int:
    states = await queries.hand_cases(
        conn,
        district_id=actor.district_id,
        post_id=post.id,
        from_id=ended.staff_id,
        to_id=begun.staff_id,
        now=now,
    )
    said = {"assignee_id": begun.staff_id, "from_assignee_id": ended.staff_id, "post_id": post.id, "note": reason}
    await record_events(
        conn,
        district_id=actor.district_id,
        kind="case.assigned",
        subject="case",
        data_by_id={case_id: {"from": state, "to": state, **said} for case_id, state in states.items()},
        actor=actor,
        now=now,
    )
    return len(states)
