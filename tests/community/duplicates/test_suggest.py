"""Suggestions: what is near enough, in what order, for whose eyes; and that looking changes nothing."""

import random
from datetime import timedelta

import pytest

from community.acts import Act
from community.duplicates.queries import Search, list_open_near
from community.duplicates.suggest import MOST_SUGGESTIONS, count_suggestions, get_duplicates
from community.errors import CaseNotFound
from community.models import Case, State
from community.sight import roles_on
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor, Grant, Role
from core.database import Connection
from tests.community.district import COMMUNITY, ELSEWHERE, NEIGHBOUR, STREET, found, hire, put_in_state
from tests.community.duplicates.scene import SECRETARY, SPOT, end, merge, report
from tests.conftest import DISTRICT, START

ADMIN = Actor("staff", 1, DISTRICT, "", (Grant(Role.DISTRICT_ADMIN, ""),))
DAY = timedelta(days=1)


async def suggested(conn: Connection, case: Case, actor: Actor = ADMIN) -> list[int]:
    """Give the ids in the order in which they are suggested."""
    found_ = await get_duplicates(conn, case_id=case.id, actor=actor)
    assert [(case.id, len(found_.suggestions))] == [
        (row.case_id, row.suggestions) for row in await count_suggestions(conn, case_ids=[case.id], actor=actor)
    ]
    return [suggestion.case.id for suggestion in found_.suggestions]


async def test_the_likeliest_stands_first_not_the_nearest(conn: Connection) -> None:
    case = await report(conn, 1, words="路边有垃圾", after=20 * DAY)
    nearest = await report(conn, 2, east=5, category="rubble", words="沙石堆放", after=-9 * DAY)
    likeliest = await report(conn, 3, east=10, words="路边有垃圾", after=19 * DAY)
    least = await report(conn, 4, east=45, category="rubble", words="沙石堆放", after=-9 * DAY)
    assert [likeliest.id, nearest.id, least.id] == await suggested(conn, case)


async def test_a_suggestion_shows_its_score_with_every_part(conn: Connection) -> None:
    case = await report(conn, 1, words="路边有垃圾", after=3 * DAY)
    other = await report(conn, 2, east=6, north=8, words="路边堆垃圾")
    (suggestion,) = (await get_duplicates(conn, case_id=case.id, actor=ADMIN)).suggestions
    assert (other.id, other.number, "待立案", 10.0) == (
        suggestion.case.id,
        suggestion.case.number,
        suggestion.case.state_text.zh,
        suggestion.metres,
    )
    # 0.5 · 0.8 + 0.25 · 2/6 + 0.15 + 0.1 · 0.9
    assert pytest.approx(0.723, abs=0.001) == suggestion.score
    assert ["distance", "text", "category", "time"] == [part.aspect for part in suggestion.parts]


async def test_equally_alike_stand_by_distance_and_then_by_age(conn: Connection) -> None:
    case = await report(conn, 1)
    same = [(await report(conn, ref, east=7)).id for ref in (2, 3)]
    assert same == await suggested(conn, case)


@pytest.mark.parametrize(("metres", "is_near"), [(49.99, True), (50.01, False)])
@pytest.mark.parametrize("way", [(1, 0), (0, 1), (-1, 0), (0, -1), (0.6, 0.8), (-0.8, 0.6)])
async def test_the_radius_cuts_to_the_centimetre_in_every_direction(
    conn: Connection, metres: float, is_near: bool, way: tuple[float, float]
) -> None:
    case = await report(conn, 1)
    await report(conn, 2, east=way[0] * metres, north=way[1] * metres)
    assert is_near == bool(await suggested(conn, case))


@pytest.mark.parametrize("north", [-160.0, -88.8, 0.0, 15.0, 111.0, 222.0])
async def test_no_line_between_strips_hides_a_neighbour(conn: Connection, north: float) -> None:
    case = await report(conn, 1, north=north)
    around = {(await report(conn, step, north=north + step)).id for step in (-45, -30, -15, 15, 30, 45)}
    assert around == set(await suggested(conn, case))


