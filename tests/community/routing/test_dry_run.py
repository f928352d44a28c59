"""The dry run: counted by hand, by the rules themselves over random cases, within sight, and without a trace."""

import random
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from community.queries import list_categories
from community.routing import queries
from community.routing.changes import Add, Change, Replace, Retire, apply
from community.routing.errors import PeriodTooLong, RuleNotFound, RuleNotYours
from community.routing.models import RuleTerms
from community.routing.rota.models import Span
from community.routing.route import moment_at, route
from community.routing.trial import trial
from community.routing.trial.models import Goal, Trial
from core.access.models import Actor, Grant, Role
from core.calendar import load_calendar
from core.database import Pool, pool_transaction
from tests.community.district import COMMUNITY, ELSEWHERE, NEIGHBOUR, STREET, add_areas, found, located, open_report
from tests.community.routing.rule_making import HOUR, make_post, make_rule
from tests.conftest import DISTRICT, START

ZONE = ZoneInfo("Asia/Shanghai")
ADMIN = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))
WEEK = Span(START - timedelta(days=4), START + timedelta(days=3))


async def tried(pool: Pool, *changes: Change, period: Span | None = WEEK, actor: Actor = ADMIN) -> Trial:
    async with pool_transaction(pool) as conn:
        return await trial.try_changes(conn, changes=changes, period=period, actor=actor, now=START)


