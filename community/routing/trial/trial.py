"""Trying changed rules on the cases of a period: what goes elsewhere, how often, and some of it by name.

Both lists of rules are asked about each case as it lies (area, category, time of opening), and their answers are
compared; what was really done with it does not matter. Cases come in batches through a cursor, so memory does not grow
with their number, and the transaction is read only: a dry run can write nothing.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from community.routing import queries
from community.routing.changes import Add, Change, Replace, apply
from community.routing.models import Route, RoutingRule
from community.routing.rota.models import Span
from community.routing.rota.posts import check_period
from community.routing.rota.queries import list_posts
from community.routing.route import Posts, lead
from community.routing.rules import check_terms
from community.routing.trial.finder import Finder, Times, scopes_of
from community.routing.trial.models import Flow, Goal, Sample, Trial
from core.access.models import Actor, Role
from core.calendar import Calendar, load_calendar
from core.database import Connection
from core.queries import get_timezone

BATCH = 2_000
MOST_SAMPLES = 100
MOST_FLOWS = 200
#: Different flows that are told apart at all; a change that makes more is not read as a table anyway.
KEPT_FLOWS = 10_000


@dataclass(frozen=True, slots=True)
class Terrain:
    """What besides rules decides: the usual department of each category, the default posts, calendar and time zone."""

    usual: Mapping[str, int | None]
    posts: Posts
    calendar: Calendar
    zone: ZoneInfo


class Tally:
    """Counts cases under two lists of rules."""

    def __init__(self, present: Sequence[RoutingRule], proposed: Sequence[RoutingRule], terrain: Terrain) -> None:
        self._terrain = terrain
        self._times = Times([*present, *proposed], terrain.calendar, terrain.zone)
        self._present = Finder(present, self._times)
        self._proposed = Finder(proposed, self._times)
        self._flows: Counter[tuple[Goal, Goal]] = Counter()
        self._newest: list[tuple[datetime, int, str | None, str, Route, Route]] = []
        self.same = 0
        self.changed = 0

    def count(self, case_id: int, area_path: str | None, category_code: str, opened_at: datetime) -> None:
        """Route one case by both lists and count where it goes."""
        sort = self._times.sort(opened_at)
        scopes = scopes_of(area_path)
        by = self._present.find(scopes, category_code, sort)
        instead = self._proposed.find(scopes, category_code, sort)
        if by is instead or (by is not None and instead is not None and by.id == instead.id):
            self.same += 1
            return
        usual_id = self._terrain.usual[category_code]
        before, after = (lead(area_path, usual_id, rule, self._terrain.posts) for rule in (by, instead))
        flow = (_goal(before), _goal(after))
        if flow[0] == flow[1]:
            self.same += 1
            return
        self.changed += 1
        if flow in self._flows or len(self._flows) < KEPT_FLOWS:
            self._flows[flow] += 1
        sample = (opened_at, case_id, area_path, category_code, before, after)
        if len(self._newest) < MOST_SAMPLES:
            heapq.heappush(self._newest, sample)
        else:
            heapq.heappushpop(self._newest, sample)

    def flows(self) -> tuple[Flow, ...]:
        """Give the most frequent ways in which cases go elsewhere."""
        return tuple(Flow(before, after, cases) for (before, after), cases in self._flows.most_common(MOST_FLOWS))

    def newest(self) -> list[tuple[datetime, int, str | None, str, Route, Route]]:
        """Give the newest cases that go elsewhere, newest first."""
        return sorted(self._newest, reverse=True)


def _goal(route: Route) -> Goal:
    return Goal(route.desk_path, route.department_ids, route.post_id)


async def try_changes(
    conn: Connection, *, changes: Sequence[Change], period: Span | None, actor: Actor, now: datetime
) -> Trial:
    """Tell what `changes` to the present rules would have done to the cases opened in `period` (None: last month).

    Only cases of the areas that the actor administers are read. Raises `PeriodTooLong`, `RuleNotFound`, and what new
    terms refuse, pointing at the change.
    """
    await queries.forbid_writing(conn)
    district_id = actor.district_id
    for n, change in enumerate(changes):
        if isinstance(change, Add | Replace):
            pointer = f"/changes/{n}/rule"
            await check_terms(
                conn, district_id=district_id, terms=change.terms, actor=actor, pointer=pointer, lock=False
            )
    terrain = await _load_terrain(conn, district_id=district_id)
    period = period or last_month(now, terrain.zone)
    check_period(period, pointer="/opened_before")
    present = await queries.list_routing_rules(conn, district_id=district_id)
    tally = Tally(present, apply(present, changes), terrain)
    async for batch in queries.read_past_cases(
        conn,
        district_id=district_id,
        scopes=actor.scopes(Role.DISTRICT_ADMIN),
        opened_from=period.starts_at,
        opened_before=period.ends_at,
        size=BATCH,
    ):
        for case_id, area_path, category_code, opened_at in batch:
            tally.count(case_id, area_path, category_code, opened_at)
    return await _answer(conn, district_id=district_id, period=period, tally=tally)


def last_month(now: datetime, zone: ZoneInfo) -> Span:
    """Give the calendar month before the present one in local time."""
    this = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Span((this - timedelta(days=1)).replace(day=1).astimezone(UTC), this.astimezone(UTC))


async def _load_terrain(conn: Connection, *, district_id: int) -> Terrain:
    posts = await list_posts(conn, district_id=district_id)
    return Terrain(
        usual=await queries.list_default_departments(conn, district_id=district_id),
        posts={post.area_path: post.id for post in posts if post.is_default},
        calendar=await load_calendar(conn, district_id=district_id),
        zone=await get_timezone(conn, district_id=district_id),
    )


async def _answer(conn: Connection, *, district_id: int, period: Span, tally: Tally) -> Trial:
    newest = tally.newest()
    numbers = await queries.list_case_numbers(conn, district_id=district_id, case_ids=[row[1] for row in newest])
    flows = tally.flows()
    return Trial(
        opened_from=period.starts_at,
        opened_before=period.ends_at,
        same=tally.same,
        changed=tally.changed,
        flows=flows,
        other_cases=tally.changed - sum(flow.cases for flow in flows),
        samples=tuple(
            Sample(case_id, numbers[case_id], area_path, category_code, opened_at, before, after)
            for opened_at, case_id, area_path, category_code, before, after in newest
        ),
    )
