"""The rota: who is on duty when a case opens, what a post's keeper may plan, and handing a shift over."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from community.acts import Act
from community.models import Case, State
from community.routing.errors import (
    AlreadyOnDuty,
    NobodyOnDuty,
    NotFitForPost,
    PeriodTooLong,
    PostInUse,
    PostNotFound,
    PostNotYours,
    ShiftBegun,
    ShiftNotFound,
    ShiftsOverlap,
)
from community.routing.models import RuleTerms
from community.routing.rota import queries
from community.routing.rota.hand_over import hand_over_shift
from community.routing.rota.models import Planned, Post, Rota, Shift, Span, uncovered
from community.routing.rota.posts import (
    cancel_shift,
    close_post,
    get_rota,
    list_seen_posts,
    open_post,
    plan_shifts,
)
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Role
from core.access.queries import set_disabled
from core.database import Connection
from core.queries import list_events
from tests.community.district import (
    COMMUNITY,
    NEIGHBOUR,
    STREET,
    add_areas,
    found,
    hire,
    located,
    open_report,
    put_in_state,
    read,
)
from tests.community.routing.rule_making import HOUR, make_post, make_rule, put_on_duty
from tests.conftest import DISTRICT, START


async def hire_two(conn: Connection) -> tuple[Actor, Actor]:
    """Make the areas and two secretaries of the community."""
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    return await hire(conn, "first", Role.SECRETARY, COMMUNITY), await hire(conn, "second", Role.SECRETARY, COMMUNITY)


async def kinds_of(conn: Connection, case: Case) -> list[str]:
    events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    return [event.kind for event in events]


async def test_who_is_on_duty_at_the_desks_own_post_leads_from_the_start(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    post = await make_post(conn)
    await put_on_duty(conn, post, first)
    case = await open_report(conn, 1, at=located())
    assert (first.id, post.id) == (case.assignee_id, case.post_id)
    (event,) = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert (first.id, post.id) == (event.data["assignee_id"], event.data["post_id"])


async def test_the_shift_holds_from_its_start_until_just_before_its_end(conn: Connection) -> None:
    first, second = await hire_two(conn)
    post = await make_post(conn)
    await put_on_duty(conn, post, first, hours=1)
    await put_on_duty(conn, post, second, starts_at=START + HOUR, hours=1)
    instant = timedelta(microseconds=1)
    moments = (START - instant, START, START + HOUR - instant, START + HOUR, START + 2 * HOUR)
    leads = [(await open_report(conn, at, at=located(), now=at)).assignee_id for at in moments]
    assert [None, first.id, first.id, second.id, None] == leads


async def test_without_a_post_or_with_nobody_on_duty_whoever_answers_first_leads(conn: Connection) -> None:
    first, second = await hire_two(conn)
    post = await make_post(conn, NEIGHBOUR)
    await make_post(conn)
    case = await open_report(conn, 1, at=located())
    assert (None, False) == (case.assignee_id, case.post_id == post.id)
    filed = await carry_out(conn, case_id=case.id, verb=Verb.FILE, act=Act(), actor=second, now=START)
    assert second.id == filed.assignee_id
    assert first.id != filed.assignee_id


async def test_who_is_on_duty_goes_on_leading_when_another_answers_first(conn: Connection) -> None:
    first, second = await hire_two(conn)
    await put_on_duty(conn, await make_post(conn), first)
    case = await open_report(conn, 1, at=located())
    filed = await carry_out(conn, case_id=case.id, verb=Verb.FILE, act=Act(), actor=second, now=START)
    assert first.id == filed.assignee_id


async def test_the_nearest_post_above_the_desk_counts_also_when_nobody_is_there(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    above = await hire(conn, "above", Role.SUBDISTRICT, STREET)
    await put_on_duty(conn, await make_post(conn, STREET), above)
    assert above.id == (await open_report(conn, 1, at=located(f"{COMMUNITY}/001"))).assignee_id
    near = await make_post(conn)
    case = await open_report(conn, 2, at=located(f"{COMMUNITY}/001"))
    assert (None, near.id) == (case.assignee_id, case.post_id)
    assert first.id != case.assignee_id


async def test_a_post_only_for_rules_takes_nothing_by_itself(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    post = await make_post(conn, is_default=False)
    await put_on_duty(conn, post, first)
    assert (await open_report(conn, 1, at=located())).assignee_id is None
    await make_rule(conn, RuleTerms(area_path=COMMUNITY, category_code="litter", post_id=post.id))
    assert first.id == (await open_report(conn, 2, at=located())).assignee_id
    assert (await open_report(conn, 3, at=located(), category_code="rubble")).assignee_id is None


async def test_a_case_without_area_goes_to_the_districts_own_post(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    await put_on_duty(conn, await make_post(conn, ""), admin)
    assert admin.id == (await open_report(conn, 1)).assignee_id


@pytest.mark.parametrize("lost", ["account", "role"])
async def test_who_can_no_longer_act_is_not_on_duty(conn: Connection, lost: str) -> None:
    first, _ = await hire_two(conn)
    await put_on_duty(conn, await make_post(conn), first)
    assert first.id is not None
    if lost == "account":
        await set_disabled(conn, district_id=DISTRICT, staff_id=first.id, now=START)
    else:
        await conn.execute("update staff_grant set role = 'auditor' where staff_id = $1", first.id)
    assert (await open_report(conn, 1, at=located())).assignee_id is None


async def test_a_closed_post_takes_nothing(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    post = await make_post(conn)
    await put_on_duty(conn, post, first)
    await close_post(conn, post_id=post.id, actor=first, now=START)
    assert (await open_report(conn, 1, at=located())).assignee_id is None


async def test_a_case_handed_over_goes_to_who_is_on_duty_there(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    neighbour = await hire(conn, "neighbour", Role.SECRETARY, NEIGHBOUR)
    post = await make_post(conn, NEIGHBOUR)
    await put_on_duty(conn, post, neighbour)
    case = await open_report(conn, 1, at=located(candidates=("02", "03")))
    moved = await carry_out(conn, case_id=case.id, verb=Verb.HAND_OVER, act=Act(area_code="03"), actor=first, now=START)
    assert (NEIGHBOUR, neighbour.id, post.id) == (moved.desk_path, moved.assignee_id, moved.post_id)


async def test_a_case_handed_over_is_suggested_to_the_departments_of_its_new_place(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    departments = (await found(conn, "b"), await found(conn, "a"))
    await make_rule(conn, RuleTerms(area_path=NEIGHBOUR, department_ids=departments))
    case = await open_report(conn, 1, at=located(candidates=("02", "03")))
    act = Act(area_code="03")
    moved = await carry_out(conn, case_id=case.id, verb=Verb.HAND_OVER, act=act, actor=first, now=START)
    assert (departments, departments[0]) == (moved.suggested_department_ids, moved.suggested_department_id)


async def test_two_shifts_of_a_post_never_overlap(conn: Connection) -> None:
    first, second = await hire_two(conn)
    post = await make_post(conn)
    await put_on_duty(conn, post, first)
    with pytest.raises(ShiftsOverlap) as refused:
        await put_on_duty(conn, post, second, starts_at=START + 7 * HOUR)
    assert "/shifts/0" == refused.value.pointer
    await put_on_duty(conn, await make_post(conn, NEIGHBOUR), await hire(conn, "third", Role.SECRETARY, NEIGHBOUR))


async def test_of_shifts_that_overlap_one_another_none_is_planned(conn: Connection) -> None:
    first, second = await hire_two(conn)
    post = await make_post(conn)
    assert first.id is not None
    assert second.id is not None
    planned = [Planned(first.id, START, START + 2 * HOUR), Planned(second.id, START + HOUR, START + 3 * HOUR)]
    with pytest.raises(ShiftsOverlap) as refused:
        await plan_shifts(conn, district_id=DISTRICT, post_id=post.id, planned=planned, actor=first, now=START)
    assert "/shifts/1" == refused.value.pointer
    assert [] == await all_shifts(conn, post)


async def test_the_database_itself_refuses_two_people_at_one_post(conn: Connection) -> None:
    first, second = await hire_two(conn)
    post = await make_post(conn)
    await put_on_duty(conn, post, first)
    assert second.id is not None
    late = Planned(second.id, START + 7 * HOUR, START + 9 * HOUR)
    with pytest.raises(asyncpg.ExclusionViolationError, match="shift_no_overlap"):
        await queries.insert_shift(conn, district_id=DISTRICT, post_id=post.id, planned=late)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.STATION_HOST])
async def test_who_cannot_handle_cases_there_is_not_put_on_duty(conn: Connection, role: Role) -> None:
    await hire_two(conn)
    post = await make_post(conn)
    for who in (await hire(conn, "x", role, COMMUNITY), await hire(conn, "y", Role.SECRETARY, NEIGHBOUR)):
        with pytest.raises(NotFitForPost):
            await put_on_duty(conn, post, who)


async def test_a_shift_is_cancelled_only_before_it_begins(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    post = await make_post(conn)
    shift = await put_on_duty(conn, post, first, starts_at=START + HOUR)
    with pytest.raises(ShiftBegun):
        await cancel_shift(conn, post_id=post.id, shift_id=shift.id, actor=first, now=START + HOUR)
    await cancel_shift(conn, post_id=post.id, shift_id=shift.id, actor=first, now=START)
    with pytest.raises(ShiftNotFound):
        await cancel_shift(conn, post_id=post.id, shift_id=shift.id, actor=first, now=START)


async def test_a_post_that_a_rule_names_is_not_closed(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    post = await make_post(conn)
    await make_rule(conn, RuleTerms(area_path=COMMUNITY, post_id=post.id))
    with pytest.raises(PostInUse):
        await close_post(conn, post_id=post.id, actor=first, now=START)


async def test_posts_are_seen_from_above_and_from_below_and_kept_from_above(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    neighbour = await hire(conn, "neighbour", Role.SECRETARY, NEIGHBOUR)
    own, above = await make_post(conn), await make_post(conn, STREET)
    assert [above.id, own.id] == [line.post.id for line in await list_seen_posts(conn, actor=first, now=START)]
    assert [above.id] == [line.post.id for line in await list_seen_posts(conn, actor=neighbour, now=START)]
    with pytest.raises(PostNotFound):
        await close_post(conn, post_id=own.id, actor=neighbour, now=START)
    with pytest.raises(PostNotYours):
        await close_post(conn, post_id=above.id, actor=first, now=START)
    worker = await hire(conn, "worker", Role.GRID_WORKER, COMMUNITY)
    with pytest.raises(PostNotYours):
        await close_post(conn, post_id=own.id, actor=worker, now=START)
    with pytest.raises(PostNotYours):
        await open_post(
            conn, district_id=DISTRICT, name="岗", area_path=STREET, is_default=False, actor=first, now=START
        )


async def rota(conn: Connection, post: Post, who: Actor, *, hours: int = 24) -> Rota:
    period = Span(START, START + hours * HOUR)
    return await get_rota(conn, post_id=post.id, period=period, actor=who, now=START)


async def all_shifts(conn: Connection, post: Post) -> list[Shift]:
    """Give every shift of a post, those that came to nothing too."""
    ids = await conn.fetch("select id from shift where post_id = $1 order by id", post.id)
    found = [await queries.find_shift(conn, district_id=DISTRICT, post_id=post.id, shift_id=row["id"]) for row in ids]
    return [shift for shift in found if shift is not None]


async def test_the_rota_shows_when_nobody_is_on_duty(conn: Connection) -> None:
    first, second = await hire_two(conn)
    post = await make_post(conn)
    await put_on_duty(conn, post, first, starts_at=START - HOUR, hours=4)
    await put_on_duty(conn, post, second, starts_at=START + 5 * HOUR, hours=40)
    shown = await rota(conn, post, first)
    assert shown.on_duty is not None
    assert ("first的名字", 2) == (shown.on_duty.staff_name, len(shown.shifts))
    assert (Span(START + 3 * HOUR, START + 5 * HOUR),) == shown.uncovered


async def test_a_rota_of_too_many_days_or_of_none_is_refused(conn: Connection) -> None:
    first, _ = await hire_two(conn)
    post = await make_post(conn)
    for hours in (0, 24 * 92 + 1):
        with pytest.raises(PeriodTooLong):
            await rota(conn, post, first, hours=hours)
    assert 1 == len((await rota(conn, post, first, hours=24 * 92)).uncovered)


def test_gaps_are_found_by_looking_at_every_hour() -> None:
    def shift(starts: int, ends: int) -> Shift:
        return Shift(1, 1, 1, "", START + starts * HOUR, START + ends * HOUR, None, None, None)

    shifts = [shift(-3, 2), shift(2, 5), shift(7, 8), shift(10, 30)]
    gaps = uncovered(shifts, Span(START, START + 24 * HOUR))
    empty = [
        hour for hour in range(24) if not any(each.starts_at <= START + hour * HOUR < each.ends_at for each in shifts)
    ]
    told = [hour for hour in range(24) for gap in gaps if gap.starts_at <= START + hour * HOUR < gap.ends_at]
    assert [5, 6, 8, 9] == empty == told


async def on_duty_with_cases(conn: Connection) -> tuple[Actor, Actor, Post, list[Case]]:
    """Put the first on duty with an open case, an ended one, and one that is his but not by this post."""
    first, second = await hire_two(conn)
    by_himself = await open_report(conn, 0, at=located())
    await carry_out(conn, case_id=by_himself.id, verb=Verb.FILE, act=Act(), actor=first, now=START)
    post = await make_post(conn)
    await put_on_duty(conn, post, first)
    opened, ended = [await open_report(conn, n, at=located()) for n in (1, 2)]
    await carry_out(conn, case_id=ended.id, verb=Verb.REJECT, act=Act(note="无"), actor=first, now=START)
    return first, second, post, [opened, ended, by_himself]


async def hand_over(conn: Connection, post: Post, actor: Actor, to: Actor, *, with_cases: bool = False) -> int:
    assert to.id is not None
    done = await hand_over_shift(
        conn,
        post_id=post.id,
        to_id=to.id,
        reason="临时外出",
        with_cases=with_cases,
        actor=actor,
        now=START + HOUR,
    )
    return done.cases


async def test_a_hand_over_ends_one_shift_and_begins_another(conn: Connection) -> None:
    first, second, post, _ = await on_duty_with_cases(conn)
    await hand_over(conn, post, first, second)
    ended, begun = await all_shifts(conn, post)
    assert (first.id, START + HOUR) == (ended.staff_id, ended.ends_at)
    assert (second.id, START + HOUR, START + 8 * HOUR) == (begun.staff_id, begun.starts_at, begun.ends_at)
    assert (ended.id, START + HOUR, "临时外出") == (
        begun.handed_over_from,
        begun.handed_over_at,
        begun.handed_over_reason,
    )
    assert second.id == (await open_report(conn, 9, at=located(), now=START + HOUR)).assignee_id
    events = await list_events(conn, district_id=DISTRICT, subject="post", subject_id=post.id)
    assert ["post.opened", "shift.planned", "shift.handed_over"] == [event.kind for event in events]


async def test_cases_stay_unless_he_asks(conn: Connection) -> None:
    first, second, post, cases = await on_duty_with_cases(conn)
    assert 0 == await hand_over(conn, post, first, second)
    assert [first.id] * 3 == [(await read(conn, case)).assignee_id for case in cases]


async def test_the_open_cases_of_the_post_go_along_if_he_asks(conn: Connection) -> None:
    first, second, post, cases = await on_duty_with_cases(conn)
    assert 1 == await hand_over(conn, post, first, second, with_cases=True)
    assert [second.id, first.id, first.id] == [(await read(conn, case)).assignee_id for case in cases]
    assert ["case.opened", "case.assigned"] == await kinds_of(conn, cases[0])
    (_, assigned) = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=cases[0].id)
    assert (second.id, first.id, "临时外出") == (
        assigned.data["assignee_id"],
        assigned.data["from_assignee_id"],
        assigned.data["note"],
    )
    assert cases[0].version + 1 == (await read(conn, cases[0])).version


async def test_each_of_many_cases_gets_its_event(conn: Connection) -> None:
    first, second, post, _ = await on_duty_with_cases(conn)
    more = [await open_report(conn, 10 + n, at=located()) for n in range(20)]
    await put_in_state(conn, more[0], State.VERIFIED)
    assert 21 == await hand_over(conn, post, first, second, with_cases=True)
    for case in more:
        assert ["case.opened", "case.assigned"] == await kinds_of(conn, case)
    (_, assigned) = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=more[0].id)
    assert "verified" == assigned.data["to"]


async def test_a_shift_can_be_handed_over_in_the_moment_it_begins(conn: Connection) -> None:
    first, second = await hire_two(conn)
    post = await make_post(conn)
    await put_on_duty(conn, post, first, starts_at=START + HOUR)
    await hand_over(conn, post, first, second)
    assert second.id == (await open_report(conn, 9, at=located(), now=START + HOUR)).assignee_id


async def test_only_the_one_on_duty_and_who_keeps_the_post_hand_over(conn: Connection) -> None:
    await hire_two(conn)
    worker = await hire(conn, "worker", Role.GRID_WORKER, COMMUNITY)
    other = await hire(conn, "other", Role.GRID_WORKER, COMMUNITY)
    outside = await hire(conn, "outside", Role.SECRETARY, NEIGHBOUR)
    post = await make_post(conn)
    await put_on_duty(conn, post, worker)
    with pytest.raises(PostNotYours):
        await hand_over(conn, post, other, other)
    with pytest.raises(PostNotFound):
        await hand_over(conn, post, outside, other)
    with pytest.raises(PostNotFound):  # on duty, and working elsewhere since
        await hand_over(conn, post, replace(worker, grants=outside.grants), other)
    await hand_over(conn, post, worker, other)


async def test_a_hand_over_needs_someone_on_duty_and_someone_else(conn: Connection) -> None:
    first, second = await hire_two(conn)
    post = await make_post(conn)
    with pytest.raises(NobodyOnDuty):
        await hand_over(conn, post, first, second)
    await put_on_duty(conn, post, first)
    with pytest.raises(AlreadyOnDuty):
        await hand_over(conn, post, first, first)
    with pytest.raises(NotFitForPost) as refused:
        await hand_over(conn, post, first, await hire(conn, "auditor", Role.AUDITOR, COMMUNITY))
    assert "/staff_id" == refused.value.pointer