@pytest.mark.parametrize(
    ("apart", "is_near"),
    [(30 * DAY, True), (-30 * DAY, True), (30 * DAY + timedelta(seconds=1), False), (timedelta(days=-31), False)],
)
async def test_the_window_is_the_time_between_two_openings_either_way(
    conn: Connection, apart: timedelta, is_near: bool
) -> None:
    case = await report(conn, 1)
    await report(conn, 2, after=apart)
    assert is_near == bool(await suggested(conn, case))


async def test_each_category_has_a_reach_of_its_own(conn: Connection) -> None:
    water = await report(conn, 1, category="standing_water")
    beyond_the_default = await report(conn, 2, east=90, category="standing_water")
    await report(conn, 3, east=10, category="standing_water", after=4 * DAY)
    assert [beyond_the_default.id] == await suggested(conn, water)


async def test_a_related_category_is_looked_for_and_an_unrelated_one_is_not(conn: Connection) -> None:
    litter = await report(conn, 1)
    rubble = await report(conn, 2, category="rubble")
    await report(conn, 3, category="street_light")
    assert [rubble.id] == await suggested(conn, litter)
    assert [litter.id] == await suggested(conn, rubble)


async def test_a_radius_of_nothing_looks_for_nothing(conn: Connection) -> None:
    one, _ = [await report(conn, ref, category="help") for ref in (1, 2)]
    detail = await get_duplicates(conn, case_id=one.id, actor=ADMIN)
    assert ((), 0) == (detail.suggestions, detail.reach.radius_m)


async def test_what_has_no_place_is_neither_suggested_nor_given_suggestions(conn: Connection) -> None:
    somewhere, nowhere = await report(conn, 1), await report(conn, 2, east=None)
    assert [] == await suggested(conn, somewhere)
    assert [(nowhere.id, 0)] == [
        (row.case_id, row.suggestions) for row in await count_suggestions(conn, case_ids=[nowhere.id], actor=ADMIN)
    ]
    assert () == (await get_duplicates(conn, case_id=nowhere.id, actor=ADMIN)).suggestions


async def test_only_open_cases_are_suggested_and_only_to_open_ones(conn: Connection) -> None:
    still_open, ended, merged = [await report(conn, ref) for ref in (1, 2, 3)]
    await end(conn, ended)
    await merge(conn, merged, still_open)
    assert [] == await suggested(conn, still_open)
    assert [] == await suggested(conn, ended)
    assert [] == await suggested(conn, merged)


async def test_no_case_of_another_community_is_shown_or_counted(conn: Connection) -> None:
    ours = await report(conn, 1)
    theirs = await report(conn, 2, east=5, path=NEIGHBOUR)
    await merge(conn, await report(conn, 3, path=NEIGHBOUR), ours)
    assert [] == await suggested(conn, ours, SECRETARY)
    assert () == (await get_duplicates(conn, case_id=ours.id, actor=SECRETARY)).duplicates
    assert [theirs.id] == await suggested(conn, ours)
    with pytest.raises(CaseNotFound):
        await get_duplicates(conn, case_id=theirs.id, actor=SECRETARY)
    assert () == await count_suggestions(conn, case_ids=[theirs.id, 999_999], actor=SECRETARY)


@pytest.mark.parametrize("seed", range(15))
async def test_suggestions_are_exactly_the_near_cases_one_stands_before(conn: Connection, seed: int) -> None:
    dice = random.Random(seed)
    department_id = await found(conn)
    paths = (COMMUNITY, f"{COMMUNITY}/001", f"{COMMUNITY}-a", NEIGHBOUR, ELSEWHERE)
    cases = [await report(conn, n, path=path) for n, path in enumerate(paths * 2)]
    cases[:5] = [await put_in_state(conn, case, State.DISPATCHED, department_id=department_id) for case in cases[:5]]
    scopes = ["", "37", STREET, COMMUNITY, f"{COMMUNITY}/001", NEIGHBOUR]
    grants = tuple(
        Grant(dice.choice(list(Role)), dice.choice(scopes), department_id) for _ in range(dice.randint(1, 3))
    )
    actor = Actor("staff", 1, DISTRICT, "", grants)
    seen = {case.id for case in cases if roles_on(actor, case)}
    for case_id in seen:
        shown = (await get_duplicates(conn, case_id=case_id, actor=actor)).suggestions
        assert seen - {case_id} == {suggestion.case.id for suggestion in shown}
    expected = [(case_id, len(seen) - 1) for case_id in sorted(seen)]
    counted = await count_suggestions(conn, case_ids=[case.id for case in cases], actor=actor)
    assert expected == [(row.case_id, row.suggestions) for row in counted]