async def test_three_cases_counted_by_hand(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        first = await open_report(conn, 1, at=located())
        second = await open_report(conn, 2, at=located(), now=START + HOUR)
        await open_report(conn, 3, at=located(), category_code="rubble")
        await open_report(conn, 4, at=located(), now=WEEK.ends_at)  # just outside
        department_id = await found(conn)
    answer = await tried(pool, Add(RuleTerms(category_code="litter", desk_depth=2, department_ids=(department_id,))))
    assert (1, 2, 0) == (answer.same, answer.changed, answer.other_cases)
    (flow,) = answer.flows
    assert (Goal(COMMUNITY, (), None), Goal(STREET, (department_id,), None), 2) == (flow.before, flow.after, flow.cases)
    assert [(second.number, second.id), (first.number, first.id)] == [
        (sample.number, sample.case_id) for sample in answer.samples
    ]
    assert (None, -1) == (answer.samples[0].before.rule_id, answer.samples[0].after.rule_id)


async def test_a_night_rule_moves_only_the_night(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await add_areas(conn, COMMUNITY)
        post = await make_post(conn, is_default=False)
        for hour in range(24):
            await open_report(conn, hour, at=located(), now=START + hour * HOUR)
    night = RuleTerms(area_path=COMMUNITY, from_time=time(22), to_time=time(6), post_id=post.id)
    answer = await tried(pool, Add(night))
    assert (16, 8) == (answer.same, answer.changed)
    local_hours = {sample.opened_at.astimezone(ZONE).hour for sample in answer.samples}
    assert {22, 23, 0, 1, 2, 3, 4, 5} == local_hours


async def test_a_rule_replaced_by_one_that_says_the_same_changes_nothing(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        rule_id = await make_rule(conn, RuleTerms(desk_depth=2))
        await open_report(conn, 1, at=located())
    answer = await tried(pool, Replace(rule_id, RuleTerms(desk_depth=2, note="换一种说法")))
    assert (1, 0, ()) == (answer.same, answer.changed, answer.flows)


async def test_a_case_that_goes_up_meets_the_post_above(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await add_areas(conn, COMMUNITY)
        near, above = await make_post(conn), await make_post(conn, STREET)
        await open_report(conn, 1, at=located())
    (flow,) = (await tried(pool, Add(RuleTerms(desk_depth=2)))).flows
    assert (near.id, above.id) == (flow.before.post_id, flow.after.post_id)


async def test_last_month_is_the_calendar_month_before_in_local_time(pool: Pool) -> None:
    first_moment = datetime(2026, 1, 31, 16, tzinfo=UTC)  # the first of February in Qingdao
    async with pool_transaction(pool) as conn:
        await open_report(conn, 1, at=located(), now=first_moment - timedelta(seconds=1))
        await open_report(conn, 2, at=located(), now=first_moment)
        await open_report(conn, 3, at=located(), now=datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC))
        await open_report(conn, 4, at=located(), now=datetime(2026, 2, 28, 16, tzinfo=UTC))
    answer = await tried(pool, Add(RuleTerms(desk_depth=2)), period=None)
    assert 2 == answer.changed
    assert first_moment == answer.opened_from


async def test_every_case_is_counted_as_routing_would_have_it(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "BATCH", 7)
    monkeypatch.setattr(trial, "MOST_SAMPLES", 10)
    monkeypatch.setattr(trial, "MOST_FLOWS", 3)
    dice = random.Random(11)
    async with pool_transaction(pool) as conn:
        await add_areas(conn, COMMUNITY, NEIGHBOUR)
        departments = [await found(conn, code) for code in "abc"]
        posts = [
            await make_post(conn, ""),
            await make_post(conn, STREET),
            await make_post(conn, name="二", is_default=False),
        ]
        rules = [await make_rule(conn, _draw(dice, departments, posts[0].id)) for _ in range(12)]
        for n in range(120):
            at = located(dice.choice([COMMUNITY, NEIGHBOUR, ELSEWHERE, f"{COMMUNITY}/001"]))
            now = WEEK.starts_at + dice.random() * (WEEK.ends_at - WEEK.starts_at)
            code = dice.choice(["litter", "rubble", "other"])
            await (open_report(conn, n, at=at, category_code=code, now=now) if n % 9 else open_report(conn, n, now=now))
    changes: list[Change] = [Add(_draw(dice, departments, posts[0].id), dice.randint(1, 99)) for _ in range(4)]
    changes += [Replace(rules[3], _draw(dice, departments, posts[0].id)), Retire(rules[5])]
    answer = await tried(pool, *changes)

    async with pool_transaction(pool) as conn:
        present = await queries.list_routing_rules(conn, district_id=DISTRICT)
        categories = {row.code: row for row in await list_categories(conn, district_id=DISTRICT)}
        calendar = await load_calendar(conn, district_id=DISTRICT)
        cases = await conn.fetch("select id, area_path, category_code, opened_at from community_case")
    by_default = {"": posts[0].id, STREET: posts[1].id}
    flows: Counter[tuple[Goal, Goal]] = Counter()
    gone = []
    for case in cases:
        moment = moment_at(case["opened_at"], calendar, ZONE)
        before, after = (
            Goal(chosen.desk_path, chosen.department_ids, chosen.post_id)
            for rules_of in (present, apply(present, changes))
            for chosen in [
                route(case["area_path"], categories[case["category_code"]], moment, rules=rules_of, posts=by_default)
            ]
        )
        flows[before, after] += before != after
        gone += [(case["opened_at"], case["id"])] if before != after else []
    assert (len(cases) - len(gone), len(gone)) == (answer.same, answer.changed)
    assert len(gone) > 20
    assert [cases for _, cases in flows.most_common(3)] == [flow.cases for flow in answer.flows]
    assert all(flows[flow.before, flow.after] == flow.cases for flow in answer.flows)
    assert len(gone) - sum(flow.cases for flow in answer.flows) == answer.other_cases
    assert [case_id for _, case_id in sorted(gone, reverse=True)[:10]] == [row.case_id for row in answer.samples]


def _draw(dice: random.Random, departments: list[int], post_id: int) -> RuleTerms:
    from_time, to_time = dice.choice([(None, None), (time(22), time(6)), (time(8, 30), time(17))])
    return RuleTerms(
        area_path=dice.choice(["", "37", STREET, COMMUNITY]),
        category_code=dice.choice([None, "litter", "rubble"]),
        weekdays=tuple(sorted(dice.sample(range(1, 8), dice.choice([0, 3])))),
        from_time=from_time,
        to_time=to_time,
        on_workdays=dice.choice([None, True, False]),
        desk_depth=dice.choice([None, 1, 2]),
        department_ids=tuple(dice.sample(departments, dice.randint(0, 2))),
        post_id=dice.choice([None, post_id]),
    )


async def test_only_cases_of_areas_that_one_administers_are_counted(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        await add_areas(conn, COMMUNITY)
        for n, path in enumerate([COMMUNITY, STREET, ELSEWHERE]):
            await open_report(conn, n, at=located(path))
        await open_report(conn, 9)
    of_part = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, STREET), Grant(Role.AUDITOR, "")))
    answer = await tried(pool, Add(RuleTerms(area_path=STREET, desk_depth=1)), actor=of_part)
    assert (0, 2) == (answer.same, answer.changed)
    with pytest.raises(RuleNotYours) as refused:
        await tried(pool, Add(RuleTerms(desk_depth=1)), actor=of_part)
    assert "/changes/0/rule/area_path" == refused.value.pointer


async def test_a_dry_run_leaves_no_trace_and_could_not(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        rule_id = await make_rule(conn, RuleTerms(desk_depth=2))
        await open_report(conn, 1, at=located())
        before = await conn.fetchval("select count(*) from event")
    await tried(pool, Retire(rule_id), Add(RuleTerms(desk_depth=1), 1))
    async with pool_transaction(pool) as conn:
        assert before == await conn.fetchval("select count(*) from event")
        assert [rule_id] == [rule.id for rule in await queries.list_routing_rules(conn, district_id=DISTRICT)]
    async with pool_transaction(pool) as conn:
        await trial.try_changes(conn, changes=[Retire(rule_id)], period=WEEK, actor=ADMIN, now=START)
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await make_rule(conn, RuleTerms())


async def test_what_cannot_be_tried_is_named(pool: Pool) -> None:
    with pytest.raises(PeriodTooLong):
        await tried(pool, Add(RuleTerms()), period=Span(START, START + timedelta(days=93)))
    with pytest.raises(RuleNotFound) as refused:
        await tried(pool, Add(RuleTerms()), Retire(77))
    assert "/changes/1/rule_id" == refused.value.pointer
