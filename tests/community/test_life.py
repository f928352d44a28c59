"""Whole lives at random: several cases, people, departments, calendars and sweeps; after each step the rows agree.

What a clock should say is worked out anew from its history, minute by minute and day by day, by code that shares
nothing with the program's.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from community.acts import Act
from community.clocks.models import ClockRule, Deadline, Extension, Pause
from community.clocks.queries import get_rules, list_changes, list_deadlines
from community.clocks.recounting import recount_open_clocks
from community.clocks.rules import RuleDraft, set_rule
from community.clocks.sweep import sweep_deadlines
from community.followup.answer import answer_follow_up
from community.followup.models import Answer
from community.followup.queries import find_link
from community.followup.tokens import make_token
from community.holds import sweep_holds
from community.models import ENDED, Case, Channel, Clock, Kind, Limit, Satisfaction, State, Unit
from community.queries import list_cases_by_id
from community.routing.reroute import reroute
from community.triage import carry_out
from community.work_orders.queries import list_work_orders
from community.workflow import Field, Verb, allowed_transitions
from core.access.models import Actor, Role
from core.calendar_edits import set_days, set_week
from core.database import Connection
from core.errors import Refusal
from core.models import Event, HolidayRow, OfficeHours
from core.queries import list_events, list_holidays, list_office_hours
from tests.community.district import COMMUNITY, NEIGHBOUR, add_areas, found, hire, located, open_report
from tests.conftest import DISTRICT, RING, START

ZONE = ZoneInfo("Asia/Shanghai")
#: A common week, the days before a long holiday, and a year's end after which no calendar is known.
BEGINNINGS = (START, datetime(2026, 9, 28, 1, 0, tzinfo=UTC), datetime(2026, 12, 29, 8, 0, tzinfo=UTC))
VERB_EVENTS = frozenset(verb.event for verb in Verb)
UNITS = tuple(Unit)
#: Done more often than the rest, or few cases would ever be closed.
ONWARD = frozenset(
    {
        *(Verb.FILE, Verb.CONTACT, Verb.DISPATCH, Verb.ACCEPT, Verb.HANDLE, Verb.VERIFY, Verb.CLOSE, Verb.FOLLOW_UP),
        *(Verb.MARK_DUPLICATE, Verb.HOLD, Verb.EXTEND, Verb.SPLIT, Verb.REOPEN, Verb.PASS_ON),
    }
)


@dataclass
class Office:
    """When offices work, read from the rows."""

    week: Sequence[OfficeHours]
    days: dict[date, bool]
    _spans: dict[date, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        if day not in self._spans:
            weekday, works = day.isoweekday(), self.days.get(day)
            own = [row for row in self.week if row.weekday == weekday]
            if works and not own:  # a day worked in exchange has the hours of the first day that has any
                own = [row for row in self.week if row.weekday == min(each.weekday for each in self.week)]
            rows = [] if works is False else sorted(own, key=lambda row: row.opens)
            self._spans[day] = [
                (datetime.combine(day, row.opens, ZONE), datetime.combine(day, row.closes, ZONE)) for row in rows
            ]
        return self._spans[day]

    def works_at(self, moment: datetime) -> bool:
        return any(opens <= moment < closes for opens, closes in self.spans(moment.date()))

    def after_minutes(self, start: datetime, worked: int) -> datetime:
        moment = start
        while worked:
            if not self.spans(moment.date()):
                moment = datetime.combine(moment.date() + timedelta(days=1), time(), ZONE)
                continue
            worked -= self.works_at(moment)
            moment += timedelta(minutes=1)
        return moment

    def minutes_between(self, start: datetime, end: datetime) -> int:
        minutes = int((end - start).total_seconds()) // 60
        return sum(self.works_at(start + timedelta(minutes=n)) for n in range(minutes))

    def after_days(self, start: datetime, worked: int) -> datetime:
        day = start.date()
        while worked:
            day += timedelta(days=1)
            worked -= bool(self.spans(day))
        return self.spans(day)[-1][1]


def due_by_hand(clock: Deadline, rule: ClockRule, changes: Sequence[Pause | Extension], office: Office) -> datetime:
    """Work out when a round is due; raises `_NothingLeft` where a promise outside office hours was paused with no
    working time left, of which nothing is promised.
    """
    unit, ends = rule.limit.unit, clock.fixed_at
    local = clock.started_at.astimezone(ZONE)
    ends = _later(local, rule.limit.amount, unit, office) if ends is None else ends.astimezone(ZONE)
    for change in changes:
        if clock.fixed_since is not None and change.began_at < clock.fixed_since:
            continue
        if isinstance(change, Extension):
            ends = _later(ends, change.amount, unit, office)
            continue
        if change.ended_at is None or change.began_at >= ends:
            continue
        began, ended = change.began_at.astimezone(ZONE), change.ended_at.astimezone(ZONE)
        if unit is Unit.MINUTE:
            ends += ended - began
        elif unit is Unit.WORKING_HOUR:
            if not (left := office.minutes_between(began, ends)):
                raise _NothingLeft
            ends = office.after_minutes(ended, left)
        else:
            span = range(1, (ended.date() - began.date()).days + 1)
            lost = sum(bool(office.spans(began.date() + timedelta(days=n))) for n in span)
            later = office.after_days(ends, lost) if lost else ends
            ends = later if later > ended else office.after_days(ended, 1)
    return ends


class _NothingLeft(Exception):
    """See `due_by_hand`."""


def _later(start: datetime, amount: int, unit: Unit, office: Office) -> datetime:
    if unit is Unit.MINUTE:
        return start + timedelta(minutes=amount)
    if unit is Unit.WORKING_HOUR:
        return office.after_minutes(start, 60 * amount)
    return office.after_days(start, amount)


@dataclass
class Life:
    """Cases, people, and a moment that only goes forward."""

    conn: Connection
    dice: random.Random
    now: datetime
    people: list[Actor]
    departments: list[int]
    case_ids: list[int]
    done: Counter[str] = field(default_factory=Counter)

    @property
    def admin(self) -> Actor:
        return self.people[0]

    async def step(self) -> None:
        minutes = self.dice.choice([0, 1, 7, 20, 45, 90, 240, 1000, self.dice.randrange(6000)])
        self.now += timedelta(minutes=minutes)
        steps = [self.act, self.sweep, self.end_holds, self.edit_calendar, self.rate, self.route_anew, self.edit_rule]
        (step,) = self.dice.choices(steps, [70, 10, 5, 5, 4, 3, 3])
        with contextlib.suppress(Refusal):
            async with self.conn.transaction():
                await step()
                self.done[step.__name__] += 1

    async def act(self) -> None:
        cases = await list_cases_by_id(self.conn, district_id=DISTRICT, case_ids=self.case_ids)
        case = self.dice.choice(list(cases.values()))
        people = self.people[2:] if case.department_ids and self.dice.random() < 0.6 else self.people[:2]
        actor = self.dice.choice(people)
        rows = allowed_transitions(case.state, frozenset(grant.role for grant in actor.grants))
        if not rows:
            return await self.act()
        (row,) = self.dice.choices(rows, [9 if each.verb in ONWARD else 1 for each in rows])
        wanted = row.required | {each for each in row.optional if self.dice.random() < 0.3} - {Field.PHOTOS}
        act = self.say(wanted)
        await carry_out(self.conn, case_id=case.id, verb=row.verb, act=act, actor=actor, now=self.now)
        self.done[row.verb] += 1
        return None

    def say(self, wanted: frozenset[Field]) -> Act:
        kind = self.dice.choice(list(Kind))
        promised_at = self.now + timedelta(days=self.dice.randrange(1, 12))
        said: dict[str, object] = {
            Field.NOTE: "说明",
            Field.RESULT: "结果",
            Field.CHANNEL: Channel.PHONE,
            Field.REACHED: self.dice.random() < 0.7,
            Field.KIND: kind,
            Field.ASSIGNEE_ID: self.admin.id,
            Field.DEPARTMENT_ID: self.dice.choice(self.departments),
            Field.PARTNER_IDS: tuple(self.dice.sample(self.departments, 2)),
            Field.AREA_CODE: self.dice.choice(["02", "03"]),
            Field.DUPLICATE_OF: self.dice.choice(self.case_ids),
            Field.UNTIL: self.now + timedelta(minutes=self.dice.randrange(1, 9000)),
            Field.EXTEND_BY: 1,
            Field.SATISFACTION: self.dice.choice(list(Satisfaction)),
        }
        given = {name: value for name, value in said.items() if name in wanted}
        if Field.KIND in wanted and kind is Kind.PROMISED:
            given[Field.PROMISED_AT] = promised_at
        elif Field.KIND in wanted:
            given.pop(Field.PROMISED_AT, None)
        return Act(**given)  # type: ignore[arg-type]

    async def sweep(self) -> None:
        limit = self.dice.choice([1, 3, 500])
        await sweep_deadlines(self.conn, district_id=DISTRICT, now=self.now, limit=limit)

    async def end_holds(self) -> None:
        await sweep_holds(self.conn, district_id=DISTRICT, now=self.now)

    async def edit_calendar(self) -> None:
        if self.dice.random() < 0.3:
            closes = self.dice.choice([time(11), time(12)])
            weekdays = self.dice.sample(range(1, 8), self.dice.choice([1, 5, 6]))
            spans = [OfficeHours(day, time(8, 30), closes) for day in weekdays]
            spans += [OfficeHours(day, time(13, 30), time(17)) for day in weekdays if self.dice.random() < 0.8]
            await set_week(self.conn, spans=spans, source="test", actor=self.admin, now=self.now)
        else:
            first = self.now.date() - timedelta(days=5)
            chosen = [first + timedelta(days=n) for n in self.dice.sample(range(20), 3)]
            days = [HolidayRow(day, self.dice.random() < 0.5, "调整", "test", 1) for day in chosen]
            await set_days(self.conn, district_id=DISTRICT, days=days, source="test", staff_id=None, now=self.now)
        while (await recount_open_clocks(self.conn, district_id=DISTRICT, now=self.now, limit=2))[0]:
            pass

    async def rate(self) -> None:
        case_id = self.dice.choice(self.case_ids)
        link = await find_link(self.conn, district_id=DISTRICT, case_id=case_id, of_round=None)
        if link is not None:
            token = make_token(RING, district_id=DISTRICT, case_id=case_id, round=link.round)
            answer = Answer(self.dice.choice(list(Satisfaction)), None)
            await answer_follow_up(self.conn, district_id=DISTRICT, token=token, answer=answer, ring=RING, now=self.now)

    async def route_anew(self) -> None:
        case_id = self.dice.choice(self.case_ids)
        await reroute(self.conn, case_id=case_id, note="新规则", version=None, actor=self.admin, now=self.now)

    async def edit_rule(self) -> None:
        unit = self.dice.choice(UNITS)
        limit = Limit(
            self.dice.randrange(1, {Unit.MINUTE: 3000, Unit.WORKING_HOUR: 20, Unit.WORKING_DAY: 6}[unit]), unit
        )
        draft = RuleDraft(
            clock=self.dice.choice(list(Clock)),
            category_code="litter",
            area_path=self.dice.choice(["", COMMUNITY]),
            limit=limit,
            warn_percent=self.dice.choice([1, 75, 99]),
            escalate_minutes=self.dice.choice([(), (0,), (0, 60, 240)]),
            most_extensions=self.dice.choice([0, 1, 3]),
            most_hold_days=self.dice.choice([0, 5, 30]),
        )
        await set_rule(self.conn, draft=draft, actor=self.admin, now=self.now)

    async def check(self) -> None:
        """Compare all rows with each other and with their history."""
        week = await list_office_hours(self.conn, district_id=DISTRICT)
        days = {row.day: row.is_workday for row in await list_holidays(self.conn, district_id=DISTRICT)}
        office = Office(week, days)
        cases = await list_cases_by_id(self.conn, district_id=DISTRICT, case_ids=self.case_ids)
        changes = await list_changes(self.conn, district_id=DISTRICT, case_ids=self.case_ids)
        for case in cases.values():
            clocks = await list_deadlines(self.conn, district_id=DISTRICT, case_id=case.id)
            events = await list_events(self.conn, district_id=DISTRICT, subject="case", subject_id=case.id)
            rules = await get_rules(self.conn, district_id=DISTRICT, rule_ids=[clock.rule_id for clock in clocks])
            check_running(case, clocks)
            check_chain(case, events)
            check_told(clocks, events)
            for clock in clocks:
                rule = rules[clock.rule_id]
                assert expected_firing(clock, rule) == clock.fires_at
                if clock.is_running and clock.breached_at is None:
                    made = changes.get((case.id, clock.clock, clock.round), [])
                    with contextlib.suppress(_NothingLeft):
                        assert due_by_hand(clock, rule, made, office) == clock.due_at
            check_state(case, cases)
            await self.check_orders(case)

    async def check_orders(self, case: Case) -> None:
        orders = await list_work_orders(self.conn, district_id=DISTRICT, case_id=case.id)
        at_work = [order for order in orders if order.ended_at is None]
        assert {order.department_id for order in at_work} <= set(case.department_ids)
        assert len({order.department_id for order in at_work}) == len(at_work)
        state = case.state_before if case.state is State.HELD else case.state
        if state in (State.DISPATCHED, State.HANDLING):
            assert [case.department_id] == [order.department_id for order in at_work if order.is_lead]
        else:
            assert not at_work


def expected_firing(clock: Deadline, rule: ClockRule) -> datetime | None:
    if clock.paused_at is not None or not clock.is_running:
        return None
    if clock.warned_at is None:
        return clock.warn_at
    if clock.breached_at is None:
        return clock.due_at
    left = rule.escalate_minutes[clock.escalated :]
    return clock.due_at + timedelta(minutes=left[0]) if left else None


def check_running(case: Case, clocks: Sequence[Deadline]) -> None:
    running = [clock for clock in clocks if clock.is_running]
    assert max(Counter(clock.clock for clock in running).values(), default=0) <= 1
    assert case.next_due_at == min((clock.due_at for clock in running if clock.paused_at is None), default=None)
    if case.state is State.DUPLICATE:
        assert all(clock.paused_at is not None for clock in running)
    elif case.state in ENDED:
        assert {clock.clock for clock in running} <= ({Clock.FOLLOW_UP} if case.state is State.CLOSED else set())
    for which in Clock:
        rounds = [clock.round for clock in clocks if clock.clock is which]
        assert list(range(1, len(rounds) + 1)) == rounds
    for clock in clocks:
        assert clock.started_at <= clock.warn_at <= clock.due_at


def check_chain(case: Case, events: Sequence[Event]) -> None:
    """Each verb begins where the one before ended, and the last ended where the case is."""
    opened, *later = [event for event in events if event.kind in VERB_EVENTS | {"case.opened"}]
    state = opened.data["to"]
    for event in later:
        assert state == event.data["from"], event
        state = event.data["to"]
    assert case.state == state


def check_told(clocks: Sequence[Deadline], events: Sequence[Event]) -> None:
    """Each stage of a round was told once and not before its time; what was told of stands as it was told."""
    told = [event for event in events if event.kind in ("deadline.warned", "deadline.breached", "deadline.escalated")]
    by_round = {(clock.clock.value, clock.round): clock for clock in clocks}
    times = Counter((event.kind, event.data["clock"], event.data["round"], event.data.get("level")) for event in told)
    assert max(times.values(), default=1) == 1
    for event in told:
        clock = by_round[str(event.data["clock"]), int(str(event.data["round"]))]
        assert float(str(event.data["late_s"])) >= 0
        if event.kind != "deadline.warned":
            due_at = datetime.fromisoformat(str(event.data["due_at"]))
            assert due_at <= event.occurred_at
            assert due_at == clock.due_at
    stages = Counter(event.kind for event in told)
    assert stages["deadline.warned"] == sum(clock.warned_at is not None for clock in clocks)
    assert stages["deadline.breached"] == sum(clock.breached_at is not None for clock in clocks)
    assert stages["deadline.escalated"] == sum(clock.escalated for clock in clocks)


def check_state(case: Case, cases: dict[int, Case]) -> None:
    assert (case.state is State.HELD) == (case.held_until is not None)
    assert (case.kind is Kind.PROMISED) == (case.promised_at is not None)
    if case.state not in ENDED:
        assert case.result is None
    if case.duplicate_of is not None:
        original = cases[case.duplicate_of]
        assert original.duplicate_of is None
        if original.state in (State.CLOSED, State.FOLLOWED_UP):
            assert case.result == original.result


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_the_rows_agree_with_each_other_and_with_their_history(
    conn: Connection, seed: int
) -> None:
    dice = random.Random(seed)
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    departments = [await found(conn, code) for code in ("roads", "water", "green")]
    people = [await hire(conn, "admin", Role.DISTRICT_ADMIN), await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)]
    people += [await hire(conn, f"of {each}", Role.DEPARTMENT, department_id=each) for each in departments]
    begun = BEGINNINGS[seed % len(BEGINNINGS)]
    place = located(candidates=("02", "03"))
    ids = [
        (await open_report(conn, ref, at=place, trusted=ref > 1, contact_owed=ref == 2, now=begun)).id
        for ref in range(4)
    ]
    life = Life(conn, dice, begun, people, departments, ids)
    for number in range(70):
        await life.step()
        try:
            await life.check()
        except AssertionError as error:
            error.add_note(f"seed {seed}, after step {number} at {life.now}: {dict(life.done)}")
            raise
    assert life.done["act"] > 10