async def test_another_districts_case_is_never_near(conn: Connection) -> None:
    case = await report(conn, 1)
    await conn.execute("insert into district (id, name) values ($1, 'another')", DISTRICT + 1)
    await conn.execute("insert into category (district_id, code, zh, en) values ($1, 'litter', 'x', 'x')", DISTRICT + 1)
    await conn.execute(
        """
        insert into community_case (district_id, opened_year, origin, origin_ref, category_code, state, description,
            lon, lat, desk_path, reporter_kind, opened_at, updated_at)
        select $1, opened_year, origin, origin_ref, category_code, state, description, lon, lat, '', 'system',
            opened_at, updated_at from community_case where id = $2
        """,
        DISTRICT + 1,
        case.id,
    )
    assert [] == await suggested(conn, case)
    search = Search(None, SPOT, 50.0, ("litter",), START - DAY, START + DAY)
    near = await list_open_near(conn, district_id=DISTRICT, searches=[search])
    assert [case.id] == [row.case_id for row in near]


async def test_original_and_duplicates_show_each_other(conn: Connection) -> None:
    original, first, second = [await report(conn, ref) for ref in (1, 2, 3)]
    await merge(conn, second, original)
    await merge(conn, first, original)
    detail = await get_duplicates(conn, case_id=original.id, actor=SECRETARY)
    assert (None, [first.id, second.id]) == (detail.original, [case.id for case in detail.duplicates])
    child = await get_duplicates(conn, case_id=first.id, actor=SECRETARY)
    assert child.original is not None
    assert (original.id, ()) == (child.original.id, child.duplicates)


async def test_a_person_merges_and_splits_and_the_suggestion_comes_back(conn: Connection) -> None:
    secretary = await hire(conn, "s", Role.SECRETARY, COMMUNITY)
    original, case = [await report(conn, ref) for ref in (1, 2)]
    assert [original.id] == await suggested(conn, case, secretary)
    act = Act(duplicate_of=original.id)
    await carry_out(conn, case_id=case.id, verb=Verb.MARK_DUPLICATE, act=act, actor=secretary, now=START)
    detail = await get_duplicates(conn, case_id=original.id, actor=secretary)
    assert ([case.id], ()) == ([duplicate.id for duplicate in detail.duplicates], detail.suggestions)
    await carry_out(conn, case_id=case.id, verb=Verb.SPLIT, act=Act(note="不是同一处"), actor=secretary, now=START)
    assert [original.id] == await suggested(conn, case, secretary)
    assert () == (await get_duplicates(conn, case_id=original.id, actor=secretary)).duplicates


async def test_an_original_out_of_sight_is_not_named(conn: Connection) -> None:
    case, original = await report(conn, 1), await report(conn, 2, path=NEIGHBOUR)
    await merge(conn, case, original)
    assert (await get_duplicates(conn, case_id=case.id, actor=SECRETARY)).original is None


async def test_a_crowd_is_cut_to_what_a_person_can_compare(conn: Connection) -> None:
    case = await report(conn, 0)
    crowd = [(await report(conn, n, east=n / 10)).id for n in range(1, MOST_SUGGESTIONS + 5)]
    assert crowd[:MOST_SUGGESTIONS] == await suggested(conn, case)


async def test_however_alike_nothing_is_ever_merged_by_itself(conn: Connection) -> None:
    cases = [await report(conn, n, words="路边有垃圾") for n in range(3)]
    before = await conn.fetch("select * from community_case order by id")
    events = await conn.fetchval("select count(*) from event")
    for case in cases:
        (first, *_) = (await get_duplicates(conn, case_id=case.id, actor=SECRETARY)).suggestions
        assert 1.0 == first.score
    await count_suggestions(conn, case_ids=[case.id for case in cases], actor=SECRETARY)
    assert before == await conn.fetch("select * from community_case order by id")
    assert events == await conn.fetchval("select count(*) from event")
