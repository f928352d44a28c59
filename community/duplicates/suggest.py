"""Which open cases may be the same as a case, for someone who compares them. Changes nothing.

Worked out anew at each reading: nothing is stored that could be out of date, and everyone is shown and counted only
what lies in his own sight. A person merges, splits or dismisses; no likeness ever does.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from community.duplicates import queries
from community.duplicates.likeness import Told, compare
from community.duplicates.models import (
    CaseDuplicates,
    Dismissed,
    DuplicateRules,
    Suggestion,
    SuggestionCount,
    other_case,
    other_cases,
)
from community.duplicates.queries import Near, Search
from community.errors import CaseNotFound
from community.models import Case
from community.queries import find_case, list_cases_by_id, list_staff_names
from community.sight import roles_on
from core.access.models import Actor
from core.database import Connection
from geo.models import Point

#: As many are shown, the likeliest first; more are no help to a person who compares.
MOST_SUGGESTIONS = 20


async def get_duplicates(conn: Connection, *, case_id: int, actor: Actor) -> CaseDuplicates:
    """Give the original, the duplicates, the suggestions and the dismissed of a case. Raises `CaseNotFound`."""
    district_id = actor.district_id
    case = await find_case(conn, district_id=district_id, case_id=case_id)
    if case is None or not roles_on(actor, case):
        raise CaseNotFound()
    rules = await queries.get_rules(conn, district_id=district_id)
    near = await queries.list_open_near(conn, district_id=district_id, searches=_searches([case], rules))
    duplicate_ids = await queries.list_duplicate_ids(conn, district_id=district_id, case_id=case_id)
    dismissals = await queries.list_dismissals(conn, district_id=district_id, case_id=case_id)
    named = [row.case_id for row in near] + duplicate_ids + [row.other_id for row in dismissals]
    seen = await _list_seen(conn, case_ids=[*named, *([case.duplicate_of] if case.duplicate_of else [])], actor=actor)
    names = await list_staff_names(conn, district_id=district_id, staff_ids=[row.staff_id for row in dismissals])
    return CaseDuplicates(
        original=other_case(seen[case.duplicate_of]) if case.duplicate_of in seen else None,
        duplicates=other_cases(seen[other_id] for other_id in duplicate_ids if other_id in seen),
        suggestions=_rank(case, near, seen, rules),
        dismissed=tuple(
            Dismissed(other_case(seen[row.other_id]), names.get(row.staff_id, ""), row.dismissed_at)
            for row in dismissals
            if row.other_id in seen
        ),
        reach=rules.reach_of(case.category_code),
        categories=rules.akin_to(case.category_code),
    )


async def count_suggestions(conn: Connection, *, case_ids: Sequence[int], actor: Actor) -> tuple[SuggestionCount, ...]:
    """Count for each of these cases that `actor` sees the suggestions he would be shown, in order of id."""
    district_id = actor.district_id
    cases = await _list_seen(conn, case_ids=case_ids, actor=actor)
    rules = await queries.get_rules(conn, district_id=district_id)
    searches = _searches(sorted(cases.values(), key=lambda case: case.id), rules)
    near = await queries.list_open_near(conn, district_id=district_id, searches=searches)
    seen = await _list_seen(conn, case_ids=[row.case_id for row in near], actor=actor)
    counts = dict.fromkeys(sorted(cases), 0)
    for row in near:
        asking = searches[row.search].case_id
        if asking is not None and row.case_id in seen:
            counts[asking] = min(counts[asking] + 1, MOST_SUGGESTIONS)
    return tuple(SuggestionCount(case_id, count) for case_id, count in counts.items())


async def _list_seen(conn: Connection, *, case_ids: Sequence[int], actor: Actor) -> dict[int, Case]:
    cases = await list_cases_by_id(conn, district_id=actor.district_id, case_ids=case_ids)
    return {case_id: case for case_id, case in cases.items() if roles_on(actor, case)}


def _searches(cases: Sequence[Case], rules: DuplicateRules) -> list[Search]:
    """Say where to look for the like of each open case that has a place and a category looked for."""
    return [
        Search(
            case_id=case.id,
            point=Point(case.lon, case.lat),
            radius_m=reach.radius_m,
            category_codes=rules.akin_to(case.category_code),
            opened_from=case.opened_at - timedelta(days=reach.within_days),
            opened_to=case.opened_at + timedelta(days=reach.within_days),
        )
        for case in cases
        for reach in [rules.reach_of(case.category_code)]
        if case.closed_at is None and case.lon is not None and case.lat is not None and reach.radius_m > 0
    ]


def _rank(case: Case, near: Sequence[Near], seen: Mapping[int, Case], rules: DuplicateRules) -> tuple[Suggestion, ...]:
    """Put what was found and is seen in order of likeness, what is equally alike in order of distance and id."""
    reach, suggestions = rules.reach_of(case.category_code), []
    for row in near:
        other = seen.get(row.case_id)
        if other is not None:
            likeness = compare(_told(case), _told(other), metres=row.metres, reach=reach)
            suggestions.append(Suggestion(other_case(other), round(row.metres, 1), likeness.score, likeness.parts))
    suggestions.sort(key=lambda found: -found.score)  # stable: `near` comes in order of distance and id
    return tuple(suggestions[:MOST_SUGGESTIONS])


def _told(case: Case) -> Told:
    return Told(case.category_code, case.description, case.opened_at)
