"""Likely duplicates over HTTP: for staff beside a case, for riders around a place, and the rules."""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field

from community.api import Id
from community.duplicates import queries, rules
from community.duplicates.dismiss import dismiss, undo_dismissal
from community.duplicates.models import (
    LARGEST_RADIUS_M,
    CaseDuplicates,
    CategoryReach,
    DuplicateRules,
    NearbyCase,
    Reach,
    SuggestionCount,
)
from community.duplicates.nearby import find_nearby_cases
from community.duplicates.suggest import count_suggestions, get_duplicates
from community.lists.pages import MAX_PAGE
from core.access.wall import Work, acting
from core.http.endpoint import Input
from core.http.wiring import actor, district_id, now, transaction
from geo.datum import point_from
from geo.models import Datum, Received

Code = Annotated[str, Field(min_length=1, max_length=40)]


class CountsQuery(Input):
    """Which cases: `case_id` is repeated for each line of a page."""

    case_id: tuple[Id, ...] = Field(max_length=MAX_PAGE)


class NearbyCasesQuery(Input):
    """The place a report would have, in its datum, and the category it would have, once that is chosen."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    datum: Datum = Datum.WGS84
    category: Code | None = None


class ReachBody(Input):
    """How far to look. A radius of 0 looks for nothing."""

    radius_m: int = Field(ge=0, le=LARGEST_RADIUS_M)
    within_days: int = Field(ge=1, le=365)


class CategoryReachBody(ReachBody):
    """How far to look for the like of a case of this category."""

    category: Code


class DuplicateRulesBody(Input):
    """All rules at once: what is not named here is no longer a rule."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "default": {"radius_m": 50, "within_days": 30},
                    "categories": [{"category": "standing_water", "radius_m": 100, "within_days": 3}],
                    "related": [["litter", "rubble"]],
                }
            ]
        }
    )

    default: ReachBody
    categories: tuple[CategoryReachBody, ...] = Field((), max_length=500)
    related: tuple[tuple[Code, Code], ...] = Field((), max_length=1000)

    def rules(self) -> DuplicateRules:
        """Give them as the room takes them; a pair holds both ways and is stored in order."""
        return DuplicateRules(
            default=Reach(self.default.radius_m, self.default.within_days),
            categories=tuple(CategoryReach(row.category, row.radius_m, row.within_days) for row in self.categories),
            related=tuple((min(pair), max(pair)) for pair in self.related),
        )


@dataclass(frozen=True, slots=True)
class SuggestionCounts:
    """The counts of the cases that the caller sees; others are not named."""

    counts: tuple[SuggestionCount, ...]


@dataclass(frozen=True, slots=True)
class NearbyCases:
    """What is already open around a place, nearest first."""

    cases: tuple[NearbyCase, ...]


async def get_case_duplicates(request: web.Request, case_id: int) -> CaseDuplicates:
    """Show what may be the same as a case, why, and what has been merged with it.

    Suggestions are open cases within the reach of the category's rule, the likeliest first; nothing is ever merged by
    itself. To merge, do `mark_duplicate` to the one with the other as `duplicate_of`.
    """
    async with transaction(request) as conn:
        return await get_duplicates(conn, case_id=case_id, actor=actor(request))


async def get_duplicate_counts(request: web.Request, query: CountsQuery) -> SuggestionCounts:
    """Count the suggestions of the cases of a page, for a mark beside each line of a list or of the notices."""
    async with transaction(request) as conn:
        return SuggestionCounts(await count_suggestions(conn, case_ids=query.case_id, actor=actor(request)))


async def dismiss_duplicate(request: web.Request, case_id: int, other_id: int) -> None:
    """Say that two cases are not the same: neither is suggested to the other any more."""
    async with transaction(request) as conn:
        await dismiss(conn, case_id=case_id, other_id=other_id, actor=actor(request), now=now(request))


async def undo_duplicate_dismissal(request: web.Request, case_id: int, other_id: int) -> None:
    """Take back that two cases are not the same, whoever said so."""
    async with transaction(request) as conn:
        await undo_dismissal(conn, case_id=case_id, other_id=other_id, actor=actor(request), now=now(request))


async def get_nearby_cases(request: web.Request, query: NearbyCasesQuery) -> NearbyCases:
    """Tell a rider what is already open around the place he is about to report; the position is not kept.

    At most five of the category; without one the nearest of each. The distance is in tens of metres. Sending the report
    all the same is never refused.
    """
    point = point_from(Received(query.lon, query.lat, query.datum))
    async with transaction(request) as conn, acting(conn, Work.NEARBY):
        return NearbyCases(
            await find_nearby_cases(
                conn, district_id=district_id(request), point=point, category_code=query.category, now=now(request)
            )
        )


async def get_duplicate_rules(request: web.Request) -> DuplicateRules:
    """Show by which rules duplicates are looked for."""
    async with transaction(request) as conn:
        return await queries.get_rules(conn, district_id=district_id(request))


async def put_duplicate_rules(request: web.Request, body: DuplicateRulesBody) -> DuplicateRules:
    """Replace the rules by which duplicates are looked for; they hold from the next reading."""
    async with transaction(request) as conn:
        return await rules.replace_rules(conn, rules=body.rules(), actor=actor(request), now=now(request))
