"""The rules without a database: which one decides, when, and what a list of rules is after changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from community.routing.changes import Add, Move, Replace, Retire, apply, rule_of
from community.routing.errors import RuleNotFound
from community.routing.models import RoutingRule, RuleTerms
from community.routing.route import holds_at, lead, moment_at, route
from community.routing.trial.finder import Finder, Times, scopes_of
from community.routing.words import in_words
from core.calendar import NO_HOLIDAYS, Calendar
from tests.community.routing.rule_making import category_of

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = replace(
    NO_HOLIDAYS,
    holidays=frozenset({date(2026, 4, 6)}),  # a Monday
    makeup_workdays=frozenset({date(2026, 5, 9)}),  # a Saturday
    years=frozenset({2026}),
)
AREAS = ("", "37", "37/01", "37/01/02", "37/01/02/001", "37/011", "37/01-2")
CATEGORIES = ("litter", "rubble")

minutes = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
moments = st.integers(0, 60 * 86_400).map(lambda second: datetime(2026, 4, 1, tzinfo=UTC) + timedelta(seconds=second))


@st.composite
def terms(draw: st.DrawFn) -> RuleTerms:
    from_time, to_time = draw(
        st.one_of(st.just((None, None)), st.tuples(minutes, minutes).filter(lambda ends: ends[0] != ends[1]))
    )
    return RuleTerms(
        area_path=draw(st.sampled_from(AREAS)),
        category_code=draw(st.sampled_from([None, *CATEGORIES])),
        weekdays=tuple(sorted(draw(st.sets(st.integers(1, 7))))),
        from_time=from_time,
        to_time=to_time,
        on_workdays=draw(st.sampled_from([None, True, False])),
        desk_depth=draw(st.sampled_from([None, 1, 2, 3])),
        department_ids=tuple(draw(st.lists(st.integers(1, 4), max_size=3, unique=True))),
        post_id=draw(st.sampled_from([None, 7, 8])),
    )


rule_lists = st.lists(terms(), max_size=8).map(
    lambda drawn: [rule_of(each, rule_id=n, position=10 * n) for n, each in enumerate(drawn, start=1)]
)


def holds_by_days(rule: RuleTerms, at: datetime, calendar: Calendar) -> bool:
    """Look for a day that the rule admits and whose window holds the moment: the same, said in another way."""
    local = at.astimezone(ZONE).replace(tzinfo=None)
    for day in (local.date() - timedelta(days=1), local.date()):
        opens = datetime.combine(day, rule.from_time or time.min)
        closes = datetime.combine(day, rule.to_time or time.min)
        closes += timedelta(days=1) if closes <= opens else timedelta(0)
        admitted = not rule.weekdays or day.isoweekday() in rule.weekdays
        if rule.on_workdays is not None:
            admitted = admitted and calendar.is_workday(day) == rule.on_workdays
        if admitted and opens <= local < closes:
            return True
    return False


@settings(max_examples=500)
@given(terms(), moments)
def test_a_rule_holds_exactly_within_the_windows_of_the_days_it_admits(rule: RuleTerms, at: datetime) -> None:
    assert holds_by_days(rule, at, CALENDAR) == holds_at(rule, moment_at(at, CALENDAR, ZONE))


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-03-13T21:59:59", False),
        ("2026-03-13T22:00:00", True),  # Friday night
        ("2026-03-14T05:59:59", True),  # still Friday's night
        ("2026-03-14T06:00:00", False),
        ("2026-03-14T22:00:00", False),  # Saturday night
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(local: str, expected: bool) -> None:
    friday_night = RuleTerms(weekdays=(5,), from_time=time(22), to_time=time(6))
    at = datetime.fromisoformat(local).replace(tzinfo=ZONE)
    assert expected is holds_at(friday_night, moment_at(at, CALENDAR, ZONE))


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-03-13T02:00", False),  # the night of Thursday, a working day
        ("2026-03-14T02:00", False),  # Friday's, although Saturday is off
        ("2026-03-15T02:00", True),
        ("2026-03-16T02:00", True),  # Sunday's, although Monday is not
        ("2026-03-16T22:00", False),
    ],
)
def test_whether_a_night_is_off_is_asked_of_the_day_on_which_it_began(local: str, expected: bool) -> None:
    nights_off = RuleTerms(from_time=time(22), to_time=time(6), on_workdays=False)
    at = datetime.fromisoformat(local).replace(tzinfo=ZONE)
    assert expected is holds_at(nights_off, moment_at(at, CALENDAR, ZONE))


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-04-06", False), ("2026-04-07", True), ("2026-05-09", True), ("2026-05-10", False)]
)
def test_working_days_are_those_of_the_calendar(day: str, expected: bool) -> None:
    moment = moment_at(datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=ZONE), CALENDAR, ZONE)
    assert expected is holds_at(RuleTerms(on_workdays=True), moment)
    assert expected is not holds_at(RuleTerms(on_workdays=False), moment)


@given(rule_lists, st.sampled_from([None, *AREAS[1:]]), st.sampled_from(CATEGORIES), moments)
def test_the_first_rule_that_fits_decides(
    rules: list[RoutingRule], area_path: str | None, code: str, at: datetime
) -> None:
    def is_for(rule: RoutingRule) -> bool:
        where = rule.area_path == "" or (area_path is not None and f"{area_path}/".startswith(f"{rule.area_path}/"))
        return where and rule.category_code in (None, code) and holds_by_days(rule, at, CALENDAR)

    decides = [rule.id for rule in rules if is_for(rule)][:1]
    chosen = route(area_path, category_of(code), moment_at(at, CALENDAR, ZONE), rules=rules, posts={})
    assert (decides or [None]) == [chosen.rule_id]


@given(rule_lists, st.lists(st.tuples(st.sampled_from([None, *AREAS[1:]]), st.sampled_from(CATEGORIES), moments)))
def test_the_dry_run_finds_the_rule_that_routing_finds(
    rules: list[RoutingRule], cases: list[tuple[str | None, str, datetime]]
) -> None:
    times = Times(rules, CALENDAR, ZONE)
    finder = Finder(rules, times)
    for area_path, code, at in cases:
        asked = route(area_path, category_of(code), moment_at(at, CALENDAR, ZONE), rules=rules, posts={}).rule_id
        found = finder.find(scopes_of(area_path), code, times.sort(at))
        assert asked == (found and found.id)


def test_of_several_departments_the_first_leads() -> None:
    rule = rule_of(RuleTerms(department_ids=(9, 3)), rule_id=1, position=1)
    chosen = lead("37/01", 5, rule, {})
    assert ((9, 3), 9) == (chosen.department_ids, chosen.department_id)


def test_without_departments_the_categorys_own_is_suggested() -> None:
    assert (5,) == lead("37/01", 5, rule_of(RuleTerms(), rule_id=1, position=1), {}).department_ids


@pytest.mark.parametrize(
    ("area_path", "depth", "expected"),
    [
        ("37/01/02", None, 3),
        ("37/01/02", 2, 2),
        ("37/01/02/001", 2, 2),
        ("37/01", None, 1),
        ("37/011", None, 1),
        (None, None, 0),
    ],
)
def test_the_nearest_post_above_the_desk_is_asked(area_path: str | None, depth: int | None, expected: int) -> None:
    posts = {"": 0, "37": 1, "37/01": 2, "37/01/02": 3} if area_path != "37/01" else {"37": 1, "37/01/02": 3}
    rule = rule_of(RuleTerms(desk_depth=depth), rule_id=1, position=1)
    assert expected == lead(area_path, None, rule, posts).post_id


def test_a_rule_names_another_post_than_the_nearest() -> None:
    rule = rule_of(RuleTerms(post_id=9), rule_id=1, position=1)
    assert 9 == lead("37/01", None, rule, {"37/01": 2}).post_id


LITTER, RUBBLE, ANY = RuleTerms(category_code="litter"), RuleTerms(category_code="rubble"), RuleTerms()
LISTED = [rule_of(LITTER, rule_id=4, position=10), rule_of(RUBBLE, rule_id=5, position=20)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Add(ANY), [(4, 10), (5, 20), (-1, 30)]),
        (Add(ANY, 15), [(4, 10), (-1, 15), (5, 20)]),
        (Add(ANY, 10), [(-1, 10), (4, 11), (5, 21)]),
        (Replace(4, ANY), [(-1, 10), (5, 20)]),
        (Move(5, 10), [(5, 10), (4, 11)]),
        (Move(4, 99), [(5, 20), (4, 99)]),
        (Retire(4), [(5, 20)]),
    ],
)
def test_a_change_leaves_the_others_in_their_order(
    change: Add | Replace | Move | Retire, expected: list[tuple[int, int]]
) -> None:
    assert expected == [(rule.id, rule.position) for rule in apply(LISTED, [change])]


def test_a_change_of_a_rule_that_is_gone_is_named() -> None:
    with pytest.raises(RuleNotFound) as refused:
        apply(LISTED, [Retire(4), Move(4, 1)])
    assert "/changes/1/rule_id" == refused.value.pointer


@given(
    rule_lists,
    st.lists(
        st.one_of(st.builds(Add, terms(), st.integers(1, 60)), st.builds(Move, st.integers(1, 3), st.integers(1, 60)))
    ),
)
def test_positions_stay_apart_and_in_order(rules: list[RoutingRule], changes: list[Add | Move]) -> None:
    changes = [change for change in changes if isinstance(change, Add) or change.rule_id <= len(rules)]
    after = apply(rules, changes)
    assert all(first.position < second.position for first, second in pairwise(after))


SAID: list[tuple[RuleTerms, Callable[[str, str], bool]]] = [
    (RuleTerms(weekdays=(6, 7)), lambda zh, en: "周六、日" in zh and "Saturday, Sunday" in en),
    (RuleTerms(on_workdays=False), lambda zh, en: "非工作日" in zh and "days off" in en),
    (RuleTerms(on_workdays=True), lambda zh, en: "，工作日" in zh and "working days" in en),
    (RuleTerms(from_time=time(22), to_time=time(6)), lambda zh, en: "22:00—次日06:00" in zh and "next day" in en),
    (RuleTerms(from_time=time(8), to_time=time(12)), lambda zh, en: "08:00—12:00" in zh and "next day" not in en),
    (RuleTerms(department_ids=(1, 2)), lambda zh, en: "环卫牵头、#2协办" in zh and "环卫 as lead with #2" in en),
    (RuleTerms(post_id=7), lambda zh, en: "夜班岗当班人" in zh and "on duty at 夜班岗" in en),
]


@pytest.mark.parametrize(("rule", "says"), SAID)
def test_a_rule_is_said_in_words(rule: RuleTerms, says: Callable[[str, str], bool]) -> None:
    words = in_words(rule, {1: "环卫"}, {7: "夜班岗"})
    assert says(words.zh, words.en), words
